"""The rules among the sources: polled with them, judging what they gave."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.alerts.model import AlertsSnapshot, AlertState
from console.alerts.source import AlertsSource
from console.collector import Collector
from console.config import AlertSettings, Config, GuideSettings
from console.errors import TimedOut, Unreachable
from console.findings import Severity
from console.look import look
from console.sources.base import Focus, State
from tests.console.test_collector import Fake, raises

RULES = """
groups:
- name: r
  rules:
  - alert: Polled
    expr: polls > 0
    labels: {severity: critical}
  - alert: Often
    expr: polls > 1
    for: 1h
  - alert: Gone
    expr: up{source="fake",job="fake"} == 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "rules.yml").write_text(RULES)
    return Config(
        alerts=AlertSettings(rules=(str(tmp_path / "rules.yml"),), interval=1.0),
        guides=GuideSettings(paths=(str(tmp_path / "none.md"),)),
    )


def test_there_is_no_source_without_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert AlertsSource.discover(Config(), {}) == []
    (tmp_path / "RUNBOOK.md").write_text("# Ops\n")
    assert len(AlertsSource.discover(Config(), {})) == 1


async def test_rules_judge_what_the_other_sources_gave(config: Config, tmp_path: Path) -> None:
    rules, fake = AlertsSource(config, {"HOME": str(tmp_path)}), Fake()
    collector = Collector([fake, rules])
    for _ in range(3):  # at each, the rules see what was given before it at the latest
        await collector.once()
        await asyncio.sleep(1.1)
    feed = collector.feeds["rules"]
    assert feed.state is State.LIVE
    assert isinstance(feed.snapshot, AlertsSnapshot)
    states = {rule.name: rule.state for rule in feed.snapshot.rules}
    assert states == {
        "Polled": AlertState.FIRING, "Often": AlertState.PENDING, "Gone": AlertState.INACTIVE,
    }  # fmt: skip
    assert [(found.severity, found.subject) for found in feed.findings] == [(Severity.CRITICAL, "Polled")]
    await collector.stop()


async def test_one_look_judges_after_all_have_answered_and_counts_what_is_pending(
    config: Config, tmp_path: Path
) -> None:
    seen = await look([AlertsSource(config, {"HOME": str(tmp_path)}), Fake()])
    (rules,) = [one for one in seen if one.feed.source.kind == "alerts"]
    assert [(found.severity, found.subject) for found in rules.findings] == [
        (Severity.CRITICAL, "Polled"), (Severity.WARNING, "Often"),
    ]  # fmt: skip
    assert rules.severity is Severity.CRITICAL


async def test_a_source_that_does_not_answer_is_known_to_the_rules(config: Config, tmp_path: Path) -> None:
    down = Fake(raises(Unreachable("gone")))
    seen = await look([AlertsSource(config, {"HOME": str(tmp_path)}), down])
    (rules,) = [one for one in seen if one.feed.source.kind == "alerts"]
    states = {rule.name: rule.state for rule in rules.feed.snapshot.rules}
    assert states["Gone"] is AlertState.FIRING
    assert states["Polled"] is AlertState.NO_DATA


async def test_rules_that_take_longer_than_a_poll_are_told_and_come_all_the_same(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluation is held up by a lock, as by a rule that reads very much."""
    from console.alerts.evaluating import Evaluator

    monkeypatch.setattr("console.alerts.source.PATIENCE", 0.05)
    held, evaluate = threading.Lock(), Evaluator.evaluate

    def slow(self: Evaluator, due_only: bool = True) -> AlertsSnapshot:
        with held:
            return evaluate(self, due_only)

    monkeypatch.setattr(Evaluator, "evaluate", slow)
    rules = AlertsSource(config, {"HOME": str(tmp_path)})
    with held, pytest.raises(TimedOut, match="being evaluated for 0 s now"):
        await rules.poll(Focus.GLANCE)
    first = await _finished(rules)
    assert first.limited == ()
    assert len(first.rules) == 3
    with held:
        late = await rules.poll(Focus.GLANCE)
        assert late.rules == first.rules
        assert "they stand as they did before" in late.limited[0]
    assert (await _finished(rules)).limited == ()
    await rules.close()


async def _finished(rules: AlertsSource) -> AlertsSnapshot:
    while True:
        with suppress(TimedOut):
            snapshot = await rules.poll(Focus.GLANCE)
            if not snapshot.limited:
                return snapshot


async def test_a_pipe_among_the_rule_files_holds_up_no_other(config: Config, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "folder.yml").mkdir()
    odd = (f"{tmp_path}/no\0.yml", "~nobody-there/x.yml")
    nothing = f"{tmp_path}/gone/*.yml"
    files = replace(config.alerts, rules=(str(tmp_path / "*.yml"), *odd, nothing))
    rules = AlertsSource(replace(config, alerts=files), {"HOME": str(tmp_path)})
    snapshot = await rules.poll(Focus.GLANCE)
    told = {Path(rule.name).name: rule.reason for rule in snapshot.rules if rule.state is AlertState.BROKEN}
    assert told["pipe.yml"] == "it is no regular file: save the rules in one"
    assert told["folder.yml"] == "the rule file cannot be read: Is a directory"
    assert [reason.startswith("alerts.rules: no file can be named so: ") for reason in told.values()].count(
        True
    ) == len(odd)
    assert told["*.yml"] == "alerts.rules: it names no file"
    assert len(snapshot.rules) == 3 + len(told)
    await rules.close()
