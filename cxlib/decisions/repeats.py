"""Customers who answer more than once: what their answers are worth, read from the survey.

Answers of one customer are alike, so that n answers say less than n customers would. The factor by
which a sample must grow is the design effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.data.query import Cadence as Counted
from cxlib.data.source import Source
from cxlib.data.summaries import clustered_moments
from cxlib.decisions.level import Level, answer_variance
from cxlib.engagement.schema import Cadence, Engagement, Window

UNITS: Mapping[Cadence, Counted] = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How alike the answers of one customer are, and what that costs.

    Attributes:
        kpi: Its id.
        n_obs: Answers of the baseline period.
        customers: Who gave them.
        alike: Intra-customer correlation, 0 to 1.
        of_baseline: Design effect of the baseline's answers together, 1 or more.
        of_period: Of the answers of one period, in which customers repeat less.
    """

    kpi: str
    n_obs: int
    customers: int
    alike: float
    of_baseline: float
    of_period: float

    @property
    def per_customer(self) -> float:
        """Answers a customer gave, on average."""
        return self.n_obs / self.customers


def repeat_answers(
    answers: Source | None, levels: Mapping[str, Level], *, engagement: Engagement
) -> dict[str, Repeats]:
    """Read from the survey how alike one customer's answers are, for each KPI that is its score.

        of_baseline = Var(mean | customers) / Var(mean | answers) = 1 + (m - 1) alike
        m = Σ mᵢ² / Σ mᵢ,  mᵢ answers of customer i

    The correlation is solved from the two variances of the baseline; a single period has its own,
    smaller m.

    Args:
        answers: One row per answer with customer_id and answered_at; None without the table.
        levels: The baselines. A KPI whose history does not count exactly the survey's answers has
            no entry: its answers may be other people's.
        engagement: KPIs, metrics and baseline period.

    Source: Kish (1965), Survey Sampling, section 5.4; the ratio variance of Cochran (1977), 6.3.
    """
    found: dict[str, Repeats] = {}
    if answers is None or "customer_id" not in answers.columns:
        return found
    window = engagement.baseline.window("answered_at")
    for kpi in engagement.kpis:
        level, metric = levels.get(kpi.id), engagement.metrics.get(kpi.id)
        if level is None or metric is None or kpi.id not in answers.columns or kpi.unit == "share":
            continue
        read = _read(
            answers,
            kpi.id,
            nps=metric.kind == "nps",
            window=window,
            level=level,
            rhythm=kpi.cadence,
        )
        if read is not None:
            found[kpi.id] = read
    return found


def _read(
    answers: Source, score: str, *, nps: bool, window: Window, level: Level, rhythm: Cadence
) -> Repeats | None:
    whole = clustered_moments(
        answers, columns=[score], coding="nps" if nps else "value", **window
    ).iloc[0]
    n, customers = int(whole["n"]), int(whole["n_clusters"])
    variance = answer_variance(level) / (100.0**2 if nps else 1.0)
    if n != level.estimate.n_obs or customers < 2 or variance <= 0:  # noqa: PLR2004
        return None
    effect = customers / (customers - 1) * float(whole["squares"]) / n / variance
    size = float(whole["count_squares"]) / n
    alike = min(1.0, max(0.0, (effect - 1) / (size - 1))) if size > 1 else 0.0
    single = clustered_moments(answers, columns=[score], cadence=UNITS[rhythm], **window)
    in_period = float(single["count_squares"].sum()) / int(single["n"].sum())
    return Repeats(
        kpi=score,
        n_obs=n,
        customers=customers,
        alike=alike,
        of_baseline=1 + (size - 1) * alike,
        of_period=1 + (in_period - 1) * alike,
    )
