"""The positive-mention rate, corrected for what the classifier gets wrong."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import pandas as pd

from cxlib.data.mention_labels import coded_labels, label_counts
from cxlib.data.query import Cadence
from cxlib.data.source import Source
from cxlib.engagement.schema import Window
from cxlib.stats.agreement import cohen_kappa
from cxlib.stats.estimate import Estimate
from cxlib.stats.misclassification import CorrectedShare, Hits, corrected_share, errors_changed

TONES: Final = ("negative", "neutral", "positive")
Audit = Literal["own_period", "all_periods", "none"]
"""Which coded mentions the classifier was checked on."""

FEWEST_OF_OWN: Final = 30
"""Coded positives, and coded negatives, a period needs to be corrected by its own check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAudit:
    """The classifier's labels against people's.

    Attributes:
        found: Of the mentions people call positive, how many the classifier does.
        left_alone: Of those people call negative, how many the classifier does.
        n_coded: Mentions people coded.
        n_disputed: Coded differently by two people; left out.
        n_neutral: Neutral to people or to the classifier; left out, as the rate leaves them out.
        kappa: Agreement of the two coders; None with one.
    """

    found: Hits
    left_alone: Hits
    n_coded: int
    n_disputed: int
    n_neutral: int
    kappa: Estimate | None

    @property
    def enough(self) -> bool:
        """Whether a period can be corrected by this check alone."""
        return min(self.found.n_obs, self.left_alone.n_obs) >= FEWEST_OF_OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRate:
    """Positive among positive and negative mentions of a period.

    Attributes:
        start: First day.
        rate: As labelled, and corrected where a check allows; None without a toned mention.
        n_mentions: Different mentions with a label.
        n_copies: Copies of them, counted once.
        n_neutral: Neutral ones, in neither the count nor the base.
        audit: Which coded mentions the correction rests on.
        n_coded: How many.
        drift: p-value that the classifier errs otherwise in this period than in the others (with
            a cadence: in the later half than in the earlier); None where too few are coded.
    """

    start: date
    rate: CorrectedShare | None
    n_mentions: int
    n_copies: int
    n_neutral: int
    audit: Audit
    n_coded: int
    drift: float | None = None


def audit_labels(
    mentions: Source, codes: Source, *, window: Window, confidence_level: float = 0.95
) -> LabelAudit:
    """Check the classifier's labels on the mentions people coded in a period.

    Where two people coded a mention, it counts only when they agree.

    Args:
        mentions: One row per mention, with the classifier's label.
        codes: One row per mention and coder; in the same engine.
        window: Half-open period of the mentions.
        confidence_level: In [0.9, 1).

    Raises:
        DataError: A column is absent.
    """
    counted = coded_labels(mentions, codes, **window)
    agreed = counted[counted["first_code"] == counted["last_code"]]
    toned = agreed[(agreed["first_code"] != "neutral") & (agreed["label"] != "neutral")]

    def hits(code: str) -> Hits:
        kind = toned[toned["first_code"] == code]
        right = int(kind.loc[kind["label"] == code, "n"].sum())
        return Hits(right=right, n_obs=int(kind["n"].sum()))

    twice = counted[counted["n_coders"] > 1]
    kappa = None
    if len(twice):
        table = pd.crosstab(
            twice["first_code"], twice["last_code"], values=twice["n"], aggfunc="sum"
        ).reindex(index=TONES, columns=TONES)
        kappa = cohen_kappa(table.fillna(0).to_numpy(), confidence_level=confidence_level)
    return LabelAudit(
        found=hits("positive"),
        left_alone=hits("negative"),
        n_coded=int(counted["n"].sum()),
        n_disputed=int(counted["n"].sum() - agreed["n"].sum()),
        n_neutral=int(agreed["n"].sum() - toned["n"].sum()),
        kappa=kappa,
    )


def mention_rates(
    mentions: Source,
    codes: Source | None,
    *,
    window: Window,
    cadence: Cadence | None = None,
    confidence_level: float = 0.95,
) -> tuple[MentionRate, ...]:
    """Give the positive-mention rate of a period, or of each week or month in it.

        rate = positive / (positive + negative), neutral left out, copies counted once

    corrected by Rogan-Gladen. A period with at least 30 coded mentions of each tone is corrected
    by its own check; else by all coded mentions there are, which takes the classifier to err
    alike in all periods; without any, the rate stays as labelled.

    Args:
        mentions: One row per mention, with the classifier's label.
        codes: What people called a random sample of them; None without.
        window: Half-open period.
        cadence: Also split it.
        confidence_level: In [0.9, 1).

    Returns:
        One rate a period, earliest first; periods without a labelled mention are left out.

    Raises:
        DataError: A column is absent.
    """
    counts = label_counts(mentions, **window, cadence=cadence)
    counts = counts[counts["n"] > 0]
    everywhere = None
    if codes is not None:
        ever = Window(date=window["date"], start=date(1900, 1, 1), end=date(9999, 1, 1))
        everywhere = audit_labels(mentions, codes, window=ever, confidence_level=confidence_level)
    own = everywhere
    if codes is not None and cadence is None:
        own = audit_labels(mentions, codes, window=window, confidence_level=confidence_level)
    drift = None
    if codes is not None:
        drift = label_drift(mentions, codes, window=window, halves=cadence is not None)
    rates = []
    for row in counts.to_dict("records"):
        start = window["start"] if cadence is None else row["period_start"].date()
        is_own = cadence is None and own is not None and own.enough
        audit = own if is_own else everywhere
        basis: Audit = "none" if audit is None or not audit.n_coded else (
            "own_period" if is_own else "all_periods"
        )  # fmt: skip
        toned = int(row["positive"] + row["negative"])
        rates.append(
            MentionRate(
                start=start,
                rate=_rate(int(row["positive"]), toned, audit, confidence_level) if toned else None,
                n_mentions=int(row["n"]),
                n_copies=int(row["n_rows"] - row["n"]),
                n_neutral=int(row["neutral"]),
                audit=basis,
                n_coded=audit.n_coded if audit else 0,
                drift=drift,
            )
        )
    return tuple(rates)


def label_drift(
    mentions: Source, codes: Source, *, window: Window, halves: bool = False
) -> float | None:
    """Test whether the classifier errs in a period as it does in the other coded mentions.

    Args:
        mentions: One row per mention, with the classifier's label.
        codes: One row per mention and coder.
        window: The period.
        halves: Compare the later half of the period with the earlier instead.

    Returns:
        A p-value over sensitivity and specificity; None where one side has too few coded.
    """
    name, start, end = window["date"], window["start"], window["end"]
    middle = start + (end - start) / 2
    spans = [[(start, end)], [(date(1900, 1, 1), start), (end, date(9999, 1, 1))]]
    if halves:
        spans = [[(middle, end)], [(start, middle)]]

    def hits(parts: list[tuple[date, date]]) -> tuple[Hits, Hits]:
        audits = [
            audit_labels(mentions, codes, window=Window(date=name, start=first, end=last))
            for first, last in parts
        ]
        found, left = [audit.found for audit in audits], [audit.left_alone for audit in audits]
        return _together(found), _together(left)

    return errors_changed(hits(spans[0]), hits(spans[1]))


def _together(parts: list[Hits]) -> Hits:
    return Hits(right=sum(p.right for p in parts), n_obs=sum(p.n_obs for p in parts))


def _rate(positive: int, toned: int, audit: LabelAudit | None, level: float) -> CorrectedShare:
    nothing = Hits(right=0, n_obs=0)
    return corrected_share(
        positive,
        toned,
        found=audit.found if audit else nothing,
        left_alone=audit.left_alone if audit else nothing,
        confidence_level=level,
    )
