"""cxlib.measures.journey and pain: deviations from the journey mean, false finds, ranks."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.measures.journey import emotion_curve
from cxlib.measures.pain import pain_ranking

STAGES = {
    "delivery": "use",
    "social_ad": "awareness",
    "store_visit": "consideration",
    "enquiry_chat": "consideration",
    "store_checkout": "purchase",
    "assembly": "use",
}


def counts(distributions, first=1):
    """Return a score_counts frame from {touchpoint: counts of first, first + 1, …}."""
    return pd.DataFrame(
        [
            {"touchpoint": touchpoint, "score": first + i, "n": n}
            for touchpoint, ns in distributions.items()
            for i, n in enumerate(ns)
        ]
    )


def by_name(curve):
    return {p.touchpoint: p for p in curve.points}


EVEN = [10, 20, 40, 20, 10]
LOW = [30, 35, 20, 10, 5]
HIGH = [2, 3, 15, 40, 40]
SMALL = [1, 2, 3, 4, 5]


def planted(scale=1):
    shapes = (EVEN, EVEN, EVEN, LOW, EVEN, HIGH)
    return counts({t: [scale * n for n in ns] for t, ns in zip(STAGES, shapes, strict=True)})


def test_the_curve_runs_in_stage_order_and_then_in_the_registers():
    curve = emotion_curve(planted(), stages=STAGES)
    assert [p.touchpoint for p in curve.points] == [
        "social_ad",
        "store_visit",
        "enquiry_chat",
        "store_checkout",
        "delivery",
        "assembly",
    ]
    assert curve.stages_without_data == ("advocacy",)


def test_planted_pain_and_peak_are_found_and_nothing_else():
    curve = emotion_curve(planted(3), stages=STAGES)
    assert [p.touchpoint for p in curve.pains] == ["enquiry_chat"]
    assert [p.touchpoint for p in curve.peaks] == ["assembly"]
    assert by_name(curve)["social_ad"].flag == "none"


def test_deviations_add_to_zero_and_turn_over_with_the_scale():
    curve = emotion_curve(planted(), stages=STAGES)
    assert sum(p.deviation.value for p in curve.points) == pytest.approx(0)
    shapes = (EVEN, EVEN, EVEN, LOW, EVEN, HIGH)
    turned = counts({t: ns[::-1] for t, ns in zip(STAGES, shapes, strict=True)})
    mirrored = emotion_curve(turned, stages=STAGES)
    for here, there in zip(curve.points, mirrored.points, strict=True):
        assert here.deviation.value == pytest.approx(-there.deviation.value)
        assert here.deviation.ci_lower == pytest.approx(-there.deviation.ci_upper, abs=0.03)


def test_points_below_the_floor_are_hidden_and_left_out_of_the_mean():
    """domain.md A7; the other five give the same curve without the small one."""
    frame = counts(dict(zip(STAGES, (SMALL, EVEN, EVEN, LOW, EVEN, HIGH), strict=True)))
    curve = emotion_curve(frame, stages=STAGES)
    hidden = by_name(curve)["delivery"]
    assert (hidden.suppressed, hidden.estimate, hidden.deviation, hidden.flag) == (
        True,
        None,
        None,
        "none",
    )
    assert hidden.score.n_label == "<30"
    without = emotion_curve(frame[frame["touchpoint"] != "delivery"], stages=STAGES)
    assert without == curve


def test_flags_intervals_and_adjusted_p_values_never_disagree():
    """40 seeded journeys, half of the touchpoints shifted (trap 16: intervals match p-values)."""
    rng = np.random.default_rng(51)
    p = [[0.1, 0.2, 0.4, 0.2, 0.1]] * 3 + [[0.15, 0.25, 0.35, 0.17, 0.08]] * 3
    for ns in rng.multinomial(200, p, size=(40, 6)).tolist():
        frame = counts(dict(zip(STAGES, ns, strict=True)))
        for point in emotion_curve(frame, stages=STAGES, n_draws=2_000).points:
            assert point.deviation.excludes(0.0) == (point.deviation.p_value <= 0.05)
            assert (point.flag != "none") == (point.deviation.p_value <= 0.05)


@pytest.mark.parametrize("metric", ["csat", "nps"])
def test_pure_noise_gives_neither_peak_nor_pain(metric):
    """domain.md A5: none in at least 95 % of runs; 250 seeded journeys, 30 to 300 answers each.

    The answers are skewed, as satisfaction is; the bound allows two standard errors (2.8 pp).
    """
    rng = np.random.default_rng(52)
    n = np.linspace(30, 300, 6).astype(int)
    first = 1 if metric == "csat" else 6
    quiet = []
    for _ in range(250):
        ns = rng.multinomial(n, [0.03, 0.07, 0.1, 0.3, 0.5]).tolist()
        frame = counts(dict(zip(STAGES, ns, strict=True)), first=first)
        curve = emotion_curve(frame, stages=STAGES, metric=metric, n_draws=2_000)
        quiet.append(not curve.peaks and not curve.pains)
    assert np.mean(quiet) >= 0.95 - 0.028


def test_pure_noise_stays_quiet_when_customers_answer_at_several_touchpoints():
    """Trap 7 and A5: 150 seeded journeys of 120 leaning customers, each at 3 of 6 touchpoints.

    What a customer's answers share leaves the difference from the mean, so the curve that counts
    answers as independent must not flag more often: at least 95 % quiet, less two errors (3.6 pp).
    """
    rng = np.random.default_rng(53)
    quiet = []
    for _ in range(150):
        leaning = rng.normal(0, 0.7, (120, 1))
        score = np.clip(np.rint(3.9 + leaning + rng.normal(0, 0.8, (120, 6))), 1, 5).astype(int)
        met = rng.permuted(np.tile([True] * 3 + [False] * 3, (120, 1)), axis=1)
        ns = [np.bincount(score[met[:, t], t], minlength=6)[1:].tolist() for t in range(6)]
        frame = counts(dict(zip(STAGES, ns, strict=True)))
        curve = emotion_curve(frame, stages=STAGES, n_draws=2_000)
        quiet.append(not curve.peaks and not curve.pains)
    assert np.mean(quiet) >= 0.95 - 0.036


@pytest.mark.parametrize("metric", ["csat", "nps"])
def test_a_planted_peak_and_a_planted_pain_are_found_in_most_journeys(metric):
    """A5: 100 seeded journeys, 300 answers each, means 0.65 above and 0.65 below the other four.

    Found means flagged on the right side, with the four others unflagged: both planted in at
    least 95 %; any of the others beside them in at most 5 % more than two errors (9.4 %) — the
    others truly lie at the journey mean, since the two planted shifts cancel.
    """
    rng = np.random.default_rng(56)
    even, low, high = (
        [0.1, 0.2, 0.4, 0.2, 0.1],
        [0.3, 0.3, 0.2, 0.15, 0.05],
        [0.05, 0.15, 0.2, 0.3, 0.3],
    )
    p = [even, even, even, low, even, high]
    first = 1 if metric == "csat" else 6
    names, found, others = list(STAGES), [], []
    for ns in rng.multinomial(300, p, size=(100, 6)).tolist():
        frame = counts(dict(zip(names, ns, strict=True)), first=first)
        curve = emotion_curve(frame, stages=STAGES, metric=metric, n_draws=2_000)
        flags = {point.touchpoint: point.flag for point in curve.points}
        found.append((flags.pop(names[3]), flags.pop(names[5])) == ("pain", "peak"))
        others.append(any(flag != "none" for flag in flags.values()))
    assert np.mean(found) >= 0.95
    assert metric == "nps" or np.mean(others) <= 0.05 + 0.044


def test_the_journey_mean_matches_hand_working():
    """EVEN has mean 3 and variance 120/99, LOW 2.25 and 128.75/99: the mean is 2.625, its
    squared error a quarter of both over 100; t of 197.6 degrees of freedom: 1.9721 (scipy t.ppf).
    """
    mean = emotion_curve(counts({"social_ad": EVEN, "assembly": LOW}), stages=STAGES).journey_mean
    se = sqrt((120 / 99 + 128.75 / 99) / 100) / 2
    assert mean.value == pytest.approx(2.625)
    assert (mean.ci_upper - mean.value) / se == pytest.approx(1.9721, abs=1e-3)
    assert mean.n_obs == 200


def test_the_nps_curve_is_in_points():
    frame = counts({"social_ad": [40, 0, 0, 20, 40], "assembly": [10, 0, 0, 10, 80]}, first=6)
    curve = emotion_curve(frame, stages=STAGES, metric="nps")
    assert [p.estimate.value for p in curve.points if p.estimate] == [20.0, 80.0]
    assert (curve.journey_mean.value, curve.journey_mean.unit) == (50.0, "points")


@pytest.mark.parametrize(
    ("frame", "stages", "message"),
    [
        (
            counts({"web": EVEN, "assembly": EVEN}),
            {"assembly": "use"},
            "touchpoints not in the register: ['web']; it has ['assembly']",
        ),
        (
            counts({"assembly": EVEN}),
            {"assembly": "using"},
            (
                "stage of assembly must be one of awareness, consideration, purchase, use, "
                "advocacy, got using"
            ),
        ),
        (
            counts({"assembly": EVEN, "delivery": SMALL}),
            STAGES,
            "a journey needs at least 2 touchpoints with 30 answers, got 1",
        ),
    ],
)
def test_impossible_journeys_are_named(frame, stages, message):
    with pytest.raises(InputError) as caught:
        emotion_curve(frame, stages=stages)
    assert str(caught.value) == message


# --- ranking ---------------------------------------------------------------------------------


def rank(curve, met, **options):
    return pain_ranking(
        curve, customers_meeting=met, customers=1_000, seed=7, n_draws=500, **options
    )


def test_impact_is_shortfall_times_frequency():
    """Journey mean of EVEN (3), LOW (2.25): 2.625; shortfall 0.375, met by 40 %: 0.15."""
    curve = emotion_curve(counts({"social_ad": EVEN, "assembly": LOW}), stages=STAGES)
    first, second = rank(curve, {"social_ad": 900, "assembly": 400})
    assert (first.touchpoint, first.rank, second.rank) == ("assembly", 1, 2)
    assert first.shortfall.value == pytest.approx(0.375)
    assert first.frequency.value == 0.4
    assert first.impact.value == pytest.approx(0.15)
    assert second.impact.value == pytest.approx(-0.3375)


def test_the_same_pain_met_by_more_customers_comes_first():
    """domain.md A9: checkout (frequent) ranks before premium unboxing (rare)."""
    frame = counts({"store_checkout": LOW, "assembly": LOW, "social_ad": HIGH})
    met = {"store_checkout": 800, "assembly": 60, "social_ad": 500}
    ranking = rank(emotion_curve(frame, stages=STAGES), met)
    assert [r.touchpoint for r in ranking] == ["store_checkout", "assembly", "social_ad"]
    assert (ranking[0].rank_lower, ranking[0].rank_upper) == (1, 1)


def test_equal_touchpoints_share_a_wide_rank_interval():
    frame = counts(dict.fromkeys(("social_ad", "store_visit", "store_checkout", "assembly"), EVEN))
    ranking = rank(emotion_curve(frame, stages=STAGES), dict.fromkeys(STAGES, 500))
    assert all((r.rank_lower, r.rank_upper) == (1, 4) for r in ranking)


def test_the_bootstrap_interval_of_the_shortfall_is_that_of_the_deviation():
    """Two touchpoints: the deviation is at 97.5 % (Bonferroni), so is the ranking; within 0.02."""
    curve = emotion_curve(counts({"social_ad": EVEN, "assembly": LOW}), stages=STAGES)
    deviation = by_name(curve)["assembly"].deviation
    (first, _) = pain_ranking(
        curve,
        customers_meeting={"social_ad": 1_000, "assembly": 1_000},
        customers=1_000,
        seed=8,
        n_draws=4_000,
        confidence_level=0.975,
    )
    assert first.shortfall.ci_lower == pytest.approx(-deviation.ci_upper, abs=0.02)
    assert first.shortfall.ci_upper == pytest.approx(-deviation.ci_lower, abs=0.02)


def test_the_same_seed_gives_the_same_ranking():
    curve = emotion_curve(planted(), stages=STAGES)
    met = dict.fromkeys(STAGES, 300)
    assert rank(curve, met) == rank(curve, met)


def test_rank_intervals_hold_the_true_rank():
    """200 seeded journeys of four touchpoints with distinct true means; each rank held >= 93 %."""
    rng = np.random.default_rng(54)
    p = [[0.3, 0.3, 0.2, 0.1, 0.1], [0.2, 0.3, 0.2, 0.2, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2],
         [0.1, 0.1, 0.2, 0.3, 0.3]]  # fmt: skip
    names = ("social_ad", "store_visit", "store_checkout", "assembly")
    held = []
    for ns in rng.multinomial(80, p, size=(200, 4)).tolist():
        frame = counts(dict(zip(names, ns, strict=True)))
        curve = emotion_curve(frame, stages=STAGES, n_draws=200)
        ranking = pain_ranking(
            curve, customers_meeting=dict.fromkeys(names, 500), customers=500, seed=9, n_draws=200
        )
        held += [r.rank_lower <= names.index(r.touchpoint) + 1 <= r.rank_upper for r in ranking]
    assert np.mean(held) >= 0.93


def test_rank_intervals_hold_the_true_rank_of_nearly_equal_touchpoints():
    """150 seeded journeys of six means 0.01 apart: each touchpoint's rank held in 95 %.

    The bound allows two standard errors of 150 runs (3.6 pp); ranks read off the draws held the
    worst touchpoint's in about 75 %.
    """
    rng = np.random.default_rng(55)
    p = [[0.1, 0.175 - i / 200, 0.2, 0.275 + i / 200, 0.25] for i in range(6)]
    held = np.zeros(6)
    for ns in rng.multinomial(100, p, size=(150, 6)).tolist():
        curve = emotion_curve(
            counts(dict(zip(STAGES, ns, strict=True))), stages=STAGES, n_draws=240
        )
        ranking = pain_ranking(
            curve, customers_meeting=dict.fromkeys(STAGES, 500), customers=500, seed=9, n_draws=200
        )
        true = list(STAGES)
        held += [
            r.rank_lower <= true.index(r.touchpoint) + 1 <= r.rank_upper
            for r in sorted(ranking, key=lambda r: true.index(r.touchpoint))
        ]
    assert held.min() / 150 >= 0.95 - 0.036


def test_an_nps_curve_can_be_ranked():
    frame = counts({"social_ad": [40, 0, 0, 20, 40], "assembly": [10, 0, 0, 10, 80]}, first=6)
    ranking = rank(emotion_curve(frame, stages=STAGES, metric="nps"), dict.fromkeys(STAGES, 500))
    assert (ranking[0].touchpoint, ranking[0].shortfall.value) == ("social_ad", 30.0)
    assert ranking[0].shortfall.ci_lower < 30 < ranking[0].shortfall.ci_upper


@pytest.mark.parametrize(
    ("met", "options", "message"),
    [
        (
            {"assembly": 10},
            {},
            "customers_meeting must name every touchpoint shown, absent: ['social_ad']",
        ),
        (
            {"assembly": 10, "social_ad": 1001},
            {},
            "successes must be from 0 to 1000, got 1001",
        ),
    ],
)
def test_impossible_frequencies_are_named(met, options, message):
    curve = emotion_curve(counts({"social_ad": EVEN, "assembly": LOW}), stages=STAGES)
    with pytest.raises(InputError) as caught:
        rank(curve, met, **options)
    assert str(caught.value) == message


def test_too_few_draws_are_refused():
    curve = emotion_curve(counts({"social_ad": EVEN, "assembly": LOW}), stages=STAGES)
    with pytest.raises(InputError) as caught:
        pain_ranking(curve, customers_meeting={}, customers=10, seed=1, n_draws=50)
    assert str(caught.value) == "n_draws must be 200 or more, got 50"
