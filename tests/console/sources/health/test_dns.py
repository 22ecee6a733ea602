"""Names, asked of a name server that speaks real DNS on this host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_settings import DnsSettings
from console.sources.health.dns import DnsProbe
from console.sources.health.probe import Outcome
from tests.console.sources.health.asking import ask, figures, told

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL
ZONE = {
    ("www.example.test.", "A"): ["10.0.0.1", "10.0.0.2"],
    ("www.example.test.", "AAAA"): ["fd00::1"],
    ("example.test.", "MX"): ["10 mail.example.test."],
    ("example.test.", "TXT"): ['"v=spf1 " "-all"'],
    ("alias.example.test.", "A"): ["10.0.0.1"],
    ("big.example.test.", "TXT"): [f'"{"x" * 200}{number}"' for number in range(40)],
}


def answer(asked: dns.message.Message) -> dns.message.Message:
    """What the zone says."""
    reply = dns.message.make_response(asked)
    question = asked.question[0]
    name, kind = question.name.to_text().lower(), question.rdtype.name
    if name == "broken.example.test.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif not any(known == name for known, _ in ZONE):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif (name, kind) in ZONE:
        owner = name
        if name.startswith("alias."):
            owner = "www.example.test."
            reply.answer.append(dns.rrset.from_text(name, 300, "IN", "CNAME", owner))
        reply.answer.append(dns.rrset.from_text(owner, 300, "IN", kind, *ZONE[name, kind]))
    return reply


class Datagrams(asyncio.DatagramProtocol):
    """The server's UDP side; a large answer is truncated, and asked for again over TCP."""

    def __init__(self, says: Callable[[bytes], bytes | None]) -> None:
        self.says = says

    def connection_made(self, transport: Any) -> None:
        """Remember where to answer."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer one question."""
        reply = self.says(data)
        if reply is not None:
            self.transport.sendto(reply, addr)


def udp(data: bytes) -> bytes:
    """An answer that fits a datagram, or says that it does not."""
    reply = answer(dns.message.from_wire(data))
    wire = reply.to_wire(max_size=65_535)
    if len(wire) <= 1232:
        return wire
    reply.answer.clear()
    reply.flags |= dns.flags.TC
    return reply.to_wire()


async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One question over TCP."""
    size = int.from_bytes(await reader.readexactly(2), "big")
    wire = answer(dns.message.from_wire(await reader.readexactly(size))).to_wire(max_size=65_535)
    writer.write(len(wire).to_bytes(2, "big") + wire)
    await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(says: Callable[[bytes], bytes | None] = udp) -> AsyncIterator[str]:
    """A name server; gives its address."""
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(tcp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(says), ("127.0.0.1", port))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        transport.close()
        server.close()
        await server.wait_closed()


async def seen(server: str, query: str, kind: Any = "A", **settings: Any) -> Outcome:
    """What one question comes to."""
    usual: dict[str, Any] = {"latency": (50.0, 90.0), "timeout": 10.0, "server": server, "query": query}
    return await ask(DnsProbe(DnsSettings(**(usual | {"type": kind} | settings)), {}))


async def test_names_resolve() -> None:
    async with serving() as server:
        outcome = await seen(server, "www.example.test")
        assert outcome.severity is OK
        assert outcome.text.startswith("10.0.0.1, 10.0.0.2 in ")
        assert figures(outcome)["probe_dns_answer_rrs"] == 2
        assert figures(outcome)["probe_dns_query_succeeded"] == 1
        assert told(outcome)["server"] == server
        assert (await seen(server, "www.example.test", "AAAA")).text.startswith("fd00::1 in ")
        assert (await seen(server, "example.test", "MX")).text.startswith("10 mail.example.test. in ")
        assert (await seen(server, "example.test", "TXT")).text.startswith("v=spf1 -all in ")
        assert (await seen(server, "alias.example.test")).text.startswith("10.0.0.1 in ")


async def test_a_large_answer_comes_over_tcp() -> None:
    async with serving() as server:
        outcome = await seen(server, "big.example.test", "TXT")
    assert outcome.severity is OK
    assert figures(outcome)["probe_dns_answer_rrs"] == 40


async def test_answers_are_compared() -> None:
    async with serving() as server:
        well = await seen(server, "www.example.test", expect=("10.0.0.2", "10.0.0.1"))
        mail = await seen(server, "example.test", "MX", expect=("10 MAIL.example.test",))
        wrong = await seen(server, "www.example.test", expect=("10.0.0.1",))
    assert (well.severity, mail.severity) == (OK, OK)
    assert (wrong.severity, wrong.text) == (CRITICAL, "10.0.0.1, 10.0.0.2, wanted 10.0.0.1")


async def test_what_does_not_resolve_is_told() -> None:
    async with serving() as server:
        assert (await seen(server, "no.example.test")).text == f"no such name: {server} says NXDOMAIN"
        assert (await seen(server, "broken.example.test")).text == f"{server} says SERVFAIL"
        assert (await seen(server, "example.test")).text == "no A record of example.test"
        assert (await seen(server, "a..b")).severity is CRITICAL


@pytest.mark.parametrize(
    "says",
    [lambda data: None, lambda data: b"\0" * 400, lambda data: data[:4], lambda data: b"\xff" + data[1:]],
)
async def test_a_server_that_talks_nonsense_or_nothing(says: Callable[[bytes], bytes | None]) -> None:
    async with serving(says) as server:
        outcome = await seen(server, "www.example.test", timeout=0.7)
    assert outcome.severity is CRITICAL
    assert figures(outcome)["probe_dns_query_succeeded"] == 0
    assert outcome.text.isprintable()


def test_the_server_is_an_address() -> None:
    from console.sources.health.dns import _server

    assert _server("10.0.0.2") == ("10.0.0.2", 53)
    assert _server("[fd00::2]:5353") == ("fd00::2", 5353)
    assert _server("fd00::2") == ("fd00::2", 53)
    assert _server("ns.example:54") == ("ns.example", 54)
    with pytest.raises(UsageError):
        _server("ns.example:x")
    with pytest.raises(UsageError, match="query is missing"):
        DnsProbe(DnsSettings(), {})
