# ruff: noqa: E501  (a case stands on its line)
"""Time the reading of comments: privacy, copies, variety, themes, phrases, blame, quotations.

    python tests/benchmarks/voice.py [comments]

Made-up comments from the sample's templates, two joined each (about 55 characters); one process,
then two. Prints comments a second, the share of each step and the memory a process took.
"""

import datetime as dt
import gc
import resource
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data.simulate.complaints import COMPLAINTS
from cxlib.data.simulate.text import write_comment
from cxlib.data.source import duckdb_source
from cxlib.measures.voice.coder import ThemeCoder
from cxlib.measures.voice.listen import listen
from cxlib.measures.voice.normalise import clean, fold
from cxlib.measures.voice.redact import Redactor
from cxlib.measures.voice.sentiment import learn_sentiment
from cxlib.measures.voice.taxonomy import base_taxonomy
from cxlib.measures.voice.variety import variety

START = dt.date(2025, 1, 1)


def made_up(n, seed):
    """Return a table of answers, with scores that go with the tone."""
    rng = np.random.default_rng(seed)
    points, registers = list(COMPLAINTS), ["zh", "yue", "en", "mix"]
    bank = []
    for _ in range(4000):
        point, register = rng.choice(points), rng.choice(registers)
        tone = "negative" if rng.random() < 0.4 else "positive"
        text = " ".join(write_comment(point, tone, register, rng) for _ in range(2))
        bank.append((text, point, tone == "negative"))
    picked = [bank[k] for k in rng.integers(0, len(bank), n)]
    return pd.DataFrame({
        "answer_id": [f"A{seed}-{k:07d}" for k in range(n)],
        "customer_id": [f"C{seed}-{k}" for k in range(n)],
        "touchpoint": [point for _, point, _ in picked],
        "answered_at": pd.Timestamp(START) + pd.to_timedelta(np.sort(rng.integers(0, 525_600, n)), "min"),
        "nps": [3 if low else 10 for *_, low in picked],
        "csat": [1 if low else 5 for *_, low in picked],
        "comment": [text for text, *_ in picked],
    })  # fmt: skip


def run(job):
    """Read one half in its own process; return seconds and megabytes."""
    n, seed = job
    frame = made_up(n, seed)
    few = frame.head(3000)
    scorer = learn_sentiment(
        list(few["comment"]), list(few["csat"].astype(float)), list(few["customer_id"]),
        label="csat", seed=1,
    )  # fmt: skip
    source = duckdb_source(frame, table="answers")
    gc.collect()
    before = resident()
    begun, worked = time.perf_counter(), time.process_time()
    voice = listen(
        {"answers": source}, taxonomy=base_taxonomy(), start=START,
        end=START + dt.timedelta(days=366), blame=scorer.blame,
    )  # fmt: skip
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    assert voice.n > n / 2
    gc.collect()
    kept = resident() - before
    sizes = (len(voice.phrases.every), len(voice.quotes), kept, worked)
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sizes


def resident():
    """Return the megabytes this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main(n):
    """Print the figures."""
    texts = list(made_up(5000, 9)["comment"])
    foldeds, redactor, coder = [fold(t) for t in texts], Redactor(), ThemeCoder(base_taxonomy())
    print(f"mean length {np.mean([len(t) for t in texts]):.0f} characters")
    steps = {
        "clean": lambda: [clean(t) for t in texts], "redact": lambda: [redactor.find(t) for t in texts],
        "fold": lambda: [fold(t) for t in texts], "variety": lambda: [variety(t) for t in texts],
        "themes": lambda: [coder.find_folded(f) for f in foldeds],
    }  # fmt: skip
    for name, step in steps.items():
        begun = time.perf_counter()
        step()
        print(f"{name:8} {len(texts) / (time.perf_counter() - begun):>10,.0f} comments/s")
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for size in (20_000, n) if n > 20_000 else (n,):
            spent, memory, (phrases, quotes, kept, worked) = pool.map(
                run, [(size, 1)], chunksize=1
            )[0]
            print(
                f"{size:>9,} comments: held after reading {kept:,.0f} MB, peak of the process "
                f"{memory:,.0f} MB; {phrases:,} phrases, {quotes} candidates"
            )
    print(
        f"whole chain, one process   {n / spent:>8,.0f} comments/s; {n / worked:,.0f} per second of "
        "processor time, which other programs of the machine do not take away"
    )
    with get_context("spawn").Pool(2) as pool:
        halves = pool.map(run, [(n // 2, 2), (n // 2, 3)])
    slowest = max(spent for spent, *_ in halves)
    print(
        f"whole chain, two processes {n / slowest:>8,.0f} comments/s; 1 M in {1e6 * slowest / n / 60:.1f} min"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000)
