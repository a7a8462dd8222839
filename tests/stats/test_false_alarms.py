"""The stated false-alarm rate is what the chart really does to stable series."""

import json
from math import sqrt
from pathlib import Path

import pytest

from cxlib.errors import InputError
from cxlib.stats.false_alarms import Stable, false_alarms

REFERENCE = Path(__file__).parents[1] / "reference" / "false_alarms.json"
MEASURED = json.loads(REFERENCE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", MEASURED["rates"])
def test_rates_agree_with_the_chart_run_series_by_series(case):
    """tests/simulation/false_alarms.py, 4,000 series a case through `individuals_chart`."""
    n, baseline = map(int, case.split("/"))
    found = false_alarms(n, baseline=baseline)
    for name, measured in MEASURED["rates"][case].items():
        error = sqrt(2 * measured * (1 - measured) / MEASURED["series"])
        assert abs(getattr(found, name) - measured) < 4 * error, name


@pytest.mark.parametrize("case", MEASURED["counts"])
def test_rates_of_shares_and_counts_agree_with_the_charts_run_series_by_series(case):
    """The same simulation through `share_chart` and `rate_chart`, limits chosen by the test."""
    kind, *numbers = case.split("/")
    n, baseline, size = map(int, numbers[:3])
    like = Stable(
        sizes=(float(size),) * n, centre=float(numbers[3]), kind=kind, ratio=float(numbers[4])
    )
    found = false_alarms(n, baseline=baseline, like=like)
    for name, measured in MEASURED["counts"][case]["tested"].items():
        error = sqrt(2 * measured * (1 - measured) / MEASURED["series"])
        assert abs(getattr(found, name) - measured) < 4 * error, name


def test_rates_with_a_holiday_agree_with_the_chart_run_series_by_series():
    """The same simulation; learning the holiday from the baseline raises no more alarms."""
    case = MEASURED["calendar"]
    columns = tuple(tuple(column) for column in case["columns"])
    found = false_alarms(case["periods"], baseline=case["baseline"], calendar=columns)
    for name in ("any_signal", "trend_now"):
        error = sqrt(2 * case[name] * (1 - case[name]) / MEASURED["series"])
        assert abs(getattr(found, name) - case[name]) < 4 * error, name
        assert case[name] < MEASURED["rates"]["18/12"][name]


def test_the_test_keeps_uneven_series_from_crying_wolf_and_even_ones_from_lanes_too_wide():
    """Measured: binomial limits flag nine of ten uneven series; even ones are left to them."""
    for case, found in MEASURED["counts"].items():
        if not case.endswith("/1.0"):
            assert found["sampling"]["any_signal"] > 0.9
            assert found["tested"]["any_signal"] < found["Laney"]["any_signal"] + 0.03
        else:
            assert found["tested"]["any_signal"] < found["Laney"]["any_signal"]


def test_a_trend_now_is_rarer_than_any_signal():
    """A signal long ago is no trend now."""
    found = false_alarms(77, baseline=24)
    assert 0 < found.trend_now < found.any_signal < 1


def test_a_baseline_longer_than_the_series_is_refused():
    """The message names both."""
    with pytest.raises(InputError, match=r"^baseline must be from 3 to 5 points, got 8$"):
        false_alarms(5, baseline=8)
