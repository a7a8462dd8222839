"""The gettext catalogues: every client-facing string, by key, in each report language."""

from functools import cache
from pathlib import Path

from cxlib.errors import ReportError

LOCALES = Path(__file__).parent / "locales"
CODES = {"en": "en", "zh-Hant-HK": "zh_Hant_HK"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of a language, key to text.

    Args:
        language: A BCP 47 code of ``CODES``.

    Raises:
        ReportError: No catalogue exists for that language.
    """
    from babel.messages.pofile import read_po

    if language not in CODES:
        raise ReportError(f"language must be one of {', '.join(CODES)}, got {language!r}")
    folder = LOCALES / CODES[language] / "LC_MESSAGES"
    messages: dict[str, str] = {}
    for file in sorted(folder.glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream):
                if message.id and message.string:
                    if message.id in messages:
                        raise ReportError(f"message {message.id!r} stands twice in {folder.name}")
                    messages[str(message.id)] = str(message.string)
    return messages


def has_message(key: str) -> bool:
    """Whether every language has a text of that key."""
    return all(key in catalogue(language) for language in CODES)


def message(key: str, language: str) -> str:
    """The text of a key.

    Raises:
        ReportError: The key has no text in that language.
    """
    try:
        return catalogue(language)[key]
    except KeyError:
        raise ReportError(f"message {key!r} is missing in the {language} catalogue") from None
