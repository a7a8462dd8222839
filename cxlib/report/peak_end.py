"""The peak-end rule in the diagnosis: supported, not supported here, or not enough answers."""

from cxlib.measures.peak_end import MomentModel, PeakEnd
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate

HEADS = ("model", "error", "error_ci", "explained", "explained_ci")


def blocks(report: Report, result: PeakEnd | None) -> Block:
    """Show section, comparison and finding; one sentence where there is nothing to compare."""
    if result is None:
        return report.section("journey.peak_end_absent", "descriptive")
    values = result_values(report, result)
    if result.mean is None or result.peak_end is None or result.gain is None:
        return report.section(f"journey.peak_end_{result.reason}", "descriptive", **values)
    return report.together(
        "journey.peak_end",
        [
            report.section("journey.peak_end", "diagnostic", **values),
            _table(report, result.mean, result.peak_end, result.gain, values),
            report.say(
                f"journey.peak_end.{result.reason}", level="diagnostic", grade=None, **values
            ),
        ],
    )


def result_values(report: Report, result: PeakEnd) -> dict[str, Value]:
    """Counts of customers, both models' figures and the headline."""
    values: dict[str, Value] = {
        "n": result.n_obs,
        "n_rated": result.n_rated,
        "n_few": result.n_few,
        "n_same_day": result.n_same_day,
        "fewest": result.fewest,
        "floor": result.floor,
        **period_values(report.engagement.baseline),
    }
    if result.mean and result.peak_end and result.gain:
        values |= {
            "mean": result.mean.explained,
            "mean_error": result.mean.error,
            "peak": result.peak_end.explained,
            "peak_error": result.peak_end.error,
            "gain": result.gain,
            "weights": Joined(
                tuple(
                    phrase(f"journey.peak_end.weight_{name}", weight=weight)
                    for model in (result.mean, result.peak_end)
                    for name, weight in model.weights
                )
            ),
        }
        values["headline"] = Phrase(f"journey.peak_end.title_{result.verdict}", dict(values))
    return values


def _table(
    report: Report,
    mean: MomentModel,
    peak_end: MomentModel,
    gain: Estimate,
    values: dict[str, Value],
) -> Block:
    def row(name: str, model: MomentModel) -> tuple[Cell, ...]:
        return (
            phrase(f"journey.peak_end.model_{name}"),
            Num(model.error.value, "rating"),
            phrase("cell.interval", value=model.error),
            model.explained,
            phrase("cell.interval", value=model.explained),
        )

    rows: list[tuple[Cell, ...]] = [
        row("mean", mean),
        row("peak_end", peak_end),
        (
            phrase("journey.peak_end.difference"),
            None,
            None,
            phrase("cell.signed", value=gain),
            phrase("cell.signed_interval", value=gain),
        ),
    ]
    return report.table(
        "journey.peak_end.table",
        Table(
            title=Phrase("journey.peak_end.table", values),
            subtitle=Phrase("journey.peak_end.subtitle", values),
            source=Phrase("journey.peak_end.source", values),
            columns=[Column(f"journey.peak_end.{head}") for head in HEADS],
            rows=rows,
        ),
    )
