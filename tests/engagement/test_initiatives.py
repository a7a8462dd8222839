"""Start dates of units and the experiment of an initiative: all problems at once, in words."""

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

UNITS = "    units: coaching\n"


def test_dates_outside_the_review_and_an_unknown_experiment_are_refused(edited):
    spoilt = (
        "    units: coaching\n    starts: {S05: 2025-12-01, S06: 2026-08-01}\n"
        "    experiment: enquiry_replies\n"
    )
    with pytest.raises(ConfigError) as refused:
        load_engagement(edited((UNITS, spoilt)))
    early, late, picked, unknown = (str(problem) for problem in refused.value.problems)
    rule = "a unit starts from 2026-01-01 (initiative) to 2026-06-30 (review); "
    assert f"2025-12-01; {rule}correct the date, or the start of the initiative" in early
    assert f"2026-08-01; {rule}" in late
    assert "2 dates; units picked for low scores are reviewed from one start" in picked
    assert "enquiry_replies; unknown experiment; did you mean 'enquiry_reply'?" in unknown


def test_units_may_start_later_and_an_initiative_may_name_its_test(edited):
    good = "    units: reply_promise\n    starts: {S03: 2026-03-01}\n"
    item = load_engagement(edited(("    units: reply_promise\n", good))).initiatives[0]
    assert str(item.starts["S03"]) == "2026-03-01"
    assert item.experiment == "enquiry_reply"
