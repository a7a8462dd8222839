"""What a diagnosis shows of loyalty: expectation against experience, repurchase, the bucket."""

from cxlib.measures.bucket import LeakyBucket
from cxlib.measures.loyalty import Gap, Gaps, Purchases
from cxlib.measures.reading import Reading
from cxlib.report.blocks import Block
from cxlib.report.readings import COLUMNS, not_measured, nothing, reading_row, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

RATE = "loyalty.cell.rate"


def section(report: Report, gaps: Gaps | None, bought: Purchases | None) -> Block:
    """Open the section with repurchase, else with the gap."""
    if bought is not None and bought.repurchase.estimate is not None:
        return report.section(
            f"loyalty.section_{bought.basis}",
            "descriptive",
            again=bought.repurchase.estimate,
            within=bought.within_days,
            first=Day(bought.first_day),
            **period_values(bought.period),
        )
    if gaps is not None and gaps.overall.gap.estimate is not None:
        return report.section(
            "loyalty.gap_only" if bought is None else "loyalty.gap_few",
            "descriptive",
            gap=gaps.overall.gap.estimate,
            **period_values(gaps.period),
        )
    if bought is not None:
        return report.section("loyalty.few", "descriptive", **period_values(bought.period))
    return report.section("loyalty.absent")


def tables(
    report: Report,
    gaps: Gaps | None,
    bought: Purchases | None,
    bucket: LeakyBucket | None,
    nps: Estimate | None = None,
) -> Block:
    """Show the scorecard after the purchase, the gap by touchpoint and the leaky bucket."""
    blocks = []
    if bought is not None:
        blocks.append(_scorecard(report, gaps, bought, nps))
    if gaps is not None:
        blocks.append(_gap_table(report, gaps))
    if bought is not None and bucket is not None:
        blocks.append(_bucket_table(report, bought, bucket))
    if not blocks:
        return nothing(report, "loyalty.tables")
    return report.together("loyalty.tables", blocks)


def _scorecard(report: Report, gaps: Gaps | None, bought: Purchases, nps: Estimate | None) -> Block:
    values: dict[str, Value] = {
        "within": bought.within_days, "active": bought.active_days, "base": bought.n_base,
        "per": 100, "young": bought.n_young, "new": bought.n_new,
        "earlier": bought.n_earlier, "first": Day(bought.first_day),
    }  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    if gaps is not None:
        rows += [
            reading_row(gaps.overall.gap, words="loyalty", cell="loyalty.cell.gap"),
            reading_row(gaps.overall.met, words="loyalty"),
        ]
    if nps is not None:
        rows.append(
            reading_row(Reading(name="nps", estimate=nps, better="higher"), words="loyalty")
        )
    rows += [
        reading_row(reading, words="loyalty", cell=cell, values=values)
        for reading, cell in (
            (bought.repurchase, ""),
            (bought.referral_new, ""),
            (bought.referral_base, RATE),
            (bought.churn, ""),
            (bought.revenue_churn, ""),
        )
        if reading is not None
    ]
    referred = bought.referral_new.estimate if bought.referral_new else None
    shown = {
        **values,
        **period_values(bought.period),
        "referred": referred or phrase("number.hidden"),
        "churn_note": churn_note(bought),
    }
    return report.table(
        "loyalty.scorecard",
        Table(
            title=Phrase(
                f"loyalty.scorecard_{bought.basis}" if referred else "loyalty.scorecard_plain",
                shown,
            ),
            subtitle=Phrase("loyalty.scorecard.subtitle", shown),
            source=Phrase(f"loyalty.scorecard.source_{bought.basis}", shown),
            columns=COLUMNS,
            rows=rows,
        ),
    )


def churn_note(bought: Purchases) -> Phrase:
    """Say who counts as lost, or why churn is not measured."""
    if bought.reason == "short_history":
        return phrase(
            "loyalty.churn.short_history", first=Day(bought.first_day), active=bought.active_days
        )
    if bought.reason == "too_few":
        return phrase("loyalty.churn.too_few", base=bought.n_base)
    return phrase(
        "loyalty.churn.measured",
        base=bought.n_base,
        gained=bought.n_gained,
    )


def _gap_table(report: Report, gaps: Gaps) -> Block:
    names = report.engagement.touchpoint_names()

    def row(gap: Gap, name: Value) -> tuple[Cell, ...]:
        return (
            name,
            *value_cells(gap.gap.estimate, cell="loyalty.cell.gap"),
            *value_cells(gap.met.estimate),
            Num(gap.n_pairs),
            Num(gap.only_experience + gap.only_expectation),
            phrase(f"loyalty.side.{gap.side}"),
        )

    heads = ("touchpoint", "gap", "gap_ci", "met", "met_ci", "n", "unmatched", "side")
    values = gap_values(report, gaps)
    return report.table(
        "loyalty.gaps",
        Table(
            title=Phrase(
                "loyalty.gaps.shortfall"
                if _shortfalls(gaps)
                else f"loyalty.gaps.{gaps.overall.side}",
                values,
            ),
            subtitle=Phrase("loyalty.gaps.subtitle", values),
            source=Phrase("loyalty.gaps.source", values),
            columns=[
                Column(f"loyalty.gaps.{head}", "text" if head in {"touchpoint", "side"} else "num")
                for head in heads
            ],
            rows=[
                *(row(gap, names.get(gap.group, gap.group)) for gap in gaps.points),
                row(gaps.overall, phrase("loyalty.gaps.all")),
            ],
        ),
    )


def gap_values(report: Report, gaps: Gaps) -> dict[str, Value]:
    """The gap of all touchpoints, and those clearly below and above expectation."""
    names = report.engagement.touchpoint_names()
    listed = {
        side: Joined(tuple(names.get(gap.group, gap.group) for gap in found))
        if (found := [gap for gap in gaps.points if gap.side == side])
        else phrase("list.none")
        for side in ("below", "above")
    }
    worst = gaps.points[0]
    return {
        "worst": names.get(worst.group, worst.group),
        "worst_gap": worst.gap.estimate or phrase("number.hidden"),
        "gap": gaps.overall.gap.estimate or phrase("number.hidden"),
        "met": gaps.overall.met.estimate or phrase("number.hidden"),
        "pairs": gaps.overall.n_pairs,
        "unmatched": gaps.overall.only_experience + gaps.overall.only_expectation,
        "points": len(gaps.points),
        **listed,
        **period_values(gaps.period),
    }


def gap_finding(report: Report, gaps: Gaps | None) -> Block:
    """Say where experience lies below or above what customers expected."""
    if gaps is None or gaps.overall.gap.estimate is None:
        return not_measured(report, "loyalty.gaps.finding", ["answers"])
    return report.say(
        f"loyalty.gaps.finding_{'short' if _shortfalls(gaps) else 'none'}",
        level="descriptive",
        grade=None,
        **gap_values(report, gaps),
    )


def _shortfalls(gaps: Gaps) -> bool:
    return any(gap.side == "below" for gap in gaps.points)


def purchase_finding(report: Report, bought: Purchases | None) -> Block:
    """Say how many new customers came back, and how many came through a friend."""
    if bought is None or bought.repurchase.estimate is None:
        return not_measured(report, "loyalty.purchases.finding", ["orders"])
    values: dict[str, Value] = {
        "again": bought.repurchase.estimate,
        "within": bought.within_days,
        "first": Day(bought.first_day),
        **period_values(bought.period),
    }
    referred = bought.referral_new.estimate if bought.referral_new else None
    if referred is None:
        return report.say(
            f"loyalty.purchases.finding_{bought.basis}", level="descriptive", grade=None, **values
        )
    return report.say(
        f"loyalty.purchases.finding_referred_{bought.basis}",
        level="descriptive",
        grade=None,
        referred=referred,
        **values,
    )


def findings(report: Report, gaps: Gaps | None, bought: Purchases | None) -> Block:
    """Say what the measures that are there show, each in one sentence."""
    said = [
        block
        for block in (gap_finding(report, gaps), purchase_finding(report, bought))
        if block.role == "finding"
    ]
    if not said:
        return nothing(report, "loyalty.findings")
    return report.together("loyalty.findings", said)


def _bucket_table(report: Report, bought: Purchases, bucket: LeakyBucket) -> Block:
    today, *others = bucket.buckets
    labels: list[Phrase] = [
        phrase("loyalty.bucket.today"),
        *(phrase("loyalty.bucket.fewer", fewer=Num(share, "share")) for share in bucket.reductions),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            Num(one.churn, "share"),
            Num(one.steady_state),
            Num(one.equivalent_share, "share") if one is not today else None,
            Num(one.equivalent_customers) if one is not today else None,
        )
        for label, one in zip(labels, bucket.buckets, strict=True)
    ]
    values: dict[str, Value] = {
        "churn": bucket.churn,
        "steady": bucket.steady,
        "base": bucket.base,
        "acquired": bucket.acquired,
        "fewer": Num(bucket.reductions[0], "share"),
        "extra": Num(others[0].equivalent_share, "share"),
        "extra_customers": Num(others[0].equivalent_customers),
        "periods": len(bucket.path) - 1,
        "later": Num(bucket.path[-1]),
        "active": bought.active_days,
        **period_values(bought.period),
    }
    heads = ("case", "churn", "steady", "extra", "extra_customers")
    return report.table(
        "loyalty.bucket",
        Table(
            title=Phrase("loyalty.bucket", values),
            subtitle=Phrase("loyalty.bucket.subtitle", values),
            source=Phrase("loyalty.bucket.source", values),
            columns=[
                Column(f"loyalty.bucket.{head}", "num" if place else "text")
                for place, head in enumerate(heads)
            ],
            rows=rows,
        ),
    )
