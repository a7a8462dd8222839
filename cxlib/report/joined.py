"""What 01_diagnosis shows of the 360-degree view: match, duplicates, coverage and bias."""

from cxlib.measures.joined import CustomerJoin, SourceMatch
from cxlib.report.blocks import Block
from cxlib.report.readings import not_measured, nothing
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.who_answered import category
from cxlib.report.writer import Num, Phrase, Value, phrase


def section(report: Report, found: CustomerJoin | None) -> Block:
    """Open the section with the source that joins least, or say why nothing is joined."""
    if found is None:
        return report.section("joined.absent", "descriptive")
    worst = _worst(found)
    if worst is None or worst.rate is None:
        return report.section("joined.few", "descriptive", **_values(report, found))
    return report.section("joined", "descriptive", **_values(report, found))


def tables(report: Report, found: CustomerJoin | None) -> Block:
    """Show how each source joins, and which share of customers each one has seen."""
    if found is None:
        return nothing(report, "joined.tables")
    return report.together(
        "joined.tables", [match_table(report, found), coverage_table(report, found)]
    )


def match_table(report: Report, found: CustomerJoin) -> Block:
    """Show rows, customers, match rate and loss of every source."""
    values = _values(report, found)
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(f"table.{match.source}"),
            Num(match.n_rows),
            Num(match.n_without_id),
            Num(match.n_customers),
            Num(match.n_matched) if match.rate else None,
            match.rate or phrase("number.hidden"),
            phrase("cell.interval", value=match.rate) if match.rate else None,
            Num(match.n_lost),
        )
        for match in found.matches
    ]
    heads = ("source_name", "rows", "without", "customers", "matched", "rate", "rate_ci", "lost")
    return report.table(
        "joined.match",
        Table(
            title=Phrase(
                "joined.match.title_lost" if _lost(found) else "joined.match.title", values
            ),
            subtitle=Phrase("joined.match.subtitle", values),
            source=Phrase("joined.match.source", values),
            columns=[
                Column(f"joined.match.{head}", "num" if n else "text")
                for n, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )


def coverage_table(report: Report, found: CustomerJoin) -> Block:
    """Show the share of the customer table that each source has seen, by segment."""
    names = [match.source for match in found.matches]
    rows: list[tuple[Cell, ...]] = []
    for each in found.coverage:
        label: Value = category("segment", each.group) if each.group else phrase("joined.everyone")
        if each.n_customers is None:
            rows.append((label, phrase("number.hidden"), *[None] * len(names)))
            continue
        shares = [Num(each.shares[name], "share") for name in names]
        rows.append((label, Num(each.n_customers), *shares))
    values = _values(report, found)
    return report.table(
        "joined.coverage",
        Table(
            title=Phrase("joined.coverage.title", values),
            subtitle=Phrase("joined.coverage.subtitle", values),
            source=Phrase("joined.coverage.source", values),
            columns=[
                Column("joined.coverage.segment", "text"),
                Column("joined.coverage.n"),
                *(Column(f"joined.seen.{name}") for name in names),
            ],
            rows=rows,
        ),
    )


def finding(report: Report, found: CustomerJoin | None) -> Block:
    """Say how the headline score changes when only matched answers count."""
    if found is None:
        return not_measured(report, "joined.finding", ["customers"])
    score = found.score
    if score is None or score.everyone is None:
        return nothing(report, "joined.finding")
    values: dict[str, Value] = {
        "metric": phrase(f"who.metric.{score.metric}"),
        "everyone": score.everyone,
        "lost": score.n_lost,
        "floor": report.engagement.minimum_cell,
        **period_values(found.period),
    }
    if score.matched is not None and score.bias is not None:
        values |= {"matched": score.matched, "bias": score.bias}
        clear = "clear" if score.bias.excludes(0.0) else "unclear"
        return report.say(f"joined.bias_{clear}", level="descriptive", grade=None, **values)
    return report.say(f"joined.{score.case}", level="descriptive", grade=None, **values)


def _values(report: Report, found: CustomerJoin) -> dict[str, Value]:
    worst = _worst(found)
    seen = found.coverage[0].shares
    least = min(seen, key=lambda name: seen[name])
    return {
        "customers": found.n_rows,
        "repeated": found.n_repeated,
        "alike": found.n_alike,
        "duplicates": Num(found.duplicate_share, "share"),
        "worst": phrase(f"table.{worst.source}") if worst else phrase("list.none"),
        "rate": worst.rate if worst and worst.rate else phrase("number.hidden"),
        "lost": _lost(found),
        "least": phrase(f"joined.said.{least}"),
        "least_share": Num(seen[least], "share"),
        "floor": report.engagement.minimum_cell,
        **period_values(found.period),
    }


def _worst(found: CustomerJoin) -> SourceMatch | None:
    shown = [match for match in found.matches if match.rate]
    return min(shown, key=lambda match: match.rate.value if match.rate else 1.0, default=None)


def _lost(found: CustomerJoin) -> int:
    return sum(match.n_lost for match in found.matches)
