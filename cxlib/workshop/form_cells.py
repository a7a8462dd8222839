"""Read one cell of the form: a number in its unit, a percentage, a count, or words of a list."""

import re
import unicodedata
from difflib import get_close_matches
from typing import Final

from cxlib.report.catalogue import CODES
from cxlib.workshop.form_rows import N_PAIN, Row, choice_label

_BLANKS: Final = frozenset({"", "-", "...", "…", "n/a", "na", "none"})
_DASHES: Final = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-"})
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+")
_UNITS: Final = {
    "points": ("points", "point", "分", "%"),
    "pp": ("pp", "percentage points", "百分點", "個百分點", "%"),
    "rating": ("points", "point", "分"),
    "percent": ("%",),
    "answers": ("answers", "份", "個"),
}
_SEPARATORS: Final = re.compile(r"[;,、，；/\n]+")
LONGEST: Final = 400


class Unread(Exception):  # noqa: N818 - not an error, a hint
    """A cell could not be read; ``kind`` ends its catalogue key ``company.hint.<kind>``."""

    def __init__(self, kind: str, value: str, **values: object) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value
        self.values = values


def plain(cell: str) -> str:
    """Full-width digits and signs as plain ones, spaces and quotation marks around cut off."""
    return (
        unicodedata.normalize("NFKC", cell[:LONGEST]).translate(_DASHES).strip(" \t\r\n'\"\ufeff")
    )


def read_cell(row: Row, cell: str) -> float | tuple[str, ...] | None:
    """Read a cell as its row asks; None for a blank.

    Raises:
        Unread: It is no such answer; with the hint.
    """
    text = plain(cell)
    if text.lower() in _BLANKS:
        return None
    if row.kind == "names":
        return _names(row, text)
    if row.kind == "choice":
        return (_choice(row, text),)
    return _number(row, text)


def _number(row: Row, text: str) -> float:
    bare = text.lower()
    percent = bare.endswith("%")
    for unit in sorted(_UNITS[row.unit], key=len, reverse=True):
        if bare.endswith(unit):
            bare = bare[: -len(unit)].strip()
            break
    if row.kind == "count" and _THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    if _DECIMAL_COMMA.fullmatch(bare) or _THOUSANDS.fullmatch(bare):
        raise Unread("decimal_comma", text, example=bare.replace(",", "."))
    if not _NUMBER.fullmatch(bare):
        raise Unread("not_a_number", text)
    value = float(bare)
    if not abs(value) < 1e12:  # noqa: PLR2004 - also what is not finite
        raise Unread("not_a_number", text)
    if row.kind == "percent" and 0 < value <= 1 and not percent:
        raise Unread("unit_percent", text, example=f"{100 * value:g}")
    if row.kind == "count" and value != int(value):
        raise Unread("not_whole", text)
    if not row.low <= value <= row.high:
        raise Unread(f"range_{row.unit}", text, low=f"{row.low:,.0f}", high=f"{row.high:,.0f}")
    return value


def _words(row: Row) -> dict[str, str]:
    """Every word a choice may be written with, small letters -> the choice."""
    known = dict(row.also)
    for choice in row.choices:
        known[choice.lower()] = choice
        known[choice.lower().removeprefix("driver_")] = choice
        for language in CODES:
            known[plain(choice_label(row, choice, language)).lower()] = choice
    return known


def _choice(row: Row, text: str) -> str:
    known = _words(row)
    said = re.sub(r"\s*[((].*[))]\s*$", "", text).strip().lower()
    for form in (text.lower(), said, said.replace(" ", "_")):
        if form in known:
            return known[form]
    latin = [word for word in known if word.isascii()]  # short Chinese words are all alike
    near = get_close_matches(said, latin, n=1, cutoff=0.7)
    allowed = ", ".join(row.choices)
    if near:
        raise Unread("choice_near", text, near=known[near[0]], allowed=allowed)
    raise Unread("choice_unknown", text, allowed=allowed)


def _names(row: Row, text: str) -> tuple[str, ...] | None:
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    names = tuple(dict.fromkeys(_choice(row, part) for part in parts))
    if len(names) > N_PAIN:
        raise Unread("too_many_names", text, most=N_PAIN)
    return names or None
