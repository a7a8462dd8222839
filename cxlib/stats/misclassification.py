"""Shares counted by an imperfect classifier, corrected for its errors (Rogan and Gladen)."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate, check_level
from cxlib.stats.proportions import normal_quantile, proportion, proportion_difference

Reason = Literal["", "too_few_coded", "no_better_than_chance"]
"""Why a share cannot be corrected; "" where it was."""

FEWEST_CODED = 10
"""Fewest cases coded positive, and coded negative, that sensitivity and specificity rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """How often the classifier agreed with a person on cases of one true kind."""

    right: int
    n_obs: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.n_obs:
            raise InputError(f"right must be from 0 to {self.n_obs}, got {self.right}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedShare:
    """A share as the classifier counted it and as it is once its errors are allowed for.

    Attributes:
        apparent: What the classifier counted, with an interval for sampling only.
        sensitivity: Share of the truly positive that it finds; None when nothing was coded.
        specificity: Share of the truly negative that it leaves alone; None likewise.
        corrected: The share with the uncertainty of all three; None where ``reason`` says why.
        clipped: The formula gave a value outside 0 to 1, which was drawn back to the edge.
        reason: Why there is no corrected share.
    """

    apparent: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None
    corrected: Estimate | None
    clipped: bool
    reason: Reason


def rogan_gladen(apparent: float, *, sensitivity: float, specificity: float) -> float:
    """Return the true share behind an apparent one, not clipped.

        (apparent + specificity - 1) / (sensitivity + specificity - 1)

    Args:
        apparent: Share the classifier calls positive, 0 to 1.
        sensitivity: Share of true positives it finds, 0 to 1.
        specificity: Share of true negatives it leaves alone, 0 to 1.

    Raises:
        InputError: A share outside 0 to 1, or a classifier no better than chance.

    Source: Rogan and Gladen (1978), American Journal of Epidemiology 107(1).
    """
    named = {"apparent": apparent, "sensitivity": sensitivity, "specificity": specificity}
    for name, value in named.items():
        if not 0 <= value <= 1:
            raise InputError(f"{name} must be from 0 to 1, got {value}")
    better = sensitivity + specificity - 1
    if better <= 0:
        raise InputError(
            "sensitivity + specificity must be above 1, got "
            f"{sensitivity + specificity:g}; a classifier no better than chance cannot be corrected"
        )
    return (apparent + specificity - 1) / better


def corrected_share(
    positives: int,
    n: int,
    *,
    found: Hits,
    left_alone: Hits,
    confidence_level: float = 0.95,
) -> CorrectedShare:
    """Correct a counted share by a coded sample, with the uncertainty of that sample.

    Lang and Reiczigel's adjusted interval: z²/2 successes are added to the count, one success
    and one failure to each of sensitivity and specificity, then with the adjusted A, Se, Sp, P

        P + d ± z sqrt(A(1-A)/n' + P² Se(1-Se)/n'se + (1-P)² Sp(1-Sp)/n'sp) / (Se + Sp - 1)
        d = 2 z² (P Se(1-Se)/n'se - (1-P) Sp(1-Sp)/n'sp)

    clipped to [0, 1]. There is no corrected share when the interval of sensitivity +
    specificity - 1 (Newcombe) reaches 0: the classifier may be guessing.

    Args:
        positives: Cases the classifier calls positive, 0 to ``n``.
        n: Cases classified, at least 1.
        found: Of the cases people coded positive, how many the classifier calls positive.
        left_alone: Of the cases people coded negative, how many it calls negative.
        confidence_level: In [0.9, 1).

    Raises:
        InputError: Counts that cannot be, or a refused level.

    Source: Rogan and Gladen (1978); Lang and Reiczigel (2014), Preventive Veterinary Medicine
    113(1), 13-22.
    """
    check_level(confidence_level)
    apparent = proportion(positives, n, confidence_level=confidence_level)
    sensitivity, specificity = (
        proportion(hits.right, hits.n_obs, confidence_level=confidence_level)
        if hits.n_obs
        else None
        for hits in (found, left_alone)
    )
    reason = _reason(found, left_alone, confidence_level)
    corrected, clipped = None, False
    if not reason:
        corrected, clipped = _lang_reiczigel(positives, n, found, left_alone, confidence_level)
    return CorrectedShare(
        apparent=apparent,
        sensitivity=sensitivity,
        specificity=specificity,
        corrected=corrected,
        clipped=clipped,
        reason=reason,
    )


def _reason(found: Hits, left_alone: Hits, level: float) -> Reason:
    if min(found.n_obs, left_alone.n_obs) < FEWEST_CODED:
        return "too_few_coded"
    false_alarms = left_alone.n_obs - left_alone.right
    better = proportion_difference(
        found.right, found.n_obs, false_alarms, left_alone.n_obs, confidence_level=level
    )
    return "no_better_than_chance" if better.ci_lower <= 0 else ""


def _lang_reiczigel(
    positives: int, n: int, found: Hits, left_alone: Hits, level: float
) -> tuple[Estimate, bool]:
    plain = rogan_gladen(
        positives / n,
        sensitivity=found.right / found.n_obs,
        specificity=left_alone.right / left_alone.n_obs,
    )
    z = normal_quantile(level)
    n_all, n_se, n_sp = n + z * z, found.n_obs + 2, left_alone.n_obs + 2
    a = (positives + z * z / 2) / n_all
    se, sp = (found.right + 1) / n_se, (left_alone.right + 1) / n_sp
    p = (a + sp - 1) / (se + sp - 1)
    var_se, var_sp = se * (1 - se) / n_se, sp * (1 - sp) / n_sp
    shift = 2 * z * z * (p * var_se - (1 - p) * var_sp)
    spread = a * (1 - a) / n_all + p * p * var_se + (1 - p) ** 2 * var_sp
    margin = z * sqrt(spread) / (se + sp - 1)
    value = min(1.0, max(0.0, plain))
    low, high = max(0.0, p + shift - margin), min(1.0, p + shift + margin)
    estimate = Estimate(
        value=value,
        ci_lower=min(low, value),
        ci_upper=max(high, value),
        n_obs=int(n),
        unit="share",
        method="Rogan-Gladen, Lang-Reiczigel",
        confidence_level=level,
    )
    return estimate, value != plain


def errors_changed(
    one: tuple[Hits, Hits], other: tuple[Hits, Hits], *, fewest: int = FEWEST_CODED
) -> float | None:
    """Test whether a classifier errs alike in two samples; the smaller p-value of two, doubled.

    Fisher's exact test of sensitivity and of specificity, both held by Bonferroni.

    Args:
        one: Hits among those people gave the label to, and among the others, in one sample.
        other: In the other sample.
        fewest: Cases of each kind either sample needs, at least 1.

    Returns:
        The p-value, at most 1; None where a sample has too few cases.

    Source: Fisher (1935), The Design of Experiments.
    """
    from scipy.stats import fisher_exact

    if min(hits.n_obs for hits in (*one, *other)) < max(1, fewest):
        return None
    p_values = [
        fisher_exact([[a.right, a.n_obs - a.right], [b.right, b.n_obs - b.right]]).pvalue
        for a, b in zip(one, other, strict=True)
    ]
    return min(1.0, 2 * float(min(p_values)))
