"""The CXi weighted or not, with the error between customers who answer three items each."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from cxlib.data.cell_pairs import ITEM, Spans, cell_pairs
from cxlib.data.source import Source
from cxlib.data.summaries import score_counts
from cxlib.engagement.schema import Window
from cxlib.measures.cxi import ITEMS, cxi_index
from cxlib.measures.survey_sample import Population, SurveySample, sample_from
from cxlib.measures.weighted import WeightedScore, adjusted_net
from cxlib.stats import linearised
from cxlib.stats.estimate import Estimate
from cxlib.stats.linearised import Linear
from cxlib.stats.proportions import normal_quantile
from cxlib.stats.weighting import Cell, effective_n


def cxi_scores(
    answers: Source,
    *,
    window: Window,
    population: Population | None = None,
    by: Sequence[str] = (),
    spans: Spans | None = None,
    confidence_level: float = 0.95,
    minimum_cell: int = 30,
) -> tuple[WeightedScore, ...]:
    """Score the index of each group: the mean of three items, each %(4, 5) - %(1, 2).

    Each item has its own weights, made for those who answered it. The index is linear in three
    weighted means whose errors go together, since one customer answers all three; the interval is
    the NPS's adjusted Wald on the effective number of answers.

    Args:
        answers: One row per answer, with the three items.
        window: Half-open period of a date column.
        population: Everyone invited; None leaves every answer with weight 1.
        by: Columns that name the group; ``period`` stands for the spans.
        spans: Periods by name.
        confidence_level: In [0.9, 1).
        minimum_cell: Groups with fewer answers to some item come back suppressed.

    Raises:
        DataError: A column is absent.
        InputError: No answer, one customer, or weights that cannot be made.

    Source: Forrester's index as first published (2007); Rocks (2016); Binder (1983).
    """
    margins: tuple[str, ...] = ()
    members: dict[Cell, int] | None = None
    if population is not None:
        asked = score_counts(answers, score=ITEMS[0], by=["touchpoint"], **window)
        people = population.at(sorted({str(point) for point in asked["touchpoint"].dropna()}))
        margins = population.margins
        members = {(item, *cell): n for item in ITEMS for cell, n in people.items()}
    keys = [*by, ITEM, *(name for name in margins if name not in by)]
    products = cell_pairs(
        answers,
        score=ITEMS,
        by=keys,
        coding="sign",
        cluster="customer_id" if "customer_id" in answers.columns else "answer_id",
        alone="answer_id" if "answer_id" in answers.columns else None,
        spans=spans,
        **window,
    )
    sample = sample_from(
        products,
        metric="cxi",
        statistic="nps",
        population=members,
        margins=(ITEM, *margins),
        adjustment="none" if population is None else "raking",
        by=[*by, ITEM],
    )
    groups = sorted({group[:-1] for group in sample.groups})
    return tuple(_score(sample, group, confidence_level, minimum_cell) for group in groups)


def _score(
    sample: SurveySample, group: Cell, confidence_level: float, minimum_cell: int
) -> WeightedScore:
    parts = [sample.members((*group, item)) for item in ITEMS]
    counts = [round(float(sample.products.n[part].sum())) for part in parts]
    whole = np.logical_or.reduce(parts)
    clusters = 0.0
    if min(counts) >= max(2, minimum_cell):
        clusters = min(
            linearised.effective_clusters(
                sample.products, answer_weights=sample.answer_weights, members=part
            )
            for part in parts
        )
    hidden = clusters <= 1
    estimate = error = None
    if not hidden:
        estimate, error = _index(sample, group, max(counts), clusters, confidence_level)
    weights = sample.answer_weights[whole].tolist()
    heads = [round(float(k)) for k in sample.products.n[whole]]
    return WeightedScore(
        group=group,
        estimate=estimate,
        standard_error=error,
        effective_n=None if hidden else effective_n(weights, heads) / len(ITEMS),
        effective_customers=None if hidden else clusters,
        suppressed=hidden,
        minimum_cell=minimum_cell,
    )


def _index(
    sample: SurveySample, group: Cell, n_obs: int, clusters: float, level: float
) -> tuple[Estimate, float]:
    """Return the index with its interval, and its standard error in points."""
    items = [sample.linear((*group, item)).scaled(0.01) for item in ITEMS]
    index = Linear(
        value=cxi_index(*(item.value for item in items)),
        alpha=np.sum([item.alpha for item in items], axis=0) / len(items),
        beta=np.sum([item.beta for item in items], axis=0) / len(items),
    )
    squared = linearised.variance(index, sample.products)
    seconds, given = [], 0
    for item, found in zip(ITEMS, items, strict=True):
        members = sample.members((*group, item))
        seconds.append(
            linearised.spread(
                found.value, sample.products, answer_weights=sample.answer_weights, members=members
            )[0]
        )
        given += sample.n_obs((*group, item))
    second = sum(seconds) / len(seconds)
    # One answer to one item is the yardstick: three items that agree are worth no more than one.
    n = linearised.effective_answers(
        given,
        answer_variance=max(0.0, second - index.value**2),
        squared_error=squared,
        clusters=clusters,
        level=level,
    )
    added = 0.75 * max(1.0, n / n_obs)
    centre, part = adjusted_net(index.value, second, n, added=added)
    margin = normal_quantile(level) * sqrt(part)
    return Estimate(
        value=100 * index.value,
        ci_lower=100 * min(index.value, max(-1.0, centre - margin)),
        ci_upper=100 * max(index.value, min(1.0, centre + margin)),
        n_obs=n_obs,
        unit="points",
        method="adjusted Wald, effective n",
        confidence_level=level,
    ), 100 * sqrt(squared)
