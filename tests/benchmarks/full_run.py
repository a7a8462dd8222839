"""One full run against what a user would do instead: papermill and nbconvert, notebook by notebook.

    make benchmark

Both work on private copies of the sample engagement, in turn, on this machine. Ours makes HTML and
PDF in two languages and an index; the plain way makes one HTML a notebook in the stock template,
once for each language. Only the ratio is worth quoting: machines differ and are shared.
"""

import argparse
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


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def ours(engagement, folder):
    run(BIN / "cx", "run", engagement, "--out", folder, "--quiet")


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


def seconds(work, home, name):
    engagement = Path(shutil.copytree(SAMPLE, home / name / "engagement"))
    begun = time.perf_counter()
    work(engagement, home / name / "out")
    return time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    ratios = []
    with tempfile.TemporaryDirectory() as home:
        for turn in range(rounds):
            mine = seconds(ours, Path(home), f"ours{turn}")
            theirs = seconds(plain, Path(home), f"plain{turn}")
            ratios.append(theirs / mine)
            print(
                f"round {turn + 1}: cx run (HTML and PDF, two languages) {mine:.1f} s, "
                f"papermill + nbconvert (HTML, two languages) {theirs:.1f} s, "
                f"ratio {theirs / mine:.2f}",
                flush=True,
            )
    median = statistics.median(ratios)
    print(f"median of {rounds} rounds: the plain way takes {median:.2f} times as long")


if __name__ == "__main__":
    main()
