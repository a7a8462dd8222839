# ruff: noqa: PLR2004  (scale points and the exercise's own figures are named by the task)
"""Module 3, goals you can see: right answers by cxlib, usual mistakes by hand."""

from math import sqrt
from typing import TYPE_CHECKING, Final

import pandas as pd

from cxlib.measures.survey import nps_from_counts
from cxlib.stats.detectable import minimum_detectable_effect, power_of
from cxlib.stats.power import NpsShares, sample_for_nps, z_sum
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.shrinkage import RegressionToMean, regression_to_mean
from cxlib.workshop.exercise import Exercise, Mistake
from cxlib.workshop.exercises.scores import TURN

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

Pair = tuple[float, float]
START: Final = "2025-07-01"
"""First day of the baseline, which ends at the turn of the year."""
PICKED: Final = "2025-10-01"
"""First day of the quarter by which the six stores were picked."""
RISE: Final = 5.0
"""The rise of NPS that the goal asks for, points."""
RELATIVE: Final = 0.10
Z: Final = normal_quantile(0.95)
WORDINGS: Final = ("A", "B", "C", "D")


def months(company: "Company", *, kpi: str = "nps") -> pd.DataFrame:
    """Give the baseline's months of a KPI's history."""
    history = company.kpi_history[company.kpi_history["kpi"] == kpi]
    return history[_between(history["period_start"], START, TURN)].sort_values("period_start")


def _between(days: "pd.Series[pd.Timestamp]", start: str, end: str) -> "pd.Series[bool]":
    return (days >= pd.Timestamp(start)) & (days < pd.Timestamp(end))


def _score(history: pd.DataFrame) -> float:
    bands = history[["promoters", "passives", "detractors"]].sum().astype(int)
    return nps_from_counts(*bands.tolist()).value


def _all_months(company: "Company") -> pd.DataFrame:
    return company.kpi_history[company.kpi_history["kpi"] == "nps"]


# --- 3.2 the level of a goal ----------------------------------------------------------------------


def conversion(company: "Company") -> float:
    """Give sales per enquiry of all stores in the baseline."""
    panel = company.store_panel[_between(company.store_panel["month"], START, TURN)]
    return float(panel["sales"].sum() / panel["enquiries"].sum())


# --- 3.3 to 3.5 what a sample can show ------------------------------------------------------------


def baseline_shares(company: "Company") -> tuple[NpsShares, int]:
    """Give the bands of the baseline's answers, and how many there are."""
    answers = company.answers.dropna(subset=["nps"])
    scores = answers.loc[answers["answered_at"] < pd.Timestamp(TURN), "nps"]
    found = NpsShares(promoters=float((scores >= 9).mean()), detractors=float((scores <= 6).mean()))
    return found, len(scores)


def _needed(company: "Company") -> float:
    shares, _ = baseline_shares(company)
    level = shares.score_points
    return float(
        sample_for_nps(level, level + RISE, baseline_shares=shares, variance="shares").n_per_group
    )


def _needed_with(company: "Company", *, z: float, groups: float) -> float:
    shares, _ = baseline_shares(company)
    return z**2 * groups * shares.variance / RISE**2


def _smallest(company: "Company") -> float:
    shares, n = baseline_shares(company)
    return minimum_detectable_effect(
        n, variance_control=shares.variance, variance_treatment=shares.variance
    )


def _margin(company: "Company", *, z: float, groups: float) -> float:
    shares, n = baseline_shares(company)
    return z * sqrt(groups * shares.variance / n)


def _power(company: "Company") -> float:
    shares, n = baseline_shares(company)
    return power_of(
        RISE,
        n_per_group=n,
        variance_control=shares.variance,
        variance_treatment=shares.variance,
    )


# --- 3.6 the six worst stores ---------------------------------------------------------------------


def stores(company: "Company") -> pd.DataFrame:
    """Give each store's mean satisfaction in the quarter of the pick and afterwards."""
    panel = company.store_panel.assign(
        total=company.store_panel["csat_mean"] * company.store_panel["csat_n"]
    )
    before = _pooled(panel[_between(panel["month"], PICKED, TURN)])
    after = _pooled(panel[panel["month"] >= pd.Timestamp(TURN)])
    coached = company.stores.set_index("store")["coaching"] == 1
    return pd.DataFrame({"before": before, "after": after, "coached": coached}).dropna()


def _pooled(panel: pd.DataFrame) -> "pd.Series[float]":
    sums = panel.groupby("store")[["total", "csat_n"]].sum()
    return sums["total"] / sums["csat_n"]


def coached(company: "Company") -> RegressionToMean:
    """Split what the coached stores gained into what would have come anyway and the rest."""
    table = stores(company)
    return regression_to_mean(
        table["before"].tolist(), table["after"].tolist(), picked=table["coached"].tolist()
    )


def _left(company: "Company") -> Pair:
    found = coached(company).remaining
    return found.ci_lower, found.ci_upper


def _plain(company: "Company") -> Pair:
    found = coached(company).observed
    return found.ci_lower, found.ci_upper


def _against_others(company: "Company") -> Pair:
    table = stores(company)
    change = (table["after"] - table["before"]).groupby(table["coached"].astype(bool))
    mean, var, n = change.mean(), change.var(), change.size()
    gap = float(mean.loc[True] - mean.loc[False])
    margin = Z * sqrt(float((var / n).sum()))
    return gap - margin, gap + margin


EXERCISES: Final = (
    Exercise(
        key="baseline",
        module=3,
        kind="points",
        tolerance=0.06,
        expected=lambda c: _score(months(c)),
        mistakes=(
            Mistake("all_history", lambda c: _score(_all_months(c))),
            Mistake("last_month", lambda c: _score(months(c).tail(1))),
            Mistake("best_month", lambda c: float(months(c)["value"].max())),
            Mistake("mean_of_months", lambda c: float(months(c)["value"].mean())),
        ),
    ),
    Exercise(
        key="goal_level",
        module=3,
        kind="share",
        tolerance=0.0006,
        expected=lambda c: conversion(c) * (1 + RELATIVE),
        mistakes=(
            Mistake("points_added", lambda c: conversion(c) + RELATIVE),
            Mistake("only_the_rise", lambda c: conversion(c) * RELATIVE),
            Mistake("the_baseline", conversion),
        ),
    ),
    Exercise(
        key="answers_needed",
        module=3,
        kind="number",
        relative=0.02,
        expected=_needed,
        mistakes=(
            Mistake("part_missing", lambda c: _needed_with(c, z=Z, groups=2)),
            Mistake("part_missing", lambda c: _needed_with(c, z=z_sum(0.95, 0.8), groups=1)),
            Mistake("both_waves", lambda c: _needed_with(c, z=z_sum(0.95, 0.8), groups=4)),
            Mistake("margin_only", lambda c: _needed_with(c, z=Z, groups=1)),
        ),
    ),
    Exercise(
        key="smallest_rise",
        module=3,
        kind="points",
        tolerance=0.1,
        expected=_smallest,
        mistakes=(
            Mistake("part_missing", lambda c: _margin(c, z=Z, groups=2)),
            Mistake("part_missing", lambda c: _margin(c, z=z_sum(0.95, 0.8), groups=1)),
            Mistake("margin_only", lambda c: _margin(c, z=Z, groups=1)),
        ),
    ),
    Exercise(
        key="chance_to_see",
        module=3,
        kind="share",
        tolerance=0.012,
        expected=_power,
        mistakes=(
            Mistake("missed", lambda c: 1 - _power(c)),
            Mistake("usual_power", lambda _: 0.8),
            Mistake("confidence", lambda _: 0.95),
        ),
    ),
    Exercise(
        key="worst_stores",
        module=3,
        kind="interval",
        tolerance=0.012,
        expected=_left,
        mistakes=(
            Mistake("before_after", _plain),
            Mistake("against_others", _against_others),
        ),
    ),
    Exercise(
        key="goal_wording",
        module=3,
        kind="choice",
        options=WORDINGS,
        expected=lambda _: "C",
        mistakes=(
            Mistake("no_measure", lambda _: "A"),
            Mistake("no_baseline", lambda _: "B"),
            Mistake("moving_rule", lambda _: "D"),
        ),
    ),
)
