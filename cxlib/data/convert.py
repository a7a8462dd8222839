"""Turn columns of text into numbers, flags and times, and mark what could not be turned.

Each function takes a column of text (missing where empty) and returns the typed column with a
mask of the cells that hold something else. A fast path handles whole columns; only what it
leaves over is looked at one by one.
"""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]

FLAG_WORDS: Final = {
    "0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1, "no": 0, "yes": 1,
    "n": 0, "y": 1, "否": 0, "是": 1,
}  # fmt: skip
"""What counts as a 0/1 flag, in any letter case."""

LOCAL_OFFSET: Final = timedelta(hours=8)
"""Hong Kong and Taipei are eight hours ahead of UTC, without summer time."""

_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M",
)  # fmt: skip
_TIME: Final = re.compile(
    r"(\d{4})(?:-|/|年)(\d{1,2})(?:-|/|月)(\d{1,2})日?"
    r"(?:[ T]*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?"
)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EARLIEST: Final = np.datetime64("1901-01-01")
_LATEST: Final = np.datetime64("2101-01-01")
_LARGEST_WHOLE: Final = 2.0**53


def to_numbers(text: pd.Series) -> tuple[pd.Series, Mask]:
    """Read numbers: 1234.5, 1,234.50, full-width digits. Words such as "nan" are no numbers."""
    values = _parse_numbers(text)
    bad = text.notna().to_numpy(copy=True) & ~np.isfinite(values)
    if bad.any():
        values[bad] = _parse_numbers(text[bad].map(_plain_number))
        bad &= ~np.isfinite(values)
        values[bad] = np.nan
    return pd.Series(values, index=text.index), bad


def to_integers(text: pd.Series) -> tuple[pd.Series, Mask]:
    """Read whole numbers ("5" and "5.0", not "4.5") as nullable Int64."""
    numbers, bad = to_numbers(text)
    values = numbers.to_numpy()
    with np.errstate(invalid="ignore"):
        bad |= (values != np.floor(values)) & ~np.isnan(values)
        bad |= np.abs(values) > _LARGEST_WHOLE
    return _nullable(np.where(bad, np.nan, values), text.index), bad


def to_flags(text: pd.Series) -> tuple[pd.Series, Mask]:
    """Read 0/1, true/false, yes/no, 是/否 as nullable Int64 of 0 and 1."""
    codes, words = pd.factorize(text)
    meaning = np.array([FLAG_WORDS.get(str(word).lower(), np.nan) for word in words] + [np.nan])
    values = meaning[codes]
    return _nullable(values, text.index), np.isnan(values) & (codes >= 0)


def to_times(text: pd.Series) -> tuple[pd.Series, Mask]:
    """Read ISO dates and times, year first, from 1901 to 2100.

    A time with an offset is brought to Hong Kong's clock. Day-first and month-first dates are
    refused, since 05/01/2026 may be either.
    """
    values = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]")
    left = text.notna().to_numpy(copy=True)
    for pattern in _FORMATS:
        if not left.any():
            break
        parsed = pd.to_datetime(text[left], format=pattern, errors="coerce")
        values[left] = parsed.to_numpy(dtype="datetime64[us]")
        left &= np.isnat(values)
    if left.any():
        values[left] = np.array([_parse_time(cell) for cell in text[left]], dtype="datetime64[us]")
    values[(values < _EARLIEST) | (values >= _LATEST)] = np.datetime64("NaT")
    return pd.Series(values, index=text.index), text.notna().to_numpy() & np.isnat(values)


def _parse_numbers(text: pd.Series) -> npt.NDArray[np.float64]:
    parsed = pd.to_numeric(text, errors="coerce")
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)


def _nullable(values: npt.NDArray[np.float64], index: pd.Index) -> pd.Series:
    missing = np.isnan(values)
    whole = np.where(missing, 0, values).astype(np.int64)
    return pd.Series(pd.arrays.IntegerArray(whole, missing), index=index)


def _plain_number(cell: str) -> str:
    narrow = unicodedata.normalize("NFKC", cell).strip()
    return narrow.replace(",", "") if _GROUPED.fullmatch(narrow) else narrow


def _parse_time(cell: str) -> datetime | None:
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups(default="")
    if offset and not hour:
        return None
    try:
        moment = datetime(  # noqa: DTZ001 - the clients' clock carries no zone
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int(fraction.ljust(6, "0")[:6] or 0),
        )  # fmt: skip
    except ValueError:
        return None
    if not offset:
        return moment
    sign = -1 if offset.startswith("-") else 1
    digits = offset.lstrip("Z+-").replace(":", "").ljust(4, "0")
    ahead = sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment - ahead + LOCAL_OFFSET
