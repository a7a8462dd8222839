"""What 04_roi_review says around the value: its sum, its streams, going on, what to measure."""

from collections.abc import Sequence
from datetime import timedelta

from cxlib.decisions.information import TOGETHER
from cxlib.decisions.value_steps import value_steps
from cxlib.decisions.worth import Worth
from cxlib.engagement.benefits import Benefit
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_evidence import nothing, review_values
from cxlib.report.roi_money import input_name, input_value, money_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Phrase, Value, Writer, phrase

STREAMS = ("more_purchases", "less_churn", "word_of_mouth")
"""The three ways in which a better experience earns, in the order they are shown."""
WORTH_A_LOOK = 0.01
"""Knowing everything must be worth this share of the costs for a study to be worth its while."""


def steps_chart(report: Report, worth: Worth) -> Block:
    """Draw the value as a sum: margin and costs, so far and to come."""
    if worth.roi is None:
        return nothing(report, "roi_worth.steps")
    roi, steps = worth.roi, value_steps(worth.roi)
    earned, paid = (
        sum(step.amount for step in steps if step.when == when) for when in ("so_far", "to_come")
    )
    values = money_values(report, worth) | {"so_far": _money(earned), "to_come": _money(paid)}

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.waterfall(
            [
                figures.WaterfallStep(
                    label=write(phrase(f"roi_worth.steps.{step.key}_{step.when}")),
                    amount=step.amount,
                    text=write(_money(step.amount)),
                    expected=step.when == "to_come",
                )
                for step in steps
            ],
            total_label=write(phrase("roi_review.figures.npv")),
            total_text=write(_money(roi.npv.value)),
            theme=theme,
            fmt=lambda value: write(_money(value)),
            axis_label=write(phrase(f"roi_worth.steps.axis_{roi.money}")),
        )

    return report.figure(
        "roi_worth.steps",
        draw,
        title=Phrase("roi_worth.steps", values),
        subtitle=Phrase("roi_worth.steps.subtitle", values),
        source=Phrase("roi_worth.steps.source", values),
        alt=Phrase("roi_worth.steps.alt", values),
    )


def streams_table(report: Report, worth: Worth) -> Block:
    """Show the three ways to earn: measured, assumed or absent, alone and as part of the whole."""
    if worth.roi is None:
        return nothing(report, "roi_worth.streams")
    roi = worth.wider or worth.roi
    parts = {part.key: part for part in roi.streams}
    stated: dict[str, Benefit] = {item.stream: item for item in worth.review.initiative.benefits}
    rows: list[tuple[Cell, ...]] = []
    for key in STREAMS:
        label = phrase(f"roi_worth.stream.{key}")
        if key not in parts:
            absent = phrase("roi_worth.streams.absent")
            rows.append((label, absent, None, None, phrase("roi_worth.streams.absent_from")))
            continue
        alone, part = _money(parts[key].alone), _money(parts[key].present_value)
        status, source = _evidence(report, worth, stated.get(key))
        rows.append((label, status, alone, part, source))
    values = money_values(report, worth) | {
        "measured": len(worth.roi.streams),
        "all": len(STREAMS),
        "together": _money(sum(part.present_value for part in roi.streams)),
    }
    return _table(
        report,
        "streams",
        values,
        columns={"way": "text", "status": "text", "alone": "num", "part": "num", "from": "text"},
        rows=rows,
    )


def wider_finding(report: Report, worth: Worth) -> Block:
    """Say what the assumed ways to earn would add; never part of the value itself."""
    if worth.roi is None or worth.wider is None:
        return nothing(report, "roi_worth.wider")
    values = money_values(report, worth) | {
        "wider": _money(worth.wider.npv.value),
        "wider_low": _money(worth.wider.npv.ci_lower),
        "wider_high": _money(worth.wider.npv.ci_upper),
        "more": _money(worth.wider.npv.value - worth.roi.npv.value),
    }
    return report.say("roi_worth.wider", level="predictive", grade="D", **values)


def onward_finding(report: Report, worth: Worth) -> Block:
    """Say what going on is worth from today: paid is paid."""
    if worth.roi is None or worth.outcomes is None or worth.outcomes.onward is None:
        return nothing(report, "roi_worth.onward")
    onward = worth.outcomes.onward
    values = money_values(report, worth) | {
        "onward": _money(onward.value),
        "onward_low": _money(onward.ci_lower),
        "onward_high": _money(onward.ci_upper),
        "onward_loss": Num(worth.outcomes.onward_loss, "share"),
        "left": worth.roi.horizon_months - worth.roi.observed_months,
        "today": Day(report.engagement.review.end + timedelta(days=1)),
    }
    return report.say("roi_worth.onward", level="predictive", grade=worth.roi.grade, **values)


def knowledge_table(report: Report, worth: Worth) -> Block:
    """Rank the inputs by what it is worth, at most, to know each before deciding to go on."""
    outcomes = worth.outcomes
    if worth.roi is None or outcomes is None or outcomes.onward is None:
        return nothing(report, "roi_worth.knowledge")
    rows: list[tuple[Cell, ...]] = [
        (input_name(item.name), _money(item.worth), phrase(f"roi_worth.measure.{item.name}"))
        for item in outcomes.knowledge
    ]
    rows.append(
        (
            phrase("roi_worth.knowledge.everything"),
            _money(outcomes.worth_of_knowing_all),
            phrase("roi_worth.knowledge.everything_how"),
        )
    )
    values = money_values(report, worth) | {
        "all": _money(outcomes.worth_of_knowing_all),
        "first_input": input_name(outcomes.knowledge[0].name),
        "first_worth": _money(outcomes.knowledge[0].worth),
    }
    worth_it = outcomes.worth_of_knowing_all >= WORTH_A_LOOK * worth.costs.total_hkd
    return _table(
        report,
        "knowledge",
        values,
        title="roi_worth.knowledge_buy" if worth_it else "roi_worth.knowledge_none",
        columns={"input": "text", "worth": "num", "how": "text"},
        rows=rows,
    )


def sensitivity_table(report: Report, worth: Worth) -> Block:
    """Show the value without any effect, with inputs that move together, and going on."""
    if worth.roi is None or worth.outcomes is None:
        return nothing(report, "roi_worth.stress")
    roi, outcomes = worth.roi, worth.outcomes
    values = money_values(report, worth)
    rows: list[tuple[Cell, ...]] = [
        (
            phrase("roi_worth.stress.base"),
            _money(roi.npv.value),
            Num(roi.probability_of_loss, "share"),
            phrase("roi_worth.stress.base_why"),
        ),
        (
            phrase("roi_worth.stress.nothing"),
            _money(roi.npv_without_effect),
            Num(float(roi.npv_without_effect < 0), "share"),
            phrase("roi_worth.stress.nothing_why"),
        ),
        (
            phrase("roi_worth.stress.together"),
            _money(roi.npv.value),
            Num(outcomes.loss_together, "share"),
            phrase("roi_worth.stress.together_why"),
        ),
    ]
    if worth.npv_without_returns is not None:
        lost = _money(worth.npv_without_returns)
        why = phrase("roi_worth.stress.returns_why")
        rows.append((phrase("roi_worth.stress.returns"), lost, None, why))
    return _table(
        report,
        "stress",
        values
        | {
            "nothing": _money(roi.npv_without_effect),
            "joined": Num(outcomes.loss_together, "share"),
            "rho": Num(TOGETHER, "rating"),
        },
        columns={"case": "text", "value": "num", "loss": "num", "why": "text"},
        rows=rows,
    )


def scenario_table(report: Report, worth: Worth) -> Block:
    """Show low, base and high, all inputs moved together."""
    if worth.roi is None:
        return nothing(report, "roi_review.scenarios")
    low, base, high = worth.roi.scenarios
    rows: list[tuple[Cell, ...]] = []
    for place, (name, _) in enumerate(base.inputs):
        numbers = [input_value(name, scenario.inputs[place][1]) for scenario in (low, base, high)]
        cells = [
            phrase("roi_review.cell.signed", value=number)
            if name == "more_purchases.effect"
            else number
            for number in numbers
        ]
        rows.append((input_name(name), *cells))
    npvs = [_money(scenario.npv) for scenario in (low, base, high)]
    rows.append((phrase("roi_review.figures.npv"), *npvs))
    values = money_values(report, worth)
    return report.table(
        "roi_review.scenarios",
        Table(
            title=phrase("roi_review.scenarios", low=npvs[0], base=npvs[1], high=npvs[2]),
            subtitle=Phrase("roi_review.scenarios.subtitle", values),
            source=Phrase("roi_review.scenarios.source", values),
            columns=[
                Column(f"roi_review.scenarios.{head}") for head in ("input", "low", "base", "high")
            ],
            rows=rows,
        ),
    )


def separable_table(report: Report, worths: Sequence[Worth]) -> Block:
    """Show what the data tell apart, and what they cannot."""
    rows: list[tuple[Cell, ...]] = []
    apart = 0
    for worth in worths:
        review = worth.review
        values = review_values(report, review)
        known = review.grade != "D"
        apart += known
        rows.append(
            (
                review.initiative.name,
                phrase(f"roi_worth.apart.{'yes' if known else 'no'}"),
                Phrase(f"roi_worth.apart.{_why(worth)}", values),
                phrase(f"roi_worth.apart.{'package' if known else 'lot'}_next"),
            )
        )
        tested = "_tested" if review.initiative.experiment else ""
        if len(review.initiative.actions) > 1:
            rows.append(
                (
                    Phrase("roi_worth.apart.actions", values),
                    phrase("roi_worth.apart.no"),
                    Phrase(f"roi_worth.apart.same_day{tested}", values),
                    phrase("roi_worth.apart.action_next"),
                )
            )
    return _table(
        report,
        "apart",
        {
            "n": len(rows),
            "apart": apart,
            "before": Day(report.engagement.baseline.start),
            "until": Day(report.engagement.review.end),
        },
        columns={"what": "text", "answer": "text", "why": "text", "next": "text"},
        rows=rows,
    )


def _why(worth: Worth) -> str:
    if worth.review.grade != "D":
        return "compared"
    return "picked" if worth.review.initiative.picked_for_low_scores else "alone"


def _evidence(report: Report, worth: Worth, item: Benefit | None) -> tuple[Cell, Cell]:
    if item is None:
        return (
            phrase("roi_worth.streams.measured", grade=worth.review.grade),
            Phrase("roi_worth.streams.measured_from", review_values(report, worth.review)),
        )
    source = phrase("roi_worth.sourced", source=item.source, dated=Day(item.dated))
    if item.grade is None:
        return phrase("roi_worth.streams.assumed"), source
    return phrase("roi_worth.streams.measured", grade=item.grade), source


def _table(
    report: Report,
    key: str,
    values: dict[str, Value],
    *,
    columns: dict[str, str],
    rows: Sequence[tuple[Cell, ...]],
    title: str = "",
) -> Block:
    name = f"roi_worth.{key}"
    return report.table(
        name,
        Table(
            title=Phrase(title or name, values),
            subtitle=Phrase(f"{name}.subtitle", values),
            source=Phrase(f"{name}.source", values),
            columns=[
                Column(f"{name}.{head}", "num" if side == "num" else "text")
                for head, side in columns.items()
            ],
            rows=rows,
        ),
    )


def _money(amount: float) -> Num:
    return Num(amount, "currency")
