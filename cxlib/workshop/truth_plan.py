# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""What is drawn for a company before any data: its journey, its effects, its traps."""

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args
from zlib import crc32

import numpy as np

from cxlib.data.simulate.company import touchpoint_shares
from cxlib.data.simulate.truth import DRIVERS, TOUCHPOINTS, Touchpoint
from cxlib.data.simulate.truth import Truth as Planted
from cxlib.errors import InputError
from cxlib.workshop.truth_terms import Stake, Terms

Difficulty = Literal["easy", "usual", "hard"]
DIFFICULTIES: Final[tuple[str, ...]] = get_args(Difficulty)
LARGEST_SEED: Final = 2**31 - 1

NAMES: Final = (
    ("Lantern Home", "明燈家居"), ("Banyan Living", "榕樹家居"),
    ("Star Ferry Furniture", "渡輪傢俬"),
    ("Tramway Home", "電車家居"), ("Lion Rock Living", "獅山家居"), ("Junk Bay Home", "帆影家居"),
    ("Peak Lane Furniture", "山頂里傢俬"), ("Jade Court Home", "翠庭家居"),
)  # fmt: skip

_SHARES: Final = {  # within the channel group
    "website_browse": 0.25, "enquiry_chat": 0.30, "online_checkout": 0.25, "loyalty_app": 0.20,
    "store_visit": 0.20, "store_checkout": 0.20, "delivery_booking": 0.15, "delivery": 0.17,
    "assembly": 0.15, "aftersales_service": 0.13,
}  # fmt: skip
_TOP_DRIVERS: Final = ("speed", "staff", "price", "delivery")


@dataclass(frozen=True, slots=True)
class _Dial:
    """How large the effects of a difficulty are (drawn between the two) and how dirty the data."""

    pain: tuple[float, float]
    gap: tuple[float, float]
    rate: tuple[float, float]
    top_weight: tuple[float, float]
    lead: float
    ab_effect: tuple[float, float]
    ab_units: int
    initiative: tuple[float, float]
    initiative_chance: float
    shift: tuple[float, float]
    cost: tuple[float, float]
    bias: float
    late: float
    missing: float
    broken_chance: float


_DIALS: Final[dict[str, _Dial]] = {
    "easy": _Dial(
        pain=(0.32, 0.42), gap=(0.86, 0.96), rate=(0.155, 0.185), top_weight=(0.48, 0.52), lead=2.6,
        ab_effect=(0.024, 0.032), ab_units=8000, initiative=(0.28, 0.40), initiative_chance=0.5,
        shift=(0.13, 0.17), cost=(0.40, 0.46), bias=0.10, late=0.02, missing=0.01,
        broken_chance=0.0,
    ),
    "usual": _Dial(
        pain=(0.20, 0.28), gap=(0.72, 0.82), rate=(0.12, 0.15), top_weight=(0.44, 0.49), lead=1.9,
        ab_effect=(0.016, 0.024), ab_units=8000, initiative=(0.18, 0.30), initiative_chance=0.5,
        shift=(0.10, 0.14), cost=(0.28, 0.36), bias=0.16, late=0.06, missing=0.03,
        broken_chance=0.0,
    ),
    "hard": _Dial(
        pain=(0.10, 0.16), gap=(0.58, 0.66), rate=(0.085, 0.11), top_weight=(0.42, 0.46), lead=1.45,
        ab_effect=(0.010, 0.016), ab_units=6000, initiative=(0.10, 0.18), initiative_chance=0.35,
        shift=(0.07, 0.10), cost=(0.14, 0.20), bias=0.32, late=0.14, missing=0.05,
        broken_chance=0.2,
    ),
}  # fmt: skip


_BASE: Final = (0.05, 0.075)
"""Sales per enquiry without any effect."""


def largest_effects(difficulty: Difficulty) -> tuple[float, float]:
    """Give the largest effect of a test and of an initiative that is ever drawn, in shares."""
    dial = _DIALS[difficulty]
    return dial.ab_effect[1], dial.initiative[1] * _BASE[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything drawn for a company; the data and the truth follow from it."""

    name: tuple[str, str]
    planted: Planted
    driver_shifts: dict[tuple[str, str], float]
    pain_points: tuple[str, ...]
    peaks: tuple[str, ...]
    top_driver: str
    shift_week: int
    shift_from: float
    shift_size: float
    lost_of_new: float
    terms: Terms


def check_parameters(seed: object, difficulty: object) -> None:
    """Refuse a seed or difficulty no company can be made from.

    Raises:
        InputError: With what must hold and what was found.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise InputError(f"seed must be a whole number, got {seed!r}; write digits, such as 11")
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed must be 0 to {LARGEST_SEED}, got {seed}; take another number")
    if difficulty not in DIFFICULTIES:
        allowed = ", ".join(DIFFICULTIES)
        raise InputError(f"difficulty must be one of {allowed}, got {difficulty!r}")


def draw_plan(seed: int, difficulty: Difficulty) -> Plan:
    """Draw a company's hidden plan; the same seed and difficulty give the same plan."""
    check_parameters(seed, difficulty)
    dial = _DIALS[difficulty]
    rng = np.random.default_rng([seed, crc32(b"workshop plan"), DIFFICULTIES.index(difficulty)])

    def between(pair: tuple[float, float]) -> float:
        return float(rng.uniform(*pair))

    name = NAMES[int(rng.integers(len(NAMES)))]
    level = float(rng.uniform(-0.25, 0.40))
    places, pains, peaks = _journey(rng, level, between(dial.pain), between(dial.gap))
    weights, top = _weights(rng, places, between(dial.top_weight), dial.lead)
    works = bool(rng.random() < 0.5)
    ab_effect = between(dial.ab_effect) * works
    base = float(rng.uniform(*_BASE))
    paid_off = bool(rng.random() < dial.initiative_chance)
    rel_effect = between(dial.initiative) * paid_off
    cost_scale = between(dial.cost)
    up = bool(rng.random() < 0.5)
    size = between(dial.shift) * (1 if up else -1)
    again = float(rng.uniform(0.30, 0.45))
    broken = bool(rng.random() < dial.broken_chance)
    end = float(rng.uniform(0.60, 0.66))
    planted = Planted(
        touchpoints=places,
        customers=3000,
        invitations_per_month=1100,
        customer_sd=0.45,
        driver_weights=weights,
        drift_sd_per_month=between(dial.rate) / 6,
        online_share_start=end - 0.42,
        online_share_end=end,
        missing_item_share=dial.missing,
        late_answer_share=dial.late,
        comment_share=0.0,
        start_logits=(0.10, 0.45, 0.85),
        start_slope=dial.bias,
        conversion_base=float(rng.uniform(0.042, 0.055)),
        conversion_rel_effect=rel_effect,
        conversion_trend_rel_per_month=float(rng.uniform(0.006, 0.012)),
        reply_promise_satisfaction_sd=0.0,
        cost_scale=cost_scale,
        ab_units=dial.ab_units,
        ab_conversion_control=base,
        ab_conversion_effect=ab_effect,
        ab_csat_effect=0.12 * works,
        average_order_hkd=float(np.round(rng.uniform(5600, 7600), -2)),
        cohort_customers_per_quarter=300,
        repurchase_by_quarter=(again,) * 6,
    )
    terms = _terms(rng, planted)
    return Plan(
        name=name,
        planted=planted,
        driver_shifts=_shifts(rng, places, pains, peaks),
        pain_points=pains,
        peaks=peaks,
        top_driver=top,
        shift_week=int(rng.integers(34, 62)),
        shift_from=float(rng.uniform(0.60, 0.72)) - size / 2,
        shift_size=size,
        lost_of_new=0.34 if broken else 0.0,
        terms=terms,
    )


def _journey(
    rng: np.random.Generator, level: float, pain: float, gap: float
) -> tuple[tuple[Touchpoint, ...], tuple[str, ...], tuple[str, ...]]:
    """Place ten touchpoints: three pain points, one or two peaks, the online group `gap` lower.

    Ordinary online stands at 0, pain points `pain` below it whatever their channel, the ordinary
    rest at s, peaks 0.3 above it; s solves the gap between the groups' means by volume.
    """
    kept = [replace(t, share=_SHARES[t.id]) for t in TOUCHPOINTS if t.id in _SHARES]
    online = [t.id for t in kept if t.channel == "online"]
    other = [t.id for t in kept if t.channel != "online"]
    n_online = int(rng.integers(2, 4))
    pains = [*rng.permutation(online)[:n_online], *rng.permutation(other)[: 3 - n_online]]
    free = [name for name in other if name not in pains]
    peaks = [str(name) for name in rng.permutation(free)[: int(rng.integers(1, 3))]]
    low_online = sum(_SHARES[name] for name in pains if name in online)
    low_other = sum(_SHARES[name] for name in pains if name in other)
    high_other = sum(_SHARES[name] for name in peaks)
    rise = (gap - low_online * pain + low_other * pain - 0.30 * high_other) / (1 - low_other)
    jitter = rng.uniform(-0.05, 0.05, size=len(kept))
    placed = []
    for touchpoint, extra in zip(kept, jitter, strict=True):
        if touchpoint.id in pains:
            height = -pain - 0.06 * pains.index(touchpoint.id) / 2 + extra / 4
        elif touchpoint.id in online:
            height = abs(extra)
        else:
            height = rise + extra + (0.30 if touchpoint.id in peaks else 0.0)
        dip = min(touchpoint.lunar_new_year_dip, 0.12)
        placed.append(replace(touchpoint, level=height - rise / 2 + level, lunar_new_year_dip=dip))
    ranked = sorted((t.level, t.id) for t in placed if t.id in pains)
    return tuple(placed), tuple(name for _, name in ranked), tuple(peaks)


def _weights(
    rng: np.random.Generator, places: tuple[Touchpoint, ...], top_weight: float, lead: float
) -> tuple[tuple[float, ...], str]:
    """Draw driver weights: one driver explains at least `lead` times what any other does.

    What a driver explains over all answers is about reach x weight², reach = the share of
    answers at touchpoints where it is met.
    """
    planted = Planted(touchpoints=places)
    share = (touchpoint_shares(planted, online=True) + touchpoint_shares(planted, online=False)) / 2
    reach = {d: float(share[[d in t.drivers for t in places]].sum()) for d in DRIVERS}
    top = str(rng.choice(_TOP_DRIVERS))
    most = reach[top] * top_weight**2 / lead
    drawn = dict(zip(DRIVERS, rng.uniform(0.14, 0.34, size=len(DRIVERS)), strict=True))
    weights = {
        d: top_weight if d == top else float(min(w, np.sqrt(most / reach[d])))
        for d, w in drawn.items()
    }
    return tuple(round(weights[d], 4) for d in DRIVERS), top


def _shifts(
    rng: np.random.Generator,
    places: tuple[Touchpoint, ...],
    pains: tuple[str, ...],
    peaks: tuple[str, ...],
) -> dict[tuple[str, str], float]:
    """At each pain point one driver is rated lower than the rest explains, at each peak higher."""
    drivers = {t.id: t.drivers for t in places}
    chosen = {}
    for group, size in ((pains, -0.55), (peaks, 0.45)):
        for name in group:
            chosen[(name, str(rng.choice(drivers[name])))] = size
    return chosen


def _terms(rng: np.random.Generator, planted: Planted) -> Terms:
    """Draw what learners are told: the goal, the plan and the money. Drawn apart from effects."""
    enquiries = int(rng.integers(60, 100)) * 100
    margin = float(np.round(planted.average_order_hkd * planted.margin_share, -1))
    break_even = float(rng.uniform(0.004, 0.006))
    cost = float(np.round(enquiries * break_even * margin, -3))
    recurring = float(np.round(284_000 * planted.cost_scale, -3))
    return Terms(
        goal_rise=int(rng.choice((5, 6, 8, 10, 12))),
        goal_answers=int(rng.choice((300, 600, 900, 1500))),
        test=Stake(
            enquiries_per_month=enquiries,
            margin_hkd=margin,
            cost_per_month_hkd=cost,
            horizon_months=12,
            wait_months=3,
            wait_cost_hkd=float(np.round(cost * 0.4, -3)),
            runs_while_waiting=False,
        ),
        initiative=Stake(
            enquiries_per_month=planted.reply_promise_stores * 1100,
            margin_hkd=margin,
            cost_per_month_hkd=recurring,
            horizon_months=12,
            wait_months=3,
            wait_cost_hkd=float(np.round(recurring * 0.2, -3)),
            runs_while_waiting=True,
        ),
    )
