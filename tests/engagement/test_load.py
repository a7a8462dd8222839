"""engagement.yml: every problem at once, with line, value, rule and remedy."""

from pathlib import Path

import pytest

from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "data_samples" / "harbour_home" / "engagement.yml"


def line_of(text):
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


def problems(path):
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    return [str(problem) for problem in caught.value.problems]


def test_the_sample_loads_from_its_file_and_from_its_folder():
    assert load_engagement(SAMPLE) == load_engagement(SAMPLE.parent)


def test_a_misspelt_key_is_named_with_its_line_and_the_nearest_key(edited):
    path = edited(("discount_rate: 0.08", "discount_rat: 0.08"))
    line = line_of("discount_rate")
    assert problems(path) == [
        (
            "engagement.yml, line 3, discount_rate: key 'discount_rate' is required; "
            "add discount_rate:"
        ),
        (
            f"engagement.yml, line {line}, discount_rat: found key 'discount_rat'; unknown key; "
            "did you mean 'discount_rate'?"
        ),
    ]


def test_all_problems_come_at_once(edited):
    path = edited(
        ("unit: points", "unit: pionts"),
        ("confidence_level: 0.95", "confidence_level: 95"),
        ("seed: 20260701", "seed: soon"),
        ("stage: awareness", "stage: awarness"),
    )
    found = problems(path)
    assert len(found) == 4
    assert any("must be one of points, share, rating; did you mean 'points'?" in p for p in found)
    assert any("confidence_level: found 95; must be 0.995 or less" in p for p in found)
    assert any("did you mean 'awareness'?" in p for p in found)


def test_a_goal_without_unit_is_refused(edited):
    path = edited(("    unit: relative_percent\n", ""))
    assert [p.split(": ", 1)[1] for p in problems(path)] == ["key 'unit' is required; add unit:"]


def test_a_goal_in_a_unit_its_kpi_is_not_measured_in_is_refused(edited):
    path = edited(("unit: percent\n    target: 70", "unit: points\n    target: 70"))
    (only,) = problems(path)
    assert only.endswith(
        "goals[1].unit: found points; the KPI positive_mentions is measured as share; "
        "use one of: percent, pp, relative_percent"
    )


def test_a_change_in_percent_is_never_guessed(edited):
    path = edited(("unit: relative_percent\n    change: 40", "unit: percent\n    change: 40"))
    (only,) = problems(path)
    assert "a change in percent is ambiguous: say pp or relative_percent" in only


def test_two_effort_scales_never_mix(edited):
    path = edited(("  cxi:\n    kind: cxi", "  effort:\n    kind: ces-v1"))
    (only,) = problems(path)
    assert "CES-v1 (effort, lower is better) and CES-v2 (ease, higher is better) never mix" in only


def test_an_unknown_table_and_an_unknown_kpi_offer_the_nearest(edited):
    path = edited(("  events: {file", "  evnts: {file"), ("kpi: repurchase_90d", "kpi: repurchase"))
    found = problems(path)
    assert any("table 'evnts'; unknown table; did you mean 'events'?" in p for p in found)
    assert any("unknown KPI; did you mean 'repurchase_90d'?" in p for p in found)


def test_a_key_written_twice_is_refused(edited):
    path = edited(("seed: 20260701", "seed: 20260701\nseed: 2"))
    (only,) = problems(path)
    assert f"each key stands once; it stands on line {line_of('seed:')} too" in only


def test_a_guardrail_needs_a_margin(edited):
    path = edited(("        margin: 0.01\n", ""))
    (only,) = problems(path)
    assert "a guardrail needs a non-inferiority margin: complaint" in only


def test_periods_that_overlap_are_refused(edited):
    path = edited(("review: {start: 2026-01-01", "review: {start: 2025-12-01"))
    assert any(
        "the review must start after the baseline ends (2025-12-31)" in p for p in problems(path)
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found an empty file or a list; must hold keys and values"),
        (b"client: [", "must be YAML"),
        ("客戶: 海港".encode("big5"), "must be UTF-8 text"),
    ],
)
def test_an_unreadable_file_is_said_to_be_so(tmp_path, content, said):
    path = tmp_path / "engagement.yml"
    path.write_bytes(content)
    (only,) = problems(path)
    assert said in only


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_engagement(tmp_path)
    assert str(caught.value).endswith("name one, or make one with: cx new CLIENT")


def test_a_misspelt_key_inside_a_list_or_a_table_offers_the_nearest(edited):
    path = edited(
        ("    stage: awareness", "    stge: awareness"), ("{file: data/a", "{fil: data/a")
    )
    found = problems(path)
    assert any("key 'stge'; unknown key; did you mean 'stage'?" in p for p in found)
    assert any("key 'fil'; unknown key; did you mean 'file'?" in p for p in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("end: 2026-06-30}", "end: 2026-06-31}", "review.end: found '2026-06-31'; must be a date"),
        ("minimum_cell: 30", "minimum_cell: many", "found 'many'; must be a whole number"),
        ("discount_rate: 0.08", "discount_rate:", "discount_rate: found nothing; must be a number"),
        ("wave: 2026H1", "wave: 2026", "found 2026; must be text; put it in quotation marks"),
        ("seed: 20260701", "seed: -1", "seed: found -1; must be 0 or more"),
        ("[en, zh-Hant-HK]", "[en, en]", "languages: each language stands once"),
        ("[en, zh-Hant-HK]", "en", "languages: found 'en'; must be a list; write [one, two]"),
        ("id: social_ad", "id: 社交", "found '社交'; must be an id of small Latin letters"),
        ("name: {en: Web search, zh-Hant-HK: 網上搜尋}", "name: 759", "found 759; must be text"),
        ("name: {en: Web search, zh-Hant-HK: 網上搜尋}", "name: {}", "must be text, or text per"),
        ("{en: Web search, ", "{", "words are missing in en, a language of the reports"),
        ("{en: Web search, ", r'{en: "Web\nsearch", ', "words stand on one line"),
        ("{en: Web search, ", f"{{en: {'W' * 61}, ", "a name has 60 characters or fewer, got 61"),
        ("en: Usual reply", f"en: {'W' * 301}", "words have 300 characters or fewer, got 301"),
        ("{start: 2025-07-01, end: 2025-12-31}", "[1]", "must hold the keys start, end"),
        ("\nkpis:", "\ndrivers: {parking: P}\nkpis:", "its column, which begins with driver_"),
    ],
)
def test_each_wrong_value_is_worded_with_its_rule(edited, old, new, said):
    (only,) = problems(edited((old, new)))
    assert said in only


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: &a [x]\n" + "".join(f"b{n}: &{c} [{p}]\n" for n, (p, c) in enumerate(
            (",".join([f"*{'abcdefghijk'[n]}"] * 10), "abcdefghijk"[n + 1]) for n in range(10)
        )), "must hold 100,000 values or fewer once aliases (*name) are written out"),
        ("a: &a [*a]", "must hold 100,000 values or fewer"),
        ("a: " + "[" * 5000, "must hold 100,000 values or fewer"),
        ("? [a]\n: 1", "must be YAML: found unhashable key"),
        ('a: !!python/object/apply:os.system ["true"]', "could not determine a constructor"),
    ],
)  # fmt: skip
def test_yaml_that_would_grow_or_run_something_is_refused(tmp_path, content, said):
    path = tmp_path / "engagement.yml"
    path.write_text(content, encoding="utf-8")
    (only,) = problems(path)
    assert said in only


def test_a_report_in_one_language_needs_words_in_that_language_only(edited):
    path = edited(("[en, zh-Hant-HK]", "[zh-Hant-HK]"), ("{en: Web search, ", "{"))
    assert load_engagement(path).touchpoints[1].name == {"zh-Hant-HK": "網上搜尋"}
