"""The planted truth: every effect of the sample engagement is a field of `Truth`.

Change a field and every table follows: `simulate(Truth(conversion_rel_effect=0.0))` is the same
company in which the reply promise does nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Segment = Literal["new", "returning", "member"]
Channel = Literal["online", "offline", "hybrid"]

SEGMENTS: Final[tuple[Segment, ...]] = ("new", "returning", "member")
DRIVERS: Final = ("speed", "staff", "price", "range", "delivery", "assembly", "aftersales")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touchpoint:
    """One touchpoint: where it stands in the journey and how good it truly is.

    share  share of the invitations within its channel group (online, or not online)
    level  mean of the hidden satisfaction there, in standard deviations; 0 is NPS of about 25
    """

    id: str
    stage: Literal["awareness", "consideration", "purchase", "use", "advocacy"]
    channel: Channel
    share: float
    level: float
    in_store: bool
    asks_effort: bool
    drivers: tuple[str, ...]
    lunar_new_year_dip: float


def _touchpoint(
    id: str,  # noqa: A002  (the field's own name)
    stage: Literal["awareness", "consideration", "purchase", "use", "advocacy"],
    channel: Channel,
    share: float,
    *,
    level: float,
    drivers: str,
    dip: float = 0.05,
    in_store: bool = True,
    asks_effort: bool = True,
) -> Touchpoint:
    return Touchpoint(
        id=id,
        stage=stage,
        channel=channel,
        share=share,
        level=level,
        in_store=in_store,
        asks_effort=asks_effort,
        drivers=tuple(drivers.split()),
        lunar_new_year_dip=dip,
    )


TOUCHPOINTS: Final = (
    _touchpoint(
        "social_ad",
        "awareness",
        "online",
        0.07,
        level=-0.16,
        drivers="price",
        in_store=False,
        asks_effort=False,
    ),
    _touchpoint(
        "search_site",
        "awareness",
        "online",
        0.09,
        level=-0.14,
        drivers="speed range",
        in_store=False,
        asks_effort=False,
    ),
    _touchpoint(
        "website_browse",
        "consideration",
        "online",
        0.14,
        level=-0.11,
        drivers="speed price range",
        in_store=False,
    ),
    _touchpoint(
        "store_visit",
        "consideration",
        "offline",
        0.17,
        level=0.25,
        drivers="speed staff price range",
    ),
    _touchpoint(
        "enquiry_chat",
        "consideration",
        "online",
        0.34,
        level=-0.60,
        drivers="speed staff",
        dip=0.30,
    ),
    _touchpoint(
        "design_consult", "consideration", "hybrid", 0.11, level=0.55, drivers="staff price range"
    ),
    _touchpoint(
        "store_checkout", "purchase", "offline", 0.22, level=0.19, drivers="speed staff price"
    ),
    _touchpoint(
        "online_checkout",
        "purchase",
        "online",
        0.17,
        level=-0.16,
        drivers="speed price",
        in_store=False,
    ),
    _touchpoint(
        "delivery_booking",
        "purchase",
        "hybrid",
        0.14,
        level=-0.35,
        drivers="speed delivery",
        dip=0.25,
    ),
    _touchpoint(
        "delivery", "use", "offline", 0.17, level=0.20, drivers="speed staff delivery", dip=0.20
    ),
    _touchpoint("assembly", "use", "offline", 0.11, level=0.58, drivers="staff delivery assembly"),
    _touchpoint(
        "aftersales_service",
        "use",
        "hybrid",
        0.08,
        level=-0.39,
        drivers="speed staff assembly aftersales",
        dip=0.15,
    ),
    _touchpoint(
        "loyalty_app",
        "advocacy",
        "online",
        0.11,
        level=-0.08,
        drivers="speed price",
        in_store=False,
        asks_effort=False,
    ),
    _touchpoint(
        "referral_review",
        "advocacy",
        "online",
        0.08,
        level=-0.02,
        drivers="staff range",
        in_store=False,
        asks_effort=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is really so at Harbour Home. Shares are 0-1, money is HK$, `_sd` is in SDs.

    Hidden satisfaction has SD 1: customers (`customer_sd`), what each driver added
    (`driver_weights`) and a rest. Scores are cut from it, each with its own `item_noise_sd`.
    """

    # time
    history_start: date = date(2025, 1, 1)
    baseline_start: date = date(2025, 7, 1)
    review_start: date = date(2026, 1, 1)
    review_end: date = date(2026, 7, 1)  # first day after
    lunar_new_years: tuple[date, ...] = (date(2025, 1, 29), date(2026, 2, 17))

    # journey and survey
    touchpoints: tuple[Touchpoint, ...] = TOUCHPOINTS
    customers: int = 6000
    invitations_per_month: int = 2520
    segment_shares: tuple[float, float, float] = (0.34, 0.36, 0.30)  # new, returning, member
    segment_shifts_sd: tuple[float, float, float] = (-0.10, 0.0, 0.12)
    customer_sd: float = 0.50
    store_sd: float = 0.06
    item_noise_sd: float = 0.45
    driver_weights: tuple[float, ...] = (0.42, 0.30, 0.16, 0.18, 0.38, 0.26, 0.34)
    drift_sd_per_month: float = 0.0083  # every touchpoint slowly improves ...
    online_share_start: float = 0.29  # ... while the weaker channel grows
    online_share_end: float = 0.61
    nps_cuts: tuple[float, ...] = (-2.9, -2.65, -2.4, -2.1, -1.8, -1.3, -0.85, -0.42, 0.08, 0.66)
    csat_cuts: tuple[float, ...] = (-2.0, -1.35, -0.50, 0.72)
    ces_cuts: tuple[float, ...] = (-2.0, -1.5, -1.0, -0.36, 0.28, 1.06)
    missing_item_share: float = 0.03
    late_answer_share: float = 0.06
    comment_share: float = 0.35
    identifiers_per_kind: int = 8  # telephone, e-mail, HKID planted in comments

    # the overall rating in December: points 0-10 per rating point of each statistic of the moments
    overall_weights: tuple[tuple[str, float], ...] = (
        ("mean", 2.0),
        ("highest", 0.0),
        ("lowest", 0.0),
        ("last", 0.0),
    )
    overall_noise: float = 1.1
    overall_answer_share: float = 0.85

    # who answers: delivered, then opened, then a logit of segment and hidden satisfaction
    delivered_share: float = 0.97
    opened_shares: tuple[float, float, float] = (0.64, 0.70, 0.78)
    start_logits: tuple[float, float, float] = (-0.20, 0.20, 0.62)
    start_slope: float = 0.12
    start_curve: float = 0.09
    completed_share: float = 0.94

    # the reply promise: 8 stores from review_start
    reply_promise_stores: int = 8
    conversion_base: float = 0.0460  # sales per enquiry at the middle of the baseline period
    conversion_rel_effect: float = 0.40
    conversion_trend_rel_per_month: float = 0.009
    conversion_store_sd_rel: float = 0.08
    conversion_noise_sd_rel: float = 0.05
    reply_promise_satisfaction_sd: float = 0.18  # on enquiry_chat at these stores
    reply_minutes_usual: float = 95.0
    reply_minutes_promised: float = 11.0
    cost_scale: float = 1.0

    # coaching: the 6 stores with the worst CSAT of 2025Q4; nothing comes of it
    coaching_stores: int = 6
    coaching_csat_effect: float = 0.0
    store_csat_mean: float = 3.78
    store_csat_true_sd: float = 0.06
    store_csat_answer_sd: float = 0.98
    store_csat_n_per_month: float = 11.0

    # the trial of the reply promise
    ab_start: date = date(2026, 3, 2)
    ab_end: date = date(2026, 4, 27)  # first day after
    ab_units: int = 10_000
    ab_conversion_control: float = 0.05
    ab_conversion_effect: float = 0.02
    ab_csat_effect: float = 0.15
    ab_answer_share: float = 0.26
    ab_complaint_share: float = 0.021
    ab_complaint_effect: float = 0.0

    # commerce
    average_order_hkd: float = 6800.0
    margin_share: float = 0.32
    cohort_customers_per_quarter: int = 620
    repurchase_by_quarter: tuple[float, ...] = (0.345, 0.352, 0.362, 0.371, 0.380, 0.385)
    on_time_share: float = 0.88
    checkout_abandonment: float = 0.70

    # public mentions
    mentions_per_week: int = 60
    neutral_share: float = 0.20
    positive_share_before: float = 0.80  # true share of positive among positive and negative
    positive_share_after: float = 0.675
    positive_shift_start: date = date(2026, 3, 30)
    classifier_sensitivity: float = 0.90
    classifier_specificity: float = 0.88
    coded_mentions: int = 240  # read by two people each
    coder_slip: float = 0.02  # share of labels a coder gets wrong

    # people: true maturity levels and employee satisfaction
    maturity_levels: tuple[tuple[str, float], ...] = (
        ("strategy", 3.2),
        ("data", 2.1),
        ("people", 3.0),
        ("process", 2.6),
        ("culture", 3.4),
        ("technology", 2.3),
    )
    # difficulty of improving a touchpoint, 1-5, and where raters pull apart by so many levels
    difficulty_levels: tuple[tuple[str, float], ...] = (
        ("social_ad", 1.8),
        ("search_site", 2.2),
        ("website_browse", 3.2),
        ("store_visit", 3.8),
        ("enquiry_chat", 1.9),
        ("design_consult", 3.0),
        ("store_checkout", 3.3),
        ("online_checkout", 2.9),
        ("delivery_booking", 3.6),
        ("delivery", 4.3),
        ("assembly", 3.9),
        ("aftersales_service", 4.1),
        ("loyalty_app", 2.7),
        ("referral_review", 1.6),
    )
    difficulty_apart: tuple[tuple[str, float], ...] = (("loyalty_app", 1.3),)
    employee_nps_level: float = 6.9
    employee_store_link: float = 0.5  # store satisfaction in SDs per SD of employee mood

    # the closed loop after a CSAT of 1-2, by lot: the next rating does not depend on it
    followup_listed_share: float = 0.94
    followup_reason_share: float = 0.12
    followup_contacted_share: float = 0.86
    followup_contact_days: float = 1.4  # median wait for the first contact
    followup_close_days: float = 2.6  # median from there to the closed case
    followup_closed_share: float = 0.90
    followup_reviewed_share: float = 0.55
    followup_effect: float = 0.0
