"""The streams beside the measured effect, as the engagement file states them.

A measured stream belongs to the value that is reported, and lowers its grade to its own where that
is worse. An assumed stream never does: it stands beside, as what else the initiative may earn.
"""

from collections.abc import Mapping, Sequence

from cxlib.decisions.cash_flow import CustomerBase, CustomerChange
from cxlib.decisions.impact import Grade
from cxlib.engagement.benefits import Benefit, Change, Persistence
from cxlib.engagement.schema import Initiative
from cxlib.errors import ConfigError
from cxlib.stats.simulation import Distribution, Lognormal, Pert, Triangular


def customer_base(initiative: Initiative) -> CustomerBase | None:
    """Read the customers an initiative reaches; None where the file names none."""
    stated = initiative.customers
    if stated is None:
        return None
    return CustomerBase(
        number=stated.number,
        orders_per_month=stated.orders_per_month,
        lost_per_month=stated.lost_per_month,
        cost_per_referral=stated.cost_per_referral,
    )


def measured_benefits(initiative: Initiative) -> tuple[Benefit, ...]:
    """Take the benefits that were measured at this client."""
    return tuple(item for item in initiative.benefits if item.status == "measured")


def customer_changes(
    initiative: Initiative, benefits: Sequence[Benefit]
) -> tuple[CustomerChange, ...]:
    """Turn benefits into streams of the cash flow; without an own persistence, the initiative's.

    Raises:
        ConfigError: Neither the benefit nor the initiative has a persistence.
    """
    found = []
    for item in benefits:
        left = item.persistence or initiative.persistence
        if left is None:
            raise ConfigError(
                f"benefit {item.stream!r} of initiative {initiative.id!r} needs persistence "
                "(low, likely, high); add it to the benefit or the initiative"
            )
        found.append(
            CustomerChange(
                key=item.stream, effect=_shape(item.change, item.shape), persistence=as_pert(left)
            )
        )
    return tuple(found)


def stated_correlations(
    initiative: Initiative, names: Sequence[str]
) -> Mapping[tuple[str, str], float] | None:
    """Take the correlations between inputs of a model; None where the file states none."""
    found = {
        (pair.between[0], pair.between[1]): pair.value
        for pair in initiative.correlations
        if set(pair.between) <= set(names)
    }
    return found or None


def worst_grade(grade: Grade, benefits: Sequence[Benefit]) -> Grade:
    """Give the lowest grade of the effect and the measured benefits beside it."""
    grades: list[Grade] = [grade, *(item.grade for item in benefits if item.grade)]
    return max(grades)


def as_pert(persistence: Persistence) -> Pert:
    """Read low, likely and high as a distribution."""
    return Pert(low=persistence.low, mode=persistence.likely, high=persistence.high)


def _shape(change: Change, shape: str) -> Distribution:
    if shape == "lognormal":
        return Lognormal(low=change.low, median=change.likely, high=change.high)
    if shape == "triangular":
        return Triangular(low=change.low, mode=change.likely, high=change.high)
    return Pert(low=change.low, mode=change.likely, high=change.high)
