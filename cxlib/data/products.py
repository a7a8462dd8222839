"""Ask the engine for what a driver analysis needs: products within cells, per bucket of customers.

Nobody rates what they did not meet, so an empty driver cell is mostly routing, not a lost answer.
It is never filled. Answers fall into cells: same touchpoint, same set of drivers rated. Every
value is held against the mean of its own cell; a driver that a cell did not rate adds nothing.

    z = x - mean(x in its cell)        product(i, j) = Σ z(i) z(j), over answers that rated both

These products belong to one real set of columns, so their matrix is never indefinite, as one of
pairwise correlations can be; and drivers that were never asked together need no made-up number.

The engine adds them up per bucket of customers (the first two digits of the MD5 of their id, 256
in all). Whoever answers twice stays in one bucket, so resampling buckets is a bootstrap clustered
by customer, and needs no row.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final, Literal, get_args

import numpy as np

from cxlib.data.query import Floats, build_query, sql_number, to_floats
from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.errors import DataError, InputError

Outcome = Literal["nps", "csat"]
DriverCoding = Literal["value", "rank", "top2", "low_high"]

_NPS_POINTS: Final = "case when {0} >= 9 then 100 when {0} <= 6 then -100 when {0} <= 8 then 0 end"
_TOP2: Final = "case when {0} >= 4 then 1 when {0} <= 3 then 0 end"
_LOW: Final = "case when {0} <= 2 then 1 when {0} >= 3 then 0 end"
_HIGH: Final = "case when {0} >= 5 then 1 when {0} <= 4 then 0 end"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverProducts:
    """Sums per bucket of customers; every array has one line per bucket.

    Attributes:
        outcome: "nps" or "csat".
        drivers: Driver columns in the order asked.
        coding: What their values are.
        owners: For each coded column, the place of its driver in ``drivers``.
        n: Answers with an outcome and at least one driver.
        n_rated: Answers that rated each coded column.
        sums: Σ of each coded column over the answers that rated it.
        products: Σ z(i) z(j) within cells; the outcome is the last row and column.
        n_cells: Cells: touchpoint and set of drivers rated.
        n_alone: Answers alone in their cell, which have nothing to be held against.
    """

    outcome: Outcome
    drivers: tuple[str, ...]
    coding: DriverCoding
    owners: tuple[int, ...]
    n: Floats
    n_rated: Floats
    sums: Floats
    products: Floats
    n_cells: int
    n_alone: int

    @property
    def n_obs(self) -> int:
        """Answers with an outcome and at least one driver rated."""
        return int(self.n.sum())


def driver_products(
    source: Source,
    *,
    outcome: Outcome,
    drivers: Sequence[str],
    coding: DriverCoding = "value",
    hold: Sequence[str] = ("touchpoint",),
    cluster: Sequence[str] = ("customer_id", "answer_id"),
    date: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    equals: Mapping[str, str | int] | None = None,
) -> DriverProducts:
    """Add up products of an outcome and its drivers within cells, per bucket of customers.

    Args:
        outcome: Column "nps" (0-10) or "csat" (1-5); answers without it are left out.
        drivers: Rating columns 1-5, 1 to 40; empty where the customer did not meet it.
        coding: value takes the ratings as numbers; rank takes the mid-rank (0-1) of outcome and
            ratings among all who gave that answer; top2 takes 1 for a rating of 4 or 5, else 0,
            and the outcome as NPS points (100, 0, -100) or as 1 for CSAT 4 or 5; low_high gives
            two columns a driver, 1 for 1 or 2 and 1 for 5, beside the outcome as a number.
        hold: Columns whose groups are never compared with each other.
        cluster: Who or what answers repeatedly; the first of these that is filled.

    Raises:
        DataError: A column is absent, or no column to cluster by exists.
        InputError: An unknown outcome or coding, a driver named twice, too many drivers.

    Source: random groups for the variance, Wolter (2007), Introduction to Variance Estimation,
    ch. 2; not-applicable items, Allison (2001), Missing Data, p. 87.
    """
    _check(outcome, coding, drivers)
    spelled = source.names(*drivers)
    (target,) = source.names(outcome)
    known = [name for name in cluster if name in source.columns]
    if not known:
        raise DataError(
            f"{source.table} must have one of {', '.join(cluster)} to cluster by, got "
            f"{', '.join(sorted(source.columns))}"
        )
    query = build_query(source, by=(), date=date, start=start, end=end, cadence=None, equals=equals)
    kept = dict(equals or {})

    def ranks(column: str, name: str) -> str:
        counts = score_counts(source, score=column, date=date, start=start, end=end, equals=kept)
        return _mid_ranks(name, counts["score"].tolist(), counts["n"].tolist())

    y, columns, owners = _coded(coding, outcome, target, tuple(drivers), spelled, ranks)
    base = _base(
        query.table,
        [f"{target} is not null", *query.where],
        held=source.names(*hold),
        spelled=spelled,
        cluster=source.names(*known),
        coded=[*columns, y],
    )
    keys = [*(f"h{n}" for n in range(len(hold))), "pattern"]
    cells = _cells(base, keys, len(columns) + 1)
    sizes = to_floats(source.ask(f"select n from ({cells}) as s")["n"])  # noqa: S608
    size = len(columns) + 1
    answer = source.ask(_sums(base, cells, keys, size)).sort_values("bucket")
    products = np.zeros((len(answer), size, size))
    for i, j in combinations_with_replacement(range(size), 2):
        products[:, i, j] = products[:, j, i] = to_floats(answer[f"p{i}_{j}"])

    def gather(part: str) -> Floats:
        found = [np.nan_to_num(to_floats(answer[f"{part}{n}"])) for n in range(size - 1)]
        return np.stack(found, axis=1)

    return DriverProducts(
        outcome=outcome,
        drivers=tuple(drivers),
        coding=coding,
        owners=owners,
        n=to_floats(answer["n"]),
        n_rated=gather("m"),
        sums=gather("s"),
        products=products,
        n_cells=len(sizes),
        n_alone=int((sizes == 1).sum()),
    )


def _check(outcome: str, coding: str, drivers: Sequence[str]) -> None:
    for name, value, allowed in (
        ("outcome", outcome, get_args(Outcome)), ("coding", coding, get_args(DriverCoding)),
    ):  # fmt: skip
        if value not in allowed:
            raise InputError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    most = 40
    if not 1 <= len(drivers) <= most:
        raise InputError(f"drivers must be 1 to {most} columns, got {len(drivers)}")
    if twice := sorted({name for name in drivers if list(drivers).count(name) > 1}):
        raise InputError(f"drivers must each be named once, got twice: {', '.join(twice)}")


def _coded(  # noqa: PLR0917 - one call, in this order
    coding: DriverCoding,
    outcome: Outcome,
    target: str,
    drivers: tuple[str, ...],
    spelled: tuple[str, ...],
    ranks: Callable[[str, str], str],
) -> tuple[str, list[str], tuple[int, ...]]:
    """Write the outcome and the driver columns as the coding takes them."""
    places = tuple(range(len(drivers)))
    if coding == "low_high":
        columns = [part.format(name) for name in spelled for part in (_LOW, _HIGH)]
        return target, columns, tuple(n for n in places for _ in range(2))
    if coding == "top2":
        y = (_NPS_POINTS if outcome == "nps" else _TOP2).format(target)
        return y, [_TOP2.format(name) for name in spelled], places
    if coding == "rank":
        columns = [ranks(*pair) for pair in zip(drivers, spelled, strict=True)]
        return ranks(outcome, target), columns, places
    return target, list(spelled), places


def _mid_ranks(name: str, scores: list[int], counts: list[int]) -> str:
    """Write the mid-rank, 0 to 1, of each value: the share below it and half of its own."""
    if not scores:
        return f"case when {name} is null then null else 0e0 end"
    share = np.asarray(counts, dtype=np.float64) / sum(counts)
    middle = np.cumsum(share) - share / 2
    whens = " ".join(
        f"when {name} = {score} then {sql_number(float(rank))}"
        for score, rank in zip(scores, middle, strict=True)
    )
    return f"case {whens} end"


def _base(
    table: str,
    where: list[str],
    *,
    held: Sequence[str],
    spelled: Sequence[str],
    cluster: Sequence[str],
    coded: Sequence[str],
) -> str:
    """Write the coded rows: groups held, set of drivers rated, bucket, coded columns."""
    rated = [f"case when {name} is null then 0 else {2**n} end" for n, name in enumerate(spelled)]
    owner = cluster[0] if len(cluster) == 1 else f"coalesce({', '.join(cluster)})"
    anyone = " or ".join(f"{name} is not null" for name in spelled)
    columns = [
        *(f"coalesce(concat('', {name}), '') as h{n}" for n, name in enumerate(held)),
        f"{' + '.join(rated)} as pattern",
        f"substr(md5(concat('', {owner})), 1, 2) as bucket",
        *(f"1e0 * ({text}) as c{n}" for n, text in enumerate(coded)),
    ]
    conditions = " and ".join([*where, f"({anyone})"])
    return f"select {', '.join(columns)} from {table} where {conditions}"  # noqa: S608


def _cells(base: str, keys: Sequence[str], size: int) -> str:
    """Write the mean of each coded column in each cell."""
    means = ", ".join(f"avg(c{n}) as a{n}" for n in range(size))
    grouped = ", ".join(keys)
    return (
        f"select {grouped}, count(*) as n, {means} from ({base}) as b "  # noqa: S608
        f"group by {grouped}"
    )


def _sums(base: str, cells: str, keys: Sequence[str], size: int) -> str:
    """Write the sums per bucket over rows joined with the means of their cell."""
    joined = " and ".join(f"r.{key} = m.{key}" for key in keys)
    parts = [
        f"r.bucket as bucket, r.c{size - 1} - m.a{size - 1} as z{size - 1}",
        *(f"r.c{n} as c{n}" for n in range(size - 1)),
        *(f"coalesce(r.c{n} - m.a{n}, 0e0) as z{n}" for n in range(size - 1)),
    ]
    centred = f"select {', '.join(parts)} from ({base}) as r join ({cells}) as m on {joined}"  # noqa: S608
    sums = [
        "count(*) as n",
        *(f"count(c{n}) as m{n}" for n in range(size - 1)),
        *(f"sum(c{n}) as s{n}" for n in range(size - 1)),
        *(f"sum(z{i} * z{j}) as p{i}_{j}"
          for i, j in combinations_with_replacement(range(size), 2)),
    ]  # fmt: skip
    return f"select bucket, {', '.join(sums)} from ({centred}) as z group by bucket"  # noqa: S608
