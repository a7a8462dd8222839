"""What an initiative is worth: from its review, its cost ledger and the margin of an order.

Money is stated only for a priced outcome with evidence of grade A, B or C. Everything else keeps
its cost and claims nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.decisions.cash_flow import BenefitStream, share_left
from cxlib.decisions.costs import CostLedger, cost_ledger
from cxlib.decisions.initiatives import (
    ComparedReview,
    PickedReview,
    Review,
    choose,
    first_picked,
)
from cxlib.decisions.roi import Roi, evaluate, stream_inputs
from cxlib.engagement.schema import Engagement
from cxlib.errors import ConfigError, DataError
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import clustered_mean
from cxlib.stats.simulation import Pert, draw

N_DRAWS = 20_000
N_BINS = 48
Claim = Literal["valued", "grade_d", "not_priced"]
Advice = Literal["keep", "adjust", "stop", "no_claim"]
PAYMENT = ("initiative", "category", "kind", "paid_on")
SALE = ("store", "returned")
"""What payments and margins are summarised by."""
PRICED = frozenset({"conversion"})
"""Outcomes of which one more success is one more order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The simulation as drawn: its histogram and the band around cumulative cash.

    Attributes:
        edges: Of the bins of net present value, rising; 0 is an edge where it lies inside.
        counts: Draws per bin.
        lower: Per month, 5 % point of cumulative cash, not discounted.
        upper: Per month, 95 % point.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The money side of one initiative.

    Attributes:
        review: What it did.
        costs: Everything paid for it, up to the end of the review.
        claim: Why a value is stated, or why not.
        advice: keep: the whole range of value is above 0 · stop: the whole range is below 0 ·
            adjust: it holds 0, or the grade is C · no_claim: no value is stated.
        margin: Of one order at the treated stores, doubt by store; None without a value.
        stream: The priced effect; None without a value.
        extra_orders: In the review period; None without a value.
        roi: None without a value.
        outcomes: None without a value.
        npv_without_returns: If orders that were returned earn nothing; None without a value.
    """

    review: Review
    costs: CostLedger
    claim: Claim
    advice: Advice
    margin: Estimate | None = None
    stream: BenefitStream | None = None
    extra_orders: Estimate | None = None
    roi: Roi | None = None
    outcomes: Outcomes | None = None
    npv_without_returns: float | None = None

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
        share = self.roi.break_even_effect / self.stream.effect.value
        return float(self.stream.margin_per_unit.value * share)

    @property
    def break_even_persistence(self) -> float | None:
        """Share of the effect left at the horizon at which the value is 0; None outside 0-1."""
        if self.roi is None or self.stream is None:
            return None
        bar = next(bar for bar in self.roi.tornado if bar.part == "persistence")
        span = bar.input_high - bar.input_low
        if span == 0 or bar.npv_high == bar.npv_low:
            return None
        per_share = (bar.npv_high - bar.npv_low) / span
        found = self.stream.persistence.base - self.roi.npv.value / per_share
        return found if 0 <= found <= 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is shown in full: one compared initiative, one picked for low scores, one value."""

    compared: ComparedReview | None
    picked: PickedReview | None
    worth: Worth


def margin_per_order(
    by_store: pd.DataFrame, *, stores: Sequence[str], confidence_level: float = 0.95
) -> Estimate:
    """Estimate the mean margin of an order at the treated stores, with doubt by store.

    Args:
        by_store: group_moments of margin_hkd by SALE, over the review period.
        stores: The treated stores.
        confidence_level: In [0.9, 1).

    Raises:
        DataError: Fewer than 2 of the stores have an order with a margin.
    """
    rows = by_store[by_store["store"].isin(stores) & (by_store["n_margin_hkd"] > 0)]
    rows = rows.assign(total=rows["n_margin_hkd"] * rows["mean_margin_hkd"])
    mine = rows.groupby("store")[["n_margin_hkd", "total"]].sum()
    if len(mine) < 2:  # noqa: PLR2004 - a spread between stores needs two
        raise DataError(
            f"orders: at least 2 of the treated stores need orders with a margin in the review "
            f"period, found {len(mine)}"
        )
    n, total = (mine[name].to_numpy(dtype=float) for name in ("n_margin_hkd", "total"))
    mean = float(total.sum() / n.sum())
    return clustered_mean(
        len(mine),
        n_obs=int(n.sum()),
        mean=mean,
        squares=float(np.sum((total - n * mean) ** 2)),
        confidence_level=confidence_level,
        unit="currency",
    )


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
    costs = cost_ledger(payments, initiative=item.id, start=item.start)
    if review.grade == "D":
        return Worth(review=review, costs=costs, claim="grade_d", advice="no_claim")
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
    kept = item.persistence
    stream = BenefitStream(
        key="more_purchases",
        effect=review.effect,
        volume_per_month=review.n_after / review.months_after,
        margin_per_unit=margin,
        persistence=Pert(low=kept.low, mode=kept.likely, high=kept.high),
    )
    by_month = costs.by_month(item.horizon_months)
    roi = evaluate(
        [stream],
        costs_by_month=by_month,
        observed_months=review.months_after,
        annual_discount_rate=engagement.discount_rate,
        grade=review.grade,
        money=engagement.money,
        currency=engagement.currency,
        n_draws=N_DRAWS,
        seed=engagement.seed,
    )
    return Worth(
        review=review,
        costs=costs,
        claim="valued",
        advice=_advice(roi),
        npv_without_returns=_without_returns(roi, margins, stores=mine, margin=margin),
        margin=margin,
        stream=stream,
        extra_orders=_scaled(review.effect, review.n_after),
        roi=roi,
        outcomes=simulate_outcomes(stream, costs_by_month=by_month, roi=roi),
    )


def simulate_outcomes(
    stream: BenefitStream, *, costs_by_month: Sequence[float], roi: Roi
) -> Outcomes:
    """Draw the simulation behind a value again, for its histogram and its cash band.

    Args:
        stream: The one stream that was valued.
        costs_by_month: As valued.
        roi: The value; its draws, seed and rate are used, so that the figures agree.
    """
    drawn = draw(stream_inputs([stream]), n_draws=roi.n_draws, seed=roi.seed)
    effect, margin, left = (
        drawn[f"{stream.key}.{part}"] for part in ("effect", "margin", "persistence")
    )
    flat = effect * margin * stream.volume_per_month
    kept, faded = share_left(roi.horizon_months, roi.observed_months)
    discount = (1 + roi.annual_discount_rate) ** (-np.arange(roi.horizon_months + 1) / 12)
    cash, value = np.zeros(roi.n_draws), np.zeros(roi.n_draws)
    lower, upper = [], []
    for t, cost in enumerate(costs_by_month):
        net = flat * (kept[t] + left * faded[t]) - cost
        cash, value = cash + net, value + net * discount[t]
        low, high = np.quantile(cash, [0.05, 0.95])
        lower.append(float(low))
        upper.append(float(high))
    width = float(np.ptp(value)) / N_BINS or 1.0
    first, last = np.floor(value.min() / width), np.ceil(value.max() / width)
    counts, edges = np.histogram(value, bins=np.arange(first, max(last, first + 1) + 1) * width)
    return Outcomes(
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
        lower=tuple(lower),
        upper=tuple(upper),
    )


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


def _advice(roi: Roi) -> Advice:
    if roi.npv.ci_lower > 0 and roi.is_headline:
        return "keep"
    return "stop" if roi.npv.ci_upper < 0 else "adjust"


def _without_returns(
    roi: Roi, margins: pd.DataFrame, *, stores: Sequence[str], margin: Estimate
) -> float:
    """Value the orders that stay; the value is linear in the margin."""
    kept = margins[margins["store"].isin(stores) & (margins["returned"] == 0)]
    earned = float((kept["n_margin_hkd"] * kept["mean_margin_hkd"]).sum()) / margin.n_obs
    benefit = roi.npv.value + roi.costs_present_value
    return benefit * earned / margin.value - roi.costs_present_value


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
