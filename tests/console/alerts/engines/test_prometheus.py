"""What the pane is told of a real Prometheus, as it starts, breaks and comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from console.alerts.engines.source import EngineSource
from console.alerts.model import AlertsSnapshot, AlertState
from console.config import Config
from console.errors import Refused
from console.findings import Severity
from console.sources.base import State
from tests.console.alerts.engines.kit import (
    HOSTILE,
    RULES,
    SCRAPES,
    by_name,
    only,
    poll,
    prometheus_source,
    seen,
)
from tests.console.sources.asking import collecting
from tests.patience import until
from tests.servers.prometheus import Prometheus


def started(rules: str = RULES) -> Prometheus:
    """A Prometheus with these rules that scrapes itself, and a target that is not there."""
    server = Prometheus(files={"rules.yml": rules})
    (server.directory / "prometheus.yml").write_text(SCRAPES % {"own": server.port})
    return server


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """One for the tests that only look."""
    with started() as running:
        yield running


def judged(snapshot: AlertsSnapshot) -> bool:
    """Whether every group but the late one has been evaluated, and the targets scraped."""
    rules = by_name(snapshot)
    return (
        rules["Waiting"].state is AlertState.PENDING
        and rules["Always"].state is AlertState.FIRING
        and rules["Broken"].state is AlertState.BROKEN
    )


async def test_rules_stand_as_the_engine_has_them(server: Prometheus) -> None:
    """With their state, the reason for it, the limit of their expression, and what the alerts say."""
    source = prometheus_source(server.url)
    snapshot = await seen(source, judged)
    rules = by_name(snapshot)
    always, alert = rules["Always"], only(snapshot, "Always")
    assert (always.operator, always.limit, always.group) == (">", 0.05, "shop")
    assert always.severity is Severity.CRITICAL
    assert always.origin.kind == "prometheus"
    assert always.origin.file.endswith("rules.yml")
    assert always.runbook == "http://wiki/errors"
    assert (alert.state, alert.value, alert.summary) == (AlertState.FIRING, 0.12, "errors 0.12")
    assert alert.labels == (("severity", "page"), ("team", "shop"))
    assert alert.since is not None
    assert 0 <= (datetime.now(UTC) - alert.since).total_seconds() < 600
    waiting = rules["Waiting"]
    assert waiting.hold == 3600
    assert waiting.reason == "1 alert, fires after 1h"
    assert rules["Calm"].state is AlertState.INACTIVE
    assert rules["shop:up"].reason.startswith("records")
    assert (rules["Later"].state, rules["Later"].reason) == (AlertState.NO_DATA, "not evaluated yet")
    assert "found duplicate series" in rules["Broken"].reason


async def test_an_alert_keeps_its_figures(server: Prometheus) -> None:
    """One a poll, for its trend."""
    source = prometheus_source(server.url)
    await seen(source, judged)
    assert len(only(await poll(source), "Always").values) >= 2


async def test_targets_that_are_down_are_told_with_the_reason(server: Prometheus) -> None:
    """By job and instance."""
    source = prometheus_source(server.url)
    await seen(source, judged)
    source._targets_at = float("-inf")
    snapshot = await poll(source)
    ((name, why),) = snapshot.targets_down
    assert name == "dead 127.0.0.1:1"
    assert "connection refused" in why
    told = {(finding.subject, finding.text.partition(":")[0]) for finding in source.judge(snapshot)}
    assert {
        ("Always", "errors 0.12"),
        ("Broken", "1 rule cannot be evaluated"),
        (source.name, "1 target down"),
    } <= told
    assert "Waiting" not in dict(told)  # what is pending is no finding


async def test_hostile_text_is_only_text() -> None:
    """In labels, annotations, and names of groups: it stays data, clean and bounded."""
    rules = {
        "groups": [
            {
                "name": HOSTILE[:40],
                "interval": "1s",
                "rules": [
                    {
                        "alert": "[red]Odd",
                        "expr": "vector(1)",
                        "labels": {"severity": "\u202epage", "what": HOSTILE},
                        "annotations": {"summary": HOSTILE},
                    }
                ],
            }
        ]
    }
    with started(json.dumps(rules)) as server:  # JSON is YAML
        snapshot = await seen(prometheus_source(server.url), lambda s: by_name(s)["[red]Odd"].alerts)
    (rule,) = snapshot.rules
    text = repr(rule)
    assert "\\x1b" not in text
    assert "\\u202e" not in text
    assert all(len(value) <= 2001 for _, value in (*rule.alerts[0].labels, *rule.alerts[0].annotations))


async def test_killed_frozen_and_started_again() -> None:
    """The pane says which it is within seconds, keeps what it knew, and goes on by itself."""
    with started() as server:
        source = prometheus_source(server.url)
        async with collecting(source) as collector:
            feed = collector.feeds[source.name]
            await until(lambda: feed.state is State.LIVE)
            server.kill()
            await until(lambda: feed.state is State.STALE)
            assert "connection refused" in feed.findings[0].text
            assert feed.snapshot.rules
            server.start()
            await until(lambda: feed.state is State.LIVE)
            server.freeze()
            await until(lambda: feed.state is State.STALE)
            assert "no answer within" in feed.findings[0].text
            server.thaw()
            await until(lambda: feed.state is State.LIVE)


def test_nothing_is_loaded_without_an_address() -> None:
    """Neither who asks nor who reads."""
    code = (
        "import sys; from console.discovery import discover; from console.config import Config;"
        "from console.alerts.engines.source import EngineSource;"
        "assert not EngineSource.discover(Config(), {});"
        "print([name for name in sys.modules if name.startswith('console.alerts.engines')"
        " or name in ('h11', 'promql_parser', 'console.sources.health.exchange')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = ["console.alerts.engines", "console.alerts.engines.address", "console.alerts.engines.source"]
    assert sorted(eval(told)) == loaded


@pytest.mark.parametrize(
    "url", ["mon:9090", "ftp://mon", "http://", "http://mon:x", "http://mon/?a=b", "http://m n"]
)
async def test_what_is_no_address_is_told(url: str) -> None:
    """With the fix, in its pane: the console's own rules go on."""
    (source,) = EngineSource.discover(Config(), {"PROMETHEUS_URL": url})
    assert source.name == "PROMETHEUS_URL"
    with pytest.raises(Refused, match="PROMETHEUS_URL is no address") as caught:
        await poll(source)
    assert caught.value.fix == "write PROMETHEUS_URL=http://host:port"
    await source.close()


def test_secrets_are_not_in_what_is_shown() -> None:
    """Name and target are for people."""
    source = prometheus_source("https://ana:hunter22@mon:9090/prom")
    assert source.target == "https://ana:***@mon:9090/prom"
    assert source.name == "prometheus mon:9090"
