"""Points for a filled form: small bias, honest intervals, and what the decisions are worth.

accuracy   10 exp(-(d / 3)² / 2), d = distance from the truth in standard errors that the data
           allow: one error of luck costs half a point, and the honest estimate is the best bet.
interval   10 (1 - r / 11), r = interval score / width of an honest interval, at least -10.
           Interval score (Gneiting and Raftery 2007, equation 43) = width + 2/α x distance by
           which the truth is missed. It is proper: neither wider nor narrower pays on average,
           and stays so because the points fall on one straight line from 10 at r = 0.
certainty  5 (1 - 4 (p - y)²), y = 1 where the effect is real: Brier's score, proper too.
choice     10 where right; pain points by how many of the three are named.
money      20 (1 - regret / most to lose): HK$ over the horizon under the truth, against the most
           a choice can lose at this difficulty. That scale does not depend on the truth, so the
           choice of most expected money is the best bet. A broken test is judged on whether it
           was called invalid, for its result cannot be known.
"""

from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

from cxlib.workshop.form import Answer, Form
from cxlib.workshop.form_rows import ASKED, LEVEL, N_PAIN, Row
from cxlib.workshop.score_analyst import Reading
from cxlib.workshop.truth import Truth
from cxlib.workshop.truth_plan import largest_effects
from cxlib.workshop.truth_terms import Choice, Stake

Part = Literal["accuracy", "interval", "certainty", "choice", "money"]
Remark = Literal[
    "blank", "no_interval", "close", "far", "as_analyst", "too_wide", "too_narrow", "covers",
    "missed", "bad_luck", "right", "wrong", "partly", "sure_right", "sure_wrong", "unsure", "best",
    "unlucky", "lucky", "avoidable", "broken_seen", "broken_unseen", "not_asked",
]  # fmt: skip

MOST: Final[dict[Part, float]] = {
    "accuracy": 10.0, "interval": 10.0, "certainty": 5.0, "choice": 10.0, "money": 20.0,
}  # fmt: skip
ALPHA: Final = round(1 - LEVEL, 6)
_HONEST: Final = 2 * 1.959964
_LEAST: Final = -10.0
_WORTHLESS: Final = 11.0
"""Interval score, in honest widths, that earns nothing; an honest interval (1) earns 9.1."""
_NEAR: Final = 2.0
_ALIKE: Final = 0.5
_WIDE, _NARROW = 2.0, 0.5
_SURE, _UNSURE = 60.0, 40.0
_CHOICES: Final[dict[str, Choice]] = {
    "ship": "go", "not": "stop", "extend": "wait", "invalid": "wait", "continue": "go",
    "stop": "stop",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One part of one row.

    Attributes:
        key: Row of the form.
        part: What is judged.
        points: Reached.
        most: Within reach.
        remark: What to say of it.
        regret_hkd: Of a decision: HK$ lost against the best one under the truth; else 0.
    """

    key: str
    part: Part
    points: float
    most: float
    remark: Remark
    regret_hkd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A group's score."""

    parts: tuple[Scored, ...]

    @property
    def points(self) -> float:
        """Sum over all parts."""
        return sum(part.points for part in self.parts)

    @property
    def most(self) -> float:
        """What could be reached at most."""
        return sum(part.most for part in self.parts)

    @property
    def regret_hkd(self) -> float:
        """HK$ lost by both decisions against the best ones; a blank decision counts as none."""
        return sum(part.regret_hkd for part in self.parts)

    def of(self, key: str) -> tuple[Scored, ...]:
        """The parts of one row."""
        return tuple(part for part in self.parts if part.key == key)


def interval_score(lower: float, upper: float, true: float, *, alpha: float = ALPHA) -> float:
    """Width of an interval plus 2/alpha for every unit by which it misses the truth.

    Args:
        lower: Lower limit.
        upper: Upper limit, not below.
        true: The true value.
        alpha: 1 - confidence level.

    Source: Gneiting and Raftery (2007), JASA 102(477), equation 43.
    """
    missed = max(lower - true, 0.0) + max(true - upper, 0.0)
    return upper - lower + 2 / alpha * missed


def score_form(form: Form, truth: Truth, reading: Reading) -> Score:
    """Judge a form against the truth, beside what a perfect analyst would have written."""
    parts: list[Scored] = []
    for row in ASKED:
        answer = form.answers.get(row.key)
        if row.key in {"ab_effect", "ab_sure"} and not reading.test_valid:
            part: Part = "accuracy" if row.interval else "certainty"
            parts.append(_part(row.key, part, 0.0, "not_asked", most=0.0))
        elif row.interval:
            parts += _number(row, answer, truth, reading)
        elif row.kind == "percent":
            parts.append(_certainty(row.key, answer, real=true_number(truth, row.key) > 0))
        elif row.key.endswith("_decision"):
            parts.append(_decision(row.key, answer, truth, reading))
        elif row.key == "goal_n":
            parts.append(_goal(answer, truth, reading))
        else:
            parts.append(_choice(row, answer, truth))
    return Score(parts=tuple(parts))


def true_number(truth: Truth, key: str) -> float:
    """The true value of a row that asks for a number, in the form's unit."""
    return {
        "nps": truth.nps,
        "goal_n": float(truth.goal_n),
        "ab_effect": 100 * truth.ab_effect,
        "ab_sure": 100.0 * (truth.ab_effect != 0),
        "initiative_effect": 100 * truth.initiative_effect,
        "initiative_sure": 100.0 * (truth.initiative_effect != 0),
        "coaching_effect": truth.coaching_effect,
    }[key]


def true_words(truth: Truth, key: str) -> tuple[str, ...]:
    """The right words of a row that asks for a choice; for decisions the best under the truth."""
    if key == "pain_points":
        return truth.pain_points
    if key == "top_driver":
        return (f"driver_{truth.top_driver}",)
    if key == "channels":
        return ("up_down",)
    if key == "ab_decision":
        if truth.ab_broken:
            return ("invalid",)
        return ("ship" if stake_of(truth, key).best(truth.ab_effect)[0] == "go" else "not",)
    best = stake_of(truth, key).best(truth.initiative_effect)[0]
    return ("continue" if best == "go" else "stop",)


def stake_of(truth: Truth, key: str) -> Stake:
    """The money behind a decision row."""
    return truth.terms.test if key == "ab_decision" else truth.terms.initiative


def _part(
    key: str, part: Part, points: float, remark: Remark, *, most: float | None = None,
    regret: float = 0.0,
) -> Scored:  # fmt: skip
    return Scored(
        key=key, part=part, points=points, most=MOST[part] if most is None else most,
        remark=remark, regret_hkd=regret,
    )  # fmt: skip


def _number(row: Row, answer: Answer | None, truth: Truth, reading: Reading) -> list[Scored]:
    if answer is None:
        return [_part(row.key, "accuracy", 0.0, "blank"), _part(row.key, "interval", 0.0, "blank")]
    true, error = true_number(truth, row.key), reading.errors[row.key]
    distance = abs(answer.value - true) / error
    analyst = reading.answers.get(row.key)
    near: Remark = "close" if distance <= _NEAR else "far"
    if near == "far" and analyst and abs(answer.value - analyst.value) <= _ALIKE * error:
        near = "as_analyst"
    accuracy = _part(row.key, "accuracy", MOST["accuracy"] * exp(-((distance / 3) ** 2) / 2), near)
    if not answer.has_interval:
        return [accuracy, _part(row.key, "interval", 0.0, "no_interval")]
    honest = _HONEST * error
    ratio = interval_score(answer.lower, answer.upper, true) / honest
    points = max(_LEAST, MOST["interval"] * (1 - ratio / _WORTHLESS))
    remark = _coverage(answer, true, honest, reading.answers.get(row.key))
    return [accuracy, _part(row.key, "interval", points, remark)]


def _coverage(answer: Answer, true: float, honest: float, analyst: Answer | None) -> Remark:
    width = answer.upper - answer.lower
    covers = answer.lower <= true <= answer.upper
    if width > _WIDE * honest:
        return "too_wide"
    if width < _NARROW * honest:
        return "too_narrow"
    if covers:
        return "covers"
    both = analyst is not None and not analyst.lower <= true <= analyst.upper
    return "bad_luck" if both else "missed"


def _goal(answer: Answer | None, truth: Truth, reading: Reading) -> Scored:
    if answer is None:
        return _part("goal_n", "accuracy", 0.0, "blank")
    distance = abs(log(answer.value / truth.goal_n)) / reading.errors["goal_n"]
    points = MOST["accuracy"] * exp(-((distance / 3) ** 2) / 2)
    return _part("goal_n", "accuracy", points, "close" if distance <= _NEAR else "far")


def _certainty(key: str, answer: Answer | None, *, real: bool) -> Scored:
    if answer is None:
        return _part(key, "certainty", 0.0, "blank")
    share = answer.value / 100
    points = MOST["certainty"] * (1 - 4 * (share - real) ** 2)
    towards = answer.value if real else 100 - answer.value
    remark: Remark = (
        "sure_right" if towards > _SURE else "sure_wrong" if towards < _UNSURE else "unsure"
    )
    return _part(key, "certainty", points, remark)


def _choice(row: Row, answer: Answer | None, truth: Truth) -> Scored:
    if answer is None:
        return _part(row.key, "choice", 0.0, "blank")
    right = true_words(truth, row.key)
    hits = len(set(answer.words) & set(right))
    of = N_PAIN if row.kind == "names" else 1
    remark: Remark = "right" if hits == of else "partly" if hits else "wrong"
    return _part(row.key, "choice", MOST["choice"] * hits / of, remark)


def _decision(key: str, answer: Answer | None, truth: Truth, reading: Reading) -> Scored:
    stake = stake_of(truth, key)
    effect = truth.ab_effect if key == "ab_decision" else truth.initiative_effect
    if answer is None:
        return _part(key, "money", 0.0, "blank")
    word, best = answer.words[0], reading.answers[key].words[0]
    regret = stake.regret(_CHOICES[word], effect)
    if key == "ab_decision" and not reading.test_valid:
        seen = {"invalid": 1.0, "extend": 0.5}.get(word, 0.0)
        remark: Remark = "broken_seen" if word == "invalid" else "broken_unseen"
        return _part(key, "money", MOST["money"] * seen, remark, regret=regret)
    of_test, of_initiative = largest_effects(truth.difficulty)
    most = stake.most_to_lose(of_test if key == "ab_decision" else of_initiative)
    points = MOST["money"] * (1 - regret / most)
    remarks: dict[tuple[bool, bool], Remark] = {
        (True, False): "best", (False, False): "lucky",
        (True, True): "unlucky", (False, True): "avoidable",
    }  # fmt: skip
    remark = remarks[_CHOICES[word] == _CHOICES[best], regret > 0]
    return _part(key, "money", points, remark, regret=regret)
