"""One history read in several rhythms gives the same figure to the last digit."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cxlib.decisions.cadence import in_cadence, readings
from cxlib.decisions.level import pool
from cxlib.engagement import load_engagement
from cxlib.engagement.schema import Period
from cxlib.errors import InputError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


@pytest.fixture(scope="module")
def history():
    return pd.read_csv(SAMPLE / "data" / "kpi_history.csv")


@pytest.mark.parametrize("kpi", ["nps", "ces", "conversion"])
def test_a_quarter_is_the_same_read_as_a_quarter_or_as_its_months(engagement, history, kpi):
    item = engagement.kpi(kpi)
    quarters = in_cadence(history, kpi=item, cadence="quarterly")
    assert len(quarters) == 6
    for quarter in quarters:
        months = pool(history, kpi=item, period=Period(start=quarter.start, end=quarter.end))
        assert quarter.estimate == months.estimate


def test_a_kpi_typed_by_the_quarter_equals_the_one_typed_by_the_month(engagement, history):
    """Successes of a year typed as 4 rows or as 12: equal to the last digit."""
    monthly = engagement.kpi("conversion")
    quarterly = monthly.model_copy(update={"cadence": "quarterly"})
    rows = history[history["kpi"] == "conversion"].copy()
    stamps = pd.to_datetime(rows["period_start"])
    rows["period_start"] = stamps.dt.to_period("Q").dt.start_time
    coarse = rows.groupby(["kpi", "period_start"], as_index=False)[["n_obs", "successes"]].sum()
    coarse["value"] = coarse["successes"] / coarse["n_obs"]
    fine = in_cadence(history, kpi=monthly, cadence="quarterly")
    typed = in_cadence(coarse, kpi=quarterly, cadence="quarterly")
    assert [level.estimate for level in fine] == [level.estimate for level in typed]


@pytest.mark.parametrize("kpi", ["nps", "ces", "positive_mentions", "repurchase_90d", "conversion"])
def test_a_kpi_in_its_own_rhythm_equals_its_own_rows(engagement, history, kpi):
    item = engagement.kpi(kpi)
    rows = history[history["kpi"] == kpi].sort_values("period_start")
    found = in_cadence(history, kpi=item, cadence=item.cadence)
    assert [level.estimate.value for level in found] == pytest.approx(
        rows["value"].tolist(), abs=5e-4
    )


def test_a_quarter_with_a_month_missing_is_left_out(engagement, history):
    gap = history[history["period_start"] != "2025-05-01"]
    starts = [q.start for q in in_cadence(gap, kpi=engagement.kpi("nps"), cadence="quarterly")]
    assert date(2025, 4, 1) not in starts
    assert len(starts) == 5


def test_weeks_make_no_month(engagement, history):
    with pytest.raises(InputError) as caught:
        in_cadence(history, kpi=engagement.kpi("positive_mentions"), cadence="monthly")
    assert str(caught.value) == (
        "positive_mentions is measured weekly and can be read weekly, got monthly"
    )


def test_the_next_reading_waits_for_what_ripens(engagement, history):
    found = {item.kpi.id: item for item in readings(history, engagement=engagement)}
    assert found["nps"].next_on == date(2026, 8, 1)
    assert engagement.dated() == date(2026, 7, 15)  # 6 and 13 July are past
    assert found["positive_mentions"].next_on == date(2026, 7, 20)
    assert found["repurchase_90d"].next_on == date(2026, 9, 29)  # 30 June + 90 days + 1
    assert found["positive_mentions"].quarter is None


def test_no_reading_day_lies_before_the_report(engagement, history):
    late = engagement.model_copy(update={"report_date": date(2027, 1, 1)})
    assert late.dated() == date(2027, 1, 1)
    found = {item.kpi.id: item.next_on for item in readings(history, engagement=late)}
    assert found["nps"] == date(2027, 1, 1)  # December is known on the day itself
    assert found["positive_mentions"] == date(2027, 1, 4)
    assert min(found.values()) >= date(2027, 1, 1)
