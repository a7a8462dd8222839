"""Module 2, journey, drivers and priorities: right answers by cxlib, usual mistakes by hand."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cxlib.data.products import driver_products
from cxlib.data.summaries import distinct_customers, score_counts
from cxlib.data.tables import DRIVERS
from cxlib.engagement.schema import Window
from cxlib.measures.drivers import driver_importance
from cxlib.measures.journey import EmotionCurve, emotion_curve
from cxlib.measures.mix import MixShift, mix_shift
from cxlib.measures.priorities import Priorities, touchpoint_priorities
from cxlib.measures.weights import joint_counts
from cxlib.workshop.exercise import Exercise, Mistake
from cxlib.workshop.exercises.scores import TURN, coded

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxlib.workshop.company import Company

STAGES: Final = {
    "website_browse": "consideration", "store_visit": "consideration",
    "enquiry_chat": "consideration", "store_checkout": "purchase", "online_checkout": "purchase",
    "delivery_booking": "purchase", "delivery": "use", "assembly": "use",
    "aftersales_service": "use", "loyalty_app": "advocacy",
}  # fmt: skip
"""The journey of every company of the workshop."""
LAST_MONTH: Final[Window] = {
    "date": "answered_at", "start": dt.date(2026, 6, 1), "end": dt.date(2026, 7, 1),
}  # fmt: skip
FLOOR: Final = 10
"""Fewest answers of a touchpoint in the one-month exercise."""
REVIEW: Final[Window] = {
    "date": "answered_at", "start": dt.date(2026, 1, 1), "end": dt.date(2026, 7, 1),
}  # fmt: skip
LOWEST: Final = 3
FIRST_DRIVERS: Final = 3
SEED: Final = 1


def touchpoints(company: "Company") -> tuple[str, ...]:
    """Name the touchpoints that were rated."""
    return tuple(sorted(company.answers["touchpoint"].unique()))


def satisfaction(company: "Company") -> "pd.Series[float]":
    """Give the mean satisfaction of each touchpoint, the lowest first."""
    return company.answers.groupby("touchpoint")["csat"].mean().sort_values()


def _lowest(company: "Company") -> list[str]:
    return [str(name) for name in satisfaction(company).index[:LOWEST]]


def _fewest_answers(company: "Company") -> list[str]:
    counts = company.answers.groupby("touchpoint")["csat"].count().sort_values()
    return [str(name) for name in counts.index[:LOWEST]]


# --- 2.2 false alarms, 2.3 pain in one month ------------------------------------------------------


def _false_alarm(company: "Company") -> float:
    return 1 - 0.95 ** len(touchpoints(company))


def _june(company: "Company") -> EmotionCurve:
    counts = score_counts(company.source("answers"), score="csat", by=["touchpoint"], **LAST_MONTH)
    return emotion_curve(counts, stages=STAGES, minimum_cell=FLOOR, seed=SEED)


def _pains(company: "Company") -> float:
    return float(len(_june(company).pains))


def _below(company: "Company") -> float:
    deviations = [point.deviation for point in _june(company).points]
    return float(sum(each is not None and each.value < 0 for each in deviations))


def _flags(company: "Company") -> float:
    return float(sum(p.flag != "none" for p in _june(company).points))


def _one_by_one(company: "Company") -> float:
    curve = _june(company)
    return float(
        sum(
            p.estimate is not None and p.estimate.ci_upper < curve.journey_mean.value
            for p in curve.points
        )
    )


# --- 2.4 mix --------------------------------------------------------------------------------------


def split_by_channel(company: "Company") -> MixShift:
    """Split the change of NPS between the half-years into online and everything else."""
    asked = company.answers.dropna(subset=["nps"])
    late = asked["answered_at"] >= pd.Timestamp(TURN)
    group = (asked["channel"] == "online").map({True: "online", False: "other"})
    found = coded(company).groupby([late, group]).agg(["size", "mean"])
    before, after = (found.loc[which] for which in (False, True))
    return mix_shift(
        _named(before["size"]), _named(before["mean"]), _named(after["size"]), _named(after["mean"])
    )


def _named(values: "pd.Series[Any]") -> dict[str, Any]:
    return {str(name): value for name, value in values.items()}


def _mix_at(company: "Company", which: str) -> float:
    groups = split_by_channel(company).groups
    return sum((g.share_after - g.share_before) * float(getattr(g, which) or 0) for g in groups)


# --- 2.5 drivers ----------------------------------------------------------------------------------


def short_drivers(company: "Company") -> tuple[str, ...]:
    """Name the rated aspects without their prefix."""
    return tuple(
        name.removeprefix("driver_") for name in DRIVERS if name in company.answers.columns
    )


def _by_share(company: "Company") -> list[str]:
    columns = [f"driver_{name}" for name in short_drivers(company)]
    products = driver_products(company.source("answers"), outcome="csat", drivers=columns)
    found = driver_importance(products, seed=SEED)
    return [each.driver.removeprefix("driver_") for each in found.drivers[:FIRST_DRIVERS]]


def _drivers_sorted(
    company: "Company", how: "Callable[[pd.DataFrame], pd.Series[Any]]", *, ascending: bool
) -> list[str]:
    columns = [f"driver_{name}" for name in short_drivers(company)]
    values = how(company.answers[[*columns, "csat"]]).drop("csat", errors="ignore")
    order = values.sort_values(ascending=ascending).index[:FIRST_DRIVERS]
    return [str(name).removeprefix("driver_") for name in order]


# --- 2.6 priorities -------------------------------------------------------------------------------


def ranked(company: "Company") -> Priorities:
    """Rank the touchpoints of the second half-year by impact and frequency."""
    sent: Window = {**REVIEW, "date": "sent_at"}
    met = distinct_customers(company.source("invitations"), by=["touchpoint"], **sent)
    everyone = distinct_customers(company.source("invitations"), **sent)
    return touchpoint_priorities(
        joint_counts(company.source("answers"), window=REVIEW),
        customers_meeting=_named(met.set_index("touchpoint")["n_customers"]),
        customers=int(everyone["n_customers"].iloc[0]),
        seed=SEED,
    )


def _could_be_first(company: "Company") -> float:
    return float(sum(item.frequency_view.rank_lower == 1 for item in ranked(company).items))


def _largest(company: "Company", what: str) -> str:
    return max(ranked(company).items, key=lambda item: getattr(item, what).value).touchpoint


EXERCISES: Final = (
    Exercise(
        key="lowest_three",
        module=2,
        kind="ranking",
        options=touchpoints,
        expected=_lowest,
        mistakes=(
            Mistake("highest", lambda c: list(satisfaction(c).index[::-1][:LOWEST])),
            Mistake("order", lambda c: _lowest(c)[::-1]),
            Mistake("fewest_answers", _fewest_answers),
        ),
    ),
    Exercise(
        key="false_alarm",
        module=2,
        kind="share",
        tolerance=0.006,
        expected=_false_alarm,
        mistakes=(
            Mistake("one_look", lambda _: 0.05),
            Mistake("added", lambda c: 0.05 * len(touchpoints(c))),
            Mistake("none_at_all", lambda c: 0.95 ** len(touchpoints(c))),
            Mistake("all_of_them", when=lambda value, c: value <= 0.05 ** len(touchpoints(c)) * 2),
        ),
    ),
    Exercise(
        key="pain_in_june",
        module=2,
        kind="number",
        tolerance=0,
        expected=_pains,
        mistakes=(
            Mistake("below", _below),
            Mistake("peaks_too", _flags),
            Mistake("one_by_one", _one_by_one),
        ),
    ),
    Exercise(
        key="mix_effect",
        module=2,
        kind="points",
        tolerance=0.1,
        expected=lambda c: split_by_channel(c).mix_effect,
        mistakes=(
            Mistake("total", lambda c: split_by_channel(c).change),
            Mistake("rate", lambda c: split_by_channel(c).rate_effect),
            Mistake("old_scores", lambda c: _mix_at(c, "score_before")),
            Mistake("new_scores", lambda c: _mix_at(c, "score_after")),
        ),
    ),
    Exercise(
        key="first_drivers",
        module=2,
        kind="ranking",
        options=short_drivers,
        expected=_by_share,
        mistakes=(
            Mistake(
                "correlation",
                lambda c: _drivers_sorted(c, lambda a: a.corr()["csat"], ascending=False),
            ),
            Mistake(
                "lowest_rated", lambda c: _drivers_sorted(c, lambda a: a.mean(), ascending=True)
            ),
            Mistake(
                "most_rated", lambda c: _drivers_sorted(c, lambda a: a.count(), ascending=False)
            ),
        ),
    ),
    Exercise(
        key="first_priority",
        module=2,
        kind="choice",
        options=touchpoints,
        expected=lambda c: ranked(c).first.touchpoint,
        mistakes=(
            Mistake("lowest_score", lambda c: _largest(c, "headroom")),
            Mistake("most_met", lambda c: _largest(c, "frequency")),
            Mistake("largest_weight", lambda c: _largest(c, "weight")),
            Mistake("last", lambda c: ranked(c).items[-1].touchpoint),
        ),
    ),
    Exercise(
        key="could_be_first",
        module=2,
        kind="number",
        tolerance=0,
        expected=_could_be_first,
        mistakes=(
            Mistake("only_the_top", lambda _: 1.0),
            Mistake("everyone", lambda c: float(len(ranked(c).items))),
        ),
    ),
)
