"""cxlib.measures.voice.shifts: a theme's own change apart from where the comments came from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.measures.voice.listen import Voice
from cxlib.measures.voice.shifts import theme_shifts
from cxlib.measures.voice.taxonomy import base_taxonomy

BASE = base_taxonomy()
FIRST = next(iter(BASE)).id
SECOND = list(BASE)[1].id


def voice(points, named, *, people=None, other=None):
    """A Voice whose comments name FIRST where `named`, and SECOND where `other`."""
    n = len(points)
    bits = np.asarray(named, dtype=np.uint64)
    if other is not None:
        bits = bits | (np.asarray(other, dtype=np.uint64) << np.uint64(1))
    return Voice(
        taxonomy=BASE, origins=np.array(["answers"] * n),
        touchpoints=pd.Categorical(points), people=np.arange(n) if people is None else people,
        days=np.full(n, np.datetime64("2026-01-01")), varieties=np.array(["en"] * n),
        nps=np.full(n, 5.0, dtype="float32"), csat=np.full(n, 3.0, dtype="float32"), themes=bits,
        blamed=bits, has_sentiment=False, counts=None, phrases=None, quotes=(),
    )  # fmt: skip


def drawn(rng, sizes, shares):
    points = np.repeat(["a", "b", ""], sizes)
    return voice(points, rng.random(len(points)) < np.repeat(shares, sizes))


def test_a_change_of_touchpoints_is_mix_and_no_own_change_by_hand():
    """a: 20 of 100 then 60 of 300; b: 50 of 100 then 50 of 100. The share falls from 70/200 =
    35 % to 110/400 = 27.5 %, all of it mix, by hand."""
    before = voice(["a"] * 100 + ["b"] * 100, [1] * 20 + [0] * 80 + [1] * 50 + [0] * 50)
    after = voice(["a"] * 300 + ["b"] * 100, [1] * 60 + [0] * 240 + [1] * 50 + [0] * 50)
    (found,) = theme_shifts(before, after)
    assert found.theme == FIRST
    assert found.change.value == pytest.approx(-0.075)
    assert found.own.value == pytest.approx(0.0)
    assert found.mix.value == pytest.approx(-0.075)
    assert not found.is_clear
    assert found.own.p_value == pytest.approx(1.0)


def test_own_part_and_its_error_by_hand():
    """a: 20 then 40 of 100; b: 50 then 50 of 100: own = 0.2 · 0.5 = 10 pp. Standard error at
    unmoved weights, with the weights' own part (0.2 - 0.1)/2 = ±0.05 a comment and wave:
    Σ (0.5²·n·s(1-s)/n²) + 2·(0.05²/200), times 200/199, by hand."""
    before = voice(["a"] * 100 + ["b"] * 100, [1] * 20 + [0] * 80 + [1] * 50 + [0] * 50)
    after = voice(["a"] * 100 + ["b"] * 100, [1] * 40 + [0] * 60 + [1] * 50 + [0] * 50)
    (found,) = theme_shifts(before, after)
    assert found.own.value == pytest.approx(0.10)
    assert found.mix.value == pytest.approx(0.0)
    scores = 0.25 * (0.2 * 0.8 + 0.4 * 0.6 + 0.25 + 0.25) / 100
    variance = (scores + 2 * 0.05**2 / 200) * 200 / 199
    half = (found.own.ci_upper - found.own.ci_lower) / 2
    assert half == pytest.approx(1.9657 * variance**0.5, rel=2e-3)  # t quantile, 399 df


def test_a_theme_that_comes_up_is_found_and_nothing_else():
    points = ["a"] * 150 + ["b"] * 150
    before = voice(points, [0] * 300, other=[1, 0] * 150)
    after = voice(points, [0] * 150 + [1] * 150, other=[1, 0] * 150)
    assert {s.theme for s in theme_shifts(before, after) if s.is_clear} == {FIRST}
    whole = voice(points, [1] * 300)  # nobody before, everybody after: no spread, and yet clear
    none = voice(points, [0] * 300)
    assert theme_shifts(none, whole)[0].is_clear


def test_the_parts_add_up_and_swap_sign_with_the_periods():
    rng = np.random.default_rng(4)
    one, two = (
        drawn(rng, (90, 60, 200), (0.2, 0.5, 0.1)),
        drawn(rng, (40, 120, 90), (0.3, 0.4, 0.1)),
    )
    (there,), (back,) = theme_shifts(one, two), theme_shifts(two, one)
    assert there.own.value + there.mix.value == pytest.approx(there.change.value)
    assert there.own.value == pytest.approx(-back.own.value)
    assert there.own.ci_lower == pytest.approx(-back.own.ci_upper)


def test_a_touchpoint_of_one_period_is_mix_and_small_ones_are_read_together():
    before = voice(["a"] * 100, [1] * 20 + [0] * 80)
    after = voice(["a"] * 100 + ["new"] * 50, [1] * 20 + [0] * 80 + [1] * 50)
    (found,) = theme_shifts(before, after)
    assert found.own.value == pytest.approx(0.0)
    assert found.mix.value == pytest.approx(70 / 150 - 0.2)
    small = voice(["a"] * 100 + ["b"] * 10, [1] * 20 + [0] * 80 + [1] * 10)
    later = voice(["a"] * 100 + ["c"] * 10, [1] * 20 + [0] * 80 + [1] * 10)
    assert theme_shifts(small, later)[0].own.value == pytest.approx(0.0)
    assert theme_shifts(small, voice(["a"] * 10, [1] * 10)) == ()


def test_people_who_write_twice_widen_the_interval():
    rng = np.random.default_rng(6)
    named = [np.repeat(rng.random(150) < share, 2) for share in (0.3, 0.4)]
    once = [voice(["a"] * 300, n) for n in named]
    twice = [replace(v, people=np.repeat(np.arange(150), 2)) for v in once]
    widths = [
        s.own.ci_upper - s.own.ci_lower for (s,) in (theme_shifts(*once), theme_shifts(*twice))
    ]
    assert widths[1] / widths[0] == pytest.approx(2**0.5, rel=0.01)


def test_a_large_change_of_mix_alarms_no_more_often_than_allowed_and_intervals_cover():
    """600 draws: two thirds of the comments move to a touchpoint where the theme is named three
    times as often, and nothing else changes; then touchpoint a truly rises by 8 pp. The own
    part alarms in 5 % ± 2.5 and covers its truth in 95 % ± 2.5; the plain share always alarms."""
    rng, alarms, covered, plain = np.random.default_rng(12), 0, 0, 0
    for _ in range(600):
        one = drawn(rng, (300, 100, 50), (0.15, 0.45, 0.1))
        (found,) = theme_shifts(one, drawn(rng, (100, 300, 50), (0.15, 0.45, 0.1)))
        alarms += found.is_clear
        plain += found.change.excludes(0.0)
        (moved,) = theme_shifts(one, drawn(rng, (100, 300, 50), (0.23, 0.45, 0.1)))
        truth = 0.08 * (300 / 450 + 100 / 450) / 2
        covered += moved.own.ci_lower <= truth <= moved.own.ci_upper
    assert 0.025 <= alarms / 600 <= 0.075
    assert 0.925 <= covered / 600 <= 0.975
    assert plain / 600 > 0.8
