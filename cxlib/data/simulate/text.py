# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Comments: a phrase that fits touchpoint, score and language, with slots filled and a tail."""

from typing import Final, Literal

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import stream
from cxlib.data.simulate.complaints import COMPLAINTS
from cxlib.data.simulate.praise import PRAISE
from cxlib.data.simulate.truth import Truth

Register = Literal["zh", "yue", "en", "mix"]

ITEMS: Final = {
    "zh": ("梳化", "衣櫃", "床架", "餐枱", "書櫃", "鞋櫃", "電視櫃", "書枱", "茶几", "組合櫃"),
    "yue": ("梳化", "衣櫃", "床架", "餐枱", "書架", "鞋櫃", "電視櫃", "書枱", "茶几", "櫃桶"),
    "en": (
        "sofa",
        "wardrobe",
        "bed frame",
        "dining table",
        "bookcase",
        "shoe cabinet",
        "TV unit",
        "desk",
        "coffee table",
        "sofa bed",
    ),
    "mix": (
        "sofa",
        "衣櫃",
        "床架",
        "dining table",
        "書架",
        "鞋櫃",
        "TV 櫃",
        "書枱",
        "茶几",
        "sofa bed",
    ),
}
_PLACES: Final = {
    "zh": ("將軍澳", "沙田", "觀塘", "荃灣", "屯門", "太古", "元朗", "銅鑼灣", "大埔", "東涌"),
    "yue": ("將軍澳", "沙田", "觀塘", "荃灣", "屯門", "太古", "元朗", "銅鑼灣", "大埔", "馬鞍山"),
    "en": ("Tseung Kwan O", "Sha Tin", "Kwun Tong", "Tsuen Wan", "Tuen Mun", "Tai Koo"),
    "mix": ("TKO", "沙田", "觀塘", "荃灣", "屯門", "Tai Koo", "元朗", "CWB"),
}
_TAILS: Final[dict[str, dict[Register, tuple[str, ...]]]] = {
    "negative": {
        "zh": (
            "希望改善。",
            "令人失望。",
            "請跟進。",
            "下次會考慮其他店。",
            "與以往的水準有落差。",
        ),
        "yue": (
            "真係好失望。",
            "唔會再嚟。",
            "快啲改善啦唔該。",
            "𠵱家啲服務差咗好多。",
            "激死😡",
            "唉😮‍💨",
            "下次去第二間算。",
            "咁嘅服務點得㗎?",
        ),
        "en": (
            "Please look into it.",
            "Not what I expect from you.",
            "Very frustrating.",
            "I will think twice next time.",
            "Disappointed 😞",
        ),
        "mix": (
            "真係 so disappointed。",
            "please 改善下啦。",
            "好 frustrating 囉🙄",
            "唔會再 order。",
        ),
    },
    "mild": {
        "zh": ("整體尚可。", "其他方面都可以接受。", "有改善空間。", "希望繼續進步。"),
        "yue": ("其他都OK嘅。", "整體都算可以啦。", "仲可以做好啲。", "冇大問題嘅。"),
        "en": (
            "Otherwise fine.",
            "The rest was OK.",
            "Room for improvement.",
            "Overall acceptable.",
        ),
        "mix": ("其他都 OK。", "overall 可以接受。", "仲有 room for improvement。"),
    },
    "positive": {
        "zh": ("會再光顧。", "值得推薦。", "非常滿意。", "多謝你們。", "請代為嘉許。"),
        "yue": (
            "下次再嚟!",
            "大讚👍",
            "會介紹畀朋友㗎。",
            "多謝晒🙏",
            "真係冇得彈。",
            "正呀😍",
            "抵讚!",
        ),
        "en": (
            "Will come back.",
            "Highly recommended!",
            "Thank you 😊",
            "Keep it up.",
            "Well done to the team.",
        ),
        "mix": ("highly recommend 👍", "好 happy!", "thank you 晒🙏", "service 一流。"),
    },
}
_OPENERS: Final[dict[Register, tuple[str, ...]]] = {
    "zh": ("產品質素不錯,但", "整體尚算滿意,只是", "職員有禮貌,可惜"),
    "yue": ("啲嘢質素OK嘅,不過", "整體都OK,就係", "店員都算好人,但係"),
    "en": ("Nice products. ", "Mostly fine. ", "Good quality furniture. "),
    "mix": ("quality 幾好,but ", "overall OK,不過", "啲貨幾靚,just "),
}
_FULL_WIDTH: Final = str.maketrans({",": "\uff0c", "?": "\uff1f", "!": "\uff01", ":": "\uff1a"})
_JOINS: Final[dict[Register, str]] = {"zh": "", "yue": " ", "en": " ", "mix": " "}
_EVERYDAY: Final = str.maketrans({"咗": "左", "嚟": "黎", "哋": "地", "喺": "係", "啲": "D"})
_RARE: Final = ("🥲", "❤️", "👏", "👌", "🫠")


def register_for(language: str, rng: np.random.Generator) -> Register:
    """Choose how a person writes: English, written Chinese, written Cantonese or a mixture."""
    if language == "en":
        return "en" if rng.random() < 0.92 else "mix"
    draw = rng.random()
    return "yue" if draw < 0.48 else "zh" if draw < 0.84 else "mix"


def fill(phrase: str, register: Register, rng: np.random.Generator) -> str:
    """Fill the slots {item} {days} {minutes} {hours} {place} {pieces} of a phrase."""
    if "{" not in phrase:
        return phrase
    return phrase.format(
        item=rng.choice(ITEMS[register]),
        place=rng.choice(_PLACES[register]),
        days=int(rng.integers(3, 19)),
        minutes=int(rng.integers(4, 13)) * 5,
        hours=int(rng.integers(2, 9)),
        pieces=int(rng.integers(2, 7)),
    )


def write_comment(touchpoint: str, tone: str, register: Register, rng: np.random.Generator) -> str:
    """Write one comment; a mild one tempers its praise or its complaint."""
    bad, good = COMPLAINTS[touchpoint][register], PRAISE[touchpoint][register]
    half = tone == "mild" and rng.random() < 0.5
    phrases = good if tone == "positive" or (tone == "mild" and not half) else bad
    text = fill(str(rng.choice(phrases)), register, rng)
    if half:
        text = f"{rng.choice(_OPENERS[register])}{text}"
    elif rng.random() < 0.55:
        text = f"{text}{_JOINS[register]}{rng.choice(_TAILS[tone][register])}"
    if register == "zh" or (register == "yue" and rng.random() < 0.6):
        text = text.translate(_FULL_WIDTH)
    if register in {"yue", "mix"} and rng.random() < 0.3:
        text = text.translate(_EVERYDAY)
    return text


def hkid(letter: str, digits: str) -> str:
    """Complete an invented Hong Kong identity card number with its check digit (modulus 11).

    Sum of 36 x 9 (blank), letter (A = 10 ...) x 8 and the six digits x 7 ... 2; the check digit
    brings the sum to a multiple of 11, and A stands for 10.
    """
    total = 36 * 9 + (ord(letter) - 55) * 8
    total += sum(int(d) * w for d, w in zip(digits, range(7, 1, -1), strict=True))
    check = -total % 11
    return f"{letter}{digits}({'A' if check == 10 else check})"


def planted_identifiers(truth: Truth) -> dict[str, list[str]]:
    """List the invented identifiers hidden in comments, by kind."""
    each = truth.identifiers_per_kind
    ids = [f"{k}{k}{k}456" for k in range(1, 9)]
    return {
        "telephone": [f"9123 {4567 + 11 * k}" for k in range(each)],
        "email": [f"customer{k + 1}@example.com" for k in range(each)],
        "hkid": [hkid("ABCDEGHK"[k % 8], "123456" if k == 0 else ids[k % 8]) for k in range(each)],
    }


_CARRIERS: Final = {
    "telephone": ("請致電 {} 跟進。", "打 {} 搵我啦,唔該。", "Please call me back at {}."),
    "email": ("請電郵至 {} 回覆。", "email 我 {} 得㗎啦。", "Reply to {} please."),
    "hkid": (
        "職員要我提供身份證 {} 先肯處理。",
        "ID {} 都登記錯咗。",
        "I was asked for my HKID {}.",
    ),
}


def draw_comments(truth: Truth, answers: pd.DataFrame, *, seed: int) -> pd.Series:
    """Write comments for about `comment_share` of the answers, more often at the extremes."""
    rng = stream(seed, "comments")
    nps = answers["nps"].astype(float).fillna(7.5).to_numpy()
    csat = answers["csat"].astype(float).fillna(3.5).to_numpy()
    tone = np.select(
        [(csat <= 2) | (nps <= 5), (csat >= 4) & (nps >= 8)], ["negative", "positive"], "mild"
    )
    keen = np.select([tone == "negative", tone == "positive"], [1.35, 0.98], 0.72)
    wanted = rng.random(len(answers)) < truth.comment_share * keen / keen.mean()
    rows = np.flatnonzero(wanted)
    comments = np.full(len(answers), None, dtype=object)
    places, languages = answers["touchpoint"].to_numpy(), answers["language"].to_numpy()
    for k in rows:
        register = register_for(str(languages[k]), rng)
        text = write_comment(str(places[k]), str(tone[k]), register, rng)
        draw = rng.random()
        if draw < 0.03:
            text += "  "
        elif draw < 0.06:
            text += str(rng.choice(_RARE))
        comments[k] = text
    spots = rng.permutation(rows[tone[rows] == "negative"])
    used = 0
    for kind, values in planted_identifiers(truth).items():
        for value in values:
            carrier = _CARRIERS[kind][used % 3].format(value)
            spot = spots[used]
            comments[spot] = f"{str(comments[spot]).rstrip()} {carrier}"
            used += 1
    return pd.Series(comments, index=answers.index, dtype="object")
