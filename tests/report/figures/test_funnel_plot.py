"""The funnel plot: names outside the limits only, no collision in either language, refusals."""

from math import sqrt

import pytest

from cxlib.errors import ReportError
from cxlib.report import figures as charts

STORES = [
    ("Causeway Bay", "銅鑼灣", 220, 24.5), ("Kwun Tong", "觀塘", 171, 41.0),
    ("Tuen Mun", "屯門", 174, 40.5), ("Tsim Sha Tsui", "尖沙咀", 176, 41.3),
    ("Lai Chi Kok", "荔枝角", 178, 8.0), ("Sham Shui Po", "深水埗", 90, 30.0),
]  # fmt: skip


def limit(z):
    return lambda n: (27 - z * 73 / sqrt(n), 27 + z * 73 / sqrt(n))


def side(value):
    return "above" if value > 40 else "below" if value < 15 else "inside"


def draw(lang, theme, **changes):
    settings = {
        "centre": 27.0,
        "limits": [
            charts.FunnelLimit(label="95%", at=limit(1.96)),
            charts.FunnelLimit(label="99.8%", at=limit(3.09)),
        ],
        "x_fmt": lambda n: f"{n:,.0f}",
        "y_fmt": lambda value: f"{value:.0f}",
        "x_label": ("Answers per store", "每間分店的回覆數")[lang],
        "y_label": ("NPS, mix of touchpoints taken out", "NPS，已扣除接觸點組合的影響")[lang],
        "centre_label": ("overall", "整體")[lang],
        "side_labels": {
            "inside": ("within the limits", "界限之內")[lang],
            "above": ("above the limits", "高於界限")[lang],
            "below": ("below the limits", "低於界限")[lang],
        },
        "points": [
            charts.FunnelPoint(label=row[lang], n=row[2], value=row[3], side=side(row[3]))
            for row in STORES
        ],
        **changes,
    }
    return charts.funnel_plot(settings.pop("points"), theme=theme, **settings)


@pytest.mark.parametrize("lang", [0, 1], ids=["en", "zh"])
def test_no_text_overlaps_another_or_leaves_the_figure(theme, lang):
    """Three stores stand close together above the limits."""
    assert charts.find_collisions(draw(lang, theme)) == []


def test_only_stores_outside_the_limits_are_named(theme, words):
    written = words(draw(0, theme))
    assert {"Kwun Tong", "Tuen Mun", "Tsim Sha Tsui", "Lai Chi Kok"} <= set(written)
    assert not {"Causeway Bay", "Sham Shui Po"} & set(written)
    assert written.count("95%") == written.count("99.8%") == 2


def test_the_same_results_give_the_same_bytes_and_text_stays_text(theme, parse):
    alt = "Funnel plot of six stores, long enough"
    pages = {charts.to_svg(draw(1, theme), prefix="a", alt=alt) for _ in range(2)}
    assert len(pages) == 1
    marks = [node for node in parse(pages.pop()).iter() if node.tag.endswith("text")]
    assert "觀塘" in {"".join(node.itertext()) for node in marks}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": []}, "a funnel plot needs two points or more, got 0"),
        (
            {"points": [charts.FunnelPoint(label=name, n=0, value=1.0) for name in "AB"]},
            "a point must have 1 answer or more; without any: A, B",
        ),
        ({"limits": []}, "a funnel has one or two pairs of limits, got 0"),
    ],
)
def test_an_impossible_funnel_is_refused(theme, changes, message):
    with pytest.raises(ReportError) as error:
        draw(0, theme, **changes)
    assert str(error.value) == message
