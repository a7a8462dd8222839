"""Numbers, dates and sentences in the report's language: one formatter for every output.

A value keeps its type until it is written: `Num`, `Day`, `Month`, an `Estimate`, a client's own
words per language, or a nested `Phrase`. `Writer.html` wraps each number in ``<data>`` and each
date in ``<time>``, so that a test can prove that both languages print the same numbers.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape
from string import Formatter
from typing import Literal, TypeAlias

from cxlib.errors import ReportError
from cxlib.report.catalogue import CODES, message
from cxlib.stats.estimate import Estimate, Unit

NumKind: TypeAlias = Unit | Literal["percent", "months", "p_value", "dollars"]
DIGITS: dict[str, int] = {
    "points": 1, "share": 1, "pp": 1, "percent": 1, "rating": 2, "currency": 0, "dollars": 0,
    "minutes": 0,
    "days": 0, "months": 0, "count": 0, "ratio": 2, "p_value": 3,
}  # fmt: skip
UNIT_WORDS = frozenset({"pp", "months", "minutes", "days"})
SMALLEST_P = 0.001
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Num:
    """A number to print. Shares and pp are held 0-1 and printed times 100."""

    value: float
    kind: NumKind = "count"


@dataclass(frozen=True, slots=True)
class Day:
    """A date to print in full."""

    value: date


@dataclass(frozen=True, slots=True)
class Month:
    """A month to print."""

    value: date


@dataclass(frozen=True, slots=True)
class Phrase:
    """A catalogue sentence and the typed values that fill it."""

    key: str
    values: "Mapping[str, Value]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Joined:
    """A list of values, separated as the language does: commas or 、, semicolons for clauses."""

    items: "tuple[Value, ...]"
    between: Literal["list.separator", "readings.clauses"] = "list.separator"


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words in a language of their own, for fonts and screen readers: a customer's, as written."""

    text: str
    language: str


Value: TypeAlias = (
    str | int | Num | Day | Month | Estimate | Phrase | Joined | Quoted | Mapping[str, str]
)
"""What a sentence, a cell or a tile can be filled with."""


def phrase(key: str, **values: Value) -> Phrase:
    """Name a catalogue sentence and its values."""
    return Phrase(key, values)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes typed values in one language, as plain text or as HTML.

    Attributes:
        language: Of the catalogue.
        markup: Whether numbers and dates are wrapped in elements and text is escaped.
        shared: Values every sentence may use without being given them (the confidence level).
    """

    language: str
    markup: bool
    shared: "Mapping[str, Value]" = field(default_factory=dict)

    def __call__(self, value: Value) -> str:
        """Write one value."""
        return format(_Shown(self, value), "")

    def number(self, value: float, kind: NumKind, spec: str = "") -> str:
        """Write a number with its unit; ``spec`` is ``[+][digits]``.

        A count has thousands separators, a share becomes a percentage, money is rounded to three
        significant digits so that no false precision is printed (``dollars``: to the dollar, for
        sums paid or budgeted, which a reader adds up), and the minus sign is U+2212.

        Raises:
            ReportError: The number is infinite.
        """
        if math.isnan(value):
            return self._text("number.none")
        return self._unit(self._digits(value, kind, spec), kind)

    def interval(self, low: float, high: float, kind: NumKind, spec: str = "") -> str:
        """Write the two ends of an interval; a unit word stands once, a % sign at both ends."""
        ends = [self._digits(end, kind, spec) for end in (low, high)]
        if kind in UNIT_WORDS:
            return self._unit(self._text("interval").format(low=ends[0], high=ends[1]), kind)
        low_text, high_text = (self._unit(end, kind) for end in ends)
        return self._text("interval").format(low=low_text, high=high_text)

    def _digits(self, value: float, kind: NumKind, spec: str) -> str:
        if math.isinf(value):
            raise ReportError(f"a number to print must be finite, got {value}")
        digits = int(spec.lstrip("+")) if spec.lstrip("+") else DIGITS[kind]
        shown = value * 100 if kind in {"share", "pp"} else value
        if kind == "currency" and shown:
            shown = round(shown, 2 - math.floor(math.log10(abs(shown))))
        body = f"{abs(shown):,.{digits}f}"
        if kind == "p_value" and shown < SMALLEST_P:
            body = f"<{SMALLEST_P}"
        negative = shown < 0 and any(char in "123456789" for char in body)
        sign = MINUS if negative else "+" if "+" in spec and shown > 0 else ""
        text = f"{sign}{'HK$' if kind in {'currency', 'dollars'} else ''}{body}"
        if self.markup:
            return f'<data value="{value:.10g}">{escape(text, quote=False)}</data>'
        return text

    def _unit(self, text: str, kind: NumKind) -> str:
        if kind in UNIT_WORDS:
            return self._text(f"unit.{kind}").format(value=text)
        return f"{text}%" if kind in {"share", "percent"} else text

    def date(self, value: date, skeleton: str) -> str:
        """Write a date by a CLDR skeleton (yMMMM d for a day, yMMM for a month)."""
        from babel.dates import format_date, format_skeleton

        locale = CODES[self.language]
        if skeleton == "day":
            pattern = "d MMMM y" if self.language == "en" else "y年M月d日"
            text = format_date(value, pattern, locale=locale)
        else:
            text = format_skeleton("yMMM", value, locale=locale)
        return f'<time datetime="{value.isoformat()}">{text}</time>' if self.markup else text

    def phrase(self, item: Phrase) -> str:
        """Write a catalogue sentence with its values filled in."""
        template = self._text(item.key)
        values = {
            name: _Shown(self, value) for name, value in {**self.shared, **item.values}.items()
        }
        try:
            return _filled(template, values)
        except (KeyError, AttributeError, IndexError) as error:
            raise ReportError(
                f"message {item.key!r} ({self.language}) asks for {error}; "
                f"it was given: {', '.join(sorted(item.values)) or 'nothing'}"
            ) from None

    def quoted(self, words: Quoted) -> str:
        """Write words as they are, marked where they are not in the report's language."""
        if not self.markup:
            return words.text
        text = escape(words.text, quote=False)
        if words.language == self.language:
            return text
        return f'<span lang="{escape(words.language)}">{text}</span>'

    def _text(self, key: str) -> str:
        text = message(key, self.language)
        return escape(text, quote=False) if self.markup else text


_TAG = re.compile(r"<[^>]*>")
_HAN_END = re.compile(r"[\u3400-\u9fff]$")
_HAN_START = re.compile(r"[\u3400-\u9fff]")
_LATIN_END = re.compile(r"[0-9A-Za-z%]$")
_LATIN_START = re.compile(r"[0-9A-Za-z+\u2212]|HK\$")


def _filled(template: str, values: "Mapping[str, _Shown]") -> str:
    """Fill a sentence; one space between a Han character and a number, none between two Han.

    A catalogue cannot know whether a value ends in a digit or in a word ("5.4", "5.4 個百分點").
    """
    text, formatter = "", Formatter()
    for literal, name, spec, _ in formatter.parse(template):
        text = _met(text, literal)
        if name is not None:
            text = _met(text, format(formatter.get_field(name, (), values)[0], spec or ""))
    return text


def _met(before: str, after: str) -> str:
    last, first = _TAG.sub("", before)[-1:], _TAG.sub("", after)
    if _HAN_END.search(last) and first.startswith(" ") and _HAN_START.match(first[1:]):
        return before + after.replace(" ", "", 1)
    if (_HAN_END.search(last) and _LATIN_START.match(first)) or (
        _LATIN_END.search(last) and _HAN_START.match(first)
    ):
        return f"{before} {after}"
    return before + after


@dataclass(frozen=True, slots=True)
class _Shown:
    """A value inside a sentence: ``{x}``, ``{x:+1}``, and for an estimate ``{x.ci}``, ``{x.n}``."""

    writer: Writer
    value: Value

    def __format__(self, spec: str) -> str:  # noqa: C901, PLR0911 - one case a kind of value
        write, value = self.writer, self.value
        match value:
            case Estimate():
                return write.number(value.value, value.unit, spec)
            case Num():
                return write.number(value.value, value.kind, spec)
            case bool():
                raise ReportError("a yes or no is not printed; choose a sentence for each")
            case int():
                return write.number(value, "count", spec)
            case Day():
                return write.date(value.value, "day")
            case Month():
                return write.date(value.value, "month")
            case Phrase():
                return write.phrase(value)
            case Joined():
                return write._text(value.between).join(write(item) for item in value.items)  # noqa: SLF001
            case Quoted():
                return write.quoted(value)
            case str():
                return escape(value, quote=False) if write.markup else value
            case Mapping():
                words = value.get(write.language) or next(iter(value.values()))
                return escape(words, quote=False) if write.markup else words
        raise ReportError(f"cannot print a value of type {type(value).__name__}")

    @property
    def ci(self) -> "_Interval":
        """The interval of an estimate."""
        if not isinstance(self.value, Estimate):
            raise AttributeError("ci of a value that is no estimate")
        return _Interval(self.writer, self.value)

    @property
    def n(self) -> "_Shown":
        """The number of observations of an estimate."""
        if not isinstance(self.value, Estimate):
            raise AttributeError("n of a value that is no estimate")
        return _Shown(self.writer, self.value.n_obs)


@dataclass(frozen=True, slots=True)
class _Interval:
    writer: Writer
    value: Estimate

    def __format__(self, spec: str) -> str:
        est = self.value
        if not est.has_interval:
            return self.writer.number(math.nan, est.unit)
        return self.writer.interval(est.ci_lower, est.ci_upper, est.unit, spec)
