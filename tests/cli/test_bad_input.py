"""Bad input: one clear message on standard error, exit code 2, and nothing written."""

import re

import pytest

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
