"""Estimators without random assignment hold their promise; a short run beside the kept long one."""

import importlib.util
import json
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("causal", Path(__file__).parent / "causal.py")
causal = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(causal)

KEPT = json.loads(causal.REFERENCE.read_text(encoding="utf-8"))["simulation"]


def test_the_kept_run_covers_every_estimator():
    assert set(KEPT["rates"]) == set(causal.ESTIMATORS)


def test_before_and_after_alone_is_wrong_nine_times_in_ten():
    """Season and trend are in it: the reason why the others exist."""
    assert KEPT["rates"]["before and after"]["false_alarms"] > 0.8


def test_a_short_run_of_group_time_effects_holds_as_the_long_one():
    """60 chains, another seed: at least 51 of 60 where 94 % are promised."""
    assert causal.rates("group-time effects, two starts", 60, seed=5)["coverage"] >= 0.85
