"""The workshop: a company whose truth is known, exercises that check themselves, two editions.

A teaching notebook needs two names::

    from cxlib.workshop import check, open_company

    c = open_company(".", language="en")
    check("nps", answer)
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxlib.workshop.checks import Verdict, check, use
    from cxlib.workshop.company import Company

__all__ = ["Verdict", "check", "open_company", "use"]


def __getattr__(name: str) -> object:
    """Give what lives in ``checks``; it is read when first asked for, so that `cx` helps fast."""
    if name in {"Verdict", "check", "use"}:
        from cxlib.workshop import checks

        return getattr(checks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_company(folder: str | Path = ".", *, language: str = "en") -> "Company":
    """Read a company's tables and let `check` compare answers with them, in that language.

    Args:
        folder: Where the company lies; also ``folder/company`` and ``$CX_COMPANY`` are looked at,
            and without any of them a company is made in the user's temporary folder.
        language: "en" or "zh-Hant-HK".

    Raises:
        DataError: A table is missing or damaged.
        ConfigError: The language is unknown.
    """
    from cxlib.workshop.checks import use
    from cxlib.workshop.company import open_company as read

    company = read(folder, language=language)
    use(company, language=language)
    return company
