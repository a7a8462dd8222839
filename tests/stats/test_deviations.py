"""cxlib.stats.deviations: hand-worked case, agreement with t, false alarms, coverage, errors."""

from math import sqrt

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.deviations import deviations_from_mean
from cxlib.stats.means import mean_difference

CSAT = (1, 2, 3, 4, 5)
EVEN = [10, 20, 40, 20, 10]
LOW = [30, 35, 20, 10, 5]


def test_two_groups_match_hand_working():
    """Means 3 and 2.25: d = 0.375. v with three pooled answers (variance of all 200: 2.625 mean,
    1.384375): (120 + 4.153125)/102/100 and (128.75 + 4.153125)/102/100; se² = their sum / 4.
    The family of two is drawn at 97.5 %: normal quantile 2.2414, met within 3 %.
    """
    first, second = deviations_from_mean([EVEN, LOW], CSAT, seed=1)
    se = sqrt((120 + 128.75 + 2 * 4.153125) / 102 / 100 / 4)
    assert (first.value, second.value) == pytest.approx((0.375, -0.375))
    assert (first.ci_upper - first.ci_lower) / 2 == pytest.approx(2.2414 * se, rel=0.03)
    assert (first.n_obs, first.unit, first.method) == (
        100,
        "rating",
        "studentised bootstrap, Holm",
    )


def test_two_large_groups_agree_with_welch():
    """With K = 2 the deviation is half the difference; unadjusted p of 500 answers each."""
    a, b = [50, 100, 200, 100, 50], [60, 110, 195, 95, 40]
    first, _ = deviations_from_mean([a, b], CSAT, seed=2)
    n, values = 500, np.array(CSAT)
    moments = [(n, float(np.repeat(values, x).mean()), float(np.repeat(values, x).var(ddof=1)))
               for x in (a, b)]  # fmt: skip
    welch = mean_difference(*moments[0], *moments[1], confidence_level=0.975)
    assert first.p_value / 2 == pytest.approx(welch.p_value, abs=0.01)
    assert 2 * first.ci_lower == pytest.approx(welch.ci_lower, abs=0.01)
    assert 2 * first.ci_upper == pytest.approx(welch.ci_upper, abs=0.01)


def test_the_same_seed_gives_the_same_result_and_the_order_does_not_matter_much():
    groups = [EVEN, LOW, EVEN]
    assert deviations_from_mean(groups, CSAT, seed=3) == deviations_from_mean(groups, CSAT, seed=3)
    turned = deviations_from_mean(groups[::-1], CSAT, seed=3)
    for here, there in zip(deviations_from_mean(groups, CSAT, seed=3), turned[::-1], strict=True):
        assert here.value == pytest.approx(there.value)
        assert here.ci_lower == pytest.approx(there.ci_lower, abs=0.03)


def test_shifting_the_values_changes_nothing_and_scaling_scales():
    plain = deviations_from_mean([EVEN, LOW], CSAT, seed=4)
    moved = deviations_from_mean([EVEN, LOW], [100 + 10 * v for v in CSAT], seed=4)
    for small, large in zip(plain, moved, strict=True):
        assert (10 * small.value, 10 * small.ci_lower) == pytest.approx(
            (large.value, large.ci_lower)
        )


def test_fourteen_like_groups_of_skewed_answers_raise_no_more_alarms_than_stated():
    """200 seeded families, 30 to 40 answers, 70 % fives: t intervals alarm in 27 % of them.

    At most 5 % is claimed; the bound allows two standard errors of 200 runs (3.1 pp).
    """
    rng = np.random.default_rng(5)
    n = np.linspace(30, 40, 14).astype(int)
    alarms = []
    for run in range(200):
        groups = rng.multinomial(n, [0.02, 0.03, 0.05, 0.2, 0.7]).tolist()
        found = deviations_from_mean(groups, CSAT, seed=run, n_draws=2_000)
        alarms.append(any(d.excludes(0.0) for d in found))
    assert np.mean(alarms) <= 0.05 + 0.031


def test_all_deviations_hold_together_where_groups_truly_differ():
    """200 seeded families of three groups with different means, spreads and skewness."""
    rng = np.random.default_rng(6)
    p = np.array([[0, 0.1, 0.1, 0.2, 0.6], [0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.2, 0.4, 0.2, 0.1]])
    truth = p @ np.array(CSAT) - (p @ np.array(CSAT)).mean()
    held = []
    for run in range(200):
        groups = rng.multinomial([60, 40, 80], p).tolist()
        found = deviations_from_mean(groups, CSAT, seed=run, n_draws=2_000)
        held.append(all(not d.excludes(t) for d, t in zip(found, truth, strict=True)))
    assert np.mean(held) >= 0.95 - 0.031


def test_one_answer_given_by_everyone_is_no_deviation():
    found = deviations_from_mean([[0, 0, 0, 0, 40]] * 3, CSAT, seed=7)
    assert [(d.value, d.ci_lower, d.ci_upper, d.p_value) for d in found] == [(0, 0, 0, 1.0)] * 3


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        ([EVEN], {}, "deviations need at least 2 groups, got 1"),
        (
            [EVEN, [1, 2]],
            {},
            "each group needs 5 counts, one per value, got 2 at place 1",
        ),
        (
            [EVEN, [0, 0, 1, 0, 0]],
            {},
            (
                "each group needs at least 2 answers and no negative count, got [0, 0, 1, 0, 0] at "
                "place 1"
            ),
        ),
        ([EVEN, LOW], {"n_draws": 50}, "n_draws must be at least 80 for 2 groups, got 50"),
    ],
)
def test_impossible_input_is_named_with_its_value(groups, options, message):
    with pytest.raises(InputError) as caught:
        deviations_from_mean(groups, CSAT, seed=1, **options)
    assert str(caught.value) == message
