"""The workbook's own test comments: read by nobody's model, coded twice, three varieties.

150 short texts written for this workbook and coded in two passes by `codebook.txt`, 50 each in
written Cantonese, written Chinese and English. One author wrote and coded them, so the agreement
between passes is an upper bound of that between two people. They were written after the word list
and the model. Since then the list gained common English words, because few English complaints were
found (7 of 24); they were chosen without reading these texts, on drawn sample comments, and the
texts were used once: after it the model of the sample finds 8 of 24, the list alone 7, before 2.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cxlib.measures.voice.coding import (
    LabelQuality,
    coder_agreement,
    label_quality,
    theme_agreement,
    theme_sets,
)
from cxlib.measures.voice.sentiment import SentimentScorer
from cxlib.stats.estimate import Estimate

FILE: Final = Path(__file__).with_name("labelled.csv")
VARIETIES: Final = ("yue", "zh-Hant", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A text and its two codings."""

    variety: str
    text: str
    sentiments: tuple[str, str]
    themes: tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VarietyQuality:
    """How texts of one variety are read.

    Attributes:
        variety: yue, zh-Hant or en; "" for all together.
        n_obs: Texts.
        kappa: Agreement of the two codings on sentiment.
        theme_kappa: And on themes.
        negative: The scorer's negative against both codings where they agree.
        themes: The coder's themes against both codings' common ones, all themes together; None
            where no coder was given.
    """

    variety: str
    n_obs: int
    kappa: Estimate
    theme_kappa: Estimate
    negative: LabelQuality
    themes: LabelQuality | None


@cache
def labelled_texts() -> tuple[LabelledText, ...]:
    """Read the test comments."""
    rows = csv.DictReader(FILE.read_text(encoding="utf-8").splitlines())
    return tuple(
        LabelledText(
            variety=row["variety"],
            text=row["text"],
            sentiments=(row["sentiment_1"], row["sentiment_2"]),
            themes=(theme_sets([row["themes_1"]])[0], theme_sets([row["themes_2"]])[0]),
        )
        for row in rows
    )


def quality_by_variety(
    scorer: SentimentScorer,
    *,
    themes_of: Callable[[str], frozenset[str]] | None = None,
    confidence_level: float = 0.95,
) -> tuple[VarietyQuality, ...]:
    """Hold a scorer, and a theme coder, against the test comments: each variety, then all.

    Args:
        scorer: Learned from a client's comments or the word list; it has not seen these texts.
        themes_of: Gives the themes of a text.
        confidence_level: In [0.9, 1).
    """
    texts = labelled_texts()
    found = [
        _quality([text for text in texts if text.variety == variety], variety, scorer, themes_of,
                 confidence_level)
        for variety in VARIETIES
    ]  # fmt: skip
    return (*found, _quality(texts, "", scorer, themes_of, confidence_level))


def _quality(
    texts: Sequence[LabelledText],
    variety: str,
    scorer: SentimentScorer,
    themes_of: Callable[[str], frozenset[str]] | None,
    level: float,
) -> VarietyQuality:
    first, second = ([text.sentiments[k] for text in texts] for k in (0, 1))
    agreed = [text for text in texts if text.sentiments[0] == text.sentiments[1]]
    wanted = [text.sentiments[0] == "negative" for text in agreed]
    called = scorer.is_negative([text.text for text in agreed])
    themes = None
    if themes_of is not None:
        coded = [(text.themes[0] & text.themes[1], themes_of(text.text)) for text in texts]
        used = sorted(set().union(*(one | other for one, other in coded)))
        pairs = [(theme in one, theme in other) for one, other in coded for theme in used]
        themes = label_quality(
            [one for one, _ in pairs], [other for _, other in pairs], confidence_level=level
        )
    return VarietyQuality(
        variety=variety,
        n_obs=len(texts),
        kappa=coder_agreement(first, second, confidence_level=level),
        theme_kappa=theme_agreement(
            [text.themes[0] for text in texts],
            [text.themes[1] for text in texts],
            confidence_level=level,
        ),
        negative=label_quality(wanted, called, confidence_level=level),
        themes=themes,
    )
