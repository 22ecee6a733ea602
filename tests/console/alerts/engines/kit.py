"""Rules for the engines of the tests, and what the sources of one console say of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.alerts.engines.source import AlertmanagerSource, EngineSource, PrometheusSource
from console.alerts.model import Alert, AlertsSnapshot, RuleStatus
from console.config import AlertSettings, Config
from console.sources.base import Focus
from tests.patience import PATIENCE

HOSTILE = "\x1b[2J[bold]x\u202e\ud7ff\n" + "y" * 5000
RULES = """\
groups:
- name: shop
  interval: 1s
  rules:
  - alert: Always
    expr: vector(0.12) > 0.05
    labels: {severity: page, team: shop}
    annotations: {summary: 'errors {{ $value }}', runbook_url: 'http://wiki/errors'}
  - alert: Waiting
    expr: up{job="dead"} == 0
    for: 1h
    labels: {severity: warning}
  - alert: Calm
    expr: up > 5
  - record: shop:up
    expr: sum(up)
- name: doubled
  interval: 1s
  rules:
  - alert: Broken
    expr: up * on() up
- name: late
  interval: 23h
  rules:
  - alert: Later
    expr: up == 0
"""
SCRAPES = """\
global: {scrape_interval: 1s, external_labels: {cluster: eu}}
rule_files: [rules.yml]
scrape_configs:
- job_name: self
  static_configs: [{targets: ["127.0.0.1:%(own)d"]}]
- job_name: dead
  static_configs: [{targets: ["127.0.0.1:1"]}]
"""
NOTIFYING = """\
alerting:
  alertmanagers:
  - static_configs: [{targets: ["127.0.0.1:%d"]}]
"""


def engines(prometheus: str = "", alertmanager: str = "", **settings: Any) -> Sequence[EngineSource]:
    """What is found where the environment names these addresses."""
    env = {"PROMETHEUS_URL": prometheus, "ALERTMANAGER_URL": alertmanager}
    return EngineSource.discover(Config(alerts=AlertSettings(**settings)), env)


def prometheus_source(url: str, **settings: Any) -> PrometheusSource:
    """The source of a Prometheus."""
    (source,) = engines(url, **settings)
    assert isinstance(source, PrometheusSource)
    return source


def alertmanager_source(url: str, **settings: Any) -> AlertmanagerSource:
    """The source of an Alertmanager."""
    (source,) = engines("", url, **settings)
    assert isinstance(source, AlertmanagerSource)
    return source


async def poll(source: EngineSource) -> AlertsSnapshot:
    """One look."""
    return await source.poll(Focus.FULL)


async def seen(
    source: EngineSource, holds: Callable[[AlertsSnapshot], object], limit: float = PATIENCE
) -> AlertsSnapshot:
    """The first look of which something holds."""
    until = time.monotonic() + limit
    while True:
        snapshot = await poll(source)
        if holds(snapshot):
            return snapshot
        assert time.monotonic() < until, [
            (rule.name, rule.state.value, rule.reason) for rule in snapshot.rules
        ]
        await asyncio.sleep(0.1)


def by_name(snapshot: AlertsSnapshot) -> Mapping[str, RuleStatus]:
    """The rules by their names."""
    return {rule.name: rule for rule in snapshot.rules}


def only(snapshot: AlertsSnapshot, rule: str) -> Alert:
    """The only alert of a rule."""
    (alert,) = by_name(snapshot)[rule].alerts
    return alert
