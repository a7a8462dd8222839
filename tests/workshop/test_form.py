"""Reading a form: whatever a learner or a spreadsheet does to it, a hint and never a traceback."""

import csv
import io
import math

import numpy as np
import pytest

from cxlib.report.catalogue import CODES, catalogue
from cxlib.workshop.form import read_form
from cxlib.workshop.form_file import form_text
from cxlib.workshop.form_rows import ASKED, ROWS, choice_label
from cxlib.workshop.truth_plan import draw_plan

TERMS = draw_plan(1, "usual").terms


def written(tmp_path, changes, *, encoding="utf-8-sig", delimiter=","):
    """Write a form with some answers, as a spreadsheet would."""
    rows = list(csv.reader(io.StringIO(form_text(terms=TERMS, code="ABC234").lstrip("\ufeff"))))
    for row in rows:
        for place, cell in enumerate(changes.get(row[0], ()), start=1):
            row[place] = cell
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    file = tmp_path / "form.csv"
    file.write_bytes(out.getvalue().encode(encoding))
    return file


def line_of(key):
    return 2 + [row.key for row in ROWS].index(key)


GOOD = {
    "group": ["Lions 獅子"],
    "nps": ["25.5", "21", "30"],
    "pain_points": ["delivery; online_checkout; enquiry_chat"],
    "top_driver": ["driver_speed"],
    "goal_n": ["1072"],
    "channels": ["up_down"],
    "ab_effect": ["1.8", "0.6", "3.0"],
    "ab_sure": ["90"],
    "ab_decision": ["ship"],
    "initiative_effect": ["-0.1", "-0.4", "0.2"],
    "initiative_sure": ["0"],
    "initiative_decision": ["stop"],
    "coaching_effect": ["0", "-0.2", "0.2"],
}


def test_a_good_form_is_read_whole(tmp_path):
    form = read_form(written(tmp_path, GOOD))
    assert form.hints == ()
    assert (form.company, form.group, form.language) == ("ABC234", "Lions 獅子", "en")
    assert set(form.answers) == {row.key for row in ASKED}
    nps = form.answers["nps"]
    assert (nps.value, nps.lower, nps.upper) == (25.5, 21, 30)
    assert form.answers["pain_points"].words == ("delivery", "online_checkout", "enquiry_chat")
    assert form.answers["coaching_effect"].value == 0


def test_an_empty_form_has_no_answers_and_no_hints(tmp_path):
    form = read_form(written(tmp_path, {}))
    assert (form.answers, form.hints) == ({}, ())
    assert form.group == tmp_path.name


@pytest.mark.parametrize("blank", ["", "  ", "-", "—", "...", "n/a", "\u3000"])
def test_blanks_of_every_kind_are_blanks(tmp_path, blank):
    form = read_form(written(tmp_path, {"nps": [blank, blank, blank], "ab_decision": [blank]}))
    assert (form.answers, form.hints) == ({}, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp950", "big5hkscs"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_way_a_spreadsheet_saves_it_is_read(tmp_path, encoding, delimiter):
    changes = GOOD | {"group": ["獅子山"], "top_driver": ["服務速度"], "language": ["zh-Hant-HK"]}
    form = read_form(written(tmp_path, changes, encoding=encoding, delimiter=delimiter))
    assert form.hints == ()
    assert (form.group, form.language) == ("獅子山", "zh-Hant-HK")
    assert form.answers["top_driver"].words == ("driver_speed",)


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["２５．５", "２１", "３０"], 25.5), (["−5", "−9", "−1"], -5), (["－5", "-9", "–1"], -5),
        (["+25 %", "21%", "30%"], 25), (["25.5 points", "21", "30"], 25.5),
        (["25.5分", "21", "30"], 25.5), (['"25.5"', "21", "30"], 25.5), (["1e1", "5", "15"], 10),
    ],
)  # fmt: skip
def test_numbers_are_read_however_they_are_typed(tmp_path, cells, value):
    form = read_form(written(tmp_path, {"nps": cells}))
    assert form.hints == ()
    assert form.answers["nps"].value == value
    assert form.answers["nps"].has_interval


@pytest.mark.parametrize(
    ("key", "cells", "hint"),
    [
        ("nps", ["0.3", "0.25", "0.35"], "this looks like a share; NPS is written in points"),
        ("nps", ["thirty", "", ""], "a number is asked here; write digits only, without words"),
        ("nps", ["130", "", ""], "NPS lies between -100 and 100; check the number"),
        ("nps", ["nan", "", ""], "a number is asked here"),
        ("nps", ["inf", "", ""], "a number is asked here"),
        ("nps", ["9" * 300, "", ""], "a number is asked here"),
        ("nps", ["25,5", "", ""], "write 25.5 with a point if that is meant"),
        ("nps", ["30", "40", "20"], "the lower limit is above the upper one; swap the two"),
        ("nps", ["30", "20", ""], "an interval has two limits; write the other one too"),
        ("nps", ["", "20", "40"], "the limits stand without an estimate"),
        ("nps", ["-30", "20", "40"], "the estimate has the other sign than its interval"),
        ("nps", ["50", "20", "40"], "the estimate lies outside its own interval"),
        ("ab_effect", ["0.018", "0.006", "0.03"], "percentage points are asked, so multiply"),
        ("ab_effect", ["1.8 to 2", "", ""], "a number is asked here"),
        ("ab_sure", ["0.8"], "this looks like a share; write it in percent: 80"),
        ("ab_sure", ["120"], "a certainty lies between 0 and 100 percent"),
        ("goal_n", ["1072.5"], "a number of answers is whole; round it up"),
        ("goal_n", ["-5"], "a number of answers lies between 2 and 10,000,000"),
        ("goal_n", ["about 1000"], "a number is asked here"),
        ("ab_decision", ["shp"], "it may be ship. The choices: ship, not, extend, invalid"),
        ("ab_decision", ["推出吧"], "write one of: ship, not, extend, invalid"),
        ("top_driver", ["weather"], "this is none of the choices; write one of: driver_speed"),
        ("pain_points", ["lift; delivery"], "found “lift”; this is none of the choices"),
        ("pain_points", ["delivery;assembly;store_visit;loyalty_app"], "at most 3 touchpoints"),
        ("coaching_effect", ["7", "", ""], "a difference on this scale lies between -4 and 4"),
    ],
)
def test_bad_input_gives_a_hint_that_names_row_question_value_and_remedy(
    tmp_path, key, cells, hint
):
    form = read_form(written(tmp_path, GOOD | {key: cells}))
    assert len(form.hints) == 1
    found = form.hints[0]
    assert (found.row, found.key) == (line_of(key), key)
    title = catalogue("en")[f"company.title.{key}"]
    assert found.text.startswith(f"Line {line_of(key)}, {title}: found “")
    assert cells[0][:4] in found.text
    assert hint in found.text
    others = {name: answer for name, answer in form.answers.items() if name != key}
    assert len(others) == len(ASKED) - 1


@pytest.mark.parametrize("cells", [["30", "40", "20"], ["30", "20", ""], ["30", "20", "x"]])
def test_an_interval_that_cannot_be_read_leaves_the_estimate_standing(tmp_path, cells):
    answer = read_form(written(tmp_path, {"nps": cells})).answers["nps"]
    assert answer.value == 30
    assert not answer.has_interval


def test_a_small_effect_in_percentage_points_is_not_taken_for_a_share(tmp_path):
    form = read_form(
        written(tmp_path, {"ab_effect": ["0.05", "-0.9", "1.0"], "nps": ["0", "-3", "3"]})
    )
    assert form.hints == ()
    assert form.answers["ab_effect"].value == 0.05


@pytest.mark.parametrize(
    ("said", "read"),
    [("ship", "ship"), ("Ship", "ship"), (" SHIP ", "ship"), ("introduce it for all", "ship"),
     ("全面推出", "ship"), ("ship (introduce it for all)", "ship"), ("ｓｈｉｐ", "ship"),
     ("ship（全面推出）", "ship"), ("不推出", "not"), ("stop", "not")],
)  # fmt: skip
def test_a_choice_is_read_in_either_language(tmp_path, said, read):
    form = read_form(written(tmp_path, {"ab_decision": [said]}))
    assert form.answers["ab_decision"].words == (read,)


def test_names_are_read_in_either_language_and_once(tmp_path):
    said = "網上查詢、Delivery；online checkout, delivery"
    form = read_form(written(tmp_path, {"pain_points": [said]}))
    assert form.answers["pain_points"].words == ("enquiry_chat", "delivery", "online_checkout")


def test_every_choice_of_every_row_is_read_back_from_both_its_labels(tmp_path):
    for row in (row for row in ASKED if row.choices):
        for choice in row.choices:
            for language in CODES:
                file = written(tmp_path, {row.key: [choice_label(row, choice, language)]})
                assert read_form(file).answers[row.key].words == (choice,)


def test_hints_come_in_the_language_of_the_form_or_the_one_asked_for(tmp_path):
    file = written(tmp_path, {"language": ["zh-Hant-HK"], "nps": ["0.3"]})
    assert read_form(file).hints[0].text == (
        f"第 {line_of('nps')} 行，NPS：讀到「0.3 / /」；這看來是比率；NPS 以分填寫，請乘以一百。"
    )
    assert read_form(file, language="en").hints[0].text.startswith("Line ")


def test_an_unquoted_decimal_comma_that_splits_a_line_is_named(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("row,answer,lower,upper\nab_effect,1,8,0,6,3,0\nnps,25,20,30\n")
    form = read_form(file)
    assert "this line has more cells than the form has columns" in form.hints[0].text
    assert set(form.answers) == {"nps"}


def test_rows_unknown_misspelt_and_repeated_are_named(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("row,answer,lower,upper\nnsp,1\nsunshine,2\nnps,25,20,30\nnps,26,20,30\n")
    form = read_form(file)
    assert [hint.row for hint in form.hints] == [2, 3, 5]
    assert "it may be nps" in form.hints[0].text
    assert "in line 4; only that one counts" in form.hints[2].text
    assert form.answers["nps"].value == 25


def test_columns_may_move_and_rows_may_be_missing(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("upper,row,lower,answer 答案\n30,nps,20,25\n")
    answer = read_form(file).answers["nps"]
    assert (answer.lower, answer.value, answer.upper) == (20, 25, 30)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "cannot be read as text"),
        (b"PK\x03\x04rest", "is a spreadsheet workbook; save it as CSV"),
        (b"%PDF-1.7", "cannot be read as text"),
        (b"\x00\x01\x02\xff", "has lost its heading"),
        (b"a,b\n1,2\n", "has lost its heading"),
        (b"x" * 300_000, "far larger than a form can be"),
        (b'row,answer\n"nps,3', ""),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-Hant-HK"])
def test_a_file_that_is_no_form_gives_one_hint(tmp_path, content, hint, language):
    file = tmp_path / "form.csv"
    file.write_bytes(content)
    form = read_form(file, language=language)
    assert form.answers == {}
    if hint:
        assert len(form.hints) == 1
        assert form.hints[0].row == 0
        assert language != "en" or hint in form.hints[0].text


def test_a_form_that_is_not_there_or_is_a_folder_gives_one_hint(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        assert "was not found" in read_form(path).hints[0].text


def test_hostile_cells_are_cut_and_cleaned_and_there_are_not_endless_hints(tmp_path):
    nasty = "<script>\x00\u202ealert(1)</script>" + "x" * 5000
    form = read_form(written(tmp_path, {"group": [nasty], "nps": [nasty, nasty, nasty]}))
    assert len(form.group) <= 60
    assert all(c.isprintable() for c in form.group)
    assert all(len(hint.text) < 300 for hint in form.hints)
    many = tmp_path / "many.csv"
    many.write_text("row,answer\n" + "".join(f"odd{k},1\n" for k in range(500)))
    assert len(read_form(many).hints) <= 40


def test_values_are_finite_or_absent(tmp_path):
    """Random cells: every answer that is read is finite, nothing is raised."""
    rng = np.random.default_rng(5)
    alphabet = "0123456789.,-+eE%−－／　 ０９abcпё()'\"百分點\t"
    for _ in range(60):
        junk = {
            row.key: ["".join(rng.choice(list(alphabet), size=rng.integers(7))) for _ in range(3)]
            for row in ASKED
        }
        form = read_form(written(tmp_path, junk))
        for answer in form.answers.values():
            assert answer.words or math.isfinite(answer.value)


def test_the_form_is_the_same_whatever_is_true_and_asks_in_both_languages():
    text = form_text(terms=TERMS, code="ABC234")
    assert text.startswith("\ufeffrow,answer 答案,lower 下限,upper 上限,question,question_zh")
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [row.key for row in ROWS]
    assert all(row[4] and row[5] for row in rows[1:])
    assert "{" not in text
