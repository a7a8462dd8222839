import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import (
    OutcomeMarker,
    TornadoItem,
    WaterfallStep,
    cash_curve,
    find_collisions,
    histogram_of_outcomes,
    tornado,
    waterfall,
)

MONTHS = [str(month) for month in range(13)]
CASH = [-6.0 + month for month in range(13)]


def curve(theme, **more):
    given = {
        "middle": CASH,
        "lower": [value - 1 for value in CASH],
        "upper": [value + 1 for value in CASH],
        "middle_label": "Middle",
        "band_label": "Band",
    } | more
    return cash_curve(MONTHS, theme=theme, fmt=str, **given)


def test_the_payback_mark_stands_on_the_line_at_its_month(theme, words):
    figure = curve(theme, payback="6", payback_label="Month 6")
    diamonds = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in diamonds] == [(6, 0.0)]
    assert "Month 6" in words(figure)


def test_zero_is_in_sight_even_when_cash_never_turns(theme):
    down = [-value - 10 for value in range(13)]
    figure = curve(theme, middle=down, lower=down, upper=down)
    low, high = figure.axes[0].get_ylim()
    assert low < 0 < high


@pytest.mark.parametrize("payback", ["0", "1", "12"])
def test_the_payback_text_stays_inside_at_either_end(theme, payback):
    figure = curve(theme, payback=payback, payback_label="Pays back in this month of the plan")
    assert find_collisions(figure) == []


def test_a_band_upside_down_is_refused(theme):
    with pytest.raises(ReportError, match="lower must not be above upper in any period"):
        curve(theme, lower=[value + 2 for value in CASH])


def outcomes(theme, edges, counts, **more):
    return histogram_of_outcomes(
        edges, counts, theme=theme, fmt=str, loss_label="Loss", gain_label="Gain", **more
    )


def test_losses_are_hatched_and_a_bin_across_zero_is_cut_there(theme):
    """Bins -2…-1, -1…1 and 1…2: the middle one becomes -1…0 hatched and 0…1 plain."""
    bars = outcomes(theme, [-2, -1, 1, 2], [1, 4, 1]).axes[0].patches
    found = [(bar.get_x(), bar.get_x() + bar.get_width(), bool(bar.get_hatch())) for bar in bars]
    assert found == [(-2, -1, True), (-1, 0, True), (0, 1, False), (1, 2, False)]


def test_the_area_of_a_bar_is_its_count_whatever_its_width(theme):
    bars = outcomes(theme, [0, 1, 3], [2, 4]).axes[0].patches
    assert [bar.get_height() * bar.get_width() for bar in bars] == [2, 4]
    assert {bar.get_y() for bar in bars} == {0}


def test_a_marker_outside_the_histogram_is_refused(theme):
    with pytest.raises(ReportError) as caught:
        outcomes(theme, [0, 1], [1], markers=[OutcomeMarker(value=3, label="P95")])
    assert str(caught.value) == "marker 'P95' must lie inside the histogram, got 3"


@pytest.mark.parametrize(
    ("edges", "counts", "message"),
    [
        ([0, 1], [1, 2], "edges must be one more than counts, got 2 edges and 2 counts"),
        ([0, 2, 1], [1, 2], "edges must rise from each to the next"),
        ([0, 1], [0], "at least one bin must have outcomes, all counts are 0"),
    ],
)
def test_impossible_bins_are_refused(theme, edges, counts, message):
    with pytest.raises(ReportError) as caught:
        outcomes(theme, edges, counts)
    assert str(caught.value) == message


def test_the_strongest_assumption_is_on_top_and_bars_start_at_the_base(theme, words):
    figure = tornado(
        [
            TornadoItem(label="Weak", low=9, high=11, low_text="a", high_text="b"),
            TornadoItem(label="Strong", low=16, high=2, low_text="c", high_text="d"),
        ],
        base=10,
        base_label="Base",
        theme=theme,
        fmt=str,
        low_label="Low",
        high_label="High",
    )
    bars = [(p.get_x(), p.get_x() + p.get_width(), p.get_y()) for p in figure.axes[0].patches]
    assert [bar[:2] for bar in bars] == [(2, 10), (10, 16), (9, 10), (10, 11)]
    assert bars[0][2] > bars[2][2]
    said = words(figure)
    assert said.index("Strong") < said.index("Weak")
    assert {"a", "b", "c", "d", "Base"} <= set(said)


def test_settings_that_both_help_keep_their_texts_apart(theme):
    """Low and high both move the result from 10 upwards, to 14 and to 13."""
    item = TornadoItem(label="A", low=14, high=13, low_text="HK$1,200,000", high_text="HK$900,000")
    figure = tornado(
        [item],
        base=10,
        base_label="Base",
        theme=theme,
        fmt=str,
        low_label="Low",
        high_label="High",
    )
    assert find_collisions(figure) == []
    longer, shorter = figure.axes[0].patches
    assert (longer.get_width(), shorter.get_width()) == (4, 3)


def test_waterfall_bars_start_where_the_one_before_ended_and_sum(theme, words):
    """10 - 4 + 1 = 7: bars 0 to 10, 6 to 10, 6 to 7, and the sum from 0 to 7."""
    figure = waterfall(
        [
            WaterfallStep(label="Margin", amount=10, text="ten"),
            WaterfallStep(label="Cost", amount=-4, text="four"),
            WaterfallStep(label="Later", amount=1, text="one", expected=True),
        ],
        total_label="Value",
        total_text="seven",
        theme=theme,
        fmt=str,
    )
    bars = [(p.get_x(), p.get_x() + p.get_width()) for p in figure.axes[0].patches]
    assert bars == [(0, 10), (6, 10), (6, 7), (0, 7)]
    assert [bool(p.get_hatch()) for p in figure.axes[0].patches] == [False, False, True, False]
    assert {"Margin", "Cost", "Later", "Value", "ten", "four", "one", "seven"} <= set(words(figure))
    assert find_collisions(figure) == []


def test_a_waterfall_without_steps_is_refused(theme):
    with pytest.raises(ReportError, match="a waterfall needs at least 1 step, got none"):
        waterfall([], total_label="", total_text="", theme=theme, fmt=str)
