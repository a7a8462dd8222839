"""What 01_diagnosis says of key drivers: what goes together with the outcome, and how surely."""

from collections.abc import Sequence

from cxlib.data.tables import DRIVER
from cxlib.measures.kano import LEANING, Category, KanoContrast
from cxlib.measures.quadrants import Position, Quadrant
from cxlib.measures.study import DriverStudy, NoStudy
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.catalogue import catalogue
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase

POOR, TOP = 2, 5
"""Ratings that count as poor (up to) and as top (from), as the contrasts take them."""


def section(report: Report, study: DriverStudy | NoStudy) -> Block:
    """Open the section, or say why there is no driver analysis."""
    if isinstance(study, NoStudy):
        return report.section(
            f"drivers.{study.absence}", n=study.n_obs, floor=report.engagement.minimum_cell
        )
    return report.section("drivers", "diagnostic", **_values(report, study))


def charts(report: Report, study: DriverStudy | NoStudy) -> Block:
    """Draw importance with its intervals, and importance against performance."""
    if isinstance(study, NoStudy):
        return _nothing(report, "drivers.charts")
    return report.together(
        "drivers.charts", [importance_chart(report, study), matrix_chart(report, study)]
    )


def tables(report: Report, study: DriverStudy | NoStudy) -> Block:
    """Show the drivers in full, the scenarios and the kinds of driver, where there are any."""
    if isinstance(study, NoStudy):
        return _nothing(report, "drivers.tables")
    shown = [driver_table(report, study)]
    if study.lifts:
        shown.append(lift_table(report, study))
    if study.contrasts:
        shown.append(kano_table(report, study))
    return report.together("drivers.tables", shown)


def importance_chart(report: Report, study: DriverStudy) -> Block:
    """Draw each driver's share of what the ratings explain."""
    found = study.importance
    values = _values(report, study)

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(_name(report, each.driver)),
                    estimate=each.share,
                    note=write(_ranks(each.rank_lower, each.rank_upper)),
                )
                for each in found.drivers
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase("drivers.share_axis")),
            note_head=write(phrase("drivers.rank")),
            value_head=write(phrase("drivers.share")),
            reference=study.quadrants.importance_cut,
            reference_label=write(phrase("drivers.equal_share")),
        )

    return report.figure(
        "drivers.importance",
        draw,
        title=Phrase("drivers.importance.title", values),
        subtitle=Phrase("drivers.importance.subtitle", values),
        source=Phrase(f"drivers.importance.source_{found.method}", values),
        alt=Phrase("drivers.importance.alt", values),
    )


def matrix_chart(report: Report, study: DriverStudy) -> Block:
    """Draw importance against mean rating, cut at values fixed beforehand."""
    field = study.quadrants
    values = _values(report, study)
    first = _listed(report, field.positions, "improve_first")
    flips = [position.driver for position in field.unsettled]
    values |= {
        "cut": Num(field.importance_cut, "share"),
        "rating": Num(field.performance_cut, "rating"),
        "first_listed": Joined(tuple(first)) if first else phrase("list.none"),
        "flips": Joined(tuple(_name(report, name) for name in flips))
        if flips
        else phrase("list.none"),
        "n_flips": len(flips),
    }

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.priority_matrix(
            [
                figures.MatrixItem(
                    label=write(
                        phrase("drivers.may_flip", name=_name(report, each.driver))
                        if each.flips
                        else _name(report, each.driver)
                    ),
                    x=each.importance.value,
                    y=each.performance.value,
                    mark="pain" if each.quadrant == "improve_first" else "none",
                )
                for each in field.positions
            ],
            theme=theme,
            x_fmt=lambda value: write(Num(value, "share")),
            y_fmt=lambda value: write(Num(value, "rating")),
            x_label=write(phrase("drivers.share_axis")),
            y_label=write(phrase("drivers.mean_axis")),
            plot_height_cm=7.0,
            quadrants=figures.Quadrants(
                x=field.importance_cut,
                y=field.performance_cut,
                top_left=write(phrase("drivers.quadrant.hold")),
                top_right=write(phrase("drivers.quadrant.keep_up")),
                bottom_left=write(phrase("drivers.quadrant.later")),
                bottom_right=write(phrase("drivers.quadrant.improve_first")),
            ),
        )

    title = "drivers.matrix.title" if first else "drivers.matrix.title_none"
    source = "drivers.matrix.source_flips" if flips else "drivers.matrix.source_settled"
    return report.figure(
        "drivers.matrix",
        draw,
        title=Phrase(title, values),
        subtitle=Phrase("drivers.matrix.subtitle", values),
        source=Phrase(source, values),
        alt=Phrase("drivers.matrix.alt", values),
    )


def driver_table(report: Report, study: DriverStudy) -> Block:
    """Show n, reach, mean, share, rank and slope of every driver; name those left out."""
    found = study.importance
    values = _values(report, study)
    rows: list[tuple[Cell, ...]] = [
        (
            _name(report, each.driver),
            Num(each.n_obs),
            each.reach,
            each.mean,
            each.share,
            phrase("cell.interval", value=each.share),
            _ranks(each.rank_lower, each.rank_upper),
            phrase("cell.signed", value=each.slope),
            phrase("cell.signed_interval", value=each.slope),
        )
        for each in found.drivers
    ]
    rows += [
        (
            _name(report, out.driver),
            phrase("number.hidden") if out.reason == "too_few" else Num(out.n_obs),
            *(None,) * 2,
            None if out.reason == "too_few" else phrase("drivers.table.cannot"),
            *(None,) * 4,
        )
        for out in found.left_out
    ]
    heads = ("driver", "n", "reach", "mean", "share", "share_ci", "rank_ci", "slope", "slope_ci")
    source = "drivers.table.source_left_out" if found.left_out else "drivers.table.source"
    values["left_out"] = Joined(
        tuple(
            phrase(
                f"drivers.left_out.{out.reason}",
                name=_name(report, out.driver),
                floor=study.minimum_cell,
            )
            for out in found.left_out
        )
    )
    return report.table(
        "drivers.table",
        Table(
            title=Phrase("drivers.table.title", values),
            subtitle=Phrase("drivers.table.subtitle", values),
            source=Phrase(source, values),
            columns=[Column(f"drivers.table.{head}") for head in heads],
            rows=rows,
        ),
    )


def lift_table(report: Report, study: DriverStudy) -> Block:
    """Show what goes together with more satisfied customers, driver by driver."""
    shown = [lift for lift in study.lifts if lift.change is not None]
    first = shown[0] if shown else study.lifts[0]
    values = _values(report, study) | {
        "rise": Num(first.rise, "pp"),
        "lifted": _name(report, first.driver),
        "change": first.change or phrase("number.none"),
    }
    rows: list[tuple[Cell, ...]] = []
    for lift in study.lifts:
        cells: list[Cell] = [_name(report, lift.driver), lift.satisfied, lift.reach]
        for change in (lift.change, lift.change_met):
            cells += (
                [phrase("cell.signed", value=change), phrase("cell.signed_interval", value=change)]
                if change
                else [None, None]
            )
        rows.append((*cells, Num(lift.satisfied.n_obs)))
    heads = ("driver", "satisfied", "reach", "change", "change_ci", "met", "met_ci", "n")
    outcome = study.importance.outcome
    title = f"drivers.lift.title_{outcome}" if first.change else "drivers.lift.title_none"
    return report.table(
        "drivers.lift",
        Table(
            title=Phrase(title, values),
            subtitle=Phrase(f"drivers.lift.subtitle_{outcome}", values),
            source=Phrase("drivers.lift.source", values),
            columns=[Column(f"drivers.lift.{head}") for head in heads],
            rows=rows,
        ),
    )


def kano_table(report: Report, study: DriverStudy) -> Block:
    """Show poor and top ratings against the middle, and the kind of driver where it is clear."""
    told = [each for each in study.contrasts if each.category != "cannot_tell"]
    kinds = Joined(tuple(_kind(report, each) for each in told))
    values = _values(report, study) | {
        "n_told": len(told), "n_all": len(study.contrasts), "poor": POOR, "top": TOP,
        "middle_low": POOR + 1, "middle_high": TOP - 1, "lean": Num(LEANING, "ratio"),
        "kinds": kinds if told else phrase("list.none"),
    }  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            _name(report, each.driver),
            Num(each.n_low),
            phrase("cell.signed", value=_below(each)),
            phrase("drivers.kano.below_ci", low=_below(each, "upper"), high=_below(each, "lower")),
            Num(each.n_high),
            phrase("cell.signed", value=each.reward),
            phrase("cell.signed_interval", value=each.reward),
            phrase(f"drivers.kano.{each.category}"),
        )
        for each in study.contrasts
    ]
    columns = [
        Column(f"drivers.kano.{head}")
        for head in ("driver", "n_low", "penalty", "penalty_ci", "n_high", "reward", "reward_ci")
    ]
    return report.table(
        "drivers.kano",
        Table(
            title=Phrase("drivers.kano.title" if told else "drivers.kano.title_none", values),
            subtitle=Phrase("drivers.kano.subtitle", values),
            source=Phrase("drivers.kano.source", values),
            columns=[*columns, Column("drivers.kano.kind", "text")],
            rows=rows,
        ),
    )


def finding(report: Report, study: DriverStudy | NoStudy) -> Block:
    """Say which driver goes together most with the outcome, with interval, n and period."""
    if isinstance(study, NoStudy):
        return _nothing(report, "drivers.finding")
    values = _values(report, study)
    said = ("first", "outcome", "first_share", "k", "first_ranks", "mean", "start", "end")
    return report.say(
        "drivers.finding", level="diagnostic", grade=None, **{name: values[name] for name in said}
    )


def limits(report: Report, study: DriverStudy | NoStudy) -> Block:
    """List how shares must not be read: halo, reverse cause, routing, numbers for ranks."""
    if isinstance(study, NoStudy):
        return _nothing(report, "drivers.limits")
    found = study.importance
    values = _values(report, study) | {"common": Num(found.common, "share")}
    lines = [Phrase(f"drivers.limits.{name}", values) for name in ("halo", "reverse", "routing")]
    if found.agreement is not None:
        match = found.agreement
        key = "same" if not match.n_swapped else "swapped"
        lines.append(
            phrase(
                f"drivers.limits.ordinal_{key}",
                swapped=match.n_swapped,
                pairs=match.n_pairs,
                shift=Num(match.largest_shift, "pp"),
            )
        )
    return report.items("drivers.limits", lines, role="note")


def _values(report: Report, study: DriverStudy) -> dict[str, Value]:
    """What every sentence of the section may say."""
    found = study.importance
    first, second = found.drivers[:2]
    return {
        "first": _name(report, first.driver),
        "first_share": first.share,
        "first_ranks": _ranks(first.rank_lower, first.rank_upper),
        "slope": first.slope,
        "mean": first.mean,
        "second": _name(report, second.driver),
        "second_share": second.share,
        "last": _name(report, found.drivers[-1].driver),
        "last_share": found.drivers[-1].share,
        "outcome": phrase(f"drivers.outcome.{found.outcome}"),
        "scale": phrase(f"drivers.scale.{found.outcome}"),
        "r2": found.r_squared,
        "n": found.n_obs,
        "k": len(found.drivers),
        "floor": study.minimum_cell,
        **period_values(report.engagement.baseline),
    }


def _below(each: KanoContrast, end: str = "") -> Num:
    """The penalty as a difference below the middle, a negative number."""
    value = {"": each.penalty.value, "lower": each.penalty.ci_lower, "upper": each.penalty.ci_upper}
    return Num(-value[end], "rating")


def _kind(report: Report, each: KanoContrast) -> Phrase:
    return phrase(
        "drivers.kano.one", name=_name(report, each.driver), kind=_category(each.category)
    )


def _category(category: Category) -> Phrase:
    return phrase(f"drivers.kano.{category}")


def _listed(report: Report, positions: Sequence[Position], quadrant: Quadrant) -> list[Value]:
    return [_name(report, each.driver) for each in positions if each.quadrant == quadrant]


def _name(report: Report, driver: str) -> Value:
    """Name a driver: the client's words, the catalogue's, else its column without the prefix."""
    if driver in report.engagement.drivers:
        return report.engagement.drivers[driver]
    key = f"drivers.name.{driver}"
    return phrase(key) if key in catalogue("en") else driver.removeprefix(DRIVER).replace("_", " ")


def _ranks(low: int, high: int) -> Phrase:
    if low == high:
        return phrase("drivers.rank_one", rank=low)
    return phrase("cell.ranks", low=low, high=high)


def _nothing(report: Report, key: str) -> Block:
    return Block("note", key, dict.fromkeys(report.languages, ""), report.live)
