"""Where each theme is complained about: theme by touchpoint, with intervals."""

from collections.abc import Mapping
from typing import Final

from cxlib.measures.voice.prevalence import Place
from cxlib.measures.voice.study import VoiceStudy
from cxlib.report.blocks import Block
from cxlib.report.readings import nothing, value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Num, Phrase, Value, phrase

MOST: Final = 10
_HEADS: Final = ("touchpoint", "theme", "n", "share", "share_ci", "negative", "negative_ci")


def place_table(report: Report, study: VoiceStudy) -> Block:
    """Show the pairs of touchpoint and theme with the most complaints.

    Without sentiment the pairs with the most comments are shown. A pair of a touchpoint under
    the minimum cell is never among them, nor one that nobody names.
    """
    judged = any(place.blamed is not None for place in study.places)
    pairs = [place for place in study.places if _weight(place, judged=judged) > 0]
    pairs.sort(key=lambda place: (-round(_weight(place, judged=judged)), -_named(place)))
    shown = pairs[:MOST]
    if not shown:
        return nothing(report, "voice.places")
    names = report.engagement.touchpoint_names()
    labels = {theme.id: dict(theme.label) for theme in study.taxonomy}
    first, second = shown[0], shown[min(1, len(shown) - 1)]
    values: dict[str, Value] = {
        "theme": labels[first.theme], "place": _name(names, first.touchpoint),
        "here": first.blamed or first.share or phrase("number.hidden"),
        "theme_2": labels[second.theme], "place_2": _name(names, second.touchpoint),
        "here_2": second.blamed or second.share or phrase("number.hidden"),
        "shown": len(shown), "pairs": len(pairs), "floor": report.engagement.minimum_cell,
        **period_values(study.period),
    }  # fmt: skip

    def row(place: Place) -> tuple[Cell, ...]:
        share, interval = value_cells(place.share)
        negative, negative_interval = value_cells(place.negative)
        return (
            _name(names, place.touchpoint), labels[place.theme], Num(place.n_comments), share,
            interval, negative, negative_interval,
        )  # fmt: skip

    case = "" if judged else "_named"
    return report.table(
        "voice.places",
        Table(
            title=Phrase(f"voice.places.title{case}", values),
            subtitle=Phrase(f"voice.places.subtitle{case}", values),
            source=Phrase("voice.places.source", values),
            columns=[
                Column(f"voice.places.{head}", "text" if k < 2 else "num")  # noqa: PLR2004
                for k, head in enumerate(_HEADS)
            ],
            rows=[row(place) for place in shown],
        ),
    )


def _weight(place: Place, *, judged: bool) -> float:
    """Comments at the touchpoint that complain of the theme, or that name it."""
    estimate = place.blamed if judged else place.share
    return 0.0 if estimate is None else estimate.value * place.n_comments


def _named(place: Place) -> float:
    return place.share.value * place.n_comments if place.share else 0.0


def _name(names: Mapping[str, Mapping[str, str]], touchpoint: str) -> Value:
    return dict(names.get(touchpoint, {"en": touchpoint}))
