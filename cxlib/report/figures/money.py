"""Money over time and under doubt: cash curve and spread of outcomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.keys import KeyEntry
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width, ticks
from cxlib.report.figures.rows import write_values
from cxlib.report.figures.style import (
    BODY,
    HAIRLINE,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
    new_figure,
)
from cxlib.report.figures.timeline import EndLabel, draw_upright, time_frame

LINE = SMALL * LINE_HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeMarker:
    """A value named above the histogram, such as the median or the fifth percentile."""

    value: float
    label: str


@in_theme
def cash_curve(
    periods: Sequence[str],
    *,
    middle: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    theme: Theme,
    fmt: Callable[[float], str],
    middle_label: str,
    band_label: str,
    payback: str = "",
    payback_label: str = "",
    axis_label: str = "",
    period_label: str = "",
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 5.2,
) -> ThemedFigure:
    """Draw cumulative discounted cash with its simulation band, zero and the payback month.

    Args:
        periods: Months in order ("0", "1" … or "2026-01" …).
        middle: Cumulative discounted cash per period.
        lower: Lower edge of the band (5th percentile).
        upper: Upper edge of the band (95th percentile).
        theme: Colours and font.
        fmt: Prints an amount.
        middle_label: Name of the line, at its end.
        band_label: Key text of the band.
        payback: The period in which cash turns positive; none without it.
        payback_label: Its text.
        axis_label: Currency and price basis.
        period_label: Text under the periods ("Months after the start").
        width_cm: Printed width.
        plot_height_cm: Height of the panel.

    Raises:
        ReportError: The series differ in length, or the band does not hold the line's order.
    """
    for name, values in (("middle", middle), ("lower", lower), ("upper", upper)):
        if len(values) != len(periods):
            raise ReportError(f"{name} must have {len(periods)} amounts, got {len(values)}")
    if any(a > b for a, b in zip(lower, upper, strict=True)):
        raise ReportError("lower must not be above upper in any period")
    low, high = min(0.0, *lower), max(0.0, *upper)
    room = (high - low) * 0.06 or 1.0
    band = mix(theme.primary, theme.paper, share=0.2)
    frame = time_frame(
        periods,
        theme=theme,
        limits=(low - room, high + room),
        fmt=fmt,
        ends=[EndLabel(value=middle[-1], text=middle_label, colour=theme.primary, bold=True)],
        axis_label=axis_label,
        period_label=period_label,
        entries=[KeyEntry(text=band_label, look={"marker": "s", "color": band, "markersize": 7})],
        width_cm=width_cm,
        plot_height_cm=plot_height_cm,
    )
    places = range(len(periods))
    frame.axes.fill_between(places, lower, upper, color=band, linewidth=0, zorder=1)
    for edge in (lower, upper):
        frame.axes.plot(
            places,
            edge,
            color=mix(theme.primary, theme.paper, share=0.5),
            linewidth=0.7,
            zorder=1.5,
        )
    frame.axes.axhline(0.0, color=theme.ink, linewidth=1.0, zorder=2)
    frame.axes.plot(places, middle, color=theme.primary, linewidth=2.0, zorder=2.5)
    if payback:
        if payback not in periods:
            raise ReportError(f"payback must be a period of the chart, got {payback!r}")
        at = list(periods).index(payback)
        frame.axes.plot(
            [at],
            [middle[at]],
            marker="D",
            color=theme.good,
            markersize=7.5,
            markeredgecolor=theme.paper,
            linestyle="None",
            zorder=3,
        )
        x = frame.figure.place(frame.axes, at, 0.0)[0] + 5
        wide = text_width(payback_label, theme=theme, size=BODY, weight="bold")
        floor = frame.figure.place(frame.axes, at, min(lower[at], 0.0))[1]
        frame.figure.write(
            min(x, frame.right - wide),
            max(floor - 7, frame.bottom + 6),
            payback_label,
            weight="bold",
            colour=theme.good,
        )
    return frame.figure


@in_theme
def histogram_of_outcomes(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    theme: Theme,
    fmt: Callable[[float], str],
    loss_label: str,
    gain_label: str,
    markers: Sequence[OutcomeMarker] = (),
    axis_label: str = "",
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 4.2,
) -> ThemedFigure:
    """Draw how often each outcome came up; the part below zero is hatched.

    Args:
        edges: Bin edges, one more than counts; a bin across zero is cut there in proportion.
        counts: Simulated outcomes per bin.
        theme: Colours and font.
        fmt: Prints an amount.
        loss_label: Key text of outcomes below zero, with their probability.
        gain_label: Key text of the others.
        markers: Named values, up to about four.
        axis_label: What is counted and in which currency.
        width_cm: Printed width.
        plot_height_cm: Height of the panel.

    Raises:
        ReportError: Edges do not rise or their number does not fit the counts.
    """
    if len(edges) != len(counts) + 1 or not counts:
        raise ReportError(
            f"edges must be one more than counts, got {len(edges)} edges and {len(counts)} counts"
        )
    if any(a >= b for a, b in pairwise(edges)):
        raise ReportError("edges must rise from each to the next")
    top = max(count / (b - a) for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True))
    if top <= 0:
        raise ReportError("at least one bin must have outcomes, all counts are 0")
    header = LINE * len(markers) + LINE + 8
    bottom = 2 * LINE + 4
    height = bottom + plot_height_cm * POINTS_PER_CM + header
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    axes = figure.panel(8, bottom, figure.width - 8, height - header)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, top * 1.03)
    axes.set_yticks([])
    for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        for start, end in ((a, min(b, 0.0)), (max(a, 0.0), b)):
            if end > start:
                axes.add_patch(_outcome(start, end, count / (b - a), theme=theme))
    values, labels = ticks(edges[0], edges[-1], fmt=fmt, most=7)
    write_values(figure, axes, values, labels)
    axes.axhline(0, color=theme.muted, linewidth=HAIRLINE * 2)
    if edges[0] < 0 < edges[-1]:
        axes.axvline(0.0, color=theme.ink, linewidth=1.1, zorder=3)
    for row, marker in enumerate(sorted(markers, key=lambda marker: -marker.value)):
        _name_outcome(figure, axes, marker, level=height - header + 2 + LINE * (row + 0.5))
    figure.write(figure.width, LINE / 2, axis_label, size=SMALL, colour=theme.muted, align="right")
    _outcome_key(figure, loss_label, gain_label)
    return figure


def _outcome(start: float, end: float, tall: float, *, theme: Theme) -> Rectangle:
    loss = end <= 0
    return Rectangle(
        (start, 0),
        end - start,
        tall,
        facecolor=mix(theme.bad, theme.paper, share=0.15) if loss else theme.primary,
        edgecolor=theme.bad if loss else theme.paper,
        linewidth=0.5,
        hatch="////" if loss else None,
        zorder=2,
    )


def _name_outcome(figure: ThemedFigure, axes: Axes, marker: OutcomeMarker, *, level: float) -> None:
    theme = figure.theme
    low, high = axes.get_xlim()
    if not low <= marker.value <= high:
        raise ReportError(
            f"marker {marker.label!r} must lie inside the histogram, got {marker.value}"
        )
    x, bottom = figure.place(axes, marker.value, 0.0)
    draw_upright(figure, x, bottom, level + 0.4 * LINE, colour=theme.ink, halo=2.4)
    fits = x + 4 + text_width(marker.label, theme=theme, size=SMALL) <= figure.width
    figure.write(
        x + 4 if fits else x - 4,
        level,
        marker.label,
        size=SMALL,
        align="left" if fits else "right",
        backed=True,
    )


def _outcome_key(figure: ThemedFigure, loss_label: str, gain_label: str) -> None:
    theme = figure.theme
    x, y = 0.0, figure.height - LINE / 2 - 1
    for text, side in ((loss_label, -1.0), (gain_label, 1.0)):
        patch = _outcome(min(side, 0.0), max(side, 0.0), 1.0, theme=theme)
        patch.set(x=x + 0.5, y=y - 4, width=12, height=8, transform=figure.points)
        figure.add_artist(patch)
        figure.write(x + 16, y, text, size=SMALL)
        x += 16 + text_width(text, theme=theme, size=SMALL) + 14
