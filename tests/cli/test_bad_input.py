"""Bad input: one clear message on standard error, exit code 2, and nothing written."""

import os
import re

import pandas as pd
import pytest
import yaml

from cxlib.cli import main


@pytest.fixture
def cx(capsys, monkeypatch, tmp_path):
    """Run the command in-process; return exit code and standard error."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["cx", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    monkeypatch.chdir(tmp_path)
    return call


def edit(engagement, old, new, file="engagement.yml"):
    path = engagement / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def assert_nothing_written(tmp_path):
    assert not (tmp_path / "reports").exists()


def test_a_misspelt_key_stops_before_any_kernel(cx, engagement, tmp_path):
    edit(engagement, "touchpoints:", "touchpoint:")
    code, said = cx("run", engagement)
    assert code == 2
    assert "engagement.yml, line" in said
    assert "did you mean 'touchpoints'?" in said
    assert "Traceback" not in said
    assert_nothing_written(tmp_path)


def test_an_nps_of_eleven_names_file_row_column_value_rule_and_remedy(cx, engagement, tmp_path):
    path = engagement / "data" / "answers.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("nps")
    cells = lines[11].split(",")
    cells[at] = "11"
    lines[11] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said = cx("run", engagement)
    assert code == 2
    assert re.search(r"answers\.csv, row 12, column nps: found 11; must be 0 to 10;", said)
    assert_nothing_written(tmp_path)


def test_a_missing_column_is_named_with_the_nearest(cx, engagement, tmp_path):
    edit(engagement, "answer_id,", "answerid,", file="data/answers.csv")
    code, said = cx("run", engagement)
    assert code == 2
    assert "answer_id" in said
    assert "answerid" in said
    assert_nothing_written(tmp_path)


def test_an_unreadable_encoding_says_how_to_state_it(cx, engagement, tmp_path):
    (engagement / "data" / "answers.csv").write_bytes(
        b"answer_id,touchpoint\n\xff\xfe\x00\x81\xff\n"
    )
    code, said = cx("run", engagement)
    assert code == 2
    assert "answers.csv" in said
    assert "encoding" in said
    assert_nothing_written(tmp_path)


def test_an_empty_file_is_refused(cx, engagement, tmp_path):
    (engagement / "data" / "answers.csv").write_bytes(b"")
    code, said = cx("run", engagement)
    assert code == 2
    assert "answers.csv" in said
    assert "found 0 bytes; the file must hold a table; export the table again" in said
    assert_nothing_written(tmp_path)


def test_mixed_effort_scales_are_refused(cx, engagement, tmp_path):
    edit(engagement, "  cxi:\n    kind: cxi", "  effort:\n    kind: ces-v1")
    code, said = cx("run", engagement)
    assert code == 2
    assert "never mix" in said
    assert_nothing_written(tmp_path)


def test_problems_of_several_files_come_in_one_message(cx, engagement, tmp_path):
    (engagement / "data" / "costs.csv").write_bytes(b"")
    (engagement / "data" / "stores.csv").unlink()
    edit(engagement, "primary: harbour", "primary: harbor", file="_brand.yml")
    code, said = cx("run", engagement)
    assert code == 2
    assert "costs.csv" in said
    assert "stores.csv" in said
    assert "harbor" in said
    assert_nothing_written(tmp_path)


def test_an_unknown_notebook_offers_the_nearest(cx, engagement, tmp_path):
    code, said = cx("run", engagement, "01_diagnose")
    assert code == 2
    assert "did you mean '01_diagnosis'?" in said
    assert_nothing_written(tmp_path)


def test_kpi_setting_alone_stops_without_a_diagnosis(cx, engagement, tmp_path):
    (engagement / "ledger.json").unlink(missing_ok=True)
    code, said = cx("run", engagement, "02")
    assert code == 2
    assert "has no 'diagnosis' entry; run 01_diagnosis first" in said
    assert_nothing_written(tmp_path)


def test_an_unknown_format_is_refused(cx, engagement, tmp_path):
    code, said = cx("run", engagement, "--to", "docx")
    assert (code, said) == (2, "cx: --to must be html, pdf or html,pdf, got 'docx'\n")
    assert_nothing_written(tmp_path)


def test_a_missing_font_stops_before_any_kernel(cx, engagement, tmp_path, monkeypatch):
    monkeypatch.setenv("CX_FONT", str(tmp_path / "none.otf"))
    from cxlib.report import fonts

    fonts.report_fonts.cache_clear()
    code, said = cx("run", engagement)
    fonts.report_fonts.cache_clear()
    assert code in {1, 2}
    assert "none.otf" in said
    assert_nothing_written(tmp_path)


def test_a_missing_engagement_file_says_how_to_make_one(cx, tmp_path):
    code, said = cx("run", tmp_path / "nowhere")
    assert code == 2
    assert "cx new CLIENT" in said


def test_a_client_name_without_latin_letters_is_explained(cx):
    code, said = cx("new", "海港家居")
    assert code == 2
    assert "write the Chinese name into engagement.yml" in said


def keep(engagement, table, test):
    """Keep the rows of a table for which the test holds."""
    path = engagement / "data" / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str)
    frame[test(frame)].to_csv(path, index=False)


@pytest.mark.parametrize(
    ("table", "test", "said"),
    [
        (
            "answers", lambda rows: rows.answered_at >= "2026",
            "found 2026-01-01 to 2026-06-30; some rows must lie in the baseline period, 2025-07-01",
        ),
        (
            "answers", lambda rows: rows.touchpoint == "delivery",
            "needs 2 touchpoints with 30 or more CSAT or NPS answers each; CSAT has 1, NPS has 1",
        ),
        ("answers", lambda rows: rows.index < 1, "CSAT has 0, NPS has 0"),
        (
            "invitations", lambda rows: rows.sent_at >= "2026",
            "invitations.csv, column sent_at: found 2026-01-01 to 2026-06-30",
        ),
        (
            "invitations", lambda rows: rows.index < 20,
            "found 19 delivered invitations in the baseline period; must be 30 or more",
        ),
        (
            "invitations", lambda rows: rows.touchpoint != "delivery",
            "found none for delivery; a touchpoint with answers must have invitations",
        ),
    ],
)  # fmt: skip
def test_too_little_for_a_diagnosis_stops_before_any_kernel(cx, engagement, table, test, said):
    keep(engagement, table, test)
    code, told = cx("run", engagement, "01")
    assert code == 2
    assert said in told
    assert_nothing_written(engagement.parent)


def test_answers_of_a_single_customer_are_refused(cx, engagement):
    path = engagement / "data" / "answers.csv"
    pd.read_csv(path, dtype=str).assign(customer_id="C10001").to_csv(path, index=False)
    code, said = cx("check", engagement, "01")
    assert code == 2
    assert (
        "answers.csv, column customer_id: the answers of the baseline period must come from 2 "
        "customers or more; export each answer's own customer, or leave the column empty"
    ) in said


@pytest.mark.parametrize(
    ("voice", "other", "said"),
    [
        (
            "quotes: no.csv", ("data/x", ""),
            "engagement.yml, voice.quotes: found no.csv; the file must exist",
        ),
        ("{}",
            ("internal/quotes.csv", "a,b\n"), "quotes.csv, line 1: found a, b; the columns"),
        (
            "{}", ("data/coding.csv", "id,coder,sentiment,themes,quote_ok\nA1,A,meh,,0\n"),
            "coding.csv, row 2, column sentiment: found meh; must be one of negative, neutral",
        ),
        (
            "star_mapping: {openrice: [0, 0.2, 0.4, 0.6, 1]}", ("data/x", ""),
            "voice.star_mapping: found nothing for google; every source of mentions with stars",
        ),
        (
            "star_mapping: {google: [0, 1]}", ("data/x", ""),
            "voice.star_mapping.google: found a list; must have 5 entries or more",
        ),
    ],
)  # fmt: skip
def test_files_about_words_stop_before_any_kernel(cx, engagement, voice, other, said):
    file, content = other
    path = engagement / "engagement.yml"
    kept = path.read_text(encoding="utf-8").partition("\nvoice:")[0]
    path.write_text(f"{kept}\nvoice:\n  {voice}\n", encoding="utf-8")
    (engagement / file).parent.mkdir(exist_ok=True)
    (engagement / file).write_text(content, encoding="utf-8")
    code, told = cx("check", engagement, "01")
    assert code == 2
    assert said in told


def test_money_without_end_is_refused(cx, engagement):
    edit(engagement, "budget: 1200000", "budget: .inf")
    code, said = cx("check", engagement, "01")
    assert code == 2
    assert "goals[0].budget: found inf; must be a number" in said


def test_an_invitation_log_without_its_columns_names_each(cx, engagement, tmp_path):
    edit(engagement, "started,completed", "begun,completed", file="data/invitations.csv")
    edit(engagement, "opened,", "seen,", file="data/invitations.csv")
    code, said = cx("run", engagement, "01")
    assert code == 2
    assert "invitations.csv, column opened: 01_diagnosis needs this column" in said
    assert "invitations.csv, column started: 01_diagnosis needs this column" in said
    assert_nothing_written(tmp_path)


def test_a_metric_asked_without_nps_or_csat_is_refused(cx, engagement, tmp_path):
    file = engagement / "engagement.yml"
    words = yaml.safe_load(file.read_text(encoding="utf-8"))
    for part in ("goals", "benchmarks", "links", "growth_goal", "actions"):
        words.pop(part, None)
    for name in ("nps", "csat"):
        words["metrics"][name]["kind"] = "cxi"
    for point in words["touchpoints"]:
        point.pop("metric", None)
    file.write_text(yaml.safe_dump(words, allow_unicode=True), encoding="utf-8")
    code, said = cx("run", engagement, "01")
    assert code == 2
    assert "engagement.yml, metrics: 01_diagnosis needs a metric of kind csat or nps" in said
    assert_nothing_written(tmp_path)


def test_a_character_without_a_glyph_is_named_with_its_place(cx, engagement, tmp_path):
    edit(engagement, "{en: Web search,", "{en: Web 🎉 search,")
    code, said = cx("run", engagement, "01")
    assert code == 2
    assert "engagement.yml, touchpoints[1].name: found 🎉 (U+1F389); each character" in said
    assert_nothing_written(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("color: {primary: 2026-02-31}", "_brand.yml"),
        ("a: &a [*a]", "_brand.yml: must hold 100,000 values or fewer"),
        ("meta: 1\nmeta: 2", "_brand.yml, line 2: found meta; each key stands once"),
    ],
)
def test_a_brand_file_that_cannot_be_read_is_refused(cx, engagement, tmp_path, content, said):
    (engagement / "_brand.yml").write_text(content, encoding="utf-8")
    code, told = cx("run", engagement, "01")
    assert code == 2
    assert said in told
    assert "unexpected" not in told
    assert_nothing_written(tmp_path)


def test_an_engagement_folder_that_cannot_be_written_is_refused(
    cx, engagement, tmp_path, monkeypatch
):
    monkeypatch.setattr("os.access", lambda _, mode, **__: mode != os.W_OK)
    code, said = cx("run", engagement, "01")
    assert code == 2
    assert "must be writable, since the run keeps its ledger there" in said
    assert_nothing_written(tmp_path)
