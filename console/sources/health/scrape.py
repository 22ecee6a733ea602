"""Numbers from a page in Prometheus' format: kept as samples, for rules and plots."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from console.errors import SourceError, UsageError
from console.metrics import Labels, Sample, labels
from console.sources.health.dial import Lookup, Steps
from console.sources.health.exposition import Exposed, Malformed, read
from console.sources.health.headers import Headers, parts_of
from console.sources.health.probe import Outcome
from console.sources.health.verdict import CRITICAL, MARGIN, WARNING, Judgement, regex, shown, with_worst
from console.text import clean
from console.units import bytes_, counted, duration

if TYPE_CHECKING:
    from console.probe_settings import ScrapeSettings
    from console.sources.health.exchange import Reply

BODY_LIMIT = 8 << 20
"""Bytes of a page, unpacked."""
ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class ScrapeProbe:
    """Reads a page of metrics as Prometheus would, into this console's own history."""

    kind = "scrape"

    def __init__(self, settings: ScrapeSettings, env: Mapping[str, str]) -> None:
        if not settings.url:
            raise UsageError("url is missing", 'write url = "http://localhost:9100/metrics"')
        parts = parts_of(settings.url)
        self.target = shown(settings.url)
        self._instance = clean(_instance(parts.scheme, parts.netloc), 200)
        self.name = settings.name or self._instance
        self.labels: Labels = labels(instance=self._instance, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._headers = Headers(settings.headers, settings.password_command, env, settings.url)
        self._keep = regex(settings.keep, "keep")
        self._lookup = Lookup()

    async def ask(self, now: datetime) -> Outcome:
        """Fetch and read the page, once."""
        return self._headers.hide_all(await self._ask())

    async def _ask(self) -> Outcome:
        from console.sources.health.exchange import Request, exchange

        steps, settings = Steps(), self._settings
        patience = self.timeout * MARGIN
        try:
            async with asyncio.timeout(patience):
                request = Request(
                    url=settings.url,
                    headers=await self._headers.filled(),
                    accept=ACCEPT,
                    verify=settings.verify,
                    ca_file=settings.ca_file,
                    body_limit=BODY_LIMIT,
                    patience=patience,
                )
                reply = await exchange(request, self._lookup, steps)
                wrong = self._refused(reply)
                if wrong:
                    return self._failed(*wrong)
                # in the thread as a whole: a page may have ten thousands
                outcome: Outcome = await self._lookup.call(self._read, reply, steps)
                return outcome
        except TimeoutError:
            return self._failed(f"no page within {self.timeout:g} s", "raise timeout, or see its load")
        except SourceError as error:
            return self._failed(error.reason, error.fix)
        except Malformed as error:
            return self._failed(f"no metrics: {error}", "is that a page of metrics?")

    def _refused(self, reply: Reply) -> tuple[str, str] | None:
        if reply.status in (401, 403):
            self._headers.refused()
        if reply.status != 200:
            return f"{reply.status}, wanted 200", "correct the address, or write headers"
        if reply.cut:
            return f"a page of more than {bytes_(BODY_LIMIT)}", "have the exporter show less"
        return None

    def _read(self, reply: Reply, steps: Steps) -> Outcome:
        wanted = self._keep.fullmatch if self._keep is not None else bool
        found = read(reply.body.decode("utf-8", "replace"), wanted, self._settings.series)
        return self._read_well(found, reply, math.fsum(steps.seconds.values()))

    def _read_well(self, found: Exposed, reply: Reply, seconds: float) -> Outcome:
        own = self.labels
        samples = [
            Sample("up", 1.0, own),
            Sample("scrape_duration_seconds", seconds, own),
            Sample("scrape_samples_scraped", float(found.total), own),
            Sample("scrape_samples_post_metric_relabeling", float(found.matching), own),
        ]
        samples += [Sample(name, value, self._labelled(pairs)) for name, pairs, value in found.samples]
        kept = len(found.samples)
        judged: list[Judgement] = []
        if found.matching - found.doubled > kept:
            text = f"{found.matching} series, of which {kept} are kept"
            judged.append((WARNING, text, "narrow keep, or raise series"))
        if found.doubled:
            text = f"{counted(found.doubled, 'sample')} double: same name, same labels"
            judged.append((WARNING, text, "a defect of the exporter"))
        details = [
            ("page", f"{bytes_(len(reply.body))} in {duration(seconds)}"),
            ("format", clean(reply.header("content-type") or "not told", 100)),
            ("samples", f"{found.total} on the page, {found.matching} by name, {kept} kept"),
            ("metrics", str(len({name for name, _, _ in found.samples}))),
        ]
        return with_worst(judged, f"{kept} series in {duration(seconds)}", samples, details)

    def _labelled(self, pairs: Labels) -> Labels:
        """The labels with job and instance of this probe; what had these names is `exported_`."""
        own = dict(self.labels)
        if not any(key in own for key, _ in pairs):
            return tuple(sorted((*pairs, *self.labels)))
        there = {key for key, _ in pairs}
        kept = {(_exported(key, there) if key in own else key): value for key, value in pairs}
        return tuple(sorted((kept | own).items()))

    def _failed(self, text: str, fix: str) -> Outcome:
        return with_worst([(CRITICAL, text, fix)], "", [Sample("up", 0.0, self.labels)])


def _exported(key: str, there: set[str]) -> str:
    """A free name for a label that another takes the place of, as Prometheus finds one."""
    while key in there or key in ("instance", "job"):
        key = f"exported_{key}"
    return key


def _instance(scheme: str, netloc: str) -> str:
    """host:port, with the usual port where none is written."""
    address = netloc.rpartition("@")[2]
    _, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        return address
    return f"{address.removesuffix(':')}:{443 if scheme == 'https' else 80}"
