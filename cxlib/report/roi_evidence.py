"""What 04_roi_review says of the evidence: baseline, comparison, checks, return to the mean."""

from collections.abc import Sequence
from datetime import timedelta

from cxlib.decisions.baseline import BaselineCheck
from cxlib.decisions.drift import drift_left
from cxlib.decisions.impact import CHECK_P_VALUE
from cxlib.decisions.initiatives import ComparedReview, PickedReview, Review
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate


def nothing(report: Report, key: str) -> Block:
    """Show nothing: the part does not apply to this engagement."""
    return Block("note", key, dict.fromkeys(report.languages, ""), report.live)


def direction(effect: Estimate) -> str:
    """Name the direction of an effect: up, down, or unclear where the interval holds 0."""
    if not effect.excludes(0):
        return "unclear"
    return "up" if effect.value > 0 else "down"


def review_values(report: Report, review: Review) -> dict[str, Value]:
    """What sentences about a review may use."""
    engagement, item = report.engagement, review.initiative
    values: dict[str, Value] = {
        "name": item.name, "owner": item.owner, "start": Day(item.start),
        "outcome": phrase(f"roi_review.outcome.{item.outcome}"),
        "effect": review.effect, "observed": review.observed,
        "evidence": phrase(f"grade.{review.grade}"),
        "n_other": review.n_with_other, "n_actions": len(item.actions),
        "actions": Joined(tuple(item.actions)),
        "before": Day(engagement.baseline.start), "until": Day(engagement.review.end),
    }  # fmt: skip
    if isinstance(review, ComparedReview):
        levels, impact = review.impact.levels, review.impact
        kind = "share" if impact.effect.unit == "pp" else impact.effect.unit
        values |= {
            "n_treated": impact.n_treated, "n_comparison": impact.n_comparison,
            "n_left_out": review.n_left_out, "n": impact.effect.n_obs, "n_after": review.n_after,
            "treated_before": Num(levels.treated_before, kind),
            "treated_after": Num(levels.treated_after, kind),
            "months": review.months_after,
        }  # fmt: skip
        if (drift := drift_left(impact)) is not None:
            values["drift"] = drift
        if impact.rel_effect is not None:
            values["relative"] = Num(impact.rel_effect.value, "share")
    else:
        found = review.impact.regression
        ratings = [p.estimate.n_obs for p in review.months if p.month >= review.impact.pick_start]
        values |= {
            "n_treated": found.n_picked, "n_comparison": found.n_others, "n": sum(ratings),
            "expected": Num(found.expected, found.observed.unit),
            "pick_start": Day(review.impact.pick_start),
            "pick_end": Day(item.start - timedelta(days=1)),
            "with_others": review.with_others or found.remaining,
            "span": Num(review.pick_months, "months"),
        }  # fmt: skip
    return values


def spans(report: Report) -> dict[str, Value]:
    """First and last days of baseline and review."""
    engagement = report.engagement
    return {
        "before": Day(engagement.baseline.start), "before_end": Day(engagement.baseline.end),
        "after": Day(engagement.review.start), "until": Day(engagement.review.end),
    }  # fmt: skip


def baseline_finding(report: Report, checks: Sequence[BaselineCheck]) -> Block:
    """Say that the data still give the frozen baseline."""
    if not checks:
        return report.say("roi_review.baseline.none", level="descriptive")
    check = checks[0]
    return report.say(
        "roi_review.baseline.finding",
        level="descriptive",
        grade=None,
        outcome=phrase(f"roi_review.outcome.{check.kpi}"),
        frozen=Num(check.frozen.value, check.frozen.unit),
        found=check.found,
        **period_values(check.period),
    )


def compare_section(report: Report, review: ComparedReview | None) -> Block:
    """Open the comparison with other stores."""
    if review is None:
        return report.section("roi_review.compare_none", **spans(report))
    alone = review.impact.rel_effect is None
    side = "alone" if alone else direction(review.effect)
    return report.section(
        f"roi_review.compare_{side}",
        "diagnostic",
        review.impact.grade,
        **review_values(report, review),
    )


def variants_table(report: Report, review: ComparedReview | None) -> Block:
    """Show plain before/after beside the estimates against comparison stores."""
    if review is None:
        return nothing(report, "roi_review.variants")
    rows: list[tuple[Cell, ...]] = [
        (
            phrase(f"roi_review.variant.{variant.key}"),
            phrase("cell.signed", value=variant.effect),
            phrase("cell.signed_interval", value=variant.effect),
            Num(variant.n_treated),
            Num(variant.n_comparison),
            Month(variant.first_month),
            Num(variant.effect.n_obs),
        )
        for variant in review.variants
    ]
    heads = ("name", "change", "interval", "treated", "comparison", "first_month", "n")
    key = "roi_review.variants" if review.impact.rel_effect else "roi_review.variants_plain"
    values = review_values(report, review)
    return report.table(
        "roi_review.variants",
        Table(
            title=Phrase(key, values),
            subtitle=Phrase("roi_review.variants.subtitle", values),
            source=Phrase(f"roi_review.variants.source_{review.comparison}", values),
            columns=[Column(f"roi_review.variants.{head}") for head in heads],
            rows=rows,
        ),
    )


def checks_table(report: Report, review: ComparedReview | None) -> Block:
    """Show what the comparison was put through, and whether it stood."""
    if review is None:
        return nothing(report, "roi_review.checks")
    checks = review.impact.checks
    rows: list[tuple[Cell, ...]] = []
    for check in checks:
        state = {True: "passed", False: "failed", None: "not_run"}[check.passed]
        status: Status = "good" if check.passed else ("bad" if check.decisive else "watch")
        rows.append(
            (
                phrase(f"roi_review.check.{check.key}"),
                phrase("cell.signed", value=check.estimate) if check.estimate else None,
                phrase("cell.signed_interval", value=check.estimate) if check.estimate else None,
                Num(check.p_value, "p_value") if check.p_value is not None else None,
                Marked(phrase(f"roi_review.check.{state}"), status),
            )
        )
    heads = ("name", "found", "interval", "p_value", "result")
    ran = [check for check in checks if check.key != "actions_separable"]
    return report.table(
        "roi_review.checks",
        Table(
            title=phrase(
                "roi_review.checks",
                passed=sum(check.passed is True for check in ran),
                n=len(ran),
                evidence=phrase(f"grade.{review.grade}"),
            ),
            subtitle=Phrase("roi_review.checks.subtitle", review_values(report, review)),
            source=phrase("roi_review.checks.source", threshold=Num(CHECK_P_VALUE, "ratio")),
            columns=[Column(f"roi_review.checks.{head}") for head in heads],
            rows=rows,
        ),
    )


def effect_finding(report: Report, review: ComparedReview | None) -> Block:
    """Say what may be credited to the initiative, in the words its grade allows."""
    if review is None:
        return nothing(report, "roi_review.effect.finding")
    grade = review.grade
    side = "any" if grade == "D" else direction(review.effect)
    key = f"roi_review.effect.{grade}_{side}"
    if review.impact.method == "interrupted":
        key = f"roi_causal.series.{side}"
    return report.say(
        key,
        level="diagnostic",
        grade=grade,
        **review_values(report, review),
    )


def actions_finding(report: Report, review: ComparedReview | None) -> Block:
    """Say whether the effect can be credited to one action."""
    if review is None:
        return nothing(report, "roi_review.actions.finding")
    values = review_values(report, review)
    if review.impact.separable:
        return report.say("roi_review.actions.one", level="diagnostic", grade=None, **values)
    return report.say("roi_review.actions.several", level="diagnostic", grade="D", **values)


def picked_section(report: Report, review: PickedReview | None) -> Block:
    """Open the part on units picked for low scores."""
    if review is None:
        return report.section("roi_review.picked_none", n=len(report.engagement.initiatives))
    values = review_values(report, review)
    return report.section("roi_review.picked", "diagnostic", **values)


def picked_table(report: Report, review: PickedReview | None) -> Block:
    """Split the observed gain into the part expected with no action and the rest."""
    if review is None:
        return nothing(report, "roi_review.split")
    found = review.impact.regression
    rows: list[tuple[Cell, ...]] = [
        _split_row("observed", found.observed),
        (
            phrase("roi_review.split.expected"),
            phrase("roi_review.cell.signed", value=Num(found.expected, found.observed.unit)),
            None,
            phrase("roi_review.split.expected_how", slope=Num(found.slope, "share")),
        ),
        _split_row("remaining", found.remaining),
    ]
    if review.with_others is not None:
        rows.append(_split_row("with_others", review.with_others))
    values = review_values(report, review)
    return report.table(
        "roi_review.split",
        Table(
            title=Phrase("roi_review.split", values),
            subtitle=Phrase("roi_review.split.subtitle", values),
            source=Phrase("roi_review.split.source", values),
            columns=[
                Column(f"roi_review.split.{head}", "text" if head == "how" else "num")
                for head in ("part", "change", "interval", "how")
            ],
            rows=rows,
        ),
    )


def _split_row(key: str, estimate: Estimate) -> tuple[Cell, ...]:
    return (
        phrase(f"roi_review.split.{key}"),
        phrase("cell.signed", value=estimate),
        phrase("cell.signed_interval", value=estimate),
        phrase(f"roi_review.split.{key}_how", n=estimate.n_obs),
    )


def picked_finding(report: Report, review: PickedReview | None) -> Block:
    """Say what is left once the return to the mean is taken out."""
    if review is None:
        return nothing(report, "roi_review.picked.finding")
    return report.say(
        f"roi_review.picked.{review.grade}",
        level="diagnostic",
        grade=review.grade,
        **review_values(report, review),
    )
