"""One table of what this product costs against what else could be done, as ratios of one run.

    make bench                                               a round: about 15 minutes on two cores
    python tests/benchmarks/table.py --rounds 3 --write bench.json
    python tests/benchmarks/table.py --quick                 three notebooks, small data

Both sides of a ratio are taken in turn on this machine in this run, so that a ratio holds where
seconds do not. tea-tasting is installed into a temporary folder, since nothing of ours needs it;
where that cannot be done, the row says so.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path

import full_run
import row_texts

HERE = Path(__file__).resolve().parent
UV = HERE.parents[1] / ".tools" / "uv" / "bin" / "uv"
PACKAGES = ("duckdb", "pandas", "numpy", "papermill", "nbconvert", "typst", "matplotlib")
TEA = (
    "import json, sys; sys.path.append(sys.argv[1]); sys.path.insert(0, sys.argv[2]); "
    "sys.argv = ['experiments.py', sys.argv[3]]; import experiments; experiments.main()"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: What is measured.
        ours: Seconds or another figure of this product.
        against: What it is compared with.
        theirs: The same figure there.
        ratio: The ratio, in words that say which way is better.
        target: What was aimed at; empty for none.
    """

    what: str
    ours: str
    against: str
    theirs: str
    ratio: str
    target: str = ""


def whole_runs(rounds, *, quick):
    """A whole run, cold, unchanged and with a changed table."""
    notebooks = full_run.sample_notebooks()[: 3 if quick else None]
    found = full_run.rounds_of(rounds, notebooks)
    plain, script = found["papermill + nbconvert"], found["plain script"]
    targets = {"first run": "5x", "unchanged": "20x"}
    for way in ("first run", "ordinary kernels", "unchanged", "one table"):
        wall, cpu, faster, floor = found[way]
        name = f"{len(notebooks)} notebooks, 2 languages, HTML and PDF: {way}"
        yield Row(
            name, f"{wall:.1f} s", "papermill + nbconvert, HTML only", f"{plain[0]:.1f} s",
            f"{faster:.1f}x as fast", targets.get(way, ""),
        )  # fmt: skip
        yield Row(
            name, f"{cpu:.1f} CPU s", "the cells as one plain script, no report",
            f"{script[1]:.1f} CPU s", f"{floor:.2f} of its CPU",
        )  # fmt: skip


def overheads(*, quick):
    """What a notebook costs as a notebook."""
    words = ["01", "02", "03"] if quick else []
    said = _python(HERE / "overhead.py", *words)
    for line in said.splitlines():
        if not line.startswith("{"):
            continue
        each = json.loads(line)
        ours = each["kernel_s"] + each["thread_s"]
        yield Row(
            f"{each['notebook']} as a notebook, without reports", f"{ours:.2f} CPU s",
            "its cells as a script", f"{each['script_s']:.2f} CPU s",
            f"{each['overhead_s']:+.2f} CPU s", "< +0.3 s",
        )  # fmt: skip


def batch(*, quick):
    """Throughput of a batch, as the benchmark of batches has it."""
    import batch as batches

    for row in batches.rows(quick=quick):  # six texts in the order of Row's
        yield Row(*row)


def texts(*, quick):
    """Row-level questions against a hand-written query."""
    rows, rounds = (300_000, 1) if quick else (3_000_000, 3)
    with tempfile.TemporaryDirectory() as home:
        row_texts.write_tables(Path(home), rows)
        tables = row_texts.open_tables(Path(home))
        run = tables["answers"].run
        ratios, seconds = {}, [0.0, 0.0]
        for name, question in row_texts.QUESTIONS.items():
            pairs = [
                (
                    row_texts.clock(lambda q=question: q.ours(tables)),
                    row_texts.clock(lambda q=question: run(q.hand)),
                )
                for _ in range(rounds)
            ]
            ratios[name] = statistics.median(a / b for a, b in pairs)
            for side in (0, 1):
                seconds[side] += statistics.median(pair[side] for pair in pairs)
    worst = max(ratios, key=lambda name: ratios[name])
    yield Row(
        f"{len(ratios)} row-level questions, {rows:,} answers: median",
        f"{seconds[0]:.1f} s in all", "DuckDB by hand", f"{seconds[1]:.1f} s in all",
        f"{statistics.median(ratios.values()):.2f} of its time", "< 2",
    )  # fmt: skip
    yield Row(
        f"the slowest of them: {worst}", "", "DuckDB by hand", "",
        f"{ratios[worst]:.2f} of its time", "< 2",
    )  # fmt: skip


def readout(*, quick):
    """A test's readout: its sums against a query by hand, all of it against tea-tasting."""
    units = 200_000 if quick else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        why = install_tea(Path(folder))
        said = _python("-c", TEA, folder, HERE, units)
    whole = re.search(r"ours ([\d.]+) s, by hand ([\d.]+) s, ratio ([\d.]+)", said)
    name = f"A/B readout, 20 metrics, {units:,} units"
    if whole:
        yield Row(
            f"{name}: sums by 10 segments", f"{whole[1]} s", "DuckDB by hand", f"{whole[2]} s",
            f"{whole[3]} of its time",
        )  # fmt: skip
    tea = re.search(
        r"segments\) ([\d.]+) s, ours without segments ([\d.]+) s, ratio ([\d.]+).*apart by (\S+)",
        said,
    )
    if tea:
        yield Row(
            name, f"{tea[2]} s", "tea-tasting", f"{tea[1]} s",
            f"{tea[3]} of its time; intervals apart by {tea[4]} of their width",
        )  # fmt: skip
    else:
        yield Row(name, "", "tea-tasting", "", f"not measured: {why or 'it did not run'}")


def install_tea(folder):
    """Install tea-tasting into a folder of its own; why not, where that fails."""
    words = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--target",
        folder,
        "tea-tasting",
        "ibis-framework[duckdb]",
    ]
    try:
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if not done.returncode else "it cannot be installed here"


def _python(*words):
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    if done.returncode:
        print(f"note: {words[0]} failed: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return done.stdout


def markdown(rows):
    """The table."""
    head = ("what", "ours", "against", "theirs", "ratio", "target")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(asdict(row).values())} |"


def machine():
    """Where and when it was taken."""
    return {
        "taken": datetime.now().astimezone().isoformat(timespec="minutes"),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": [round(each, 1) for each in os.getloadavg()],
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1, help="of whole runs; medians count")
    parser.add_argument("--quick", action="store_true", help="three notebooks, small data")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the rows as JSON too")
    parser.add_argument("--only", choices=("runs", "overhead", "batch", "texts", "readout"))
    given = parser.parse_args()
    parts = {
        "runs": lambda: whole_runs(given.rounds, quick=given.quick),
        "overhead": lambda: overheads(quick=given.quick),
        "batch": lambda: batch(quick=given.quick),
        "texts": lambda: texts(quick=given.quick),
        "readout": lambda: readout(quick=given.quick),
    }
    about, rows = machine(), []
    for name, part in parts.items():
        if given.only in {None, name}:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            rows += part()
    versions = ", ".join(f"{name} {found}" for name, found in about["packages"].items())
    print(
        f"Taken {about['taken'][:10]} on {about['cores']} cores, {about['system']}, Python "
        f"{about['python']}, load {about['load_before'][0]} before; {versions}.\n"
    )
    print("\n".join(markdown(rows)))
    if given.write:
        kept = about | {"rounds": given.rounds, "quick": given.quick}
        kept["rows"] = [asdict(row) for row in rows]
        given.write.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
