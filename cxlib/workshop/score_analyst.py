"""What a perfect analyst of a company's data would have written: our own estimators, one call."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.products import driver_products
from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.data.tables import DRIVERS
from cxlib.decisions.experiment import check_split
from cxlib.decisions.picked import review_picked_units
from cxlib.engagement.period import Window
from cxlib.measures.distribution import NpsCounts, nps_bands
from cxlib.measures.drivers import driver_importance
from cxlib.measures.survey_sample import survey_sample
from cxlib.measures.weighted import score_groups
from cxlib.stats.differences import difference_in_differences
from cxlib.stats.effects import proportion_effect
from cxlib.stats.estimate import Estimate
from cxlib.stats.panel import read_panel
from cxlib.workshop.company import Company
from cxlib.workshop.form import Answer
from cxlib.workshop.form_rows import N_PAIN
from cxlib.workshop.truth import goal_answers
from cxlib.workshop.truth_terms import Choice, Stake, Terms

BASELINE: Final = (date(2025, 7, 1), date(2026, 1, 1))
REVIEW: Final = (date(2026, 1, 1), date(2026, 7, 1))
_PICKED_FROM: Final = date(2025, 10, 1)
_PRIOR_REAL: Final = 0.5
_PRIOR_SD: Final = {"ab": 0.02, "initiative": 0.012}
"""Before any data: half of the effects are zero, the others spread like this (shares)."""
_FEWEST_PERMUTATIONS: Final = 99
_STEPS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What data and prior say of an effect: real with `chance`, and if so how large.

    Attributes:
        chance: That the effect is real, 0-1.
        effects: Possible real effects, differences of shares above 0.
        weights: Their chances, adding up to 1.
    """

    chance: float
    effects: tuple[float, ...]
    weights: tuple[float, ...]

    def expected(self, stake: Stake, choice: Choice) -> float:
        """Expected HK$ of a choice, over all effects the data leave possible."""
        pairs = zip(self.effects, self.weights, strict=True)
        real = sum(weight * stake.value(choice, effect) for effect, weight in pairs)
        return self.chance * real + (1 - self.chance) * stake.value(choice, 0.0)

    def best(self, stake: Stake) -> Choice:
        """The choice of most expected money."""
        choices: tuple[Choice, ...] = ("go", "stop", "wait")
        return max(choices, key=lambda choice: self.expected(stake, choice))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The perfect analyst's form.

    Attributes:
        answers: Row of the form -> answer, in the form's units.
        errors: Row -> standard error that could be achieved, in the form's units.
        test_valid: Whether the split of the A/B test passes its check.
        beliefs: "ab" and "initiative" -> what could be known of the effect.
    """

    answers: dict[str, Answer]
    errors: dict[str, float]
    test_valid: bool
    beliefs: dict[str, Belief]


def read_company(company: Company, terms: Terms) -> Reading:
    """Fill the form as well as the data allow, with cxlib's own estimators.

    Args:
        company: Its tables.
        terms: What every group is told.
    """
    answers = company.source("answers")
    nps = _nps(answers)
    effect, valid = _trial(company.ab_test)
    promise = _promise(company)
    coaching = _coaching(company)
    ab = _belief(effect, "ab")
    initiative = _belief(promise, "initiative")
    read = {
        "nps": _number(nps, 1.0),
        "pain_points": Answer(words=_lowest(answers)),
        "top_driver": Answer(words=(_top_driver(answers),)),
        "goal_n": Answer(value=float(_goal(answers, terms.goal_rise))),
        "channels": Answer(words=(_channels(answers),)),
        "ab_effect": _number(effect, 100.0),
        "ab_sure": Answer(value=100 * ab.chance),
        "ab_decision": Answer(words=(_word(ab.best(terms.test), "ship", "not"),)),
        "initiative_effect": _number(promise, 100.0),
        "initiative_sure": Answer(value=100 * initiative.chance),
        "initiative_decision": Answer(
            words=(_word(initiative.best(terms.initiative), "continue", "stop"),)
        ),
        "coaching_effect": _number(coaching, 1.0),
    }
    if not valid:
        read["ab_decision"] = Answer(words=("invalid",))
        del read["ab_effect"], read["ab_sure"]
    return Reading(
        answers=read,
        errors={
            "nps": nps.standard_error,
            "goal_n": 0.1,  # of its logarithm
            "ab_effect": 100 * effect.standard_error,
            "initiative_effect": 100 * promise.standard_error,
            "coaching_effect": coaching.standard_error,
        },
        test_valid=valid,
        beliefs={"ab": ab, "initiative": initiative},
    )


def _number(found: Estimate, scale: float) -> Answer:
    return Answer(
        value=scale * found.value, lower=scale * found.ci_lower, upper=scale * found.ci_upper
    )


def _word(choice: Choice, go: str, stop: str) -> str:
    return {"go": go, "stop": stop, "wait": "extend"}[choice]


def _span(start: date, end: date) -> Window:
    return Window(date="answered_at", start=start, end=end)


def _nps(answers: Source) -> Estimate:
    """NPS of the review period, error between customers."""
    sample = survey_sample(answers, metric="nps", window=_span(*REVIEW), adjustment="none")
    scored = score_groups(sample, confidence_level=0.95, minimum_cell=1)
    return scored[0].shown


def _bands(counts: pd.DataFrame) -> NpsCounts:
    pairs = zip(counts["score"], counts["n"], strict=True)
    return nps_bands(tuple((int(score), int(n)) for score, n in pairs))


def _points(counts: pd.DataFrame) -> float:
    bands = _bands(counts)
    return 100 * (bands.promoters - bands.detractors) / bands.n_obs


def _lowest(answers: Source) -> tuple[str, ...]:
    counts = score_counts(
        answers, score="nps", by=["touchpoint"], **_span(BASELINE[0], REVIEW[1])
    ).dropna()
    found = {str(name): _points(part) for name, part in counts.groupby("touchpoint")}
    return tuple(sorted(found, key=lambda name: found[name])[:N_PAIN])


def _top_driver(answers: Source) -> str:
    products = driver_products(answers, outcome="csat", drivers=DRIVERS)
    return driver_importance(products, seed=1, n_draws=200).drivers[0].driver


def _goal(answers: Source, rise: float) -> int:
    bands = _bands(score_counts(answers, score="nps", **_span(*BASELINE)).dropna())
    return goal_answers(bands.promoters / bands.n_obs, bands.detractors / bands.n_obs, rise=rise)


def _channels(answers: Source) -> str:
    """Which way the channels went (the sum of both changes decides), and the total."""
    parts = {}
    for name, span in (("before", BASELINE), ("after", REVIEW)):
        counts = score_counts(answers, score="nps", by=["channel"], **_span(*span)).dropna()
        online = counts["channel"] == "online"
        parts[name] = (_points(counts[online]), _points(counts[~online]), _points(counts))
    moved = [after - before for before, after in zip(parts["before"], parts["after"], strict=True)]
    channels, total = moved[0] + moved[1] > 0, moved[2] > 0
    if channels == total:
        return "both_up" if total else "both_down"
    return "up_down" if channels else "down_up"


def _trial(frame: pd.DataFrame) -> tuple[Estimate, bool]:
    arms = {str(arm): part.to_numpy() for arm, part in frame.groupby("arm")["converted"]}
    control, treatment = arms["control"], arms["treatment"]
    effect = proportion_effect(
        int(control.sum()), len(control),
        x_treatment=int(treatment.sum()), n_treatment=len(treatment),
    ).effect  # fmt: skip
    return effect, check_split(len(control), len(treatment)).passed


def _months(company: Company, flag: str, without: str) -> pd.DataFrame:
    frame = company.store_panel.merge(company.stores[["store", "reply_promise", "coaching"]])
    frame = frame[(frame[without] == 0) & (frame["month"] >= pd.Timestamp(BASELINE[0]))]
    return frame.assign(month=frame["month"].dt.date, treated=frame[flag])


def _promise(company: Company) -> Estimate:
    """Difference in differences against the stores without any initiative."""
    panel = read_panel(_months(company, "reply_promise", "coaching"))
    return difference_in_differences(
        panel, start=REVIEW[0], n_permutations=_FEWEST_PERMUTATIONS
    ).effect


def _coaching(company: Company) -> Estimate:
    """What the picked stores gained beyond what stores picked for low scores gain anyway."""
    frame = _months(company, "coaching", "reply_promise")
    frame = frame.assign(ratings=frame["csat_mean"] * frame["csat_n"])
    panel = read_panel(frame, numerator="ratings", denominator="csat_n", measured_in="rating")
    reviewed = review_picked_units(panel, start=REVIEW[0], pick_start=_PICKED_FROM)
    return reviewed.regression.remaining


def _belief(found: Estimate, name: str) -> Belief:
    """Weigh "nothing" against "a gain" by how well each foretold the estimate.

    Half of the effects are zero, the others a half-normal gain; summed over a fine grid.
    """
    noise, spread = found.standard_error, _PRIOR_SD[name]
    effects = np.linspace(0.0, 5 * spread, _STEPS + 1)[1:]
    prior = np.exp(-((effects / spread) ** 2) / 2)
    likelihood = np.exp(-(((found.value - effects) / noise) ** 2) / 2)
    weights = prior / prior.sum() * likelihood
    something = _PRIOR_REAL * float(weights.sum())
    nothing = (1 - _PRIOR_REAL) * float(np.exp(-((found.value / noise) ** 2) / 2))
    if something + nothing <= 0:  # an estimate so far out that both underflow
        return Belief(
            chance=float(found.value > 0), effects=(max(found.value, 0.0),), weights=(1.0,)
        )
    return Belief(
        chance=something / (something + nothing),
        effects=tuple(effects.tolist()),
        weights=tuple((weights / weights.sum()).tolist()),
    )
