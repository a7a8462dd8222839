# ruff: noqa: E501, S608  (a bank of words stands on its line; the path is this file's own)
"""Made-up comments for the benchmarks of text: as many as wanted, nearly all clauses different.

Clauses come from the sample's templates, each with what makes it one person's: when, where, how
long, how much, which thing, a spelling slip. Written chunk by chunk to a Parquet file, so that
the texts never stand in the memory that is measured.
"""

import datetime as dt
import re

import numpy as np
import pandas as pd

from cxlib.data.simulate.complaints import COMPLAINTS
from cxlib.data.simulate.praise import PRAISE
from cxlib.data.simulate.text import ITEMS, write_comment

START = dt.date(2025, 1, 1)
REGISTERS = ("zh", "yue", "en", "mix")
_MARK = re.compile(r"[,，。.!！?？;；]")
_COLOURS = {
    "han": ("白色", "原木色", "深啡", "淺灰", "墨綠", "米黃", "黑色", "藍色", "橡木", "胡桃"),
    "en": ("white", "oak", "dark brown", "light grey", "green", "beige", "black", "blue", "pine"),
}
_WHEN = {
    "han": (
        "上星期{w}",
        "{m}月{d}號",
        "琴日{h}點",
        "今朝",
        "{h}點幾",
        "嗰日{h}點{n}分",
        "舊年{m}月",
    ),
    "en": (
        "last {w}",
        "on {d}/{m}",
        "yesterday at {h}",
        "this morning",
        "around {h}:{n}",
        "in {m}",
    ),
}
_WHO = {
    "han": (
        "我媽媽",
        "我老公",
        "我太太",
        "同事",
        "隔離屋",
        "朋友",
        "細佬",
        "屋企人",
        "我自己",
        "個仔",
    ),
    "en": ("my mum", "my wife", "my husband", "a friend", "my brother", "a colleague", "we", "I"),
}
_HOW = {
    "han": (
        "{n}次",
        "第{d}次",
        "{n}蚊",
        "{d}張",
        "{n}分鐘",
        "{d}日",
        "成{h}個鐘",
        "{n}呎",
        "{d}件",
    ),
    "en": ("{n} times", "{d} days", "{n} dollars", "{d} pieces", "{n} minutes", "{h} hours"),
}
_RARE = ("㗎", "𡁻", "𥄫", "😡", "👍", "😍", "🙏", "😮‍💨", "🥲", "❤️")
_IDS = (
    lambda r: f" 打{r.integers(5, 10)}{r.integers(100, 1000)} {r.integers(1000, 10000)}搵我",
    lambda r: f" mail user{r.integers(1e6)}@example.com",
    lambda r: f" 單號{r.integers(1e6, 1e7)}",
    lambda r: f" 多謝{'陳李黃何梁'[r.integers(5)]}小姐",
)
_WEEK = "一二三四五六日"


def one_comment(point, tone, register, rng, bank):
    """Write one comment of one to three templates, its clauses told apart by small facts."""
    script = "en" if register == "en" else "han"
    texts = bank[point, tone, register]
    n = 1 + int(rng.random() < 0.6) + int(rng.random() < 0.15)
    draws = rng.integers(0, len(texts), n)
    text = " ".join(texts[k] for k in draws)
    out, last = [], 0
    for mark in _MARK.finditer(text):
        out += [text[last : mark.start()], _fact(script, rng), mark.group()]
        last = mark.end()
    out += [text[last:], _fact(script, rng)]
    if rng.random() < 0.3:
        out.append(_RARE[rng.integers(len(_RARE))])
    if rng.random() < 0.02:
        out.append(_IDS[rng.integers(len(_IDS))](rng))
    return "".join(out)


def _fact(script, rng):
    a, b, c, d, e, f = rng.integers(0, 1000, 6).tolist()
    kinds = (_WHEN, _WHO, _HOW, _COLOURS, {"han": ITEMS["zh"], "en": ITEMS["en"]})
    first, second = kinds[a % 5][script], kinds[(a + 1 + b % 4) % 5][script]
    words = f"{first[c % len(first)]}{' ' if script == 'en' else ''}{second[d % len(second)]}"
    facts = {"w": _WEEK[e % 7], "m": e % 12 + 1, "d": f % 28 + 1, "h": b % 12 + 1, "n": f % 59 + 1}
    return (" " if script == "en" else "") + words.format(**facts)


def made_up(n, seed):
    """Return a table of answers, in order of time, with scores that go with the tone."""
    rng = np.random.default_rng(seed)
    points = tuple(COMPLAINTS)
    bank = {
        (point, tone, register): sorted({write_comment(point, tone, register, rng) for _ in range(40)})
        for point in points for tone in ("negative", "positive") for register in REGISTERS
        if point in PRAISE
    }  # fmt: skip
    keys = list(bank)
    low = rng.random(n) < 0.4
    at = rng.integers(0, len(keys) // 8, n) * 8 + np.where(low, 0, 4) + rng.integers(0, 4, n)
    picked = [keys[k] for k in at]
    return pd.DataFrame({
        "answer_id": [f"A{seed}-{k:07d}" for k in range(n)],
        "customer_id": [f"C{k}" for k in rng.integers(0, max(1, n * 4 // 5), n)],
        "touchpoint": [point for point, *_ in picked],
        "answered_at": pd.Timestamp(START) + pd.to_timedelta(np.sort(rng.integers(0, 525_600, n)), "min"),
        "nps": np.where(low, rng.integers(0, 7, n), rng.integers(9, 11, n)),
        "csat": np.where(low, rng.integers(1, 3, n), rng.integers(4, 6, n)),
        "comment": [one_comment(*key, rng, bank) for key in picked],
    })  # fmt: skip


def write_parquet(folder, n, *, seed=1, step=50_000):
    """Write so many comments as Parquet files of a folder, in order of time over one year."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as engine:
        for part, start in enumerate(range(0, n, step)):
            frame = made_up(min(step, n - start), seed * 1000 + part)
            engine.register("frame", frame)
            engine.execute(f"copy frame to '{folder}/part{part:03}.parquet' (format parquet)")
        file = folder / "answers.parquet"
        engine.execute(
            f"copy (select * from '{folder}/part*.parquet' order by answered_at, answer_id) "
            f"to '{file}' (format parquet)"
        )
    for part in folder.glob("part*.parquet"):
        part.unlink()
    return file
