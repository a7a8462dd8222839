"""What goes with one more point: the truth of made-up customers comes back, and only that."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.measures.score_link import score_link

PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}


def world(seed, *, slope, confounded=0.0, customers=500, waves=4):
    """Customers with four answers each; an order within 90 days with a known chance per point."""
    draw = np.random.default_rng(seed)
    taste = draw.normal(0, 1, customers)
    score = np.clip(np.round(7 + 1.5 * taste[:, None] + draw.normal(0, 1.5, (customers, waves))),
                    0, 10)  # fmt: skip
    chance = 0.35 + slope * (score - 7) + confounded * taste[:, None]
    again = draw.random((customers, waves)) < np.clip(chance, 0, 1)
    start = pd.Timestamp("2024-01-10") + pd.to_timedelta(np.arange(waves) * 120, unit="D")
    who = np.repeat(np.arange(customers), waves).astype(str)
    said = np.tile(start, customers)
    answers = pd.DataFrame({"customer_id": who, "answered_at": said, "nps": score.ravel()})
    orders = pd.DataFrame(
        {
            "customer_id": who[again.ravel()],
            "ordered_at": said[again.ravel()]
            + pd.to_timedelta(draw.integers(1, 91, int(again.sum())), unit="D"),
        }
    )
    last = pd.DataFrame({"customer_id": ["z"], "ordered_at": [pd.Timestamp("2025-12-31")]})
    engine = duckdb.connect()
    return [
        duckdb_source(frame, table=name, connection=engine)
        for name, frame in (("answers", answers), ("orders", pd.concat([orders, last])))
    ]


def link(*args, **options):
    return score_link(*world(*args, **options), score="nps", precision=PRECISION)


def test_a_planted_slope_is_found_within_customers():
    found = link(1, slope=0.03)
    assert (found.basis, found.strength) == ("within", "shown")
    assert found.effect.ci_lower < 0.03 < found.effect.ci_upper
    assert found.effect.unit == "pp"


def test_customers_who_like_and_buy_more_do_not_pass_for_a_link_within_the_customer():
    """Taste moves score and orders of the same people; within a customer nothing is left."""
    effects = [link(seed, slope=0.0, confounded=0.15).effect.value for seed in range(8)]
    assert abs(np.mean(effects)) < 0.004
    across = link(3, slope=0.0, confounded=0.15, customers=90)
    assert across.basis == "overall"
    assert across.strength == "shown"  # between customers it would have passed for one


def test_no_link_is_called_about_once_in_twenty():
    """60 scores without any link to one set of orders: at most 8 calls (0.6 % chance of more)."""
    draw = np.random.default_rng(11)
    who = np.repeat(np.arange(150), 4).astype(str)
    said = np.tile(pd.Timestamp("2024-01-10") + pd.to_timedelta(np.arange(4) * 120, unit="D"), 150)
    again = draw.random(600) < 0.35
    orders = pd.DataFrame(
        {
            "customer_id": [*who[again], "z"],
            "ordered_at": [*(said[again] + pd.Timedelta(days=30)), pd.Timestamp("2025-12-31")],
        }
    )
    scores = {f"score{n}": draw.integers(0, 11, 600) for n in range(60)}
    answers = pd.DataFrame({"customer_id": who, "answered_at": said, **scores})
    engine = duckdb.connect()
    sources = [
        duckdb_source(frame, table=name, connection=engine)
        for name, frame in (("answers", answers), ("orders", orders))
    ]
    found = [score_link(*sources, score=name, precision=PRECISION) for name in scores]
    assert sum(item.strength == "shown" for item in found) <= 8


def test_the_interval_covers_the_planted_slope():
    """12 seeded worlds: at most 3 misses (0.2 % chance of more)."""
    effects = [link(1000 + seed, slope=0.02, customers=150).effect for seed in range(12)]
    assert sum(not effect.ci_lower <= 0.02 <= effect.ci_upper for effect in effects) <= 3


def test_few_customers_give_no_number():
    found = link(3, slope=0.03, customers=20)
    assert found.strength == "too_few"
    assert found.effect is None


def test_with_few_changed_scores_customers_are_held_against_one_another():
    found = link(4, slope=0.03, customers=60)
    assert found.basis == "overall"


def test_answers_without_ninety_known_days_after_them_are_left_out():
    """Trap 30: orders end 2025-12-31, so answers count up to 2025-10-02."""
    assert link(5, slope=0.0).end == date(2025, 10, 2)
    assert link(5, slope=0.0).rate == pytest.approx(0.35, abs=0.05)
