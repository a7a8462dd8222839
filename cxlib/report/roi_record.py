"""What a return review hands on: one line for each initiative, from its entry in the ledger.

04_roi_review shows what it writes; a later notebook shows the same table from the ledger it reads.
"""

from collections.abc import Mapping
from typing import Any

from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_evidence import nothing
from cxlib.report.roi_money import input_name
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Value, phrase
from cxlib.stats.estimate import Estimate

COLUMNS = ("initiative", "advice", "effect", "grade", "npv", "onward", "next")


def handed_table(report: Report, effects: Mapping[str, Any]) -> Block:
    """Show advice, effect, value and what to measure next, as they stand in the ledger.

    Args:
        report: Names of initiatives come from its engagement.
        effects: The ledger entry "effects": initiative id to its record; {} shows nothing.
    """
    if not effects:
        return nothing(report, "roi_worth.handed")
    names = {item.id: item.name for item in report.engagement.initiatives}
    rows: list[tuple[Cell, ...]] = []
    for key, record in effects.items():
        npv, onward = record.get("npv"), record.get("onward")
        rows.append(
            (
                names.get(key, phrase("roi_worth.handed.unknown", id=key)),
                phrase(f"roi_review.advice.{record['advice']}"),
                phrase("roi_review.cell.effect", value=_estimate(report, record["effect"])),
                record["grade"],
                _money(npv),
                _money(onward),
                _next(record),
            )
        )
    texts = {"advice", "effect", "next"}
    values: dict[str, Value] = {
        "n": len(rows),
        "n_keep": sum(record["advice"] == "keep" for record in effects.values()),
        "until": Day(report.engagement.review.end),
    }
    return report.table(
        "roi_worth.handed",
        Table(
            title=phrase("roi_worth.handed", **values),
            subtitle=phrase("roi_worth.handed.subtitle", **values),
            source=phrase("roi_worth.handed.source", **values),
            columns=[
                Column(f"roi_worth.handed.{name}", "text" if name in texts else "num")
                for name in COLUMNS
            ],
            rows=rows,
        ),
    )


def _estimate(report: Report, record: Mapping[str, Any]) -> Estimate:
    return Estimate(
        value=record["value"],
        ci_lower=record["ci_lower"],
        ci_upper=record["ci_upper"],
        n_obs=record["n_obs"],
        unit=record["unit"],
        method="from the ledger",
        confidence_level=report.engagement.confidence_level,
    )


def _money(record: Mapping[str, Any] | None) -> Cell:
    return None if record is None else Num(record["value"], "currency")


def _next(record: Mapping[str, Any]) -> Cell:
    found = record.get("measure_next")
    if found is None:
        return phrase("roi_worth.handed.design")
    return phrase(
        "roi_worth.handed.measure",
        input=input_name(found["input"]),
        worth=Num(found["worth_hkd"], "currency"),
    )
