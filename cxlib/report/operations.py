"""What a diagnosis shows of operations: the service desk, complaints over orders, the site."""

from collections.abc import Sequence
from dataclasses import replace

from cxlib.measures.complaints import MOST, OTHER, Pareto
from cxlib.measures.funnel import Site
from cxlib.measures.reading import Reading
from cxlib.measures.service import Channel, ServiceDesk
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import COLUMNS, not_measured, nothing, reading_row, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.site import site_finding, site_table
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

MINUTES, LONG_MINUTES, LONG = "operations.cell.minutes", "operations.cell.long", 60.0
"""Minutes are printed with one digit up to an hour, whole above."""
WHOLE_TICKS = 10.0
"""Rates from here on are printed without digits under the axis."""
CATEGORIES = (
    "enquiry", "delivery", "missing_parts", "assembly", "product_fault", "refund", "billing",
)  # fmt: skip
"""Categories the catalogue has words for; a client's other ones are printed as they stand."""


def section(report: Report, desk: ServiceDesk | None, site: Site | None = None) -> Block:
    """Open the section with the measure that is there: resolution, else the site's purchases."""
    resolved = _resolved(desk)
    if desk is not None and desk.issues is not None and resolved is not None:
        return report.section(
            "operations.service",
            "descriptive",
            resolved=_known(resolved),
            days=desk.issues.window_days,
            **period_values(desk.period),
        )
    if site is not None and site.funnel.conversion is not None:
        return report.section(
            "operations.site_only",
            "descriptive",
            overall=site.funnel.conversion,
            **period_values(site.period),
        )
    if desk is not None:
        return report.section("operations.few", "descriptive", **period_values(desk.period))
    return report.section("operations.absent")


def tables(
    report: Report,
    desk: ServiceDesk | None,
    site: Site | None,
    quality: Sequence[Reading] = (),
) -> Block:
    """Show the measures of the desk, of each channel, of orders and of the site."""
    blocks = []
    if desk is not None:
        blocks.append(_service_table(report, desk, quality))
        if len([channel for channel in desk.channels if channel.within.estimate]) > 1:
            blocks.append(_channel_table(report, desk))
    if site is not None:
        blocks.append(site_table(report, site))
    if not blocks:
        return nothing(report, "operations.tables")
    return report.together("operations.tables", blocks)


def _service_table(report: Report, desk: ServiceDesk, quality: Sequence[Reading]) -> Block:
    values: dict[str, Value] = {
        "promise": desk.promise_minutes,
        "parts": Joined(tuple(phrase(f"operations.part.{part}") for part in desk.parts)),
        "days": desk.issues.window_days if desk.issues else 0,
    }

    def row(reading: Reading | None, cell: str = "") -> list[tuple[Cell, ...]]:
        if reading is None:
            return []
        return [reading_row(reading, words="operations", cell=cell, values=values)]

    rows = [
        line for reading in (desk.issues.readings if desk.issues else ()) for line in row(reading)
    ]
    rows += row(desk.within)
    if desk.replies is not None:
        for name, wait in (("median", desk.replies.median), ("p90", desk.replies.p90)):
            rows += row(Reading(name=name, estimate=wait, better="lower"), _minutes(wait))
    rows += row(desk.handling, MINUTES)
    for reading in quality:
        rows += row(reading)
    titled = "operations.table"
    if desk.within is None or desk.within.estimate is None:
        titled = "operations.table_plain"
    else:
        values["within"] = desk.within.estimate
    values |= {
        "issues": desk.issues.n_issues if desk.issues else 0,
        "open": desk.issues.n_open if desk.issues else 0,
        "young": desk.issues.n_young if desk.issues else 0,
        "unlinked": desk.n_unlinked,
        "contacts": desk.replies.n_contacts if desk.replies else 0,
        "waiting": desk.replies.n_waiting if desk.replies else 0,
        "floor": report.engagement.minimum_cell,
        **period_values(desk.period),
    }
    return report.table(
        "operations.table",
        Table(
            title=Phrase(titled, values),
            subtitle=Phrase("operations.table.subtitle", values),
            source=Phrase("operations.table.source", values),
            columns=COLUMNS,
            rows=rows,
        ),
    )


def _channel_table(report: Report, desk: ServiceDesk) -> Block:
    rows: list[tuple[Cell, ...]] = []
    for channel in sorted(desk.channels, key=_promised, reverse=True):
        handled = channel.handling.estimate if channel.handling else None
        median, p90 = channel.replies.median, channel.replies.p90
        rows.append(
            (
                _channel_name(channel.name),
                Num(channel.replies.n_contacts),
                *value_cells(channel.within.estimate),
                *_bare_minutes(median),
                _bare_minutes(p90)[0],
                _bare_minutes(handled)[0],
            )
        )
    heads = ("channel", "n", "within", "within_ci", "median", "median_ci", "p90", "handling")
    values = channel_values(desk)
    return report.table(
        "operations.channels",
        Table(
            title=Phrase("operations.channels", values),
            subtitle=Phrase("operations.channels.subtitle", values),
            source=Phrase("operations.channels.source", values),
            columns=[
                Column(f"operations.channels.{head}", "num" if place else "text")
                for place, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )


def channel_values(desk: ServiceDesk) -> dict[str, Value]:
    """The channels with the largest and the smallest share answered within the promise."""
    shown = sorted((c for c in desk.channels if c.within.estimate), key=_promised)
    low, high = shown[0], shown[-1]
    return {
        "low": _known(low.within),
        "low_name": _channel_name(low.name, words="said"),
        "high": _known(high.within),
        "high_name": _channel_name(high.name, words="said"),
        "promise": desk.promise_minutes,
        **period_values(desk.period),
    }


def service_finding(report: Report, desk: ServiceDesk | None) -> Block:
    """Say how many issues one contact settled, and which channels answered in time."""
    resolved = _resolved(desk)
    if desk is None or desk.issues is None or resolved is None:
        return not_measured(report, "operations.service.finding", ["cases"])
    parts: dict[str, Value] = {
        "resolved": _known(resolved),
        "days": desk.issues.window_days,
        **period_values(desk.period),
    }
    if sum(channel.within.estimate is not None for channel in desk.channels) > 1:
        return report.say(
            "operations.service.finding",
            level="descriptive",
            grade=None,
            **(parts | channel_values(desk)),
        )
    return report.say("operations.service.finding_short", level="descriptive", grade=None, **parts)


def pareto_figure(report: Report, pareto: Pareto | None) -> Block:
    """Draw complaints per orders by category, with their running share."""
    if pareto is not None and pareto.n_issues and not pareto.complaints:
        few = phrase("operations.pareto.few", floor=pareto.minimum_cell)
        return report.items("operations.pareto", [few], role="note")
    if pareto is None or not pareto.complaints:
        return not_measured(report, "operations.pareto", ["cases", "orders"])
    values = pareto_values(pareto)
    whole = pareto.complaints[0].rate.value >= WHOLE_TICKS
    ticks = "operations.cell.long" if whole else "operations.rate"

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.pareto_chart(
            [
                figures.ParetoItem(
                    label=write(_category_name(complaint.category)),
                    rate=complaint.rate,
                    cumulative=complaint.cumulative,
                    note=write(complaint.issues),
                )
                for complaint in pareto.complaints
            ],
            theme=theme,
            fmt=lambda value: write(phrase("operations.rate", value=Num(value, "ratio"))),
            share_fmt=lambda value: f"{write(Num(round(100 * value)))}%",
            axis_fmt=lambda value: write(phrase(ticks, value=Num(value, "ratio"))),
            rate_label=write(phrase("operations.pareto.axis", per=pareto.per)),
            share_label=write(phrase("operations.pareto.share_axis")),
            reference=MOST,
            note_head=write(phrase("operations.pareto.note_head")),
            value_head=write(phrase("operations.pareto.value_head")),
        )

    return report.figure(
        "operations.pareto",
        draw,
        title=Phrase("operations.pareto", values),
        subtitle=Phrase("operations.pareto.subtitle", values),
        source=Phrase("operations.pareto.source", values),
        alt=Phrase("operations.pareto.alt", values),
    )


def pareto_values(pareto: Pareto) -> dict[str, Value]:
    """The vital few, the first of them, and what was counted."""
    few = pareto.vital_few
    return {
        "few": len(few),
        "all": len(pareto.complaints),
        "listed": Joined(tuple(_category_name(one.category, words="said") for one in few)),
        "share": Num(few[-1].cumulative, "share"),
        "first": _category_name(few[0].category, words="said"),
        "rate": few[0].rate,
        "per": pareto.per,
        "issues": pareto.n_issues,
        "unmatched": pareto.n_unmatched,
        "orders": pareto.n_orders,
        "left_out": Joined(tuple(_category_name(name, words="said") for name in pareto.left_out))
        if pareto.left_out
        else phrase("list.none"),
        "pooled": phrase(
            f"operations.pareto.pooled_{'some' if pareto.n_pooled else 'none'}",
            n_pooled=pareto.n_pooled,
            floor=pareto.minimum_cell,
        ),
        **period_values(pareto.period),
    }


def complaint_finding(report: Report, pareto: Pareto | None) -> Block:
    """Say which categories make up most complaints, and how often the first occurs."""
    if pareto is None or not pareto.complaints:
        return not_measured(report, "operations.complaints.finding", ["cases", "orders"])
    return report.say(
        "operations.complaints.finding", level="descriptive", grade=None, **pareto_values(pareto)
    )


def findings(
    report: Report, desk: ServiceDesk | None, pareto: Pareto | None, site: Site | None
) -> Block:
    """Say what the measures that are there show, each in one sentence."""
    said = [
        block
        for block in (
            service_finding(report, desk),
            complaint_finding(report, pareto),
            site_finding(report, site),
        )
        if block.role == "finding"
    ]
    if not said:
        return nothing(report, "operations.findings")
    return report.together("operations.findings", said)


def _resolved(desk: ServiceDesk | None) -> Reading | None:
    if desk is None or desk.issues is None:
        return None
    reading = desk.issues.readings[0]
    return reading if reading.estimate is not None else None


def _known(reading: Reading) -> Value:
    return reading.estimate if reading.estimate is not None else phrase("number.hidden")


def _promised(channel: Channel) -> float:
    return channel.within.estimate.value if channel.within.estimate else -1.0


def _minutes(estimate: Estimate | None) -> str:
    return MINUTES if estimate is None or estimate.value < LONG else LONG_MINUTES


def _bare_minutes(estimate: Estimate | None) -> tuple[Cell, Cell]:
    """Print minutes without the word, where the table says the unit."""
    if estimate is None:
        return value_cells(None)
    return value_cells(replace(estimate, unit="ratio"), cell=_minutes(estimate))


def _channel_name(name: str, *, words: str = "channel") -> Value:
    known = name in {"phone", "whatsapp", "email", "store"}
    return phrase(f"operations.{words}.{name}") if known else name


def _category_name(name: str, *, words: str = "category") -> Value:
    if name == OTHER:
        return phrase(f"operations.{words}.pooled")
    known = name in CATEGORIES
    return phrase(f"operations.{words}.{name}") if known else name.replace("_", " ")
