# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""The KPI history: five KPIs at their own cadence, each counted from the other tables."""

from datetime import date, timedelta

import pandas as pd

from cxlib.data.simulate.truth import Truth

_COLUMNS = [
    "kpi",
    "period_start",
    "n_obs",
    "value",
    "sd",
    "promoters",
    "passives",
    "detractors",
    "successes",
]


def nps_history(answers: pd.DataFrame) -> pd.DataFrame:
    """Count promoters, passives and detractors by month of the answer; value in points."""
    scored = answers.dropna(subset=["nps"])
    month = scored["answered_at"].str.slice(0, 7) + "-01"
    counts = (
        pd.DataFrame(
            {
                "period_start": month,
                "promoters": (scored["nps"] >= 9).astype(int),
                "passives": ((scored["nps"] >= 7) & (scored["nps"] <= 8)).astype(int),
                "detractors": (scored["nps"] <= 6).astype(int),
            }
        )
        .groupby("period_start", as_index=False)
        .sum()
    )
    n_obs = counts["promoters"] + counts["passives"] + counts["detractors"]
    value = 100 * (counts["promoters"] - counts["detractors"]) / n_obs
    return counts.assign(kpi="nps", n_obs=n_obs, value=value.astype(float).round(4))


def ces_history(answers: pd.DataFrame) -> pd.DataFrame:
    """Average the CES-v2 answers by month (1-7, higher is easier), with their SD."""
    scored = answers.dropna(subset=["ces"])
    month = (scored["answered_at"].str.slice(0, 7) + "-01").rename("period_start")
    grouped = scored["ces"].astype(float).groupby(month)
    frame = grouped.agg(n_obs="size", value="mean", sd="std").reset_index()
    return frame.assign(kpi="ces", value=frame["value"].round(4), sd=frame["sd"].round(4))


def conversion_history(panel: pd.DataFrame) -> pd.DataFrame:
    """Divide all stores' sales by their enquiries, month by month (share 0-1)."""
    sums = panel.groupby("month", as_index=False)[["enquiries", "sales"]].sum()
    return pd.DataFrame(
        {
            "kpi": "conversion",
            "period_start": sums["month"],
            "n_obs": sums["enquiries"],
            "value": (sums["sales"] / sums["enquiries"]).round(6),
            "successes": sums["sales"],
        }
    )


def repurchase_history(truth: Truth, orders: pd.DataFrame) -> pd.DataFrame:
    """Count, by quarter of the first order, who ordered again within 90 days.

    A cohort is shown once its youngest member has had 90 days: the last is 2026Q1.
    """
    at = orders["_at"].dt.normalize().groupby(orders["customer_id"])
    first = at.min()
    rank = orders.groupby("customer_id").cumcount()
    second = orders.loc[rank == 1].set_index("customer_id")["_at"].dt.normalize()
    gap = (second.reindex(first.index) - first).dt.days
    quarter = first.dt.to_period("Q").dt.start_time
    mature = quarter + pd.offsets.QuarterEnd(1) + pd.Timedelta(days=90) < pd.Timestamp(
        truth.review_end
    )
    table = pd.DataFrame({"period_start": quarter, "again": gap <= 90})[mature]
    sums = table.groupby("period_start")["again"].agg(["size", "sum"]).reset_index()
    return pd.DataFrame(
        {
            "kpi": "repurchase_90d",
            "period_start": sums["period_start"].dt.strftime("%Y-%m-%d"),
            "n_obs": sums["size"],
            "value": (sums["sum"] / sums["size"]).round(6),
            "successes": sums["sum"],
        }
    )


def mention_weeks(truth: Truth) -> list[date]:
    """List the Mondays of the full weeks inside the history."""
    monday = truth.history_start + timedelta(days=-truth.history_start.weekday() % 7)
    weeks = []
    while monday + timedelta(days=7) <= truth.review_end:
        weeks.append(monday)
        monday += timedelta(days=7)
    return weeks


def positive_history(mentions: pd.DataFrame) -> pd.DataFrame:
    """Divide positive by positive + negative labels, week by week (neutral left out)."""
    toned = mentions[mentions["label"] != "neutral"]
    day = pd.to_datetime(toned["posted_on"])
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d")
    positive = (toned["label"] == "positive").groupby(week.rename("period_start"))
    sums = positive.agg(["size", "sum"]).reset_index()
    return pd.DataFrame(
        {
            "kpi": "positive_mentions",
            "period_start": sums["period_start"],
            "n_obs": sums["size"],
            "value": (sums["sum"] / sums["size"]).round(6),
            "successes": sums["sum"],
        }
    )


def draw_history(
    truth: Truth,
    *,
    answers: pd.DataFrame,
    panel: pd.DataFrame,
    orders: pd.DataFrame,
    mentions: pd.DataFrame,
) -> pd.DataFrame:
    """Put the five KPIs into one table, sorted by KPI and period."""
    frame = pd.concat(
        [
            nps_history(answers),
            ces_history(answers),
            conversion_history(panel),
            repurchase_history(truth, orders),
            positive_history(mentions),
        ]
    ).reindex(columns=_COLUMNS)
    for name in ("n_obs", "promoters", "passives", "detractors", "successes"):
        frame[name] = frame[name].astype("Int64")
    return frame.sort_values(["kpi", "period_start"], ignore_index=True)
