# ruff: noqa: S608  (SQL is built from checked column names and literals written here)
"""Comments with the scores their writers gave: a declared fetch of rows, seeded and limited."""

import datetime as dt
from typing import Final

import pandas as pd

from cxlib.data.source import Source
from cxlib.errors import InputError

KEPT: Final = ("customer_id", "touchpoint", "channel", "segment", "language", "nps", "csat")


def scored_comments(
    answers: Source,
    *,
    date: str,
    start: dt.date,
    end: dt.date,
    at_most: int = 50_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Fetch comments and the scores beside them; of more than ``at_most``, a random sample.

    The sample is the same for the same seed: comments are ordered by the MD5 of their id and the
    seed, in the engine.

    Args:
        answers: One row per answer.
        date: Its column of moments.
        start: First day.
        end: Day after the last.
        at_most: Most rows to hold.
        seed: The engagement's.

    Returns:
        Columns `answer_id`, `comment` and those of `customer_id`, `touchpoint`, `channel`,
        `segment`, `language`, `nps`, `csat` the table has (others empty), sorted by `answer_id`;
        no rows where the table has no column of comments.

    Raises:
        InputError: ``at_most`` under 1.
    """
    if at_most < 1:
        raise InputError(f"at_most must be 1 or more, got {at_most}")
    columns = ["answer_id", "comment", *KEPT]
    if "comment" not in answers.columns:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
    identifier, comment, moment = answers.names("answer_id", "comment", date)
    held = [name for name in columns if name in answers.columns]
    shown = ", ".join(answers.names(*held))
    frame = answers.run(
        f"select {shown} from {answers.table} where {comment} is not null "
        f"and {moment} >= timestamp '{start.isoformat()} 00:00:00' "
        f"and {moment} < timestamp '{end.isoformat()} 00:00:00' "
        f"order by md5(concat({identifier}, '-{int(seed)}')), {identifier} limit {int(at_most)}"
    ).rename(columns=str.lower)
    for name in columns:
        if name not in frame.columns:
            frame[name] = None
    return frame[columns].sort_values("answer_id", ignore_index=True)
