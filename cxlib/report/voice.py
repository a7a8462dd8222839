"""What customers write: themes with intervals, distinctive phrases, approved quotations."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from cxlib.measures.voice.phrases import FEWEST_COMMENTS, Distinctive
from cxlib.measures.voice.quotes import Quote
from cxlib.measures.voice.shifts import Shift
from cxlib.measures.voice.study import VoiceStudy
from cxlib.measures.voice.variety import variety
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.fonts import missing_characters, report_fonts
from cxlib.report.readings import nothing
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.voice_places import place_table
from cxlib.report.voice_themes import labels_of, theme_table, unchecked, values_of
from cxlib.report.writer import Joined, Num, Phrase, Quoted, Value, Writer, phrase

CHARTED: Final = 10
PHRASES: Final = 6
QUOTED_THEMES: Final = 4
_TONELESS: Final = frozenset({"So", "Sk", "Cf", "Mn", "Cn"})
"""Kinds of characters a quotation loses without losing a word: emoji and their joiners."""


def section(report: Report, study: VoiceStudy) -> Block:
    """Open the section with the theme most complained about, or say why there is none."""
    if study.asked is None:
        return report.section("voice.absent")
    if not study.readings:
        floor = report.engagement.minimum_cell
        return report.section("voice.few", floor=floor)
    key = "voice.blamed" if study.readings[0].blamed else "voice.named"
    return report.section(key, "descriptive", **values_of(study))


def theme_chart(report: Report, study: VoiceStudy) -> Block:
    """Draw the share of comments that complain about each theme, the largest first."""
    if not study.readings:
        return nothing(report, "voice.chart")
    labels = labels_of(study)
    values = values_of(study)
    key = "voice.chart" if study.readings[0].blamed else "voice.chart_named"
    shown = study.readings[:CHARTED]

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        return figures.interval_chart(
            [
                figures.IntervalItem(
                    label=write(labels[reading.theme]),
                    estimate=reading.blamed or reading.share,
                    note=write(reading.n),
                )
                for reading in shown
            ],
            theme=theme,
            fmt=lambda value: write(Num(value, "share")),
            axis_label=write(phrase(f"{key}.axis")),
            note_head=write(phrase("voice.chart.note_head")),
        )

    return report.figure(
        "voice.chart",
        draw,
        title=Phrase(f"{key}.title", values),
        subtitle=Phrase("voice.chart.subtitle", values | {"shown": len(shown)}),
        source=Phrase("voice.chart.source", values),
        alt=Phrase(f"{key}.alt", values),
    )


def tables(report: Report, study: VoiceStudy) -> Block:
    """Show every theme, where it is complained about, and what tells detractors from promoters."""
    if not study.readings:
        return nothing(report, "voice.tables")
    blocks = [theme_table(report, study), place_table(report, study)]
    if study.phrases:
        blocks.append(_phrase_table(report, study))
    return report.together("voice.tables", blocks)


def findings(report: Report, study: VoiceStudy) -> Block:
    """Say what customers say, what no theme catches, and quote what a consultant approved."""
    if not study.readings:
        return nothing(report, "voice.findings")
    blocks = [_first_finding(report, study), _unclassified(report, study)]
    if quotes := _quotes(report, study):
        blocks.append(quotes)
    return report.together("voice.findings", blocks)


def _first_finding(report: Report, study: VoiceStudy) -> Block:
    """Say what is complained about most; a reading nobody checked is evidence of grade D."""
    values, key = values_of(study), "voice.finding"
    if study.readings[0].blamed is None:
        key = "voice.finding_named"
    elif "corrected" in values:
        key = "voice.finding_corrected"
    why = unchecked(study)
    return report.say(key, why, level="descriptive", grade="D" if why else None, **values)


def shift_table(report: Report, shifts: Sequence[Shift], study: VoiceStudy) -> Block:
    """Show how often each theme is named against the baseline, apart from where it was written."""
    if not shifts:
        return nothing(report, "voice.shifts")
    labels = labels_of(study)
    rows: list[tuple[Cell, ...]] = [
        (
            labels[shift.theme],
            shift.before,
            shift.after,
            phrase("cell.signed", value=shift.change),
            phrase("voice.shifts.part", value=shift.mix),
            phrase("voice.shifts.part", value=shift.own),
            Num(shift.own.p_value if shift.own.p_value is not None else 1.0, "p_value"),
        )
        for shift in shifts
    ]
    clear = sum(shift.is_clear for shift in shifts)
    widest = max(shifts, key=lambda shift: abs(shift.change.value))
    values: dict[str, Value] = {
        "n_clear": clear, "n_themes": len(shifts),
        "n_before": shifts[0].before.n_obs, "n_after": shifts[0].after.n_obs,
        "top": labels[shifts[0].theme], "change": shifts[0].own,
        "widest": labels[widest.theme], "whole": widest.change, "moved": widest.mix,
        "before_start": period_values(report.engagement.baseline)["start"],
        "before_end": period_values(report.engagement.baseline)["end"],
        **period_values(report.engagement.review),
    }  # fmt: skip
    case = "some" if clear else "none"
    return report.table(
        "voice.shifts",
        Table(
            title=Phrase(f"voice.shifts.title_{case}", values),
            subtitle=Phrase("voice.shifts.subtitle", values),
            source=Phrase("voice.shifts.source", values),
            columns=[
                Column(f"voice.shifts.{head}", "num" if k else "text")
                for k, head in enumerate(
                    ("theme", "before", "after", "change", "mix", "own", "p_value")
                )
            ],
            rows=rows,
        ),
    )


def _phrase_table(report: Report, study: VoiceStudy) -> Block:
    def rows(of: str) -> list[Distinctive]:
        return [item for item in study.phrases if item.of == of and _printable(item.phrase)]

    chosen = [*rows("detractors")[:PHRASES], *rows("promoters")[:PHRASES]]
    if not chosen:
        return nothing(report, "voice.phrases")
    counts = study.asked.phrases if study.asked else None
    values = values_of(study) | {
        "phrase": _spoken(chosen[0].phrase),
        "fewest": FEWEST_COMMENTS,
        "detractors": counts.n_detractors if counts else 0,
        "promoters": counts.n_promoters if counts else 0,
        "n_low": chosen[0].n_detractors,
        "n_high": chosen[0].n_promoters,
    }
    return report.table(
        "voice.phrases",
        Table(
            title=Phrase("voice.phrases.title", values),
            subtitle=Phrase("voice.phrases.subtitle", values),
            source=Phrase("voice.phrases.source", values),
            columns=[
                Column(f"voice.phrases.{head}", "num" if k > 1 else "text")
                for k, head in enumerate(
                    ("phrase", "of", "n_detractors", "n_promoters", "p_value", "unclassified")
                )
            ],
            rows=[
                (
                    _spoken(item.phrase), phrase(f"voice.phrases.{item.of}"),
                    Num(item.n_detractors), Num(item.n_promoters), Num(item.p_value, "p_value"),
                    phrase("voice.phrases.whole", share=Num(item.unclassified, "share")),
                )
                for item in chosen
            ],
        ),
    )  # fmt: skip


def _unclassified(report: Report, study: VoiceStudy) -> Block:
    words = tuple(text for text, _ in study.missing if _printable(text))[:4]
    values = values_of(study)
    if not words:
        return report.say("voice.unclassified", level="descriptive", grade=None, **values)
    values["words"] = Joined(tuple(phrase("voice.quoted", text=_spoken(word)) for word in words))
    return report.say("voice.unclassified_words", level="descriptive", grade=None, **values)


def _quotes(report: Report, study: VoiceStudy) -> Block | None:
    """Quote approved words of the themes most complained about; nothing says who wrote them."""
    labels = labels_of(study)
    order = [reading.theme for reading in study.readings[:QUOTED_THEMES]]
    shown = [
        phrase(f"voice.quote.{quote.tone}", theme=labels[quote.theme], text=_spoken(words))
        for theme in order
        for quote in study.quotes
        if quote.theme == theme and (words := _quotable(quote))
    ]
    return report.items("voice.quotes", shown, role="note") if shown else None


def _quotable(quote: Quote) -> str:
    """Give the words without emoji the fonts lack; "" where a letter would be lost."""
    absent = set(missing_characters(quote.text, report_fonts()))
    if any(unicodedata.category(mark) not in _TONELESS for mark in absent):
        return ""
    return "".join(mark for mark in quote.text if mark not in absent).strip()


def _spoken(text: str) -> Quoted:
    """Mark a customer's words with the language they are in; mixed ones count as Chinese."""
    kind = variety(text)
    if kind in {"en", "other"}:
        return Quoted(text, "en")
    return Quoted(text, "zh-Hans" if kind == "zh-Hans" else "zh-Hant-HK")


def _printable(text: str) -> bool:
    return not missing_characters(text, report_fonts())
