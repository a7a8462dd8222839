"""Praise or blame in a text, learned from the scores the client's own customers gave with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.errors import InputError
from cxlib.measures.voice.cues import cue_scores, folded
from cxlib.measures.voice.features import Letters
from cxlib.measures.voice.starter import (
    SCRIPTS,
    Script,
    scripts_of,
    starter_model,
)
from cxlib.stats.agreement import area_under_curve
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import Hits

Tone = Literal["negative", "neutral", "positive"]
Label = Literal["csat", "nps"]
Basis = Literal["own_scores", "starter", "cue_words"]
"""The client's scores; the workbook's own comments; where these read worse, its list of words."""
Weakness = Literal["", "too_few", "too_weak"]
BANDS: Final[dict[Label, tuple[float, float]]] = {"csat": (2, 4), "nps": (6, 9)}
"""Highest score that is negative and lowest that is positive: 1-2 and 4-5, or 0-6 and 9-10."""

FEWEST_SCORED: Final = 100
"""Comments with a negative or positive score beside them that a model is learned from."""

FEWEST_OF_A_TONE: Final = 20
FEWEST_OF_A_SCRIPT: Final = 50
"""Such comments in one script, and a fifth of them of each tone, that it is judged by the model
from; with fewer the starter model judges the texts of that script."""

LOWEST_AREA: Final = 0.75
"""Area under the curve, on texts the model has not seen, under which it is not used."""

FOLDS: Final = 5
_Folds: TypeAlias = tuple[tuple[NDArray[np.int64], Letters], ...]
MOST_FITTED: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCheck:
    """How the scorer did on texts it had not seen, against the scores their writers gave.

    Attributes:
        area: Chance that a negative text is held more negative than a positive one.
        found: Of the texts with a negative score, how many it calls negative.
        left_alone: Of the others (neutral scores too), how many it does not.
        n_negative: Texts with a negative score.
        n_positive: With a positive one.
        n_neutral: With one between.
        n_people: Customers behind them; one person's texts are never on both sides.
    """

    area: Estimate
    found: Hits
    left_alone: Hits
    n_negative: int
    n_positive: int
    n_neutral: int
    n_people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCheck:
    """Which texts of a client are judged how, and how well.

    Attributes:
        script: What they are written in.
        basis: The client's scores, or what stands in for them.
        n_texts: Texts given.
        n_scored: Of them, with a negative or positive score.
        check: Errors on unseen texts of this script alone; None with fewer than 2 of a tone, and
            then nothing says how often texts of the script are misread.
    """

    script: Script
    basis: Basis
    n_texts: int
    n_scored: int
    check: TextCheck | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SentimentScorer:
    """Scores any text; says what it rests on.

    Attributes:
        basis: The client's own scores, or what stands in for them.
        label: Which score it was learned from.
        weakness: Why the scores are not what it rests on; "" where a model was learned.
        n_scored: Comments with a negative or positive score beside them.
        check: Against the scores, on unseen texts: of whatever reads them. None when
            there were fewer than 2 texts of a kind.
        tried: The area the model reached when it was too weak to use.
        outside: Chance of blame of each comment given, by a model that did not see its writer.
        scripts: Each script the comments are written in; where too few of one are scored, the
            stand-in judges it although the basis is the client's own scores.
        folds: Places of the comments each part was held out with, and its model.
    """

    basis: Basis
    label: Label
    weakness: Weakness
    n_scored: int
    check: TextCheck | None
    tried: Estimate | None
    outside: NDArray[np.float64]
    scripts: tuple[ScriptCheck, ...] = ()
    folds: _Folds = ()
    _letters: Letters | None

    def blame(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give each text, comment or clause, a chance of blame from 0 to 1."""
        return self.blame_folded([folded(text) for text in texts])

    def blame_folded(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give each text that is folded already a chance of blame."""
        cues = cue_scores(texts)
        if self._letters is None or not texts:
            return starter_model().blame(texts, cues)
        others = [each.script for each in self.scripts if each.basis != "own_scores"]
        chances = self._letters.predict(texts, cues)
        if not others:
            return chances
        strange = np.isin(scripts_of(texts), others)
        return np.where(strange, starter_model().blame(texts, cues), chances)

    def is_negative(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Say which texts are negative: those with a chance of blame above one half."""
        return self.blame(texts) > 0.5  # noqa: PLR2004


def learn_sentiment(
    texts: Sequence[str],
    scores: Sequence[float | None],
    people: Sequence[str | None],
    *,
    label: Label,
    seed: int,
    confidence_level: float = 0.95,
) -> SentimentScorer:
    """Learn from comments and their scores, or fall back to the starter model and say why.

    Logistic regression (both tones weighted alike) on TF-IDF of 1-3 characters, 1-2 words and
    the cue words, over small letters and Simplified characters. Neutral scores are not learned
    from, but the check counts them. A script with fewer than 50 such comments is judged by the
    starter model, and its errors are counted apart.

    Args:
        texts: Comments as written.
        scores: Beside each, its NPS or CSAT; None where absent.
        people: Who wrote each; None makes a person of his own.
        label: What the scores are.
        seed: Of the folds; the same seed gives the same scorer.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Unequal lengths, or more texts than may be fitted.

    Source: Stone (1974), JRSS B 36(2), for cross-validation; Roberts et al. (2017), Ecography
    40(8), for keeping what belongs together on one side.
    """
    if not len(texts) == len(scores) == len(people):
        raise InputError(
            "texts, scores and people must be as many, got "
            f"{len(texts)}, {len(scores)} and {len(people)}"
        )
    if len(texts) > MOST_FITTED:
        raise InputError(f"at most {MOST_FITTED:,} texts are learned from, got {len(texts):,}")
    ready = [folded(text) for text in texts]
    cues = cue_scores(ready)
    tones = tone_codes(scores, label=label)
    groups = _groups(people)
    clear = np.flatnonzero(np.abs(tones) == 1)
    by_starter = starter_model().blame(ready, cues)
    fewest = min(int((tones == 1).sum()), int((tones == -1).sum()))
    enough = clear.size >= FEWEST_SCORED and fewest >= FEWEST_OF_A_TONE
    enough = enough and _fewest_people(groups, tones) >= 2  # noqa: PLR2004 - a variance needs two
    outside, letters, tried = by_starter, None, None
    folds: _Folds = ()
    scripts = scripts_of(ready)
    rare = [name for name in SCRIPTS if _is_rare(tones[scripts == name])]
    by_list = np.isin(scripts, rare)
    enough = enough and len(rare) < len(SCRIPTS)
    weakness: Weakness = "too_few"
    if enough:
        all_letters = Letters.read(ready)
        outside, folds = _out_of_fold(all_letters, cues, tones, groups, seed=seed)
        area = _area(outside, np.where(by_list, 2, tones), groups, confidence_level)
        weakness = "" if area.value >= LOWEST_AREA else "too_weak"
        if weakness:
            outside, tried = by_starter, area
        else:
            letters = all_letters.fit(clear, tones[clear] == -1, cues)
            outside = np.where(by_list, by_starter, outside)
    return SentimentScorer(
        basis="own_scores" if letters else stand_in(),
        label=label,
        weakness=weakness,
        n_scored=int(clear.size),
        check=_checked(outside, tones, groups, confidence_level),
        tried=tried,
        outside=outside,
        scripts=tuple(
            ScriptCheck(
                script=name,
                basis="own_scores" if letters and not by_list[rows].any() else stand_in(name),
                n_texts=int(rows.sum()),
                n_scored=int((np.abs(tones[rows]) == 1).sum()),
                check=_checked(outside[rows], tones[rows], groups[rows], confidence_level),
            )
            for name in SCRIPTS
            if (rows := scripts == name).any()
        ),
        folds=folds if letters else (),
        _letters=letters,
    )


def stand_in(script: Script | None = None) -> Basis:
    """Say what reads a script without scores of the client's; None asks about any script."""
    judged = starter_model().scripts
    return "starter" if (script in judged if script else judged) else "cue_words"


def learn_from_comments(
    comments: pd.DataFrame, *, seed: int, confidence_level: float = 0.95
) -> SentimentScorer:
    """Learn from a frame of ``data.comments.scored_comments``.

    CSAT is the label, since it is asked about the same touchpoint as the comment; where it
    stands beside too few comments, NPS is.
    """
    tones = {name: tone_codes(list(comments[name]), label=name) for name in BANDS}
    clear = {name: int((np.abs(codes) == 1).sum()) for name, codes in tones.items()}
    label: Label = "csat"
    if clear["csat"] < FEWEST_SCORED and clear["nps"] > clear["csat"]:
        label = "nps"
    return learn_sentiment(
        list(comments["comment"]),
        [None if pd.isna(score) else float(score) for score in comments[label]],
        [None if pd.isna(person) else str(person) for person in comments["customer_id"]],
        label=label,
        seed=seed,
        confidence_level=confidence_level,
    )


def tone_codes(scores: Sequence[float | None], *, label: Label) -> NDArray[np.int8]:
    """Turn scores into -1 negative, 0 neutral, 1 positive; 2 where there is none."""
    low, high = BANDS[label]
    values = pd.to_numeric(pd.Series(list(scores), dtype="object")).to_numpy(dtype=float)
    codes = np.where(values <= low, -1, np.where(values >= high, 1, 0))
    return np.where(np.isnan(values), 2, codes).astype(np.int8)


def _is_rare(tones: NDArray[np.int8]) -> bool:
    fewest = min(int((tones == 1).sum()), int((tones == -1).sum()))
    clear = int((np.abs(tones) == 1).sum())
    return clear < FEWEST_OF_A_SCRIPT or fewest < FEWEST_OF_A_SCRIPT // 5


def _groups(people: Sequence[str | None]) -> NDArray[np.int64]:
    """Number people; everyone unknown is someone else."""
    known: dict[str, int] = {}
    return np.array(
        [len(people) + n if who is None else known.setdefault(who, n)
         for n, who in enumerate(people)],
        dtype=np.int64,
    )  # fmt: skip


def _fold_of(groups: NDArray[np.int64], tones: NDArray[np.int8], *, seed: int) -> NDArray[np.int64]:
    """Deal people to folds at random, those with a negative text first, so that tones spread."""
    unique, places = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng([seed, 36])
    negative = np.zeros(unique.size, dtype=bool)
    np.logical_or.at(negative, places, tones == -1)
    order = rng.permutation(unique.size)
    order = order[np.argsort(~negative[order], kind="stable")]
    fold = np.empty(unique.size, dtype=np.int64)
    fold[order] = np.arange(unique.size) % FOLDS
    return np.asarray(fold[places], dtype=np.int64)


def _out_of_fold(
    letters: Letters,
    cues: NDArray[np.float64],
    tones: NDArray[np.int8],
    groups: NDArray[np.int64],
    *,
    seed: int,
) -> tuple[NDArray[np.float64], _Folds]:
    fold = _fold_of(groups, tones, seed=seed)
    outside = np.full(tones.size, 0.5)
    models = []
    for number in range(FOLDS):
        rows, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        train = train[np.abs(tones[train]) == 1]
        blamed = tones[train] == -1
        if rows.size and 0 < blamed.sum() < blamed.size:
            models.append((rows, letters.fit(train, blamed, cues)))
            outside[rows] = models[-1][1].predict_read(rows, cues)
    return outside, tuple(models)


def _area(
    blame: NDArray[np.float64], tones: NDArray[np.int8], groups: NDArray[np.int64], level: float
) -> Estimate:
    """Estimate the area; its interval knows that a person may have written several texts."""
    negative, positive = tones == -1, tones == 1
    return area_under_curve(
        blame[negative], blame[positive],
        clusters=(groups[negative], groups[positive]), confidence_level=level,
    )  # fmt: skip


def _fewest_people(groups: NDArray[np.int64], tones: NDArray[np.int8]) -> int:
    """Count the people behind the tone with fewer of them."""
    return min(np.unique(groups[tones == tone]).size for tone in (-1, 1))


def _checked(
    blame: NDArray[np.float64], tones: NDArray[np.int8], groups: NDArray[np.int64], level: float
) -> TextCheck | None:
    sizes = {code: int((tones == code).sum()) for code in (-1, 0, 1)}
    if _fewest_people(groups, tones) < 2:  # noqa: PLR2004 - an area needs two of a kind
        return None
    negative, called = tones == -1, blame > 0.5  # noqa: PLR2004
    rest = (tones == 0) | (tones == 1)
    return TextCheck(
        area=_area(blame, tones, groups, level),
        found=Hits(right=int((called & negative).sum()), n_obs=sizes[-1]),
        left_alone=Hits(right=int((~called & rest).sum()), n_obs=sizes[0] + sizes[1]),
        n_negative=sizes[-1],
        n_positive=sizes[1],
        n_neutral=sizes[0],
        n_people=int(np.unique(groups[tones != 2]).size),  # noqa: PLR2004
    )
