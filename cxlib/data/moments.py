# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Moments rated when they happened, beside one overall rating given later: sums of products.

Per customer the engine finds the mean, the highest, the lowest and the last rating of the moments
before the overall rating, and adds up their products per bucket of customers (the first two
digits of the MD5 of their id, 256 in all). A fold of a cross-validation is a set of buckets, so
models are fitted and judged out of sample without a row leaving the engine.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from cxlib.data.clusters import check_range, within
from cxlib.data.query import Floats, to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

TERMS: Final = ("one", "mean", "highest", "lowest", "last", "overall")
FEWEST_MOMENTS: Final = 3
"""With one or two moments, peak, end and mean are nearly the same number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MomentProducts:
    """Sums over customers; the arrays have one line per bucket of customers.

    Attributes:
        buckets: Number of each bucket, 0 to 255, ascending.
        products: Σ t(i) t(j) over customers, t in the order of ``TERMS``; ratings are as given.
        n_rated: Customers who gave an overall rating in the period.
        n_same_day: Of these, left out: they rated a moment on the day of the overall rating, so
            that the two may be one sitting.
        n_few: Of these, left out: fewer than the fewest moments.
    """

    buckets: Floats
    products: Floats
    n_rated: int
    n_same_day: int
    n_few: int

    @property
    def n_obs(self) -> int:
        """Customers in the sums."""
        return int(self.products[:, 0, 0].sum())


def moment_products(
    answers: Source,
    overall: Source,
    *,
    score: str = "csat",
    fewest: int = FEWEST_MOMENTS,
    start: dt.date,
    end: dt.date,
) -> MomentProducts:
    """Add up products of what customers said at each moment and of what they said overall.

    A customer's overall rating is the last of the period. Moments count from the start of the
    period to the day before that rating; who rated a moment earlier on that very day is left out.
    Moments at the same time stand in the order of their answer ids.

    Args:
        answers: With answer_id, customer_id, answered_at and the score; one row a moment.
        overall: With customer_id, rated_at, overall.
        score: Rating of a moment.
        fewest: Moments a customer needs, 2 or more.
        start: First day of the period.
        end: Day after the last.

    Raises:
        DataError: A column is absent.
        InputError: An impossible range or number of moments.
    """
    check_range(start, end)
    if fewest <= 1:
        raise InputError(f"fewest must be 2 moments or more, got {fewest}")
    customers = _customers(answers, overall, score=score, start=start, end=end)
    kept = f"case when apart = 1 and n >= {int(fewest)} then 1 else 0 end"
    sums = [
        f"sum(kept * {a} * {b}) as p{i}_{j}"
        for (i, a), (j, b) in combinations_with_replacement(enumerate(_spelled()), 2)
    ]
    counts = (
        "count(*) as n_rated, sum(1 - apart) as n_same_day, "
        f"sum(case when apart = 1 and n < {int(fewest)} then 1 else 0 end) as n_few"
    )
    found = overall.ask(
        f"select bucket, {counts}, {', '.join(sums)} from "
        f"(select c.*, {kept} as kept from ({customers}) as c) as k group by bucket"
    ).sort_values("bucket", ignore_index=True)
    products = np.zeros((len(found), len(TERMS), len(TERMS)))
    for i, j in combinations_with_replacement(range(len(TERMS)), 2):
        products[:, i, j] = products[:, j, i] = to_floats(found[f"p{i}_{j}"])
    totals = {name: int(to_floats(found[name]).sum()) for name in found.columns[1:4]}
    return MomentProducts(
        buckets=np.array([int(str(bucket), 16) for bucket in found["bucket"]], dtype=np.float64),
        products=products,
        n_rated=totals["n_rated"],
        n_same_day=totals["n_same_day"],
        n_few=totals["n_few"],
    )


def _spelled() -> Sequence[str]:
    """Spell the terms of one customer as columns; without a moment they are 0."""
    return ("1e0", *(f"1e0 * coalesce(t_{name}, 0)" for name in TERMS[1:]))


def _customers(
    answers: Source, overall: Source, *, score: str, start: dt.date, end: dt.date
) -> str:
    """Write one row per customer with an overall rating: terms, n, and whether days are apart."""
    who, moment, rating, key = answers.names("customer_id", "answered_at", score, "answer_id")
    owner, rated_at, value = overall.names("customer_id", "rated_at", "overall")
    latest = (
        f"select {owner} as owner, {value} as y, date_trunc('day', {rated_at}) as day, "
        f"{rated_at} as at, row_number() over (partition by {owner} order by {rated_at} desc) "
        f"as back from {overall.table} where {owner} is not null and {value} is not null "
        f"and {within(rated_at, start, end)}"
    )
    joined = (
        f"select l.owner, l.y, a.{rating} as x, "
        f"case when a.{moment} >= l.day then 1 else 0 end as same, "
        f"row_number() over (partition by l.owner order by a.{moment} desc, a.{key} desc) as back "
        f"from ({latest}) as l left join {answers.table} as a on a.{who} = l.owner "
        f"and a.{rating} is not null and {within(f'a.{moment}', start, end)} "
        f"and a.{moment} <= l.at where l.back = 1"
    )
    return (
        "select substr(md5(concat('', owner)), 1, 2) as bucket, 1 - max(same) as apart, "
        "count(x) as n, avg(1e0 * x) as t_mean, max(x) as t_highest, min(x) as t_lowest, "
        "max(case when back = 1 then x end) as t_last, max(y) as t_overall "
        f"from ({joined}) as j group by owner"
    )
