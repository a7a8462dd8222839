"""The frame that charts over time share: periods below, unit on top, names at the line ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cxlib.errors import ReportError
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import LINE_HEIGHT, break_lines, spread, text_width, ticks
from cxlib.report.figures.style import (
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    new_figure,
)

LINE = SMALL * LINE_HEIGHT
END_SHARE = 0.2
"""The widest name at a line's end, as a share of the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartEvent:
    """Something that happened at the start of a period, named above the plot."""

    period: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLabel:
    """A name written right of a line's end, at its value."""

    value: float
    text: str
    colour: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFrame:
    """A figure with its plot panel between edges in points."""

    figure: ThemedFigure
    axes: Axes
    left: float
    right: float
    top: float
    bottom: float


def time_frame(
    periods: Sequence[str],
    *,
    theme: Theme,
    limits: tuple[float, float],
    fmt: Callable[[float], str],
    ends: Sequence[EndLabel] = (),
    axis_label: str = "",
    period_label: str = "",
    entries: Sequence[KeyEntry] = (),
    header: float = 0.0,
    width_cm: float = WIDTH_CM,
    plot_height_cm: float = 5.2,
) -> TimeFrame:
    """Lay out a chart over time; the x of a period is its place in ``periods``.

    Args:
        periods: Two or more, in order, such as "2026-01".
        theme: Colours and font.
        limits: Of the value axis.
        fmt: Prints a value on the axis.
        ends: Names at the right end, moved apart where they would touch.
        axis_label: Unit and direction, on top.
        period_label: Text under the periods.
        entries: The key, on top left.
        header: Room in points between key and plot for events and phases.
        width_cm: Printed width.
        plot_height_cm: Height of the panel.

    Raises:
        ReportError: Fewer than two periods, or one comes twice.
    """
    if len(periods) <= 1:
        raise ReportError(f"a chart over time needs two periods or more, got {list(periods)}")
    if doubled := sorted({period for period in periods if list(periods).count(period) > 1}):
        raise ReportError(f"each period must come once, these come twice: {doubled}")
    width = width_cm * POINTS_PER_CM
    values, labels = ticks(*limits, fmt=fmt)
    left = max(text_width(label, theme=theme, size=SMALL) for label in labels) + 8
    broken = [
        "\n".join(
            break_lines(
                end.text,
                theme=theme,
                width=END_SHARE * width,
                size=SMALL,
                weight="bold" if end.bold else "normal",
            )
        )
        for end in ends
    ]
    margin = max(
        (
            text_width(text, theme=theme, size=SMALL, weight="bold" if end.bold else "normal")
            for text, end in zip(broken, ends, strict=True)
        ),
        default=-4.0,
    )
    right = width - margin - 8
    bottom = LINE + 6 + LINE * bool(period_label)
    top = bottom + plot_height_cm * POINTS_PER_CM
    key = lay_out_key(entries, theme=theme, width=width, tail=axis_label)
    height = top + header + key.height + 3
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    axes = figure.panel(left, bottom, right, top)
    axes.set_xlim(-0.5, len(periods) - 0.5)
    axes.set_ylim(*limits)
    axes.set_yticks(values, labels)
    axes.set_xticks([])
    for value in values:
        axes.axhline(value, color=theme.grid, linewidth=HAIRLINE, zorder=0.5)
    axes.axhline(limits[0], color=theme.muted, linewidth=HAIRLINE * 2, zorder=0.5)
    _write_periods(figure, periods, left=left, right=right, bottom=bottom)
    if period_label:
        figure.write(right, LINE / 2, period_label, size=SMALL, colour=theme.muted, align="right")
    _write_ends(figure, axes, ends, broken, x=right + 6, low=bottom, high=top)
    key.write(figure)
    return TimeFrame(figure=figure, axes=axes, left=left, right=right, top=top, bottom=bottom)


def _write_periods(
    figure: ThemedFigure, periods: Sequence[str], *, left: float, right: float, bottom: float
) -> None:
    """Write as many periods as have room, evenly apart, the last one always.

    Every step holds the ones after it, so a language with longer words leaves some out and shows no
    others.
    """
    theme = figure.theme
    step = (right - left) / len(periods)
    widest = max(text_width(period, theme=theme, size=SMALL) for period in periods)
    steps = (1, *(3 * 2**power for power in range(14)))
    every = next(n for n in steps if n * step >= widest + 6 or n >= len(periods))
    for place in range(len(periods) - 1, -1, -every):
        half = text_width(periods[place], theme=theme, size=SMALL) / 2
        x = min(max(left + (place + 0.5) * step, half), figure.width - half)
        figure.write(
            x,
            bottom - 3 - LINE / 2,
            periods[place],
            size=SMALL,
            colour=theme.muted,
            align="center",
        )


def _write_ends(
    figure: ThemedFigure,
    axes: Axes,
    ends: Sequence[EndLabel],
    texts: Sequence[str],
    *,
    x: float,
    low: float,
    high: float,
) -> None:
    tallest = max((text.count("\n") + 1 for text in texts), default=1)
    gap = tallest * SMALL * LEADING + 1.5
    wanted = [figure.place(axes, 0, end.value)[1] for end in ends]
    places = spread(wanted, gap=gap, low=low + gap / 2 - 4, high=high - gap / 2 + 4)
    for end, text, y in zip(ends, texts, places, strict=True):
        figure.write(
            x, y, text, size=SMALL, colour=end.colour, weight="bold" if end.bold else "normal"
        )


def event_header(events: Sequence[ChartEvent]) -> float:
    """Give the room above the plot that events need."""
    return LINE * len(events) + 2 * bool(events)


def mark_events(
    frame: TimeFrame, events: Sequence[ChartEvent], periods: Sequence[str], *, raised: float = 0.0
) -> None:
    """Draw a line before each event's period and its name above, one name a line.

    Raises:
        ReportError: An event's period is not on the chart.
    """
    theme = frame.figure.theme
    step = (frame.right - frame.left) / len(periods)
    rightward: list[tuple[float, ChartEvent]] = []
    leftward: list[tuple[float, ChartEvent]] = []
    for event in events:
        if event.period not in periods:
            raise ReportError(
                f"event {event.label!r} must fall in a period of the chart, got {event.period!r};"
                f" periods are {periods[0]} to {periods[-1]}"
            )
        x = frame.left + list(periods).index(event.period) * step
        fits = x + 4 + text_width(event.label, theme=theme, size=SMALL) <= frame.figure.width
        (rightward if fits else leftward).append((x, event))
    rows = [
        *sorted(rightward, key=itemgetter(0), reverse=True),
        *sorted(leftward, key=itemgetter(0)),
    ]
    for row, (x, event) in enumerate(rows):
        y = frame.top + raised + 2 + LINE * (row + 0.5)
        draw_upright(frame.figure, x, frame.bottom, y + 0.4 * LINE, colour=theme.accent)
        left = (x, event) in leftward
        frame.figure.write(
            x - 4 if left else x + 4,
            y,
            event.label,
            size=SMALL,
            colour=theme.accent,
            align="right" if left else "left",
            backed=True,
        )


def draw_upright(
    figure: ThemedFigure, x: float, low: float, high: float, *, colour: str, halo: float = 0.0
) -> None:
    """Draw a dotted vertical line in points, with a light edge where it crosses dark bars."""
    if halo:
        figure.add_artist(
            Line2D(
                [x, x],
                [low, high],
                color=figure.theme.paper,
                linewidth=halo,
                transform=figure.points,
            )
        )
    figure.add_artist(
        Line2D(
            [x, x],
            [low, high],
            color=colour,
            linewidth=1.0,
            linestyle=(0, (1.5, 1.2)),
            transform=figure.points,
        )
    )
