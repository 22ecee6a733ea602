"""Rules over a history whose time the test moves on, with a wall clock that can be set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.alerts.evaluating import Evaluator
from console.alerts.model import AlertsSnapshot, RuleStatus
from console.config import AlertSettings, Config, GuideSettings
from console.history import History
from console.metrics import Sample, labels


class HandClock:
    """Two clocks: one that only goes on, and one that somebody may set."""

    def __init__(self) -> None:
        self.passed = 1000.0
        self.wall = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds that only go on."""
        return self.passed

    def on(self, seconds: float) -> None:
        """Time passes on both."""
        self.passed += seconds
        self.wall += timedelta(seconds=seconds)


class Place:
    """A directory with rules, a history that is fed, and what the evaluation makes of it."""

    def __init__(
        self, directory: Path, rules: str = "", guide: str = "", settings: Mapping[str, object] | None = None
    ) -> None:
        self.directory = directory
        (directory / "rules.yml").write_text(rules or "groups: []\n")
        (directory / "OPERATIONS.md").write_text(guide or "# Nothing\n")
        self.clock = HandClock()
        self.history = History()
        alerts = AlertSettings(**{"rules": ("rules.yml",), **(settings or {})})  # type: ignore[arg-type]
        self.config = Config(alerts=alerts, guides=GuideSettings(paths=(str(directory / "OPERATIONS.md"),)))
        self.env = {"HOME": str(directory), "XDG_STATE_HOME": str(directory)}
        self.evaluator = Evaluator(self.config, self.env, self.history, self.clock, directory)

    def feed(self, source: str = "host", /, **figures: float) -> None:
        """One poll of a source with these figures, now."""
        self.history.add(
            self.clock.monotonic(),
            [Sample(name, value, labels(instance="a")) for name, value in figures.items()],
            source,
        )

    def after(self, seconds: float, **figures: float) -> AlertsSnapshot:
        """Time passes, a poll gives these figures, and the rules are evaluated."""
        self.clock.on(seconds)
        self.feed(**figures)
        return self.evaluator.evaluate()

    def rule(self, name: str) -> RuleStatus:
        """How a rule stands now."""
        (found,) = [rule for rule in self.evaluator.evaluate().rules if rule.name == name]
        return found
