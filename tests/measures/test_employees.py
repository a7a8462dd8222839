"""Employee feedback: the anonymity floor holds against subtraction, scores by hand, the link."""

from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.employees import SUMS, staff_counts
from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.engagement.loop import EmployeeSurvey
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import DataError
from cxlib.measures.anonymity import hidden_units
from cxlib.measures.employees import staff_study
from cxlib.measures.survey import nps_from_counts
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
PERIOD = Period(start="2026-01-01", end="2026-06-30")
PRECISION = Precision(confidence_level=0.95, minimum_cell=30)
ASKED = ("enps", "esat", "left")


def table(sizes, *, seed=0, quarter="2026Q1"):
    draw = np.random.default_rng(seed)
    unit = np.repeat(list(sizes), list(sizes.values()))
    n = len(unit)
    return pd.DataFrame(
        {
            "response_id": [f"E{k}" for k in range(n)],
            "unit": unit,
            "quarter": quarter,
            "enps": draw.integers(3, 11, n),
            "esat": draw.integers(1, 6, n),
            "left": (draw.random(n) < 0.1) * 1,
        }
    )


def tables_of(staff):
    engine = duckdb.connect()
    return {"employees": duckdb_source(staff, table="employees", connection=engine)}


def study_of(staff, answers=None, **survey):
    engine = duckdb.connect()
    tables = {"employees": duckdb_source(staff, table="employees", connection=engine)}
    if answers is not None:
        tables["answers"] = duckdb_source(answers, table="answers", connection=engine)
    return staff_study(tables, EmployeeSurvey(**survey), period=PERIOD, precision=PRECISION)


def test_counts_are_those_of_pandas():
    staff = pd.concat(
        [table({"a": 20, "b": 9}), table({"a": 5, "c": 12}, seed=1, quarter="2026Q2")]
    )
    staff["enps"] = staff["enps"].astype("Float64").mask(staff["response_id"] == "E3")
    staff["unit"] = staff["unit"].mask(staff["response_id"] == "E7")
    found = staff_counts(duckdb_source(staff, table="employees", connection=duckdb.connect()))
    for row in found.to_dict("records"):
        part = staff[(staff["unit"].fillna("") == row["unit"]) & (staff.quarter == row["quarter"])]
        enps = part["enps"].dropna()
        assert row["n"] == len(part)
        assert row["n_enps"] == len(enps)
        assert row["promoters"] == (enps >= 9).sum()
        assert row["detractors"] == (enps <= 6).sum()
        assert row["passives"] == len(enps) - row["promoters"] - row["detractors"]
        assert (row["esat_sum"], row["esat_squares"]) == (part.esat.sum(), (part.esat**2).sum())
        assert (row["n_left"], row["gone"]) == (len(part), part["left"].sum())


def n_of(cell):
    return cell["n_esat"]


def cells_of(draw):
    """Up to nine units of 1 to 20 answers with bands and leavers at random."""
    cells = {}
    for unit in range(draw.integers(1, 10)):
        n = int(draw.integers(1, 21))
        bands = draw.multinomial(n, draw.dirichlet([1, 1, 1]))
        cell = dict.fromkeys(("n", *SUMS), 0.0)
        named = {"n": n, "n_enps": n, "n_esat": n, "n_left": n}
        named |= dict(zip(("promoters", "passives", "detractors"), bands, strict=True))
        given = draw.integers(1, 6, n)
        named |= {"esat_sum": given.sum(), "esat_squares": (given**2).sum()}
        cells[f"u{unit}"] = cell | {name: float(value) for name, value in named.items()}
    return cells


def test_no_unit_can_be_found_by_subtracting_what_is_shown_from_the_total():
    """600 tables: what is left is nothing, or two units or more that may be shown together.

    It fails only where every unit is hidden and the total itself may not be shown.
    """
    draw = np.random.default_rng(8)
    for _ in range(600):
        cells, floor = cells_of(draw), int(draw.integers(5, 12))
        hidden = hidden_units(cells, floor=floor, asked=ASKED)
        for unit in set(cells) - hidden:
            cell = cells[unit]
            assert cell["n"] >= floor
            assert max(cell["promoters"], cell["passives"], cell["detractors"]) < cell["n"]
            assert cell["esat_squares"] * n_of(cell) > cell["esat_sum"] ** 2
        if hidden and hidden != set(cells):
            rest = {name: sum(cells[unit][name] for unit in hidden) for name in ("n", *SUMS)}
            assert len(hidden) >= 2
            assert rest["n"] >= floor
            assert max(rest["promoters"], rest["passives"], rest["detractors"]) < rest["n"]


def test_a_unit_hidden_alone_takes_the_smallest_shown_one_with_it():
    """By hand: 7 alone could be had by subtraction; with the unit of 9 they are 16."""
    staff = table({"big": 30, "mid": 9, "small": 7})
    study = study_of(staff)
    assert {score.unit: score.hidden for score in study.units} == {
        "big": False, "mid": True, "small": True,
    }  # fmt: skip
    for score in study.units:
        if score.hidden:
            assert (score.n_obs, score.headcount, score.enps, score.esat, score.turnover) == (
                (None,) * 5
            )
    assert study.latest.n_obs == 46
    assert study.n_hidden == 2


def test_people_of_no_unit_are_never_shown_and_never_left_alone():
    staff = table({"big": 30, "mid": 12})
    staff.loc[staff.index[:3], "unit"] = None
    study = study_of(staff)
    assert {score.unit: score.hidden for score in study.units} == {"big": False, "mid": True}


def test_answers_all_of_one_band_are_hidden_even_from_many():
    staff = table({"a": 20, "b": 20, "c": 20})
    staff.loc[staff["unit"] == "a", "enps"] = 2
    study = study_of(staff)
    assert {score.unit for score in study.units if score.hidden} == {"a", "b"}


def test_scores_by_hand_and_narrowed_by_the_share_of_people_who_answered():
    """24 of 36 people: the interval is that of 24 answers times the root of (36 - 24) / 35."""
    staff = table({"a": 24})
    staff["enps"] = [10, 9, 9, 8, 7, 6, 3, 0] * 3
    staff["esat"] = [5, 5, 4, 4, 3, 3, 2, 2] * 3
    staff["left"] = [1, 0, 0, 0, 0, 0, 0, 1] * 3
    plain, known = study_of(staff).latest, study_of(staff, headcount={"a": 36}).latest
    assert plain.enps == nps_from_counts(9, 6, 9)
    assert (plain.esat.value, plain.turnover.value) == (3.5, 0.25)
    part = (12 / 35) ** 0.5
    for name in ("enps", "esat", "turnover"):
        wide, narrow = getattr(plain, name), getattr(known, name)
        assert narrow.value - narrow.ci_lower == pytest.approx(part * (wide.value - wide.ci_lower))
        assert narrow.ci_upper - narrow.value == pytest.approx(part * (wide.ci_upper - wide.value))
    assert (plain.headcount, known.headcount) == (None, 36)
    assert study_of(staff, headcount={"a": 24}).latest.esat.ci_lower == 3.5


def test_intervals_of_a_known_small_staff_hold_about_as_often_as_they_say():
    """40 people, 24 answer by lot, 120 times: the staff's own eNPS lies inside 92 % to 100 %."""
    draw = np.random.default_rng(4)
    people = table({"a": 40}, seed=9)
    bands = people["enps"].map(lambda x: 100 * (x >= 9) - 100 * (x <= 6))
    held = []
    for _ in range(120):
        score = study_of(people.iloc[draw.permutation(40)[:24]], headcount={"a": 40}).latest
        held.append(score.enps.ci_lower <= bands.mean() <= score.enps.ci_upper)
    assert np.mean(held) >= 0.92


def test_under_the_floor_the_total_is_hidden_too():
    study = study_of(table({"a": 4, "b": 3}))
    assert study.latest.hidden
    assert all(score.hidden for score in study.units)
    assert study_of(table({"a": 4}), anonymity_floor=5).latest.n_obs is None


def test_wrong_headcounts_are_refused_in_words():
    staff = table({"a": 9})
    with pytest.raises(DataError, match="a has more answers in 2026Q1 than its headcount of 8"):
        study_of(staff, headcount={"a": 8})
    with pytest.raises(DataError, match="headcount names b, which the employees table does not"):
        study_of(staff, headcount={"a": 9, "b": 2})


def customers(units, *, slope, seed):
    draw = np.random.default_rng(seed)
    store = np.repeat(list(units), 200)
    mean = 3 + slope * np.repeat(list(units.values()), 200)
    return pd.DataFrame(
        {
            "store": store,
            "answered_at": pd.Timestamp("2026-02-01"),
            "csat": mean + draw.normal(0, 0.5, len(store)),
        }
    )


def test_the_link_is_found_across_units_and_refused_under_ten():
    sizes = {f"s{k:02d}": 10 for k in range(14)}
    staff = table(sizes, seed=3)
    moods = staff.groupby("unit")["esat"].mean() - 3
    found = study_of(staff, customers(moods.to_dict(), slope=0.4, seed=1)).link
    assert found.n_units == 14
    assert found.effect.ci_lower <= 0.4 <= found.effect.ci_upper
    assert found.strength == "shown"
    few = staff[staff["unit"] < "s09"]
    refused = study_of(few, customers(moods[:9].to_dict(), slope=0.4, seed=1)).link
    assert (refused.effect, refused.strength, refused.n_units) == (None, "too_few", 9)
    small = table(dict.fromkeys(sizes, 5), seed=3)
    assert study_of(small, customers(moods.to_dict(), slope=0.4, seed=1)).link.n_units == 0


def test_the_link_is_least_squares_with_the_hc2_error_of_statsmodels():
    """statsmodels WLS(y, x, weights).fit(cov_type="HC2"): one unit a cluster, so CR2 = HC2."""
    import statsmodels.api as sm

    staff = table({f"s{k:02d}": 10 for k in range(12)}, seed=5)
    moods = staff.groupby("unit")["esat"].mean()
    heard = customers((moods - 3).to_dict(), slope=0.1, seed=2)
    found = study_of(staff, heard).link.effect
    y = heard.groupby("store")["csat"].mean()
    fit = sm.WLS(y, sm.add_constant(moods), weights=np.full(12, 200.0)).fit(cov_type="HC2")
    assert found.value == pytest.approx(fit.params["esat"])
    from scipy.stats import t

    error = (found.ci_upper - found.value) / fit.bse["esat"]
    assert t.ppf(0.975, 11) <= error <= t.ppf(0.975, 3)


def test_the_sample_hides_most_stores_and_shows_the_two_large_units():
    engagement = load_engagement(SAMPLE)
    tables = open_tables(engagement, ["answers", "employees"])
    study = staff_study(
        tables, engagement.employee_survey, period=engagement.span, precision=engagement.precision
    )
    shown = {score.unit for score in study.units if not score.hidden}
    assert {"contact_centre", "head_office"} <= shown
    exact = [score for score in study.units if not score.hidden and not score.rounded]
    assert all(score.n_obs >= 20 for score in exact)
    assert study.n_hidden == 19
    assert study.link.n_units >= 10


def test_a_second_answer_within_a_quarter_cannot_be_had_by_subtraction():
    """A unit at 8 and, a day later, at 9 answers in the quarter of the report: neither is shown,
    and the quarter before stands in both readings alike."""
    past = table({"a": 12, "b": 11, "c": 30}, quarter="2026Q1")
    now = table({"a": 9, "b": 11, "c": 30}, seed=4, quarter="2026Q2")
    first = pd.concat([past, now.drop(now.index[now["unit"] == "a"][0])])
    day = date(2026, 6, 20)
    readings = [staff_study(tables_of(staff), EmployeeSurvey(), period=PERIOD,
                            precision=PRECISION, today=day)
                for staff in (first, pd.concat([past, now]))]  # fmt: skip
    assert readings[0] == readings[1]
    assert readings[0].n_open == 1
    assert {score.quarter for score in (*readings[0].company, *readings[0].units)} == {"2026Q1"}
    ended = staff_study(tables_of(first), EmployeeSurvey(), period=PERIOD,
                        precision=PRECISION, today=date(2026, 7, 1))  # fmt: skip
    assert ended.latest.quarter == "2026Q2"


def test_a_quarter_that_has_not_ended_is_hidden_where_it_is_the_only_one():
    staff = table({"a": 30, "b": 30})
    found = staff_study(tables_of(staff), EmployeeSurvey(), period=PERIOD,
                        precision=PRECISION, today=date(2026, 3, 31))  # fmt: skip
    assert all(score.hidden and score.n_obs is None for score in (*found.company, *found.units))
    assert found.link is None


def test_few_answers_are_printed_in_steps_and_give_back_no_counts():
    """Every band of 8 to 19 answers that may be shown: what is printed of a small unit's eNPS
    fits at least 4 counts of bands, and 30 at the median."""
    fits = Counter()
    for n in range(8, 20):
        for p in range(n + 1):
            for d in range(n + 1 - p):
                if max(p, d, n - p - d) < n:
                    fits[round(round(100 * (p - d) / n / 10) * 10)] += 1
    assert min(fits.values()) >= 4
    assert np.median(list(fits.values())) >= 30
    study = study_of(table({"a": 12, "b": 14, "c": 40}, seed=3))
    small = {score.unit: score for score in study.units if score.rounded}
    assert set(small) == {"a", "b"}
    for score in small.values():
        assert (score.n_obs, score.headcount) == (None, None)
        for value, step in ((score.enps, 10), (score.esat, 0.5), (score.turnover, 0.1)):
            assert not value.has_interval
            assert value.n_obs == 0
            assert value.value / step == pytest.approx(round(value.value / step))


def test_one_rounded_unit_never_stands_alone_beside_an_exact_total():
    """By hand: 46 in all less the exact 30 would be the 16 of b, exactly."""
    study = study_of(table({"a": 30, "b": 16, "c": 25}, seed=3))
    assert {score.unit for score in study.units if score.rounded} == {"b", "c"}


def test_satisfaction_all_alike_is_hidden_even_from_many():
    staff = table({"a": 20, "b": 20, "c": 20})
    staff.loc[staff["unit"] == "a", "esat"] = 4
    study = study_of(staff)
    assert {score.unit for score in study.units if score.hidden} == {"a", "b"}
