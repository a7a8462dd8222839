"""The benchmark of rows against time: its engines do the same work, its table says what was run."""

import importlib.util
import math
from pathlib import Path

import pytest

from cxlib.data.source import duckdb_source

SPEC = importlib.util.spec_from_file_location("scale", Path(__file__).parent / "scale.py")
scale = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(scale)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    path = tmp_path_factory.mktemp("scale") / "answers.parquet"
    scale.write_answers(path, 5_000)
    return path


@pytest.mark.parametrize("question", ["scores", "test", "error"])
def test_plain_pandas_and_the_library_find_the_same(answers, question):
    source = duckdb_source(answers, table="answers")
    found = [scale.ask_pandas(question, answers), scale.ask_source(question, source)]
    one, other = (sorted(answer.select_dtypes("number").sum()) for answer in found)
    assert len(found[0]) == len(found[1])
    assert one == pytest.approx(other, rel=1e-9)


def test_a_cell_is_a_process_with_its_time_memory_and_answer(answers):
    cell = scale.measure("duckdb", "test", answers, rows=5_000, rounds=2, limit=120)
    assert cell.reason == ""
    assert cell.rounds == 2
    assert cell.seconds > 0
    assert 20 < cell.peak_mb < 2_000
    assert cell.answer[-1] > 5_000
    ended = scale.measure("duckdb", "test", answers, rows=5_000, rounds=2, limit=0.01)
    assert ended.reason == "more than 0 s"


def test_growth_is_the_exponent_of_rows():
    """y = 3 · rows is linear, a constant is flat, y = rows² has exponent 2."""
    sizes = [10**5, 10**6, 10**7]
    assert scale.slope({n: 3e-6 * n for n in sizes}) == pytest.approx(1)
    assert scale.slope(dict.fromkeys(sizes, 200.0)) == pytest.approx(0)
    assert scale.slope({n: n**2 for n in sizes}) == pytest.approx(2)
    assert math.isnan(scale.slope({10**5: 1.0}))


def test_the_table_has_ratios_growth_and_what_was_not_run():
    cells = [
        scale.Cell(10**6, "test", "pandas", 1.0, 0.5, 400.0, 3),
        scale.Cell(10**6, "test", "duckdb", 0.2, 0.5, 150.0, 3),
        scale.Cell(10**7, "test", "pandas", peak_mb=9e3, reason="more than 17 GB"),
        scale.Cell(10**7, "test", "duckdb", 2.0, 0.5, 150.0, 3),
    ]
    assert scale.table(cells, ["pandas", "duckdb"]) == [
        "| question | rows | pandas s | duckdb s | pandas MB | duckdb MB | pandas : duckdb |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| test | 1,000,000 | 1.00 | 0.20 | 400 | 150 | 5.0 |",
        "| test | 10,000,000 | not run (more than 17 GB) | 2.00 |  | 150 |  |",
        "| test | growth |  | rows^1.00 |  | rows^0.00 |  |",
    ]


def test_engines_that_disagree_stop_the_benchmark():
    cells = [
        scale.Cell(10**4, "test", "pandas", 1, 1, 1, 1, (2.0, 4.0)),
        scale.Cell(10**4, "test", "duckdb", 1, 1, 1, 1, (2.0, 4.1)),
    ]
    with pytest.raises(SystemExit, match="different answers"):
        scale.check_answers(cells)
