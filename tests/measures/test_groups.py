"""cxlib.measures.groups, league and representativity: families, margins, ranks, who answered."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import f_oneway

from cxlib.data.source import duckdb_source
from cxlib.data.summaries import score_counts
from cxlib.errors import InputError
from cxlib.measures.distribution import mean_and_variance
from cxlib.measures.groups import consistency, group_differences
from cxlib.measures.league import league
from cxlib.measures.representativity import representativity, weighting_change
from cxlib.measures.survey import csat_mean, nps, nps_difference
from cxlib.measures.survey_sample import Population, sample_from, survey_sample
from cxlib.stats.means import mean_difference, t_quantile
from cxlib.stats.multiplicity import holm

WINDOW = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}


def source_of(**columns):
    n = len(columns["nps"])
    frame = {
        "customer_id": [f"C{k}" for k in range(n)], "touchpoint": ["visit"] * n,
        "csat": columns["nps"], "answered_at": [pd.Timestamp(2025, 8, 1)] * n, **columns,
    }  # fmt: skip
    return duckdb_source(pd.DataFrame(frame), table="answers")


def sample_of(by, *, metric="nps", **columns):
    kept = {"metric": metric, "window": WINDOW, "adjustment": "none", "by": by}
    return survey_sample(source_of(**columns), **kept)


def three_groups(seed, shifts, *, n=200, repeats=1):
    """Return answers 0-10 of three groups; with repeats, every customer is in all three."""
    rng = np.random.default_rng(seed)
    person = np.repeat(rng.normal(0, 1.5, (n, 1)), 3, axis=1) if repeats > 1 else 0
    scores = np.clip(np.rint(7.5 + np.array(shifts) + person + rng.normal(0, 1.5, (n, 3))), 0, 10)
    customer = np.arange(n)[:, None].repeat(3, 1) if repeats > 1 else np.arange(3 * n).reshape(n, 3)
    return {
        "nps": scores.astype(int).ravel(), "channel": ["a", "b", "c"] * n,
        "customer_id": [f"C{k}" for k in customer.ravel()],
    }  # fmt: skip


def test_differences_of_separate_customers_are_those_of_two_independent_groups():
    """measures.survey.nps_difference: same value, same centre; t for z widens by 1 %."""
    columns = three_groups(1, (0, 0.5, 1))
    found = group_differences(sample_of(["channel"], **columns), confidence_level=0.95)
    groups = {s.group[0]: s for s in nps(score_counts(source_of(**columns), score="nps",
                                                      by=["channel"]), by=["channel"])}  # fmt: skip
    raw = []
    for pair in found:
        known = nps_difference(
            groups[pair.first[0]], groups[pair.second[0]],
            confidence_level=pair.estimate.confidence_level,
        )  # fmt: skip
        assert pair.estimate.value == pytest.approx(known.value)
        assert pair.estimate.ci_lower == pytest.approx(known.ci_lower, abs=0.4)
        assert pair.estimate.ci_upper == pytest.approx(known.ci_upper, abs=0.4)
        raw.append(known.p_value)
    assert [pair.estimate.p_value for pair in found] == pytest.approx(holm(raw), abs=0.01)


def test_means_too_are_those_of_two_independent_groups():
    """Welch on the same answers, 1-5: the clustered error differs by n/(n-1) only."""
    columns = three_groups(2, (0, 0.2, 0.4))
    columns["nps"] = np.clip(columns["nps"] - 4, 1, 5)
    found = group_differences(sample_of(["channel"], metric="csat", **columns))
    counts = score_counts(source_of(**columns), score="csat", by=["channel"])
    one, two, _ = csat_mean(counts, by=["channel"])
    moments = [x for score in (one, two)
               for x in (score.shown.n_obs, *mean_and_variance(score.distribution))]  # fmt: skip
    known = mean_difference(*moments, confidence_level=found[0].estimate.confidence_level)
    assert found[0].estimate.ci_lower == pytest.approx(known.ci_lower, rel=0.01)


def test_customers_in_both_groups_narrow_the_difference():
    """Half of the spread is the customer's own and leaves the difference."""
    kept = sample_of(["channel"], **three_groups(3, (0, 0, 0), repeats=3))
    apart = sample_of(["channel"], **three_groups(3, (0, 0, 0)))
    one, other = (group_differences(s)[0].estimate for s in (kept, apart))
    ratio = (one.ci_upper - one.ci_lower) / (other.ci_upper - other.ci_lower)
    assert 0.6 < ratio < 1.05
    naive = nps(score_counts(source_of(**three_groups(3, (0, 0, 0), repeats=3)), score="nps",
                             by=["channel"]), by=["channel"])  # fmt: skip
    independent = nps_difference(naive[0], naive[1], confidence_level=one.confidence_level)
    assert one.ci_upper - one.ci_lower < 0.9 * (independent.ci_upper - independent.ci_lower)


def test_interval_and_adjusted_p_value_always_agree():
    for seed in range(12):
        for pair in group_differences(sample_of(["channel"], **three_groups(seed, (0, 0.3, 0.6)))):
            assert pair.family == 3
            assert pair.estimate.excludes(0.0) == (pair.estimate.p_value <= 0.05)
            higher = "unclear"
            if pair.estimate.excludes(0.0):
                higher = "first" if pair.estimate.value > 0 else "second"
            assert pair.higher == higher


def pairs_of(customer, group, coded, names):
    """Write a cell_pairs frame by ``channel`` with numpy."""
    k = len(names)
    size, total = np.zeros((2, customer.max() + 1, k))
    np.add.at(size, (customer, group), 1.0)
    np.add.at(total, (customer, group), coded)
    a, b = (x.ravel() for x in np.indices((k, k)))
    squares = np.bincount(group, weights=coded**2, minlength=k)
    return pd.DataFrame(
        {
            "channel": np.array(names)[a], "other_channel": np.array(names)[b],
            "n": size.sum(axis=0)[a], "total": total.sum(axis=0)[a], "squares": squares[a],
            "tt": (total.T @ total)[a, b], "tm": (total.T @ size)[a, b],
            "mm": (size.T @ size)[a, b], "n_clusters": len(np.unique(customer)),
        }
    )  # fmt: skip


def made_sample(customer, group, coded, names):
    return sample_from(
        pairs_of(customer, group, coded, names), metric="nps", statistic="nps",
        adjustment="none", by=["channel"],
    )  # fmt: skip


def repeated_waves(n_waves, shifts, *, seed, customers=250):
    """Waves where each customer answers in several of the groups, half of the spread shared."""
    rng = np.random.default_rng(seed)
    for _ in range(n_waves):
        customer = np.repeat(np.arange(customers), rng.integers(1, 5, customers))
        group = rng.integers(0, len(shifts), len(customer))
        latent = np.array(shifts)[group] + np.sqrt(0.5) * (
            rng.normal(size=customers)[customer] + rng.normal(size=len(customer))
        )
        yield customer, group, np.where(latent > 0.4, 1.0, np.where(latent < -0.4, -1.0, 0.0))


def test_no_difference_is_found_in_equal_groups_in_95_of_100_waves():
    """Family-wise error over 300 waves of three equal groups: 5 % nominal, at most 8 % allowed."""
    alarms = [
        any(p.higher != "unclear" for p in group_differences(made_sample(*wave, ["a", "b", "c"])))
        for wave in repeated_waves(300, (0, 0, 0), seed=9)
    ]
    assert np.mean(alarms) <= 0.08


def test_channels_are_called_consistent_only_inside_the_margin():
    """The same answers: alike within 20 points, and within 2 points nobody can tell."""
    columns = three_groups(5, (0, 0, 0), n=900)
    sample = sample_of(["channel"], **columns)
    wide, narrow = consistency(sample, margin=20), consistency(sample, margin=2)
    assert (wide.verdict, set(wide.verdicts)) == ("equivalent", {"equivalent"})
    assert narrow.verdict == "cannot_tell"
    worst = wide.differences[wide.worst].estimate
    reach = [max(-d.estimate.ci_lower, d.estimate.ci_upper) for d in wide.differences]
    assert max(-worst.ci_lower, worst.ci_upper) == max(reach)


def test_one_channel_far_off_makes_the_journey_inconsistent():
    found = consistency(sample_of(["channel"], **three_groups(6, (0, 0, 3))), margin=5)
    assert found.verdict == "different"
    assert found.verdicts[0] != "different"


def test_a_difference_that_is_not_significant_is_not_consistency():
    """60 answers a channel: no pair differs for certain, and no pair is shown alike."""
    sample = sample_of(["channel"], **three_groups(7, (0, 0, 0), n=60))
    assert {pair.higher for pair in group_differences(sample)} == {"unclear"}
    assert consistency(sample, margin=5).verdict == "cannot_tell"


def test_channels_just_as_far_apart_as_the_margin_are_seldom_called_consistent():
    """True difference equal to the margin: at most 5 % of 200 waves may pass; 90 % intervals."""
    shifts = (0.0, 0.15)
    margin = 100 * float(np.diff([ndtr(s - 0.4) - ndtr(-0.4 - s) for s in shifts]).item())
    passed = [
        consistency(
            made_sample(*wave, ["a", "b"]), margin=margin, confidence_level=0.9
        ).verdict == "equivalent"
        for wave in repeated_waves(200, shifts, seed=10, customers=2500)
    ]  # fmt: skip
    assert np.mean(passed) <= 0.09


def test_too_few_groups_and_impossible_margins_are_refused():
    sample = sample_of(["channel"], **three_groups(8, (0, 0, 0), n=20))
    with pytest.raises(InputError) as error:
        group_differences(sample)
    assert str(error.value) == (
        "a comparison needs at least 2 groups with 30 answers, got 0 of 3; widen the period or "
        "merge groups"
    )
    with pytest.raises(InputError, match="margin must be above 0, got 0"):
        consistency(sample, margin=0, minimum_cell=5)


def stores(seed, levels, *, n=150, mix=None):
    """Answers of stores, each at its level; with a mix, touchpoint "hard" scores 3 lower."""
    rng = np.random.default_rng(seed)
    k = len(levels)
    store = np.repeat(np.arange(k), n)
    hard = rng.random(k * n) < (np.array(mix)[store] if mix is not None else 0.3)
    score = 8 + np.array(levels)[store] - 3 * hard + rng.normal(0, 1.5, k * n)
    return {
        "nps": np.clip(np.rint(score), 0, 10).astype(int),
        "store": [f"S{s:02d}" for s in store],
        "touchpoint": np.where(hard, "hard", "easy").tolist(),
    }


def test_a_store_with_a_harder_mix_is_not_ranked_down_for_it():
    """Equal stores; S00 does 80 % hard contacts, the rest 20 %: plain score far below, adjusted
    score within its interval of the rest."""
    columns = stores(1, [0.0] * 8, mix=[0.8] + [0.2] * 7)
    found = league(sample_of(["store", "touchpoint"], **columns), seed=1)
    entry = next(entry for entry in found.entries if entry.unit == "S00")
    others = [e.score for e in found.entries if e.unit != "S00"]
    assert entry.score < min(others) - 20
    assert entry.adjusted.ci_lower < found.overall < entry.adjusted.ci_upper
    assert (entry.rank_lower, entry.rank_upper) == (1, 8)
    assert entry.place == "inside"
    plain = league(sample_of(["store"], **columns), seed=1)
    assert plain.entries[-1].unit == "S00"
    assert plain.entries[-1].place == "far_outside"


def test_adjusted_scores_average_to_the_overall_score():
    """Distances from what the mix gives add up to nothing over all answers."""
    found = league(sample_of(["store", "touchpoint"], **stores(2, [0, 0.4, -0.3, 0.1])), seed=1)
    weights = [e.adjusted.n_obs for e in found.entries]
    assert np.average([e.adjusted.value for e in found.entries], weights=weights) == pytest.approx(
        found.overall
    )


def test_clear_first_and_last_stores_get_ranks_of_their_own():
    found = league(sample_of(["store"], **stores(3, [2, 0, 0, 0, -3], n=300)), seed=1)
    assert (found.entries[0].rank_lower, found.entries[0].rank_upper) == (1, 1)
    assert (found.entries[-1].rank_lower, found.entries[-1].rank_upper) == (5, 5)
    assert {(e.rank_lower, e.rank_upper) for e in found.entries[1:-1]} == {(2, 4)}
    assert found.spread_p < 1e-6


def test_the_funnel_is_the_overall_score_and_the_spread_of_one_answer_over_root_n():
    """Plain league of separate customers: answer_sd² is the variance within stores, and a store
    is itself 150 of the 900 answers it is held against."""
    columns = stores(4, [0] * 6)
    found = league(sample_of(["store"], **columns), seed=1)
    frame = pd.DataFrame(columns)
    coded = 100.0 * ((frame["nps"] >= 9).astype(int) - (frame["nps"] <= 6).astype(int))
    within = coded.groupby(frame["store"]).var(ddof=1).mean()
    assert found.answer_sd == pytest.approx(np.sqrt(within), rel=0.002)
    low, high = found.limits(150, 0.95)
    reach = 1.96 * found.answer_sd * np.sqrt(1 / 150 - 1 / 900)
    assert high - found.overall == pytest.approx(reach, rel=1e-3)
    assert found.limits(900, 0.95) == (found.overall, found.overall)
    assert found.limits(1, 0.998) == (-100, 100)
    assert low < found.overall


def test_equal_stores_hold_their_joint_ranks_in_95_of_100_leagues():
    """All stores alike: an interval that is not 1-8 is a false alarm; at most 8 % of 150 leagues.
    Outside the 95 % limits falls about the number that chance expects."""
    rng = np.random.default_rng(12)
    alarms, outside = [], []
    for wave in range(150):
        customer = rng.integers(0, 900, 1200)
        store = rng.integers(0, 8, 1200)
        latent = np.sqrt(0.4) * rng.normal(size=900)[customer] + rng.normal(size=1200)
        coded = np.where(latent > 0.4, 1.0, np.where(latent < -0.4, -1.0, 0.0))
        sample = made_sample(customer, store, coded, [f"S{k}" for k in range(8)])
        found = league(sample, seed=wave, n_draws=1000)
        alarms.append(any((e.rank_lower, e.rank_upper) != (1, 8) for e in found.entries))
        outside.append(sum(e.place != "inside" for e in found.entries))
    assert np.mean(alarms) <= 0.08
    assert np.mean(outside) == pytest.approx(found.expected_outside, abs=0.2)


@pytest.mark.parametrize("shifts", [[0] * 6, [0.5, 0, 0], [0, 0.2, -0.1, 0]])
def test_the_chance_of_the_spread_is_that_of_an_analysis_of_variance(shifts):
    """Stores of equal size and separate customers: scipy's f_oneway gives the same p-value."""
    columns = stores(7, shifts)
    found = league(sample_of(["store"], **columns), seed=1)
    frame = pd.DataFrame(columns)
    coded = (frame["nps"] >= 9).astype(int) - (frame["nps"] <= 6).astype(int)
    p_value = f_oneway(*(part for _, part in coded.groupby(frame["store"]))).pvalue
    assert found.spread_p == pytest.approx(p_value, rel=0.03, abs=1e-6)


def test_one_large_store_does_not_push_the_others_out_of_the_funnel():
    """Stores alike, of 1,000 and three times 60: 5 % outside, spread found in 5 % of 150 leagues.
    A funnel that took the overall score for known put 23 % outside and found a spread in 55 %."""
    rng = np.random.default_rng(21)
    store = np.repeat(np.arange(4), [1000, 60, 60, 60])
    outside, spread = [], []
    for wave in range(150):
        coded = rng.choice([-1.0, 0.0, 1.0], p=[0.25, 0.25, 0.5], size=len(store))
        sample = made_sample(np.arange(len(store)), store, coded, [f"S{k}" for k in range(4)])
        found = league(sample, seed=wave, n_draws=200)
        outside.append(np.mean([e.place != "inside" for e in found.entries]))
        spread.append(found.spread_p < 0.05)
    assert np.mean(outside) == pytest.approx(0.05, abs=0.03)
    assert np.mean(spread) <= 0.1  # P(more than 15 of 150 at 5 %) = 0.005


def test_ranks_of_many_small_stores_hold_jointly():
    """24 stores alike with 30 answers: 5 % of 80 leagues may say one stands above another; with
    each store's error taken for known, 13 % did."""
    rng = np.random.default_rng(22)
    store = np.repeat(np.arange(24), 30)
    names = [f"S{k:02}" for k in range(24)]
    alarms = []
    for wave in range(80):
        coded = rng.choice([-1.0, 0.0, 1.0], p=[0.25, 0.25, 0.5], size=len(store))
        sample = made_sample(np.arange(len(store)), store, coded, names)
        found = league(sample, seed=wave, n_draws=1000)
        alarms.append(any((e.rank_lower, e.rank_upper) != (1, 24) for e in found.entries))
    assert sum(alarms) <= 8  # P(more than 8 of 80 at 5 %) = 0.02


def test_small_stores_are_hidden_and_online_answers_have_no_rank():
    """S00's answers lose their store, S05 has 20: four stores are left."""
    columns = stores(5, [0] * 6)
    store = np.array(columns["store"], dtype=object)
    store[store == "S00"] = None
    store[np.flatnonzero(store == "S05")[20:]] = None
    found = league(sample_of(["store"], **{**columns, "store": store}), seed=1)
    assert found.hidden == ("S05",)
    assert sorted(entry.unit for entry in found.entries) == ["S01", "S02", "S03", "S04"]
    assert {entry.adjusted.n_obs for entry in found.entries} == {150}


def test_a_league_of_two_is_refused():
    with pytest.raises(InputError) as error:
        league(sample_of(["store"], **stores(6, [0, 0])), seed=1)
    assert str(error.value) == ("a league needs at least 3 stores with 30 answers, got 2 of 2")
    with pytest.raises(InputError, match="n_draws must be 200 or more, got 5"):
        league(sample_of(["store"], **stores(6, [0, 0, 0])), seed=1, n_draws=5)


def log_pairs(rates, *, n=400, seed=1):
    """Make the invitation log's pairs: groups of n invitations answered at the rates given, two
    to a customer, half of whom answer both or none."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(rates)), n)
    customer = rng.permutation(len(group)) // 2
    luck = np.where(rng.random(len(group)) < 0.5, rng.random(len(group))[customer],
                    rng.random(len(group)))  # fmt: skip
    done = (luck < np.array(rates)[group]).astype(float)
    return group, done, pairs_of(customer, group, done, ["member", "new", "returning"])


def test_shares_of_invited_and_answered_by_hand():
    group, done, pairs = log_pairs((0.5, 0.2, 0.3))
    found = representativity(pairs, margin="channel")
    done = np.bincount(group, weights=done)
    assert [row.category for row in found] == ["member", "new", "returning"]
    assert [row.answered_share for row in found] == pytest.approx((done / done.sum()).tolist())
    assert [row.invited_share for row in found] == pytest.approx([1 / 3] * 3)
    assert sum(row.difference.value for row in found) == pytest.approx(0)
    assert [row.difference.excludes(0.0) for row in found] == [
        row.difference.p_value <= 0.05 for row in found
    ]


def test_a_log_answered_alike_raises_no_alarm_in_95_of_100_seeds():
    alarms = [
        any(row.difference.excludes(0.0) for row in
            representativity(log_pairs((0.3, 0.3, 0.3), seed=seed, n=200)[2], margin="channel"))
        for seed in range(150)
    ]  # fmt: skip
    assert np.mean(alarms) <= 0.09


def test_the_error_of_a_share_is_the_spread_over_seeds():
    """500 seeds: the interval's half-width over its t is the standard deviation, within 8 %."""
    runs = [representativity(log_pairs((0.5, 0.2, 0.3), seed=seed, n=150)[2], margin="channel")[0]
            for seed in range(500)]  # fmt: skip
    stated = [
        (r.difference.ci_upper - r.difference.value)
        / t_quantile(r.difference.confidence_level, df=224)
        for r in runs
    ]
    spread = np.std([r.difference.value for r in runs], ddof=1)
    assert np.mean(stated) == pytest.approx(spread, rel=0.08)


def test_a_log_of_answers_only_and_small_categories():
    with pytest.raises(InputError) as error:
        representativity(log_pairs((1.0, 1.0, 1.0))[2], margin="channel")
    assert str(error.value) == (
        "representativity needs some answers and some silence, got 1200 answers to 1200 "
        "invitations; count the invitation log"
    )
    hidden = representativity(log_pairs((0.5, 0.4, 0.3))[2], margin="channel", minimum_cell=401)
    assert all(row.suppressed and row.invited is None for row in hidden)


def test_weighting_changes_nothing_where_answers_mirror_the_invited():
    rng = np.random.default_rng(3)
    source = source_of(nps=rng.integers(0, 11, 200), segment=["a", "b"] * 100)
    kept = {"metric": "nps", "window": WINDOW}
    for counts, moved in (({"a": 70, "b": 70}, False), ({"a": 10, "b": 90}, True)):
        people = Population(
            margins=("segment",), counts={"visit": {(s,): n for s, n in counts.items()}}
        )
        found = weighting_change(survey_sample(source, population=people, **kept))
        assert found.change.value == pytest.approx(found.weighted.value - found.unweighted.value)
        width = found.change.ci_upper - found.change.ci_lower
        if moved:
            assert (found.smallest_weight, found.largest_weight) == pytest.approx((0.2, 1.8))
            assert 0 < width < found.weighted.ci_upper - found.weighted.ci_lower
        else:
            assert found.change.value == pytest.approx(0, abs=1e-9)
    with pytest.raises(InputError, match="a change by weighting needs a sample without groups"):
        weighting_change(survey_sample(source, population=people, by=["segment"], **kept))
