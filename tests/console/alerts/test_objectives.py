"""Objectives of guides and of the configuration: rules with a limit, and limits of panes."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.alerts.model import AlertState
from console.alerts.objectives import MEASURES, configured, limits_of, measured
from console.alerts.promql import parse
from console.config import Limits
from console.findings import Severity
from console.guides.model import Objective
from tests.console.alerts.place import Place

FREE = next(measure.rest for measure in MEASURES if measure.limit == "disk")


def goal(name: str, op: str, value: float, unit: str, breach: bool = False, severity: str = "") -> Objective:
    return Objective(name=name, op=op, value=value, unit=unit, line=7, breach=breach, severity=severity)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.expression[:40])
def test_every_measure_can_be_evaluated(measure: object) -> None:
    expression = parse(f"{measure.expression} > 1")  # type: ignore[attr-defined]
    assert expression.comparison is not None


@pytest.mark.parametrize(
    ("objective", "expression"),
    [
        (goal("CPU Usage", "<", 80, "%"), "100 * avg_over_time(opsconsole_cpu_ratio[1m]) >= 80.0"),
        (goal("CPU", ">", 90, "%", breach=True), "100 * avg_over_time(opsconsole_cpu_ratio[1m]) > 90.0"),
        (goal("Redis memory", "<", 512, "MB"), "redis_memory_used_bytes >= 512000000.0"),
        (goal("Active connections", "<", 90, ""), "opsconsole_pg_connections >= 90.0"),
        (goal("Replication lag", "<", 500, "ms"), "pg_replication_lag_seconds >= 0.5"),
        (goal("Cache hit rate", ">", 90, "%"), "100 * opsconsole_redis_hit_ratio <= 90.0"),
        (goal("Load average", "<=", 4, ""), "node_load5 > 4.0"),
        (
            goal("Errors in the log", ">", 5, "per minute", breach=True),
            "opsconsole_log_errors_last_minute > 5.0",
        ),
        (goal("Disk space", "<", 10, "%", breach=True), f"{FREE} < 10.0"),
        (goal("Free disk space", ">", 10, "%"), f"{FREE} <= 10.0"),
    ],
)
def test_an_objective_is_a_rule_that_is_true_when_it_is_missed(objective: Objective, expression: str) -> None:
    (rule,), rest = measured([objective], "OPS.md")
    assert rest == []
    assert rule.rule.expr == expression
    assert (rule.rule.line, dict(rule.rule.labels)) == (7, {"severity": "warning"})


def test_what_nothing_measures_is_told(tmp_path: Path) -> None:
    place = Place(
        tmp_path, guide="# Ops\n\n## Goals\n\n- Queue depth: < 100 messages\n- Memory usage: < 80 %\n"
    )
    place.after(5, node_memory_MemAvailable_bytes=10.0, node_memory_MemTotal_bytes=100.0)
    queue, memory = place.rule("Queue depth"), place.rule("Memory usage")
    assert queue.state is AlertState.NO_DATA
    assert queue.reason == "nothing here measures it: say how in [alerts.objectives]"
    assert queue.origin.line == 5
    assert memory.state is AlertState.PENDING
    assert memory.reason == "90 >= 80 on a, for 0s of 5m; the goal is < 80%"
    assert (memory.hold, memory.unit, memory.limit) == (300.0, "%", 80.0)
    assert str(memory.origin).endswith("OPERATIONS.md:6")
    limits = place.evaluator.evaluate().limits
    assert limits is not None
    assert limits.memory == (0.8, 0.97)


def test_an_objective_of_the_configuration_stands_in_place_of_the_guides(tmp_path: Path) -> None:
    """Who does as *no data* says is not told it again."""
    guide = "# Shop\n\n## Objectives\n\n- Queue depth: < 100\n- CPU usage: < 80 %\n"
    place = Place(tmp_path, guide=guide, settings={"objectives": {"queue depth": "max(queue) < 100"}})
    place.after(5, queue=3)
    assert place.rule("queue depth").state is AlertState.INACTIVE
    assert {rule.name for rule in place.evaluator.evaluate().rules} == {"queue depth", "CPU usage"}


def test_objectives_of_the_configuration_say_what_must_hold(tmp_path: Path) -> None:
    objectives = {"orders an hour": "orders >= 10", "odd": "orders", "bad": "orders >"}
    place = Place(tmp_path, settings={"objectives": objectives})
    place.after(5, orders=12)
    rule = place.rule("orders an hour")
    assert (rule.state, rule.operator, rule.limit) == (AlertState.INACTIVE, "<", 10.0)
    place.after(5, orders=3)
    assert place.rule("orders an hour").state is AlertState.PENDING
    for name in ("odd", "bad"):
        assert place.rule(name).state is AlertState.BROKEN
    goals, wrong = configured(objectives)
    assert [one.rule.alert for one in goals] == ["orders an hour"]
    assert dict(wrong)["odd"] == "compare a figure with a number: `orders_per_hour >= 10`"


def test_guides_change_limits_that_nobody_configured() -> None:
    objectives = [
        goal("Memory usage", "<", 80, "%"),
        goal("CPU usage", ">", 97, "%", breach=True),
        goal("Disk", ">", 90, "%", breach=True, severity="critical"),
        goal("Redis hit rate", ">", 95, "%"),
        goal("Swap", "<", 10, "%"),
        goal("API latency", "<", 200, "ms"),
    ]
    assert [one.name for one in measured([goal("Database query p95", "<", 100, "ms")], "x")[1]] != []
    limits = limits_of(objectives, Limits(swap=(0.3, 0.4)))
    assert limits.memory == (0.8, 0.97)
    assert limits.cpu == (0.97, 0.97)
    assert limits.disk == (0.85, 0.9)
    assert limits.redis_hit == (0.95, 0.5)
    assert limits.swap == (0.3, 0.4)
    assert limits_of([], limits) is limits


def test_a_rate_that_must_stay_above_a_low_number_is_well_when_it_is_high() -> None:
    limits = limits_of([goal("Redis hit rate", ">", 40, "%")], Limits())
    assert limits.limit("redis_hit").judge(0.99) is Severity.OK
    assert limits.limit("redis_hit").judge(0.3) is Severity.CRITICAL
