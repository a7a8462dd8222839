"""A company: contracts hold, its truth is in its data, and nowhere else."""

import json
import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cxlib.cli import app
from cxlib.data.open import open_data
from cxlib.data.simulate.company import stream
from cxlib.data.simulate.survey import draw_answers
from cxlib.engagement.load import load_engagement
from cxlib.errors import ConfigError, DataError, InputError
from cxlib.workshop.company import (
    TABLES,
    find_company,
    make_company,
    make_groups,
    open_company,
)
from cxlib.workshop.company_tables import draw_tables
from cxlib.workshop.score_analyst import read_company
from cxlib.workshop.truth import read_truth, write_truth
from cxlib.workshop.truth_plan import draw_plan
from cxlib.workshop.truth_terms import Stake


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "company"
    return folder, make_company(folder, seed=11)


@pytest.fixture(scope="module")
def readings(companies):
    return [(read_company(company, truth.terms), truth) for company, truth in companies]


def everything(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


# contracts


def test_the_engagement_and_every_table_hold_their_contracts(made):
    folder, _ = made
    engagement = load_engagement(folder)
    known = {
        "touchpoint": frozenset(t.id for t in engagement.touchpoints),
        "experiment": frozenset(e.id for e in engagement.experiments),
        "arm": frozenset({"control", "treatment"}),
        "initiative": frozenset(i.id for i in engagement.initiatives),
    }
    data = open_data(engagement.tables, folder=folder, known=known)
    assert set(data) == set(TABLES)


def test_cx_check_passes(made):
    result = CliRunner().invoke(app, ["check", str(made[0])])
    assert result.exit_code == 0, result.output
    assert "ready" in result.output


def test_a_company_has_4000_to_6000_answers_and_at_most_3_megabytes(made):
    folder, _ = made
    assert 4000 <= len(open_company(folder).answers) <= 6000
    assert sum(len(content) for content in everything(folder).values()) <= 3_000_000


def test_dates_are_parsed_and_the_tables_are_sources_that_join(made):
    company = open_company(made[0])
    assert pd.api.types.is_datetime64_any_dtype(company.answers["answered_at"])
    assert pd.api.types.is_datetime64_any_dtype(company.store_panel["month"])
    joined = company.source("answers").ask(
        "select count(*) as n from answers join invitations using (invitation_id)"
    )
    assert joined["n"][0] == len(company.answers)
    with pytest.raises(InputError, match=r"table must be one of answers, .*, got 'mentions'"):
        company.source("mentions")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_or_difficulty_others(made, tmp_path):
    make_company(tmp_path / "again", seed=11)
    make_company(tmp_path / "other", seed=12)
    make_company(tmp_path / "hard", seed=11, difficulty="hard")
    again, other, hard = (everything(tmp_path / name) for name in ("again", "other", "hard"))
    assert again == everything(made[0])
    for file in ("data/answers.csv", "data/ab_test.csv", "data/store_panel.csv"):
        assert len({again[file], other[file], hard[file]}) == 3


def test_the_sample_is_drawn_as_before_when_no_driver_shifts_are_given():
    """The sample's own shifts are the default; the committed bytes are tested in tests/data."""
    assert draw_answers.__kwdefaults__["driver_shifts"] is not None
    assert stream(1, "answers").integers(1000) == stream(1, "answers").integers(1000)


# the truth is in the data


@pytest.mark.parametrize(
    ("key", "true"),
    [
        ("nps", lambda t: t.nps),
        ("ab_effect", lambda t: 100 * t.ab_effect),
        ("initiative_effect", lambda t: 100 * t.initiative_effect),
        ("coaching_effect", lambda t: t.coaching_effect),
    ],
)
def test_95_percent_intervals_cover_the_planted_truth(readings, key, true):
    """Of 20 at least 16: fewer has a chance of 0.3 % when 95 % is right (binomial)."""
    covered = sum(
        reading.answers[key].lower <= true(truth) <= reading.answers[key].upper
        for reading, truth in readings
    )
    assert covered >= 16
    misses = [(reading.answers[key].value - true(truth)) / reading.errors[key]
              for reading, truth in readings]  # fmt: skip
    assert abs(np.mean(misses)) < 3 / np.sqrt(20)


def test_pain_points_driver_reversal_and_goal_are_found(readings):
    pains = [set(r.answers["pain_points"].words) & set(t.pain_points) for r, t in readings]
    assert np.mean([len(hit) for hit in pains]) > 2.7
    drivers = [r.answers["top_driver"].words[0] == f"driver_{t.top_driver}" for r, t in readings]
    assert np.mean(drivers) > 0.8
    assert np.mean([r.answers["channels"].words[0] == "up_down" for r, _ in readings]) > 0.8
    ratios = [abs(np.log(r.answers["goal_n"].value / t.goal_n)) for r, t in readings]
    assert max(ratios) < 0.1


def test_every_company_has_the_reversal_and_a_coaching_without_effect(companies):
    for _, truth in companies:
        assert all(after > before + 2 for before, after in truth.nps_by_channel.values())
        assert truth.nps_change < -2
        assert truth.rate_points + truth.mix_points == pytest.approx(truth.nps_change, abs=0.01)
        assert truth.coaching_effect == 0


def test_coached_stores_rise_all_the_same(companies):
    """Regression to the mean: the naive before/after of the coached stores is positive."""
    gains = []
    for company, _ in companies:
        panel = company.store_panel.merge(company.stores[["store", "coaching"]])
        panel = panel[(panel["coaching"] == 1) & (panel["month"] >= "2025-10-01")]
        after = panel["month"] >= "2026-01-01"
        gains.append(panel.loc[after, "csat_mean"].mean() - panel.loc[~after, "csat_mean"].mean())
    assert np.mean(gains) > 0.1
    assert np.mean([gain > 0 for gain in gains]) > 0.9


def test_hidden_things_vary_by_seed(companies):
    truths = [truth for _, truth in companies]
    assert 4 <= sum(truth.ab_effect > 0 for truth in truths) <= 16
    assert 4 <= sum(truth.initiative_effect > 0 for truth in truths) <= 16
    assert len({truth.pain_points for truth in truths}) > 8
    assert len({truth.top_driver for truth in truths}) >= 3
    assert max(t.nps for t in truths) - min(t.nps for t in truths) > 15
    assert {truth.goal_visible for truth in truths} == {True, False}


def test_one_series_shifts_and_the_other_does_not(companies):
    shifts, drifts = [], []
    for company, truth in companies:
        history = company.kpi_history
        weekly = history[history["kpi"] == truth.shifted_series]
        after = weekly["period_start"] >= pd.Timestamp(truth.shift_start)
        shift = weekly.loc[after, "value"].mean() - weekly.loc[~after, "value"].mean()
        shifts.append(shift - truth.shift_size)
        steady = history[history["kpi"] == truth.steady_series]
        p = steady["successes"].sum() / steady["n_obs"].sum()
        z = (steady["value"] - p) / np.sqrt(p * (1 - p) / steady["n_obs"])
        drifts.append(float((z**2).sum() / (len(z) - 1)))
    assert max(abs(s) for s in shifts) < 0.04
    assert np.mean(drifts) == pytest.approx(1.0, abs=0.25)  # chi-square over its degrees of freedom


def test_hard_is_harder_and_may_lose_customers_of_one_arm(hard_companies, companies):
    hard = [truth for _, truth in hard_companies]
    usual = [truth for _, truth in companies]
    gap = lambda t: sorted(t.nps_by_touchpoint.values())  # noqa: E731
    assert np.mean([gap(t)[3] - gap(t)[2] for t in hard]) < np.mean(
        [gap(t)[3] - gap(t)[2] for t in usual]
    )
    assert np.mean([t.nps - t.nps_everyone for t in hard]) > 1.4 * np.mean(
        [t.nps - t.nps_everyone for t in usual]
    )
    assert not any(truth.ab_broken for truth in usual)


def test_a_broken_split_is_found_and_an_intact_one_is_not_accused():
    from cxlib.workshop.company import _secret
    from cxlib.workshop.company_tables import _trial as draw
    from cxlib.workshop.score_analyst import _trial as read

    found = {True: [], False: []}
    for seed in range(30):
        plan = draw_plan(seed, "hard")
        found[plan.lost_of_new > 0].append(read(draw(plan, _secret(seed, "hard")))[1])
    assert found[True]
    assert not any(found[True])
    assert all(found[False])


# the truth is nowhere else


def test_no_hidden_column_and_no_value_of_the_truth_lies_in_the_folder(made):
    folder, truth = made
    files = everything(folder)
    assert set(files) == {
        "README.md", "engagement.yml", "_brand.yml", "form.csv",
        *(f"data/{name}.csv" for name in TABLES),
    }  # fmt: skip
    text = {name: content.decode("utf-8-sig") for name, content in files.items()}
    for name in TABLES:
        header = text[f"data/{name}.csv"].splitlines()[0].split(",")
        assert not [column for column in header if column.startswith("_")]
        assert not re.search(r"hidden|planted|truth|effect|lost", ",".join(header))
    written = " ".join(text[name] for name in ("README.md", "engagement.yml", "form.csv"))
    facts = asdict(truth)
    told = {str(v) for v in _leaves(facts.pop("terms"))} | {"0", "0.0", "1", "11"}
    secret = {repr(v) for v in _leaves(facts) if isinstance(v, float)} - told
    assert not [value for value in secret if len(value) > 3 and value in written]
    assert truth.shift_start.isoformat() not in written
    assert "truth.json" not in " ".join(files)


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def test_what_lies_beside_the_data_is_the_same_whatever_is_true():
    """Two truths, one set of terms: the texts are equal to the byte."""
    from cxlib.workshop.company_files import engagement_text
    from cxlib.workshop.company_page import page_text
    from cxlib.workshop.form_file import form_text

    terms = draw_plan(5, "usual").terms
    for write in (
        lambda: engagement_text(name=("A", "甲"), terms=terms),
        lambda: page_text(name=("A", "甲"), terms=terms, tables=TABLES),
        lambda: form_text(terms=terms, code="ABCDEF"),
    ):
        assert write() == write()
    for text in (engagement_text, page_text, form_text):
        assert "truth" not in text.__annotations__


def test_what_is_told_does_not_depend_on_effects():
    """Break-even is drawn alike where the effect is real and where it is not."""
    plans = [draw_plan(seed, "usual") for seed in range(400)]
    told = {True: [], False: []}
    for plan in plans:
        told[plan.planted.ab_conversion_effect > 0].append(plan.terms.test.break_even)
    difference = np.mean(told[True]) - np.mean(told[False])
    spread = np.std([p.terms.test.break_even for p in plans]) * np.sqrt(4 / len(plans))
    assert abs(difference) < 3 * spread


def test_ids_and_order_tell_nothing(made):
    """Rows run by time, and ids count them; arm and touchpoint are not grouped in the files."""
    company = open_company(made[0])
    assert company.answers["answered_at"].is_monotonic_increasing
    assert company.invitations["sent_at"].is_monotonic_increasing
    assert company.ab_test["assigned_at"].is_monotonic_increasing
    first = company.ab_test["arm"].eq("treatment").head(len(company.ab_test) // 2).mean()
    assert first == pytest.approx(0.5, abs=0.05)


def test_tables_drawn_hold_hidden_columns_that_the_files_do_not(made):
    drawn = draw_tables(draw_plan(11, "usual"), 1)
    assert "_hidden" in drawn["answers"]
    assert "_hidden" not in open_company(made[0]).answers


# truth file


def test_truth_comes_back_from_its_file_as_it_was(made, tmp_path):
    _, truth = made
    file = write_truth({"group_1": truth}, tmp_path / "deep" / "truth.json")
    assert read_truth(file) == {"group_1": truth}
    assert write_truth(truth, tmp_path / "one.json").read_bytes().endswith(b"\n")


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other"}', '{"groups": {}}', "\x00"])
def test_a_file_that_is_no_truth_is_refused_with_the_remedy(tmp_path, content):
    file = tmp_path / "t.json"
    file.write_text(content)
    with pytest.raises(DataError, match="must be the truth file that cx workshop company wrote"):
        read_truth(file)


def test_a_truth_file_with_a_field_missing_is_refused(made, tmp_path):
    file = write_truth(made[1], tmp_path / "t.json")
    told = json.loads(file.read_text())
    del told["groups"][""]["nps"]
    file.write_text(json.dumps(told))
    with pytest.raises(DataError, match="the truth cannot be read"):
        read_truth(file)


# impossible parameters


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (-1, "seed must be 0 to 2147483647, got -1; take another number"),
        (2**40, "seed must be 0 to 2147483647, got 1099511627776; take another number"),
        (1.5, "seed must be a whole number, got 1.5; write digits, such as 11"),
        (True, "seed must be a whole number, got True; write digits, such as 11"),
        ("7", "seed must be a whole number, got '7'; write digits, such as 11"),
    ],
)
def test_an_impossible_seed_is_refused_with_the_reason(tmp_path, seed, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        make_company(tmp_path / "c", seed=seed)
    assert not (tmp_path / "c").exists()


def test_an_unknown_difficulty_is_refused(tmp_path):
    with pytest.raises(InputError, match="difficulty must be one of easy, usual, hard, got 'mean'"):
        make_company(tmp_path / "c", seed=1, difficulty="mean")


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"needs a new or empty folder, .* holds files"):
        make_company(tmp_path, seed=1)
    with pytest.raises(InputError, match=r"needs a folder, .*mine\.txt is a file"):
        make_company(tmp_path / "mine.txt", seed=1)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("groups", [0, -2, 61, 2.0, True])
def test_an_impossible_number_of_groups_is_refused(tmp_path, groups):
    with pytest.raises(InputError, match="groups must be a whole number from 1 to 60"):
        make_groups(tmp_path / "g", seed=1, groups=groups, truth=tmp_path / "t.json")


def test_groups_get_companies_of_their_own_and_one_truth_file_outside(tmp_path):
    made = make_groups(tmp_path / "g", seed=21, groups=2, truth=tmp_path / "t.json")
    assert list(made) == ["group_1", "group_2"]
    assert [t.seed for t in made.values()] == [21, 22]
    assert read_truth(tmp_path / "t.json") == made
    assert not list((tmp_path / "g").rglob("*.json"))
    with pytest.raises(InputError, match="the truth file must be new"):
        make_groups(tmp_path / "h", seed=1, truth=tmp_path / "t.json")


def test_the_truth_may_not_lie_among_the_learners_files(tmp_path):
    with pytest.raises(InputError, match="the truth must lie outside the learners' folder"):
        make_groups(tmp_path / "g", seed=1, truth=tmp_path / "g" / "truth.json")
    assert not (tmp_path / "g").exists()


# opening


def test_a_company_is_found_beside_the_notebook_in_company_and_by_the_environment(
    made, tmp_path, monkeypatch
):
    folder, _ = made
    assert find_company(folder) == folder
    assert find_company(folder.parent) == folder
    monkeypatch.setenv("CX_COMPANY", str(folder))
    assert find_company(tmp_path) == folder


def test_without_any_company_that_of_seed_7_is_made_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CX_COMPANY", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "here").mkdir()
    place = find_company(tmp_path / "here")
    assert place.parent == tmp_path
    assert find_company(tmp_path / "here") == place
    assert not list(place.rglob("*.json"))


def test_a_missing_or_damaged_table_is_named(made, tmp_path):
    import shutil

    place = shutil.copytree(made[0], tmp_path / "c")
    (place / "data" / "orders.csv").unlink()
    (place / "data" / "answers.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as caught:
        open_company(place)
    assert [p.file for p in caught.value.problems] == ["data/answers.csv", "data/orders.csv"]
    with pytest.raises(ConfigError, match="language must be one of en, zh-Hant-HK, got 'fr'"):
        open_company(made[0], language="fr")


# money


def stake(**changed):
    known = {
        "enquiries_per_month": 1000, "margin_hkd": 2000.0, "cost_per_month_hkd": 10_000.0,
        "horizon_months": 12, "wait_months": 3, "wait_cost_hkd": 5_000.0,
        "runs_while_waiting": False,
    }  # fmt: skip
    return Stake(**(known | changed))


def test_the_money_of_a_decision_worked_by_hand():
    """1,000 x 0.02 x 2,000 - 10,000 = 30,000 a month: 360,000 in 12; waiting 9 x 30,000 - 5,000."""
    s = stake()
    assert s.net_per_month(0.02) == 30_000
    assert s.break_even == 0.005
    assert s.value("go", 0.02) == 360_000
    assert s.value("wait", 0.02) == 265_000
    assert s.value("wait", 0.0) == -5_000
    assert (s.regret("go", 0.02), s.regret("wait", 0.02), s.regret("stop", 0.02)) == (
        0, 95_000, 360_000,
    )  # fmt: skip
    assert s.best(0.0) == ("stop", 0.0)
    assert s.regret("go", 0.0) == 120_000
    assert stake(runs_while_waiting=True).value("wait", 0.0) == -35_000
