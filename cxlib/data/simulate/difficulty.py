"""How hard each touchpoint is to improve, as a few colleagues rate it."""

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import stream
from cxlib.data.simulate.truth import Truth

_RATERS = (
    ("P1", 0.2),  # operations
    ("P2", -0.2),  # customer service
    ("P3", 0.0),  # IT
    ("P4", 0.1),  # retail
    ("P5", -0.1),  # consultant
)
_NOISE = 0.35
_NOTES = {
    ("enquiry_chat", "P2"): "多請兩個人就做到，唔使改系統。",
    ("loyalty_app", "P3"): "The app shares its login with the old till system.",
    ("aftersales_service", "P1"): "Three suppliers, three contracts.",
}


def draw_difficulty(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw levels 1-5 by rater and touchpoint: true level + leaning + noise.

    Raters pull to both sides by turns at the touchpoints on which they are planted to disagree.
    """
    rng = stream(seed, "difficulty")
    apart = dict(truth.difficulty_apart)
    rows = []
    for place, (rater, leaning) in enumerate(_RATERS):
        for touchpoint, level in truth.difficulty_levels:
            pull = apart.get(touchpoint, 0.0) * (1 if place % 2 else -1)
            score = int(np.clip(np.rint(level + leaning + pull + _NOISE * rng.normal()), 1, 5))
            rows.append((rater, touchpoint, score, _NOTES.get((touchpoint, rater), "")))
    return pd.DataFrame(rows, columns=["rater", "touchpoint", "level", "note"])
