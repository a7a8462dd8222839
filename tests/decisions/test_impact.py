"""cxlib.decisions.impact: grades by design, the planted truth of the sample, errors."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.decisions.impact import CHECK_P_VALUE, review_initiative
from cxlib.decisions.picked import review_picked_units
from cxlib.errors import InputError
from cxlib.stats.event_study import event_study
from cxlib.stats.panel import read_panel

START = date(2026, 1, 1)
PICK = date(2025, 10, 1)
SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home"


def chain(seed, *, effect=0.02, drift=0.0, treated=8, stores=24, months=18):
    """A store chain with season and trend; the treated may drift apart before the start."""
    rng = np.random.default_rng(seed)
    month = np.arange(months)
    ours = (np.arange(stores) < treated)[:, None]
    rate = 0.05 + 0.004 * np.sin(month / 2) + 0.0003 * month + rng.normal(0, 0.004, (stores, 1))
    rate = rate + rng.normal(0, 0.002, (stores, months)) + drift * month * ours
    rate = rate + effect * ours * (month >= months - 6)
    first = pd.Timestamp(START) - pd.DateOffset(months=months - 6)
    return read_panel(
        pd.DataFrame(
            {
                "store": np.repeat([f"S{i:02d}" for i in range(stores)], months),
                "month": np.tile(pd.date_range(first, periods=months, freq="MS"), stores),
                "treated": np.repeat(ours[:, 0].astype(int), months),
                "enquiries": 1_000,
                "sales": rng.binomial(1_000, np.clip(rate, 0, 1)).ravel(),
            }
        )
    )


def review(panel, **options):
    options = {"actions": ("promise",), "n_permutations": 199, **options}
    return review_initiative(panel, start=START, **options)


def passed(impact):
    return {check.key: check.passed for check in impact.checks}


def test_a_design_that_passes_its_checks_is_graded_b_and_holds_the_truth():
    found = review(chain(1))
    assert (found.grade, found.reason) == ("B", "checks_passed")
    assert found.effect.ci_lower <= 0.02 <= found.effect.ci_upper
    assert found.before_after.value > found.effect.value
    assert all(passed(found).values())
    assert (len(found.series), len(found.gaps)) == (36, 18)


def test_groups_that_drifted_apart_before_are_adjusted_and_graded_c():
    """Drift +0.15 pp a month on top of +2.0 pp: the plain comparison would claim about 3.4 pp."""
    found = review(chain(2, drift=0.0015))
    assert (found.grade, found.reason) == ("C", "trend_adjusted")
    assert passed(found)["trend_before"] is False
    assert found.effect.ci_lower <= 0.02 <= found.effect.ci_upper
    assert "own trend" in found.effect.method


def test_without_comparison_units_nothing_is_separated():
    found = review(chain(3, treated=8, stores=8))
    assert (found.grade, found.reason) == ("D", "no_comparison")
    assert found.effect == found.before_after
    assert found.rel_effect is None
    assert found.levels.comparison_after is None


def test_three_treated_units_are_too_few_for_b():
    found = review(chain(4, treated=3))
    assert (found.grade, found.reason) == ("C", "few_units")


def test_a_history_too_short_to_test_the_trend_is_not_taken_as_passed():
    found = review(chain(5, months=8))
    assert passed(found)["trend_before"] is None
    assert (found.grade, found.reason) == ("C", "trend_untested")


def test_units_picked_for_low_scores_are_graded_d():
    found = review(chain(6), picked_for_low_scores=True)
    assert (found.grade, found.reason) == ("D", "picked_for_low_scores")


def test_several_actions_are_one_package():
    """The package's grade stands; credit to one action is refused."""
    found = review(chain(1), actions=("team", "training", "faq"))
    assert found.grade == "B"
    assert not found.separable
    assert passed(found)["actions_separable"] is False


def test_levels_are_pooled_ratios():
    found = review(chain(1)).levels
    gain = found.treated_after - found.treated_before
    drift = found.comparison_after - found.comparison_before
    assert gain - drift == pytest.approx(0.02, abs=0.004)


def redrawn(rng, *, drift=0.0):
    """The chain of `chain`, drawn anew without the frame: 24 stores, 18 months."""
    first, month, ours = chain(0), np.arange(18), (np.arange(24) < 8)[:, None]
    while True:
        rate = 0.05 + 0.004 * np.sin(month / 2) + 0.0003 * month + rng.normal(0, 0.004, (24, 1))
        rate = rate + rng.normal(0, 0.002, (24, 18)) + ours * (drift * month + 0.02 * (month >= 12))
        yield replace(first, numerator=rng.binomial(1_000, rate).ravel().astype(float))


def checks_before(panel):
    """The p-values of the two checks that can grade a sound design down by chance."""
    found = event_study(panel, start=START, n_permutations=199)
    return found.slope_difference.p_value, found.joint_p_value


def test_a_sound_design_is_seldom_graded_down_by_chance():
    """200 seeded chains: each check fails in 5 % (SE 1.5 %); together they take B from 5 to 10 %.

    The share graded B lies inside 99 % binomial limits of that. Checks at 10 % or never failing
    would break the limits, and a drift that adds half the effect again is let through in few.
    """
    panels = redrawn(np.random.default_rng(77))
    p_values = np.array([checks_before(next(panels)) for _ in range(200)])
    failed = p_values < CHECK_P_VALUE
    assert failed.mean(axis=0) == pytest.approx(0.05, abs=0.04)
    assert 0.90 - 0.054 <= np.mean(~failed.any(axis=1)) <= 0.95 + 0.04
    drifting = redrawn(np.random.default_rng(78), drift=0.0012)
    caught = [min(checks_before(next(drifting))) < CHECK_P_VALUE for _ in range(25)]
    assert np.mean(caught) > 0.9


def test_the_grade_follows_from_the_two_checks():
    """On 40 chains, among them some that fail by chance, B stands exactly where both passed."""
    panels = redrawn(np.random.default_rng(77))
    for panel in (next(panels) for _ in range(40)):
        found = review(panel, n_permutations=99)
        both = {check.key: check.p_value for check in found.checks}
        passing = min(both["trend_before"], both["gaps_before"]) >= CHECK_P_VALUE
        assert (found.grade == "B") == passing


def sample_panel(**options):
    table = pd.read_csv(SAMPLE / "data" / "store_panel.csv")
    stores = pd.read_csv(SAMPLE / "data" / "stores.csv").set_index("store")
    table["picked"] = table["store"].map(stores["coaching"])
    table["ratings"] = (table["csat_mean"] * table["csat_n"]).fillna(0)
    return read_panel(table, **options)


def test_the_sample_s_reply_promise_is_recovered():
    """Planted: +40 % relative on about 5 %; see truth.json."""
    planted = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["planted"]
    assert planted["review_start"] == "2026-01-01"
    found = review(sample_panel(), actions=("team", "training", "faq"))
    assert found.grade == "B"
    assert found.rel_effect.ci_lower <= 0.40 <= found.rel_effect.ci_upper
    assert found.effect.ci_lower <= 0.02 <= found.effect.ci_upper
    assert found.before_after.value > found.effect.value


def test_the_sample_s_coaching_is_not_told_from_regression_to_the_mean():
    """Planted: no effect; the six stores with the lowest CSAT of 2025Q4 recover by themselves."""
    panel = sample_panel(
        treated="picked", numerator="ratings", denominator="csat_n", measured_in="rating"
    )
    found = review_picked_units(panel, start=START, pick_start=PICK)
    assert (found.grade, found.reason) == ("D", "regression_to_mean")
    assert found.regression.observed.ci_lower > 0
    assert not found.regression.remaining.excludes(0)
    assert found.regression.n_picked == 6
    assert 0 < found.reliability.share < 1
    assert len(found.units) == 24


def picked_means(rng):
    """Monthly means of 24 stores that differ for good and by luck, and the 6 lowest of the pick."""
    mean = rng.normal(4, 0.15, (24, 1)) + rng.normal(0, 0.15, (24, 18))
    order = np.argsort(mean[:, 9:12].mean(axis=1))
    return mean, np.isin(np.arange(24), order[:6])


def picked_chain(seed, *, gain):
    """24 stores, 40 ratings a month, the 6 lowest of the pick period treated with a true gain."""
    mean, chosen = picked_means(np.random.default_rng(seed))
    mean[:, 12:] += gain * chosen[:, None]
    return read_panel(
        pd.DataFrame(
            {
                "store": np.repeat([f"S{i:02d}" for i in range(24)], 18),
                "month": np.tile(pd.date_range("2025-01-01", periods=18, freq="MS"), 24),
                "treated": np.repeat(chosen.astype(int), 18),
                "enquiries": 40,
                "sales": (mean * 40).ravel(),
            }
        ),
        measured_in="rating",
    )


def test_a_true_gain_of_picked_units_is_graded_c():
    found = review_picked_units(picked_chain(1, gain=0.6), start=START, pick_start=PICK)
    assert (found.grade, found.reason) == ("C", "remains_after_regression")
    rest = found.regression.remaining
    assert rest.ci_lower <= 0.6 <= rest.ci_upper


def test_picked_units_without_gain_seldom_pass():
    """2,000 seeded chains: the rest excludes 0 in 5 % (SE 0.5 %), yet about 90 % "gain".

    Twice the rate would lie far outside, as the last assertion shows.
    """
    rng = np.random.default_rng(61)
    first = picked_chain(0, gain=0)
    found = []
    for _ in range(2_000):
        mean, chosen = picked_means(rng)
        panel = replace(first, treated=tuple(chosen.tolist()), numerator=(mean * 40).ravel())
        found.append(review_picked_units(panel, start=START, pick_start=PICK).regression)
    passing = np.mean([item.remaining.excludes(0) for item in found])
    assert passing == pytest.approx(0.05, abs=0.015)
    assert 0.85 < np.mean([item.observed.value > 0 for item in found]) < 0.95
    assert np.mean([item.remaining.p_value < 0.10 for item in found]) > 0.065


def test_a_refusal_names_the_rule_and_the_value():
    with pytest.raises(InputError) as caught:
        review(chain(1), actions=())
    assert str(caught.value) == "an initiative needs at least 1 action, got none"
    with pytest.raises(InputError) as caught:
        review_picked_units(chain(1), start=START, pick_start=START)
    assert str(caught.value) == (
        "pick_start must be from 2025-01-01 up to before 2026-01-01, got 2026-01-01"
    )
