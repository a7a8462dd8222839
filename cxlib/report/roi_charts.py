"""The charts of 04_roi_review: groups over time, effects, cash, outcomes, what decides them."""

from datetime import date

from cxlib.decisions.baseline import OUTCOMES
from cxlib.decisions.initiatives import ComparedReview, MonthPoint, PickedReview, Review
from cxlib.decisions.worth import Worth, cumulative_cash
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Draw, Report
from cxlib.report.roi_evidence import nothing, review_values
from cxlib.report.roi_money import input_name, input_value, money_values
from cxlib.report.writer import Month, Num, Phrase, Value, Writer, phrase


def lines_chart(report: Report, review: ComparedReview | None) -> Block:
    """Draw treated and comparison stores by month, and what would have been without the action."""
    if review is None or review.impact.rel_effect is None:
        return nothing(report, "roi_review.lines")
    levels = review.impact.levels
    comparison = {p.month: p.estimate for p in review.months if p.group == "comparison"}
    gap = None
    if levels.comparison_before is not None:
        gap = levels.treated_before - levels.comparison_before
    expected = [
        comparison[month].value + gap
        if gap is not None and month in comparison and month >= review.initiative.start
        else None
        for month in _month_list(review.months)
    ]
    return _figure(
        report,
        "roi_review.lines",
        _two_lines(review, expected if any(e is not None for e in expected) else []),
        review_values(report, review),
    )


def picked_chart(report: Report, review: PickedReview | None) -> Block:
    """Draw picked stores and the others by month."""
    if review is None:
        return nothing(report, "roi_review.picked_lines")
    return _figure(
        report, "roi_review.picked_lines", _two_lines(review, []), review_values(report, review)
    )


def _two_lines(review: Review, expected: "list[float | None]") -> Draw:
    picked = isinstance(review, PickedReview)
    kind = OUTCOMES[review.initiative.outcome][2]
    side = "picked" if picked else "lines"

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        months = _month_list(review.months)
        found = {(p.month, p.group): p.estimate for p in review.months}
        return figures.two_lines(
            [write(Month(month)) for month in months],
            treated=[found.get((month, "treated")) for month in months],
            comparison=[found.get((month, "comparison")) for month in months],
            treated_label=write(phrase(f"roi_review.{side}.treated")),
            comparison_label=write(phrase(f"roi_review.{side}.comparison")),
            theme=theme,
            fmt=lambda value: write(Num(value, kind)),
            start=write(Month(review.initiative.start)),
            start_label=write(phrase("roi_review.lines.start")),
            counterfactual=expected,
            counterfactual_label=write(phrase("roi_review.lines.expected")),
            axis_label=write(phrase(f"roi_review.axis.{review.initiative.outcome}")),
        )

    return draw


def effect_chart(report: Report, review: ComparedReview | None) -> Block:
    """Draw plain before/after beside the estimates against comparison stores."""
    if review is None or review.impact.rel_effect is None:
        return nothing(report, "roi_review.contrast")
    kind = review.effect.unit

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                figures.EffectItem(
                    label=write(phrase(f"roi_review.variant.{variant.key}")),
                    estimate=variant.effect,
                )
                for variant in review.variants
            ],
            theme=theme,
            fmt=lambda value: write(phrase("roi_review.cell.signed", value=Num(value, kind))),
            axis_label=write(phrase(f"roi_review.axis.{review.initiative.outcome}_change")),
            zero_label=write(phrase("roi_review.chart.zero")),
        )

    return _figure(report, "roi_review.contrast", draw, review_values(report, review))


def cash_chart(report: Report, worth: Worth) -> Block:
    """Draw cumulative cash with its band and the month of payback."""
    if worth.roi is None or worth.outcomes is None:
        return nothing(report, "roi_review.cash")
    roi, outcomes = worth.roi, worth.outcomes
    values = money_values(report, worth)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.cash_curve(
            [str(month.month) for month in roi.months],
            middle=cumulative_cash(roi),
            lower=outcomes.lower,
            upper=outcomes.upper,
            theme=theme,
            fmt=lambda value: write(Num(value, "currency")),
            middle_label=write(phrase("roi_review.cash.base")),
            band_label=write(Phrase("roi_review.cash.band", values)),
            payback=str(roi.payback_month) if roi.payback_month is not None else "",
            payback_label=write(values["payback"]),
            axis_label=write(phrase(f"roi_review.cash.axis_{roi.money}")),
            period_label=write(phrase("roi_review.cash.months")),
        )

    return _figure(report, "roi_review.cash", draw, values)


def outcome_chart(report: Report, worth: Worth) -> Block:
    """Draw how often each net present value came up."""
    if worth.roi is None or worth.outcomes is None:
        return nothing(report, "roi_review.outcomes")
    roi, outcomes = worth.roi, worth.outcomes
    values = money_values(report, worth)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        marks = {"low": roi.npv.ci_lower, "median": roi.npv_median, "high": roi.npv.ci_upper}
        return figures.histogram_of_outcomes(
            outcomes.edges,
            outcomes.counts,
            theme=theme,
            fmt=lambda value: write(Num(value, "currency")),
            loss_label=write(Phrase("roi_review.outcomes.loss", values)),
            gain_label=write(phrase("roi_review.outcomes.gain")),
            markers=[
                figures.OutcomeMarker(
                    value=value, label=write(Phrase(f"roi_review.outcomes.{name}", values))
                )
                for name, value in marks.items()
            ],
            axis_label=write(phrase(f"roi_review.outcomes.axis_{roi.money}")),
        )

    return _figure(report, "roi_review.outcomes", draw, values)


def tornado_chart(report: Report, worth: Worth) -> Block:
    """Draw how far each input alone moves the value."""
    if worth.roi is None:
        return nothing(report, "roi_review.tornado")
    roi, values = worth.roi, money_values(report, worth)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.tornado(
            [
                figures.TornadoItem(
                    label=write(input_name(f"{bar.stream}.{bar.part}")),
                    low=bar.npv_low,
                    high=bar.npv_high,
                    low_text=write(input_value(f"{bar.stream}.{bar.part}", bar.input_low)),
                    high_text=write(input_value(f"{bar.stream}.{bar.part}", bar.input_high)),
                )
                for bar in roi.tornado
            ],
            base=roi.npv.value,
            base_label=write(
                phrase("roi_review.tornado.base", value=Num(roi.npv.value, "currency"))
            ),
            theme=theme,
            fmt=lambda value: write(Num(value, "currency")),
            low_label=write(Phrase("roi_review.tornado.low", values)),
            high_label=write(Phrase("roi_review.tornado.high", values)),
            axis_label=write(phrase(f"roi_review.outcomes.axis_{roi.money}")),
        )

    return _figure(report, "roi_review.tornado", draw, values)


def _figure(report: Report, key: str, draw: Draw, values: "dict[str, Value]") -> Block:
    return report.figure(
        key,
        draw,
        title=Phrase(key, values),
        subtitle=Phrase(f"{key}.subtitle", values),
        source=Phrase(f"{key}.source", values),
        alt=Phrase(f"{key}.alt", values),
    )


def _month_list(points: "tuple[MonthPoint, ...]") -> list[date]:
    return sorted({point.month for point in points})
