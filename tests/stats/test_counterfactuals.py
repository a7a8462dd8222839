"""cxlib.stats interrupted, structural and synthetic: references, hand cases, refusals."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import InputError
from cxlib.stats.counterfactual import TreatedSeries, comparison_values, treated_series
from cxlib.stats.differences import difference_in_differences
from cxlib.stats.interrupted import interrupted_series
from cxlib.stats.panel import read_panel
from cxlib.stats.structural import structural_counterfactual
from cxlib.stats.synthetic import donor_values, mixture_weights, synthetic_control

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "causal.json").read_text(encoding="utf-8")
)
RATES = REFERENCE.get("simulation", {"rates": {}})["rates"]


def series(values, n_before, volume=None):
    periods = tuple(pd.date_range("2020-01-01", periods=len(values), freq="MS").date)
    return TreatedSeries(
        periods=periods,
        values=np.asarray(values, dtype=float),
        volume=np.ones(len(values)) if volume is None else np.asarray(volume, dtype=float),
        n_before=n_before,
        unit="rating",
    )


def test_a_step_on_a_line_without_noise_is_found_exactly():
    t = np.arange(20)
    found = interrupted_series(series(2 + 0.1 * t + 0.5 * (t >= 10), 10))
    assert found.found.effect.value == pytest.approx(0.5, abs=1e-6)
    assert found.harmonics == 0
    assert [p.expected for p in found.found.points] == pytest.approx(
        (2 + 0.1 * t).tolist(), abs=1e-5
    )


def test_the_interrupted_series_is_ordinary_least_squares_where_errors_are_independent():
    """300 periods of white noise: statsmodels OLS on the same columns, to a tenth of its error."""
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(2)
    t = np.arange(300)
    after = (t >= 200).astype(float)
    y = 1 + 0.01 * t + 0.7 * after + rng.normal(size=300)
    found = interrupted_series(series(y, 200), season_length=10_000)
    fit = OLS(y, np.column_stack([np.ones(300), t, after])).fit()
    assert found.found.effect.value == pytest.approx(fit.params[-1], abs=0.1 * fit.bse[-1])
    assert found.found.effect.standard_error == pytest.approx(fit.bse[-1], rel=0.15)
    assert abs(found.autocorrelation) < 0.15


def test_a_holiday_column_takes_its_share_out():
    rng = np.random.default_rng(4)
    holiday = np.tile([1.0, *[0.0] * 11], 4)[:36]
    y = 3 + 2 * holiday + rng.normal(0, 0.01, 36) + 1.0 * (np.arange(36) >= 24)
    with_it = interrupted_series(series(y, 24), calendar=[holiday]).found.effect
    without = interrupted_series(series(y, 24)).found.effect
    assert with_it.value == pytest.approx(1.0, abs=0.05)
    assert with_it.ci_upper - with_it.ci_lower < (without.ci_upper - without.ci_lower) / 3


def test_what_comparison_units_did_is_expected_of_the_treated():
    """The comparison jumps by 2 with the treated, which gain 0.5 more."""
    rng = np.random.default_rng(5)
    jump = np.where(np.arange(30) >= 20, 2.0, 0.0)
    other = 5 + jump + rng.normal(0, 0.02, 30)
    mine = other + 1 + 0.5 * (jump > 0) + rng.normal(0, 0.02, 30)
    found = structural_counterfactual(series(mine, 20, np.full(30, 100)), comparison=other)
    assert found.found.effect.value == pytest.approx(0.5, abs=0.06)
    assert found.found.effect.excludes(0)
    assert found.found.cumulative.value == pytest.approx(found.found.effect.value * 1_000)
    again = structural_counterfactual(series(mine, 20, np.full(30, 100)), comparison=other)
    assert again.found.effect == found.found.effect


def test_the_shares_are_those_of_pysyncon():
    """Its predictors are each divided by their spread over all units; so are these rows."""
    kept = REFERENCE["pysyncon"]
    table = np.asarray(kept["y"])[:10]
    table = table / table.std(axis=1, ddof=1, keepdims=True)
    weights = mixture_weights(table[:, 0], table[:, 1:])
    assert weights == pytest.approx(np.asarray(kept["weights"]), abs=1e-3)
    assert weights.sum() == pytest.approx(1)


def test_a_mixture_that_is_exact_gives_the_effect_by_hand():
    """Treated = half of one donor and half of another, plus 3 from the start on."""
    rng = np.random.default_rng(6)
    donors = rng.normal(10, 2, (16, 5))
    target = donors[:, 1] / 2 + donors[:, 3] / 2 + 3 * (np.arange(16) >= 10)
    found = synthetic_control(series(target, 10), donors=list("abcde"), values=donors)
    assert found.found.effect.value == pytest.approx(3, abs=1e-3)
    assert {s.unit: round(s.weight, 3) for s in found.shares} == {"b": 0.5, "d": 0.5}
    assert (found.p_value, found.smallest_p_value, found.rank) == (1 / 6, 1 / 6, 1)
    assert len(found.in_space) == 5
    assert {each.unit for each in found.left_out} == {"b", "d"}


def test_a_pooled_series_does_not_rank_first_because_it_is_followed_closely():
    """40 chains without an effect, 8 stores pooled, 16 donors, 12 months: 1 in 17 may come first.

    The ratio of gaps after and before puts 11 of them first; the rank by unseen months 1.
    """
    rng = np.random.default_rng(9)
    first, by_ratio = 0, 0
    for _ in range(40):
        months = rng.normal(0, 0.3, (18, 1))
        stores = 10 + months + rng.normal(0, 0.5, 24) + rng.normal(0, 0.5, (18, 24))
        found = synthetic_control(
            series(stores[:, :8].mean(axis=1), 12), donors=list("abcdefghijklmnop"),
            values=stores[:, 8:],
        )  # fmt: skip
        first += found.rank == 1
        by_ratio += found.p_value == found.smallest_p_value
    assert first <= 6 < by_ratio


def test_a_mixture_that_does_not_follow_is_refused():
    donors = np.random.default_rng(7).normal(10, 1, (14, 4))
    with pytest.raises(InputError, match="the mixture of donors does not follow the treated units"):
        synthetic_control(series(donors[:, 0] + 20, 10), donors=list("abcd"), values=donors)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            interrupted_series,
            "an interrupted series needs at least 8 periods before the start, got 5",
        ),
        (
            lambda s: structural_counterfactual(s, comparison=np.ones(9)),
            "a structural forecast needs at least 10 periods before the start, got 5",
        ),
        (
            lambda s: synthetic_control(s, donors=["a"], values=np.ones((9, 1))),
            "a synthetic control needs at least 3 donors, got 1",
        ),
        (
            lambda s: synthetic_control(s, donors=list("abc"), values=np.ones((9, 3))),
            "a synthetic control needs at least 6 periods before the start, got 5",
        ),
    ],
)  # fmt: skip
def test_too_little_is_refused_in_words(call, message):
    with pytest.raises(InputError) as caught:
        call(series(np.arange(9.0), 5))
    assert str(caught.value) == message


def test_a_month_in_which_the_treated_count_nothing_is_named():
    rows = [("S1", "2025-01-01", 1, 0, 0), ("S1", "2025-02-01", 1, 1, 10),
            ("S2", "2025-01-01", 0, 1, 10), ("S2", "2025-02-01", 0, 1, 10)]  # fmt: skip
    panel = read_panel(
        pd.DataFrame(rows, columns=["store", "month", "treated", "sales", "enquiries"])
    )
    with pytest.raises(InputError) as caught:
        treated_series(panel, date(2025, 2, 1))
    assert str(caught.value) == (
        "the treated units need observations in each period, none in ['2025-01-01']"
    )
    assert comparison_values(panel).tolist() == [0.1, 0.1]
    names, values = donor_values(panel)
    assert (names, values.shape) == (("S2",), (2, 1))


def test_card_and_kruegers_means_give_their_difference():
    """Table 3: 20.44 to 21.03 in New Jersey, 23.33 to 21.17 in Pennsylvania; 2.76 as printed."""
    kept = REFERENCE["card_krueger"]
    rows = [
        (f"{state}{i}", month, int(state == "NJ"), mean + spread, 1)
        for state, means in (("NJ", kept["new_jersey"]), ("PA", kept["pennsylvania"]))
        for i, spread in enumerate((-1.0, 1.0))
        for month, mean in zip(("1992-02-01", "1992-11-01"), means, strict=True)
    ]
    panel = read_panel(
        pd.DataFrame(rows, columns=["store", "month", "treated", "sales", "enquiries"]),
        measured_in="count",
    )
    found = difference_in_differences(panel, start=date(1992, 11, 1), n_permutations=99)
    assert found.effect.value == pytest.approx(kept["difference"], abs=0.015)


def test_proposition_99_is_within_a_tenth_of_a_pack_of_the_published_effect():
    """Kept from a run on the published data; -19.6 in Arkhangelsky and others (2021), table 1."""
    kept = REFERENCE["proposition_99"]
    assert kept["effect"] == pytest.approx(-19.6, abs=0.1)
    assert kept["difference_in_differences"] == pytest.approx(-27.3, abs=0.1)


@pytest.mark.parametrize("name", [name for name in RATES if name != "before and after"])
def test_intervals_hold_the_truth_as_often_as_promised_in_the_kept_simulation(name):
    """300 chains of each: 95 % give or take 3 errors of the count."""
    row = RATES[name]
    assert row["coverage"] >= 0.91
    assert row["false_alarms"] <= 0.09
