"""Words that say nothing by themselves, in the three varieties: function words, bare verdicts.

The list stands in ``stopwords.txt``, in four sections; English stop words come from scikit-learn.
"""

from functools import cache
from pathlib import Path
from typing import Final

from cxlib.measures.voice.normalise import fold

FILE: Final = Path(__file__).with_name("stopwords.txt")


@cache
def listed(section: str) -> frozenset[str]:
    """Give the words of a section of the list: denial, stop, verdict or meant; folded."""
    found: dict[str, set[str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = found.setdefault(line.strip("[] "), set())
        elif line and not line.startswith("#"):
            words.update(map(fold, line.split()))
    return frozenset(found[section])


@cache
def stop_words() -> frozenset[str]:
    """Give the words that may neither begin nor end a phrase.

    Source: ``ENGLISH_STOP_WORDS`` of scikit-learn, which goes back to the University of Glasgow;
    the rest is this workbook's.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    english = frozenset(ENGLISH_STOP_WORDS) - listed("meant")
    return (english | listed("stop")) - listed("denial")


@cache
def bare_words() -> frozenset[str]:
    """Give the words a phrase may hold but not consist of: stop words, denials and verdicts."""
    return stop_words() | listed("denial") | listed("verdict")
