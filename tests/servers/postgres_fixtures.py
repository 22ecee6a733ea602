"""PostgreSQL for tests: every test that asks for `postgres_server` runs against each version there is.

Further versions: put their binaries' directories, joined by colons, into OPSCONSOLE_POSTGRES_BINDIRS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import require
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "max_prepared_transactions": "5",
    "max_connections": "40",
    "deadlock_timeout": "1h",  # a circle of waiters stays to be looked at
}
_FURTHER = [path for path in os.environ.get("OPSCONSOLE_POSTGRES_BINDIRS", "").split(":") if path]


@pytest.fixture(scope="session", params=["wheel 18", "Debian 15", *_FURTHER])
def postgres_bindir(request: pytest.FixtureRequest) -> Path:
    """The programs of the wheel's server, always there, and of Debian's."""
    if request.param == "wheel 18":
        return wheel_bindir()
    if request.param == "Debian 15":
        return Path(require(str(DEBIAN_15 / "postgres"), "postgresql-15")).parent
    return Path(request.param)


@pytest.fixture(scope="session")
def postgres_server(postgres_bindir: Path) -> Iterator[PostgresServer]:
    """A running server shared by the tests of a worker: leave no session and no lock behind."""
    with PostgresServer(postgres_bindir, settings=SETTINGS) as server:
        server.psql("CREATE EXTENSION pg_stat_statements; CREATE ROLE limited LOGIN")
        yield server


@pytest.fixture
def own_postgres(postgres_bindir: Path) -> Iterator[PostgresServer]:
    """A running server of the test's own, to freeze or to kill."""
    with PostgresServer(postgres_bindir) as server:
        yield server
