"""The cost ledger: everything an initiative cost, by category and month. No success-only costs.

What is recorded stands in its month. A recurring payment goes on after the last one recorded, at
the mean of the calendar months from the start, or from the first such payment if that is earlier,
to the last. One that was paid once only, be it before the start, is therefore taken as monthly: the
ledger does not say for how long it was, and a running cost left out would flatter the value. A fee
for a year is entered as a month's part in each month.
"""

from dataclasses import dataclass
from datetime import date
from math import fsum, isfinite
from typing import Literal

import pandas as pd

from cxlib.errors import DataError, Problem

CostKind = Literal["one_off", "recurring"]
CATEGORIES = ("staff", "training", "tools", "content", "incentives")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One payment. `month` counts from the start: 0 is before it, 1 its first month."""

    paid_on: date
    category: str
    kind: CostKind
    amount_hkd: float
    month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLedger:
    """All payments of one initiative, in order of date."""

    initiative: str
    start: date
    lines: tuple[CostLine, ...]

    @property
    def total_hkd(self) -> float:
        """Everything paid so far."""
        return fsum(line.amount_hkd for line in self.lines)

    @property
    def one_off_hkd(self) -> float:
        """Paid once."""
        return fsum(line.amount_hkd for line in self.lines if line.kind == "one_off")

    @property
    def by_category(self) -> tuple[tuple[str, float], ...]:
        """Category and amount, in the order of CATEGORIES; they sum to the total."""
        return tuple(
            (category, fsum(line.amount_hkd for line in self.lines if line.category == category))
            for category in CATEGORIES
            if any(line.category == category for line in self.lines)
        )

    @property
    def recorded_months(self) -> int:
        """Last month with a payment."""
        return max((line.month for line in self.lines), default=0)

    @property
    def recurring_per_month_hkd(self) -> float:
        """Mean of the recurring payments over their calendar months (see the module)."""
        paid = [line for line in self.lines if line.kind == "recurring"]
        if not paid:
            return 0.0
        months = [_calendar_month(line.paid_on, self.start) for line in paid]
        return fsum(line.amount_hkd for line in paid) / (max(months) - min(1, *months) + 1)

    def by_month(self, horizon_months: int) -> tuple[float, ...]:
        """Lay the costs out over months 0 to the horizon.

        Recorded payments stand in their month; after the last month with a recurring payment,
        the mean recurring payment goes on to the horizon.

        Raises:
            DataError: Payments in a month after the horizon, which would be left out: all named.
        """
        if beyond := [line for line in self.lines if line.month > horizon_months]:
            problems = [
                Problem(
                    file="costs",
                    where=f"{line.category} paid on {line.paid_on}",
                    value=f"{line.amount_hkd:,.0f} in month {line.month}",
                    rule=f"a payment must lie within the horizon of {horizon_months} months",
                    remedy="lengthen horizon_months, or correct the date",
                )
                for line in beyond
            ]
            raise DataError(
                f"costs of {self.initiative}: {len(beyond)} payments lie after the horizon",
                problems,
            )
        months = [
            fsum(line.amount_hkd for line in self.lines if line.month == month)
            for month in range(horizon_months + 1)
        ]
        paid = [line.month for line in self.lines if line.kind == "recurring"]
        for month in range(max(paid, default=horizon_months) + 1, horizon_months + 1):
            months[month] += self.recurring_per_month_hkd
        return tuple(months)


def cost_ledger(
    frame: pd.DataFrame, *, initiative: str, start: date, earliest: date | None = None
) -> CostLedger:
    """Check the cost table and take one initiative's payments.

    Args:
        frame: Columns initiative, paid_on, category, kind, amount_hkd; where the index is text, it
            names a payment in messages.
        initiative: Id.
        start: First day of the initiative; its payments before that fall in month 0.
        earliest: A payment before this day is refused as belonging to another period.

    Raises:
        DataError: No payment for the initiative, or lines with a negative or empty amount, an
            unknown category or kind, an unreadable date, or a date too early: all at once.
    """
    wanted = ["initiative", "paid_on", "category", "kind", "amount_hkd"]
    if absent := [column for column in wanted if column not in frame.columns]:
        raise DataError(f"costs: columns not found: {absent}; the table has {list(frame.columns)}")
    mine = frame[frame["initiative"] == initiative]
    if mine.empty:
        known = sorted(str(name) for name in frame["initiative"].dropna().unique())
        raise DataError(f"costs: no payment for initiative {initiative!r}; there are {known}")
    problems: list[Problem] = []
    lines = []
    for index, row in mine.iterrows():
        found = _read_line(row, start=start, earliest=earliest)
        if isinstance(found, CostLine):
            lines.append(found)
        else:
            problems += [
                Problem(
                    file="costs",
                    where=index if isinstance(index, str) else f"row {index}",
                    value=value,
                    rule=rule,
                    remedy=remedy,
                )
                for value, rule, remedy in found
            ]
    if problems:
        count = "1 value breaks" if len(problems) == 1 else f"{len(problems)} values break"
        raise DataError(f"costs of {initiative}: {count} the rules", problems)
    lines.sort(key=lambda line: (line.paid_on, line.category, line.kind, line.amount_hkd))
    return CostLedger(initiative=initiative, start=start, lines=tuple(lines))


def _read_line(
    row: pd.Series, *, start: date, earliest: date | None
) -> CostLine | list[tuple[str, str, str]]:
    """Read one payment, or list (value, rule, remedy) of everything wrong with it."""
    wrong = []
    amount = float(pd.to_numeric(row["amount_hkd"], errors="coerce"))
    category, kind = str(row["category"]), str(row["kind"])
    moment = pd.to_datetime(row["paid_on"], errors="coerce")
    if not (amount >= 0 and isfinite(amount)):
        remedy = "enter a refund as a lower cost, and income not at all"
        wrong.append((str(row["amount_hkd"]), "amount_hkd must be 0 or more", remedy))
    if category not in CATEGORIES:
        wrong.append((category, "category is unknown", f"use one of {', '.join(CATEGORIES)}"))
    if kind not in {"one_off", "recurring"}:
        wrong.append((kind, "kind is unknown", "use one_off or recurring"))
    if pd.isna(moment):
        wrong.append((str(row["paid_on"]), "paid_on must be a date", "write it as YYYY-MM-DD"))
    elif earliest is not None and moment.date() < earliest:
        remedy = "correct the date, or leave costs of another period out"
        wrong.append((str(moment.date()), f"paid_on must not be before {earliest}", remedy))
    if wrong:
        return wrong
    return CostLine(
        paid_on=moment.date(),
        category=category,
        kind="one_off" if kind == "one_off" else "recurring",
        amount_hkd=amount,
        month=_month(moment.date(), start),
    )


def _month(paid_on: date, start: date) -> int:
    return 0 if paid_on < start else _calendar_month(paid_on, start)


def _calendar_month(day: date, start: date) -> int:
    """Count calendar months: 1 is that of the start, 0 and below lie before it."""
    return (day.year - start.year) * 12 + day.month - start.month + 1
