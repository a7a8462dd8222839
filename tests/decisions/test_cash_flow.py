"""cxlib.decisions.cash_flow: three streams by hand, parts that sum, no double counting."""

from dataclasses import replace
from math import fsum

import numpy as np
import pytest

from cxlib.decisions.cash_flow import (
    BenefitStream,
    CashModel,
    CustomerBase,
    CustomerChange,
    split_by_stream,
)
from cxlib.decisions.roi import evaluate
from cxlib.decisions.value_steps import value_steps
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Fixed, Pert

STAYS = Pert(low=1, mode=1, high=1)
BASE = CustomerBase(number=1_000, orders_per_month=0.1, lost_per_month=0.05)


def estimate(value, unit):
    return Estimate(
        value=value, ci_lower=value - 1e-9, ci_upper=value + 1e-9, n_obs=100, unit=unit,
        method="test",
    )  # fmt: skip


def purchases(effect=0.02, persistence=STAYS):
    """+2 pp on 500 enquiries a month at a margin of 100."""
    return BenefitStream(
        key="more_purchases",
        effect=estimate(effect, "pp"),
        volume_per_month=500,
        margin_per_unit=estimate(100, "currency"),
        persistence=persistence,
    )


def change(key, effect, persistence=STAYS):
    return CustomerChange(key=key, effect=Fixed(value=effect), persistence=persistence)


def model(effect=0.02, churn=None, word=None, base=BASE, horizon=3):
    changes = [change("less_churn", churn)] if churn is not None else []
    changes += [change("word_of_mouth", word)] if word is not None else []
    return CashModel(
        streams=(purchases(effect),),
        horizon=horizon,
        observed=horizon,
        customers=base,
        changes=tuple(changes),
    )


def margins(found, on=None):
    return [float(month[0]) for month in found.by_month(found.base(), on=on)]


def test_fewer_lost_customers_by_hand():
    """1,000 customers, 1 % fewer lost a month of 5 %: 10, then 10 · 0.96 + 10, then again.

    Stayed 10, 19.6, 28.816; at 0.1 orders and a margin of 100: 100, 196, 288.16.
    """
    found = margins(model(effect=0, churn=0.01))
    assert found == pytest.approx([0, 100, 196, 288.16])


def test_word_of_mouth_by_hand():
    """2 new for each 1,000 a month at 150 a referral: each orders once at 100, then 0.1 a month.

    Joined 2, then 0.002 · 1,002 = 2.004; stayed 0, then 2 · 0.95 = 1.9.
    Months: 2 · (100 - 150) = -100; 1.9 · 10 + 2.004 · (100 - 150) = -81.2.
    """
    found = margins(model(effect=0, word=0.002, base=replace(BASE, cost_per_referral=150)))
    assert found[1:3] == pytest.approx([-100, -81.2])


def test_kept_customers_buy_more_as_well():
    """10 extra orders, 10 of 1,000 customers kept: (10 · 1.01 + 10 · 0.1) · 100 = 1,110."""
    assert margins(model(churn=0.01))[1] == pytest.approx(1_110)


def test_no_more_customers_are_kept_than_would_be_lost():
    """A draw of 90 % fewer lost keeps the 5 % who are lost, and no more."""
    assert margins(model(effect=0, churn=0.9))[1] == pytest.approx(1_000 * 0.05 * 0.1 * 100)


def test_alone_the_measured_stream_is_effect_times_volume_times_margin():
    """Customers without a change alter nothing."""
    assert margins(model()) == pytest.approx([0, 1_000, 1_000, 1_000])
    assert margins(model(base=None)) == margins(model())


def cases(n=60):
    """Random gains of all three streams; a first order earns at least what a referral costs."""
    rng = np.random.default_rng(11)
    for _ in range(n):
        lost = rng.uniform(0.01, 0.2)
        base = CustomerBase(
            number=float(rng.uniform(50, 5_000)),
            orders_per_month=float(rng.uniform(0, 2)),
            lost_per_month=float(lost),
            cost_per_referral=float(rng.uniform(0, 100)),
        )
        effect, churn, word = rng.uniform(0, 0.1), rng.uniform(0, lost), rng.uniform(0, 0.05)
        yield float(effect), float(churn), float(word), base


def test_parts_sum_to_the_whole_in_every_month():
    """Shapley's parts are efficient: month by month, for any gains or losses."""
    for effect, churn, word, base in cases():
        for sign in (1, -1):
            found = model(sign * effect, churn, sign * word, base, horizon=24)
            parts = split_by_stream(found)
            assert sum(parts.values()) == pytest.approx(np.array(margins(found)), abs=1e-6)


def test_switching_one_stream_off_never_raises_another():
    """The rule of double counting: without a stream, each other's part is at most what it was."""
    for effect, churn, word, base in cases():
        whole = split_by_stream(model(effect, churn, word, base, horizon=24))
        for off in ({"effect": 0.0}, {"churn": 0.0}, {"word": 0.0}):
            given = {"effect": effect, "churn": churn, "word": word, **off}
            left = split_by_stream(model(**given, base=base, horizon=24))
            for key, part in left.items():
                assert part.sum() <= whole[key].sum() + 1e-6


def test_a_stream_without_effect_earns_nothing_beside_others():
    """Shapley's null player."""
    parts = split_by_stream(model(0.02, 0.0, 0.003, horizon=12))
    assert parts["less_churn"] == pytest.approx(np.zeros(13), abs=1e-9)


def test_the_order_of_streams_changes_no_part():
    """The split knows no order: changes given the other way round get the same parts."""
    one = model(0.02, 0.01, 0.003, horizon=12)
    other = replace(one, changes=one.changes[::-1])
    first, second = split_by_stream(one), split_by_stream(other)
    assert all(first[key] == pytest.approx(second[key]) for key in first)


def test_streams_and_costs_sum_exactly_to_the_value_and_to_its_steps():
    """To the last digit in the value; the steps of the waterfall to a cent."""
    found = evaluate(
        [purchases()],
        costs_by_month=[5_000] + [300] * 24,
        observed_months=6,
        annual_discount_rate=0.08,
        grade="B",
        n_draws=1_000,
        customers=BASE,
        changes=[change("less_churn", 0.01), change("word_of_mouth", 0.002)],
    )
    parts = [item.present_value for item in found.streams]
    assert fsum([*parts, -found.costs_present_value]) == found.npv.value
    assert fsum(part.amount for part in value_steps(found)) == pytest.approx(found.npv.value)
    assert all(item.alone <= item.present_value for item in found.streams)
    assert [item.key for item in found.streams] == ["more_purchases", "less_churn", "word_of_mouth"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: model(churn=0.01, base=None),
            "less_churn needs the customers it acts on: number, orders, losses",
        ),
        (
            lambda: replace(model(), changes=(change("less_churn", 0),) * 2),
            (
                "at least 1 stream is needed and each key once, "
                "got ['more_purchases', 'less_churn', 'less_churn']"
            ),
        ),
        (lambda: replace(BASE, number=0), "the number of customers must be above 0, got 0"),
        (
            lambda: replace(BASE, orders_per_month=-1),
            "orders_per_month and cost_per_referral must be 0 or more, got -1 and 0.0",
        ),
        (lambda: replace(BASE, lost_per_month=5), "lost_per_month must be from 0 to 1, got 5"),
        (
            lambda: change("less_churn", 0.1, Pert(low=0, mode=1, high=3)),
            "persistence of less_churn must be from 0 to 1, got 0 to 3",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    """The full message."""
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
