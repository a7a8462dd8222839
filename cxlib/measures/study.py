"""The whole driver analysis of one period: importance, places, scenarios, kinds of driver."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cxlib.data.products import DriverCoding, DriverProducts, Outcome, driver_products
from cxlib.data.source import Source
from cxlib.data.tables import DRIVER, DRIVERS
from cxlib.engagement.schema import Precision, Window
from cxlib.measures.drivers import DriverImportance, driver_importance
from cxlib.measures.kano import KanoContrast, kano_contrasts
from cxlib.measures.lift import Lift, lift_simulator
from cxlib.measures.quadrants import Quadrants, importance_performance
from cxlib.measures.regression import shortage

Absence = Literal["no_ratings", "too_few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStudy:
    """What goes together with one outcome.

    Attributes:
        importance: Shares, slopes, ranks.
        quadrants: Importance against performance.
        lifts: Scenarios of more satisfied customers.
        contrasts: Poor against top ratings; empty where too few gave either.
        minimum_cell: The floor that was applied.
    """

    importance: DriverImportance
    quadrants: Quadrants
    lifts: tuple[Lift, ...]
    contrasts: tuple[KanoContrast, ...]
    minimum_cell: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStudy:
    """Why there is no driver analysis: a client who asks no ratings, or too few answers."""

    absence: Absence
    n_obs: int


def driver_study(
    answers: Source,
    *,
    window: Window,
    precision: Precision,
    seed: int,
    outcome: Outcome | None = None,
    drivers: Sequence[str] | None = None,
    rise: float = 0.05,
) -> DriverStudy | NoStudy:
    """Analyse the drivers of recommendation, or of satisfaction where that is not asked.

    Args:
        answers: One row per answer; its empty driver cells are customers who did not meet them.
        window: Half-open period of a date column.
        precision: Confidence level and minimum cell.
        seed: Of the bootstrap.
        outcome: "nps" or "csat"; None takes NPS where there is such a column.
        drivers: Rating columns, those the table does not have are passed over; None takes every
            column that begins with driver_.
        rise: Of the top-two-box share in the scenarios, 0-1.
    """
    own = sorted(name for name in answers.columns - set(DRIVERS) if name.startswith(DRIVER))
    asked = (*DRIVERS, *own) if drivers is None else drivers
    present = [name for name in asked if name in answers.columns]
    found: list[Outcome] = [name for name in ("nps", "csat") if name in answers.columns]
    target = outcome or (found[0] if found else None)
    if len(present) < 2 or target is None:  # noqa: PLR2004
        return NoStudy(absence="no_ratings", n_obs=0)

    def ask(coding: DriverCoding) -> DriverProducts:
        return driver_products(answers, outcome=target, drivers=present, coding=coding, **window)

    values, ends, tops = ask("value"), ask("low_high"), ask("top2")
    floor = precision["minimum_cell"]
    if shortage(values, minimum_cell=floor):
        return NoStudy(absence="too_few", n_obs=values.n_obs)
    return DriverStudy(
        importance=driver_importance(values, ranked=ask("rank"), seed=seed, **precision),
        quadrants=importance_performance(values, seed=seed, **precision),
        lifts=lift_simulator(tops, rise=rise, seed=seed, **precision)
        if not shortage(tops, minimum_cell=floor)
        else (),
        contrasts=kano_contrasts(ends, seed=seed, **precision)
        if not shortage(ends, minimum_cell=floor)
        else (),
        minimum_cell=floor,
    )
