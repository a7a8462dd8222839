"""Who answered: response by group, answers against invitations, scores weighted and not."""

from collections.abc import Mapping, Sequence

from cxlib.measures.audit import MarginAudit, WeightingStudy
from cxlib.measures.representativity import MarginShare
from cxlib.measures.response import ResponseRate
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.catalogue import catalogue
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase

AUDITED = ("segment", "channel")


def audit_table(report: Report, audits: Mapping[str, MarginAudit]) -> Block:
    """Show response and representativity of every segment and channel."""
    rows: list[tuple[Cell, ...]] = []
    shown: list[tuple[Value, ResponseRate]] = []
    for margin in AUDITED:
        if margin not in audits:
            continue
        shares = {share.category: share for share in audits[margin].shares}
        for rate in audits[margin].rates:
            name = category(margin, rate.group[0])
            rows.append((name, *_audit_cells(rate, shares.get(rate.group[0]))))
            if rate.rate is not None:
                shown.append((name, rate))
    if not shown:
        return none_block(report, "who.audit.none")
    low, high = (
        pick(shown, key=lambda pair: pair[1].rate.value if pair[1].rate else 0.0)
        for pick in (min, max)
    )
    values: dict[str, Value] = {
        "high_name": high[0], "high": high[1].rate or phrase("number.none"),
        "low_name": low[0], "low": low[1].rate or phrase("number.none"),
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }  # fmt: skip
    heads = ("group", "n", "rate", "rate_ci", "invited", "answered", "gap", "gap_ci")
    return report.table(
        "who.audit",
        Table(
            title=Phrase("who.audit.table", values),
            subtitle=Phrase("who.audit.subtitle", values),
            source=Phrase("who.audit.source", values),
            columns=[Column(f"who.audit.{head}") for head in heads],
            rows=rows,
        ),
    )


def _audit_cells(rate: ResponseRate, share: MarginShare | None) -> list[Cell]:
    if rate.rate is None:
        return [phrase("number.hidden"), *[None] * 6]
    cells: list[Cell] = [
        Num(rate.rate.n_obs), rate.rate, phrase("cell.interval", value=rate.rate),
    ]  # fmt: skip
    if share is None or share.difference is None:
        return [*cells, *[None] * 4]
    return [
        *cells,
        Num(share.invited_share or 0.0, "share"),
        Num(share.answered_share or 0.0, "share"),
        phrase("cell.signed", value=share.difference),
        phrase("cell.signed_interval", value=share.difference),
    ]


def store_chart(
    report: Report, audits: Mapping[str, MarginAudit], names: Mapping[str, Value]
) -> Block:
    """Draw the response rate of every store.

    Args:
        report: Takes the chart.
        audits: With the margin "store".
        names: Store to its name.
    """
    audit = audits.get("store")
    found = {} if audit is None else {r.group[0]: r.rate for r in audit.rates if r.rate is not None}
    if audit is None or len(found) <= 1:
        return none_block(report, "who.stores.none")
    low, high = (pick(found, key=lambda store: found[store].value) for pick in (min, max))
    answered = sum(rate.completed or 0 for rate in audit.rates)
    delivered = sum(rate.n_obs for rate in found.values())
    off = [
        share.category
        for share in audit.shares
        if share.difference is not None and share.difference.excludes(0.0)
    ]
    values: dict[str, Value] = {
        "low": found[low], "low_name": names.get(low, low),
        "high": found[high], "high_name": names.get(high, high),
        "n_stores": len(found), "n": delivered, "overall": Num(answered / delivered, "share"),
        "shares": phrase(
            "who.stores.some" if off else "who.stores.alike", n=len(off), n_stores=len(found),
            names=Joined(tuple(names.get(store, store) for store in off)),
        ),
        **period_values(report.engagement.baseline),
    }  # fmt: skip

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(names.get(rate.group[0], rate.group[0])),
                    estimate=rate.rate,
                    note=write(rate.delivered) if rate.delivered else rate.n_label,
                )
                for rate in audit.rates
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase("who.audit.rate")),
            note_head=write(phrase("who.audit.n")),
            reference=answered / delivered,
            reference_label=write(phrase("chart.overall")),
        )

    return report.figure(
        "who.stores",
        draw,
        title=Phrase("who.stores.chart", values),
        subtitle=Phrase("who.stores.subtitle", values),
        source=Phrase("who.stores.source", values),
        alt=Phrase("who.stores.alt", values),
    )


def weighting_table(report: Report, study: WeightingStudy) -> Block:
    """Show every score as answered and weighted to everyone invited, and what changes."""
    if not study.changes:
        return none_block(report, "who.weights.none" if study.margins else "who.weights.no_margin")
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(f"who.metric.{kind}"),
            change.unweighted,
            phrase("cell.interval", value=change.unweighted),
            change.weighted,
            phrase("cell.interval", value=change.weighted),
            phrase("cell.signed", value=change.change),
            phrase("cell.signed_interval", value=change.change),
            Num(change.unweighted.n_obs),
            Num(change.weights.effective_n),
        )
        for kind, change in study.changes.items()
    ]
    heads = (
        "score", "plain", "plain_ci", "weighted", "weighted_ci", "change", "change_ci", "n",
        "effective",
    )  # fmt: skip
    values = weighting_values(report, study)
    return report.table(
        "who.weights",
        Table(
            title=Phrase("who.weights.table", values),
            subtitle=Phrase("who.weights.subtitle", values),
            source=Phrase("who.weights.source", values),
            columns=[Column(f"who.weights.{head}") for head in heads],
            rows=rows,
        ),
    )


def weighting_values(report: Report, study: WeightingStudy) -> dict[str, Value]:
    """The first score before and after weighting, and what it was weighted to."""
    kind, change = next(iter(study.changes.items()))
    return {
        "metric": phrase(f"who.metric.{kind}"),
        "plain": change.unweighted, "weighted": change.weighted, "change": change.change,
        "n": change.unweighted.n_obs, "effective": Num(change.weights.effective_n),
        "margins": margin_names(study.margins),
        "lightest": Num(change.smallest_weight, "ratio"),
        "heaviest": Num(change.largest_weight, "ratio"),
        **period_values(report.engagement.baseline),
    }  # fmt: skip


def weighting_finding(
    report: Report, study: WeightingStudy, audits: Mapping[str, MarginAudit]
) -> Block:
    """Say who is over-represented among the answers and what weighting makes of the score."""
    if not study.changes:
        return none_block(report, "who.weights.none" if study.margins else "who.weights.no_margin")
    gaps = [
        (share.difference, share)
        for margin in AUDITED
        if margin in audits
        for share in audits[margin].shares
        if share.difference is not None and share.difference.excludes(0.0)
    ]
    mirror: Phrase = phrase("who.finding.mirror")
    if gaps:
        _, most = max(gaps, key=lambda pair: pair[0].value)
        mirror = phrase(
            "who.finding.over",
            name=category(most.margin, most.category),
            invited=Num(most.invited_share or 0.0, "share"),
            answered=Num(most.answered_share or 0.0, "share"),
        )
    return report.say(
        "who.finding",
        level="descriptive",
        grade=None,
        mirror=mirror,
        **weighting_values(report, study),
    )


def category(margin: str, value: str) -> Value:
    """Name a category: the catalogue's word where there is one, else the client's own value."""
    key = f"who.{margin}.{value}"
    return phrase(key) if key in catalogue("en") else value


def margin_names(margins: Sequence[str]) -> Value:
    """Name what answers are weighted to: "segment and channel"."""
    return phrase(f"who.margins.{'_'.join(margins)}")


def none_block(report: Report, key: str) -> Block:
    """Say in one sentence why something is not shown."""
    return report.items(key, [phrase(key, floor=report.engagement.minimum_cell)], role="note")
