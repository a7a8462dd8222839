"""Characters and words of texts as weighted features, and the logistic regression on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

CHARACTERS: Final = (1, 3)
WORDS: Final = (1, 2)
_WORD: Final = r"[a-z0-9']+"
_SEEN: Final = 2
"""Texts a feature must stand in to be learned."""

_CUE_WEIGHT: Final = 1.0
_STRENGTH: Final = 4.0
"""Inverse of the penalty on weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """Texts read once into counts, then weighted and fitted on any part of them.

    What a fold learns (which features, how rare they are, their weights) comes from its own
    texts only: the counts of the others are read but not looked at.
    """

    readers: tuple[Any, ...]
    counts: tuple[Any, ...]
    rarity: tuple[Any, ...] = ()
    model: Any = None

    @classmethod
    def read(cls, texts: Sequence[str]) -> Self:
        """Count characters and words of folded texts."""
        from sklearn.feature_extraction.text import CountVectorizer

        readers = (
            CountVectorizer(
                analyzer="char", ngram_range=CHARACTERS, lowercase=False, dtype=np.float32
            ),
            CountVectorizer(
                token_pattern=_WORD, ngram_range=WORDS, lowercase=False, dtype=np.float32
            ),
        )
        # A text of Chinese only has no words, a client of Chinese texts none at all: one is added.
        for reader in readers:
            reader.fit([*texts, "none"])
        return cls(readers, tuple(reader.transform(texts) for reader in readers))

    def fit(self, rows: NDArray[np.int64], wanted: NDArray[np.bool_], cues: NDArray[Any]) -> Self:
        """Learn from some of the texts.

        Args:
            rows: Which.
            wanted: Of these, which have the tone to find.
            cues: Cue score of every text read.
        """
        from sklearn.linear_model import LogisticRegression

        rarity = tuple(_rarity(counts[rows]) for counts in self.counts)
        model = LogisticRegression(
            C=_STRENGTH, class_weight="balanced", solver="liblinear", random_state=0
        )
        parts = [counts[rows] for counts in self.counts]
        model.fit(_weighted(parts, rarity, cues[rows]), wanted)
        return type(self)(self.readers, self.counts, rarity, model)

    def predict_read(
        self, rows: NDArray[np.int64], cues: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give the chance of the tone for some of the texts read at the start."""
        return self._chance([counts[rows] for counts in self.counts], cues[rows])

    def predict(self, texts: Sequence[str], cues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the chance of the tone for other folded texts."""
        return self._chance([reader.transform(texts) for reader in self.readers], cues)

    def _chance(self, parts: Sequence[Any], cues: NDArray[np.float64]) -> NDArray[np.float64]:
        found = self.model.predict_proba(_weighted(parts, self.rarity, cues))[:, 1]
        return cast("NDArray[np.float64]", found)


def _weighted(parts: Sequence[Any], rarities: Sequence[Any], cues: NDArray[Any]) -> Any:  # noqa: ANN401
    """Weigh counts by 1 + ln(count) and rarity, each text to length 1; the cues stand beside."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    weighted = []
    for counts, rarity in zip(parts, rarities, strict=True):
        terms = counts.copy()
        np.log(terms.data, out=terms.data)
        terms.data += 1
        weighted.append(normalize(terms @ sparse.diags_array(rarity), copy=False))
    cue = sparse.csr_array((_CUE_WEIGHT * cues).astype(np.float32)[:, None])
    return sparse.hstack([*weighted, cue], format="csr")


def _rarity(counts: Any) -> NDArray[np.float32]:  # noqa: ANN401 - sparse matrices have no types
    """Give ln((1 + n) / (1 + texts with it)) + 1; 0 for what too few texts have."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
    return np.where(seen >= _SEEN, rarity, 0).astype(np.float32)
