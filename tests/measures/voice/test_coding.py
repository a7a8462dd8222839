"""cxlib.measures.voice.coding, data.coding_sheet and `cx code`: sheet, checks, precision."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data import coding_sheet
from cxlib.data.coding_sheet import keep_codes, read_codes, read_sheet_codes, write_sheet
from cxlib.errors import DataError, InputError
from cxlib.measures.voice.coding import (
    check_coding,
    coder_agreement,
    label_quality,
    set_quality,
    sheet_rows,
    theme_agreement,
)  # fmt: skip
from cxlib.measures.voice.redact import Redactor
from cxlib.run.coding import export_sheet, import_sheet

SAMPLE = Path(__file__).parents[3] / "data_samples" / "harbour_home"
THEMES = {"reply_wait": "Waiting", "delivery_time": "Delivery"}
NASTY = ("=1+1", "@SUM(A1)", "-2", "+852 1", "\t=1", "<b>hi</b>", "a\nb", "\u202eabc", "好" * 500)


def rows_of(texts):
    return [{"id": f"A{k}", "coder": "A", "text": text} for k, text in enumerate(texts)]


def sheet_at(folder, texts, **options):
    return write_sheet(
        folder / "coding_A", rows_of(texts), themes=THEMES, codebook=["rule"], **options
    )


def filled(folder, **columns):
    """A CSV sheet as a coder would save it."""
    frame = pd.DataFrame({
        "id": ["A0", "A1", "A2"], "coder": "A", "text": ["x", "y", "z"],
        "sentiment": ["negative", "positive", None], "themes": ["reply_wait", None, None],
        "quote_ok": [1, 0, None], **columns,
    })  # fmt: skip
    path = folder / "coding_A.csv"
    frame.to_csv(path, index=False)
    return path


def read(path):
    return read_sheet_codes(path, known_ids=frozenset({"A0", "A1", "A2"}), themes=frozenset(THEMES))


def test_no_text_of_a_comment_becomes_a_formula_in_xlsx(tmp_path):
    """Every cell is a shared string with a quote prefix: no <f> element in any sheet."""
    from zipfile import ZipFile

    path = sheet_at(tmp_path, NASTY)
    with ZipFile(path) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/" in name]
        assert 'quotePrefix="1"' in book.read("xl/styles.xml").decode()
    assert not any("<f>" in sheet for sheet in sheets)


def test_no_text_of_a_comment_becomes_a_formula_in_csv(tmp_path, monkeypatch):
    """Without the office extra the sheet is CSV with a byte-order mark for Excel."""
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    path = sheet_at(tmp_path, NASTY)
    content = path.read_bytes()
    assert (path.suffix, content[:3]) == (".csv", b"\xef\xbb\xbf")
    assert b"'=1+1" in content
    assert b",=" not in content
    assert b",@" not in content


def test_a_filled_sheet_is_never_overwritten(tmp_path):
    path = filled(tmp_path)
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        sheet_at(tmp_path, ["x"])
    assert str(caught.value) == (
        "coding_A.csv is filled in and is not overwritten\n  coding_A.csv: a filled sheet is kept; "
        "import it with cx code import, or export for another --coder"
    )
    assert path.read_bytes() == before


def test_an_untouched_sheet_may_be_written_again(tmp_path):
    assert sheet_at(tmp_path, ["x"]) == sheet_at(tmp_path, ["y"])


def test_codes_are_read_and_uncoded_rows_left_out(tmp_path):
    found = read(filled(tmp_path, themes=["reply_wait, delivery_time", None, None]))
    assert found["id"].tolist() == ["A0", "A1"]
    assert found["themes"].tolist() == ["delivery_time;reply_wait", ""]


def test_every_wrong_cell_is_named_with_row_value_rule_and_remedy(tmp_path):
    path = filled(
        tmp_path, id=["A0", "A1", "A9"], sentiment=["angry", "positive", None],
        themes=["reply_wait", "dragons", None], quote_ok=["maybe", 0, None],
    )  # fmt: skip
    with pytest.raises(DataError) as caught:
        read(path)
    said = str(caught.value)
    for part in (
        "coding_A.csv has 4 problems",
        "row 2, column sentiment: found angry; must be one of negative, neutral, positive",
        "row 3, column themes: found dragons; each theme must be one of the sheet themes, ",
        "semicolons between them; copy the theme from the first column of the sheet themes",
        "row 2, column quote_ok: found maybe; must be 0 or 1",
        "row 4, column id: found A9",
    ):
        assert part in said


def test_an_empty_sheet_says_what_to_fill_in(tmp_path):
    with pytest.raises(DataError, match="at least 1 row must be coded"):
        read(filled(tmp_path, sentiment=None, themes=None))


def test_a_newer_code_of_the_same_coder_wins_and_others_stay(tmp_path):
    one = pd.DataFrame({"id": ["A0", "A1"], "coder": "A", "sentiment": "neutral", "themes": "",
                        "quote_ok": 1})  # fmt: skip
    keep_codes(tmp_path, one)
    keep_codes(tmp_path, one.assign(coder="B"))
    path, n = keep_codes(tmp_path, one.head(1).assign(sentiment="negative"))
    kept = read_codes(tmp_path)
    assert (n, len(kept), path.name) == (2, 4, "coding.csv")
    assert kept.query("id == 'A0' and coder == 'A'")["sentiment"].tolist() == ["negative"]


def test_nobody_coded_yet_is_none(tmp_path):
    assert read_codes(tmp_path) is None


def test_quality_of_a_hand_worked_table():
    """4 wanted, 3 called, 2 both of 10: precision 2/3, recall 2/4, left alone 5 of 6."""
    wanted = [True] * 4 + [False] * 6
    called = [True, True, False, False, True] + [False] * 5
    found = label_quality(wanted, called)
    assert (found.precision.value, found.recall.value) == pytest.approx((2 / 3, 0.5))
    assert (found.left_alone.right, found.left_alone.n_obs) == (5, 6)


def test_quality_without_a_case_has_no_share():
    found = label_quality([False], [False])
    assert (found.precision, found.recall) == (None, None)


def test_theme_quality_and_agreement_by_hand():
    """Themes a, b over 3 texts: coders agree on 5 of 6 decisions, kappa 2/3."""
    first = [frozenset("ab"), frozenset("a"), frozenset()]
    second = [frozenset("a"), frozenset("a"), frozenset()]
    assert set_quality(first, second, labels=("a", "b"))["b"].recall.value == 0
    assert theme_agreement(first, second).value == pytest.approx(2 / 3)
    assert coder_agreement(["negative", "neutral"], ["negative", "neutral"]).value == 1
    for agreement in (coder_agreement, theme_agreement):
        with pytest.raises(InputError, match="got 0"):
            agreement([], [])


def test_the_clients_codes_check_the_scorer_on_what_both_coders_say():
    """A1 is disputed; of A0, A2, A3 the scorer misses A2."""
    codes = pd.DataFrame({
        "id": ["A0", "A1", "A2", "A3", "A0", "A1", "A9"],
        "coder": ["A", "A", "A", "A", "B", "B", "A"],
        "sentiment": ["negative", "negative", "negative", "neutral", "negative", "neutral",
                      "neutral"],
    })  # fmt: skip
    unseen = {"A0": True, "A1": True, "A2": False, "A3": False}
    found = check_coding(codes, unseen)
    assert (found.n_coded, found.n_disputed, found.coders) == (4, 1, ("A", "B"))
    assert (found.negative.recall.value, found.negative.precision.value) == (0.5, 1)
    assert found.kappa.n_obs == 2
    with pytest.raises(InputError, match="no coded comment is among the comments"):
        check_coding(codes, {})


def test_the_sheet_is_random_seeded_and_redacted():
    frame = pd.DataFrame({
        "answer_id": [f"A{k}" for k in range(50)],
        "comment": ["call me at 9123 4567"] * 49 + ["\u200b"],
    })  # fmt: skip
    one, same, other = (
        [row["id"] for row in sheet_rows(frame, n=20, seed=seed, coder="A", redactor=Redactor())]
        for seed in (1, 1, 2)
    )
    assert one == same != other
    rows = sheet_rows(frame, n=100, seed=1, coder="B", redactor=Redactor())
    assert len(rows) == 49
    assert not any("9123" in row["text"] for row in rows)


@pytest.fixture
def engagement(tmp_path):
    folder = tmp_path / "client"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("ledger.json"))
    return folder


def test_the_sheet_goes_out_and_comes_back(engagement):
    """Export 60, fill in as a coder would, import: codes lie in data/coding.csv."""
    from cxlib.data.intake import read_table

    path, n = export_sheet(engagement, n=60, coder="A")
    assert n == 60
    raw = read_table(path, table_name="coding", sheet=coding_sheet.SHEET).frame
    assert raw["text"].notna().all()
    raw["sentiment"] = np.where(np.arange(60) % 2, "negative", "neutral")
    back = engagement / "coding_A.csv"
    path.unlink()
    raw.to_csv(back, index=False)
    assert import_sheet(back) == (engagement / "data" / "coding.csv", 60, 60, 0)
    assert set(read_codes(engagement)["sentiment"]) == {"negative", "neutral"}


def test_a_sheet_of_another_client_with_the_same_ids_is_refused(tmp_path):
    texts = {"A0": "waited long", "A1": "好好", "A2": "late"}
    with pytest.raises(DataError) as caught:
        read_sheet_codes(
            filled(tmp_path), known_ids=frozenset(texts), themes=frozenset(THEMES), texts=texts
        )
    assert str(caught.value) == (
        "coding_A.csv is not a sheet of this engagement\n"
        "  coding_A.csv, column text: found 3 of 3 unlike; each text must be that of the comment "
        "of its id; import it into the engagement it was exported from, or export a new sheet"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0, "coder": "A"}, "--n must be from 1 to 2,000, got 0"),
        ({"n": 5, "coder": "../x"},
         "--coder must be 1 to 20 Latin letters, digits, _ or -, got '../x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused(engagement, options, message):
    with pytest.raises(InputError) as caught:
        export_sheet(engagement, **options)
    assert str(caught.value) == message
