"""The plan of actions over time: one bar an action, the goal's date on its row, today across."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from cxlib.errors import ReportError
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import text_width
from cxlib.report.figures.rows import row_frame, write_values
from cxlib.report.figures.style import (
    HAIRLINE,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
)

State = Literal["done", "running", "ahead"]
BAR = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBar:
    """One action: from when to when, who answers for it, the date of its goal."""

    label: str
    start: date
    end: date
    state: State
    owner: str = ""
    due: date | None = None


@in_theme
def plan_chart(
    items: Sequence[PlanBar],
    *,
    theme: Theme,
    today: date,
    fmt: Callable[[date], str],
    states: dict[State, str],
    due_label: str,
    today_label: str,
    owner_head: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw a bar for each action on a line of months.

    State shows by fill, not by colour alone: done is grey, running is filled, ahead is an outline.

    Args:
        items: One or more actions, in the order given.
        theme: Colours and font.
        today: Date of the report, a dotted line.
        fmt: Prints a month.
        states: Key text per state; only those that occur are drawn.
        due_label: Key text of the goal's date.
        today_label: Key text of the dotted line.
        owner_head: Head of the right column.
        width_cm: Printed width.

    Raises:
        ReportError: An action ends before it starts.
    """
    for item in items:
        if item.end < item.start:
            raise ReportError(f"{item.label!r} must not end {item.end} before it starts")
    looks: dict[State, dict[str, Any]] = {
        "done": {"facecolor": theme.grid, "edgecolor": theme.muted},
        "running": {"facecolor": theme.primary, "edgecolor": theme.primary},
        "ahead": {"facecolor": theme.paper, "edgecolor": theme.primary},
    }
    entries = [
        KeyEntry(text=states[state], look={
            "marker": "s", "markersize": 6.0, "color": look["facecolor"],
            "markeredgecolor": look["edgecolor"],
        })
        for state, look in looks.items()
        if any(item.state == state for item in items)
    ]  # fmt: skip
    diamond: dict[str, Any] = {"marker": "D", "markersize": 5.0, "color": theme.accent}
    if any(item.due for item in items):
        entries.append(KeyEntry(text=due_label, look=diamond))
    dotted: dict[str, Any] = {
        "color": theme.ink, "linewidth": 1.0, "linestyle": (0, (1.5, 1.2))
    }  # fmt: skip
    entries.append(KeyEntry(text=today_label, look=dotted))
    key = lay_out_key(entries, theme=theme, width=width_cm * POINTS_PER_CM)
    frame = row_frame(
        [item.label for item in items],
        theme=theme,
        right=[item.owner for item in items] if any(item.owner for item in items) else (),
        right_head=owner_head,
        width_cm=width_cm,
        header=key.height,
        footer=2 * SMALL,
        row=24.0,
    )
    days = [day for item in items for day in (item.start, item.end, item.due or item.end)]
    low, high = min([*days, today]).toordinal(), max([*days, today]).toordinal()
    room = max(10.0, (high - low) * 0.03)
    axes = frame.axes
    axes.set_xlim(low - room, high + room)
    ticks = _months(
        date.fromordinal(int(low - room)),
        date.fromordinal(int(high + room)),
        fits=lambda count: (
            count * (max(text_width(fmt(day), theme=theme, size=SMALL) for day in days) + 10)
            <= frame.right - frame.left
        ),
    )
    places = [float(day.toordinal()) for day in ticks]
    write_values(frame.figure, axes, places, [fmt(day) for day in ticks])
    for place in places:
        axes.axvline(place, color=theme.grid, linewidth=HAIRLINE, zorder=0)
    for item, y in zip(items, frame.middles, strict=True):
        axes.barh(
            [y],
            [item.end.toordinal() + 1 - item.start.toordinal()],
            left=[item.start.toordinal()],
            height=BAR,
            linewidth=1.0,
            zorder=2,
            **looks[item.state],
        )
        if item.due:
            axes.plot([item.due.toordinal()], [y], zorder=4, **diamond)
    axes.axvline(today.toordinal(), zorder=3, **dotted)
    key.write(frame.figure)
    return frame.figure


def _months(low: date, high: date, *, fits: Callable[[int], bool]) -> list[date]:
    """Give first days of months inside the limits, so many that their names have room."""
    first = low.year * 12 + low.month - (low.day == 1)
    last = high.year * 12 + high.month - 1
    found: list[date] = []
    for step in (1, 2, 3, 6, 12, 24, 60):
        months = [month for month in range(first, last + 1) if month % min(step, 12) == 0]
        months = months[:: max(1, step // 12)]
        found = [date(month // 12, month % 12 + 1, 1) for month in months]
        if fits(len(found)):
            break
    return found
