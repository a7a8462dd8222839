"""Attack a verdict before the client does: would this method find an effect where none can be?

Three attacks: the arms are drawn again by lot (A/A), a value from before the test is tested as if
it were an outcome (placebo), and units are dealt to the segments again by lot. Each says how often
something was found, beside how often it should have been.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.data.exposure import value_counts
from cxlib.data.query import to_floats
from cxlib.decisions.health import BalancePart
from cxlib.decisions.outcomes import Counts, Floats
from cxlib.decisions.trials import Evaluation
from cxlib.errors import InputError
from cxlib.stats.rerandomisation import Rerandomised, redraw_arms, redraw_groups

REDRAWS = 2_000
MOST_VALUES = 200
"""More values than this are put into that many steps of equal numbers of units."""
DRAWN = ("proportion", "mean", "ratio", "nps", "ordinal", "quantile")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedTeam:
    """What the attacks came to; None where the test gives nothing to attack with.

    Attributes:
        arms: Arms drawn again: the rate of false alarms and where the real effect lies among them.
        placebos: Values from before the test, compared like outcomes.
        segments: Segments dealt again, for the first registered column.
        column: That column.
    """

    arms: Rerandomised | None
    placebos: tuple[BalancePart, ...]
    segments: Rerandomised | None
    column: str

    @property
    def holds(self) -> bool:
        """Whether no attack got through."""
        drawn = [each for each in (self.arms, self.segments) if each is not None]
        return all(each.as_promised for each in drawn) and not any(
            placebo.differs for placebo in self.placebos
        )


def attack(
    found: Evaluation, *, seed: int, minimum_cell: int = 30, n_redraws: int = REDRAWS
) -> RedTeam:
    """Attack a test's verdict.

    Args:
        found: The test.
        seed: Of the draws.
        minimum_cell: Segments with fewer units in an arm are left out.
        n_redraws: Draws of each attack.
    """
    placebos = found.health.balance
    metric = found.plan.primary
    if metric.kind not in DRAWN or found.plan.cluster:
        return RedTeam(arms=None, placebos=placebos, segments=None, column="")
    column = next(iter(found.plan.segments), "")
    below = [metric.denominator] if metric.denominator else []
    by = [*([column] if column else []), *below]
    frame = value_counts(
        found.source, column=metric.column, arm=found.columns[1], by=by, scope=found.scope
    )
    kept = frame[frame["arm"].isin(["control", found.best])]
    scored = _scored(kept["value"].to_numpy(dtype=np.float64), metric.kind)
    if below:
        scored = _linear(scored, *(to_floats(kept[name]) for name in (*below, "n")))
    counted = kept.assign(value=scored)
    values, arms = _table(counted, ["arm"])
    level = found.plan.confidence_level
    redrawn = redraw_arms(
        values.tolist(), control=arms["control",].tolist(),
        treatment=arms[found.best,].tolist(),
        n_redraws=n_redraws, seed=seed, confidence_level=level,
    ) if len(values) > 1 else None  # fmt: skip
    segments = None
    if column and len(values) > 1:
        values, cells = _table(counted.dropna(subset=[column]), ["arm", column])
        names = sorted({key[1] for key in cells})
        large = [
            name for name in names
            if all((arm, name) in cells and cells[arm, name].sum() >= minimum_cell
                   for arm in ("control", found.best))
        ]  # fmt: skip
        if len(large) > 1:
            segments = _dealt(values, cells, large, found.best, (seed, n_redraws), level)
    return RedTeam(arms=redrawn, placebos=placebos, segments=segments, column=column)


def _dealt(  # noqa: PLR0917 - private
    values: Floats,
    cells: dict[tuple[str, ...], Counts],
    names: Sequence[str],
    treatment: str,
    draws: tuple[int, int],
    level: float,
) -> Rerandomised | None:
    seed, n_redraws = draws
    control, treated = (
        np.stack([cells[arm, name] for name in names]) for arm in ("control", treatment)
    )
    try:
        return redraw_groups(
            values.tolist(), control=control, treatment=treated, n_redraws=n_redraws, seed=seed,
            confidence_level=level,
        )  # fmt: skip
    except InputError:
        return None


def _scored(values: Floats, kind: str) -> Floats:
    """What is averaged: the value, or a promoter's 100 and a detractor's -100."""
    if kind != "nps":
        return values
    return np.select([values >= 9, values <= 6], [100.0, -100.0], 0.0)  # noqa: PLR2004


def _linear(above: Floats, below: Floats, n: Floats) -> Floats:
    """What one unit adds to a ratio: (y - R x) / mean x, over both arms together."""
    ratio = float(above @ n) / float(below @ n)
    return np.asarray((above - ratio * below) * n.sum() / float(below @ n), dtype=np.float64)


def _table(
    frame: pd.DataFrame, keys: Sequence[str]
) -> tuple[Floats, dict[tuple[str, ...], Counts]]:
    """Counts per value, one row per group; many values become steps."""
    values = frame["value"].to_numpy(dtype=np.float64)
    if len(np.unique(values)) > MOST_VALUES:
        order = np.argsort(values, kind="stable")
        passed = np.cumsum(frame["n"].to_numpy()[order]) / frame["n"].sum()
        step = np.empty(len(values), dtype=np.int64)
        step[order] = np.minimum((passed * MOST_VALUES).astype(np.int64), MOST_VALUES - 1)
        middles = frame.assign(step=step).groupby("step")["value"].mean()
        values = middles.loc[step.tolist()].to_numpy(dtype=np.float64)
    distinct = np.unique(values)
    cells: dict[tuple[str, ...], Counts] = {}
    placed = frame.assign(place=np.searchsorted(distinct, values))
    for name, rows in placed.groupby(list(keys)):
        counts = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(counts, rows["place"].to_numpy(), rows["n"].to_numpy())
        cells[tuple(str(part) for part in name)] = counts
    return distinct, cells
