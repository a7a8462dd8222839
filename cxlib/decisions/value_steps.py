"""A value laid out as a sum: what each stream earned and will earn, what was and will be paid.

Every amount is discounted to the start, so that the steps sum to the net present value.
"""

from dataclasses import dataclass
from math import fsum
from typing import Literal

from cxlib.decisions.cash_flow import discount_factors
from cxlib.decisions.roi import Roi

When = Literal["so_far", "to_come"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStep:
    """One amount of the sum; costs are below 0.

    Attributes:
        key: Name of the stream, or costs.
        when: so_far within the months observed, to_come after them.
        amount: Present value.
    """

    key: str
    when: When
    amount: float


def value_steps(roi: Roi) -> tuple[ValueStep, ...]:
    """Split the base value: streams so far, streams to come, costs so far, costs to come.

    A part without an amount, such as months to come where the horizon has ended, is left out.
    """
    factors = discount_factors(roi.horizon_months, roi.annual_discount_rate)
    seen = roi.observed_months + 1
    spans: dict[When, slice] = {"so_far": slice(0, seen), "to_come": slice(seen, None)}
    steps = [
        ValueStep(
            key=stream.key,
            when=when,
            amount=fsum(
                month.benefits[place] * float(factors[month.month]) for month in roi.months[span]
            ),
        )
        for when, span in spans.items()
        for place, stream in enumerate(roi.streams)
    ]
    steps += [
        ValueStep(
            key="costs",
            when=when,
            amount=-fsum(month.cost * float(factors[month.month]) for month in roi.months[span]),
        )
        for when, span in spans.items()
    ]
    return tuple(step for step in steps if step.amount)
