"""The `cx` command as a user starts it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from cxlib.cli import app


def cx(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "cxlib", *map(str, words)],
        capture_output=True, text=True, check=False, encoding="utf-8", **options,
    )  # fmt: skip


VERBS = [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    shown = cx(verb, "--help")
    assert shown.returncode == 0
    assert f"Example: cx {verb}" in shown.stdout


def test_help_comes_without_loading_the_heavy_packages():
    """Half a second needs these to stay unloaded; an import list is steadier than a clock."""
    code = (
        "import sys, cxlib.cli; "
        "print([m for m in ('pandas', 'matplotlib', 'papermill', 'duckdb', 'pydantic', 'rich') "
        "if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_help_is_quick():
    """Best of three, generous for a busy machine: the promise is half a second."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        cx("run", "--help")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.5


def test_a_new_client_gets_a_folder_that_says_what_comes_next(tmp_path):
    shown = cx("new", "Kwun Tong Tea", "--into", tmp_path)
    assert shown.returncode == 0, shown.stderr
    folder = tmp_path / "kwun_tong_tea"
    assert "next: put the client's files into" in shown.stdout
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert ignored == ["data/", "reports/", "ledger.json", "history.duckdb", "coding_*"]
    checked = cx("check", folder, "01")
    assert checked.returncode == 2
    assert "answers.csv" in checked.stderr
    assert "engagement.yml, line" not in checked.stderr, "the template itself must be in order"
    assert cx("new", "Kwun Tong Tea", "--into", tmp_path).returncode == 2


def test_check_describes_the_tables_and_the_next_step(engagement):
    shown = cx("check", engagement)
    assert shown.returncode == 0, shown.stderr
    assert "answers: " in shown.stdout
    assert f"ready; next: cx run {engagement}" in shown.stdout


def test_doctor_finds_this_machine_well():
    shown = cx("doctor")
    assert shown.returncode == 0, shown.stdout
    assert "Hong Kong font: Noto Sans HK" in shown.stdout
    assert "tables in engines: duckdb 2." in shown.stdout


def test_the_schema_is_json_and_knows_the_keys():
    import json

    schema = json.loads(cx("schema").stdout)
    assert "touchpoints" in schema["properties"]
    assert "path" not in schema["properties"], "the path is set by the loader, not by the file"


def test_ctrl_c_marks_the_run_failed_and_leaves_no_process(engagement, tmp_path):
    command = [
        sys.executable,
        "-m",
        "cxlib",
        "run",
        engagement,
        "01",
        "--out",
        tmp_path / "reports",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        said = run.stdout.readline()  # the kernel has begun
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert said.strip().startswith("01_diagnosis  1/")
    assert run.returncode == 1
    assert errors == "cx: stopped by the user; a run that had begun is kept, marked FAILED\n"
    (kept,) = (tmp_path / "reports").glob("*/*/*")
    assert kept.name.startswith("FAILED-")
    assert [p.name for p in kept.rglob("*") if p.suffix in {".html", ".pdf"}] == []
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)


@pytest.mark.parametrize("words", [("run", "{sample}", "01", "--out", "file"),
                                   ("new", "Tea", "--into", "file")])  # fmt: skip
def test_a_folder_that_cannot_be_made_is_bad_input(engagement, tmp_path, words):
    (tmp_path / "file").touch()
    shown = cx(*(word.format(sample=engagement) for word in words), cwd=tmp_path)
    assert shown.returncode == 2
    assert "cannot be read or written (Not a directory)" in shown.stderr
    assert "please report it" not in shown.stderr


def test_a_path_with_spaces_can_be_copied_from_what_check_says(engagement):
    folder = engagement.rename(engagement.with_name("海港 Home"))
    shown = cx("check", folder, "01")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith(f"next: cx run '{folder}' 01\n")


def test_any_table_is_read_as_a_test(tmp_path):
    """Unit, arm and metric columns are enough; a split that does not sum to 1 is refused."""
    rows = ["user,variant,bought,city"]
    rows += [
        f"u{n},{'AB'[n % 2]},{int(n % 10 in {0, 2, 3, 4, 6, 8} and n % 4 != 2)},{'xy'[n // 2 % 2]}"
        for n in range(2_000)
    ]
    table = tmp_path / "visits.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    options = ("--unit", "user", "--arm", "variant", "--control", "A", "--metric", "bought")
    shown = cx("test", table, *options, "--segment", "city")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "visits.csv: 2,000 units, exploratory (no rule was frozen)" in shown.stdout
    assert "split as planned" in shown.stdout
    assert "bought (proportion): " in shown.stdout
    wrong = cx("test", table, *options, "--share", "A=0.5", "--share", "B=0.4")
    assert wrong.returncode == 2
    assert wrong.stderr == (
        "cx: split needs A, B that sum to 1, got {'A': 0.5, 'B': 0.4} (sum 0.9)\n"
    )


def test_a_table_of_several_tests_asks_for_one(tmp_path):
    """Mixed they would be read as one: each of 2 tests has 200 units."""
    rows = [f"{test},u{n},{'AB'[n % 2]},{n % 3 % 2}" for test in ("banner", "o'chat")
            for n in range(200)]  # fmt: skip
    table = tmp_path / "tests.csv"
    table.write_text("\n".join(["experiment,user,variant,bought", *rows]), encoding="utf-8")
    options = ("--unit", "user", "--arm", "variant", "--control", "A", "--metric", "bought")
    mixed = cx("test", table, *options)
    assert mixed.returncode == 2
    assert mixed.stderr == (
        "cx: tests.csv holds 2 tests in column experiment and it must be one test; choose one "
        "with --experiment: banner, o'chat\n"
    )
    one = cx("test", table, *options, "--experiment", "o'chat")
    assert (one.returncode, one.stderr) == (0, "")
    assert "tests.csv: 200 units" in one.stdout


def test_a_test_is_sized_from_customers_before_it(tmp_path):
    """One in five bought: (1.96 + 0.8416)² (0.16 + 0.1824) / 0.04² = 1,680 an arm, 30 days."""
    table = tmp_path / "before.csv"
    rows = [f"U{k},{int(k % 5 == 0)}" for k in range(1_000)]
    table.write_text("\n".join(["user,bought", *rows]), encoding="utf-8")
    options = ("--metric", "bought", "--minimum", "0.04")
    shown = cx("design", table, *options, "--per-day", "112")
    assert shown.returncode == 0, shown.stderr
    assert "needed: 3,360 units to see 4.0 pp" in shown.stdout
    assert "days at this pace: 30" in shown.stdout
    wrong = cx("design", table, *options, "--kind", "quantile")
    assert wrong.returncode != 0
    assert wrong.stderr.strip() == (
        "cx: kind must be one of proportion, mean, ratio, ordinal, nps, time, got 'quantile'"
    )
