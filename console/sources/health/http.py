"""A page that must answer: status, body, latency, certificate."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.errors import SourceError, UsageError
from console.metrics import Labels, Sample, labels
from console.sources.health.certificates import chain_details
from console.sources.health.dial import Lookup, Steps
from console.sources.health.headers import Headers
from console.sources.health.probe import Outcome
from console.sources.health.verdict import (
    CRITICAL,
    MARGIN,
    Judgement,
    excerpt,
    expiry,
    expiry_sample,
    json_at,
    json_steps,
    phase_samples,
    regex,
    shown,
    slow,
    with_worst,
)
from console.text import clean
from console.units import bytes_, duration

if TYPE_CHECKING:
    from console.probe_settings import HttpSettings
    from console.sources.health.exchange import Reply

PHASES = {
    "resolve": "no address of the name",
    "connect": "no connection",
    "tls": "no end of the TLS handshake",
    "processing": "no answer",
    "transfer": "no end of the body",
}
VERSIONS = {"1.0": 1.0, "1.1": 1.1}


class HttpProbe:
    """Asks for a page and judges what comes."""

    kind = "http"

    def __init__(self, settings: HttpSettings, env: Mapping[str, str]) -> None:
        if not settings.url:
            raise UsageError("url is missing", 'write url = "https://host/path"')
        self.target = shown(settings.url)
        self.name = settings.name or self.target.partition("://")[2].rstrip("/")
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._headers = Headers(settings.headers, settings.password_command, env, settings.url)
        self._body = regex(settings.body, "body")
        self._json = {path: (json_steps(path), wanted) for path, wanted in settings.json.items()}
        self._lookup = Lookup()

    async def ask(self, now: datetime) -> Outcome:
        """One exchange with all its redirects."""
        return self._headers.hide_all(await self._ask(now))

    async def _ask(self, now: datetime) -> Outcome:
        from console.sources.health.exchange import Request, exchange

        steps = Steps()
        settings = self._settings
        patience = self.timeout * MARGIN
        try:
            async with asyncio.timeout(patience):
                request = Request(
                    url=settings.url,
                    method=settings.method,
                    headers=await self._headers.filled(),
                    send=settings.send.encode() if settings.method == "POST" else b"",
                    redirects=settings.redirects,
                    verify=settings.verify,
                    ca_file=settings.ca_file,
                    patience=patience,
                )
                reply = await exchange(request, self._lookup, steps)
        except TimeoutError:
            what = PHASES.get(steps.current, "no answer")
            steps.end()
            return self._failed(f"{what} within {self.timeout:g} s", "see its load, and the way to it", steps)
        except SourceError as error:
            steps.end()
            chain = getattr(error, "chain", ())
            outcome = self._failed(error.reason, error.fix, steps)
            return with_worst(
                [(CRITICAL, outcome.text, outcome.fix)],
                "",
                [*outcome.samples, *expiry_sample(chain, self.labels)],
                [*outcome.details, *chain_details(chain, now)],
            )
        return self._judged(reply, steps, now)

    def _failed(self, text: str, fix: str, steps: Steps) -> Outcome:
        own = self.labels
        return Outcome(
            severity=CRITICAL,
            text=text,
            fix=fix,
            samples=(Sample("probe_http_status_code", 0.0, own), *phase_samples(steps.seconds, own)),
            details=tuple(_phases(steps)),
        )

    def _judged(self, reply: Reply, steps: Steps, now: datetime) -> Outcome:
        seconds = math.fsum(steps.seconds.values())
        if reply.status in (401, 403):
            self._headers.refused()
        body = self._text(reply)
        wrong = [*self._status(reply, seconds), *self._content(reply, body)]
        own = self.labels
        samples = [
            Sample("probe_http_status_code", float(reply.status), own),
            Sample("probe_http_version", VERSIONS.get(reply.version, 0.0), own),
            Sample("probe_http_redirects", float(len(reply.redirects)), own),
            Sample("probe_http_ssl", float(bool(reply.tls)), own),
            Sample("probe_http_uncompressed_body_length", float(len(reply.body)), own),
            Sample("probe_ip_protocol", 6.0 if ":" in reply.address else 4.0, own),
            Sample("probe_dns_lookup_time_seconds", steps.seconds.get("resolve", 0.0), own),
            *phase_samples(steps.seconds, own),
            *expiry_sample(reply.chain, own),
        ]
        if self._body is not None or self._json:
            failed = any(self._content(reply, body))
            samples.append(Sample("probe_failed_due_to_regex", float(failed), own))
        wrong.append(slow(seconds, self._settings.latency))
        if self._settings.verify:
            wrong.append(expiry(reply.chain, now))
        well = f"{reply.status} in {duration(seconds)}"
        return with_worst(wrong, well, samples, list(self._details(reply, steps, seconds, now)))

    def _text(self, reply: Reply) -> str:
        return reply.body.decode("utf-8", "replace")

    def _status(self, reply: Reply, seconds: float) -> Iterator[Judgement]:
        wanted = self._settings.status
        status = str(reply.status)
        if any(status == one or (one.endswith("xx") and status[0] == one[0]) for one in wanted):
            return
        text = f"{status} in {duration(seconds)}, wanted {' or '.join(wanted)}"
        where = reply.header("location")
        if where and not self._settings.redirects:
            text += f"; it leads to {shown(where)[:80]}"
        yield CRITICAL, text, _STATUS_FIX.get(reply.status, _STATUS_FIX.get(reply.status // 100, ""))

    def _content(self, reply: Reply, body: str) -> Iterator[Judgement]:
        part = f" in its first {bytes_(len(reply.body))}" if reply.cut else ""
        if self._body is not None and not self._body.search(body):
            got = excerpt(self._headers.hide(body)) or "an empty body"
            text = f"{reply.status}, but not /{clean(self._body.pattern, 40)}/{part}: {got}"
            yield CRITICAL, text, "see what the page says"
        if not self._json:
            return
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            got = excerpt(self._headers.hide(body)) or "an empty body"
            yield CRITICAL, f"{reply.status}, but no JSON{part}: {got}", "see what the page says"
            return
        yield from self._values(document)

    def _values(self, document: Any) -> Iterator[Judgement]:
        for path, (steps, wanted) in self._json.items():
            value = json_at(document, steps)
            if value == wanted:
                continue
            got = "is not there" if value is None else f"is {excerpt(self._headers.hide(value), 40)}"
            yield CRITICAL, f"{clean(path, 40)} {got}, wanted {clean(wanted, 40)}", "see what the page says"

    def _details(
        self, reply: Reply, steps: Steps, seconds: float, now: datetime
    ) -> Iterator[tuple[str, str]]:
        from console.sources.health.exchange import as_headers

        settings = self._settings
        yield "request", f"{settings.method} {self.target}"
        yield "response", clean(f"HTTP/{reply.version} {reply.status} {reply.reason}", 120)
        for where in reply.redirects:
            yield "redirect", where
        yield "address", reply.address
        yield "latency", f"{duration(seconds)}, limits {settings.latency[0]:g} and {settings.latency[1]:g} s"
        yield from _phases(steps)
        yield "body", bytes_(len(reply.body)) + (" and more, cut" if reply.cut else "")
        if reply.tls:
            yield "TLS", reply.tls
        yield from chain_details(reply.chain, now)
        for name, value in as_headers(reply.headers):
            yield f"header {name}", value


def _phases(steps: Steps) -> Iterator[tuple[str, str]]:
    for phase, seconds in steps.seconds.items():
        yield f"phase {phase}", duration(seconds)


_STATUS_FIX = {
    3: "follow redirects, or ask where it leads",
    401: "it wants credentials: write headers",
    403: "the credentials may not do this",
    404: "correct the path",
    429: "it is asked too often: raise interval",
    4: "correct the request",
    502: "what is behind this proxy does not answer",
    503: "it says it cannot serve now: see its log",
    504: "what is behind this proxy is too slow",
    5: "see the log of the server",
}
"""What usually mends a status, by number, else by its first digit."""
