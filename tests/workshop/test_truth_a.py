"""Modules 1 to 3: the instructor's solutions find what was planted, and the checks know them."""

import math
from functools import cache
from pathlib import Path

import nbformat
import pytest

from cxlib.report.catalogue import catalogue
from cxlib.workshop import check, use
from cxlib.workshop.exercise import registry
from cxlib.workshop.exercises import goals, journey, scores
from cxlib.workshop.judge import judge
from cxlib.workshop.modules import read_modules
from cxlib.workshop.truth import goal_answers

KEYS = [each.key for module in (scores, journey, goals) for each in module.EXERCISES]
LANGUAGES = ("en", "zh-Hant-HK")
PREPARE = ("imports", "stages")
"""Teaching cells whose names the exercises of their module use."""
SLOW = {"pain_in_june": 8, "first_priority": 5, "could_be_first": 5}
"""Exercises that draw again and again: on how many companies they are solved."""


@cache
def _cells():
    folder = Path(__file__).parents[2] / "notebooks" / "workshop"
    prepared, solutions = {}, {}
    for path in sorted(folder.glob("module_[123]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        ready = "\n".join(c.source for c in notebook.cells if c.id in PREPARE)
        for cell in notebook.cells:
            if cell.cell_type == "code" and "exercise" in cell.metadata:
                solutions[cell.metadata["exercise"]] = cell.source.partition("### END")[0]
                prepared[cell.metadata["exercise"]] = ready
    return prepared, solutions


def solve(key, company):
    """Run an exercise's solution as the instructor notebook has it."""
    prepared, solutions = _cells()
    names = {"c": company}
    exec(compile(prepared[key], "imports", "exec"), names)  # noqa: S102 - our own notebook
    exec(compile(solutions[key], key, "exec"), names)  # noqa: S102
    return names["answer"]


@pytest.fixture(scope="module")
def solved(companies):
    """Solution of an exercise on every company, each run once."""

    @cache
    def of(key):
        return [solve(key, company) for company, _ in companies[: SLOW.get(key)]]

    return of


@pytest.fixture(scope="module")
def truths(companies):
    """The planted truths, in the order of the solutions."""
    return [truth for _, truth in companies]


# --- the modules ----------------------------------------------------------------------------------


def test_each_module_takes_60_to_90_minutes_with_five_to_seven_exercises_one_of_them_optional():
    for module in read_modules(numbers=(1, 2, 3)):
        assert 60 <= module.minutes <= 90
        assert 5 <= len(module.tasks) <= 7
        assert any(task.optional for task in module.tasks)


def test_exercises_stand_in_the_notebooks_in_the_order_of_their_numbers():
    found = [task.key for module in read_modules(numbers=(1, 2, 3)) for task in module.tasks]
    assert found == KEYS


def test_headings_carry_the_number_and_title_that_the_check_names():
    for module in read_modules(numbers=(1, 2, 3)):
        for cell in module.notebook.cells:
            if cell.cell_type == "markdown" and "exercise" in cell.metadata:
                key = cell.metadata["exercise"]
                words = catalogue(cell.metadata["lang"])
                head = cell.source.splitlines()[0]
                assert registry()[key][1] in head
                assert words[f"workshop.{key}.title"] in head


# --- module 1 -------------------------------------------------------------------------------------


def test_the_interval_of_the_nps_widened_for_repeat_customers_covers_the_truth(
    companies, solved, truths
):
    """95 % intervals of 20 companies: 16 or fewer would happen by chance once in 60."""
    covered = 0
    rows = zip(companies, solved("nps_interval"), solved("repeat_customers"), truths, strict=True)
    for (company, _), (lower, upper), wider, truth in rows:
        late = company.answers.dropna(subset=["nps"])["answered_at"] >= scores.TURN
        true = truth.nps_baseline + (truth.nps - truth.nps_baseline) * late.mean()
        centre, half = (lower + upper) / 2, (upper - lower) / 2 * wider
        covered += abs(true - centre) <= half
        assert wider > 1.03
    assert covered >= 17


def test_weighting_moves_the_score_towards_everyone_but_only_part_of_the_way(solved, truths):
    """Weights by segment cannot see that the contented answer more within a segment."""
    for plain, weighted, truth in zip(solved("nps"), solved("weighted_nps"), truths, strict=True):
        assert truth.nps_everyone - truth.nps < weighted - plain < 0


def test_the_rise_to_see_is_that_of_the_true_spread(solved, truths):
    for rise, truth in zip(solved("rise_to_see"), truths, strict=True):
        p, q = truth.promoters, truth.detractors
        assert rise == pytest.approx(
            1.96 * 100 * math.sqrt(2 * (p + q - (p - q) ** 2) / 120), rel=0.04
        )


def test_the_change_of_the_largest_touchpoint_is_not_narrower_than_its_parts(companies, solved):
    for (company, _), (lower, upper) in zip(companies, solved("change_interval"), strict=True):
        before, after = scores.halves(company)
        least = 1.96 * 100 / math.sqrt(min(before.n_obs, after.n_obs)) * 0.5
        assert (upper - lower) / 2 > least


# --- module 2 -------------------------------------------------------------------------------------


def test_the_three_lowest_are_mostly_the_planted_pain_points(solved, truths):
    """CSAT ranks by satisfaction, the truth by NPS: neighbours may change places."""
    hits = [
        len(set(found) & set(truth.pain_points))
        for found, truth in zip(solved("lowest_three"), truths, strict=True)
    ]
    assert min(hits) >= 2
    assert sum(hits) >= 54


def test_the_chance_of_a_false_alarm_is_what_a_simulation_gives(solved):
    """40.1 %: (numpy.random.default_rng(1).random((200_000, 10)) < 0.05).any(1).mean() = 0.4004."""
    assert solved("false_alarm") == pytest.approx([0.4004] * 20, abs=0.004)


def test_one_month_hardly_flags_a_touchpoint_that_is_truly_above_the_journey(companies):
    """Holm holds the chance of any false flag at 5 % of companies."""
    wrong = 0
    for company, truth in companies[: SLOW["pain_in_june"]]:
        mean = sum(truth.nps_by_touchpoint.values()) / len(truth.nps_by_touchpoint)
        pains = [point.touchpoint for point in journey._june(company).pains]
        wrong += any(truth.nps_by_touchpoint[name] > mean for name in pains)
    assert wrong <= 1


def test_the_mix_effect_and_the_reversal_are_recovered(companies, solved, truths):
    shifts = [journey.split_by_channel(company) for company, _ in companies]
    errors = [m - t.mix_points for m, t in zip(solved("mix_effect"), truths, strict=True)]
    rates = [s.rate_effect - t.rate_points for s, t in zip(shifts, truths, strict=True)]
    assert max(map(abs, errors)) < 3.0
    assert abs(sum(errors) / len(errors)) < 0.7
    assert abs(sum(rates) / len(rates)) < 1.2
    assert sum(shift.rate_effect > 0 > shift.change for shift in shifts) >= 18
    assert sum(shift.reversed_by_mix for shift in shifts) >= 15


def test_the_planted_driver_is_found_among_the_first(solved, truths):
    places = [
        found.index(truth.top_driver) if truth.top_driver in found else 9
        for found, truth in zip(solved("first_drivers"), truths, strict=True)
    ]
    assert max(places) <= 2
    assert places.count(0) >= 16


def test_the_first_priority_is_truly_below_the_mean_of_the_journey(solved, truths):
    for found, several, truth in zip(
        solved("first_priority"), solved("could_be_first"), truths, strict=False
    ):
        values = truth.nps_by_touchpoint
        assert values[found] < sum(values.values()) / len(values)
        assert several >= 1


# --- module 3 -------------------------------------------------------------------------------------


def test_the_baseline_recovers_the_planted_one(companies, solved, truths):
    """Three standard errors between customers (about 1.15 times the plain one)."""
    for (company, _), found, truth in zip(companies, solved("baseline"), truths, strict=True):
        shares, n = goals.baseline_shares(company)
        assert abs(found - truth.nps_baseline) < 3 * 1.15 * math.sqrt(shares.variance / n)


def test_the_answers_needed_are_those_of_statsmodels_and_of_the_truth(companies, solved, truths):
    from statsmodels.stats.power import NormalIndPower

    rows = zip(companies, solved("answers_needed"), truths, strict=True)
    for (company, _), needed, truth in rows:
        sd = math.sqrt(goals.baseline_shares(company)[0].variance)
        other = NormalIndPower().solve_power(goals.RISE / sd, alpha=0.05, power=0.8, ratio=1)
        assert needed == pytest.approx(other, rel=0.002)
        true = goal_answers(truth.promoters, truth.detractors, rise=goals.RISE)
        assert needed == pytest.approx(true, rel=0.08)


def test_the_smallest_rise_and_the_chance_to_see_are_those_of_statsmodels(companies, solved):
    from statsmodels.stats.power import NormalIndPower

    rows = zip(companies, solved("smallest_rise"), solved("chance_to_see"), strict=True)
    for (company, _), rise, chance in rows:
        shares, n = goals.baseline_shares(company)
        sd = math.sqrt(shares.variance)
        assert NormalIndPower().power(rise / sd, n, 0.05) == pytest.approx(0.8, abs=0.002)
        assert NormalIndPower().power(goals.RISE / sd, n, 0.05) == pytest.approx(chance, abs=0.002)


def test_the_goal_level_is_a_tenth_above_all_sales_over_all_enquiries(companies, solved):
    for (company, _), level in zip(companies, solved("goal_level"), strict=True):
        history = company.kpi_history[company.kpi_history["kpi"] == "conversion"]
        months = history[history["period_start"].between("2025-07-01", "2025-12-31")]
        assert level == pytest.approx(1.1 * months["successes"].sum() / months["n_obs"].sum())


def test_regression_to_the_mean_is_recognised_where_before_and_after_claims_a_gain(
    companies, solved, truths
):
    """The true effect of coaching is 0 in every company."""
    assert {truth.coaching_effect for truth in truths} == {0.0}
    left = solved("worst_stores")
    observed = [goals.coached(company).observed for company, _ in companies]
    assert sum(each.excludes(0.0) for each in left) <= 3
    assert abs(sum(each.value for each in left) / len(left)) < 0.05
    assert sum(each.value for each in observed) / len(observed) > 0.1
    assert sum(each.excludes(0.0) for each in observed) >= 6


# --- the checks -----------------------------------------------------------------------------------


def test_every_solution_is_right_on_every_company(companies, solved):
    for key in KEYS:
        exercise = registry()[key][0]
        few = companies[: 4 if key in SLOW or key == "first_drivers" else None]
        for (company, truth), answer in zip(few, solved(key), strict=False):
            ruling = judge(exercise, answer, company, expected=exercise.expected(company))
            assert ruling.state == "right", (key, truth.seed)


def test_every_usual_mistake_gets_its_own_hint_on_some_company(companies):
    """A mistake that gives the right value, or an earlier mistake's, on one company does not on
    another: eight companies are enough.
    """
    silent = set()
    for key in KEYS:
        exercise = registry()[key][0]
        waiting = {m.key: m for m in exercise.mistakes if m.answer is not None}
        for company, _ in companies[:8]:
            if not waiting:
                break
            expected = exercise.expected(company)
            for name, mistake in list(waiting.items()):
                ruling = judge(exercise, mistake.answer(company), company, expected=expected)
                assert ruling.state in {"right", "wrong"}
                if ruling.hint == f"workshop.{key}.{name}":
                    del waiting[name]
        silent |= {(key, name) for name in waiting}
    assert silent == set()


def test_hardly_any_alarm_at_all_is_read_as_all_of_them_alarming(companies):
    company = companies[0][0]
    exercise = registry()["false_alarm"][0]
    ruling = judge(exercise, 1e-13, company, expected=exercise.expected(company))
    assert ruling.hint == "workshop.false_alarm.all_of_them"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exercise_waits_takes_its_solution_and_hints_in_the_learners_language(
    companies, language, capsys
):
    company = companies[0][0]
    words = catalogue(language)
    use(company, language=language)
    try:
        for key in KEYS:
            number, title = registry()[key][1], words[f"workshop.{key}.title"]
            waits, right = check(key, ...), check(key, solve(key, company))
            assert (waits.state, right.state) == ("blank", "right")
            assert number in waits.message
            assert title in right.message
            wrong = check(key, "nothing like it")
            assert wrong.state == "wrong"
    finally:
        use(None)
    assert "○" in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exercise_and_mistake_has_its_words(language):
    words = catalogue(language)
    for key in KEYS:
        exercise = registry()[key][0]
        for last in ("title", "hint", *(mistake.key for mistake in exercise.mistakes)):
            text = words[f"workshop.{key}.{last}"]
            assert not set("{}`") & set(text)


def test_no_words_are_left_without_an_exercise():
    known = {
        f"workshop.{key}.{last}"
        for key in KEYS
        for last in ("title", "hint", *(m.key for m in registry()[key][0].mistakes))
    }
    folder = Path(__file__).parents[2] / "cxlib" / "report" / "locales" / "en" / "LC_MESSAGES"
    lines = (folder / "workshop_a.po").read_text(encoding="utf-8").splitlines()
    written = {line[7:-1] for line in lines if line.startswith('msgid "w')}
    assert written == known
