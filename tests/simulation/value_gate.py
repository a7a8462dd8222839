# ruff: noqa: T201  (a simulation prints its counts)
"""Count how often the gate of the value forecast opens, in a world of its model and in others.

python tests/simulation/value_gate.py [seeds]     writes tests/reference/value_gate.json

Every world has 4,000 new customers over 18 months and holds the last half year back. In the model's
own world the gate should open; the others break one thing it takes for granted.
"""

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data.source import duckdb_source
from cxlib.measures.value_forecast import forecast_value

REFERENCE = Path(__file__).parents[1] / "reference" / "value_gate.json"
FIRST, DAYS, HELD, CUSTOMERS, MOST = date(2025, 1, 1), 546, 182, 4_000, 60
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}
WORLDS = ("model", "half", "burst", "regular", "spend")
"""model: as the forecast sees the world · half: ordering falls to half when the part held back
begins · burst: second orders come within 90 days or hardly ever, as in the sample engagement ·
regular: orders stop 200 days after the first · spend: who orders more often spends more."""


def world(kind, *, seed):
    """Orders of one world, one row each."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, DAYS, CUSTOMERS)
    rate = rng.gamma(0.7, 1 / 50, CUSTOMERS)
    leave = rng.beta(0.8, 2.5, CUSTOMERS)
    if kind == "burst":
        gaps = np.where(
            rng.random((CUSTOMERS, MOST)) < 0.36,
            1 + 89 * rng.beta(1.0, 1.25, (CUSTOMERS, MOST)),
            np.where(rng.random((CUSTOMERS, MOST)) < 0.2,
                     95 + rng.exponential(110, (CUSTOMERS, MOST)), 1e6),
        )  # fmt: skip
        alive = np.ones((CUSTOMERS, MOST), dtype=bool)
    else:
        gaps = rng.exponential(1, (CUSTOMERS, MOST)) / np.maximum(rate, 1e-9)[:, None]
        stops = rng.random((CUSTOMERS, MOST)) < leave[:, None]
        alive = np.concatenate(
            [np.ones((CUSTOMERS, 1), dtype=bool), ~np.logical_or.accumulate(stops, axis=1)[:, :-1]],
            axis=1,
        )
    since = np.cumsum(gaps, axis=1)
    if kind == "regular":
        alive &= since < 200
    day = first[:, None] + since
    kept = alive & (day < DAYS)
    if kind == "half":
        kept &= (day < DAYS - HELD) | (rng.random((CUSTOMERS, MOST)) < 0.5)
    who, place = np.nonzero(kept)
    people = np.concatenate([np.arange(CUSTOMERS), who])
    own = rng.gamma(5, 200, CUSTOMERS)
    if kind == "spend":
        own *= 1 + kept.sum(axis=1)
    return pd.DataFrame({
        "customer_id": people,
        "ordered_at": pd.Timestamp(FIRST)
        + pd.to_timedelta(np.concatenate([first, day[who, place].astype(int)]), unit="D"),
        "amount_hkd": own[people] * rng.gamma(4, 0.25, len(people)),
    })  # fmt: skip


def gate(kind, *, seed):
    """Which gate closed, or "" """
    found = forecast_value(
        duckdb_source(world(kind, seed=seed), table="orders"), first=FIRST,
        last=FIRST + timedelta(days=DAYS - 1), precision=PRECISION, horizon_months=12,
        discount_rate=0.08, seed=1,
    )  # fmt: skip
    return found.failed


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    counts = {}
    for kind in WORLDS:
        closed = [gate(kind, seed=1_000 + seed) for seed in range(seeds)]
        counts[kind] = {
            "seeds": seeds,
            "open": closed.count(""),
            "closed": {name: closed.count(name) for name in sorted(set(closed) - {""})},
        }
        print(kind, counts[kind], flush=True)
    kept = {"command": f"python tests/simulation/value_gate.py {seeds}", "worlds": counts}
    REFERENCE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
