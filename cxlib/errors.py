"""Every error a user can meet.

CxError                 one clear message: what must hold, then the value found, then the remedy
 ├─ ConfigError         engagement.yml, _brand.yml or a parameter        exit code 2
 ├─ DataError           a client's table breaks its contract             exit code 2
 ├─ InputError          a function was called with an impossible value   exit code 2
 ├─ RunError            a notebook failed while running                  exit code 1
 └─ ReportError         a report could not be made (glyph, alt text)     exit code 1

Messages are lower case without a full stop; they name file, row or line, value, rule and remedy.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class CxError(Exception):
    """A problem the user can mend; the command line prints it without a traceback."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where it is, what was found, which rule it breaks, the remedy."""

    file: str
    where: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        found = f"found {self.value}; " if self.value else ""
        return f"{place}: {found}{self.rule}; {self.remedy}"


class _ProblemsError(CxError):
    """An error that carries all problems found, so that they can be mended in one go."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        self.summary = message
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {problem}" for problem in self.problems)]))


class ConfigError(_ProblemsError):
    """The engagement file, the brand file or a parameter is wrong."""


class DataError(_ProblemsError):
    """A client's table is absent, unreadable or breaks its contract."""


class InputError(CxError, ValueError):
    """A function was called with a value its formula does not allow."""


class RunError(CxError):
    """A notebook stopped while it ran."""

    exit_code = 1


class ReportError(CxError):
    """A report could not be made from an executed notebook."""

    exit_code = 1
