# ruff: noqa: PLR2004  (a simulation is made of chosen numbers)
"""Two small tests to learn from: one harms a guardrail, one lost customers on the way.

`video_consult`  design consultations by video sell more, and complaints rise fourfold.
`app_banner`     a banner that does nothing. Its page is slow and loses new customers before they
                 are recorded, so the arms differ in size and who is left buys more.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import as_text, stream, timestamps
from cxlib.data.simulate.truth import SEGMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingTest:
    """One small test: units drawn, true rates, and who of the treatment arm is never recorded."""

    id: str
    letter: str
    start: date
    days: int
    units: int
    conversion: tuple[float, float, float]
    conversion_effect: float
    complaint_control: float
    complaint_effect: float
    lost_of_new: float


TEACHING: Final = (
    TeachingTest(
        id="video_consult", letter="V", start=date(2026, 5, 4), days=28, units=800,
        conversion=(0.18, 0.22, 0.26), conversion_effect=0.10, complaint_control=0.03,
        complaint_effect=0.09, lost_of_new=0.0,
    ),
    TeachingTest(
        id="app_banner", letter="B", start=date(2026, 5, 4), days=21, units=520,
        conversion=(0.06, 0.16, 0.30), conversion_effect=0.0, complaint_control=0.02,
        complaint_effect=0.0, lost_of_new=0.75,
    ),
)  # fmt: skip


def draw_teaching(test: TeachingTest, *, seed: int) -> pd.DataFrame:
    """Draw one row per customer who was recorded; conversion is per segment, new ones buy least."""
    rng = stream(seed, f"teaching {test.id}")
    treated = rng.random(test.units) < 0.5
    place = rng.choice(3, size=test.units, p=(0.45, 0.33, 0.22))
    rate = np.asarray(test.conversion)[place] + test.conversion_effect * treated
    converted = rng.random(test.units) < rate
    day = pd.Timestamp(test.start) + pd.to_timedelta(
        rng.integers(0, test.days, test.units), unit="D"
    )
    amount = np.round(rng.lognormal(8.2, 0.6, size=test.units), -2)
    pre_orders = rng.poisson(np.asarray((0.1, 0.6, 1.1))[place])
    answered = rng.random(test.units) < 0.25
    csat = rng.choice([2, 3, 4, 5], size=test.units, p=(0.1, 0.25, 0.4, 0.25))
    complaint = rng.random(test.units) < test.complaint_control + test.complaint_effect * treated
    frame = pd.DataFrame(
        {
            "experiment": test.id,
            "unit_id": "",
            "arm": np.where(treated, "treatment", "control"),
            "assigned_at": as_text(timestamps(pd.DatetimeIndex(day), rng)),
            "segment": np.asarray(SEGMENTS)[place],
            "converted": converted.astype(int),
            "amount_hkd": np.where(converted, amount, 0).astype(int),
            "csat": pd.array(np.where(answered, csat, -1), dtype="Int64"),
            "complaint": complaint.astype(int),
            "pre_orders": pre_orders,
            "pre_amount_hkd": pre_orders * 4000,
        }
    )
    lost = treated & (place == 0) & (rng.random(test.units) < test.lost_of_new)
    kept = frame[~lost].sort_values("assigned_at", kind="stable", ignore_index=True)
    kept["csat"] = kept["csat"].mask(kept["csat"] < 0)
    kept["unit_id"] = [f"{test.letter}{k}" for k in range(1, 1 + len(kept))]
    return pd.DataFrame(kept)


def describe_teaching() -> dict[str, object]:
    """What is planted in each, for truth.json."""
    return {test.id: asdict(test) for test in TEACHING}
