"""cxlib.measures.cxi: golden index, exact covariance against the bootstrap, missing items."""

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.measures.cxi import ITEMS, cxi, cxi_index
from cxlib.measures.survey import nps_from_counts


def joint(rows):
    return pd.DataFrame(rows, columns=[*ITEMS, "n"])


def one(scores):
    (score,) = scores
    return score


def test_items_of_60_45_and_30_give_an_index_of_45():
    """domain.md A13."""
    assert cxi_index(60, 45, 30) == 45


def test_the_index_of_the_golden_items_from_counts():
    """100 people: 60 high needs, 45 high easy, 30 high enjoyable, all else 3: 60, 45, 30 -> 45."""
    score = one(cxi(joint([(5, 4, 4, 30), (4, 5, 3, 15), (4, 3, 3, 15), (3, 3, 3, 40)])))
    assert [e.value for e in (score.needs, score.easy, score.enjoyable)] == [60.0, 45.0, 30.0]
    assert (score.index.value, score.index.unit, score.n_label) == (45.0, "points", "100")


def test_three_equal_items_have_the_interval_of_one():
    """The added answers are those of the adjusted Wald NPS, so both agree to the last digit."""
    score = one(cxi(joint([(5, 5, 5, 50), (3, 3, 3, 30), (1, 1, 1, 20)])))
    single = nps_from_counts(50, 30, 20)
    assert (score.index.ci_lower, score.index.ci_upper) == pytest.approx(
        (single.ci_lower, single.ci_upper)
    )


def test_unanimous_answers_keep_a_width():
    index = one(cxi(joint([(5, 5, 5, 40)]))).index
    assert index.ci_lower < index.ci_upper == 100.0


def test_the_interval_agrees_with_resampling_respondents():
    """domain.md A13 asks for resampling: 4,000 seeded multinomial draws of the joint counts."""
    rows = [(5, 5, 4, 120), (5, 3, 2, 80), (2, 4, 3, 60), (1, 1, 2, 70), (3, 5, 5, 70)]
    n = np.array([r[3] for r in rows])
    person = np.array([np.mean([(v >= 4) - (v <= 2.0) for v in r[:3]]) for r in rows])
    draws = np.random.default_rng(31).multinomial(n.sum(), n / n.sum(), size=4_000)
    lower, upper = np.quantile(100 * draws @ person / n.sum(), [0.025, 0.975])
    index = one(cxi(joint(rows))).index
    assert (index.ci_lower, index.ci_upper) == pytest.approx((lower, upper), abs=0.6)


def test_missing_items_agree_with_resampling_too():
    """Each item has its own base; 4,000 seeded draws of the joint counts with their gaps."""
    nan = float("nan")
    rows = [(5, 5, nan, 120), (5, nan, 2, 80), (2, 4, 3, 60), (nan, 1, 2, 70), (3, 5, 5, 70)]
    n = np.array([r[3] for r in rows])
    signs = np.array([[(v >= 4) - (v <= 2.0) for v in r[:3]] for r in rows], dtype=float)
    known = ~np.isnan(np.array([r[:3] for r in rows]))
    draws = np.random.default_rng(32).multinomial(n.sum(), n / n.sum(), size=4_000)
    items = draws @ np.where(known, signs, 0.0) / (draws @ known)
    lower, upper = np.quantile(100 * items.mean(axis=1), [0.025, 0.975])
    score = one(cxi(joint(rows)))
    assert score.enjoyable.n_obs == 280
    assert score.index.n_obs == 400
    assert (score.index.ci_lower, score.index.ci_upper) == pytest.approx((lower, upper), abs=0.6)


def test_the_index_covers_its_true_value():
    """1,500 seeded surveys of 50 people from a joint population with index 10."""
    rows = [(5, 5, 5), (4, 3, 2), (3, 3, 3), (1, 2, 3)]
    p = np.array([0.3, 0.2, 0.2, 0.3])
    truth = 100 * float(p @ [1, 0, 0, -2 / 3])
    draws = np.random.default_rng(33).multinomial(50, p, size=1_500).tolist()
    surveys, weight = np.unique(draws, axis=0, return_counts=True)
    hits = [
        not one(cxi(joint([(*r, n) for r, n in zip(rows, s, strict=True)]))).index.excludes(truth)
        for s in surveys.tolist()
    ]
    assert np.average(hits, weights=weight) == pytest.approx(0.95, abs=0.02)


def test_a_score_counts_frame_is_read_and_small_groups_are_hidden():
    """The last item may be the column ``score``; 12 answers to it hide the group."""
    frame = pd.DataFrame(
        {
            "segment": ["new", "new", "member"],
            "cxi_needs": [5, 1, 4],
            "cxi_easy": [5, 2, 4],
            "score": [4, 1, None],
            "n": [40, 10, 12],
        }
    )
    shown, hidden = cxi(frame, by=("segment",), items=("cxi_needs", "cxi_easy", "score"))
    assert (shown.label, shown.index.value) == ("new", 60.0)
    assert (hidden.suppressed, hidden.index, hidden.needs, hidden.n_label) == (
        True,
        None,
        None,
        "<30",
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(6, 1, 1, 40)], "cxi_needs answers must be whole numbers from 1 to 5, got 6"),
        ([(5, 1, 1, -4)], "n must be 0 or more, got -4"),
    ],
)
def test_impossible_answers_are_named(rows, message):
    with pytest.raises(InputError) as caught:
        cxi(joint(rows))
    assert str(caught.value) == message


def test_an_absent_item_is_named_with_the_columns_there_are():
    with pytest.raises(InputError) as caught:
        cxi(joint([]).drop(columns="cxi_easy"))
    assert str(caught.value) == (
        "columns not found: ['cxi_easy']; the frame has ['cxi_needs', 'cxi_enjoyable', 'n']"
    )
