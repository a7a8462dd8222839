"""cxlib.decisions.costs: sums, months, every broken line at once."""

from datetime import date
from math import fsum

import pandas as pd
import pytest

from cxlib.decisions.costs import cost_ledger
from cxlib.errors import DataError

START = date(2026, 1, 1)
COLUMNS = ["initiative", "paid_on", "category", "kind", "amount_hkd"]
LINES = [
    ("promise", "2025-12-10", "training", "one_off", 50_000),
    ("promise", "2026-01-05", "tools", "one_off", 20_000),
    ("promise", "2026-01-31", "staff", "recurring", 10_000),
    ("promise", "2026-02-28", "staff", "recurring", 14_000),
    ("coaching", "2026-01-09", "training", "one_off", 9_000),
]


def ledger(lines=LINES, **options):
    frame = pd.DataFrame(lines, columns=COLUMNS)
    return cost_ledger(frame, initiative="promise", start=START, **options)


def test_costs_sum_by_category_and_kind():
    found = ledger()
    assert found.total_hkd == 94_000
    assert found.by_category == (("staff", 24_000), ("training", 50_000), ("tools", 20_000))
    assert fsum(amount for _, amount in found.by_category) == found.total_hkd
    assert (found.one_off_hkd, found.recurring_per_month_hkd) == (70_000, 12_000)


def test_payments_before_the_start_are_month_0_and_recurring_ones_go_on():
    """December in month 0, January month 1, February month 2, then 12,000 a month."""
    found = ledger()
    assert found.by_month(4) == (50_000, 30_000, 14_000, 12_000, 12_000)
    assert found.recorded_months == 2


def test_an_initiative_paid_once_costs_nothing_later():
    found = ledger([LINES[0]])
    assert found.by_month(3) == (50_000, 0, 0, 0)


def paid(day, amount, kind="recurring"):
    return ("promise", day, "staff", kind, amount)


@pytest.mark.parametrize(
    ("payments", "per_month", "by_month"),
    [
        ([paid("2025-12-20", 9_000)], 9_000, (9_000, 9_000, 9_000, 9_000)),
        (
            [paid("2025-11-20", 8_000), paid("2025-12-20", 10_000)],
            9_000,
            (18_000, 9_000, 9_000, 9_000),
        ),
        (
            [paid("2025-12-20", 9_000), paid("2026-01-20", 9_000)],
            9_000,
            (9_000, 9_000, 9_000, 9_000),
        ),
        ([paid("2026-02-20", 12_000)], 6_000, (0, 0, 12_000, 6_000)),
    ],
    ids=["once before", "twice before", "before and after", "once for two months"],
)
def test_a_recurring_cost_paid_before_the_start_goes_on(payments, per_month, by_month):
    """Mean over calendar months from the start, or the first payment if earlier, to the last."""
    found = ledger(payments)
    assert found.recurring_per_month_hkd == per_month
    assert found.by_month(3) == by_month


def test_a_payment_earlier_in_the_month_of_the_start_counts_that_month_once():
    """Start on the 15th, paid on the 5th: month 0, and one calendar month of running cost."""
    frame = pd.DataFrame([paid("2026-01-05", 9_000)], columns=COLUMNS)
    found = cost_ledger(frame, initiative="promise", start=date(2026, 1, 15))
    assert found.by_month(2) == (9_000, 9_000, 9_000)


def test_payments_after_the_horizon_are_named_never_dropped():
    late = [*LINES, paid("2026-05-31", 7_000), paid("2026-04-30", 800, "one_off")]
    with pytest.raises(DataError) as caught:
        ledger(late).by_month(3)
    assert (
        str(caught.value)
        == """\
costs of promise: 2 payments lie after the horizon
  costs, staff paid on 2026-04-30: found 800 in month 4; a payment must lie within the horizon of \
3 months; lengthen horizon_months, or correct the date
  costs, staff paid on 2026-05-31: found 7,000 in month 5; a payment must lie within the horizon \
of 3 months; lengthen horizon_months, or correct the date"""
    )
    assert sum(ledger(late).by_month(5)) == ledger(late).total_hkd


def test_all_broken_lines_are_reported_at_once():
    lines = [
        ("promise", "2026-01-05", "tools", "one_off", -5),
        ("promise", "2026-01-05", "gifts", "weekly", 5),
        ("promise", "soon", "tools", "one_off", 5),
        ("promise", "2023-01-05", "tools", "one_off", 5),
    ]
    with pytest.raises(DataError) as caught:
        ledger(lines, earliest=date(2025, 7, 1))
    assert (
        str(caught.value)
        == """\
costs of promise: 5 values break the rules
  costs, row 0: found -5; amount_hkd must be 0 or more; enter a refund as a lower cost, and income \
not at all
  costs, row 1: found gifts; category is unknown; use one of staff, training, tools, content, \
incentives
  costs, row 1: found weekly; kind is unknown; use one_off or recurring
  costs, row 2: found soon; paid_on must be a date; write it as YYYY-MM-DD
  costs, row 3: found 2023-01-05; paid_on must not be before 2025-07-01; correct the date, or \
leave costs of another period out"""
    )


def test_an_initiative_without_costs_and_an_absent_column_are_named():
    frame = pd.DataFrame(LINES, columns=COLUMNS)
    with pytest.raises(DataError) as caught:
        cost_ledger(frame, initiative="faq", start=START)
    assert str(caught.value) == (
        "costs: no payment for initiative 'faq'; there are ['coaching', 'promise']"
    )
    with pytest.raises(DataError) as caught:
        cost_ledger(frame.drop(columns="kind"), initiative="faq", start=START)
    assert str(caught.value) == (
        "costs: columns not found: ['kind']; the table has "
        "['initiative', 'paid_on', 'category', 'amount_hkd']"
    )
