"""What 04_roi_review says: from reviews and their worth to sections, tables and findings."""

from collections.abc import Mapping, Sequence
from math import fsum

import pandas as pd

from cxlib.decisions.benefits import measured_benefits
from cxlib.decisions.costs import CostLedger
from cxlib.decisions.drift import drift_left
from cxlib.decisions.initiatives import ComparedReview, PickedReview
from cxlib.decisions.worth import Worth, payback_day
from cxlib.report import scope
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_evidence import review_values, spans
from cxlib.report.roi_money import POINTS, money_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Joined, Month, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

ADVICE_STATUS: Mapping[str, Status] = {
    "keep": "good", "adjust": "watch", "stop": "bad", "test": "watch", "no_claim": "watch",
}  # fmt: skip
REASONS = ("effect", "money", "picked", "actions", "baseline")
"""Findings the answer may give as reasons, the first three that were said."""


def decision_section(report: Report, worths: Sequence[Worth], *, decide_by: Day) -> Block:
    """Open with what should be decided."""
    return report.section(
        "roi_review.decision",
        "prescriptive",
        n=len(worths),
        n_valued=sum(worth.claim == "valued" for worth in worths),
        cost=_money(fsum(worth.costs.total_hkd for worth in worths)),
        until=Day(report.engagement.review.end),
        by=decide_by,
    )


def decision_table(report: Report, worths: Sequence[Worth]) -> Block:
    """Show each initiative's advice, change, evidence, value and cost."""
    rows: list[tuple[Cell, ...]] = []
    for worth in worths:
        review, roi = worth.review, worth.roi
        rows.append(
            (
                review.initiative.name,
                Marked(phrase(f"roi_review.advice.{worth.advice}"), ADVICE_STATUS[worth.advice]),
                phrase("roi_review.cell.effect", value=review.observed),
                phrase("roi_review.cell.effect", value=review.effect),
                review.grade,
                phrase("roi_review.cell.value", value=roi.npv)
                if roi
                else phrase(f"roi_review.claim.{worth.claim}"),
                _money(worth.costs.total_hkd),
            )
        )
    heads = ("initiative", "advice", "observed", "effect", "evidence", "npv", "cost")
    texts = {"advice", "observed", "effect", "npv"}
    return report.table(
        "roi_review.decision.table",
        Table(
            title=phrase(
                "roi_review.decision.table",
                n=len(worths),
                n_valued=sum(worth.claim == "valued" for worth in worths),
            ),
            subtitle=Phrase("roi_review.decision.subtitle", spans(report)),
            source=Phrase("roi_review.decision.source", POINTS),
            columns=[
                Column(f"roi_review.decision.{head}", "text" if head in texts else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def scope_section(report: Report, *, months: pd.DataFrame, margins: pd.DataFrame) -> Block:
    """Say what the review rests on: stores, months, orders of the review."""
    return report.section(
        "roi_review.scope",
        "descriptive",
        stores=int(months["store"].nunique()),
        months=int(months["month"].nunique()),
        orders=int(margins["n"].sum()),
        **spans(report),
    )


def cost_table(report: Report, worths: Sequence[Worth]) -> Block:
    """Show every cost by initiative and category."""
    rows: list[tuple[Cell, ...]] = []
    for worth in worths:
        name = worth.review.initiative.name
        for category, amount in worth.costs.by_category:
            once = _paid(worth.costs, category)
            label = phrase(
                "roi_review.costs.row", name=name, category=phrase(f"roi_review.costs.{category}")
            )
            rows.append((label, _money(once), _money(amount - once), _money(amount)))
        total = worth.costs.total_hkd
        once = worth.costs.one_off_hkd
        label = phrase("roi_review.costs.sum", name=name)
        rows.append((label, _money(once), _money(total - once), _money(total)))
    return report.table(
        "roi_review.costs.table",
        Table(
            title=Phrase("roi_review.costs.table", _cost_values(report, worths)),
            subtitle=Phrase("roi_review.costs.subtitle", spans(report)),
            source=phrase("roi_review.costs.source", n=sum(len(w.costs.lines) for w in worths)),
            columns=[
                Column(f"roi_review.costs.{head}")
                for head in ("head", "one_off", "recurring", "total")
            ],
            rows=rows,
        ),
    )


def steps_section(report: Report, worths: Sequence[Worth], *, decide_by: Day) -> Block:
    """Open what we would do."""
    return report.section("roi_review.steps", "prescriptive", n=len(worths), by=decide_by)


def actions_list(report: Report, worths: Sequence[Worth], *, decide_by: Day) -> Block:
    """List what we would do, with owner, date and effect."""
    return report.items(
        "roi_review.steps.list",
        [
            Phrase(
                f"roi_review.step.{_wording(worth)}",
                {
                    **review_values(report, worth.review),
                    "by": decide_by,
                    "cost": _money(worth.costs.total_hkd),
                    "npv": worth.roi.npv if worth.roi else Num(0.0, "currency"),
                    "break_even": Num((worth.roi and worth.roi.break_even_effect) or 0.0, "pp"),
                },
            )
            for worth in worths
        ],
    )


def limits_section(
    report: Report, review: ComparedReview | None, picked: PickedReview | None
) -> Block:
    """Open what the review cannot show."""
    return report.section("roi_review.limits", n=len(_limits(review, picked)))


def limit_list(report: Report, review: ComparedReview | None, picked: PickedReview | None) -> Block:
    """List what the review cannot show."""
    values = spans(report)
    if picked is not None:
        values |= {f"picked_{k}": v for k, v in review_values(report, picked).items()}
    if review is not None:
        values |= review_values(report, review)
    return scope.limits(report, _limits(review, picked), **values)


def _limits(review: ComparedReview | None, picked: PickedReview | None) -> list[str]:
    counted = review is not None and measured_benefits(review.initiative)
    keys = ["horizon", "taken" if counted else "other_benefits"]
    if review is not None:
        drift = ["drift"] if drift_left(review.impact) is not None else []
        keys = ["apart" if review.impact.separable else "package", "stores", *drift, *keys]
    if picked is not None:
        keys.append("picked")
    return [f"roi_review.limits.{key}" for key in keys]


def answer(report: Report, worths: Sequence[Worth], worth: Worth, *, decide_by: Day) -> Block:
    """Give the review's answer, three reasons and the decision wanted."""
    others = tuple(
        each.review.initiative.name for each in worths if each is not worth and each.roi is None
    )
    reasons: list[str] = []
    for reason in REASONS:
        reasons += [key for key in report.findings if key.startswith(f"roi_review.{reason}.")][:1]
    day = payback_day(worth)
    return report.answer(
        f"roi_review.summary_{_wording(worth)}",
        reasons=reasons[:3],
        others=phrase(f"roi_review.others_{'some' if others else 'none'}", names=Joined(others)),
        by=decide_by,
        payback_month=Month(day) if day else phrase("roi_review.not_paid_back"),
        **money_values(report, worth),
    )


def ledger_content(worths: Sequence[Worth]) -> Mapping[str, object]:
    """What later notebooks read: effect, interval, grade and money figures per initiative."""
    found = {}
    for worth in worths:
        review, roi = worth.review, worth.roi
        found[review.initiative.id] = {
            "outcome": review.initiative.outcome,
            "effect": _plain(review.effect),
            "before_after": _plain(review.observed),
            "grade": review.grade,
            "reason": review.impact.reason,
            "advice": worth.advice,
            "claim": worth.claim,
            "cost_hkd": worth.costs.total_hkd,
            "npv": {
                "value": roi.npv.value, "low": roi.npv.ci_lower, "high": roi.npv.ci_upper,
                "horizon_months": roi.horizon_months, "payback_month": roi.payback_month,
                "roi": roi.roi, "irr": roi.irr, "probability_of_loss": roi.probability_of_loss,
                "break_even_effect": roi.break_even_effect, "money": roi.money,
            } if roi else None,
            **_ahead(worth),
        }  # fmt: skip
    return found


def _ahead(worth: Worth) -> dict[str, object]:
    """What going on is worth, and which input is most worth knowing."""
    outcomes = worth.outcomes
    if outcomes is None or outcomes.onward is None:
        return {"onward": None, "measure_next": None}
    first = outcomes.knowledge[0]
    return {
        "onward": {
            "value": outcomes.onward.value, "low": outcomes.onward.ci_lower,
            "high": outcomes.onward.ci_upper, "probability_of_loss": outcomes.onward_loss,
        },
        "measure_next": {
            "input": first.name, "worth_hkd": first.worth,
            "worth_of_all_hkd": outcomes.worth_of_knowing_all,
        },
    }  # fmt: skip


def _wording(worth: Worth) -> str:
    """Tell a test that follows a value from one that follows none."""
    return "test_valued" if worth.advice == "test" and worth.roi else worth.advice


def _plain(estimate: Estimate) -> dict[str, object]:
    return {
        "value": estimate.value, "ci_lower": estimate.ci_lower, "ci_upper": estimate.ci_upper,
        "n_obs": estimate.n_obs, "unit": estimate.unit,
    }  # fmt: skip


def _money(amount: float) -> Num:
    """What was paid, to the dollar: the lines of a ledger add up."""
    return Num(amount, "dollars")


def _paid(costs: CostLedger, category: str) -> float:
    """One-off payments of a category."""
    return fsum(
        line.amount_hkd
        for line in costs.lines
        if line.category == category and line.kind == "one_off"
    )


def _cost_values(report: Report, worths: Sequence[Worth]) -> dict[str, Value]:
    largest = max(worths, key=lambda worth: worth.costs.total_hkd)
    total = fsum(worth.costs.total_hkd for worth in worths)
    return {
        "total": _money(total),
        "n": len(worths),
        "name": largest.review.initiative.name,
        "share": Num(largest.costs.total_hkd / total if total else 0.0, "share"),
        "until": Day(report.engagement.review.end),
    }
