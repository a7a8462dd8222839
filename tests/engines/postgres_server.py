"""A real PostgreSQL server on loopback, in a temporary folder; it refuses to run as root."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "secret-9f3a"  # noqa: S105 - of a server that lives as long as the test
LOCALE = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
"""Text sorts as a language does, as it does for most clients; the workbook must not mind."""


@dataclass(frozen=True)
class Server:
    """A running server; the owner made the tables, the reader may only read them."""

    port: int

    def address(self, user="reader", password=PASSWORD, database="client"):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def do(self, *statements, user="owner", database="client"):
        """Run statements and give the rows of the last."""
        from adbc_driver_postgresql import dbapi

        with (
            dbapi.connect(self.address(user, database=database), autocommit=True) as session,
            session.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


def binaries():
    """Where the server's programs lie: on the path, or where Debian puts them."""
    versions = Path("/usr/lib/postgresql")
    folders = sorted(versions.glob("*/bin"), key=lambda path: -int(path.parent.name))
    found = shutil.which("initdb")
    folders += [Path(found).parent] if found else []
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _other_user():
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return {}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_server(programs):
    """Run a server with an empty database `client`; end it and remove its folder."""
    home = Path(tempfile.mkdtemp(prefix="cx-postgres-"))
    who = _other_user()
    if who:
        os.chown(home, who["user"], who["group"])
    (home / "password").write_text(PASSWORD)
    (home / "password").chmod(0o644)
    subprocess.run(
        [programs / "initdb", "-D", home / "data", "-U", "owner", "--auth=scram-sha-256",
         "--pwfile", home / "password", "--no-sync", "-E", "UTF8", *LOCALE],
        check=True, capture_output=True, cwd=home, **who,
    )  # fmt: skip
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "",
        "fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB",
        "log_min_messages": "fatal",
    }  # fmt: skip
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", *flags], cwd=home,
            stdout=subprocess.DEVNULL, stderr=log, **who,
        )  # fmt: skip
    try:
        yield _ready(Server(port), server, home / "log")
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown: open sessions are ended
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


def _ready(server, process, log):
    from adbc_driver_postgresql import dbapi

    for _ in range(200):
        try:
            server.do(
                "create database client",
                f"create role reader login password '{PASSWORD}'",
                "revoke temporary on database client from public",
                database="postgres",
            )
        except dbapi.Error:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {log.read_text()}") from None
            time.sleep(0.1)
        else:
            return server
    raise RuntimeError("the server did not answer within 20 seconds")
