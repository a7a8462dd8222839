# ruff: noqa: S608  (a benchmark writes its own SQL)
"""Rows against seconds and memory: the same three questions in pandas, DuckDB and Spark.

python tests/benchmarks/scale.py [--rows 1e5,1e6,1e7,5e7] [--engines pandas,duckdb,spark]
    [--rounds 3] [--limit 240] [--write FILE]

scores   answers per score, touchpoint and month: what NPS, CSAT and the distribution start from
test     count, mean and variance of spend and CSAT per arm: what an A/B test needs
error    NPS per touchpoint with the error of customers who answer several times

The rows lie in one Parquet file (14 touchpoints, two arms, 200,000 customers at most: rows grow,
people do not), written by DuckDB into a temporary folder. DuckDB and Spark (two cores, in this
machine) are asked through cxlib's own functions; pandas does the same by reading the columns it
needs and grouping them. Every cell is a process of its own that asks the question `rounds` times
and gives the median; no new round starts once the cell has taken a fifth of its limit. Start-up
(imports, session) is not in the seconds; it is printed apart. Memory is the highest resident size
of the process and its children, Java included, seen every 50 ms, so it includes what an idle
engine takes. A cell that passes its time limit or takes more than 70 % of the machine's memory is
ended and called "not run". The engines' answers must be the same to nine digits.
"""

import argparse
import datetime as dt
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROWS = "1e5,1e6,1e7,5e7"
ENGINES = ("pandas", "duckdb", "spark")
PEOPLE = 200_000
SHARE_OF_MEMORY = 0.7
SPARK = "local[2]?memory=2g"
YEAR = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 7, 1)}
NOT_RUN = "not run"


@dataclass(frozen=True)
class Cell:
    """One question on one engine: median seconds, start-up seconds, peak MB, why not run."""

    rows: int
    question: str
    engine: str
    seconds: float = math.nan
    start_seconds: float = math.nan
    peak_mb: float = math.nan
    rounds: int = 0
    answer: tuple[float, ...] = ()
    reason: str = ""


def write_answers(path: Path, rows: int) -> None:
    """Write the table; the same for every machine and engine."""
    import duckdb

    draw = "(hash(i, {}) % {})::bigint".format
    duckdb.execute(
        f"copy (select 'C' || (100000 + {draw(1, PEOPLE)}) as customer_id, "
        f"'touchpoint_' || {draw(2, 14)} as touchpoint, "
        f"['control', 'treatment'][1 + {draw(3, 2)}] as arm, "
        f"timestamp '2025-07-01' + to_seconds({draw(4, 31_536_000)}) as answered_at, "
        f"case when {draw(5, 20)} > 0 then {draw(6, 11)} end::tinyint as nps, "
        f"(1 + {draw(7, 5)})::tinyint as csat, {draw(8, 100_000)} / 100.0::double as amount_hkd "
        f"from range({rows}) t(i)) to '{path}'"
    )


def ask_source(question: str, source):
    """Ask through the library."""
    from cxlib.data import summaries

    if question == "scores":
        return summaries.score_counts(
            source, score="nps", by=["touchpoint"], cadence="month", **YEAR
        )
    if question == "test":
        return summaries.group_moments(source, columns=["amount_hkd", "csat"], by=["arm"], **YEAR)
    return summaries.clustered_moments(
        source, columns=["nps"], coding="nps", by=["touchpoint"], **YEAR
    )


def ask_pandas(question: str, path: Path):
    """Do the same as an analyst would, reading only the columns the question needs."""
    import pandas as pd

    needed = {
        "scores": ["touchpoint", "answered_at", "nps"],
        "test": ["arm", "answered_at", "amount_hkd", "csat"],
        "error": ["customer_id", "touchpoint", "answered_at", "nps"],
    }[question]
    table = pd.read_parquet(path, columns=needed)
    at = table["answered_at"]
    table = table[(at >= pd.Timestamp(YEAR["start"])) & (at < pd.Timestamp(YEAR["end"]))]
    if question == "scores":
        known = table.dropna(subset="nps")
        month = known["answered_at"].dt.to_period("M").rename("period_start")
        grouped = known.groupby(["touchpoint", month, "nps"]).size()
        return grouped.rename("n").rename_axis(index={"nps": "score"}).reset_index()
    if question == "test":
        found = table.groupby("arm")[["amount_hkd", "csat"]].agg(["count", "mean", "var"])
        found.columns = [f"{name}_{part}" for name, part in found.columns]
        return found.assign(n=table.groupby("arm").size()).reset_index()
    known = table.dropna(subset="nps")
    coded = known.assign(t=(known["nps"] >= 9).astype(int) - (known["nps"] <= 6).astype(int))
    each = coded.groupby(["touchpoint", "customer_id"])["t"].agg(["size", "sum"])
    each = each.rename(columns={"size": "m", "sum": "t"})
    products = each.assign(tt=each.t * each.t, tm=each.t * each.m, mm=each.m * each.m)
    sums = products.groupby("touchpoint").agg("sum")
    mean = sums.t / sums.m
    return pd.DataFrame(
        {
            "n": sums.m,
            "n_clusters": each.groupby("touchpoint").size(),
            "mean": mean,
            "squares": sums.tt - 2 * mean * sums.tm + mean**2 * sums.mm,
            "count_squares": sums.mm,
        }
    )


def open_question(engine: str, question: str, path: Path) -> Callable[[], object]:
    """Start the engine and give the call to be timed."""
    if engine == "pandas":
        import pandas  # noqa: F401, ICN001
        import pyarrow.parquet  # noqa: F401

        return lambda: ask_pandas(question, path)
    from cxlib.data.source import Source, duckdb_source

    if engine == "duckdb":
        source = duckdb_source(path, table="answers")
    else:
        from cxlib.data.spark import SparkEngine

        session = SparkEngine(SPARK)
        place = f"parquet.`{path}`"
        session.view("answers", f"select * from {session.spell(place)}")
        columns = frozenset(session.columns(place))
        source = Source(table="answers", columns=columns, run=session.run, quote=session.quote)
    return lambda: ask_source(question, source)


def child(engine: str, question: str, path: Path, *, rounds: int, limit: float) -> None:
    """Ask in this process and print what was found."""
    begun = time.perf_counter()
    ask = open_question(engine, question, path)
    started = time.perf_counter()
    took: list[float] = []
    while len(took) < rounds and (not took or sum(took) < limit / 5):
        start = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - start)
    sums = [float(f"{total:.9g}") for total in answer.select_dtypes("number").sum()]
    print(json.dumps({
        "seconds": median(took), "start_seconds": started - begun, "rounds": len(took),
        "answer": sorted([len(answer), *sums]),
    }))  # fmt: skip


def measure(
    engine: str, question: str, path: Path, *, rows: int, rounds: int, limit: float
) -> Cell:
    """Run one cell in a process of its own, watching its memory and its time."""
    words = [sys.executable, __file__, "--child", engine, question, str(path), str(rounds)]
    most = SHARE_OF_MEMORY * _memory_mb()
    peak, reason, start = 0.0, "", time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [*words, str(limit)], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        while process.poll() is None:
            peak = max(peak, _resident_mb(process.pid))
            if peak > most:
                reason = f"more than {most / 1024:.0f} GB"
            elif time.monotonic() - start > limit:
                reason = f"more than {limit:.0f} s"
            if reason:
                process.kill()
                process.wait()
            time.sleep(0.05)
        printed = process.stdout.read()
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["no word"])[-1]
    if process.returncode:
        return Cell(rows, question, engine, peak_mb=peak, reason=reason or last)
    found = json.loads(printed.splitlines()[-1])
    found["answer"] = tuple(found["answer"])
    return Cell(rows, question, engine, peak_mb=peak, **found)


def _resident_mb(root: int) -> float:
    """Add up the resident memory of a process and all below it."""
    parents: dict[int, list[int]] = {}
    sizes: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text(encoding="utf-8")
        except OSError:
            continue
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        parents.setdefault(int(fields["PPid"]), []).append(int(folder.name))
        sizes[int(folder.name)] = int(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    total, below = 0.0, [root]
    while below:
        process = below.pop()
        total += sizes.get(process, 0.0)
        below += parents.get(process, [])
    return total


def _memory_mb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def check_answers(cells: Sequence[Cell]) -> None:
    """Stop where two engines disagree."""
    for cell in cells:
        for other in cells:
            alike = (cell.rows, cell.question) == (other.rows, other.question)
            if not alike or not cell.answer or not other.answer:
                continue
            pairs = list(zip(cell.answer, other.answer, strict=True))
            if not all(math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-7) for a, b in pairs):
                raise SystemExit(f"different answers:\n{cell}\n{other}")


def slope(points: Mapping[int, float]) -> float:
    """Fit the exponent of growth, log y against log rows; 1 is linear, 0 is flat."""
    known = [(math.log(rows), math.log(y)) for rows, y in points.items() if y > 0]
    if len(known) < 2:  # a line takes two points
        return math.nan
    mean_x, mean_y = (sum(values) / len(known) for values in zip(*known, strict=True))
    above = sum((x - mean_x) * (y - mean_y) for x, y in known)
    return above / sum((x - mean_x) ** 2 for x, _ in known)


def table(cells: Sequence[Cell], engines: Sequence[str]) -> list[str]:
    """Write the Markdown table: seconds, memory, ratios to DuckDB, and how both grow."""
    at = {(cell.rows, cell.question, cell.engine): cell for cell in cells}
    others = [name for name in engines if name != "duckdb" and "duckdb" in engines]
    seconds, memory = ([f"{name} {unit}" for name in engines] for unit in ("s", "MB"))
    heads = ["question", "rows", *seconds, *memory, *(f"{name} : duckdb" for name in others)]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    sizes = sorted({cell.rows for cell in cells})
    for question in dict.fromkeys(cell.question for cell in cells):
        for rows in sizes:
            row = {name: at[rows, question, name] for name in engines}
            seconds = [
                f"{NOT_RUN} ({cell.reason})" if cell.reason else f"{cell.seconds:.2f}"
                for cell in row.values()
            ]
            memory = ["" if cell.reason else f"{cell.peak_mb:.0f}" for cell in row.values()]
            ratios = [_ratio(row[name].seconds, row["duckdb"].seconds) for name in others]
            lines.append([question, f"{rows:,}", *seconds, *memory, *ratios])
        times, peaks = (
            [_growth(at, question, name, part, _upper(sizes)) for name in engines]
            for part in ("seconds", "peak_mb")
        )
        grown = ["" if math.isnan(v) else f"rows^{v:.2f}" for v in [*times, *peaks]]
        lines.append([question, "growth", *grown, *[""] * len(others)])
    return [f"| {' | '.join(line)} |" for line in lines]


def _growth(
    at: Mapping[tuple[int, str, str], Cell], question: str, engine: str, part: str,
    sizes: Sequence[int],
) -> float:  # fmt: skip
    cells = [at[rows, question, engine] for rows in sizes]
    return slope({cell.rows: getattr(cell, part) for cell in cells if not cell.reason})


def _upper(sizes: Sequence[int]) -> list[int]:
    """The sizes where rows decide: from a million, where there are two of them."""
    large = [rows for rows in sizes if rows >= 1_000_000]
    return large if len(large) > 1 else list(sizes)


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.1f}" if one > 0 and other > 0 else ""


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--child"]:
        engine, question, path, rounds, limit = sys.argv[2:]
        child(engine, question, Path(path), rounds=int(rounds), limit=float(limit))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=240.0, help="seconds a cell may take")
    parser.add_argument("--write", type=Path, help="JSON file for the figures")
    chosen = parser.parse_args()
    engines = chosen.engines.split(",")
    if unknown := set(engines) - set(ENGINES):
        parser.error(f"engines must be of {', '.join(ENGINES)}, got {', '.join(sorted(unknown))}")
    cells: list[Cell] = []
    with tempfile.TemporaryDirectory(prefix="cx-scale-") as home:
        for rows in [int(float(word)) for word in chosen.rows.split(",")]:
            path = Path(home) / "answers.parquet"
            write_answers(path, rows)
            for question in ("scores", "test", "error"):
                for engine in engines:
                    cells.append(measure(
                        engine, question, path, rows=rows, rounds=chosen.rounds, limit=chosen.limit
                    ))  # fmt: skip
                    print(cells[-1], file=sys.stderr, flush=True)
            path.unlink()
    check_answers(cells)
    begun = {
        name: [c.start_seconds for c in cells if c.engine == name and not c.reason]
        for name in engines
    }
    starts = {name: median(values) for name, values in begun.items() if values}
    print("\n".join(table(cells, engines)))
    print(f"\n{dt.datetime.now().astimezone():%Y-%m-%d}, {os.cpu_count()} cores, "
          f"{_memory_mb() / 1024:.0f} GB; start-up, not in the seconds: "
          f"{', '.join(f'{name} {value:.1f} s' for name, value in starts.items())}")  # fmt: skip
    if chosen.write:
        figures = {"cores": os.cpu_count(), "memory_mb": round(_memory_mb()),
                   "start_seconds": starts, "cells": [asdict(cell) for cell in cells]}  # fmt: skip
        chosen.write.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
