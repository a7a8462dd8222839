# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Counts of public mentions by the label a classifier gave and the one people gave."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from cxlib.data.query import Cadence, build_query
from cxlib.data.source import Source


def label_counts(
    mentions: Source,
    *,
    date: str,
    start: dt.date,
    end: dt.date,
    by: Sequence[str] = (),
    cadence: Cadence | None = None,
) -> pd.DataFrame:
    """Count labelled mentions; the same text of one source on one day counts once.

    Args:
        mentions: One row per mention.
        date: Its column of days.
        start: First day.
        end: Day after the last.
        by: Columns that name the group.
        cadence: Also count per day, week, month or quarter.

    Returns:
        Columns `*by`, (`period_start`), `n` different mentions, `n_rows` with their copies,
        `positive`, `neutral`, `negative`; sorted. A copy that was labelled otherwise counts with
        the label first in the alphabet.

    Raises:
        DataError: A column is absent.
    """
    query = build_query(
        mentions, by=by, date=date, start=start, end=end, cadence=cadence, equals=None
    )
    grouped = [*query.keys, *_text_keys(mentions)]
    once = (
        f"select {', '.join(f'{key} as k{n}' for n, key in enumerate(query.keys))}"
        f"{', ' if query.keys else ''}min(label) as label, count(*) as copies "
        f"from {query.table} where {' and '.join([*query.where, 'label is not null'])} "
        f"group by {', '.join([*grouped, mentions.names(date)[0]])}"
    )
    keys = ", ".join(f"k{n}" for n in range(len(query.keys)))
    sums = ", ".join(
        f"sum(case when label = '{label}' then 1 else 0 end) as {label}"
        for label in ("positive", "neutral", "negative")
    )
    answer = mentions.ask(
        f"select {keys}{', ' if keys else ''}count(*) as n, sum(copies) as n_rows, {sums} "
        f"from ({once}) as o{f' group by {keys}' if keys else ''}"
    )
    counts = ["n", "n_rows", "positive", "neutral", "negative"]
    return (
        query.finish(answer).fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64"))
    )


def coded_labels(
    mentions: Source, codes: Source, *, date: str, start: dt.date, end: dt.date
) -> pd.DataFrame:
    """Count coded mentions by the classifier's label and what up to two people called them.

    The two coders are the first and the last by name; both tables must share an engine.

    Returns:
        Columns `label`, `first_code`, `last_code`, `n_coders` (1, or 2 for more), `n`; sorted.

    Raises:
        DataError: A column is absent.
    """
    mentions.names("mention_id", "label", date)
    codes.names("mention_id", "coder", "label")
    query = build_query(mentions, by=(), date=date, start=start, end=end, cadence=None, equals=None)
    kept = " and ".join([*query.where, "label is not null"])
    sql = (
        "select m.label as label, a.label as first_code, z.label as last_code, "
        "case when a.coder = z.coder then 1 else 2 end as n_coders, count(*) as n "
        f"from (select mention_id, label from {mentions.table} where {kept}) as m "
        "join (select mention_id, min(coder) as first_coder, max(coder) as last_coder "
        f"from {codes.table} group by mention_id) as c on c.mention_id = m.mention_id "
        f"join {codes.table} as a on a.mention_id = c.mention_id and a.coder = c.first_coder "
        f"join {codes.table} as z on z.mention_id = c.mention_id and z.coder = c.last_coder "
        "group by m.label, a.label, z.label, case when a.coder = z.coder then 1 else 2 end"
    )
    names = ["label", "first_code", "last_code", "n_coders"]
    found = mentions.ask(sql).sort_values(names, ignore_index=True)
    return found.astype({"n_coders": "int64", "n": "int64"})


def _text_keys(mentions: Source) -> list[str]:
    """What makes two mentions one: source and text; without a text, each is its own."""
    (identifier,) = mentions.names("mention_id")
    keys = [mentions.names("source")[0]] if "source" in mentions.columns else []
    if "text" not in mentions.columns:
        return [*keys, identifier]
    (text,) = mentions.names("text")
    return [*keys, f"coalesce({text}, concat('id ', {identifier}))"]
