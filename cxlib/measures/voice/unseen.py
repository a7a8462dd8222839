"""Judges a client's own comments by models that did not learn from their writers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlib.measures.voice.coder import clauses
from cxlib.measures.voice.cues import cue_scores, folded
from cxlib.measures.voice.sentiment import SentimentScorer
from cxlib.measures.voice.starter import Script, scripts_of


@dataclass(frozen=True, slots=True, eq=False)
class UnseenBlame:
    """Gives folded texts a chance of blame.

    A comment the scorer learned from, and each clause of it, is judged by the model that was
    fitted without its writer; where several people wrote the same words, by the mean of theirs.
    Anything else is judged by the scorer.

    Attributes:
        scorer: Learned from the comments.
        known: Folded words to their chance.
    """

    scorer: SentimentScorer
    known: Mapping[str, float]

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Judge folded texts."""
        chances = np.array([self.known.get(text, np.nan) for text in texts], dtype=np.float64)
        others = np.flatnonzero(np.isnan(chances))
        if others.size:
            chances[others] = self.scorer.blame_folded([texts[k] for k in others.tolist()])
        return chances


def unseen_blame(scorer: SentimentScorer, texts: Sequence[str]) -> UnseenBlame:
    """Judge each comment and clause by the model that did not see its writer.

    Args:
        scorer: Learned from these comments.
        texts: The comments, in the order they were learned from.
    """
    wholes: dict[str, list[float]] = {}
    parts: dict[str, list[float]] = {}
    own = {each.script for each in scorer.scripts if each.basis == "own_scores"}
    for rows, model in scorer.folds:
        ready = [folded(texts[k]) for k in rows.tolist()]
        cut = [text[start:end] for text in ready for start, end in clauses(text)]
        for kept, pieces in ((wholes, ready), (parts, cut)):
            judged = _in_scripts(pieces, own)
            if judged:
                for piece, chance in zip(
                    judged, model.predict(judged, cue_scores(judged)), strict=True
                ):
                    kept.setdefault(piece, []).append(float(chance))
    known = {piece: sum(all_) / len(all_) for piece, all_ in (parts | wholes).items()}
    return UnseenBlame(scorer, known)


def _in_scripts(texts: Sequence[str], scripts: set[Script]) -> list[str]:
    return [text for text, name in zip(texts, scripts_of(texts), strict=True) if name in scripts]
