"""The configuration's shape and defaults; every field may be left out of a file."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from console.findings import Limit
from console.probe_settings import Probes
from console.section import Section

Theme: TypeAlias = Literal["ops-dark", "ops-light", "high-contrast", "color-blind", "war-room"]
BannerColor: TypeAlias = Literal["error", "warning", "success", "primary"]
EngineHost: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^$|^(unix:///|(tcp|http|https|ssh)://[^-])",
        description="unix:///path, tcp://host:port or ssh://user@host",
    ),
]
PostgresUrl: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^$|^(postgres|postgresql|postgis)(\+\w+)?://|^\w+\s*=",
        description="postgresql://user@host:port/database, service=NAME or key=value words",
    ),
]
RedisUrl: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^$|^(rediss?|valkeys?)://|^unix://",
        description="redis://host:port/0, rediss://host:port/0 or unix:///path",
    ),
]

EngineUrl: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^$|^https?://[^/\s?#]+[^\s?#]*$", description="http://host:port or https://host/path"),
]


class Limits(Section, frozen=True):
    """Thresholds as `[warning, critical]`: ratios, seconds or bytes as each line says."""

    cpu: tuple[float, float] = (0.85, 0.95)
    """Share of all cores busy."""
    iowait: tuple[float, float] = (0.2, 0.4)
    """Share of all cores waiting for disks."""
    steal: tuple[float, float] = (0.1, 0.3)
    """Share of all cores taken by other guests of the hypervisor."""
    load: tuple[float, float] = (2.0, 4.0)
    """Load average of five minutes, per core."""
    memory: tuple[float, float] = (0.9, 0.97)
    """Share of memory not available."""
    swap: tuple[float, float] = (0.5, 0.9)
    """Share of swap used."""
    disk: tuple[float, float] = (0.85, 0.95)
    """Share of a file system's blocks used."""
    inodes: tuple[float, float] = (0.85, 0.95)
    """Share of a file system's inodes used."""
    pressure: tuple[float, float] = (0.2, 0.5)
    """Share of the last ten seconds some task waited for memory or for a device (PSI avg10)."""
    cpu_pressure: tuple[float, float] = (0.5, 0.9)
    """Share of the last ten seconds some task waited for a core; a busy host is not yet a sick one."""
    temperature: tuple[float, float] = (85.0, 95.0)
    """Degrees Celsius."""
    container_cpu: tuple[float, float] = (0.9, 1.5)
    """CPU of a container's limit."""
    container_memory: tuple[float, float] = (0.85, 0.95)
    """Memory of a container's limit."""
    container_restarts: tuple[float, float] = (1.0, 3.0)
    """Restarts within ten minutes."""
    connections: tuple[float, float] = (0.8, 0.95)
    """Database sessions of those allowed to ordinary roles."""
    transaction: tuple[float, float] = (60.0, 600.0)
    """Seconds a transaction has been open."""
    query: tuple[float, float] = (30.0, 300.0)
    """Seconds a statement has been running."""
    idle_in_transaction: tuple[float, float] = (30.0, 300.0)
    """Seconds a session has been idle in a transaction."""
    blocked: tuple[float, float] = (1.0, 5.0)
    """Database sessions waiting for a lock."""
    rollbacks: tuple[float, float] = (0.1, 0.5)
    """Share of transactions rolled back."""
    cache_hit: tuple[float, float] = (0.9, 0.7)
    """Share of database blocks found in its cache; falls."""
    replication_lag: tuple[float, float] = (10.0, 60.0)
    """Seconds a standby or replica is behind."""
    slot_bytes: tuple[float, float] = (1e9, 10e9)
    """Bytes of WAL a replication slot holds back."""
    archive_backlog: tuple[float, float] = (10.0, 100.0)
    """WAL segments waiting to be archived."""
    redis_hit: tuple[float, float] = (0.8, 0.5)
    """Share of Redis look-ups that found their key; falls."""
    redis_memory: tuple[float, float] = (0.85, 0.95)
    """Redis memory of its maxmemory."""
    redis_evictions: tuple[float, float] = (1.0, 100.0)
    """Keys evicted a second."""
    redis_fragmentation: tuple[float, float] = (1.5, 3.0)
    """Redis resident memory over used memory; judged only above 100 MB of difference."""
    errors_per_minute: tuple[float, float] = (1.0, 60.0)
    """Log lines of level error or worse a minute."""

    @classmethod
    def order(cls, name: str) -> str:
        """Where a field's warning lies, seen from its critical value: `below`, or `above` when it falls.

        The other way round a limit would be crossed by everything that is well.
        """
        warning, critical = cls.__struct_defaults__[cls.__struct_fields__.index(name)]
        return "below" if warning < critical else "above"

    def limit(self, name: str) -> Limit:
        """One field as a Limit; it rises or falls as the field does, also when both numbers are the same."""
        warning, critical = getattr(self, name)
        return Limit(warning, critical, rising=self.order(name) == "below")


class DockerTarget(Section, frozen=True):
    """A container engine to watch: `[[docker]]`."""

    name: str = ""
    """What the pane calls it; empty: made from the address."""
    host: EngineHost = ""
    """Where it is; empty: found by environment, context and socket."""
    context: str = ""
    """A context of the docker command line."""


class KubernetesTarget(Section, frozen=True):
    """A cluster to watch: `[[kubernetes]]`."""

    context: str = ""
    """A context of the kubeconfig; empty: the one kubectl would use."""
    namespaces: tuple[str, ...] = ()
    """Which namespaces to watch; empty: all of them."""
    kubeconfig: str = ""
    """The file it is in; empty: those of `KUBECONFIG`, else ~/.kube/config."""


class PostgresTarget(Section, frozen=True):
    """A PostgreSQL server to watch: `[[postgres]]`."""

    name: str = ""
    """What the pane calls it; empty: made from the address."""
    url: PostgresUrl = ""
    """Where it is; what it leaves open comes from PG* variables and ~/.pgpass, as for psql."""
    password_command: str = ""
    """A command that prints the password; run without a shell."""


class RedisTarget(Section, frozen=True):
    """A Redis server to watch: `[[redis]]`."""

    name: str = ""
    """What the pane calls it; empty: made from the address."""
    url: RedisUrl = ""
    """Where it is; rediss:// is TLS, and valkey:// the same as redis://."""
    password_command: str = ""
    """A command that prints the password; run without a shell."""


class LogSettings(Section, frozen=True):
    """Where log lines come from: `[logs]`."""

    files: tuple[str, ...] = ()
    """Paths and globs, followed through rotation."""
    containers: bool = True
    """Follow the running containers' output."""
    journald: bool = True
    """Follow the systemd journal when there is one."""
    keep: Annotated[int, Meta(ge=100, le=1_000_000)] = 20_000
    """Lines kept in memory."""


class GuideSettings(Section, frozen=True):
    """Operations guides in Markdown: `[guides]`."""

    paths: tuple[str, ...] = ()
    """Files and globs; empty: OPERATIONS.md, RUNBOOK.md and docs/**/operations*.md, runbook*.md from here."""


class RunSettings(Section, frozen=True):
    """How steps of guides and acts of panes are run: `[runs]`."""

    read_only: bool = False
    """Only steps known to read are run; everything else is refused."""


class JournalSettings(Section, frozen=True):
    """The record of everything done: `[journal]`."""

    path: str = ""
    """The file it is kept in; empty: `opsconsole/journal.db` in the user's state directory."""


class AlertSettings(Section, frozen=True):
    """Alerts of rules and objectives: `[alerts]`."""

    bell: Literal["off", "bell", "notify"] = "off"
    """When one begins to fire: nothing, the terminal's bell, or a notice on the desktop (OSC 9, 99, 777)."""
    rules: tuple[str, ...] = ()
    """Prometheus rule files, paths and globs; those of the guides come on top."""
    interval: Annotated[float, Meta(ge=1, le=3600)] = 5.0
    """Seconds between two evaluations of a group that names none."""
    names: dict[str, str] = {}
    """Metric name to the expression it stands for, where rules use names that nobody here has."""
    objectives: dict[str, str] = {}
    """Name to what must hold: `"orders an hour" = "shop_orders_per_hour >= 10"`."""
    prometheus: EngineUrl = ""
    """A Prometheus beside the console, with the path it is served under; empty: that of `PROMETHEUS_URL`."""
    prometheus_password_command: str = ""
    """A command that prints the password of the URL's user, or a bearer token; run without a shell."""
    alertmanager: EngineUrl = ""
    """An Alertmanager beside the console, likewise; empty: that of `ALERTMANAGER_URL`."""
    alertmanager_password_command: str = ""
    """The same as for Prometheus."""
    verify: bool = True
    """Judge the certificates of both: issuer, host name and dates."""
    ca_file: str = ""
    """Certificates (PEM) of issuers to trust for both; empty: those of the system."""


class Profile(Section, frozen=True):
    """A named environment: `[profiles.NAME]`; its values override the ones above it."""

    production: bool = False
    """Every change asks for the target's name to be typed."""
    banner: str = ""
    """Word shown in the header, such as PRODUCTION."""
    color: BannerColor = "error"
    """How the banner is coloured: error, warning, success or primary."""


class Config(Section, frozen=True):
    """Everything that can be configured, with its defaults."""

    theme: Theme = "ops-dark"
    """Colours: ops-dark, ops-light, high-contrast, color-blind, or war-room for a big screen."""
    profile: str = ""
    """The profile in use, one of `[profiles.NAME]`; empty: none."""
    interval: Annotated[float, Meta(ge=0.1, le=60)] = 1.0
    """Multiplies every cadence: 2.0 asks half as often."""
    sources: tuple[str, ...] = ()
    """Which kinds to show, in order; empty: all of them."""
    mouse: bool = True
    """Take clicks and the wheel; off leaves selecting text to the terminal."""
    profiles: dict[str, Profile] = {}
    """Named environments, see `[profiles.NAME]`."""
    keys: dict[str, str] = {}
    """Binding id to key or keys, comma-separated."""
    limits: Limits = Limits()
    """When a figure is coloured, see `[limits]`."""
    docker: tuple[DockerTarget, ...] = ()
    """Container engines, see `[[docker]]`; none: the one found."""
    kubernetes: tuple[KubernetesTarget, ...] = ()
    """Clusters, see `[[kubernetes]]`; none: the current context of the kubeconfig."""
    postgres: tuple[PostgresTarget, ...] = ()
    """PostgreSQL servers, see `[[postgres]]`; none: the one found."""
    redis: tuple[RedisTarget, ...] = ()
    """Redis servers, see `[[redis]]`; none: the one found."""
    probes: Probes = Probes()
    """What is asked from outside, see `[[probes.http]]` and the others."""
    logs: LogSettings = LogSettings()
    """Where log lines come from, see `[logs]`."""
    guides: GuideSettings = GuideSettings()
    """Where the operations guides are, see `[guides]`."""
    runs: RunSettings = RunSettings()
    """How steps are run, see `[runs]`."""
    journal: JournalSettings = JournalSettings()
    """The record of everything done, see `[journal]`."""
    alerts: AlertSettings = AlertSettings()
    """What happens when an alert fires, see `[alerts]`."""
