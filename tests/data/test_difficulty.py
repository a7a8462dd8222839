"""Difficulty ratings: what the contract refuses, with the row, and what the sample plants."""

from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.contract import check
from cxlib.data.grid import RawTable
from cxlib.data.simulate import Truth
from cxlib.data.simulate.difficulty import draw_difficulty
from cxlib.data.tables import table_contract
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "harbour_home"


def breaches(rows):
    frame = pd.DataFrame(rows, columns=["rater", "touchpoint", "level"], dtype="str")
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")
    raw = RawTable(table_name="difficulty", frame=frame, file="difficulty.csv", header_row=1)
    known = {"touchpoint": frozenset({"delivery", "assembly"})}
    found = check(raw, table_contract("difficulty"), known=known).violations
    return [tuple(row) for row in found.itertuples(index=False)]


@pytest.mark.parametrize(
    ("rows", "breach"),
    [
        (
            [("R1", "delivery", "3"), ("R1", "delivery", "4")],
            ("difficulty.csv", 3, "rater + touchpoint", "R1 + delivery",
             "must appear only once together", "remove the repeat"),
        ),
        (
            [("R1", "delivery", "6")],
            ("difficulty.csv", 2, "level", "6", "must be 1 to 5",
             "correct the value or leave it empty"),
        ),
        (
            [("R1", "delivry", "2")],
            ("difficulty.csv", 2, "touchpoint", "delivry",
             "must be a touchpoint of the engagement", "did you mean delivery"),
        ),
    ],
)  # fmt: skip
def test_a_breach_is_named_with_row_value_rule_and_remedy(rows, breach):
    assert breaches(rows) == [breach]


def test_two_raters_of_one_touchpoint_are_welcome():
    assert breaches([("R1", "delivery", "3"), ("R2", "delivery", "5")]) == []


def test_raters_stand_on_both_sides_where_that_is_planted():
    """Somebody 1 or 2 and somebody 4 or 5: at the loyalty app in 20 seeds of 20; at the other 13
    touchpoints together in no more than 5 % of 260, by noise (measured: 3.5 %).
    """
    apart = []
    for seed in range(20):
        given = draw_difficulty(Truth(), seed=seed).groupby("touchpoint")["level"]
        apart.append((given.min() <= 2) & (given.max() >= 4))
    seen = pd.concat(apart, axis=1)
    assert seen.loc["loyalty_app"].all()
    assert seen.drop(index="loyalty_app").to_numpy().mean() <= 0.05


def test_a_maturity_target_off_the_scale_is_refused(tmp_path):
    text = (SAMPLE / "engagement.yml").read_text(encoding="utf-8")
    path = tmp_path / "engagement.yml"
    path.write_text(text.replace("maturity_target: {strategy: 4", "maturity_target: {strategy: 6"))
    with pytest.raises(ConfigError) as caught:
        load_engagement(path)
    said = [problem for problem in map(str, caught.value.problems) if "maturity_target" in problem]
    assert len(said) == 1
    assert "found 6" in said[0]
    assert "5 or" in said[0]
