"""One archive a person, complete, without the truth, the same bytes each time; or nothing."""

import json
import posixpath
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from string import Formatter

import nbformat
import pytest
from packaging.requirements import Requirement
from pypdf import PdfReader

from cxlib.errors import InputError, ReportError, RunError
from cxlib.report.catalogue import CODES
from cxlib.report.fonts import report_fonts
from cxlib.workshop import build as building
from cxlib.workshop import install, modules
from cxlib.workshop.archive import DATED, write_zip
from cxlib.workshop.build import Options, build
from cxlib.workshop.checks import MIME
from cxlib.workshop.crib import crib_pdf
from cxlib.workshop.editions import solution_lines
from cxlib.workshop.exercise import Exercise, numbered
from cxlib.workshop.modules import read_modules
from cxlib.workshop.pages import FOLDER, handout, script
from cxlib.workshop.truth import read_truth

TINY = Path(__file__).parent / "tiny"
ROOT = Path(__file__).resolve().parents[2]
KEYS = ("tiny_count", "tiny_share")


class Said:
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines += text.splitlines()

    def close(self):
        pass


def answered(notebooks, **_):
    """Stands for the kernel: the tiny exercises are registered in this process only."""
    for notebook in notebooks:
        for cell in notebook.cells:
            if key := cell.metadata.get("exercise") if cell.cell_type == "code" else None:
                verdict = {"key": key, "state": "right", "message": "Exercise 1.1 (x): right."}
                cell.outputs = [nbformat.v4.new_output("display_data", {MIME: verdict})]
    return notebooks


@pytest.fixture(scope="module", autouse=True)
def known(tmp_path_factory):
    """The tiny module's exercises are registered, and answered right; the wheel is built once."""
    wheel = install.build_wheel(tmp_path_factory.mktemp("wheel"))
    found = numbered(
        Exercise(key=key, module=1, kind="number", expected=lambda _: 1.0) for key in KEYS
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "registry", lambda: found)
        patch.setattr(building, "execute_all", answered)
        patch.setattr(install, "build_wheel", lambda folder: Path(shutil.copy(wheel, folder)))
        yield wheel


OPTIONS = Options(people=2, seed=40, difficulty="easy", notebooks=TINY)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build of two archives in both languages: its folder and what it said."""
    out, said = tmp_path_factory.mktemp("workshop") / "out", Said()
    build(out, OPTIONS, progress=said)
    return out, said.lines


def content(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}


def test_there_is_one_archive_a_person_and_one_for_the_trainer(built):
    out, lines = built
    assert sorted(path.name for path in out.iterdir()) == [
        "person_01.zip", "person_02.zip", "trainer.zip", "workshop.json"
    ]  # fmt: skip
    assert lines == [
        "half-day 1: modules 1, 12 of 210 minutes",
        "built  cx_workbook-0.1.0-py3-none-any.whl",
        "made   notebooks, hand-outs, crib and start page, en",
        "made   notebooks, hand-outs, crib and start page, zh-Hant-HK",
        "running the instructor edition, en",
        "running the instructor edition, zh-Hant-HK",
        "packed person_01.zip (1 of 2)",
        "packed person_02.zip (2 of 2)",
        "packed trainer.zip",
    ]


def test_a_person_has_everything_and_the_links_between_it_hold(built):
    files = content(built[0] / "person_01.zip")
    for language in CODES:
        notebook = nbformat.reads(files[f"{language}/module_1_tiny.ipynb"].decode(), as_version=4)
        nbformat.validate(notebook)
        assert 'company = "../company"' in notebook.cells[1].source
        assert f'language = "{language}"' in notebook.cells[1].source
        assert f"{language}/handouts/module_1_tiny.html" in files
        assert files[f"{language}/crib.pdf"].startswith(b"%PDF")
    assert {"company/form.csv", "company/engagement.yml", "company/data/answers.csv"} <= set(files)
    start = files["start.html"].decode()
    for named in re.findall(r"install/[\w.\-]+", start):
        assert named in files
    assert "en/module_1_tiny.ipynb" in start
    assert "zh-Hant-HK/module_1_tiny.ipynb" in files["start.zh-Hant-HK.html"].decode()


def test_every_notebook_finds_the_company_packed_with_it(built):
    for name in ("person_01.zip", "trainer.zip"):
        files = content(built[0] / name)
        notebooks = [file for file in files if file.endswith(".ipynb")]
        assert len(notebooks) == (2 if name == "person_01.zip" else 4)
        for file in notebooks:
            named = re.search(r'company = \\"(.*?)\\"', files[file].decode())[1]
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(file), named))
            assert f"{folder}/form.csv" in files, file


def test_nothing_of_solutions_or_truth_is_in_a_persons_archive(built):
    lines = [
        line.strip()
        for cell in read_modules(TINY)[0].notebook.cells
        if cell.cell_type == "code"
        for line in solution_lines(cell.source)[0]
    ]
    for name in ("person_01.zip", "person_02.zip"):
        files = content(built[0] / name)
        assert not [file for file in files if "truth" in file or "instructor" in file]
        for file, data in files.items():
            if file.endswith((".ipynb", ".html", ".md", ".csv", ".yml")):
                text = data.decode()
                assert not [line for line in lines if line in text]
                assert "BEGIN SOLUTION" not in text
                assert "Common wrong answers" not in text
                assert "常見錯誤答案" not in text


def test_each_person_has_a_company_of_their_own_and_the_trainer_every_truth(built, tmp_path):
    one, two = (content(built[0] / f"person_0{number}.zip") for number in (1, 2))
    assert one["company/data/answers.csv"] != two["company/data/answers.csv"]
    trainer = content(built[0] / "trainer.zip")
    assert trainer["company/data/answers.csv"] != one["company/data/answers.csv"]
    (tmp_path / "truth.json").write_bytes(trainer["truth.json"])
    truths = read_truth(tmp_path / "truth.json")
    seeds = {name: truth.seed for name, truth in truths.items()}
    assert seeds == {"trainer": 40, "person_01": 41, "person_02": 42}
    for language in CODES:
        assert f"{language}/timetable.html" in trainer
        solved = trainer[f"{language}/instructor/solutions/module_1_tiny.html"].decode()
        assert '<p class="verdict right">✓ Exercise 1.1 (x): right.</p>' in solved
        assert "rows_of_table" in trainer[f"{language}/instructor/module_1_tiny.ipynb"].decode()


def test_pages_ask_nothing_of_any_network(built):
    files = content(built[0] / "trainer.zip")
    pages = {name: data.decode() for name, data in files.items() if name.endswith(".html")}
    assert len(pages) == 8
    for name, page in pages.items():
        assert "default-src 'none'" in page, name
        assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!#|data:)[^\s"')>]+""", page), (
            name
        )
        assert "<script" not in page
        language = "zh-Hant-HK" if "zh-Hant-HK" in name else "en"
        assert f'<html lang="{language}">' in page


def test_the_same_inputs_give_the_same_bytes_and_an_earlier_workshop_is_replaced(built, tmp_path):
    out = tmp_path / "again"
    build(out, OPTIONS, progress=Said())
    first = {path.name: path.read_bytes() for path in built[0].iterdir()}
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    smaller = Options(people=1, seed=40, difficulty="easy", notebooks=TINY, languages=("en",))
    build(out, smaller, progress=Said())
    assert sorted(path.name for path in out.iterdir()) == [
        "person_01.zip", "trainer.zip", "workshop.json"
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"people": 0}, "--people must be 1 to 59, got 0"),
        ({"people": 60}, "--people must be 1 to 59, got 60"),
        ({"seed": -1}, "seed must be 0 to 2147483647, got -1"),
        ({"seed": 2_147_483_647}, "seed must be 0 to 2147483647, got 2147483649"),
    ],
)
def test_impossible_options_are_refused(tmp_path, change, error):
    fields = {name: getattr(OPTIONS, name) for name in OPTIONS.__slots__}
    with pytest.raises(InputError, match=error):
        build(tmp_path / "out", Options(**fields | change), progress=Said())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_never_touched(tmp_path):
    (tmp_path / "workshop.json").write_text("{}", encoding="utf-8")
    (tmp_path / "my notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="--out must be new, empty or an earlier workshop"):
        build(tmp_path, OPTIONS, progress=Said())
    with pytest.raises(InputError, match="--out must be a folder"):
        build(tmp_path / "my notes.txt", OPTIONS, progress=Said())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_solution_that_is_not_right_stops_the_build_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "execute_all", lambda notebooks, **_: notebooks)
    with pytest.raises(RunError) as caught:
        build(tmp_path / "out", OPTIONS, progress=Said())
    assert str(caught.value) == (
        "module_1_tiny (en) does not run as its trainer needs it\n"
        "  exercise tiny_count: no check was shown\n  exercise tiny_share: no check was shown"
    )
    assert list(tmp_path.iterdir()) == []


# --- parts ----------------------------------------------------------------------------------------


def test_an_archive_depends_on_its_files_only(tmp_path):
    files = {"b.txt": b"2", "a/c.txt": b"1", "x.whl": b"3"}
    one = write_zip(tmp_path / "1.zip", files, root="r").read_bytes()
    assert (
        write_zip(tmp_path / "2.zip", dict(reversed(files.items())), root="r").read_bytes() == one
    )
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["r/a/c.txt", "r/b.txt", "r/x.whl"]
        assert archive.infolist()[0].date_time[:3] == (DATED.year, DATED.month, DATED.day)


def test_the_wheel_holds_what_a_learner_needs_at_one_fixed_time(known):
    with zipfile.ZipFile(known) as wheel:
        held = set(wheel.namelist())
        assert {info.date_time for info in wheel.infolist()} == {(2026, 1, 1, 0, 0, 0)}
    assert {"cxlib/workshop/checks.py", "cxlib/workshop/exercises/scores.py"} <= held
    assert {
        f"cxlib/report/locales/{code}/LC_MESSAGES/workshop.po" for code in ("en", "zh_Hant_HK")
    } <= held


def test_constraints_pin_what_is_locked_and_carry_no_hash():
    lines = install.constraints().splitlines()
    pins = [Requirement(line) for line in lines]
    assert {"jupyterlab", "pandas", "duckdb"} <= {pin.name for pin in pins}
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert len(pins) == len(re.findall(r"(?m)^[A-Za-z0-9][\w.\-]*==", locked))
    assert not [line for line in lines if "--hash" in line or "\\" in line]


def test_wheels_come_through_pip_or_the_reason_is_told(tmp_path, monkeypatch):
    asked = []

    def run(command, **_):
        asked.append(command)
        code = 0 if "--version" in command else 1
        return subprocess.CompletedProcess(command, code, "", "ERROR: no such thing\n")

    monkeypatch.setattr(install.subprocess, "run", run)
    with pytest.raises(RunError, match="the wheels cannot be downloaded: ERROR: no such thing; "):
        install.download_wheels(tmp_path, wheel=tmp_path / "a.whl")
    assert asked[-1][-2:] == [str(tmp_path / "a.whl"), "jupyterlab"]
    assert "--only-binary" in asked[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_start_page_asks_for_the_same_values_in_both_languages():
    def fields(language):
        text = (FOLDER / f"start.{language}.md").read_text(encoding="utf-8")
        return sorted(name for _, name, _, _ in Formatter().parse(text) if name)

    assert fields("en") == fields("zh-Hant-HK")


def test_the_start_page_has_no_simplified_character():
    """A character that OpenCC turns into another Traditional one, and not back, is Simplified."""
    opencc = pytest.importorskip("opencc")
    to_traditional, to_simplified = (opencc.OpenCC(way).convert for way in ("s2t", "t2s"))
    text = set((FOLDER / "start.zh-Hant-HK.md").read_text(encoding="utf-8"))
    text -= set("台群准斗峰")
    assert {c for c in text if to_traditional(c) != c and to_simplified(c) == c} == set()


@pytest.mark.parametrize("language", CODES)
def test_the_crib_is_a_page_with_every_modules_cells(tmp_path, language):
    path = tmp_path / "crib.pdf"
    path.write_bytes(
        crib_pdf(read_modules(TINY), language=language, fonts=report_fonts(), created=DATED)
    )
    reader = PdfReader(path)
    text = reader.pages[0].extract_text()
    wanted = {
        "en": ("1. A tiny module", "part / whole"),
        "zh-Hant-HK": ("1. 小單元", "部分 ÷ 全體"),
    }
    assert len(reader.pages) == 1
    assert all(words in text for words in wanted[language])
    assert reader.trailer["/Root"]["/Lang"] == {"en": "en", "zh-Hant-HK": "zh-HK"}[language]


def test_the_crib_refuses_what_it_cannot_show():
    found = read_modules(TINY)
    crib = next(cell for cell in found[0].notebook.cells if cell.id == "crib-en")
    crib.source = "See ![a chart](chart.png)."
    with pytest.raises(ReportError, match=r"module_1_tiny, en, crib: .*found image"):
        crib_pdf(found, language="en", fonts=report_fonts(), created=DATED)
    crib.metadata["tags"] = []
    with pytest.raises(ReportError, match="the crib must have cells tagged crib in en, found none"):
        crib_pdf(found, language="en", fonts=report_fonts(), created=DATED)


def test_a_hand_out_shows_outputs_harmless_and_small_letters_small():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# p₁ + x²\n\n<script>alert(1)</script>"),
            nbformat.v4.new_code_cell(
                "1",
                outputs=[
                    nbformat.v4.new_output("display_data", {
                        "text/html": "<style>p{}</style><table onclick=x><tr><td>7</td></table>"}),
                    nbformat.v4.new_output("stream", text="\x1b[31m<b>\x1b[0m"),
                    nbformat.v4.new_output("error", ename="KeyError", evalue="<i>"),
                    nbformat.v4.new_output("display_data", {"image/png": "AAAA"}),
                    nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}),
                ],
            ),
        ]
    )  # fmt: skip
    page = handout(notebook, title="t", language="en", fonts=report_fonts())
    assert "<h1>p<sub>1</sub> + x<sup>2</sup></h1>" in page
    for active in ("<script", "onclick", "<style>p", "<b>", "<i>"):
        assert active not in page
    assert "<td>7</td>" in page
    assert page.count('alt="Chart made by the code above"') == 2
    assert (script("₀"), script("ᵏ"), script("7")) == (("sub", "0"), ("super", "k"), ("", "7"))


def test_a_character_without_a_glyph_names_its_page():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\U0001f600")])
    with pytest.raises(ReportError, match=r"^Tiny \(en\): every character must have a glyph"):
        handout(notebook, title="Tiny", language="en", fonts=report_fonts())


def test_the_record_beside_the_archives_is_for_the_trainer(built):
    record = json.loads((built[0] / "workshop.json").read_text(encoding="utf-8"))
    assert record == {"people": 2, "seed": 40, "difficulty": "easy"}
    assert not [name for name in content(built[0] / "person_01.zip") if name.endswith(".json")]
