"""What is really so at a company of the workshop, and what follows from it.

Kept apart from everything learners get: `make_company` hands a `Truth` back to its caller, the
command line writes it to a file outside the learners' folder.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.derived import true_conversion, true_mix, true_scores
from cxlib.data.simulate.history import mention_weeks
from cxlib.data.simulate.truth import DRIVERS
from cxlib.data.simulate.truth import Truth as Planted
from cxlib.errors import DataError, Problem
from cxlib.stats.power import NpsShares, sample_for_nps
from cxlib.workshop.truth_plan import Difficulty, Plan
from cxlib.workshop.truth_terms import Stake, Terms

FORMAT: Final = "cx workshop truth, version 1"
SHIFTED: Final = "positive_mentions"
STEADY: Final = "repurchase_90d"
"""The two series for control charts: one moves for good once, the other only by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a perfect measurement would have found. Shares are 0-1, NPS in points, money HK$.

    Attributes:
        seed: Of the company.
        difficulty: "easy", "usual" or "hard".
        name: English and Chinese.
        nps: NPS of the review period (2026H1) that the survey aims at: over all who answer.
        nps_baseline: The same for the baseline period (2025H2).
        nps_everyone: NPS of the review period over all customers, whether they answer or not.
        nps_by_touchpoint: Over both periods, over all who answer.
        nps_by_channel: "online" and "not_online" -> NPS of baseline and review.
        rate_points: Part of the total's change that comes from the channels' own changes.
        mix_points: Part that comes from the weaker channel's growth.
        pain_points: The three lowest touchpoints, the lowest first.
        peaks: The touchpoints made to stand out upwards.
        driver_weights: Driver -> what one SD of it adds to satisfaction, where it is met.
        top_driver: The driver that explains most over all answers.
        promoters: True share 9-10 of the baseline period's answers.
        detractors: True share 0-6 of the baseline period's answers.
        goal_n: Answers a wave that show a rise of `terms.goal_rise` with a power of 80 %.
        shifted_series: KPI of kpi_history with one real shift.
        shift_start: First week after the shift.
        shift_size: Change of the true share at the shift.
        steady_series: KPI of kpi_history that only moves by chance.
        ab_control: True conversion of the control arm.
        ab_effect: True effect on conversion of everyone randomised, a difference of shares.
        ab_broken: Whether customers of one arm were lost, so that the test is invalid.
        initiative_effect: True effect of reply_promise on sales per enquiry in its stores, a
            difference of shares over all enquiries of the review period.
        initiative_rel_effect: The same relative.
        coaching_effect: True effect of coaching on store CSAT: always 0.
        terms: What the groups were told.
        code: Printed on the company's form, so that a form finds its truth; from the data alone.
    """

    seed: int
    difficulty: Difficulty
    name: tuple[str, str]
    nps: float
    nps_baseline: float
    nps_everyone: float
    nps_by_touchpoint: Mapping[str, float]
    nps_by_channel: Mapping[str, tuple[float, float]]
    rate_points: float
    mix_points: float
    pain_points: tuple[str, ...]
    peaks: tuple[str, ...]
    driver_weights: Mapping[str, float]
    top_driver: str
    promoters: float
    detractors: float
    goal_n: int
    shifted_series: str
    shift_start: date
    shift_size: float
    steady_series: str
    ab_control: float
    ab_effect: float
    ab_broken: bool
    initiative_effect: float
    initiative_rel_effect: float
    coaching_effect: float
    terms: Terms
    code: str = ""

    @property
    def nps_change(self) -> float:
        """Change of the total from baseline to review, points."""
        return self.nps - self.nps_baseline

    @property
    def goal_visible(self) -> bool:
        """Whether the planned answers a wave can show the goal."""
        return self.terms.goal_answers >= self.goal_n


def derive_truth(plan: Plan, stores: pd.DataFrame, *, seed: int, difficulty: Difficulty) -> Truth:
    """Work out the true values behind a plan; `stores` carries the drawn flags and traits."""
    planted = plan.planted
    before = _scores(planted, planted.baseline_start, planted.review_start)
    after = _scores(planted, planted.review_start, planted.review_end)
    whole = _scores(planted, planted.baseline_start, planted.review_end)
    baseline = before["overall"]["answerers"]["nps"]
    promoters = _promoters(planted)
    effect = true_conversion(planted, stores)
    mix = true_mix(before, after)
    by_place = {name: values["answerers"]["nps"] for name, values in whole["by_touchpoint"].items()}
    return Truth(
        seed=int(seed),
        difficulty=difficulty,
        name=plan.name,
        nps=after["overall"]["answerers"]["nps"],
        nps_baseline=baseline,
        nps_everyone=after["overall"]["population"]["nps"],
        nps_by_touchpoint=by_place,
        nps_by_channel={
            group: tuple(v["by_channel_group"][group]["answerers"]["nps"] for v in (before, after))
            for group in ("online", "not_online")
        },
        rate_points=float(mix["rate_points"]),
        mix_points=float(mix["mix_points"]),
        pain_points=tuple(sorted(by_place, key=lambda name: by_place[name])[:3]),
        peaks=plan.peaks,
        driver_weights=dict(zip(DRIVERS, planted.driver_weights, strict=True)),
        top_driver=plan.top_driver,
        promoters=promoters,
        detractors=round(promoters - baseline / 100, 5),
        goal_n=goal_answers(promoters, promoters - baseline / 100, rise=plan.terms.goal_rise),
        shifted_series=SHIFTED,
        shift_start=mention_weeks(planted)[plan.shift_week],
        shift_size=plan.shift_size,
        steady_series=STEADY,
        ab_control=planted.ab_conversion_control,
        ab_effect=planted.ab_conversion_effect,
        ab_broken=plan.lost_of_new > 0,
        initiative_effect=effect["abs_effect_weighted_by_enquiries"],
        initiative_rel_effect=planted.conversion_rel_effect,
        coaching_effect=planted.coaching_csat_effect,
        terms=plan.terms,
    )


def goal_answers(promoters: float, detractors: float, *, rise: float) -> int:
    """Answers a wave, both waves alike, that show a rise of NPS in 80 of 100 cases at 5 %.

    Args:
        promoters: Share 9-10, 0-1.
        detractors: Share 0-6, 0-1.
        rise: Points.
    """
    level = 100 * (promoters - detractors)
    shares = NpsShares(promoters=promoters, detractors=detractors)
    size = sample_for_nps(level, level + rise, baseline_shares=shares, variance="shares")
    return int(size.n_control)


def _scores(planted: Planted, start: date, end: date) -> dict[str, Any]:
    return true_scores(planted, promised_share=0.0, start=start, end=end)


def _promoters(planted: Planted) -> float:
    """True share of promoters in the baseline period's answers.

    With the lower cut moved below everything nobody is a detractor: NPS / 100 is the share.
    """
    cuts = list(planted.nps_cuts)
    cuts[:7] = [-60.0 - k for k in range(7, 0, -1)]
    nobody_low = replace(planted, nps_cuts=tuple(cuts))
    only = _scores(nobody_low, planted.baseline_start, planted.review_start)
    return round(float(only["overall"]["answerers"]["nps"]) / 100, 5)


def shifted_share(plan: Plan, n_weeks: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The true positive share week by week: one level before the shift, another from it on."""
    after = np.arange(n_weeks) >= plan.shift_week
    return np.asarray(plan.shift_from + plan.shift_size * after)


def write_truth(truth: Truth | Mapping[str, Truth], file: Path) -> Path:
    """Write one truth, or one a group, as JSON (UTF-8); the same truth gives the same bytes."""
    import json

    groups = {"": truth} if isinstance(truth, Truth) else dict(truth)
    described = {
        "format": FORMAT,
        "groups": {name: _plain(asdict(t)) for name, t in groups.items()},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(described, ensure_ascii=False, indent=1)
    file.write_bytes((text + "\n").encode())
    return file


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def read_truth(file: Path) -> dict[str, Truth]:
    """Read what `write_truth` wrote: group -> Truth ("" where there is one company only).

    Raises:
        DataError: The file is absent or is not a truth file of the workshop.
    """
    import json

    try:
        described = json.loads(file.read_text(encoding="utf-8"))
        groups = {FORMAT: described["groups"]}[described["format"]]
        return {str(name): _truth(fields) for name, fields in groups.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = Problem(
            str(file.name), "", "", "must be the truth file that cx workshop company wrote",
            "name that file with --truth",
        )  # fmt: skip
        raise DataError("the truth cannot be read", [problem]) from error


def _truth(fields: dict[str, Any]) -> Truth:
    terms = dict(fields["terms"])
    terms |= {name: Stake(**terms[name]) for name in ("test", "initiative")}
    changed = {
        "name": tuple(fields["name"]),
        "nps_by_channel": {k: tuple(v) for k, v in fields["nps_by_channel"].items()},
        "pain_points": tuple(fields["pain_points"]),
        "peaks": tuple(fields["peaks"]),
        "shift_start": date.fromisoformat(fields["shift_start"]),
        "terms": Terms(**terms),
    }
    return Truth(**(fields | changed))
