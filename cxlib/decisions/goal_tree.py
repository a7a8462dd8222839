"""The goal tree: growth goal, KPIs, touchpoints, and how much is known of each link.

A link is an assumption until something was measured. An estimate is an association within the
client's own customers; only a randomised test with a verdict makes a link an experiment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cxlib.data.source import Source
from cxlib.engagement.plan import Link
from cxlib.engagement.plan_checks import ESTIMATED_TO
from cxlib.engagement.schema import Engagement
from cxlib.engagement.words import Text
from cxlib.measures.score_link import ScoreLink, score_link
from cxlib.stats.estimate import Estimate, Unit

Known = Literal[
    "assumption", "shown_together", "no_evidence", "too_few", "not_measured",
    "tested", "tested_no_effect", "not_tested",
]  # fmt: skip
"""assumption: nothing was measured, as written · shown_together: the estimate's interval leaves
out 0 · no_evidence: it does not · too_few: not enough customers · not_measured: a table is absent
· tested: a verdict found the effect · tested_no_effect: a verdict did not · not_tested: no verdict
is in the ledger yet."""

COUNTED: tuple[Known, ...] = ("shown_together", "tested")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLink:
    """One link of the tree with what is known of it.

    Attributes:
        link: As written.
        source: Name of where it comes from, per language.
        target: Name of where it leads.
        depth: Steps from the link's upper end to the growth goal, 0 at the top.
        known: What stands behind it.
        estimate: Effect of the test, or change per point of the score; None without.
        found: How the score was held against later orders, for an estimate.
        verdict: Of the test, for an experiment.
    """

    link: Link
    source: Text
    target: Text
    depth: int
    known: Known
    estimate: Estimate | None = None
    found: ScoreLink | None = None
    verdict: str = ""


def goal_tree(
    engagement: Engagement,
    *,
    answers: Source | None,
    orders: Source | None,
    verdicts: Mapping[str, Any],
) -> tuple[TreeLink, ...]:
    """Give every link of the goal tree, from the growth goal downwards.

    Args:
        engagement: Growth goal, KPIs, touchpoints, links.
        answers: Survey answers, None where the client has none.
        orders: Orders, None likewise.
        verdicts: The ledger's "verdicts"; empty before the first readout.
    """
    names = _names(engagement)
    depths = _depths(engagement)
    found = []
    for link in engagement.links:
        known: Known = "assumption"
        estimate, measured, verdict = None, None, ""
        if link.evidence == "estimate":
            known, measured = _estimated(engagement, link, answers, orders)
            estimate = measured.effect if measured else None
        elif link.evidence == "experiment":
            known, estimate, verdict = _tested(engagement, link, verdicts)
        found.append(
            TreeLink(
                link=link,
                source=names[link.from_],
                target=names[link.to],
                depth=depths.get(link.to, 0),
                known=known,
                estimate=estimate,
                found=measured,
                verdict=verdict,
            )
        )
    return tuple(sorted(found, key=lambda item: (item.depth, _place(engagement, item.link.to))))


def _estimated(
    engagement: Engagement, link: Link, answers: Source | None, orders: Source | None
) -> tuple[Known, ScoreLink | None]:
    if answers is None or orders is None or link.to != ESTIMATED_TO:
        return "not_measured", None
    if link.from_ not in answers.columns:
        return "not_measured", None
    found = score_link(answers, orders, score=link.from_, precision=engagement.precision)
    known: dict[str, Known] = {
        "shown": "shown_together", "no_evidence": "no_evidence", "too_few": "too_few",
    }  # fmt: skip
    return known[found.strength], found


def _tested(
    engagement: Engagement, link: Link, verdicts: Mapping[str, Any]
) -> tuple[Known, Estimate | None, str]:
    record = verdicts.get(link.experiment or "")
    if record is None:
        return "not_tested", None, ""
    effect, verdict = record.get("effect"), str(record["verdict"])
    if effect is None or verdict in {"INVALID", "EXTEND"}:
        return "not_tested", None, verdict
    unit: Unit = effect["unit"]
    estimate = Estimate(
        value=float(effect["value"]),
        ci_lower=float(effect["ci_lower"]),
        ci_upper=float(effect["ci_upper"]),
        n_obs=int(effect["n_obs"]),
        unit=unit,
        method="randomised test",
        confidence_level=engagement.confidence_level,
    )
    return ("tested" if estimate.excludes(0) else "tested_no_effect"), estimate, verdict


def _names(engagement: Engagement) -> dict[str, Text]:
    names: dict[str, Text] = dict(engagement.touchpoint_names())
    names |= {kpi.id: kpi.name for kpi in engagement.kpis}
    if engagement.growth_goal:
        names[engagement.growth_goal.id] = engagement.growth_goal.name
    return names


def _depths(engagement: Engagement) -> dict[str, int]:
    """Steps of each node from the growth goal, by the shortest way."""
    if engagement.growth_goal is None:
        return {}
    depths = {engagement.growth_goal.id: 0}
    edge = [engagement.growth_goal.id]
    while edge:
        near = [link.from_ for node in edge for link in engagement.links if link.to == node]
        edge = [node for node in dict.fromkeys(near) if node not in depths]
        depths |= {node: 1 + _depth_of(engagement, node, depths) for node in edge}
    return depths


def _depth_of(engagement: Engagement, node: str, depths: Mapping[str, int]) -> int:
    return min(depths[k.to] for k in engagement.links if k.from_ == node and k.to in depths)


def _place(engagement: Engagement, node: str) -> int:
    order = [kpi.id for kpi in engagement.kpis]
    return order.index(node) if node in order else -1
