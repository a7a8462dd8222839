"""Attribute charts: shares and counts per exposure, whose sampling error follows from their size.

p and u charts take that error as the whole spread between periods; Laney's p' and u' measure how
much more the periods differ. Which of the two applies is tested on the baseline.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxlib.errors import InputError
from cxlib.stats.calendar_line import Calendar, calendar_line, check_calendar
from cxlib.stats.control_chart import (
    MEAN_RANGE,
    ChartPoint,
    ControlChart,
    Method,
    Rebase,
    check_values,
    find_phases,
    read_rules,
)

Floats = npt.NDArray[np.float64]
Spread = Literal["tested", "sampling", "Laney"]
DISPERSION_LEVEL = 0.05
"""A baseline as uneven as this share of even ones, or more, gets Laney's limits."""


def share_chart(
    successes: Sequence[int],
    n: Sequence[int],
    *,
    baseline: int,
    rebases: Sequence[Rebase] = (),
    spread: Spread = "tested",
    calendar: Calendar = (),
) -> ControlChart:
    """Chart shares of groups (p, or p' where periods differ by more than chance).

        p:   p̄ ± 3 s_i,     s_i = sqrt(p̄(1-p̄)/n_i)
        p':  p̄ ± 3 s_i σz,  σz = mean |z_i - z_(i-1)| / 1.128,  z_i = (p_i - p̄) / s_i

    over the baseline, inside [0, 1]. Binomial limits alone cry wolf when n is large, since periods
    differ by more than chance: "tested" takes p' where Σ z² lies beyond the 95 % point of χ² with
    one degree of freedom less than the baseline has points, else p. Rules as in
    ``individuals_chart``.

    Args:
        successes: Per period, 0 to ``n``.
        n: Trials per period, at least 1.
        baseline: The first so many points of a phase give its limits.
        rebases: Fresh baselines, each with a reason.
        spread: "tested", or one of the two.
        calendar: As in ``individuals_chart``.

    Raises:
        InputError: Lists of unequal length, impossible counts, a baseline of all or nothing.

    Source: Laney (2002), Quality Engineering 14(4); Montgomery (2019), Introduction to
    Statistical Quality Control, 7.2.
    """
    if len(successes) != len(n):
        raise InputError(
            f"successes and n must have the same length, got {len(successes)} and {len(n)}"
        )
    for place, (x, size) in enumerate(zip(successes, n, strict=True)):
        if size < 1 or not 0 <= x <= size:
            raise InputError(
                "successes must be from 0 to n, and n at least 1, "
                f"got {x} of {size} at place {place}"
            )
    return _chart(
        successes, n, baseline=baseline, rebases=rebases, spread=spread, calendar=calendar,
        variance=lambda centre: centre * (1 - centre), methods=("p", "Laney p'"), top=1.0,
    )  # fmt: skip


def rate_chart(
    counts: Sequence[int],
    exposure: Sequence[float],
    *,
    baseline: int,
    rebases: Sequence[Rebase] = (),
    spread: Spread = "tested",
    calendar: Calendar = (),
) -> ControlChart:
    """Chart counts per exposure (u, or u' where periods differ by more than chance).

        u:   ū ± 3 s_i,     s_i = sqrt(ū/e_i)
        u':  ū ± 3 s_i σz,  σz as in ``share_chart``

    over the baseline, from 0 up; the rest is as in ``share_chart``.

    Args:
        counts: Events per period, 0 or more; one unit of exposure may have several.
        exposure: Orders, customers or days per period, above 0.
        baseline: The first so many points of a phase give its limits.
        rebases: Fresh baselines, each with a reason.
        spread: "tested", or one of the two.
        calendar: As in ``individuals_chart``.

    Raises:
        InputError: Lists of unequal length, impossible counts, a baseline without an event.

    Source: Laney (2002), Quality Engineering 14(4); Montgomery (2019), 7.3.
    """
    if len(counts) != len(exposure):
        raise InputError(
            f"counts and exposure must have the same length, got {len(counts)} and {len(exposure)}"
        )
    for place, (x, size) in enumerate(zip(counts, exposure, strict=True)):
        if not size > 0 or x < 0:
            raise InputError(
                f"counts must be 0 or more and exposure above 0, got {x} in {size} at place {place}"
            )
    return _chart(
        counts, exposure, baseline=baseline, rebases=rebases, spread=spread, calendar=calendar,
        variance=lambda centre: centre, methods=("u", "Laney u'"), top=float("inf"),
    )  # fmt: skip


def dispersion_limit(baseline: int) -> float:
    """Return the sum of squared scores beyond which a baseline is uneven: a point of χ²."""
    from scipy.special import chdtri

    return float(chdtri(baseline - 1, DISPERSION_LEVEL))


def _chart(
    counts: Sequence[int],
    sizes: Sequence[float],
    *,
    baseline: int,
    rebases: Sequence[Rebase],
    spread: Spread,
    calendar: Calendar,
    variance: Callable[[float], float],
    methods: tuple[Method, Method],
    top: float,
) -> ControlChart:
    ratios = check_values([x / e for x, e in zip(counts, sizes, strict=True)], name="ratios")
    columns = check_calendar(calendar, len(ratios))
    phases = find_phases(len(ratios), baseline=baseline, rebases=rebases)
    points: list[ChartPoint] = []
    chosen = methods[0]
    for start, end, own in phases:
        phase, size = np.array(ratios[start:end]), np.array(sizes[start:end], dtype=np.float64)
        offsets, wider, factor = calendar_line(phase, columns[start:end], own=own)
        even = phase - offsets
        centre = float((even * size)[:own].sum() / size[:own].sum())
        if centre <= 0.0 or centre >= top:
            raise InputError(
                f"the baseline share must be between 0 and 1, got {centre}" if top == 1.0
                else f"the baseline must have an event, got a rate of {centre}"
            )  # fmt: skip
        sd = np.sqrt(variance(centre) / size)
        scores = ((even - centre) / sd)[:own]
        sigma, chosen = 1.0, methods[0]
        if spread == "Laney" or (
            spread == "tested" and float(scores @ scores) * factor**2 > dispersion_limit(own)
        ):
            sigma = float(np.abs(np.diff(scores)).mean()) / MEAN_RANGE * factor
            chosen = methods[1]
        reach = 3 * sd * sigma * wider
        points += [
            ChartPoint(
                index=start + i,
                value=ratios[start + i],
                centre=centre + float(offsets[i]),
                lower=max(0.0, centre + float(offsets[i] - reach[i])),
                upper=min(top, centre + float(offsets[i] + reach[i])),
            )
            for i in range(end - start)
        ]
    return read_rules(points, phases, rebases=rebases, method=chosen)
