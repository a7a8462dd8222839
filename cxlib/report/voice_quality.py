"""How comments and mentions sound, corrected for what their reader gets wrong."""

from collections.abc import Sequence

from cxlib.engagement.schema import Period
from cxlib.measures.voice.coder import coder_of
from cxlib.measures.voice.correction import MentionRate
from cxlib.measures.voice.labelled import CODED_BY, VarietyQuality
from cxlib.measures.voice.stars import SourceStars
from cxlib.measures.voice.starter import starter_model
from cxlib.measures.voice.study import engagement_taxonomy
from cxlib.measures.voice.tone import Tone, ToneShare
from cxlib.report.blocks import Block
from cxlib.report.report import Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.who_answered import category, none_block
from cxlib.report.writer import Joined, Month, Num, Phrase, Value, phrase
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import CorrectedShare

NAMED_SOURCES = ("google", "facebook", "forum", "instagram")


def tone_table(report: Report, tone: Tone) -> Block:
    """Show the share of negative comments per group, as read and corrected."""
    if tone.overall.share is None:
        return none_block(report, "voice_quality.tone.none")
    rows: list[tuple[Cell, ...]] = [
        _tone_row(phrase("voice_quality.all") if not each.group else category(tone.by, each.group),
                  each)
        for each in (tone.overall, *tone.groups)
    ]  # fmt: skip
    values = tone_values(report, tone)
    return report.table(
        "voice_quality.tone",
        Table(
            title=Phrase(f"voice_quality.tone.title_{_case(tone.overall.share)}", values),
            subtitle=Phrase("voice_quality.tone.subtitle", values),
            source=Phrase(f"voice_quality.tone.source_{tone.scorer.basis}", values),
            columns=_columns("voice_quality.tone", ("group", "n", "raw", "corrected", "ci")),
            rows=rows,
        ),
    )


def tone_finding(report: Report, tone: Tone) -> Block:
    """Say the corrected share of negative comments and what reads them."""
    if tone.overall.share is None:
        return none_block(report, "voice_quality.finding.none")
    basis = tone.scorer.basis if not tone.scorer.weakness else tone.scorer.weakness
    why = _weakness(tone)
    return report.say(
        f"voice_quality.finding.{_case(tone.overall.share)}_{basis}",
        why,
        level="descriptive",
        grade="D" if why else None,
        **tone_values(report, tone),
    )


def _weakness(tone: Tone) -> Phrase | None:
    """Say why the tone is weak evidence: no client's scores read it, or nothing corrects it."""
    if tone.scorer.basis != "own_scores":
        return phrase("voice_quality.grade.word_list")
    if tone.overall.share is None or tone.overall.share.corrected is None:
        return phrase("voice_quality.grade.uncorrected")
    return None


def tone_values(report: Report, tone: Tone) -> dict[str, Value]:
    """Figures that sentences about the tone of comments ask for."""
    share, scorer = tone.overall.share, tone.scorer
    none: Value = phrase("number.none")
    check = scorer.check
    return {
        "raw": share.apparent if share else none,
        "corrected": share.corrected if share and share.corrected else none,
        "sensitivity": share.sensitivity if share and share.sensitivity else none,
        "specificity": share.specificity if share and share.specificity else none,
        "n": tone.overall.n_obs, "n_scored": scorer.n_scored,
        "area": _area(check.area) if check else none,
        "tried": _area(scorer.tried) if scorer.tried else none,
        "label": phrase(f"voice_quality.label.{scorer.label}"),
        "standard": phrase(f"voice_quality.standard.{tone.standard}"),
        "floor": report.engagement.minimum_cell, "n_starter": starter_model().n_texts,
        **period_values(report.engagement.baseline),
    }  # fmt: skip


def coding_block(report: Report, tone: Tone) -> Block:
    """Quote the client's own precision, recall and agreement, or say how to get them."""
    coding = tone.coding
    if coding is None:
        return report.items(
            "voice_quality.coding",
            [phrase("voice_quality.coding.none"), *_scripts(tone)],
            role="note",
        )
    quality = coding.negative
    key = "voice_quality.coding.two" if coding.kappa else "voice_quality.coding.one"
    values: dict[str, Value] = {
        "n": coding.n_coded, "n_disputed": coding.n_disputed, "n_coders": len(coding.coders),
        "precision": quality.precision or phrase("number.none"),
        "recall": quality.recall or phrase("number.none"),
        "kappa": _area(coding.kappa) if coding.kappa else phrase("number.none"),
    }  # fmt: skip
    said = [Phrase(key, values)]
    if themes := _coded_themes(report, tone):
        said.append(themes)
    return report.items("voice_quality.coding", [*said, *_scripts(tone)], role="note")


def _scripts(tone: Tone) -> list[Phrase]:
    """Say what reads the comments in each script and how well, grade D where nothing checks it."""
    said = []
    for each in tone.scorer.scripts:
        values: dict[str, Value] = {
            "script": phrase(f"voice_quality.script.{each.script}"),
            "n": each.n_texts, "n_scored": each.n_scored,
        }  # fmt: skip
        if each.check is None:
            said.append(Phrase("voice_quality.script.unchecked", values))
            continue
        found, left = each.check.found, each.check.left_alone
        values |= {"right": found.right, "n_low": found.n_obs, "left": left.right}
        said.append(Phrase(f"voice_quality.script.{each.basis}", values | {"n_rest": left.n_obs}))
    return said


def _coded_themes(report: Report, tone: Tone) -> Phrase | None:
    """Quote precision and recall of the list of themes by the client's own codes, if any."""
    taxonomy = engagement_taxonomy(report.engagement)
    found = tone.theme_check(
        coder_of(taxonomy).themes_of, confidence_level=report.engagement.confidence_level
    )
    if found is None or found.recall is None or found.precision is None:
        return None
    labels = {theme.id: dict(theme.label) for theme in taxonomy}
    key = f"voice_quality.coded_themes.{'two' if found.kappa else 'one'}"
    values: dict[str, Value] = {
        "n": found.n_texts, "n_coders": found.n_coders, "n_given": found.n_given,
        "n_missed": found.n_missed, "precision": found.precision, "recall": found.recall,
        "kappa": _area(found.kappa) if found.kappa else phrase("number.none"),
        "missed": labels.get(found.missed, found.missed),
    }  # fmt: skip
    return Phrase(key if found.missed else f"{key}_all", values)


def quality_table(report: Report, qualities: Sequence[VarietyQuality]) -> Block:
    """Show precision, recall and agreement on the workbook's own test comments, per variety."""
    rows: list[tuple[Cell, ...]] = []
    for each in qualities:
        negative = each.negative
        rows.append(
            (
                phrase(f"voice_quality.variety.{each.variety or 'all'}"),
                Num(negative.n_obs),
                Num(negative.found.right),
                Num(negative.found.n_obs - negative.found.right),
                Num(negative.left_alone.n_obs - negative.left_alone.right),
                Num(negative.left_alone.right),
                _with_interval(negative.precision),
                _with_interval(negative.recall),
                phrase("voice_quality.quality.kappa_value", value=_area(each.kappa)),
            )
        )
    heads = ("variety", "n", "hit", "missed", "false", "right", "precision", "recall", "kappa")
    last = qualities[-1]
    values: dict[str, Value] = {
        "n": last.n_obs,
        "recall": last.negative.recall or phrase("number.none"),
        "precision": last.negative.precision or phrase("number.none"),
        "n_varieties": len(qualities) - 1,
        "n_agreed": last.negative.n_obs,
        "coded_by": phrase(f"voice_quality.coded_by.{CODED_BY}"),
    }
    themes: Value = ""
    if last.themes and last.themes.precision and last.themes.recall:
        themes = phrase(
            "voice_quality.quality.themes",
            kappa=_area(last.theme_kappa),
            listed=Joined(
                tuple(
                    phrase(
                        "voice_quality.quality.theme_figures",
                        variety=phrase(f"voice_quality.variety.{each.variety or 'all'}"),
                        precision=each.themes.precision,
                        recall=each.themes.recall,
                        micro=_ratio(each.micro_f1),
                        macro=_ratio(each.macro_f1),
                    )
                    for each in qualities
                    if each.themes and each.themes.precision and each.themes.recall
                )
            ),
        )
    values |= {"themes": themes, "starter": _starter()}
    return report.table(
        "voice_quality.quality",
        Table(
            title=Phrase("voice_quality.quality.title", values),
            subtitle=Phrase("voice_quality.quality.subtitle", values),
            source=Phrase("voice_quality.quality.source", values),
            columns=_columns("voice_quality.quality", heads),
            rows=rows,
        ),
    )


def _starter() -> Phrase:
    """Say how the model of made-up comments reads, beside the bare list of words."""
    model = starter_model()
    listed = tuple(
        phrase(
            "voice_quality.quality.starter_one",
            variety=phrase(f"voice_quality.variety.{each.variety or 'all'}"),
            n=each.found.n_obs,
            right=each.found.right,
            wrong=each.left_alone.n_obs - each.left_alone.right,
            right_words=each.found_by_words.right,
            wrong_words=each.left_alone_by_words.n_obs - each.left_alone_by_words.right,
        )
        for each in model.checks
    )
    return phrase("voice_quality.quality.starter", n=model.n_texts, listed=Joined(listed))


def _ratio(value: float | None) -> Value:
    return phrase("number.none") if value is None else Num(value, "ratio")


def mention_table(
    report: Report, periods: Sequence[tuple[Value, MentionRate]], *, key: str = "mentions"
) -> Block:
    """Show the positive-mention rate of each period, as labelled and corrected.

    Args:
        report: Takes the table.
        periods: What to call each period, and its rate; the last one is in the title.
        key: Last part of the block's name, where a report has several.
    """
    rated = [(name, rate, rate.rate) for name, rate in periods if rate.rate is not None]
    if not rated:
        return none_block(report, "voice_quality.mentions.none")
    rows: list[tuple[Cell, ...]] = [
        (
            name, Num(share.apparent.n_obs), *_share_cells(share),
            phrase(f"voice_quality.audit.{rate.audit}"),
        )
        for name, rate, share in rated
    ]  # fmt: skip
    name, rate, share = rated[-1]
    none: Value = phrase("number.none")
    values: dict[str, Value] = {
        "period": name, "raw": share.apparent, "corrected": share.corrected or none,
        "sensitivity": share.sensitivity or none, "specificity": share.specificity or none,
        "n_positive": share.sensitivity.n_obs if share.sensitivity else none,
        "n_negative": share.specificity.n_obs if share.specificity else none,
        "n_coded": rate.n_coded, "n_copies": sum(rate.n_copies for _, rate, _ in rated),
        "n_neutral": sum(rate.n_neutral for _, rate, _ in rated),
        "stable": _stable(report, rate),
    }  # fmt: skip
    heads = ("period", "n", "raw", "corrected", "ci", "audit")
    columns = _columns("voice_quality.mentions", heads)
    return report.table(
        f"voice_quality.{key}",
        Table(
            title=Phrase(f"voice_quality.mentions.title_{_case(share)}", values),
            subtitle=phrase("voice_quality.mentions.subtitle"),
            source=Phrase(f"voice_quality.mentions.source_{_case(share)}", values),
            columns=[*columns[:-1], Column(columns[-1].header, "text")],
            rows=rows,
        ),
    )


def _stable(report: Report, rate: MentionRate) -> Value:
    """Say whether the labels err alike over time, or that it is taken for granted."""
    if rate.audit == "own_period":
        return phrase("voice_quality.stable.own")
    if rate.drift is None:
        return phrase("voice_quality.stable.assumed")
    clear = rate.drift <= 1 - report.engagement.confidence_level
    p = Num(rate.drift, "p_value")
    return phrase(f"voice_quality.stable.{'changed' if clear else 'no_sign'}", p=p)


def named_periods(
    rates: Sequence[MentionRate], period: Period, *, monthly: bool = False
) -> list[tuple[Value, MentionRate]]:
    """Call the rate of a whole period by its days, those of months by their names."""
    whole = phrase("voice_quality.period", **period_values(period))
    return [(Month(rate.start) if monthly else whole, rate) for rate in rates]


def stars_line(report: Report, stars: Sequence[SourceStars], across: Estimate | None) -> Block:
    """Say the mean stars of each source, and of all only by a stated mapping."""
    shown = [each for each in stars if each.mean is not None]
    if not shown:
        return none_block(report, "voice_quality.stars.none")
    listed = Joined(
        tuple(
            phrase("voice_quality.stars.one", source=_source(each.source), mean=each.mean)
            for each in shown
            if each.mean is not None
        )
    )
    key = "one_source" if len(stars) == 1 else "mapped" if across else "unmapped"
    values: dict[str, Value] = {
        "listed": listed, "across": across or phrase("number.none"),
        **period_values(report.engagement.baseline),
    }  # fmt: skip
    return report.items(
        "voice_quality.stars", [Phrase(f"voice_quality.stars.{key}", values)], role="note"
    )


def _source(name: str) -> Value:
    return phrase(f"voice_quality.source.{name}") if name in NAMED_SOURCES else name


def _area(estimate: Estimate) -> Value:
    """A figure between 0 and 1 with two digits, and its interval."""
    key = "voice_quality.figure" if estimate.has_interval else "voice_quality.figure_plain"
    return phrase(key, value=estimate)


def _case(share: CorrectedShare) -> str:
    return share.reason or "corrected"


def _columns(prefix: str, heads: Sequence[str]) -> list[Column]:
    return [Column(f"{prefix}.{head}") for head in heads]


def _tone_row(name: Value, each: ToneShare) -> tuple[Cell, ...]:
    if each.share is None:
        return (name, phrase("number.hidden"), None, None, None)
    return (name, Num(each.n_obs), *_share_cells(each.share))


def _share_cells(share: CorrectedShare) -> tuple[Cell, Cell, Cell]:
    if share.corrected is None:
        return (share.apparent, phrase(f"voice_quality.reason.{share.reason}"), None)
    return (share.apparent, share.corrected, phrase("cell.interval", value=share.corrected))


def _with_interval(share: Estimate | None) -> Cell:
    return None if share is None else phrase("voice_quality.with_interval", value=share)
