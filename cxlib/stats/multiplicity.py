"""Many comparisons at once: adjusted p-values, and interval levels that agree with them."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values so that the chance of any false alarm in the family is held (Holm).

        sorted p: adjusted p(k) = max over j <= k of (m - j + 1) p(j), at most 1

    Args:
        p_values: One per comparison of the declared family, each in [0, 1].

    Returns:
        Adjusted p-values in the order given; empty for an empty family.

    Raises:
        InputError: A value outside [0, 1], with its place.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    _check(p_values)
    size = len(p_values)
    order = sorted(range(size), key=lambda i: p_values[i])
    steps = (min(1.0, (size - k) * p_values[i]) for k, i in enumerate(order))
    return _in_place(order, accumulate(steps, max))


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values so that the expected share of false finds is held (false discovery rate).

        sorted p: adjusted p(k) = min over j >= k of m p(j) / j

    Args:
        p_values: One per comparison of the declared family, each in [0, 1].

    Returns:
        Adjusted p-values in the order given; empty for an empty family.

    Raises:
        InputError: A value outside [0, 1], with its place.

    Source: Benjamini and Hochberg (1995), JRSS B 57(1).
    """
    _check(p_values)
    size = len(p_values)
    order = sorted(range(size), key=lambda i: p_values[i], reverse=True)
    steps = (size / (size - k) * p_values[i] for k, i in enumerate(order))
    return _in_place(order, accumulate(steps, min))


def simultaneous_level(confidence_level: float, *, comparisons: int) -> float:
    """Return the level of each interval that makes all of them hold together (Bonferroni).

        1 - (1 - confidence_level) / comparisons

    Raises:
        InputError: No comparison, or a level outside [0.9, 1).
    """
    check_level(confidence_level)
    if comparisons < 1:
        raise InputError(f"comparisons must be at least 1, got {comparisons}")
    return 1 - (1 - confidence_level) / comparisons


def holm_levels(p_values: Sequence[float], *, confidence_level: float) -> tuple[float, ...]:
    """Return one interval level per comparison, so that interval and Holm's verdict agree.

    All intervals are drawn at Bonferroni's level, where they hold together. The exception is a
    comparison that Holm rejects and Bonferroni does not: it is drawn at the level of its own step,
    1 - (1 - confidence_level) / (m - k + 1) for the k-th smallest p. An interval from the same
    statistic as its p-value then leaves out the null value exactly when Holm rejects.

    Args:
        p_values: Unadjusted, one per comparison of the declared family.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A value outside [0, 1], or a level outside [0.9, 1).

    Source: Holm (1979); Serlin (1993), Journal of Experimental Education 61(4).
    """
    check_level(confidence_level)
    _check(p_values)
    size, error = len(p_values), 1 - confidence_level
    levels = [1 - error / max(size, 1)] * size
    for k, index in enumerate(sorted(range(size), key=lambda i: p_values[i])):
        if p_values[index] > error / (size - k):
            break
        if p_values[index] > error / size:
            levels[index] = 1 - error / (size - k)
    return tuple(levels)


def false_coverage_levels(
    p_values: Sequence[float], *, confidence_level: float
) -> tuple[float, ...]:
    """Return one interval level per comparison that agrees with Benjamini and Hochberg's verdict.

        1 - error · max(R, 1) / m,  R the comparisons found among m

    Of the intervals of what was found, at most the share ``error`` is expected to miss. An interval
    from the same statistic as its p-value leaves out the null value exactly when it was found.

    Args:
        p_values: Unadjusted, one per comparison of the declared family.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: A value outside [0, 1], or a level outside [0.9, 1).

    Source: Benjamini and Yekutieli (2005), JASA 100(469).
    """
    check_level(confidence_level)
    error, size = 1 - confidence_level, len(p_values)
    found = sum(p <= error for p in benjamini_hochberg(p_values))
    return (1 - error * max(found, 1) / max(size, 1),) * size


def _check(p_values: Sequence[float]) -> None:
    for place, value in enumerate(p_values):
        if not 0 <= value <= 1:
            raise InputError(f"p_values must be in [0, 1], got {value} at place {place}")


def _in_place(order: Sequence[int], values: Iterable[float]) -> tuple[float, ...]:
    """Return values listed in ``order`` at the places they belong to."""
    placed = dict(zip(order, values, strict=True))
    return tuple(placed[i] for i in range(len(order)))
