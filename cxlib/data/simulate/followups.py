"""What was done after the low ratings of the review period: the closed loop's own record."""

from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import as_text, stream
from cxlib.data.simulate.truth import Truth

NEGATIVE: Final = 2
"""CSAT up to here is followed up."""
REASONS: Final = ("no_contact_details", "asked_not_to", "known_case")


def draw_followups(truth: Truth, answers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw the follow-up of each negative answer from the start of the review on.

    Some answers have no line at all, some a reason instead of a contact; who is contacted and
    whose case is closed is drawn by lot, so nothing can come of it for the next rating.
    """
    rng = stream(seed, "followups")
    low = (answers["csat"] <= NEGATIVE).fillna(value=False)
    rows = answers[low & (answers["answered_at"] >= str(truth.review_start))]
    count = len(rows)
    end = pd.Timestamp(truth.review_end)
    listed = rng.random(count) < truth.followup_listed_share
    excused = rng.random(count) < truth.followup_reason_share
    why = np.asarray(REASONS)[rng.choice(len(REASONS), size=count, p=(0.45, 0.35, 0.20))]
    days = truth.followup_contact_days * rng.lognormal(0.0, 0.8, size=count)
    reached = ~excused & (rng.random(count) < truth.followup_contacted_share)
    answered = pd.to_datetime(rows["answered_at"]).reset_index(drop=True)
    contacted = answered + pd.to_timedelta(np.floor(days * 86_400), unit="s")
    contacted = contacted.mask(pd.Series(~reached) | (contacted >= end))
    work = truth.followup_close_days * rng.lognormal(0.0, 0.7, size=count)
    settled = rng.random(count) < truth.followup_closed_share
    closed = contacted + pd.to_timedelta(np.floor(work * 86_400), unit="s")
    closed = closed.mask(pd.Series(~settled) | (closed >= end))
    read = rng.random(count) < truth.followup_reviewed_share
    frame = pd.DataFrame(
        {
            "answer_id": rows["answer_id"].to_numpy(),
            "reviewed": (read | reached).astype(int),
            "contacted_at": as_text(contacted),
            "closed_at": as_text(closed),
            "reason": pd.Series(why).where(pd.Series(excused)),
        }
    )
    return frame[listed].reset_index(drop=True)
