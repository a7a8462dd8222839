"""cxlib.measures.survey, distribution: golden numbers, invariants, coverage, errors."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from cxlib.engagement.scales import SCALES
from cxlib.errors import InputError
from cxlib.measures.distribution import NpsCounts, mean_and_variance, nps_bands
from cxlib.measures.survey import (
    ces,
    csat_mean,
    csat_top2,
    nps,
    nps_difference,
    nps_from_counts,
)


def counts(distribution, **columns):
    """Return a score_counts frame from {score: n}."""
    rows = [{**columns, "score": score, "n": n} for score, n in distribution.items()]
    return pd.DataFrame(rows, columns=[*columns, "score", "n"])


def bands(pro, pas, det):
    return NpsCounts(promoters=pro, passives=pas, detractors=det)


def one(scores):
    (score,) = scores
    return score


# --- NPS -------------------------------------------------------------------------------------


def test_the_golden_score_has_the_adjusted_wald_interval():
    """domain.md M1: 100/60/40 gives 30.0, adjusted 18.8 to 40.3."""
    est = nps_from_counts(100, 60, 40)
    assert (est.value, est.n_obs, est.unit) == (30.0, 200, "points")
    assert (round(est.ci_lower, 1), round(est.ci_upper, 1)) == (18.8, 40.3)


def test_promoters_and_detractors_vary_against_each_other():
    """domain.md M1 and trap 1: Wald half-width 10.8; two independent shares would give 8.9."""
    est = nps_from_counts(100, 60, 40, method="Wald")
    assert round((est.ci_upper - est.ci_lower) / 2, 1) == 10.8
    wrong = 100 * 1.959964 * sqrt((0.5 * 0.5 + 0.2 * 0.8) / 200)
    assert round(wrong, 1) == 8.9


def test_ten_promoters_of_ten_keep_a_width_and_stay_in_range():
    """domain.md M1 and trap 2: lower 47.5, upper clipped at 100; plain Wald has no width."""
    est = nps_from_counts(10, 0, 0)
    assert (round(est.ci_lower, 1), est.ci_upper) == (47.5, 100.0)
    wald = nps_from_counts(10, 0, 0, method="Wald")
    assert wald.ci_lower == wald.ci_upper == 100.0


def test_nps_matches_a_hand_worked_case():
    """m = 103, d = 30/103, variance (71.5/103 - d²)/103, z = 1.959964 (examples.md)."""
    est = nps_from_counts(50, 30, 20)
    assert (est.ci_lower, est.ci_upper) == pytest.approx((14.05113, 44.20130), abs=1e-5)


def test_equal_means_can_hide_opposite_scores():
    """domain.md trap 3: half 10 and half 0, or all 5: the same mean, NPS 0 and -100."""
    split, middling = {0: 50, 10: 50}, {5: 100}
    means = [mean_and_variance(tuple(d.items()))[0] for d in (split, middling)]
    assert means == [5.0, 5.0]
    scores = [one(nps(counts(d))) for d in (split, middling)]
    assert [s.estimate.value for s in scores] == [0.0, -100.0]
    assert scores[0].distribution != scores[1].distribution


def test_swapping_promoters_and_detractors_mirrors_the_score():
    up, down = nps_from_counts(70, 20, 35), nps_from_counts(35, 20, 70)
    assert (up.value, up.ci_lower) == pytest.approx((-down.value, -down.ci_upper))


def test_the_nps_interval_covers_the_true_score_as_often_as_stated():
    """20,000 seeded surveys of 80 answers; the population's score is exactly 30."""
    draws = np.random.default_rng(7).multinomial(80, [0.5, 0.3, 0.2], size=20_000)
    surveys, weight = np.unique(draws, axis=0, return_counts=True)
    hits = [not nps_from_counts(*b).excludes(30.0) for b in surveys.tolist()]
    assert np.average(hits, weights=weight) == pytest.approx(0.95, abs=0.01)


def test_groups_come_in_the_frames_order_with_all_scale_points():
    frame = pd.concat(
        [
            counts({9: 40, 3: 10}, channel="online", store="S01"),
            counts({10: 5, 2: 35}, channel="offline", store=None),
        ]
    )
    first, second = nps(frame, by=("channel", "store"))
    assert (first.group, first.label, first.n_label) == (("online", "S01"), "online · S01", "50")
    assert second.group == ("offline", "")
    assert first.distribution == tuple((s, {9: 40, 3: 10}.get(s, 0)) for s in range(11))
    assert (first.estimate.value, second.estimate.value) == (60.0, -75.0)


def test_merging_two_groups_is_counting_them_together():
    a, b = counts({10: 40, 7: 5, 1: 9}, touchpoint="a"), counts({9: 12, 0: 30}, touchpoint="b")
    merged = one(nps(pd.concat([a, b])))
    assert merged.estimate == nps_from_counts(52, 5, 39)


def test_a_group_under_the_floor_shows_neither_score_nor_count():
    hidden = one(nps(counts({10: 29}, store="S07"), by=("store",)))
    empty = one(nps(counts({10: 0}, store="S07"), by=("store",)))
    assert hidden == empty
    assert (hidden.suppressed, hidden.estimate, hidden.distribution) == (True, None, ())
    assert hidden.n_label == "<30"
    assert not one(nps(counts({10: 30}))).suppressed


def test_no_answer_at_all_is_a_hidden_score_and_not_a_crash():
    assert one(nps(counts({}))).suppressed


def test_the_golden_difference_of_two_waves():
    """Hand: 100/60/40 of 200 against 85/60/55 of 200, 3/8 added to each end, m = 201.5.

    p = 100.375/m and q = 40.375/m; p = 85.375/m and q = 55.375/m; z = 1.959964.
    """
    est = nps_difference(bands(100, 60, 40), bands(85, 60, 55))
    p1, q1, p2, q2 = (x / 201.5 for x in (100.375, 40.375, 85.375, 55.375))
    variance = (p1 + q1 - (p1 - q1) ** 2 + p2 + q2 - (p2 - q2) ** 2) / 201.5
    centre = 100 * ((p1 - q1) - (p2 - q2))
    assert est.value == pytest.approx(15.0)
    assert est.ci_lower == pytest.approx(centre - 100 * 1.959964 * sqrt(variance), abs=1e-4)
    assert est.ci_upper == pytest.approx(centre + 100 * 1.959964 * sqrt(variance), abs=1e-4)
    assert (est.unit, est.n_obs) == ("points", 400)


def test_two_hundred_answers_cannot_tell_25_from_30():
    """domain.md C2: n = 200 cannot tell 25 from 30."""
    assert not nps_difference(bands(100, 60, 40), bands(95, 60, 45)).excludes(0.0)


def test_difference_interval_and_p_value_never_disagree():
    rng = np.random.default_rng(21)
    for a, b in rng.multinomial(120, [0.5, 0.3, 0.2], size=(300, 2)).tolist():
        est = nps_difference(bands(*a), bands(*b))
        assert est.excludes(0.0) == (est.p_value < 0.05)


@pytest.mark.parametrize("sizes", [(15, 15), (30, 90), (200, 200)])
def test_the_difference_covers_about_as_often_as_stated(sizes):
    """4,000 seeded pairs from populations with scores 30 and 0."""
    rng = np.random.default_rng(22)
    a = rng.multinomial(sizes[0], [0.5, 0.3, 0.2], size=4_000).tolist()
    b = rng.multinomial(sizes[1], [0.3, 0.4, 0.3], size=4_000).tolist()
    hits = [
        not nps_difference(bands(*x), bands(*y)).excludes(30.0) for x, y in zip(a, b, strict=True)
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.013)


# --- CSAT and CES ----------------------------------------------------------------------------

CSAT = {1: 5, 2: 10, 3: 20, 4: 40, 5: 25}


def test_csat_mean_and_top_two_box_match_hand_working():
    """Mean 370/100, squares 1,490: variance (1,490 - 1,369)/99 = 1.222222; t(99) = 1.984217."""
    score = one(csat_mean(counts(CSAT)))
    assert (score.estimate.value, score.statistic) == (3.7, "mean")
    assert score.estimate.ci_upper == pytest.approx(3.7 + 1.984217 * sqrt(1.222222 / 100), abs=1e-5)
    share = one(csat_top2(counts(CSAT)))
    assert (share.estimate.value, share.estimate.unit) == (0.65, "share")


def test_nine_satisfied_of_ten_give_the_golden_wilson_interval():
    """domain.md M2: 59.6-98.2 %."""
    est = one(csat_top2(counts({5: 4, 4: 5, 3: 1}), minimum_cell=5)).estimate
    assert (round(est.ci_lower, 3), round(est.ci_upper, 3)) == (0.596, 0.982)


def test_mean_and_share_carry_units_that_do_not_mix():
    """domain.md M2: mean and T2B are never put on one axis."""
    mean, share = one(csat_mean(counts(CSAT))), one(csat_top2(counts(CSAT)))
    assert (mean.estimate.unit, share.estimate.unit) == ("rating", "share")


def test_the_mean_interval_stays_on_the_scale():
    est = one(csat_mean(counts({5: 3, 4: 1}), minimum_cell=1)).estimate
    assert est.ci_upper == 5.0


def test_csat_mean_covers_the_true_mean():
    """600 seeded surveys of 60 answers with mean 3.7."""
    p = np.array(list(CSAT.values())) / 100
    draws = np.random.default_rng(23).multinomial(60, p, size=600).tolist()
    frames = [counts(dict(enumerate(draw, start=1))) for draw in draws]
    hits = [not one(csat_mean(f)).estimate.excludes(3.7) for f in frames]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)


def test_the_same_answers_are_opposite_news_under_the_two_effort_contracts():
    """domain.md D1 and M3: 2 to 4 is more effort in ces-v1 and more ease in ces-v2."""
    before, after = {1: 30, 2: 50, 3: 20}, {3: 20, 4: 50, 5: 30}
    for version, good, low in (("ces-v1", False, 0.8), ("ces-v2", True, 0.0)):
        first = one(ces(counts(before), version=version))
        second = one(ces(counts(after), version=version))
        change = second.estimate.value - first.estimate.value
        assert change == pytest.approx(2.2)
        assert (SCALES[version].direction == "higher") is good
        share = one(ces(counts(before), version=version, statistic="share"))
        assert share.estimate.value == pytest.approx(low)


def test_mixed_effort_versions_are_rejected():
    frame = counts({2: 40, 4: 40}).assign(version=["ces-v1", "ces-v2"])
    with pytest.raises(InputError) as caught:
        ces(frame, version="ces-v2")
    assert str(caught.value) == (
        "all answers must be asked under ces-v2, found ces-v1; the two effort scales run in "
        "opposite directions: report each version on its own"
    )


def test_the_difference_of_two_nps_is_in_points():
    points = nps_difference(one(nps(counts({10: 50}))), one(nps(counts({0: 50}))))
    assert (points.value, points.unit) == (200.0, "points")


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nps(counts({11: 3, 9: 40}, store="S02"), by=("store",)),
            "nps answers must be whole numbers from 0 to 10, got 11 in group 'S02'",
        ),
        (
            lambda: csat_mean(counts({0: 3})),
            "csat answers must be whole numbers from 1 to 5, got 0",
        ),
        (
            lambda: ces(counts({6: 40}), version="ces-v1"),
            "ces-v1 answers must be whole numbers from 1 to 5, got 6",
        ),
        (
            lambda: ces(counts({6: 40}), version="ces"),
            "version must be 'ces-v1' or 'ces-v2', got 'ces'",
        ),
        (lambda: nps(counts({9: -1})), "n must be 0 or more, got -1 for score 9"),
        (
            lambda: nps(counts({9: 40}), by=("stoer",)),
            "columns not found: ['stoer']; the frame has ['score', 'n']",
        ),
        (lambda: nps(counts({9: 40}), minimum_cell=0), "minimum_cell must be 1 or more, got 0"),
        (
            lambda: nps_from_counts(0, 0, 0),
            "a Net Promoter Score needs at least 1 answer, got 0",
        ),
        (lambda: nps_from_counts(1, -2, 0), "passives must be 0 or more, got -2"),
        (
            lambda: nps_from_counts(1, 0, 0, confidence_level=95),
            "confidence_level must be in [0.9, 1), got 95",
        ),
        (
            lambda: nps_difference(bands(0, 0, 0), bands(1, 0, 0)),
            "a Net Promoter Score needs at least 1 answer, got 0",
        ),
        (
            lambda: nps_difference(one(csat_mean(counts({5: 40}))), bands(1, 0, 0)),
            "nps_difference needs two NPS groups, got csat",
        ),
        (
            lambda: one(nps(counts({9: 4}, store="S02"), by=("store",))).shown,
            "group 'S02' has fewer than 30 answers and is hidden; merge it with another group",
        ),
        (lambda: mean_and_variance(()), "a mean needs at least 1 answer, got 0"),
    ],
)
def test_impossible_input_is_named_with_its_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_bands_are_read_from_the_distribution():
    assert nps_bands(tuple((s, 1) for s in range(11))) == bands(2, 2, 7)
