"""Forecast intervals hold about as often as they say, also where the series is not stable."""

import importlib.util
import json
from math import sqrt
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location(
    "forecast_coverage", Path(__file__).with_name("forecast_coverage.py")
)
simulation = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(simulation)
KEPT = json.loads(
    (Path(__file__).parents[1] / "reference" / "forecast_coverage.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", KEPT["held"])
def test_intervals_of_every_kind_hold_in_nine_of_ten_and_of_stable_series_in_95_of_100(case):
    """From tests/reference/forecast_coverage.json; its command stands beside the shares.

    With 18 values there are too few past errors to widen by, so heavy tails hold in 91 % only.
    """
    found = KEPT["held"][case]
    assert min(found.values()) > 0.9
    error = sqrt(0.95 * 0.05 / KEPT["series"])
    assert found["stable"] > 0.95 - 2 * error
    if case.startswith("77/"):
        assert min(found.values()) > 0.95 - 2 * error


def test_the_code_still_gives_what_was_kept():
    """60 series a kind: within four standard errors of the 600."""
    for case, found in simulation.coverage(60).items():
        for kind, share in found.items():
            kept = KEPT["held"][case][kind]
            assert abs(share - kept) < 4 * sqrt(kept * (1 - kept) / 60) + 0.02, (case, kind)
