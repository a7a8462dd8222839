"""The stated false-alarm rate is what the chart really does to stable series."""

import json
from math import sqrt
from pathlib import Path

import pytest

from cxlib.errors import InputError
from cxlib.stats.false_alarms import false_alarms

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


def test_a_trend_now_is_rarer_than_any_signal():
    """A signal long ago is no trend now."""
    found = false_alarms(77, baseline=24)
    assert 0 < found.trend_now < found.any_signal < 1


def test_a_baseline_longer_than_the_series_is_refused():
    """The message names both."""
    with pytest.raises(InputError, match=r"^baseline must be from 3 to 5 points, got 8$"):
        false_alarms(5, baseline=8)
