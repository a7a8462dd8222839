"""Time 500 KPIs of 200 periods through the control chart, with their false-alarm rate.

python tests/benchmarks/control_charts.py      prints seconds; the goal is under 2
"""

import time

import numpy as np

from cxlib.stats.control_chart import individuals_chart
from cxlib.stats.false_alarms import false_alarms

KPIS, PERIODS, BASELINE = 500, 200, 24


def main() -> None:
    series = np.random.default_rng(1).standard_normal((KPIS, PERIODS)).tolist()
    started = time.perf_counter()
    for values in series:
        individuals_chart(values, baseline=BASELINE)
        false_alarms(PERIODS, baseline=BASELINE)
    print(f"{KPIS} KPIs of {PERIODS} periods: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
