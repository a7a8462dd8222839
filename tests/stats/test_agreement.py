"""cxlib.stats.agreement: kappa against statsmodels, the ROC area against scikit-learn."""

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.agreement import area_under_curve, cohen_kappa, confusion


def test_kappa_and_its_interval_match_statsmodels():
    """statsmodels.stats.inter_rater.cohens_kappa, which uses the same Fleiss variance."""
    from statsmodels.stats.inter_rater import cohens_kappa

    table = np.array([[44, 5, 1], [7, 20, 3], [9, 5, 6]])
    other = cohens_kappa(table)
    found = cohen_kappa(table)
    assert found.value == pytest.approx(other.kappa)
    assert (found.ci_lower, found.ci_upper) == pytest.approx((other.kappa_low, other.kappa_upp))
    assert found.n_obs == 100


def test_kappa_is_one_for_full_agreement_and_zero_for_chance():
    assert cohen_kappa([[10, 0], [0, 5]]).value == pytest.approx(1)
    assert cohen_kappa([[9, 3], [3, 1]]).value == pytest.approx(0, abs=1e-12)
    assert not cohen_kappa([[7, 0], [0, 0]]).has_interval


def test_kappa_covers_the_true_agreement():
    """2,000 seeded samples of 180 from a table with kappa (0.8 - 0.375) / 0.625 = 0.68."""
    p = np.array([0.4, 0.05, 0.05, 0.05, 0.2, 0.0, 0.05, 0.0, 0.2])
    grid = p.reshape(3, 3)
    expected = grid.sum(0) @ grid.sum(1)
    truth = (np.trace(grid) - expected) / (1 - expected)
    draws = np.random.default_rng(3).multinomial(180, p, size=2_000)
    found = [cohen_kappa(draw.reshape(3, 3)) for draw in draws]
    cover = np.mean([est.ci_lower <= truth <= est.ci_upper for est in found])
    assert cover == pytest.approx(0.95, abs=0.02)


def test_the_area_matches_scikit_learn_ties_included():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    high, low = rng.integers(2, 9, 60), rng.integers(0, 7, 80)
    labels = np.r_[np.ones(60), np.zeros(80)]
    found = area_under_curve(high, low)
    assert found.value == pytest.approx(roc_auc_score(labels, np.r_[high, low]))
    assert found.ci_lower < found.value < found.ci_upper


def test_the_area_covers_the_truth():
    """Normal scores one apart: the area is Phi(1 / sqrt 2) = 0.7602; 1,000 seeded samples."""
    rng = np.random.default_rng(9)
    pairs = ((rng.normal(1, 1, 60), rng.normal(0, 1, 90)) for _ in range(1_000))
    found = [area_under_curve(high, low) for high, low in pairs]
    assert np.mean([e.ci_lower <= 0.76025 <= e.ci_upper for e in found]) == pytest.approx(
        0.95, abs=0.025
    )


def test_cases_of_their_own_are_delongs_and_repeated_cases_add_nothing():
    """Each case a cluster: DeLong's limits; every case twice in a cluster: the same limits."""
    rng = np.random.default_rng(11)
    high, low = rng.normal(1, 1, 30), rng.normal(0, 1, 40)
    plain = area_under_curve(high, low)
    alone = area_under_curve(high, low, clusters=(np.arange(30), 100 + np.arange(40)))
    twice = area_under_curve(
        np.repeat(high, 2), np.repeat(low, 2),
        clusters=(np.repeat(np.arange(30), 2), 100 + np.repeat(np.arange(40), 2)),
    )  # fmt: skip
    for found in (alone, twice):
        assert found.value == pytest.approx(plain.value)
        assert found.ci_lower == pytest.approx(plain.ci_lower)
        assert found.ci_upper == pytest.approx(plain.ci_upper)
    assert (plain.method, alone.method) == ("DeLong", "Obuchowski")


def test_a_clustered_area_worked_by_hand():
    """Positives 3, 1 of persons a, b; negatives 2, 0 of persons a, c.

    V of positives 1 and 1/2, of negatives 1/2 and 1, area 3/4. u = (1/4, -1/4, 0),
    w = (-1/4, 0, 1/4). var = 2 (2/16)/4 + 2 (2/16)/4 + 2 (3/2) (-1/16)/4 = 5/64, so the lower
    limit is 3/4 - 1.959964 sqrt(5)/8 = 0.202168.
    """
    found = area_under_curve([3, 1], [2, 0], clusters=(["a", "b"], ["a", "c"]))
    assert found.value == 0.75
    assert found.ci_lower == pytest.approx(0.75 - 1.9599639845 * 5**0.5 / 8)


def test_the_clustered_area_covers_the_truth_where_the_plain_one_does_not():
    """People with a level of their own write 1 to 5 texts of either kind; 600 seeded samples.

    Scores of a text: person N(0, 1) + N(0, 1/4), plus 1 if positive, so the area over texts of
    different people is Phi(1 / sqrt 2.5) = 0.7365; few pairs are within a person.
    """
    from scipy.stats import norm

    rng = np.random.default_rng(1997)
    truth, hits = norm.cdf(1 / 2.5**0.5), np.zeros(2)
    for _ in range(600):
        who = np.repeat(np.arange(80), rng.integers(1, 6, 80))
        positive = (rng.random(80) < 0.5)[who] ^ (rng.random(who.size) < 0.1)
        score = rng.normal(size=80)[who] + rng.normal(0, 0.5, who.size) + positive
        parts = score[positive], score[~positive]
        both = (
            area_under_curve(*parts, clusters=(who[positive], who[~positive])),
            area_under_curve(*parts),
        )
        hits += [found.ci_lower <= truth <= found.ci_upper for found in both]
    assert hits[0] / 600 > 0.925
    assert hits[1] / 600 < 0.85


def test_confusion_counts_pairs_in_the_order_asked_for():
    table = confusion(["a", "b", "a"], ["a", "a", "b"], labels=("a", "b"))
    assert table.tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cohen_kappa([[1, 2]]), "counts must be a square table, got shape (1, 2)"),
        (lambda: cohen_kappa([[0, 0], [0, 0]]), "counts must be 0 or more, with at least 1 case"),
        (lambda: area_under_curve([1, 2], [0, 1], clusters=([1], [2, 3])),
         "clusters must be as many as the cases, 2 and 2, got 1 and 2"),
        (lambda: area_under_curve([1, 2], [0, 1], clusters=([1, 1], [2, 3])),
         "clusters must be 2 or more of each kind, got 1 and 2"),
        (lambda: area_under_curve([1], [0, 1]),
         "an area under the curve needs 2 cases of each kind, got 1 and 2"),
        (lambda: confusion(["x"], ["a"], labels=("a", "b")),
         "label must be one of a, b, got 'x' and 'a'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
