"""A client's tables on a real Spark cluster: the same questions, the same notebook, clear words."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import pandas as pd
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cases import CASES, PARTS, questions, same  # noqa: E402  # beside this file
from spark_cluster import (  # noqa: E402
    N_WORKERS,
    QUICK,
    SAMPLE,
    alive,
    load_tables,
    open_sample,
    running_cluster,
)

from cxlib.data import spark_application  # noqa: E402
from cxlib.data.engines import open_engine  # noqa: E402
from cxlib.data.spark import SparkEngine  # noqa: E402
from cxlib.errors import ConfigError, DataError, InputError, RunError  # noqa: E402
from cxlib.run.runner import Options, run_workbook  # noqa: E402

BLOCK = "application/vnd.cx.block+json"
FILES = ("stores", "costs", "maturity")
"""Tables that stay files beside those of the cluster."""


@pytest.fixture(scope="session")
def cluster():
    missing = [
        word
        for word, there in (
            ("the extra spark (make test-engines installs it)", _has_pyspark()),
            ("a Java runtime (Debian: default-jre-headless)", shutil.which("java")),
        )
        if not there
    ]
    if missing:
        said = f"no Spark cluster on this machine, what is missing: {', '.join(missing)}"
        if os.environ.get("CX_REQUIRE_SPARK"):
            pytest.fail(f"CX_REQUIRE_SPARK is set and there is {said}")
        pytest.skip(said)
    with running_cluster() as running:
        yield running


def _has_pyspark():
    with suppress(ImportError):
        import pyspark

        return bool(pyspark)
    return False


@pytest.fixture(scope="module")
def here():
    return open_sample()


@pytest.fixture(scope="module")
def engine(cluster):
    with closing(SparkEngine(cluster.address)) as session:
        yield session


@pytest.fixture(scope="module")
def there(engine, here):
    return load_tables(engine, here)


def test_every_question_of_the_package_is_a_case():
    asked = {name.split()[0] for name in CASES}
    assert questions() - PARTS == asked


@pytest.mark.spark
@pytest.mark.parametrize("question", CASES)
def test_a_question_has_the_answer_it_has_on_files(question, there, here, monkeypatch):
    """DuckDB's answers are held against plain pandas in tests/data.

    What is taken off values before they are squared is the mean of some rows, and which rows lie
    first differs; here it is the mean of all, so that the sums themselves can be compared.
    """
    monkeypatch.setattr("cxlib.data.query.ROWS_FOR_SHIFT", 1_000_000)
    same(CASES[question](there), CASES[question](here))


@pytest.mark.spark
def test_answers_arrive_as_plain_numbers_texts_and_moments(engine):
    found = engine.run(
        "select cast(1.5 as decimal(10, 2)) as d, sum(1.0 * x) as s, sum(x) as i, min(x) as x, "
        "cast(null as int) as n, 'a' as t, cast('2026-01-02' as date) as day, true as yes "
        "from values (cast(1 as tinyint)), (cast(2 as tinyint)) as v(x)"
    )
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {
        "d": "float64", "s": "float64", "i": "int64", "x": "int64", "n": "float64", "t": "str",
        "day": "datetime64[us]", "yes": "bool",
    }  # fmt: skip
    assert list(found.iloc[0, :4]) == [1.5, 3.0, 3, 1]


@pytest.mark.spark
def test_an_instant_is_read_on_the_clock_of_hong_kong(engine):
    """An instant in UTC is eight hours later on the wall; a time without zone stays."""
    found = engine.run(
        "select timestamp_ltz '2026-01-31 16:00:00 UTC' as instant, "
        "cast(timestamp_ltz '2026-01-31 16:00:00 UTC' as timestamp) as cast_to_time, "
        "timestamp '2026-02-01 00:00:00' as time, "
        "date_trunc('month', timestamp '2026-02-28 23:59:59') as month"
    )
    assert {str(moment) for moment in found.iloc[0]} == {"2026-02-01 00:00:00"}


@pytest.mark.spark
def test_a_frame_arrives_as_it_is_and_absent_cells_are_empty(engine):
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b", None]),
            "small": pd.array([1, 2, None], dtype="UInt8"),
            "n": [0.5, None, 2.0],
            "nothing": [None, None, None],
            "at": pd.to_datetime(["2026-01-31 23:59:59", None, "2026-02-01 00:00:00"]),
        }
    )
    engine.load("arrived", frame)
    found = engine.run("select * from arrived order by small nulls last")
    assert list(found["kind"][:2]) == ["a", "b"]
    assert found.isna().sum().to_dict() == {"kind": 1, "small": 1, "n": 1, "nothing": 3, "at": 1}
    assert str(found["at"][0]) == "2026-01-31 23:59:59"
    counted = engine.run("select count(n) as n, count(*) as all_rows from arrived")
    assert list(counted.iloc[0]) == [2, 3]


@pytest.mark.spark
def test_files_that_all_workers_see_are_tables(engine, tmp_path):
    duckdb.sql("select range as id, timestamp '2026-01-01' as at from range(5)").write_parquet(
        str(tmp_path / "p.parquet")
    )
    (tmp_path / "c.csv").write_text("id,amount\nA,1.5\nB,2\n", encoding="utf-8")
    parquet, csv = f"parquet.`{tmp_path}/p.parquet`", f"csv.`{tmp_path}/c.csv`"
    assert engine.columns(parquet) == {"id": "bigint", "at": "timestamp_ntz"}
    assert engine.columns(csv) == {"id": "string", "amount": "double"}
    assert engine.columns(f"parquet.`{tmp_path}/none.parquet`") == {}
    assert engine.columns("nowhere") == engine.columns("no.where") == {}
    engine.view("amounts", f"select sum(amount) as s from {engine.spell(csv)}")  # noqa: S608
    assert engine.run("select s from amounts")["s"][0] == 3.5
    with pytest.raises(InputError, match="table must be name"):
        engine.spell("answers; drop table x")


@pytest.mark.spark
def test_views_are_private_and_sessions_share_one_application(cluster, engine):
    engine.view("mine", "select 1 as a")
    with closing(SparkEngine(cluster.address)) as other:
        assert other.columns("mine") == {}
        with pytest.raises(DataError, match=r"TABLE_OR_VIEW_NOT_FOUND.*`mine`"):
            other.run("select * from mine")
        assert len(cluster.state()["activeapps"]) == 1
    assert engine.run("select a from mine")["a"][0] == 1
    with pytest.raises(RunError, match="this Spark engine is closed; open it again"):
        other.run("select 1")
    with pytest.raises(ConfigError, match="one process works with one Spark master: the engine at"):
        SparkEngine("local[1]")


ELSEWHERE = """
import sys
from cxlib.data.engines import open_engine
engine = open_engine("spark", sys.argv[1])
print(engine.run("select sum(id) as s from range(1000)")["s"][0], flush=True)
sys.stdin.read()
engine.close()
"""


@pytest.mark.spark
def test_processes_at_once_each_take_their_own_share(cluster, engine):
    """Two kernels beside this process: three applications of at most the cores they asked for."""
    quick = f"cores=1&memory=512m&spark.driver.extraJavaOptions={QUICK}"
    others = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", ELSEWHERE, f"{cluster.master}?{quick}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        assert [other.stdout.readline().strip() for other in others] == ["499500", "499500"]
        cores = sorted(app["cores"] for app in cluster.state()["activeapps"])
        assert cores == [1, 1, 2]
        assert sum(w["coresused"] for w in alive(cluster.state())) == sum(cores)
    finally:
        for other in others:
            other.communicate(timeout=60)
    assert [other.returncode for other in others] == [0, 0]
    _until(lambda: len(cluster.state()["activeapps"]) == 1)
    assert engine.run("select 1 as a")["a"][0] == 1


@pytest.mark.spark
@pytest.mark.notebooks
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_notebook_prints_on_the_cluster_what_it_prints_on_files(
    cluster, here, tmp_path, monkeypatch
):
    """Every block of 01_diagnosis, number for number; both workers took part."""
    folder = _lake(here, tmp_path)
    plain = shutil.copytree(SAMPLE, tmp_path / "plain", ignore=_own_record)
    monkeypatch.setenv("CX_SPARK", cluster.address)
    wanted = Options(notebooks=("01_diagnosis",), formats=("html",), out=tmp_path / "reports")
    found, expected = (_blocks(run_workbook(each, wanted)) for each in (folder, plain))
    assert list(found) == list(expected)
    assert [key for key in expected if found[key] != expected[key]] == []
    kernel = max(cluster.executors(), key=lambda done: done.tasks).application
    shares = [done for done in cluster.executors() if done.application == kernel]
    assert len({done.worker for done in shares}) == N_WORKERS
    assert all(done.tasks > 20 and not done.failed for done in shares)


def _own_record(_folder, names):
    return [name for name in names if name in {"ledger.json", ".cx"} or "duckdb" in name]


def _lake(data, home):
    """An engagement whose tables are Parquet files of the cluster, but for a few small ones."""
    folder = Path(shutil.copytree(SAMPLE, home / "harbour_home", ignore=_own_record))
    text = (folder / "engagement.yml").read_text(encoding="utf-8")
    for name, source in data.items():
        if name in FILES:
            continue
        frame = source.rows(sorted(source.columns), at_most=100_000)
        path = home / f"{name}.parquet"
        with duckdb.connect() as writer:
            writer.register("frame", frame)
            writer.execute(f"copy frame to '{path}'")
        (folder / "data" / f"{name}.csv").unlink()
        there = f"  {name}: {{table: 'parquet.`{path}`'}}"
        text, n = re.subn(rf"^  {name}: {{file: .*}}$", there, text, flags=re.MULTILINE)
        assert n == 1
    text = text.replace("\ntables:", '\nengine: {kind: spark, address: "${CX_SPARK}"}\n\ntables:')
    (folder / "engagement.yml").write_text(text, encoding="utf-8")
    return folder


def _blocks(folder):
    executed = json.loads((folder / "notebooks" / "01_diagnosis.ipynb").read_text(encoding="utf-8"))
    outputs = [out for cell in executed["cells"] for out in cell.get("outputs", ())]
    assert not [out for out in outputs if out["output_type"] == "stream"]  # Spark says nothing
    found = [out["data"][BLOCK] for out in outputs if BLOCK in out.get("data", {})]
    return {block["key"]: block["html"] for block in found if block["role"] != "provenance"}


@pytest.mark.spark
def test_a_worker_that_dies_costs_time_and_no_answer(cluster, there, here):
    name = "clusters.flag_sums"
    before = cluster.processes[-1]
    before.kill()
    before.wait()
    try:
        same(CASES[name](there), CASES[name](here))
    finally:
        cluster.add_worker()
    _until(lambda: len(alive(cluster.state())) == N_WORKERS)


@pytest.mark.spark
@pytest.mark.usefixtures("cluster")
def test_closing_ends_the_java_process_and_its_folder():
    """In a process of its own, as a notebook's kernel is; also where that process is killed."""
    script = ELSEWHERE.replace(
        "print(", "print(engine._application.gateway.proc.pid, engine._application.folder, ", 1
    )
    for end in ("close", "kill"):
        other = subprocess.Popen(
            [sys.executable, "-c", script, "local[1]?memory=512m"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        process, folder, answer = other.stdout.readline().split()
        assert answer == "499500"
        assert Path(f"/proc/{process}").exists()
        if end == "kill":
            other.kill()
        other.communicate(timeout=60)
        _until(lambda process=process: not Path(f"/proc/{process}").exists())
        assert end == "kill" or not Path(folder).exists()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.spark
@pytest.mark.usefixtures("cluster")
def test_a_dead_java_process_is_named():
    script = """
import sys
from cxlib.data.spark import SparkEngine
from cxlib.errors import RunError
engine = SparkEngine("local[1]?memory=512m")
engine._application.gateway.proc.kill()
try:
    engine.run("select 1 as a")
except RunError as error:
    print(error)
engine.close()
print(SparkEngine("local[1]?memory=512m").run("select 7 as a")["a"][0])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=True
    )
    first, last = done.stdout.splitlines()
    assert first.startswith(
        "the Spark session must stay up while tables are read, its Java process ended; Java said"
    )
    assert last == "7"


@pytest.mark.spark
def test_a_cluster_without_room_is_named_in_bounded_time(cluster):
    script = """
import sys
from cxlib.data import spark_application
from cxlib.data.spark import SparkEngine
from cxlib.errors import CxError
setattr(spark_application, sys.argv[2], float(sys.argv[3]))
try:
    SparkEngine(sys.argv[1])
except CxError as error:
    print(type(error).__name__, error)
"""

    def said(address, limit, seconds):
        words = [sys.executable, "-c", script, address, limit, str(seconds)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=True)
        return done.stdout

    assert re.fullmatch(
        r"RunError the Spark master spark://127\.0\.0\.1:\d+ gave no core within 3 seconds; its "
        r"workers must be up with a free core and 5g of memory\n",
        said(f"{cluster.master}?memory=5g", "CORE_SECONDS", 3),
    )
    with socket.socket() as deaf:  # it takes the call and never says a word
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        master = f"spark://127.0.0.1:{deaf.getsockname()[1]}"
        start = time.monotonic()
        found = said(f"{master}?memory=512m", "START_SECONDS", 12)
        assert time.monotonic() - start < 60
    assert found.startswith(f"ConfigError no Spark session could be started at {master} within 12")


def test_nobody_at_the_address_is_said_at_once(monkeypatch):
    monkeypatch.setattr(spark_application, "_require_java", lambda: None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ConfigError) as error:
        SparkEngine(f"spark://127.0.0.1:{port}")
    assert re.fullmatch(
        rf"nothing answered at the Spark master spark://127\.0\.0\.1:{port} within 5 seconds "
        r"\(127\.0\.0\.1: .*refused\); start it or mend the address",
        str(error.value),
    )


@pytest.mark.parametrize("home", ["", "/no/such/java"])
def test_absent_java_is_said_with_what_to_install(monkeypatch, tmp_path, home):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", home)
    with pytest.raises(ConfigError) as error:
        SparkEngine("local[2]")
    where = f"in JAVA_HOME, {home}" if home else "on the path"
    assert str(error.value) == (
        f"reading from Spark needs Java 17 or newer, none was found {where}; install a Java "
        "runtime (Debian: apt-get install default-jre-headless)"
    )


def test_an_absent_package_is_said_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ConfigError, match=r'install the extra: pip install "cx-workbook\[spark\]"'):
        open_engine("spark", "local[2]")


MASTERS = (
    "the address of a Spark master must be spark://host:port, local[2] or local-cluster[2,1,1024], "
)
OPTIONS = "after the address of a Spark master may stand cores, memory and spark.… settings, "
AMOUNTS = "cores must be a whole number from 1 and memory such as 512m or 2g, "


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", f"{MASTERS}got ''"),
        (
            "postgresql://u:secret?x@h:5432/x",
            f"{MASTERS}got another, not shown since it may hold a password",
        ),
        ("spark://host", f"{MASTERS}got 'spark://host'"),
        ("local[2]?core=4", f"{OPTIONS}got core"),
        ("local[2]?cores=0", f"{AMOUNTS}got '0' and '1g'"),
        ("local[2]?memory=lots", f"{AMOUNTS}got '2' and 'lots'"),
    ],
)
def test_an_address_is_read_or_its_fault_named(address, said):
    with pytest.raises(ConfigError) as error:
        spark_application.parse_place(address)
    assert str(error.value) == said


def test_what_an_application_may_take_stands_after_the_address():
    place = spark_application.parse_place(
        "spark://a:7077,b:7077?cores=8&memory=4g&spark.sql.shuffle.partitions=64"
    )
    assert place.hosts == [("a", 7077), ("b", 7077)]
    assert (place.cores, place.memory) == ("8", "4g")
    assert place.settings == {"spark.sql.shuffle.partitions": "64"}


def _until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
