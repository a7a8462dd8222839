"""What tracking shows of the employees' answers, and of their link to the customers' answers."""

from collections.abc import Mapping

from cxlib.measures.anonymity import FEWEST_EXACT
from cxlib.measures.employees import FEWEST_UNITS, StaffScore, StaffStudy
from cxlib.report.blocks import Block
from cxlib.report.periods import quarter
from cxlib.report.readings import not_measured, nothing, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Num, Phrase, Value, phrase

UNITS = ("contact_centre", "head_office")
"""Units that are no stores and that the catalogue has words for."""
HIDDEN = phrase("number.hidden")
MEASURES = ("enps", "esat", "turnover")


def section(report: Report, study: StaffStudy | None) -> Block:
    """Open the section with the latest eNPS, or say that employees were not asked."""
    if study is None:
        return report.section("employees.absent")
    if study.latest.enps is None:
        return report.section("employees.other", "descriptive", **staff_values(study))
    return report.section("employees.head", "descriptive", **staff_values(study))


def staff_values(study: StaffStudy) -> dict[str, Value]:
    """Give what sentences on the employees ask for; what is hidden says so."""
    latest = study.latest
    few = phrase("employees.few", fewest=FEWEST_EXACT)
    known = latest.headcount is not None and latest.n_obs is not None
    asked: Value = phrase("employees.headcount_unknown")
    if known and latest.headcount and latest.n_obs is not None:
        asked = phrase(
            "employees.headcount_known",
            people=latest.headcount,
            share=Num(latest.n_obs / latest.headcount, "share"),
        )
    return {
        "quarter": quarter(latest.quarter),
        "n": latest.n_obs if latest.n_obs is not None else few if latest.rounded else HIDDEN,
        "fewest_exact": FEWEST_EXACT,
        "open": phrase("employees.open", n=study.n_open)
        if study.n_open
        else phrase("employees.closed"),
        "asked": asked,
        "enps": latest.enps or HIDDEN,
        "esat": latest.esat or HIDDEN,
        "turnover": latest.turnover or HIDDEN,
        "floor": study.floor,
        "n_units": len(study.units),
        "n_shown": len(study.units) - study.n_hidden,
        "n_hidden": study.n_hidden,
    }


def company_table(report: Report, study: StaffStudy | None) -> Block:
    """Show everyone's eNPS, satisfaction and turnover by quarter."""
    if study is None:
        return nothing(report, "employees.company")
    shown = _measured(study.company)
    rows = [(quarter(score.quarter) if score.quarter else phrase("employees.no_quarter"),
             *_cells(score, shown))
            for score in study.company]  # fmt: skip
    return _table(report, "employees.company", study, shown, first="quarter", rows=rows)


def unit_table(
    report: Report, study: StaffStudy | None, names: Mapping[str, Value] | None = None
) -> Block:
    """Show the units that may be shown; the others stand in one line without any number."""
    if study is None or not study.units:
        return nothing(report, "employees.units")
    shown = [score for score in study.units if not score.hidden]
    if not shown:
        none = Phrase("employees.units.none", staff_values(study))
        return report.items("employees.units", [none], role="note")
    measured = _measured(shown)
    if "enps" in measured:
        shown.sort(key=lambda score: -(score.enps.value if score.enps else 0.0))
    rows: list[tuple[Cell, ...]] = [
        (unit_name(score.unit, names or {}), *_cells(score, measured)) for score in shown
    ]
    if study.n_hidden:
        blank: tuple[Cell, ...] = (None,) * (2 * len(measured) + 1)
        rows.append((phrase("employees.units.hidden", n=study.n_hidden), HIDDEN, *blank))
    return _table(report, "employees.units", study, measured, first="unit", rows=rows)


def unit_name(unit: str, names: Mapping[str, Value]) -> Value:
    """Give a unit the name of its store, the catalogue's, or its own."""
    return phrase(f"employees.unit.{unit}") if unit in UNITS else names.get(unit, unit)


def finding(report: Report, study: StaffStudy | None) -> Block:
    """Say the latest figures of everyone."""
    if study is None:
        return nothing(report, "employees.finding")
    latest = study.latest
    if latest.hidden or latest.rounded or latest.enps is None or latest.turnover is None:
        kind = "few" if latest.hidden or latest.rounded else "some"
        few = Phrase(f"employees.finding.{kind}", staff_values(study))
        return report.items("employees.finding", [few], role="note")
    return report.say("employees.finding", level="descriptive", grade=None, **staff_values(study))


def link_finding(report: Report, study: StaffStudy | None) -> Block:
    """Say what goes with a more satisfied staff, unit by unit, or why nothing is said."""
    if study is None:
        return nothing(report, "employees.link")
    if study.link is None:
        return not_measured(report, "employees.link", ["employees", "answers"])
    link = study.link
    values: dict[str, Value] = {
        "linked_units": link.n_units,
        "answers": link.n_answers,
        "fewest": FEWEST_UNITS,
        "floor": study.floor,
        "cell": report.engagement.minimum_cell,
        "effect": link.effect or HIDDEN,
        **period_values(report.engagement.span),
    }
    if link.effect is None:
        return report.items("employees.link", [Phrase("employees.link.few", values)], role="note")
    return report.say(f"employees.link.{link.strength}", level="diagnostic", grade="D", **values)


def _measured(scores: "tuple[StaffScore, ...] | list[StaffScore]") -> tuple[str, ...]:
    return tuple(
        name for name in MEASURES if any(getattr(score, name) is not None for score in scores)
    )


def _cells(score: StaffScore, measured: tuple[str, ...]) -> tuple[Cell, ...]:
    if score.hidden:
        return (HIDDEN, *(None,) * (2 * len(measured) + 1))
    cells: list[Cell] = [phrase("employees.few", fewest=FEWEST_EXACT), None]
    if score.n_obs is not None:
        rate = Num(score.n_obs / score.headcount, "share") if score.headcount else None
        cells = [Num(score.n_obs), rate]
    for name in measured:
        cells += value_cells(getattr(score, name))
    return tuple(cells)


def _table(
    report: Report,
    key: str,
    study: StaffStudy,
    measured: tuple[str, ...],
    *,
    first: str,
    rows: "list[tuple[Cell, ...]]",
) -> Block:
    values = staff_values(study)
    heads = [first, "n", "rate", *(head for name in measured for head in (name, f"{name}_ci"))]
    return report.table(
        key,
        Table(
            title=Phrase(key if "enps" in measured else f"{key}.plain", values),
            subtitle=Phrase(f"{key}.subtitle", values),
            source=Phrase(f"{key}.source", values),
            columns=[
                Column(f"employees.head.{head}", "num" if place else "text")
                for place, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )
