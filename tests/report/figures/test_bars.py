"""Pareto and funnel: bars as long as their values, nothing overlaps in either language."""

import time

import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import (
    FunnelItem,
    ParetoItem,
    find_collisions,
    funnel_chart,
    pareto_chart,
    to_svg,
)

CATEGORIES = (
    ("Delivery", "送貨", 45.0, 0.36, 96),
    ("Missing parts and fittings", "欠缺零件及配件", 25.7, 0.56, 55),
    ("Product faults", "產品瑕疵", 22.5, 0.74, 48),
    ("Refunds", "退款", 14.0, 0.85, 30),
    ("Assembly", "安裝", 12.6, 0.95, 27),
    ("Billing", "帳單", 6.1, 1.0, 13),
)
STEPS = (
    ("Visit", "到訪", 1.0, 1647, ""),
    ("Product page", "產品頁", 0.6, 988, "60.0%"),
    ("Checkout", "結帳", 0.174, 286, "28.9%"),
    ("Purchase", "購買", 0.05, 83, "29.0%"),
)


def percent(value):
    return f"{100 * value:.0f}%"


@pytest.fixture
def pareto(theme, estimate):
    def draw(lang=0, rows=CATEGORIES, **settings):
        items = [
            ParetoItem(
                label=row[lang], rate=estimate(row[2], half=row[2] / 4, unit="ratio"),
                cumulative=row[3], note=str(row[4]),
            )
            for row in rows
        ]  # fmt: skip
        return pareto_chart(
            items,
            theme=theme,
            fmt=lambda value: f"{value:.1f}",
            share_fmt=percent,
            rate_label=("per 1,000 orders", "每 1,000 張訂單")[lang],
            share_label=("running share", "累計佔比")[lang],
            note_head=("Complaints", "投訴數")[lang],
            value_head=("Rate", "比率")[lang],
            **settings,
        )

    return draw


@pytest.fixture
def funnel(theme):
    def draw(lang=0, rows=STEPS):
        return funnel_chart(
            [
                FunnelItem(
                    label=row[lang], share=row[2], note=f"{row[3]:,}", previous=row[4],
                    interval="26.2% to 31.9%" if row[4] else "",
                )
                for row in rows
            ],
            theme=theme,
            fmt=percent,
            bar_label=("reached the step", "到達此步")[lang],
            rest_label=("reached the step before, not this one", "到達上一步，沒有到達此步")[lang],
            note_head=("Visitors", "訪客")[lang],
            previous_head=("Of step before", "佔上一步")[lang],
        )  # fmt: skip

    return draw


@pytest.mark.parametrize("lang", [0, 1], ids=["en", "zh"])
def test_no_text_overlaps_another_or_leaves_the_figure(pareto, funnel, lang):
    assert find_collisions(pareto(lang)) == find_collisions(funnel(lang)) == []


def test_one_category_or_many_fit(pareto):
    many = [(f"Category {k}", "", 20.0 - k, (k + 1) / 18, 9) for k in range(18)]
    assert find_collisions(pareto(rows=many)) == []
    assert find_collisions(pareto(rows=[("Only one", "", 3.0, 1.0, 9)])) == []


def test_bars_and_running_share_have_axes_of_their_own(pareto):
    """No second scale on one plot: two panels side by side."""
    figure = pareto()
    bars, shares = figure.axes
    assert bars.get_position().x1 < shares.get_position().x0
    assert [bar.get_width() for bar in bars.patches] == [row[2] for row in CATEGORIES]
    running = next(line for line in shares.lines if len(line.get_xdata()) == len(CATEGORIES))
    assert list(running.get_xdata()) == [row[3] for row in CATEGORIES]


def test_the_rows_that_reach_the_reference_are_dark(pareto, theme):
    """0.36, 0.56, 0.74, 0.85: four rows reach 80 %."""
    from matplotlib.colors import to_hex

    colours = [to_hex(bar.get_facecolor()) for bar in pareto().axes[0].patches]
    assert [colour == theme.primary.lower() for colour in colours] == [True] * 4 + [False] * 2


def test_a_step_is_as_long_as_its_share_over_the_step_before(funnel):
    """Pairs of bars: the step before, pale, and the step itself."""
    widths = [bar.get_width() for bar in funnel().axes[0].patches]
    shares = [row[2] for row in STEPS]
    assert widths[0::2] == [1.0, *shares[:-1]]
    assert widths[1::2] == shares


def test_type_is_seven_points_or_more_and_the_page_is_wide_enough(pareto, funnel):
    for figure in (pareto(1), funnel(1)):
        texts = [t for axes in figure.axes for t in axes.get_xticklabels()]
        assert min(text.get_fontsize() for text in (*figure.texts, *texts)) >= 7
        assert figure.get_size_inches()[0] * 2.54 <= 16.5


def test_a_chart_is_quick_and_the_same_every_time(pareto, funnel):
    """The bound of the other charts: 0.15 s of processor time, the best of five tries."""
    alt = "An example of a chart with a long enough text"
    for draw in (pareto, funnel):
        tries, pages = [], set()
        for _ in range(5):
            start = time.process_time()
            pages.add(to_svg(draw(1), prefix="a", alt=alt))
            tries.append(time.process_time() - start)
        assert len(pages) == 1
        assert min(tries) < 0.15


@pytest.mark.parametrize(
    ("running", "message"),
    [
        ((0.6, 0.5), "running shares must rise within 0 to 1, got [0.6, 0.5]"),
        ((0.6, 1.2), "running shares must rise within 0 to 1, got [0.6, 1.2]"),
    ],
)
def test_impossible_running_shares_are_refused(pareto, running, message):
    with pytest.raises(ReportError) as caught:
        pareto(rows=[("A", "", 2.0, share, 5) for share in running])
    assert str(caught.value) == message


def test_impossible_references_and_steps_are_refused(pareto, funnel):
    with pytest.raises(ReportError, match="reference must be above 0 and below 1, got 1"):
        pareto(reference=1.0)
    with pytest.raises(ReportError, match="a funnel must have two or more steps, got 1"):
        funnel(rows=STEPS[:1])
    with pytest.raises(ReportError, match="shares of a funnel must fall within 1 to 0"):
        funnel(rows=[STEPS[1], STEPS[0]])
