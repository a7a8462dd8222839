# ruff: noqa: S608  (a benchmark writes its own SQL)
"""Time a test's readout: sums in the engine against a hand-written query, inference, tea-tasting.

python tests/benchmarks/experiments.py [units]      10 million by default; prints ratios and seconds

20 metrics, one covariate, 10 segments, Parquet. tea-tasting is timed where it is installed (it is
no dependency: a private environment with this folder on PYTHONPATH serves).
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from cxlib.data.experiments import aggregate
from cxlib.data.source import Source, duckdb_source
from cxlib.decisions.comparison import compare
from cxlib.decisions.outcomes import Arm, Metric, MomentsOutcome

METRICS = tuple(f"m{n}" for n in range(20))
SEGMENTS = 10
LEVEL = 0.95


def write_units(path: Path, units: int) -> None:
    """Write one row per unit: half flags, half amounts; the covariate carries a third of them."""
    flags = ", ".join(
        f"(hash(i, {n}) % 1000 < 50 + x * 10)::int::double as {name}"
        for n, name in enumerate(METRICS[:10])
    )
    amounts = ", ".join(
        f"(hash(i, {n + 50}) % 1000)::double / 10 + 20 * x as {name}"
        for n, name in enumerate(METRICS[10:])
    )
    duckdb.execute(
        f"copy (select i as unit, case when hash(i + 7) % 97 < 48 then 'control' else 'treatment' "
        f"end as arm, 's' || (hash(i, 98) // 64 % {SEGMENTS}) as segment, x, {flags}, {amounts} "
        f"from (select i, (hash(i, 97) % 5)::double as x from range({units}) t(i))) to '{path}'"
    )


def hand_written() -> str:
    """Write the same sums as one DuckDB query, without the library and without a shift."""
    sums = ", ".join(
        f"count({name}), sum({name}), sum({name} * {name}), sum({name} * x)" for name in METRICS
    )
    return f"select arm, segment, count(*), sum(x), sum(x * x), {sums} from trial group by all"


def ours(source: Source) -> object:
    """Ask for every sum per arm and segment."""
    return aggregate(
        source, arm="arm", measures=[(name,) for name in METRICS], covariates=["x"],
        segments=["segment"],
    )  # fmt: skip


def infer(source: Source) -> Callable[[], int]:
    """Prepare the sums; the call compares every metric in all and within each segment."""
    found = aggregate(
        source, arm="arm", measures=[(name,) for name in METRICS], covariates=["x"],
        segments=["segment"],
    )  # fmt: skip

    def work() -> int:
        count = 0
        for key in ("", "segment"):
            for name in METRICS:
                sums = found.sums[key][name,]
                metric = Metric(column=name, kind="mean", direction="higher")
                half = len(sums.groups) // 2
                for place in range(half):
                    arms = []
                    for number in (place, place + half):
                        n_obs, means, cov = sums.moments(number)
                        outcome = MomentsOutcome(n_obs=n_obs, means=means, cov=cov)
                        arms.append(Arm(n_assigned=n_obs, outcomes={name: outcome}))
                    compare(metric, control=arms[0], treatment=arms[1], confidence_level=LEVEL)
                    count += 1
        return count

    return work


def seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    """Return the best of a few runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def tea_tasting(path: Path, source: Source) -> str:
    """Time tea-tasting on the same file and hold its CUPED effects against ours."""
    try:
        import ibis
        import tea_tasting as tt
    except ImportError:
        return "tea-tasting is not installed here"
    table = ibis.duckdb.connect().read_parquet(path)
    table = table.mutate(variant=(table.arm == "treatment").cast("int8"))
    experiment = tt.Experiment({name: tt.Mean(name, covariate="x") for name in METRICS})
    taken = seconds(lambda: experiment.analyze(table), runs=2)
    theirs = experiment.analyze(table)
    found = aggregate(source, arm="arm", measures=[(name,) for name in METRICS], covariates=["x"])
    apart = 0.0
    for name in METRICS:
        sums, arms = found.sums[""][name,], []
        for number in range(2):
            n_obs, means, cov = sums.moments(number)
            outcome = MomentsOutcome(n_obs=n_obs, means=means, cov=cov)
            arms.append(Arm(n_assigned=n_obs, outcomes={name: outcome}))
        metric = Metric(column=name, kind="mean", direction="higher")
        effect = compare(metric, control=arms[0], treatment=arms[1], confidence_level=LEVEL).effect
        gap = np.array([effect.value, effect.ci_lower, effect.ci_upper]) - [
            theirs[name].effect_size,
            theirs[name].effect_size_ci_lower,
            theirs[name].effect_size_ci_upper,
        ]
        apart = max(apart, float(np.abs(gap).max()) / (effect.ci_upper - effect.ci_lower))
    without = seconds(
        lambda: aggregate(
            source, arm="arm", measures=[(name,) for name in METRICS], covariates=["x"]
        ),
        runs=2,
    )
    return (
        f"tea-tasting (no segments) {taken:.2f} s, ours without segments {without:.2f} s, ratio "
        f"{without / taken:.2f}; effects and intervals apart by {apart:.1e} of the width"
    )


def main() -> None:
    """Print the figures."""
    units = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.parquet"
        write_units(path, units)
        source = duckdb_source(path, table="trial")
        mine = seconds(lambda: ours(source))
        hand = seconds(lambda: source.run(hand_written()))
        print(f"{units:,} units: ours {mine:.2f} s, by hand {hand:.2f} s, ratio {mine / hand:.2f}")
        work = infer(source)
        print(f"{work()} comparisons: {seconds(work):.3f} s")
        print(tea_tasting(path, source))


if __name__ == "__main__":
    main()
