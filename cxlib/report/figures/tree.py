"""The goal tree: growth goal on the left, what serves it to the right, each link with its proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from cxlib.errors import ReportError
from cxlib.report.figures.keys import KeyEntry, lay_out_key
from cxlib.report.figures.lettering import break_lines
from cxlib.report.figures.style import (
    BODY,
    HAIRLINE,
    LEADING,
    POINTS_PER_CM,
    SMALL,
    WIDTH_CM,
    Theme,
    ThemedFigure,
    in_theme,
    new_figure,
)

NodeKind = Literal["growth", "kpi", "touchpoint"]
Proof = Literal["experiment", "estimate", "no_evidence", "open", "assumption"]
"""What stands behind a link: a test, an association, a search that found nothing, nothing known
yet, nothing measured."""
MOST_COLUMNS = 5
"""Steps from the growth goal beyond which boxes would be too narrow to read."""
PAD, GUTTER, TRUNK, ROW_GAP = 4.0, 26.0, 6.0, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """One box: its name, the proof of its link to the left, and what leads to it.

    Attributes:
        name: Bold.
        kind: Shown by its fill.
        proof: Of the link to the left; None for the root.
        note: The proof in words, with its size.
        children: What leads to it, from top to bottom.
    """

    name: str
    kind: NodeKind
    proof: Proof | None = None
    note: str = ""
    children: tuple["TreeNode", ...] = ()


@dataclass(slots=True, kw_only=True)
class _Box:
    node: TreeNode
    column: int
    name: list[str]
    note: list[str]
    children: list["_Box"]
    middle: float = 0.0

    @property
    def height(self) -> float:
        return len(self.name) * BODY * LEADING + len(self.note) * SMALL * LEADING + 2 * PAD

    def walk(self) -> Iterator["_Box"]:
        yield self
        for child in self.children:
            yield from child.walk()


@in_theme
def tree_chart(
    root: TreeNode,
    *,
    theme: Theme,
    kinds: Mapping[NodeKind, str],
    proofs: Mapping[Proof, str],
    width_cm: float = WIDTH_CM,
) -> ThemedFigure:
    """Draw the tree from left to right; the style of a line and its words say what is known.

    Args:
        root: The growth goal.
        theme: Colours and font.
        kinds: Key text per kind of box; only those that occur are drawn.
        proofs: Key text per kind of link, likewise.
        width_cm: Printed width.

    Raises:
        ReportError: A tree of one box, or of more than 5 columns.
    """
    columns = _depth(root)
    if not 1 < columns <= MOST_COLUMNS:
        raise ReportError(f"a goal tree has 2 to {MOST_COLUMNS} columns, got {columns}")
    width = width_cm * POINTS_PER_CM
    wide = (width - (columns - 1) * GUTTER - 2) / columns
    top = _measure(root, 0, wide=wide, theme=theme)
    boxes = list(top.walk())
    key = lay_out_key(_entries(boxes, theme, kinds, proofs), theme=theme, width=width)
    depth = _place(top, 0.0)
    height = key.height + 4 + depth + 2
    figure = new_figure(theme, width_cm=width_cm, height_cm=height / POINTS_PER_CM)
    upper = height - key.height - 4
    for box in boxes:
        left = 1 + box.column * (wide + GUTTER)
        for child in box.children:
            _link(figure, box, child, left + wide, upper)
        _draw(figure, box, left, wide, upper)
    key.write(figure)
    return figure


def proof_look(proof: Proof, theme: Theme) -> dict[str, Any]:
    """Give the line of a proof: the surer, the more solid."""
    looks: dict[Proof, dict[str, Any]] = {
        "experiment": {"linestyle": "-", "linewidth": 2.6, "color": theme.good},
        "estimate": {"linestyle": "-", "linewidth": 1.3, "color": theme.primary},
        "no_evidence": {"linestyle": (0, (3, 1.6)), "linewidth": 1.5, "color": theme.watch},
        "open": {"linestyle": (0, (4, 1.5, 1, 1.5)), "linewidth": 1.1, "color": theme.muted},
        "assumption": {"linestyle": (0, (1, 1.5)), "linewidth": 1.4, "color": theme.muted},
    }
    return looks[proof]


def _depth(node: TreeNode) -> int:
    return 1 + max((_depth(child) for child in node.children), default=0)


def _measure(node: TreeNode, column: int, *, wide: float, theme: Theme) -> _Box:
    room = wide - 2 * PAD
    return _Box(
        node=node,
        column=column,
        name=break_lines(node.name, theme=theme, width=room, size=BODY, weight="bold"),
        note=break_lines(node.note, theme=theme, width=room, size=SMALL) if node.note else [],
        children=[_measure(child, column + 1, wide=wide, theme=theme) for child in node.children],
    )


def _place(box: _Box, start: float) -> float:
    """Set the middles of a subtree, in points below the top; give its depth."""
    if not box.children:
        box.middle = start + box.height / 2
        return box.height
    used = 0.0
    for place, child in enumerate(box.children):
        used += (ROW_GAP if place else 0.0) + _place(child, start + used + ROW_GAP * bool(place))
    box.middle = (box.children[0].middle + box.children[-1].middle) / 2
    short = box.middle - box.height / 2 - start
    if short < 0:
        for each in box.walk():
            each.middle -= short
        used -= short
    return max(used, box.middle + box.height / 2 - start)


def _entries(
    boxes: Sequence[_Box], theme: Theme, kinds: Mapping[NodeKind, str], proofs: Mapping[Proof, str]
) -> list[KeyEntry]:
    found = [
        KeyEntry(
            text=text,
            look={
                "marker": "s", "markersize": 6.0, "color": _fill(kind, theme),
                "markeredgecolor": _edge(kind, theme),
            },
        )
        for kind, text in kinds.items()
        if any(box.node.kind == kind for box in boxes)
    ]  # fmt: skip
    found += [
        KeyEntry(text=text, look=proof_look(proof, theme))
        for proof, text in proofs.items()
        if any(box.node.proof == proof for box in boxes)
    ]
    return found


def _fill(kind: NodeKind, theme: Theme) -> str:
    return {"growth": theme.primary, "kpi": theme.paper, "touchpoint": theme.grid}[kind]


def _edge(kind: NodeKind, theme: Theme) -> str:
    return theme.muted if kind == "touchpoint" else theme.primary


def _link(figure: ThemedFigure, box: _Box, child: _Box, right: float, upper: float) -> None:
    if child.node.proof is None:
        return
    y_box, y_child = upper - box.middle, upper - child.middle
    turn = right + TRUNK
    trunk = {"linestyle": "-", "linewidth": HAIRLINE, "color": figure.theme.muted}
    own = proof_look(child.node.proof, figure.theme)
    for places, heights, look in (
        ([right, turn, turn], [y_box, y_box, y_child], trunk),
        ([turn, right + GUTTER], [y_child, y_child], own),
    ):
        figure.add_artist(
            Line2D(
                places, heights, transform=figure.points, solid_capstyle="butt",
                dash_capstyle="butt", **look,
            )
        )  # fmt: skip


def _draw(figure: ThemedFigure, box: _Box, left: float, wide: float, upper: float) -> None:
    theme, kind = figure.theme, box.node.kind
    top = upper - box.middle + box.height / 2
    figure.add_artist(
        FancyBboxPatch(
            (left, top - box.height), wide, box.height, transform=figure.points,
            boxstyle="round,pad=0,rounding_size=2.5", linewidth=0.9,
            facecolor=_fill(kind, theme), edgecolor=_edge(kind, theme),
        )
    )  # fmt: skip
    ink = theme.paper if kind == "growth" else theme.ink
    figure.write(
        left + PAD, top - PAD, "\n".join(box.name), weight="bold", vertical="top", colour=ink
    )
    under = top - PAD - len(box.name) * BODY * LEADING
    figure.write(left + PAD, under, "\n".join(box.note), size=SMALL, vertical="top", colour=ink)
