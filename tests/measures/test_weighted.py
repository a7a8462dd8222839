"""cxlib.measures.weighted and survey_sample: one call, weighted or not; coverage; error texts."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from cxlib.data.source import duckdb_source
from cxlib.data.summaries import flag_counts, score_counts
from cxlib.errors import InputError
from cxlib.measures.survey import ces, csat_mean, csat_top2, nps
from cxlib.measures.survey_sample import Population, invited_population, sample_from, survey_sample
from cxlib.measures.weighted import score_groups, weighted_scores

WINDOW = {"date": "answered_at", "start": dt.date(2025, 7, 1), "end": dt.date(2026, 1, 1)}


def answers(scores, *, customers=None, **columns):
    """Make a source with one answer a row; what is not named is the same everywhere."""
    n = len(scores)
    frame = {
        "customer_id": [f"C{k}" for k in (range(n) if customers is None else customers)],
        "touchpoint": ["visit"] * n, "segment": ["new"] * n, "channel": ["online"] * n,
        "nps": scores, "csat": scores, "ces": scores,
        "answered_at": [pd.Timestamp(2025, 8, 1)] * n, **columns,
    }  # fmt: skip
    return duckdb_source(pd.DataFrame(frame), table="answers")


def population(**counts):
    return Population(
        margins=("segment",), counts={"visit": {(name,): n for name, n in counts.items()}}
    )


SCORES = np.random.default_rng(2).integers(0, 11, 300)
RATINGS = np.random.default_rng(4).integers(1, 6, 300)


def test_one_answer_a_customer_and_no_weights_give_the_plain_nps():
    """The interval is that of measures.survey.nps, digit by digit."""
    source = answers(SCORES)
    (found,) = weighted_scores(source, metric="nps", adjustment="none", window=WINDOW)
    (known,) = nps(score_counts(source, score="nps"))
    assert found.shown.value == pytest.approx(known.shown.value)
    assert (found.shown.ci_lower, found.shown.ci_upper) == pytest.approx(
        (known.shown.ci_lower, known.shown.ci_upper)
    )
    assert (found.effective_n, found.effective_customers) == pytest.approx((300, 300))


@pytest.mark.parametrize(
    ("metric", "statistic", "known"),
    [
        ("csat", "mean", csat_mean),
        ("csat", "share", csat_top2),
        ("ces-v2", "mean", lambda counts: ces(counts, version="ces-v2")),
        ("ces-v1", "share", lambda counts: ces(counts, version="ces-v1", statistic="share")),
    ],
)
def test_the_other_scores_too_are_the_plain_ones(metric, statistic, known):
    source = answers(RATINGS)
    (found,) = weighted_scores(
        source, metric=metric, statistic=statistic, adjustment="none", window=WINDOW
    )
    (plain,) = known(score_counts(source, score="csat"))
    assert (found.shown.value, found.shown.ci_lower, found.shown.ci_upper) == pytest.approx(
        (plain.shown.value, plain.shown.ci_lower, plain.shown.ci_upper)
    )
    assert found.shown.unit == plain.shown.unit


def test_a_weighted_nps_by_hand():
    """60 members at NPS 100, 40 new at -100; people half and half: 0, not 20."""
    source = answers([10] * 60 + [0] * 40, segment=["member"] * 60 + ["new"] * 40)
    (found,) = weighted_scores(
        source, metric="nps", window=WINDOW, population=population(member=500, new=500)
    )
    assert found.shown.value == pytest.approx(0)
    assert found.effective_n == pytest.approx(100**2 / (60 * (5 / 6) ** 2 + 40 * 1.25**2))


def test_ten_answers_of_each_customer_are_no_more_than_one():
    """Every customer repeats one answer ten times: the interval is that of the customers."""
    many = answers(np.repeat(SCORES, 10), customers=np.repeat(np.arange(300), 10))
    (found,) = weighted_scores(many, metric="nps", adjustment="none", window=WINDOW)
    (once,) = weighted_scores(answers(SCORES), metric="nps", adjustment="none", window=WINDOW)
    assert found.shown.n_obs == 3000
    assert found.effective_customers == pytest.approx(300)
    assert found.standard_error == pytest.approx(once.standard_error)
    width = found.shown.ci_upper - found.shown.ci_lower
    assert width == pytest.approx(once.shown.ci_upper - once.shown.ci_lower, rel=0.02)


def test_a_unanimous_group_keeps_a_width_and_stays_on_the_scale():
    """Trap 2: 40 promoters of 20 customers; the Wald width would be 0."""
    source = answers([10] * 40, customers=np.repeat(np.arange(20), 2))
    (found,) = weighted_scores(source, metric="nps", adjustment="none", window=WINDOW)
    assert found.shown.value == found.shown.ci_upper == 100
    assert found.shown.ci_lower < 90
    (share,) = weighted_scores(
        answers([5] * 40), metric="csat", statistic="share", adjustment="none", window=WINDOW
    )
    assert share.shown.ci_lower < share.shown.ci_upper == pytest.approx(1.0)


def test_groups_share_one_set_of_weights_and_small_ones_are_hidden():
    source = answers(
        [10] * 60 + [0] * 60 + [5] * 10,
        segment=(["member"] * 40 + ["new"] * 20) * 2 + ["new"] * 10,
        channel=["online"] * 60 + ["offline"] * 60 + ["hybrid"] * 10,
    )
    found = weighted_scores(
        source, metric="nps", window=WINDOW, population=population(member=500, new=500),
        by=["channel"],
    )  # fmt: skip
    assert [score.group for score in found] == [("hybrid",), ("offline",), ("online",)]
    assert (found[0].n_label, found[0].estimate, found[0].effective_n) == ("<30", None, None)
    assert (found[1].shown.value, found[2].shown.value) == pytest.approx((-100, 100))
    with pytest.raises(InputError, match="group 'hybrid' has fewer than 30 answers and is hidden"):
        _ = found[0].shown


def test_a_question_stands_for_those_invited_where_it_is_asked():
    """The app asks no effort question: its 900 new customers do not weigh on the CES."""
    source = answers([5, 7] * 40, segment=["member"] * 60 + ["new"] * 20)
    everyone = Population(
        margins=("segment",),
        counts={"visit": {("member",): 300, ("new",): 100}, "app": {("new",): 900}},
    )
    (found,) = weighted_scores(source, metric="ces-v2", window=WINDOW, population=everyone)
    (plain,) = weighted_scores(source, metric="ces-v2", window=WINDOW, adjustment="none")
    assert found.shown.value == pytest.approx(plain.shown.value)


def test_the_population_is_every_delivered_invitation():
    log = pd.DataFrame(
        {
            "touchpoint": ["visit", "visit", "app"], "segment": ["new", "new", "member"],
            "delivered": [1, 0, 1],
        }
    )  # fmt: skip
    flags = flag_counts(
        duckdb_source(log, table="log"), flags=["delivered"], by=["touchpoint", "segment"]
    )
    people = invited_population(flags, margins=["segment"])
    assert people.at(["visit", "app"]) == {("new",): 1, ("member",): 1}
    assert people.at(["app"]) == {("member",): 1}
    assert people.at(["nowhere"]) == {}


def fixed_invitations(rng, customers=700):
    """Lay out who is invited where: the same in every repetition, so the truth is one number."""
    segment = rng.choice(3, size=customers, p=[0.34, 0.36, 0.30])
    size = rng.integers(1, 7, customers)
    customer = np.repeat(np.arange(customers), size)
    return customer, segment[customer], rng.choice(3, size=size.sum(), p=[0.21, 0.44, 0.35])


@pytest.fixture(scope="module")
def repetitions():
    """400 waves with informative non-response by segment: what each interval says of the truth.

    Members score 18 points above new customers and answer twice as often; answers of one customer
    share half of their spread.
    """
    rng = np.random.default_rng(20260711)
    customer, segment, channel = fixed_invitations(rng)
    shift = np.array([-0.3, 0.0, 0.35])[segment] + np.array([-0.1, 0.3, -0.4])[channel]
    ends = np.array([-0.3, 0.5])
    truth = 100 * np.mean(ndtr(shift - ends[1]) - ndtr(ends[0] - shift))
    rate = np.array([0.25, 0.35, 0.5])[segment] * np.array([0.9, 1.0, 1.1])[channel]
    people = {
        (str(s), str(c)): int(((segment == s) & (channel == c)).sum())
        for s in range(3)
        for c in range(3)
    }
    found = {}
    for _ in range(400):
        latent = shift + np.sqrt(0.5) * (
            rng.normal(size=customer.max() + 1)[customer] + rng.normal(size=len(customer))
        )
        coded = np.where(latent > ends[1], 1.0, np.where(latent < ends[0], -1.0, 0.0))
        said = rng.random(len(customer)) < rate
        pairs = pairs_frame(customer[said], segment[said], channel[said], coded[said])
        for adjustment in ("raking", "post-stratification"):
            sample = sample_from(
                pairs, metric="nps", statistic="nps", population=people,
                margins=("segment", "channel"), adjustment=adjustment,
            )  # fmt: skip
            found.setdefault(adjustment, []).extend(score_groups(sample))
        found.setdefault("none", []).extend(score_groups(sample.unweighted()))
    return truth, found


def pairs_frame(customer, segment, channel, coded):
    """Write the cell_pairs frame of answers with numpy."""
    n_clusters = len(np.unique(customer))
    cell = 3 * segment + channel
    size, total = np.zeros((2, customer.max() + 1, 9))
    np.add.at(size, (customer, cell), 1.0)
    np.add.at(total, (customer, cell), coded)
    a, b = (x.ravel() for x in np.indices((9, 9)))
    own = {
        "n": size.sum(axis=0), "total": total.sum(axis=0),
        "squares": np.bincount(cell, weights=coded**2, minlength=9),
    }  # fmt: skip
    return pd.DataFrame(
        {
            "segment": (a // 3).astype(str), "channel": (a % 3).astype(str),
            "other_segment": (b // 3).astype(str), "other_channel": (b % 3).astype(str),
            **{name: values[a] for name, values in own.items()},
            "tt": (total.T @ total)[a, b], "tm": (total.T @ size)[a, b],
            "mm": (size.T @ size)[a, b], "n_clusters": n_clusters,
        }
    )  # fmt: skip


def covered(truth, scores):
    inside = [score.shown.ci_lower <= truth <= score.shown.ci_upper for score in scores]
    return float(np.mean(inside))


@pytest.mark.parametrize("adjustment", ["raking", "post-stratification"])
def test_weighted_intervals_cover_the_population_under_informative_silence(repetitions, adjustment):
    """95 % nominal over 400 waves: 92.5 to 97.5 allowed (2.3 standard errors)."""
    truth, found = repetitions
    assert 0.925 <= covered(truth, found[adjustment]) <= 0.975


def test_without_weights_the_same_intervals_miss_it(repetitions):
    """The plain score is off by several points: its interval covers in well under 90 %."""
    truth, found = repetitions
    assert covered(truth, found["none"]) < 0.85


def test_the_stated_error_is_the_spread_over_waves(repetitions):
    """Mean standard error within 8 % of the standard deviation of 400 raked scores."""
    _, found = repetitions
    values = [score.shown.value for score in found["raking"]]
    stated = np.mean([score.standard_error for score in found["raking"]])
    assert stated == pytest.approx(np.std(values, ddof=1), rel=0.08)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "raking needs a population; give one, or adjustment='none'"),
        ({"metric": "cxi"}, "metric must be one of nps, csat, ces-v1, ces-v2, got cxi"),
        ({"statistic": "mean"}, "nps has no statistic 'mean'; nps goes with nps alone"),
        (
            {"population": population(member=3)},
            (
                "answers cannot be weighted to the population: segment 'member' has 3 members "
                "and no answer; segment 'new' has 300 answers and no member; merge categories, "
                "or leave the margin out"
            ),
        ),
    ],
)
def test_what_cannot_be_weighted_is_refused_in_plain_words(change, message):
    with pytest.raises(InputError) as error:
        weighted_scores(answers(SCORES), **{"metric": "nps", "window": WINDOW, **change})
    assert str(error.value) == message


def test_an_empty_period_and_an_unmarked_invitation_are_said():
    late = {**WINDOW, "start": dt.date(2025, 12, 1)}
    with pytest.raises(InputError) as error:
        survey_sample(answers(SCORES), metric="nps", window=late, adjustment="none")
    assert str(error.value) == "a score needs at least 1 answer in the period, got 0"
    flags = pd.DataFrame({"touchpoint": ["visit"], "segment": [None], "delivered": [7]})
    with pytest.raises(InputError) as error:
        invited_population(flags, margins=["segment"])
    assert str(error.value) == (
        "every delivered invitation must have a segment, 7 at visit have an empty one; complete "
        "the invitation log or leave the margin out"
    )
