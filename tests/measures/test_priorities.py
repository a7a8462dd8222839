"""Priorities: one impact score by hand, both views, cuts by rule, coverage, full messages."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.errors import InputError
from cxlib.measures.priorities import touchpoint_priorities
from cxlib.measures.raters import RaterPanel, rater_panel
from cxlib.measures.weights import joint_counts, weigh_touchpoints

ANSWERS = ((5, 9, 30), (4, 8, 40), (3, 6, 30))
"""csat, nps, n: slope 100 NPS points for each point of satisfaction, mean 4."""


def counts(**touchpoints):
    rows = [(name, csat, nps, n) for name, cells in touchpoints.items() for csat, nps, n in cells]
    frame = pd.DataFrame(rows, columns=["touchpoint", "csat", "nps", "n"])
    return frame.astype({"csat": "Int64", "nps": "Int64"})


def rank(frame, meeting, *, customers=1_000, **more):
    return touchpoint_priorities(
        frame, customers_meeting=meeting, customers=customers, seed=1, **more
    )


def panel(**levels):
    rows = [[np.nan if level is None else level for level in each] for each in levels.values()]
    return RaterPanel(items=tuple(levels), levels=np.array(rows, dtype=float).T)


def test_impact_is_weight_times_headroom_by_hand():
    """Σ(x-4)(y) = 30*100 + 30*100 = 6000 over Σ(x-4)² = 60: 100; headroom 5 - 4 = 1."""
    found = rank(counts(delivery=ANSWERS), {"delivery": 300})
    (item,) = found.items
    assert (item.weight.value, item.headroom.value, item.impact.value) == (100, 1, 100)
    assert item.frequency.value == 0.3
    assert found.impact_cut == 100  # common weight 100, headroom at a rating of 4
    assert (found.basis, found.n_obs) == ("csat_nps", 100)


def test_checkout_comes_before_premium_unboxing():
    """The worked example: both have high impact; nearly all meet checkout, few the unboxing."""
    weak = ((5, 9, 20), (4, 8, 60), (2, 5, 120))
    found = rank(
        counts(checkout=weak, premium_unboxing=((5, 9, 15), (4, 8, 60), (2, 5, 125)),
               delivery=((5, 9, 150), (4, 8, 40), (2, 5, 10))),
        {"checkout": 900, "premium_unboxing": 40, "delivery": 500},
    )  # fmt: skip
    order = [item.touchpoint for item in found.items]
    assert order.index("checkout") < order.index("premium_unboxing")
    assert found.first.touchpoint == "checkout"
    assert found.first.frequency_place == "first"
    assert found.first.frequency_view.rank_upper == 1
    unboxing = found.named("premium_unboxing")
    assert unboxing.impact.value > found.first.impact.value
    assert unboxing.frequency_place == "for_some"


def test_both_views_rest_on_the_same_impact():
    """Equal impact, so difficulty alone decides one order and frequency alone the other."""
    found = rank(
        counts(a=ANSWERS, b=ANSWERS), {"a": 500, "b": 100},
        difficulty=panel(a=[4, 5, 4], b=[1, 2, 1]),
    )  # fmt: skip
    a, b = found.items
    assert a.touchpoint == "a"
    assert a.impact.value == b.impact.value
    assert [item.touchpoint for item in found.rated] == ["b", "a"]
    assert (a.difficulty_place, b.difficulty_place) == ("project", "quick_win")


def test_a_quick_win_is_refused_where_raters_stand_on_both_sides():
    frame = counts(a=ANSWERS, b=ANSWERS)
    meeting = {"a": 500, "b": 100}
    wide = rank(frame, meeting, difficulty=panel(a=[1, 4, 1], b=[2, 2, 3]))
    assert wide.named("a").difficulty_place == "contested"
    assert wide.named("b").difficulty_place == "quick_win"
    single = rank(frame, meeting, difficulty=panel(a=[1], b=[2]))
    assert single.named("a").difficulty_place == "one_view"
    assert single.agreement.absence == "one_rater"


def test_a_touchpoint_nobody_rated_has_no_place_in_the_difficulty_view():
    found = rank(
        counts(a=ANSWERS, b=ANSWERS), {"a": 500, "b": 100}, difficulty=panel(a=[2, 2], z=[1, 1])
    )
    assert found.named("b").difficulty_view is None
    assert [item.touchpoint for item in found.rated] == ["a"]
    other = rank(counts(a=ANSWERS), {"a": 500}, difficulty=panel(z=[1, 2]))
    assert other.rated == ()


@pytest.mark.parametrize(("met", "flips"), [(230, False), (219, True), (181, True), (170, False)])
def test_a_quadrant_flips_when_the_cut_moves_a_tenth_past_it(met, flips):
    """Often met is 0.20; moved a tenth it is 0.18 or 0.22. Impact stays twice its cut."""
    low = ((5, 9, 10), (3, 8, 10), (1, 5, 80))
    high = ((5, 9, 400), (3, 8, 10), (1, 5, 10))
    found = rank(counts(a=low, b=high), {"a": met, "b": 900})
    assert found.named("a").frequency_view.flips is flips


def test_the_cut_is_no_sample_mean():
    """A company whose every touchpoint is good has nothing over the line."""
    good = ((5, 9, 80), (4, 8, 15), (3, 6, 5))
    found = rank(counts(a=good, b=good, c=good), {"a": 500, "b": 400, "c": 300})
    assert {item.frequency_place for item in found.items} == {"keep"}


def test_one_score_alone_makes_the_headroom_the_impact():
    """Satisfaction alone: 5 - 4 = 1; recommendation alone: 100 - NPS, here 0."""
    only = counts(a=ANSWERS).assign(nps=pd.NA)
    csat = rank(only, {"a": 100})
    assert (csat.basis, csat.first.impact.value, csat.first.impact.unit) == ("csat", 1, "rating")
    nps = rank(counts(a=ANSWERS).assign(csat=pd.NA), {"a": 100})
    assert (nps.basis, nps.first.impact.value, nps.impact_cut) == ("nps", 100, 50)


def test_the_same_satisfaction_from_all_takes_the_common_weight():
    found = weigh_touchpoints(counts(a=ANSWERS, b=((4, 9, 40), (4, 3, 40))), seed=1, n_draws=200)
    assert found.weight.tolist() == [100, 100]
    assert not np.isnan(found.drawn_impact).any()


def test_few_answers_are_named_and_not_ranked():
    found = rank(counts(a=ANSWERS, b=((5, 9, 29),)), {"a": 10, "b": 10})
    assert found.too_few == ("b",)
    assert [item.touchpoint for item in found.items] == ["a"]


def test_missing_recommendation_counts_for_headroom_alone():
    """40 more answers of 1 without NPS lower the mean to (400 + 40) / 140, not the slope."""
    frame = counts(a=ANSWERS)
    more = pd.DataFrame({"touchpoint": ["a"], "csat": [1], "nps": [pd.NA], "n": [40]})
    found = rank(pd.concat([frame, more]).astype({"csat": "Int64", "nps": "Int64"}), {"a": 10})
    assert found.first.weight.value == 100
    assert found.first.headroom.value == pytest.approx(5 - 440 / 140)


def test_counts_come_from_the_engine_as_from_rows():
    """The slope of rows fitted by numpy, and the mean of the rows, with dates outside left out."""
    rng = np.random.default_rng(4)
    csat = rng.integers(1, 6, 400)
    nps = np.clip(2 * csat + rng.integers(-2, 3, 400), 0, 10)
    frame = pd.DataFrame({"touchpoint": "a", "csat": csat, "nps": nps,
                          "answered_at": pd.Timestamp(2025, 8, 1)})  # fmt: skip
    late = frame.assign(answered_at=pd.Timestamp(2026, 8, 1), csat=1)
    source = duckdb_source(pd.concat([frame, late]), table="answers")
    window = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}
    found = weigh_touchpoints(joint_counts(source, window=window), seed=1)
    points = 100.0 * ((nps >= 9) * 1 - (nps <= 6) * 1)
    assert found.weight[0] == pytest.approx(np.polyfit(csat, points, 1)[0])
    assert found.headroom[0] == pytest.approx(5 - csat.mean())


def test_rank_intervals_hold_the_true_ranks():
    """8 touchpoints, 200 answers each, true impact times frequency known; 150 seeds, 95 %."""
    rng = np.random.default_rng(21)
    share = np.linspace(0.1, 0.4, 8)
    base = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
    chances = [base ** (1 + 0.05 * k) / (base ** (1 + 0.05 * k)).sum() for k in range(8)]
    nps = np.array([2, 4, 7, 8, 10])
    points = 100.0 * ((nps >= 9) * 1 - (nps <= 6) * 1)

    def product(p, frequency):
        x = np.arange(1, 6)
        mean = p @ x
        slope = p @ ((x - mean) * points) / (p @ (x - mean) ** 2)
        return slope * (5 - mean) * frequency

    true = np.array([product(p, f) for p, f in zip(chances, share, strict=True)])
    ranks = (-true).argsort().argsort() + 1
    held = []
    for _ in range(150):
        drawn = {
            f"t{k}": tuple(
                (level + 1, int(nps[level]), int(n))
                for level, n in enumerate(rng.multinomial(200, chances[k])) if n
            )
            for k in range(8)
        }  # fmt: skip
        meeting = {f"t{k}": int(rng.binomial(1_000, share[k])) for k in range(8)}
        found = rank(counts(**drawn), meeting, n_draws=300)
        views = {item.touchpoint: item.frequency_view for item in found.items}
        held += [
            views[f"t{k}"].rank_lower <= ranks[k] <= views[f"t{k}"].rank_upper for k in range(8)
        ]
    assert np.mean(held) >= 0.95


def test_the_same_seed_gives_the_same_intervals():
    frame, meeting = counts(a=ANSWERS, b=ANSWERS), {"a": 5, "b": 9}
    assert rank(frame, meeting) == rank(frame, meeting)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"often": 1.0}, "often must lie between 0 and 1, got 1.0"),
        ({"hard": 5}, "hard must lie between 1 and 5, got 5"),
        ({"n_draws": 10}, "n_draws must be 200 or more, got 10"),
        ({"minimum_cell": 101}, "priorities need a touchpoint with 101 scored answers, got none"),
    ],
)
def test_what_cannot_be_ranked_is_refused(change, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        rank(counts(a=ANSWERS), {"a": 10}, **change)


def test_a_touchpoint_without_a_frequency_is_refused():
    message = "customers_meeting must name every touchpoint shown, absent: ['b']"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        rank(counts(a=ANSWERS, b=ANSWERS), {"a": 10})


def ratings(*rows):
    frame = pd.DataFrame(rows, columns=["rater", "touchpoint", "level"])
    return duckdb_source(frame, table="difficulty")


def test_a_panel_is_summarised_by_item():
    found = rater_panel(
        ratings(("R1", "a", 1), ("R2", "a", 4), ("R3", "a", 2), ("R1", "b", 5)), item="touchpoint"
    )
    a, b = found.summary()
    assert (a.n_raters, a.median, a.lowest, a.highest) == (3, 2, 1, 4)
    assert (b.n_raters, b.mean) == (1, 5)
    assert not np.isnan(found.drawn_means(seed=1, n_draws=200)).any()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("R1", "a", 1), ("R1", "a", 2)],
            "a rater must give one level for each touchpoint, got two for a",
        ),
        (
            [("R1", "a", 1), ("R1", "a", 1)],
            "a rater must give one level for each touchpoint, got two for a",
        ),
        ([("R1", "a", 6)], "levels must be 1 to 5, got 6 for a"),
    ],
)
def test_a_panel_that_breaks_the_contract_is_refused(rows, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        rater_panel(ratings(*rows), item="touchpoint")
