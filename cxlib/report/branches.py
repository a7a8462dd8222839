"""Branches side by side in words, tables and a funnel plot; the order of lines is no news."""

from collections.abc import Mapping
from typing import Literal

from cxlib.data.open import Data
from cxlib.measures.branches import PLAIN, BranchStudy
from cxlib.measures.league import LIMITS, League, LeagueEntry
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.groups import funnel_of, store_names
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.who_answered import category
from cxlib.report.writer import Joined, Num, Phrase, Value, phrase

MOVED: Mapping[str, Status] = {"up": "good", "down": "bad"}


def branch_names(report: Report, data: Data, study: BranchStudy) -> dict[str, Value]:
    """Name the branches as the client does; without a name their id must do."""
    known: dict[str, Value] = {}
    if study.by == "store":
        known = store_names(data)
    elif study.by == "touchpoint":
        known = {point.id: point.name for point in report.engagement.touchpoints}
    found = study.disclosure
    return {
        branch: known.get(branch) or category(study.by, branch)
        for branch in (*found.shown, *found.few, *found.withheld)
    }


def values(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> dict[str, Value]:
    """Give what sentences on the comparison ask for."""
    engagement, found = report.engagement, study.disclosure
    first = next(iter(study.leagues))
    league = study.leagues[first]
    apart = [entry for entry in league.entries if entry.place == "far_outside"]
    near = [entry.unit for entry in league.entries if entry.place == "outside"]
    above = [entry.unit for entry in apart if entry.adjusted.value > league.overall]
    below = [entry.unit for entry in apart if entry.unit not in above]
    top, last = league.entries[0], league.entries[-1]
    hidden = [*found.few, *found.withheld]
    return {
        "units": phrase(f"branches.units.{study.by}"),
        "all_units": phrase(f"branches.count.{study.by}", n=len(found.shown) + len(hidden)),
        "shown_units": phrase(f"branches.count.{study.by}", n=len(found.shown)),
        "changed_units": phrase(f"branches.count.{study.by}", n=len(study.changes)),
        "metric": phrase(f"who.metric.{first}"),
        "measures": Joined(tuple(phrase(f"who.metric.{kind}") for kind in study.leagues)),
        "n_units": len(found.shown), "n_all": len(found.shown) + len(hidden),
        "n_hidden": len(hidden), "hidden": _listed(names, hidden),
        "n_few": len(found.few), "n_withheld": len(found.withheld),
        "floor": engagement.minimum_cell, "n": study.n, "n_unnamed": study.unnamed,
        "overall": Num(league.overall, league.unit),
        "expected": Num(league.expected_outside, "points"),
        "expected_far": Num(league.expected_far, "rating"),
        "n_apart": len(apart), "apart": _listed(names, [*above, *below]),
        "n_below": len(below), "above": _listed(names, above), "below": _listed(names, below),
        "near": _listed(names, near),
        "spread_p": Num(league.spread_p, "p_value"),
        "top": names[top.unit], "top_low": top.rank_lower, "top_high": top.rank_upper,
        "last": names[last.unit], "last_low": last.rank_lower, "last_high": last.rank_upper,
        "narrow": Num(LIMITS[0], "share"), "wide": Num(LIMITS[1], "share"),
        "n_changes": len(study.changes),
        "n_moved": sum(each.moved != "unclear" for each in study.changes),
        "up": _listed(names, [each.unit for each in study.changes if each.moved == "up"]),
        "down": _listed(names, [each.unit for each in study.changes if each.moved == "down"]),
        "before_start": scope.period_values(engagement.baseline)["start"],
        "before_end": scope.period_values(engagement.baseline)["end"],
        **scope.period_values(engagement.review),
    }  # fmt: skip


def case(study: BranchStudy) -> str:
    """Say which words fit: "some" branches stand apart from the rest, or "none" does.

    Apart is who lies beyond the wider limits; one in twenty lies between the two by chance.
    """
    league = next(iter(study.leagues.values()))
    return "some" if any(entry.place == "far_outside" for entry in league.entries) else "none"


def section(
    report: Report,
    study: BranchStudy,
    names: Mapping[str, Value],
    part: Literal["places", "changes"],
) -> Block:
    """Open a section whose title depends on what was found."""
    said = values(report, study, names)
    found = case(study) if part == "places" else _moves(study)
    headline = Phrase(f"branches.{part}.head_{found}", said)
    return report.section(f"branches.{part}", "descriptive", headline=headline, **said)


def funnel(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Draw the first measure's funnel plot."""
    said = values(report, study, names)
    league = next(iter(study.leagues.values()))
    adjusted = "plain" if study.by in PLAIN else "adjusted"
    return report.figure(
        "branches.funnel",
        funnel_of(
            league, names, metric=said["metric"], answers="branches.axis.answers",
            score=f"branches.axis.{adjusted}",
        ),
        title=Phrase(f"branches.funnel.title_{case(study)}", said),
        subtitle=Phrase(f"branches.funnel.subtitle_{adjusted}", said),
        source=Phrase("branches.funnel.source", said),
        alt=Phrase("branches.funnel.alt", said),
    )  # fmt: skip


def rank_table(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Show each branch's score of the first measure and its rank interval in every measure."""
    said = values(report, study, names)
    first, league = next(iter(study.leagues.items()))
    places = {kind: _by_unit(found) for kind, found in study.leagues.items()}
    rows: list[tuple[Cell, ...]] = [
        (
            names[entry.unit],
            entry.adjusted,
            phrase("cell.interval", value=entry.adjusted),
            *(
                phrase(
                    "cell.ranks", low=places[kind][entry.unit].rank_lower,
                    high=places[kind][entry.unit].rank_upper,
                )
                for kind in study.leagues
            ),
            study.responses.get(entry.unit),
            Num(entry.adjusted.n_obs),
        )
        for entry in league.entries
    ]  # fmt: skip
    heads = [
        Column(f"branches.head.{study.by}", "text"), Column(f"branches.score.{first}"),
        Column("groups.league.adjusted_ci"),
        *(Column(f"branches.rank.{kind}") for kind in study.leagues),
        Column("branches.head.response"), Column("branches.head.n"),
    ]  # fmt: skip
    return report.table(
        "branches.ranks",
        Table(
            title=Phrase("branches.ranks.title", said),
            subtitle=Phrase("branches.ranks.subtitle", said),
            source=Phrase("branches.ranks.source", said),
            columns=heads,
            rows=rows,
        ),
    )


def change_table(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Show how each branch's score changed since the period before."""
    said = values(report, study, names)
    if not study.changes:
        return report.items("branches.changes.none", [Phrase("branches.changes.none", said)],
                            role="note")  # fmt: skip
    unit = next(iter(study.leagues.values())).unit
    rows: list[tuple[Cell, ...]] = [
        (
            names[each.unit], Num(each.before, unit), Num(each.after, unit),
            phrase("groups.signed", difference=each.change),
            phrase("groups.signed_interval", difference=each.change),
            Num(each.change.p_value or 0.0, "p_value"), Num(each.change.n_obs),
            _moved(each.moved),
        )
        for each in study.changes
    ]  # fmt: skip
    names_of = ("before", "after", "change", "change_ci", "p_value", "n_both")
    return report.table(
        "branches.change_table",
        Table(
            title=Phrase(f"branches.changes.title_{_moves(study)}", said),
            subtitle=Phrase("branches.changes.subtitle", said),
            source=Phrase("branches.changes.source", said),
            columns=[
                Column(f"branches.head.{study.by}", "text"),
                *(Column(f"branches.head.{name}") for name in names_of),
                Column("branches.head.moved", "text"),
            ],
            rows=rows,
        ),
    )


def say_places(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Say who stands apart from the rest beyond chance."""
    return report.say(
        f"branches.places.{case(study)}", level="descriptive", grade=None,
        **values(report, study, names),
    )  # fmt: skip


def say_ranks(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Say how sure any rank is."""
    return report.say(
        "branches.order", level="descriptive", grade=None, **values(report, study, names)
    )


def say_changes(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Say which branches moved, and that the worst tend to look better by themselves."""
    return report.say(
        f"branches.moves.{_moves(study)}", level="descriptive", grade=None,
        **values(report, study, names),
    )  # fmt: skip


def limits(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """List what the comparison does not show."""
    kinds = ["why", "worst", "mix" if study.by not in PLAIN else "plain", "unnamed"]
    kinds += ["hidden"] if study.disclosure.few else []
    return scope.limits(
        report, [f"branches.limits.{kind}" for kind in kinds], **values(report, study, names)
    )


def answer(report: Report, study: BranchStudy, names: Mapping[str, Value]) -> Block:
    """Give the answer: who stands apart, how sure the order is, what to decide."""
    below = values(report, study, names)["n_below"]
    spread = next(iter(study.leagues.values())).spread_p < 1 - report.engagement.confidence_level
    rest = "spread" if spread else "alike"
    kind = f"branches.{'below' if below else 'above' if case(study) == 'some' else rest}"
    return report.answer(
        kind,
        reasons=[
            f"branches.places.{case(study)}", "branches.order", f"branches.moves.{_moves(study)}",
        ],
        decide=scope.decide_by(report.engagement),
        **values(report, study, names),
    )  # fmt: skip


def _moved(way: str) -> Cell:
    said = phrase(f"branches.moved.{way}")
    return Marked(said, MOVED[way]) if way in MOVED else said


def _moves(study: BranchStudy) -> str:
    if not study.changes:
        return "unknown"
    return "some" if any(each.moved != "unclear" for each in study.changes) else "none"


def _listed(names: Mapping[str, Value], branches: list[str]) -> Value:
    return Joined(tuple(names[branch] for branch in branches)) if branches else phrase("list.none")


def _by_unit(league: League) -> dict[str, LeagueEntry]:
    return {entry.unit: entry for entry in league.entries}
