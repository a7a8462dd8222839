"""Everything a diagnosis says about what customers write, from one engagement in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from cxlib.data.coding_sheet import read_codes
from cxlib.data.comments import scored_comments
from cxlib.data.source import Source
from cxlib.engagement.schema import Engagement, Period
from cxlib.errors import ConfigError, Problem
from cxlib.measures.voice.coder import coder_of
from cxlib.measures.voice.coding import LabelQuality
from cxlib.measures.voice.labelled import quality_by_variety
from cxlib.measures.voice.listen import Blame, Voice, listen
from cxlib.measures.voice.phrases import Distinctive, distinctive_phrases, unclassified_phrases
from cxlib.measures.voice.prevalence import (
    Place,
    ThemeReading,
    coverage,
    theme_places,
    theme_readings,
)
from cxlib.measures.voice.quotes import Quote, approved_quotes, write_candidates
from cxlib.measures.voice.sentiment import SentimentScorer, learn_from_comments
from cxlib.measures.voice.shifts import Shift, theme_shifts
from cxlib.measures.voice.taxonomy import Taxonomy, read_taxonomy
from cxlib.measures.voice.theme_check import ThemeCorrection, ThemesOf, correct_themes
from cxlib.measures.voice.trends import Trend, leading_places, place_trends
from cxlib.measures.voice.unseen import unseen_blame
from cxlib.stats.estimate import Estimate

QUOTES: Final = Path("internal") / "quotes.csv"
"""Where candidates for quotation are written, beside the ledger."""
LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoiceStudy:
    """What customers wrote in a period.

    Attributes:
        period: Of the comments.
        taxonomy: The themes.
        asked: Open answers and contact notes; None where no table has any text.
        public: Public mentions; None where there are none.
        readings: Each theme, the most blamed first.
        places: Each theme at each touchpoint.
        middle: First day of the later half of the period.
        trends: How the pairs with the most complaints changed between the halves.
        correction: Shares of themes corrected by the client's own codes; None where nobody
            coded themes.
        own_test: The list of themes on the workbook's own test comments, all themes together;
            None where no comment can be judged.
        public_shares: Theme to its share of public mentions.
        phrases: Distinctive of detractors and of promoters.
        missing: Phrases shared by comments that no theme names, with their number.
        unclassified: Share of comments that no theme names.
        scorer: What judges blame; None where no comment can be judged.
        quotes: Words a consultant has approved.
    """

    period: Period
    taxonomy: Taxonomy
    asked: Voice | None
    public: Voice | None
    readings: tuple[ThemeReading, ...] = ()
    places: tuple[Place, ...] = ()
    middle: date
    trends: tuple[Trend, ...] = ()
    correction: ThemeCorrection | None = None
    own_test: LabelQuality | None = None
    public_shares: Mapping[str, Estimate]
    phrases: tuple[Distinctive, ...] = ()
    missing: tuple[tuple[str, int], ...] = ()
    unclassified: Estimate | None = None
    scorer: SentimentScorer | None = None
    quotes: tuple[Quote, ...] = ()


def voice_study(
    engagement: Engagement,
    tables: Mapping[str, Source],
    *,
    period: Period | None = None,
    keep_quotes_in: Path | None = None,
) -> VoiceStudy:
    """Read what customers wrote.

    Args:
        engagement: Names the files of themes, names to hide and approved quotations.
        tables: Any of `answers`, `cases` and `mentions`.
        period: None takes the baseline.
        keep_quotes_in: Folder in which the candidates for quotation are written for a consultant
            to tick (`internal/quotes.csv`); None writes nothing.

    Raises:
        ConfigError: The taxonomy or the list of names cannot be used.
        DataError: The file of quotations cannot be used.
    """
    period = period or engagement.baseline
    window = period.window("")
    taxonomy = engagement_taxonomy(engagement)
    comments = _comments(engagement, tables, period)
    level, floor = engagement.confidence_level, engagement.minimum_cell
    scorer = None
    if comments is not None:
        scorer = learn_from_comments(comments, seed=engagement.seed, confidence_level=level)
    names = read_names(engagement)
    blame: Blame | None = None
    if scorer is not None and comments is not None:
        blame = unseen_blame(scorer, list(comments["comment"]))

    def heard(*wanted: str) -> Voice | None:
        voice = listen(
            {name: tables[name] for name in wanted if name in tables},
            taxonomy=taxonomy, start=window["start"], end=window["end"], blame=blame,
            names=names, seed=engagement.seed,
        )  # fmt: skip
        return voice if voice.n else None

    asked, public = heard("answers", "cases"), heard("mentions")
    middle = window["start"] + (window["end"] - window["start"]) / 2
    if asked is None or asked.n < floor:
        return VoiceStudy(
            period=period, taxonomy=taxonomy, asked=asked, public=public, public_shares={},
            middle=middle,
        )  # fmt: skip
    readings = theme_readings(asked, **engagement.precision)
    places = theme_places(asked, **engagement.precision)
    themes_of = coder_of(taxonomy).themes_of
    file = engagement.folder / engagement.voice.quotes if engagement.voice.quotes else None
    if keep_quotes_in is not None:
        write_candidates(keep_quotes_in / QUOTES, asked.quotes)
    return VoiceStudy(
        period=period,
        taxonomy=taxonomy,
        asked=asked,
        public=public,
        readings=tuple(sorted(readings, key=_blamed_first)),
        places=places,
        middle=middle,
        trends=place_trends(asked, leading_places(places), middle=middle, **engagement.precision),
        correction=_correction(engagement, asked, comments, themes_of),
        own_test=_own_test(scorer, themes_of, level),
        public_shares=_shares(public, level, floor),
        phrases=distinctive_phrases(asked.phrases, error_rate=1 - level),
        missing=unclassified_phrases(asked.phrases),
        unclassified=coverage(asked, confidence_level=level),
        scorer=scorer,
        quotes=approved_quotes(file, asked.quotes),
    )


def voice_shifts(engagement: Engagement, tables: Mapping[str, Source]) -> tuple[Shift, ...]:
    """Compare how often each theme is named in the baseline and in the review period.

    What changed where the comments came from is held apart from each theme's own change.
    """
    taxonomy, names = engagement_taxonomy(engagement), read_names(engagement)
    voices = [
        listen(
            {name: tables[name] for name in ("answers", "cases") if name in tables},
            taxonomy=taxonomy, start=window["start"], end=window["end"], names=names,
        )
        for window in (engagement.baseline.window(""), engagement.review.window(""))
    ]  # fmt: skip
    return theme_shifts(*voices, **engagement.precision)


def engagement_taxonomy(engagement: Engagement) -> Taxonomy:
    """Read the themes of an engagement: its own over the workbook's.

    Raises:
        ConfigError: The file cannot be used; all problems at once.
    """
    named = engagement.voice.taxonomy
    points = frozenset(point.id for point in engagement.touchpoints)
    return read_taxonomy(engagement.folder / named if named else None, touchpoints=points)


def read_names(engagement: Engagement) -> tuple[str, ...]:
    """Read the names to hide, one a line; none where the engagement names no file.

    Raises:
        ConfigError: The file is absent, is not UTF-8, or holds a line that is no name.
    """
    if engagement.voice.names is None:
        return ()
    file = engagement.folder / engagement.voice.names
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        problem = Problem(
            engagement.path.name, "voice.names", engagement.voice.names,
            "must be UTF-8 text beside the engagement file", "correct the name, or save it so",
        )  # fmt: skip
        raise ConfigError("the list of names cannot be read", [problem]) from None
    problems = [
        Problem(
            file.name, f"line {k}", f"{line.strip()!r:.40}",
            f"a name has 2 to {LONGEST_NAME} characters", "write one name a line",
        )
        for k, line in enumerate(lines, start=1)
        if line.strip() and not 2 <= len(line.strip()) <= LONGEST_NAME  # noqa: PLR2004
    ]  # fmt: skip
    if problems:
        raise ConfigError(f"{file.name} cannot be used: {len(problems)} lines", problems)
    return tuple(line.strip() for line in lines if line.strip())


def check_quotes(engagement: Engagement) -> None:
    """Check the quotations a consultant has ticked, where there are any yet.

    Raises:
        ConfigError: The file named is absent, and is not the one the first run writes.
        DataError: The file cannot be read, or a tick is neither yes nor no.
    """
    named = engagement.voice.quotes
    if named and Path(named) != QUOTES and not (engagement.folder / named).is_file():
        problem = Problem(
            engagement.path.name, "voice.quotes", named, "the file must exist",
            f"correct the name, or write {QUOTES.as_posix()}, which the first run makes",
        )  # fmt: skip
        raise ConfigError("the quotations cannot be read", [problem])
    for name in sorted({QUOTES, Path(named or QUOTES)}):
        approved_quotes(engagement.folder / name, ())


def _comments(
    engagement: Engagement, tables: Mapping[str, Source], period: Period
) -> pd.DataFrame | None:
    if "answers" not in tables or "comment" not in tables["answers"].columns:
        return None
    window = period.window("answered_at")
    return scored_comments(tables["answers"], **window, seed=engagement.seed)


def _correction(
    engagement: Engagement, asked: Voice, comments: pd.DataFrame | None, themes_of: ThemesOf
) -> ThemeCorrection | None:
    """Correct by the codes the engagement keeps of this period's comments."""
    codes = read_codes(engagement.folder)
    if codes is None or comments is None:
        return None
    coded = comments[comments["answer_id"].isin(codes["id"])]
    texts = dict(zip(coded["answer_id"].astype(str), coded["comment"].astype(str), strict=True))
    level = engagement.confidence_level
    return correct_themes(asked, codes, texts, themes_of=themes_of, confidence_level=level)


def _own_test(
    scorer: SentimentScorer | None, themes_of: ThemesOf, level: float
) -> LabelQuality | None:
    """Hold the list of themes against the workbook's own test comments."""
    if scorer is None:
        return None
    return quality_by_variety(scorer, themes_of=themes_of, confidence_level=level)[-1].themes


def _blamed_first(reading: ThemeReading) -> tuple[float, int, str]:
    return (-(reading.blamed.value if reading.blamed else 0.0), -reading.n, reading.theme)


def _shares(voice: Voice | None, level: float, floor: int) -> dict[str, Estimate]:
    if voice is None or voice.n < floor:
        return {}
    found = theme_readings(voice, confidence_level=level, minimum_cell=floor)
    return {reading.theme: reading.share for reading in found if reading.share is not None}
