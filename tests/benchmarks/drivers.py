# ruff: noqa: S608  (a benchmark writes its own SQL)
"""Time the driver analysis: sums in the engine against one hand-written query, shares, bootstrap.

python tests/benchmarks/drivers.py [rows]      10 million by default; prints ratios and seconds
"""

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

import duckdb
import numpy as np

from cxlib.data.products import driver_products
from cxlib.data.source import duckdb_source
from cxlib.data.tables import DRIVERS
from cxlib.measures.drivers import driver_importance
from cxlib.stats.importance import shapley_importance

PLACES = range(len(DRIVERS))


def write_answers(path: Path, rows: int) -> None:
    """Write answers where 45 % of customers met each driver."""
    ratings = ", ".join(
        f"case when hash(i, {n}) % 100 < 45 then 1 + hash(i, {n + 50}) % 5 end::tinyint as {name}"
        for n, name in enumerate(DRIVERS)
    )
    duckdb.execute(
        f"copy (select 'A' || i as answer_id, 'C' || (hash(i, 77) % {rows // 4}) as customer_id, "
        f"'T' || (hash(i, 78) % 14) as touchpoint, (hash(i, 79) % 11)::tinyint as nps, {ratings} "
        f"from range({rows}) t(i)) to '{path}'"
    )


def hand_written() -> str:
    """Write the same aggregates as one DuckDB query, without the library."""
    pattern = " + ".join(f"({name} is not null)::int * {2**n}" for n, name in enumerate(DRIVERS))
    columns = ", ".join(f"{name}::double as x{n}" for n, name in enumerate(DRIVERS))
    centred = ", ".join(f"coalesce(c.x{n} - m.a{n}, 0) as z{n}" for n in PLACES)
    every = [*(f"z{n}" for n in PLACES), "zy"]
    products = ", ".join(f"sum({a} * {b})" for a, b in combinations_with_replacement(every, 2))
    return f"""
        with c as (select touchpoint as t, {pattern} as p, customer_id as id, nps::double as y,
                   {columns} from answers where nps is not null),
        m as (select t, p, avg(y) as ay, {", ".join(f"avg(x{n}) as a{n}" for n in PLACES)}
              from c group by t, p)
        select md5(id)[1:2] as bucket, count(*),
               {", ".join(f"count(x{n}), sum(x{n})" for n in PLACES)}, {products}
        from (select c.*, c.y - m.ay as zy, {centred} from c join m using (t, p) where c.p > 0)
        group by bucket
    """


def seconds(work: Callable[[], object], *, runs: int = 2) -> float:
    """Return the best of a few runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Print the figures."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.parquet"
        write_answers(path, rows)
        source = duckdb_source(path, table="answers")
        ours = seconds(lambda: driver_products(source, outcome="nps", drivers=DRIVERS))
        hand = seconds(lambda: source.run(hand_written()))
        print(f"{rows:,} rows: ours {ours:.2f} s, by hand {hand:.2f} s, ratio {ours / hand:.2f}")
        sums = driver_products(source, outcome="nps", drivers=DRIVERS)
        print(
            f"shares, ranks, 1,000 draws: {seconds(lambda: driver_importance(sums, seed=1)):.2f} s"
        )
    matrix = np.cov(np.random.default_rng(1).normal(size=(16, 500)))
    print(f"exact shares of 15 predictors: {seconds(lambda: shapley_importance(matrix)):.3f} s")


if __name__ == "__main__":
    main()
