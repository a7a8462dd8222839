"""Review entries of engagement.yml: known KPIs, each once, never without a reason."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


def problems(tmp_path, text):
    path = tmp_path / "engagement.yml"
    path.write_text(SAMPLE.read_text(encoding="utf-8") + text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    return [str(problem).split(": ", 1)[1] for problem in caught.value.problems]


TWICE = """restatements:
  - {kpi: nps, period: 2026-01-01, reason: New}
  - {kpi: nps, period: 2026-01-01, reason: Newer}
"""
UNKNOWN = "rebaseline:\n  - {kpi: npss, from: 2026-01-01, reason: New}\n"
SILENT = "rebaseline:\n  - {kpi: nps, from: 2026-01-01}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SILENT, "key 'reason' is required; add reason:"),
        (UNKNOWN, "found npss; unknown KPI; did you mean 'nps'?"),
        (TWICE, "found nps 2026-01-01; each stands once; remove one of them"),
    ],
)
def test_each_slip_has_one_message(tmp_path, text, message):
    """No reason, an unknown KPI, an entry twice."""
    (found,) = problems(tmp_path, text)
    assert found.startswith(message)
