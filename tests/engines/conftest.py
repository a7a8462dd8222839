"""Servers and clusters that the tests of this folder start for themselves."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def postgres():
    """A server with an empty database `client`, users `owner` and `reader`."""
    from postgres_server import binaries, running_server

    programs = binaries()
    if programs is None:
        if os.environ.get("CX_REQUIRE_POSTGRES"):
            pytest.fail("CX_REQUIRE_POSTGRES is set and there is no initdb: install postgresql")
        pytest.skip("no PostgreSQL server on this machine: install the Debian package postgresql")
    pytest.importorskip("adbc_driver_postgresql", reason='install the extra "postgres"')
    with running_server(programs) as server:
        yield server
