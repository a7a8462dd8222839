"""cxlib.stats.ordinal: a published example, scipy, clusters by simulation, and no spread at all."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import brunnermunzel

from cxlib.errors import InputError
from cxlib.stats.linearised import Products
from cxlib.stats.ordinal import chance_higher

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "ordinal.json").read_text())


def products(x, y, *, who_x=None, who_y=None):
    """Count answers per group and value, and their products over customers."""
    cells = sorted({(0, v) for v in x} | {(1, v) for v in y})
    who_x = range(len(x)) if who_x is None else who_x
    who_y = range(len(x), len(x) + len(y)) if who_y is None else who_y
    rows = [(who, (0, v)) for who, v in zip(who_x, x, strict=True)]
    rows += [(who, (1, v)) for who, v in zip(who_y, y, strict=True)]
    people = sorted({who for who, _ in rows})
    table = np.zeros((len(people), len(cells)))
    for who, cell in rows:
        table[people.index(who), cells.index(cell)] += 1
    mm, zero = table.T @ table, np.zeros((len(cells), len(cells)))
    n = table.sum(axis=0)
    sums = Products(
        n=n, total=0 * n, squares=0 * n, tt=zero, tm=zero, mm=mm, n_clusters=len(people)
    )
    return cells, sums


def compare(x, y, *, who_x=None, who_y=None, **options):
    cells, sums = products(x, y, who_x=who_x, who_y=who_y)
    return chance_higher(
        np.array([float(v) for _, v in cells]),
        sums,
        answer_weights=np.ones(len(cells)),
        first=np.array([group == 0 for group, _ in cells]),
        second=np.array([group == 1 for group, _ in cells]),
        design=np.ones((len(cells), 1)),
        **options,
    )


def test_the_published_pain_scores():
    """Brunner and Munzel (2000), table 1: the chance, its interval and p, from lawstat in R."""
    case = KNOWN["pain_scores"]
    found = compare(case["treated"], case["control"])
    assert found.value == pytest.approx(case["estimate"], abs=1e-6)
    assert (found.ci_lower, found.ci_upper) == pytest.approx(case["interval"], abs=1e-6)
    assert found.p_value == pytest.approx(case["p_value"], abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_one_answer_a_customer_is_scipys_test(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 6, rng.integers(5, 80)).tolist()
    y = np.minimum(rng.integers(1, 7, rng.integers(5, 80)), 5).tolist()
    assert compare(x, y).p_value == pytest.approx(brunnermunzel(x, y).pvalue, rel=1e-9)


def test_turning_the_groups_round_turns_the_chance_round():
    x, y = [1, 3, 3, 5, 4, 2], [2, 2, 3, 1, 1, 4, 2]
    one, other = compare(x, y), compare(y, x)
    assert one.value == pytest.approx(1 - other.value)
    assert one.ci_lower == pytest.approx(1 - other.ci_upper)
    assert one.p_value == pytest.approx(other.p_value)


def test_only_the_order_of_answers_counts():
    """Any stretch of the scale that keeps the order changes nothing; a mean would change sign."""
    x, y = [1, 1, 5, 5, 5, 2], [2, 3, 3, 4, 2, 3]
    assert compare(x, y) == compare([v**3 for v in x], [v**3 for v in y])


def test_copies_of_a_customers_answer_add_no_certainty():
    rng = np.random.default_rng(1)
    x, y = rng.integers(1, 6, 40), rng.integers(1, 6, 50)
    once = compare(x.tolist(), y.tolist())
    many = compare(
        np.repeat(x, 5).tolist(), np.repeat(y, 5).tolist(),
        who_x=np.repeat(np.arange(40), 5), who_y=np.repeat(np.arange(40, 90), 5),
    )  # fmt: skip
    assert (many.ci_lower, many.ci_upper) == pytest.approx((once.ci_lower, once.ci_upper))
    assert many.n_obs == 5 * once.n_obs


def test_the_interval_covers_when_customers_answer_in_both_groups():
    """400 seeded surveys of 90 customers with a habit of their own; equal groups, truth 0.5."""
    rng, hits = np.random.default_rng(3), []
    for _ in range(400):
        habit = rng.normal(0, 1, 90)
        both = [np.clip(np.rint(3 + habit + rng.normal(0, 0.7, 90)), 1, 5) for _ in range(2)]
        twice = np.clip(np.rint(3 + habit[:45] + rng.normal(0, 0.7, 45)), 1, 5)
        found = compare(
            [*both[0], *twice], both[1].tolist(),
            who_x=[*range(90), *range(45)], who_y=list(range(90)),
        )  # fmt: skip
        hits.append(found.ci_lower <= 0.5 <= found.ci_upper)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)


@pytest.mark.parametrize(
    ("x", "y", "value"), [([5] * 40, [1] * 60, 1.0), ([3] * 40, [3] * 60, 0.5)]
)
def test_groups_without_spread_keep_a_width(x, y, value):
    found = compare(x, y)
    assert found.value == value
    assert 0 <= found.ci_lower < found.ci_upper <= 1
    assert found.excludes(0.5) == (value == 1)


def test_a_group_of_one_customer_is_refused():
    with pytest.raises(InputError) as caught:
        compare([5, 4], [1, 2, 3], who_x=[0, 0], who_y=[1, 2, 3])
    assert str(caught.value) == "an ordinal comparison needs 2 customers in each group, got 1"
