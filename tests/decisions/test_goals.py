"""Goals are measured from whole periods, and the sample says which could be seen."""

from datetime import date
from math import isnan, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.decisions.goals import (
    answers_per_invitation,
    check_goals,
    link_goals,
    scored_per_invitation,
)
from cxlib.decisions.later_periods import later_sample
from cxlib.decisions.level import baselines, between_customers, period_end, pool, store_groups
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, InputError
from cxlib.measures.response import response_rates
from cxlib.measures.scorecard import scorecard
from cxlib.stats.power import sample_size

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


@pytest.fixture(scope="module")
def engagement():
    return load_engagement(SAMPLE)


def months(kpi, start, rows):
    """History rows of one KPI, one a month."""
    stamps = pd.date_range(start, periods=len(rows), freq="MS")
    return pd.DataFrame(
        [{"kpi": kpi, "period_start": day, **row} for day, row in zip(stamps, rows, strict=True)]
    )


def share_rows(n, successes):
    return [{"n_obs": n, "value": x / n, "successes": x} for x in successes]


def nps_rows(bands):
    return [
        {
            "n_obs": sum(band),
            "value": 100 * (band[0] - band[2]) / sum(band),
            "promoters": band[0],
            "passives": band[1],
            "detractors": band[2],
        }
        for band in bands
    ]


def with_goals(engagement, *kpis, **changes):
    """The sample engagement with the goals on these KPIs only."""
    kept = [goal for goal in engagement.goals if goal.kpi in kpis]
    return engagement.model_copy(update={"goals": kept, **changes})


# --- levels ------------------------------------------------------------------------------------


def test_nps_is_pooled_from_its_bands_not_from_its_scores(engagement):
    """By hand: 100/60/40 and 10/0/30 give (110 - 70) / 240 = 16.7, the mean of scores -10."""
    history = months("nps", "2025-07-01", nps_rows([(100, 60, 40), (10, 0, 30)]))
    level = pool(history, kpi=engagement.kpi("nps"), period=engagement.baseline)
    assert level.estimate.value == pytest.approx(100 * 40 / 240)
    assert (level.n_periods, level.n_per_period, level.estimate.n_obs) == (2, 120, 240)
    assert level.nps_shares.promoters == pytest.approx(110 / 240)
    assert (level.start, level.end) == (date(2025, 7, 1), date(2025, 8, 31))


def test_a_rating_is_pooled_as_if_all_answers_lay_in_one_heap(engagement):
    """Mean and SD of the heap by numpy."""
    draw = np.random.default_rng(1)
    heaps = [draw.integers(1, 8, size) for size in (40, 75, 60)]
    rows = [{"n_obs": len(h), "value": float(h.mean()), "sd": float(h.std(ddof=1))} for h in heaps]
    level = pool(months("ces", "2025-07-01", rows), kpi=engagement.kpi("ces"))
    everyone = np.concatenate(heaps)
    assert level.estimate.value == pytest.approx(everyone.mean())
    assert level.sd == pytest.approx(everyone.std(ddof=1))


def test_a_week_over_the_border_is_left_out(engagement):
    """Weeks from 30 June and 29 December 2025 reach outside July to December."""
    days = ["2025-06-30", "2025-07-07", "2025-12-22", "2025-12-29"]
    history = pd.DataFrame(
        {
            "kpi": "positive_mentions",
            "period_start": days,
            "n_obs": 10,
            "value": [1.0, 0.5, 0.5, 1.0],
            "successes": [10, 5, 5, 10],
        }
    )
    level = pool(history, kpi=engagement.kpi("positive_mentions"), period=engagement.baseline)
    assert (level.n_periods, level.estimate.value) == (2, 0.5)
    assert (level.start, level.end) == (date(2025, 7, 7), date(2025, 12, 28))


@pytest.mark.parametrize(
    ("start", "cadence", "end"),
    [
        (date(2025, 12, 29), "weekly", date(2026, 1, 4)),
        (date(2026, 2, 1), "monthly", date(2026, 2, 28)),
        (date(2025, 12, 1), "monthly", date(2025, 12, 31)),
        (date(2025, 10, 1), "quarterly", date(2025, 12, 31)),
    ],
)
def test_a_period_ends_where_its_calendar_says(start, cadence, end):
    assert period_end(start, cadence) == end


def test_a_bare_value_cannot_be_a_baseline(engagement):
    history = months("conversion", "2025-07-01", [{"n_obs": 100, "value": 0.05}])
    with pytest.raises(InputError, match="conversion is measured in share and needs successes"):
        pool(history, kpi=engagement.kpi("conversion"))


def test_all_goals_without_a_baseline_are_named_at_once(engagement):
    history = months("nps", "2025-01-01", nps_rows([(50, 30, 20)]))
    with pytest.raises(ConfigError) as caught:
        baselines(history, engagement=engagement)
    message = str(caught.value)
    assert message.splitlines()[0] == "engagement.yml gives no usable baseline for every goal"
    for kpi in ("nps", "positive_mentions", "repurchase_90d", "conversion"):
        assert f"goals, {kpi}: no baseline: kpi_history has no whole" in message
    assert "manual_baselines: {nps: …}" in message
    assert "goals, ces" not in message  # no goal, so nothing is missing


def test_baselines_by_hand_have_no_interval_and_stand_in_for_history(engagement):
    ours = with_goals(engagement, "nps", baseline_source="manual", manual_baselines={"nps": 25.0})
    level = baselines(months("nps", "2026-01-01", nps_rows([(50, 30, 20)])), engagement=ours)["nps"]
    assert level.source == "manual"
    assert level.estimate.value == 25
    assert not level.estimate.has_interval
    assert level.as_record(ours.baseline) == {
        "value": 25.0,
        "unit": "points",
        "period": {"start": "2025-07-01", "end": "2025-12-31"},
        "source": "manual",
    }


def test_a_baseline_by_hand_off_its_scale_or_of_no_kpi_is_refused(engagement):
    ours = with_goals(
        engagement,
        "conversion",
        baseline_source="manual",
        manual_baselines={"conversion": 5.0, "converson": 0.05},
    )
    with pytest.raises(ConfigError) as caught:
        baselines(pd.DataFrame({"kpi": [], "period_start": []}), engagement=ours)
    message = str(caught.value)
    assert (
        "manual_baselines.conversion: found 5; a baseline in share must lie from 0 to 1" in message
    )
    assert "manual_baselines.converson: unknown KPI" in message


def test_the_record_of_a_baseline_has_what_later_notebooks_read(engagement):
    history = months("conversion", "2025-07-01", share_rows(1000, [50] * 6))
    level = pool(history, kpi=engagement.kpi("conversion"), period=engagement.baseline)
    record = level.as_record(engagement.baseline)
    assert record["value"] == 0.05
    assert record["n_obs"] == 6000
    assert record["period"] == {"start": "2025-07-01", "end": "2025-12-31"}
    assert record["ci_lower"] < 0.05 < record["ci_upper"]


def test_the_baseline_nps_has_the_interval_the_diagnosis_prints(engagement):
    """History and answers of the sample count the same 5,219 answers; the record stays as is."""
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    levels = baselines(history, engagement=engagement)
    answers = duckdb_source(SAMPLE / "data" / "answers.csv", table="answers")
    found = between_customers(levels, answers=answers, engagement=engagement)
    whole = scorecard(
        answers, engagement.metrics, window=engagement.baseline.window("answered_at"),
        precision=engagement.precision,
    )  # fmt: skip
    shown, counted = found["nps"].estimate, levels["nps"].estimate
    assert (shown.ci_lower, shown.ci_upper) == (
        whole.nps[0].shown.ci_lower, whole.nps[0].shown.ci_upper,
    )  # fmt: skip
    assert (shown.value, shown.n_obs) == (counted.value, counted.n_obs)
    assert shown.ci_lower < counted.ci_lower < counted.ci_upper < shown.ci_upper
    assert found["conversion"] is levels["conversion"]
    assert between_customers(levels, answers=None, engagement=engagement) == levels


def test_store_groups_pool_sales_over_enquiries():
    """By hand: 10 + 20 sales of 100 + 300 enquiries are 7.5 %; 5 of 50 and 5 of 50 are 10 %."""
    totals = pd.DataFrame(
        {
            "treated": [1, 1, 0, 0],
            "store": ["S1", "S2", "S3", "S4"],
            "n_sales": 2,
            "mean_sales": [5.0, 10.0, 2.5, 2.5],
            "n_enquiries": 2,
            "mean_enquiries": [50.0, 150.0, 25.0, 25.0],
        }
    )
    outside, inside = store_groups(totals)
    assert (inside.treated, inside.stores, inside.enquiries, inside.sales) == (True, 2, 400, 30)
    assert inside.conversion.value == pytest.approx(0.075)
    assert outside.conversion.value == pytest.approx(0.10)
    assert outside.conversion.ci_upper - outside.conversion.ci_lower == pytest.approx(0)


# --- goals -------------------------------------------------------------------------------------


def test_the_worked_figures_of_the_domain_come_out(engagement):
    """Golden: 25 to 30 NPS 4,082 · 38 to 40 % 9,333 · 65 to 70 % 1,374 · 15 to 30 NPS 454."""
    by_hand = {"nps": 25.0, "repurchase_90d": 0.38, "positive_mentions": 0.65}
    ours = with_goals(engagement, *by_hand, baseline_source="manual", manual_baselines=by_hand)
    history = pd.concat(
        [
            months("nps", "2026-01-01", nps_rows([(100, 60, 40)])),
            months("repurchase_90d", "2026-01-01", share_rows(620, [236])),
            months("positive_mentions", "2026-06-01", share_rows(50, [32])),
        ]
    )
    levels = baselines(history, engagement=ours)
    checks = check_goals(history, engagement=ours, levels=levels)
    assert {check.kpi.id: check.sample.n_needed for check in checks} == {
        "nps": 4082,
        "positive_mentions": 1374,
        "repurchase_90d": 9333,
    }
    from_15 = baselines(
        history,
        engagement=ours.model_copy(update={"manual_baselines": {**by_hand, "nps": 15.0}}),
    )
    assert check_goals(history, engagement=ours, levels=from_15)[0].sample.n_needed == 454


def test_forty_relative_percent_on_five_means_seven_never_forty_five(engagement):
    ours = with_goals(engagement, "conversion").model_copy(
        update={"report_date": date(2026, 1, 15)}
    )
    history = months("conversion", "2025-07-01", share_rows(20_000, [1000] * 12))
    (check,) = check_goals(history, engagement=ours, levels=baselines(history, engagement=ours))
    assert check.level == pytest.approx(0.07)
    assert check.sample.n_needed == 2210  # golden of the domain notes, 5 to 7 %
    assert check.visibility == "one_period"
    assert (check.n_at_level, check.n_history) == (0, 12)


def test_a_goal_whose_date_has_passed_is_said_so_unless_the_recent_level_is_there(engagement):
    """The report is of 15 July 2026, the goal of 30 June: 5 % is short of 7 %, 8 % is not."""
    ours = with_goals(engagement, "conversion")
    for last, said in ((1000, True), (1600, False)):
        history = months("conversion", "2025-07-01", share_rows(20_000, [1000] * 9 + [last] * 3))
        levels = baselines(history, engagement=ours)
        (check,) = check_goals(history, engagement=ours, levels=levels)
        assert (check.visibility == "passed") is said
        assert not (said and check.can_be_seen)


def test_two_goals_on_one_kpi_and_a_goal_off_its_scale_are_refused_together(engagement):
    goal = engagement.goals[0]
    far = engagement.goal("conversion").model_copy(update={"change": 4000.0})
    ours = engagement.model_copy(update={"goals": [goal, goal, far]})
    history = pd.concat(
        [
            months("nps", "2025-07-01", nps_rows([(50, 30, 20)] * 6)),
            months("conversion", "2025-07-01", share_rows(1000, [50] * 6)),
        ]
    )
    with pytest.raises(ConfigError) as caught:
        check_goals(history, engagement=ours, levels=baselines(history, engagement=ours))
    message = str(caught.value)
    assert "goals[1]: found nps; a KPI has one goal at a time" in message
    assert "goals[2]: found conversion; the goal must lie from 0 to 1" in message


def test_a_baseline_past_its_goal_is_measured_from_the_last_three_months(engagement):
    """74 % was better than the goal of 70 %; the months since stand at 65 %."""
    ours = with_goals(engagement, "positive_mentions")
    days = pd.date_range("2025-07-07", periods=50, freq="7D")
    successes = [37] * 25 + [33] * 25  # of 50
    history = pd.DataFrame(
        {
            "kpi": "positive_mentions",
            "period_start": days,
            "n_obs": 50,
            "value": np.array(successes) / 50,
            "successes": successes,
        }
    )
    (check,) = check_goals(history, engagement=ours, levels=baselines(history, engagement=ours))
    assert check.from_recent
    assert check.start.estimate.value == pytest.approx(0.66)
    assert check.start.n_periods == 13
    assert check.change == pytest.approx(0.04)
    assert check.n_at_level == 25


def test_a_goal_met_by_baseline_and_present_has_nothing_left_to_see(engagement):
    ours = with_goals(engagement, "positive_mentions")
    history = months("positive_mentions", "2025-07-07", share_rows(50, [40]))
    history = pd.concat([history.assign(period_start=d) for d in ("2025-07-07", "2025-07-14")])
    (check,) = check_goals(history, engagement=ours, levels=baselines(history, engagement=ours))
    assert (check.visibility, check.sample) == ("reached", None)


def test_without_history_nothing_can_be_seen(engagement):
    ours = with_goals(engagement, "nps", baseline_source="manual", manual_baselines={"nps": 25.0})
    empty = pd.DataFrame({"kpi": [], "period_start": [], "value": []})
    (check,) = check_goals(empty, engagement=ours, levels=baselines(empty, engagement=ours))
    assert (check.visibility, check.best) == ("not_collected", None)


def test_periods_to_the_due_date_respect_ripening_and_a_date_gone_by(engagement):
    """Repurchase is known a quarter late: of July to December only two quarters count.

    The conversion goal was due with the last month on record: the months since the baseline count.
    """
    ours = with_goals(engagement, "repurchase_90d", "conversion", actions=[])
    assert left(ours) == {"repurchase_90d": 2, "conversion": 6}


def test_periods_that_begin_before_the_action_do_not_count(engagement):
    """The offer starts on 15 August: the quarters of April and July hold days without it.

    The quarter of October is known after the due date. Due in April 2027, it would count alone.
    """
    ours = with_goals(engagement, "repurchase_90d", "conversion")
    assert left(ours) == {"repurchase_90d": 0, "conversion": 6}
    goal = ours.goals[0].model_copy(update={"by": date(2027, 4, 30)})
    assert left(ours.model_copy(update={"goals": [goal]})) == {"repurchase_90d": 1}
    offer = next(a for a in ours.actions if a.kpi == "repurchase_90d")
    early = offer.model_copy(update={"start": date(2026, 4, 1)})
    assert left(with_goals(ours, "repurchase_90d", actions=[early])) == {"repurchase_90d": 2}
    both = left(with_goals(ours, "repurchase_90d", actions=[early, offer]))
    assert both == {"repurchase_90d": 0}, "the full change needs every action"


def left(ours):
    """Periods left of each goal on a history to June 2026."""
    quarters = months("repurchase_90d", "2025-07-01", share_rows(600, [222] * 7)).iloc[[0, 3, 6]]
    history = pd.concat(
        [quarters, months("conversion", "2025-07-01", share_rows(20_000, [1000] * 12))]
    )
    known = baselines(history, engagement=ours)
    checks = check_goals(history, engagement=ours, levels=known)
    return {check.kpi.id: check.periods_left for check in checks}


def test_the_verdict_reads_all_goals_as_one_family(engagement):
    """By hand: 4 goals at 98.75 % take ((2.498 + 0.842) / (1.960 + 0.842))² = 1.42 of the answers.

    The need of the goal alone stays what the golden figures give.
    """
    history = pd.read_csv(SAMPLE / "data" / "kpi_history.csv")
    levels = baselines(history, engagement=engagement)
    checks = check_goals(history, engagement=engagement, levels=levels)
    for check in checks:
        assert check.sample.confidence_level == 0.95
        assert check.family.confidence_level == pytest.approx(0.9875)
        assert check.family.n_needed / check.sample.n_needed == pytest.approx(1.42, abs=0.01)
    alone = with_goals(engagement, "nps")
    (nps,) = check_goals(history, engagement=alone, levels=levels)
    assert nps.family == nps.sample
    joint = next(check for check in checks if check.kpi.id == "nps")
    assert joint.sample == nps.sample
    assert abs(joint.smallest_by_date) > abs(nps.smallest_by_date)
    assert joint.periods_needed is None or joint.periods_needed > nps.periods_needed


def test_a_goal_due_before_the_next_period_ends_cannot_be_seen_in_each(engagement):
    """One month would show + 40 % of 5 %, but none is whole by 20 July, 20 days after the last."""
    goal = engagement.goal("conversion")
    history = months("conversion", "2025-07-01", share_rows(20_000, [1000] * 12))
    found = {}
    for by in (date(2026, 7, 20), date(2026, 7, 31)):
        ours = engagement.model_copy(update={"goals": [goal.model_copy(update={"by": by})]})
        (check,) = check_goals(history, engagement=ours, levels=baselines(history, engagement=ours))
        assert check.sample.can_be_seen
        found[by.day] = (check.periods_left, check.visibility, check.can_be_seen)
    assert found == {20: (0, "late", False), 31: (1, "one_period", True)}


def test_the_smallest_change_by_the_date_could_just_be_seen(engagement):
    """A goal set at the level named as the smallest needs all the periods left, and no more."""
    goal = engagement.goal("nps").model_copy(update={"target": 29.0})
    ours = engagement.model_copy(update={"goals": [goal]})
    history = months("nps", "2025-07-01", nps_rows([(420, 250, 200)] * 12))
    levels = baselines(history, engagement=ours)
    (check,) = check_goals(history, engagement=ours, levels=levels)
    assert check.visibility == "late"
    within = check.start.estimate.value + check.smallest_by_date + 1e-6
    goal = ours.goals[0].model_copy(update={"target": within})
    (again,) = check_goals(
        history, engagement=ours.model_copy(update={"goals": [goal]}), levels=levels
    )
    assert (again.visibility, again.periods_needed) == ("pooled", again.periods_left)


def test_invitations_follow_from_answers_per_invitation_for_survey_scores_only(engagement):
    ours = with_goals(engagement, "nps", "conversion")
    history = pd.concat(
        [
            months("nps", "2025-07-01", nps_rows([(420, 250, 200)] * 12)),
            months("conversion", "2025-07-01", share_rows(20_000, [1000] * 12)),
        ]
    )
    nps, conversion = check_goals(
        history,
        engagement=ours,
        levels=baselines(history, engagement=ours),
        response_rate=0.25,
    )
    assert nps.sample.invitations_needed == 4 * nps.sample.n_needed
    assert conversion.sample.invitations_needed is None


def test_answers_per_invitation_count_what_was_sent_not_what_arrived():
    flags = {"n": 1000, "delivered": 900, "opened": 500, "started": 300, "completed": 250}
    (overall,) = response_rates(pd.DataFrame([flags]))
    assert answers_per_invitation(overall) == 0.25
    few = {key: value // 50 for key, value in flags.items()}
    (hidden,) = response_rates(pd.DataFrame([few]))
    assert answers_per_invitation(hidden) is None


# --- a later sample against a given earlier one ------------------------------------------------


def test_equal_samples_are_the_special_case_of_the_usual_formula():
    n = sample_size(5, variance_control=6500, variance_treatment=6500).n_per_group
    assert later_sample(5, n_before=n, variance_before=6500, variance_after=6500) == pytest.approx(
        n, abs=1
    )


def test_an_earlier_sample_too_thin_cannot_be_helped_by_a_later_one():
    """By hand: (0.03 / 2.8016)² is 0.000115, 0.2331 / 1,240 is 0.000188."""
    assert later_sample(0.03, n_before=1240, variance_before=0.2331, variance_after=0.24) is None


def test_a_later_sample_of_that_size_sees_the_change_four_times_in_five():
    """20,000 simulated pairs of shares, 30 % then 34 %; binomial error of the share 0.003."""
    before, after, n_before = 0.30, 0.34, 3000
    n_after = later_sample(
        after - before,
        n_before=n_before,
        variance_before=before * (1 - before),
        variance_after=after * (1 - after),
    )
    draw = np.random.default_rng(7)
    a = draw.binomial(n_before, before, 20_000) / n_before
    b = draw.binomial(n_after, after, 20_000) / n_after
    se = np.sqrt(a * (1 - a) / n_before + b * (1 - b) / n_after)
    seen = np.mean(np.abs(b - a) > 1.959964 * se)
    assert seen == pytest.approx(0.80, abs=4 * sqrt(0.16 / 20_000))


# --- the link to the diagnosis -----------------------------------------------------------------


def test_a_goal_touches_what_its_action_names_and_only_leans_on_its_owner(engagement):
    links = {
        link.goal.kpi: link
        for link in link_goals(
            engagement, ["enquiry_chat", "delivery_booking", "aftersales_service"]
        )
    }
    assert links["nps"].named == ("enquiry_chat", "delivery_booking")
    assert links["conversion"].named == ()
    assert links["conversion"].same_owner == ("enquiry_chat", "aftersales_service")
    assert links["repurchase_90d"].named == links["repurchase_90d"].same_owner == ()


def test_a_level_by_hand_keeps_nan_out_of_the_ledger(engagement):
    ours = with_goals(engagement, "nps", baseline_source="manual", manual_baselines={"nps": 25.0})
    empty = pd.DataFrame({"kpi": [], "period_start": []})
    record = baselines(empty, engagement=ours)["nps"].as_record(ours.baseline)
    assert not [value for value in record.values() if isinstance(value, float) and isnan(value)]


def test_invitations_count_the_answers_to_the_score_itself(engagement):
    """Every tenth invitation is completed; 3 of 4 answers give an NPS and all a CES: 7.5 % and
    10 % of invitations bring one, by hand."""
    frame = pd.DataFrame(
        {"answered_at": [pd.Timestamp("2025-08-01")] * 4, "nps": [9, 3, 7, None],
         "ces": [5, 5, 6, 7]}
    )  # fmt: skip
    survey = duckdb_source(frame, table="answers")
    found = scored_per_invitation(0.1, survey, engagement=engagement)
    assert found == {"nps": pytest.approx(0.075), "ces": pytest.approx(0.1)}
    assert scored_per_invitation(0.1, None, engagement=engagement)["nps"] == 0.1
    assert scored_per_invitation(None, survey, engagement=engagement) == {}
