"""Words on the charts of the teaching notebooks, in the language of the learner.

A chart writes its axes as ``ax.set(xlabel=c.label("customers per arm"))``: the English words are
the name, the catalogue ``workshop_labels.po`` has them in each language, and words it does not
have stay as they are, so that learners may label their own charts in the same way.
"""

import re
from functools import cache
from typing import Final

from cxlib.errors import ReportError
from cxlib.report.catalogue import catalogue

_ENGLISH: Final = "en"


def label(words: str, *, language: str) -> str:
    """Give the words for a chart in a language, and let matplotlib draw it.

    Args:
        words: In English, such as "customers per arm".
        language: "en" or "zh-Hant-HK".

    Returns:
        The words in that language; as they are where the catalogue does not have them, or where
        no font of this computer can draw them.

    Raises:
        ReportError: The language has no catalogue.
    """
    found = catalogue(language).get(label_key(words), words)
    if language == _ENGLISH or found.isascii() or _drawable():
        return found
    return words


def label_key(words: str) -> str:
    """Give the catalogue key of a chart's words: "HK$ million" is ``workshop.label.hk_million``."""
    return "workshop.label." + "_".join(re.findall(r"[a-z0-9]+", words.lower()))


@cache
def _drawable() -> bool:
    """Put the reports' Chinese face before matplotlib's own; False where there is none.

    matplotlib looks its sans-serif faces up when it draws, so charts begun before have it, too.
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    from cxlib.report.fonts import report_fonts

    try:
        fonts = report_fonts()
    except ReportError:
        return False
    fontManager.addfont(fonts.regular)
    mpl.rcParams["font.sans-serif"] = [fonts.family, *mpl.rcParams["font.sans-serif"]]
    return True
