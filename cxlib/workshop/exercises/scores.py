# ruff: noqa: PLR2004  (scale points and the exercise's own figures are named by the task)
"""Module 1, scores and their uncertainty: right answers by cxlib, usual mistakes by hand."""

import datetime as dt
from math import sqrt
from typing import TYPE_CHECKING, Final

import pandas as pd

from cxlib.data.summaries import flag_counts, score_counts
from cxlib.engagement.schema import Window
from cxlib.measures.distribution import NpsCounts
from cxlib.measures.survey import csat_top2, nps, nps_difference, nps_from_counts
from cxlib.measures.survey_sample import invited_population
from cxlib.measures.weighted import weighted_scores
from cxlib.stats.power import NpsShares
from cxlib.stats.proportions import normal_quantile
from cxlib.workshop.exercise import Exercise, Mistake

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

Pair = tuple[float, float]
TURN: Final = "2026-01-01"
"""The day between the two half-years that are compared."""
WHOLE: Final[Window] = {
    "date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 7, 1),
}  # fmt: skip
FEW: Final = 120
"""Answers a quarter of the branch in the last exercise."""
Z: Final = normal_quantile(0.95)


def coded(company: "Company") -> "pd.Series[float]":
    """Give each recommend answer as 100, 0 or -100; answers left empty are out."""
    scores = company.answers["nps"].dropna()
    return 100.0 * (scores >= 9) - 100.0 * (scores <= 6)


def shares(company: "Company") -> NpsShares:
    """Give the shares of promoters and detractors among those who answered."""
    scores = company.answers["nps"].dropna()
    return NpsShares(promoters=float((scores >= 9).mean()), detractors=float((scores <= 6).mean()))


def most_answered(company: "Company") -> str:
    """Name the touchpoint with the most recommend answers."""
    answers = company.answers.dropna(subset=["nps"])
    return str(answers["touchpoint"].value_counts().idxmax())


def halves(company: "Company") -> tuple[NpsCounts, NpsCounts]:
    """Count the bands of the most answered touchpoint, first and second half-year."""
    answers = company.answers.dropna(subset=["nps"])
    answers = answers[answers["touchpoint"] == most_answered(company)]
    late = answers["answered_at"] >= pd.Timestamp(TURN)
    return _bands(answers.loc[~late, "nps"]), _bands(answers.loc[late, "nps"])


def _bands(scores: "pd.Series[float]") -> NpsCounts:
    return NpsCounts(
        promoters=int((scores >= 9).sum()),
        passives=int(scores.between(7, 8).sum()),
        detractors=int((scores <= 6).sum()),
    )


# --- 1.1 NPS, 1.2 top-2 box -----------------------------------------------------------------------


def _nps(company: "Company") -> float:
    (score,) = nps(score_counts(company.source("answers"), score="nps"))
    return score.shown.value


def _over_all_rows(company: "Company") -> float:
    return float(coded(company).sum()) / len(company.answers)


def _ends_moved(company: "Company") -> float:
    scores = company.answers["nps"].dropna()
    return 100 * float((scores >= 8).mean() - (scores <= 6).mean())


def _passives_lost(company: "Company") -> float:
    scores = company.answers["nps"].dropna()
    return 100 * float((scores >= 9).mean() - (scores <= 8).mean())


def _without_passives(company: "Company") -> float:
    return shares(company).score_points / (shares(company).promoters + shares(company).detractors)


def _top2(company: "Company") -> float:
    (score,) = csat_top2(score_counts(company.source("answers"), score="csat"))
    return score.shown.value


def _csat(company: "Company") -> "pd.Series[float]":
    return company.answers["csat"].dropna()


# --- 1.3 interval, 1.4 repeat customers -----------------------------------------------------------


def _interval(company: "Company") -> Pair:
    (score,) = nps(score_counts(company.source("answers"), score="nps"))
    return score.shown.ci_lower, score.shown.ci_upper


def _around(company: "Company", margin: float) -> Pair:
    centre = shares(company).score_points
    return centre - margin, centre + margin


def _deviation(company: "Company") -> float:
    return sqrt(shares(company).variance)


def _error(company: "Company") -> float:
    return _deviation(company) / sqrt(len(coded(company)))


def _as_two_shares(company: "Company") -> Pair:
    p, q = shares(company).promoters, shares(company).detractors
    return _around(company, 100 * Z * sqrt((p * (1 - p) + q * (1 - q)) / len(coded(company))))


def _of_raw_mean(company: "Company") -> Pair:
    scores = company.answers["nps"].dropna()
    margin = Z * float(scores.std()) / sqrt(len(scores))
    return float(scores.mean()) - margin, float(scores.mean()) + margin


def _widening(company: "Company") -> float:
    (score,) = weighted_scores(
        company.source("answers"), metric="nps", window=WHOLE,
        adjustment="none",
    )  # fmt: skip
    return float(score.standard_error or 0.0) / _error(company)


def _one_each(company: "Company") -> float:
    asked = company.answers.dropna(subset=["nps"])
    means = coded(company).groupby(asked["customer_id"]).mean()
    return float(means.std()) / sqrt(len(means)) / _error(company)


# --- 1.5 weights ----------------------------------------------------------------------------------


def _weighted(company: "Company") -> float:
    flags = flag_counts(
        company.source("invitations"), flags=["delivered"], by=["touchpoint", "segment"]
    )
    (score,) = weighted_scores(
        company.source("answers"), metric="nps", window=WHOLE,
        population=invited_population(flags, margins=["segment"]),
        adjustment="post-stratification",
    )  # fmt: skip
    return score.shown.value


def _by_segment(company: "Company") -> pd.DataFrame:
    asked = company.answers.dropna(subset=["nps"])
    arrived = company.invitations[company.invitations["delivered"] == 1]
    return pd.DataFrame(
        {
            "score": coded(company).groupby(asked["segment"]).mean(),
            "answers": asked.groupby("segment").size(),
            "invited": arrived.groupby("segment").size(),
        }
    )


def _equal_weights(company: "Company") -> float:
    return float(_by_segment(company)["score"].mean())


def _upside_down(company: "Company") -> float:
    groups = _by_segment(company)
    weights = groups["answers"] ** 2 / groups["invited"]
    return float((groups["score"] * weights).sum() / weights.sum())


# --- 1.6 change, 1.7 the rise that can be seen ----------------------------------------------------


def _change(company: "Company") -> Pair:
    before, after = halves(company)
    found = nps_difference(after, before)
    return found.ci_lower, found.ci_upper


def _single(counts: NpsCounts) -> tuple[float, float]:
    found = nps_from_counts(counts.promoters, counts.passives, counts.detractors, method="Wald")
    return found.value, found.standard_error


def _change_with(company: "Company", how: str) -> Pair:
    (first, error_first), (second, error_second) = (_single(half) for half in halves(company))
    margin = (
        Z
        * {
            "added": error_first + error_second,
            "subtracted": abs(error_second - error_first),
            "after_only": error_second,
        }[how]
    )
    return second - first - margin, second - first + margin


def _rise(company: "Company", *, z: float = Z, groups: float = 2.0) -> float:
    return z * sqrt(groups * shares(company).variance / FEW)


EXERCISES: Final = (
    Exercise(
        key="nps",
        module=1,
        kind="points",
        expected=_nps,
        mistakes=(
            Mistake("rounded", when=lambda a, c: a == round(_nps(c))),
            Mistake("promoters_only", lambda c: 100 * shares(c).promoters),
            Mistake("empty_counted", _over_all_rows),
            Mistake("eight_promotes", _ends_moved),
            Mistake("passives_lost", _passives_lost),
            Mistake("without_passives", _without_passives),
            Mistake("mean", lambda c: float(c.answers["nps"].mean())),
        ),
    ),
    Exercise(
        key="top2",
        module=1,
        kind="share",
        expected=_top2,
        mistakes=(
            Mistake("mean", lambda c: float(_csat(c).mean())),
            Mistake("mean_of_five", lambda c: float(_csat(c).mean()) / 5),
            Mistake("top_only", lambda c: float((_csat(c) == 5).mean())),
            Mistake("empty_counted", lambda c: float((_csat(c) >= 4).sum()) / len(c.answers)),
            Mistake("net", lambda c: float((_csat(c) >= 4).mean() - (_csat(c) <= 2).mean())),
        ),
    ),
    Exercise(
        key="nps_interval",
        module=1,
        kind="interval",
        tolerance=0.1,
        expected=_interval,
        mistakes=(
            Mistake("one_error", lambda c: _around(c, _error(c))),
            Mistake("no_root_n", lambda c: _around(c, Z * _deviation(c))),
            Mistake("two_shares", _as_two_shares),
            Mistake("raw_mean", _of_raw_mean),
        ),
    ),
    Exercise(
        key="repeat_customers",
        module=1,
        kind="number",
        tolerance=0.01,
        expected=_widening,
        mistakes=(
            Mistake("turned", lambda c: 1 / _widening(c)),
            Mistake("squared", lambda c: _widening(c) ** 2),
            Mistake("one_each", _one_each),
            Mistake("plain", lambda _: 1.0),
        ),
    ),
    Exercise(
        key="weighted_nps",
        module=1,
        kind="points",
        tolerance=0.06,
        expected=_weighted,
        mistakes=(
            Mistake("unweighted", _nps),
            Mistake("equal_weights", _equal_weights),
            Mistake("upside_down", _upside_down),
        ),
    ),
    Exercise(
        key="change_interval",
        module=1,
        kind="interval",
        tolerance=0.4,
        expected=_change,
        mistakes=(
            Mistake("errors_added", lambda c: _change_with(c, "added")),
            Mistake("errors_subtracted", lambda c: _change_with(c, "subtracted")),
            Mistake("after_only", lambda c: _change_with(c, "after_only")),
        ),
    ),
    Exercise(
        key="rise_to_see",
        module=1,
        kind="points",
        tolerance=0.15,
        expected=_rise,
        mistakes=(
            Mistake("one_period", lambda c: _rise(c, groups=1.0)),
            Mistake("no_overlap", lambda c: _rise(c, groups=4.0)),
            Mistake("one_error", lambda c: _rise(c, z=1.0)),
            Mistake("not_rooted", lambda c: Z * 2 * shares(c).variance / FEW),
        ),
    ),
)
