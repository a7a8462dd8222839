"""01_diagnosis for clients unlike the sample: fewer questions, or nothing to find."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
import yaml

from cxlib.run.runner import Options, run_workbook

pytestmark = pytest.mark.notebooks
LANGUAGES = ("en", "zh-Hant-HK")
DATA = re.compile(r'<data value="([^"]*)">')


def answers_of(engagement):
    return pd.read_csv(engagement / "data" / "answers.csv", dtype=str)


def write(engagement, frame):
    frame.to_csv(engagement / "data" / "answers.csv", index=False)


def ask_only(engagement, kind, *columns):
    """Leave one metric contract and the columns named."""
    path = engagement / "engagement.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["metrics"] = {kind: content["metrics"][kind]}
    for point in content["touchpoints"]:
        point["metric"] = kind
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    write(engagement, answers_of(engagement)[["answer_id", "touchpoint", "answered_at", *columns]])


def shuffle(engagement, column):
    """Deal the answers of one question out again, so that touchpoints differ by chance alone."""
    frame = answers_of(engagement)
    asked = frame[column].notna()
    drawn = np.random.default_rng(5).permutation(frame.loc[asked, column].to_numpy())
    frame.loc[asked, column] = drawn
    write(engagement, frame)


def diagnose(engagement, tmp_path):
    """Run 01; return the text per language and the ledger's entry."""
    folder = run_workbook(
        engagement, Options(notebooks=("01",), formats=("html",), out=tmp_path / "reports")
    )
    pages = {
        language: (folder / f"01_diagnosis.{language}.html").read_text(encoding="utf-8")
        for language in LANGUAGES
    }
    numbers = [sorted(DATA.findall(page)) for page in pages.values()]
    assert numbers[0] == numbers[1]
    texts = {}
    for language, page in pages.items():
        bare = re.sub(r"<(style|svg)\b.*?</\1>|<[^>]+>", "", page, flags=re.DOTALL)
        texts[language] = unescape(re.sub(r"\s+", " ", bare))
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    return texts, ledger["diagnosis"]["content"]


def test_a_client_who_asks_nps_only_gets_the_curve_on_nps(engagement, tmp_path):
    ask_only(engagement, "nps", "nps")
    said, entry = diagnose(engagement, tmp_path)
    assert entry["curve"] == "nps"
    assert entry["priorities"][0] == "enquiry_chat"
    assert re.search(r"NPS points \([^)]+\) below the journey mean", said["en"])
    assert re.search(r"NPS falls (clearly )?below the journey mean of", said["en"])
    assert "carry no customer number" in said["en"]
    assert "份回覆不附客戶編號" in said["zh-Hant-HK"]
    for absent in ("CSAT", "CES", "atisf", "滿意"):
        assert absent not in said["en"] + said["zh-Hant-HK"]


def test_a_client_who_asks_satisfaction_only_opens_with_it(engagement, tmp_path):
    ask_only(engagement, "csat", "csat", "customer_id")
    said, entry = diagnose(engagement, tmp_path)
    assert (entry["curve"], "nps" in entry) == ("csat", False)
    assert "of the customers who answered are satisfied" in said["en"]
    assert "作答客戶中有" in said["zh-Hant-HK"]
    for absent in ("NPS", "romoter", "批評者"):
        assert absent not in said["en"] + said["zh-Hant-HK"]


def test_touchpoints_that_differ_by_chance_make_no_priority(engagement, tmp_path):
    shuffle(engagement, "csat")
    said, entry = diagnose(engagement, tmp_path)
    assert (entry["peaks"], entry["pains"], entry["priorities"]) == ([], [], [])
    assert "No touchpoint stands out as a pain point" in said["en"]
    assert "Set no priority among touchpoints" in said["en"]
    assert "沒有接觸點明確屬於痛點" in said["zh-Hant-HK"]
    assert not re.search(r"rate none|above none|對無|first pain point", said["en"])
    assert "對無" not in said["zh-Hant-HK"]


def test_answers_that_are_all_the_same_read_well(engagement, tmp_path):
    frame = answers_of(engagement)
    for column, value in {"nps": "8", "csat": "4", "ces": "5"}.items():
        frame[column] = frame[column].mask(frame[column].notna(), value)
    write(engagement, frame)
    said, entry = diagnose(engagement, tmp_path)
    assert entry["priorities"] == []
    assert "NPS is 0.0 at every touchpoint that can be shown" in said["en"]
    assert "No touchpoint shown has a detractor among its answers" in said["en"]
    assert "No touchpoint lies below the journey mean of 4.00" in said["en"]


def test_names_are_printed_and_never_run(engagement, tmp_path):
    path = engagement / "engagement.yml"
    name = '<script>alert(1)</script> & "Q" | {mean} ${x} #a'
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["client"]["name"] = name
    content["touchpoints"][4]["name"] = name
    content["touchpoints"][4]["owner"] = name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    said, _ = diagnose(engagement, tmp_path)
    assert all(name in text for text in said.values())
    (folder,) = (tmp_path / "reports" / "harbour_home" / "2026H1").glob("2*")
    assert [page.name for page in folder.glob("*.html") if "<script" in page.read_text()] == []
