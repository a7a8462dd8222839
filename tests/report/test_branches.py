"""07_branch_comparison in words: who is named, who is hidden, both languages."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.measures.branches import compare_branches
from cxlib.report import branches as show
from cxlib.report.report import Report

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
HOSTILE = "<b>S9</b>"


def study_of(report, *, low=0.0, few=40):
    """Six stores of 150 answers a period; one lower by ``low``, one with ``few`` answers."""
    rng = np.random.default_rng(2)
    sizes = dict.fromkeys(("S01", "S02", "S03", "S04", "S05", HOSTILE), 150) | {"S06": few}
    waves = [pd.Timestamp(2025, 8, 1), pd.Timestamp(2026, 2, 1)]
    frame = pd.concat(
        [
            pd.DataFrame(
                {"store": store, "touchpoint": "delivery", "answered_at": wave,
                 "nps": np.where(rng.random(n) < 0.7 - low * (store == HOSTILE), 10, 0)}
            )
            for wave in waves for store, n in sizes.items()
        ],
        ignore_index=True,
    )  # fmt: skip
    frame["answer_id"] = frame["customer_id"] = [f"A{k}" for k in range(len(frame))]
    engagement = report.engagement
    return compare_branches(
        duckdb_source(frame, table="answers"), None, engagement.metrics, by="store",
        period=engagement.review, earlier=engagement.baseline, precision=engagement.precision,
        seed=1,
    )  # fmt: skip


@pytest.fixture
def report():
    return Report(load_engagement(SAMPLE), "07_branch_comparison")


def shown(report, study):
    """Every block the notebook shows, made once."""
    names = show.branch_names(report, {}, study)
    parts = [
        show.section(report, study, names, "places"), show.funnel(report, study, names),
        show.say_places(report, study, names), show.rank_table(report, study, names),
        show.say_ranks(report, study, names), show.section(report, study, names, "changes"),
        show.change_table(report, study, names), show.say_changes(report, study, names),
        show.limits(report, study, names), show.answer(report, study, names),
    ]  # fmt: skip
    return {
        language: "".join(part.html[language] for part in parts)
        for language in ("en", "zh-Hant-HK")
    }


def test_the_periods_of_the_sample_are_those_compared(report):
    assert (report.engagement.baseline.start, report.engagement.review.end) == (
        dt.date(2025, 7, 1), dt.date(2026, 6, 30),
    )  # fmt: skip


def test_a_branch_far_below_is_named_in_answer_and_decision(report):
    html = shown(report, study_of(report, low=0.4))
    answer = re.search(r'<section class="answer">.*?</section>', html["en"], re.DOTALL).group()
    assert answer.count("&lt;b&gt;S9&lt;/b&gt;") >= 3
    assert "so far below the rest that chance hardly explains it" in answer
    assert "難以用偶然解釋" in html["zh-Hant-HK"]


def test_no_branch_apart_is_not_called_the_same(report):
    html = shown(report, study_of(report))
    assert "that does not show them to be alike" in html["en"]
    assert "這並不證明它們相同" in html["zh-Hant-HK"]


def test_a_spread_beyond_chance_is_not_explained_away_where_nobody_is_named(report):
    """Two levels half and half: nobody outside the wide limits, yet p of the spread is small."""
    study = study_of(report)
    league = replace(study.leagues["nps"], spread_p=0.001)
    html = shown(report, replace(study, leagues={"nps": league}))
    assert "but together they spread further than chance alone easily explains" in html["en"]
    assert "難以只用偶然解釋" in html["zh-Hant-HK"]
    assert "than chance explains" not in html["en"]


def test_a_certain_place_is_not_called_uncertain(report):
    """The words fit an interval of one rank, too."""
    html = shown(report, study_of(report, low=0.6))
    assert "No single place is certain" not in html["en"]
    assert "A place is an interval" in html["en"]


def test_a_name_from_data_is_text(report):
    html = shown(report, study_of(report, low=0.4))
    assert all(HOSTILE not in page for page in html.values())


def test_a_branch_with_few_answers_and_the_one_hidden_with_it_are_in_no_table(report):
    study = study_of(report, few=8)
    assert (study.disclosure.few, study.disclosure.withheld) == (("S06",), (HOSTILE,))
    html = shown(report, study)
    tables = re.findall(r"<table.*?</table>", html["en"], re.DOTALL)
    assert all("S06" not in table and "S9" not in table for table in tables)
    assert "1 with fewer than 30 answers to some measure, and 1 more" in re.sub(
        r"<[^>]+>", "", html["en"]
    )


def test_both_languages_print_the_same_numbers(report):
    html = shown(report, study_of(report, low=0.4))
    values = [sorted(re.findall(r'<data value="([^"]*)">', page)) for page in html.values()]
    assert values[0] == values[1]
