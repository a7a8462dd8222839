"""engagement.yml: the register of touchpoints, one stage each, and the lanes of the journey map."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


def problems(path):
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "  - id: delivery\n", "  - id: online_checkout\n",
            "found online_checkout; a touchpoint has one stage, this one has purchase and use",
        ),
        (
            "  - id: assembly\n", "  - id: delivery\n",
            "touchpoints[10].id: found delivery; each id stands once; rename one of them",
        ),
        ("stage: use", "stage: uses", "advocacy; did you mean 'use'?"),
        ("channel: hybrid", "channel: o2o", "found 'o2o'; must be one of online, offline, hybrid"),
        (
            "    metric: csat\n", "    metric: cast\n",
            "touchpoints[0].metric: found cast; unknown metric; did you mean 'csat'?",
        ),
        (
            "pain: {en: Store stock cannot be seen", f"pain: {{en: {'W' * 91}",
            "a cell of the journey map has 90 characters or fewer, got 91",
        ),
        (
            "pain: {en: Store stock cannot be seen, ", "pain: {",
            "words are missing in en, a language of the reports",
        ),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_worded_with_its_rule(edited, old, new, said):
    assert any(said in problem for problem in problems(edited((old, new))))


def test_what_is_left_out_is_none_and_no_error(edited):
    """A gap shows in the report; it does not stop one."""
    path = edited(
        ("    owner: {en: Head of Marketing, zh-Hant-HK: 市場部主管}\n", ""),
        ("    monthly_volume: 60000\n", ""),
        ("    metric: csat\n", ""),
    )
    first = load_engagement(path).touchpoints[0]
    assert (first.owner, first.monthly_volume, first.metric, first.pain) == (None,) * 4
