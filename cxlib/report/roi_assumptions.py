"""What a value rests on: every input with its range, whether measured or assumed, and source."""

from cxlib.decisions.benefits import measured_benefits
from cxlib.decisions.worth import Worth
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_evidence import nothing
from cxlib.report.roi_money import input_name, input_value, money_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Phrase, phrase

MEASURED = frozenset({"effect", "volume", "margin", "recurring"})
"""Inputs of every value that come from the data."""


def assumption_table(report: Report, worth: Worth) -> Block:
    """List every input of the value: figure, range, whether measured or assumed, and source."""
    if worth.roi is None or worth.stream is None or worth.margin is None:
        return nothing(report, "roi_review.assumptions")
    values = money_values(report, worth)
    engagement, stream = report.engagement, worth.stream
    kept = stream.persistence
    rate, months = Num(engagement.discount_rate, "share"), worth.roi.horizon_months
    cells: dict[str, tuple[Cell, Cell]] = {
        "effect": (
            phrase("cell.signed", value=stream.effect),
            phrase("cell.signed_interval", value=stream.effect),
        ),
        "volume": (Num(stream.volume_per_month), None),
        "margin": (
            Num(worth.margin.value, "currency"), phrase("cell.interval", value=worth.margin)
        ),
        "recurring": (values["recurring"], None),
        "persistence": (
            Num(kept.mode, "share"),
            phrase("cell.ranks", low=Num(kept.low, "share"), high=Num(kept.high, "share")),
        ),
        "horizon": (Num(months, "months"), None),
        "rate": (rate, None),
        "basis": (phrase(f"roi_review.basis.{engagement.money}"), None),
        "order": (phrase("roi_review.assumptions.order_value"), None),
    }  # fmt: skip
    if len(worth.roi.streams) == 1:
        cells["absent"] = (Num(0.0, "currency"), None)
    if not worth.review.initiative.correlations:
        cells["apart"] = (phrase("roi_review.assumptions.apart_value"), None)
    sources = _sources(worth)
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(f"roi_review.assumptions.{name}"),
            value,
            span,
            phrase(f"roi_review.kind.{'measured' if name in MEASURED else 'assumed'}"),
            sources.get(name) or Phrase(_source_key(name, engagement.money), values),
        )
        for name, (value, span) in cells.items()
    ]
    stated = _stated_rows(worth)
    rows += [row for row, _ in stated]
    n_measured = len(MEASURED) + sum(measured for _, measured in stated)
    numbers = {"value", "range"}
    return report.table(
        "roi_review.assumptions",
        Table(
            title=phrase("roi_review.assumptions", n=len(rows), assumed=len(rows) - n_measured),
            subtitle=Phrase("roi_review.assumptions.subtitle", values),
            source=Phrase("roi_review.assumptions.source", values),
            columns=[
                Column(f"roi_review.assumptions.{head}", "num" if head in numbers else "text")
                for head in ("name", "value", "range", "kind", "from")
            ],
            rows=rows,
        ),
    )


def _source_key(name: str, money: str) -> str:
    return f"roi_review.assumptions.{name}_from" + (f"_{money}" if name == "basis" else "")


def _stated_rows(worth: Worth) -> list[tuple[tuple[Cell, ...], bool]]:
    """Lay out customers, measured benefits and correlations; beside each, whether it is measured.

    Assumed benefits are no input of the value and stand with the streams.
    """
    item = worth.review.initiative
    rows: list[tuple[tuple[Cell, ...], bool]] = []
    used = measured_benefits(item)
    if used and (base := item.customers):
        numbers: dict[str, Cell] = {
            "customers": Num(base.number),
            "orders": phrase(
                "roi_worth.orders_per_thousand", value=Num(1e3 * base.orders_per_month, "rating")
            ),
            "lost": Num(base.lost_per_month, "share"),
            "referral": Num(base.cost_per_referral, "currency"),
        }
        source = phrase("roi_worth.sourced", source=base.source, dated=Day(base.dated))
        kind = phrase(f"roi_review.kind.{base.status}")
        rows += [
            ((phrase(f"roi_worth.assumptions.{name}"), number, None, kind, source),
             base.status == "measured")
            for name, number in numbers.items()
        ]  # fmt: skip
    for benefit in used:
        name, change = f"{benefit.stream}.effect", benefit.change
        span = phrase(
            "roi_worth.per_thousand_range",
            low=Num(1e3 * change.low, "rating"),
            high=Num(1e3 * change.high, "rating"),
        )
        source = phrase("roi_worth.sourced", source=benefit.source, dated=Day(benefit.dated))
        kind = phrase(f"roi_review.kind.{benefit.status}")
        rows.append(
            ((input_name(name), input_value(name, change.likely), span, kind, source), True)
        )
    for pair in item.correlations:
        first, second = (input_name(name) for name in pair.between)
        label = phrase("roi_worth.assumptions.pair", first=first, second=second)
        kind = phrase("roi_review.kind.assumed")
        said = phrase("roi_worth.said", source=pair.source)
        rows.append(((label, Num(pair.value, "rating"), None, kind, said), False))
    return rows


def _sources(worth: Worth) -> dict[str, Phrase]:
    """Name who said it and when, where the engagement file does."""
    stated = worth.review.initiative.persistence
    if stated is None or stated.source is None or stated.dated is None:
        return {}
    day = Day(stated.dated)
    return {"persistence": phrase("roi_worth.sourced", source=stated.source, dated=day)}
