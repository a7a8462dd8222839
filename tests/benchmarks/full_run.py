"""One full run against what a user would do instead, and against the code as a plain script.

    python tests/benchmarks/full_run.py [--rounds 3]        part of `make bench`

All work on private copies of the sample engagement, in turn, on this machine, so that the ratios
hold although the machine is shared. Ours makes HTML and PDF in two languages and an index; the
plain way makes one HTML a notebook in the stock template, once for each language; the script runs
the same cells in one process, without a notebook and without a report: the floor.

    first run         cx run from the cold start of the command, nothing kept from before
    ordinary kernels  the same without a warm server to fork kernels from (--no-warm)
    unchanged         cx run once more, nothing changed: nothing may be executed
    one table         cx run after one line of the costs changed
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cxlib.engagement import load_engagement
from cxlib.run.notebooks import NOTEBOOKS

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SAMPLE = ROOT / "data_samples" / "harbour_home"
LANGUAGES = ("en", "zh-Hant-HK")
SCRIPT = """
import json, sys
engagement, language, ledger, *notebooks = sys.argv[1:]
given = {"engagement": engagement, "language": language, "ledger": ledger}
for notebook in notebooks:
    room = {"__name__": "__main__"}
    for cell in json.load(open(notebook, encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            exec(source if isinstance(source, str) else "".join(source), room)
            if "parameters" in cell["metadata"].get("tags", ()):
                room |= given
"""


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def sample_notebooks():
    """Those the sample has something for; the others would only be left out."""
    engagement = load_engagement(SAMPLE)
    return [n.path for n in NOTEBOOKS.values() if all(getattr(engagement, p) for p in n.parts)]


def ours(engagement, folder, *words):
    run(sys.executable, "-P", "-m", "cxlib", "run", engagement, "--out", folder, "--quiet", *words)


def plain(engagement, folder, notebooks):
    folder.mkdir()
    for language in LANGUAGES:
        for notebook in notebooks:
            executed = folder / f"{notebook.stem}.{language}.ipynb"
            run(
                BIN / "papermill", notebook, executed, "--cwd", notebook.parent,
                "-p", "engagement", engagement / "engagement.yml", "-p", "language", language,
            )  # fmt: skip
            run(BIN / "jupyter", "nbconvert", "--to", "html", executed)


def script(engagement, folder, notebooks):
    folder.mkdir()
    ledger = engagement / "ledger.json"
    run(sys.executable, "-P", "-c", SCRIPT, engagement, "en", ledger, *notebooks)


def change_a_table(engagement):
    costs = engagement / "data" / "costs.csv"
    *lines, last = costs.read_text(encoding="utf-8").splitlines()
    costs.write_text("\n".join([*lines, last[:-1] + "7"]) + "\n", encoding="utf-8")


def clean_copy(home):
    """The sample without what an earlier run left: every way starts from the same."""
    left = shutil.ignore_patterns("ledger.json", "history.duckdb*", ".cx", "internal")
    return Path(shutil.copytree(SAMPLE, home / "engagement", ignore=left))


def timed(work, *words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    work(*words)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def one_round(home, notebooks):
    """Each way once; the order is fixed, the rounds are many."""
    names = [path.stem for path in notebooks]
    times = {}
    for name, words in (("ordinary kernels", ("--no-warm",)), ("first run", ())):
        engagement = clean_copy(home / name)
        times[name] = timed(ours, engagement, home / name / "out", *names, *words)
    times["unchanged"] = timed(ours, engagement, home / "first run" / "out", *names)
    newest = max((home / "first run" / "out").glob("*/*/2*/run.json"))
    if executed := json.loads(newest.read_text(encoding="utf-8"))["seconds"]:
        print(f"note: an unchanged run executed {', '.join(executed)}", file=sys.stderr)
    change_a_table(engagement)
    times["one table"] = timed(ours, engagement, home / "first run" / "out", *names)
    for name, way in (("papermill + nbconvert", plain), ("plain script", script)):
        times[name] = timed(way, clean_copy(home / name), home / name / "out", notebooks)
    return times


def medians(taken):
    """Per way: wall and CPU seconds, and the medians of both ratios to the plain way and script."""
    found = {}
    for way in taken[0]:
        wall, cpu = (statistics.median(times[way][n] for times in taken) for n in (0, 1))
        faster, floor = (
            statistics.median((times[other][n] / times[way][n]) ** sign for times in taken)
            for other, n, sign in (("papermill + nbconvert", 0, 1), ("plain script", 1, -1))
        )
        found[way] = wall, cpu, faster, floor
    return found


def rounds_of(rounds, notebooks):
    """Take some rounds, each in a folder of its own."""
    taken = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            taken.append(one_round(Path(home), notebooks))
    return medians(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    notebooks = sample_notebooks()
    found = rounds_of(rounds, notebooks)
    print(f"{len(notebooks)} notebooks, two languages; medians of {rounds} rounds, in turn")
    print(f"{'way':<24}{'wall s':>8}{'CPU s':>8}{'plain way / this':>18}{'CPU / script':>14}")
    for way, (wall, cpu, faster, floor) in found.items():
        print(f"{way:<24}{wall:>8.1f}{cpu:>8.1f}{faster:>18.1f}{floor:>14.2f}")


if __name__ == "__main__":
    main()
