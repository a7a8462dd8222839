"""Characters and words of texts as weighted features, and the logistic regression on them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CHARACTERS: Final = 3
"""Longest run of characters counted."""
_TOLD: Final = re.compile(r"[a-z0-9']+")
_SEEN: Final = 2
"""Texts a feature must stand in to be learned."""

_CUE_WEIGHT: Final = 1.0
_STRENGTH: Final = 4.0
"""Inverse of the penalty on weights."""


_BITS: Final = np.uint64(21)
"""A character's number fits into as many bits, three of them into one number of 64."""
_BLANKS: Final = re.compile(r"\s\s+")


class Characters:
    """Counts runs of 1 to 3 characters, all texts of a batch at once.

    A run is one whole number, its first character in the highest bits, so that numbers sort as
    the runs do; a shorter run has zeros at its end. The counts are those of scikit-learn's
    CountVectorizer (analyzer "char"), which walks every text in Python.
    """

    def __init__(self) -> None:
        self.known: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self._places: Any = None

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn which runs there are."""
        self.known = np.unique(_runs(texts)[0])
        self._places = pd.Index(self.known).get_indexer
        return self

    def transform(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - sparse matrices have no types
        """Count the known runs of each text."""
        runs, rows = _runs(texts)
        if not self.known.size:
            return _counted(rows[:0], rows[:0], (len(texts), 0))
        return _counted(rows, self._places(runs), (len(texts), self.known.size))


class Words:
    """Counts words of letters, alone and by twos, all texts of a batch at once.

    The counts are those of scikit-learn's CountVectorizer, its columns in the same order. A word
    has a number; two words are one number of both.
    """

    def __init__(self) -> None:
        self.known: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._numbers: dict[str, int] = {}
        self._places: Any = None

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn which words and twos there are."""
        told = [_TOLD.findall(text) for text in texts]
        words = sorted({word for some in told for word in some})
        self._numbers = {word: k for k, word in enumerate(words)}
        runs = np.unique(self._runs(told)[0])
        many = len(words) + 1
        names = [
            words[run // many] + (f" {words[run % many - 1]}" if run % many else "")
            for run in runs.tolist()
        ]
        self.known = runs[sorted(range(len(names)), key=names.__getitem__)]
        self._places = pd.Index(self.known).get_indexer
        return self

    def transform(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - sparse matrices have no types
        """Count the known words and twos of each text."""
        runs, rows = self._runs([_TOLD.findall(text) for text in texts])
        if not self.known.size:
            return _counted(rows[:0], rows[:0], (len(texts), 0))
        return _counted(rows, self._places(runs), (len(texts), self.known.size))

    def _runs(self, told: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give every known word, and two that follow each other, as a number; and the text."""
        number, many = self._numbers.get, len(self._numbers) + 1
        n = sum(map(len, told))
        words = np.fromiter((number(w, -1) for some in told for w in some), np.int64, count=n)
        rows = np.repeat(np.arange(len(told)), [len(some) for some in told])
        both = (rows[1:] == rows[:-1]) & (words[1:] >= 0) & (words[:-1] >= 0)
        one = words >= 0
        runs = (words[one] * many, words[:-1][both] * many + words[1:][both] + 1)
        return np.concatenate(runs), np.concatenate((rows[one], rows[:-1][both]))


def _counted(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> Any:  # noqa: ANN401 - sparse matrices have no types
    """Count how often each pair of row and column is there; columns below 0 are none."""
    from scipy import sparse

    kept = columns >= 0
    keys = rows[kept] * shape[1] + columns[kept]
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(first, append=keys.size).astype(np.float32)
    keys = keys[first]
    begins = np.searchsorted(keys, np.arange(shape[0] + 1) * shape[1])
    where = keys - np.repeat(np.arange(shape[0]) * shape[1], np.diff(begins))
    cells = (counts, where.astype(np.int32), begins.astype(np.int32))
    return sparse.csr_array(cells, shape=shape)


def _runs(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Give every run of 1 to 3 characters as a number, and the text it stands in."""
    plain = [_BLANKS.sub(" ", text) for text in texts]
    joined = "".join(plain).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype="<u4").astype(np.uint64) + np.uint64(1)
    rows = np.repeat(np.arange(len(plain)), [len(text) for text in plain])
    runs = codes << (_BITS * np.uint64(CHARACTERS - 1))
    found, where = [runs], [rows]
    for more in range(1, CHARACTERS):
        shift = _BITS * np.uint64(CHARACTERS - 1 - more)
        runs = runs[:-1] | (codes[more:] << shift) if runs.size else runs
        inside = rows[:-more] == rows[more:]
        found.append(runs[inside])
        where.append(rows[:-more][inside])
    return np.concatenate(found), np.concatenate(where)


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
        readers = (Characters(), Words())
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
