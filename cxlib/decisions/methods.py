"""The same effect by other honest methods, side by side: do they agree with the one that counts?

The method that counts is fixed by the design before any result; nothing here changes it. Each of
the others asks for something else to be true, so agreement among them is worth more than the
interval of any one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from cxlib.decisions.impact import Grade
from cxlib.decisions.initiatives import ComparedReview
from cxlib.decisions.panels import ComparedPanels, compared_panels, month_calendar
from cxlib.engagement.ledger import Ledger
from cxlib.engagement.schema import Engagement, Initiative
from cxlib.errors import ConfigError, InputError
from cxlib.stats.counterfactual import Counterfactual, comparison_values, treated_series
from cxlib.stats.differences import difference_in_differences
from cxlib.stats.estimate import Estimate
from cxlib.stats.interrupted import interrupted_series
from cxlib.stats.structural import structural_counterfactual
from cxlib.stats.synthetic import Synthetic, donor_values, synthetic_control

MethodKey = Literal[
    "differences", "group_time", "before_after",
    "randomised", "own_trend", "synthetic", "structural", "interrupted",
]  # fmt: skip
Refusal = Literal[
    "no_verdict", "no_comparison", "staggered", "few_donors", "short_history", "poor_fit",
]  # fmt: skip
Agreement = Literal["primary", "agrees", "cannot_tell", "disagrees", "none"]
FEWEST_DONORS, FEWEST_BEFORE, FEWEST_FORECAST = 3, 8, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEffect:
    """The effect by one method.

    Attributes:
        key: Names the method and what it asks to be true.
        estimate: None where the method refuses.
        refused: Why, where it does.
        grade: Of the primary method and of a randomised test; others carry none of their own.
        agreement: primary · agrees: its interval holds the primary effect and, where that is clear,
            excludes 0 · cannot_tell: it holds both · disagrees: it leaves the primary effect out.
    """

    key: MethodKey
    estimate: Estimate | None
    refused: Refusal | None
    grade: Grade | None
    agreement: Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """An initiative's effect by several methods.

    Attributes:
        review: The review whose method counts.
        effects: The primary first.
        synthetic: With its donors and placebos, where it was not refused.
        paths: Observed and expected, per method that forecasts.
    """

    review: ComparedReview
    effects: tuple[MethodEffect, ...]
    synthetic: Synthetic | None
    paths: Mapping[MethodKey, Counterfactual]

    @property
    def primary(self) -> MethodEffect:
        """The method that counts."""
        return self.effects[0]

    def count(self, agreement: Agreement) -> int:
        """Methods beside the primary with that agreement."""
        return sum(each.agreement == agreement for each in self.effects)

    @property
    def n_others(self) -> int:
        """Methods beside the primary that gave an effect."""
        return sum(each.estimate is not None for each in self.effects[1:])

    @property
    def randomised(self) -> Estimate | None:
        """The randomised test of one of the actions, where one is named and read out."""
        return next((e.estimate for e in self.effects if e.key == "randomised"), None)


def compare_methods(
    review: ComparedReview | None,
    months: pd.DataFrame,
    *,
    engagement: Engagement,
    ledger: Ledger,
) -> Methods | None:
    """Estimate an initiative's effect by every method its data allow.

    Args:
        review: From review_all; None gives None.
        months: From store_months.
        engagement: For the units, the calendar, the level and the seed.
        ledger: For the verdict of the initiative's experiment.
    """
    if review is None:
        return None
    item, level, seed = review.initiative, engagement.confidence_level, engagement.seed
    panels = compared_panels(months, item, engagement=engagement)
    found: dict[MethodKey, Estimate | Refusal] = {}
    paths: dict[MethodKey, Counterfactual] = {}
    synthetic: Synthetic | None = None
    if item.experiment is not None:
        found["randomised"] = _verdict(ledger, item, review.effect)
    blocked = _blocked(panels, item)
    for key in ("own_trend", "synthetic", "structural", "interrupted"):
        if (why := blocked.get(key)) is not None:
            found[key] = why
            continue
        try:
            if key == "own_trend":
                found[key] = difference_in_differences(
                    panels.history, start=item.start, group_trend="own", confidence_level=level,
                    n_permutations=99, seed=seed,
                ).effect  # fmt: skip
                continue
            series = treated_series(panels.history, item.start)
            if key == "synthetic":
                donors, values = donor_values(panels.history)
                synthetic = synthetic_control(
                    series, donors=donors, values=values, confidence_level=level
                )
                paths[key] = synthetic.found
            elif key == "structural":
                paths[key] = structural_counterfactual(
                    series, comparison=comparison_values(panels.history), seed=seed,
                    confidence_level=level,
                ).found  # fmt: skip
            else:
                calendar = month_calendar(panels.history, engagement=engagement)
                paths[key] = interrupted_series(
                    series, calendar=calendar, confidence_level=level
                ).found
            found[key] = paths[key].effect
        except InputError:
            found[key] = "poor_fit" if key == "synthetic" else "short_history"
    method = review.impact.method
    return Methods(
        review=review,
        effects=(
            MethodEffect(
                key=method, estimate=review.effect, refused=None, grade=review.grade,
                agreement="primary",
            ),
            *(
                _beside(key, result, review.effect)
                for key, result in found.items()
                if key != method
            ),
        ),
        synthetic=synthetic,
        paths=paths,
    )  # fmt: skip


def _blocked(panels: ComparedPanels, item: Initiative) -> "dict[MethodKey, Refusal]":
    """Say which methods the design rules out, and why."""
    history = panels.history
    before = sum(period < item.start for period in history.periods)
    if panels.starts:
        return dict.fromkeys(("own_trend", "synthetic", "structural", "interrupted"), "staggered")
    blocked: dict[MethodKey, Refusal] = {}
    if history.n_comparison < 2:  # noqa: PLR2004
        blocked |= dict.fromkeys(("own_trend", "structural", "synthetic"), "no_comparison")
    elif history.n_comparison < FEWEST_DONORS:
        blocked["synthetic"] = "few_donors"
    needs: dict[MethodKey, int] = {"structural": FEWEST_FORECAST, "interrupted": FEWEST_BEFORE}
    for key, fewest in needs.items():
        if before < fewest:
            blocked.setdefault(key, "short_history")
    return blocked


def _verdict(ledger: Ledger, item: Initiative, effect: Estimate) -> Estimate | Refusal:
    """Read the randomised effect that 03_ab_test left, where it is in the outcome's unit."""
    try:
        verdicts: Mapping[str, Any] = ledger.read("verdicts")
    except ConfigError:
        return "no_verdict"
    entry = verdicts.get(item.experiment or "", {}).get("effect")
    if entry is None or entry["unit"] != effect.unit:
        return "no_verdict"
    return Estimate(
        value=float(entry["value"]),
        ci_lower=float(entry["ci_lower"]),
        ci_upper=float(entry["ci_upper"]),
        n_obs=int(entry["n_obs"]),
        unit=effect.unit,
        method="randomised test",
        confidence_level=effect.confidence_level,
    )


def _beside(key: MethodKey, result: Estimate | Refusal, primary: Estimate) -> MethodEffect:
    if not isinstance(result, Estimate):
        return MethodEffect(key=key, estimate=None, refused=result, grade=None, agreement="none")
    agreement: Agreement = "agrees"
    if result.excludes(primary.value):
        agreement = "disagrees"
    elif primary.excludes(0) and not result.excludes(0):
        agreement = "cannot_tell"
    return MethodEffect(
        key=key,
        estimate=result,
        refused=None,
        grade="A" if key == "randomised" else None,
        agreement=agreement,
    )
