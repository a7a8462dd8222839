from itertools import pairwise

import pytest

from cxlib.errors import ReportError
from cxlib.report.colour import sight_distance
from cxlib.report.figures import DistributionGroup, distribution_bars
from cxlib.report.figures.distribution import diverging

NPS = ("Detractors", "Passives", "Promoters")


def draw(theme, *groups, categories=NPS):
    return distribution_bars(
        groups, categories=categories, theme=theme, fmt=lambda share: f"{100 * share:.0f}%"
    )


def test_pieces_are_as_long_as_their_shares_and_fill_the_bar(theme):
    """20, 30 and 50 answers of 100."""
    figure = draw(theme, DistributionGroup(label="A", counts=(20, 30, 50)))
    pieces = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]
    assert pieces == [pytest.approx(p) for p in ((0.0, 0.2), (0.2, 0.3), (0.5, 0.5))]
    assert figure.axes[0].get_xlim() == (0, 1)


def test_a_share_is_written_where_its_piece_has_room(theme, words):
    figure = draw(theme, DistributionGroup(label="A", counts=(1, 300, 699)))
    assert {"30%", "70%"} <= set(words(figure))
    assert "0%" not in words(figure)


def test_the_key_names_every_answer(theme, words):
    figure = draw(theme, DistributionGroup(label="A", counts=(1, 2, 3), note="6", score="+33"))
    assert {*NPS, "6", "+33"} <= set(words(figure))


def test_a_suppressed_group_keeps_its_row_and_has_no_bar(theme, words):
    figure = draw(
        theme,
        DistributionGroup(label="A", counts=(1, 2, 3)),
        DistributionGroup(label="B", counts=(), note="n < 30"),
    )
    assert len(figure.axes[0].patches) == 3
    assert {"B", "n < 30"} <= set(words(figure))


@pytest.mark.parametrize("n_colours", [3, 5, 7])
def test_neighbouring_answers_are_told_apart_with_colour_weak_sight(theme, n_colours):
    """0.07 is the brand's own bound for two series colours; the two ends keep twice that."""
    colours = diverging(n_colours, theme=theme)
    pairs = pairwise(colours)
    assert min(sight_distance(a.upper(), b.upper()) for a, b in pairs) > 0.07
    assert sight_distance(colours[0].upper(), colours[-1].upper()) > 0.14


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (
            DistributionGroup(label="A", counts=(1, 2)),
            "a group must have one count per category (3), 'A' has 2",
        ),
        (
            DistributionGroup(label="A", counts=(1, 2, -1)),
            "counts must be 0 or more, 'A' has (1, 2, -1)",
        ),
        (
            DistributionGroup(label="A", counts=(0, 0, 0)),
            "at least one group must have answers, all are empty",
        ),
    ],
)
def test_impossible_counts_are_refused(theme, group, message):
    with pytest.raises(ReportError) as caught:
        draw(theme, group)
    assert str(caught.value) == message
