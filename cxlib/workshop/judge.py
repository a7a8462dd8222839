"""Whether an answer is right, and if not, which hint helps: never a number it could be read from.

The order is: the form of the answer, right or not, the exercise's own usual mistakes, mistakes
every exercise of that kind knows (unit, sign, order), the exercise's general hint.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cxlib.workshop.answers import (
    Blank,
    Table,
    Unfit,
    read_name,
    read_names,
    read_number,
    read_pair,
    read_table,
    shown,
)
from cxlib.workshop.exercise import Exercise

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

State = Literal["right", "blank", "wrong"]
PERCENT = 100.0
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an answer is, and the hint to give.

    Attributes:
        state: Right, blank or wrong.
        hint: Catalogue key of the hint; empty unless wrong.
        values: What the hint repeats of the learner's own words or of the task.
    """

    state: State
    hint: str = ""
    values: dict[str, str] = field(default_factory=dict)


def judge(
    exercise: Exercise,
    answer: Any,  # noqa: ANN401 - anything at all
    company: "Company",
    *,
    expected: Any,  # noqa: ANN401 - in the form of the exercise's kind
) -> Ruling:
    """Hold a learner's answer against the right one.

    Args:
        exercise: Which one.
        answer: Anything at all.
        company: The data mistakes are computed on.
        expected: The right answer on that data.
    """
    try:
        return _JUDGES[exercise.kind](exercise, answer, company, expected)
    except Blank:
        return Ruling("blank")
    except Unfit as unfit:
        return Ruling("wrong", f"workshop.check.{unfit.hint}", unfit.values)


def _decide(
    exercise: Exercise,
    value: Read,
    company: "Company",
    *,
    right: Read,
    same: Callable[[Read, Read], bool],
    read: Callable[[Any], Read],
    usual: Callable[[], str],
) -> Ruling:
    """Right, an own mistake of the exercise, a usual one of the kind, or the general hint."""
    if same(value, right):
        return Ruling("right")
    for mistake in exercise.mistakes:
        if _made(mistake.when, mistake.answer, value, company, same=same, read=read):
            return Ruling("wrong", f"workshop.{exercise.key}.{mistake.key}")
    if found := usual():
        return Ruling("wrong", f"workshop.check.{found}")
    return Ruling("wrong", f"workshop.{exercise.key}.hint")


def _made(
    when: Callable[[Any, Any], bool] | None,
    answer: Callable[[Any], Any] | None,
    value: Read,
    company: "Company",
    *,
    same: Callable[[Read, Read], bool],
    read: Callable[[Any], Read],
) -> bool:
    """Whether a mistake was made; one that cannot be computed on this company was not."""
    try:
        if when is not None:
            return bool(when(value, company))
        return answer is not None and same(value, read(answer(company)))
    except Exception:  # noqa: BLE001 - a mistake's own fault must not stop a learner
        return False


# --- numbers --------------------------------------------------------------------------------------


def _number(exercise: Exercise, answer: Any, company: "Company", expected: Any) -> Ruling:  # noqa: ANN401
    value, right = read_number(answer), read_number(expected)

    def near(first: float, second: float) -> bool:
        return abs(first - second) <= exercise.margin(second)

    return _decide(
        exercise, value, company, right=right, same=near, read=read_number,
        usual=lambda: _usual_number(exercise, value, right, near),
    )  # fmt: skip


def _usual_number(
    exercise: Exercise, value: float, right: float, near: Callable[[float, float], bool]
) -> str:
    if exercise.kind == "share" and abs(value) > 1 >= abs(right):
        return "share_percent"
    if exercise.kind == "points" and abs(value) > PERCENT:
        return "points_range"
    if near(value * PERCENT, right):
        return {"share": "percent_twice", "points": "points_share"}.get(exercise.kind, "unit")
    if near(value / PERCENT, right):
        return "unit"
    if near(-value, right):
        return "sign"
    return ""


def _interval(exercise: Exercise, answer: Any, company: "Company", expected: Any) -> Ruling:  # noqa: ANN401
    value, right = read_pair(answer), read_pair(expected)

    def near(first: Sequence[float], second: Sequence[float]) -> bool:
        return all(
            abs(one - other) <= exercise.margin(other)
            for one, other in zip(first, second, strict=True)
        )

    def usual() -> str:
        lower, upper = value
        centre, half = (right[0] + right[1]) / 2, (right[1] - right[0]) / 2
        if near(value, (centre, half)) or near(value, (half, centre)) or near(value, (-half, half)):
            return "interval_half"
        if lower > upper:
            return "interval_reversed"
        if any(near((lower * by, upper * by), right) for by in (PERCENT, 1 / PERCENT)):
            return "unit"
        return "sign" if near((-upper, -lower), right) else ""

    return _decide(
        exercise, value, company, right=right, same=near, read=read_pair, usual=usual
    )  # fmt: skip


# --- names ----------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """A name as it is compared: case, spaces and hyphens do not matter."""
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _unknown(name: str, known: Sequence[str], *, kind: str) -> Unfit:
    """The hint for a name the exercise does not have, with the nearest one it has."""
    near = get_close_matches(_plain(name), [_plain(each) for each in known], n=1, cutoff=0.6)
    if near:
        meant = next(each for each in known if _plain(each) == near[0])
        return Unfit(f"{kind}_near", name=shown(name), near=meant)
    return Unfit(f"{kind}_unknown", name=shown(name), known=", ".join(known))


def _choice(exercise: Exercise, answer: Any, company: "Company", expected: Any) -> Ruling:  # noqa: ANN401
    value, known = _plain(read_name(answer)), exercise.choices(company)
    if value not in {_plain(each) for each in known}:
        raise _unknown(read_name(answer), known, kind="choice")
    return _decide(
        exercise, value, company, right=_plain(str(expected)), same=lambda one, other: one == other,
        read=lambda given: _plain(read_name(given)), usual=str,
    )  # fmt: skip


def _ranking(exercise: Exercise, answer: Any, company: "Company", expected: Any) -> Ruling:  # noqa: ANN401
    right_names = read_names(expected)
    known = exercise.choices(company) or tuple(sorted(right_names))
    given = read_names(answer)
    value, right = (tuple(_plain(each) for each in names) for names in (given, right_names))
    plain = {_plain(each) for each in known}
    for name in given:
        if _plain(name) not in plain:
            raise _unknown(name, known, kind="ranking")
    if len(set(value)) < len(value):
        raise Unfit("ranking_twice")
    if len(value) != len(right):
        raise Unfit("ranking_short" if len(value) < len(right) else "ranking_long")

    def near(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
        if set(first) != set(second):
            return False
        return _swaps(first, second) <= (exercise.tolerance or 0)

    return _decide(
        exercise, value, company, right=right, same=near,
        read=lambda names: tuple(_plain(each) for each in read_names(names)),
        usual=lambda: "ranking_reversed" if value[::-1] == right else "",
    )  # fmt: skip


def _swaps(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Pairs that stand the other way round: neighbours to swap until the orders are equal."""
    places = [second.index(name) for name in first]
    return sum(
        place > other for number, place in enumerate(places) for other in places[number + 1 :]
    )


# --- tables ---------------------------------------------------------------------------------------


def _table(exercise: Exercise, answer: Any, company: "Company", expected: Any) -> Ruling:  # noqa: ANN401
    value, right = read_table(answer), read_table(expected)
    if set(value) != set(right):
        raise Unfit(_shape_hint(value, right))

    def equal(one: Any, other: Any) -> bool:  # noqa: ANN401 - a number or a text
        if isinstance(one, str) or isinstance(other, str):
            return _plain(str(one)) == _plain(str(other))
        return bool(abs(one - other) <= exercise.margin(other))

    def near(first: Table, second: Table) -> bool:
        return set(first) == set(second) and all(
            equal(first[place], second[place]) for place in second
        )

    def usual() -> str:
        if any(isinstance(each, str) for each in value.values()):
            return ""
        scaled = ({place: each * by for place, each in value.items()} for by in (100, 0.01))
        return "unit" if any(near(table, right) for table in scaled) else ""

    return _decide(
        exercise, value, company, right=right, same=near, read=read_table, usual=usual
    )  # fmt: skip


def _shape_hint(value: Table, right: Table) -> str:
    if {(column, row) for row, column in value} == set(right):
        return "table_turned"
    if {column for _, column in value} != {column for _, column in right}:
        return "table_columns"
    return "table_rows"


_JUDGES: dict[str, Callable[[Exercise, Any, Any, Any], Ruling]] = {
    "number": _number,
    "share": _number,
    "points": _number,
    "interval": _interval,
    "choice": _choice,
    "ranking": _ranking,
    "table": _table,
}
