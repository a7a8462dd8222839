"""The leaky bucket: what a customer base settles at, and what keeping customers is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.errors import InputError
from cxlib.measures.loyalty import Purchases
from cxlib.stats.estimate import Estimate

PERIODS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One level of churn: the base it leads to, and the acquisition that would do as much.

    Attributes:
        churn: Share of the base lost per period, 0-1.
        steady_state: Customers the base settles at with the acquisition of today.
        equivalent_share: Extra acquisition, relative to today's, that reaches the same base at
            today's churn.
        equivalent_customers: The same in customers per period.
    """

    churn: float
    steady_state: float
    equivalent_share: float
    equivalent_customers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyBucket:
    """A client's bucket: churn and acquisition per period, and where they lead.

    Attributes:
        churn: Share of the base lost in a period.
        base: Customers at the start of the period.
        acquired: Customers won or won back in the period.
        steady: Base at which losses equal gains, with the interval of churn.
        path: Base now and after each of the next ``PERIODS`` periods.
        reductions: Shares of the lost who stay instead.
        buckets: Today's churn first, then one per reduction.
    """

    churn: Estimate
    base: int
    acquired: int
    steady: Estimate
    path: tuple[float, ...]
    reductions: tuple[float, ...]
    buckets: tuple[Bucket, ...]


def base_path(base: float, *, churn: float, acquired: float, periods: int) -> tuple[float, ...]:
    """Follow a base over periods.

        base(t+1) = base(t) (1 - churn) + acquired

    Args:
        base: Customers at the start, 0 or more.
        churn: Share lost per period, 0-1.
        acquired: New customers per period, 0 or more.
        periods: 0 or more.

    Returns:
        The base at the start and after each period.
    """
    _check(churn, acquired, zero=True)
    if base < 0 or periods < 0:
        raise InputError(f"base and periods must be 0 or more, got {base} and {periods}")
    path = [float(base)]
    for _ in range(periods):
        path.append(path[-1] * (1 - churn) + acquired)
    return tuple(path)


def steady_state(acquired: float, *, churn: float) -> float:
    """Return the base at which losses equal gains: acquired / churn.

    Raises:
        InputError: Churn of 0 (the base grows without end), or outside (0, 1].
    """
    _check(churn, acquired, zero=False)
    return acquired / churn


def equivalent_acquisition(churn: float, *, lower_churn: float) -> float:
    """Return the extra acquisition, relative to today's, that a lower churn is worth.

        churn / lower_churn - 1

    Raises:
        InputError: Churn outside (0, 1], or a lower churn above it.
    """
    _check(churn, 0.0, zero=False)
    _check(lower_churn, 0.0, zero=False)
    if lower_churn > churn:
        raise InputError(f"lower_churn must be at most {churn}, got {lower_churn}")
    return churn / lower_churn - 1


def equivalent_curve(
    acquired: float, *, churn: float, lower: Sequence[float]
) -> tuple[Bucket, ...]:
    """Compare today's churn with lower ones, at the acquisition of today.

    Args:
        acquired: New customers per period, 0 or more.
        churn: Today's, above 0.
        lower: Churns to compare with, each above 0 and at most ``churn``.

    Returns:
        One Bucket per churn, today's first.
    """
    buckets = []
    for level in (churn, *lower):
        extra = equivalent_acquisition(churn, lower_churn=level)
        buckets.append(
            Bucket(
                churn=level,
                steady_state=steady_state(acquired, churn=level),
                equivalent_share=extra,
                equivalent_customers=extra * acquired,
            )
        )
    return tuple(buckets)


def steady_state_estimate(churn: Estimate, *, acquired: int) -> Estimate:
    """Carry the interval of churn over to the base it leads to; acquisition is taken as known.

    Raises:
        InputError: Churn of 0, or an interval that reaches 0.
    """
    value = steady_state(acquired, churn=churn.value)
    return Estimate(
        value=value,
        ci_lower=steady_state(acquired, churn=churn.ci_upper),
        ci_upper=steady_state(acquired, churn=churn.ci_lower),
        n_obs=churn.n_obs,
        unit="count",
        method=churn.method,
        confidence_level=churn.confidence_level,
    )


def leaky_bucket(
    churn: Estimate, *, base: int, acquired: int, reductions: Sequence[float] = (0.1, 0.2, 0.3)
) -> LeakyBucket:
    """Follow a measured churn to the base it leads to, and price what keeping customers is worth.

    Args:
        churn: Share of the base lost per period, value and lower limit above 0.
        base: Customers at the start.
        acquired: New customers per period.
        reductions: Shares of the lost who stay instead, each above 0 and below 1.

    Raises:
        InputError: Churn that is or may be 0, or a reduction outside (0, 1).
    """
    if odd := [share for share in reductions if not 0 < share < 1]:
        raise InputError(f"reductions must be above 0 and below 1, got {odd[0]}")
    lower = [churn.value * (1 - share) for share in reductions]
    return LeakyBucket(
        churn=churn,
        base=base,
        acquired=acquired,
        steady=steady_state_estimate(churn, acquired=acquired),
        path=base_path(base, churn=churn.value, acquired=acquired, periods=PERIODS),
        reductions=tuple(reductions),
        buckets=equivalent_curve(acquired, churn=churn.value, lower=lower),
    )


def bucket_of(bought: Purchases | None) -> LeakyBucket | None:
    """Follow the churn of measured purchases; None where it is not measured or may be 0.

    Without churn above 0 the base has no level it settles at.
    """
    churn = bought.churn.estimate if bought is not None and bought.churn is not None else None
    if bought is None or churn is None or not churn.ci_lower > 0:
        return None
    return leaky_bucket(churn, base=bought.n_base, acquired=bought.n_gained)


def _check(churn: float, acquired: float, *, zero: bool) -> None:
    lowest = "0" if zero else "above 0"
    if not (0 <= churn <= 1 and (zero or churn > 0)):
        raise InputError(f"churn must be {lowest} to 1 per period, got {churn}")
    if not acquired >= 0:
        raise InputError(f"acquired must be 0 or more, got {acquired}")
