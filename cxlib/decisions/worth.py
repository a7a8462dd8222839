"""What an initiative is worth: from its review, its cost ledger and the margin of an order.

Money is stated only for a priced outcome with evidence of grade A, B or C. Everything else keeps
its cost and claims nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import fsum
from typing import Literal

import pandas as pd

from cxlib.decisions import benefits as beside
from cxlib.decisions.cash_flow import BenefitStream, CashModel
from cxlib.decisions.costs import CostLedger, cost_ledger
from cxlib.decisions.information import Outcomes, simulate_outcomes
from cxlib.decisions.initiatives import (
    ComparedReview,
    PickedReview,
    Review,
    choose,
    first_picked,
)
from cxlib.decisions.order_margin import margin_per_order, margin_without_returns
from cxlib.decisions.returns import IrrStatus, dated_rate
from cxlib.decisions.roi import Roi, evaluate
from cxlib.engagement.benefits import Benefit, Persistence
from cxlib.engagement.schema import Engagement
from cxlib.errors import ConfigError
from cxlib.stats.estimate import Estimate

N_DRAWS = 20_000
Claim = Literal["valued", "grade_d", "not_priced"]
Advice = Literal["keep", "adjust", "stop", "test", "no_claim"]
PAYMENT = ("initiative", "category", "kind", "paid_on")
SALE = ("store", "returned")
"""What payments and margins are summarised by."""
PRICED = frozenset({"conversion"})
"""Outcomes of which one more success is one more order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The money side of one initiative.

    Attributes:
        review: What it did.
        costs: Everything paid for it, up to the end of the review.
        claim: Why a value is stated, or why not.
        advice: From advise; without a value, test for grade D and no_claim for no price.
        margin: Of one order at the treated stores, doubt by store; None without a value.
        stream: The priced effect; None without a value.
        extra_orders: In the review period; None without a value.
        roi: Of the measured streams; None without a value.
        wider: With the assumed streams as well; None without such or without a value.
        outcomes: None without a value.
        npv_without_returns: If orders that were returned earn nothing; None without a value.
        dated_return: Yearly rate on the days of payment, or why there is none.
    """

    review: Review
    costs: CostLedger
    claim: Claim
    advice: Advice
    margin: Estimate | None = None
    stream: BenefitStream | None = None
    extra_orders: Estimate | None = None
    roi: Roi | None = None
    wider: Roi | None = None
    outcomes: Outcomes | None = None
    npv_without_returns: float | None = None
    dated_return: tuple[float | None, IrrStatus] = (None, "no_sign_change")

    @property
    def net_to_date(self) -> float | None:
        """Margin earned less costs paid, from before the start to the end of the review."""
        return self.roi.months[self.roi.observed_months].cumulative if self.roi else None

    @property
    def break_even_margin(self) -> float | None:
        """Margin of an order at which the value is 0, all else as it is.

        None without a gain: no margin pays for orders that do not come.
        """
        if self.roi is None or self.stream is None or self.roi.break_even_effect is None:
            return None
        if self.stream.effect.value <= 0:
            return None
        per_unit = self.roi.slope(self.stream.key, "margin")
        return (
            self.stream.margin_per_unit.value - self.roi.npv.value / per_unit if per_unit else None
        )

    @property
    def break_even_persistence(self) -> float | None:
        """Share of the effect left at the horizon at which the value is 0; None outside 0-1."""
        if self.roi is None or self.stream is None:
            return None
        per_share = self.roi.slope(self.stream.key, "persistence")
        if not per_share:
            return None
        found = self.stream.persistence.base - self.roi.npv.value / per_share
        return found if 0 <= found <= 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is shown in full: one compared initiative, one picked for low scores, one value."""

    compared: ComparedReview | None
    picked: PickedReview | None
    worth: Worth


def value_all(
    reviews: Sequence[Review],
    *,
    costs: pd.DataFrame,
    margins: pd.DataFrame,
    units: pd.DataFrame,
    engagement: Engagement,
) -> tuple[Worth, ...]:
    """Value every initiative whose evidence allows it, and state the cost of the others.

    Args:
        reviews: From review_all.
        costs: group_moments of amount_hkd by PAYMENT; what was paid after the review period is
            left for the next review.
        margins: group_moments of margin_hkd by SALE, over the review period.
        units: From store_months, for the stores of each initiative.
        engagement: Horizon, persistence, discount rate, price basis and seed.

    Raises:
        ConfigError: A priced initiative has no persistence, or a horizon shorter than the review.
        DataError: A payment breaks the rules, or margins are absent.
    """
    payments = pd.DataFrame(
        {
            **{name: costs[name] for name in ("initiative", "category", "kind", "paid_on")},
            "amount_hkd": costs["n_amount_hkd"] * costs["mean_amount_hkd"],
        }
    )
    payments.index = pd.Index(
        [f"{row.initiative}, {row.category} ({row.kind})" for row in payments.itertuples()]
    )
    payments = payments[pd.to_datetime(payments["paid_on"]) <= pd.Timestamp(engagement.review.end)]
    return tuple(
        _value(review, payments=payments, margins=margins, units=units, engagement=engagement)
        for review in reviews
    )


def select(worths: Sequence[Worth], initiative: str = "") -> Selection:
    """Choose what is shown in full.

    Args:
        worths: Of all initiatives, at least one.
        initiative: Id of one reviewed by comparison; "" takes the first of these.

    Raises:
        ConfigError: No compared initiative has that id.
    """
    reviews = [worth.review for worth in worths]
    compared = choose(reviews, initiative)
    shown = next((worth for worth in worths if worth.review is compared), worths[0])
    return Selection(compared=compared, picked=first_picked(reviews), worth=shown)


def _value(
    review: Review,
    *,
    payments: pd.DataFrame,
    margins: pd.DataFrame,
    units: pd.DataFrame,
    engagement: Engagement,
) -> Worth:
    item = review.initiative
    costs = cost_ledger(
        payments, initiative=item.id, start=item.start, earliest=engagement.baseline.start
    )
    if review.grade == "D":
        return Worth(review=review, costs=costs, claim="grade_d", advice="test")
    if not isinstance(review, ComparedReview) or item.outcome not in PRICED:
        return Worth(review=review, costs=costs, claim="not_priced", advice="no_claim")
    if item.persistence is None or item.horizon_months < review.months_after:
        raise ConfigError(
            f"initiative {item.id!r} needs persistence (low, likely, high) and a horizon_months of "
            f"at least the {review.months_after} months reviewed, to be valued; "
            f"add both in {engagement.path.name}"
        )
    mine = sorted(set(units.loc[units[item.units] == 1, "store"]))
    margin = margin_per_order(margins, stores=mine, confidence_level=engagement.confidence_level)
    return _priced(
        review,
        costs=costs,
        margin=margin,
        kept_margin=margin_without_returns(margins, stores=mine, margin=margin),
        persistence=item.persistence,
        engagement=engagement,
    )


def _priced(
    review: ComparedReview,
    *,
    costs: CostLedger,
    margin: Estimate,
    kept_margin: float,
    persistence: Persistence,
    engagement: Engagement,
) -> Worth:
    item = review.initiative
    stream = BenefitStream(
        key="more_purchases",
        effect=review.effect,
        volume_per_month=review.n_after / review.months_after,
        margin_per_unit=margin,
        persistence=beside.as_pert(persistence),
    )
    by_month = costs.by_month(item.horizon_months)

    def model_of(benefits: Sequence[Benefit]) -> CashModel:
        return CashModel(
            streams=(stream,),
            horizon=item.horizon_months,
            observed=review.months_after,
            customers=beside.customer_base(item),
            changes=beside.customer_changes(item, benefits),
        )

    def roi_of(model: CashModel, benefits: Sequence[Benefit]) -> Roi:
        return evaluate(
            model.streams,
            costs_by_month=by_month,
            observed_months=model.observed,
            annual_discount_rate=engagement.discount_rate,
            grade=beside.worst_grade(review.grade, benefits),
            money=engagement.money,
            currency=engagement.currency,
            n_draws=N_DRAWS,
            seed=engagement.seed,
            correlations=beside.stated_correlations(item, list(model.inputs())),
            customers=model.customers,
            changes=model.changes,
        )

    measured = beside.measured_benefits(item)
    model = model_of(measured)
    roi = roi_of(model, measured)
    outcomes = simulate_outcomes(
        model,
        costs_by_month=by_month,
        roi=roi,
        correlations=beside.stated_correlations(item, list(model.inputs())),
    )
    all_of_them = model_of(item.benefits)
    per_margin = roi.slope(stream.key, "margin") or 0.0
    return Worth(
        review=review,
        costs=costs,
        claim="valued",
        advice=advise(roi, outcomes),
        npv_without_returns=roi.npv.value + per_margin * (kept_margin - margin.value),
        margin=margin,
        stream=stream,
        extra_orders=_scaled(review.effect, review.n_after),
        roi=roi,
        wider=roi_of(all_of_them, item.benefits) if all_of_them != model else None,
        outcomes=outcomes,
        dated_return=_dated_return(costs, by_month, roi),
    )


def advise(roi: Roi, outcomes: Outcomes) -> Advice:
    """Decide from the value, the evidence, and what going on is worth.

    stop: the whole range lies below 0, or that of going on does · test: the grade allows no
    headline, or the range holds 0 and the effect is what is most worth knowing · keep: the whole
    range lies above 0 and going on earns · adjust: anything else.
    """
    onward = outcomes.onward
    if roi.npv.ci_upper < 0 or (onward is not None and onward.ci_upper < 0):
        return "stop"
    if not roi.is_headline:
        return "test"
    if roi.npv.ci_lower > 0 and (onward is None or onward.value > 0):
        return "keep"
    first = outcomes.knowledge[0]
    return "test" if first.worth > 0 and first.name.endswith(".effect") else "adjust"


def _dated_return(
    costs: CostLedger, by_month: Sequence[float], roi: Roi
) -> tuple[float | None, IrrStatus]:
    """Solve the rate on payments as dated; benefits and costs to come fall on the month's end."""
    paid = [(-line.amount_hkd, line.paid_on) for line in costs.lines]
    flows = list(paid)
    for month in roi.months[1:]:
        recorded = fsum(line.amount_hkd for line in costs.lines if line.month == month.month)
        to_come = by_month[month.month] - recorded
        flows.append((month.benefit - to_come, _month_end(costs.start, month.month)))
    return dated_rate([amount for amount, _ in flows], [day for _, day in flows])


def _month_end(start: date, month: int) -> date:
    months = start.year * 12 + start.month - 1 + month
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def payback_day(worth: Worth) -> date | None:
    """First day of the month in which the initiative is paid back, or None."""
    if worth.roi is None or worth.roi.payback_month is None:
        return None
    start = worth.review.initiative.start
    months = start.year * 12 + start.month - 1 + worth.roi.payback_month - 1
    return date(months // 12, months % 12 + 1, 1)


def cumulative_cash(roi: Roi) -> tuple[float, ...]:
    """Cumulative cash of the base case per month, not discounted."""
    return tuple(accumulate(month.net for month in roi.months))


def _scaled(effect: Estimate, volume: int) -> Estimate:
    """Turn a difference of shares into successes among so many."""
    return Estimate(
        value=effect.value * volume,
        ci_lower=effect.ci_lower * volume,
        ci_upper=effect.ci_upper * volume,
        n_obs=volume,
        unit="count",
        method=effect.method,
        confidence_level=effect.confidence_level,
    )
