"""Branch reports a minute: `cx batch` against a loop of papermill and nbconvert.

    .venv/bin/python tests/benchmarks/batch.py [--branches 60] [--loop 2] [--write FILE]

Both make the diagnosis of each branch in two languages from the same sample engagement, split by
the same column, in turn on this machine. Ours makes HTML and PDF and an index, with the split and
every start of a process in its time; the plain way gets the branches already split and makes one
HTML a language in the stock template: `papermill` then `jupyter nbconvert`, one after the other,
as a user's shell loop does. The ratio is of seconds a branch. Sixty branches are the sample's
customers dealt out by turns, so that each has enough answers for a report.
"""

import argparse
import datetime as dt
import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
from full_run import BIN, LANGUAGES, ROOT, SAMPLE, run, timed

from cxlib.engagement import load_engagement
from cxlib.run.batch_plan import plan_by_column

NOTEBOOK = ROOT / "notebooks" / "01_diagnosis.ipynb"
PER_BRANCH = 700
"""Answers of a branch over the year, so that none has too few for a report."""


def engagement_of(home, *, branches):
    """The sample with a column `branch`; rows are repeated under new ids where they run out."""
    skip = shutil.ignore_patterns("ledger.json", "history.duckdb*", ".cx", "internal")
    folder = Path(shutil.copytree(SAMPLE, home / "engagement", ignore=skip))
    rounds = -(-branches * PER_BRANCH // 10_692)
    for table, ids in (
        ("answers", ("answer_id", "invitation_id", "customer_id")),
        ("invitations", ("invitation_id", "customer_id")),
        ("orders", ("order_id", "customer_id")),
        ("cases", ("case_id", "issue_id", "customer_id")),
    ):
        path = folder / "data" / f"{table}.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        copies = []
        for n in range(rounds):
            copy = frame.copy()
            whose = pd.factorize(copy["customer_id"], sort=True)[0]
            per_round = min(branches, -(-branches // rounds))
            copy["branch"] = [f"B{n * per_round + who % per_round + 1:02d}" for who in whose]
            for column in ids:
                copy[column] = copy[column].where(copy[column] == "", copy[column] + f"x{n}")
            copies.append(copy)
        whole = pd.concat(copies)
        kept = [f"B{n + 1:02d}" for n in range(branches)]
        whole[whole["branch"].isin(kept)].to_csv(path, index=False)
    return folder


def ours(engagement, out, workers):
    run(
        sys.executable, "-P", "-m", "cxlib", "batch", engagement, "--by", "branch", "--lang",
        "both", "--out", out, "--workers", workers, "--quiet",
    )  # fmt: skip


def loop(engagements, out):
    out.mkdir()
    for number, engagement in enumerate(engagements):
        for language in LANGUAGES:
            executed = out / f"{number}.{language}.ipynb"
            run(
                BIN / "papermill", NOTEBOOK, executed, "--cwd", NOTEBOOK.parent,
                "-p", "engagement", engagement, "-p", "language", language,
                "-p", "ledger", out / f"{number}.{language}.json",
            )  # fmt: skip
            run(BIN / "jupyter", "nbconvert", "--to", "html", executed)


def measure(*, branches, plain, workers):
    """Both ways once; seconds of the clock and of the processor in all and a branch."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        whole = engagement_of(home, branches=branches)
        mine = timed(ours, whole, home / "ours", workers)
        done = json.loads((whole / ".cx/batch/branch/batch.json").read_text(encoding="utf-8"))
        states = [branch["state"] for branch in done["branches"].values()]
        if states != ["done"] * branches:
            raise SystemExit(f"every branch must be done, got {states}")
        plan = plan_by_column(load_engagement(whole), by="branch")
        paths = [branch.path for branch in plan.branches[:plain]]
        theirs = timed(loop, paths, home / "loop")
    figures = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "workers": workers,
        "ours": {"branches": branches, "wall_s": mine[0], "cpu_s": mine[1]},
        "loop": {"branches": plain, "wall_s": theirs[0], "cpu_s": theirs[1]},
    }
    for kind in ("wall", "cpu"):
        for way in ("ours", "loop"):
            figures[way][f"{kind}_a_branch"] = figures[way][f"{kind}_s"] / figures[way]["branches"]
        figures[f"ratio_{kind}"] = (
            figures["loop"][f"{kind}_a_branch"] / figures["ours"][f"{kind}_a_branch"]
        )
    return figures


def rows(*, quick):
    """The line of the table of ratios: what, ours, against, theirs, ratio, target."""
    found = measure(branches=2 if quick else 12, plain=1 if quick else 2, workers=2)
    mine, theirs = found["ours"], found["loop"]
    yield (
        f"batch: diagnosis of {mine['branches']} branches, 2 languages, HTML and PDF, 2 workers",
        f"{mine['wall_a_branch']:.1f} s a branch",
        f"a loop of papermill + nbconvert, HTML only ({theirs['branches']} branches)",
        f"{theirs['wall_a_branch']:.1f} s a branch", f"{found['ratio_wall']:.1f}x as fast", "6x",
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--branches", type=int, default=8, help="of ours")
    parser.add_argument("--loop", type=int, default=2, help="branches of the plain loop")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path, help="JSON file for the figures")
    chosen = parser.parse_args()
    figures = measure(branches=chosen.branches, plain=chosen.loop, workers=chosen.workers)
    print("| batch of the diagnosis, two languages | s a branch | branches a minute | CPU s |")
    print("|---|---:|---:|---:|")
    for key, label in (
        ("ours", f"cx batch, {chosen.workers} workers, HTML + PDF, {chosen.branches} branches"),
        ("loop", f"papermill + nbconvert loop, HTML, {chosen.loop} branches"),
    ):
        each = figures[key]["wall_a_branch"]
        print(f"| {label} | {each:.1f} | {60 / each:.1f} | {figures[key]['cpu_a_branch']:.1f} |")
    print(f"| loop / cx batch | {figures['ratio_wall']:.1f}× | | {figures['ratio_cpu']:.1f}× |")
    if chosen.write:
        chosen.write.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
