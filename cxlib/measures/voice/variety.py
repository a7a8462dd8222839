"""Which written variety a comment is in: Cantonese, written Chinese, English or mixed.

Own short rule, no model: script first, then marks of written Cantonese, then which characters
only one of the two scripts has.
"""

import re
from functools import cache
from typing import Any, Final, Literal, get_args

from cxlib.measures.voice.normalise import _to_simplified

Variety = Literal["yue", "zh-Hant", "zh-Hans", "en", "mixed", "other"]
VARIETIES: Final[tuple[Variety, ...]] = get_args(Variety)

HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_CANTONESE: Final = re.compile(
    "[咗嘅啲嚟哋喺冇佢嗰嘢咁乜冧唔嚿攞搵睇嘥𠵱㗎𡁻𥄫嗌嚇瞓掂㷫冚嗮晒喎囉噃咩咪噉唞諗嬲"
    "揸氹掟劏撳𨋢揀啱呀㗎]"
    "|係(?:咁|唔|都|得)|真係|仲(?:要|有|係|未)|點(?:解|知|樣|得)|邊(?:個|度|間)|好似|成日"
    "|返(?:工|去|黎|嚟|轉)|食飯|靚|俾|畀|左(?:[^右邊側面上下手])|黎(?:唔|都|左|到)"
    "|好(?:好|易|快|多|慢|耐|專業|準時|小心|貼心|細心|煩|方便|有|失望|齊|長|遠|正)"
    "|呢(?:個|間|張|度|次)|先(?:話|知|黎|有|肯|送|覆|得)|爭\\d|[Dd](?=[\u4e00-\u9fff])|伏"
    "|一啲|幾耐|好耐|耐咗|耐左|抵(?:食|讚|買)|即刻|夠[曬哂]|曬$|話(?:有|冇|好|會|要)|[啦呀㗎喇嘞啫添]+[!！?？。~～]*$"
)
_LOAN: Final = frozenset({
    "app", "apple", "pay", "whatsapp", "wechat", "facebook", "fb", "ig", "instagram", "google",
    "fps", "payme", "alipay", "alipayhk", "octopus", "visa", "sms", "email", "qr", "code", "ok",
    "tv", "cs", "hk", "tko", "cwb", "tst", "faq", "logo", "vip", "wifi", "led", "diy", "usb",
    "x", "d", "g", "k", "m", "cm", "mm", "kg", "ft", "am", "pm", "no", "a", "b", "c", "e", "f",
})  # fmt: skip
"""Latin words every Hong Kong writer uses; they alone do not make a text mixed."""
_MIXED_SHARE: Final = 0.11


def variety(text: str) -> Variety:
    """Tell the variety of a cleaned text.

    Returns:
        "mixed" where words of English and Chinese characters stand together (loan words such as
        app or WhatsApp do not count); "other" where there is neither.
    """
    if text.isascii():
        return "en" if _WORD.search(text) else "other"
    n_han = len(HAN.findall(text))
    words = _WORD.findall(text)
    if not n_han:
        return "en" if words else "other"
    foreign = [word for word in words if word.lower() not in _LOAN]
    if foreign and len(foreign) / (len(foreign) + n_han) >= _MIXED_SHARE:
        return "mixed"
    if _CANTONESE.search(text):
        return "yue"
    return "zh-Hans" if _is_simplified(text) else "zh-Hant"


def _is_simplified(text: str) -> bool:
    """Whether more characters would change towards Traditional than towards Simplified."""
    simple, traditional = _to_simplified()(text), _to_traditional()(text)
    towards = sum(a != b for a, b in zip(text, traditional, strict=False))
    back = sum(a != b for a, b in zip(text, simple, strict=False))
    return bool(towards > back)


@cache
def _to_traditional() -> Any:  # noqa: ANN401 - a bound method of an untyped package
    import opencc

    return opencc.OpenCC("s2t").convert
