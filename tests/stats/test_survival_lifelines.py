"""Our Kaplan-Meier and log-rank against lifelines, which the project does not install."""

import json
from pathlib import Path

import pandas as pd
import pytest

from cxlib.stats.survival import log_rank, survival_curve

REFERENCE = Path(__file__).parents[1] / "reference"
KEPT = json.loads((REFERENCE / "lifelines.json").read_text(encoding="utf-8"))
ROWS = json.loads((REFERENCE / "quality.json").read_text(encoding="utf-8"))["times"]


@pytest.fixture(scope="module")
def groups():
    frame = pd.DataFrame(ROWS, columns=["g", "t", "e", "n"])
    table = frame.pivot_table(index="t", columns=["g", "e"], values="n", aggfunc="sum").fillna(0)
    return sorted(frame["t"].unique().tolist()), [
        (table[g, 1].astype(int).tolist(), table[g, 0].astype(int).tolist())
        for g in sorted(frame["g"].unique())
    ]


def test_share_and_log_log_interval_by_a_day_are_those_of_lifelines(groups):
    """From tests/reference/lifelines.json; its command stands beside the values."""
    times, each = groups
    for (happened, left), expected in zip(each, KEPT["by_60"], strict=True):
        found = survival_curve(times, events=happened, censored=left).share_by(60)
        assert [found.value, found.ci_lower, found.ci_upper] == pytest.approx(expected, rel=1e-6)


def test_log_rank_is_that_of_lifelines(groups):
    times, each = groups
    found = log_rank(times, events=[g[0] for g in each], censored=[g[1] for g in each])
    assert [found.statistic, found.p_value] == pytest.approx(KEPT["log_rank"], rel=1e-6)
