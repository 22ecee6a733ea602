"""The proxy does what its faults are called."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.servers.proxy import LATENCY, RATE, Proxy, Target

SHORT = 0.3
"""Seconds in which nothing comes when nothing is to."""


@pytest.fixture(params=["tcp", "unix"])
def echo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """A server that sends back what it is sent."""
    door = socket.socket(socket.AF_UNIX if request.param == "unix" else socket.AF_INET)
    door.bind(str(tmp_path / "s") if request.param == "unix" else ("127.0.0.1", 0))
    door.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(door.accept()[0],), daemon=True).start()

    def answer(visitor: socket.socket) -> None:
        with visitor, contextlib.suppress(OSError):
            while data := visitor.recv(65536):
                visitor.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield tmp_path / "s" if request.param == "unix" else int(door.getsockname()[1])
    door.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)
    door.close()


@contextlib.contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """A connection through it that has passed something already."""
    with socket.socket(socket.AF_UNIX if isinstance(proxy.target, Path) else socket.AF_INET) as client:
        client.settimeout(PATIENCE)
        client.connect(str(proxy.path) if isinstance(proxy.target, Path) else ("127.0.0.1", proxy.port))
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        yield client


def heard(client: socket.socket, count: int, limit: float = PATIENCE) -> bytes:
    """That many bytes, or what came within the limit."""
    data, end = b"", time.monotonic() + limit
    with contextlib.suppress(TimeoutError):
        while len(data) < count:
            client.settimeout(max(0.001, end - time.monotonic()))
            piece = client.recv(count - len(data))
            if not piece:
                break
            data += piece
    return data


def test_it_passes_everything_both_ways(echo: Target) -> None:
    data = bytes(range(256)) * 4000
    with Proxy(echo) as proxy, connected(proxy) as one, connected(proxy) as other:
        thread = threading.Thread(target=one.sendall, args=(data,))
        thread.start()
        assert heard(one, len(data)) == data
        thread.join(PATIENCE)
        other.shutdown(socket.SHUT_WR)
        assert other.recv(10) == b""


def test_latency_delays_and_loses_nothing(echo: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("latency")
        began = time.monotonic()
        client.sendall(b"one")
        assert heard(client, 3) == b"one"
        assert time.monotonic() - began >= LATENCY
        monkeypatch.setattr("tests.servers.proxy.LATENCY", 4 * PATIENCE)
        client.sendall(b"two")
        proxy.recover()
        assert heard(client, 3) == b"two"


def test_a_thin_line_is_thin(echo: Target) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("bandwidth")
        began = time.monotonic()
        client.sendall(bytes(int(RATE)))
        assert len(heard(client, int(RATE))) == int(RATE)
        assert time.monotonic() - began > 0.7


def test_silence_keeps_what_was_sent(echo: Target) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("timeout")
        client.sendall(b"one")
        assert heard(client, 3, SHORT) == b""
        proxy.recover()
        assert heard(client, 3) == b"one"


def test_what_is_forgotten_stays_silent_and_what_is_new_passes(echo: Target) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("timeout")
        proxy.forget()
        with connected(proxy):
            client.sendall(b"one")
            assert heard(client, 3, SHORT) == b""


def test_a_reset_cuts_what_is_open_and_what_comes(echo: Target) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("reset_peer")
        if isinstance(echo, int):
            with pytest.raises(ConnectionResetError):
                client.recv(10)
            with pytest.raises(ConnectionResetError), connected(proxy):
                pass
        else:  # a Unix socket knows no RST
            assert client.recv(10) == b""
        proxy.recover()
        with connected(proxy):
            pass


def test_half_closed_it_still_takes_what_is_sent(echo: Target) -> None:
    with Proxy(echo) as proxy, connected(proxy) as client:
        proxy.suffer("half_close")
        assert client.recv(10) == b""
        for _ in range(3):
            client.sendall(b"still there?")
            assert client.recv(10) == b""
        proxy.recover()
        with connected(proxy):
            pass
