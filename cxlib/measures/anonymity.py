"""Which units of a staff may be shown beside a total, which only in steps, and which not."""

from collections.abc import Iterable, Mapping

from cxlib.data.employees import SUMS

FEWEST_EXACT = 20
"""Under this number of answers a score is rounded and its interval left out: together with n they
would give back the answers."""
Asked = tuple[str, ...]
Cell = Mapping[str, float]
"""Counts of one unit and quarter, named as in ``SUMS`` and n."""
COUNTS = ("n", *SUMS)
SIZES = {"enps": "n_enps", "esat": "n_esat", "left": "n_left"}


def hidden_units(cells: Mapping[str, Cell], *, floor: int, asked: Asked) -> frozenset[str]:
    """Choose the units that must not be shown beside the total.

    First every unit with fewer answers than the floor to some question, whose answers to the
    recommendation all lie in one band, or whose satisfaction is the same throughout, for then
    everyone's answer is known. The total less what
    is shown gives what is hidden, so the hidden ones together must be showable too, and at least
    two: until they are, the smallest unit still shown is hidden with them.

    Args:
        cells: Unit to its counts; "" are people of no unit, who are never shown.
        floor: Fewest answers.
        asked: The questions: enps, esat, left.

    Source: Cox (1980), Journal of the American Statistical Association 75(370), on complementary
    suppression; Statistics of small groups in Hundepool et al. (2012), Statistical Disclosure
    Control.
    """
    hidden = [unit for unit in cells if not unit or not showable(cells[unit], floor, asked)]
    shown = sorted(set(cells) - set(hidden), key=lambda unit: (cells[unit]["n"], unit))
    while hidden and shown:
        rest = added(cells[unit] for unit in hidden)
        if len(hidden) > 1 and showable(rest, floor, asked):
            break
        hidden.append(shown.pop(0))
    return frozenset(hidden)


def rounded_units(cells: Mapping[str, Cell], hidden: frozenset[str]) -> frozenset[str]:
    """Choose the units shown in steps: those with few answers, and never one alone.

    The total less all exact units would give a single rounded one exactly, so the smallest exact
    unit is rounded with it where nothing else is kept back.
    """
    shown = sorted(set(cells) - set(hidden), key=lambda unit: (cells[unit]["n"], unit))
    few = [unit for unit in shown if cells[unit]["n"] < FEWEST_EXACT]
    if len(few) == 1 and not hidden:
        few = shown[:2]
    return frozenset(few)


def added(cells: Iterable[Cell]) -> Cell:
    """Add the counts of units."""
    total = dict.fromkeys(COUNTS, 0.0)
    for cell in cells:
        for name in COUNTS:
            total[name] += cell[name]
    return total


def showable(cell: Cell, floor: int, asked: Asked) -> bool:
    """Say whether counts hold enough answers to every question, and not all of one mind."""
    if any(cell[SIZES[name]] < floor for name in asked):
        return False
    if "esat" in asked and cell["esat_squares"] * cell["n_esat"] <= cell["esat_sum"] ** 2 + 1e-6:
        return False
    bands = [cell["promoters"], cell["passives"], cell["detractors"]]
    return "enps" not in asked or max(bands) < cell["n_enps"]
