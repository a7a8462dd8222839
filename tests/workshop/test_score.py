"""The score: proper, kind to bad luck, in money; the page: whole, escaped, in both languages."""

import csv
import html
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from cxlib.errors import DataError, InputError
from cxlib.workshop.company import make_groups
from cxlib.workshop.form import Answer, Form
from cxlib.workshop.form_rows import ASKED
from cxlib.workshop.score import score_forms
from cxlib.workshop.score_analyst import Belief, read_company
from cxlib.workshop.score_groups import company_of, judge_forms, read_again
from cxlib.workshop.score_page import score_page
from cxlib.workshop.score_points import interval_score, score_form, true_number, true_words
from cxlib.workshop.score_truth import truth_lines
from cxlib.workshop.truth_plan import largest_effects
from cxlib.workshop.truth_terms import Stake

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "workshop_scores.json"
TRUE = {"ab_effect": 0.02, "initiative_effect": 0.0, "ab_broken": False}


@pytest.fixture(scope="module")
def case(companies):
    """One company with its analyst: test with an effect, initiative without."""
    company, truth = next(
        (c, t) for c, t in companies if t.ab_effect > 0 and t.initiative_effect == 0
    )
    return truth, read_company(company, truth.terms)


def form(answers, **fields):
    return Form(file="form.csv", answers=answers, **fields)


def part(score, key, name):
    return next(each for each in score.of(key) if each.part == name)


# the rules


@pytest.mark.parametrize(
    ("lower", "upper", "true", "score"),
    [(10, 20, 15, 10), (10, 20, 20, 10), (10, 20, 21, 50), (10, 20, 8, 90), (15, 15, 15, 0)],
)
def test_the_interval_score_by_hand(lower, upper, true, score):
    """Width + 2/0.05 x miss (Gneiting and Raftery 2007, eq. 43): 10 + 40 x 1 = 50."""
    assert interval_score(lower, upper, true) == pytest.approx(score)


def test_the_interval_score_is_least_for_the_honest_width():
    """Normal estimates: of all widths about the estimate that of 95 % scores best on average."""
    z = np.random.default_rng(1).normal(size=40_000)
    factors = (0.33, 0.6, 0.8, 1.0, 1.25, 1.6, 3.0)
    means = []
    for factor in factors:
        half = 1.96 * factor
        means.append(2 * half + 40 * np.maximum(np.abs(z) - half, 0).mean())
    assert factors[int(np.argmin(means))] == 1.0


def test_the_analyst_scores_nearly_all_and_nobody_more_than_all(case):
    """The truth itself with intervals of no width is the best form there can be: 170 of 170."""
    truth, reading = case
    score = score_form(form(reading.answers), truth, reading)
    assert score.most == 170
    assert score.points > 130
    guess = {
        row.key: Answer(words=true_words(truth, row.key))
        if row.kind in {"choice", "names"}
        else Answer(value=true_number(truth, row.key))
        for row in ASKED
    }
    guess = {
        key: replace(a, lower=a.value, upper=a.value) if key in reading.errors else a
        for key, a in guess.items()
    }
    assert score_form(form(guess), truth, reading).points == pytest.approx(170)


def test_a_blank_form_scores_nothing_and_loses_nothing(case):
    score = score_form(form({}), *case)
    assert (score.points, score.regret_hkd, score.most) == (0, 0, 170)
    assert {each.remark for each in score.parts} == {"blank"}


def test_one_standard_error_of_luck_costs_little_and_six_cost_nearly_all(case):
    truth, reading = case
    points = []
    for errors in (0, 1, 2, 6):
        value = truth.nps + errors * reading.errors["nps"]
        score = score_form(form({"nps": Answer(value=value)}), truth, reading)
        points.append(part(score, "nps", "accuracy").points)
    assert points == pytest.approx([10, 9.460, 8.007, 1.353], abs=0.001)


def test_an_endless_interval_costs_and_a_narrow_one_is_named(case):
    truth, reading = case
    centre, error = truth.nps, reading.errors["nps"]

    def scored(half, shift=0.0):
        answer = Answer(
            value=centre + shift, lower=centre + shift - half, upper=centre + shift + half
        )
        return part(score_form(form({"nps": answer}), truth, reading), "nps", "interval")

    honest, endless = scored(1.96 * error), scored(100.0)
    narrow = scored(0.3 * error, shift=error)
    assert honest.points == pytest.approx(10 * 10 / 11, abs=1e-4)
    assert endless.points < -5
    assert endless.remark == "too_wide"
    assert narrow.points < honest.points
    assert narrow.remark == "too_narrow"


def test_certainty_is_best_told_as_it_is(case):
    """Brier: whoever holds 0.7 for true gains most on average by writing 70."""
    truth, reading = case
    expected = []
    for said in range(0, 101, 10):
        score = score_form(
            form({"ab_sure": Answer(value=said), "initiative_sure": Answer(value=said)}),
            truth, reading,
        )  # fmt: skip
        real = part(score, "ab_sure", "certainty").points
        none = part(score, "initiative_sure", "certainty").points
        expected.append(0.7 * real + 0.3 * none)
    assert int(np.argmax(expected)) == 7


@pytest.mark.parametrize(
    ("words", "points"),
    [(0, 0.0), (1, 10 / 3), (2, 20 / 3), (3, 10.0)],
)
def test_pain_points_count_one_by_one(case, words, points):
    truth, reading = case
    named = Answer(words=truth.pain_points[:words])
    score = score_form(form({"pain_points": named} if words else {}), truth, reading)
    assert score.points == pytest.approx(points)


# decisions


def test_decisions_are_worth_their_money_under_the_truth(case):
    truth, reading = case
    stake = truth.terms.test
    for word, choice in (("ship", "go"), ("not", "stop"), ("extend", "wait")):
        score = score_form(form({"ab_decision": Answer(words=(word,))}), truth, reading)
        worst = stake.most_to_lose(largest_effects(truth.difficulty)[0])
        regret = stake.regret(choice, truth.ab_effect)
        assert score.regret_hkd == regret
        assert score.points == pytest.approx(20 * (1 - regret / worst))
    assert score_form(form({"ab_decision": Answer(words=("ship",))}), truth, reading).points == 20


@pytest.mark.parametrize("belief", np.linspace(0.05, 0.95, 10))
@pytest.mark.parametrize("difficulty", ["easy", "usual", "hard"])
def test_the_choice_of_most_expected_money_has_most_expected_points(case, difficulty, belief):
    """Believing in a middling effect with some chance: points and HK$ name the same choice."""
    truth, _ = case
    largest = largest_effects(difficulty)[0]
    stake, chances = truth.terms.test, ((0.0, 1 - belief), (0.8 * largest, belief))
    most = stake.most_to_lose(largest)
    money, points = (
        {c: sum(p * of(c, e) for e, p in chances) for c in ("go", "stop", "wait")}
        for of in (stake.value, lambda c, e: 20 * (1 - stake.regret(c, e) / most))
    )
    assert max(money, key=money.get) == max(points, key=points.get)
    assert all(stake.regret(c, e) <= most for c in money for e in (0.0, largest / 2, largest))


@pytest.mark.parametrize(
    ("group", "analyst", "remark"),
    [("ship", "ship", "best"), ("ship", "not", "lucky"), ("not", "not", "unlucky"),
     ("not", "ship", "avoidable"), ("invalid", "extend", "unlucky")],
)  # fmt: skip
def test_luck_is_named_as_such(case, group, analyst, remark):
    """The test has an effect worth shipping; what counts is what the data supported."""
    truth, reading = case
    said = replace(reading, answers=reading.answers | {"ab_decision": Answer(words=(analyst,))})
    score = score_form(form({"ab_decision": Answer(words=(group,))}), truth, said)
    assert part(score, "ab_decision", "money").remark == remark


def test_missing_the_truth_together_with_the_analyst_is_bad_luck(case):
    truth, reading = case
    error = reading.errors["nps"]
    off = truth.nps + 3 * error
    missed = Answer(value=off, lower=off - 1.96 * error, upper=off + 1.96 * error)
    unlucky = replace(reading, answers=reading.answers | {"nps": missed})
    mine = score_form(form({"nps": missed}), truth, unlucky)
    assert [each.remark for each in mine.of("nps")] == ["as_analyst", "bad_luck"]
    careless = score_form(form({"nps": missed}), truth, reading)
    assert part(careless, "nps", "interval").remark == "missed"


@pytest.mark.parametrize(
    ("word", "points"), [("invalid", 20), ("extend", 10), ("ship", 0), ("not", 0)]
)
def test_a_broken_test_is_judged_on_being_called_so(case, word, points):
    truth, reading = case
    broken = replace(truth, ab_broken=True)
    seen = {k: a for k, a in reading.answers.items() if k not in {"ab_effect", "ab_sure"}}
    seen |= {"ab_decision": Answer(words=("invalid",))}
    read = replace(reading, test_valid=False, answers=seen)
    answers = {
        "ab_decision": Answer(words=(word,)), "ab_effect": Answer(value=9.0),
        "ab_sure": Answer(value=100.0),
    }  # fmt: skip
    score = score_form(form(answers), broken, read)
    assert score.points == points
    assert score.most == 145
    assert true_words(broken, "ab_decision") == ("invalid",)


def test_the_analyst_takes_the_choice_of_most_expected_money():
    """Half a chance of +0.02, else nothing; 30,000 or -10,000 a month by hand.

    go 12 x (15,000 - 5,000) = 120,000; wait 9 x 15,000 - 5,000 = 130,000.
    """
    stake = Stake(
        enquiries_per_month=1000, margin_hkd=2000.0, cost_per_month_hkd=10_000.0,
        horizon_months=12, wait_months=3, wait_cost_hkd=5_000.0, runs_while_waiting=False,
    )  # fmt: skip
    belief = Belief(chance=0.5, effects=(0.02,), weights=(1.0,))
    assert belief.expected(stake, "go") == 120_000
    assert belief.expected(stake, "wait") == 130_000
    assert belief.best(stake) == "wait"
    assert replace(belief, chance=0.95).best(stake) == "go"
    assert replace(belief, chance=0.01).best(stake) == "stop"


# honesty pays


def test_the_honest_analyst_beats_every_other_over_200_companies():
    """Measured by tests/simulation/workshop_scores.py; ahead by more than 3 standard errors."""
    found = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert found["companies"] == 200
    others = {name: row for name, row in found["usual"].items() if name != "honest"}
    assert set(others) == {"third", "triple", "infinite", "ship", "extend", "last"}
    for name, row in others.items():
        assert row["ahead"] > 3 * row["standard_error"], name


def test_the_honest_analyst_is_ahead_on_companies_of_this_session(companies):
    gains = {"third": [], "triple": [], "last": [], "ship": []}
    last = None
    for company, truth in companies[:8]:
        reading = read_company(company, truth.terms)
        honest = score_form(form(reading.answers), truth, reading).points
        others = {
            "third": _scaled(reading.answers, 1 / 3),
            "triple": _scaled(reading.answers, 3),
            "ship": reading.answers | {"ab_decision": Answer(words=("ship",))},
            "last": last or {},
        }
        for name, answers in others.items():
            gains[name].append(honest - score_form(form(answers), truth, reading).points)
        last = reading.answers
    assert all(np.mean(gain) > 0 for gain in gains.values()), gains


def _scaled(answers, factor):
    return {
        key: replace(
            a,
            lower=a.value - factor * (a.value - a.lower),
            upper=a.value + factor * (a.upper - a.value),
        )
        if a.has_interval
        else a
        for key, a in answers.items()
    }


# the page


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Three forms of two companies: an analyst's, a hostile one, one without a company."""
    folder = tmp_path_factory.mktemp("scored")
    truths = make_groups(folder / "g", seed=31, groups=2, truth=folder / "truth.json")
    reading = read_again(truths["group_1"])
    first, second = (folder / "g" / name / "form.csv" for name in truths)
    _fill(first, {"group": ["Analysts"], **_cells(reading)})
    _fill(
        second,
        {
            "group": ["<img src=x onerror=alert(1)>&\"'{{7*7}}獅子"],
            "language": ["zh-Hant-HK"],
            "nps": ["0.3", "", ""],
            "ab_decision": ["<script>alert(1)</script>"],
        },
    )
    lines = []
    page = score_forms(
        [second, first, folder / "none.csv"],
        folder / "truth.json",
        folder / "out" / "scores.html",
        languages=("en", "zh-Hant-HK"),
        say=lines.append,
    )
    return page.read_text(encoding="utf-8"), lines, truths, folder


def _fill(file, changes):
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    for row in rows:
        for place, cell in enumerate(changes.get(row[0], ()), start=1):
            row[place] = cell
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    file.write_bytes(out.getvalue().encode("utf-8-sig"))


def _cells(reading):
    cells = {}
    for key, a in reading.answers.items():
        numbers = [f"{x:.3f}" for x in (a.value, a.lower, a.upper)] if a.has_interval else []
        cells[key] = ["; ".join(a.words)] if a.words else numbers or [f"{a.value:.0f}"]
        if key.endswith("_sure"):
            cells[key] = [f"{a.value:.0f}%"]
    return cells


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in {"src", "href", "data", "action"}]

    def handle_data(self, data):
        self.text.append(data)


def read(page):
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_page_is_whole_offline_and_escapes_what_groups_wrote(scored):
    page, *_ = scored
    tags = read(page)
    assert not {"script", "img", "link", "iframe", "form"} & set(tags.tags)
    assert set(tags.addresses) == {"#en", "#zh-Hant-HK"}
    outside = re.sub(r"url\(data:font[^)]*\)", "", page)
    assert "http:" not in outside
    assert "https:" not in outside
    assert html.escape("<img src=x onerror=alert(1)>", quote=False) in page
    assert "{{7*7}}" in "".join(tags.text)
    assert "NaN" not in outside
    assert "nan" not in re.sub(r"[^\x00-\x7f]|finance", "", "".join(tags.text)).split()


def test_the_page_holds_standings_analyst_and_truth_in_both_languages(scored):
    page, _, truths, _ = scored
    text = "".join(read(page).text)
    for words in ("Standings", "Perfect analyst", "The truth", "排名", "完美分析員", "真相"):
        assert words in text
    for truth in truths.values():
        for language in ("en", "zh-Hant-HK"):
            for line in truth_lines(truth, language):
                assert line in text
    assert text.index("Analysts") < text.index("<img src=x")


def test_the_terminal_gets_a_line_a_group_and_its_hints(scored):
    lines = scored[1]
    assert re.fullmatch(
        r"1\. Analysts: 1\d\d\.\d of 1(70|45) points; HK\$[\d,]+ lost by decisions", lines[0]
    )
    assert lines[1].startswith("2. <img")
    assert lines[2].startswith("  第 5 行，NPS")
    assert lines[-2] == "– none: none.csv cannot be matched with a company"
    assert lines[-1] == "  The form none.csv was not found; check its name and folder."


def test_one_language_alone_has_no_word_of_the_other_section(scored, tmp_path):
    _, _, _, folder = scored
    page = score_forms(
        [folder / "g" / "group_1" / "form.csv"], folder / "truth.json", tmp_path / "s.html",
        languages=("zh-Hant-HK",), say=lambda _: None,
    ).read_text(encoding="utf-8")  # fmt: skip
    assert '<html lang="zh-Hant-HK">' in page
    assert "Standings" not in page
    assert page.count("<section") == 1


def test_truth_lines_exist_for_every_kind_of_truth(case):
    truth, _ = case
    kinds = [
        replace(truth, ab_effect=a, initiative_effect=i, ab_broken=b, goal_n=n)
        for a in (0.0, 0.02)
        for i in (0.0, 0.01)
        for b in (False, True)
        for n in (10, 10**6)
    ]
    for kind in kinds:
        for language in ("en", "zh-Hant-HK"):
            lines = truth_lines(kind, language)
            assert all("{" not in line for line in lines)
            assert len(lines) == 11 + kind.ab_broken


def test_a_form_finds_its_company_by_code_then_folder_then_as_the_only_one(case):
    truth, _ = case
    other = replace(truth, code="OTHER2")
    both = {"group_1": truth, "group_2": other}
    assert company_of(form({}, company=truth.code), both) is truth
    assert company_of(form({}, folder="group_2"), both) is other
    assert company_of(form({}, company="WRONG2", folder="group_2"), both) is None
    assert company_of(form({}), {"": truth}) is truth
    assert company_of(form({}, company="WRONG2"), {"": truth}) is None


def test_a_page_of_nobody_known_is_still_a_page():
    judged = judge_forms([form({}, company="WRONG2", group="A")], {})
    assert "A" in score_page(judged, languages=("en",))


def test_a_company_another_version_made_is_refused(case):
    truth, _ = case
    with pytest.raises(InputError, match="score with the version that made it"):
        read_again(replace(truth, code="OTHER2"))


def test_impossible_calls_are_refused(tmp_path, scored):
    _, _, truths, folder = scored
    with pytest.raises(InputError, match="forms must be 1 to 200 files, got 0"):
        score_forms([], truths, tmp_path / "s.html")
    with pytest.raises(InputError, match="languages must be of en, zh-Hant-HK"):
        score_forms([tmp_path / "f.csv"], truths, tmp_path / "s.html", languages=("fr",))
    with pytest.raises(DataError, match="the truth cannot be read"):
        score_forms([tmp_path / "f.csv"], folder / "none.json", tmp_path / "s.html")
    with pytest.raises(InputError, match=r"no form was found at .*f\.csv; name the filled"):
        score_forms([tmp_path / "f.csv"], truths, tmp_path / "s.html")
    assert not (tmp_path / "s.html").exists()
