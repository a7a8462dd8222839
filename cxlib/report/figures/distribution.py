"""The answers behind a score: shares of each answer per group as bars of one length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from cxlib.errors import ReportError
from cxlib.report.colour import mix
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import text_width
from cxlib.report.figures.rows import row_frame
from cxlib.report.figures.style import (
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
    text_on,
)

LOW_END, HIGH_END = "#b8480f", "#0b4f8a"
"""Vermilion to blue: told apart with any colour vision (after Okabe and Ito)."""

MANY = 10
"""Rows beyond which bars stand closer, so that a long journey shares its page."""


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
        [
            LOW_END,
            mix(LOW_END, middle, share=0.45),
            middle,
            mix(HIGH_END, middle, share=0.45),
            HIGH_END,
        ],
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
    colours = diverging(len(categories), theme=theme)
    key = lay_out_key(
        [
            KeyEntry(text=name, look={"marker": "s", "markersize": 8, "color": colour})
            for name, colour in zip(categories, colours, strict=True)
        ],
        theme=theme,
        width=width_cm * POINTS_PER_CM,
    )
    scores = any(group.score for group in groups)
    frame = row_frame(
        [group.label for group in groups],
        theme=theme,
        notes=[group.note for group in groups] if any(g.note for g in groups) else (),
        right=[group.score for group in groups] if scores else (),
        note_head=note_head,
        right_head=score_head,
        width_cm=width_cm,
        header=key.height,
        footer=4,
        row=21.0 if len(groups) <= MANY else 17.5,
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
    key.write(frame.figure)
    return frame.figure
