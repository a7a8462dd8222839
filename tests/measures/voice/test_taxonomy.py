# ruff: noqa: E501, ISC004  (a case and its message stand on their lines)
"""cxlib.measures.voice.taxonomy and coder: the base list's own tests, merging, every message."""

import pytest

from cxlib.errors import ConfigError
from cxlib.measures.voice.coder import ThemeCoder, clauses
from cxlib.measures.voice.normalise import fold
from cxlib.measures.voice.taxonomy import base_taxonomy, read_taxonomy

BASE = base_taxonomy()


@pytest.mark.parametrize("theme", BASE, ids=lambda theme: theme.id)
def test_every_base_theme_finds_its_examples_and_leaves_its_counter_examples(theme):
    coder = ThemeCoder(BASE)
    assert theme.examples
    assert theme.counter_examples
    assert [t for t in theme.examples if theme.id not in coder.themes_of(t)] == []
    assert [t for t in theme.counter_examples if theme.id in coder.themes_of(t)] == []


def test_simplified_and_full_width_text_is_found_and_spans_are_of_the_original():
    text = "ＯＫ，态度很差。"
    hits = ThemeCoder(BASE).find(text)
    found = {BASE[hit.theme].id: text[hit.start : hit.end] for hit in hits}
    assert found["staff_attitude"] == "态度"


def test_latin_terms_are_whole_words():
    coder = ThemeCoder(BASE)
    assert "delivery_slots" in coder.themes_of("No evening slots")
    assert "delivery_slots" not in coder.themes_of("sloth")


@pytest.mark.parametrize(
    ("text", "theme", "found"),
    [
        ("Both doors are cracked", "damage_parts", True),
        ("wisecracked", "damage_parts", False),
        ("無得揀色", "stock_range", True),
        ("冇得揀色", "stock_range", True),
        ("沒有得揀色", "stock_range", True),
        ("送貨終於到，遲咗", "delivery_time", True),
        ("送貨。今日天氣好，遲咗起身", "product_facts", False),
    ],
)
def test_stems_spellings_and_bounds(text, theme, found):
    assert (theme in ThemeCoder(BASE).themes_of(text)) is found


def test_near_words_are_found_in_any_order_within_reach_and_not_across_a_sentence(tmp_path):
    """Worked by hand: 3 characters between, then 4, then a full stop between."""
    file = own(
        tmp_path,
        "version: 1\nbase: false\nthemes:\n  parking:\n    label: {en: P, zh-Hant-HK: 泊}\n"
        "    near: [{words: [車位|park*, 冇, 貴], within: 3}]\n",
    )
    coder = ThemeCoder(read_taxonomy(file))
    texts = ["貴到冇晒啲車位", "車位1234冇貴", "車位。冇貴", "無貴 parking", "車位貴"]
    assert [bool(coder.find(text)) for text in texts] == [True, False, False, True, False]


def test_every_base_theme_says_what_belongs_to_it():
    assert all(set(theme.definition) == {"en", "zh-Hant-HK"} for theme in BASE)


def test_a_negative_cue_counts_only_in_the_clause_of_the_theme():
    coder = ThemeCoder(BASE)
    polite = [
        h for h in coder.find("職員態度親切，但價錢太貴") if BASE[h.theme].id == "staff_attitude"
    ]
    rude = [h for h in coder.find("職員態度差，價錢好抵") if BASE[h.theme].id == "staff_attitude"]
    assert [h.negative for h in polite] == [False]
    assert [h.negative for h in rude] == [True]


def test_clauses_end_at_marks_and_before_but():
    """Worked by hand."""
    text = fold("質素好，但送貨慢。No reply, but polite.")
    parts = [text[a:b].strip() for a, b in clauses(text)]
    assert parts == [fold("質素好，"), fold("但送貨慢。"), "no reply,", "but polite."]


def own(tmp_path, text):
    file = tmp_path / "taxonomy.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_consultants_file_lies_over_the_base(tmp_path):
    file = own(
        tmp_path,
        "version: 1\nremove: [design_advice]\nthemes:\n  parking:\n"
        "    label: {en: Parking, zh-Hant-HK: 泊車}\n    any: [泊車, car park]\n"
        "    examples: [冇得泊車]\n  price_fees:\n    any: [好貴]\n    examples: [好貴]\n"
        "    counter_examples: []\n",
    )
    merged = {theme.id: theme for theme in read_taxonomy(file)}
    assert "design_advice" not in merged
    assert merged["parking"].label["zh-Hant-HK"] == "泊車"
    assert merged["price_fees"].any == ("好貴",)
    assert merged["price_fees"].label["en"] == "Prices and extra charges"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 2\nthemes: {a: {}}\n",
         "taxonomy.yml, line 1, version: found 2; version must be 1; write version: 1"),
        ("version: 1\nthemes: {}\n", "themes must hold at least 1 theme; add one under themes:"),
        ("version: 1\nthemes:\n  Park:\n    any: [aa]\n",
         "taxonomy.yml, line 3, themes.Park: found 'Park'; must be an id of small Latin letters, "
         "digits and _, a letter first; write the id so, and the words under label:"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    ani: [aa]\n",
         "taxonomy.yml, line 5, themes.park.ani: found key 'ani'; unknown key; did you mean 'any'?"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P}\n    any: [aa]\n",
         "taxonomy.yml, line 4, themes.park.label: words are missing in zh-Hant-HK; add zh-Hant-HK:"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [漏]\n",
         "found '漏'; a term of 1 character means too many things; add a second character, or use near"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [{re: '(a'}]\n",
         "must be a regular expression"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [{re: '(a+)+b'}]\n",
         "a repeat inside a repeat can run for hours; repeat only once"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n"
         "    near: [{words: [aa, bb], within: 99}]\n",
         "found 99; must be a whole number from 1 to 40; correct the value"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [泊車]\n"
         "    examples: [好食]\n",
         "taxonomy.yml, line 6, themes.park.examples[0]: found '好食'; an example must be found by "
         "its theme; add a term"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [p*]\n",
         "found 'p*'; * stands at the end of 3 or more Latin letters; write the forms out"),
        ("version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    definition: words\n"
         "    any: [泊車]\n",
         "found 'words'; a text per language; write {en: …, zh-Hant-HK: …}"),
        ("version: 1\nremove: [desing_advice]\nthemes:\n  park: {label: {en: P, zh-Hant-HK: 泊}, "
         "any: [泊車]}\n", "no base theme of that id; did you mean 'design_advice'?"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_line_value_rule_and_remedy(tmp_path, text, message):
    with pytest.raises(ConfigError) as refused:
        read_taxonomy(own(tmp_path, text))
    assert message in str(refused.value)


def test_an_unknown_touchpoint_and_an_absent_file_are_refused(tmp_path):
    file = own(
        tmp_path,
        "version: 1\nthemes:\n  park:\n    label: {en: P, zh-Hant-HK: 泊}\n    any: [泊車]\n"
        "    touchpoints: [store_vist]\n",
    )
    with pytest.raises(ConfigError, match="did you mean 'store_visit'"):
        read_taxonomy(file, touchpoints=frozenset({"store_visit"}))
    with pytest.raises(ConfigError, match="the file must exist"):
        read_taxonomy(tmp_path / "none.yml")
