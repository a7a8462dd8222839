# ruff: noqa: S608, T201  (the sample's own names; a command that prints its log)
"""A real Spark cluster on loopback, a master and two workers, and the log of what ran on it.

python tests/engines/spark_cluster.py [COMMAND …]

Without a command it asks every question of `cases.py`. A command is run with the master's address
in CX_SPARK, such as `cx run FOLDER 01_diagnosis` for an engagement whose engine is
`{kind: spark, address: "${CX_SPARK}"}`. Then one line an executor tells which worker it was on, how
many tasks it did and how long they took, as Spark's own event log has it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[1] / "data_samples" / "harbour_home"
N_WORKERS = 2
CORES, MEMORY = 2, "4g"
"""What each worker offers: room for two applications at once."""
WAIT = 60.0
QUICK = "-XX:TieredStopAtLevel=1"
PLAIN = (
    "spark.eventLog.rolling.enabled=false&spark.eventLog.compress=false"
    f"&spark.driver.extraJavaOptions={QUICK}&spark.executor.extraJavaOptions={QUICK}"
)
"""A readable log; processes that live for minutes gain nothing from Java's second compiler."""


@dataclass(frozen=True)
class Executor:
    """What one executor of one application did."""

    application: str
    executor: str
    worker: str
    tasks: int
    failed: int
    seconds: float


class Cluster:
    """A running master with its workers, each a process of its own."""

    def __init__(self, home):
        self.home = home
        self.events = home / "events"
        self.events.mkdir()
        self.port, self._page = _free_port(), _free_port()
        self.processes = [
            self._start("master.Master", "--port", self.port, "--webui-port", self._page)
        ]
        self._await(lambda state: state["status"] == "ALIVE")
        for _ in range(N_WORKERS):
            self.add_worker()
        self._await(lambda state: len(alive(state)) == N_WORKERS)

    @property
    def master(self):
        return f"spark://127.0.0.1:{self.port}"

    @property
    def address(self):
        """The master's, with an event log: one file an application."""
        log = f"spark.eventLog.enabled=true&spark.eventLog.dir=file://{self.events}"
        return f"{self.master}?{log}&{PLAIN}"

    def add_worker(self):
        name = f"worker{len(self.processes)}"
        self.processes.append(
            self._start(
                "worker.Worker", self.master, "--port", "0", "--webui-port", "0", "--cores", CORES,
                "--memory", MEMORY, "--work-dir", self.home / name,
            )
        )  # fmt: skip

    def state(self):
        """What the master says of itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._page}/json/", timeout=5) as page:
            return json.load(page)

    def executors(self):
        """Read the event logs of all applications, oldest first."""
        return [
            executor
            for log in sorted(self.events.iterdir(), key=lambda path: path.stat().st_mtime)
            for executor in read_events(log)
        ]

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def _start(self, kind, *words):
        import pyspark

        spark = Path(pyspark.__file__).parent
        log = (self.home / f"{len(getattr(self, 'processes', []))}.log").open("wb")
        environment = {
            **os.environ, "SPARK_HOME": str(spark), "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m", "SPARK_LOCAL_DIRS": str(self.home / "scratch"),
        }  # fmt: skip
        with log:
            return subprocess.Popen(
                [spark / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}",
                 "--host", "127.0.0.1", *map(str, words)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, cwd=self.home,
            )  # fmt: skip

    def _await(self, ready):
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            try:
                if ready(self.state()):
                    return
            except OSError:
                pass
            time.sleep(0.1)
        logs = "\n".join(path.read_text()[-2000:] for path in sorted(self.home.glob("*.log")))
        raise TimeoutError(f"the cluster did not come up in {WAIT:.0f} s\n{logs}")


@contextmanager
def running_cluster():
    """Start a cluster and end it, its processes and its folder."""
    home = Path(tempfile.mkdtemp(prefix="cx-cluster-"))
    cluster = None
    try:
        with closing(Cluster(home)) as cluster:
            yield cluster
    finally:
        shutil.rmtree(home, ignore_errors=True)


def alive(state):
    """The workers that are up."""
    return [worker for worker in state["workers"] if worker["state"] == "ALIVE"]


def read_events(log):
    """Add up the tasks of each executor in an event log."""
    name, places, tasks = "", {}, {}
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        match event["Event"]:
            case "SparkListenerApplicationStart":
                name = event["App Name"]
            case "SparkListenerExecutorAdded":
                info = event["Executor Info"]
                worker = info["Log Urls"].get("stdout", "").split("/logPage")[0]
                places[event["Executor ID"]] = worker.rpartition(":")[2] or info["Host"]
            case "SparkListenerTaskEnd":
                done = event["Task Info"]
                took = (done["Finish Time"] - done["Launch Time"]) / 1000
                tasks.setdefault(done["Executor ID"], []).append((done["Failed"], took))
    return [
        Executor(
            name, executor, worker, len(done := tasks.get(executor, [])),
            sum(failed for failed, _ in done), sum(took for _, took in done),
        )
        for executor, worker in places.items()
    ]  # fmt: skip


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_sample(folder=SAMPLE):
    """Open all tables of the sample as files, the way every notebook does."""
    from cxlib.data.open import open_data
    from cxlib.engagement.load import load_engagement

    engagement = load_engagement(folder)
    return open_data(engagement.tables, folder=folder)


def load_tables(engine, data):
    """Bring the tables into a session and give their Sources there."""
    from dataclasses import replace

    sources = {}
    for name, source in data.items():
        engine.load(name, source.run(f"select * from {name}"))
        sources[name] = replace(source, run=engine.run, quote=engine.quote)
    return sources


def _ask_all(address):
    sys.path.insert(0, str(HERE))
    from cases import CASES, same

    from cxlib.data.spark import SparkEngine

    data = open_sample()
    with closing(SparkEngine(address)) as engine:
        tables = load_tables(engine, data)
        for name, question in CASES.items():
            start = time.perf_counter()
            same(question(tables), question(data))
            print(f"{time.perf_counter() - start:6.2f} s  {name}", flush=True)


def main(words):
    with running_cluster() as cluster:
        start = time.perf_counter()
        status = 0
        if words:
            environment = {**os.environ, "CX_SPARK": cluster.address}
            status = subprocess.run(words, env=environment, check=False).returncode
        else:
            _ask_all(cluster.address)
        print(f"\nmaster {cluster.master}, {len(alive(cluster.state()))} workers, "
              f"{time.perf_counter() - start:.0f} s, exit {status}")  # fmt: skip
        print("application              executor  worker page  tasks  failed  task seconds")
        for done in cluster.executors():
            print(f"{done.application:25s}{done.executor:>8s}{done.worker:>13s}{done.tasks:7d}"
                  f"{done.failed:8d}{done.seconds:14.1f}")  # fmt: skip
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
