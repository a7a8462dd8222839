"""Whether two things are alike: only an interval inside the margin can say so."""

from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate

Equivalence = Literal["equivalent", "different", "cannot_tell"]


def equivalence(difference: Estimate, *, margin: float) -> Equivalence:
    """Judge a difference against the largest difference that would not matter.

    ``equivalent`` when the whole interval lies inside (-margin, margin), ``different`` when it
    lies wholly beyond the margin on one side, else ``cannot_tell``. A difference that is "not
    significant" is never equivalence. With a 90 % interval this is the two one-sided tests
    procedure at 5 %; wider intervals are stricter.

    Args:
        difference: In the unit of ``margin``.
        margin: Above 0; declared before the data were seen.

    Raises:
        InputError: A margin of 0 or less.

    Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6).
    """
    if not margin > 0:
        raise InputError(f"margin must be above 0, got {margin}")
    if not difference.has_interval:
        return "cannot_tell"
    if -margin < difference.ci_lower and difference.ci_upper < margin:
        return "equivalent"
    if difference.ci_lower > margin or difference.ci_upper < -margin:
        return "different"
    return "cannot_tell"
