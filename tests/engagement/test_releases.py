"""Releases of the engagement file: inside the periods, each once, all problems at once."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


def test_the_sample_lists_its_releases():
    assert [release.name["en"] for release in load_engagement(SAMPLE).releases] == [
        "New delivery booking app",
        "Revised assembly guide",
    ]


def test_a_release_outside_the_periods_and_one_listed_twice_are_refused(tmp_path):
    """Both problems at once, each with line, value, rule and remedy."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("releases:"))
    lines[place + 1 : place + 3] = [
        "  - {date: 2024-01-12, name: Old}",
        "  - {date: 2026-04-13, name: Guide}",
        "  - {date: 2026-04-13, name: Guide}",
    ]
    path = tmp_path / "engagement.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_engagement(path)
    early, twice = (str(problem) for problem in refused.value.problems)
    assert f"line {place + 2}" in early
    assert (
        "2024-01-12; a release lies in the periods of the engagement (2025-07-01 to 2026-06-30); "
        "correct the date, or leave the release out"
    ) in early
    assert "Guide; a release of 2026-04-13 with this name is listed already; remove one" in twice
