"""Answer scales as types: what an answer may be and which direction is better.

CES exists in two versions that run in opposite directions. A contract names one of them, so that
a falling score is never read as success on the wrong scale.
"""

from dataclasses import dataclass
from typing import Literal

MetricKind = Literal["nps", "csat", "ces-v1", "ces-v2", "cxi"]
Direction = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One answer scale.

    Attributes:
        minimum: Lowest answer.
        maximum: Highest answer.
        direction: Which end is better for the customer.
        favourable: Answers counted as a good experience (top-two-box, low effort, easy).
    """

    minimum: int
    maximum: int
    direction: Direction
    favourable: tuple[int, int]


SCALES: dict[MetricKind, Scale] = {
    "nps": Scale(minimum=0, maximum=10, direction="higher", favourable=(9, 10)),
    "csat": Scale(minimum=1, maximum=5, direction="higher", favourable=(4, 5)),
    "ces-v1": Scale(minimum=1, maximum=5, direction="lower", favourable=(1, 2)),
    "ces-v2": Scale(minimum=1, maximum=7, direction="higher", favourable=(5, 7)),
    "cxi": Scale(minimum=1, maximum=5, direction="higher", favourable=(4, 5)),
}
