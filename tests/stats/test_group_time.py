"""cxlib.stats.group_time: another implementation's figures, hand cases, lone units, errors."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import t

from cxlib.errors import InputError
from cxlib.stats.cluster_trials import ClusterSums, cluster_effect
from cxlib.stats.group_time import group_time_effects
from cxlib.stats.panel import read_panel

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "causal.json").read_text(encoding="utf-8")
)


def panel_of(values, first):
    """Units by years from 2011, with the year each starts in (0 = never)."""
    rows = [
        (f"u{i:02d}", f"{2011 + t}-01-01", int(first[i] > 0), value + 10, 1)
        for i, series in enumerate(values)
        for t, value in enumerate(series)
    ]
    names = ["unit", "month", "treated", "y", "one"]
    starts = {f"u{i:02d}": date(2010 + g, 1, 1) for i, g in enumerate(first) if g > 0}
    frame = pd.DataFrame(rows, columns=names)
    return (
        read_panel(frame, unit="unit", numerator="y", denominator="one", measured_in="rating"),
        starts,
    )


@pytest.mark.parametrize(
    ("comparison", "key"), [("never", "nevertreated"), ("not_yet", "notyettreated")]
)
def test_every_group_time_effect_and_average_is_that_of_csdid(comparison, key):
    """20 units, 10 periods, starts in periods 5 and 7; the command stands in the reference."""
    kept = REFERENCE["csdid"]
    panel, starts = panel_of(kept["y"], kept["first"])
    found = group_time_effects(
        panel, starts=starts, comparison=comparison, base="last", weighting="equal"
    )
    expected = kept["found"][key]
    assert [one.effect.value for one in found.by_group_time] == pytest.approx(expected["att"])
    assert found.overall.value == pytest.approx(expected["overall_group"][0])
    steps = [one.effect.value for one in found.by_event_time]
    assert steps == pytest.approx(expected["egt"][1])
    assert [one.periods_since for one in found.by_event_time] == expected["egt"][0]
    assert found.overall.standard_error > expected["overall_group"][1]


def test_effects_that_grow_come_out_by_hand_where_one_after_would_mix_them():
    """Effect 1 in the first year, 3 in the second; two cohorts, no noise: 1, 3; means 2 and 1."""
    base = np.arange(4) * 0.5
    early = base + np.array([0, 0, 1, 3])
    late = base + np.array([0, 0, 0, 1])
    panel, starts = panel_of(
        [early, early, late, late, base, base + 1, base + 2], [3, 3, 4, 4, 0, 0, 0]
    )
    found = group_time_effects(panel, starts=starts, weighting="equal")
    after = {one.periods_since: one.effect.value for one in found.by_event_time}
    assert (after[0], after[1]) == pytest.approx((1.0, 3.0))
    assert found.overall.value == pytest.approx(1.5)
    assert (found.n_treated, found.n_comparison, found.n_always) == (4, 3, 0)


def test_units_of_unlike_size_have_the_errors_of_a_cluster_trial():
    """One start, one period on each side: the CR2 error of volume-weighted changes.

    With n / (n - 1) instead, two starts of 2 stores each against 6, volumes 200 to 2,000, gave
    36 false alarms in 400 chains where this gives 16.
    """
    rng = np.random.default_rng(8)
    size = rng.integers(200, 2_000, 11).astype(float)
    changes = rng.normal(0, 1, 11)
    treated = np.arange(11) < 4
    frame = pd.DataFrame(
        [
            (f"u{i:02d}", f"{2011 + year}-01-01", int(treated[i]), (3 + year * changes[i]) * n, n)
            for i, n in enumerate(size)
            for year in (0, 1)
        ],
        columns=["unit", "month", "treated", "y", "n"],
    )
    panel = read_panel(frame, unit="unit", numerator="y", denominator="n", measured_in="rating")
    starts = {f"u{i:02d}": date(2012, 1, 1) for i in range(4)}
    wide = {
        level: group_time_effects(panel, starts=starts, confidence_level=level).overall
        for level in (0.9, 0.99)
    }
    margins = {level: one.ci_upper - one.value for level, one in wide.items()}
    df = brentq(
        lambda df: t.ppf(0.995, df) / t.ppf(0.95, df) - margins[0.99] / margins[0.9], 1.5, 100
    )
    ours, theirs = (
        ClusterSums(total=(size * changes)[group], base=size[group])
        for group in (treated, ~treated)
    )
    assert wide[0.9].value == pytest.approx(ours.value - theirs.value)
    error = cluster_effect(theirs, ours).std_error
    assert margins[0.9] / t.ppf(0.95, df) == pytest.approx(error, rel=1e-6)
    parts = []
    for group in (treated, ~treated):
        share = size[group] / size[group].sum()
        centre = np.eye(group.sum()) - np.outer(np.ones(group.sum()), share)
        form = centre.T @ np.diag(share**2 / (1 - share)) @ centre
        variance = changes[group] @ form @ changes[group]
        parts.append((variance, np.trace(form) ** 2 / np.trace(form @ form)))
    welch = sum(v for v, _ in parts) ** 2 / sum(v**2 / free for v, free in parts)
    assert df == pytest.approx(welch, rel=1e-6)


def test_a_lone_starter_has_the_spread_of_the_comparison_units():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(9, 8))
    panel, starts = panel_of(values, [5] + [0] * 8)
    found = group_time_effects(panel, starts=starts)
    change = values[1:, 4:].mean(axis=1) - values[1:, :4].mean(axis=1)
    expected = np.std(change, ddof=1) * np.sqrt(1 + 1 / 8)
    half = (found.overall.ci_upper - found.overall.ci_lower) / 2
    assert half / 2.364624 == pytest.approx(expected, rel=1e-3)


def test_units_treated_from_the_first_period_on_are_left_out():
    panel, starts = panel_of(np.arange(24.0).reshape(6, 4), [1, 3, 3, 0, 0, 0])
    assert group_time_effects(panel, starts=starts).n_always == 1


@pytest.mark.parametrize(
    ("first", "starts", "options", "message"),
    [
        ([3, 0, 0], {"u99": date(2013, 1, 1)}, {},
         "starts name units the panel does not have: u99"),
        (
            [1, 0, 0], None, {},
            "no treated unit has periods before and after its start: nothing can be compared",
        ),
        (
            [3, 3, 0], None, {"comparison": "never"},
            (
                "a comparison with units never treated needs at least 2 of them, got 1; "
                "take units that start later"
            ),
        ),
        ([3, 3, 3], None, {}, "no period after a start has at least 2 comparison units"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(first, starts, options, message):
    panel, own = panel_of(np.zeros((3, 4)), first)
    with pytest.raises(InputError) as caught:
        group_time_effects(panel, starts=own if starts is None else starts, **options)
    assert str(caught.value) == message
