"""The red-team page of 04_roi_review: the effect beside those found where nothing happened."""

from cxlib.decisions.methods import Methods
from cxlib.decisions.placebos import POWER, Placebos
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.roi_causal import causal_figure
from cxlib.report.roi_evidence import nothing, review_values
from cxlib.report.tables import Cell, Column, Marked, Status, Table
from cxlib.report.writer import Day, Num, NumKind, Phrase, Value, Writer, phrase

RARE = 0.05
"""Share of made-up groups as large as the real effect under which it stands out."""


def red_values(report: Report, placebos: Placebos) -> dict[str, Value]:
    """What sentences on the attacks may use."""
    kind = placebos.review.effect.unit
    values = review_values(report, placebos.review) | {
        "n_dates": len(placebos.dates), "n_dates_found": placebos.n_dates_found,
        "n_dates_large": placebos.n_dates_as_large, "months_before": placebos.n_before,
        "rare": Num(RARE, "share"),
    }  # fmt: skip
    if placebos.dates:
        largest = max(placebos.dates, key=lambda each: abs(each.effect.value))
        values |= {
            "first": Day(placebos.dates[0].start), "last": Day(placebos.dates[-1].start),
            "largest_date": Num(largest.effect.value, kind),
        }  # fmt: skip
    if placebos.stores is not None:
        stores = placebos.stores
        values |= {
            "n_groups": stores.n_groups, "n_units": stores.n_units,
            "n_large": stores.n_as_large, "share": Num(stores.share, "share"),
            "largest": Num(stores.largest, kind), "middle": Num(stores.middle, kind),
        }  # fmt: skip
    if placebos.drift_seen is not None and placebos.drift_effect is not None:
        values |= {
            "drift_seen": Num(placebos.drift_seen.value, kind),
            "drift_adds": Num(placebos.drift_effect, kind),
            "power": Num(POWER, "share"),
        }
    return values


def red_section(report: Report, placebos: Placebos | None) -> Block:
    """Open the attacks on the effect."""
    if placebos is None:
        return nothing(report, "roi_causal.red")
    values = red_values(report, placebos)
    key = "red" if placebos.stores is not None and placebos.dates else "red_few"
    return report.section(f"roi_causal.{key}", "diagnostic", placebos.review.grade, **values)


def red_chart(report: Report, placebos: Placebos | None) -> Block:
    """Draw the real effect above those found at made-up dates."""
    if placebos is None or not placebos.dates:
        return nothing(report, "roi_causal.red.chart")
    kind, real = placebos.review.effect.unit, placebos.review

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        made_up = phrase("roi_causal.red.made_up")
        items = [
            figures.EffectItem(
                label=write(Day(real.initiative.start)),
                estimate=real.effect,
                note=write(phrase("roi_causal.red.real")),
            ),
            *(
                figures.EffectItem(
                    label=write(Day(each.start)), estimate=each.effect, note=write(made_up)
                )
                for each in placebos.dates
            ),
        ]
        return figures.difference_plot(
            items,
            theme=theme,
            fmt=lambda value: write(phrase("roi_review.cell.signed", value=Num(value, kind))),
            axis_label=write(phrase(f"roi_review.axis.{real.initiative.outcome}_change")),
            zero_label=write(phrase("roi_review.chart.zero")),
        )

    return causal_figure(report, "roi_causal.red.chart", draw, red_values(report, placebos))


def red_table(report: Report, placebos: Placebos | None, methods: Methods | None) -> Block:
    """Show each attack, what it found, and whether the effect stood."""
    if placebos is None:
        return nothing(report, "roi_causal.red.table")
    values = red_values(report, placebos)
    real = abs(placebos.review.effect.value)
    rows: list[tuple[Cell, ...]] = []

    def add(key: str, status: Status, more: "dict[str, Value] | None" = None) -> None:
        words = values | (more or {})
        rows.append(
            (
                Phrase(f"roi_causal.red.{key}", words),
                Phrase(f"roi_causal.red.{key}_found", words),
                Marked(phrase(f"roi_causal.red.{status}"), status),
            )
        )

    if placebos.dates:
        add("dates", "good" if not placebos.n_dates_found else "bad")
    if placebos.stores is not None:
        add("stores", "good" if placebos.stores.share <= RARE else "bad")
    if methods is not None and methods.synthetic is not None:
        donors = methods.synthetic
        gaps = [each.gap for each in donors.left_out]
        kind: NumKind = placebos.review.effect.unit
        same = all(gap * donors.found.effect.value > 0 for gap in gaps)
        more: dict[str, Value] = {
            "n_donors": len(donors.in_space),
            "rank": donors.rank,
            "n_all": len(donors.in_space) + 1,
            "low": Num(min(gaps), kind), "high": Num(max(gaps), kind),
            "n_used": len(donors.shares), "n_inside": donors.n_in_hull,
            "n_months": donors.found.n_before,
        }  # fmt: skip
        rare = donors.rank == 1 and 1 / (len(donors.in_space) + 1) <= RARE
        add("donors", "good" if rare else "watch", more)
        add("hull", "good" if donors.n_in_hull == donors.found.n_before else "watch", more)
        add("left_out", "good" if same else "bad", more)
    if placebos.drift_effect is not None:
        add("drift", "good" if placebos.drift_effect < real / 2 else "watch")
    return report.table(
        "roi_causal.red.table",
        Table(
            title=phrase(
                "roi_causal.red.table",
                n=len(rows),
                passed=sum(isinstance(r[2], Marked) and r[2].status == "good" for r in rows),
            ),
            subtitle=Phrase("roi_causal.red.table.subtitle", values),
            source=Phrase("roi_causal.red.table.source", values),
            columns=[
                Column(f"roi_causal.red.head_{head}", "text")
                for head in ("attack", "found", "verdict")
            ],
            rows=rows,
        ),
    )


def red_finding(report: Report, placebos: Placebos | None) -> Block:
    """Say whether the effect stands out from what was found where nothing happened."""
    if placebos is None or placebos.stores is None or not placebos.dates:
        return nothing(report, "roi_causal.red.finding")
    stands = placebos.stores.share <= RARE and not placebos.n_dates_as_large
    return report.say(
        f"roi_causal.red.{'stands' if stands else 'doubt'}",
        level="diagnostic",
        grade=None,
        **red_values(report, placebos),
    )
