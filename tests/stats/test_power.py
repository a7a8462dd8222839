"""cxlib.stats.power: the worked sample sizes, power by simulation, errors."""

import numpy as np
import pytest

from cxlib.errors import InputError
from cxlib.stats.power import (
    NpsShares,
    sample_for_nps,
    sample_for_proportions,
    sample_size,
)


@pytest.mark.parametrize(
    ("baseline", "target", "n"),
    [(0.38, 0.40, 9_333), (0.65, 0.70, 1_374), (0.70, 0.50, 91), (0.05, 0.07, 2_210)],
)
def test_shares_need_the_worked_numbers_of_answers(baseline, target, n):
    """The project's worked figures; by hand for 70 -> 50 %: 7.8489 (0.21 + 0.25) / 0.2² = 90.3."""
    assert sample_for_proportions(baseline, target).n_per_group == n


def means(difference, *, sd, **options):
    return sample_size(difference, variance_control=sd**2, variance_treatment=sd**2, **options)


@pytest.mark.parametrize(("baseline", "target", "n"), [(15, 30, 454), (25, 30, 4_082)])
def test_nps_needs_the_worked_numbers_with_the_typical_variance(baseline, target, n):
    """By hand: 2 × 6500 × 7.8489 / 5² = 4081.4; a variance of 6,495 to 6,500 gives both figures."""
    assert sample_for_nps(baseline, target).n_per_group == n


def test_csat_needs_63_answers_per_wave_for_half_a_point():
    """2 × 1² × 7.8489 / 0.5² = 62.8."""
    assert means(0.5, sd=1).n_per_group == 63


def test_nps_shares_and_worst_case_bracket_the_typical_variance():
    """50/30/20: 10,000 (0.7 - 0.09) = 6,100; nobody passive at 30 points: 10,000 - 900."""
    shares = NpsShares(promoters=0.5, detractors=0.2)
    assert shares.variance == pytest.approx(6_100)
    ours = sample_for_nps(30, 35, baseline_shares=shares, variance="shares")
    typical, worst = sample_for_nps(30, 35), sample_for_nps(30, 35, variance="worst")
    assert ours.n_per_group < typical.n_per_group < worst.n_per_group
    assert worst.variance_control == 9_100


def test_direction_and_scale_do_not_change_the_sample():
    assert (
        sample_for_proportions(0.3, 0.4).n_per_group == sample_for_proportions(0.4, 0.3).n_per_group
    )
    assert means(5, sd=10).n_per_group == means(0.5, sd=1).n_per_group


def test_an_unequal_split_needs_more_in_total():
    """Variances alike, 1 : 3: the total grows by 1 / (4 × 0.25 × 0.75) = 1.333."""
    even = sample_size(0.1, variance_control=1, variance_treatment=1)
    uneven = sample_size(0.1, variance_control=1, variance_treatment=1, treatment_share=0.25)
    assert uneven.n_control == pytest.approx(3 * uneven.n_treatment, abs=3)
    total = uneven.n_control + uneven.n_treatment
    assert total == pytest.approx(2 * even.n_per_group * 4 / 3, rel=1e-3)


def test_two_waves_of_the_stated_size_show_the_difference_in_80_of_100_surveys():
    """4,000 seeded pairs of surveys, NPS 15 and 30 with a variance of 6,500 each; z test."""
    rng = np.random.default_rng(3)
    n, means, variances = 454, [], []
    for score in (0.15, 0.30):
        both = 0.65 + score**2
        shares = [(both + score) / 2, 1 - both, (both - score) / 2]
        counts = rng.multinomial(n, shares, size=4_000) / n
        mean = counts[:, 0] - counts[:, 2]
        means.append(mean)
        variances.append((counts[:, 0] + counts[:, 2] - mean**2) / n)
    z = (means[1] - means[0]) / np.sqrt(variances[0] + variances[1])
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.80, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sample_for_proportions(5, 7),
            "baseline must be a share from 0 to 1 (0.05 for 5 %), got 5",
        ),
        (
            lambda: means(0, sd=1),
            "the difference to be seen must not be 0, got 0",
        ),
        (lambda: sample_for_nps(25, 130), "target must be from -100 to 100 points, got 130"),
        (
            lambda: sample_for_nps(25, 30, variance="shares"),
            'variance "shares" needs baseline_shares; without: "typical" or "worst"',
        ),
        (
            lambda: sample_for_nps(
                25, 30, baseline_shares=NpsShares(promoters=0.5, detractors=0.25)
            ),
            'shares are read with variance "shares" only, got "typical"',
        ),
        (
            lambda: sample_for_nps(
                25,
                30,
                baseline_shares=NpsShares(promoters=0.5, detractors=0.2),
                variance="shares",
            ),
            "baseline_shares give 30.0 points, the baseline is 25",
        ),
        (
            lambda: NpsShares(promoters=0.7, detractors=0.4),
            (
                "promoter and detractor shares must be 0 or more and at most 1 together, "
                "got 0.7 and 0.4"
            ),
        ),
        (
            lambda: sample_size(1, variance_control=-1, variance_treatment=1),
            "variances must be 0 or more, got -1 and 1",
        ),
        (
            lambda: means(1, sd=1, treatment_share=1),
            "treatment_share must be between 0 and 1, got 1",
        ),
        (lambda: means(1, sd=1, power=80), "power must be in [0.5, 1), got 80"),
        (
            lambda: means(1, sd=1, confidence_level=95),
            "confidence_level must be in [0.9, 1), got 95",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_value(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
