"""A learner's answer, whatever it is, read as what the exercise asks for.

Each reader gives plain Python values or raises `Unfit` with the key of a hint; only `Blank` says
that nothing was answered yet. Nothing here compares with the right answer.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from cxlib.stats.estimate import Estimate

SHOWN_LETTERS: Final = 40
Table = dict[tuple[str, str], Any]
_PERCENT: Final = re.compile(r"^\s*[+\-−]?\s*[\d.,]+\s*[%%]\s*$")
_NUMBER: Final = re.compile(r"^\s*[+\-−]?\s*[\d.,]+\s*$")
_PAIR: Final = 2


class Blank(Exception):  # noqa: N818 - not an error
    """Nothing was answered."""


class Unfit(Exception):  # noqa: N818 - not an error
    """The answer has the wrong form; ``hint`` ends its catalogue key ``workshop.check.<hint>``."""

    def __init__(self, hint: str, **values: str) -> None:
        super().__init__(hint)
        self.hint = hint
        self.values = values


def shown(text: object) -> str:
    """A learner's word as a message may repeat it: one short line without control characters."""
    words = _exact(text) if isinstance(text, str) else type(text).__name__
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= SHOWN_LETTERS else line[: SHOWN_LETTERS - 1] + "…"


def is_blank(answer: object) -> bool:
    """Whether this is the stub, None, an empty text or one missing value."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, str):
        return not _exact(answer).strip()
    if type(answer).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(answer, float) or type(answer).__module__ == "numpy":
        try:
            return getattr(answer, "shape", ()) == () and math.isnan(float(answer))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
    return False


def read_number(answer: Any) -> float:  # noqa: ANN401 - anything at all
    """Read one finite number.

    Raises:
        Blank: Nothing was answered.
        Unfit: It is no single finite number.
    """
    if is_blank(answer):
        raise Blank
    answer = _only_element(answer)
    if is_blank(answer):
        raise Blank
    if isinstance(answer, bool) or type(answer).__name__ in {"bool_", "bool"}:
        raise Unfit("number_bool")
    if isinstance(answer, Estimate):
        answer = answer.value
    if isinstance(answer, str):
        raise Unfit(_text_hint(answer))
    if isinstance(answer, complex) and not isinstance(answer, (int, float)):
        raise Unfit("number_type", found="complex")
    if isinstance(answer, (int, float, Decimal, Fraction)) or _is_numpy_number(answer):
        return _finite(answer)
    raise Unfit(_form_hint(answer), found=shown(answer) if not isinstance(answer, str) else "")


def read_pair(answer: Any) -> tuple[float, float]:  # noqa: ANN401 - anything at all
    """Read two finite numbers, as given: lower bound, upper bound.

    Raises:
        Blank: Nothing was answered.
        Unfit: It is no pair of finite numbers.
    """
    if is_blank(answer):
        raise Blank
    if isinstance(answer, Estimate):
        return _finite(answer.ci_lower), _finite(answer.ci_upper)
    items = _items(answer)
    if items is None:
        if isinstance(answer, str):
            raise Unfit("interval_text")
        if callable(answer):
            raise Unfit("called")
        read_number(answer)  # its own hint where it is no number either
        raise Unfit("interval_one")
    if not items or all(is_blank(each) for each in items):
        raise Blank
    if len(items) != _PAIR:
        raise Unfit("interval_length")
    if any(is_blank(each) for each in items):
        raise Unfit("not_finite")
    lower, upper = (read_number(each) for each in items)
    return lower, upper


def read_name(answer: Any) -> str:  # noqa: ANN401 - anything at all
    """Read one name.

    Raises:
        Blank: Nothing was answered.
        Unfit: It is no text.
    """
    if is_blank(answer):
        raise Blank
    items = _items(answer)
    if items is not None and len(items) == 1 and isinstance(items[0], str):
        answer = items[0]
    if isinstance(answer, str):
        return _exact(answer).strip()
    raise Unfit("called" if callable(answer) else "choice_type", found=shown(answer))


def read_names(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - anything at all
    """Read names in order.

    Raises:
        Blank: Nothing was answered.
        Unfit: It is no list of texts.
    """
    if is_blank(answer):
        raise Blank
    if isinstance(answer, (set, frozenset)):
        raise Unfit("ranking_set")
    items = _items(answer)
    if items is None:
        hint = "called" if callable(answer) else "ranking_type"
        raise Unfit(hint, found=shown(answer) if not isinstance(answer, str) else "str")
    if not items or all(is_blank(each) for each in items):
        raise Blank
    if not all(isinstance(each, str) for each in items):
        raise Unfit("ranking_values")
    return tuple(_exact(each).strip() for each in items)


def read_table(answer: Any) -> Table:  # noqa: ANN401 - anything at all
    """Read a frame, series or mapping as values by row and column.

    Raises:
        Blank: Nothing was answered.
        Unfit: It is no table, is empty, or has a missing value.
    """
    import pandas as pd

    if is_blank(answer):
        raise Blank
    if isinstance(answer, pd.Series):
        cells = {(str(row), ""): value for row, value in answer.items()}
    elif isinstance(answer, pd.DataFrame):
        cells = {
            (str(row), str(column)): value
            for column in answer.columns
            for row, value in zip(answer.index, answer[column], strict=True)
        }
        if len(answer.columns) == 1:
            cells = {(row, ""): value for (row, _), value in cells.items()}
    elif isinstance(answer, Mapping):
        cells = {(str(row), ""): value for row, value in answer.items()}
    else:
        hint = "called" if callable(answer) else "table_type"
        raise Unfit(hint, found=shown(answer) if not isinstance(answer, str) else "str")
    if not cells or all(is_blank(value) for value in cells.values()):
        raise Blank
    if any(is_blank(value) for value in cells.values()):
        raise Unfit("table_missing")
    return {place: _cell(value) for place, value in cells.items()}


def _cell(value: Any) -> Any:  # noqa: ANN401 - a number or a text
    if isinstance(value, str):
        return _exact(value).strip()
    return read_number(value)


def _exact(text: str) -> str:
    """The characters of a text, also of a subclass that misbehaves."""
    return str.__getitem__(text, slice(None))


def _finite(value: Any) -> float:  # noqa: ANN401 - any number
    try:
        number = float(value)
    except OverflowError:
        raise Unfit("not_finite") from None
    if not math.isfinite(number):
        raise Unfit("not_finite")
    return number


def _only_element(answer: Any) -> Any:  # noqa: ANN401 - anything at all
    """What an array or series of one element holds; else the answer itself."""
    if type(answer).__module__.partition(".")[0] in {"numpy", "pandas"}:
        if getattr(answer, "size", None) == 1 and hasattr(answer, "item"):
            return answer.item()
        if getattr(answer, "shape", None) == (1, 1):
            return answer.iloc[0, 0]
    return answer


def _is_numpy_number(answer: Any) -> bool:  # noqa: ANN401 - anything at all
    import numpy as np

    return isinstance(answer, np.number) and not isinstance(answer, np.complexfloating)


def _text_hint(answer: str) -> str:
    text = _exact(answer)
    if _PERCENT.match(text):
        return "number_percent_text"
    return "number_text" if _NUMBER.match(text) else "number_words"


def _form_hint(answer: object) -> str:
    if callable(answer):
        return "called"
    name = type(answer).__name__
    if name in {"DataFrame", "Series", "ndarray", "Index"}:
        return "number_frame"
    if isinstance(answer, (list, tuple, set, frozenset, dict, Mapping)):
        return "number_list"
    return "number_type"


def _items(answer: Any) -> list[Any] | None:  # noqa: ANN401 - anything at all
    """The elements of a sequence, array, index or series; None where it is none."""
    if isinstance(answer, (list, tuple)):
        return list(answer)
    if type(answer).__module__.partition(".")[0] in {"numpy", "pandas"} and hasattr(
        answer, "tolist"
    ):
        flat = answer.tolist()
        return flat if isinstance(flat, list) else None
    return None
