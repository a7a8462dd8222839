"""cxlib.measures.register: gaps, stages and counts of the register of touchpoints."""

import datetime as dt

import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement.schema import Touchpoint
from cxlib.errors import InputError
from cxlib.measures.register import CHANNELS, register, touchpoint_register

WINDOW = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}


def point(name, stage="use", channel="offline", **entry):
    known = {"owner": "Head of Retail", "monthly_volume": 100}
    return Touchpoint(id=name, name=name, stage=stage, channel=channel, **{**known, **entry})


POINTS = [
    point("delivery"),
    point("social_ad", "awareness", "online", owner=None),
    point("chat", "consideration", "online", monthly_volume=None),
    point("assembly", owner=None, monthly_volume=None),
    point("app", "advocacy", "online"),
]


def gaps(found):
    return {row.point.id: row.gaps for row in found.rows}


def test_each_gap_is_flagged_and_a_full_entry_has_none():
    """Worked by hand: 30 answers are enough, 29 are few, none is no data."""
    found = register(POINTS, {"delivery": 30, "social_ad": 400, "chat": 29})
    assert gaps(found) == {
        "social_ad": ("no_owner",),
        "chat": ("no_volume", "few_answers"),
        "delivery": (),
        "assembly": ("no_owner", "no_volume", "no_data"),
        "app": ("no_data",),
    }
    assert [row.point.id for row in found.with_gaps] == ["social_ad", "chat", "assembly", "app"]
    assert found.n_obs == 459


def test_where_no_touchpoint_has_a_volume_none_lacks_one():
    """A branch's register has no volumes: the company's would not be its own."""
    found = register([point("chat", monthly_volume=None)], {"chat": 30})
    assert gaps(found) == {"chat": ()}


def test_rows_run_in_stage_order_and_a_volume_of_zero_is_a_volume():
    found = register([*POINTS, point("shelf", "purchase", monthly_volume=0)], {"shelf": 50})
    assert [row.point.id for row in found.rows] == [
        "social_ad", "chat", "shelf", "delivery", "assembly", "app",
    ]  # fmt: skip
    assert gaps(found)["shelf"] == ()


def test_stages_without_touchpoints_or_without_answers_are_listed():
    """domain.md A3: purchase has no touchpoint, advocacy has one that nobody answered."""
    found = register(POINTS, {"delivery": 30, "social_ad": 5, "chat": 29})
    assert found.stages_without_touchpoints == ("purchase",)
    assert found.stages_without_data == ("advocacy",)


def test_counts_by_stage_and_channel_add_up_to_the_register():
    """domain.md A4."""
    found = register(POINTS, {})
    assert CHANNELS == ("online", "offline", "hybrid")
    assert found.counts["use"] == (0, 2, 0)
    assert found.counts["purchase"] == (0, 0, 0)
    assert sum(map(sum, found.counts.values())) == len(POINTS)


def test_answers_are_counted_in_the_engine_for_the_period_only():
    frame = pd.DataFrame(
        {
            "answer_id": list("abcd"),
            "touchpoint": ["delivery", "delivery", "chat", "delivery"],
            "answered_at": pd.to_datetime(["2025-07-01", "2025-12-31", "2025-08-01", "2026-01-01"]),
        }
    )
    source = duckdb_source(frame, table="answers")
    found = touchpoint_register(source, POINTS, window=WINDOW, minimum_cell=2)
    assert {row.point.id: row.n_obs for row in found.rows if row.n_obs} == {
        "chat": 1, "delivery": 2,
    }  # fmt: skip


def test_one_touchpoint_in_two_stages_is_refused():
    with pytest.raises(InputError) as caught:
        register([*POINTS, point("delivery", "purchase")], {})
    assert str(caught.value) == (
        "a touchpoint has one entry and one stage, delivery has use and purchase"
    )


def test_answers_of_an_unknown_touchpoint_are_refused():
    with pytest.raises(InputError) as caught:
        register(POINTS[:2], {"web": 3})
    assert str(caught.value) == (
        "touchpoints not in the register: ['web']; it has ['delivery', 'social_ad']"
    )
