"""Praise or blame before a client has scores: learned from the workbook's own comments.

Made-up comments are no client's: what this model reads stays evidence of grade D until the client
codes or scores comments of its own. It is used where cross-validation says that it reads better
than the bare list of words.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cxlib.measures.voice.cues import LIST, cue_scores, folded
from cxlib.measures.voice.features import Letters
from cxlib.measures.voice.own_texts import LABELLED, STARTER, starter_texts
from cxlib.measures.voice.variety import HAN
from cxlib.stats.misclassification import Hits

Script = Literal["chinese", "latin"]
"""What a text is written in: any Chinese character makes it Chinese, so mixed texts are."""

SCRIPTS: Final[tuple[Script, ...]] = get_args(Script)
RECORD: Final = Path(__file__).with_name("starter_checks.json")
FOLDS: Final = 10
_VARIETIES: Final = ("yue", "zh-Hant", "en")
_SEED: Final = 36
_LATIN: Final = re.compile("[a-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterCheck:
    """How the model and the list of words read comments the model had not seen.

    Attributes:
        variety: yue, zh-Hant or en; "" for all together.
        found: Of the negative comments, how many the model calls negative.
        left_alone: Of the others, how many it does not.
        found_by_words: The same by the list of words.
        left_alone_by_words: The same by the list of words.
    """

    variety: str
    found: Hits
    left_alone: Hits
    found_by_words: Hits
    left_alone_by_words: Hits

    @property
    def is_better(self) -> bool:
        """Whether the model has the higher mean of both shares."""
        return _balance(self.found, self.left_alone) > _balance(
            self.found_by_words, self.left_alone_by_words
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StarterModel:
    """Learned from the workbook's own comments.

    Attributes:
        n_texts: Comments learned from.
        checks: Each variety, then all; 10 folds, a comment never on both sides.
    """

    n_texts: int
    checks: tuple[StarterCheck, ...]
    _letters: Letters

    @property
    def scripts(self) -> frozenset[Script]:
        """Scripts in which it beats the list of words in every variety."""
        by = {check.variety: check.is_better for check in self.checks}
        chinese: set[Script] = {"chinese"} if by["yue"] and by["zh-Hant"] else set()
        return frozenset(chinese | ({"latin"} if by["en"] else set()))

    def blame(self, texts: Sequence[str], cues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give each folded text a chance of blame; by its cues where the list reads better."""
        by_words = blame_by_cues(cues)
        judged = np.flatnonzero(np.isin(scripts_of(texts), list(self.scripts)))
        if judged.size:
            some = [texts[k] for k in judged.tolist()]
            by_words[judged] = self._letters.predict(some, cues[judged])
        return by_words


@cache
def starter_model() -> StarterModel:
    """Fit it, once a process; how it reads texts it has not seen is on record beside it.

    The record is made by ``python -m cxlib.measures.voice.starter``. Where the comments are not
    those it was made from, the check is made anew.
    """
    rows = starter_texts()
    texts = [folded(row.text) for row in rows]
    cues = cue_scores(texts)
    negative = np.array([row.tone == "negative" for row in rows])
    fitted = Letters.read(texts).fit(np.arange(len(rows)), negative, cues)
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    checks = _read(record) if record["learned_from"] == _learned_from() else starter_checks()
    return StarterModel(n_texts=len(rows), checks=checks, _letters=fitted)


def starter_checks() -> tuple[StarterCheck, ...]:
    """Check the model on each tenth of its comments, learned from the other nine."""
    rows = starter_texts()
    texts = [folded(row.text) for row in rows]
    cues = cue_scores(texts)
    negative = np.array([row.tone == "negative" for row in rows])
    letters = Letters.read(texts)
    fold = np.random.default_rng(_SEED).permutation(len(rows)) % FOLDS
    unseen = np.zeros(len(rows))
    for number in range(FOLDS):
        held, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        unseen[held] = letters.fit(train, negative[train], cues).predict_read(held, cues)
    by_words = blame_by_cues(cues)
    members = {name: np.array([row.variety == name for row in rows]) for name in _VARIETIES}
    members[""] = np.ones(len(rows), dtype=bool)

    def hits(chances: NDArray[np.float64], some: NDArray[np.bool_], *, tone: bool) -> Hits:
        kept = some & (negative == tone)
        return Hits(right=int(((chances > 0.5) == tone)[kept].sum()), n_obs=int(kept.sum()))  # noqa: PLR2004

    return tuple(
        StarterCheck(
            variety=name,
            found=hits(unseen, some, tone=True),
            left_alone=hits(unseen, some, tone=False),
            found_by_words=hits(by_words, some, tone=True),
            left_alone_by_words=hits(by_words, some, tone=False),
        )
        for name, some in members.items()
    )


def _learned_from() -> str:
    """Fingerprint the comments and the list of words."""
    files = (STARTER, LABELLED, LIST)
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _read(record: dict[str, Any]) -> tuple[StarterCheck, ...]:
    return tuple(
        StarterCheck(
            variety=check["variety"],
            **{part: Hits(**check[part]) for part in check if part != "variety"},
        )
        for check in record["checks"]
    )


def write_record() -> None:
    """Check the model and put the result on record."""
    record = {
        "made_by": "python -m cxlib.measures.voice.starter",
        "learned_from": _learned_from(),
        "checks": [asdict(check) for check in starter_checks()],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def scripts_of(texts: Sequence[str]) -> NDArray[np.str_]:
    """Say what each text is written in; "" where in neither script, such as emoji alone."""
    return np.array(
        ["chinese" if HAN.search(text) else "latin" if _LATIN.search(text) else ""
         for text in texts],
        dtype="U7",
    )  # fmt: skip


def blame_by_cues(cues: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn scores of cues into chances of blame."""
    return 0.5 - 0.5 * cues


def _balance(found: Hits, left_alone: Hits) -> float:
    return found.right / found.n_obs + left_alone.right / left_alone.n_obs


if __name__ == "__main__":
    write_record()
