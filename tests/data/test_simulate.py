# ruff: noqa: PD010, PD101  (unstack and nunique say plainly what is counted)
"""The sample engagement: reproducible, inside its tables, with every planted effect recoverable.

Expected values come from `Truth` and from exact integrals over it (truth.json); recovery is
checked with plain pandas and numpy, not with the measures of this project.
"""

import hashlib
import json
import re
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.simulate import SEED, Truth, describe_truth, simulate, write_sample
from cxlib.data.simulate.company import draw_customers
from cxlib.data.simulate.derived import true_scores
from cxlib.data.simulate.panel import draw_panel
from cxlib.data.simulate.survey import draw_answers, draw_experiences, draw_responses
from cxlib.data.simulate.text import hkid

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home"
TRUTH = Truth()

COLUMNS = {
    "answers": "answer_id invitation_id customer_id touchpoint channel store segment language "
    "answered_at nps csat ces cxi_needs cxi_easy cxi_enjoyable expectation driver_speed "
    "driver_staff driver_price driver_range driver_delivery driver_assembly driver_aftersales "
    "comment",
    "invitations": "invitation_id customer_id touchpoint channel segment store sent_at delivered "
    "opened started completed",
    "customers": "customer_id segment joined_on home_store district consent",
    "stores": "store name_en name_zh district opened_on area_sqft reply_promise coaching",
    "orders": "order_id customer_id store channel ordered_at category amount_hkd margin_hkd "
    "on_time returned referred",
    "cases": "case_id issue_id customer_id store channel category opened_at first_reply_at "
    "closed_at talk_seconds hold_seconds wrap_seconds transferred explained_again",
    "events": "visitor_id step at load_ms device",
    "mentions": "mention_id source stars language posted_on text label",
    "mention_codes": "mention_id coder label",
    "ab_test": "experiment unit_id arm assigned_at segment converted amount_hkd csat complaint "
    "pre_orders pre_amount_hkd",
    "kpi_history": "kpi period_start n_obs value sd promoters passives detractors successes",
    "store_panel": "store month treated enquiries sales reply_minutes_median csat_n csat_mean",
    "costs": "initiative paid_on category kind amount_hkd",
    "maturity": "rater role dimension level note",
    "difficulty": "rater touchpoint level note",
    "overall": "customer_id rated_at overall",
    "employees": "response_id unit quarter enps esat left",
    "followups": "answer_id reviewed contacted_at closed_at reason",
}


@pytest.fixture(scope="module")
def sample():
    """Read the committed tables once."""
    return {name: pd.read_csv(SAMPLE / "data" / f"{name}.csv") for name in COLUMNS}


@pytest.fixture(scope="module")
def truth():
    """Read the committed truth once."""
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


def digests(folder):
    """Hash the generated files of a sample folder."""
    files = [*sorted((folder / "data").glob("*.csv")), folder / "truth.json"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def nps(scores):
    """Compute the Net Promoter Score in points with plain counting."""
    given = scores.dropna()
    return 100 * ((given >= 9).mean() - (given <= 6).mean())


def wave(answers):
    """Name the half-year of each answer."""
    return np.where(answers["answered_at"] < "2026", "baseline", "review")


def difference_in_differences(panel):
    """Compare the store means of 2025H2 and 2026H1: effect, standard error, plain gain."""
    recent = panel[panel["month"] >= "2025-07-01"]
    rate = (recent["sales"] / recent["enquiries"]).groupby(
        [recent["store"], recent["treated"], recent["month"] >= "2026-01-01"]
    )
    means = rate.mean().unstack()
    gain = (means[True] - means[False]).groupby("treated")
    error = np.sqrt((gain.var() / gain.size()).sum())
    return gain.mean()[1] - gain.mean()[0], error, gain.mean()[1]


def coaching_gain(panel, stores):
    """Give per store the CSAT of 2025Q4 and of 2026H1, each weighted by answers."""
    late = panel[panel["month"] >= "2025-10-01"].assign(total=lambda p: p.csat_n * p.csat_mean)
    sums = late.groupby(["store", late["month"] >= "2026-01-01"])[["total", "csat_n"]].sum()
    means = (sums["total"] / sums["csat_n"]).unstack()
    return means[False], means[True], stores.set_index("store")["coaching"] == 1


# the committed files


def test_the_committed_sample_is_exactly_what_the_seed_gives(tmp_path):
    """Same seed, same bytes: every CSV and truth.json, rebuilt in an empty folder."""
    write_sample(tmp_path)
    assert digests(tmp_path) == digests(SAMPLE)


def test_truth_json_holds_the_defaults_of_truth(truth):
    """Each field of Truth stands in truth.json under its own name."""
    planted = json.loads(json.dumps(asdict(TRUTH), default=str))
    assert truth["planted"] == planted
    assert truth["seed"] == SEED


def test_the_committed_sample_stays_below_six_megabytes():
    """The limit of issue 2; what a run leaves behind (ledger, reports) does not count."""
    committed = [*(SAMPLE / "data").glob("*.csv"), *SAMPLE.glob("*.yml"), SAMPLE / "truth.json"]
    size = sum(file.stat().st_size for file in committed)
    assert size <= 6_000_000


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_has_the_columns_of_the_specification(sample, name):
    """Names and order as in the build specification."""
    assert list(sample[name].columns) == COLUMNS[name].split()


def test_the_readme_names_every_table_and_column():
    """A column that is not documented is not finished."""
    readme = (SAMPLE.parent / "README.md").read_text(encoding="utf-8")
    for name, columns in COLUMNS.items():
        section = readme.split(f"### {name}.csv")[1].split("###")[0]
        for column in columns.split():
            assert re.search(rf"\b{column}\b", section), f"{name}.{column}"


def test_files_are_utf_8_with_plain_line_ends():
    """No byte order mark, no carriage return."""
    for file in (SAMPLE / "data").glob("*.csv"):
        data = file.read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        data.decode("utf-8")


# inside what a good contract accepts


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("answers", ["answer_id"]),
        ("answers", ["invitation_id"]),
        ("invitations", ["invitation_id"]),
        ("customers", ["customer_id"]),
        ("orders", ["order_id"]),
        ("cases", ["case_id"]),
        ("mentions", ["mention_id"]),
        ("mention_codes", ["mention_id", "coder"]),
        ("ab_test", ["unit_id"]),
        ("store_panel", ["store", "month"]),
        ("kpi_history", ["kpi", "period_start"]),
        ("maturity", ["rater", "dimension"]),
        ("difficulty", ["rater", "touchpoint"]),
        ("employees", ["response_id"]),
        ("followups", ["answer_id"]),
    ],
)
def test_keys_are_unique(sample, name, key):
    """The mess is planted elsewhere."""
    assert not sample[name].duplicated(key).any()


def test_every_answer_belongs_to_a_completed_invitation(sample):
    """One answer per completed invitation, by the same customer at the same touchpoint."""
    joined = sample["answers"].merge(
        sample["invitations"], on="invitation_id", suffixes=("", "_sent"), validate="1:1"
    )
    assert len(joined) == len(sample["answers"]) == sample["invitations"]["completed"].sum()
    assert (joined["customer_id"] == joined["customer_id_sent"]).all()
    assert (joined["touchpoint"] == joined["touchpoint_sent"]).all()
    assert (joined["answered_at"] > joined["sent_at"]).all()
    assert joined["answered_at"].max() < "2026-07-01"


def test_scores_keep_to_their_scales(sample):
    """0-10, 1-5 and 1-7; every answer has at least one overall score."""
    answers = sample["answers"]
    for column, low, high in [("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7), ("expectation", 1, 5)]:
        assert answers[column].dropna().between(low, high).all()
        assert set(answers[column].dropna()) == set(range(low, high + 1))
    assert answers[["nps", "csat", "ces"]].notna().any(axis=1).all()


def test_drivers_are_empty_where_the_touchpoint_does_not_offer_them(sample):
    """Routing: nobody rates the assembly of a search result."""
    answers = sample["answers"]
    for touchpoint in TRUTH.touchpoints:
        here = answers[answers["touchpoint"] == touchpoint.id]
        for column in [c for c in answers.columns if c.startswith("driver_")]:
            offered = column.removeprefix("driver_") in touchpoint.drivers
            assert here[column].notna().any() == offered


def test_the_planted_mess_is_there(sample, truth):
    """Missing items 2-4 %, late answers near 6 %, trailing spaces, emoji, HKSCS, repeats."""
    answers = sample["answers"]
    assert 0.02 < answers["nps"].isna().mean() < 0.04
    assert 0.04 < truth["drawn"]["late_answers"] / len(answers) < 0.08
    comments = answers["comment"].dropna()
    assert 0.33 < len(comments) / len(answers) < 0.37
    assert comments.nunique() > 1500
    assert comments.str.endswith("  ").sum() > 50
    assert comments.str.contains("[😀-🫿]").sum() > 100
    assert comments.str.contains("[㗎𨋢𠵱]").sum() > 20
    assert answers["customer_id"].value_counts().max() >= 6


def test_planted_identifiers_appear_once_each(sample, truth):
    """Counts and values of truth.json, found again in the comments."""
    text = "\n".join(sample["answers"]["comment"].dropna())
    for kind, values in truth["drawn"]["identifiers"].items():
        assert len(values) == truth["drawn"]["planted_identifiers"][kind]
        assert [text.count(value) for value in values] == [1] * len(values)


def test_the_identity_card_check_digit_follows_modulus_11():
    """A123456(3): 36x9 + 10x8 + 1x7+2x6+3x5+4x4+5x3+6x2 = 481, and 481 + 3 = 44 x 11."""
    assert hkid("A", "123456") == "A123456(3)"


def test_complaints_are_written_by_the_dissatisfied(sample):
    """Slow replies are named by people who score enquiry_chat low."""
    chat = sample["answers"].query("touchpoint == 'enquiry_chat'").dropna(subset=["comment"])
    slow = chat["comment"].str.contains("太慢|好慢|很慢|已讀不回|[Ss]low reply")
    assert slow.sum() > 30
    assert chat.loc[slow, "csat"].mean() < chat.loc[~slow, "csat"].mean() - 0.5


def test_cases_group_into_issues_in_time_order(sample):
    """Repeated contacts share an issue and a customer; replies never precede the question."""
    cases = sample["cases"]
    assert (cases.groupby("issue_id")["customer_id"].nunique() == 1).all()
    assert (cases.groupby("issue_id").size() > 1).mean() > 0.2
    replied = cases.dropna(subset=["first_reply_at"])
    assert (replied["first_reply_at"] >= replied["opened_at"]).all()
    both = cases.dropna(subset=["first_reply_at", "closed_at"])
    assert (both["closed_at"] >= both["first_reply_at"]).all()


def test_first_replies_to_enquiries_quicken_only_where_promised(sample):
    """Median minutes of written enquiries: near 11 in the 8 stores from 2026, slow elsewhere."""
    cases = sample["cases"].merge(sample["stores"], on="store").dropna(subset=["first_reply_at"])
    asked = cases[(cases["category"] == "enquiry") & cases["channel"].isin(["whatsapp", "email"])]
    wait = pd.to_datetime(asked["first_reply_at"]) - pd.to_datetime(asked["opened_at"])
    after = (asked["opened_at"] >= "2026").rename("after")
    minutes = (wait.dt.total_seconds() / 60).groupby([asked["reply_promise"], after]).median()
    assert minutes[1, True] < 20
    assert min(minutes[1, False], minutes[0, True], minutes[0, False]) > 60


def test_visitors_pass_the_steps_in_order(sample):
    """No purchase without a checkout; about 70 % of the checkouts are abandoned."""
    steps = sample["events"].groupby("step")["visitor_id"].agg(set)
    assert steps["purchase"] < steps["checkout"] < steps["product"] < steps["visit"]
    assert len(steps["purchase"]) / len(steps["checkout"]) == pytest.approx(0.30, abs=0.06)


# the reply promise and the coaching


def test_did_covers_the_true_effect_in_most_of_ten_seeds():
    """The 95 % interval over stores (t, 22 df: 2.07) holds the true effect at least 8 times."""
    hits, estimates = 0, []
    for seed in range(10):
        panel, _ = draw_panel(TRUTH, seed=seed)
        effect, error, _ = difference_in_differences(panel)
        estimates.append(effect)
        hits += abs(effect - 0.020) < 2.07 * error
    assert hits >= 8
    assert np.mean(estimates) == pytest.approx(0.020, abs=0.0015)


def test_plain_before_after_overstates(truth):
    """Trend and season add to the treated stores' gain in almost every seed."""
    over = []
    for seed in range(10):
        panel, _ = draw_panel(TRUTH, seed=seed)
        effect, _, plain = difference_in_differences(panel)
        over.append(plain - effect)
    assert np.mean(over) == pytest.approx(0.0037, abs=0.0012)
    assert sum(gap > 0 for gap in over) >= 9
    conversion = truth["derived"]["conversion"]
    assert conversion["plain_before_after_expected"] > conversion["abs_effect_mean_of_store_months"]


def test_the_sample_panel_recovers_two_percentage_points(sample):
    """The committed draw: +2.0 pp by comparison, more by plain before/after, quiet placebo."""
    panel = sample["store_panel"]
    effect, error, plain = difference_in_differences(panel)
    assert effect == pytest.approx(0.0201, abs=0.001)
    assert plain > effect + 0.003
    assert abs(effect - 0.020) < 2.07 * error
    before = panel[panel["month"] < "2026-01-01"]
    rate = (before["sales"] / before["enquiries"]).groupby(
        [before["treated"], before["month"] >= "2025-07-01"]
    )
    means = rate.mean().unstack()
    placebo = (means[True] - means[False]).diff().iloc[-1]
    assert abs(placebo) < 0.002


def test_without_an_effect_nothing_is_found():
    """Truth(conversion_rel_effect=0): the comparison is centred on zero."""
    idle = replace(TRUTH, conversion_rel_effect=0.0)
    effects = [difference_in_differences(draw_panel(idle, seed=s)[0])[0] for s in range(10)]
    assert np.mean(effects) == pytest.approx(0.0, abs=0.0012)


def test_coaching_went_to_the_worst_six_and_the_promise_to_others(sample, truth):
    """The flag equals the selection; the two initiatives share no store."""
    before, _, coached = coaching_gain(sample["store_panel"], sample["stores"])
    assert set(before.nsmallest(6).index) == set(coached[coached].index)
    assert truth["drawn"]["stores"]["coaching"] == sorted(coached[coached].index)
    stores = sample["stores"]
    assert stores["reply_promise"].sum() == 8
    assert not (stores["reply_promise"] & stores["coaching"]).any()
    assert (
        sample["store_panel"].groupby("store")["treated"].first().to_numpy()
        == stores["reply_promise"].to_numpy()
    ).all()


def test_the_recovery_of_coached_stores_is_regression_to_the_mean(sample, truth):
    """Before/after is clearly positive; against the shrunken expectation nothing is left."""
    before, after, coached = coaching_gain(sample["store_panel"], sample["stores"])
    gain = (after - before)[coached]
    assert gain.mean() > 0.2
    assert gain.mean() / (gain.std() / np.sqrt(6)) > 3
    reliability = truth["derived"]["coaching"]["store_quarter_reliability"]
    expected = before.mean() + reliability * (before - before.mean())
    assert abs((after - expected)[coached].mean()) < 0.05
    assert truth["derived"]["coaching"]["csat_effect"] == 0


def test_coached_stores_rise_in_almost_every_seed_without_any_effect():
    """Selection alone lifts the mean of the worst six (expected gain about +0.2 points)."""
    gains = []
    for seed in range(20):
        panel, stores = draw_panel(TRUTH, seed=seed)
        before, after, coached = coaching_gain(panel, stores)
        gains.append((after - before)[coached].mean())
    assert sum(gain > 0 for gain in gains) >= 19
    assert np.mean(gains) == pytest.approx(0.20, abs=0.05)


def test_the_promise_pays_back_but_not_at_once(truth):
    """Monthly margin above the running cost; the one-off cost takes months to return."""
    conversion = truth["derived"]["conversion"]
    assert (
        conversion["incremental_margin_per_month_hkd"]
        > 1.2 * (conversion["recurring_cost_per_month_hkd"])
    )
    assert 2 < conversion["payback_months"] < 12
    assert truth["derived"]["cost_totals_hkd"] == {"coaching": 180_000, "reply_promise": 2_218_100}


# the trial


def test_the_trial_recovers_its_effects(sample):
    """Conversion +2.0 pp and CSAT +0.15 inside 95 % intervals, split and complaints quiet."""
    trial = sample["ab_test"]
    arms = trial[trial["experiment"] == "enquiry_reply"].groupby("arm")
    n, rate, complaints = arms.size(), arms["converted"].mean(), arms["complaint"].mean()
    error = np.sqrt((rate * (1 - rate) / n).sum())
    assert abs(rate["treatment"] - rate["control"] - 0.02) < 1.96 * error
    assert rate["treatment"] - rate["control"] == pytest.approx(0.02, abs=0.001)
    csat = arms["csat"].agg(["mean", "var", "count"])
    error = np.sqrt((csat["var"] / csat["count"]).sum())
    assert abs(csat["mean"]["treatment"] - csat["mean"]["control"] - 0.15) < 1.96 * error
    error = np.sqrt((complaints * (1 - complaints) / n).sum())
    assert abs(complaints["treatment"] - complaints["control"]) < 1.96 * error
    assert (n["treatment"] - n["control"]) ** 2 / n.sum() < 10.83  # chi-square, p = 0.001


def test_the_teaching_tests_show_what_is_planted(sample, truth):
    """One harms its guardrail beyond p = 0.001; one lost new customers of the treatment arm."""
    assert list(truth["teaching_tests"]) == ["video_consult", "app_banner"]
    trials = sample["ab_test"].groupby("experiment")
    arms = trials.get_group("video_consult").groupby("arm")
    rate, n = arms["complaint"].mean(), arms.size()
    error = np.sqrt((rate * (1 - rate) / n).sum())
    assert (rate["treatment"] - rate["control"]) / error > 3.29
    assert (n["treatment"] - n["control"]) ** 2 / n.sum() < 10.83
    banner = trials.get_group("app_banner")
    n = banner.groupby("arm").size()
    assert (n["treatment"] - n["control"]) ** 2 / n.sum() > 10.83
    left = banner[banner["segment"] != "new"].groupby("arm").size()
    assert (left["treatment"] - left["control"]) ** 2 / left.sum() < 10.83


# the survey


def test_true_scores_agree_with_a_large_simulation():
    """The integral of the true NPS, CSAT and CES against 200,000 simulated invitations."""
    big = replace(TRUTH, invitations_per_month=11_000, missing_item_share=0.0, store_sd=0.0)
    _, stores = draw_panel(big, seed=1)
    customers = draw_customers(replace(big, customers=60_000), stores, seed=1)
    responses = draw_responses(big, draw_experiences(big, customers, stores, seed=1), seed=1)
    answers = draw_answers(big, responses, seed=1)
    size = stores["_size"] ** 0.6
    promised = float(size[stores["reply_promise"] == 1].sum() / size.sum())
    true = true_scores(big, promised_share=promised, start=date(2026, 1, 1), end=date(2026, 7, 1))
    review = answers[answers["_sent"] >= "2026-01-01"]
    online = review["channel"] == "online"
    for rows, group in ((online, "online"), (~online, "not_online")):
        expected = true["by_channel_group"][group]["answerers"]
        assert nps(review.loc[rows, "nps"]) == pytest.approx(expected["nps"], abs=2.0)
        assert review.loc[rows, "csat"].mean() == pytest.approx(expected["csat"], abs=0.03)
        assert review.loc[rows, "ces"].mean() == pytest.approx(expected["ces"], abs=0.05)
    asked = responses[responses["_sent"].between("2026-01-01", "2026-05-31")]
    rates = asked.groupby("segment")["completed"].mean()
    for segment, rate in true["response_share_by_segment"].items():
        assert rates[segment] == pytest.approx(rate, abs=0.012)


def test_the_true_nps_rises_in_both_channel_groups_and_falls_in_total(truth):
    """Rate effect about +2.7 points, mix effect about -5.6, total about -2.8."""
    waves = truth["derived"]["survey"]
    for group in ("online", "not_online"):
        before, after = (
            waves[name]["by_channel_group"][group]["answerers"] for name in ("baseline", "review")
        )
        assert 1.5 < after["nps"] - before["nps"] < 4
        assert after["csat"] > before["csat"]
    change = truth["derived"]["reversal_by_mix"]
    assert change["nps_answerers_change"] < -2
    assert change["rate_points"] + change["mix_points"] == pytest.approx(
        change["nps_answerers_change"], abs=0.01
    )


def test_the_sample_shows_the_reversal(sample):
    """Signs of the committed draw: NPS and CSAT up in each group, down in total."""
    answers = sample["answers"]
    period, online = wave(answers), answers["channel"] == "online"
    for rows in (online, ~online):
        for score in (nps, pd.Series.mean):
            column = "nps" if score is nps else "csat"
            before = score(answers.loc[rows & (period == "baseline"), column])
            assert score(answers.loc[rows & (period == "review"), column]) > before
    total = [nps(answers.loc[period == name, "nps"]) for name in ("baseline", "review")]
    assert total[1] - total[0] == pytest.approx(-2.0, abs=0.6)
    means = [answers.loc[period == name, "csat"].mean() for name in ("baseline", "review")]
    assert means[1] < means[0]


def test_pain_points_and_peaks_stand_out(sample):
    """Three touchpoints below and two above the journey mean, chat the most frequent pain."""
    csat = sample["answers"].groupby("touchpoint")["csat"].agg(["mean", "size"])
    overall = sample["answers"]["csat"].mean()
    pains = csat.loc[["enquiry_chat", "delivery_booking", "aftersales_service"]]
    assert (pains["mean"] < overall - 0.2).all()
    assert (csat.loc[["design_consult", "assembly"], "mean"] > overall + 0.35).all()
    assert csat["mean"].idxmin() == "enquiry_chat"
    assert csat["size"].idxmax() == "enquiry_chat"


def test_the_contented_and_the_members_answer_more(truth, sample):
    """So the answers flatter: true NPS of all experiences lies below that of the answerers."""
    for name in ("baseline", "review"):
        overall = truth["derived"]["survey"][name]["overall"]
        assert overall["answerers"]["nps"] - overall["population"]["nps"] > 2
    rates = sample["invitations"].groupby("segment")["completed"].mean()
    assert rates["new"] < rates["returning"] < rates["member"]


# the KPI history


def test_nps_and_ces_history_are_counted_from_the_answers(sample):
    """Twelve months recounted by hand from answers.csv, to the last answer."""
    answers = sample["answers"]
    month = answers["answered_at"].str.slice(0, 7) + "-01"
    history = sample["kpi_history"].set_index(["kpi", "period_start"])
    assert len(history.loc["nps"]) == len(history.loc["ces"]) == 18
    for period, rows in answers.groupby(month):
        line = history.loc[("nps", period)]
        assert line["promoters"] == (rows["nps"] >= 9).sum()
        assert line["detractors"] == (rows["nps"] <= 6).sum()
        assert line["value"] == pytest.approx(nps(rows["nps"]), abs=1e-4)
        assert history.loc[("ces", period), "value"] == pytest.approx(rows["ces"].mean(), abs=1e-4)


def test_conversion_repurchase_and_mentions_history_are_counted_from_their_tables(sample):
    """Sales over enquiries; second order by day 90; positive over positive + negative."""
    history = sample["kpi_history"].set_index(["kpi", "period_start"])
    sums = sample["store_panel"].groupby("month")[["enquiries", "sales"]].sum()
    expected = sums["sales"] / sums["enquiries"]
    np.testing.assert_allclose(history.loc["conversion", "value"], expected, atol=1e-6)
    orders = sample["orders"]
    day = pd.to_datetime(orders["ordered_at"]).dt.normalize()
    first = day.groupby(orders["customer_id"]).transform("min")
    soon = ((day > first) & ((day - first).dt.days <= 90)).groupby(orders["customer_id"]).any()
    quarter = first.groupby(orders["customer_id"]).first().dt.to_period("Q").dt.start_time
    again = soon.groupby(quarter).mean()
    assert list(history.loc["repurchase_90d"].index)[-1] == "2026-01-01"
    np.testing.assert_allclose(history.loc["repurchase_90d", "value"], again[:5], atol=1e-6)
    weekly = history.loc["positive_mentions"]
    assert all(date.fromisoformat(day).weekday() == 0 for day in weekly.index)
    toned = sample["mentions"].query("label != 'neutral'")
    assert weekly["n_obs"].sum() == len(toned)
    assert weekly["successes"].sum() == (toned["label"] == "positive").sum()


def test_the_history_ends_at_the_worked_figures(sample):
    """NPS 25, CES-v2 4.9, positive mentions 65 %, repurchase 38 % (domain notes, section 1)."""
    history = sample["kpi_history"].groupby("kpi")["value"]
    assert history.last()["nps"] == pytest.approx(25, abs=1.5)
    assert history.last()["ces"] == pytest.approx(4.9, abs=0.05)
    assert history.last()["positive_mentions"] == pytest.approx(0.65, abs=0.02)
    assert history.last()["repurchase_90d"] == pytest.approx(0.38, abs=0.005)
    assert history.last()["repurchase_90d"] > history.first()["repurchase_90d"]


def test_positive_mentions_end_in_a_run_below_the_centre(sample):
    """A run of at least eight weeks below the first year's mean: a control-chart signal."""
    value = sample["kpi_history"].query("kpi == 'positive_mentions'")["value"].to_numpy()
    below = value < value[:52].mean()
    assert below[-9:].all()
    assert value[-13:].mean() == pytest.approx(0.6465, abs=0.02)


# arguments


def test_another_seed_gives_other_rows_and_the_same_shape():
    """The seed is an argument, not a constant."""
    other = simulate(seed=7)
    assert {name: " ".join(frame.columns) for name, frame in other.items()} == COLUMNS
    assert not other["ab_test"].equals(simulate()["ab_test"])


def test_describe_truth_agrees_with_the_file(truth):
    """truth.json is describe_truth() written down."""
    assert json.loads(json.dumps(describe_truth())) == truth
