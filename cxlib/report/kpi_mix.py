"""The mix behind a total: every group one way, the total the other."""

from cxlib.measures.waves import WaveChange
from cxlib.report import figures, scope
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.who_answered import none_block
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase


def case(shift: WaveChange) -> str:
    """Say what the groups and the total do: against each other, or without contradiction."""
    if not shift.opposed:
        return "plain"
    alarm = "reversed" if shift.alarm == "reversed" else "against"
    return f"{alarm}_{'down' if shift.mix.change < 0 else 'up'}"


def values(report: Report, shift: WaveChange) -> dict[str, Value]:
    """Give every value that sentences about the mix ask for."""
    grown = max(shift.groups, key=lambda g: g.mix.share_after - g.mix.share_before)
    clear = [group for group in shift.groups if group.change.excludes(0.0)]
    periods = (report.engagement.baseline, report.engagement.review)
    return {
        "change": shift.change, "size": Num(abs(shift.change.value), "points"),
        "before": shift.before.shown, "after": shift.after.shown,
        "rate": shift.rate_effect, "mix": shift.mix_effect, "n_both": shift.n_both,
        "groups": Joined(tuple(
            phrase("kpi_tracking.mix.group", name=channel(group.group), change=group.change)
            for group in shift.groups
        )),
        "n_groups": len(shift.groups), "n_clear": len(clear), "grown": channel(grown.group),
        "share_before": Num(grown.mix.share_before, "share"),
        "share_after": Num(grown.mix.share_after, "share"),
        "hidden": Joined(tuple(channel(name) for name in shift.hidden))
        if shift.hidden else phrase("list.none"),
        "baseline": Phrase("provenance.period", scope.period_values(periods[0])),
        "review": Phrase("provenance.period", scope.period_values(periods[1])),
        "floor": report.engagement.minimum_cell,
        "clear": phrase(
            f"kpi_tracking.mix.{'total' if shift.change.excludes(0.0) else 'no_total'}_"
            f"{'groups' if clear else 'no_groups'}",
            n_clear=len(clear), n_groups=len(shift.groups),
        ),
    }  # fmt: skip


def section(report: Report, shift: WaveChange | None) -> Block:
    """Open the section on the mix."""
    if shift is None:
        return report.section("kpi_tracking.mix.few", "diagnostic")
    found = values(report, shift)
    headline = Phrase(f"kpi_tracking.mix.title_{case(shift)}", found)
    return report.section("kpi_tracking.mix", "diagnostic", headline=headline, **found)


def mix_table(report: Report, shift: WaveChange | None) -> Block:
    """Show each group and the total in both periods, the change and its split."""
    if shift is None:
        return none_block(report, "kpi_tracking.mix.none")
    rows: list[tuple[Cell, ...]] = [
        (
            channel(group.group),
            Num(group.mix.share_before, "share"), Num(group.mix.share_after, "share"),
            group.before.shown, group.after.shown,
            phrase("cell.signed", value=group.change),
            phrase("cell.signed_interval", value=group.change),
            phrase("cell.signed", value=Num(group.mix.rate_effect, "points")),
            phrase("cell.signed", value=Num(group.mix.mix_effect, "points")),
            group.change.n_obs,
        )
        for group in shift.groups
    ]  # fmt: skip
    rows.append(
        (
            phrase("kpi_tracking.mix.total"), Num(1.0, "share"), Num(1.0, "share"),
            shift.before.shown, shift.after.shown,
            phrase("cell.signed", value=shift.change),
            phrase("cell.signed_interval", value=shift.change),
            phrase("cell.signed", value=shift.rate_effect),
            phrase("cell.signed", value=shift.mix_effect),
            shift.change.n_obs,
        )
    )  # fmt: skip
    heads = (
        "channel", "share_0", "share_1", "nps_0", "nps_1", "change", "ci", "rate", "mix", "n",
    )  # fmt: skip
    found = values(report, shift)
    source = "source_hidden" if shift.hidden else "source"
    return report.table(
        "kpi_tracking.mix.table",
        Table(
            title=Phrase("kpi_tracking.mix.table", found),
            subtitle=Phrase("kpi_tracking.mix.subtitle", found),
            source=Phrase(f"kpi_tracking.mix.{source}", found),
            columns=[Column(f"kpi_tracking.mix.{head}") for head in heads],
            rows=rows,
        ),
    )


def mix_chart(report: Report, shift: WaveChange | None) -> Block:
    """Draw the change of each group and of the total against zero."""
    if shift is None:
        return none_block(report, "kpi_tracking.mix.none")
    found = values(report, shift)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        items = [
            figures.EffectItem(
                label=write(channel(group.group)),
                estimate=group.change,
                note=write(group.change.n_obs),
            )
            for group in shift.groups
        ]
        total = figures.EffectItem(
            label=write(phrase("kpi_tracking.mix.total")),
            estimate=shift.change,
            note=write(shift.change.n_obs),
        )
        return figures.difference_plot(
            [*items, total],
            theme=theme,
            fmt=lambda value: write(phrase("cell.signed", value=Num(value, "points"))),
            axis_label=write(phrase("kpi_tracking.mix.axis")),
            note_head=write(phrase("chart.n")),
        )

    return report.figure(
        "kpi_tracking.mix.chart",
        draw,
        title=Phrase("kpi_tracking.mix.chart", found),
        subtitle=Phrase("kpi_tracking.mix.chart_subtitle", found),
        source=Phrase("kpi_tracking.mix.chart_source", found),
        alt=Phrase("kpi_tracking.mix.alt", found),
    )


def finding(report: Report, shift: WaveChange | None) -> Block:
    """Say how much of the change is the groups' own, and how much is who answered."""
    if shift is None:
        return none_block(report, "kpi_tracking.mix.none")
    return report.say(
        f"kpi_tracking.mix.{case(shift)}", level="diagnostic", grade=None, **values(report, shift)
    )


def finding_key(shift: WaveChange | None) -> str | None:
    """Catalogue key of the finding on the mix; None where there was nothing to compare."""
    return None if shift is None else f"kpi_tracking.mix.{case(shift)}"


def channel(name: str) -> Value:
    """Name a channel in the report's language."""
    return phrase(f"kpi_tracking.channel.{name}")
