"""`cx workshop`: each verb says what it did and what comes next; bad input is one clear message."""

import re
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cxlib import cli
from cxlib.workshop import company, modules, proof

RUN = CliRunner()


def cx(*words, monkeypatch, capfd):
    """Run the command as a user does: exit code, output, errors."""
    monkeypatch.setattr(sys, "argv", ["cx", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capfd.readouterr()
    return ended.value.code or 0, told.out, told.err


@pytest.mark.parametrize("verb", ["", "build", "check", "company", "score"])
def test_every_help_has_an_example(verb):
    words = ["workshop", *([verb] if verb else []), "--help"]
    told = RUN.invoke(cli.app, words).output
    assert re.search(r"Example: cx workshop \w+", told)


def test_help_needs_no_heavy_import():
    import subprocess

    code = (
        "import sys; sys.argv = ['cx', 'workshop', 'build', '--help']\n"
        "from cxlib.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas', 'nbconvert', 'numpy', 'babel'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_a_company_is_made_with_its_truth_beside_and_scored(tmp_path, monkeypatch, capfd):
    out = tmp_path / "rooms"
    words = ["workshop", "company", "--seed", 3, "--difficulty", "easy", "--out", out]
    code, told, _ = cx(*words, monkeypatch=monkeypatch, capfd=capfd)
    assert code == 0
    assert (out / "form.csv").is_file()
    assert (tmp_path / "rooms_truth.json").is_file()
    assert not [path for path in out.rglob("*") if "truth" in path.name]
    assert told.splitlines()[0] == f"made {out}"
    assert told.splitlines()[-1].endswith(
        f"cx workshop score {out / 'form.csv'} --truth {tmp_path / 'rooms_truth.json'}"
    )
    page = tmp_path / "scores.html"
    words = ["workshop", "score", out / "form.csv", "--truth", tmp_path / "rooms_truth.json"]
    code, told, _ = cx(*words, "--out", page, monkeypatch=monkeypatch, capfd=capfd)
    assert code == 0
    assert page.is_file()
    assert f"wrote {page}" in told


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("company", "--seed", -1), "cx: seed must be 0 to 2147483647, got -1"),
        (("company", "--seed", 1, "--groups", 0), "groups must be a whole number from 1 to 60"),
        (("company", "--seed", 1, "--truth", "company/truth.json"), "must lie outside"),
        (("build", "--modules", "one"), "--modules must be numbers such as 1,2,4, got 'one'"),
        (("build", "--modules", "9"), "--modules must name modules 1, 2, 3, 4, 5, got 9"),
        (("build", "--people", "0"), "--people must be 1 to 59, got 0"),
        (("build", "--minutes", "60"), "the modules take"),
        (("score", "no.csv", "--truth", "no.json"), "no.json"),
        (("check", "--modules", "0"), "--modules must name modules 1, 2, 3, 4, 5, got 0"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_leaves_nothing(tmp_path, monkeypatch, capfd, words, error):
    monkeypatch.chdir(tmp_path)
    code, told, wrong = cx("workshop", *words, monkeypatch=monkeypatch, capfd=capfd)
    assert code == 2
    assert error in wrong
    assert "Traceback" not in wrong + told
    assert list(tmp_path.iterdir()) == []


def test_check_reports_each_edition_and_ends_with_1_when_one_fails(monkeypatch, capfd):
    made = [
        proof.Proof(module="m", language="en", edition="instructor", checks=3, problems=()),
        proof.Proof(module="m", language="en", edition="student", checks=3,
                    problems=("exercise a: no check was shown",)),
    ]  # fmt: skip
    monkeypatch.setattr(modules, "read_modules", lambda **_: [SimpleNamespace()])
    monkeypatch.setattr(company, "make_company", lambda *_, **__: None)
    monkeypatch.setattr(proof, "prove", lambda *_, **__: iter(made))
    code, told, _ = cx("workshop", "check", monkeypatch=monkeypatch, capfd=capfd)
    assert code == 1
    assert told.splitlines() == [
        "ok    m (en), instructor edition: 3 of 3 exercises right",
        "FAIL  m (en), student edition: ",
        "      exercise a: no check was shown",
        "1 of them fail; mend notebooks/workshop, then: cx workshop check",
    ]
    made.pop()
    code, told, _ = cx("workshop", "check", monkeypatch=monkeypatch, capfd=capfd)
    assert code == 0
    assert told.splitlines()[-1] == "all well; next: cx workshop build"
