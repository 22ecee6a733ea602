"""A name that must resolve, asked of a name server directly."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable, UsageError
from console.metrics import Labels, Sample, labels
from console.sources.health.dial import Lookup, where
from console.sources.health.probe import Outcome
from console.sources.health.verdict import CRITICAL, MARGIN, Judgement, shown, slow, with_worst
from console.text import clean
from console.units import duration

if TYPE_CHECKING:
    import dns.message

    from console.probe_settings import DnsSettings

MOST_ANSWERS = 50


class DnsProbe:
    """Asks for one name and one type of record."""

    kind = "dns"

    def __init__(self, settings: DnsSettings, env: Mapping[str, str]) -> None:
        if not settings.query:
            raise UsageError("query is missing", 'write query = "www.example.com"')
        self._server = _server(settings.server) if settings.server else None
        self.target = shown(settings.server or "the system's name servers")
        self.name = settings.name or clean(f"{settings.query} {settings.type}", 80)
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._lookup = Lookup()
        self._ready = False

    async def ask(self, now: datetime) -> Outcome:
        """One question; of several servers the first that answers counts."""
        try:
            async with asyncio.timeout(self.timeout * MARGIN):
                if not self._ready:  # 60 ms of imports the first time, which must block nobody
                    await self._lookup.call(_load)
                    self._ready = True
                answer, server, took = await self._ask()
        except TimeoutError:
            text = f"no answer within {self.timeout:g} s"
            return self._failed(text, "is the name server up, and UDP port 53 open to it?")
        except SourceError as error:
            return self._failed(error.reason, error.fix)
        return self._judged(answer, server, took)

    async def _ask(self) -> tuple[dns.message.Message, str, float]:
        servers = await self._servers()
        patience = self.timeout * MARGIN / len(servers)
        failures: list[SourceError] = []
        for address in servers:
            before = time.monotonic()
            try:
                answer = await self._query(address, patience)
            except SourceError as error:
                failures.append(error)
            else:
                return answer, where(address), time.monotonic() - before
        if len(failures) == 1:
            raise failures[0]
        raise Unreachable("; ".join(failure.reason for failure in failures), failures[0].fix)

    async def _servers(self) -> Sequence[tuple[Any, ...]]:
        if self._server is not None:
            host, port = self._server
            return [address for _, address in await self._lookup.addresses(host, port)]
        found: Sequence[str] = await self._lookup.call(_system_servers)
        if not found:
            raise NotFound("this host has no name server", "see /etc/resolv.conf, or write server")
        return [(server, 53) for server in found[:4]]

    async def _query(self, address: tuple[Any, ...], patience: float) -> dns.message.Message:
        import dns.asyncquery
        import dns.exception
        import dns.message

        try:
            asked = dns.message.make_query(self._settings.query, self._settings.type, use_edns=0)
            answer, _ = await dns.asyncquery.udp_with_fallback(
                asked, str(address[0]), timeout=patience, port=address[1], ignore_unexpected=True
            )
        except dns.exception.Timeout:
            raise TimedOut(
                f"{where(address)} does not answer", "is it up, and UDP port 53 open to it?"
            ) from None
        except dns.exception.DNSException as error:
            words = clean(str(error) or type(error).__name__, 160)
            raise Refused(f"{where(address)}: {words}", "is that a name server, and query a name?") from None
        except OSError as error:
            raise Unreachable(
                f"{where(address)}: {clean(error.strerror or str(error), 120)}", "is it up?"
            ) from None
        return answer

    def _judged(self, answer: dns.message.Message, server: str, took: float) -> Outcome:
        import dns.rcode

        code = dns.rcode.to_text(answer.rcode())
        found = _answers(answer, self._settings.type)
        own = self.labels
        samples = [
            Sample("probe_dns_lookup_time_seconds", took, own),
            Sample("probe_dns_query_succeeded", 1.0, own),
            Sample("probe_dns_answer_rrs", float(sum(len(one) for one in answer.answer)), own),
            Sample("probe_dns_authority_rrs", float(sum(len(one) for one in answer.authority)), own),
            Sample("probe_dns_additional_rrs", float(sum(len(one) for one in answer.additional)), own),
        ]
        details = [("server", server), ("answer", code), ("latency", duration(took))]
        details += [("record", f"{text}, for {duration(float(ttl))}") for text, ttl in found]
        judged = [*self._wrong(code, [text for text, _ in found], server), slow(took, self._settings.latency)]
        shown_ones = ", ".join(text for text, _ in found[:4])
        more = f" and {len(found) - 4} more" if len(found) > 4 else ""
        return with_worst(judged, f"{shown_ones}{more} in {duration(took)}", samples, details)

    def _wrong(self, code: str, found: Sequence[str], server: str) -> list[Judgement]:
        query, kind = clean(self._settings.query, 80), self._settings.type
        if code == "NXDOMAIN":
            return [
                (CRITICAL, f"no such name: {server} says NXDOMAIN", f"is {query} right, and its zone served?")
            ]
        if code != "NOERROR":
            return [(CRITICAL, f"{server} says {code}", "see the log of the name server")]
        if not found:
            return [(CRITICAL, f"no {kind} record of {query}", "is the type right?")]
        wanted = {_same(one) for one in self._settings.expect}
        if not wanted or wanted == {_same(one) for one in found}:
            return []
        text = f"{', '.join(found[:4])}, wanted {', '.join(self._settings.expect[:4])}"
        return [(CRITICAL, clean(text, 200), "correct the zone, or expect")]

    def _failed(self, text: str, fix: str) -> Outcome:
        sample = Sample("probe_dns_query_succeeded", 0.0, self.labels)
        return with_worst([(CRITICAL, text, fix)], "", [sample])


def _load() -> None:
    import dns.asyncquery
    import dns.asyncresolver  # noqa: F401 loads the records' types, too


def _system_servers() -> list[str]:
    import dns.exception
    import dns.resolver

    try:
        return [str(server) for server in dns.resolver.Resolver().nameservers]
    except (dns.exception.DNSException, OSError):
        return []


def _server(text: str) -> tuple[str, int]:
    """An address, or a name, with or without port. Raises UsageError."""
    try:
        return str(ipaddress.ip_address(text.strip("[]"))), 53
    except ValueError:
        pass
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, 53
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise UsageError(f"server {clean(text, 80)} is no address", 'write "10.0.0.2" or "[fd00::2]:53"')
    return host.strip("[]"), int(port)


def _answers(answer: dns.message.Message, kind: str) -> list[tuple[str, int]]:
    """The records of the type asked for, as text, with the seconds they may be kept."""
    import dns.rdatatype

    wanted = dns.rdatatype.from_text(kind)
    found = [
        (_text(record, kind), records.ttl)
        for records in answer.answer
        if records.rdtype == wanted
        for record in list(records)[:MOST_ANSWERS]
    ]
    return sorted(found)[:MOST_ANSWERS]  # servers give them in another order each time


def _text(record: Any, kind: str) -> str:
    if kind == "TXT":
        return clean(b"".join(record.strings).decode("utf-8", "replace"), 400)
    return clean(record.to_text(), 400)


def _same(text: str) -> str:
    """A record in the one form in which it is compared: names without regard to case and last dot."""
    return " ".join(word.rstrip(".") or word for word in text.lower().split())
