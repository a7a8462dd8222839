"""Exercises of module 5: did it pay?

Each function gives the answer, right or usually wrong, on one company's own tables.
"""

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from cxlib.decisions.costs import cost_ledger
from cxlib.decisions.impact import review_initiative
from cxlib.stats.differences import before_after, fit_panel, fixed_effects
from cxlib.stats.estimate import Estimate
from cxlib.stats.panel import Panel, read_panel
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.shrinkage import RegressionToMean, regression_to_mean
from cxlib.workshop.exercise import Exercise, Mistake

if TYPE_CHECKING:
    from cxlib.workshop.company import Company

START: Final = date(2026, 1, 1)
"""First day of both initiatives."""
HORIZON: Final = 12
RATE: Final = 0.08
GRADES: Final = ("A", "B", "C", "D")

Pair = tuple[float, float]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _limits(found: Estimate) -> Pair:
    return found.ci_lower, found.ci_upper


# --- coaching in the worst stores -----------------------------------------------------------------


def _coached(c: "Company") -> list[str]:
    return [str(store) for store in c.stores.loc[c.stores["coaching"] == 1, "store"]]


def _csat(c: "Company", first: str, last: str) -> "pd.Series[float]":
    """Mean CSAT of each store's answers over the months named."""
    panel = c.store_panel
    kept = panel[panel["month"].between(pd.Timestamp(first), pd.Timestamp(last))]
    points = (kept["csat_mean"] * kept["csat_n"]).groupby(kept["store"]).sum()
    return points / kept.groupby("store")["csat_n"].sum()


def regression(c: "Company") -> float:
    """What the worst stores of the third quarter gained in the fourth, with no action at all."""
    earlier, later = _csat(c, "2025-07-01", "2025-09-01"), _csat(c, "2025-10-01", "2025-12-01")
    worst = earlier.nsmallest(len(_coached(c))).index
    return float((later - earlier)[worst].mean())


def _gain_of_all(c: "Company") -> float:
    change = _csat(c, "2025-10-01", "2025-12-01") - _csat(c, "2025-07-01", "2025-09-01")
    return float(change.mean())


def _gain_of_coached(c: "Company") -> float:
    change = _csat(c, "2026-01-01", "2026-06-01") - _csat(c, "2025-10-01", "2025-12-01")
    return float(change[_coached(c)].mean())


def _gain_of_coached_before(c: "Company") -> float:
    change = _csat(c, "2025-10-01", "2025-12-01") - _csat(c, "2025-07-01", "2025-09-01")
    return float(change[_coached(c)].mean())


def _gain_of_best(c: "Company") -> float:
    earlier, later = _csat(c, "2025-07-01", "2025-09-01"), _csat(c, "2025-10-01", "2025-12-01")
    best = earlier.nlargest(len(_coached(c))).index
    return float((later - earlier)[best].mean())


def _split_gain(c: "Company") -> RegressionToMean:
    before, after = _csat(c, "2025-10-01", "2025-12-01"), _csat(c, "2026-01-01", "2026-06-01")
    picked = [store in _coached(c) for store in before.index]
    return regression_to_mean(list(before), list(after), picked=picked)


def coaching(c: "Company") -> Pair:
    """The interval of what coaching added beyond the return to the mean."""
    return _limits(_split_gain(c).remaining)


def _coaching_against_others(c: "Company") -> Pair:
    change = _csat(c, "2026-01-01", "2026-06-01") - _csat(c, "2025-10-01", "2025-12-01")
    picked = change.index.isin(_coached(c))
    ours, theirs = change[picked], change[~picked]
    error = (ours.var() / len(ours) + theirs.var() / len(theirs)) ** 0.5
    difference = float(ours.mean() - theirs.mean())
    return difference - 2 * error, difference + 2 * error


# --- the reply promise ----------------------------------------------------------------------------


def clean_rows(c: "Company") -> pd.DataFrame:
    """The store months without the coached stores, where another action ran."""
    return c.store_panel[~c.store_panel["store"].isin(_coached(c))]


def _panel(c: "Company") -> Panel:
    return read_panel(clean_rows(c))


def _four(c: "Company") -> dict[tuple[int, bool], tuple[int, int]]:
    """Sales and enquiries by group and phase."""
    rows = clean_rows(c)
    after = (rows["month"] >= pd.Timestamp(START)).rename("after")
    sums = rows.groupby(["treated", after])[["sales", "enquiries"]].sum()
    places = [(int(group), bool(phase)) for group, phase in sums.index]
    pairs = sums.to_numpy(dtype=int).tolist()
    return {
        place: (sales, enquiries) for place, (sales, enquiries) in zip(places, pairs, strict=True)
    }


def _rates(c: "Company") -> dict[tuple[int, bool], float]:
    return {place: sales / enquiries for place, (sales, enquiries) in _four(c).items()}


def did(c: "Company") -> float:
    """Change of the treated stores' conversion minus the change of the comparison stores'."""
    rate = _rates(c)
    return rate[1, True] - rate[1, False] - (rate[0, True] - rate[0, False])


def _plain(c: "Company") -> float:
    rate = _rates(c)
    return rate[1, True] - rate[1, False]


def _after_only(c: "Company") -> float:
    rate = _rates(c)
    return rate[1, True] - rate[0, True]


def _relative(c: "Company") -> float:
    return did(c) / _rates(c)[1, False]


def _comparison(c: "Company") -> float:
    rate = _rates(c)
    return rate[0, True] - rate[0, False]


def _effect(c: "Company") -> Estimate:
    """`difference_in_differences(...).effect`, without the parts that are not asked for."""
    panel = _panel(c)
    fitted = fit_panel(panel, fixed_effects(panel), [panel.is_treated * panel.is_after(START)])
    method = "difference in differences, CR2 by unit"
    return fitted.coefficient(-1).estimate(
        unit=panel.unit, n_obs=panel.n_obs, method=method, confidence_level=0.95
    )


def interval(c: "Company") -> Pair:
    """The interval of the difference in differences, stores as units."""
    return _limits(_effect(c))


def _interval_of_enquiries(c: "Company") -> Pair:
    """As if every enquiry were drawn on its own."""
    rate, four = _rates(c), _four(c)
    variance = sum(p * (1 - p) / four[place][1] for place, p in rate.items())
    reach = normal_quantile(0.95) * variance**0.5
    return did(c) - reach, did(c) + reach


def _interval_before_after(c: "Company") -> Pair:
    return _limits(before_after(_panel(c), start=START))


def grade(c: "Company") -> str:
    """The evidence behind the reply promise."""
    actions = ("team", "training")
    found = review_initiative(_panel(c), start=START, actions=actions, n_permutations=99)
    return str(found.grade)


# --- money ----------------------------------------------------------------------------------------


def money(c: "Company") -> tuple[float, float, Floats]:
    """Enquiries a month, margin an order, and the costs of months 0 to the horizon."""
    rows = clean_rows(c)
    after = rows[(rows["month"] >= pd.Timestamp(START)) & (rows["treated"] == 1)]
    ledger = cost_ledger(c.costs, initiative="reply_promise", start=START)
    return (
        float(after.groupby("month")["enquiries"].sum().mean()),
        float(c.orders["margin_hkd"].mean()),
        np.asarray(ledger.by_month(HORIZON)),
    )


def present_value(c: "Company", effect: float, *, rate: float = RATE, costs: bool = True) -> float:
    """Discount extra margin less cost, month by month; nothing is earned in month 0."""
    enquiries, margin, paid = money(c)
    month = np.arange(HORIZON + 1)
    earned = np.where(month > 0, effect * enquiries * margin, 0.0)
    return float(((earned - paid * costs) * (1 + rate) ** (-month / 12)).sum())


def npv(c: "Company") -> float:
    """Net present value at the estimated effect."""
    return present_value(c, _effect(c).value)


def _npv_of_revenue(c: "Company") -> float:
    ratio = float(c.orders["amount_hkd"].mean() / c.orders["margin_hkd"].mean())
    return present_value(c, _effect(c).value * ratio)


def _npv_monthly_rate(c: "Company") -> float:
    return present_value(c, _effect(c).value, rate=(1 + RATE) ** 12 - 1)


def _npv_without_upfront(c: "Company") -> float:
    return npv(c) + float(money(c)[2][0])


def _npv_earning_at_once(c: "Company") -> float:
    enquiries, margin, _ = money(c)
    return npv(c) + _effect(c).value * enquiries * margin


def _npv_before_after(c: "Company") -> float:
    return present_value(c, before_after(_panel(c), start=START).value)


def value_range(c: "Company") -> Pair:
    """Net present value at both ends of the effect's interval."""
    lower, upper = interval(c)
    return present_value(c, lower), present_value(c, upper)


def _range_scaled(c: "Company") -> Pair:
    lower, upper = interval(c)
    value = _effect(c).value
    return npv(c) * lower / value, npv(c) * upper / value


def _range_without_costs(c: "Company") -> Pair:
    lower, upper = interval(c)
    return present_value(c, lower, costs=False), present_value(c, upper, costs=False)


def _range_of_enquiries(c: "Company") -> Pair:
    lower, upper = _interval_of_enquiries(c)
    return present_value(c, lower), present_value(c, upper)


EXERCISES: Final = (
    Exercise(
        key="worth_regression", module=5, kind="number", expected=regression, tolerance=0.01,
        mistakes=(
            Mistake("coached", _gain_of_coached),
            Mistake("coached_before", _gain_of_coached_before),
            Mistake("best", _gain_of_best),
            Mistake("all_stores", _gain_of_all),
        ),
    ),
    Exercise(
        key="worth_coaching", module=5, kind="interval", expected=coaching, tolerance=0.005,
        mistakes=(
            Mistake("observed", lambda c: _limits(_split_gain(c).observed)),
            Mistake("against_others", _coaching_against_others),
        ),
    ),
    Exercise(
        key="worth_did", module=5, kind="number", expected=did, tolerance=0.0003,
        mistakes=(
            Mistake("before_after", _plain),
            Mistake("after_only", _after_only),
            Mistake("comparison", _comparison),
            Mistake("relative", _relative),
        ),
    ),
    Exercise(
        key="worth_interval", module=5, kind="interval", expected=interval, tolerance=0.00006,
        mistakes=(
            Mistake("enquiries", _interval_of_enquiries),
            Mistake("before_after", _interval_before_after),
        ),
    ),
    Exercise(
        key="worth_grade", module=5, kind="choice", expected=grade, options=GRADES,
        mistakes=(
            Mistake("by_lot", when=lambda value, c: value == "a"),  # noqa: ARG005
            Mistake("too_low", when=lambda value, c: value > grade(c).lower()),
            Mistake("too_high", when=lambda value, c: value < grade(c).lower()),
        ),
    ),
    Exercise(
        key="worth_npv", module=5, kind="number", expected=npv, tolerance=2000, relative=0.005,
        mistakes=(
            Mistake("before_after", _npv_before_after),
            Mistake("revenue", _npv_of_revenue),
            Mistake("no_discount", lambda c: present_value(c, _effect(c).value, rate=0.0)),
            Mistake("monthly_rate", _npv_monthly_rate),
            Mistake("no_costs", lambda c: present_value(c, _effect(c).value, costs=False)),
            Mistake("no_upfront", _npv_without_upfront),
            Mistake("month_zero", _npv_earning_at_once),
        ),
    ),
    Exercise(
        key="worth_range", module=5, kind="interval", expected=value_range, tolerance=2000,
        relative=0.002,
        mistakes=(
            Mistake("scaled", _range_scaled),
            Mistake("no_costs", _range_without_costs),
            Mistake("enquiries", _range_of_enquiries),
        ),
    ),
)  # fmt: skip
"""In the order of the module."""
