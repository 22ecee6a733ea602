"""The kinds of probes, and the probes a configuration asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from console.errors import OpsError
from console.findings import Severity
from console.metrics import labels
from console.sources.health.placing import placed
from console.sources.health.probe import Outcome, Probe
from console.text import clean

if TYPE_CHECKING:
    from console.config import Config
    from console.probe_settings import ProbeSettings

KINDS: Mapping[str, str] = {
    "http": "console.sources.health.http:HttpProbe",
    "tcp": "console.sources.health.tcp:TcpProbe",
    "tls": "console.sources.health.tls:TlsProbe",
    "dns": "console.sources.health.dns:DnsProbe",
    "scrape": "console.sources.health.scrape:ScrapeProbe",
    "backup": "console.sources.health.backup:BackupProbe",
    "directory": "console.sources.health.directory:DirectoryProbe",
    "process": "console.sources.health.process:ProcessProbe",
    "unit": "console.sources.health.unit:UnitProbe",
    "cron": "console.sources.health.cron:CronProbe",
    "sql": "console.sources.health.sql:SqlProbe",
    "command": "console.sources.health.command:CommandProbe",
    "mqtt": "console.sources.health.mqtt:MqttProbe",
    "mongo": "console.sources.health.mongo:MongoProbe",
}
"""A class for each field of `Probes`: called with its settings and the environment, it gives a probe
or raises UsageError for settings that cannot be used. Loaded when one is configured."""


class Misconfigured:
    """A probe that cannot be asked as it is written: it says so, and is never well."""

    def __init__(self, kind: str, settings: ProbeSettings, error: OpsError) -> None:
        self.kind = kind
        self.name = settings.name or f"[[probes.{kind}]]"
        self.target = "the configuration"
        self.labels = labels(instance=self.target, job=self.name)
        self.interval = 3600.0
        self.timeout = 1.0
        self.error = error
        self._outcome = Outcome(severity=Severity.CRITICAL, text=error.reason, fix=error.fix)

    async def ask(self, now: datetime) -> Outcome:
        """What is wrong with it."""
        return self._outcome


def configured_probes(config: Config, env: Mapping[str, str]) -> list[Probe]:
    """A probe for every table, in their order; no two of a kind share a name, no two their labels."""
    settings = placed(config.probes, config.postgres)
    found: list[Probe] = []
    for kind in KINDS:
        names: set[str] = set()
        for one in getattr(settings, kind):
            probe = _made(kind, one, env)
            probe.name = clean(_free(probe.name, names), 80)
            names.add(probe.name)
            found.append(probe)
    for probe in found:
        probe.labels = labels(**(dict(probe.labels) | {"job": probe.name}))
        if any(other.labels == probe.labels for other in found if other is not probe):
            probe.labels = labels(**(dict(probe.labels) | {"job": f"{probe.name} {probe.kind}"}))
    return found


def _made(kind: str, settings: ProbeSettings, env: Mapping[str, str]) -> Probe:
    module, _, name = KINDS[kind].partition(":")
    try:
        made: Probe = getattr(import_module(module), name)(settings, env)
    except OpsError as error:
        return Misconfigured(kind, settings, error)
    return made


def _free(name: str, taken: set[str]) -> str:
    return next(one for one in _numbered(name) if one not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} {number}"
        number += 1
