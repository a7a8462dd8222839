"""`cx batch` as a user calls it: two real branches, one too small, bad input said at once."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError
from cxlib.report.brand import read_brand
from cxlib.run.batch import COMPARISON, BatchOptions, compare, run_batch
from cxlib.run.batch_folder import write_whole
from cxlib.run.notebooks import select_notebooks
from cxlib.run.preflight import check_engagement
from cxlib.run.runner import Options

pytestmark = pytest.mark.notebooks
REPORTS = "reports/harbour_home/2026H1/batch_store"


def cx(*words, folder):
    return subprocess.run(
        [sys.executable, "-P", "-m", "cxlib", *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def three_stores(engagement):
    """The sample with two stores of enough answers and one with a handful."""
    for table in ("answers", "invitations", "orders", "cases"):
        path = engagement / "data" / f"{table}.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        few = frame[frame["store"] == "S07"].head(20)
        pd.concat([frame[frame["store"].isin(["S15", "S17"])], few]).to_csv(path, index=False)
    path = engagement / "engagement.yml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    said.pop("comparison", None)
    path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    return engagement


def test_two_branches_are_reported_and_the_small_one_is_hidden(three_stores, tmp_path):
    """Exit code 0: too few answers are no failure; no row leaves the engagement's folder."""
    made = cx("batch", three_stores, "--by", "store", "--lang", "en", "--to", "html",
              "--workers", "1", folder=tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "too few answers (n hidden)  s07 (Sheung Wan)" in made.stdout
    assert "left out  mentions: nothing in it names one store for each row" in made.stdout
    assert "3 branches: 2 done, 1 with too few answers" in made.stdout
    assert "left out  07_branch_comparison: a comparison by store needs 3 branches" in made.stdout
    page = (tmp_path / REPORTS / "index.html").read_text(encoding="utf-8")
    assert "Sheung Wan" in page
    assert "Not enough answers for a report; the number is not shown." in page
    links = re.findall(r'href="(harbour_home_s\d+/2026H1/[^"]+/01_diagnosis\.en\.html)"', page)
    assert len(links) == 2
    kowloon = next(
        text for link in links
        if "Kowloon Bay" in (text := (tmp_path / REPORTS / link).read_text(encoding="utf-8"))
    )  # fmt: skip
    assert "Harbour Home · Kowloon Bay" in kowloon
    baseline = pd.read_csv(three_stores / "data" / "answers.csv", dtype=str)
    own = baseline[(baseline["store"] == "S15") & (baseline["answered_at"] < "2026-01-01")]
    assert f">{len(own)}</data> answers from" in kowloon
    assert [p.name for p in (tmp_path / "reports").rglob("*.csv") if p.name != "quotes.csv"] == []
    record = json.loads((three_stores / ".cx/batch/store/batch.json").read_text(encoding="utf-8"))
    assert {n: said["state"] for n, said in record["branches"].items()} == {
        "s07": "too_few", "s15": "done", "s17": "done",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "shop"}, "--by names a column of answers, got 'shop'; it has answer_id"),
        ({"by": "store", "shared": ("orders",)}, "--share takes a table that only describes"),
        ({"by": "store", "notebooks": ("02",)}, "so --by makes 01_diagnosis alone; leave out 02_"),
        ({"shared": ("maturity",)}, "--share and --minimum-cell are for a batch --by a column"),
        ({"by": "store", "minimum_cell": 1}, "--minimum-cell must be 5 or more, or 0 for the"),
        ({"by": "store", "scheduler": "foo"}, "--scheduler must be an address such as tcp://host"),
        ({"by": "store", "workers": -1}, "--workers must be 1 or more, or 0 for one a core"),
    ],
)
def test_bad_input_is_said_before_anything_starts(engagement, tmp_path, options, said):
    with pytest.raises(ConfigError) as refused:
        run_batch([engagement], BatchOptions(out=tmp_path / "reports", **options))
    assert said in str(refused.value)
    assert not (tmp_path / "reports").exists()


def test_the_command_says_bad_input_with_exit_code_2(tmp_path):
    made = cx("batch", "absent.yml", folder=tmp_path)
    assert made.returncode == 2
    assert made.stderr.startswith("cx: no engagement file at absent.yml")
    made = cx("batch", "absent.yml", "--by", "", folder=tmp_path)
    assert made.returncode == 2
    assert made.stderr.startswith("cx: --by must name a column of the answers, got ''")


def test_the_whole_is_compared_by_the_column_of_the_batch(engagement, tmp_path):
    """The engagement file compares stores, the batch is by segment: a copy compares segments."""
    home = tmp_path / "home"
    home.mkdir()
    path = write_whole(home / "whole", load_engagement(engagement), by="segment")
    copy = load_engagement(path)
    assert copy.comparison is not None
    assert copy.comparison.by == "segment"
    assert set(copy.tables) == {"answers", "invitations", "stores"}
    answers = (engagement / "data" / "answers.csv").read_bytes()
    assert (path.parent / "data" / "answers.csv").read_bytes() == answers
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_column_nothing_is_compared_by_is_left_out(engagement, tmp_path):
    whole = load_engagement(engagement)
    assert compare(whole, column="answer_id", options=Options(), home=tmp_path) is None


def test_the_whole_needs_no_file_that_the_comparison_does_not_read(engagement, tmp_path):
    """Names to hide are for comments; a logo is on every cover. Both lie beside the original."""
    names = engagement / "names.txt"
    names.write_text("Chan Tai Man\n", encoding="utf-8")
    logo = engagement / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>', "utf-8")
    brand = engagement / "_brand.yml"
    said = yaml.safe_load(brand.read_text(encoding="utf-8")) | {"logo": "logo.svg"}
    brand.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    path = engagement / "engagement.yml"
    text = path.read_text(encoding="utf-8").replace("\nvoice:\n", "\nvoice:\n  names: names.txt\n")
    path.write_text(text, encoding="utf-8")
    whole = load_engagement(engagement)
    assert whole.voice.names == "names.txt"
    home = tmp_path / "home"
    home.mkdir()
    copy = load_engagement(write_whole(home / "whole", whole, by="segment"))
    ready = check_engagement(
        copy, select_notebooks([COMPARISON]), languages=copy.languages, named=True
    )
    assert [notebook.name for notebook in ready.notebooks] == [COMPARISON]
    assert read_brand(copy.folder / copy.brand).logo == copy.folder / "logo.svg"
