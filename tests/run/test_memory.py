"""The memory of a kernel: by the machine or as asked; too much of it is named, never a hang."""

import json
import os
import stat
import subprocess
import sys
import time

import duckdb
import pytest

from cxlib.data import embedded
from cxlib.engagement import load_engagement
from cxlib.errors import ConfigError, RunError
from cxlib.run import memory
from cxlib.run.notebooks import NOTEBOOKS
from cxlib.run.runner import Options, private_folder, run_workbook
from cxlib.run.workbook import open_tables

MB = 1 << 20


def options(tmp_path, **more):
    return Options(
        **{"notebooks": ("01",), "out": tmp_path / "reports", "formats": ("html",)} | more
    )


def test_the_machine_is_shared_out_among_the_kernels_at_a_time(monkeypatch):
    """Hand-worked: 0.8 of 8,000 MB is 6,400; two kernels have 3,200 each, their engines half."""
    monkeypatch.setattr(memory, "machine_mb", lambda: 8_000)
    assert memory.kernel_limit_mb(0, workers=2) == 3_200
    assert memory.engine_limit_mb(3_200) == 1_600
    assert memory.kernel_limit_mb(700, workers=2) == 700
    monkeypatch.setattr(memory, "machine_mb", lambda: 0)
    assert memory.kernel_limit_mb(0, workers=2) == 0, "no limit where the system tells nothing"


def test_a_container_has_less_than_its_machine(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(str(300 * MB))
    monkeypatch.setattr(memory, "_CGROUPS", (str(tmp_path / "memory.max"),))
    assert memory.machine_mb() == 300


def test_run_and_data_name_the_same_variables():
    for name in ("ENGINE_MB", "ENGINE_TEMP", "KEPT_TABLES"):
        assert getattr(memory, name) == getattr(embedded, name)


def test_a_limit_no_notebook_can_open_in_is_refused(engagement, tmp_path):
    with pytest.raises(ConfigError) as caught:
        run_workbook(engagement, options(tmp_path, memory_mb=100))
    assert str(caught.value) == (
        "the memory limit must be 512 MB or more, got 100; a notebook's packages take most of that"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the system's limit is Linux's")
@pytest.mark.parametrize("eats", ["x = [bytearray(50_000_000) for _ in range(60)]",
                                  "import numpy; x = numpy.ones(400_000_000)"])  # fmt: skip
def test_a_cell_that_eats_memory_is_named_with_its_section(engagement, tmp_path, tiny, eats):
    """3 GB are asked for where 1,500 MB may be had: the cell fails, the machine does not."""
    tiny("01_diagnosis", eats)
    begun = time.monotonic()
    with pytest.raises(RunError) as caught:
        run_workbook(engagement, options(tmp_path, memory_mb=1_500))
    assert time.monotonic() - begun < 60
    said = str(caught.value)
    assert said.startswith(
        "notebook 01_diagnosis, section 'What is looked at': it needed more than the 1,500 MB a "
        f"kernel may take; give it more with --memory-limit (this machine has "
        f"{memory.machine_mb():,} MB), close other programs, or make the tables it reads smaller ("
    )
    (kept,) = (tmp_path / "reports").glob("*/*/FAILED-*")
    record = json.loads((kept / "run.json").read_text())
    assert record["kernel_limit_mb"] == 1_500
    assert not (engagement / ".cx" / "run").exists()


def test_the_record_names_the_largest_kernel_and_its_limit(engagement, tmp_path, tiny):
    tiny("02_kpi_setting", "x = bytearray(200_000_000); x[::4096] = b'1' * len(x[::4096])")
    folder = run_workbook(engagement, options(tmp_path, notebooks=("01", "02"), workers=1))
    record = json.loads((folder / "run.json").read_text())
    assert record["largest_kernel"] == "02_kpi_setting"
    assert 200 < record["largest_kernel_mb"] < record["kernel_limit_mb"]


def test_the_engine_of_a_kernel_is_bounded_and_spills_into_the_run_s_folder(monkeypatch, tmp_path):
    """A table of 128 MB in 100 MB: it is put aside in a folder of the process."""
    monkeypatch.setenv(embedded.ENGINE_MB, "100")
    monkeypatch.setenv(embedded.ENGINE_TEMP, str(tmp_path / "run" / "spill"))
    engine = embedded.connect_embedded()
    engine.execute("create table t as select random() as x, hash(i) as y from range(8000000) r(i)")
    put_aside = tmp_path / "run" / "spill" / str(os.getpid())
    assert list(put_aside.iterdir())
    engine.close()


def test_checked_tables_lie_in_a_folder_for_the_owner_alone_that_ends_with_the_run(engagement):
    with private_folder(engagement) as room:
        read = load_engagement(engagement)
        open_tables(read, ["answers", "stores"], keep_in=room / "tables")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (room, room / "tables")}
        assert modes == {"run": 0o700, "tables": 0o700}
    assert not room.exists()


def test_kept_tables_are_the_checked_ones_to_the_last_value(engagement, tmp_path, monkeypatch):
    read = load_engagement(engagement)
    names = NOTEBOOKS["01_diagnosis"].reads(read.tables)
    checked = open_tables(read, names, keep_in=tmp_path / "tables")
    monkeypatch.setenv(embedded.KEPT_TABLES, str(tmp_path / "tables"))
    monkeypatch.setattr("cxlib.run.workbook.open_data", None)  # nothing may be read again
    kept = open_tables(read, names)
    assert dict(kept.audit) == dict(checked.audit)
    for name in names:
        was, now = (
            data[name].rows(sorted(data[name].columns), at_most=100_000) for data in (checked, kept)
        )
        assert was.equals(now), name
        assert [*was.dtypes] == [*now.dtypes]


def test_a_table_changed_since_the_check_is_read_and_checked_again(
    engagement, tmp_path, monkeypatch
):
    read = load_engagement(engagement)
    open_tables(read, ["costs"], keep_in=tmp_path / "tables")
    monkeypatch.setenv(embedded.KEPT_TABLES, str(tmp_path / "tables"))
    file = engagement / "data" / "costs.csv"
    *lines, _last = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert open_tables(read, ["costs"]).audit["costs"].n_rows == len(lines) - 1


def test_a_spoilt_file_of_kept_tables_is_no_table(engagement, tmp_path, monkeypatch):
    read = load_engagement(engagement)
    open_tables(read, ["costs"], keep_in=tmp_path / "tables")
    (tmp_path / "tables" / "tables.duckdb").write_bytes(b"spoilt")
    monkeypatch.setenv(embedded.KEPT_TABLES, str(tmp_path / "tables"))
    assert open_tables(read, ["costs"]).audit["costs"].n_rows > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the system's limit is Linux's")
def test_an_ordinary_process_is_bounded_when_it_opens_a_workbook():
    code = "from cxlib.run.memory import bound_memory; bound_memory(); bytearray(900_000_000)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {memory.LIMIT: "600"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr.strip().endswith("MemoryError")


def test_the_engine_says_out_of_memory_by_a_name_the_run_knows():
    from cxlib.run.execute import OUT_OF_MEMORY

    assert duckdb.OutOfMemoryException.__name__ in OUT_OF_MEMORY
