# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Counts of the employees' answers by unit and quarter: what scores need, never a person's row."""

from typing import Final

import pandas as pd

from cxlib.data.query import to_floats
from cxlib.data.source import Source

MEASURES: Final = ("enps", "esat", "left")
SUMS: Final = (
    "n_enps", "promoters", "passives", "detractors", "n_esat", "esat_sum", "esat_squares",
    "n_left", "gone",
)  # fmt: skip


def staff_counts(employees: Source) -> pd.DataFrame:
    """Count answers, bands, satisfaction and leavers per unit and quarter.

    Returns:
        Columns `unit` ("" without one), `quarter` ("" without one), `n` answers and ``SUMS``; a
        measure the table lacks counts 0. Sorted by quarter and unit.
    """
    known = {name: name in employees.columns for name in ("unit", "quarter", *MEASURES)}
    texts = ", ".join(
        f"coalesce(cast({employees.names(name)[0]} as varchar(200)), '') as {alias}"
        if known[name]
        else f"'' as {alias}"
        for name, alias in (("unit", "grp"), ("quarter", "span"))
    )
    values = ", ".join(
        f"{employees.names(name)[0] if known[name] else 'cast(null as integer)'} as {alias}"
        for name, alias in zip(MEASURES, ("e", "s", "gone_flag"), strict=True)
    )
    found = employees.ask(
        "select grp, span, count(*) as n, count(e) as n_enps, "
        "sum(case when e >= 9 then 1 else 0 end) as promoters, "
        "sum(case when e = 7 or e = 8 then 1 else 0 end) as passives, "
        "sum(case when e <= 6 then 1 else 0 end) as detractors, "
        "count(s) as n_esat, coalesce(sum(1e0 * s), 0) as esat_sum, "
        "coalesce(sum(1e0 * s * s), 0) as esat_squares, count(gone_flag) as n_left, "
        "sum(case when gone_flag = 1 then 1 else 0 end) as gone "
        f"from (select {texts}, {values} from {employees.table}) as r group by grp, span"
    )
    counts = pd.DataFrame({"unit": found["grp"].astype(str), "quarter": found["span"].astype(str)})
    for name in ("n", *SUMS):
        counts[name] = to_floats(found[name])
    whole = [name for name in ("n", *SUMS) if not name.startswith("esat")]
    return counts.astype(dict.fromkeys(whole, "int64")).sort_values(
        ["quarter", "unit"], ignore_index=True
    )
