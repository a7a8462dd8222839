"""Decode a client's text file: UTF-8, UTF-16, Big5 with Hong Kong characters and a few others.

The order is from certain to likely: a stated encoding wins, then a byte order mark, then UTF-8
(which other encodings almost never satisfy by chance), then UTF-16 without a mark, then a guess
among a closed list. A guess must decode the whole file, else the file is refused.
"""

import codecs
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from cxlib.data.grid import unreadable
from cxlib.errors import DataError

CANDIDATES: Final = ("cp950", "big5hkscs", "gb18030", "cp1252")
"""What a guess may answer; UTF-8, UTF-16 and Japanese are settled before guessing."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT: Final = (
    (b"PK\x03\x04", "an Excel workbook or zip archive", "set reader: excel, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "set reader: excel"),
    (b"PAR1", "a Parquet file", "set reader: parquet"),
    (b"%PDF", "a PDF document", "export the table as CSV or Excel"),
)
_SUGGESTED: Final = ("utf-8", "utf-16", "cp950", "big5hkscs", "gb18030", "cp932", "cp1252")
_BIG5: Final = ("cp950", "big5hkscs")
_KANA: Final = re.compile("[\u3041-\u30fa]")
_KANA_SHARE: Final = 5  # at least one kana in five characters
_UTF16_SHARE: Final = 20  # in UTF-16, more than one byte in twenty is zero
_SAMPLE_BYTES: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedText:
    """The text of a file and the encoding that produced it (a Python codec name)."""

    text: str
    encoding: str


def decode(
    content: bytes, *, file: str, table_name: str, encoding: str | None = None
) -> DecodedText:
    """Decode the bytes of a text file.

    Args:
        content: The whole file.
        file: Its name, for messages.
        table_name: The table it holds, for messages.
        encoding: What engagement.yml says; it wins over every guess. "big5" means Big5 of any
            kind: the Windows form first, then the Hong Kong form (they differ in 255 characters).

    Raises:
        DataError: The file is empty, is not text, or no encoding decodes all of it; the message
            names the line and the byte.
    """
    if not content.strip(b"\x00\t\n\r \xef\xbb\xbf\xff\xfe"):
        raise unreadable(
            table_name, file, value=f"{len(content)} bytes",
            rule="the file must hold a table", remedy="export the table again",
        )  # fmt: skip
    for start, kind, remedy in _NOT_TEXT:
        if content.startswith(start):
            raise unreadable(
                table_name, file, value=kind, rule="must be a text file", remedy=remedy
            )
    if encoding is not None:
        return _decode_as_stated(content, file, table_name, encoding)
    for mark, codec in _BOMS:
        if content.startswith(mark):
            return _decode_strictly(content[len(mark) :], file, table_name, codec)
    text, utf8_error = _attempt(content, "utf-8")
    if text is not None and "\x00" not in text:
        return DecodedText(text=text, encoding="utf-8")
    if b"\x00" in content:
        _refuse_stray_zeros(content, file, table_name)
        return _decode_strictly(content, file, table_name, _byte_order(content))
    if utf8_error is not None and _is_damaged_utf8(content):
        raise _undecodable(content, file, table_name, utf8_error, "utf-8")
    return _guess(content, file, table_name)


def _refuse_stray_zeros(content: bytes, file: str, table_name: str) -> None:
    """Text in UTF-8 with a few zero bytes is damaged; UTF-16 is full of them."""
    text, _ = _attempt(content, "utf-8")
    if text is not None and content.count(b"\x00") * _UTF16_SHARE < len(content):
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise unreadable(
            table_name, file, where=f"line {line}", value="a zero byte",
            rule="must be readable text", remedy="export the file again; it is damaged",
        )  # fmt: skip


def _guess(content: bytes, file: str, table_name: str) -> DecodedText:
    from charset_normalizer import from_bytes

    if _is_japanese(content):
        return _decode_strictly(content, file, table_name, "cp932")
    best = from_bytes(_telling_lines(content), cp_isolation=list(CANDIDATES)).best()
    guess = best.encoding if best is not None else None
    if guess is None or guess in _BIG5:
        for codec in _BIG5:
            text, _ = _attempt(content, codec)
            if text is not None:
                return DecodedText(text=text, encoding=codec)
        guess = guess or "big5hkscs"
    return _decode_strictly(content, file, table_name, guess)


def _decode_as_stated(content: bytes, file: str, table_name: str, encoding: str) -> DecodedText:
    if encoding.lower().replace("-", "").replace("_", "") == "big5":
        text, _ = _attempt(content, "cp950")
        if text is not None:
            return DecodedText(text=text, encoding="cp950")
        encoding = "big5hkscs"
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        near = get_close_matches(encoding.lower(), _SUGGESTED, n=1)
        hint = f"did you mean {near[0]}" if near else f"use one of {', '.join(_SUGGESTED)}"
        raise unreadable(
            table_name, file, where="encoding in engagement.yml", value=encoding,
            rule="must be an encoding Python knows", remedy=hint,
        ) from None  # fmt: skip
    for mark, marked in _BOMS:
        if content.startswith(mark) and codec in {"utf-8", "utf-16", "utf-8-sig", marked}:
            return _decode_strictly(content[len(mark) :], file, table_name, marked)
    if codec == "utf-16":
        codec = _byte_order(content)
    return _decode_strictly(content, file, table_name, codec)


def _decode_strictly(content: bytes, file: str, table_name: str, codec: str) -> DecodedText:
    text, error = _attempt(content, codec)
    if text is None:
        raise _undecodable(content, file, table_name, error, codec)
    return DecodedText(text=text, encoding=codec)


def _attempt(content: bytes, codec: str) -> tuple[str | None, UnicodeDecodeError | None]:
    try:
        return content.decode(codec), None
    except UnicodeDecodeError as error:
        return None, error
    except UnicodeError:
        return None, UnicodeDecodeError(codec, content, 0, 1, "not readable")


def _byte_order(content: bytes) -> str:
    """Tell UTF-16's byte order: the zero half of a Latin character comes second in LE."""
    return "utf-16-le" if content[1::2].count(0) >= content[::2].count(0) else "utf-16-be"


def _is_japanese(content: bytes) -> bool:
    """Japanese cannot do without kana, whose bytes in cp932 mean nothing in Big5."""
    text, _ = _attempt(content, "cp932")
    if text is None:
        return False
    foreign = sum(character > "\x7f" for character in text)
    return len(_KANA.findall(text)) * _KANA_SHARE > foreign


def _is_damaged_utf8(content: bytes) -> bool:
    """Recognise UTF-8 with a few broken bytes: most of its non-ASCII sequences are well formed."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    sound = sum(character > "\x7f" for character in text) - broken
    return sound >= 4 * broken


def _telling_lines(content: bytes) -> bytes:
    """Take whole lines with bytes outside ASCII, so that no character is cut."""
    telling = bytearray()
    for line in content.splitlines(keepends=True):
        if not line.isascii():
            telling += line
            if len(telling) > _SAMPLE_BYTES:
                break
    return bytes(telling)


def _undecodable(
    content: bytes, file: str, table_name: str, error: UnicodeDecodeError | None, codec: str
) -> DataError:
    start = error.start if error is not None else 0
    newline = b"\n\x00" if codec == "utf-16-le" else b"\x00\n" if codec == "utf-16-be" else b"\n"
    line = content.count(newline, 0, start) + 1
    shown = content[start : start + 2].hex(" ")
    return unreadable(
        table_name, file, where=f"line {line}, byte {start + 1}", value=f"bytes {shown}",
        rule=f"must be readable text (tried as {codec})",
        remedy=f"set encoding: ... for the table {table_name} in engagement.yml, "
        "or export the file as UTF-8",
    )  # fmt: skip
