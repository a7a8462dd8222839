"""Comments for a person to code, and what the codes say about the classifier and the coders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.data.coding_sheet import TONES, split_themes
from cxlib.errors import InputError
from cxlib.measures.voice.normalise import clean
from cxlib.measures.voice.redact import Redactor
from cxlib.stats.agreement import cohen_kappa, confusion
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import Hits
from cxlib.stats.proportions import proportion

CODEBOOK: Final = Path(__file__).with_name("codebook.txt")
LONGEST_SHOWN: Final = 1_000
"""Characters of a comment a coder is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelQuality:
    """Labels of a classifier against those of people.

    Attributes:
        n_obs: Texts both labelled.
        n_wanted: Those people gave the label to.
        n_called: Those the classifier gave it to.
        n_both: Those both did.
        precision: Of the classifier's, the share people agree with; None when it gave none.
        recall: Of people's, the share the classifier finds; None when there are none.
        found: For the correction of shares: hits among those people gave it to.
        left_alone: And among the others.
    """

    n_obs: int
    n_wanted: int
    n_called: int
    n_both: int
    precision: Estimate | None
    recall: Estimate | None
    found: Hits
    left_alone: Hits


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingCheck:
    """What coded comments say.

    Attributes:
        n_coded: Comments with a code.
        n_disputed: Coded differently by two people; left out of the quality.
        coders: Who coded.
        kappa: Agreement of the first two coders on sentiment; None with one.
        negative: The scorer's negative against theirs, on texts it had not learned from.
    """

    n_coded: int
    n_disputed: int
    coders: tuple[str, ...]
    kappa: Estimate | None
    negative: LabelQuality


def sheet_rows(
    comments: pd.DataFrame, *, n: int, seed: int, coder: str, redactor: Redactor
) -> list[dict[str, str]]:
    """Draw comments at random and redact them, for the coding sheet.

    The same seed gives every coder the same comments. Their order is random too, so that early
    and late ones do not differ.

    Args:
        comments: Of ``data.comments.scored_comments``.
        n: How many, at least 1; fewer where there are fewer.
        seed: The engagement's.
        coder: Who will fill the sheet.
        redactor: Masks personal data.

    Raises:
        InputError: ``n`` under 1, or no comment at all.
    """
    if n < 1:
        raise InputError(f"a coding sheet needs at least 1 comment, got {n}")
    readable = comments[comments["comment"].map(lambda text: bool(clean(str(text)).strip()))]
    if readable.empty:
        raise InputError("a coding sheet needs comments, the period has none")
    rng = np.random.default_rng([seed, 200])
    places = rng.permutation(len(readable))[:n]
    return [
        {
            "id": str(row.answer_id),
            "coder": coder,
            "text": redactor.redact(clean(str(row.comment)))[:LONGEST_SHOWN],
        }
        for row in readable.iloc[places].itertuples(index=False)
    ]


def label_quality(
    wanted: Sequence[bool] | NDArray[np.bool_],
    called: Sequence[bool] | NDArray[np.bool_],
    *,
    confidence_level: float = 0.95,
) -> LabelQuality:
    """Compare a classifier's yes or no with people's.

    Args:
        wanted: What people say, per text.
        called: What the classifier says.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unequal lengths.
    """
    truth, label = np.asarray(wanted, dtype=bool), np.asarray(called, dtype=bool)
    if truth.shape != label.shape:
        raise InputError(f"both must label the same texts, got {truth.size} and {label.size}")
    both, n_wanted, n_called = (int(x.sum()) for x in (truth & label, truth, label))
    rest = truth.size - n_wanted

    def share(part: int, whole: int) -> Estimate | None:
        return proportion(part, whole, confidence_level=confidence_level) if whole else None

    return LabelQuality(
        n_obs=int(truth.size),
        n_wanted=n_wanted,
        n_called=n_called,
        n_both=both,
        precision=share(both, n_called),
        recall=share(both, n_wanted),
        found=Hits(right=both, n_obs=n_wanted),
        left_alone=Hits(right=rest - (n_called - both), n_obs=rest),
    )


def set_quality(
    wanted: Sequence[frozenset[str]],
    called: Sequence[frozenset[str]],
    *,
    labels: Sequence[str],
    confidence_level: float = 0.95,
) -> dict[str, LabelQuality]:
    """Compare themes, several a text: one quality a theme anyone gave."""
    used = set().union(*wanted, *called)
    return {
        label: label_quality(
            [label in themes for themes in wanted],
            [label in themes for themes in called],
            confidence_level=confidence_level,
        )
        for label in labels
        if label in used
    }


def coder_agreement(
    first: Sequence[str],
    second: Sequence[str],
    *,
    labels: Sequence[str] = TONES,
    confidence_level: float = 0.95,
) -> Estimate:
    """Give Cohen's kappa of two coders of the same texts.

    Raises:
        InputError: No text, unequal lengths or an unknown label.
    """
    if not first:
        raise InputError("agreement needs at least 1 text that both coded, got 0")
    return cohen_kappa(confusion(first, second, labels=labels), confidence_level=confidence_level)


def theme_agreement(
    first: Sequence[frozenset[str]],
    second: Sequence[frozenset[str]],
    *,
    confidence_level: float = 0.95,
) -> Estimate:
    """Give Cohen's kappa of two coders over every text and theme: given or not."""
    used = sorted(set().union(*first, *second))
    pairs = [(theme in a, theme in b) for a, b in zip(first, second, strict=True) for theme in used]
    if not pairs:
        raise InputError("agreement on themes needs at least 1 theme that someone gave, got 0")
    counts = np.zeros((2, 2), dtype=int)
    for a, b in pairs:
        counts[int(a), int(b)] += 1
    return cohen_kappa(counts, confidence_level=confidence_level)


def check_coding(
    codes: pd.DataFrame, unseen: Mapping[str, bool], *, confidence_level: float = 0.95
) -> CodingCheck:
    """Hold the scorer against the client's own codes.

    Args:
        codes: Of ``data.coding_sheet.read_codes``.
        unseen: Comment to whether the scorer, without having learned from it, calls it negative.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: No coded comment is among those scored.
    """
    known = codes[codes["id"].isin(list(unseen)) & codes["sentiment"].notna()]
    if known.empty:
        raise InputError("no coded comment is among the comments of the period")
    coders = tuple(sorted(known["coder"].unique()))
    wide = known.pivot_table(index="id", columns="coder", values="sentiment", aggfunc="first")
    kappa = None
    for a, b in list(pairwise(coders))[:1]:
        both = wide[[a, b]].dropna()
        if len(both):
            kappa = coder_agreement(list(both[a]), list(both[b]), confidence_level=confidence_level)
    first = wide.bfill(axis=1).iloc[:, 0]
    agreed = first[(wide.eq(first, axis=0) | wide.isna()).all(axis=1)]
    return CodingCheck(
        n_coded=len(wide),
        n_disputed=len(wide) - len(agreed),
        coders=coders,
        kappa=kappa,
        negative=label_quality(
            (agreed == "negative").to_numpy(dtype=bool),
            np.array([unseen[name] for name in agreed.index], dtype=bool),
            confidence_level=confidence_level,
        ),
    )


def theme_sets(cells: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Read the themes of coded cells."""
    return tuple(frozenset(split_themes(cell)) for cell in cells)
