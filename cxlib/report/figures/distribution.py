"""The answers behind a score: shares of each answer per group as bars of one length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.figures.lettering import LINE_HEIGHT, text_width
from cxlib.report.figures.rows import row_frame
from cxlib.report.figures.style import (
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
    mix,
    text_on,
)

LOW_END, HIGH_END = "#b8480f", "#0b4f8a"
"""Vermilion to blue: told apart with any colour vision (after Okabe and Ito)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionGroup:
    """One bar: its label, the count of each answer from worst to best, its note and its score.

    ``counts`` is empty when the group is suppressed; the note then says why.
    """

    label: str
    counts: tuple[int, ...]
    note: str = ""
    score: str = ""


def diverging(n_colours: int, *, theme: Theme) -> list[str]:
    """Give colours from the low end over a light middle to the high end."""
    import seaborn as sns

    middle = mix(theme.muted, theme.paper, share=0.22)
    palette = sns.blend_palette(
        [LOW_END, mix(LOW_END, middle, share=0.45), middle, mix(HIGH_END, middle, share=0.45), HIGH_END],
        n_colors=n_colours,
    )
    return [str(colour) for colour in palette.as_hex()]


@in_theme
def distribution_bars(
    groups: Sequence[DistributionGroup],
    *,
    categories: Sequence[str],
    theme: Theme,
    fmt: Callable[[float], str],
    note_head: str = "",
    score_head: str = "",
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw one 100 % bar per group, cut by answer from worst to best.

    Args:
        groups: One or more bars, in the order given.
        categories: Names of the answers from worst to best, 2 to 11 of them; the key on top.
        theme: Colours and font.
        fmt: Prints a share (0-1), written where its piece has room.
        note_head: Head of the note column ("n").
        score_head: Head of the score column.
        width_cm: Printed width.

    Raises:
        ReportError: A group has another number of counts than there are categories, a
            negative count, or all groups are empty.
    """
    for group in groups:
        if group.counts and len(group.counts) != len(categories):
            raise ReportError(
                f"a group must have one count per category ({len(categories)}),"
                f" {group.label!r} has {len(group.counts)}"
            )
        if any(count < 0 for count in group.counts):
            raise ReportError(f"counts must be 0 or more, {group.label!r} has {group.counts}")
    if not any(sum(group.counts) for group in groups):
        raise ReportError("at least one group must have answers, all are empty")
    line = SMALL * LINE_HEIGHT + 4
    colours = diverging(len(categories), theme=theme)
    entry = [text_width(name, theme=theme, size=SMALL) + 26 for name in categories]
    key_rows = _key_rows(entry, room=width_cm * 72 / 2.54)
    scores = any(group.score for group in groups)
    frame = row_frame(
        [group.label for group in groups],
        theme=theme,
        notes=[group.note for group in groups] if any(g.note for g in groups) else (),
        right=[group.score for group in groups] if scores else (),
        note_head=note_head,
        right_head=score_head,
        width_cm=width_cm,
        header=line * len(key_rows),
        footer=4,
        row=21.0,
    )
    frame.axes.set_xlim(0, 1)
    frame.axes.set_xticks([])
    span = frame.right - frame.left
    for group, y in zip(groups, frame.middles, strict=True):
        total = sum(group.counts)
        start = 0.0
        for count, colour in zip(group.counts, colours, strict=False):
            share = count / total if total else 0.0
            frame.axes.add_patch(
                Rectangle(
                    (start, y - 7),
                    share,
                    14,
                    facecolor=colour,
                    edgecolor=theme.paper,
                    linewidth=0.8,
                )
            )
            text = fmt(share)
            if text_width(text, theme=theme, size=SMALL) + 4 <= share * span:
                frame.figure.write(
                    frame.left + (start + share / 2) * span,
                    y,
                    text,
                    size=SMALL,
                    colour=text_on(colour, theme=theme),
                    align="center",
                )
            start += share
    _write_key(frame.figure, key_rows, categories, colours, entry, line=line)
    return frame.figure


def _key_rows(entries: Sequence[float], *, room: float) -> list[list[int]]:
    """Share the key's entries out over lines no wider than ``room``."""
    rows: list[list[int]] = [[]]
    for number, wide in enumerate(entries):
        if rows[-1] and sum(entries[index] for index in rows[-1]) + wide > room:
            rows.append([])
        rows[-1].append(number)
    return rows


def _write_key(
    figure: ThemedFigure,
    rows: Sequence[Sequence[int]],
    categories: Sequence[str],
    colours: Sequence[str],
    widths: Sequence[float],
    *,
    line: float,
) -> None:
    for row, members in enumerate(rows):
        x = 0.0
        y = figure.height - (row + 0.5) * line
        for number in members:
            figure.add_artist(
                Rectangle(
                    (x, y - 4),
                    8,
                    8,
                    facecolor=colours[number],
                    edgecolor="none",
                    transform=figure.points,
                )
            )
            figure.write(x + 11, y, categories[number], size=SMALL)
            x += widths[number]
