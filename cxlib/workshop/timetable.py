"""The day's timetable: modules in order laid into half-days, optional exercises dropped to fit.

Only 85 % of a half-day is planned, the rest is for breaks and questions. Among all ways to lay
the modules in order, the one that drops the fewest minutes is taken. Where whole modules do not
fit, one may be parted by lunch, between two of its exercises.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Final

from cxlib.errors import ConfigError
from cxlib.workshop.modules import Module, Task

HALF_DAY: Final = 210
"""Minutes of a half-day: three and a half hours."""
PLANNED: Final = 0.85
"""Share of a half-day that modules may take."""
ONE_DAY: Final = 2
_STARTS: Final = ("09:30", "14:00")
_BREAK: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a timetable: a module, or a break where ``module`` is None."""

    start: str
    end: str
    module: Module | None
    teaching: int = 0
    exercise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay:
    """The modules of one half-day.

    Attributes:
        modules: In order.
        minutes: What the half-day has.
        dropped: Optional exercises left out so that they fit.
    """

    modules: tuple[Module, ...]
    minutes: int
    dropped: tuple[Task, ...]

    @property
    def used(self) -> int:
        """Minutes its modules take."""
        whole = sum(module.minutes for module in self.modules)
        return whole - sum(task.minutes for task in self.dropped)

    def rows(self, *, number: int) -> list[Row]:
        """Its lines with times of the clock; a break after each module but the last.

        Args:
            number: Of the half-day, from 0: even ones begin in the morning.
        """
        at = datetime.strptime(_STARTS[number % 2], "%H:%M")  # noqa: DTZ007 - a clock on a wall
        gone = {task.key for task in self.dropped}
        spare = self.minutes - self.used
        pauses = len(self.modules) - 1
        pause = min(_BREAK, spare // pauses) if pauses else 0
        rows = []
        for place, module in enumerate(self.modules):
            exercise = sum(task.minutes for task in module.tasks if task.key not in gone)
            end = at + timedelta(minutes=module.teaching + exercise)
            rows.append(
                Row(start=f"{at:%H:%M}", end=f"{end:%H:%M}", module=module,
                    teaching=module.teaching, exercise=exercise)
            )  # fmt: skip
            at = end
            if place < pauses and pause:
                end = at + timedelta(minutes=pause)
                rows.append(Row(start=f"{at:%H:%M}", end=f"{end:%H:%M}", module=None))
                at = end
        return rows


def timetable(
    modules: Sequence[Module], *, minutes: int = HALF_DAY, half_days: int = 0
) -> list[HalfDay]:
    """Lay modules into half-days.

    Args:
        modules: In order, at least one.
        minutes: Available in each half-day, above 0.
        half_days: How many there are; 0 takes one day (two) where that is possible, otherwise
            the fewest that hold them.

    Raises:
        ConfigError: They do not fit, even without optional exercises.
    """
    if minutes <= 0:
        raise ConfigError(f"--minutes must be above 0, got {minutes}")
    if half_days < 0 or half_days > len(modules):
        raise ConfigError(
            f"--half-days must be 1 to {len(modules)}, the number of modules, got {half_days}"
        )
    room = int(minutes * PLANNED)
    least = min(ONE_DAY, len(modules))
    tried = [half_days] if half_days else range(least, len(modules) + 1)
    for count in tried:
        for ways in ([modules], _parted(modules)):
            plans = [_best(way, count, room=room, minutes=minutes) for way in ways]
            if fitting := [plan for plan in plans if plan]:
                return min(fitting, key=_cost)
    short = _shortest(modules)
    largest = max(module.minutes - _optional(module) for module in modules)
    advice = (
        f"give at least --minutes {-(-largest * 100 // 85)}" if largest > room
        else "give more --minutes or --half-days, or fewer --modules"
    )  # fmt: skip
    raise ConfigError(
        f"the modules take {short} minutes without optional exercises and must fit into "
        f"{half_days or len(modules)} half-days of {room} planned minutes ({PLANNED:.0%} of "
        f"{minutes}); {advice}"
    )


def _optional(module: Module) -> int:
    return sum(task.minutes for task in module.tasks if task.optional)


def _shortest(modules: Sequence[Module]) -> int:
    return sum(module.minutes - _optional(module) for module in modules)


def _best(
    modules: Sequence[Module], count: int, *, room: int, minutes: int
) -> list[HalfDay] | None:
    """The way to part modules into ``count`` half-days that drops the fewest minutes."""
    best: list[HalfDay] | None = None
    least = None
    for cuts in combinations(range(1, len(modules)), count - 1):
        edges = (0, *cuts, len(modules))
        parts = [tuple(modules[a:b]) for a, b in pairwise(edges)]
        days = [_fitted(part, room=room, minutes=minutes) for part in parts]
        whole = [day for day in days if day is not None]
        if len(whole) < count:
            continue
        if least is None or _cost(whole) < least:
            best, least = whole, _cost(whole)
    return best


def _cost(plan: Sequence[HalfDay]) -> tuple[int, int]:
    """Minutes dropped, then the fullest half-day."""
    lost = sum(task.minutes for day in plan for task in day.dropped)
    return lost, max(day.used for day in plan)


def _parted(modules: Sequence[Module]) -> Iterator[list[Module]]:
    """Every way to part one of the modules."""
    for place, module in enumerate(modules):
        for cut in range(1, len(module.tasks)):
            yield [*modules[:place], *module.parted(cut), *modules[place + 1 :]]


def _fitted(modules: tuple[Module, ...], *, room: int, minutes: int) -> HalfDay | None:
    """A half-day of these modules with as little dropped as possible; None where they are long."""
    over = sum(module.minutes for module in modules) - room
    optional = [task for module in modules for task in module.tasks if task.optional]
    ways = (
        chosen
        for size in range(len(optional) + 1)
        for chosen in combinations(optional, size)
        if sum(task.minutes for task in chosen) >= over
    )
    found = min(ways, key=lambda way: (sum(task.minutes for task in way), len(way)), default=None)
    return None if found is None else HalfDay(modules=modules, minutes=minutes, dropped=found)
