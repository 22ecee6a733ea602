"""Ports: open, shut, silent, and what they say."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_settings import TcpSettings
from console.sources.health.probe import Outcome
from console.sources.health.tcp import TcpProbe, host_and_port
from tests.console.sources.health.asking import ask, figures, told
from tests.console.sources.health.servers import listening

OK, CRITICAL = Severity.OK, Severity.CRITICAL
EASY = (50.0, 90.0)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says hello, and then back what it hears."""
    writer.write(b"220 hello\r\n")
    while data := await reader.read(100):
        writer.write(data.upper())
        await writer.drain()


async def seen(port: int, host: str = "127.0.0.1", **settings: Any) -> Outcome:
    """What a port comes to."""
    usual: dict[str, Any] = {"latency": EASY, "timeout": 10.0, "address": f"{host}:{port}"}
    return await ask(TcpProbe(TcpSettings(**(usual | settings)), {}))


async def test_an_open_port() -> None:
    async with listening(echo) as port:
        outcome = await seen(port)
        assert outcome.severity is OK
        assert outcome.text.startswith("open, ")
        assert told(outcome)["address"] == "127.0.0.1"


def has_ipv6() -> bool:
    """Whether this machine has the address ::1; containers and kernels without IPv6 have not."""
    try:
        with socket.socket(socket.AF_INET6) as plug:
            plug.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_an_open_port_of_ipv6() -> None:
    async with listening(echo, host="::1") as port:
        outcome = await seen(port, "[::1]")
    assert outcome.severity is OK
    assert told(outcome)["address"] == "::1"


async def test_what_it_says_is_judged() -> None:
    async with listening(echo) as port:
        outcome = await seen(port, send="ping\r\n", expect="^220 .*\\s+PING")
        assert outcome.severity is OK
        assert figures(outcome)["probe_failed_due_to_regex"] == 0
        outcome = await seen(port, expect="^250", timeout=2.0)
    assert (outcome.severity, outcome.text) == (CRITICAL, "not /^250/ within 2 s: 220 hello")
    assert figures(outcome)["probe_failed_due_to_regex"] == 1


async def test_a_server_that_hangs_up_or_never_ends() -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x1b[2Jbye")
        writer.write_eof()
        await reader.read()

    async with listening(short) as port:
        outcome = await seen(port, expect="hello")
    assert (outcome.severity, outcome.text) == (CRITICAL, "closed without /hello/: ␛[2Jbye")

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"y" * 4096)
            await writer.drain()

    async with listening(endless) as port:
        outcome = await seen(port, expect="hello")
    assert outcome.text.startswith("not /hello/ in the first 64 KB: yyy")


async def test_a_shut_port(unused_port: int) -> None:
    outcome = await seen(unused_port)
    assert (outcome.severity, outcome.text) == (CRITICAL, f"connection refused by 127.0.0.1:{unused_port}")


@pytest.mark.parametrize("address", ["", "host", "host:0", "host:99999", ":80", "host:http"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="no host:port"):
        host_and_port(address)
