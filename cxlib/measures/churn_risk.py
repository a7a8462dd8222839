"""Who may stop buying: a prediction tested on a later time, and what contacting them would save.

Learnt at one cut, tested at a later one: nothing after a cut is known at it. The order of risk is
not the order of who can be kept; only a randomised contact shows that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan, sqrt
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.clusters import date_span
from cxlib.data.lapses import RECENCY_STEPS, SPEND_STEPS, lapse_cells
from cxlib.data.source import Source
from cxlib.engagement.schema import Engagement, Precision
from cxlib.engagement.value import RetentionContact
from cxlib.errors import InputError
from cxlib.stats.calibration import Tenth, area_under_curve, calibration_line, tenths
from cxlib.stats.estimate import Estimate
from cxlib.stats.proportions import normal_quantile, proportion

Array = NDArray[np.float64]
Case = Literal["short", "few", "leak", "chance", "off", "usable"]
"""short: no two windows to learn and test · few: too few customers of one kind · leak: something
known before the cut gives the outcome away, or shuffled outcomes are still predicted · chance: no
better than drawing lots · off: the order holds, the sizes do not · usable."""

WINDOW_DAYS, LEAST_WINDOW, ENOUGH_WINDOW = 180, 60, 90
OTHERS = {"answers": "answered_at", "cases": "opened_at"}
"""Tables that tell more of a customer. What is known must reach as far back at both cuts, so the
windows begin where the youngest table does, unless that leaves too short a window."""
SHUFFLES = 20
GIVES_AWAY = 0.9
"""One thing known that alone orders customers this well is taken as a leak, not as luck."""
MOST_SHUFFLED = 0.05
"""How far from a half the area may lie, on the mean of shuffled outcomes."""
SCORES = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Contacting those at highest risk.

    Attributes:
        n_contacted: Customers contacted.
        lapsed: Share of them who placed no order, in the test.
        everyone: The same share of all active customers.
        margin: Margin in the window of a customer who did order.
        saved: Margin saved less the cost of all contacts; None without a stated save rate.
        gross: Margin saved before that cost.
        cost_hkd: Of all contacts.
        break_even: Save rate at which the contacts pay for themselves; None where none does.
    """

    n_contacted: int
    lapsed: Estimate
    everyone: Estimate
    margin: Estimate | None
    saved: Estimate | None = None
    gross: float = nan
    cost_hkd: float = nan
    break_even: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnRisk:
    """A prediction of who stops buying, with its proof.

    Attributes:
        case: Whether it may be used, and why not.
        window: Days of each of the three windows.
        learnt: First day of the outcome it was learnt from.
        tested: First day of the outcome it was tested on, which ends the learning.
        n_learnt: Active customers at the first cut.
        n_tested: At the second.
        area: Area under the curve in the test.
        shuffled: The same on the mean of runs with shuffled outcomes: a half, or something leaks.
        leaks: Things known that give the outcome away.
        slope: Calibration slope in the test, 1 where chances are neither too bold nor too timid.
        level: Calibration in the large, 0 where they are right on the whole.
        tenths: Predicted against happened, lowest risk first.
        contact: None unless usable or off.
        stated: What the engagement states on contacts.
        used: Tables beside the orders that tell something of a customer.
    """

    case: Case
    window: int
    learnt: date | None = None
    tested: date | None = None
    n_learnt: int = 0
    n_tested: int = 0
    area: Estimate | None = None
    shuffled: float = nan
    leaks: tuple[str, ...] = ()
    slope: Estimate | None = None
    level: Estimate | None = None
    tenths: tuple[Tenth, ...] = ()
    contact: Contact | None = None
    stated: RetentionContact | None = None
    used: tuple[str, ...] = ()

    @property
    def saved_margin(self) -> Estimate | None:
        """Expected margin saved, less the cost; None without a stated save rate."""
        return self.contact.saved if self.contact else None

    @property
    def break_even(self) -> float | None:
        """Save rate at which contacts pay for themselves."""
        return self.contact.break_even if self.contact else None


def risk_study(data: Mapping[str, Source], engagement: Engagement) -> ChurnRisk | None:
    """Predict from three windows of equal length at the end of the orders; None without orders.

    Raises:
        DataError: A column is absent or empty.
    """
    if "orders" not in data:
        return None
    first, last = date_span(data["orders"], "ordered_at")
    seen, stated = last + timedelta(days=1), engagement.customer_value.retention_contact
    spans = {
        name: date_span(data[name], column)
        for name, column in OTHERS.items()
        if name in data and {"customer_id", column} <= data[name].columns
    }
    begun = max([first, *(span[0] for span in spans.values())])
    window = min(WINDOW_DAYS, (seen - begun).days // 3)
    if window < ENOUGH_WINDOW:
        spans, window = {}, min(WINDOW_DAYS, (seen - first).days // 3)
    if window < LEAST_WINDOW:
        return ChurnRisk(case="short", window=window, stated=stated)
    cuts = (seen - timedelta(days=2 * window), seen - timedelta(days=window))
    others = {name: data[name] for name in spans}
    learn, test = (
        lapse_cells(data["orders"], cut=cut, window=window, **others) for cut in cuts
    )  # fmt: skip
    return read_risk(
        learn, test, window=window, cuts=cuts, precision=engagement.precision,
        seed=engagement.seed, stated=stated, used=tuple(spans),
    )  # fmt: skip


def read_risk(
    learn: pd.DataFrame,
    test: pd.DataFrame,
    *,
    window: int,
    cuts: tuple[date, date],
    precision: Precision,
    seed: int,
    stated: RetentionContact | None = None,
    used: tuple[str, ...] = (),
) -> ChurnRisk:
    """Learn from the cells of one cut and test on those of a later one.

    Args:
        learn: ``lapse_cells`` at the earlier cut; further columns beginning with ``feature_`` are
            learnt from too.
        test: At the later cut, which lies no earlier than the end of the first outcome.
        window: Days of a window.
        cuts: Both cuts.
        precision: Confidence level and minimum cell.
        seed: Of the shuffles.
        stated: What the engagement states on contacts.
        used: Tables beside the orders that the cells come from.

    Raises:
        InputError: The second cut lies before the end of the first outcome.
    """
    level, floor = precision["confidence_level"], precision["minimum_cell"]
    if cuts[0] + timedelta(days=window) > cuts[1]:
        raise InputError(
            f"the test must begin after the outcome learnt from ends "
            f"({cuts[0] + timedelta(days=window)}), got {cuts[1]}"
        )
    sizes = [int(frame["n"].sum()) for frame in (learn, test)]
    events = [int(frame["lapsed"].sum()) for frame in (learn, test)]

    def closed(case: Case, **known: object) -> ChurnRisk:
        return ChurnRisk(
            case=case, window=window, learnt=cuts[0], tested=cuts[1], n_learnt=sizes[0],
            n_tested=sizes[1], stated=stated, used=used, **known,  # type: ignore[arg-type]
        )  # fmt: skip

    if min(*events, *(n - k for n, k in zip(sizes, events, strict=True))) < floor:
        return closed("few")
    names = feature_names(learn)
    leaks = tuple(name for name in names if _alone(learn, name) >= GIVES_AWAY)
    chance = predict(learn, test, names)
    lapsed, stayed = counts_of(test)
    area = area_under_curve(chance, lapsed, stayed, confidence_level=level)
    shuffled = shuffled_area(learn, test, names, seed=seed)
    known = {"area": area, "shuffled": shuffled, "leaks": leaks}
    if leaks or abs(shuffled - 0.5) > MOST_SHUFFLED:
        return closed("leak", **known)
    if area.ci_lower <= 0.5:  # noqa: PLR2004 - drawing lots
        return closed("chance", **known)
    slope, size = calibration_line(chance, lapsed, stayed, confidence_level=level)
    groups = max(1, min(10, sizes[1] // max(1, floor)))
    shown = tenths(chance, lapsed, stayed, groups=groups, confidence_level=level)
    if any(group.happened.n_obs < floor for group in shown):
        shown = tenths(chance, lapsed, stayed, groups=max(1, groups // 2), confidence_level=level)
    return closed(
        "off" if slope.excludes(1.0) or size.excludes(0.0) else "usable",
        **known,
        slope=slope,
        level=size,
        tenths=tuple(group for group in shown if group.happened.n_obs >= floor),
        contact=contact_top(chance, test, stated=stated, precision=precision),
    )


def feature_names(cells: pd.DataFrame) -> tuple[str, ...]:
    """Name what can be learnt from: columns that differ between customers."""
    every = ("recency", "frequency", "spend", "late", "returned", "contacts", "score")
    extra = tuple(name for name in cells.columns if name.startswith("feature_"))
    return tuple(name for name in (*every, *extra) if cells[name].min() < cells[name].max())


def counts_of(cells: pd.DataFrame) -> tuple[Array, Array]:
    """Give customers who stopped and customers who stayed, per cell."""
    lapsed = cells["lapsed"].to_numpy(float)
    return lapsed, cells["n"].to_numpy(float) - lapsed


def predict(learn: pd.DataFrame, test: pd.DataFrame, names: tuple[str, ...]) -> Array:
    """Learn a logistic regression from cells and give the chance to stop of each test cell."""
    from sklearn.linear_model import LogisticRegression

    lapsed, stayed = counts_of(learn)
    design, later = _design(learn, names), _design(test, names)
    n = learn["n"].to_numpy(float)
    centre = np.average(design, axis=0, weights=n)
    spread = np.sqrt(np.average((design - centre) ** 2, axis=0, weights=n))
    spread[spread == 0] = 1.0
    rows = np.concatenate([design, design])
    outcome = np.repeat([1, 0], len(design))
    weights = np.concatenate([lapsed, stayed])
    model = LogisticRegression(C=1.0, max_iter=1_000)
    model.fit((rows - centre) / spread, outcome, sample_weight=weights)
    chance = model.predict_proba((later - centre) / spread)[:, 1]
    return np.asarray(np.clip(chance, 1e-6, 1 - 1e-6), dtype=float)


def shuffled_area(
    learn: pd.DataFrame, test: pd.DataFrame, names: tuple[str, ...], *, seed: int
) -> float:
    """Give the mean area when outcomes are dealt to customers at random, at both cuts."""
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(SHUFFLES):
        dealt = [
            frame.assign(lapsed=rng.multivariate_hypergeometric(
                frame["n"].to_numpy(), int(frame["lapsed"].sum()), method="marginals"
            ))
            for frame in (learn, test)
        ]  # fmt: skip
        lapsed, stayed = counts_of(dealt[1])
        areas.append(area_under_curve(predict(dealt[0], dealt[1], names), lapsed, stayed).value)
    return float(np.mean(areas))


def contact_top(
    chance: Array,
    cells: pd.DataFrame,
    *,
    stated: RetentionContact | None,
    precision: Precision,
) -> Contact:
    """Work out what contacting those at highest risk would save, on what happened in the test.

        saved = contacted · (share who stop · save rate · margin of who stays - cost of a contact)

    Customers of one cell are alike: of the last cell a part is taken.
    """
    level, floor = precision["confidence_level"], precision["minimum_cell"]
    order = np.argsort(-chance, kind="stable")
    n, lapsed = (cells[name].to_numpy(float)[order] for name in ("n", "lapsed"))
    wanted = max(1.0, round((stated.share if stated else 0.1) * n.sum()))
    taken = np.clip(wanted - (np.cumsum(n) - n), 0, n)
    stop = float((lapsed * taken / n).sum())
    top = proportion(min(round(stop), round(wanted)), round(wanted), confidence_level=level)
    everyone = proportion(round(float(lapsed.sum())), round(float(n.sum())), confidence_level=level)
    margin = _margin(cells, floor=floor, level=level)
    if stated is None or margin is None or round(wanted) < floor:
        return Contact(n_contacted=round(wanted), lapsed=top, everyone=everyone, margin=margin)
    cost = stated.cost_hkd * wanted
    gross = stop * stated.save_rate * margin.value
    error = wanted * stated.save_rate * sqrt(
        (margin.value * top.standard_error) ** 2 + (top.value * margin.standard_error) ** 2
    )  # fmt: skip
    around = normal_quantile(level) * error
    at_stake = stop * margin.value
    return Contact(
        n_contacted=round(wanted), lapsed=top, everyone=everyone, margin=margin, gross=gross,
        cost_hkd=cost,
        saved=Estimate(
            value=gross - cost, ci_lower=gross - cost - around, ci_upper=gross - cost + around,
            n_obs=round(wanted), unit="currency", method="delta", confidence_level=level,
        ),
        break_even=cost / at_stake if at_stake > 0 and cost <= at_stake else None,
    )  # fmt: skip


def _margin(cells: pd.DataFrame, *, floor: int, level: float) -> Estimate | None:
    n, total, squares = (float(cells[name].sum()) for name in ("known", "margin", "squares"))
    if n < max(2, floor):
        return None
    mean = total / n
    error = sqrt(max(0.0, squares / n - mean**2) / (n - 1))
    margin = normal_quantile(level) * error
    return Estimate(
        value=mean, ci_lower=mean - margin, ci_upper=mean + margin, n_obs=round(n),
        unit="currency", method="t", confidence_level=level,
    )  # fmt: skip


def _alone(cells: pd.DataFrame, name: str) -> float:
    """How well one thing known orders customers by itself, in either direction."""
    area = area_under_curve(cells[name].to_numpy(float), *counts_of(cells)).value
    return max(area, 1 - area)


def _design(cells: pd.DataFrame, names: tuple[str, ...]) -> Array:
    columns = []
    for name in names:
        values = cells[name].to_numpy(float)
        if name == "score":
            columns += [(values == score).astype(float) for score in SCORES]
        else:
            scale = {"recency": RECENCY_STEPS, "spend": SPEND_STEPS}.get(name, 1)
            columns.append(values / scale)
    return np.stack(columns, axis=1)
