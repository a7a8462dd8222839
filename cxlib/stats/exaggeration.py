"""How much an effect that passed its test is likely to overstate the truth."""

from dataclasses import dataclass
from statistics import NormalDist

from cxlib.errors import InputError
from cxlib.stats.estimate import check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Exaggeration:
    """What becomes of the tests that show an effect, if the true effect has a given size.

    Attributes:
        power: Share of tests that show one, 0-1.
        wrong_sign: Among those, share that point the wrong way.
        ratio: Among those, mean size of the estimate over the true effect, at least 1.
    """

    power: float
    wrong_sign: float
    ratio: float


def exaggeration(
    standard_error: float, *, true_effect: float, confidence_level: float = 0.95
) -> Exaggeration:
    """Compute power, wrong signs and exaggeration of the tests that pass, for a normal estimate.

    With r = true effect / standard error and z the limit: power = Φ(r - z) + Φ(-r - z), and

        ratio = (φ(z - r) + φ(z + r) + r (Φ(r - z) - Φ(-r - z))) / (r power)

    Args:
        standard_error: Of the estimate, above 0.
        true_effect: Supposed, in the same unit, not 0 (the minimum effect planned, say).
        confidence_level: Of the test, in [0.9, 1).

    Raises:
        InputError: A standard error of 0 or less, or a true effect of 0.

    Source: Gelman and Carlin (2014), Perspectives on Psychological Science 9(6); closed form by
    Lu, Qiu and Deng (2019), British J. of Mathematical and Statistical Psychology 72(1).
    """
    check_level(confidence_level)
    if not standard_error > 0:
        raise InputError(f"standard_error must be above 0, got {standard_error}")
    if true_effect == 0:
        raise InputError("true_effect must not be 0: nothing to exaggerate")
    normal = NormalDist()
    limit = normal.inv_cdf((1 + confidence_level) / 2)
    r = abs(true_effect) / standard_error
    right, wrong = normal.cdf(r - limit), normal.cdf(-r - limit)
    size = normal.pdf(limit - r) + normal.pdf(limit + r) + r * (right - wrong)
    return Exaggeration(
        power=right + wrong, wrong_sign=wrong / (right + wrong), ratio=size / (r * (right + wrong))
    )
