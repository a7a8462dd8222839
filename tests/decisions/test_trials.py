"""cxlib.decisions.trials and its neighbours: readouts of tables with a known truth; bad ones."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.data.experiments import Scope
from cxlib.data.source import duckdb_source
from cxlib.decisions.benefit import benefit, design, size_check
from cxlib.decisions.comparison import compare
from cxlib.decisions.experiment import read_out
from cxlib.decisions.kinds import odds
from cxlib.decisions.outcomes import Arm, Metric, ProportionOutcome
from cxlib.decisions.red_team import attack
from cxlib.decisions.trial_arms import gather
from cxlib.decisions.trial_looks import view_looks
from cxlib.decisions.trial_plan import Plan
from cxlib.decisions.trial_segments import secondary_views, segment_views
from cxlib.decisions.trials import evaluate, read_table
from cxlib.decisions.verdict import check_verdicts, replay
from cxlib.engagement.experiment import Worth
from cxlib.errors import ConfigError, DataError, InputError

START, DAYS = dt.date(2026, 3, 2), 28
BOUGHT = Metric(column="bought", kind="proportion", direction="higher")
SPEND = Metric(column="spend_hkd", kind="mean", direction="higher", unit="currency")
SCOPE = Scope(date="at", start=START, end=START + dt.timedelta(days=DAYS))
PLAN = Plan(
    experiment="demo", primary=BOUGHT, minimum_effect=0.03, horizon_days=DAYS,
    planned_per_arm=1_900, segments=("seg",), covariates=("pre_orders",),
)  # fmt: skip


def table(*, n=4_000, effect=0.06, seed=7, arms=("control", "treatment"), lost=0.0):
    """Units bought 20 %, more after earlier orders; the last arm gains `effect` and may lose b."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(arms, n)
    pre = rng.poisson(1, n)
    treated = arm == arms[-1]
    frame = pd.DataFrame(
        {
            "unit_id": [f"U{k}" for k in range(n)],
            "arm": arm,
            "at": pd.Timestamp(START) + pd.to_timedelta(rng.integers(0, DAYS, n), unit="D"),
            "seg": rng.choice(["a", "b", "c"], n),
            "bought": (rng.random(n) < 0.15 + 0.05 * pre + effect * treated).astype(int),
            "spend_hkd": rng.gamma(2, 50, n),
            "score": rng.integers(0, 11, n),
            "visits": rng.poisson(3, n),
            "wait": rng.integers(0, 20, n),
            "done": rng.integers(0, 2, n),
            "shop": np.where(treated, "t", "c") + pd.Series(rng.integers(0, 8, n)).astype(str),
            "pre_orders": pre,
        }
    )
    gone = (frame["seg"] == "b") & treated & (rng.random(n) < lost)
    return frame[~gone].reset_index(drop=True)


def read(frame, plan=PLAN, **options):
    return evaluate(duckdb_source(frame, table="demo"), plan, scope=SCOPE, **options)


def test_a_true_effect_ships_and_its_interval_holds_the_truth():
    """Planted +6 pp among 4,000; adjusting by earlier orders takes some variance away."""
    found = read(table())
    readout = found.readout
    assert (readout.verdict, readout.reason) == ("SHIP", "effect_shown")
    assert readout.primary.effect.ci_lower < 0.06 < readout.primary.effect.ci_upper
    assert 0 < readout.primary.variance_reduction < 0.2
    assert found.health.split.passed
    assert len(found.health.spans) == 4
    assert (found.first, found.readout.days_run) == (START, DAYS)


def test_without_a_frozen_rule_nothing_ships():
    readout = read(table(), frozen=False).readout
    assert (readout.verdict, readout.reason) == ("HOLD", "exploratory")


def test_a_split_broken_in_one_segment_only_blocks_the_verdict_and_names_it():
    """A fifth of segment b of the treatment arm is lost: 4 % of all, unseen in total."""
    found = read(table(lost=0.22))
    assert found.health.split.p_value > 0.001
    assert (found.readout.verdict, found.readout.split.broken_in) == ("INVALID", "seg")
    assert {part.value for part in found.health.broken} == {"b"}


def test_sound_tables_are_rarely_called_broken():
    """40 seeded A/A tables of 800, in total, by day and by segment: none is blocked."""
    blocked = [
        not read(table(n=800, effect=0, seed=seed), replace(PLAN, covariates=())).readout.is_valid
        for seed in range(40)
    ]
    assert sum(blocked) == 0


def test_several_arms_are_each_compared_at_a_level_that_holds_for_all():
    """Three arms, two comparisons: 97.3 % each by Dunnett, not 97.5 %; the last has an effect.

    R: mvtnorm::qmvnorm(0.95, tail = "both.tails", corr = matrix(c(1, .5, .5, 1), 2)) gives 2.212,
    and 2 * pnorm(2.212) - 1 = 0.9730.
    """
    plan = replace(
        PLAN, treatment_share=1 / 3, arms=(("second", 1 / 3),), planned_per_arm=1_200, segments=()
    )
    found = read(table(arms=("control", "treatment", "second"), effect=0.09), plan)
    assert list(found.readouts) == ["treatment", "second"]
    assert found.best == "second"
    assert found.readout.primary.effect.confidence_level == pytest.approx(0.973, abs=1e-4)
    harm = {readout.harm_p_value for readout in found.readouts.values()}
    assert harm == {1 - found.readout.primary.effect.confidence_level}
    assert {part.arm for part in found.health.balance} == {"treatment", "second"}
    assert {span.arm for span in found.health.spans} == {"treatment", "second"}
    assert found.health.checks == 4
    assert found.readout.rule_hash == plan.rule_hash()
    assert found.readout.split.n_all == 4_000


KINDS = {
    "ratio": Metric(column="bought", denominator="visits", kind="ratio", direction="higher",
                    unit="ratio"),
    "nps": Metric(column="score", kind="nps", direction="higher", unit="points"),
    "ordinal": Metric(column="score", kind="ordinal", direction="higher"),
    "quantile": Metric(column="spend_hkd", kind="quantile", quantile=0.9, direction="higher",
                       unit="currency"),
    "time": Metric(column="wait", event="done", horizon_days=15, kind="time", direction="lower",
                   unit="days"),
    "mean": replace(SPEND, cap=0.99),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_measure_is_read_from_the_table(kind):
    """No effect is planted in these columns (bought aside): the interval holds 0."""
    plan = replace(PLAN, primary=KINDS[kind], covariates=())
    found = read(table(effect=0), plan)
    effect = found.readout.primary.effect
    assert effect.ci_lower < 0 < effect.ci_upper
    assert found.readout.verdict == "HOLD"
    assert found.readout.primary.std_error > 0
    assert all(view.effects for view in segment_views(found))
    attacked = attack(found, seed=1, n_redraws=200)
    assert attacked.holds
    assert (attacked.arms is None) == (kind == "time")


def test_a_capped_mean_is_lowered_at_the_quantile_of_both_arms():
    frame = table()
    found = read(frame, replace(PLAN, primary=KINDS["mean"], covariates=(), segments=()))
    cap = frame["spend_hkd"].quantile(0.99)
    assert found.data.caps["spend_hkd"] == pytest.approx(cap)
    control = frame.loc[frame["arm"] == "control", "spend_hkd"].clip(upper=cap)
    assert found.readout.primary.control.value == pytest.approx(control.mean())


def test_clusters_count_clusters_and_not_customers():
    """16 shops: the interval is wider than the customers' own."""
    plan = replace(PLAN, cluster="shop", covariates=(), segments=())
    clustered, single = read(table(), plan), read(table(), replace(plan, cluster=None))
    assert clustered.readout.primary.effect.value == pytest.approx(
        single.readout.primary.effect.value, abs=1e-9
    )
    assert clustered.readout.primary.df < 20


def test_few_clusters_are_judged_by_every_assignment_there_could_have_been():
    """4 shops against 4: 70 assignments, so no p-value under 2 / 70.

    Three segments at Holm's 98.3 % would need 120 of them: there the formula stays (CR2).
    """
    frame = table(effect=0.1)
    frame["shop"] = frame["arm"].str[0] + pd.Series(range(len(frame))).mod(4).astype(str)
    plan = replace(PLAN, cluster="shop", covariates=(), segments=("seg",))
    found = read(frame, plan)
    effect = found.readout.primary.effect
    assert effect.method == "permutation"
    assert effect.p_value == pytest.approx(2 / 70)
    assert effect.ci_lower < 0.1 < effect.ci_upper
    (view,) = segment_views(found)
    assert {each.effect.method for each in view.effects} == {"CR2"}


def test_units_that_crossed_or_repeat_are_dropped_and_counted_where_the_plan_says_so():
    frame = table(n=1_000)
    crossed = frame.head(3).assign(
        arm=frame["arm"].head(3).map({"control": "treatment", "treatment": "control"})
    )
    spoilt_rows = pd.concat([frame, crossed, frame.iloc[10:12]])
    plan = replace(PLAN, unclear_units="drop", planned_per_arm=400)
    found = read(spoilt_rows, plan)
    lying = found.health.exposure
    assert (lying.n_crossed, lying.n_repeated, lying.n_units) == (3, 2, 1_000)
    clean = read(frame.drop([0, 1, 2, 10, 11]), plan)
    assert found.readout.split.n_all == 995
    assert found.readout.primary.effect == clean.readout.primary.effect
    assert [span.effect for span in found.health.spans] == [
        span.effect for span in clean.health.spans
    ]
    assert plan.rule_hash() != replace(plan, unclear_units="refuse").rule_hash()


def test_an_ordered_scale_is_also_said_as_odds():
    found = read(table(effect=0), replace(PLAN, primary=KINDS["ordinal"], covariates=()))
    arms = found.data.arms
    said = odds(KINDS["ordinal"], control=arms["control"], treatment=arms["treatment"], level=0.95)
    assert said.odds_ratio.ci_lower < 1 < said.odds_ratio.ci_upper
    assert odds(BOUGHT, control=arms["control"], treatment=arms["treatment"], level=0.95) is None


def test_measures_that_inform_are_widened_for_looks_like_the_one_that_decides():
    """Half way to O'Brien-Fleming's two looks the limit is 2.80 instead of 1.96 for one measure."""
    plan = replace(
        PLAN, looks="obrien_fleming", n_looks=2, planned_per_arm=4_000, secondary=(SPEND,)
    )
    found = read(table(), plan)
    (plain,) = secondary_views(found.readout, found.data.arms, family="holm")
    (wide,) = secondary_views(found.readout, found.data.arms, family="holm", looks=found.looks)
    ratio = [
        each.comparison.effect.ci_upper - each.comparison.effect.ci_lower for each in (wide, plain)
    ]
    assert ratio[0] / ratio[1] == pytest.approx(2.797 / 1.96, abs=0.005)
    assert wide.p_value > plain.p_value


def test_a_warning_about_the_groups_is_as_rare_for_all_checks_as_for_one():
    """60 seeded A/A tables: balance of two values and drift share one 5 %, so 3 are expected."""
    plan = replace(PLAN, covariates=("pre_orders", "visits"), segments=())
    warned = 0
    for seed in range(60):
        health = read(table(n=800, effect=0, seed=seed), plan).health
        assert health.checks == 3
        warned += any(part.differs for part in (*health.balance, *health.trends))
    assert warned <= 8


def test_secondary_measures_share_one_chance_of_error():
    """Two measures by Holm: p-value and interval say the same, at 97.5 % or the own step."""
    plan = replace(PLAN, secondary=(SPEND, replace(SPEND, column="visits", unit="rating")))
    found = read(table(), plan)
    views = secondary_views(found.readout, found.data.arms, family="holm")
    assert [view.comparison.effect.confidence_level for view in views] == [0.975, 0.975]
    assert all(view.shows == view.comparison.effect.excludes(0) for view in views)


def test_explored_segments_are_marked_as_such_and_small_ones_hidden():
    found = read(table())
    registered, explored = segment_views(found, explore=["shop"], minimum_cell=30)
    assert (registered.registered, explored.registered) == (True, False)
    assert len(registered.effects) == 3
    assert explored.effects == ()
    assert registered.interaction_p is not None


def test_the_red_team_finds_as_many_false_alarms_as_promised():
    attacked = attack(read(table()), seed=3)
    assert attacked.holds
    assert attacked.arms.false_alarms.ci_lower <= 0.05 <= attacked.arms.false_alarms.ci_upper
    assert attacked.column == "seg"
    assert [placebo.column for placebo in attacked.placebos] == ["pre_orders"]


def test_worth_is_effect_times_units_times_margin_less_cost():
    """0.06 x 10,000 x 500 = 300,000 of margin; a cost of 100,000 leaves 200,000."""
    effect = replace(read(table()).readout.primary.effect, value=0.06, ci_lower=0.02, ci_upper=0.1)
    worth = Worth(units_per_year=10_000, margin_hkd=500, cost_per_year_hkd=100_000)
    found = benefit(effect, worth=worth, direction="higher")
    assert (found.gain.value, found.net.value) == (300_000, 200_000)
    assert (found.net.ci_lower, found.net.ci_upper) == (0, 400_000)
    lower = benefit(effect, worth=worth, direction="lower")
    assert (lower.gain.ci_lower, lower.gain.ci_upper) == (-500_000, -100_000)


def test_the_sceptic_and_the_design_are_read_from_the_same_test():
    found = read(table())
    check = size_check(found)
    assert check.bayes.prior_sd == PLAN.minimum_effect
    assert 0 < check.bayes.posterior.value < found.readout.primary.effect.value
    assert check.if_minimum.ratio > 1
    planned = design(found, power=0.8)
    assert planned.planned == 3_800
    assert (planned.power > 0.8) == (planned.needed < planned.planned)


def test_the_sceptic_takes_the_error_of_the_data_whatever_looks_the_plan_pays_for():
    """Pocock's interval is wider than the data's; the prior meets the data, the test its limit."""
    plain = size_check(read(table()))
    paid = size_check(
        read(
            table(), plan=replace(PLAN, looks="pocock", n_looks=3),
            earlier=[{"units": 1_300, "days": 9}, {"units": 2_600, "days": 18}],
        )
    )  # fmt: skip
    assert paid.bayes.chance_better == pytest.approx(plain.bayes.chance_better, abs=1e-9)
    assert paid.bayes.posterior.value == pytest.approx(plain.bayes.posterior.value, rel=1e-6)
    assert paid.if_minimum.power < plain.if_minimum.power
    assert paid.if_minimum.ratio > plain.if_minimum.ratio


def test_looks_are_counted_once_each_and_priced():
    """Three readouts of growing tables: 10.7 % of false alarms unadjusted (Armitage 1969)."""
    earlier = [{"units": 1_000, "days": 9}, {"units": 2_000, "days": 18}] * 2
    view = view_looks(PLAN, units=3_800, days=28, earlier=earlier)
    assert (view.number, view.unplanned) == (3, 2)
    assert view.price == pytest.approx(0.107, abs=0.001)
    again = view_looks(PLAN, units=3_800, days=28, earlier=[{"units": 3_800, "days": 28}])
    assert (again.number, again.unplanned) == (1, 0)


def arm(converted, n):
    return Arm(n_assigned=n, outcomes={"bought": ProportionOutcome(successes=converted, n_obs=n)})


@pytest.mark.parametrize("looks", ["obrien_fleming", "pocock", "alpha_spending", "always_valid"])
def test_harmless_treatments_ship_as_rarely_as_stated_whenever_the_test_is_stopped(looks):
    """500 seeded A/A tests of 4,000, read at 5 looks, stopped at the first SHIP: at most 2.5 %.

    The bound allows two standard errors (1.4 pp); read unadjusted, 7 % would ship.
    """
    plan = replace(
        PLAN, looks=looks, n_looks=1 if looks == "always_valid" else 5, planned_per_arm=2_000,
        minimum_effect=1e-9, segments=(), covariates=(),
    )  # fmt: skip
    taken = [{"units": 800 * k, "days": 28 * k // 5} for k in range(1, 6)]
    views = [
        view_looks(plan, units=look["units"], days=look["days"], earlier=taken[:k])
        for k, look in enumerate(taken)
    ]
    rng = np.random.default_rng(61)
    shipped = 0
    for counts in rng.binomial(400, 0.2, size=(500, 2, 5)).cumsum(axis=2):
        for k, view in enumerate(views):
            n = 400 * (k + 1)
            found = read_out(
                plan, control=arm(int(counts[0, k]), n), treatment=arm(int(counts[1, k]), n),
                days_run=view.looks[-1].days, looks=view,
            )  # fmt: skip
            if found.verdict == "SHIP":
                shipped += 1
                break
    assert shipped / 500 <= 0.025 + 0.014


def test_an_early_look_ships_only_past_its_limit():
    """O'Brien-Fleming at half the sample asks |z| of 2.8 of 2 looks; 0.2 against 0.23 is short."""
    plan = replace(
        PLAN, looks="obrien_fleming", n_looks=2, planned_per_arm=2_000, segments=(), covariates=()
    )
    view = view_looks(plan, units=2_000, days=14)
    assert view.limit == pytest.approx(2.797, abs=0.001)
    sides = {"control": arm(200, 1_000), "days_run": 14, "looks": view}
    assert read_out(plan, treatment=arm(235, 1_000), **sides).verdict == "EXTEND"
    assert read_out(plan, treatment=arm(270, 1_000), **sides).verdict == "SHIP"


def test_one_call_reads_any_table():
    """Arms under other names; the minimum effect is a tenth of control's value."""
    frame = table().assign(arm=lambda f: f["arm"].map({"control": "A", "treatment": "B"}))
    found = read_table(
        duckdb_source(frame, table="demo"), unit="unit_id", arm="arm", control="A",
        metrics=["bought", "spend_hkd"], covariates=["pre_orders"], segments=["seg"],
    )  # fmt: skip
    assert (found.readout.verdict, found.readout.reason) == ("HOLD", "exploratory")
    assert [metric.kind for metric in found.plan.metrics] == ["proportion", "mean"]
    assert found.plan.minimum_effect == pytest.approx(found.readout.primary.control.value / 10)


def spoilt(**columns):
    return table(n=400).assign(**columns)


@pytest.mark.parametrize(
    ("frame", "plan", "message"),
    [
        (
            table(n=400, arms=("control",)), PLAN,
            ("experiment 'demo': arm treatment has no unit in the planned period; the table has "
            "control"),
        ),
        (
            table(n=400, arms=("control", "treatment", "x")), PLAN,
            ("experiment 'demo': arm x was not planned; the plan has control, treatment; name it "
            "under arms with its share, or leave its rows out"),
        ),
        (
            pd.concat([table(n=400), table(n=400).head(1).assign(arm=["treatment"]),
                       table(n=400).head(1).assign(arm=["control"])]), PLAN,
            ("experiment 'demo': a unit must be in one arm, 1 of 400 are in more: U0; ask why "
            "they crossed; unclear_units: drop leaves them out and counts them"),
        ),
        (
            pd.concat([table(n=400), table(n=400).head(1)]), PLAN,
            ("experiment 'demo': a unit must have one row, 1 of 400 have more; add their rows up "
            "by unit_id first, or name the right unit column; unclear_units: drop leaves these "
            "units out and counts them"),
        ),
        (
            spoilt(wait=-3), replace(PLAN, primary=KINDS["time"]),
            ("wait must be 0 or more, found 400 below 0, the lowest -3; a wait cannot end before "
            "it began: check which of the two times is which"),
        ),
        (
            spoilt(bought=3), PLAN,
            ("bought must be 0 or 1 to be a share, its mean is 3 and its variance 0; call it a "
            "mean, or code it as 0 and 1"),
        ),
        (
            spoilt(score=11), replace(PLAN, primary=KINDS["nps"]),
            "score must be 0 to 10 to be an NPS, got 11",
        ),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused_in_words(frame, plan, message):
    plan = replace(plan, segments=(), covariates=())
    with pytest.raises(DataError) as caught:
        gather(duckdb_source(frame, table="demo"), plan)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("frame", "primary", "message"),
    [
        (
            spoilt(spend_hkd=5.0), SPEND,
            ("spend_hkd is 5 for all 400 units, so there is nothing to compare; leave it out, "
            "or check that the right column was read"),
        ),
        (
            spoilt(visits=0), KINDS["ratio"],
            ("bought is divided by visits, which must sum to more than 0 in every arm, got 0 in "
            "control"),
        ),
        (
            spoilt(score=9), KINDS["nps"],
            ("score is the same for all 400 units, so there is nothing to compare; leave it out, "
            "or check that the right column was read"),
        ),
    ],
)  # fmt: skip
def test_a_measure_that_cannot_be_compared_is_refused_in_words(frame, primary, message):
    plan = replace(PLAN, primary=primary, segments=(), covariates=())
    data = gather(duckdb_source(frame, table="demo"), plan)
    sides = {name: data.arms[name] for name in ("control", "treatment")}
    with pytest.raises(InputError) as caught:
        compare(primary, **sides, confidence_level=0.95)
    assert str(caught.value) == message


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(InputError) as caught:
        read_table(
            duckdb_source(table(n=400), table="demo"), unit="unit_id", arm="arm",
            metrics=["bought"], split={"control": 0.5, "treatment": 0.4},
        )  # fmt: skip
    assert str(caught.value) == (
        "split needs control, treatment that sum to 1, got {'control': 0.5, 'treatment': 0.4} "
        "(sum 0.9)"
    )


@pytest.mark.parametrize("options", [{}, {"effect": 0.0}, {"effect": -0.06}, {"lost": 0.22}])
def test_a_verdict_is_replayed_from_what_the_ledger_keeps(options):
    """SHIP, HOLD, ROLLBACK and INVALID follow again from the facts as JSON keeps them."""
    readout = read(table(**options)).readout
    facts = json.loads(json.dumps(readout.facts.as_record()))
    record = {"verdict": readout.verdict, "reason": readout.reason, "facts": facts}
    assert replay(record) == (readout.verdict, readout.reason)
    check_verdicts({"demo": record})


def test_a_verdict_that_does_not_follow_from_its_facts_stops_the_readout():
    readout = read(table(effect=-0.06)).readout
    record = {"verdict": "SHIP", "reason": "effect_shown", "facts": readout.facts.as_record()}
    with pytest.raises(ConfigError) as caught:
        check_verdicts({"demo": record})
    assert str(caught.value) == (
        "the ledger.json says SHIP (effect_shown) for experiment 'demo', its facts give ROLLBACK "
        "(primary_worse); run 03_ab_test again"
    )
