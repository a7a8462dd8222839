"""What 04_roi_review says about money: the chain to it, its value, what would change it."""

from cxlib.decisions.returns import IrrStatus
from cxlib.decisions.worth import Worth
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_evidence import nothing, review_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Num, NumKind, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

PART_KINDS: dict[str, NumKind] = {"effect": "pp", "margin": "currency", "persistence": "share"}
POINTS: dict[str, Value] = {
    "tail": Num(0.05, "share"), "half": Num(0.5, "share"), "head": Num(0.95, "share"),
    "range": Num(0.9, "share"),
}  # fmt: skip
"""Points of the simulation that are shown, and the share of cases between the outer two."""
TELLING_IRR = 5.0
"""Above this yearly rate (500 %) the figure says only that little was paid up front."""


def money_values(report: Report, worth: Worth) -> dict[str, Value]:
    """What sentences about a valued initiative may use."""
    engagement, roi, stream = report.engagement, worth.roi, worth.stream
    values = review_values(report, worth.review) | {
        "cost": Num(worth.costs.total_hkd, "dollars"),
        "rate": Num(engagement.discount_rate, "share"),
        "basis": phrase(f"roi_review.basis.{engagement.money}"),
        **POINTS,
    }
    if (
        roi is None
        or stream is None
        or worth.margin is None
        or worth.extra_orders is None
        or worth.outcomes is None
    ):
        return values
    kept = stream.persistence
    return values | {
        "npv": _money(roi.npv.value), "low": _money(roi.npv.ci_lower),
        "high": _money(roi.npv.ci_upper), "median": _money(roi.npv_median),
        "loss": Num(roi.probability_of_loss, "share"),
        "paid_back": Num(roi.probability_of_payback, "share"),
        "horizon": roi.horizon_months, "draws": roi.n_draws, "fixed": roi.observed_months,
        "payback": phrase("roi_review.payback", month=roi.payback_month)
        if roi.payback_month is not None
        else phrase("roi_review.not_paid_back"),
        "to_date": _money(worth.net_to_date or 0.0),
        "to_date_low": _money(worth.outcomes.lower[roi.observed_months]),
        "to_date_high": _money(worth.outcomes.upper[roi.observed_months]),
        "margin": worth.margin, "orders": worth.extra_orders,
        "volume": Num(stream.volume_per_month), "earned": _money(stream.margin_per_month),
        "recurring": _money(worth.costs.recurring_per_month_hkd),
        "persistence": Num(kept.mode, "share"), "persistence_low": Num(kept.low, "share"),
        "persistence_high": Num(kept.high, "share"),
        "break_even": Num(roi.break_even_effect or 0.0, "pp"),
        "costs_total": _money(roi.costs_total), "costs_value": _money(roi.costs_present_value),
        "first": input_name(f"{roi.tornado[0].stream}.{roi.tornado[0].part}"),
        "first_low": _money(roi.tornado[0].npv_low), "first_high": _money(roi.tornado[0].npv_high),
    }  # fmt: skip


def input_name(name: str) -> Phrase:
    """Name an input "stream.part" in words."""
    stream, _, part = name.rpartition(".")
    if stream == "more_purchases":
        return phrase(f"roi_review.part.{part}")
    return phrase(f"roi_worth.part.{stream}_{part}")


def input_value(name: str, value: float) -> Value:
    """Print an input in its unit: changes in customers come in a thousand of them."""
    stream, _, part = name.rpartition(".")
    if part == "effect" and stream != "more_purchases":
        return phrase("roi_worth.per_thousand", value=Num(1_000 * value, "rating"))
    return Num(value, PART_KINDS[part])


def money_section(report: Report, worth: Worth) -> Block:
    """Open the part on money, or say that no value is claimed."""
    key = f"value_{worth.claim}"
    if worth.roi and not worth.roi.is_headline:
        key = "value_indicated"
    return report.section(f"roi_review.{key}", "predictive", **money_values(report, worth))


def chain_table(report: Report, worth: Worth) -> Block:
    """Show the way from the effect to money, step by step."""
    if worth.roi is None or worth.stream is None or worth.margin is None:
        return nothing(report, "roi_review.chain")
    stream, months = worth.stream, worth.roi.observed_months
    orders = _per(worth.extra_orders, months) if worth.extra_orders else None
    recurring = worth.costs.recurring_per_month_hkd
    rows: list[tuple[Cell, ...]] = [
        _chain("effect", phrase("cell.signed", value=stream.effect), stream.effect, "signed_"),
        _chain("volume", Num(stream.volume_per_month)),
        _chain(
            "orders", phrase("cell.signed", value=orders) if orders else None, orders, "signed_"
        ),
        _chain("margin", Num(worth.margin.value, "currency"), worth.margin),
        _chain("earned", _money(stream.margin_per_month)),
        _chain("recurring", _money(recurring)),
        _chain("net", _money(stream.margin_per_month - recurring)),
    ]
    values = money_values(report, worth)
    return report.table(
        "roi_review.chain",
        Table(
            title=Phrase("roi_review.chain", values),
            subtitle=Phrase("roi_review.chain.subtitle", values),
            source=Phrase("roi_review.chain.source", values),
            columns=[
                Column(f"roi_review.chain.{head}", "text" if head == "from" else "num")
                for head in ("step", "value", "interval", "from")
            ],
            rows=rows,
        ),
    )


def _chain(
    key: str, value: Cell, estimate: Estimate | None = None, sign: str = ""
) -> tuple[Cell, ...]:
    shown = phrase(f"cell.{sign}interval", value=estimate) if estimate else None
    source = (
        phrase(f"roi_review.chain.{key}_from", n=estimate.n_obs)
        if estimate
        else phrase(f"roi_review.chain.{key}_from")
    )
    return (phrase(f"roi_review.chain.{key}"), value, shown, source)


def _per(estimate: Estimate, months: int) -> Estimate:
    return Estimate(
        value=estimate.value / months,
        ci_lower=estimate.ci_lower / months,
        ci_upper=estimate.ci_upper / months,
        n_obs=estimate.n_obs,
        unit=estimate.unit,
        method=estimate.method,
        confidence_level=estimate.confidence_level,
    )


def figures_table(report: Report, worth: Worth) -> Block:
    """Show return, internal rate, payback and break-even."""
    if worth.roi is None:
        return nothing(report, "roi_review.figures")
    roi = worth.roi
    values = money_values(report, worth)
    cells: dict[str, Cell] = {
        "npv": _money(roi.npv.value),
        "costs": _money(roi.costs_present_value),
        "roi": Num(roi.roi, "share") if roi.roi is not None else None,
        "irr": _rate(roi.irr, roi.irr_status),
        "irr_dated": _rate(*worth.dated_return),
        "to_date": values["to_date"],
        "payback": values["payback"],
        "paid_back": Num(roi.probability_of_payback, "share"),
        "loss": Num(roi.probability_of_loss, "share"),
        "break_even": phrase("roi_review.cell.signed", value=Num(roi.break_even_effect, "pp"))
        if roi.break_even_effect is not None
        else None,
    }
    return report.table(
        "roi_review.figures",
        Table(
            title=Phrase("roi_review.figures", values),
            subtitle=Phrase("roi_review.figures.subtitle", values),
            source=Phrase("roi_review.figures.source", values),
            columns=[
                Column(f"roi_review.figures.{head}", "text" if head == "how" else "num")
                for head in ("measure", "value", "how")
            ],
            rows=[
                (
                    phrase(f"roi_review.figures.{name}"),
                    cell,
                    Phrase(f"roi_review.figures.{name}_how", values),
                )
                for name, cell in cells.items()
            ],
        ),
    )


def _rate(rate: float | None, status: IrrStatus) -> Cell:
    if rate is None:
        return phrase(f"roi_review.figures.irr_{status}")
    if rate > TELLING_IRR:
        return phrase("roi_review.figures.irr_high", limit=Num(TELLING_IRR, "share"))
    return Num(rate, "share")


def money_finding(report: Report, worth: Worth) -> Block:
    """Say the value with its range, or that none is claimed and what was spent."""
    key = "valued" if worth.roi else worth.claim
    return report.say(
        f"roi_review.money.{key}",
        level="predictive",
        grade=worth.roi.grade if worth.roi else worth.review.grade,
        **money_values(report, worth),
    )


def mind_section(report: Report, worth: Worth) -> Block:
    """Open what would change our mind, and what was assumed."""
    if worth.roi is None:
        return report.section("roi_review.mind_unvalued", n=len(report.engagement.initiatives))
    values = money_values(report, worth)
    return report.section("roi_review.mind", "predictive", **values)


def mind_table(report: Report, worth: Worth) -> Block:
    """Show at which value of each input the money is gone."""
    if worth.roi is None or worth.stream is None or worth.margin is None:
        return nothing(report, "roi_review.mind.table")
    roi, stream = worth.roi, worth.stream
    kept, never = worth.break_even_persistence, phrase("roi_review.mind.never")
    tipping: dict[str, tuple[Value, Value | None]] = {
        "effect": (
            phrase("cell.signed", value=stream.effect),
            phrase("roi_review.cell.signed", value=Num(roi.break_even_effect, "pp"))
            if roi.break_even_effect is not None
            else never,
        ),
        "margin": (
            Num(worth.margin.value, "currency"),
            Num(worth.break_even_margin, "currency")
            if worth.break_even_margin is not None
            else never,
        ),
        "persistence": (
            Num(stream.persistence.mode, "share"),
            Num(kept, "share") if kept is not None else never,
        ),
    }
    rows: list[tuple[Cell, ...]] = [
        (phrase(f"roi_review.part.{name}"), now, tip, phrase(f"roi_review.mind.{name}_look"))
        for name, (now, tip) in tipping.items()
    ]
    values = money_values(report, worth)
    return report.table(
        "roi_review.mind.table",
        Table(
            title=Phrase("roi_review.mind.table", values),
            subtitle=Phrase("roi_review.mind.subtitle", values),
            source=Phrase("roi_review.mind.source", values),
            columns=[
                Column(f"roi_review.mind.{head}", "text" if head == "look" else "num")
                for head in ("input", "now", "tipping", "look")
            ],
            rows=rows,
        ),
    )


def _money(amount: float) -> Num:
    return Num(amount, "currency")
