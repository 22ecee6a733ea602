"""A bad quarter of an hour of rules and alerts, made by hand, and contexts to draw them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from console.alerts.model import (
    Alert,
    AlertsSnapshot,
    AlertState,
    Event,
    Origin,
    RuleStatus,
    Silence,
)
from console.collector import Feed
from console.config import Config
from console.errors import SourceError
from console.findings import Finding, Severity
from console.history import History
from console.metrics import Labels, Sample, labels
from console.sources.base import Focus, Reading
from tests.widgets.fakes import START, StillClock
from widgets.pane import Context

NOW = StillClock().monotonic()
GUIDE = Origin(file="OPERATIONS.md", line=412, kind="guide")


def ago(seconds: float) -> timedelta:
    """So long ago."""
    return timedelta(seconds=seconds)


def figures(*values: float, now: float = NOW) -> tuple[tuple[float, float], ...]:
    """A figure every five seconds, the last one now."""
    return tuple((now - 5.0 * (len(values) - 1 - index), value) for index, value in enumerate(values))


def rising(low: float, high: float, count: int = 30) -> tuple[tuple[float, float], ...]:
    """A figure that goes up."""
    return figures(*(low + (high - low) * index / (count - 1) for index in range(count)))


def alert(
    rule: str,
    state: AlertState = AlertState.FIRING,
    severity: Severity = Severity.CRITICAL,
    *,
    since: float = 720.0,
    value: float | None = None,
    pairs: Labels = (),
    **fields: object,
) -> Alert:
    """An alert whose condition is true since so many seconds."""
    began = START - ago(since)
    made = Alert(
        rule=rule, state=state, severity=severity, labels=pairs, value=value, since=began,
        fired=began if state is AlertState.FIRING else None,
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def rule(name: str, *alerts: Alert, state: AlertState | None = None, **fields: object) -> RuleStatus:
    """A rule in the state of its worst alert."""
    worst = min((one.state for one in alerts), key=list(AlertState).index, default=AlertState.INACTIVE)
    made = RuleStatus(
        name=name, expression=f"{name.lower()} > 1", state=state or worst, reason="", origin=GUIDE,
        alerts=alerts,
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


ERRORS = rule(
    "HighErrorRate",
    alert("HighErrorRate", value=0.12, pairs=labels(service="api", instance="api-3", severity="critical"),
          summary="12% of requests fail on api-3",
          annotations=(("summary", "12% of requests fail on api-3"),
                       ("description", "Look at the upstream first: it has been the cause three times.")),
          events=(Event(time=START - ago(720), what="firing", text="0.11 > 0.05"),
                  Event(time=START - ago(600), what="noted", by="bo", text="upstream is slow again"))),
    expression='sum by (service, instance) (rate(http_requests_total{code=~"5.."}[5m]))\n'
    "  / sum by (service, instance) (rate(http_requests_total[5m])) > 0.05",
    values=rising(0.01, 0.12), limit=0.05, operator=">", severity=Severity.CRITICAL, hold=300.0, group="api",
    runbook="Service down", runbook_why="same name", labels=labels(severity="critical"), took=0.002,
    reason="0.12 is above 0.05",
)  # fmt: skip
DISK = rule(
    "DiskFull",
    alert("DiskFull", severity=Severity.WARNING, value=0.91, since=3900,
          pairs=labels(mountpoint="/var", device="sda1", severity="warning"),
          acknowledged="ana: old dumps go"),
    alert("DiskFull", AlertState.PENDING, Severity.WARNING, value=0.905, since=40.0,
          pairs=labels(mountpoint="/srv/data", device="sda1", severity="warning")),
    expression="node_filesystem_avail_bytes / node_filesystem_size_bytes", limit=0.9, operator=">",
    severity=Severity.WARNING, hold=300.0, group="disks", reason="0.91 is above 0.9",
)  # fmt: skip
HITS = rule(
    "CacheMisses",
    alert("CacheMisses", severity=Severity.WARNING, value=0.62, since=95.0, pairs=labels(server="cache"),
          changes=4),
    expression="opsconsole_redis_hit_ratio < 0.8", limit=0.8, operator="<", severity=Severity.WARNING,
    values=rising(0.97, 0.62), group="cache", reason="0.62 is below 0.8",
)  # fmt: skip
SILENT = rule(
    "BackupOld",
    alert("BackupOld", severity=Severity.CRITICAL, value=93_600.0, since=7000.0, pairs=labels(job="nightly"),
          silence=Silence(id="s1", matchers=(("alertname", "=", "BackupOld"),), until=START + ago(7800),
                          by="bo", reason="the new disk comes at two")),
    expression="time() - backup_last_success > 86400", limit=86_400.0, operator=">", unit="s",
    severity=Severity.CRITICAL,
)  # fmt: skip
BLIND = rule("ReplicaLag", state=AlertState.NO_DATA, reason="no series of pg_replication_lag_seconds")
BROKEN = rule("BadRule", state=AlertState.BROKEN, reason='unexpected ")" at 1:14')
NEAR = rule("MemoryLow", values=rising(0.7, 0.81), limit=0.9, operator=">", group="host")
FAR = rule("LoadHigh", values=figures(0.4, 0.5), limit=8.0, operator=">", group="host")

BAD_HOUR = AlertsSnapshot(
    rules=(ERRORS, DISK, HITS, SILENT, BLIND, BROKEN, NEAR, FAR),
    silences=tuple(one.silence for one in SILENT.alerts if one.silence), took=0.0123,
)  # fmt: skip
CALM = AlertsSnapshot(rules=(NEAR, *(rule(f"Rule{n}") for n in range(22))), took=0.004)
NOTHING = AlertsSnapshot()


@dataclass(slots=True)
class AlertsOf:
    """A source of alerts that gives the snapshot it holds; it can be changed while it is polled."""

    snapshot: AlertsSnapshot
    kind: str = "alerts"
    name: str = "rules"
    target: str = "OPERATIONS.md"
    deadline: float = 2.0
    error: SourceError | None = None
    period: float = 0.05
    cadence: Mapping[Focus, float] = field(init=False)

    def __post_init__(self) -> None:
        self.cadence = dict.fromkeys(Focus, self.period)

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[AlertsOf]:
        """Nothing is found by itself."""
        return ()

    async def poll(self, focus: Focus) -> AlertsSnapshot:
        """What it holds."""
        if self.error is not None:
            raise self.error
        return self.snapshot

    def samples(self, snapshot: AlertsSnapshot) -> list[Sample]:
        """How many there are."""
        return [
            Sample("ALERTS", float(snapshot.count(state)), labels(alertstate=state.value))
            for state in (AlertState.FIRING, AlertState.PENDING)
        ]

    def judge(self, snapshot: AlertsSnapshot) -> Sequence[Finding]:
        """What fires and is not handled."""
        return [
            Finding(one.severity, one.rule, one.summary or "firing")
            for one in snapshot.alerts()
            if one.state is AlertState.FIRING and not one.acknowledged and one.silence is None
        ]

    async def close(self) -> None:
        """Nothing is open."""


def context(snapshot: AlertsSnapshot | None = BAD_HOUR) -> Context:
    """What the pane would be given for this snapshot."""
    clock = StillClock()
    feed: Feed = Feed(AlertsOf(snapshot or NOTHING))
    if snapshot is not None:
        found = tuple(AlertsOf(snapshot).judge(snapshot))
        feed.good = feed.reading = Reading("rules", clock.now(), NOW, 0.01, snapshot, None, found)
    return Context(feed, History(), Config(), NOW, clock.now())
