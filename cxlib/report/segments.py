"""What 01_diagnosis shows of customer segments: their profile, or why none is named."""

from cxlib.measures.segments import DOUBTFUL, KS, UNSTABLE, Segment, Segmentation
from cxlib.report.blocks import Block
from cxlib.report.readings import not_measured, nothing
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Phrase, Value, phrase


def section(report: Report, found: Segmentation | None) -> Block:
    """Open the section with the number of stable groups, or with the refusal."""
    if found is None:
        return report.section("segments.absent", "descriptive")
    return report.section(f"segments.{found.verdict}", "descriptive", **_values(report, found))


def profile_table(report: Report, found: Segmentation | None) -> Block:
    """Show size, recency, frequency, spend, stability and NPS of each stable segment."""
    if found is None or not found.segments:
        return nothing(report, "segments.table")
    rows: list[tuple[Cell, ...]] = [
        (
            name_of(segment),
            Num(segment.n_customers),
            phrase("segments.cell", value=segment.share),
            Num(segment.recency, "points"),
            Num(segment.frequency, "points"),
            Num(segment.money, "currency"),
            Num(segment.jaccard, "ratio"),
            phrase("segments.cell", value=segment.score)
            if segment.score
            else phrase("number.hidden"),
            Num(segment.score.n_obs) if segment.score else None,
        )
        for segment in found.segments
    ]
    heads = ("name", "n", "share", "recency", "frequency", "money", "jaccard", "nps", "answers")
    values = _values(report, found)
    return report.table(
        "segments.table",
        Table(
            title=Phrase("segments.table", values),
            subtitle=Phrase("segments.table.subtitle", values),
            source=Phrase("segments.table.source", values),
            columns=[
                Column(f"segments.table.{head}", "num" if n else "text")
                for n, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )


def finding(report: Report, found: Segmentation | None) -> Block:
    """Say which segment is the largest, or that groups are refused names and why."""
    if found is None:
        return not_measured(report, "segments.finding", ["orders"])
    key = "segments.finding" if found.segments else f"segments.finding_{found.verdict}"
    return report.say(key, level="descriptive", grade=None, **_values(report, found))


def name_of(segment: Segment) -> Value:
    """Name a segment by its traits; the second of the same traits is numbered."""
    name = phrase(f"segments.name.{segment.traits}")
    return name if segment.place == 1 else phrase("segments.again", name=name, place=segment.place)


def _values(report: Report, found: Segmentation) -> dict[str, Value]:
    values: dict[str, Value] = {
        "customers": found.n_customers,
        "until": Day(found.until),
        "groups": found.n_groups,
        "jaccard": Num(found.jaccard, "ratio"),
        "stable_from": Num(DOUBTFUL, "ratio"),
        "unstable_below": Num(UNSTABLE, "ratio"),
        "draws": found.n_draws,
        "references": found.n_references,
        "fewest": KS[0],
        "most": KS[-1],
        "scored": found.n_scored,
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }
    if found.segments:
        largest = found.segments[0]
        spends = max(found.segments, key=lambda segment: segment.money)
        values |= {
            "largest": name_of(largest),
            "largest_share": largest.share,
            "spender": name_of(spends),
            "spender_share": spends.share,
            "spent": Num(spends.money, "currency"),
        }
    return values
