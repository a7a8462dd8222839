"""Draw a company's tables from its plan, with the simulator of the sample engagement."""

from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.commerce import draw_orders
from cxlib.data.simulate.company import draw_customers, stream
from cxlib.data.simulate.experiment import draw_ab_test
from cxlib.data.simulate.history import (
    ces_history,
    conversion_history,
    mention_weeks,
    nps_history,
)
from cxlib.data.simulate.panel import draw_costs, draw_panel
from cxlib.data.simulate.survey import draw_answers, draw_experiences, draw_responses
from cxlib.workshop.truth import SHIFTED, STEADY, shifted_share
from cxlib.workshop.truth_plan import Plan

_MENTIONS_A_WEEK: Final = 110
_HISTORY: Final = [
    "kpi", "period_start", "n_obs", "value", "sd", "promoters", "passives", "detractors",
    "successes",
]  # fmt: skip


def draw_tables(plan: Plan, seed: int) -> dict[str, pd.DataFrame]:
    """Draw every table; columns that start with an underscore are hidden from learners.

    Args:
        plan: What is planted.
        seed: Of the simulator's streams.
    """
    planted = plan.planted
    panel, stores = draw_panel(planted, seed=seed)
    customers = draw_customers(planted, stores, seed=seed)
    met = draw_experiences(planted, customers, stores, seed=seed)
    responses = draw_responses(planted, met, seed=seed)
    answers = draw_answers(planted, responses, seed=seed, driver_shifts=plan.driver_shifts)
    start = pd.Timestamp(planted.baseline_start)
    earlier = answers[answers["answered_at"] < str(planted.baseline_start)]
    kept = answers[answers["_sent"] >= start].reset_index(drop=True)
    kept.insert(0, "answer_id", [f"A{k}" for k in range(10_001, 10_001 + len(kept))])
    invitations = responses[responses["_sent"] >= start].reset_index(drop=True)
    invitations.insert(6, "sent_at", invitations["_sent"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    orders = draw_orders(planted, customers, stores, seed=seed)
    everything = pd.concat([earlier, kept])
    history = pd.concat(
        [
            nps_history(everything),
            ces_history(everything),
            conversion_history(panel),
            _repurchase(orders),
            _mentions(plan, seed),
        ]
    ).reindex(columns=_HISTORY)
    for name in ("n_obs", "promoters", "passives", "detractors", "successes"):
        history[name] = history[name].astype("Int64")
    return {
        "answers": kept,
        "invitations": invitations,
        "customers": customers,
        "stores": stores,
        "orders": orders,
        "ab_test": _trial(plan, seed),
        "kpi_history": history.sort_values(["kpi", "period_start"], ignore_index=True),
        "store_panel": panel,
        "costs": draw_costs(planted),
    }


def _trial(plan: Plan, seed: int) -> pd.DataFrame:
    """Draw the A/B test; where it is broken, new customers of the treatment arm are lost."""
    frame = draw_ab_test(plan.planted, seed=seed)
    rng = stream(seed, "workshop lost")
    lost = (frame["arm"] == "treatment") & (frame["segment"] == "new")
    lost &= rng.random(len(frame)) < plan.lost_of_new
    kept = frame[~lost].reset_index(drop=True)
    kept["unit_id"] = [f"U{k}" for k in range(10_001, 10_001 + len(kept))]
    return pd.DataFrame(kept)


def _repurchase(orders: pd.DataFrame) -> pd.DataFrame:
    """Count by month of the first order who came again within 90 days; mature months only."""
    day = orders["_at"].dt.normalize()
    first = day.groupby(orders["customer_id"]).min()
    second = day[orders.groupby("customer_id").cumcount() == 1]
    second.index = orders.loc[second.index, "customer_id"]
    gap = (second.reindex(first.index) - first).dt.days
    month = first.dt.strftime("%Y-%m-01")
    again = (gap <= 90).groupby(month.rename("period_start"))  # noqa: PLR2004
    sums = again.agg(["size", "sum"]).reset_index()
    sums = sums[sums["period_start"] <= "2026-03-01"]
    return pd.DataFrame(
        {
            "kpi": STEADY,
            "period_start": sums["period_start"],
            "n_obs": sums["size"],
            "value": (sums["sum"] / sums["size"]).round(6),
            "successes": sums["sum"],
        }
    )


def _mentions(plan: Plan, seed: int) -> pd.DataFrame:
    """Draw the weekly positive mention rate with its one shift."""
    rng = stream(seed, "workshop mentions")
    weeks = mention_weeks(plan.planted)
    count = rng.poisson(_MENTIONS_A_WEEK, size=len(weeks))
    positive = rng.binomial(count, shifted_share(plan, len(weeks)))
    return pd.DataFrame(
        {
            "kpi": SHIFTED,
            "period_start": [week.isoformat() for week in weeks],
            "n_obs": count,
            "value": np.round(positive / count, 6),
            "successes": positive,
        }
    )
