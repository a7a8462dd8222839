"""Where each theme is complained about: theme by touchpoint, with intervals and trend."""

from collections.abc import Mapping
from typing import Final

from cxlib.measures.voice.prevalence import Place
from cxlib.measures.voice.study import VoiceStudy
from cxlib.measures.voice.trends import Trend, leading_places
from cxlib.report.blocks import Block
from cxlib.report.readings import nothing, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Marked, Table
from cxlib.report.writer import Day, Num, Phrase, Value, phrase

_HEADS: Final = ("touchpoint", "theme", "n", "share", "blamed", "blamed_ci", "change")
_HEADS_NAMED: Final = ("touchpoint", "theme", "n", "share", "share_ci", "change")


def place_table(report: Report, study: VoiceStudy) -> Block:
    """Show the pairs of touchpoint and theme with the most complaints, and how they changed.

    Without sentiment the pairs with the most comments are shown. A pair of a touchpoint under
    the minimum cell is never among them, nor one that nobody names.
    """
    shown = leading_places(study.places)
    if not shown:
        return nothing(report, "voice.places")
    judged = any(place.blamed is not None for place in study.places)
    names = report.engagement.touchpoint_names()
    labels = {theme.id: dict(theme.label) for theme in study.taxonomy}
    first, second = shown[0], shown[min(1, len(shown) - 1)]
    trends = {(trend.touchpoint, trend.theme): trend for trend in study.trends}
    values: dict[str, Value] = {
        "theme": labels[first.theme], "place": _name(names, first.touchpoint),
        "here": first.blamed or first.share or phrase("number.hidden"),
        "theme_2": labels[second.theme], "place_2": _name(names, second.touchpoint),
        "here_2": second.blamed or second.share or phrase("number.hidden"),
        "shown": len(shown), "pairs": len(leading_places(study.places, most=len(study.places))),
        "floor": report.engagement.minimum_cell, "middle": Day(study.middle),
        "n_clear": sum(trend.is_clear for trend in study.trends), "n_trends": len(trends),
        **period_values(study.period),
    }  # fmt: skip

    def row(place: Place) -> tuple[Cell, ...]:
        share, interval = value_cells(place.share)
        blamed, blamed_interval = value_cells(place.blamed)
        cells: tuple[Cell, ...] = (
            _name(names, place.touchpoint), labels[place.theme], Num(place.n_comments), share,
        )  # fmt: skip
        cells = (*cells, blamed, blamed_interval) if judged else (*cells, interval)
        return (*cells, _change(trends.get((place.touchpoint, place.theme))))

    case = "" if judged else "_named"
    return report.table(
        "voice.places",
        Table(
            title=Phrase(f"voice.places.title{case}", values),
            subtitle=Phrase(f"voice.places.subtitle{case}", values),
            source=Phrase(f"voice.places.source{case}", values),
            columns=[
                Column(f"voice.places.{head}", "text" if k < 2 else "num")  # noqa: PLR2004
                for k, head in enumerate(_HEADS if judged else _HEADS_NAMED)
            ],
            rows=[row(place) for place in shown],
        ),
    )


def _change(trend: Trend | None) -> Cell:
    """The change between the halves; a clear one carries a mark."""
    if trend is None:
        return phrase("number.hidden")
    shown = phrase("voice.places.change_cell", value=trend.change)
    if not trend.is_clear:
        return shown
    return Marked(shown, "bad" if trend.change.value > 0 else "good")


def _name(names: Mapping[str, Mapping[str, str]], touchpoint: str) -> Value:
    return dict(names.get(touchpoint, {"en": touchpoint}))
