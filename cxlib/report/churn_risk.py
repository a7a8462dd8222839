"""What 04_roi_review shows of who may stop buying: the test of the prediction, and its worth."""

from cxlib.measures.churn_risk import ChurnRisk
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import nothing
from cxlib.report.report import Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Joined, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

SHOWN = ("usable", "off")
"""Cases in which the prediction is shown."""


def section(report: Report, risk: ChurnRisk | None) -> Block:
    """Open with what contacting those at highest risk would save, or why nothing is said."""
    if risk is None:
        return report.section("churn_risk.absent", "predictive")
    if risk.case not in SHOWN:
        return report.section(f"churn_risk.{risk.case}", "predictive", **_values(report, risk))
    saved = risk.saved_margin
    case = "order" if saved is None else "saved" if saved.value > 0 else "loss"
    return report.section(f"churn_risk.{case}", "predictive", **_values(report, risk))


def calibration_chart(report: Report, risk: ChurnRisk | None) -> Block:
    """Draw what happened by tenth of predicted risk, beside what was predicted."""
    if risk is None or not risk.tenths:
        return nothing(report, "churn_risk.calibration")

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(phrase("churn_risk.tenth", place=place, of=len(risk.tenths))),
                    estimate=tenth.happened,
                    note=write(Num(tenth.predicted, "share")),
                )
                for place, tenth in enumerate(risk.tenths, start=1)
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase("churn_risk.axis")),
            note_head=write(phrase("churn_risk.predicted")),
            value_head=write(phrase("churn_risk.happened")),
            order="given",
        )

    values = _values(report, risk)
    key = "churn_risk.calibration"
    return report.figure(
        key,
        draw,
        title=Phrase(f"{key}.title_{risk.case}", values),
        subtitle=Phrase(f"{key}.subtitle", values),
        source=Phrase(f"{key}.source", values),
        alt=Phrase(f"{key}.alt", values),
    )


def contact_table(report: Report, risk: ChurnRisk | None) -> Block:
    """Show the sum behind the saved margin, line by line, with the save rate that breaks even."""
    contact = risk.contact if risk else None
    if risk is None or contact is None:
        return nothing(report, "churn_risk.contact")
    values, stated = _values(report, risk), risk.stated
    rows: list[tuple[Cell, ...]] = [
        _line("contacted", Num(contact.n_contacted), None, values),
        _line("lapsed", contact.lapsed, _ci(contact.lapsed), values),
        _line("everyone", contact.everyone, _ci(contact.everyone), values),
    ]
    if contact.margin is not None:
        rows.append(_line("margin", contact.margin, _ci(contact.margin), values))
    if stated is not None and contact.saved is not None:
        rows += [
            _line("save_rate", Num(stated.save_rate, "share"), None, values),
            _line("gross", Num(contact.gross, "dollars"), None, values),
            _line("cost", Num(contact.cost_hkd, "dollars"), None, values),
            _line("saved", Num(contact.saved.value, "dollars"), _ci(contact.saved), values),
            _line(
                "break_even",
                phrase("churn_risk.never") if contact.break_even is None
                else Num(contact.break_even, "share"),
                None, values,
            ),
        ]  # fmt: skip
    case = "order" if contact.saved is None else "saved" if contact.saved.value > 0 else "loss"
    heads = ("line", "value", "interval", "from")
    return report.table(
        "churn_risk.contact",
        Table(
            title=Phrase(f"churn_risk.contact_{case}", values),
            subtitle=Phrase("churn_risk.contact_subtitle", values),
            source=Phrase("churn_risk.contact_source", values),
            columns=[
                Column(f"churn_risk.head.{head}", "text" if head == "from" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def finding(report: Report, risk: ChurnRisk | None) -> Block:
    """Say how well the prediction did on a later time, and that shuffled outcomes gave nothing."""
    if risk is None or risk.case not in SHOWN:
        return nothing(report, "churn_risk.finding")
    return report.say(
        f"churn_risk.finding_{risk.case}", level="predictive", grade=None, **_values(report, risk)
    )


def uplift_finding(report: Report, risk: ChurnRisk | None) -> Block:
    """Say that nobody knows yet who can be kept, or which experiment knows."""
    if risk is None or risk.case not in SHOWN:
        return nothing(report, "churn_risk.uplift")
    named = risk.stated.experiment if risk.stated else None
    if not named:
        return report.say(
            "churn_risk.uplift_none", level="diagnostic", grade="D", **_values(report, risk)
        )
    test = next(each for each in report.engagement.experiments if each.id == named)
    return report.say("churn_risk.uplift_test", level="descriptive", name=test.name)


def _line(name: str, value: Value, interval: Cell, values: dict[str, Value]) -> tuple[Cell, ...]:
    origin = Phrase(f"churn_risk.from.{name}", values)
    return phrase(f"churn_risk.line.{name}"), value, interval, origin


def _ci(estimate: Estimate) -> Phrase:
    return phrase("cell.interval", value=estimate)


def _values(report: Report, risk: ChurnRisk) -> dict[str, Value]:
    none = phrase("number.none")
    contact, stated = risk.contact, risk.stated
    values: dict[str, Value] = {
        "window": risk.window, "n_learnt": risk.n_learnt, "n_tested": risk.n_tested,
        "learnt": Day(risk.learnt) if risk.learnt else none,
        "tested": Day(risk.tested) if risk.tested else none,
        "area": risk.area or none, "shuffled": Num(risk.shuffled, "ratio"),
        "slope": risk.slope or none, "size": risk.level or none,
        "floor": report.engagement.minimum_cell,
        "leaks": Joined(tuple(phrase(f"churn_risk.known.{name}") for name in risk.leaks)),
        "known": phrase(f"churn_risk.used_{'_'.join(('orders', *sorted(risk.used)))}"),
    }  # fmt: skip
    if contact is not None:
        values |= {
            "contacted": contact.n_contacted, "lapsed": contact.lapsed,
            "everyone": contact.everyone, "saved": contact.saved or none,
            "share": Num(contact.n_contacted / max(1, risk.n_tested), "share"),
            "cost_all": Num(contact.cost_hkd, "currency"),
            "break_even": phrase("churn_risk.never") if contact.break_even is None
            else Num(contact.break_even, "share"),
        }  # fmt: skip
    if stated is not None:
        values |= {
            "save_rate": Num(stated.save_rate, "share"), "cost": Num(stated.cost_hkd, "currency"),
            "source": stated.source, "dated": Day(stated.dated),
        }  # fmt: skip
    if risk.tenths:
        values |= {
            "lowest": risk.tenths[0].happened, "highest": risk.tenths[-1].happened,
            "groups": len(risk.tenths),
        }  # fmt: skip
    return values
