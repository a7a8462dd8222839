"""Every kind of effect keeps its error rate, its interval and the power it was planned for."""

import importlib.util
import json
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location(
    "ab_estimators", Path(__file__).parent / "ab_estimators.py"
)
ab_estimators = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ab_estimators)

KEPT = json.loads(ab_estimators.REFERENCE.read_text(encoding="utf-8"))
RATES = KEPT["rates"]
HARD = {
    "mean, CUPED, 2 covariates, slopes differ, 80/20": 0.015,
    "mean, CUPED, relative": 0.015,
    "ordinal, net chance, 15 against 30": 0.025,
    "mean, heavy tail, not capped": 0.02,
}
"""Drawn to be hard (skewed, small, slopes against each other): how far off 5 and 95 % they may be;
the others 0.01."""


@pytest.mark.parametrize("key", RATES)
def test_false_alarms_come_in_five_of_a_hundred(key):
    """From tests/reference/ab_estimators.json: Wilson's lower limit at most the allowed share."""
    assert RATES[key]["false_alarms"][1] <= 0.05 + HARD.get(key, 0.01)
    assert RATES[key]["false_alarms"][0] >= 0.025


@pytest.mark.parametrize("key", [key for key, row in RATES.items() if row["covers_effect"]])
def test_intervals_hold_the_truth_in_ninety_five_of_a_hundred(key):
    slack = HARD.get(key, 0.01)
    assert RATES[key]["covers_none"][2] >= 0.95 - slack
    assert RATES[key]["covers_effect"][2] >= 0.95 - slack


@pytest.mark.parametrize("key", [key for key, row in RATES.items() if row["planned_power"]])
def test_the_planned_power_is_reached(key):
    """Within 0.03: plans take the variance of control for both arms, and the normal for t."""
    assert RATES[key]["power"][0] == pytest.approx(RATES[key]["planned_power"], abs=0.03)


def test_cuped_and_a_cap_find_what_the_plain_means_miss():
    assert RATES["ratio, CUPED"]["power"][1] > RATES["ratio (delta)"]["power"][0]
    capped, whole = (
        RATES[f"mean, heavy tail, {name}"] for name in ("capped at 95 %", "not capped")
    )
    assert capped["power"][1] > whole["power"][2]


def test_the_table_has_every_kind_with_enough_draws():
    kinds = ("proportion", "mean", "CUPED", "ratio", "NPS", "ordinal", "quantile", "time",
             "clusters", "permutation", "Dunnett")  # fmt: skip
    for kind in kinds:
        assert any(kind in key for key in RATES), kind
    assert {row["draws"] for row in RATES.values()} == {3_000}


def test_a_small_run_of_the_same_code_agrees_with_the_table():
    """60 new draws of the quick kinds: outside 0.2 of the table once in thousands of runs."""
    quick = (ab_estimators.rare, ab_estimators.few, ab_estimators.nps, ab_estimators.small_ordinal)
    for key, row in ab_estimators.ab_estimators(60, quick).items():
        assert row["false_alarms"][0] <= 0.2
        assert row["covers_effect"][0] >= 0.8
        assert row["power"][0] == pytest.approx(RATES[key]["power"][0], abs=0.2)
