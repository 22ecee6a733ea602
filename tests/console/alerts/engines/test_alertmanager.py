"""What the pane is told of a real Alertmanager, alone and beside the Prometheus that notifies it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.alerts.engines.source import EngineSource
from console.alerts.model import AlertState
from console.config import AlertSettings, Config
from console.findings import Severity
from console.sources.base import State
from tests.console.alerts.engines.kit import (
    HOSTILE,
    NOTIFYING,
    RULES,
    SCRAPES,
    alertmanager_source,
    by_name,
    engines,
    only,
    poll,
    seen,
)
from tests.console.sources.asking import collecting
from tests.patience import until
from tests.servers.alertmanager import Alertmanager
from tests.servers.prometheus import Prometheus


@pytest.fixture(scope="module")
def server() -> Iterator[Alertmanager]:
    """One for the tests that look at alerts of their own."""
    with Alertmanager() as running:
        yield running


def silence(
    server: Alertmanager, *matchers: tuple[str, str, str], hours: float = 2.0, later: float = 0.0
) -> str:
    """Silence alerts there, as somebody else would; the id."""
    now = datetime.now(UTC)
    body: dict[str, Any] = {
        "matchers": [
            {"name": name, "value": value, "isRegex": "~" in operator, "isEqual": operator[0] == "="}
            for name, operator, value in matchers
        ],
        "startsAt": (now + timedelta(hours=later)).isoformat(),
        "endsAt": (now + timedelta(hours=hours)).isoformat(),
        "createdBy": "ana", "comment": "the disk is replaced",
    }  # fmt: skip
    return str(server.ask("/api/v2/silences", body)["silenceID"])


async def test_alerts_stand_under_their_names(server: Alertmanager) -> None:
    """With labels, annotations, since when, where from, and the expression that made them."""
    link = "http://mon-1:9090/graph?g0.expr=disk_free+%3C+0.1&g0.tab=1"
    for instance in ("db-1", "db-2"):
        server.alert(
            {"alertname": "DiskFull", "instance": instance, "severity": "critical"},
            {"description": "nearly full", "runbook_url": "http://wiki/disk"}, link,
        )  # fmt: skip
    source = alertmanager_source(server.url)
    rule = by_name(await seen(source, lambda s: "DiskFull" in by_name(s)))["DiskFull"]
    assert (rule.expression, rule.origin.file, rule.origin.kind) == (
        "disk_free < 0.1",
        "mon-1:9090",
        "alertmanager",
    )
    assert (rule.severity, rule.group, rule.runbook) == (Severity.CRITICAL, "nobody", "http://wiki/disk")
    assert [dict(alert.labels)["instance"] for alert in rule.alerts] == ["db-1", "db-2"]
    alert = rule.alerts[0]
    assert (alert.state, alert.summary, alert.handled) == (AlertState.FIRING, "nearly full", False)
    assert alert.since is not None
    assert abs((datetime.now(UTC) - alert.since).total_seconds()) < 60


async def test_silences_are_told_with_what_they_match(server: Alertmanager) -> None:
    """All four ways of matching; who made it, why, and until when; one that is to come says so."""
    server.alert({"alertname": "Quiet", "instance": "db-1", "team": "shop"})
    name = silence(server, ("alertname", "=", "Quiet"), ("instance", "=~", "db-.*"), ("team", "!=", "x"),
                   ("zone", "!~", "a|b"))  # fmt: skip
    silence(server, ("alertname", "=", "Tomorrow"), hours=30, later=24)
    source = alertmanager_source(server.url)
    snapshot = await seen(source, lambda s: "Quiet" in by_name(s) and only(s, "Quiet").silence)
    found = only(snapshot, "Quiet").silence
    assert found is not None
    assert (found.id, found.by, found.reason) == (name, "ana", "the disk is replaced")
    assert set(found.matchers) == {
        ("alertname", "=", "Quiet"), ("instance", "=~", "db-.*"), ("team", "!=", "x"), ("zone", "!~", "a|b"),
    }  # fmt: skip
    assert timedelta(hours=1.9) < found.until - datetime.now(UTC) < timedelta(hours=2)
    assert not [finding for finding in source.judge(snapshot) if finding.subject.startswith("Quiet")]
    assert any(one.reason.startswith("from ") for one in snapshot.silences)


async def test_an_inhibited_alert_says_by_which(server: Alertmanager) -> None:
    """It is no silence, and nothing that wants a reader."""
    server.alert({"alertname": "NodeDown", "instance": "web-9", "severity": "critical"})
    server.alert({"alertname": "Slow", "instance": "web-9", "severity": "warning"})
    source = alertmanager_source(server.url)
    snapshot = await seen(source, lambda s: "Slow" in by_name(s) and only(s, "Slow").inhibited)
    assert only(snapshot, "Slow").inhibited == "inhibited by NodeDown"
    assert only(snapshot, "Slow").handled
    subjects = {finding.subject for finding in source.judge(snapshot)}
    assert "NodeDown" in subjects
    assert "Slow" not in subjects


async def test_hostile_labels_are_only_text(server: Alertmanager) -> None:
    """Clean and bounded."""
    server.alert(
        {"alertname": "Odd", "what": HOSTILE},
        {"summary": HOSTILE},
        "http://mon:9090/graph?g0.expr=%1B%5D0%3Bx%07",
    )
    snapshot = await seen(alertmanager_source(server.url), lambda s: "Odd" in by_name(s))
    told = repr(by_name(snapshot)["Odd"])
    assert "\\x1b" not in told
    assert "\\u202e" not in told
    assert len(only(snapshot, "Odd").summary) <= 2001


async def test_what_has_ended_is_shown_as_a_calm_rule_for_a_while(server: Alertmanager) -> None:
    """So that who looks for its end finds it."""
    source = alertmanager_source(server.url)
    now = datetime.now(UTC)
    labels = {"alertname": "Brief"}
    server.ask("/api/v2/alerts", [{"labels": labels, "endsAt": (now + timedelta(seconds=2)).isoformat()}])
    await seen(source, lambda s: "Brief" in by_name(s))
    snapshot = await seen(source, lambda s: not by_name(s)["Brief"].alerts)
    assert by_name(snapshot)["Brief"].state is AlertState.INACTIVE


async def test_under_a_path(server: Alertmanager) -> None:
    """As behind a proxy; without it the answer says what is wrong."""
    with Alertmanager(prefix="/am") as running:
        assert (await poll(alertmanager_source(f"{running.url}/"))).rules == ()


async def test_beside_a_prometheus_both_tell_the_same() -> None:
    """Its alerts have the silences, also those that hold for a label added on sending; told once."""
    with Alertmanager() as manager:
        prometheus = Prometheus(files={"rules.yml": RULES})
        config = SCRAPES % {"own": prometheus.port} + NOTIFYING % manager.port
        (prometheus.directory / "prometheus.yml").write_text(config)
        with prometheus:
            beside, own = engines(prometheus.url, manager.url)
            await seen(own, lambda s: "Always" in by_name(s) and only(s, "Always").labels)
            snapshot = await seen(beside, lambda s: by_name(s)["Always"].alerts)
            assert any(finding.subject == "Always" for finding in beside.judge(snapshot))
            theirs = await poll(own)
            assert not any(finding.subject == "Always" for finding in own.judge(theirs))
            silence(manager, ("cluster", "=", "eu"), ("alertname", "=", "Always"))
            await seen(own, lambda s: only(s, "Always").silence)
            snapshot = await poll(beside)
            assert only(snapshot, "Always").silence is not None
            assert snapshot.silences
            assert not any(finding.subject == "Always" for finding in beside.judge(snapshot))
            manager.kill()
            with pytest.raises(Exception, match="connection refused"):
                await poll(own)
            snapshot = await poll(beside)
            assert only(snapshot, "Always").silence is None
            assert snapshot.limited == ("silences are not known: the Alertmanager beside it does not answer",)


async def test_killed_frozen_and_started_again() -> None:
    """The pane says which it is, and goes on by itself."""
    with Alertmanager() as server:
        source = alertmanager_source(server.url)
        async with collecting(source) as collector:
            feed = collector.feeds[source.name]
            await until(lambda: feed.state is State.LIVE)
            server.kill()
            await until(lambda: feed.state is State.STALE)
            assert "connection refused" in feed.findings[0].text
            server.start()
            await until(lambda: feed.state is State.LIVE)
            server.freeze()
            await until(lambda: feed.state is State.STALE)
            server.thaw()
            await until(lambda: feed.state is State.LIVE)


def test_the_configuration_stands_before_the_environment() -> None:
    """As for every other source."""
    config = Config(alerts=AlertSettings(alertmanager="http://here:9093/am"))
    (source,) = EngineSource.discover(config, {"ALERTMANAGER_URL": "http://other:9093"})
    assert source.target == "http://here:9093/am"
    assert EngineSource.discover(Config(), {}) == []
