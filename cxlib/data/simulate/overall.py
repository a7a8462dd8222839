"""The overall rating at the end of the baseline: what customers make of all their moments."""

from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import Floats, as_text, stream
from cxlib.data.simulate.truth import Truth

FEWEST_MOMENTS: Final = 2
_CENTRES: Final = {"mean": 3.8, "highest": 4.6, "lowest": 2.8, "last": 3.8}


def overall_of(truth: Truth, moments: pd.DataFrame, noise: Floats) -> Floats:
    """Give the overall rating 0-10 that follows from moments and noise.

        overall = 7 + Σ weight x (statistic - its usual value) + noise, rounded, kept in 0-10

    Args:
        truth: With the planted weights.
        moments: Columns mean, highest, lowest, last of each customer's ratings 1-5.
        noise: In points, one per customer.
    """
    weights = dict(truth.overall_weights)
    parts = [weights[name] * (moments[name] - centre) for name, centre in _CENTRES.items()]
    return np.asarray(np.clip(np.rint(7.0 + sum(parts) + noise), 0, 10), dtype=np.float64)


def draw_overall(truth: Truth, answers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw one rating a customer in December, after moments that were rated when they happened.

    Asked is who rated two moments or more before; most of them answer.
    """
    rng = stream(seed, "overall")
    rated = answers[answers["csat"].notna() & (answers["answered_at"] < str(truth.review_start))]
    customers = np.sort(rated["customer_id"].unique())
    days = rng.integers(4, 18, size=len(customers))  # before the end of the baseline
    seconds = rng.integers(9 * 3600, 21 * 3600, size=len(customers))
    answered = rng.random(len(customers)) < truth.overall_answer_share
    noise = truth.overall_noise * rng.normal(size=len(customers))
    day = pd.Timestamp(truth.review_start) - pd.to_timedelta(days, unit="D")
    asked = pd.DataFrame({"customer_id": customers, "_day": day, "_noise": noise})
    asked["rated_at"] = as_text(pd.Series(day + pd.to_timedelta(seconds, unit="s")))

    known = rated.merge(asked[answered], on="customer_id")
    known = known[pd.to_datetime(known["answered_at"]) < known["_day"]]
    known = known.sort_values(["answered_at", "answer_id"], kind="stable")
    grouped = known.assign(csat=known["csat"].astype("float64")).groupby("customer_id")["csat"]
    moments = grouped.agg(["size", "mean", "max", "min", "last"])
    moments = moments[moments["size"] >= FEWEST_MOMENTS]
    moments = moments.rename(columns={"max": "highest", "min": "lowest"})
    frame = asked.set_index("customer_id").loc[moments.index]
    score = overall_of(truth, moments, frame["_noise"].to_numpy())
    return pd.DataFrame(
        {
            "customer_id": moments.index,
            "rated_at": frame["rated_at"].to_numpy(),
            "overall": score.astype(int),
        }
    )
