"""What 01_diagnosis shows of quality over orders: faults and releases, retention, sharing."""

from cxlib.measures.cohorts import Cohort, Retention
from cxlib.measures.quality import FaultChart
from cxlib.measures.sharing import Sharing, Volume
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.periods import axis_period
from cxlib.report.readings import not_measured
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, Writer, phrase

CALLS = ("up", "down", "no_signal", "short", "off_chart")


def section(
    report: Report,
    faults: FaultChart | None,
    retention: Retention | None = None,
    sharing: Sharing | None = None,
) -> Block:
    """Open the section with faults over orders, or say what is missing."""
    if faults is not None:
        return report.section(f"quality.{_case(faults)}", "descriptive", **_fault_values(faults))
    if retention is not None or sharing is not None:
        return report.section("quality.uncharted", "descriptive")
    return report.section("quality.absent", "descriptive")


def faults_block(report: Report, found: FaultChart | None) -> Block:
    """Draw faults over orders with the releases, and say what a rule found after each."""
    if found is None:
        return not_measured(report, "quality.faults", ["cases", "orders"])
    values = _fault_values(found)
    chart = report.figure(
        "quality.chart",
        lambda theme, write: _draw(found, theme, write),
        title=Phrase(f"quality.chart.title_{_case(found)}", values),
        subtitle=Phrase("quality.chart.subtitle", values),
        source=Phrase("quality.chart.source", values),
        alt=Phrase("quality.chart.alt", values),
    )
    blocks = [chart]
    for call in CALLS:
        names = [each.release.name for each in found.releases if each.call == call]
        if names:
            said = {**values, "names": Joined(tuple(names))}
            blocks.append(
                report.say(f"quality.release.{call}", level="descriptive", grade=None, **said)
            )
    if not found.releases:
        blocks.append(report.say("quality.release.none", level="descriptive", grade=None, **values))
    return report.together("quality.faults", blocks)


def cohorts_block(report: Report, found: Retention | None) -> Block:
    """Show each cohort's share that bought again, and whether cohorts differ."""
    if found is None:
        return not_measured(report, "quality.cohorts", ["orders"])
    values: dict[str, Value] = {
        "days": found.within_days, "first": Day(found.first_day), "last": Day(found.last_day),
        "floor": report.engagement.minimum_cell,
    }  # fmt: skip
    mature = found.mature
    case = "none" if not mature else "one" if found.test is None else "many"
    if mature:
        ranked = sorted(mature, key=lambda each: each.again.value if each.again else 0.0)
        values |= _named("low", ranked[0]) | _named("high", ranked[-1])
    if found.test is not None:
        values |= {"p": Num(found.test.p_value, "p_value"), "n_cohorts": len(mature)}
        case = "differ" if found.differ else "no_signal"
    rows = [_cohort_row(cohort) for cohort in found.cohorts]
    table = report.table(
        "quality.cohort",
        Table(
            title=Phrase(f"quality.cohort.title_{case}", values),
            subtitle=Phrase("quality.cohort.subtitle", values),
            source=Phrase(f"quality.cohort.source_{found.basis}", values),
            columns=[
                Column("quality.cohort.quarter", "text"),
                Column("quality.cohort.n"),
                Column("quality.cohort.open"),
                Column("quality.cohort.again"),
                Column("quality.cohort.interval"),
            ],
            rows=rows,
        ),
    )
    said = report.say(f"quality.cohorts.{case}", level="descriptive", grade=None, **values)
    return report.together("quality.cohorts", [table, said])


def sharing_block(report: Report, found: Sharing | None) -> Block:
    """Show mentions and reviews per orders in two periods, and whether the rate moved."""
    if found is None:
        return not_measured(report, "quality.sharing", ["mentions", "orders"])
    values: dict[str, Value] = {
        "start_before": Day(found.before.start), "end_before": Day(found.before.end),
        "start_after": Day(found.after.start), "end_after": Day(found.after.end),
        "orders_before": found.orders_before, "orders_after": found.orders_after,
        "per": found.per, "floor": report.engagement.minimum_cell,
    }  # fmt: skip
    change = found.mentions.change
    case, spread = "few", "short"
    if change is not None and found.mentions.before and found.mentions.after:
        side = "up" if change.ratio.value > 1 else "down"
        case = side if change.ratio.excludes(1.0) else "no_signal"
        values |= {
            "ratio": change.ratio, "before": found.mentions.before, "after": found.mentions.after,
            "dispersion": Num(change.dispersion, "ratio"),
            "dispersion_p": Num(change.dispersion_p, "p_value"),
        }  # fmt: skip
        spread = _spread(found.mentions, report.engagement.confidence_level)
    heads = ("kind", "n_before", "before", "n_after", "after", "ratio", "interval")
    table = report.table(
        "quality.volume",
        Table(
            title=Phrase(f"quality.volume.title_{case}", values),
            subtitle=Phrase("quality.volume.subtitle", values),
            source=Phrase(f"quality.volume.source_{spread}", values),
            columns=[
                Column(f"quality.volume.{head}", "num" if place else "text")
                for place, head in enumerate(heads)
            ],
            rows=[_volume_row(volume) for volume in found.volumes],
        ),
    )
    said = report.say(f"quality.sharing.{case}", level="descriptive", grade=None, **values)
    return report.together("quality.sharing", [table, said])


def _case(found: FaultChart) -> str:
    if len({each.call for each in found.called}) == 1:
        return found.called[0].call
    return "signal" if found.chart.signals else "still"


def _fault_values(found: FaultChart) -> dict[str, Value]:
    chart, per = found.chart, found.per
    last = found.starts[chart.baseline - 1]
    values: dict[str, Value] = {
        "rate": found.whole, "per": per, "n_orders": sum(found.orders),
        "n_periods": len(found.starts), "baseline": chart.baseline, "baseline_end": Day(last),
        "cadence": phrase(f"quality.cadence.{found.cadence}"),
        "centre": Num(chart.centre * per, "ratio"), "lower": Num(chart.lower * per, "ratio"),
        "upper": Num(chart.upper * per, "ratio"),
        "n_signals": len({signal.index for signal in chart.signals}),
        "called": Joined(tuple(each.release.name for each in found.called)),
        "method": phrase(f"quality.method.{'u' if chart.method == 'u' else 'laney'}"),
        **period_values(found.period),
    }  # fmt: skip
    return values


def _draw(found: FaultChart, theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
    scale = found.per
    fired = {signal.index: signal.direction for signal in found.chart.signals}
    codes = [
        write(axis_period(start, "weekly" if found.cadence == "week" else "monthly"))
        for start in found.starts
    ]
    points = [
        figures.ControlPoint(
            period=code,
            estimate=rate,
            centre=limits.centre * scale,
            lower=limits.lower * scale,
            upper=limits.upper * scale,
            signal="none"
            if limits.index not in fired
            else "bad"
            if fired[limits.index] == "up"
            else "good",
        )
        for code, rate, limits in zip(codes, found.rates, found.chart.points, strict=True)
    ]
    shown = {point.signal for point in points}
    return figures.control_chart(
        points,
        theme=theme,
        fmt=lambda value: write(phrase("quality.chart.value", value=Num(value, "ratio"))),
        axis_label=write(phrase("quality.chart.axis", per=found.per)),
        centre_label=write(phrase("quality.chart.centre")),
        upper_label=write(phrase("quality.chart.upper")),
        lower_label=write(phrase("quality.chart.lower")),
        signal_labels={
            signal: write(phrase(f"quality.chart.{signal}"))
            for signal in ("good", "bad")
            if signal in shown
        },
        events=[
            figures.ChartEvent(
                period=codes[found.starts.index(each.period_start)],
                label=write(each.release.name),
            )
            for each in found.releases
            if each.period_start is not None
        ],
    )


def _cohort_row(cohort: Cohort) -> tuple[Cell, ...]:
    label = _quarter(cohort)
    if cohort.state == "too_few":
        return (label, phrase("number.hidden"), None, None, None)
    if cohort.again is None:
        young = phrase("quality.cohort.young")
        return (label, Num(cohort.n_customers), Num(cohort.n_open), young, None)
    shown = phrase("cell.interval", value=cohort.again) if cohort.again.has_interval else None
    return (label, Num(cohort.n_customers), Num(cohort.n_open), cohort.again, shown)


def _quarter(cohort: Cohort) -> Phrase:
    start = cohort.quarter
    last = start.replace(month=start.month + 2)
    return phrase("quality.quarter", start=Month(start), end=Month(last))


def _named(name: str, cohort: Cohort) -> dict[str, Value]:
    assert cohort.again is not None  # noqa: S101 - only mature cohorts are named
    return {name: cohort.again, f"{name}_quarter": _quarter(cohort)}


def _volume_row(volume: Volume) -> tuple[Cell, ...]:
    label = phrase(f"quality.volume.{volume.kind}")
    if volume.change is None or volume.before is None or volume.after is None:
        return (label, None, phrase("number.hidden"), None, phrase("number.hidden"), None, None)
    ratio = volume.change.ratio
    return (
        label,
        Num(volume.change.n_before),
        phrase("quality.cell.rate", value=volume.before),
        Num(volume.change.n_after),
        phrase("quality.cell.rate", value=volume.after),
        ratio,
        phrase("cell.interval", value=ratio),
    )


def _spread(volume: Volume, level: float) -> str:
    """Say whether months vary more than chance, a little more, or not at all."""
    change = volume.change
    if change is None or not change.dispersion >= 0:
        return "short"
    if change.dispersion_p < 1 - level:
        return "wide"
    return "within" if change.dispersion > 1 else "even"
