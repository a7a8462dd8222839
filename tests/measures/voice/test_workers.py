# ruff: noqa: E501  (a case stands on its line)
"""cxlib.measures.voice.workers: other processes give what this one gives."""

import datetime as dt
import os
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from cxlib.data.simulate.text import write_comment
from cxlib.data.source import duckdb_source
from cxlib.measures.voice.listen import listen
from cxlib.measures.voice.reading import Plan, Reader
from cxlib.measures.voice.sentiment import learn_sentiment
from cxlib.measures.voice.taxonomy import base_taxonomy
from cxlib.measures.voice.workers import MANY, readers

BASE = base_taxonomy()
START, END = dt.date(2025, 7, 1), dt.date(2026, 1, 1)


def comments(n=600):
    rng = np.random.default_rng(8)
    tones = np.where(rng.random(n) < 0.4, "negative", "positive")
    registers = rng.choice(["zh", "yue", "en", "mix"], n)
    texts = [write_comment("delivery", t, r, rng) for t, r in zip(tones, registers, strict=True)]
    low = tones == "negative"
    return pd.DataFrame({
        "answer_id": [f"A{k:05d}" for k in range(n)],
        "customer_id": [f"C{k % 200}" for k in range(n)],
        "touchpoint": rng.choice(["delivery", "assembly"], n),
        "answered_at": pd.Timestamp(START) + pd.to_timedelta(np.arange(n) // 3, "h"),
        "nps": np.where(low, 2, 10), "csat": np.where(low, 1, 5), "comment": texts,
    })  # fmt: skip


def heard(frame, **options):
    tables = {"answers": duckdb_source(frame, table="answers")}
    return listen(tables, taxonomy=BASE, start=START, end=END, size=90, **options)


def assert_same(one, other):
    """Compare all that is kept, bit by bit."""
    for column in fields(one):
        left, right = getattr(one, column.name), getattr(other, column.name)
        if isinstance(left, pd.Categorical):
            assert left.equals(right), column.name
        elif isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            assert left.tobytes() == right.tobytes(), column.name
        else:
            assert left == right, column.name


def test_two_processes_give_what_one_gives_to_the_last_bit():
    """Everything kept: bits of themes and blame, scores, people, copies, phrases, candidates."""
    frame = comments()
    scorer = learn_sentiment(
        list(frame["comment"]), list(frame["csat"].astype(float)), list(frame["customer_id"]),
        label="csat", seed=1,
    )  # fmt: skip
    assert scorer.basis == "own_scores"
    one = heard(frame, blame=scorer.blame_folded, processes=1, names=["陳大文"])
    two = heard(frame, blame=scorer.blame_folded, processes=2, names=["陳大文"])
    assert one.counts.copies > 0
    assert_same(one, two)


def test_a_judge_that_cannot_be_sent_is_read_by_this_process_alone():
    frame = comments(100)
    alone = heard(frame, blame=lambda texts: np.full(len(texts), 0.7), processes=2)
    assert alone.has_sentiment
    assert_same(alone, heard(frame, blame=lambda texts: np.full(len(texts), 0.7), processes=1))


def test_a_worker_that_dies_costs_nothing_but_time():
    """Its chunk is read by this process instead."""
    plan = Plan(taxonomy=BASE, blame=None)
    jobs = [([f"態度差 {k}"], [f"C{k}"]) for k in range(6)]
    with readers(plan, n=0, processes=1) as run:
        known = [hidden.texts for hidden in run("hide", jobs)]
    with readers(plan, n=0, processes=2) as run:
        results = run("hide", jobs)
        found = [next(results).texts]
        for child in _children():
            subprocess.run(["kill", "-9", child], check=True)
        found += [hidden.texts for hidden in results]
    assert found == known


def test_an_error_in_a_worker_is_raised_here():
    with (
        readers(Plan(taxonomy=BASE, blame=None), n=0, processes=2) as run,
        pytest.raises(TypeError, match=r"object of type 'int' has no len\(\)"),
    ):
        list(run("hide", [([3], ["C1"])]))


def test_few_comments_start_no_process():
    assert MANY == 20_000
    with readers(Plan(taxonomy=BASE, blame=None), n=MANY - 1):
        assert _children() == []


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    """A notebook's kernel and a bare script are never imported by a worker."""
    script = tmp_path / "bare.py"
    script.write_text(
        "print('once')\n"
        "from cxlib.measures.voice.reading import Plan\n"
        "from cxlib.measures.voice.taxonomy import base_taxonomy\n"
        "from cxlib.measures.voice.workers import readers\n"
        "with readers(Plan(taxonomy=base_taxonomy(), blame=None), n=0, processes=2) as run:\n"
        "    print([h.texts for h in run('hide', [(['a'], ['C1'])] * 3)])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120,
        env={"PYTHONPATH": ":".join(path or "." for path in sys.path)},
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["once", "[['a'], ['a'], ['a']]"]


def _children():
    """Return the worker processes of this one."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [line.split()[0] for line in listed.splitlines() if "voice.workers" in line]


HOSTILE = [
    "\ud83d",
    "好\udc00差", "\ue000\uf8ff\uf6b1", "\u202e態度差\u202c", "\x00\x1b[31m差", "=1+1", "<b>", "a" * 100_000,
]  # fmt: skip


def test_texts_no_engine_would_give_are_read_all_the_same():
    """Lone surrogates, private-use characters, marks of direction, controls, 100 kB."""
    reader = Reader(Plan(taxonomy=BASE, blame=lambda texts: np.zeros(len(texts)), phrase_share=0.5))
    hidden = reader.hide(HOSTILE, ["C1"] * len(HOSTILE))
    n = len(HOSTILE)
    records = pd.DataFrame({
        "origin": ["answers"] * n, "row_id": [f"A{k}" for k in range(n)], "nps": [1.0] * n, "csat": [1.0] * n,
        "person": list(range(n)), "text": pd.Series(hidden.texts, dtype="object"),
        "folded": pd.Series(hidden.foldeds, dtype="object"),
    })  # fmt: skip
    assert reader.read(records).themes.size == n
    assert not any(mark in text for text in hidden.texts for mark in "\u202e\x00\ud83d\udc00")
