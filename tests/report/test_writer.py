"""Numbers, dates and sentences in both languages, through one formatter."""

import re
from datetime import date
from math import inf, nan

import pytest

from cxlib.errors import ReportError
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Writer, phrase
from cxlib.stats.estimate import Estimate

EN, ZH = Writer("en", markup=False), Writer("zh-Hant-HK", markup=False)
NPS = Estimate(value=-3.14, ci_lower=-9.96, ci_upper=4.0, n_obs=1234, unit="points", method="x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Num(1234567), "1,234,567"),
        (Num(0.3821, "share"), "38.2%"),
        (Num(25.34, "points"), "25.3"),
        (Num(-25.34, "points"), "−25.3"),
        (Num(4.126, "rating"), "4.13"),
        (Num(1234567, "currency"), "HK$1,230,000"),
        (Num(1234567, "dollars"), "HK$1,234,567"),
        (Num(-987.6, "currency"), "−HK$988"),
        (Num(0, "currency"), "HK$0"),
        (Num(0.0004, "p_value"), "<0.001"),
        (Num(-0.04, "points"), "0.0"),
        (Num(nan), "–"),
        (12, "12"),
    ],
)
def test_numbers_read_alike_in_both_languages(value, text):
    """Three significant digits for money, U+2212 for minus, no signed zero."""
    assert EN(value) == ZH(value) == text


def test_units_are_words_of_the_language():
    assert (EN(Num(0.021, "pp")), ZH(Num(0.021, "pp"))) == ("2.1 pp", "2.1 個百分點")
    assert (EN(Num(7, "months")), ZH(Num(7, "months"))) == ("7 months", "7 個月")


def test_dates_follow_the_language():
    """CLDR's yMMM pattern alone gives the wrong order in Chinese; the skeleton does not."""
    day = date(2026, 1, 5)
    assert (EN(Day(day)), ZH(Day(day))) == ("5 January 2026", "2026年1月5日")
    assert (EN(Month(day)), ZH(Month(day))) == ("Jan 2026", "2026年1月")


def test_an_estimate_prints_value_interval_and_n():
    assert f"{EN(phrase('score.note', value=NPS))}" == "−10.0 to 4.0, n = 1,234"
    assert f"{ZH(phrase('score.note', value=NPS))}" == "−10.0 至 4.0，n = 1,234"


def test_a_unit_word_stands_once_in_an_interval_and_the_sign_where_asked():
    effect = Estimate(value=0.02, ci_lower=0.011, ci_upper=0.03, n_obs=9, unit="pp", method="x")
    assert EN(phrase("cell.signed_interval", value=effect)) == "+1.1 to +3.0 pp"
    assert ZH(phrase("cell.signed_interval", value=effect)) == "+1.1 至 +3.0 個百分點"
    share = Estimate(value=0.6, ci_lower=0.596, ci_upper=0.982, n_obs=9, unit="share", method="x")
    assert EN(phrase("cell.interval", value=share)) == "59.6% to 98.2%"


def test_markup_wraps_every_number_and_escapes_client_text():
    write = Writer("en", markup=True)
    assert write(Num(0.38214, "share")) == '<data value="0.38214">38.2</data>%'
    assert write(Day(date(2026, 1, 5))) == '<time datetime="2026-01-05">5 January 2026</time>'
    assert write("<b>Tea & Co</b>") == "&lt;b&gt;Tea &amp; Co&lt;/b&gt;"
    assert write({"en": "A<B", "zh-Hant-HK": "甲"}) == "A&lt;B"


def test_lists_are_separated_as_the_language_does():
    both = Joined(({"en": "tea", "zh-Hant-HK": "茶"}, {"en": "cake", "zh-Hant-HK": "餅"}))
    assert (EN(both), ZH(both)) == ("tea, cake", "茶、餅")


def test_a_sentence_that_is_not_given_its_value_says_which():
    with pytest.raises(ReportError) as caught:
        EN(phrase("page.period", start=1, finish=2))
    assert str(caught.value) == (
        "message 'page.period' (en) asks for 'end'; it was given: finish, start"
    )


def test_a_missing_message_names_key_and_language():
    with pytest.raises(ReportError) as caught:
        ZH(Phrase("no.such.key"))
    assert str(caught.value) == "message 'no.such.key' is missing in the zh-Hant-HK catalogue"


def test_an_infinite_number_is_refused():
    with pytest.raises(ReportError, match="a number to print must be finite, got inf"):
        EN(Num(inf))


def test_a_yes_or_no_is_refused():
    with pytest.raises(ReportError, match="choose a sentence for each"):
        EN(True)


@pytest.mark.parametrize("markup", [False, True])
def test_chinese_takes_one_space_beside_a_number_and_none_between_characters(monkeypatch, markup):
    """The catalogue cannot know whether a value ends in a digit or in a word."""
    monkeypatch.setattr(
        "cxlib.report.writer.message", lambda *_: "由{day}起，{change} 的變幅須{n}宗"
    )
    write = Writer("zh-Hant-HK", markup=markup)
    for change, shown in ((Num(3.5, "points"), "3.5 的"), ("三點五分", "三點五分的")):
        made = write(phrase("x", day=Day(date(2026, 1, 5)), change=change, n=12))
        text = re.sub(r"<[^>]*>", "", made)
        assert text == f"由 2026年1月5日起，{shown}變幅須 12 宗"


def test_clauses_with_commas_of_their_own_are_held_apart_by_semicolons():
    both = Joined((Num(1), Num(2)), between="readings.clauses")
    assert Writer("en", markup=False)(both) == "1; 2"
    assert Writer("zh-Hant-HK", markup=False)(both) == "1；2"
