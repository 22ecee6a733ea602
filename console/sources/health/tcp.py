"""A port that must be open, and say what is expected of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from console.errors import SourceError, Unreachable, UsageError
from console.metrics import Labels, Sample, labels
from console.sources.health.dial import Lookup, Steps, connect, hang_up, streams
from console.sources.health.probe import Outcome
from console.sources.health.verdict import CRITICAL, MARGIN, excerpt, regex, shown, slow, with_worst
from console.text import clean
from console.units import duration

if TYPE_CHECKING:
    from console.probe_settings import TcpSettings

READ_MOST = 1 << 16
"""Bytes that are read while what is expected has not come."""


def host_and_port(address: str) -> tuple[str, int]:
    """The two parts of `host:port`, an IPv6 address in brackets. Raises UsageError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise UsageError(f"address {clean(address, 80) or 'is missing'}: no host:port", 'write "host:443"')
    return host.strip("[]"), int(port)


class TcpProbe:
    """Connects, sends what is to be sent, and waits for what is expected."""

    kind = "tcp"

    def __init__(self, settings: TcpSettings, env: Mapping[str, str]) -> None:
        self._host, self._port = host_and_port(settings.address)
        self.target = shown(settings.address)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._expect = regex(settings.expect, "expect")
        self._lookup = Lookup()

    async def ask(self, now: datetime) -> Outcome:
        """Connect, once."""
        steps, heard = Steps(), bytearray()
        patience = self.timeout * MARGIN
        try:
            async with asyncio.timeout(patience):
                address = await self._talk(heard, steps, patience)
        except TimeoutError:
            what = (
                f"not /{clean(self._settings.expect, 40)}/" if steps.current == "expect" else "no connection"
            )
            text = f"{what} within {self.timeout:g} s{self._got(heard)}"
            return self._failed(text, "is the host up, and the service not stuck?", steps)
        except SourceError as error:
            return self._failed(error.reason, error.fix, steps)
        seconds = math.fsum(steps.seconds.values())
        details = [
            ("address", address),
            *((f"phase {name}", duration(took)) for name, took in steps.seconds.items()),
        ]
        if heard:
            details.append(("heard", excerpt(heard.decode("utf-8", "replace"), 200)))
        well = f"{'heard what is expected' if self._expect else 'open'}, {duration(seconds)}"
        return with_worst(
            [slow(seconds, self._settings.latency)], well, self._samples(steps, heard=True), details
        )

    async def _talk(self, heard: bytearray, steps: Steps, patience: float) -> str:
        sock = await connect(self._host, self._port, self._lookup, steps, patience)
        address = str(sock.getpeername()[0])
        reader, writer = await streams(sock)
        try:
            if self._settings.send or self._expect is not None:
                steps.begin("expect")
            if self._settings.send:
                writer.write(self._settings.send.encode())
                await writer.drain()
            if self._expect is not None:
                await self._hear(reader, heard)
        except OSError as error:
            raise Unreachable(
                f"the connection broke: {clean(str(error), 120)}", "see the log of the server"
            ) from None
        finally:
            hang_up(writer)
        steps.end()
        return address

    async def _hear(self, reader: asyncio.StreamReader, heard: bytearray) -> None:
        assert self._expect is not None
        wanted = clean(self._settings.expect, 40)
        while not self._expect.search(heard.decode("utf-8", "replace")):
            if len(heard) >= READ_MOST:
                reason = f"not /{wanted}/ in the first {READ_MOST >> 10} KB{self._got(heard)}"
                raise Unreachable(reason, "see what speaks there")
            data = await reader.read(4096)
            if not data:
                raise Unreachable(f"closed without /{wanted}/{self._got(heard)}", "see what speaks there")
            heard += data

    def _got(self, heard: bytearray) -> str:
        return f": {excerpt(heard.decode('utf-8', 'replace'))}" if heard else ""

    def _failed(self, text: str, fix: str, steps: Steps) -> Outcome:
        steps.end()
        return with_worst([(CRITICAL, text, fix)], "", self._samples(steps))

    def _samples(self, steps: Steps, heard: bool = False) -> list[Sample]:
        samples = [Sample("probe_dns_lookup_time_seconds", steps.seconds.get("resolve", 0.0), self.labels)]
        if self._expect is not None and "expect" in steps.seconds:
            samples.append(Sample("probe_failed_due_to_regex", float(not heard), self.labels))
        return samples
