"""A certificate that must not run out: of an endpoint, or in files."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.errors import SourceError, TooWide, UsageError
from console.files import matching
from console.metrics import Labels, Sample, labels
from console.sources.health.certificates import Certificate, chain_details, days_left, read_der, read_pem
from console.sources.health.dial import Lookup, Steps, chain_of, connect, hang_up, streams, trust
from console.sources.health.distrust import Distrusted, distrusted
from console.sources.health.probe import Outcome
from console.sources.health.starttls import BEFORE_TLS
from console.sources.health.tcp import host_and_port
from console.sources.health.verdict import (
    CRITICAL,
    MARGIN,
    Judgement,
    expiry,
    expiry_sample,
    shown,
    with_worst,
)
from console.text import clean
from console.units import counted, duration

if TYPE_CHECKING:
    from console.probe_settings import TlsSettings

MOST_FILES = 200
FILE_LIMIT = 1 << 20
"""Bytes of a PEM file that are read."""


class TlsProbe:
    """Reads the certificates an endpoint presents, trusted or not, or those in files."""

    kind = "tls"

    def __init__(self, settings: TlsSettings, env: Mapping[str, str]) -> None:
        if bool(settings.address) == bool(settings.files):
            raise UsageError("one of address and files is wanted", 'write address = "host:443"')
        self._host, self._port = host_and_port(settings.address) if settings.address else ("", 0)
        self.target = shown(settings.address or ", ".join(settings.files))
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._lookup = Lookup()

    async def ask(self, now: datetime) -> Outcome:
        """One handshake, and a second one where the first is not trusted; or a look at the files."""
        if self._settings.files:
            return await self._ask_files(now)
        steps = Steps()
        judged: list[Judgement] = []
        details: list[tuple[str, str]] = []
        try:
            async with asyncio.timeout(self.timeout * MARGIN):
                chain, version = await self._present(steps)
            details.append(("TLS", version))
        except Distrusted as error:
            chain = error.chain
            judged.append((CRITICAL, error.reason, error.fix))
        except TimeoutError:
            text = f"no TLS handshake within {self.timeout:g} s"
            return with_worst([(CRITICAL, text, "does TLS listen there?")], "")
        except SourceError as error:
            return with_worst([(CRITICAL, error.reason, error.fix)], "")
        steps.end()
        when = expiry(chain, now, self._settings.days)
        if when[0] and not (judged and chain and min(one.ends for one in chain) <= now):
            judged.append(when)  # an end that has passed is what the handshake said already
        details += [(f"phase {name}", duration(took)) for name, took in steps.seconds.items()]
        return self._outcome(judged, chain, details, now)

    def _outcome(
        self,
        judged: Sequence[Judgement],
        chain: Sequence[Certificate],
        details: Sequence[tuple[str, str]],
        now: datetime,
    ) -> Outcome:
        well = ""
        if chain:
            first = min(chain, key=lambda one: one.ends)
            whose = "" if first is chain[0] else f", issuer {first.subject}"
            trusted = "trusted, " if self._settings.verify else ""
            well = f"{trusted}{days_left(first.days(now))}{whose}"
        samples = [*expiry_sample(chain, self.labels), *self._ends(chain, "ssl_cert_not_after")]
        return with_worst(judged, well, samples, [*details, *chain_details(chain, now)])

    def _ends(self, chain: Sequence[Certificate], name: str, **more: str) -> Iterator[Sample]:
        """The end of every certificate, as ssl_exporter names it."""
        for one in chain:
            pairs = {"cn": one.subject, "issuer_cn": one.issuer, "serial_no": one.serial, **more}
            yield Sample(name, one.ends.timestamp(), labels(**pairs, **dict(self.labels)))

    # -- of an endpoint

    async def _present(self, steps: Steps) -> tuple[Sequence[Certificate], str]:
        context = await self._lookup.call(trust, self._settings.verify, self._settings.ca_file)
        name = self._settings.server_name or self._host
        try:
            writer = await self._shake(context, steps)
        except ssl.SSLCertVerificationError as error:
            raise await distrusted(
                error, name, lambda other: self._shake(other, Steps()), self._lookup
            ) from None
        try:
            chain: Sequence[Certificate] = await self._lookup.call(read_der, chain_of(writer))
            shaken = writer.get_extra_info("ssl_object")
            return chain, clean(f"{shaken.version()} {shaken.cipher()[0]}", 80)
        except ValueError as error:
            raise SourceError(f"its certificate cannot be read: {clean(str(error), 120)}") from None
        finally:
            hang_up(writer)

    async def _shake(self, context: ssl.SSLContext, steps: Steps) -> asyncio.StreamWriter:
        patience = self.timeout * MARGIN
        sock = await connect(self._host, self._port, self._lookup, steps, patience)
        try:
            before = BEFORE_TLS.get(self._settings.starttls)
            if before is not None:
                steps.begin("starttls")
                await before(sock)
        except BaseException:
            sock.close()
            raise
        steps.begin("tls")
        name = self._settings.server_name or self._host
        return (await streams(sock, context, name, patience))[1]

    # -- of files

    async def _ask_files(self, now: datetime) -> Outcome:
        found, wrong = await self._lookup.call(_read_files, self._settings.files)
        judged: list[Judgement] = list(wrong)
        samples: list[Sample] = []
        details: list[tuple[str, str]] = []
        every: list[Certificate] = []
        for path, chain in found:
            severity, text, fix = expiry(chain, now, self._settings.days)
            judged.append((severity, text if len(found) == 1 else f"{os.path.basename(path)}: {text}", fix))
            samples += self._ends(chain, "ssl_file_cert_not_after", file=path)
            every += chain
            if len(found) > 1:
                first = min(chain, key=lambda one: one.ends)
                details.append((path, f"{first.subject}, {days_left(first.days(now))}"))
        if len(found) == 1:
            details += [("file", found[0][0]), *chain_details(every, now)]
        well = ""
        if every:
            first = min(every, key=lambda one: one.ends)
            files = "" if len(found) == 1 else f" at least, {counted(len(found), 'file')}"
            well = f"{days_left(first.days(now))}{files}"
        return with_worst(judged, well, [*expiry_sample(every, self.labels), *samples], details)


def _read_files(patterns: Sequence[str]) -> tuple[list[tuple[str, list[Certificate]]], list[Judgement]]:
    """The certificates by file, and what could not be read. Blocks."""
    found: list[tuple[str, list[Certificate]]] = []
    wrong: list[Judgement] = []
    for pattern in patterns:
        try:
            paths = sorted(matching(pattern))
        except TooWide as error:
            wrong.append((CRITICAL, error.reason, error.fix))
            continue
        if not paths:
            wrong.append((CRITICAL, f"no file {clean(pattern, 120)}", "correct files, or see who removed it"))
        if len(found) + len(paths) > MOST_FILES:
            wrong.append((CRITICAL, f"more than {MOST_FILES} files", "name fewer in one probe"))
            paths = paths[: MOST_FILES - len(found)]
        for path in paths:
            name = clean(path, 300)
            try:
                found.append((name, read_pem(_text(path))))
            except OSError as error:
                wrong.append((CRITICAL, f"{name}: {error.strerror}", "let this user read it"))
            except ValueError:
                wrong.append((CRITICAL, f"{name} holds no certificate in PEM form", "name a file that does"))
    return found, wrong


def _text(path: str) -> bytes:
    # a pipe or a device must not hold up the thread
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        return stream.read(FILE_LIMIT) or b""
