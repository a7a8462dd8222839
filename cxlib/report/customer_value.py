"""What 04_roi_review shows of customers' value: observed, by contract, and the gated forecast."""

from dataclasses import replace

from cxlib.measures.customer_value import FirstDays, ValueStudy
from cxlib.measures.value_forecast import MOST_OFF, MOST_TOGETHER, HeldOut
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import nothing
from cxlib.report.report import Draw, Report
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Day, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

PER = 100
"""Customers to whom order days are put in relation."""


def section(report: Report, study: ValueStudy | None) -> Block:
    """Open with the longest stretch that was observed."""
    if study is None:
        return report.section("customer_value.absent", "descriptive")
    longest = study.longest
    if longest is None:
        return report.section("customer_value.few", "descriptive", **_span(study))
    case = "margin" if longest.margin is not None else "revenue"
    return report.section(f"customer_value.{case}", "descriptive", **_values(study, longest))


def observed_table(report: Report, study: ValueStudy | None) -> Block:
    """Show revenue and margin of new customers, apart, by days watched."""
    longest = study.longest if study else None
    if study is None or longest is None:
        return nothing(report, "customer_value.observed")
    rows: list[tuple[Cell, ...]] = [
        (
            phrase("customer_value.cell.days", days=each.days), Num(each.n_customers),
            *_pair(each.revenue), *_pair(each.margin), *_pair(each.later)[:1],
            phrase("customer_value.cell.orders", value=each.orders) if each.orders else None,
        )
        for each in study.observed
    ]  # fmt: skip
    heads = ("days", "n", "revenue", "revenue_ci", "margin", "margin_ci", "later", "orders")
    values = _values(study, longest)
    return report.table(
        "customer_value.observed",
        Table(
            title=Phrase(f"customer_value.observed_{'margin' if longest.margin else 'revenue'}",
                         values),
            subtitle=Phrase("customer_value.observed_subtitle", values),
            source=Phrase(f"customer_value.observed_source_{study.basis}", values),
            columns=[Column(f"customer_value.head.{head}") for head in heads],
            rows=rows,
        ),
    )  # fmt: skip


def quarter_chart(report: Report, study: ValueStudy | None) -> Block:
    """Draw the margin of the first days by quarter of the first order."""
    quarters = [each for each in (study.quarters if study else ()) if each.margin is not None]
    if study is None or len(quarters) <= 1:
        return nothing(report, "customer_value.quarters")

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(_quarter(each)), estimate=each.margin,
                    note=write(Num(each.n_customers)),
                )
                for each in quarters
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "currency")),
            axis_label=write(phrase("customer_value.axis.margin")),
            note_head=write(phrase("customer_value.head.n")),
            order="given",
        )  # fmt: skip

    high, low = (pick(quarters, key=_margin) for pick in (max, min))
    values: dict[str, Value] = {
        **_span(study), "days": quarters[0].days,
        "high": high.margin or Num(0), "high_quarter": _quarter(high),
        "low": low.margin or Num(0), "low_quarter": _quarter(low),
        "floor": report.engagement.minimum_cell,
    }  # fmt: skip
    return _figure(report, "customer_value.quarters", draw, values)


def contract_finding(report: Report, study: ValueStudy | None) -> Block:
    """Say what a customer with a contract is worth, where the engagement states one."""
    found = study.contract if study else None
    if found is None:
        return nothing(report, "customer_value.contract")
    stated = found.contract
    return report.say(
        f"customer_value.contract_{found.basis}",
        level="predictive",
        value=found.margin or Num(0.0, "currency"),
        margin=Num(stated.margin_hkd, "currency"),
        months=Num(stated.period_months, "months"),
        periods=stated.horizon_periods,
        retention=Num(stated.retention_rate or 0.0, "share"),
        first=Num(found.retention_first, "share"),
        last=Num(found.retention_last, "share"),
        discount=Num(report.engagement.discount_rate, "share"),
        source=stated.source,
        dated=Day(stated.dated),
    )


def forecast_section(report: Report, study: ValueStudy | None) -> Block:
    """Open the forecast with whether it passed its test."""
    if study is None:
        return nothing(report, "customer_value.forecast")
    held = study.forecast.held
    if held is None:
        return report.section("customer_value.untested", "predictive", **_forecast(study))
    case = "refused" if study.forecast.failed else "passed"
    return report.section(f"customer_value.{case}", "predictive", **_forecast(study))


def holdout_chart(report: Report, study: ValueStudy | None) -> Block:
    """Draw orders placed less orders forecast, in all and for customers of every age."""
    found = study.forecast if study else None
    if study is None or found is None or found.held is None:
        return nothing(report, "customer_value.holdout")
    values, everyone = _forecast(study), found.held

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.difference_plot(
            [
                _row(everyone, phrase("customer_value.holdout.all"), write),
                *(_row(held, _age(held), write) for held in found.ages),
            ],
            theme=theme,
            fmt=lambda value: write(phrase("customer_value.cell.off", value=Num(value, "ratio"))),
            axis_label=write(Phrase("customer_value.axis.holdout", values)),
            zero_label=write(phrase("customer_value.holdout.zero")),
            note_head=write(phrase("customer_value.holdout.note")),
        )

    return _figure(report, "customer_value.holdout", draw, values)


def forecast_finding(report: Report, study: ValueStudy | None) -> Block:
    """Say the value forecast, or which gate closed and by how much."""
    if study is None:
        return nothing(report, "customer_value.forecast_finding")
    found, values = study.forecast, _forecast(study)
    if found.failed:
        return report.say(
            f"customer_value.gate_{found.failed}", level="predictive", grade=None, **values
        )
    worths = found.worths
    assert worths is not None  # noqa: S101 - an open gate has a value
    case = "margin" if worths.margin is not None else "revenue"
    return report.say(
        f"customer_value.worth_{case}",
        level="predictive",
        grade=None,
        **values,
        margin=worths.margin or Num(0.0, "currency"),
        revenue=worths.revenue,
        new=worths.new_margin or worths.new_revenue,
    )


def _age(held: HeldOut) -> Phrase:
    return phrase("customer_value.holdout.age", low=held.youngest, high=held.oldest)


def _row(held: HeldOut, label: Phrase, write: Writer) -> figures.EffectItem:
    actual, forecast = float(held.actual), held.forecast
    scale = PER / held.n_customers
    return figures.EffectItem(
        label=write(label),
        estimate=replace(
            forecast,
            value=scale * (actual - forecast.value),
            ci_lower=scale * (actual - forecast.ci_upper),
            ci_upper=scale * (actual - forecast.ci_lower),
            unit="ratio",
        ),
        note=write(
            phrase(
                "customer_value.holdout.counts", actual=held.actual, forecast=Num(forecast.value)
            )
        ),
        verdict=write(phrase("customer_value.holdout.outside")) if held.outside else "",
    )  # fmt: skip


def _forecast(study: ValueStudy) -> dict[str, Value]:
    found = study.forecast
    values: dict[str, Value] = {
        **_span(study),
        "repeaters": found.n_repeaters,
        "cut": Day(found.cut) if found.cut else phrase("number.none"),
        "most_off": Num(MOST_OFF, "share"), "most_together": Num(MOST_TOGETHER, "ratio"),
        "together": Num(found.together, "ratio"),
        "months": Num(found.horizon_months, "months"),
        "discount": Num(found.discount_rate, "share"), "per": PER,
    }  # fmt: skip
    if found.held is not None:
        worst = found.worst or found.held
        values |= {
            "forecast": found.held.forecast, "actual": found.held.actual,
            "off": Num(found.held.off, "share"), "n": found.held.n_customers,
            "joint": Num(found.held.forecast.confidence_level, "share"),
            "age_low": worst.youngest, "age_high": worst.oldest, "age_n": worst.n_customers,
            "age_forecast": worst.forecast, "age_actual": worst.actual,
        }  # fmt: skip
    return values


def _values(study: ValueStudy, longest: FirstDays) -> dict[str, Value]:
    shortest = study.observed[0]
    return {
        **_span(study), "days": longest.days, "n": longest.n_customers,
        "short": shortest.days,
        **{
            name: getattr(longest, name)
            for name in ("revenue", "margin", "later")
            if getattr(longest, name) is not None
        },
    }  # fmt: skip


def _span(study: ValueStudy) -> dict[str, Value]:
    return {"first": Day(study.first_day), "last": Day(study.last_day)}


def _quarter(each: FirstDays) -> Value:
    if each.quarter is None:
        return phrase("number.none")
    return phrase("customer_value.quarter", start=Day(each.quarter))


def _margin(each: FirstDays) -> float:
    return each.margin.value if each.margin else 0.0


def _pair(estimate: Estimate | None) -> tuple[Cell, Cell]:
    if estimate is None:
        return phrase("number.hidden"), None
    return estimate, phrase("cell.interval", value=estimate)


def _figure(report: Report, key: str, draw: Draw, values: dict[str, Value]) -> Block:
    return report.figure(
        key,
        draw,
        title=Phrase(f"{key}.title", values),
        subtitle=Phrase(f"{key}.subtitle", values),
        source=Phrase(f"{key}.source", values),
        alt=Phrase(f"{key}.alt", values),
    )
