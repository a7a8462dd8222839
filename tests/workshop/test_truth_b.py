"""Modules 4 and 5: the instructor's solutions find what was planted; hints meet their mistakes.

Planted truths come from the simulator (`Truth`); coverage of 95 % intervals over 20 companies is
held to at least 16, which 99.7 % of correct methods pass (binomial).
"""

import json
from datetime import date
from itertools import count, islice

import numpy as np
import numpy_financial
import pandas as pd
import pytest

from cxlib.report.catalogue import CODES, catalogue
from cxlib.stats.false_alarms import false_alarms
from cxlib.workshop import use
from cxlib.workshop.checks import check
from cxlib.workshop.company import make_company, open_company
from cxlib.workshop.editions import solution_lines
from cxlib.workshop.exercise import registry
from cxlib.workshop.exercises import noise, worth
from cxlib.workshop.judge import judge
from cxlib.workshop.modules import MODULES
from cxlib.workshop.truth_plan import draw_plan

LEAST_COVERED = 16
EXERCISES = [*noise.EXERCISES, *worth.EXERCISES]
MISTAKES = [
    (exercise, mistake)
    for exercise in EXERCISES
    for mistake in exercise.mistakes
    if mistake.key != "too_high"  # few companies are graded C: a test of its own sets one
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A company whose test lost customers of one arm, with its truth."""
    seed = next(s for s in count(101) if draw_plan(s, "hard").lost_of_new > 0)
    folder = tmp_path_factory.mktemp("broken") / "company"
    truth = make_company(folder, seed=seed, difficulty="hard")
    return open_company(folder), truth


def covered(companies, interval, truth_of):
    limits = [(interval(c), truth_of(truth)) for c, truth in companies]
    return sum(lower <= true <= upper for (lower, upper), true in limits)


# --- the planted truth ----------------------------------------------------------------------------


def test_the_real_shift_is_signalled_and_only_after_it_happened(companies):
    """Truth.shifted_series moves for good at shift_start; its chart fires on the right side."""
    for c, truth in companies:
        rows = c.kpi_history[c.kpi_history["kpi"] == truth.shifted_series]
        rows = rows.sort_values("period_start")
        chart = noise.share_chart(
            [int(x) for x in rows["successes"]], [int(n) for n in rows["n_obs"]], baseline=26
        )
        later = rows["period_start"].searchsorted(pd.Timestamp(truth.shift_start))
        side = "up" if truth.shift_size > 0 else "down"
        assert any(s.index >= later and s.direction == side for s in chart.signals), truth.seed
        assert noise.moved(c) in {truth.shifted_series, "both"}


def test_the_steady_series_rings_no_oftener_than_the_chart_promises(companies):
    """Steady: false alarms are binomial with the rate `false_alarms` counts for such a chart."""
    rang = sum(noise.moved(c) in {truth.steady_series, "both"} for c, truth in companies)
    promised = false_alarms(15, baseline=12).any_signal
    assert rang <= len(companies) * promised + 3 * np.sqrt(len(companies) * promised)


def test_the_interval_of_the_trial_covers_the_planted_effect(companies):
    assert covered(companies, noise.effect, lambda t: t.ab_effect) >= LEAST_COVERED


def test_nothing_is_shipped_without_effect_and_nothing_good_is_stopped(companies):
    """A decision is wrong when it ships what is not worth having, or stops what is."""
    wrong = 0
    for c, truth in companies:
        worthwhile = truth.ab_effect > truth.terms.test.break_even
        wrong += noise.decision(c) == ("stop" if worthwhile else "ship")
        assert noise.decision(c) != "invalid"
    assert wrong <= 1
    decided = {noise.decision(c) for c, _ in companies}
    assert {"ship", "extend"} <= decided


def test_a_broken_split_is_called_invalid(broken):
    c, truth = broken
    assert truth.ab_broken
    assert noise.decision(c) == "invalid"


def test_segments_differ_no_oftener_than_chance(companies):
    """The planted effect is alike in all segments: p under 5 % in about one of twenty."""
    assert sum(noise.segments(c) < 0.05 for c, _ in companies) <= 4


def test_the_difference_in_differences_covers_the_planted_effect(companies):
    assert covered(companies, worth.interval, lambda t: t.initiative_effect) >= LEAST_COVERED


def test_the_hand_computed_difference_agrees_with_the_panel_model(companies):
    for c, _ in companies:
        lower, upper = worth.interval(c)
        assert worth.did(c) == pytest.approx((lower + upper) / 2, abs=2e-4)


def test_before_and_after_overstates_the_planted_effect(companies):
    """All stores share an upward trend and a rush, so the plain change is too high on average."""
    excess = [worth._plain(c) - truth.initiative_effect for c, truth in companies]
    assert min(excess) > 0 or np.mean(excess) > 3 * np.std(excess) / np.sqrt(len(excess))
    honest = [worth.did(c) - truth.initiative_effect for c, truth in companies]
    assert abs(np.mean(honest)) < np.mean(excess) / 3


def test_a_naive_interval_by_enquiry_is_narrower_than_that_by_store(companies):
    widths = np.array(
        [(np.ptp(worth._interval_of_enquiries(c)), np.ptp(worth.interval(c))) for c, _ in companies]
    )
    assert widths[:, 0].mean() < widths[:, 1].mean()


def test_the_return_to_the_mean_is_recognised(companies):
    """Coaching adds nothing (Truth.coaching_effect is 0), though the coached stores gain."""
    gains = [worth._gain_of_coached(c) for c, _ in companies]
    assert np.mean(gains) > 3 * np.std(gains) / np.sqrt(len(gains))
    assert covered(companies, worth.coaching, lambda t: t.coaching_effect) >= LEAST_COVERED
    again = [worth.regression(c) for c, _ in companies]
    assert np.mean(again) > 3 * np.std(again) / np.sqrt(len(again))


def test_the_evidence_of_clean_comparisons_is_mostly_grade_b(companies):
    grades = [worth.grade(c) for c, _ in companies[:8]]
    assert set(grades) <= {"B", "C"}
    assert grades.count("B") >= 6


def test_the_net_present_value_is_that_of_numpy_financial(companies):
    """numpy_financial.npv(monthly rate, flows of months 0 to 12)."""
    for c, _ in companies[:5]:
        enquiries, margin, costs = worth.money(c)
        flows = np.where(np.arange(13) > 0, 0.01 * enquiries * margin, 0) - costs
        expected = numpy_financial.npv(1.08 ** (1 / 12) - 1, flows)
        assert worth.present_value(c, 0.01) == pytest.approx(expected)


def test_the_money_of_the_data_is_that_of_the_terms(companies):
    """What learners compute from tables agrees with what the score page uses."""
    for c, truth in companies:
        _, margin, costs = worth.money(c)
        assert margin == pytest.approx(truth.terms.initiative.margin_hkd, rel=0.06)
        assert costs[-1] == pytest.approx(truth.terms.initiative.cost_per_month_hkd, rel=0.03)


# --- the checks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.key)
def test_right_answers_are_right_and_blanks_wait(exercise, language, companies, capsys):
    c, _ = companies[0]
    use(c, language=language)
    assert check(exercise.key, exercise.expected(c)).state == "right"
    for blank in (..., None, "", float("nan")):
        assert check(exercise.key, blank).state == "blank"
    title = catalogue(language)[f"workshop.{exercise.key}.title"]
    assert title in capsys.readouterr().out


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.key}.{m.key}" for e, m in MISTAKES]
)
def test_each_listed_mistake_gets_its_own_hint(exercise, mistake, companies, broken, capsys):
    """On most companies a mistake is told apart from the right answer and from earlier ones.

    A choice's mistake needs a company on which it is wrong.
    """
    wanted = f"workshop.{exercise.key}.{mistake.key}"
    choice = exercise.kind == "choice"
    used = [c for c, _ in ((broken, *companies) if choice else companies[:8])]
    found = ((c, a) for c in used for a in answers(exercise, mistake, c, wanted))
    hits = list(islice(found, 1 if choice else 2))
    assert len(hits) == (1 if choice else 2)
    for language in CODES:
        use(hits[0][0], language=language)
        assert check(exercise.key, hits[0][1]).state == "wrong"
        assert catalogue(language)[wanted] in capsys.readouterr().out


def test_a_grade_kinder_than_the_checks_gets_its_own_hint(companies, monkeypatch):
    monkeypatch.setattr(worth, "grade", lambda _: "C")
    (exercise,) = (each for each in worth.EXERCISES if each.key == "worth_grade")
    ruling = judge(exercise, "B", companies[0][0], expected="C")
    assert ruling.hint == "workshop.worth_grade.too_high"
    assert all(ruling.hint in catalogue(language) for language in CODES)


def answers(exercise, mistake, company, wanted):
    """The answers of a mistake that get its hint on a company."""
    expected = exercise.expected(company)
    given = exercise.choices(company) if mistake.when else [mistake.answer(company)]
    return [a for a in given if judge(exercise, a, company, expected=expected).hint == wanted]


@pytest.mark.parametrize("language", CODES)
def test_no_hint_can_hold_a_number_of_the_answer(language):
    """Hints are fixed texts without a placeholder: nothing of the company can stand in them."""
    keys = tuple(f"workshop.{exercise.key}." for exercise in EXERCISES)
    ours = {key: text for key, text in catalogue(language).items() if key.startswith(keys)}
    assert {key for key in ours if key.endswith(".hint")} == {f"{key}hint" for key in keys}
    assert [key for key, text in ours.items() if "{" in text] == []


# --- the notebooks --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["module_4_noise", "module_5_worth"])
def test_the_notebooks_solutions_are_right_on_other_companies(name, companies, broken):
    """The code as it stands, solutions included, on a usual company and on a hard, broken one."""
    import matplotlib as mpl

    mpl.use("Agg")
    notebook = json.loads((MODULES / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for c, _ in (companies[7], broken):
        use(c)
        names = {"c": c, "check": check}
        states = {}
        for cell in code:
            if cell["id"] in {"parameters", "set-up", "power-chart", "placebo-chart"}:
                continue
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)  # noqa: S102
            mpl.pyplot.close("all")
            if key := cell["metadata"].get("exercise"):
                states[key] = check(key, names["answer"]).state
        assert set(states.values()) == {"right"}, states
        assert len(states) == 7


@pytest.mark.parametrize(("number", "module"), [(4, noise), (5, worth)])
def test_the_notebook_sets_the_exercises_in_the_order_of_their_numbers(number, module):
    name = {4: "module_4_noise", 5: "module_5_worth"}[number]
    notebook = json.loads((MODULES / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if "exercise" in cell["metadata"]]
    keys = [cell["metadata"]["exercise"] for cell in cells if cell["cell_type"] == "code"]
    assert keys == [exercise.key for exercise in module.EXERCISES]
    for cell in cells:
        label = registry()[cell["metadata"]["exercise"]][1]
        text = "".join(cell["source"])
        assert cell["cell_type"] == "code" or f" {label} · " in text.splitlines()[0]


@pytest.mark.parametrize("name", ["module_4_noise", "module_5_worth"])
def test_code_cells_are_short(name):
    notebook = json.loads((MODULES / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            inside, outside = solution_lines("".join(cell["source"]))
            assert len(inside) + len(outside) <= 10, cell["id"]


def test_both_initiatives_start_when_the_exercises_say(companies):
    for c, _ in companies:
        paid = c.costs.loc[c.costs["kind"] == "recurring", "paid_on"].min()
        assert date(paid.year, paid.month, 1) == worth.START
