"""What 01_diagnosis says of maturity: a profile by dimension, the weakest link, the next step."""

from cxlib.measures.maturity import DimensionLevel, MaturityProfile
from cxlib.report.blocks import Block
from cxlib.report.priorities import agreement_phrase
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, phrase

HIGHEST = 5


def section(report: Report, found: MaturityProfile | None) -> Block:
    """Open the section with the weakest dimension, or say that nobody was asked."""
    if found is None:
        return report.section("maturity_none")
    key = "maturity_single" if found.n_raters == 1 else "maturity"
    return report.section(key, "descriptive", **_values(report, found))


def table(report: Report, found: MaturityProfile | None) -> Block:
    """Show each dimension's level, what it looks like, and what the next one would."""
    if found is None:
        return _nothing(report, "maturity.table")
    with_target = any(each.target for each in found.dimensions)
    heads = ["level", *(["target"] if with_target else []), "weakest"]
    values = _values(report, found)
    kind = "single" if found.n_raters == 1 else "small" if found.small else "panel"
    return report.table(
        "maturity.table",
        Table(
            title=Phrase(f"maturity.table.title{'_gap' if found.gaps else ''}", values),
            subtitle=Phrase("maturity.table.subtitle", values),
            source=Phrase(f"maturity.table.source_{kind}", values),
            columns=[
                Column("maturity.head.dimension"),
                *(Column(f"maturity.head.{head}") for head in heads),
                Column("maturity.head.now", "text"), Column("maturity.head.next", "text"),
            ],
            rows=[_row(each, with_target=with_target) for each in found.dimensions],
        ),
    )  # fmt: skip


def finding(report: Report, found: MaturityProfile | None) -> Block:
    """Say how surely one dimension is the weakest, and where the way to the target is longest."""
    if found is None:
        return _nothing(report, "maturity.finding")
    if found.n_raters == 1:
        case = "single"
    else:
        sure = found.weakest.weakest_share >= report.engagement.confidence_level
        case = "sure" if sure else "open"
    return report.say(
        f"maturity.finding_{case}", level="descriptive", grade=None, **_values(report, found)
    )


def _row(each: DimensionLevel, *, with_target: bool) -> tuple[Cell, ...]:
    level: Cell = phrase("maturity.cell.level", level=_steps(each.median))
    if each.lowest is not None and each.highest is not None:
        level = phrase(
            "maturity.cell.range",
            level=_steps(each.median), low=each.lowest, high=each.highest,
        )  # fmt: skip
    stands = min(int(each.median), HIGHEST)
    target: list[Cell] = [each.target] if with_target else []
    following = (
        phrase(f"maturity.{each.dimension}.{stands + 1}")
        if stands < HIGHEST
        else phrase("maturity.top")
    )
    return (
        phrase(f"maturity.dimension.{each.dimension}"), level, *target,
        Num(each.weakest_share, "share"), phrase(f"maturity.{each.dimension}.{stands}"), following,
    )  # fmt: skip


def _values(report: Report, found: MaturityProfile) -> dict[str, Value]:
    weakest = found.weakest
    rivals = [each for each in found.dimensions if each.weakest_share >= 1 - _level(report)]
    return {
        "weakest": phrase(f"maturity.dimension.{weakest.dimension}"),
        "median": _steps(weakest.median),
        "named": phrase(f"maturity.level.{min(int(weakest.median), HIGHEST)}"),
        "share": Num(weakest.weakest_share, "share"),
        "rivals": Joined(tuple(phrase(f"maturity.dimension.{e.dimension}") for e in rivals)),
        "n_raters": found.n_raters,
        "n_dimensions": len(found.dimensions),
        "agreement": agreement_phrase(found.agreement),
        "gap": _gap(found),
        **_widest(found),
    }


def _level(report: Report) -> float:
    return report.engagement.confidence_level


def _widest(found: MaturityProfile) -> dict[str, Value]:
    if not found.gaps:
        return {}
    widest = found.gaps[0]
    return {
        "gap_dimension": phrase(f"maturity.dimension.{widest.dimension}"),
        "gap_levels": _steps(widest.gap or 0.0),
        "gap_target": widest.target or 0,
    }


def _gap(found: MaturityProfile) -> Phrase:
    """A whole sentence on the targets: the widest gap, all reached, or none set."""
    if found.gaps:
        return Phrase("maturity.gap_widest", _widest(found))
    return phrase(f"maturity.gap_{'met' if any(e.target for e in found.dimensions) else 'unset'}")


def _steps(value: float) -> Value:
    """A number of levels: whole, or a half between two raters."""
    whole = value == int(value)
    return int(value) if whole else phrase("maturity.half", value=Num(value, "rating"))


def _nothing(report: Report, key: str) -> Block:
    return Block("note", key, dict.fromkeys(report.languages, ""), report.live)
