"""One full run against what a user would do instead, and against the code as a plain script.

    make benchmark

All work on private copies of the sample engagement, in turn, on this machine, so that the ratios
hold although the machine is shared. Ours makes HTML and PDF in two languages and an index; the
plain way makes one HTML a notebook in the stock template, once for each language; the script runs
the same cells in one process, without a notebook and without a report: the floor.

    cold        cx run, nothing kept from before, ordinary kernels (--no-warm)
    warm        cx run, nothing kept from before, kernels forked from a warm server
    unchanged   cx run once more, nothing changed
    one table   cx run after one line of the costs changed
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SAMPLE = ROOT / "data_samples" / "harbour_home"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
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


def ours(engagement, folder, *words):
    run(sys.executable, "-P", "-m", "cxlib", "run", engagement, "--out", folder, "--quiet", *words)


def plain(engagement, folder):
    folder.mkdir()
    for language in LANGUAGES:
        for notebook in NOTEBOOKS:
            executed = folder / f"{notebook.stem}.{language}.ipynb"
            run(
                BIN / "papermill", notebook, executed, "--cwd", notebook.parent,
                "-p", "engagement", engagement / "engagement.yml", "-p", "language", language,
            )  # fmt: skip
            run(BIN / "jupyter", "nbconvert", "--to", "html", executed)


def script(engagement, folder):
    folder.mkdir()
    run(
        sys.executable, "-P", "-c", SCRIPT, engagement, "en", engagement / "ledger.json", *NOTEBOOKS
    )


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


def one_round(home):
    """Each way once; the order is fixed, the rounds are many."""
    times = {}
    for name, words in (("cold", ("--no-warm",)), ("warm", ())):
        engagement = clean_copy(home / name)
        times[name] = timed(ours, engagement, home / name / "out", *words)
    # the first run of a new engagement leaves verdicts that 02_kpi_setting shows: it settles here
    ours(engagement, home / "warm" / "out")
    times["unchanged"] = timed(ours, engagement, home / "warm" / "out")
    change_a_table(engagement)
    times["one table"] = timed(ours, engagement, home / "warm" / "out")
    times["papermill + nbconvert"] = timed(
        plain, clean_copy(home / "plain"), home / "plain" / "out"
    )
    times["plain script"] = timed(script, clean_copy(home / "script"), home / "script" / "out")
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    taken = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            taken.append(one_round(Path(home)))
    print(f"{len(NOTEBOOKS)} notebooks, two languages; medians of {rounds} rounds, in turn")
    print(f"{'way':<24}{'wall s':>8}{'CPU s':>8}{'plain way / this':>18}{'this / script':>15}")
    for way in taken[0]:
        wall, cpu = (statistics.median(times[way][n] for times in taken) for n in (0, 1))
        faster = statistics.median(
            times["papermill + nbconvert"][0] / times[way][0] for times in taken
        )
        floor = statistics.median(times[way][0] / times["plain script"][0] for times in taken)
        print(f"{way:<24}{wall:>8.1f}{cpu:>8.1f}{faster:>18.1f}{floor:>15.2f}")


if __name__ == "__main__":
    main()
