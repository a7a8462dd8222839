"""What a diagnosis shows of the site: the funnel, abandoned checkouts, bounces, load times."""

from collections.abc import Mapping

from cxlib.measures.funnel import Funnel, Loads, Site
from cxlib.measures.reading import Reading
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import COLUMNS, not_measured, reading_row
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase

SECONDS = "operations.cell.seconds"


def funnel_figure(report: Report, site: Site | None) -> Block:
    """Draw the visitors who reached each step."""
    if site is None:
        return not_measured(report, "operations.funnel", ["events"])
    values = funnel_values(site.funnel) | period_values(site.period)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        entered = site.funnel.steps[0].visitors
        return figures.funnel_chart(
            [
                figures.FunnelItem(
                    label=write(_step_name(step.name)),
                    share=step.visitors / entered,
                    note=write(step.visitors),
                    previous=write(step.of_previous) if step.of_previous else "",
                    interval=write(phrase("cell.interval", value=step.of_previous))
                    if step.of_previous
                    else "",
                )
                for step in site.funnel.steps
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            bar_label=write(phrase("operations.funnel.bar")),
            rest_label=write(phrase("operations.funnel.rest")),
            note_head=write(phrase("operations.funnel.note_head")),
            previous_head=write(phrase("operations.funnel.previous_head")),
        )

    return report.figure(
        "operations.funnel",
        draw,
        title=Phrase("operations.funnel", values),
        subtitle=Phrase("operations.funnel.subtitle", values),
        source=Phrase("operations.funnel.source", values),
        alt=Phrase("operations.funnel.alt", values),
    )


def funnel_values(funnel: Funnel) -> dict[str, Value]:
    """The overall rate and the step the smallest share went on to."""
    steps, narrow = funnel.steps, funnel.largest_loss
    at = steps.index(narrow) if narrow else 1
    return {
        "overall": funnel.conversion or phrase("number.hidden"),
        "step": _step_name(steps[at].name),
        "before": _step_name(steps[at - 1].name),
        "passed": steps[at].of_previous or phrase("number.hidden"),
        "entered": steps[0].visitors,
        "last": _step_name(steps[-1].name),
        "young": funnel.n_young,
        "window": funnel.window_days,
        "listed": Joined(tuple(_step_name(step.name) for step in steps)),
        "first": _step_name(steps[0].name),
    }


def site_table(report: Report, site: Site) -> Block:
    """Show purchases, abandonment, bounces and load times."""
    values: dict[str, Value] = {
        **funnel_values(site.funnel),
        **period_values(site.period),
        "asked_start": period_values(site.asked)["start"],
        "asked_end": period_values(site.asked)["end"],
        "limit": Num(site.loads.limit_seconds if site.loads else 0.0, "count"),
    }
    overall = Reading(name="conversion", estimate=site.funnel.conversion, better="higher")
    rows = [
        reading_row(reading, words="operations", values=values)
        for reading in (overall, site.abandonment, site.bounce)
        if reading is not None
    ]
    rows += _load_rows(site.loads, values)
    left = site.abandonment.estimate if site.abandonment else None
    outside = site.period.start > site.asked.end or site.period.end < site.asked.start
    return report.table(
        "operations.site",
        Table(
            title=Phrase("operations.site", {**values, "left": left})
            if left
            else Phrase("operations.site_plain", values),
            subtitle=Phrase("operations.site.subtitle", values),
            source=Phrase(f"operations.site.source{'_outside' if outside else ''}", values),
            columns=COLUMNS,
            rows=rows,
        ),
    )


def _load_rows(loads: Loads | None, values: Mapping[str, Value]) -> list[tuple[Cell, ...]]:
    if loads is None:
        return []
    slow = Reading(name="p75_load", estimate=loads.p75, better="lower")
    return [
        reading_row(loads.fast, words="operations", values=values),
        reading_row(slow, words="operations", cell=SECONDS, values=values),
    ]


def site_finding(report: Report, site: Site | None) -> Block:
    """Say how many visitors buy, where most stop, and how many leave the checkout."""
    left = site.abandonment.estimate if site and site.abandonment else None
    if site is None or left is None or site.funnel.largest_loss is None:
        return not_measured(report, "operations.site.finding", ["events"])
    return report.say(
        "operations.site.finding",
        level="descriptive",
        grade=None,
        left=left,
        **funnel_values(site.funnel),
        **period_values(site.period),
    )


def _step_name(name: str) -> Value:
    known = name in {"visit", "product", "enquiry", "checkout", "purchase"}
    return phrase(f"operations.step.{name}") if known else name.replace("_", " ")
