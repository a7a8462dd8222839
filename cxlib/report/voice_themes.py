"""The table of themes: shares as read and corrected, and how far the reading was checked."""

from cxlib.measures.voice.prevalence import ThemeReading
from cxlib.measures.voice.study import VoiceStudy
from cxlib.report.blocks import Block
from cxlib.report.readings import value_cells
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.writer import Num, Phrase, Value, phrase
from cxlib.stats.misclassification import FEWEST_CODED


def theme_table(report: Report, study: VoiceStudy) -> Block:
    """Show every theme: how often it is named, as read and corrected, and complained about."""
    corrected = study.correction is not None and study.correction.n_corrected > 0
    heads = ["theme", "n", "as_read", "corrected" if corrected else "share_ci"]
    heads += ["negative", "negative_ci", "gap", "where"]
    heads += ["public"] if study.public_shares else []
    values = values_of(study) | {
        "floor": report.engagement.minimum_cell, "checked": _checked(study),
    }  # fmt: skip
    judged = study.readings[0].blamed is not None
    return report.table(
        "voice.themes",
        Table(
            title=Phrase(f"voice.table.title{'' if judged else '_named'}", values),
            subtitle=Phrase("voice.table.subtitle", values),
            source=Phrase("voice.table.source", values),
            columns=[
                Column(f"voice.table.{head}", "text" if head in {"theme", "where"} else "num")
                for head in heads
            ],
            rows=[
                _row(report, study, reading, corrected=corrected)
                for reading in study.readings
                if reading.n
            ],
        ),
    )


def _row(
    report: Report, study: VoiceStudy, reading: ThemeReading, *, corrected: bool
) -> tuple[Cell, ...]:
    share, interval = value_cells(reading.share)
    if corrected:
        interval = _corrected(study, reading)
    negative, negative_interval = value_cells(reading.negative)
    gap: Cell = phrase("number.hidden")
    if reading.gap is not None:
        gap = phrase("voice.table.gap_cell", value=reading.gap)
    place: Cell = None
    if reading.touchpoint is not None and reading.there is not None:
        names = report.engagement.touchpoint_names()
        name = names.get(reading.touchpoint, {"en": reading.touchpoint})
        place = phrase("voice.table.place", name=name, share=reading.there)
    cells: tuple[Cell, ...] = (
        labels_of(study)[reading.theme], Num(reading.n), share, interval, negative,
        negative_interval, gap, place,
    )  # fmt: skip
    return (*cells, study.public_shares.get(reading.theme)) if study.public_shares else cells


def _corrected(study: VoiceStudy, reading: ThemeReading) -> Cell:
    """The corrected share and its interval, or the interval as read with a mark that says so."""
    if study.correction is None or reading.share is None:
        return None
    share = study.correction.shares[reading.theme].corrected
    if share is None:
        return phrase("voice.table.only_as_read", value=reading.share)
    return phrase("voice.table.with_interval", value=share)


def _checked(study: VoiceStudy) -> Phrase:
    """Say whether the shares are as read or corrected, by whose codes, and how good the list is."""
    found = study.correction
    if found is not None:
        values: dict[str, Value] = {
            "n_texts": found.n_texts, "n_coders": found.n_coders, "fewest": FEWEST_CODED,
            "n_left": sum(
                found.shares[reading.theme].corrected is None
                for reading in study.readings
                if reading.n
            ),
        }  # fmt: skip
        coders = "one" if found.n_coders == 1 else "many"
        return Phrase(f"voice.checked.{coders if found.n_corrected else 'too_few'}", values)
    test = study.own_test
    if test is None or test.precision is None or test.recall is None:
        return phrase("voice.checked.none")
    return phrase("voice.checked.own_test", precision=test.precision, recall=test.recall)


def unchecked(study: VoiceStudy) -> Phrase | None:
    """Say why what customers write is weak evidence; None where people have checked it."""
    if study.scorer is None or study.scorer.basis != "own_scores":
        return phrase("voice.grade.word_list")
    if study.correction is None:
        return phrase("voice.grade.unchecked")
    return None if study.correction.n_corrected else phrase("voice.grade.too_few")


def labels_of(study: VoiceStudy) -> dict[str, Value]:
    """Give the name of each theme in each language."""
    return {theme.id: dict(theme.label) for theme in study.taxonomy}


def values_of(study: VoiceStudy) -> dict[str, Value]:
    """Give what sentences about themes ask for; the study has readings."""
    labels, top = labels_of(study), study.readings[0]
    second = study.readings[1] if len(study.readings) > 1 else top
    asked, public = study.asked, study.public
    counts = asked.counts if asked else None
    values: dict[str, Value] = {
        "theme": labels[top.theme],
        "second": labels[second.theme],
        "n": asked.n if asked else 0,
        "people": asked.n_people if asked else 0,
        "n_themes": len(study.taxonomy),
        "copies": (counts.copies + counts.near_copies) if counts else 0,
        "hidden": sum(counts.redacted.values()) if counts else 0,
        "public": public.n if public else 0,
        "share": top.share or phrase("number.hidden"),
        "judge": judge_of(study),
        **period_values(study.period),
    }
    if top.blamed:
        values["blamed"] = top.blamed
    if second.blamed:
        values["second_blamed"] = second.blamed
    if study.unclassified:
        values["unclassified"] = study.unclassified
    if study.correction and (corrected := study.correction.shares[top.theme].corrected):
        values |= {"corrected": corrected, "n_texts": study.correction.n_texts}
    return values


def judge_of(study: VoiceStudy) -> Value:
    """Say what recognises a complaint."""
    scorer = study.scorer
    if scorer is None or scorer.check is None:
        return phrase("voice.judge.none")
    return phrase(
        f"voice.judge.{scorer.basis}",
        area=scorer.check.area,
        perfect=Num(1.0, "ratio"),
        chance=Num(0.5, "ratio"),
    )
