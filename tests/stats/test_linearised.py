"""cxlib.stats.linearised: R survey's errors, invariances, and what calibrating the weights does."""

import json
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.linearised import (
    Products,
    covariance,
    effective_answers,
    effective_clusters,
    spread,
    standard_error,
    weighted_mean,
)
from cxlib.stats.means import clustered_mean
from cxlib.stats.weighting import no_weights, post_stratify, rake

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "weighting.json").read_text(encoding="utf-8")
)
MARGINS = ("segment", "channel")
CELLS = sorted((segment, channel) for segment, channel, _ in REFERENCE["cells"])
PEOPLE = {(segment, channel): n for segment, channel, n in REFERENCE["cells"]}
CODED = np.array([(x >= 9) - (x <= 6) for x in REFERENCE["nps"]], dtype=float)


def products_of(customer, cell, answer, n_cells):
    """Sum customers' totals by cell, and their products, in plain numpy."""
    size, total = np.zeros((2, max(customer) + 1, n_cells))
    np.add.at(size, (customer, cell), 1.0)
    np.add.at(total, (customer, cell), answer)
    return Products(
        n=size.sum(axis=0),
        total=total.sum(axis=0),
        squares=np.bincount(cell, weights=np.square(answer), minlength=n_cells),
        tt=total.T @ total,
        tm=total.T @ size,
        mm=size.T @ size,
        n_clusters=int((size.sum(axis=1) > 0).sum()),
    )


@pytest.fixture(scope="module")
def sums():
    cells = list(zip(REFERENCE["segment"], REFERENCE["channel"], strict=True))
    place = np.array([CELLS.index(cell) for cell in cells])
    return products_of(np.array(REFERENCE["customer"]), place, CODED, len(CELLS))


@pytest.fixture(scope="module")
def counts(sums):
    return {cell: int(n) for cell, n in zip(CELLS, sums.n, strict=True)}


def made(sums, weights, members=None):
    return weighted_mean(
        sums,
        answer_weights=np.array(weights.values),
        members=np.ones(len(CELLS), bool) if members is None else members,
        design=weights.design,
    )


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("plain", lambda counts: no_weights(counts, margins=MARGINS)),
        (
            "post_stratification",
            lambda counts: post_stratify(counts, population=PEOPLE, margins=MARGINS),
        ),
        ("raking", lambda counts: rake(counts, population=PEOPLE, margins=MARGINS)),
    ],
)
def test_weighted_means_and_their_errors_are_those_of_r_survey(sums, counts, key, make):
    """svymean on the 135 answers of 60 customers in tests/reference/weighting.json."""
    found = made(sums, make(counts))
    assert found.value == pytest.approx(REFERENCE[key]["value"], rel=1e-9)
    assert standard_error(found, sums) == pytest.approx(REFERENCE[key]["standard_error"], rel=1e-9)


def test_groups_and_their_difference_share_customers_as_in_r_survey(sums, counts):
    """svycontrast of two ratios of totals: customers in both channels are in the covariance."""
    weights = rake(counts, population=PEOPLE, margins=MARGINS)
    inside = {name: np.array([cell[1] == name for cell in CELLS]) for name in ("offline", "online")}
    a, b = (made(sums, weights, inside[name]) for name in ("offline", "online"))
    for found, key in ((a, "offline"), (b, "online"), (a - b, "difference")):
        value, error = REFERENCE["domains"][key]
        assert found.value == pytest.approx(value, rel=1e-9)
        assert standard_error(found, sums) == pytest.approx(error, rel=1e-9)


def test_without_weights_it_is_the_clustered_mean(sums, counts):
    """stats.means.clustered_mean, itself checked against statsmodels."""
    found = made(sums, no_weights(counts, margins=MARGINS))
    customer = np.array(REFERENCE["customer"])
    size, total = np.bincount(customer), np.bincount(customer, weights=CODED)
    squares = float(((total - CODED.mean() * size) ** 2).sum())
    known = clustered_mean(60, n_obs=135, mean=CODED.mean(), squares=squares)
    assert (known.ci_upper - known.value) / 2.0010 == pytest.approx(
        standard_error(found, sums), rel=1e-4
    )


def test_the_order_of_cells_and_a_shift_of_the_scale_change_no_error(sums, counts):
    turned = np.arange(len(CELLS))[::-1]
    shifted = Products(
        n=sums.n,
        total=sums.total + 5 * sums.n,
        squares=sums.squares + 10 * sums.total + 25 * sums.n,
        tt=sums.tt + 5 * sums.tm + 5 * sums.tm.T + 25 * sums.mm,
        tm=sums.tm + 5 * sums.mm,
        mm=sums.mm,
        n_clusters=60,
    )
    weights = rake(counts, population=PEOPLE, margins=MARGINS)
    error = standard_error(made(sums, weights), sums)
    assert standard_error(made(shifted, weights), shifted) == pytest.approx(error)
    flipped = Products(
        n=sums.n[turned], total=sums.total[turned], squares=sums.squares[turned],
        tt=sums.tt[turned][:, turned], tm=sums.tm[turned][:, turned],
        mm=sums.mm[turned][:, turned], n_clusters=60,
    )  # fmt: skip
    found = weighted_mean(
        flipped,
        answer_weights=np.array(weights.values)[turned],
        members=np.ones(6, bool),
        design=weights.design[turned],
    )
    assert standard_error(found, flipped) == pytest.approx(error)


def test_a_group_covaries_with_itself_by_its_variance_and_scales(sums, counts):
    found = made(sums, no_weights(counts, margins=MARGINS))
    assert covariance(found, found.scaled(3.0), sums) == pytest.approx(
        3 * standard_error(found, sums) ** 2
    )


def test_effective_customers_are_at_most_the_customers():
    """Ten customers of one answer each and one of ten: (20)² / (10 + 100) = 3.6, not 11."""
    customer = np.r_[np.arange(10), np.full(10, 10)]
    found = products_of(customer, np.zeros(20, int), np.ones(20), 1)
    inside = {"answer_weights": np.ones(1), "members": np.ones(1, bool)}
    assert effective_clusters(found, **inside) == pytest.approx(400 / 110)
    assert spread(1.0, found, **inside) == (1.0, 0.0)


def test_the_effective_answers_of_a_unanimous_group_are_its_customers():
    kept = {"clusters": 7.5, "level": 0.95}
    assert effective_answers(30, answer_variance=0.0, squared_error=0.0, **kept) == 7.5
    assert effective_answers(30, answer_variance=1.0, squared_error=1e-6, **kept) == 30


def test_one_customer_or_an_empty_group_gives_no_error():
    with pytest.raises(InputError) as error:
        products_of(np.zeros(3, int), np.zeros(3, int), np.ones(3), 1)
    assert str(error.value) == ("an error between customers needs at least 2 customers, got 1")
    found = products_of(np.arange(4), np.zeros(4, int), np.ones(4), 2)
    with pytest.raises(InputError) as error:
        weighted_mean(
            found,
            answer_weights=np.ones(2),
            members=np.array([False, True]),
            design=np.ones((2, 1)),
        )
    assert str(error.value) == "a weighted mean needs at least 1 answer in its group, got 0"
