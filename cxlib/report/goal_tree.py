"""What 02_kpi_setting shows of the goal tree: every link, and how much is known of it."""

from collections.abc import Mapping, Sequence

from cxlib.decisions.goal_tree import COUNTED, Known, TreeLink
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.figures.tree import MOST_COLUMNS, NodeKind, Proof, TreeNode
from cxlib.report.figures.tree import tree_chart as chart
from cxlib.report.goals import listed
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, Writer, phrase

STATUS: dict[str, Status] = {"shown_together": "good", "tested": "good", "no_evidence": "watch",
                             "tested_no_effect": "watch"}  # fmt: skip
PROOFS: Mapping[Known, Proof] = {
    "tested": "experiment", "shown_together": "estimate", "no_evidence": "no_evidence",
    "tested_no_effect": "no_evidence", "not_tested": "open", "too_few": "open",
    "not_measured": "open", "assumption": "assumption",
}  # fmt: skip
SPACE = "\N{EM SPACE}"


def tree_section(report: Report, tree: Sequence[TreeLink]) -> Block:
    """Open the section, or say that the engagement names no growth goal."""
    if report.engagement.growth_goal is None or not tree:
        return report.section("goal_tree.absent")
    return report.section("goal_tree.tree", "descriptive", **tree_values(report, tree))


def tree_chart(report: Report, tree: Sequence[TreeLink]) -> Block | None:
    """Draw the tree; None without one, or where it has too many steps to be read as a picture."""
    goal = report.engagement.growth_goal
    if goal is None or not tree or not _is_drawn(tree):
        return None
    values = tree_values(report, tree)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        kinds: dict[NodeKind, str] = {
            kind: write(phrase(f"goal_tree.kind.{kind}"))
            for kind in ("growth", "kpi", "touchpoint")
        }
        proofs: dict[Proof, str] = {
            proof: write(phrase(f"goal_tree.proof.{proof}"))
            for proof in ("experiment", "estimate", "no_evidence", "open", "assumption")
        }
        root = TreeNode(
            name=write(goal.name),
            kind="growth",
            children=_children(report, tree, goal.id, set(), write),
        )
        return chart(root, theme=theme, kinds=kinds, proofs=proofs)

    return report.figure(
        "goal_tree.chart",
        draw,
        title=Phrase("goal_tree.chart", values),
        subtitle=phrase("goal_tree.chart_subtitle"),
        source=phrase("goal_tree.chart_source"),
        alt=Phrase("goal_tree.chart_alt", values),
    )


def _children(
    report: Report, tree: Sequence[TreeLink], node: str, drawn: set[str], write: Writer
) -> tuple[TreeNode, ...]:
    """Give what leads to a node; what stands elsewhere already is named again without its own."""
    kpis = {kpi.id for kpi in report.engagement.kpis}
    found = []
    for item in tree:
        if item.link.to != node:
            continue
        source = item.link.from_
        again = source in drawn
        drawn.add(source)
        found.append(
            TreeNode(
                name=write(item.source),
                kind="kpi" if source in kpis else "touchpoint",
                proof=PROOFS[item.known],
                note=write(_note(item)),
                children=() if again else _children(report, tree, source, drawn, write),
            )
        )
    return tuple(found)


def _note(item: TreeLink) -> Phrase:
    words = phrase(f"goal_tree.note.{item.known}")
    if item.estimate is None:
        return words
    unit = "" if item.estimate.unit == "pp" else "_plain"
    kind = "per_point" if item.found else "test"
    return phrase(f"goal_tree.note.{kind}{unit}", known=words, value=item.estimate)


def tree_table(report: Report, tree: Sequence[TreeLink]) -> Block | None:
    """Show the links that were put to the data; every link where the tree is not drawn."""
    if report.engagement.growth_goal is None or not tree:
        return None
    drawn = _is_drawn(tree)
    shown = [item for item in tree if not drawn or item.link.evidence != "assumption"]
    if not shown:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(
                "goal_tree.row.indent",
                indent="" if drawn else SPACE * 2 * item.depth,
                name=item.target,
            ),
            item.source,
            phrase(f"goal_tree.evidence.{item.link.evidence}"),
            _known(item),
            _effect(item),
        )
        for item in shown
    ]
    heads = ("to", "from", "evidence", "known", "effect")
    return report.table(
        "goal_tree.table",
        Table(
            title=phrase("goal_tree.table", tried=len(shown), **tree_values(report, tree)),
            subtitle=phrase(f"goal_tree.subtitle{'_tried' if drawn else ''}"),
            source=_source(tree),
            columns=[Column(f"goal_tree.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


def _is_drawn(tree: Sequence[TreeLink]) -> bool:
    return max(item.depth for item in tree) + 2 <= MOST_COLUMNS


def tree_values(report: Report, tree: Sequence[TreeLink]) -> dict[str, Value]:
    """How many links there are and what stands behind them."""
    goal = report.engagement.growth_goal
    counted = [item for item in tree if item.known in COUNTED]
    estimated = [item for item in tree if item.link.evidence == "estimate"]
    return {
        "growth": goal.name if goal else phrase("list.none"),
        "n": len(tree),
        "backed": len(counted),
        "assumed": sum(item.known == "assumption" for item in tree),
        "names": listed(
            [phrase("goal_tree.pair", source=item.source, target=item.target) for item in counted]
        ),
        "estimated": len(estimated),
        "without": sum(item.known == "no_evidence" for item in estimated),
    }


def tree_finding(report: Report, tree: Sequence[TreeLink]) -> Block | None:
    """Say which links rest on something measured."""
    if report.engagement.growth_goal is None or not tree:
        return None
    return report.say(
        "goal_tree.finding", level="descriptive", grade=None, **tree_values(report, tree)
    )


def _known(item: TreeLink) -> Cell:
    words = phrase(f"goal_tree.known.{item.known}")
    return Marked(words, STATUS[item.known]) if item.known in STATUS else words


def _effect(item: TreeLink) -> Cell:
    if item.estimate is None:
        return None
    key = "per_point" if item.found else "test"
    unit = "" if item.estimate.unit == "pp" else "_plain"
    return phrase(f"goal_tree.effect.{key}{unit}", value=item.estimate)


def _counts(found: Sequence[int]) -> Phrase:
    """One count, or each in the order of the rows above."""
    *firsts, last = dict.fromkeys(found)
    if not firsts:
        return phrase("goal_tree.customers_one", n=last)
    return phrase("goal_tree.customers", firsts=Joined(tuple(firsts)), last=last)


def _source(tree: Sequence[TreeLink]) -> Phrase:
    measured = [item.found for item in tree if item.found and item.found.effect]
    if not measured:
        return phrase("goal_tree.source_plain")
    first = measured[0]
    key = "goal_tree.source" if all(x.basis == "within" for x in measured) else "goal_tree.overall"
    return phrase(
        key,
        start=Day(first.start),
        end=Day(first.end),
        days=Num(first.within_days, "days"),
        customers=_counts([found.n_customers for found in measured]),
        rate=Num(first.rate, "share"),
    )
