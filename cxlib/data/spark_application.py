"""Start and end this process's one Spark application: bounded in cores, memory and waiting.

The address names the master as Spark does, `spark://host:port` (several hosts by commas),
`local[2]` or `local-cluster[2,1,1024]`, and after a question mark what the application may take:
`spark://host:7077?cores=4&memory=2g`; settings of Spark's own may follow (`&spark.…=…`). Secrets,
such as the keys of a store, belong in the client's spark-defaults.conf (SPARK_CONF_DIR).
"""

import logging
import os
import re
import shutil
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, Final
from urllib.parse import parse_qsl

from cxlib.data.embedded import engine_scratch
from cxlib.data.engines import CLOCK
from cxlib.errors import ConfigError, RunError

CORES: Final = "2"
MEMORY: Final = "1g"
REACH_SECONDS: Final = 5.0
START_SECONDS: Final = 120.0
CORE_SECONDS: Final = 60.0
"""How long a cluster that answers may take to give a core."""
END_SECONDS: Final = 15.0
END_PATIENCE: Final = 0.5
SHOWN: Final = 300
_MASTER: Final = re.compile(
    r"spark://[^\s/,]+:\d+(,[^\s/,]+:\d+)*|local(\[(\*|\d+)\])?|local-cluster\[\d+,\d+,\d+\]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the cluster is and what one application may take of it.

    Attributes:
        master: The address as Spark writes it.
        cores: Most cores of the cluster.
        memory: Of each executor and of the Java process beside this one, such as 2g.
        settings: Spark's own settings, which decide over ours.
    """

    master: str
    cores: str = CORES
    memory: str = MEMORY
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_cluster(self) -> bool:
        """Is there a master to be reached, on this machine or another?"""
        return self.master.startswith("spark://")

    @property
    def hosts(self) -> list[tuple[str, int]]:
        """Host and port of each master of a cluster."""
        parts = self.master.removeprefix("spark://").split(",")
        return [(host, int(port)) for host, _, port in (part.rpartition(":") for part in parts)]


def parse_place(address: str) -> Place:
    """Read an address.

    Raises:
        ConfigError: It names no master, or holds an option nobody knows.
    """
    master, _, options = address.strip().partition("?")
    if not _MASTER.fullmatch(master):
        plain = re.match(r"spark://|local|$", master) and "@" not in address
        found = repr(master) if plain else "another, not shown since it may hold a password"
        raise ConfigError(
            "the address of a Spark master must be spark://host:port, local[2] or "
            f"local-cluster[2,1,1024], got {found}"
        )
    given = dict(parse_qsl(options, keep_blank_values=True))
    settings = {name: given.pop(name) for name in list(given) if name.startswith("spark.")}
    place = Place(
        master=master,
        cores=given.pop("cores", CORES),
        memory=given.pop("memory", MEMORY),
        settings=settings,
    )
    if given:
        raise ConfigError(
            "after the address of a Spark master may stand cores, memory and spark.… settings, "
            f"got {', '.join(sorted(given))}"
        )
    if not re.fullmatch(r"[1-9]\d*", place.cores) or not re.fullmatch(r"\d+[mg]", place.memory):
        raise ConfigError(
            "cores must be a whole number from 1 and memory such as 512m or 2g, got "
            f"{place.cores!r} and {place.memory!r}"
        )
    return place


@dataclass(slots=True, kw_only=True)
class Application:
    """What runs: Spark's session, the Java process behind it, its log and scratch folder."""

    place: Place
    folder: Path
    session: Any = None
    gateway: Any = None
    users: int = 0

    def has_ended(self) -> bool:
        """Is its Java process gone? Asked after a failed call, so it may be just going."""
        try:
            self.gateway.proc.wait(END_PATIENCE)
        except TimeoutExpired:
            return False
        return True

    def last_words(self) -> str:
        """Quote the end of what Java said."""
        log = self.folder / "java.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        said = re.findall(
            r"^(?!.* WARN ).*(?:error|exception).*$", text, re.IGNORECASE | re.MULTILINE
        )
        return f"Java said: {said[-1].strip()[:SHOWN]}" if said else "Java said nothing"


_running: list[Application] = []
_door = threading.Lock()


def join(address: str) -> Application:
    """Give this process's application; the first to come starts it.

    Raises:
        ConfigError: The package or Java is absent, nothing answers at the address, or the process
            already works at another address.
        RunError: The cluster answers but gives no core in time.
    """
    place = parse_place(address)
    with _door:
        if _running and _running[0].place != place:
            raise ConfigError(
                "one process works with one Spark master: the engine at "
                f"{_running[0].place.master} must be closed before {place.master} is opened"
            )
        if not _running:
            _running.append(_start(place))
        _running[0].users += 1
        return _running[0]


def leave(application: Application) -> None:
    """Leave the application; the last to go ends it and its Java process."""
    with _door:
        application.users -= 1
        if application.users < 1 and application in _running:
            _running.remove(application)
            _end(application)


def _start(place: Place) -> Application:
    _require_java()
    _require_answer(place)
    scratch = engine_scratch()  # a run removes its own, also where its kernel was killed
    folder = Path(tempfile.mkdtemp(prefix="cx-spark-", dir=scratch))
    application = Application(place=place, folder=folder)
    try:
        _launch(application)
    except BaseException as error:  # also Ctrl-C: no Java process may be left behind
        words = application.last_words()
        _end(application)
        if isinstance(error, RunError) or not isinstance(error, Exception):
            raise
        raise ConfigError(
            f"no Spark session could be started at {place.master} within {START_SECONDS:.0f} "
            f"seconds; {words}"
        ) from error
    return application


def _launch(application: Application) -> None:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    place = application.place
    settings = _settings(place, application.folder)
    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    with (application.folder / "java.log").open("wb") as log:
        application.gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
    stop = threading.Timer(START_SECONDS, application.gateway.proc.kill)
    stop.start()
    try:
        with warnings.catch_warnings():  # what it says of newer pandas is about calls not made here
            warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
            context = SparkContext(conf=conf, gateway=application.gateway)
            application.session = SparkSession(context)
    finally:
        stop.cancel()
    logging.getLogger("SQLQueryContextLogger").disabled = True  # we word its errors ourselves
    context.setLogLevel("ERROR")
    if place.is_cluster:
        _await_core(context, place)


def _settings(place: Place, folder: Path) -> dict[str, str]:
    """Write Spark's settings: bounded, quiet, without pages, with wall clock in Hong Kong."""
    settings = {
        "spark.master": place.master,
        "spark.app.name": f"cx workbook {os.getpid()}",
        "spark.cores.max": place.cores,
        "spark.driver.memory": place.memory,
        "spark.executor.memory": place.memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": CLOCK,
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.shuffle.partitions": str(2 * int(place.cores)),
    }
    loopback = ("localhost", "127.")
    if not place.is_cluster or all(host.startswith(loopback) for host, _ in place.hosts):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings | dict(place.settings)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    if shutil.which(java) is None:
        where = f"in JAVA_HOME, {home}" if home else "on the path"
        raise ConfigError(
            f"reading from Spark needs Java 17 or newer, none was found {where}; install a Java "
            "runtime (Debian: apt-get install default-jre-headless)"
        )


def _require_answer(place: Place) -> None:
    """Knock at the master's door: Spark itself would try for a minute."""
    if not place.is_cluster:
        return
    heard = []
    for host, port in place.hosts:
        try:
            with socket.create_connection((host, port), timeout=REACH_SECONDS):
                return
        except (OSError, OverflowError) as error:
            heard.append(f"{host}: {error}")
    raise ConfigError(
        f"nothing answered at the Spark master {place.master} within {REACH_SECONDS:.0f} seconds "
        f"({'; '.join(heard)}); start it or mend the address"
    )


def _await_core(context: Any, place: Place) -> None:  # noqa: ANN401  # pyspark is imported late
    """Wait until a worker has given a core: a query would wait for it without end."""
    until = time.monotonic() + CORE_SECONDS
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # noqa: PLR2004, SLF001  # driver and one more
        if time.monotonic() > until:
            raise RunError(
                f"the Spark master {place.master} gave no core within {CORE_SECONDS:.0f} seconds; "
                f"its workers must be up with a free core and {place.memory} of memory"
            )
        time.sleep(0.1)


def _end(application: Application) -> None:
    """End the application, its Java process and its folder, whatever state they are in."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    gateway = application.gateway
    if gateway is not None:
        stop = threading.Timer(END_SECONDS, gateway.proc.kill)
        stop.start()
        try:
            if application.session is not None:
                application.session.stop()
            gateway.shutdown()
        except Exception as error:  # noqa: BLE001  # it may be dead already; the process ends below
            logging.getLogger(__name__).debug("Spark did not stop by itself: %s", error)
        gateway.proc.stdin.close()  # the Java side ends when nobody can speak to it
        gateway.proc.wait()
        stop.cancel()
    # What a session that died in mid-sentence leaves would keep the next from starting.
    for kind, names in (
        (SparkContext, ("_gateway", "_jvm", "_active_spark_context")),
        (SparkSession, ("_instantiatedSession", "_activeSession")),
    ):
        for name in names:
            setattr(kind, name, None)
    shutil.rmtree(application.folder, ignore_errors=True)
