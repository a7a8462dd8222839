"""Shares of negative comments, as the scorer counts them and corrected for its errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.voice.coding import CodingCheck, check_coding
from cxlib.measures.voice.sentiment import SentimentScorer, tone_codes
from cxlib.measures.voice.theme_check import ThemeCheck, check_themes
from cxlib.stats.misclassification import CorrectedShare, Hits, corrected_share

Mask: TypeAlias = NDArray[np.bool_]
Standard = Literal["coded", "scores", "none"]
"""What the scorer's errors were measured against: people's codes, customers' scores, nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneShare:
    """Negative comments of a group.

    Attributes:
        group: The category; "" for all together.
        n_obs: Comments.
        share: As counted and corrected; None under the minimum cell.
    """

    group: str
    n_obs: int
    share: CorrectedShare | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tone:
    """How the comments of a period sound, and how far the figures can be trusted.

    Attributes:
        scorer: What read them.
        coding: People's codes of some of them; None where nobody coded.
        standard: What the correction rests on.
        by: The column of the groups.
        overall: All comments.
        groups: Each category, corrected by the errors made in it alone: a reader that errs more
            often where customers are lukewarm would else move a whole group.
        codes: As kept by the engagement; None where nobody coded.
        coded_texts: Comment to its words, of those coded.
    """

    scorer: SentimentScorer
    coding: CodingCheck | None
    standard: Standard
    by: str
    overall: ToneShare
    groups: tuple[ToneShare, ...]
    codes: pd.DataFrame | None = None
    coded_texts: Mapping[str, str] = field(default_factory=dict)

    def theme_check(
        self, themes_of: Callable[[str], frozenset[str]], *, confidence_level: float = 0.95
    ) -> ThemeCheck | None:
        """Hold a list of themes against the client's own codes; None where nobody coded any."""
        if self.codes is None:
            return None
        return check_themes(
            self.codes, self.coded_texts, themes_of=themes_of, confidence_level=confidence_level
        )


def comment_tone(
    comments: pd.DataFrame,
    scorer: SentimentScorer,
    *,
    codes: pd.DataFrame | None = None,
    by: str = "channel",
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> Tone:
    """Count negative comments and correct the counts.

    Every comment is read by a model that did not learn from its writer. The errors come from
    people's codes where enough comments are coded, else from the scores customers gave; those of
    a group from that group, which is left as read where too few of it were checked.

    Args:
        comments: The frame the scorer was learned from.
        scorer: Learned from it.
        codes: Of ``data.coding_sheet.read_codes``.
        by: Column of the groups.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer comments are hidden.

    Raises:
        InputError: The scorer was learned from other comments.
    """
    if len(comments) != scorer.outside.size:
        raise InputError(
            f"the scorer must be learned from these {len(comments):,} comments, it was from "
            f"{scorer.outside.size:,}"
        )
    negative = scorer.outside > 0.5  # noqa: PLR2004
    coding = None
    if codes is not None and codes["id"].isin(comments["answer_id"]).any():
        unseen = dict(zip(comments["answer_id"].astype(str), negative.tolist(), strict=True))
        coding = check_coding(codes, unseen, confidence_level=confidence_level)
    standard, *overall_errors = _standard(scorer, coding, confidence_level)

    def share(group: str, rows: Mask, found: Hits, left_alone: Hits) -> ToneShare:
        n = int(rows.sum())
        if n < max(1, minimum_cell):
            return ToneShare(group=group, n_obs=n, share=None)
        counted = corrected_share(
            int((negative & rows).sum()), n, found=found, left_alone=left_alone,
            confidence_level=confidence_level,
        )  # fmt: skip
        return ToneShare(group=group, n_obs=n, share=counted)

    def errors(rows: Mask) -> tuple[Hits, Hits]:
        if standard == "coded" and codes is not None:
            ids = comments["answer_id"][rows].astype(str)
            return _coded_errors(codes, dict(zip(ids, negative[rows].tolist(), strict=True)))
        return _scored_errors(comments[rows], scorer, negative[rows])

    values = comments[by].astype("object")
    names = sorted({str(value) for value in values.dropna()})
    members = {name: (values == name).to_numpy(dtype=bool) for name in names}
    return Tone(
        scorer=scorer,
        coding=coding,
        standard=standard,
        by=by,
        overall=share("", np.ones(len(comments), dtype=bool), *overall_errors),
        groups=tuple(share(name, rows, *errors(rows)) for name, rows in members.items()),
        codes=codes if coding is not None else None,
        coded_texts=_coded_texts(comments, codes) if coding is not None else {},
    )


def _coded_texts(comments: pd.DataFrame, codes: pd.DataFrame | None) -> dict[str, str]:
    if codes is None or "comment" not in comments.columns:
        return {}
    kept = comments[comments["answer_id"].isin(codes["id"])]
    return dict(zip(kept["answer_id"].astype(str), kept["comment"].astype(str), strict=True))


def _coded_errors(codes: pd.DataFrame, unseen: dict[str, bool]) -> tuple[Hits, Hits]:
    """Return the hits among a group's coded comments; none where nobody coded any."""
    if not (codes["id"].isin(list(unseen)) & codes["sentiment"].notna()).any():
        return Hits(right=0, n_obs=0), Hits(right=0, n_obs=0)
    quality = check_coding(codes, unseen).negative
    return quality.found, quality.left_alone


def _scored_errors(
    comments: pd.DataFrame, scorer: SentimentScorer, negative: Mask
) -> tuple[Hits, Hits]:
    """Return the hits among a group's scored comments, neutral scores among those left alone."""
    tones = tone_codes(list(comments[scorer.label]), label=scorer.label)
    low, rest = tones == -1, (tones == 0) | (tones == 1)
    return (
        Hits(right=int((negative & low).sum()), n_obs=int(low.sum())),
        Hits(right=int((~negative & rest).sum()), n_obs=int(rest.sum())),
    )


def _standard(
    scorer: SentimentScorer, coding: CodingCheck | None, level: float
) -> tuple[Standard, Hits, Hits]:
    """Choose what the errors are measured by: codes where they suffice, else scores."""
    if coding is not None:
        quality = coding.negative
        tried = corrected_share(
            0, 1, found=quality.found, left_alone=quality.left_alone, confidence_level=level
        )
        if tried.reason != "too_few_coded":
            return "coded", quality.found, quality.left_alone
    if scorer.check is not None:
        return "scores", scorer.check.found, scorer.check.left_alone
    return "none", Hits(right=0, n_obs=0), Hits(right=0, n_obs=0)
