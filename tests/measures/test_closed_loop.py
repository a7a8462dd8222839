"""The closed loop: shares, waits, and a recovery that is only claimed against a comparison."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.engagement.loop import ClosedLoop
from cxlib.engagement.schema import Period, Precision
from cxlib.errors import DataError
from cxlib.measures.closed_loop import loop_study, recovery
from cxlib.run.workbook import open_tables

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"
PERIOD = Period(start="2026-01-01", end="2026-03-31")
PRECISION = Precision(confidence_level=0.95, minimum_cell=5)


def study_of(answers, follow, **rule):
    engine = duckdb.connect()
    tables = {"answers": duckdb_source(answers, table="answers", connection=engine)}
    if follow is not None:
        tables["followups"] = duckdb_source(follow, table="followups", connection=engine)
    return loop_study(tables, ClosedLoop(**rule), period=PERIOD, precision=PRECISION)


def small(n=10):
    """Ten CSAT of 1 on 5 January; a last answer on 31 March shows how far the table goes."""
    answers = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(n + 1)],
            "customer_id": [f"c{k}" for k in range(n + 1)],
            "answered_at": pd.to_datetime(["2026-01-05 09:00"] * n + ["2026-03-31 12:00"]),
            "csat": [1] * n + [5],
        }
    )
    follow = pd.DataFrame(
        {
            "answer_id": [f"A{k}" for k in range(8)],
            "contacted_at": pd.to_datetime(["2026-01-06"] * 4 + ["2026-01-10"] * 2 + [None] * 2),
            "closed_at": pd.to_datetime(["2026-01-11"] * 3 + [None] * 5),
            "reason": [None] * 7 + ["asked_not_to"],
        }
    )
    return answers, follow


def test_ten_answers_by_hand():
    """8 of 10 have a line; of the 9 without a reason 4 are contacted in 2 days, 3 closed in 7.

    Kaplan-Meier over 9 waits, 4 of 1 day, 2 of 5 days, 3 open: half are reached on day 5.
    """
    study = study_of(*small())
    assert (study.n_negative, study.n_excused, study.n_bare) == (10, 1, 2)
    assert study.reading("covered").value == 0.8
    assert study.reading("contacted").value == pytest.approx(4 / 9)
    assert study.reading("closed").value == pytest.approx(3 / 9)
    assert study.reading("reviewed") is None
    assert study.median.value == 5
    assert [round(point.value * 9) for point in study.curve.contacted[:7]] == [0, 4, 4, 4, 4, 6, 6]
    assert study.reasons == (("asked_not_to", 1),)
    assert study.recovery.verdict == "too_few"
    assert study.recovery.grade == "D"


def test_without_follow_ups_or_cases_there_is_no_study_and_few_answers_show_no_share():
    answers, follow = small()
    assert study_of(answers, None) is None
    assert study_of(answers, follow, score="nps") is None
    few = study_of(answers.tail(4), follow.tail(1))
    assert few.reading("covered") is None
    assert few.curve is None


def test_a_contact_before_the_answer_is_refused_in_words():
    answers, follow = small()
    follow["contacted_at"] = pd.Timestamp("2026-01-04")
    with pytest.raises(DataError, match="must not be before the answer they follow, 8 answers"):
        study_of(answers, follow)


def drawn(n, *, effect, seed):
    """Negative scores 1-2, a next score that regresses to the mean, cases closed by lot."""
    draw = np.random.default_rng(seed)
    who = draw.integers(0, n // 2, n)
    x = draw.integers(1, 3, n)
    z = (draw.random(n) < 0.5) * 1.0
    y = 3.0 + 0.2 * x + effect * z + 0.6 * draw.normal(size=n // 2)[who] + draw.normal(size=n)
    return pd.DataFrame({"who": who, "x": x, "z": z, "y": y})


def sums_of(rows):
    inner = rows.groupby("x")[["z", "y"]].transform("mean")
    z, y = rows["z"] - inner["z"], rows["y"] - inner["y"]
    each = pd.DataFrame({"m": z * z, "t": z * y, "who": rows["who"]}).groupby("who").sum()
    line = {
        "n_answers": len(rows), "n_owners": len(each), "moved": each.m.sum(),
        "together": each.t.sum(), "tt": (each.t**2).sum(), "tm": (each.t * each.m).sum(),
        "mm": (each.m**2).sum(),
    }  # fmt: skip
    means = [
        {"grp": int(grp), "measure": name, "n_clusters": part["who"].nunique(),
         "total": part[column].sum(), "base": float(len(part)), "squares": 1.0}
        for grp, part in rows.groupby("z")
        for name, column in (("before", "x"), ("after", "y"))
    ]  # fmt: skip
    return pd.DataFrame(means), pd.DataFrame([line]).astype(float)


def test_the_difference_is_that_of_least_squares_clustered_by_customer():
    """statsmodels: OLS y ~ z + C(x), cov_type="cluster", groups=who, without its small-sample
    factors (N - 1) / (N - k), of which K / (K - 1) is kept."""
    import statsmodels.formula.api as smf

    rows = drawn(400, effect=0.3, seed=5)
    found = recovery(*sums_of(rows)).difference
    fit = smf.ols("y ~ z + C(x)", data=rows).fit(
        cov_type="cluster",
        cov_kwds={"groups": rows["who"], "use_correction": False, "df_correction": True},
        use_t=True,
    )
    owners = rows["who"].nunique()
    error = fit.bse["z"] * np.sqrt(owners / (owners - 1))
    assert found.value == pytest.approx(fit.params["z"])
    from scipy.stats import t

    assert found.ci_upper - found.value == pytest.approx(error * t.ppf(0.975, owners - 1))


def test_both_groups_rise_after_a_low_score_and_no_recovery_is_claimed_five_times_in_a_hundred():
    """Effect 0, 400 draws: the plain rise is always there, "higher" or "lower" about 5 %."""
    verdicts, rises = [], []
    for seed in range(400):
        found = recovery(*sums_of(drawn(300, effect=0.0, seed=seed)))
        verdicts.append(found.verdict)
        rises.append(found.closed_after.estimate.value - found.closed_before.estimate.value)
    false = np.mean([verdict != "unclear" for verdict in verdicts])
    assert min(rises) > 1
    assert 0.02 <= false <= 0.085


def test_a_true_effect_is_found():
    assert recovery(*sums_of(drawn(600, effect=0.6, seed=2))).verdict == "higher"
    assert recovery(*sums_of(drawn(600, effect=-0.6, seed=2))).verdict == "lower"


def test_the_sample_shows_the_planted_loop_and_no_recovery():
    """truth.json: listed 0.94, effect 0; the shares are drawn, so the interval must hold."""
    engagement = load_engagement(SAMPLE)
    tables = open_tables(engagement, ["answers", "followups"])
    study = loop_study(
        tables, engagement.closed_loop, period=engagement.review, precision=engagement.precision
    )
    covered = study.reading("covered")
    assert covered.ci_lower <= 0.94 <= covered.ci_upper
    found = study.recovery
    assert found.closed_after.estimate.value - found.closed_before.estimate.value > 1
    assert found.difference.ci_lower <= 0.0 <= found.difference.ci_upper
    assert found.verdict == "unclear"
