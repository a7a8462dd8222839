"""What each test needs before it starts: one table a test, and whether its plan is enough."""

from collections.abc import Mapping

from cxlib.decisions.trial_design import Design, design_of
from cxlib.decisions.trial_plan import plan_from_engagement
from cxlib.decisions.trial_usual import usual_declared
from cxlib.engagement.experiment import Experiment
from cxlib.engagement.schema import Engagement
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, NumKind, Phrase, Value, phrase


def designs_of(engagement: Engagement) -> dict[str, Design | None]:
    """Size every test of the engagement from what its file says of the usual value."""
    level = engagement.confidence_level
    return {
        each.id: design_of(
            plan_from_engagement(each, confidence_level=level), usual_declared(each),
            power=each.power,
        )
        for each in engagement.experiments
    }  # fmt: skip


def design_section(report: Report, designs: Mapping[str, Design | None]) -> Block:
    """Open the section on what the tests need."""
    sized = [design for design in designs.values() if design is not None]
    return report.section(
        "ab_design.size", "prescriptive", total=len(designs),
        enough=sum(design.enough for design in sized), sized=len(sized),
    )  # fmt: skip


def design_tables(report: Report, designs: Mapping[str, Design | None]) -> Block:
    """Show, a test at a time, how many customers and days it needs and what it could see."""
    tests = {each.id: each for each in report.engagement.experiments}
    if not designs:
        return report.items("ab_design.tables", [phrase("ab_design.none")], role="note")
    blocks = [_page(report, tests[name], design) for name, design in designs.items()]
    return report.together("ab_design.tables", blocks)


def unstarted(
    report: Report, designs: Mapping[str, Design | None], begun: Mapping[str, object]
) -> Block:
    """Show what the tests that have not begun need, or say in one sentence that all have."""
    waiting = {name: design for name, design in designs.items() if name not in begun}
    if not waiting:
        return report.items("ab_design.tables", [phrase("ab_design.begun")], role="note")
    return design_tables(report, waiting)


def size_rows(design: Design) -> list[tuple[Cell, ...]]:
    """The lines that say what a test needs and what it could see."""
    plan = design.plan
    kind = plan.primary.effect_unit
    values: dict[str, Value] = {
        "power": Num(design.level, "share"), "minimum": _size(plan.minimum_effect, kind),
        "icc": Num(design.usual.icc, "p_value"), "size": Num(design.usual.cluster_size, "rating"),
        "sharper": Num(design.usual.correlation**2, "share"), "looks": plan.n_looks,
    }  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (Phrase("ab_design.step.plain", values), design.steps[0].units),
        *((Phrase(f"ab_design.step.{step.name}", values), step.units) for step in design.steps[1:]),
    ]
    if design.clusters is not None:
        rows.append((Phrase("ab_design.clusters", values), design.clusters))
    rows += [
        (Phrase("ab_design.planned", values), design.planned),
        (Phrase("ab_design.power", values), Num(_open(design.power), "share")),
        (
            Phrase("ab_design.detectable", values),
            None if design.detectable is None else _size(design.detectable, kind),
        ),
    ]
    if design.early is not None:
        rows.append((Phrase("ab_design.early", values), Num(_open(design.early), "share")))
    return rows


def _page(report: Report, test: Experiment, design: Design | None) -> Block:
    if design is None or test.usual is None:
        key = "quantile" if test.primary.kind == "quantile" else "unknown"
        said = phrase(f"ab_design.{key}", name=test.name, metric=test.primary.name)
        return report.items(f"ab_design.{test.id}", [said], role="note")
    values: dict[str, Value] = {
        "name": test.name, "metric": test.primary.name, "needed": design.needed,
        "planned": design.planned, "source": test.usual.source,
        "minimum": _size(test.minimum_effect, design.plan.primary.effect_unit),
        "power": Num(design.level, "share"), "chance": Num(_open(design.power), "share"),
        "start": Day(test.period.start), "end": Day(test.period.end),
        "arms": len(design.plan.split),
        "days_planned": design.plan.horizon_days,
    }  # fmt: skip
    rows = size_rows(design)
    if design.days is not None:
        rows.append((phrase("ab_design.days"), design.days))
    rows.append((phrase("ab_design.days_planned"), design.plan.horizon_days))
    case = "enough" if design.enough else "short"
    return report.table(
        f"ab_design.{test.id}.table",
        Table(
            title=Phrase(f"ab_design.table_{case}", values),
            subtitle=Phrase("ab_design.subtitle", values),
            source=Phrase("ab_design.source", values),
            columns=[Column("ab_design.part", "num"), Column("ab_design.value", "num")],
            rows=rows,
        ),
    )


def _size(value: float, kind: NumKind) -> Value:
    """A size in words; days, ratings and ratios with their decimals."""
    number = Num(value, kind)
    return phrase("cell.exact", value=number) if kind in {"days", "ratio", "rating"} else number


def _open(chance: float) -> float:
    """No chance is said to be nought or one."""
    return min(max(chance, 0.001), 0.999)
