"""What a customer with a contract is worth: from counted renewals, or from a stated retention."""

from dataclasses import dataclass
from math import nan

import numpy as np

from cxlib.engagement.schema import Precision
from cxlib.engagement.value import Contract
from cxlib.errors import InputError
from cxlib.stats.estimate import Estimate
from cxlib.stats.sbg import fit_sbg

DRAWS = 200
MOST_REFUSED = 0.05
"""Share of drawn cohorts without a fit above which no interval is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractValue:
    """Margin of the periods still ahead of a new contract customer, discounted.

    Attributes:
        contract: As stated.
        basis: "renewals" is fitted to counts, "assumption" a stated rate without doubt,
            "no_fit" counts to which no model fits.
        margin: None without a fit; no interval for an assumption.
        reason: Why there is no fit, in the model's words.
        retention_first: Share renewing at the first renewal, as fitted.
        retention_last: At the last one counted.
    """

    contract: Contract
    basis: str
    margin: Estimate | None
    reason: str = ""
    retention_first: float = nan
    retention_last: float = nan


def simple_value(margin: float, *, retention: float, discount: float) -> float:
    """Value a customer who stays with the same chance for ever: m r / (1 + i - r).

    Args:
        margin: m, a period.
        retention: r, 0 up to 1, a period.
        discount: i, 0 up to 1, a period.

    Raises:
        InputError: A share outside its range, or neither loss nor discount: no finite value.

    Source: Gupta and Lehmann (2003), Journal of Interactive Marketing 17(1).
    """
    if not (0 <= retention <= 1 and 0 <= discount < 1):
        raise InputError(
            f"retention and discount must be shares from 0 to 1, got {retention} and {discount}"
        )
    if retention == 1 and discount == 0:
        raise InputError("a value needs customers who leave or a discount, got neither")
    return margin * retention / (1 + discount - retention)


def contract_value(
    contract: Contract, *, discount_rate: float, precision: Precision, seed: int
) -> ContractValue:
    """Value a new contract customer: renewals that were counted, else the rate that was stated.

    The interval of counted renewals comes from cohorts drawn from the fit and fitted again.

    Args:
        contract: What the engagement states.
        discount_rate: A year, as a share.
        precision: Confidence level.
        seed: Of the drawn cohorts.
    """
    discount = (1 + discount_rate) ** (contract.period_months / 12) - 1
    level = precision["confidence_level"]
    if contract.remaining is None:
        value = simple_value(
            contract.margin_hkd, retention=contract.retention_rate or 0.0, discount=discount
        )
        return ContractValue(
            contract=contract, basis="assumption",
            margin=Estimate(value=value, ci_lower=nan, ci_upper=nan, n_obs=0, unit="currency",
                            method="m r / (1 + i - r)", confidence_level=level),
        )  # fmt: skip
    horizon = contract.horizon_periods
    try:
        fit = fit_sbg(contract.remaining)
    except InputError as error:
        return ContractValue(contract=contract, basis="no_fit", margin=None, reason=str(error))

    def worth(counts: list[int]) -> float:
        model = fit_sbg(counts)
        return contract.margin_hkd * model.expected_renewals(
            renewed=0, discount=discount, horizon=horizon
        )

    renewals = fit.n_renewals
    kept = np.array([fit.survival(t) for t in range(renewals + 1)])
    rng = np.random.default_rng(seed)
    drawn = []
    for lost in rng.multinomial(fit.n_customers, np.append(-np.diff(kept), kept[-1]), size=DRAWS):
        counts = fit.n_customers - np.concatenate([[0], np.cumsum(lost[:-1])])
        try:
            drawn.append(worth([int(count) for count in counts]))
        except InputError:
            continue
    low = high = nan
    if len(drawn) >= (1 - MOST_REFUSED) * DRAWS:
        low, high = (float(end) for end in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    value = worth(contract.remaining)
    return ContractValue(
        contract=contract,
        basis="renewals",
        margin=Estimate(
            value=value, ci_lower=min(low, value), ci_upper=max(high, value),
            n_obs=fit.n_customers, unit="currency", method="sBG", confidence_level=level,
        ),
        retention_first=fit.retention(1),
        retention_last=fit.retention(renewals),
    )  # fmt: skip
