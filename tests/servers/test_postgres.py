"""A private PostgreSQL leaves nothing, however it ends."""

from __future__ import annotations

import re
from pathlib import Path

from tests.servers.postgres import PostgresServer


def test_a_killed_one_leaves_no_shared_memory(postgres_bindir: Path) -> None:
    with PostgresServer(postgres_bindir) as server:
        pid = str(server.pid)
        mapped = Path(f"/proc/{server.pid}/maps").read_text()
        shared = re.findall(r"/dev/shm/\S+", mapped)
        assert pid in creators()
        server.kill()
    assert not [path for path in shared if Path(path).exists()]
    assert pid not in creators()
    assert not server.directory.exists()


def creators() -> list[str]:
    """Who has made the System V segments that are there."""
    return [line.split()[4] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
