"""`check("nps", answer)`: says in one line what an answer is, never what it should be.

The line tells right, waiting or not yet with a hint, in the language of the open company. It never
raises on an answer, and never prints the right value or anything it could be read from.
"""

import sys
from dataclasses import dataclass, field
from difflib import get_close_matches
from html import escape
from typing import TYPE_CHECKING, Any, Final

from cxlib.report.catalogue import CODES, catalogue, message
from cxlib.workshop.answers import is_blank, shown
from cxlib.workshop.exercise import Exercise, registry
from cxlib.workshop.judge import Ruling, State, judge

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

MIME: Final = "application/vnd.cx.verdict+json"
MARKS: Final[dict[State, str]] = {"right": "✓", "blank": "○", "wrong": "△"}
_MARKDOWN: Final = str.maketrans({sign: f"&#{ord(sign)};" for sign in "\\`*_{}[]()#+!|~$:"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found; it has shown itself already.

    Attributes:
        key: The exercise.
        state: Right, blank (still to do) or wrong.
        message: The line that was shown.
    """

    key: str
    state: State
    message: str

    def _ipython_display_(self) -> None:
        """Show nothing more at the end of a cell."""


@dataclass(slots=True)
class _Desk:
    """What this kernel checks against."""

    company: "Company | None" = None
    language: str = "en"
    expected: dict[str, Any] = field(default_factory=dict)


_desk = _Desk()


def use(company: "Company | None", *, language: str = "") -> None:
    """Check answers against this company from now on.

    Args:
        company: Its data; None closes the one that was open.
        language: Of the messages; empty takes the company's own, English where it has none.
    """
    _desk.company = company
    _desk.expected = {}
    wanted = language or str(getattr(company, "language", "") or "en")
    _desk.language = wanted if wanted in CODES else "en"


def check(key: str, answer: Any = ...) -> Verdict:  # noqa: ANN401 - a learner may give anything
    """Say whether an answer is right, still waited for, or what to look at again.

    Args:
        key: The exercise, as the task names it.
        answer: What was found; ``...`` while nothing was.
    """
    verdict = _verdict(key, answer)
    _show(verdict)
    return verdict


def _verdict(key: Any, answer: Any) -> Verdict:  # noqa: ANN401 - a learner may give anything
    name = shown(key) if isinstance(key, str) else ""
    try:
        found = registry().get(name)
        if found is None:
            return Verdict(name, "wrong", _unknown(name))
        exercise, number = found
        company = _desk.company
        if company is None:
            both = [message("workshop.check.no_company", each) for each in CODES]
            return Verdict(name, "wrong", " ".join(both))
        ruling = _rule(exercise, answer, company)
    except Exception:  # noqa: BLE001 - whatever it is, a learner gets a line, not a traceback
        return Verdict(name, "wrong", _text("trouble", key=name))
    values = {"number": number, "title": _title(exercise)}
    if ruling.state == "wrong":
        values["hint"] = _hint(ruling, exercise)
    return Verdict(name, ruling.state, _text(ruling.state, **values))


def _rule(exercise: Exercise, answer: Any, company: "Company") -> Ruling:  # noqa: ANN401
    try:
        blank = is_blank(answer)
    except Exception:  # noqa: BLE001 - an object that cannot even be looked at
        return Ruling("wrong", "workshop.check.strange")
    if blank:
        return Ruling("blank")
    if exercise.key not in _desk.expected:
        _desk.expected[exercise.key] = exercise.expected(company)
    expected = _desk.expected[exercise.key]
    if judge(exercise, expected, company, expected=expected).state != "right":
        raise ValueError(exercise.key)  # the exercise itself has no answer on these data
    try:
        return judge(exercise, answer, company, expected=expected)
    except Exception:  # noqa: BLE001 - an object whose own methods fail
        return Ruling("wrong", "workshop.check.strange")


def _hint(ruling: Ruling, exercise: Exercise) -> str:
    """The hint's words; the exercise's general one, then everybody's, where there are none."""
    words = catalogue(_desk.language)
    for key in (ruling.hint, f"workshop.{exercise.key}.hint", "workshop.check.hint"):
        if key in words:
            return words[key].format(**ruling.values) if key == ruling.hint else words[key]
    return ""


def _title(exercise: Exercise) -> str:
    return catalogue(_desk.language).get(f"workshop.{exercise.key}.title", exercise.key)


def _unknown(name: str) -> str:
    near = get_close_matches(name, list(registry()), n=3, cutoff=0.4)
    if near:
        return _text("unknown_near", key=name, near=", ".join(near))
    return _text("unknown", key=name, known=", ".join(registry()))


def _text(name: str, **values: str) -> str:
    return message(f"workshop.check.{name}", _desk.language).format(**values)


def _show(verdict: Verdict) -> None:
    """Display the line in a notebook, print it elsewhere."""
    line = f"{MARKS[verdict.state]} {verdict.message}"
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        print(line)  # noqa: T201 - outside a notebook
        return
    from IPython.display import display

    words = escape(verdict.message, quote=False).translate(_MARKDOWN)
    bundle = {
        "text/plain": line,
        "text/markdown": f"**{MARKS[verdict.state]}** {words}",
        MIME: {"key": verdict.key, "state": verdict.state, "message": verdict.message},
    }
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
