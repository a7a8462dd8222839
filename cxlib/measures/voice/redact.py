# ruff: noqa: PLR2004  (a limit stands beside the rule it belongs to)
"""Take personal data out of a text before it is kept, counted or shown.

Rules with check digits where the number has one; long formats before short ones, so that no part
of a card is taken for a telephone. Rules do not find every name and free-form address: a person
confirms each quotation before it leaves the house (`quotes`), and the client can give a name list.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cxlib.measures.voice import signs
from cxlib.measures.voice.normalise import fold, fold_all

Kind = Literal[
    "email", "link", "cn_id", "card", "hkid", "tw_id", "octopus", "account", "phone", "address",
    "name",
]  # fmt: skip

_SPOKEN: Final = re.compile("[〇零一二三四五六七八九]{6,}")
_NUMERALS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_DIGIT: Final = re.compile(r"\d")
_MANY_DIGITS: Final = re.compile(r"(?:\d[ ().\-/]{0,3}){6}")
_EMAIL: Final = re.compile(
    r"[\w.+\-]+ ?(?:@|\(at\)|\[at\]) ?[\w\-]+(?:(?:\.| ?\(dot\) ?| ?\[dot\] ?)[A-Za-z][\w\-]*)+",
    re.IGNORECASE | re.ASCII,
)
_LINK: Final = re.compile(r"(?:https?://|www\.|wa\.me/|t\.me/)[^\s<>，。！？）]+", re.IGNORECASE)
_CN_ID: Final = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_CARD: Final = re.compile(r"(?<![0-9])\d(?:[ \-]?\d){12,18}(?![0-9])")
_HKID: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{1,2}) ?-?(\d{3} ?\d{3}) ?(?:\( ?([0-9Aa]) ?\)|-?([0-9Aa]))"
    r"(?![A-Za-z0-9])"
)
_TW_ID: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][1289A-Da-d]\d{8}(?![A-Za-z0-9])")
_ID_CUE: Final = re.compile(r"身分證|身份證|身份证|hkid|id ?(?:card|no|number)", re.IGNORECASE)
_OCTOPUS_CUE: Final = re.compile(r"八達通|八达通|octopus", re.IGNORECASE)
_OCTOPUS: Final = re.compile(r"(?<![0-9])\d(?:[ \-]?\d){7,8}(?: ?\(\d\))?(?![0-9])")
_ACCOUNT: Final = re.compile(
    r"(?:帳號|賬號|账号|帳戶|賬戶|戶口|訂單|定單|單號|單據|個案|编号|編號|會員號?碼?|發票|參考|追蹤號?碼?"
    r"|(?<![a-z])(?:account|acct|a/c|order|case|ref(?:erence)?|member(?:ship)?|invoice|receipt"
    r"|tracking|booking)(?![a-z]))"
    r"(?:[ \-]{0,2}(?:no\b\.?|number|num|id\b|code|號碼|號|編號|係|是))*[ :#：.]{0,4}"
    r"(?<![A-Za-z0-9])((?=[A-Za-z0-9\-]*\d[A-Za-z0-9\-]*\d[A-Za-z0-9\-]*\d[A-Za-z0-9\-]*\d)"
    r"[A-Za-z0-9][A-Za-z0-9\-]{3,23})",
    re.IGNORECASE,
)
_FOUR_DIGITS: Final = re.compile(r"\d(?:[A-Za-z\-]*\d){3}")
_MODEL_CUE: Final = re.compile(
    r"(?:型號|型号|貨號|货号|款號|model|article|item|sku|product)[ :#.no號係]{0,8}$", re.IGNORECASE
)
_PHONE_CUE: Final = re.compile(
    r"(?:電話|电话|手機|手提|致電|打|call|tel|phone|mobile|whatsapp|wts|搵我|聯絡)[^\d]{0,10}$",
    re.IGNORECASE,
)
_PHONES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\dA-Za-z])(?:\+|00)?\(?886\)?[ \-]?\(?0?\)?\d{1,2}[ \-]?\d{3,4}[ \-]?\d{3,4}(?!\d)",
        r"(?<![\dA-Za-z])09\d{2}[ \-]?\d{3}[ \-]?\d{3}(?!\d)",
        r"(?<![\dA-Za-z])\(?0[2-8]\d?\)?[ \-]?\d{3,4}[ \-]\d{4}(?!\d)",
        r"(?<![\dA-Za-z])(?:(?:\+|00)?\(?86\)?[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)",
        r"(?<![\dA-Za-z])(?:\+|00)\(?\d{1,3}\)?(?:[ \-.]?\d{2,4}){2,5}(?!\d)",
    )
)
_HK_PHONE: Final = re.compile(
    r"(?<![\d$¥￥A-Za-z])(?<!\d[.,])(?:\(?852\)?[ \-]?)?"
    r"([235-9]\d{3}[ .\-]{0,2}\d{4}|[235-9]\d[ .\-]\d{2}[ .\-]\d{2}[ .\-]\d{2}"
    r"|[235-9]\d{2}[ .\-]\d{3}[ .\-]\d{2}|[235-9]\d{2}[ .\-]\d{2}[ .\-]\d{3})(?![\d%])"
)
_YEARS: Final = re.compile(r"(?:19|20)\d{2}[ .\-]{1,2}(?:19|20)\d{2}")
_MONEY_AFTER: Final = re.compile(r"\s?(?:元|蚊|块|塊|港幣|hkd|dollars?)", re.IGNORECASE)
_ADDRESSES: Final = (
    re.compile(
        "[\u4e00-\u9fff]{2,5}?(?:道|街|路|里|徑|巷)(?:西|東|南|北|中)?\\s?\\d{1,4}[A-Za-z]?"
        "(?:[\\-至]\\d{1,4}[A-Za-z]?)?\\s?號(?:[\u4e00-\u9fff]{2,6}(?:大廈|中心|花園|閣|苑|樓))?"
        "(?:\\s?[,，]?\\s?(?:第?[0-9A-Za-z]{1,3}[座期]|\\d{1,3}\\s?(?:樓|/F|字樓|層)"
        "|[0-9A-Za-z]{1,4}(?:室|單位)))*"
    ),
    re.compile(
        "(?:[\u4e00-\u9fff]{1,6}(?:邨|村|苑|花園|大廈|閣|樓|廣場|中心|灣|城|居|軒|豪庭)\\s?)?"
        "(?:(?:第?\\s?[0-9A-Za-z]{1,3}|[\u4e00-\u9fff]{1,2})\\s?(?:座|期|幢|棟)\\s?[,，]?\\s?)?"
        "\\d{1,3}\\s?(?:樓|/F|字樓|層)\\s?[,，]?\\s?[0-9A-Za-z]{1,4}\\s?(?:室|單位|號室|號)"
    ),
    re.compile(
        "[\u4e00-\u9fff]{2,6}(?:邨|苑|花園|大廈|閣|廣場|豪庭)\\s?第?\\s?[0-9A-Za-z]{1,3}\\s?"
        "(?:座|期|幢|棟)(?:\\s?\\d{1,3}\\s?(?:樓|/F))?"
    ),
    re.compile(
        r"\b(?:flat|room|rm|unit|apt)\.?\s?[0-9A-Za-z]{1,5}\s?,?\s?(?:(?:on\s)?\d{1,3}\s?/?\s?"
        r"(?:st|nd|rd|th)?\s?(?:/?F\b|floor))(?:\s?,\s?[A-Z0-9][\w' ]{2,40}){0,4}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:block|tower)\s?[0-9A-Z]{1,3}\s?,?\s?\d{1,3}\s?/\s?F(?:\s?,?\s?(?:flat|room)?\s?"
        r"[0-9A-Z]{1,3}\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b\d{1,4}[A-Z]?(?:-\d{1,4})?,?\s(?:[A-Z][a-z']+\s){1,4}"
        r"(?:Road|Street|Avenue|Lane|Drive|Path|Terrace|Rd|St|Ave)\b"
        r"(?:\s(?:East|West|Central|North|South))?"
    ),
)
_ADDRESS_CUES: Final = (
    re.compile(r"[道街路里徑巷][西東南北中]?\s?\d"),
    re.compile(r"[樓層]|/F"),
    re.compile(r"[座期幢棟]"),
    re.compile(r"[Ff][Ll][Aa][Tt]|[Rr](?:[Oo][Oo])?[Mm]|[Uu][Nn][Iiİı][Tt]|[Aa][Pp][Tt]"),
    re.compile(r"[Bb][Ll][Oo][Cc][Kk\u212a]|[Tt][Oo][Ww][Ee][Rr]"),
    re.compile(r"Road|Street|Avenue|Lane|Drive|Path|Terrace|Rd|St|Ave"),
)
"""What each kind of address cannot do without; quick to look for."""
_SURNAMES: Final = (
    "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮董蕭程曹袁鄧許傅沈曾彭呂蘇盧蔣蔡賈丁魏薛葉"
    "閻余潘杜戴夏鍾鐘汪田任姜范方石姚譚廖鄒熊陸郝孔白崔康毛邱秦江史顧侯邵孟萬段錢湯尹黎易武喬賀賴龔文"
    "歐莫區鄺麥伍霍關倫岑甄冼簡葛游詹施柯翁阮樊溫辛翟俞殷莊柳童尤鄔凌屈梅華嚴洪紀駱卓"
    "张刘陈杨赵黄吴孙马罗郑谢韩冯萧邓许苏卢蒋贾叶钟谭邹陆顾万钱汤乔贺赖龚欧区邝麦关伦简温庄严骆"
)
_LONG: Final = "歐陽|欧阳|司徒|司馬|上官|諸葛|端木|皇甫"
_TITLE: Final = (
    r"先生|小姐|女士|太太|師奶|師傅|经理|經理|主任|姑娘|太(?![多貴慢差久耐長遠好快細大少])"
)
_NAMES: Final = (
    re.compile(f"(?<![多感鳴師])(?:{_LONG}|[{_SURNAMES}])[\u4e00-\u9fff]{{0,2}}(?=(?:{_TITLE}))"),
    re.compile(f"(?<=我叫)(?:{_LONG}|[{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}(?![\u4e00-\u9fff]{{4}})"),
    re.compile(r"(?<=(?:名叫|叫做|姓名))[:：]?(?:[" + _SURNAMES + "])[\u4e00-\u9fff]{1,2}"),
    re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mdm|Dr)\b\.?\s?[A-Z][A-Za-z'\-]+(?:\s[A-Z][a-z'\-]+){0,2}"),
    re.compile(r"(?<=[Mm]y name is )[A-Z][A-Za-z'\-]+(?:\s[A-Z][a-z'\-]+){0,2}"),
)
_NAME_CUE: Final = re.compile(rf"{_TITLE}|我叫|名叫|叫做|姓名")
_LATIN_NAME_CUES: Final = ("Mr", "Ms", "Miss", "Mdm", "Dr", "y name is")
_COMMON: Final = frozenset({"高級", "文員", "康文", "方便", "關於", "任何", "溫和", "簡單"})

_HKID_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2)
_CN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TW_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_CARD_LEAD: Final = frozenset("23456")


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data at a place of a text."""

    kind: Kind
    start: int
    end: int


def hkid_is_valid(letters: str, digits: str, check: str) -> bool:
    """Test a Hong Kong identity card number: the weighted sum is a multiple of 11.

    Source: weights 9 (blank 36 or first of two letters), 8, 7 … 2 and check digit 1; A is 10.
    """
    values = [ord(c) - 55 for c in letters.upper()]
    values = [36, *values] if len(values) == 1 else values
    values += [int(c) for c in digits]
    last = 10 if check.upper() == "A" else int(check)
    return (sum(v * w for v, w in zip(values, _HKID_WEIGHTS, strict=True)) + last) % 11 == 0


def tw_id_is_valid(number: str) -> bool:
    """Test a Taiwan identity number (national or resident) by its weights 1, 9, 8 … 1, 1."""
    code = _TW_LETTERS.index(number[0].upper()) + 10
    second = number[1].upper()
    digits = [code // 10, code % 10]
    digits.append(int(second) if second.isdigit() else (_TW_LETTERS.index(second) + 10) % 10)
    digits += [int(c) for c in number[2:]]
    return (
        sum(d * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


def cn_id_is_valid(number: str) -> bool:
    """Test a Mainland identity number: a date inside and ISO 7064 mod 11-2."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(c) * w for c, w in zip(number[:17], _CN_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def luhn_is_valid(digits: str) -> bool:
    """Test a card number by Luhn's sum."""
    doubled = (int(c) * (2 if k % 2 else 1) for k, c in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


class _Findings:
    """Collects what is found; what came first keeps its place."""

    def __init__(self, plain: str) -> None:
        self.items: list[Found] = []
        self._plain = plain

    def add(self, kind: Kind, start: int, end: int) -> None:
        if all(end <= other.start or start >= other.end for other in self.items):
            self.items.append(Found(kind, start, end))

    def scan(
        self,
        kind: Kind,
        pattern: re.Pattern[str],
        holds: Callable[[re.Match[str]], bool] | None = None,
    ) -> None:
        for match in pattern.finditer(self._plain):
            if match.end() > match.start() and (holds is None or holds(match)):
                self.add(kind, match.start(), match.end())


class Redactor:
    """Finds and masks personal data.

    Args:
        names: Names the client wants hidden (staff, customers), in any script; Latin ones count
            as whole words only.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        listed = sorted({fold(name.strip()) for name in names if name.strip()}, key=len)[::-1]
        parts = [
            rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
            for name in listed
        ]
        self._listed = re.compile("|".join(parts)) if parts else None

    def find(self, text: str) -> list[Found]:
        """Find what must not be shown, in order of place, no two overlapping."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[list[Found]]:
        """Find it in many texts; one without the signs a rule cannot do without is not searched.

        A table says of each character what it may be part of; texts stand in one row for that.
        """
        row, begins, has, digits = signs.signs_of(texts)
        found: list[list[Found]] = []
        foldeds = fold_all(texts) if self._listed is not None else texts
        counted = zip(foldeds, has.tolist(), digits.tolist(), begins.tolist(), strict=True)
        for folded, some, n_digits, begin in counted:
            plain = row[begin : begin + len(folded)]
            if some & signs.NUMERAL:
                plain = _SPOKEN.sub(lambda run: run[0].translate(_NUMERALS), plain)
                n_digits = sum(c.isdecimal() for c in plain)  # noqa: PLW2901
            items = self._found(plain, some, n_digits) if some else _Findings(plain)
            if self._listed is not None:
                for match in self._listed.finditer(folded):
                    items.add("name", match.start(), match.end())
            found.append(sorted(items.items, key=lambda item: item.start))
        return found

    def _found(self, plain: str, has: int, n_digits: int) -> _Findings:
        found = _Findings(plain)
        small = plain.lower()
        if has & signs.MAIL and ("@" in plain or "at)" in small or "at]" in small):
            found.scan("email", _EMAIL)
        if has & signs.WEB and ("/" in plain or "www" in small):
            found.scan("link", _LINK)
        if n_digits:
            if n_digits >= 6 and _MANY_DIGITS.search(plain):
                self._numbers(plain, found.scan)
            self._accounts_and_addresses(plain, small, found, has, n_digits)
        if (has & signs.TITLED and _NAME_CUE.search(plain)) or (
            has & signs.LATIN and any(cue in plain for cue in _LATIN_NAME_CUES)
        ):
            for pattern in _NAMES:
                found.scan("name", pattern, lambda match: match.group() not in _COMMON)
        return found

    @staticmethod
    def _accounts_and_addresses(
        plain: str, small: str, found: _Findings, has: int, n_digits: int
    ) -> None:
        if n_digits >= 4 and _FOUR_DIGITS.search(plain):
            for match in _ACCOUNT.finditer(plain):
                if not _is_day(match[1]):
                    found.add("account", match.start(1), match.end(1))
        english = has & signs.TEXT
        needs = (
            has & signs.STREET,
            has & signs.FLOOR,
            has & signs.BLOCK,
            english and ("flat" in small or "rm" in small or "room" in small or "un" in small
                         or "apt" in small),
            english and ("bloc" in small or "tower" in small),
            english and ("rd" in small or "st" in small or "road" in small or "ave" in small
                         or "lane" in small or "drive" in small or "path" in small
                         or "terrace" in small),
        )  # fmt: skip
        for may, needed, pattern in zip(needs, _ADDRESS_CUES, _ADDRESSES, strict=True):
            if may and needed.search(plain):
                found.scan("address", pattern)

    @staticmethod
    def _numbers(plain: str, scan: Callable[..., None]) -> None:
        def before(match: re.Match[str], cue: re.Pattern[str], reach: int = 16) -> bool:
            return cue.search(plain[max(0, match.start() - reach) : match.start()]) is not None

        def near(match: re.Match[str], cue: re.Pattern[str]) -> bool:
            return cue.search(plain[max(0, match.start() - 16) : match.end() + 16]) is not None

        def is_card(match: re.Match[str]) -> bool:
            digits = re.sub(r"\D", "", match.group())
            return digits[0] in _CARD_LEAD and luhn_is_valid(digits)

        def is_hkid(match: re.Match[str]) -> bool:
            digits, check = match[2].replace(" ", ""), match[3] or match[4]
            return hkid_is_valid(match[1], digits, check) or near(match, _ID_CUE)

        def is_phone(match: re.Match[str]) -> bool:
            if before(match, _PHONE_CUE) or match.group().lstrip("(").startswith("852"):
                return True
            if before(match, _MODEL_CUE, 24) or _MONEY_AFTER.match(plain, match.end()):
                return False
            return not (_YEARS.fullmatch(match.group()) or _is_day(match.group()))

        scan("cn_id", _CN_ID, lambda match: cn_id_is_valid(match.group()))
        scan("card", _CARD, is_card)
        scan("hkid", _HKID, is_hkid)
        scan("tw_id", _TW_ID, lambda match: tw_id_is_valid(match.group()) or near(match, _ID_CUE))
        scan("octopus", _OCTOPUS, lambda match: near(match, _OCTOPUS_CUE))
        for pattern in _PHONES:
            scan("phone", pattern, lambda match: not before(match, _MODEL_CUE, 24))
        scan("phone", _HK_PHONE, is_phone)

    def redact(self, text: str) -> str:
        """Put `[kind]` in the place of everything found."""
        pieces, last = [], 0
        for item in self.find(text):
            pieces += [text[last : item.start], f"[{item.kind}]"]
            last = item.end
        return "".join([*pieces, text[last:]]) if pieces else text


def _is_day(written: str) -> bool:
    """Whether digits are a date such as 20260701, 2026-07-01 or 2026-0701."""
    digits = re.sub(r"\D", "", written)
    if len(digits) != 8 or not written.replace("-", "").replace(".", "").replace(" ", "").isdigit():
        return False
    for year, month, day in ((digits[:4], digits[4:6], digits[6:]),
                             (digits[4:], digits[2:4], digits[:2])):  # fmt: skip
        if 1900 <= int(year) <= 2100 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            return True
    return False
