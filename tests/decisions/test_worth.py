"""cxlib.decisions.worth: advice by value, evidence and going on; payments that do not belong."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from cxlib.decisions.cash_flow import BenefitStream, CashModel
from cxlib.decisions.costs import cost_ledger
from cxlib.decisions.information import Knowledge, simulate_outcomes
from cxlib.decisions.order_margin import margin_per_order, margin_without_returns
from cxlib.decisions.roi import evaluate
from cxlib.decisions.worth import advise
from cxlib.errors import DataError
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Pert


def valued(cost=300.0, *, upfront=500.0, doubt=0.002, grade="B"):
    """+2 pp on 1,000 enquiries at 50: 1,000 a month over 12 months, 6 of them observed."""
    effect, margin = (
        Estimate(value=v, ci_lower=v - e, ci_upper=v + e, n_obs=50, unit=unit, method="test")
        for v, e, unit in ((0.02, doubt, "pp"), (50.0, 1.0, "currency"))
    )
    stream = BenefitStream(
        key="more_purchases",
        effect=effect,
        volume_per_month=1_000,
        margin_per_unit=margin,
        persistence=Pert(low=0.8, mode=0.9, high=1),
    )
    costs = [upfront] + [cost] * 12
    roi = evaluate(
        [stream], costs_by_month=costs, observed_months=6, annual_discount_rate=0.08,
        grade=grade, n_draws=5_000,
    )  # fmt: skip
    model = CashModel(streams=(stream,), horizon=12, observed=6)
    return roi, simulate_outcomes(model, costs_by_month=costs, roi=roi)


@pytest.mark.parametrize(
    ("case", "advice"),
    [
        (valued(), "keep"),
        (valued(grade="A"), "keep"),
        (valued(grade="C"), "test"),
        (valued(cost=5_000.0), "stop"),
        (valued(cost=5_000.0, grade="C"), "stop"),
        (valued(cost=900.0, doubt=0.01), "test"),
        (valued(upfront=60_000.0), "stop"),
    ],
)
def test_advice_follows_value_evidence_and_going_on(case, advice):
    """Above 0: keep. Below: stop. No headline, or an effect in doubt that decides: test."""
    assert advise(*case) == advice


def test_what_paid_but_no_longer_pays_is_adjusted_or_stopped():
    """The whole range is above 0, but going on loses: no keep for what lies behind."""
    roi, outcomes = valued()
    ahead = replace(outcomes.onward, value=-10.0, ci_lower=-400.0, ci_upper=300.0)
    persistence = (Knowledge(name="more_purchases.persistence", worth=5.0),)
    assert advise(roi, replace(outcomes, onward=ahead, knowledge=persistence)) == "adjust"
    lost = replace(ahead, ci_upper=-1.0)
    assert advise(roi, replace(outcomes, onward=lost)) == "stop"


def test_a_payment_before_the_period_is_named():
    """Costs of another period would make the value worse for nothing."""
    row = {"initiative": "a", "paid_on": "2024-03-01", "category": "staff", "kind": "one_off",
           "amount_hkd": 5.0}  # fmt: skip
    with pytest.raises(DataError) as caught:
        cost_ledger(
            pd.DataFrame([row]), initiative="a", start=date(2026, 1, 1), earliest=date(2025, 7, 1)
        )
    (problem,) = caught.value.problems
    assert (problem.value, problem.rule, problem.remedy) == (
        "2024-03-01",
        "paid_on must not be before 2025-07-01",
        "correct the date, or leave costs of another period out",
    )


def test_margin_without_returns_by_hand():
    """4 orders of 100 and 1 returned of 50 at two stores: mean 90; kept alone 400 / 5 = 80."""
    rows = pd.DataFrame(
        {
            "store": ["S1", "S1", "S2"],
            "returned": [0, 1, 0],
            "n_margin_hkd": [2, 1, 2],
            "mean_margin_hkd": [100.0, 50.0, 100.0],
        }
    )
    margin = margin_per_order(rows, stores=["S1", "S2"])
    assert margin.value == pytest.approx(90)
    assert margin_without_returns(rows, stores=["S1", "S2"], margin=margin) == pytest.approx(80)
