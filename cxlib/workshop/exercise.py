"""What an exercise is: its key, what kind of answer it takes, and the usual wrong answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cxlib.errors import InputError

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

Kind = Literal["number", "share", "points", "interval", "choice", "ranking", "table"]
KINDS: Final = get_args(Kind)
NAMED: Final = frozenset({"choice", "ranking"})
"""Kinds whose answers are names, for which ``options`` may be given."""

TOLERANCES: Final[Mapping[str, float]] = {
    "number": 0.005,
    "share": 0.005,
    "points": 0.1,
    "interval": 0.005,
    "choice": 0.0,
    "ranking": 0.0,
    "table": 0.005,
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A usual wrong answer, and the hint that goes with it.

    Attributes:
        key: Last part of the hint's catalogue key, ``workshop.<exercise>.<key>``.
        answer: The wrong answer on a company's data, in the form the exercise takes; None where
            ``when`` decides.
        when: Whether this answer (read: a float, a pair, a name, a tuple of names or a table as
            ``{(row, column): value}``) is this mistake.
    """

    key: str
    answer: "Callable[[Company], Any] | None" = None
    when: "Callable[[Any, Company], bool] | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise of a module; its right answer is computed from the company's own data.

    Attributes:
        key: What ``check`` is called with; also the middle of its catalogue keys
            ``workshop.<key>.title`` and ``workshop.<key>.hint``.
        module: Number of the module, from 1.
        kind: What is asked: ``number`` any number; ``share`` 0-1; ``points`` −100 to 100;
            ``interval`` a lower and an upper bound; ``choice`` one of ``options``; ``ranking``
            names in order; ``table`` a frame, series or mapping.
        expected: The right answer on a company's data.
        tolerance: How far a number, a bound or a cell may lie from the right one, in its own
            unit; for a ranking, how many neighbours may stand swapped. None takes the kind's.
        relative: Tolerance as a share of the right number, taken where it is wider.
        options: The names a choice or ranking is made of; a function of the company where they
            depend on it.
        mistakes: Usual wrong answers, the first that fits is named.
    """

    key: str
    module: int
    kind: Kind
    expected: "Callable[[Company], Any]"
    tolerance: float | None = None
    relative: float = 0.0
    options: "Sequence[str] | Callable[[Company], Sequence[str]]" = ()
    mistakes: tuple[Mistake, ...] = ()

    def __post_init__(self) -> None:
        if not self.key.isidentifier():
            raise InputError(f"an exercise's key must be letters, digits and _, got {self.key!r}")
        if self.module < 1:
            raise InputError(f"exercise {self.key}: module must be 1 or more, got {self.module}")
        if self.kind not in KINDS:
            raise InputError(
                f"exercise {self.key}: kind must be one of {', '.join(KINDS)}, got {self.kind!r}"
            )
        if self.kind == "choice" and not self.options:
            raise InputError(f"exercise {self.key}: a choice must have options, got none")
        if (self.tolerance or 0) < 0 or self.relative < 0:
            raise InputError(f"exercise {self.key}: a tolerance must be 0 or more")
        for mistake in self.mistakes:
            if (mistake.answer is None) == (mistake.when is None):
                raise InputError(
                    f"exercise {self.key}, mistake {mistake.key}: give either answer or when"
                )

    def margin(self, value: float) -> float:
        """How far from ``value`` counts as equal to it."""
        fixed = TOLERANCES[self.kind] if self.tolerance is None else self.tolerance
        return max(fixed, self.relative * abs(value)) + 1e-9

    def choices(self, company: "Company") -> tuple[str, ...]:
        """The names an answer may be made of; empty where any may."""
        given = self.options(company) if callable(self.options) else self.options
        return tuple(str(each) for each in given)


def numbered(exercises: Iterable[Exercise]) -> dict[str, tuple[Exercise, str]]:
    """Give each exercise the number learners see, such as 1.2, in the order of its module.

    Raises:
        InputError: Two exercises have one key.
    """
    found: dict[str, tuple[Exercise, str]] = {}
    counts: dict[int, int] = {}
    for exercise in exercises:
        if exercise.key in found:
            raise InputError(f"exercise keys must differ, found {exercise.key!r} twice")
        counts[exercise.module] = counts.get(exercise.module, 0) + 1
        found[exercise.key] = (exercise, f"{exercise.module}.{counts[exercise.module]}")
    return found


@cache
def registry() -> dict[str, tuple[Exercise, str]]:
    """Every exercise of ``cxlib/workshop/exercises`` by key, with its number."""
    package = import_module("cxlib.workshop.exercises")
    modules = sorted(info.name for info in iter_modules(package.__path__))
    files = [import_module(f"{package.__name__}.{name}") for name in modules]
    every = [exercise for file in files for exercise in getattr(file, "EXERCISES", ())]
    return numbered(sorted(every, key=lambda exercise: exercise.module))
