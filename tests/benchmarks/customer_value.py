# ruff: noqa: S608  (a benchmark writes its own SQL)
"""Time customer value on many customers: compressed in the engine, fitted, held out, valued.

python tests/benchmarks/customer_value.py [customers]      10 million by default; prints seconds
"""

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from cxlib.data.order_histories import history_counts, spend_counts, value_sums
from cxlib.data.source import duckdb_source
from cxlib.measures.order_worth import histories_of, value_customers
from cxlib.measures.value_forecast import hold_out
from cxlib.stats.bg_nbd import fit_bg_nbd
from cxlib.stats.gamma_gamma import fit_gamma_gamma

SEEN, CUT = dt.date(2026, 7, 1), dt.date(2026, 1, 1)
PRECISION = {"confidence_level": 0.95, "minimum_cell": 30}


def write_orders(path: Path, customers: int) -> None:
    """Write orders of customers with rates and chances to leave of their own."""
    duckdb.execute("select setseed(0.5)")
    duckdb.execute(f"""
        copy (
            with people as (
                select i, (hash(i, 1) % 500)::int as first_day,
                       -ln((1 + hash(i, 2) % 100000) / 100001.0) * 0.006 as rate,
                       pow((1 + hash(i, 3) % 100000) / 100001.0, 2) as leaves,
                       exp(6.5 + 0.9 * ((hash(i, 4) % 1000) / 500.0 - 1)) as spend
                from range({customers}) t(i)),
            placed as (
                select i, k, spend, first_day + sum(gap) over (partition by i order by k) as day
                from (select i, k, spend, first_day, case when k = 0 then 0 else
                             ceil(-ln((1 + hash(i, k, 6) % 100000) / 100001.0) / rate) end as gap
                      from people, range(8) s(k)
                      where hash(i, 5) % 100000 < 100000 * pow(1 - leaves, k)))
            select 'C' || i as customer_id,
                   (date '2025-01-01' + least(day, 545)::int)::timestamp + interval 9 hour
                       as ordered_at,
                   round(spend * (0.5 + random()), 0) as amount_hkd,
                   round(spend * (0.5 + random()) * 0.3, 0) as margin_hkd
            from placed where day <= 545
        ) to '{path}'
    """)


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        write_orders(path, customers)
        orders = duckdb_source(path, table="orders")
        clock = [time.perf_counter()]

        def lap(name: str) -> None:
            clock.append(time.perf_counter())
            print(f"{name:44} {clock[-1] - clock[-2]:8.2f} s")

        rows = int(orders.ask(f"select count(*) as n from {orders.table}")["n"].iloc[0])
        print(f"{customers:,} customers, {rows:,} orders")
        lap("count")
        value_sums(orders, horizons=(90, 180, 365), seen=SEEN)
        lap("observed value (engine)")
        early = history_counts(orders, until=CUT, seen=SEEN)
        late = history_counts(orders, until=SEEN, seen=SEEN)
        lap(f"histories, {len(late):,} lines (engine)")
        spend = spend_counts(orders, until=SEEN)
        lap(f"spend, {len(spend):,} lines (engine)")
        model = fit_bg_nbd(histories_of(early, 7))
        lap("order model, fit")
        hold_out(model, early, step=7, ahead_days=181, precision=PRECISION, seed=1)
        lap("holdout")
        model = fit_bg_nbd(histories_of(late, 7))
        lap("order model, fit to all")
        paid = spend[spend["spend"] > 0]
        worth = fit_gamma_gamma(
            *(paid[name].to_numpy(float) for name in ("repeats", "spend", "customers"))
        )
        lap("spend model, fit")
        value_customers(
            model, worth, late, spend, None, step=7, horizon_months=12, discount_rate=0.08,
            confidence_level=0.95,
        )  # fmt: skip
        lap("value with interval")


if __name__ == "__main__":
    main()
