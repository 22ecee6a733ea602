"""The configuration's tables of probes: one struct a kind, one field of `Probes` each.

CONTRIBUTING.md says what else a new kind touches.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from console.probe_base import ProbeSettings as ProbeSettings  # others take it from here
from console.probe_base import Seconds
from console.probe_local import (
    BackupSettings,
    CommandSettings,
    CronSettings,
    DirectorySettings,
    MongoSettings,
    MqttSettings,
    ProcessSettings,
    SqlSettings,
    UnitSettings,
)
from console.section import Section

HttpUrl: TypeAlias = Annotated[
    str, Meta(pattern=r"^$|^(?i:https?)://[^/\s]", description="http://host/path or https://host/path")
]
HostPort: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^$|^(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):[0-9]{1,5}$",
        description="host:port, an IPv6 address in brackets: [::1]:443",
    ),
]
Status: TypeAlias = Annotated[
    str, Meta(pattern=r"^[1-5]([0-9][0-9]|xx)$", description="a list of status codes: 200, 2xx")
]
Method: TypeAlias = Literal["GET", "HEAD", "POST"]
StartTls: TypeAlias = Literal["none", "smtp", "postgres"]
RecordType: TypeAlias = Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "CAA"]


class HttpSettings(ProbeSettings, frozen=True):
    """A page that must answer: `[[probes.http]]`."""

    url: HttpUrl = ""
    """What is asked; no proxy is used."""
    method: Method = "GET"
    """GET, HEAD or POST."""
    send: str = ""
    """The body of a POST."""
    headers: dict[str, str] = {}
    """Sent along, as `{ Authorization = "Bearer ${TOKEN}" }`: `${NAME}` is of the environment, and
    `${password}` what `password_command` prints; values are never shown."""
    password_command: str = ""
    """A command that prints the `${password}` of `headers`; run without a shell."""
    status: tuple[Status, ...] = ("2xx",)
    """Statuses that are well."""
    body: str = ""
    """A regular expression that must be found in the body."""
    json: dict[str, str] = {}
    """What the body must hold as JSON, by path: `{ status = "ok", "checks[0].up" = "true" }`."""
    latency: tuple[float, float] = (1.0, 3.0)
    """Seconds until all has come, from which it is `[warning, critical]`."""
    redirects: bool = True
    """Follow up to five redirects, and judge where they lead."""
    verify: bool = True
    """Judge the certificate: issuer, host name and dates."""
    ca_file: str = ""
    """Certificates (PEM) of issuers to trust; empty: those of the system."""


class TcpSettings(ProbeSettings, frozen=True):
    """A port that must be open: `[[probes.tcp]]`."""

    address: HostPort = ""
    """host:port."""
    send: str = ""
    """What is sent once connected; `\\r` and `\\n` as TOML writes them."""
    expect: str = ""
    """A regular expression that must be found in what comes back; empty: connecting is enough."""
    latency: tuple[float, float] = (0.5, 2.0)
    """Seconds until it is well, from which it is `[warning, critical]`."""


class TlsSettings(ProbeSettings, frozen=True):
    """A certificate that must not run out: `[[probes.tls]]`."""

    interval: Seconds = 300.0
    """Seconds between two times of asking."""
    address: HostPort = ""
    """host:port that presents it."""
    files: tuple[str, ...] = ()
    """Certificates in PEM files instead: paths and globs."""
    server_name: str = ""
    """The name asked for (SNI) and looked for in the certificate; empty: the host."""
    starttls: StartTls = "none"
    """What is spoken before TLS: smtp, postgres, or none."""
    days: tuple[float, float] = (21.0, 7.0)
    """Days left, from which it is `[warning, critical]`."""
    verify: bool = True
    """Judge issuer and host name, not the dates only."""
    ca_file: str = ""
    """Certificates (PEM) of issuers to trust; empty: those of the system."""


class DnsSettings(ProbeSettings, frozen=True):
    """A name that must resolve: `[[probes.dns]]`."""

    interval: Seconds = 30.0
    """Seconds between two times of asking."""
    query: str = ""
    """The name that is asked for."""
    type: RecordType = "A"
    """The kind of record."""
    server: str = ""
    """Who is asked, an address with or without port; empty: the system's servers."""
    expect: tuple[str, ...] = ()
    """Answers there must be, all of them and no others; empty: any answer."""
    latency: tuple[float, float] = (0.5, 2.0)
    """Seconds until the answer, from which it is `[warning, critical]`."""


class ScrapeSettings(ProbeSettings, frozen=True):
    """Numbers in Prometheus' format, for rules: `[[probes.scrape]]`."""

    url: HttpUrl = ""
    """The page, such as http://localhost:9100/metrics."""
    headers: dict[str, str] = {}
    """Sent along, as for `[[probes.http]]`; values are never shown."""
    password_command: str = ""
    """A command that prints the `${password}` of `headers`; run without a shell."""
    keep: str = ""
    """A regular expression of the metric names kept, matched in full; empty: all."""
    series: Annotated[int, Meta(ge=1, le=20_000)] = 2_000
    """Series kept at most; more is a warning, and the rest is left out."""
    verify: bool = True
    """Judge the certificate: issuer, host name and dates."""
    ca_file: str = ""
    """Certificates (PEM) of issuers to trust; empty: those of the system."""


class Probes(Section, frozen=True):
    """What is asked from outside, each on its own interval: `[probes]`."""

    http: tuple[HttpSettings, ...] = ()
    """Pages that must answer, see `[[probes.http]]`."""
    tcp: tuple[TcpSettings, ...] = ()
    """Ports that must be open, see `[[probes.tcp]]`."""
    tls: tuple[TlsSettings, ...] = ()
    """Certificates that must not run out, see `[[probes.tls]]`."""
    dns: tuple[DnsSettings, ...] = ()
    """Names that must resolve, see `[[probes.dns]]`."""
    scrape: tuple[ScrapeSettings, ...] = ()
    """Pages of numbers for rules, see `[[probes.scrape]]`."""
    backup: tuple[BackupSettings, ...] = ()
    """Series of backups, see `[[probes.backup]]`."""
    directory: tuple[DirectorySettings, ...] = ()
    """Directories that must not grow or stand still, see `[[probes.directory]]`."""
    process: tuple[ProcessSettings, ...] = ()
    """Processes that must run, see `[[probes.process]]`."""
    unit: tuple[UnitSettings, ...] = ()
    """Units of systemd, see `[[probes.unit]]`."""
    cron: tuple[CronSettings, ...] = ()
    """Jobs by the clock that leave a trace, see `[[probes.cron]]`."""
    sql: tuple[SqlSettings, ...] = ()
    """Statements that give a number, see `[[probes.sql]]`."""
    command: tuple[CommandSettings, ...] = ()
    """Commands that print a number, and Nagios plugins, see `[[probes.command]]`."""
    mqtt: tuple[MqttSettings, ...] = ()
    """Brokers of MQTT, see `[[probes.mqtt]]`."""
    mongo: tuple[MongoSettings, ...] = ()
    """Members of MongoDB, see `[[probes.mongo]]`."""
