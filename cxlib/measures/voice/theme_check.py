"""The list of themes against what people coded, and shares of themes corrected by it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from cxlib.data.coding_sheet import split_themes
from cxlib.measures.voice.coding import theme_agreement
from cxlib.measures.voice.listen import Voice
from cxlib.measures.voice.prevalence import clustered_share, effective_counts
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import CorrectedShare, Hits, corrected_share, rogan_gladen

ThemesOf: TypeAlias = Callable[[str], frozenset[str]]
CodedSets: TypeAlias = dict[str, dict[str, frozenset[str]]]
"""Comment to coder to the themes given."""

NOTHING: Final = Hits(right=0, n_obs=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeCheck:
    """What coded themes say about the list of themes.

    Attributes:
        n_texts: Comments whose themes somebody coded.
        n_coders: Who coded themes.
        kappa: Agreement of the first two over every comment and theme; None with one.
        precision: Of the themes the list gives, the share people give too; where two coded a
            comment, a theme counts only where they agree. None where it gives none.
        recall: Of people's themes, the share the list gives.
        missed: The theme it misses most often; "" where it misses none.
        n_missed: Comments in which it misses that theme.
        n_given: Comments to which people give it.
    """

    n_texts: int
    n_coders: int
    kappa: Estimate | None
    precision: Estimate | None
    recall: Estimate | None
    missed: str
    n_missed: int
    n_given: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeCorrection:
    """Shares of themes as the list reads them, and corrected by people's codes.

    Attributes:
        n_texts: Comments whose themes somebody coded.
        n_coders: Who coded them.
        shares: Theme to its share of all comments; one with too few coded stays as read.
    """

    n_texts: int
    n_coders: int
    shares: Mapping[str, CorrectedShare]

    @property
    def n_corrected(self) -> int:
        """Themes whose share could be corrected."""
        return sum(share.corrected is not None for share in self.shares.values())


def check_themes(
    codes: pd.DataFrame,
    texts: Mapping[str, str],
    *,
    themes_of: ThemesOf,
    confidence_level: float = 0.95,
) -> ThemeCheck | None:
    """Hold the list of themes against the themes the client's own people gave.

    A coder who gave no theme to any comment coded none; one who gave some meant "no theme" where
    the cell is empty. Shares are over pairs of comment and theme, their intervals over comments.

    Args:
        codes: Of ``data.coding_sheet.read_codes``.
        texts: Comment to its words.
        themes_of: Gives the themes of a text.
        confidence_level: In [0.9, 1).

    Returns:
        None where nobody coded themes of these comments.
    """
    sets = coded_themes(codes, texts)
    if not sets:
        return None
    coders = sorted({coder for found in sets.values() for coder in found})
    first = coders[:2]
    twice = [found for found in sets.values() if set(first) <= found.keys()] if first[1:] else []
    kappa = None
    if any(found[name] for found in twice for name in first):
        a, b = ([found[name] for found in twice] for name in first)
        kappa = theme_agreement(a, b, confidence_level=confidence_level)
    pairs: list[tuple[int, str, bool, bool]] = []
    for k, (name, found) in enumerate(sets.items()):
        called = themes_of(texts[name])
        agreed, disputed = _verdict(found)
        pairs += [(k, theme, theme in agreed, theme in called)
                  for theme in sorted((agreed | called) - disputed)]  # fmt: skip

    def share(of: int, part: int) -> Estimate | None:
        kept = [pair for pair in pairs if pair[of]]
        if not kept:
            return None
        flags = np.array([pair[part] for pair in kept], dtype=bool)
        where = np.array([pair[0] for pair in kept])
        return clustered_share(flags, where, confidence_level=confidence_level)

    wanted = Counter(theme for _, theme, told, _ in pairs if told)
    lost = Counter(theme for _, theme, told, called in pairs if told and not called)
    missed, n_missed = min(lost.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return ThemeCheck(
        n_texts=len(sets),
        n_coders=len(coders),
        kappa=kappa,
        precision=share(3, 2),
        recall=share(2, 3),
        missed=missed,
        n_missed=n_missed,
        n_given=wanted[missed],
    )


def correct_themes(
    voice: Voice,
    codes: pd.DataFrame | None,
    texts: Mapping[str, str],
    *,
    themes_of: ThemesOf,
    confidence_level: float = 0.95,
) -> ThemeCorrection | None:
    """Correct the share of each theme by how often the list misses it and wrongly gives it.

    Each theme has errors of its own; comments on which coders differ about a theme are left out
    of that theme. The counts are first reduced to effective comments, since a person may have
    written several.

        corrected = (as read + specificity - 1) / (sensitivity + specificity - 1)

    Args:
        voice: Comments of a period.
        codes: Of ``data.coding_sheet.read_codes``; None where nobody coded.
        texts: Comment to its words, of the same period.
        themes_of: Gives the themes of a text, as the voice was read.
        confidence_level: In [0.9, 1).

    Returns:
        None where nobody coded themes of these comments.

    Source: Rogan and Gladen (1978); Lang and Reiczigel (2014); see ``stats.misclassification``.
    """
    sets = coded_themes(codes, texts) if codes is not None else {}
    if not sets or not voice.n:
        return None
    hits = theme_hits(sets, {name: themes_of(texts[name]) for name in sets})
    shares = {}
    for theme in voice.theme_ids:
        flags = voice.names(theme)
        count, size = effective_counts(flags, voice.people)
        found, left_alone = hits.get(theme, (NOTHING, NOTHING))
        made = corrected_share(
            count, size, found=found, left_alone=left_alone, confidence_level=confidence_level
        )
        shares[theme] = replace(
            made,
            apparent=clustered_share(flags, voice.people, confidence_level=confidence_level),
            corrected=_exact(made, float(flags.mean()), voice.n),
        )
    return ThemeCorrection(
        n_texts=len(sets),
        n_coders=len({coder for found in sets.values() for coder in found}),
        shares=shares,
    )


def coded_themes(codes: pd.DataFrame, texts: Mapping[str, str]) -> CodedSets:
    """Give the themes of each coded comment by coder; coders who gave no theme at all are left out.

    Args:
        codes: Of ``data.coding_sheet.read_codes``.
        texts: The comments that count.
    """
    if "themes" not in codes.columns:
        return {}
    given = codes["themes"].fillna("").astype(str)
    coding = set(codes.loc[given.str.strip() != "", "coder"])
    known = codes[codes["id"].isin(list(texts)) & codes["coder"].isin(coding)]
    sets: CodedSets = {}
    columns = (known[name].fillna("").astype(str) for name in ("id", "coder", "themes"))
    for name, coder, cell in zip(*columns, strict=True):
        sets.setdefault(name, {})[coder] = frozenset(split_themes(cell))
    return sets


def theme_hits(
    sets: CodedSets, called: Mapping[str, frozenset[str]]
) -> dict[str, tuple[Hits, Hits]]:
    """Count per theme how often the list finds it, and how often it rightly leaves it out.

    Args:
        sets: Of ``coded_themes``.
        called: Comment to the themes the list gives.
    """
    themes = set().union(*called.values(), *(t for found in sets.values() for t in found.values()))
    verdicts = {name: _verdict(found) for name, found in sets.items()}
    counted = {}
    for theme in sorted(themes):
        told = [
            (theme in agreed, theme in called[name])
            for name, (agreed, disputed) in verdicts.items()
            if theme not in disputed
        ]
        wanted, rest = ([call for truth, call in told if truth is kind] for kind in (True, False))
        counted[theme] = (
            Hits(right=sum(wanted), n_obs=len(wanted)),
            Hits(right=len(rest) - sum(rest), n_obs=len(rest)),
        )
    return counted


def _verdict(found: Mapping[str, frozenset[str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Give the themes all coders of a comment gave, and those only some did."""
    agreed = frozenset.intersection(*found.values())
    return agreed, frozenset.union(*found.values()) - agreed


def _exact(made: CorrectedShare, share: float, n: int) -> Estimate | None:
    """Put the value of all comments, not of the rounded effective ones, between the limits."""
    if made.corrected is None or made.sensitivity is None or made.specificity is None:
        return None
    plain = rogan_gladen(
        share, sensitivity=made.sensitivity.value, specificity=made.specificity.value
    )
    value = min(1.0, max(0.0, plain))
    return replace(
        made.corrected,
        value=value,
        ci_lower=min(made.corrected.ci_lower, value),
        ci_upper=max(made.corrected.ci_upper, value),
        n_obs=n,
        method="Rogan-Gladen, Lang-Reiczigel, effective comments",
    )
