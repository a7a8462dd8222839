"""What surrounds a verdict: all tests at a glance, the design, health, doubt, attacks."""

from datetime import date

from cxlib.decisions.benefit import SizeCheck
from cxlib.decisions.experiment import SPLIT_P_VALUE
from cxlib.decisions.health import DAY, BalancePart, Health, SplitPart
from cxlib.decisions.red_team import RedTeam
from cxlib.decisions.trial_design import Design
from cxlib.decisions.trial_looks import LookView
from cxlib.report import figures
from cxlib.report.ab_design import size_rows
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Marked
from cxlib.report.trial import Trial, evidence, sign, trial_values, value_words
from cxlib.report.trial_charts import not_read
from cxlib.report.trial_table import trial_table
from cxlib.report.writer import Day, Joined, Num, NumKind, Phrase, Value, Writer, phrase
from cxlib.stats.rerandomisation import Rerandomised


def design_table(report: Report, trial: Trial, design: Design | None, looks: LookView) -> Block:
    """Show what the plan could see and what else it fixed."""
    plan, values = trial.readout.plan, dict(trial_values(trial))
    rows: list[tuple[Cell, ...]] = []
    title = "ab_checks.design.table_plain"
    if design is not None:
        title = "ab_checks.design.table"
        values |= {"power": Num(design.power, "share"), "asked_power": Num(design.level, "share")}
        rows += [*size_rows(design), (phrase("ab_checks.design.days"), design.days)]
    rows += [
        (phrase("ab_checks.design.looks"), _look_words(looks)),
        (phrase("ab_checks.design.known"), _listed(trial, plan.covariates)),
        (phrase("ab_checks.design.segments"), _listed(trial, plan.segments)),
        (
            phrase("ab_checks.design.secondary"),
            Joined(tuple(trial.name(metric) for metric in plan.secondary))
            if plan.secondary
            else phrase("list.none"),
        ),
    ]
    return trial_table(
        report, "ab_checks.design", values, ("part", "value"), rows, title=title, text=("value",)
    )


def health_table(report: Report, trial: Trial, health: Health) -> Block:
    """Show every check of the arms, what it found and whether it passed."""
    values = trial_values(trial)
    limit = Num(SPLIT_P_VALUE, "p_value")
    rows: list[tuple[Cell, ...]] = []
    for name, parts in _grouped(health).items():
        worst = min(parts, key=lambda part: part.p_value)
        where = (
            Day(date.fromisoformat(worst.value)) if name == DAY else value_words(name, worst.value)
        )
        key = "day" if name == DAY else "segment"
        rows.append(
            (
                phrase(f"ab_checks.health.{key}", column=trial.column(name)),
                phrase("ab_checks.health.worst", where=where, p=Num(worst.p_value, "p_value")),
                _passed(all(part.passed for part in parts), blocks=True),
            )
        )
    exposure = health.exposure
    unclear = exposure.n_crossed + exposure.n_repeated
    rows.insert(
        0,
        (
            phrase("ab_checks.health.once"),
            phrase(
                "ab_checks.health.dropped" if unclear else "ab_checks.health.twice",
                count=unclear,
                crossed=exposure.n_crossed,
                repeated=exposure.n_repeated,
                total=exposure.n_units,
            ),
            _passed(unclear == 0),
        ),
    )
    rows += [
        (
            trial.in_arm(
                part.arm, phrase("ab_checks.health.missing", metric=trial.name(part.metric))
            ),
            phrase(
                "ab_checks.health.shares",
                treatment=Num(part.treatment, "share"),
                control=Num(part.control, "share"),
            ),
            _passed(not part.differs),
        )
        for part in health.missing
    ]
    rows += [
        (
            trial.in_arm(part.arm, _about("health.balance", trial, part)),
            phrase(
                "ab_checks.health.means",
                treatment=Num(part.treatment, "rating"),
                control=Num(part.control, "rating"),
            ),
            _passed(not part.differs),
        )
        for part in health.balance
    ]
    if trial.readout.is_valid:
        rows += [
            (
                trial.in_arm(part.arm, phrase("ab_checks.health.trend")),
                phrase("ab_test.found.p", p=Num(part.p_value, "p_value")),
                _passed(not part.differs),
            )
            for part in health.trends
        ]
    counts: dict[str, Value] = {
        **values, "limit": limit, "total": len(rows), "good": _good(rows), "checks": health.checks,
    }  # fmt: skip
    heads = ("check", "found", "result")
    return trial_table(report, "ab_checks.health", counts, heads, rows, text=("found", "result"))


def span_chart(report: Report, trial: Trial, health: Health) -> Block:
    """Draw the effect over the weeks of the test."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_checks.spans")
    spans = [span for span in health.spans if span.arm == trial.readout.arm]
    if len(spans) < 2:  # noqa: PLR2004 - one stretch has no course
        return report.items("ab_checks.spans", [phrase("ab_checks.spans.none")], role="note")
    kind: NumKind = spans[0].effect.unit
    lowest = min(spans, key=lambda span: span.effect.value)
    highest = max(spans, key=lambda span: span.effect.value)
    values = {
        **trial_values(trial), "count": len(spans), "low": lowest.effect,
        "high": highest.effect, "low_from": Day(lowest.start), "high_from": Day(highest.start),
    }  # fmt: skip

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                figures.EffectItem(
                    label=write(phrase("ab_checks.spans.from", day=Day(span.start))),
                    estimate=span.effect,
                    note=write(span.effect.n_obs),
                )
                for span in spans
            ],
            theme=theme,
            fmt=lambda value: write(phrase("cell.signed", value=Num(value, kind))),
            axis_label=write(phrase("ab_test.chart.axis")),
            zero_label="",
            note_head=write(phrase("ab_test.chart.n")),
        )

    title, subtitle, source, alt = (
        Phrase(f"ab_checks.spans.{part}", values) for part in ("title", "subtitle", "source", "alt")
    )
    return report.figure(
        "ab_checks.spans", draw, title=title, subtitle=subtitle, source=source, alt=alt
    )


def doubt_section(report: Report, trial: Trial) -> Block:
    """Open the section on how far to believe the result."""
    return report.section(
        "ab_checks.doubt", "diagnostic", evidence(trial.readout), **trial_values(trial)
    )


def doubt_table(report: Report, trial: Trial, check: SizeCheck | None, looks: LookView) -> Block:
    """Show looks, the sceptic's view and how much a find would overstate a small truth."""
    plan, values = trial.readout.plan, dict(trial_values(trial))
    values |= {"looks": looks.number, "unplanned": looks.unplanned}
    rows: list[tuple[Cell, ...]] = [
        (phrase("ab_checks.doubt.looks"), _look_words(looks)),
        (
            phrase("ab_checks.doubt.taken"),
            phrase("ab_checks.doubt.count", count=looks.number, unplanned=looks.unplanned),
        ),
        (phrase("ab_checks.doubt.price"), Num(looks.price, "share")),
    ]
    if check is not None and trial.readout.is_valid:
        bayes, kind = check.bayes, plan.primary.effect_unit
        rows += [
            (
                phrase("ab_checks.doubt.prior"),
                phrase("ab_checks.doubt.prior_is", sd=Num(bayes.prior_sd, kind)),
            ),
            (phrase("ab_checks.doubt.better"), Num(_open(bayes.chance_better), "share")),
            (
                phrase("ab_checks.doubt.pulled"),
                phrase("ab_test.found.interval", effect=bayes.posterior),
            ),
            (
                phrase("ab_checks.doubt.loss"),
                phrase("ab_checks.doubt.loss_is", loss=Num(bayes.loss_if_shipped, kind)),
            ),
            (
                Phrase("ab_checks.doubt.exaggeration", values),
                phrase("ab_checks.doubt.times", ratio=Num(check.if_minimum.ratio, "ratio")),
            ),
        ]  # fmt: skip
    return trial_table(report, "ab_checks.doubt", values, ("part", "value"), rows, text=("value",))


def doubt_finding(report: Report, trial: Trial, check: SizeCheck | None, looks: LookView) -> Block:
    """Say whether both views agree and what extra looks cost."""
    values = dict(trial_values(trial))
    readout = trial.readout
    if not readout.is_valid or check is None:
        return not_read(report, "ab_checks.doubt.finding")
    values |= {
        "chance": Num(_open(check.bayes.chance_better), "share"), "looks": looks.number,
        "unplanned": looks.unplanned, "price": Num(looks.price, "share"),
        "pulled": check.bayes.posterior,
    }  # fmt: skip
    better = readout.primary.effect.value * sign(readout.primary.metric) > 0
    clear = readout.primary.effect.excludes(0.0)
    case = "paid" if looks.unplanned else "agree" if clear and better else "open"
    return report.say(
        f"ab_checks.doubt.{case}", level="diagnostic", grade=evidence(readout), **values
    )


def attack_table(report: Report, trial: Trial, red_team: RedTeam) -> Block:
    """Show each attack on the method, what it should find and what it found."""
    if not trial.readout.is_valid:
        return not_read(report, "ab_checks.attack")
    rows: list[tuple[Cell, ...]] = []
    for name, drawn in (("arms", red_team.arms), ("segments", red_team.segments)):
        if drawn is not None:
            rows.append(_attack_row(name, drawn))
    rows += [
        (
            trial.in_arm(part.arm, _about("attack.placebo", trial, part)),
            phrase("ab_checks.attack.nothing"),
            phrase("ab_test.found.interval", effect=part.difference),
            _passed(not part.differs),
        )
        for part in red_team.placebos
    ]  # fmt: skip
    if not rows:
        return report.items("ab_checks.attack", [phrase("ab_checks.attack.none")], role="note")
    draws = next((d.false_alarms.n_obs for d in (red_team.arms, red_team.segments) if d), 0)
    values = {**trial_values(trial), "draws": draws, "total": len(rows), "good": _good(rows)}
    heads = ("attack", "promised", "found", "result")
    return trial_table(
        report, "ab_checks.attack", values, heads, rows, text=("promised", "found", "result")
    )


def _attack_row(name: str, drawn: Rerandomised) -> tuple[Cell, ...]:
    return (
        phrase(f"ab_checks.attack.{name}"),
        phrase("ab_checks.attack.at_most", share=Num(drawn.nominal, "share")),
        phrase("ab_checks.attack.rate", rate=drawn.false_alarms),
        _passed(drawn.as_promised),
    )


def _look_words(looks: LookView) -> Phrase:
    return phrase(f"ab_checks.looks.{looks.plan.looks}", count=looks.plan.n_looks)


def _listed(trial: Trial, names: tuple[str, ...]) -> Value:
    return Joined(tuple(trial.column(name) for name in names)) if names else phrase("list.none")


def _about(key: str, trial: Trial, part: BalancePart) -> Phrase:
    """Name a check of a value from before the test."""
    return phrase(f"ab_checks.{key}", column=trial.column(part.column))


def _open(chance: float) -> float:
    """No chance is said to be nought or one."""
    return min(max(chance, 0.001), 0.999)


def _grouped(health: Health) -> dict[str, list[SplitPart]]:
    found: dict[str, list[SplitPart]] = {}
    for part in health.parts:
        found.setdefault(part.column, []).append(part)
    return found


def _passed(good: bool, *, blocks: bool = False) -> Marked:  # noqa: FBT001 - private
    key = "good" if good else "blocks" if blocks else "look"
    return Marked(
        phrase(f"ab_checks.result.{key}"), "good" if good else "bad" if blocks else "watch"
    )


def _good(rows: list[tuple[Cell, ...]]) -> int:
    return sum(isinstance(row[-1], Marked) and row[-1].status == "good" for row in rows)
