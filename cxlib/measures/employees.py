"""Employee feedback: eNPS, satisfaction, turnover and their link to customers, kept anonymous."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import nan, sqrt
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.data.employees import staff_counts
from cxlib.data.source import Source
from cxlib.data.summaries import group_moments
from cxlib.engagement.loop import EmployeeSurvey
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import DataError
from cxlib.measures.anonymity import (
    COUNTS,
    FEWEST_EXACT,
    SIZES,
    Asked,
    Cell,
    added,
    hidden_units,
    rounded_units,
    showable,
)
from cxlib.measures.survey import nps_from_counts
from cxlib.stats.clustered import fit_clustered
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import mean_estimate
from cxlib.stats.proportions import proportion

FEWEST_UNITS = 10
"""Under this number of units no link to customers is estimated."""
STEPS = {"enps": 10.0, "esat": 0.5, "left": 0.1}
"""What a rounded score is a multiple of: points, rating, share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffScore:
    """The answers of one unit, or of everyone, in one quarter.

    Attributes:
        unit: "" is everyone.
        quarter: As in the table.
        n_obs: Answers; None when hidden or rounded.
        headcount: People, where the client gave it; None when hidden or rounded.
        enps: Points; None when hidden or not asked.
        esat: Mean satisfaction, 1-5.
        turnover: Share who left within the quarter, of those whose leaving is recorded.
        hidden: Not shown: too few answers, all of one mind, the quarter still open, or it would
            give another one away.
        rounded: Shown without interval and in steps, as its answers are few.
    """

    unit: str
    quarter: str
    n_obs: int | None
    headcount: int | None
    enps: Estimate | None
    esat: Estimate | None
    turnover: Estimate | None
    hidden: bool
    rounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLink:
    """What goes with a more satisfied staff, unit by unit.

    Attributes:
        effect: Customers' mean satisfaction per point of the staff's; None under ``FEWEST_UNITS``.
        n_units: Units with enough answers on both sides.
        n_answers: Customers' answers in them.
        strength: shown when the interval leaves out 0.
    """

    effect: Estimate | None
    n_units: int
    n_answers: int
    strength: Literal["too_few", "no_evidence", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffStudy:
    """Employee feedback in one table.

    Attributes:
        floor: The anonymity floor applied.
        company: Everyone, by quarter.
        units: The units of the last quarter; () where the table names no units.
        link: To the customers' satisfaction; None without units, esat or customers by unit.
        n_open: Quarters left out because they had not ended: read twice, the second reading less
            the first would be single answers.
    """

    floor: int
    company: tuple[StaffScore, ...]
    units: tuple[StaffScore, ...]
    link: UnitLink | None
    n_open: int = 0

    @property
    def latest(self) -> StaffScore:
        """Everyone in the last quarter."""
        return self.company[-1]

    @property
    def n_hidden(self) -> int:
        """Units of the last quarter that are not shown."""
        return sum(score.hidden for score in self.units)


def staff_study(
    tables: Mapping[str, Source],
    survey: EmployeeSurvey,
    *,
    period: Period,
    precision: Precision,
    today: date | None = None,
) -> StaffStudy | None:
    """Measure the employees' answers: everyone by quarter, units in the last quarter, the link.

    Args:
        tables: With employees; answers for the link.
        survey: The anonymity floor and the headcount of units.
        period: Of the customers' answers that are linked.
        precision: Confidence level, and the minimum cell of customers' answers per unit.
        today: Quarters that have not ended before this day are left out; None takes all. Without
            any that has ended everything is hidden.

    Returns:
        None where there is no such table or no row in it.

    Raises:
        DataError: A unit with more answers than people, or a headcount of a unit that is not
            in the table.
    """
    if "employees" not in tables:
        return None
    counts = staff_counts(tables["employees"])
    if not len(counts):
        return None
    _check_headcount(counts, survey.headcount)
    asked = tuple(name for name, size in SIZES.items() if counts[size].sum() > 0)
    floor, level = survey.anonymity_floor, precision["confidence_level"]
    company, units = [], []
    counts, n_open = _ended(counts, today)
    is_open = n_open > 0 and not len(counts[counts["ended"]])
    counts = counts if is_open else counts[counts["ended"]]
    everybody = set(counts["unit"]) <= set(survey.headcount)
    quarters = sorted(counts["quarter"].unique())
    for quarter in quarters:
        lines = counts[counts["quarter"] == quarter].to_dict("records")
        cells = {str(line["unit"]): {name: float(line[name]) for name in COUNTS} for line in lines}
        hidden = hidden_units(cells, floor=floor, asked=asked)
        if is_open:
            hidden = frozenset(cells)
        coarse = rounded_units(cells, hidden)
        people = sum(survey.headcount.values()) if everybody else None
        company.append(
            _score(
                "", quarter, added(cells.values()), people,
                asked=asked, level=level,
                hidden=is_open or not showable(added(cells.values()), floor, asked),
                rounded=added(cells.values())["n"] < FEWEST_EXACT,
            )
        )  # fmt: skip
        if quarter == quarters[-1]:
            units = [
                _score(
                    unit, quarter, cell, survey.headcount.get(unit),
                    asked=asked, level=level, hidden=unit in hidden, rounded=unit in coarse,
                )
                for unit, cell in cells.items()
                if unit
            ]  # fmt: skip
    return StaffStudy(
        floor=floor,
        company=tuple(company),
        units=tuple(units),
        link=None
        if is_open
        else _link(counts, tables.get("answers"), floor=floor, period=period, precision=precision),
        n_open=n_open,
    )


def _ended(counts: pd.DataFrame, today: date | None) -> tuple[pd.DataFrame, int]:
    """Mark the quarters that ended before a day, and count the others; none is always ended."""
    ends = {
        quarter: pd.Period(quarter, freq="Q").end_time.date() if quarter else date.min
        for quarter in counts["quarter"].unique()
    }
    still = {quarter for quarter, end in ends.items() if today is not None and end >= today}
    return counts.assign(ended=~counts["quarter"].isin(still)), len(still)


def _score(
    unit: str,
    quarter: str,
    cell: Cell,
    headcount: int | None,
    *,
    asked: Asked,
    level: float,
    hidden: bool,
    rounded: bool = False,
) -> StaffScore:
    if hidden:
        return StaffScore(
            unit=unit, quarter=quarter, n_obs=None, headcount=None, enps=None, esat=None,
            turnover=None, hidden=True,
        )  # fmt: skip
    enps = esat = turnover = None
    if "enps" in asked:
        bands = (int(cell[name]) for name in ("promoters", "passives", "detractors"))
        enps = _of_few(nps_from_counts(*bands, confidence_level=level), headcount)
    if "esat" in asked:
        n, total = int(cell["n_esat"]), float(cell["esat_sum"])
        variance = max(0.0, float(cell["esat_squares"]) - total**2 / n) / (n - 1)
        esat = _of_few(mean_estimate(n, total / n, variance, confidence_level=level), headcount)
    if "left" in asked:
        found = proportion(int(cell["gone"]), int(cell["n_left"]), confidence_level=level)
        turnover = _of_few(found, headcount)
    if rounded:
        enps, esat, turnover = (
            _in_steps(value, STEPS[name])
            for name, value in (("enps", enps), ("esat", esat), ("left", turnover))
        )
    return StaffScore(
        unit=unit, quarter=quarter, n_obs=None if rounded else int(cell["n"]),
        headcount=None if rounded else headcount, enps=enps, esat=esat, turnover=turnover,
        hidden=False, rounded=rounded,
    )  # fmt: skip


def _in_steps(value: Estimate | None, step: float) -> Estimate | None:
    """Round to a multiple of a step; neither the interval nor n goes with it."""
    if value is None:
        return None
    return replace(
        value, value=round(round(value.value / step) * step, 6), ci_lower=nan, ci_upper=nan,
        n_obs=0, method=f"{value.method}, in steps",
    )  # fmt: skip


def _of_few(estimate: Estimate, headcount: int | None) -> Estimate:
    """Narrow an interval for the share of all people who answered: √((N - n) / (N - 1)).

    Source: Cochran (1977), Sampling Techniques, section 2.8.
    """
    if headcount is None or headcount < estimate.n_obs:
        return estimate
    part = sqrt((headcount - estimate.n_obs) / max(1, headcount - 1))
    return Estimate(
        value=estimate.value,
        ci_lower=estimate.value - part * (estimate.value - estimate.ci_lower),
        ci_upper=estimate.value + part * (estimate.ci_upper - estimate.value),
        n_obs=estimate.n_obs,
        unit=estimate.unit,
        method=f"{estimate.method}, finite population",
        confidence_level=estimate.confidence_level,
    )


def _check_headcount(counts: pd.DataFrame, headcount: Mapping[str, int]) -> None:
    if strange := sorted(set(headcount) - set(counts["unit"])):
        raise DataError(
            f"employee_survey.headcount names {', '.join(strange)}, which the employees table "
            "does not have; write the units as the table does"
        )
    limit = counts["unit"].map(lambda unit: headcount.get(unit, np.inf))
    for row in counts[counts["n"] > limit].to_dict("records"):
        raise DataError(
            f"employees: {row['unit']} has more answers in {row['quarter']} than its headcount of "
            f"{headcount[str(row['unit'])]}; correct employee_survey.headcount"
        )


def _link(
    counts: pd.DataFrame,
    answers: Source | None,
    *,
    floor: int,
    period: Period,
    precision: Precision,
) -> UnitLink | None:
    """Regress the customers' mean satisfaction on the staff's, one line per unit.

    A unit takes part when in some quarter at least ``floor`` people answered, so that its mean
    stands on so many persons although the quarters ask the same people again. Units are weighted
    by customers' answers and are the clusters (CR2).
    """
    if answers is None or {"store", "csat"} - answers.columns or not counts["n_esat"].sum():
        return None
    grouped = counts[counts["unit"] != ""].groupby("unit")
    staff = grouped[["n_esat", "esat_sum"]].sum().assign(most=grouped["n_esat"].max())
    staff = staff[staff["most"] >= floor]
    heard = group_moments(
        answers, columns=["csat"], by=["store"], **period.window("answered_at")
    ).dropna(subset=["store"])
    both = heard.merge(staff, left_on="store", right_index=True)
    both = both[both["n_csat"] >= precision["minimum_cell"]]
    if not len(heard.merge(counts[["unit"]].drop_duplicates(), left_on="store", right_on="unit")):
        return None
    n_units, n_answers = len(both), int(both["n_csat"].sum())
    x = (both["esat_sum"] / both["n_esat"]).to_numpy(dtype=float)
    if n_units < FEWEST_UNITS or np.ptp(x) <= 0:
        return UnitLink(effect=None, n_units=n_units, n_answers=n_answers, strength="too_few")
    fit = fit_clustered(
        both["mean_csat"].to_numpy(dtype=float),
        np.column_stack([np.ones(n_units), x - x.mean()]),
        weights=both["n_csat"].to_numpy(dtype=float),
        clusters=np.arange(n_units),
    )
    effect = fit.coefficient(1).estimate(
        unit="rating",
        n_obs=n_answers,
        method="least squares over units, CR2",
        confidence_level=precision["confidence_level"],
    )
    return UnitLink(
        effect=effect,
        n_units=n_units,
        n_answers=n_answers,
        strength="shown" if effect.excludes(0.0) else "no_evidence",
    )
