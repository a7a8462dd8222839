"""What 02_kpi_setting shows of the goal tree: every link, and how much is known of it."""

from collections.abc import Sequence

from cxlib.decisions.goal_tree import COUNTED, TreeLink
from cxlib.report.blocks import Block
from cxlib.report.goals import listed
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Num, Phrase, Value, phrase

STATUS: dict[str, Status] = {"shown_together": "good", "tested": "good", "no_evidence": "watch",
                             "tested_no_effect": "watch"}  # fmt: skip
SPACE = "\N{EM SPACE}"


def tree_section(report: Report, tree: Sequence[TreeLink]) -> Block:
    """Open the section, or say that the engagement names no growth goal."""
    if report.engagement.growth_goal is None or not tree:
        return report.section("goal_tree.absent")
    return report.section("goal_tree.tree", "descriptive", **tree_values(report, tree))


def tree_table(report: Report, tree: Sequence[TreeLink]) -> Block | None:
    """Show the tree from the growth goal downwards, each link with its evidence."""
    if report.engagement.growth_goal is None or not tree:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            phrase("goal_tree.row.indent", indent=SPACE * 2 * item.depth, name=item.target),
            item.source,
            phrase(f"goal_tree.evidence.{item.link.evidence}"),
            _known(item),
            _effect(item),
        )
        for item in tree
    ]
    heads = ("to", "from", "evidence", "known", "effect")
    return report.table(
        "goal_tree.table",
        Table(
            title=phrase("goal_tree.table", **tree_values(report, tree)),
            subtitle=phrase("goal_tree.subtitle"),
            source=_source(tree),
            columns=[Column(f"goal_tree.{head}", "text") for head in heads],
            rows=rows,
        ),
    )


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
        customers=listed([Num(found.n_customers) for found in measured]),
        rate=Num(first.rate, "share"),
    )
