"""Comments per second of the sentiment scorer, and how well it reads what this project may ship.

    .venv/bin/python tests/benchmarks/voice_sentiment.py [rows]

Prints figures; not collected by pytest. One process, one core.
"""

import csv
import os
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cxlib.data.simulate.text import write_comment
from cxlib.measures.voice.cues import cue_scores, folded
from cxlib.measures.voice.labelled import quality_by_variety
from cxlib.measures.voice.sentiment import learn_sentiment

ROOT = Path(__file__).parents[2]
PLACES = ("delivery", "enquiry_chat", "store_visit", "assembly", "aftersales_service")


def made(n):
    rng = np.random.default_rng(3)
    tones = rng.choice(["negative", "positive"], size=n)
    registers = rng.choice(["yue", "zh", "en", "mix"], size=n)
    texts = [
        " ".join(write_comment(str(rng.choice(PLACES)), str(tone), str(register), rng)
                 for _ in range(3))
        for tone, register in zip(tones, registers, strict=True)
    ]  # fmt: skip
    scores = np.where(tones == "negative", 1.0, 5.0)
    scores = np.where(rng.random(n) < 0.08, rng.choice([1.0, 5.0], size=n), scores)
    return texts, scores.tolist(), [f"C{k}" for k in rng.integers(0, n, n)]


def timed(name, n, work):
    begun = time.process_time()
    result = work()
    spent = time.process_time() - begun
    print(f"{name:34} {n / spent:12,.0f} comments per CPU-second   ({spent:.1f} s)")
    return result


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    texts, scores, people = made(n)
    mean = np.mean([len(text) for text in texts])
    print(f"{n:,} made comments, mean {mean:.0f} characters, "
          "8 % of the scores drawn at random")  # fmt: skip
    ready = timed("fold", n, lambda: [folded(text) for text in texts])
    timed("word list", n, lambda: cue_scores(ready))
    scorer = timed(
        "fit, five folds and final", n,
        lambda: learn_sentiment(texts, scores, people, label="csat", seed=1),
    )  # fmt: skip
    timed("predict (fold to chance)", n, lambda: scorer.blame(texts))
    area = scorer.check.area
    print(f"area, out of fold {area.value:.3f} ({area.ci_lower:.3f} to {area.ci_upper:.3f})")
    probes = ROOT / "tests" / "measures" / "voice" / "probes.csv"
    rows = list(csv.DictReader(probes.read_text(encoding="utf-8").splitlines()))
    wanted = np.array([row["tone"] == "negative" for row in rows])
    told = scorer.is_negative([row["text"] for row in rows])
    listed = cue_scores([folded(row["text"]) for row in rows]) < 0
    print(f"probes ({len(rows)}): learned {np.mean(told == wanted):.0%}, word list "
          f"{np.mean(listed == wanted):.0%}   (goal 90 %)")  # fmt: skip
    for each in quality_by_variety(scorer):
        bad = each.negative
        print(
            f"own test {each.variety:8} n {bad.n_obs:3}  "
            f"precision {bad.n_both}/{bad.n_called}  recall {bad.n_both}/{bad.n_wanted}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


main()
