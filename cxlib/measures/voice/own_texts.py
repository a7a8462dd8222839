"""The workbook's own comments, all made up for it: some to learn from, some to be tested on.

`starter.csv`: written and coded by one writer, learned from before a client has scores.
`labelled.csv`: coded twice; `labelled` says which of its sets may test what.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

STARTER: Final = Path(__file__).with_name("starter.csv")
LABELLED: Final = Path(__file__).with_name("labelled.csv")
Part = Literal["development", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A text, its set and its two codings."""

    part: Part
    variety: str
    text: str
    sentiments: tuple[str, str]
    themes: tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterText:
    """A comment to learn from.

    Attributes:
        variety: yue, zh-Hant or en.
        text: As written.
        tone: negative, neutral or positive, coded by its writer or agreed by two coders.
    """

    variety: str
    text: str
    tone: str


@cache
def labelled_texts(part: Part | None = None) -> tuple[LabelledText, ...]:
    """Read the comments of one set; None reads both."""
    return tuple(
        LabelledText(
            part="test" if row["set"] == "test" else "development",
            variety=row["variety"],
            text=row["text"],
            sentiments=(row["sentiment_1"], row["sentiment_2"]),
            themes=(_ids(row["themes_1"]), _ids(row["themes_2"])),
        )
        for row in _rows(LABELLED)
        if part is None or row["set"] == part
    )


@cache
def starter_texts() -> tuple[StarterText, ...]:
    """Give the comments to learn from: the starter's, and the agreed of the development set."""
    own = [
        StarterText(variety=row["variety"], text=row["text"], tone=row["sentiment"])
        for row in _rows(STARTER)
    ]
    agreed = [
        StarterText(variety=text.variety, text=text.text, tone=text.sentiments[0])
        for text in labelled_texts("development")
        if text.sentiments[0] == text.sentiments[1]
    ]
    return (*own, *agreed)


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def _ids(cell: str) -> frozenset[str]:
    return frozenset(part.strip() for part in cell.split(";") if part.strip())
