# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Public mentions, labelled by an imperfect classifier, with a planted fall at the end."""

from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import stream
from cxlib.data.simulate.history import mention_weeks
from cxlib.data.simulate.text import Register, fill, write_comment
from cxlib.data.simulate.truth import Truth

_SOURCES: Final = ("google", "facebook", "forum", "instagram")
_TOPICS: Final = {
    "positive": ("store_visit", "design_consult", "delivery", "assembly", "store_checkout"),
    "negative": ("enquiry_chat", "delivery_booking", "delivery", "aftersales_service"),
}
_STARS: Final = {"positive": (5, 5, 5, 4, 4), "negative": (1, 1, 2, 2, 3)}
_HEADERS: Final[dict[Register, str]] = {
    "zh": "{place}分店：",
    "yue": "{place}店：",
    "en": "{place} store: ",
    "mix": "{place} shop：",
}
_NEUTRAL: Final[dict[Register, tuple[str, ...]]] = {
    "zh": (
        "請問{place}分店星期日幾點關門?",
        "想問{item}送貨到{place}要多少天。",
        "海港家居下星期有減價日。",
        "{item}有現貨嗎?",
    ),
    "yue": (
        "有冇人買過佢哋張{item}?想睇用家意見。",
        "{place}間舖搬咗去邊?",
        "請問{item}包唔包安裝㗎?",
        "排隊攞贈品要幾點到?",
    ),
    "en": (
        "Anyone bought the {item} from Harbour Home? Asking for opinions.",
        "Does the {place} store open on public holidays?",
        "Harbour Home has a sale next week.",
        "Is the {item} in stock anywhere?",
    ),
    "mix": ("請問 {item} 有冇 stock?", "{place} branch 幾點 close?", "有冇人用過佢個 app?"),
}


def draw_mentions(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw the mentions of every full week; `_tone` is what a person would have said.

    The classifier finds a positive with `classifier_sensitivity` and a negative with
    `classifier_specificity`; the text always follows the true tone.
    """
    rng = stream(seed, "mentions")
    rows: list[tuple[object, ...]] = []
    for monday in mention_weeks(truth):
        shifted = monday >= truth.positive_shift_start
        positive = truth.positive_share_after if shifted else truth.positive_share_before
        for _ in range(int(rng.poisson(truth.mentions_per_week))):
            tone = "neutral" if rng.random() < truth.neutral_share else "positive"
            if tone == "positive" and rng.random() >= positive:
                tone = "negative"
            draw = rng.random()
            register: Register = (
                "yue" if draw < 0.46 else "zh" if draw < 0.74 else "en" if draw < 0.9 else "mix"
            )
            if tone == "neutral":
                text = fill(str(rng.choice(_NEUTRAL[register])), register, rng)
            else:
                text = write_comment(str(rng.choice(_TOPICS[tone])), tone, register, rng)
                if rng.random() < 0.6:
                    text = fill(_HEADERS[register], register, rng) + text
            source = str(rng.choice(_SOURCES, p=(0.44, 0.26, 0.16, 0.14)))
            label = tone
            if tone == "positive" and rng.random() >= truth.classifier_sensitivity:
                label = "negative"
            elif tone == "negative" and rng.random() >= truth.classifier_specificity:
                label = "positive"
            stars = None
            if source == "google" and tone != "neutral":
                stars = int(rng.choice(_STARS[tone]))
            posted = monday + timedelta(days=int(rng.integers(0, 7)))
            language = "en" if register == "en" else "zh-Hant"
            rows.append((source, stars, language, posted.isoformat(), text, label, tone))
    columns = ["source", "stars", "language", "posted_on", "text", "label", "_tone"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.sort_values("posted_on", kind="stable", ignore_index=True)
    frame["stars"] = frame["stars"].astype("Int64")
    frame.insert(0, "mention_id", [f"M{k}" for k in range(10_001, 10_001 + len(frame))])
    return frame


def draw_codes(truth: Truth, mentions: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw a random sample of the baseline's and the review's mentions, read by two people.

    Each slips on `coder_slip` of them and then calls out one of the other two tones.
    """
    rng = stream(seed, "mention codes")
    in_scope = mentions[mentions["posted_on"] >= truth.baseline_start.isoformat()]
    picked = np.sort(rng.choice(len(in_scope), min(truth.coded_mentions, len(in_scope)), False))
    tones = ("positive", "neutral", "negative")
    rows = []
    for mention, tone in in_scope.iloc[picked][["mention_id", "_tone"]].itertuples(index=False):
        for coder in ("A", "B"):
            slips = rng.random() < truth.coder_slip
            label = str(rng.choice([other for other in tones if other != tone])) if slips else tone
            rows.append((mention, coder, label))
    return pd.DataFrame(rows, columns=["mention_id", "coder", "label"])
