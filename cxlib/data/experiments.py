# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""What a test needs of its table: sums, squares and products per arm, in one pass.

Every measure and every covariate is summed in one query, for the arms and for the arms within each
segment at once (grouping sets). Values are shifted before they are multiplied, as in `summaries`.
A covariate that is missing counts as the shift, the same number in every arm, so it moves nothing.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.data.query import Floats, Query, build_query, find_shifts, sql_number, to_floats
from cxlib.data.source import Source
from cxlib.errors import InputError

Measure = tuple[str, ...]
"""The columns of a measure: one, or numerator and denominator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rows of a table belong to the test.

    Attributes:
        date: Time column; with `start` and `end` it keeps the half-open range.
        start: First day.
        end: Day after the last.
        equals: Columns that must have exactly this value.
    """

    date: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    equals: Mapping[str, str | int] | None = None

    def query(self, source: Source, by: Sequence[str], *, daily: bool = False) -> Query:
        """Write the shared parts of a question about these rows."""
        return build_query(
            source,
            by=by,
            date=self.date,
            start=self.start,
            end=self.end,
            cadence="day" if daily else None,
            equals=self.equals,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Shifted sums of one measure and the covariates, a line per group.

    Attributes:
        columns: The measure's columns, then the covariates.
        groups: One line per group: `arm` and the keys.
        n: Units with the measure.
        shifts: What was taken off each column.
        sums: Of each shifted column over these units, (groups, columns).
        products: Of each pair of shifted columns, (groups, columns, columns).
    """

    columns: tuple[str, ...]
    groups: pd.DataFrame
    n: npt.NDArray[np.int64]
    shifts: Floats
    sums: Floats
    products: Floats

    def per(self, *keys: str) -> "Sums":
        """Add up the groups that agree in these keys."""
        labels = self.groups.groupby(list(keys), sort=True, dropna=False).ngroup().to_numpy()
        count = int(labels.max()) + 1 if len(labels) else 0
        first = np.array([int(np.flatnonzero(labels == place)[0]) for place in range(count)])
        gather = np.zeros((count, len(labels)))
        gather[labels, np.arange(len(labels))] = 1
        return Sums(
            columns=self.columns,
            groups=self.groups.iloc[first][list(keys)].reset_index(drop=True),
            n=(gather @ self.n).astype(np.int64),
            shifts=self.shifts,
            sums=gather @ self.sums,
            products=np.einsum("gh,hij->gij", gather, self.products),
        )

    def moments(self, place: int) -> tuple[int, Floats, Floats]:
        """Give n, means and covariances (n - 1 below the line) of one group; NaN without units."""
        n = int(self.n[place])
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.sums[place] / n + self.shifts
            spread = self.products[place] - np.outer(self.sums[place], self.sums[place]) / n
            return n, means, spread / (n - 1) if n > 1 else np.full_like(spread, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregates:
    """All sums of a test.

    Attributes:
        assigned: Units per group, with or without a value: `arm`, the segment's column, `n`.
            One frame per segment column, and one for the arms alone under "".
        sums: Per segment column ("" the arms alone) and measure.
    """

    assigned: Mapping[str, pd.DataFrame]
    sums: Mapping[str, Mapping[Measure, Sums]]


def aggregate(
    source: Source,
    *,
    arm: str,
    measures: Sequence[Measure],
    covariates: Sequence[str] = (),
    segments: Sequence[str] = (),
    caps: Mapping[str, float] | None = None,
    scope: Scope | None = None,
    daily: bool = False,
) -> Aggregates:
    """Sum every measure and covariate per arm, and per arm within each segment, in one pass.

    Args:
        source: One row per unit.
        arm: Column with the arm's name.
        measures: Each one column, or numerator and denominator.
        covariates: Columns known before the test.
        segments: Columns; each gives its own groups.
        caps: Highest value per column; larger ones are lowered to it.
        scope: Which rows.
        daily: Group by day of the scope's date as well, as if it were a segment `period_start`.

    Raises:
        DataError: A column is absent.
        InputError: No measure, or an impossible range.
    """
    if not measures:
        raise InputError("a test needs at least 1 measure, got none")
    rows = scope or Scope()
    query = rows.query(source, (arm, *segments), daily=daily)
    columns = list(dict.fromkeys(name for measure in measures for name in measure))
    names = [*columns, *covariates]
    spelled = source.names(*names)
    shifts = np.array(find_shifts(source, names, spelled, None))
    inner = [f"{key} as k{n}" for n, key in enumerate(query.keys)]
    for n, name in enumerate(names):
        value = spelled[n]
        if name in (caps or {}):
            limit = sql_number((caps or {})[name])
            value = f"case when {value} > {limit} then {limit} else {value} end"
        moved = f"1e0 * ({value} - {sql_number(shifts[n])})"
        inner.append(f"coalesce({moved}, 0e0) as c{n}" if n >= len(columns) else f"{moved} as c{n}")
    kept = f" where {' and '.join(query.where)}" if query.where else ""
    layout = _Layout(
        source=source,
        table=f"(select {', '.join(inner)} from {query.table}{kept}) as shifted",
        keys=("arm", *query.names[1:]),
        names=tuple(names),
        covariates=tuple(covariates),
        shifts=shifts,
    )
    found = layout.ask(measures)
    sums = {
        key: {measure: layout.sums(answer, key, measure) for measure in measures}
        for key, answer in found.items()
    }
    for measure in measures:
        if layout.has_gaps(found, measure):
            for key, answer in layout.ask([measure], complete=True).items():
                sums[key][measure] = layout.sums(answer, key, measure)
    assigned = {
        key: layout.groups(answer, key).assign(n=to_floats(answer["n"]).astype(np.int64))
        for key, answer in found.items()
    }
    if "" not in sums:
        key = next(iter(sums))
        sums[""] = {measure: each.per("arm") for measure, each in sums[key].items()}
        totals = assigned[key].groupby("arm")["n"].sum()
        assigned[""] = pd.DataFrame({"arm": totals.index, "n": totals.to_numpy()})
    return Aggregates(assigned=assigned, sums=sums)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layout:
    """Asks for sums over the shifted columns for every grouping at once, and reads the answers."""

    source: Source
    table: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    covariates: tuple[str, ...]
    shifts: Floats

    def ask(
        self, measures: Sequence[Measure], *, complete: bool = False
    ) -> dict[str, pd.DataFrame]:
        """Sum; ``complete`` keeps the units that have every column of every measure."""
        places = range(len(self.names))
        aggregates = [
            "count(*) as n",
            *(f"count(c{n}) as n{n}" for n in places),
            *(f"sum(c{n}) as s{n}" for n in places),
            *(f"sum(c{i} * c{j}) as p{i}_{j}" for i, j in self._pairs(measures)),
        ]
        keys = [f"k{n}" for n in range(len(self.keys))]
        grouped, marks = f"group by {', '.join(keys)}", []
        if several := len(self.keys) > 2:  # noqa: PLR2004 - the arm and one segment are one set
            marks = [f"grouping({key}) as g{n}" for n, key in enumerate(keys)]
            sets = ", ".join(f"(k0, {key})" for key in keys[1:])
            grouped = f"group by grouping sets ({sets})"
        where = ""
        if complete:
            filled = [f"c{self._at(name)} is not null" for measure in measures for name in measure]
            where = f" where {' and '.join(filled)}"
        answer = self.source.ask(
            f"select {', '.join([*keys, *marks, *aggregates])} from {self.table}{where} {grouped}"
        )
        if not several:
            return {(*self.keys, "")[1]: answer.sort_values(keys, ignore_index=True)}
        return {
            name: answer.loc[answer[f"g{n}"] == 0].sort_values(["k0", f"k{n}"], ignore_index=True)
            for n, name in enumerate(self.keys)
            if n
        }

    def has_gaps(self, found: Mapping[str, pd.DataFrame], measure: Measure) -> bool:
        """Whether some unit lacks the measure, so that its products need a question of their own.

        A measure of one column without covariates has no product with another column.
        """
        if len(measure) == 1 and not self.covariates:
            return False
        answer = next(iter(found.values()))
        counts = [to_floats(answer[f"n{self._at(name)}"]) for name in measure]
        return any((count < to_floats(answer["n"])).any() for count in counts)

    def groups(self, answer: pd.DataFrame, key: str) -> pd.DataFrame:
        """Name the keys of an answer."""
        named = {"k0": "arm"} | ({f"k{self.keys.index(key)}": key} if key else {})
        return answer[list(named)].rename(columns=named)

    def sums(self, answer: pd.DataFrame, key: str, measure: Measure) -> Sums:
        """Read one measure's sums; its units are those counted for its first column."""
        columns = (*measure, *self.covariates)
        at = [self._at(name) for name in columns]
        products = np.zeros((len(answer), len(at), len(at)))
        for a, b in combinations_with_replacement(range(len(at)), 2):
            low, high = sorted((at[a], at[b]))
            found = np.nan_to_num(to_floats(answer[f"p{low}_{high}"]))
            products[:, a, b] = products[:, b, a] = found
        return Sums(
            columns=columns,
            groups=self.groups(answer, key),
            n=to_floats(answer[f"n{at[0]}"]).astype(np.int64),
            shifts=self.shifts[at],
            sums=np.nan_to_num(np.column_stack([to_floats(answer[f"s{n}"]) for n in at])),
            products=products,
        )

    def _at(self, name: str) -> int:
        return self.names.index(name)

    def _pairs(self, measures: Sequence[Measure]) -> list[tuple[int, int]]:
        """Which products are needed: within each measure, with the covariates, and among these."""
        wanted = set()
        for measure in measures:
            places = sorted(self._at(name) for name in (*measure, *self.covariates))
            wanted |= set(combinations_with_replacement(places, 2))
        return sorted((a, b) for a, b in wanted)
