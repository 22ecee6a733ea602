"""Engines as sources of the kind "alerts": nothing of them is loaded where no address is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.alerts.engines.address import (
    Address,
    alertmanager_address,
    engines_named,
    prometheus_address,
)
from console.clock import Clock, SystemClock
from console.config import Config
from console.errors import ConfigError, OpsError, Refused, SourceError
from console.findings import Finding
from console.metrics import Sample
from console.sources.base import Focus
from console.worker import Worker

if TYPE_CHECKING:
    from console.alerts.engines.client import Client
    from console.alerts.engines.query import EngineAnswers
    from console.alerts.engines.rules import RulesReader
    from console.alerts.engines.standing import StandingReader
    from console.alerts.model import AlertsSnapshot, RuleStatus, Silence
    from console.alerts.record import Record

PATIENCE = 2.8
"""Seconds all questions of one poll may take: less than the deadline, to say what was waited for."""
TARGETS_EVERY = 15.0
"""Seconds between two looks at the targets, of which there may be thousands."""


class Beside:
    """What the engines of one console know of each other: the newest each has told, None where it fails."""

    def __init__(self) -> None:
        self.prometheus: AlertsSnapshot | None = None
        self.alertmanager: AlertsSnapshot | None = None


class EngineSource:
    """What both engines have in common."""

    kind = "alerts"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 5.0, Focus.FULL: 2.0}

    def __init__(
        self, address: Address, beside: Beside | None = None, clock: Clock | None = None,
        journal: Path | None = None,
    ) -> None:  # fmt: skip
        self.address = address
        self._journal = journal
        self.name = address.name
        self.target = address.shown
        self.silencer: Address | None = None
        """The Alertmanager that keeps the silences of these alerts; None where it is not known."""
        self._beside = beside or Beside()
        self._worker = Worker(self.name)
        self._said: Record | None = None
        """What people have said of alerts, as the journal has it."""
        self._clock: Clock = clock or SystemClock()
        self._asked: Client | None = None

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[EngineSource]:
        """The engines whose addresses are given; one whose address is none says so when it is polled."""
        if not engines_named(config, env):
            return []
        beside, journal = Beside(), _journal(config, env)
        found: list[EngineSource] = []
        for where, kind in (
            (prometheus_address, PrometheusSource),
            (alertmanager_address, AlertmanagerSource),
        ):
            try:
                address = where(config, env)
            except ConfigError as error:
                found.append(Misaddressed(error))
                continue
            if address is not None:
                found.append(kind(address, beside, journal=journal))
        silencer = next((one.address for one in found if isinstance(one, AlertmanagerSource)), None)
        for source in found:
            source.silencer = silencer
        return found

    @property
    def client(self) -> Client:
        """Who asks; made with the first question."""
        if self._asked is None:
            from console.alerts.engines.client import Client

            self._asked = Client(self.address)
        return self._asked

    async def poll(self, focus: Focus) -> AlertsSnapshot:
        """Its rules, alerts and silences. Raises SourceError."""
        try:
            snapshot = await self._snapshot()
        except BaseException:
            self._tell(None)
            raise
        self._tell(snapshot)
        return snapshot

    async def _snapshot(self) -> AlertsSnapshot:
        raise NotImplementedError

    def _tell(self, snapshot: AlertsSnapshot | None) -> None:
        raise NotImplementedError

    def samples(self, snapshot: AlertsSnapshot) -> Iterable[Sample]:
        """None: an engine's numbers are the engine's."""
        return ()

    def judge(self, snapshot: AlertsSnapshot) -> Sequence[Finding]:
        """What fires and nobody has handled, what is broken, and which targets are down."""
        from console.alerts.engines.judging import findings

        return findings(snapshot, self.name)

    def _with_what_was_said(self, rules: tuple[RuleStatus, ...]) -> tuple[RuleStatus, ...]:
        """The rules with who acknowledged their alerts. In the worker's thread, as all of the record is."""
        if self._said is None:
            if self._journal is None:
                return rules
            from console.alerts.record import Record

            self._said = Record(self._journal)
        self._said.refresh()
        return self._said.handling.apply_to(rules, self._clock.now(), silenced=False)

    async def close(self) -> None:
        """Let go of the journal and the thread."""
        said, self._said = self._said, None
        if said is not None:
            await self._worker.call(said.close)
        self._worker.stop()


class PrometheusSource(EngineSource):
    """The rules of a Prometheus with their health and alerts, and the targets that are down."""

    def __init__(
        self, address: Address, beside: Beside | None = None, clock: Clock | None = None,
        journal: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(address, beside, clock, journal)
        self._reader: RulesReader | None = None
        self._known = False
        """Whether it has said that it is a Prometheus."""
        self._targets: tuple[tuple[str, str], ...] = ()
        self._no_targets = ""
        self._targets_at = float("-inf")

    async def _snapshot(self) -> AlertsSnapshot:
        from console.alerts.engines.rules import RulesReader, check_build, down
        from console.alerts.model import AlertsSnapshot

        client, monotonic = self.client, self._clock.monotonic()
        self._reader = self._reader or RulesReader(self.address.name)
        if not self._known:
            check_build(await client.get("/api/v1/status/buildinfo", PATIENCE), self.address)
            self._known = True
        try:
            answer = await client.get("/api/v1/rules", PATIENCE)
        except SourceError:
            self._known = False  # whoever answers next may be another program
            raise
        if monotonic - self._targets_at >= TARGETS_EVERY:
            self._targets, self._no_targets = await down(client, PATIENCE)
            self._targets_at = monotonic
        silencing = self._beside.alertmanager
        rules, took = await self._worker.call(self._read, self._reader, answer, monotonic, silencing)
        limited = [self._no_targets] if self._no_targets else []
        if self.silencer is not None and silencing is None:
            limited.append("silences are not known: the Alertmanager beside it does not answer")
        return AlertsSnapshot(
            rules=rules, took=took, targets_down=self._targets, limited=tuple(limited),
            silences=silencing.silences if silencing is not None else (),
        )  # fmt: skip

    def answers(self) -> EngineAnswers:
        """Who evaluates expressions there; apart from the polls, which nothing may hold up."""
        from console.alerts.engines.query import EngineAnswers

        return EngineAnswers(self.address)

    def _read(
        self, reader: RulesReader, answer: Any, monotonic: float, silencing: AlertsSnapshot | None
    ) -> tuple[tuple[RuleStatus, ...], float]:
        rules, took = reader.read(answer, monotonic, silencing)
        return self._with_what_was_said(rules), took

    def _tell(self, snapshot: AlertsSnapshot | None) -> None:
        self._beside.prometheus = snapshot


class AlertmanagerSource(EngineSource):
    """The alerts of an Alertmanager, and which of them are silenced or inhibited."""

    def __init__(
        self, address: Address, beside: Beside | None = None, clock: Clock | None = None,
        journal: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(address, beside, clock, journal)
        self.silencer = address
        self._reader: StandingReader | None = None

    async def _snapshot(self) -> AlertsSnapshot:
        from console.alerts.engines.judging import doubled
        from console.alerts.engines.standing import StandingReader, check_status
        from console.alerts.model import AlertsSnapshot

        client, monotonic = self.client, self._clock.monotonic()
        self._reader = self._reader or StandingReader(self.address.name)
        limited = check_status(await client.get("/api/v2/status", PATIENCE), self.address)
        silences = await client.get("/api/v2/silences", PATIENCE)
        alerts = await client.get("/api/v2/alerts", PATIENCE)
        rules, standing = await self._worker.call(self._read, self._reader, alerts, silences, monotonic)
        return AlertsSnapshot(
            rules=rules, silences=standing, limited=limited,
            doubled=doubled(rules, self._beside.prometheus),
        )  # fmt: skip

    def _read(
        self, reader: StandingReader, alerts: Any, silences: Any, monotonic: float
    ) -> tuple[tuple[RuleStatus, ...], tuple[Silence, ...]]:
        rules, standing = reader.read(alerts, silences, self._clock.now(), monotonic)
        return self._with_what_was_said(rules), standing

    def _tell(self, snapshot: AlertsSnapshot | None) -> None:
        self._beside.alertmanager = snapshot


class Misaddressed(EngineSource):
    """Stands for an engine whose address is none: the pane says so, and nothing is asked."""

    def __init__(self, error: ConfigError) -> None:
        variable = error.reason.partition(" ")[0]
        super().__init__(Address(kind="engine", url=""))
        self.name, self.target, self._error = variable, "no address", error

    async def _snapshot(self) -> AlertsSnapshot:
        raise Refused(self._error.reason, self._error.fix)

    def _tell(self, snapshot: AlertsSnapshot | None) -> None:
        """There is nothing to tell."""


def _journal(config: Config, env: Mapping[str, str]) -> Path | None:
    """Where what people say of alerts is kept; None where there is no such place."""
    from console.journal.place import journal_path

    try:
        return journal_path(config, env)
    except OpsError:
        return None
