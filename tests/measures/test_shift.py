"""A total against its groups: the parts add up, and their intervals hold the truth."""

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.measures.shift import nps_shift


def counts(**groups):
    """score_counts with promoters (10), passives (7) and detractors (0) per channel."""
    return pd.DataFrame(
        [
            {"channel": name, "score": score, "n": n}
            for name, bands in groups.items()
            for score, n in zip((10, 7, 0), bands, strict=True)
            if n
        ]
    )


def test_every_group_up_and_the_total_down_is_split_into_rate_and_mix():
    """By hand: 40 to 41 and 0 to 1 with shares half and half, then 1 to 3.

    Total 20 to 11, change -9; rate 1 x (0.375 + 0.625) = 1, mix -10.
    """
    before = counts(store=(700, 0, 300), web=(500, 0, 500))
    after = counts(store=(352, 1, 147), web=(750, 15, 735))
    shift = nps_shift(before, after, by="channel")
    assert [g.change.value for g in shift.groups] == pytest.approx([1.0, 1.0])
    assert shift.change.value == pytest.approx(-9.0)
    assert shift.rate_effect.value == pytest.approx(1.0)
    assert shift.mix_effect.value == pytest.approx(-10.0)
    assert shift.mix.reversed_by_mix
    assert shift.alarm == "reversed"


def test_one_group_against_the_others_does_not_silence_the_alarm():
    """By hand: store 40 to 39.8, web 0 to 4, shares half and half, then 1 to 3.

    Rate -0.2 x 0.375 + 4 x 0.625 = 2.425; mix (1.9 - 39.9) x 0.25 = -9.475; together -7.05.
    """
    before = counts(store=(700, 0, 300), web=(500, 0, 500))
    after = counts(store=(349, 1, 150), web=(780, 0, 720))
    shift = nps_shift(before, after, by="channel")
    assert [g.change.value for g in shift.groups] == pytest.approx([-0.2, 4.0])
    assert shift.rate_effect.value == pytest.approx(2.425)
    assert shift.mix_effect.value == pytest.approx(-9.475)
    assert not shift.mix.reversed_by_mix
    assert shift.alarm == "against"


def alarms(rng, *, shares, webs):
    """Count alarms in 100 pairs of periods of 2,000 answers; store 40 points, web as given."""
    found = 0
    for seed in range(100):
        frames = []
        for share, web in zip(shares, webs, strict=True):
            n = rng.binomial(2_000, share)
            bands = rng.multinomial(2_000 - n, (0.6, 0.2, 0.2)), rng.multinomial(n, web)
            frames.append(counts(store=bands[0].tolist(), web=bands[1].tolist()))
        found += nps_shift(*frames, by="channel", n_draws=200, seed=seed).alarm != "none"
    return found / 100


def test_the_alarm_fires_on_a_true_reversal_and_seldom_without_one():
    """Web 10 points, a third and then two thirds of the answers: the mix takes 10 points.

    True reversal: web gains 8, so groups give +4 (SE about 2.4). No alarm is right where nothing
    changed, and where the groups fall with the total.
    """
    rng = np.random.default_rng(21)
    flat, up, down = (0.45, 0.2, 0.35), (0.49, 0.2, 0.31), (0.42, 0.2, 0.38)
    assert alarms(rng, shares=(1 / 3, 2 / 3), webs=(flat, up)) > 0.85
    assert alarms(rng, shares=(1 / 2, 1 / 2), webs=(flat, flat)) < 0.05
    assert alarms(rng, shares=(1 / 3, 2 / 3), webs=(up, down)) < 0.05


def test_intervals_of_rate_and_mix_agree_with_the_delta_method():
    """With shares known, rate is a weighted sum of differences; its interval follows by hand."""
    before = counts(store=(700, 0, 300), web=(500, 0, 500))
    after = counts(store=(720, 0, 280), web=(530, 0, 470))
    shift = nps_shift(before, after, by="channel", n_draws=20_000, seed=3)
    spread = [4e4 * p * (1 - p) / 1000 for p in (0.7, 0.5, 0.72, 0.53)]
    margin = 1.96 * np.sqrt(sum(spread)) / 2
    assert shift.rate_effect.ci_lower == pytest.approx(shift.rate_effect.value - margin, abs=0.2)
    assert shift.rate_effect.ci_upper == pytest.approx(shift.rate_effect.value + margin, abs=0.2)
    assert shift.mix_effect.ci_lower < 0 < shift.mix_effect.ci_upper


def test_the_interval_of_the_mix_holds_the_truth_nineteen_times_in_twenty():
    """Seeded simulation, 200 pairs of periods with a planted mix of -8 points."""
    rng = np.random.default_rng(20)
    cells = {"store": (0.6, 0.2, 0.2), "web": (0.4, 0.2, 0.4)}
    weights = ({"store": 0.6, "web": 0.4}, {"store": 0.4, "web": 0.6})
    truth = (0.4 - 0.6) * 40.0
    held = 0
    for seed in range(200):
        frames = [
            counts(
                **{
                    name: tuple(rng.multinomial(int(2000 * share[name]), cells[name]))
                    for name in cells
                }
            )
            for share in weights
        ]
        shift = nps_shift(*frames, by="channel", n_draws=300, seed=seed)
        held += shift.mix_effect.ci_lower <= truth <= shift.mix_effect.ci_upper
    assert held >= 185  # the sizes of the groups are held fixed, so it covers a little more


def test_groups_under_the_floor_are_left_out_of_groups_and_totals():
    """Ten answers in a channel are not shown, and cannot be had by subtraction."""
    before = counts(store=(70, 0, 30), kiosk=(5, 0, 5))
    after = counts(store=(80, 0, 20), kiosk=(5, 0, 5))
    shift = nps_shift(before, after, by="channel")
    assert shift.hidden == ("kiosk",)
    assert shift.change.n_obs == 200
    assert shift.change.value == pytest.approx(20.0)


def test_no_group_over_the_floor_is_refused():
    """The message names the floor and the groups."""
    few = counts(store=(5, 0, 5))
    with pytest.raises(InputError, match=r"no channel has 30 answers .* there are: store"):
        nps_shift(few, few, by="channel")


def test_too_few_draws_are_refused():
    """An interval from a handful of draws is no interval."""
    many = counts(store=(50, 0, 50))
    with pytest.raises(InputError, match="n_draws must be 200 or more, got 20"):
        nps_shift(many, many, by="channel", n_draws=20)
