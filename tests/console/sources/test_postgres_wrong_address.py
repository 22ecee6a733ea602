"""What a PostgreSQL address means that leads to something else, or says what can never be right."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from console.errors import Refused, SourceError, TimedOut, Unreachable
from console.sources.base import Focus
from console.sources.postgres import knock
from console.sources.postgres.address import Place
from console.sources.postgres.source import PostgresSource
from tests.console.sources.asking import held
from tests.console.sources.asking_postgres import asking, clients, configured
from tests.console.sources.smooth import watched
from tests.patience import BUSY, until
from tests.servers import require
from tests.servers.postgres import DEBIAN_15, PostgresServer


@contextmanager
def stranger(words: bytes, *, endless: bool = False, hang_up: bool = False) -> Iterator[int]:
    """A port that says something to whoever comes, without listening; afterwards it keeps silent."""
    done = threading.Event()
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            server.settimeout(0.05)
            while not done.is_set():
                with suppress(TimeoutError):
                    taken.append(server.accept()[0])
                    threading.Thread(target=talk, args=(taken[-1],), daemon=True).start()

        def talk(client: socket.socket) -> None:
            client.settimeout(0.2)
            with suppress(OSError):
                client.sendall(words)
                while endless and not done.is_set():
                    client.sendall(words)
            if hang_up:
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            done.set()
            thread.join()
            for client in taken:
                client.close()


async def failure(source: PostgresSource) -> SourceError:
    """The error of one poll, which leaves no task open."""
    with pytest.raises(SourceError) as caught:
        await source.poll(Focus.FULL)
    return caught.value


@pytest.mark.parametrize(
    ("words", "endless", "hang_up", "kind"),
    [
        (b"\0" * 10, False, False, Refused),
        (b"\0" * 65536, False, False, Refused),
        (b"\0" * 65536, True, False, Refused),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, False, Refused),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False, False, Refused),
        (b"ERROR\r\n", False, False, Refused),
        (b"", False, False, TimedOut),
        (b"", False, True, Unreachable),
    ],
    ids=["zeros", "64 KB of zeros", "endless zeros", "web", "ssh", "memcached", "silent", "hangs up"],
)
async def test_another_program_on_the_port(
    words: bytes, endless: bool, hang_up: bool, kind: type[SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knock, "ANSWER_LIMIT", 0.3)
    with stranger(words, endless=endless, hang_up=hang_up) as port:

        def kept() -> int:
            """Connections of ours to the port that are not closed."""
            ours = psutil.Process().net_connections("tcp")
            return sum(bool(one.raddr) and one.raddr.port == port for one in ours)

        async with asking(f"postgresql://me@127.0.0.1:{port}/x") as source:
            took = []
            async with watched() as watch:
                for _ in range(3):
                    began = time.monotonic()
                    error = await failure(source)
                    took.append(time.monotonic() - began)
                    assert type(error) is kind
                    if kind is Refused:
                        assert error.reason == f"127.0.0.1:{port} does not speak PostgreSQL"
                        assert "correct the address" in error.fix
            assert min(took) < 1.0  # the others may have met a moment in which the machine stood still
            watch.assert_smooth()
            await until(lambda: kept() == 0)


async def test_the_port_is_asked_once_per_connection(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = knock.knock

    async def counted(place: Place) -> None:
        asked.append(place.where)
        await original(place)

    monkeypatch.setattr("console.sources.postgres.connect.knock", counted)
    before = held()
    for url in (postgres_server.url(), postgres_server.tcp_url()):
        asked.clear()
        async with asking(url) as source:
            for _ in range(3):  # the second connection is opened meanwhile
                await source.poll(Focus.FULL)
            assert len(asked) == 1
            postgres_server.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opsconsole'"
            )
            await source.poll(Focus.GLANCE)
            assert len(asked) == 2
    await until(lambda: held() == before)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "postgresql://h/x?sslmode=bogus",
            "sslmode of the PostgreSQL address is 'bogus': write one of disable",
        ),
        ("postgresql://h/x?target_session_attrs=bogus", "write one of any, read-write"),
        ("postgresql://h:0/x", "out of range"),
        ("postgresql://h:99999/x", "out of range"),
        ("postgresql://h:port/x", "is no number"),
        ("postgresql://h/x?port=70000", "out of range"),
        (f"postgresql://{'h' * 300}/x", "cannot be a host's name"),
        ("postgresql://ü..x/x", "cannot be a host's name"),
        ("postgresql://h%00/x", "cannot be a host's name"),
        ("postgresql://a%00b@h/x", "user of the PostgreSQL address holds a NUL"),
        (
            "postgresql://127.0.0.1/x?sslmode=require&sslrootcert=/nonexistent",
            "sslrootcert names /nonexistent",
        ),
        ("postgresql://127.0.0.1/x?sslcert=/dev/zero", "sslcert names /dev/zero: no ordinary file"),
    ],
)
async def test_a_value_that_can_never_be_right_is_named(url: str, words: str) -> None:
    async with configured(url, {"HOME": "/nonexistent"}) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert words in str(error)
    assert error.fix


async def test_a_file_of_certificates_nobody_would_look_at_is_no_fault(
    postgres_server: PostgresServer,
) -> None:
    async with asking(f"{postgres_server.tcp_url()}?sslrootcert=/nonexistent") as source:
        await source.poll(Focus.GLANCE)


async def test_a_server_without_tls(postgres_server: PostgresServer) -> None:
    async with asking(f"{postgres_server.tcp_url()}?sslmode=require") as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason == f"127.0.0.1:{postgres_server.port} does not offer TLS"
    assert "sslmode=prefer" in error.fix


async def test_a_server_with_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(  # noqa: ASYNC221 milliseconds, before anything runs
        [
            *(require("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    # the wheel's server is built without TLS
    with PostgresServer(Path(require(str(DEBIAN_15 / "postgres"), "postgresql-15")).parent) as server:
        for file in (key, certificate):
            copy = server.data / file.name
            copy.write_bytes(file.read_bytes())
            copy.chmod(0o600)
            os.chown(copy, server.data.stat().st_uid, server.data.stat().st_gid)
        server.psql("ALTER SYSTEM SET ssl_cert_file = 'cert.pem'")
        server.psql("ALTER SYSTEM SET ssl_key_file = 'key.pem'")
        server.psql("ALTER SYSTEM SET ssl = on")
        server.psql("SELECT pg_reload_conf()")
        await until(lambda: server.psql("SHOW ssl").strip() == "on")
        async with asking(f"{server.tcp_url()}?sslmode=require") as source:
            await source.poll(Focus.GLANCE)


async def test_the_limit_of_a_role(postgres_server: PostgresServer) -> None:
    postgres_server.psql("DROP ROLE IF EXISTS narrow; CREATE ROLE narrow LOGIN CONNECTION LIMIT 1")
    async with (
        clients(postgres_server, "taken", user="narrow"),
        asking(postgres_server.url(user="narrow")) as source,
    ):
        error = await failure(source)
    postgres_server.psql("DROP ROLE narrow")
    assert isinstance(error, Refused)
    assert error.reason.startswith('too many connections for role "narrow": its CONNECTION LIMIT')
    assert 'ALTER ROLE "narrow" CONNECTION LIMIT' in error.fix


@pytest.mark.parametrize("kind", ["device", "pipe", "large"])
async def test_a_service_file_without_an_end(kind: str, tmp_path: Path) -> None:
    file = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "large":
        file.write_bytes(b"#" * 1_000_001)
    env = {"PGSERVICEFILE": str(file), "HOME": str(tmp_path)}
    began = time.monotonic()
    async with configured("service=there", env) as source:
        error = await failure(source)
    assert time.monotonic() - began < 1.0 * BUSY
    assert isinstance(error, Refused)
    assert str(file) in error.reason


async def test_a_password_file_too_large_is_named(tmp_path: Path) -> None:
    (tmp_path / ".pgpass").write_bytes(b"#" * 1_000_001)
    (tmp_path / ".pgpass").chmod(0o600)
    async with configured("postgresql://me@127.0.0.1/x", {"HOME": str(tmp_path)}) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason == f"{tmp_path}/.pgpass is larger than 1 MB"
