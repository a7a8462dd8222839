"""The rows of the form: what is asked, in which unit, and which words are allowed."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from cxlib.data.tables import DRIVERS
from cxlib.report.catalogue import CODES, message

RowKind = Literal["text", "choice", "names", "number", "count", "percent"]
RowUnit = Literal["", "points", "pp", "rating", "percent", "answers"]
LEVEL: Final = 0.95
"""Confidence level of the intervals asked for; the score judges them by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the form.

    Attributes:
        key: Its name in the first column.
        kind: How the answer is read.
        unit: Of a number.
        interval: Whether a lower and an upper limit are asked.
        low: Least value allowed.
        high: Largest value allowed.
        finest: No interval of this company can be narrower; narrower limits and a value below it
            show that another unit was used.
        choices: Words allowed.
        also: Other words for them, as modules say them: word and choice.
    """

    key: str
    kind: RowKind
    unit: RowUnit = ""
    interval: bool = False
    low: float = 0.0
    high: float = 0.0
    finest: float = 0.0
    choices: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()


TOUCHPOINTS: Final = (
    "website_browse", "store_visit", "enquiry_chat", "store_checkout", "online_checkout",
    "delivery_booking", "delivery", "assembly", "aftersales_service", "loyalty_app",
)  # fmt: skip
N_PAIN: Final = 3
ROWS: Final = (
    Row(key="company", kind="text"),
    Row(key="group", kind="text"),
    Row(key="language", kind="choice", choices=("en", "zh-Hant-HK")),
    Row(key="nps", kind="number", unit="points", interval=True, low=-100, high=100, finest=1.0),
    Row(key="pain_points", kind="names", choices=TOUCHPOINTS),
    Row(key="top_driver", kind="choice", choices=DRIVERS),
    Row(key="goal_n", kind="count", unit="answers", low=2, high=10_000_000),
    Row(key="channels", kind="choice", choices=("up_down", "down_up", "both_up", "both_down")),
    Row(key="ab_effect", kind="number", unit="pp", interval=True, low=-100, high=100, finest=0.1),
    Row(key="ab_sure", kind="percent", unit="percent", low=0, high=100),
    Row(
        key="ab_decision", kind="choice", choices=("ship", "not", "extend", "invalid"),
        also=(("stop", "not"),),
    ),
    Row(
        key="initiative_effect", kind="number", unit="pp", interval=True, low=-100, high=100,
        finest=0.1,
    ),
    Row(key="initiative_sure", kind="percent", unit="percent", low=0, high=100),
    Row(key="initiative_decision", kind="choice", choices=("continue", "stop", "extend")),
    Row(key="coaching_effect", kind="number", unit="rating", interval=True, low=-4, high=4),
)  # fmt: skip
ROW: Final = {row.key: row for row in ROWS}
ASKED: Final = tuple(row for row in ROWS if row.key not in {"company", "group", "language"})


def choice_label(row: Row, choice: str, language: str) -> str:
    """The words for a choice in a language."""
    if row.key == "language":
        return choice
    if row.kind == "names":
        return touchpoint_names()[choice][language]
    if row.key == "top_driver":
        return message(f"drivers.name.{choice}", language)
    return message(f"company.choice.{row.key}.{choice}", language)


@cache
def touchpoint_names() -> dict[str, dict[str, str]]:
    """Touchpoint -> language -> name, as in a company's engagement file."""
    from string import Template

    import yaml

    text = Path(__file__).with_name("company_engagement.yml").read_text(encoding="utf-8")
    numbers = dict.fromkeys(
        ("goal_rise", "break_even", "enquiries_per_year", "margin", "cost_per_year"), "1"
    )
    filled = Template(text).substitute(numbers, name_en="-", name_zh="-")
    read = yaml.safe_load(filled)
    return {
        each["id"]: {code: each["name"][code] for code in CODES} for each in read["touchpoints"]
    }
