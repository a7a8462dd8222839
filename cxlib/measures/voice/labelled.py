"""The workbook's own test comments: read by nobody's model, coded twice, three varieties.

Two sets, all texts made up for this workbook: no customer wrote them.

`development`, 390 texts: 150 by one author, coded in two passes; and 240 coded by two readers,
a first test that is spent, since the list of themes and the starter model were tuned with it. They
may test that a word is found and nothing else.

`test`, 240 texts, 80 a variety: written by an author who had seen only the themes' definitions, and
coded by two readers, apart, from `codebook.txt` and these definitions alone. Both were instructed
alike, so that their kappa is an upper bound of that between two people. List, starter model and
list of cue words were frozen in commit 3317239; the set was used once, on 2026-11-22, and nothing
was tuned after it. `quality_by_variety` reports on this set only. One of its texts (two characters,
neutral) also stands among the starter texts. On it, micro (macro) F1 of themes:

    list before the starter texts      precision .80, recall .73, F1 .77 (.76)
    list now                           precision .80, recall .84, F1 .82 (.82)

and of 144 negative texts the list of cue words found 59 (11 false alarms), the starter model 109
(20 false alarms). Half of the starter texts, unseen when the list was tuned on the other
half, gave precision .81 and recall .71, where the list before had .82 and .60.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cxlib.data.coding_sheet import TONES
from cxlib.measures.voice.coding import (
    LabelQuality,
    coder_agreement,
    label_quality,
    theme_agreement,
)
from cxlib.measures.voice.own_texts import LabelledText, labelled_texts
from cxlib.measures.voice.sentiment import SentimentScorer
from cxlib.stats.estimate import Estimate

VARIETIES: Final = ("yue", "zh-Hant", "en")
CODED_BY: Final[Literal["one_author", "two_blind"]] = "two_blind"
"""Who coded them: their author twice, or two coders who saw neither the other's codes nor the
reader's. The report says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeCount:
    """How often a theme was coded, found, and both.

    Attributes:
        theme: Its id.
        n_wanted: Texts both codings give it to.
        n_called: Texts the coder finds it in.
        n_both: Both.
    """

    theme: str
    n_wanted: int
    n_called: int
    n_both: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 2 both / (wanted + called); 0 to 1."""
        return 2 * self.n_both / (self.n_wanted + self.n_called)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneRow:
    """A row of the confusion matrix: texts both codings give a tone.

    Attributes:
        tone: negative, neutral or positive.
        n_obs: Texts.
        n_called: Of them, those the scorer calls negative.
    """

    tone: str
    n_obs: int
    n_called: int


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
        tones: Coded tone against called negative or not; agreed texts only.
        theme_counts: Each theme wanted or found.
    """

    variety: str
    n_obs: int
    kappa: Estimate
    theme_kappa: Estimate
    negative: LabelQuality
    themes: LabelQuality | None
    tones: tuple[ToneRow, ...] = ()
    theme_counts: tuple[ThemeCount, ...] = ()

    @property
    def micro_f1(self) -> float | None:
        """F1 over all pairs of text and theme; None where no theme is wanted or found."""
        sums = [sum(n) for n in zip(*((t.n_both, t.n_wanted, t.n_called)
                for t in self.theme_counts), strict=True)]  # fmt: skip
        return 2 * sums[0] / (sums[1] + sums[2]) if sums else None

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 of the themes wanted, each alike; None where none is."""
        wanted = [count.f1 for count in self.theme_counts if count.n_wanted]
        return sum(wanted) / len(wanted) if wanted else None


def quality_by_variety(
    scorer: SentimentScorer,
    *,
    themes_of: Callable[[str], frozenset[str]] | None = None,
    confidence_level: float = 0.95,
) -> tuple[VarietyQuality, ...]:
    """Hold a scorer, and a theme coder, against the test set: each variety, then all.

    Tone and its errors are counted where both codings agree. A theme is wanted where both give
    it; one that only one of them gives counts as wrong when it is found.

    Args:
        scorer: Learned from a client's comments or the word list; it has not seen these texts.
        themes_of: Gives the themes of a text.
        confidence_level: In [0.9, 1).
    """
    texts = labelled_texts("test")
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
    called = [bool(c) for c in scorer.is_negative([text.text for text in agreed])]
    themes, counts = None, []
    if themes_of is not None:
        coded = [(text.themes[0] & text.themes[1], themes_of(text.text)) for text in texts]
        used = sorted(set().union(*(one | other for one, other in coded)))
        pairs = [(theme in one, theme in other) for one, other in coded for theme in used]
        counts = [
            ThemeCount(
                theme=theme,
                n_wanted=sum(theme in one for one, _ in coded),
                n_called=sum(theme in other for _, other in coded),
                n_both=sum(theme in one and theme in other for one, other in coded),
            )
            for theme in used
        ]
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
        tones=tuple(_tone_row(tone, agreed, called) for tone in TONES),
        theme_counts=tuple(counts),
    )


def _tone_row(tone: str, agreed: Sequence[LabelledText], called: Sequence[bool]) -> ToneRow:
    rows = [bool(c) for text, c in zip(agreed, called, strict=True) if text.sentiments[0] == tone]
    return ToneRow(tone=tone, n_obs=len(rows), n_called=sum(rows))
