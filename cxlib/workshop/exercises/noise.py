"""Exercises of module 4: is it the change or the noise?

Each function gives the answer, right or usually wrong, on one company's own tables.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import yaml

from cxlib.stats.attribute_chart import share_chart
from cxlib.stats.control_chart import individuals_chart
from cxlib.stats.estimate import Estimate
from cxlib.stats.heterogeneity import interaction_test
from cxlib.stats.looks import false_alarm_rate
from cxlib.stats.multiplicity import holm
from cxlib.stats.power import sample_for_proportions
from cxlib.stats.proportions import goodness_of_split, proportion_difference
from cxlib.workshop.exercise import Exercise, Mistake

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

MOVED: Final = ("positive_mentions", "repurchase_90d", "both", "neither")
VERDICTS: Final = ("ship", "extend", "stop", "invalid")
BASELINES: Final = {"positive_mentions": 26, "repurchase_90d": 12}
"""Periods behind the limits of each chart, as the task says."""
SPLIT_LIMIT: Final = 0.001
RISE: Final = 0.01
LOOKS: Final = 10
NORMAL_95: Final = 1.96

Pair = tuple[float, float]

# --- control charts -------------------------------------------------------------------------------


def _history(c: "Company", kpi: str) -> pd.DataFrame:
    history = c.kpi_history
    return history[history["kpi"] == kpi].sort_values("period_start")


def _again(c: "Company") -> list[float]:
    return [float(value) for value in _history(c, "repurchase_90d")["value"]]


def limits(c: "Company") -> Pair:
    """Control limits of the repurchase rate from the moving range of its baseline."""
    chart = individuals_chart(_again(c), baseline=BASELINES["repurchase_90d"])
    return chart.lower, chart.upper


def _limits_around(values: list[float], reach: float) -> Pair:
    centre = float(np.mean(values))
    return centre - reach, centre + reach


def _limits_of_deviation(c: "Company") -> Pair:
    base = _again(c)[:12]
    return _limits_around(base, 3 * float(np.std(base, ddof=1)))


def _limits_of_all_months(c: "Company") -> Pair:
    values = _again(c)
    return _limits_around(values, 2.66 * float(np.abs(np.diff(values)).mean()))


def _limits_of_mean(c: "Company") -> Pair:
    base = _again(c)[:12]
    return _limits_around(base, NORMAL_95 * float(np.std(base, ddof=1)) / len(base) ** 0.5)


def _limits_signed(c: "Company") -> Pair:
    base = _again(c)[:12]
    lower, upper = _limits_around(base, 2.66 * float(np.diff(base).mean()))
    return lower, upper


def _limits_extremes(c: "Company") -> Pair:
    base = _again(c)[:12]
    return min(base), max(base)


def moved(c: "Company") -> str:
    """Which of the two series gives a signal on its p-chart."""
    fired = [kpi for kpi, size in BASELINES.items() if _signals(c, kpi, size)]
    return "both" if len(fired) > 1 else fired[0] if fired else "neither"


def _signals(c: "Company", kpi: str, baseline: int) -> bool:
    rows = _history(c, kpi)
    successes = [int(x) for x in rows["successes"]]
    return bool(share_chart(successes, [int(n) for n in rows["n_obs"]], baseline=baseline).signals)


# --- the A/B test ---------------------------------------------------------------------------------


def _counts(c: "Company", column: str = "converted") -> tuple[int, int, int, int]:
    """Successes and customers of the treatment arm, then of the control arm."""
    sums = c.ab_test.groupby("arm")[column].agg(["sum", "size"])
    return (*map(int, sums.loc["treatment"]), *map(int, sums.loc["control"]))  # type: ignore[return-value]


def effect(c: "Company") -> Pair:
    """The effect's interval: treatment minus control, a difference of shares."""
    found = proportion_difference(*_counts(c))
    return found.ci_lower, found.ci_upper


def _errors(c: "Company") -> tuple[float, float, float]:
    """The difference and each arm's standard error."""
    x1, n1, x2, n2 = _counts(c)
    p1, p2 = x1 / n1, x2 / n2
    return p1 - p2, (p1 * (1 - p1) / n1) ** 0.5, (p2 * (1 - p2) / n2) ** 0.5


def _effect_relative(c: "Company") -> Pair:
    lower, upper = effect(c)
    return lower / _base(c), upper / _base(c)


def _effect_errors_added(c: "Company") -> Pair:
    difference, one, other = _errors(c)
    return difference - NORMAL_95 * (one + other), difference + NORMAL_95 * (one + other)


def _effect_too_narrow(c: "Company") -> Pair:
    """One standard error to each side, or 1.96 of those of all rows taken as one group."""
    difference, one, other = _errors(c)
    error = (one**2 + other**2) ** 0.5
    return difference - error, difference + error


def _effect_one_arm(c: "Company") -> Pair:
    x1, n1, _, _ = _counts(c)
    p, error = x1 / n1, _errors(c)[1]
    return p - NORMAL_95 * error, p + NORMAL_95 * error


def _base(c: "Company") -> float:
    _, _, x, n = _counts(c)
    return x / n


def sample(c: "Company") -> float:
    """Customers in each arm that show a rise of one percentage point."""
    return sample_for_proportions(_base(c), _base(c) + RISE).n_control


def _sample_relative(c: "Company") -> float:
    return sample_for_proportions(_base(c), _base(c) * (1 + RISE)).n_control


def _sample_of_half_power(c: "Company") -> float:
    return sample_for_proportions(_base(c), _base(c) + RISE, power=0.5).n_control


def _sample_of_result(c: "Company") -> float:
    x1, n1, _, _ = _counts(c)
    return sample_for_proportions(_base(c), x1 / n1).n_control


# --- looks and segments ---------------------------------------------------------------------------


def peeking(c: "Company") -> float:  # noqa: ARG001 - every exercise asks a company
    """Share of tests of two like arms that look significant at one of ten looks."""
    return false_alarm_rate(LOOKS)


def _segment_effects(c: "Company") -> list[Estimate]:
    sums = c.ab_test.groupby(["segment", "arm"])["converted"].agg(["sum", "size"])
    return [
        proportion_difference(
            *map(int, sums.loc[(name, "treatment")]), *map(int, sums.loc[(name, "control")])
        )
        for name in sorted(c.ab_test["segment"].unique())
    ]


def segments(c: "Company") -> float:
    """P-value of the question whether the segments' effects differ."""
    return interaction_test(_segment_effects(c)).p_value


def _segment_p_values(c: "Company") -> list[float]:
    return [1.0 if e.p_value is None else e.p_value for e in _segment_effects(c)]


# --- the decision ---------------------------------------------------------------------------------


def _plan(c: "Company") -> tuple[float, float]:
    """The smallest effect worth having and the margin of the guardrail, from the frozen plan."""
    text = (c.folder / "engagement.yml").read_text(encoding="utf-8")
    written = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    plan = written["experiments"][0]
    return float(plan["minimum_effect"]), float(plan["guardrails"][0]["margin"])


def decision(c: "Company") -> str:
    """What the rule of the task decides."""
    minimum, margin = _plan(c)
    sales = proportion_difference(*_counts(c))
    harm = proportion_difference(*_counts(c, "complaint"))
    rules = (
        (_split(c) < SPLIT_LIMIT, "invalid"),
        (harm.ci_lower > 0 or sales.ci_upper < 0, "stop"),
        (sales.ci_lower > 0 and sales.value >= minimum and harm.ci_upper < margin, "ship"),
        (sales.ci_upper < minimum, "stop"),
    )
    return next((verdict for holds, verdict in rules if holds), "extend")


def _split(c: "Company") -> float:
    _, n1, _, n2 = _counts(c)
    return goodness_of_split([n1, n2], [0.5, 0.5])


def _unsure(c: "Company") -> bool:
    """Whether zero lies in the interval and effects worth having do too."""
    lower, upper = effect(c)
    return lower <= 0 and upper >= _plan(c)[0]


EXERCISES: Final = (
    Exercise(
        key="noise_limits", module=4, kind="interval", expected=limits, tolerance=0.002,
        mistakes=(
            Mistake("all_months", _limits_of_all_months),
            Mistake("deviation", _limits_of_deviation),
            Mistake("mean", _limits_of_mean),
            Mistake("signed", _limits_signed),
            Mistake("extremes", _limits_extremes),
        ),
    ),
    Exercise(
        key="noise_moved", module=4, kind="choice", expected=moved, options=MOVED,
        mistakes=(
            Mistake("story", when=lambda value, c: value == "both" != moved(c)),
            Mistake("missed", when=lambda value, c: value == "neither" != moved(c)),
            Mistake("swapped", when=lambda value, c: {value, moved(c)} == set(BASELINES)),
        ),
    ),
    Exercise(
        key="noise_effect", module=4, kind="interval", expected=effect, tolerance=0.0008,
        mistakes=(
            Mistake("relative", _effect_relative),
            Mistake("errors_added", _effect_errors_added),
            Mistake("too_narrow", _effect_too_narrow),
            Mistake("one_arm", _effect_one_arm),
        ),
    ),
    Exercise(
        key="noise_sample", module=4, kind="number", expected=sample, tolerance=5, relative=0.03,
        mistakes=(
            Mistake("both_arms", lambda c: 2 * sample(c)),
            Mistake("relative", _sample_relative),
            Mistake("half_power", _sample_of_half_power),
            Mistake("result", _sample_of_result),
        ),
    ),
    Exercise(
        key="noise_peeking", module=4, kind="share", expected=peeking, tolerance=0.03,
        mistakes=(
            Mistake("last_look", lambda c: 0.05),  # noqa: ARG005
            Mistake("each_look", lambda c: 1 - 0.95**LOOKS),  # noqa: ARG005
            Mistake("added", lambda c: 0.05 * LOOKS),  # noqa: ARG005
            Mistake("never", lambda c: 1 - peeking(c)),
        ),
    ),
    Exercise(
        key="noise_segments", module=4, kind="share", expected=segments, tolerance=0.005,
        mistakes=(
            Mistake("best_segment", lambda c: min(_segment_p_values(c))),
            Mistake("corrected", lambda c: min(holm(_segment_p_values(c)))),
            Mistake("complement", lambda c: 1 - segments(c)),
        ),
    ),
    Exercise(
        key="noise_decision", module=4, kind="choice", expected=decision, options=VERDICTS,
        mistakes=(
            Mistake("split", when=lambda value, c: value != "invalid" == decision(c)),
            Mistake("not_broken", when=lambda value, c: value == "invalid" != decision(c)),
            Mistake("unsure", when=lambda value, c: value == "stop" and _unsure(c)),
            Mistake("too_soon", when=lambda value, c: value == "ship" != decision(c)),
            Mistake("known", when=lambda value, c: value == "extend" != decision(c)),
            Mistake("shown", when=lambda value, c: value == "stop" and decision(c) == "ship"),
        ),
    ),
)  # fmt: skip
"""In the order of the module."""
