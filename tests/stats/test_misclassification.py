"""cxlib.stats.misclassification: Rogan-Gladen, its interval's coverage, and when it refuses."""

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.misclassification import Hits, corrected_share, rogan_gladen


def share(positives, n, se, sp, **options):
    found, left = (Hits(right=right, n_obs=of) for right, of in (se, sp))
    return corrected_share(positives, n, found=found, left_alone=left, **options)


def test_the_golden_case_gives_65_percent():
    """domain.md M10: (0.555 + 0.9 - 1) / (0.8 + 0.9 - 1) = 0.455 / 0.7 = 0.65."""
    assert rogan_gladen(0.555, sensitivity=0.8, specificity=0.9) == pytest.approx(0.65)
    found = share(555, 1000, (80, 100), (90, 100))
    assert found.corrected.value == pytest.approx(0.65)
    assert found.apparent.value == pytest.approx(0.555)


def test_the_interval_matches_a_hand_working():
    """Eq. 4, 6, 7, 16, 17 of Lang and Reiczigel worked by hand for 555/1000, 80/100, 90/100:
    A' = 556.9207/1003.8415, Se' = 81/102, Sp' = 91/102, P' = 0.650346, d = 0.003992."""
    found = share(555, 1000, (80, 100), (90, 100)).corrected
    a, n = (555 + 1.959964**2 / 2) / (1000 + 1.959964**2), 1000 + 1.959964**2
    se, sp = 81 / 102, 91 / 102
    p = (a + sp - 1) / (se + sp - 1)
    v_se, v_sp = se * (1 - se) / 102, sp * (1 - sp) / 102
    d = 2 * 1.959964**2 * (p * v_se - (1 - p) * v_sp)
    width = 1.959964 * (a * (1 - a) / n + p**2 * v_se + (1 - p) ** 2 * v_sp) ** 0.5 / (se + sp - 1)
    assert found.ci_lower == pytest.approx(p + d - width, abs=1e-6)
    assert found.ci_upper == pytest.approx(p + d + width, abs=1e-6)


def test_a_perfect_classifier_coded_at_length_changes_nothing():
    found = share(300, 1000, (10**7, 10**7), (10**7, 10**7))
    assert found.corrected.value == pytest.approx(0.3)
    assert found.corrected.ci_lower == pytest.approx(found.apparent.ci_lower, abs=2e-3)
    assert found.corrected.ci_upper == pytest.approx(found.apparent.ci_upper, abs=2e-3)


def test_swapping_positive_and_negative_mirrors_the_share():
    one = share(300, 1000, (80, 100), (170, 200)).corrected
    other = share(700, 1000, (170, 200), (80, 100)).corrected
    assert one.value == pytest.approx(1 - other.value)
    assert one.ci_lower == pytest.approx(1 - other.ci_upper)


def test_fewer_coded_cases_widen_the_interval():
    wide = share(555, 1000, (16, 20), (18, 20)).corrected
    narrow = share(555, 1000, (800, 1000), (900, 1000)).corrected
    assert wide.ci_upper - wide.ci_lower > 2 * (narrow.ci_upper - narrow.ci_lower)


@pytest.mark.parametrize(
    ("share_true", "se", "sp", "n", "coded"),
    [(0.65, 0.84, 0.87, 900, 130), (0.25, 0.8, 0.93, 400, 100), (0.1, 0.9, 0.95, 1000, 200)],
)
def test_the_interval_covers_the_true_share(share_true, se, sp, n, coded):
    """4,000 seeded audits: the coded sample is drawn from the same mixture as the counts."""
    rng = np.random.default_rng(14)
    hits = 0
    runs = 4_000
    apparent = share_true * se + (1 - share_true) * (1 - sp)
    for x, m in zip(rng.binomial(n, apparent, runs), rng.binomial(coded, share_true, runs),
                    strict=True):  # fmt: skip
        m = min(max(m, 10), coded - 10)  # noqa: PLW2901
        right = (int(rng.binomial(m, se)), int(m))
        left = (int(rng.binomial(coded - m, sp)), int(coded - m))
        found = share(int(x), n, right, left).corrected
        hits += found is not None and found.ci_lower <= share_true <= found.ci_upper
    assert 0.94 <= hits / runs <= 0.985


def test_the_raw_share_covers_far_less_often_than_it_says():
    """Why the correction exists: the apparent share of a biased classifier misses the truth."""
    rng = np.random.default_rng(15)
    apparent = 0.65 * 0.84 + 0.35 * 0.13
    raw = [share(int(x), 900, (0, 0), (0, 0)).apparent for x in rng.binomial(900, apparent, 500)]
    assert np.mean([est.ci_lower <= 0.65 <= est.ci_upper for est in raw]) < 0.2


def test_an_impossible_share_is_clipped_and_says_so():
    found = share(2, 100, (90, 100), (80, 100))
    assert (found.corrected.value, found.clipped) == (0.0, True)
    assert found.corrected.ci_lower == 0.0


def test_a_classifier_that_may_be_guessing_is_not_corrected():
    found = share(50, 100, (11, 20), (11, 20))
    assert (found.corrected, found.reason) == (None, "no_better_than_chance")
    assert found.apparent.value == 0.5


def test_too_few_coded_cases_are_not_corrected():
    found = share(50, 100, (9, 9), (90, 100))
    assert (found.corrected, found.reason) == (None, "too_few_coded")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rogan_gladen(1.2, sensitivity=0.8, specificity=0.9),
         "apparent must be from 0 to 1, got 1.2"),
        (lambda: rogan_gladen(0.5, sensitivity=0.5, specificity=0.5),
         ("sensitivity + specificity must be above 1, got 1; a classifier no better than chance "
          "cannot be corrected")),
        (lambda: Hits(right=3, n_obs=2), "right must be from 0 to 2, got 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
