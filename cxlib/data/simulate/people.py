"""Maturity self-assessments by several raters and the employees' own voice."""

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import stream
from cxlib.data.simulate.truth import Truth

_RATERS = (
    ("R1", "chief_executive", 0.6),
    ("R2", "operations_director", 0.3),
    ("R3", "marketing_manager", 0.2),
    ("R4", "it_manager", -0.1),
    ("R5", "contact_centre_manager", -0.3),
    ("R6", "store_manager", -0.2),
    ("R7", "store_manager", 0.1),
    ("R8", "delivery_manager", -0.4),
    ("R9", "consultant", -0.5),
)
_NOTES = {
    ("data", "it_manager"): "三個系統各有一份客戶名單，未能對上。",
    ("data", "consultant"): "No single customer number across web, store and contact centre.",
    ("process", "delivery_manager"): "改期要打三個電話先搞得掂。",
    ("technology", "contact_centre_manager"): "WhatsApp 同 email 要開兩個 mon 睇。",
    ("culture", "chief_executive"): "We talk about customers in every management meeting.",
    ("people", "store_manager"): "新同事未有正式訓練就要出 floor。",
    ("strategy", "marketing_manager"): "有願景，但未有逐個部門的目標。",
}
_QUARTERS = ("2025Q3", "2025Q4", "2026Q1", "2026Q2")


def draw_maturity(truth: Truth, *, seed: int) -> pd.DataFrame:
    """Draw levels 1-5 by rater and dimension: true level + the rater's leaning + noise."""
    rng = stream(seed, "maturity")
    rows = []
    for rater, role, leaning in _RATERS:
        for dimension, level in truth.maturity_levels:
            score = int(np.clip(np.rint(level + leaning + 0.5 * rng.normal()), 1, 5))
            rows.append((rater, role, dimension, score, _NOTES.get((dimension, role), "")))
    return pd.DataFrame(rows, columns=["rater", "role", "dimension", "level", "note"])


def draw_employees(truth: Truth, stores: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw the quarterly employee survey: eNPS 0-10, satisfaction 1-5, left within the quarter."""
    rng = stream(seed, "employees")
    units = [*zip(stores["store"], stores["_mood"], stores["_size"], strict=True)]
    units += [("contact_centre", -0.7, 3.0), ("head_office", 0.3, 3.5)]
    rows: list[tuple[str, str, str, int, int, int]] = []
    for quarter in _QUARTERS:
        for unit, mood, size in units:
            people = max(3, int(rng.poisson(6 * size)))
            feeling = 0.55 * mood + rng.normal(size=people)
            enps = np.clip(np.rint(truth.employee_nps_level + 1.9 * feeling), 0, 10).astype(int)
            esat = np.clip(np.rint(3.6 + 0.8 * (feeling + 0.4 * rng.normal(size=people))), 1, 5)
            left = rng.random(people) < 1 / (1 + np.exp(2.9 + 0.8 * feeling))
            for k in range(people):
                number = f"E{len(rows) + 1001}"
                rows.append((number, str(unit), quarter, int(enps[k]), int(esat[k]), int(left[k])))
    columns = ["response_id", "unit", "quarter", "enps", "esat", "left"]
    return pd.DataFrame(rows, columns=columns)
