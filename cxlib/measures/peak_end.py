"""The peak-end rule held against the plain mean, out of sample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxlib.data.moments import FEWEST_MOMENTS, TERMS, MomentProducts, moment_products
from cxlib.data.source import Source
from cxlib.engagement.schema import Precision, Window
from cxlib.stats.estimate import Estimate, Unit, check_level
from cxlib.stats.means import t_quantile

Array: TypeAlias = NDArray[np.float64]
Verdict = Literal["supported", "not_supported", "not_enough"]
Reason = Literal[
    "better_and_both", "mean_better", "no_clear_gain", "one_part", "few_customers", "no_variation"
]

PEAK_END: Final = ("highest", "lowest", "last")
FEWEST_CUSTOMERS: Final = 100
FOLDS, REPEATS = 10, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentModel:
    """One way to say the overall rating from the moments.

    Attributes:
        weights: Each statistic of the moments with its weight: points overall per rating point.
        error: Typical error (root mean square) for customers the model has not seen, in points.
        explained: Share of the differences between customers explained out of sample; below 0
            when worse than saying the same of everyone.
    """

    weights: tuple[tuple[str, Estimate], ...]
    error: Estimate
    explained: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakEnd:
    """Whether customers remember peak and end rather than the mean of their moments.

    Attributes:
        verdict: "supported", "not_supported" or "not_enough".
        reason: Why.
        n_obs: Customers it rests on.
        n_rated: Customers who gave an overall rating in the period.
        n_same_day: Left out, since they rated a moment on the day of the overall rating.
        n_few: Left out, since they rated fewer than ``fewest`` moments before it.
        fewest: Moments a customer needs.
        floor: Customers needed.
        mean: Overall rating from the plain mean; None when there is not enough.
        peak_end: From highest, lowest and last.
        gain: Share explained by peak and end minus share explained by the mean, same customers.
    """

    verdict: Verdict
    reason: Reason
    n_obs: int
    n_rated: int
    n_same_day: int
    n_few: int
    fewest: int
    floor: int
    mean: MomentModel | None = None
    peak_end: MomentModel | None = None
    gain: Estimate | None = None


def peak_end(
    answers: Source,
    overall: Source,
    *,
    window: Window,
    precision: Precision,
    seed: int = 1,
    fewest: int = FEWEST_MOMENTS,
) -> PeakEnd:
    """Ask the engine for what customers said, and judge the rule.

    Args:
        answers: Moments with their CSAT and when it was given.
        overall: One overall rating 0-10 a customer, given later.
        window: Period of both; a client whose answers name no customer has nothing to judge by.
        precision: Confidence level and minimum cell.
        seed: Of the folds.
        fewest: Moments a customer needs before the overall rating.

    Raises:
        DataError: A column is absent.
    """
    if not {"customer_id", "csat"} <= answers.columns:
        return PeakEnd(
            verdict="not_enough", reason="few_customers", n_obs=0, n_rated=0, n_same_day=0,
            n_few=0, fewest=fewest, floor=max(FEWEST_CUSTOMERS, precision["minimum_cell"]),
        )  # fmt: skip
    sums = moment_products(
        answers, overall, fewest=fewest, start=window["start"], end=window["end"]
    )
    return judge_peak_end(sums, seed=seed, fewest=fewest, **precision)


def judge_peak_end(
    sums: MomentProducts,
    *,
    seed: int = 1,
    fewest: int = FEWEST_MOMENTS,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> PeakEnd:
    """Hold two models of the overall rating against each other on customers they have not seen.

        mean:     overall = a + b mean(moments)
        peak-end: overall = a + b highest + c lowest + d last

    The peak is taken at both ends: the highest and the lowest moment, since on a bounded scale
    "the most extreme" changes side with ties. Ten folds of customers, twenty times over; the gain
    is the difference in share explained, its error from sums per bucket of customers. The rule is
    supported only when the gain's interval lies above 0 and both parts, an extreme and the end,
    have a weight whose interval lies above 0.

    Args:
        sums: From ``moment_products``.
        seed: Of the folds.
        fewest: What the sums were asked with.
        confidence_level: In [0.9, 1).
        minimum_cell: Fewest customers; never under 100, where the comparison says little.

    Source: Kahneman, Fredrickson, Schreiber and Redelmeier (1993), Psychological Science 4(6);
    random groups, Wolter (2007), Introduction to Variance Estimation, ch. 2.
    """
    check_level(confidence_level)
    floor = max(FEWEST_CUSTOMERS, minimum_cell)
    short = PeakEnd(
        verdict="not_enough", reason="few_customers", n_obs=sums.n_obs, n_rated=sums.n_rated,
        n_same_day=sums.n_same_day, n_few=sums.n_few, fewest=fewest, floor=floor,
    )  # fmt: skip
    if sums.n_obs < floor:
        return short
    kept = sums.products[sums.products[:, 0, 0] > 0]
    if not _varied(kept.sum(axis=0)):
        return replace(short, reason="no_variation")

    errors = _out_of_sample(kept, seed=seed)
    n, level = sums.n_obs, confidence_level
    mean = _model(kept, ("mean",), errors["mean"], errors["none"], level)
    extremes = _model(kept, PEAK_END, errors["peak_end"], errors["none"], level)
    gain = _ratio(errors["mean"] - errors["peak_end"], errors["none"], n=n, unit="pp", level=level)
    verdict, reason = _verdict(gain, dict(extremes.weights))
    return replace(short, verdict=verdict, reason=reason, mean=mean, peak_end=extremes, gain=gain)


def _verdict(gain: Estimate, weights: dict[str, Estimate]) -> tuple[Verdict, Reason]:
    if gain.ci_upper < 0:
        return "not_supported", "mean_better"
    if gain.ci_lower <= 0:
        return "not_supported", "no_clear_gain"
    carries = {name: weight.ci_lower > 0 for name, weight in weights.items()}
    if carries["last"] and (carries["highest"] or carries["lowest"]):
        return "supported", "better_and_both"
    return "not_supported", "one_part"


def _places(names: Sequence[str]) -> list[int]:
    return [0, *(TERMS.index(name) for name in names)]


def _varied(total: Array) -> bool:
    """Tell whether overall rating and every statistic differ, and none is made of the others."""
    n, sums = total[0, 0], total[0, 1:]
    spread = total[1:, 1:] - np.outer(sums, sums) / n
    variance = np.diagonal(spread)
    if (variance <= 1e-9 * n).any():
        return False
    places = [TERMS.index(name) - 1 for name in PEAK_END]
    inner = spread[np.ix_(places, places)] / np.sqrt(np.outer(variance[places], variance[places]))
    return bool(np.linalg.eigvalsh(inner)[0] > 1e-6)  # noqa: PLR2004 - of a correlation matrix


def _solve(totals: Array, names: Sequence[str]) -> Array:
    """Return each model as a contrast c of the terms: its error of a customer is c·t."""
    at = _places(names)
    contrasts = np.zeros(totals.shape[:-1])
    contrasts[..., -1] = 1.0
    inner = np.linalg.pinv(totals[..., at, :][..., at], hermitian=True)
    contrasts[..., at] = -np.einsum("...ij,...j->...i", inner, totals[..., at, -1])
    return contrasts


def _out_of_sample(products: Array, *, seed: int) -> dict[str, Array]:
    """Return squared errors per bucket of each model, for customers it was not fitted to."""
    rng = np.random.default_rng(seed)
    buckets = len(products)
    fold = np.stack([rng.permutation(buckets) % FOLDS for _ in range(REPEATS)])
    member = (fold[:, None, :] == np.arange(FOLDS)[:, None]).astype(np.float64)
    held = np.einsum("rkb,bij->rkij", member, products)
    rest = products.sum(axis=0) - held
    errors = {}
    for name, terms in (("none", ()), ("mean", ("mean",)), ("peak_end", PEAK_END)):
        unseen = np.take_along_axis(_solve(rest, terms), fold[:, :, None], axis=1)
        errors[name] = np.einsum("rbi,bij,rbj->b", unseen, products, unseen, optimize=True)
        errors[name] /= REPEATS
    return errors


def _model(
    products: Array, names: tuple[str, ...], errors: Array, none: Array, level: float
) -> MomentModel:
    """Fit a model to all customers and put its errors out of sample beside it."""
    at, n = _places(names), int(products[:, 0, 0].sum())
    total = products.sum(axis=0)
    contrast = _solve(total, names)
    scores = (products @ contrast)[:, at]
    bread = np.linalg.pinv(total[np.ix_(at, at)])
    buckets = len(products)
    spread = bread @ (scores.T @ scores) @ bread * buckets / (buckets - 1)
    margin = t_quantile(level, df=buckets - len(at))
    weights = []
    for place, name in enumerate(names, start=1):
        value, reach = -float(contrast[at[place]]), margin * sqrt(max(spread[place, place], 0.0))
        weights.append(
            (
                name,
                Estimate(
                    value=value, ci_lower=value - reach, ci_upper=value + reach, n_obs=n,
                    unit="rating", method="least squares, customers as clusters",
                    confidence_level=level,
                ),
            )
        )  # fmt: skip
    squared = _ratio(errors, products[:, 0, 0], n=n, unit="rating", level=level)
    explained = _ratio(none - errors, none, n=n, unit="share", level=level)
    return MomentModel(weights=tuple(weights), error=_root(squared), explained=explained)


def _ratio(part: Array, whole: Array, *, n: int, unit: Unit, level: float) -> Estimate:
    """Estimate Σ part / Σ whole with the linearised error over buckets."""
    value = float(part.sum() / whole.sum())
    apart = (part - value * whole) / whole.sum()
    buckets = len(part)
    error = sqrt(buckets / (buckets - 1) * float((apart**2).sum()))
    margin = t_quantile(level, df=buckets - 1) * error
    return Estimate(
        value=value, ci_lower=value - margin, ci_upper=value + margin, n_obs=n, unit=unit,
        method="cross-validation, buckets of customers", confidence_level=level,
    )  # fmt: skip


def _root(squared: Estimate) -> Estimate:
    """Take the root of a mean square and of both ends of its interval."""
    return Estimate(
        value=sqrt(squared.value), ci_lower=sqrt(max(squared.ci_lower, 0.0)),
        ci_upper=sqrt(squared.ci_upper), n_obs=squared.n_obs, unit="rating",
        method=squared.method, confidence_level=squared.confidence_level,
    )  # fmt: skip
