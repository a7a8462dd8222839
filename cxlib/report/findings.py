"""Findings: a sentence, the level of analysis it belongs to, and the grade of its evidence."""

import re
from dataclasses import dataclass
from typing import Literal

from cxlib.errors import ReportError
from cxlib.report.writer import Phrase

Level = Literal["descriptive", "diagnostic", "predictive", "prescriptive"]
Grade = Literal["A", "B", "C", "D"]
"""A randomised · B quasi-experiment with its checks passed · C before/after with trend control
· D cannot separate."""

CAUSAL_WORDS = {
    "en": re.compile(
        r"\b(caused?|causes|led to|leads to|drove|drives|because of|thanks to|raised|lowered"
        r"|improved by|reduced by|boosted|due to|resulted in|effect of)\b",
        re.IGNORECASE,
    ),
    "zh-Hant-HK": re.compile(r"導致|令到|促使|帶動|帶來|歸功|提升了|降低了|造成|因為"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing the report says.

    Attributes:
        key: Catalogue key of the sentence; unique within a report.
        sentence: The sentence with its typed values.
        level: What kind of claim it is.
        grade: Evidence grade, where a cause is claimed or refused, or a reading is unchecked.
        why: What the grade means here, where not the usual words.
    """

    key: str
    sentence: Phrase
    level: Level
    grade: Grade | None = None
    why: Phrase | None = None

    @property
    def badge(self) -> Phrase | None:
        """The grade in words."""
        return None if self.grade is None else self.why or Phrase(f"grade.{self.grade}")


def check_wording(finding: Finding, text: str, language: str) -> None:
    """Refuse causal words where the design does not support them.

    Causal verbs are open to findings of grade A or B only; everything else describes.

    Raises:
        ReportError: With the word and the sentence's key.
    """
    if finding.grade in {"A", "B"}:
        return
    if found := CAUSAL_WORDS[language].search(re.sub(r"<[^>]+>", "", text)):
        raise ReportError(
            f"finding {finding.key!r} ({language}) says {found.group()!r}, a causal word that "
            f"needs evidence grade A or B; it is {finding.level}, grade {finding.grade or 'none'}"
        )
