"""An engagement shared out among the values of a column: whose row is whose, and what is said."""

import csv
import re
import shutil
import stat
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from cxlib.data.intake import read_table
from cxlib.engagement import load_engagement
from cxlib.engagement.lock import locked
from cxlib.errors import ConfigError, RunError
from cxlib.run.batch_names import branch_ids, client_id
from cxlib.run.batch_plan import plan_by_column, plan_by_list
from cxlib.run.batch_split import split_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
STORES = ("S01", "S15", "S17")
TABLES = (
    "answers", "invitations", "stores", "orders", "cases", "customers", "followups", "overall",
    "events", "mentions", "maturity", "difficulty",
)  # fmt: skip


@pytest.fixture(scope="module")
def frames():
    """A few hundred rows of the sample: three stores, and what has no store."""
    found = {}
    for table in TABLES:
        frame = pd.read_csv(SAMPLE / "data" / f"{table}.csv", dtype=str, keep_default_na=False)
        if "store" in frame.columns and table != "stores":
            some = frame[frame["store"].isin(STORES)].head(500)
            frame = pd.concat([some, frame[frame["store"] == ""].head(60)])
        found[table] = frame if table in {"stores", "customers"} else frame.head(600)
    answered = set(found["answers"]["answer_id"])
    whole = pd.read_csv(SAMPLE / "data" / "followups.csv", dtype=str, keep_default_na=False)
    found["followups"] = whole[whole["answer_id"].isin(answered)]
    return found


@pytest.fixture
def small(frames, tmp_path):
    """An engagement of these rows; call it to change tables' text or the file before it is read."""

    def make(*, frames_too=None, encoding="utf-8", spec=None, change=None):
        folder = tmp_path / "small"
        (folder / "data").mkdir(parents=True)
        shutil.copyfile(SAMPLE / "_brand.yml", folder / "_brand.yml")
        said = yaml.safe_load((SAMPLE / "engagement.yml").read_text(encoding="utf-8"))
        said["tables"] = {}
        for table, frame in (frames | (frames_too or {})).items():
            frame.to_csv(folder / "data" / f"{table}.csv", index=False, encoding=encoding)
            said["tables"][table] = {"file": f"data/{table}.csv"} | (spec or {}).get(table, {})
        said["voice"] = {}
        if change:
            change(said)
        path = folder / "engagement.yml"
        path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
        return load_engagement(path)

    return make


def rows_of(branch, table):
    file = branch.path.parent / "data" / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_branches_together_are_the_whole_and_none_has_anothers_row(small, frames):
    plan = plan_by_column(small(), by="store", minimum_cell=5)
    assert [branch.id for branch in plan.branches] == ["s01", "s15", "s17"]
    for table, key in (("answers", "answer_id"), ("invitations", "invitation_id"),
                       ("orders", "order_id"), ("cases", "case_id")):  # fmt: skip
        found = []
        for branch in plan.branches:
            rows = rows_of(branch, table)
            assert {row["store"] for row in rows} == {branch.value}
            found += [row[key] for row in rows]
        whole = frames[table]
        assert sorted(found) == sorted(whole[whole["store"] != ""][key])


def test_a_cell_of_the_copy_is_the_cell_of_the_file(small, frames):
    """Text, empty cells and commas come through; the whole row is compared."""
    plan = plan_by_column(small(), by="store", minimum_cell=5)
    whole = frames["answers"].set_index("answer_id")
    for row in rows_of(plan.branches[0], "answers"):
        theirs = whole.loc[row.pop("answer_id")]
        assert row == {name: " ".join(v.split(" ")).strip() for name, v in theirs.items()}


def test_big5_and_mapped_columns_hold_in_every_branch(small, frames):
    answers = frames["answers"].rename(columns={"nps": "推薦分數", "store": "分店"})
    kept = answers["comment"].map(lambda text: text.encode("big5", "ignore").decode("big5"))
    answers = answers.assign(comment=kept)
    whole = small(
        frames_too={
            "answers": answers,
            "stores": frames["stores"],
            "mentions": frames["mentions"].head(0),
        },
        encoding="utf-8",
        spec={"answers": {"columns": {"nps": "推薦分數", "store": "分店"}, "encoding": "big5"}},
    )
    path = whole.folder / "data" / "answers.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("big5"))
    plan = plan_by_column(whole, by="store", minimum_cell=5)
    mine = rows_of(plan.branches[1], "answers")
    theirs = answers[answers["分店"] == "S15"]
    assert [row["nps"] for row in mine] == list(theirs["推薦分數"])
    assert [row["comment"] for row in mine] == [text.strip() for text in theirs["comment"]]
    spec = load_engagement(plan.branches[1].path).tables["answers"]
    assert spec.columns == {}
    raw = read_table(plan.branches[1].path.parent / spec.file, table_name="answers")
    assert set(raw.frame["store"]) == {"S15"}


def test_what_no_column_shares_out_is_left_out_and_said(small):
    plan = plan_by_column(small(), by="store", minimum_cell=5)
    said = "\n".join(plan.notes)
    for table in ("events", "mentions", "customers", "overall", "maturity", "difficulty"):
        assert f"left out  {table}: nothing in it names one store for each row" in said
        assert not (plan.branches[0].path.parent / "data" / f"{table}.csv").exists()
    assert re.search(r"\d+ of \d+ rows of answers have no store and are in no branch", said)
    assert (
        "kpis, goals, experiments, initiatives, volumes of touchpoints: they are the company's"
        in said
    )
    branch = load_engagement(plan.branches[0].path)
    assert (branch.kpis, branch.goals, branch.experiments, branch.initiatives) == ([], [], [], [])
    assert {point.monthly_volume for point in branch.touchpoints} == {None}


def test_a_description_is_shared_only_when_the_user_says_so(small):
    whole = small()
    plan = plan_by_column(whole, by="store", shared=("maturity",), minimum_cell=5)
    assert "maturity is the company's own and the same for every branch (--share)" in plan.notes
    own = rows_of(plan.branches[0], "maturity")
    assert own == rows_of(plan.branches[1], "maturity") != []
    with pytest.raises(
        ConfigError, match=r"only describes \(stores, maturity, difficulty\), got 'ev"
    ):
        plan_by_column(whole, by="store", shared=("events",), minimum_cell=5)


def test_a_table_is_found_through_the_one_row_it_refers_to(small, frames):
    """Follow-ups belong where their answer does; orders, by segment, where their customer does."""
    split = split_tables(small(), by="store", tables=["followups"])
    share = split.shares["followups"]
    assert share.through == "answers"
    store = frames["answers"].set_index("answer_id")["store"]
    for value in STORES:
        assert set(share.rows(value)["answer_id"].map(store)) <= {value}


def test_by_segment_orders_go_with_their_customer(small, frames):
    split = split_tables(small(), by="segment", tables=["customers", "orders", "cases"])
    assert split.shares["orders"].through == "customers"
    segment = frames["customers"].set_index("customer_id")["segment"]
    assert set(split.shares["orders"].rows("new")["customer_id"].map(segment)) == {"new"}


def test_a_column_of_the_same_name_with_another_meaning_shares_nothing_out(small):
    """The channel of a case (phone, email) is not the channel of an answer."""
    split = split_tables(small(), by="channel", tables=["cases", "orders"])
    assert split.left_out["cases"] == "its channel is not the channel of answers"
    assert split.shares["orders"].through == ""


def test_the_district_of_the_store_and_of_the_customer_are_told_apart(small):
    whole = small()
    said = (
        r"by names a column of answers, got 'district'; write --by customers.district or "
        r"--by stores.district"
    )
    with pytest.raises(ConfigError, match=said):
        split_tables(whole, by="district", tables=[])
    split = split_tables(whole, by="stores.district", tables=["orders", "customers"])
    assert split.shares["answers"].through == "stores"
    assert split.left_out["customers"] == "its district is not the district of stores"


def test_an_unknown_column_is_refused_with_those_there_are(small):
    with pytest.raises(ConfigError, match=r"got 'shop'; it has answer_id, invitation_id, "):
        plan_by_column(small(), by="shop")


def test_a_table_the_diagnosis_needs_must_be_shared_out(small, frames):
    without = frames["invitations"].drop(columns="store")
    said = (
        r"01_diagnosis needs the table invitations, and nothing in it names one store.*"
        r"add the column store to it"
    )
    with pytest.raises(ConfigError, match=said):
        plan_by_column(small(frames_too={"invitations": without}), by="store")


def test_rows_of_an_engine_stay_there(small):
    whole = small()

    def moved(table):
        spec = whole.tables[table].model_copy(update={"file": "", "table": f"cx.{table}"})
        return whole.model_copy(update={"tables": {**whole.tables, table: spec}})

    split = split_tables(moved("orders"), by="store", tables=["orders", "cases"])
    assert split.left_out["orders"] == "it lies in the engine, whose rows stay there"
    with pytest.raises(ConfigError, match="the answers lie in the engine, whose rows stay there"):
        split_tables(moved("answers"), by="store", tables=[])


def test_a_branch_under_the_smallest_cell_has_no_folder_and_no_count(small, frames):
    few = frames["answers"]
    few = few[(few["store"] != "S17") | (few.groupby("store").cumcount() < 3)]
    plan = plan_by_column(small(frames_too={"answers": few}), by="store", minimum_cell=5)
    assert [branch.too_few for branch in plan.branches] == [False, False, True]
    assert not plan.branches[2].path.parent.exists()


def test_a_branch_that_is_no_more_leaves_no_rows_behind(small, frames):
    whole = small()
    plan = plan_by_column(whole, by="store", minimum_cell=5)
    gone = plan.branches[0].path.parent
    rest = frames["answers"][frames["answers"]["store"] != "S01"]
    rest.to_csv(whole.folder / "data" / "answers.csv", index=False)
    plan_by_column(whole, by="store", minimum_cell=5)
    assert not gone.exists()


def test_a_second_batch_leaves_the_folders_of_the_first_as_they_are(small):
    engagement = small()
    plan = plan_by_column(engagement, by="store", minimum_cell=5)
    written = [branch.path for branch in plan.branches if not branch.too_few]
    with (
        locked(plan.home / "batch.lock", wait_s=0),
        pytest.raises(RunError, match="another batch is at work in "),
    ):
        plan_by_column(engagement, by="store", minimum_cell=100_000)
    assert written
    assert all(path.is_file() for path in written)


def test_rows_stay_in_a_folder_that_only_its_owner_reads(small):
    plan = plan_by_column(small(), by="store", minimum_cell=5)
    folder = plan.branches[0].path.parent
    inside = plan.engagement.folder / ".cx"
    assert inside in folder.parents
    for path in (inside, inside / "batch", folder.parent, folder, folder / "data"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert (inside / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_each_branch_is_named_in_both_languages(small):
    plan = plan_by_column(small(), by="store", minimum_cell=5)
    client = load_engagement(plan.branches[0].path).client
    assert client.id == "harbour_home_s01"
    assert client.name == {
        "en": "Harbour Home · Causeway Bay", "zh-Hant-HK": "海港家居 · 銅鑼灣",
    }  # fmt: skip
    plan = plan_by_column(plan.engagement, by="segment", minimum_cell=5)
    assert plan.branches[0].name == {"en": "Members", "zh-Hant-HK": "會員"}


HOSTILE = (
    "../x", "..", "CON", "nul", "/etc/passwd", "旺角", "尖沙咀", "A b", "A-b", "a/b", "S01", "s01",
    "x" * 300, "<script>alert(1)</script>", "a\u202eb", "=1+1", "C:\\x", " ", "-", ".cx",
)  # fmt: skip


def test_ids_are_safe_and_no_two_names_share_one():
    ids = branch_ids(HOSTILE)
    assert len(set(ids.values())) == len(HOSTILE)
    for name in ids.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,23}", name)
        assert name not in {"con", "nul", "prn", "aux"}
        assert len(client_id("a_client_whose_name_goes_on_and_on_so_far", name)) <= 40
    assert branch_ids(["S01", "S02"]) == {"S01": "s01", "S02": "s02"}


def test_hostile_names_stay_inside_and_are_shown_as_words(small, frames):
    names = ["../x", "CON", "旺角", "<script>alert(1)</script>", "A b", "A-b"]
    tables = {}
    for table in ("answers", "invitations"):
        frame = frames[table].reset_index(drop=True)
        tables[table] = frame.assign(region=[names[n % len(names)] for n in range(len(frame))])
    plan = plan_by_column(small(frames_too=tables), by="region", minimum_cell=5)
    assert sorted(branch.value for branch in plan.branches) == sorted(names)
    for branch in plan.branches:
        assert branch.path.parent.parent == plan.home
        shown = load_engagement(branch.path).client.name["en"]
        assert shown == f"Harbour Home · {branch.value}"
        assert {row["region"] for row in rows_of(branch, "answers")} == {branch.value}


def test_of_coded_and_quoted_answers_a_branch_has_its_own_alone(small, frames):
    answers = frames["answers"]
    ids = [answers[answers["store"] == store]["answer_id"].iloc[0] for store in STORES[:2]]
    engagement = small(change=lambda said: said.update(voice={"quotes": "internal/quotes.csv"}))
    (engagement.folder / "internal").mkdir()
    head = "theme,tone,text,approved,origin,row_id\n"
    rows = "".join(f"reply_wait,blame,words {n},x,answers,{name}\n" for n, name in enumerate(ids))
    (engagement.folder / "internal" / "quotes.csv").write_text(head + rows, encoding="utf-8")
    plan = plan_by_column(engagement, by="store", minimum_cell=5)
    kept = plan.branches[1].path.parent / "internal" / "quotes.csv"
    with kept.open(encoding="utf-8-sig", newline="") as lines:
        assert [row["row_id"] for row in csv.DictReader(lines)] == [ids[1]]


def test_parquet_stays_parquet(small, frames):
    whole = small()
    folder = whole.folder / "data"
    with duckdb.connect() as engine:
        engine.register("rows", frames["orders"])
        engine.execute(f"COPY rows TO '{folder / 'orders.parquet'}' (FORMAT parquet)")
    text = whole.path.read_text(encoding="utf-8").replace("data/orders.csv", "data/orders.parquet")
    whole.path.write_text(text, encoding="utf-8")
    plan = plan_by_column(load_engagement(whole.path), by="store", minimum_cell=5)
    made = plan.branches[0].path.parent / "data" / "orders.parquet"
    raw = read_table(made, table_name="orders")
    theirs = frames["orders"]
    assert list(raw.frame["order_id"]) == list(theirs[theirs["store"] == "S01"]["order_id"])


def test_a_list_takes_engagements_as_they_are(small, tmp_path):
    one = small()
    other = Path(shutil.copytree(one.folder, tmp_path / "other"))
    listed = tmp_path / "quarter.txt"
    listed.write_text("# this quarter\nsmall\n\nother/engagement.yml\n", encoding="utf-8")
    plan = plan_by_list([listed], out=tmp_path / "reports")
    assert [branch.path.parent for branch in plan.branches] == [one.folder, other]
    assert len({branch.id for branch in plan.branches}) == 2
    assert plan.name == "batch_quarter"
    with pytest.raises(ConfigError, match=r"is named twice; name each engagement once"):
        plan_by_list([one.path, one.folder], out=tmp_path)
    with pytest.raises(ConfigError, match="no engagement file at "):
        plan_by_list([one.path, tmp_path / "absent"], out=tmp_path)
    (tmp_path / "u16.txt").write_bytes(b"one\n\xff\xfe")
    with pytest.raises(ConfigError, match=r"u16\.txt, line 2: the list must be text in UTF-8"):
        plan_by_list([tmp_path / "u16.txt"], out=tmp_path)
    (broken := tmp_path / "broken").mkdir()
    (broken / "engagement.yml").write_text("wave: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken: engagement\.yml cannot be read"):
        plan_by_list([one.path, broken], out=tmp_path)
    with pytest.raises(ConfigError, match="no list of engagements at "):
        plan_by_list([tmp_path / "absent.txt"], out=tmp_path)
