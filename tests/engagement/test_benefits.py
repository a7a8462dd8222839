"""Benefits in engagement.yml: quoted figures refused, sources required, every message in full."""

from datetime import date

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

STATED = (
    "    persistence:\n      low: 0.4\n      likely: 0.75\n      high: 1.0\n      source: "
    "{en: Judgement of the steering group at kick-off, zh-Hant-HK: 督導小組於啟動會議的判斷}\n"
    "      dated: 2025-12-15\n"
)
KEPT = "    persistence: {low: 0.4, likely: 0.75, high: 1.0}\n"
WHO = (
    "    customers: {number: 9000, orders_per_month: 0.12, lost_per_month: 0.04, "
    "source: Order table, dated: 2026-06-30}\n"
)
CHURN = (
    "      - {stream: less_churn, change: {low: 0, likely: 0.001, high: 0.003}, status: assumed, "
    "source: Judgement, dated: 2026-06-30}\n"
)
HEAD = "    benefits:\n"


@pytest.fixture
def written(edited):
    """Write the sample with this in place of the persistence of its first initiative."""
    return lambda text: edited((STATED, text))


def refused(path):
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    return [str(problem).split(", ", 2)[2] for problem in caught.value.problems]


def test_benefits_with_source_and_date_are_read(written):
    """A whole statement: who, what, how sure, who says so and when."""
    pair = (
        "    correlations:\n      - {between: [more_purchases.effect, less_churn.effect], "
        "value: 0.4, source: Judgement}\n"
    )
    item = load_engagement(written(KEPT + WHO + HEAD + CHURN + pair)).initiatives[0]
    assert item.customers.number == 9_000
    assert (item.benefits[0].stream, item.benefits[0].dated) == ("less_churn", date(2026, 6, 30))
    assert item.correlations[0].value == 0.4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            KEPT + WHO + HEAD + CHURN.replace("status: assumed", "status: quoted"),
            (
                "initiatives[0].benefits[0].status: found 'quoted'; a quoted figure that nobody "
                "here has checked prices no initiative: measure it, or own it as assumed, with its "
                "source; correct the value"
            ),
        ),
        (
            KEPT.replace("high: 1.0", "high: 1.0, status: quoted"),
            (
                "initiatives[0].persistence.status: found 'quoted'; a quoted figure that nobody "
                "here has checked prices no initiative: measure it, or own it as assumed, with its "
                "source; correct the value"
            ),
        ),
        (
            KEPT + WHO + HEAD + CHURN.replace("source: Judgement, ", ""),
            "initiatives[0].benefits[0].source: key 'source' is required; add source:",
        ),
        (
            KEPT + WHO + HEAD + CHURN.replace("status: assumed", "status: measured"),
            (
                "initiatives[0].benefits[0]: a measured benefit names the grade of its evidence, "
                "an assumed one has none; correct the value"
            ),
        ),
        (
            KEPT + HEAD + CHURN,
            (
                "initiatives[0]: less_churn needs customers: number, orders_per_month, "
                "lost_per_month, source, dated; correct the value"
            ),
        ),
        (
            KEPT + WHO + HEAD + CHURN + CHURN,
            (
                "initiatives[0]: each benefit stands once, got less_churn, less_churn; "
                "correct the value"
            ),
        ),
        (
            KEPT + WHO + HEAD + CHURN.replace("high: 0.003", "high: 0.3"),
            (
                "initiatives[0]: less_churn keeps at most the customers who are lost, "
                "0.04 a month, got 0.3; correct the value"
            ),
        ),
        (
            KEPT + WHO + HEAD + CHURN.replace("high: 0.003}", "high: 0.003}, shape: lognormal"),
            (
                "initiatives[0].benefits[0]: a lognormal change is above 0 at its low point; "
                "correct the value"
            ),
        ),
        (
            KEPT + WHO + HEAD + CHURN.replace("low: 0,", "low: 0.002,"),
            (
                "initiatives[0].benefits[0].change: a change must rise from low over likely to "
                "high; correct the value"
            ),
        ),
        (
            KEPT + "    correlations:\n"
            "      - {between: [more_purchases.effect, mood], value: 0.4, source: Judgement}\n",
            (
                "initiatives[0]: a correlation joins two of more_purchases.effect, "
                "more_purchases.margin, more_purchases.persistence, got more_purchases.effect and "
                "mood; correct the value"
            ),
        ),
    ],
)
def test_a_benefit_that_cannot_be_used_says_why(written, text, message):
    """One message each, in full, with what to do."""
    assert refused(written(text)) == [message]


def test_a_discount_rate_in_percent_is_refused(edited):
    """8 instead of 0.08."""
    found = refused(edited(("discount_rate: 0.08", "discount_rate: 8")))
    message = "must be a rate a year from 0 to below 1: write 8 % as 0.08; correct the value"
    assert found == [f"discount_rate: found 8; {message}"]
