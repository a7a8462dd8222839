"""How a month, a week or a quarter is written, the same on a chart's axis and in a table."""

import re
from datetime import date
from typing import Final

from cxlib.engagement.schema import Cadence
from cxlib.report.writer import Day, Month, Value, phrase

_QUARTER: Final = re.compile(r"(\d{4})-?Q([1-4])")


def axis_period(start: date, cadence: Cadence) -> Value:
    """Name a period under a chart by the day it begins: Feb 2025, Q1 2025, or that day."""
    if cadence == "quarterly":
        return quarter(f"{start.year}Q{(start.month + 2) // 3}")
    return Day(start) if cadence == "weekly" else Month(start)


def quarter(code: str) -> Value:
    """Name a quarter written as 2026Q2; other words stay as they are."""
    found = _QUARTER.fullmatch(code)
    if found is None:
        return code
    return phrase("readings.quarter", year=found[1], quarter=found[2])
