"""False alarms of the control charts themselves, series by series, on stable data.

    python tests/simulation/false_alarms.py > tests/reference/false_alarms.json

Every series goes through the chart, point by point; `cxlib.stats.false_alarms` draws and counts in
another way and must agree. "individuals" are normal values; "share" and "rate" are counts of the
size told, even (ratio 1) or uneven between periods (standard deviation times the ratio), charted
as "p", "Laney p'" and as the test chooses ("tested"); "calendar" learns a holiday month from the
baseline.
"""

import json
import sys

import numpy as np

from cxlib.stats.attribute_chart import rate_chart, share_chart
from cxlib.stats.control_chart import individuals_chart

CASES = ((18, 12), (24, 12), (12, 8), (77, 51), (77, 24), (200, 24))
COUNTS = (
    ("share", 18, 12, 25_000, 0.05, 1.0),
    ("share", 18, 12, 25_000, 0.05, 2.0),
    ("share", 77, 51, 48, 0.7, 1.0),
    ("share", 77, 51, 48, 0.7, 1.5),
    ("rate", 26, 18, 400, 0.04, 1.0),
    ("rate", 26, 18, 400, 0.04, 2.0),
)
"""Kind, periods, baseline, size, centre, ratio."""
HOLIDAY = (0.55, 0.43, *[0.0] * 11, 0.93, 0.1, 0.0, 0.0, 0.0)
SERIES, SEED = 4_000, 20260701


def _rates(charts) -> dict[str, float]:
    fired = now = 0
    for chart in charts:
        fired += bool(chart.signals)
        now += chart.trend != "no_signal"
    return {"any_signal": fired / SERIES, "trend_now": now / SERIES}


def rates() -> dict[str, object]:
    rng = np.random.default_rng(SEED)
    found = {
        f"{n}/{baseline}": _rates(
            individuals_chart(values, baseline=baseline)
            for values in rng.standard_normal((SERIES, n)).tolist()
        )
        for n, baseline in CASES
    }
    calendar = _rates(
        individuals_chart(values, baseline=12, calendar=[HOLIDAY])
        for values in rng.standard_normal((SERIES, 18)).tolist()
    )
    counts = {}
    for kind, n, baseline, size, centre, ratio in COUNTS:
        spread = centre * (1 - centre if kind == "share" else 1) / size
        level = rng.normal(centre, np.sqrt((ratio**2 - 1) * spread), (SERIES, n)).clip(0, 1)
        draw = rng.binomial(size, level) if kind == "share" else rng.poisson(level * size)
        chart = share_chart if kind == "share" else rate_chart
        counts[f"{kind}/{n}/{baseline}/{size}/{centre}/{ratio}"] = {
            way: _rates(
                chart(row, [size] * n, baseline=baseline, spread=way) for row in draw.tolist()
            )
            for way in ("tested", "sampling", "Laney")
        }
    return {
        "command": "python tests/simulation/false_alarms.py > tests/reference/false_alarms.json",
        "series": SERIES,
        "seed": SEED,
        "rates": found,
        "calendar": {"columns": [HOLIDAY], "periods": 18, "baseline": 12, **calendar},
        "counts": counts,
    }


if __name__ == "__main__":
    json.dump(rates(), sys.stdout, indent=1)
    sys.stdout.write("\n")
