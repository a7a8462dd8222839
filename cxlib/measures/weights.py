"""How much a touchpoint matters and how far it has to go: weight, headroom and their draws."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.engagement.schema import Window
from cxlib.errors import InputError

Floats: TypeAlias = NDArray[np.float64]
Basis = Literal["csat_nps", "csat", "nps"]

FEWEST_DRAWS = 200
TOP: dict[Basis, float] = {"csat_nps": 5.0, "csat": 5.0, "nps": 100.0}
PROMOTER, DETRACTOR = 9, 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """Weight and headroom of the touchpoints with enough answers; draws are items by draws.

    Attributes:
        basis: "csat_nps", or the one score answers carry.
        touchpoints: Sorted.
        n_obs: Scored answers of each.
        weight: Slope of NPS points on satisfaction within the touchpoint; 1 with one score.
        headroom: Top of the scale less the mean.
        common_weight: The slope over all touchpoints, each held against its own means.
        too_few: Touchpoints under the minimum cell.
    """

    basis: Basis
    touchpoints: tuple[str, ...]
    n_obs: tuple[int, ...]
    weight: Floats
    headroom: Floats
    drawn_weight: Floats
    drawn_headroom: Floats
    common_weight: float
    too_few: tuple[str, ...]

    @property
    def impact(self) -> Floats:
        """Weight times headroom."""
        return np.asarray(self.weight * self.headroom)

    @property
    def drawn_impact(self) -> Floats:
        """The same in each draw."""
        return np.asarray(self.drawn_weight * self.drawn_headroom)


def joint_counts(answers: Source, *, window: Window) -> pd.DataFrame:
    """Count answers by touchpoint and by satisfaction and recommendation together.

    Returns:
        Columns ``touchpoint``, ``csat``, ``nps``, ``n``; a score the table does not have, or an
        answer left out, is missing.
    """
    both = {"csat", "nps"} <= answers.columns
    score = "csat" if "csat" in answers.columns else "nps"
    by = ["touchpoint", "nps"] if both else ["touchpoint"]
    counts = score_counts(answers, score=score, by=by, **window)
    return counts.rename(columns={"score": score}).reindex(
        columns=["touchpoint", "csat", "nps", "n"]
    )


def weigh_touchpoints(
    counts: pd.DataFrame, *, seed: int, n_draws: int = 2_000, minimum_cell: int = 30
) -> Weighed:
    """Estimate each touchpoint's weight and headroom, and draw them again from the counts.

        weight(i) = Σ (x - x̄)(y - ȳ) / Σ (x - x̄)²,  x satisfaction 1-5, y NPS points 100, 0, -100

    over the answers of touchpoint i that have both. A touchpoint with fewer such answers than
    the minimum cell, or the same satisfaction from all, takes the common weight of all.

    Args:
        counts: Columns ``touchpoint``, ``csat``, ``nps``, ``n``; missing where not answered.
        seed: Of the bootstrap: answers of each touchpoint drawn from their counts.
        n_draws: Bootstrap draws, 200 or more.
        minimum_cell: Touchpoints with fewer scored answers are left out.

    Raises:
        InputError: Too few draws, or no touchpoint with enough answers.
    """
    if n_draws < FEWEST_DRAWS:
        raise InputError(f"n_draws must be {FEWEST_DRAWS} or more, got {n_draws}")
    basis = _basis(counts)
    scored = counts[counts["nps" if basis == "nps" else "csat"].notna()]
    sizes = scored.groupby("touchpoint")["n"].sum()
    names = [str(name) for name, n in sizes.items() if n >= minimum_cell]
    if not names:
        raise InputError(
            f"priorities need a touchpoint with {minimum_cell} scored answers, got none"
        )
    rng = np.random.default_rng(seed)
    sums, draws = [], []
    for name in names:
        group = scored[scored["touchpoint"] == name]
        n = group["n"].to_numpy(dtype=np.float64)
        parts = _parts(group, basis)
        drawn = rng.multinomial(int(n.sum()), n / n.sum(), size=n_draws)
        sums.append(n @ parts)
        draws.append(drawn @ parts)
    found, drawn_sums = np.stack(sums), np.stack(draws)
    headroom, drawn_headroom = (TOP[basis] - a[..., 1] / a[..., 0] for a in (found, drawn_sums))
    if basis == "csat_nps":
        weight, common = _slopes(found, minimum_cell)
        drawn_weight, _ = _slopes(np.moveaxis(drawn_sums, 1, 0), minimum_cell)
        drawn_weight = drawn_weight.T
    else:
        weight, common = np.ones(len(names)), np.ones(1)
        drawn_weight = np.ones((len(names), n_draws))
    return Weighed(
        basis=basis,
        touchpoints=tuple(names),
        n_obs=tuple(int(sizes[name]) for name in names),
        weight=weight,
        headroom=headroom,
        drawn_weight=drawn_weight,
        drawn_headroom=drawn_headroom,
        common_weight=float(common.item()),
        too_few=tuple(str(name) for name in sizes.index if str(name) not in names),
    )


def _basis(counts: pd.DataFrame) -> Basis:
    """Take both scores where some answer has both and satisfaction varies, else the one used."""
    both = counts.dropna(subset=["csat", "nps"])
    if both.groupby("touchpoint")["csat"].nunique().gt(1).any():
        return "csat_nps"
    return "csat" if counts["csat"].notna().any() else "nps"


def _parts(group: pd.DataFrame, basis: Basis) -> Floats:
    """Return per kind of answer: 1, score; and, of those with both: 1, x, y, xx, xy."""
    nps = group["nps"].to_numpy(dtype=np.float64, na_value=np.nan)
    points = 100.0 * ((nps >= PROMOTER) * 1.0 - (nps <= DETRACTOR))
    if basis == "nps":
        return np.column_stack([np.ones_like(points), points])
    x = group["csat"].to_numpy(dtype=np.float64)
    both = (~np.isnan(nps)).astype(np.float64)
    y = np.where(both > 0, points, 0.0)
    return np.column_stack([np.ones_like(x), x, both, both * x, y, both * x * x, x * y])


def _slopes(sums: Floats, minimum_cell: int) -> tuple[Floats, Floats]:
    """Return slopes within touchpoints (last axis but one) and the common slope."""
    n, x, y, xx, xy = (sums[..., place] for place in range(2, 7))
    safe = np.maximum(n, 1.0)
    across, along = xx - x * x / safe, xy - x * y / safe
    total = across.sum(axis=-1, keepdims=True)
    common = np.divide(
        along.sum(axis=-1, keepdims=True), total, out=np.zeros_like(total), where=total > 0
    )
    own = (n >= minimum_cell) & (across > 1e-9 * safe)
    slopes = np.divide(along, across, out=np.zeros_like(along), where=own)
    return np.where(own, slopes, common), common[..., 0]
