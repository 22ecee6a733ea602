"""How a rule stands, and why: the value beside its limit, or what is missing."""

from __future__ import annotations

import pytest

from console.alerts.model import AlertState
from console.alerts.promql import MemoryStore
from console.alerts.rules import read_rules
from console.alerts.standing import Judge, Standing, broken
from console.alerts.states import GroupState
from console.metrics import labels

NOW = 3600.0


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    found = MemoryStore()
    for minute in range(61):
        at = minute * 60.0
        for instance, job in (("a", "api"), ("b", "db")):
            found.add("up", labels(instance=instance, job=job), at, 1)
        found.add("disk", labels(mountpoint="/", host="h"), at, 0.3)
        found.add("disk", labels(mountpoint="/var", host="h"), at, 0.72)
        found.add("requests_total", labels(job="api"), at, minute * 60)
        found.add("unknown", (), at, float("nan"))
        if minute < 45:
            found.add("old", (), at, 1)
        if minute == 60:
            found.add("fresh_total", (), at, 1)
    return found


def stand(
    store: MemoryStore, expression: str, hold: str = "0s", times: tuple[float, ...] = (NOW,)
) -> Standing:
    text = f"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      {expression}\n    for: {hold}\n"
    found = read_rules(text, "rules.yml")
    assert not found.problems
    state = GroupState(found.groups[0])
    [(rule, outcome)] = [state.evaluate(store, at)[0] for at in times][-1:]
    return Judge(rule).standing(outcome, store, times[-1])


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("disk > 0.9", "highest 0.72 of 0.9 on /var"),
        ("0.9 < disk", "highest 0.72 of 0.9 on /var"),
        ("disk < 0.1", "lowest 0.3 of 0.1 on /"),
        ("(disk * 100) > 90", "highest 72 of 90 on /var"),
        ("up == 0", "all 2 are 1, fires at 0"),
        ("disk == 0.5", "nearest 0.3 on /, fires at 0.5"),
        ("up != 1", "all 2 are 1"),
        ("sum(up) < 2", "now 2 of 2"),
        ("sum by (job) (up) > 3", "all 2 are 1 of 3"),
        ("rate(requests_total[5m]) > 100", "now 1 of 100 on api"),
        ("absent(up{job=\"api\"})", "up{job=\"api\"} is there"),
        ("absent_over_time(up[5m])", "up[5m] is there"),
        ("absent(up) == 1", "absent(up) gives nothing now"),
        ("count(up == 0) > 2", "count(up == 0) gives nothing now"),
        ("disk > 0.9 and on() up == 1", "highest 0.72 of 0.9 on /var"),
        ("disk > 0.1 and on() up == 0", "up == 0 is not true: all 2 are 1, fires at 0"),
        ("disk > 0.9 unless nowhere", "highest 0.72 of 0.9 on /var"),
        ("disk > 0.1 unless disk > 0.2", "all of it is excepted by disk > 0.2"),
        ("disk > 0.9 or nowhere > 1", "highest 0.72 of 0.9 on /var"),
        ("nowhere > 1 or disk > 0.9", "highest 0.72 of 0.9 on /var"),
        ("disk > 0.9 or up > 1.1", "all 2 are 1 of 1.1"),
        ("disk > disk * 2", "highest 0.72 on /var, beside disk * 2"),
        ("sum(nowhere) or vector(0) > 3", "now 0 of 3"),
        ("up == 0 and up == 0", "all 2 are 1, fires at 0"),
    ],
)  # fmt: skip
def test_inactive_says_how_near_it_is(store: MemoryStore, expression: str, reason: str) -> None:
    found = stand(store, expression)
    assert (found.state, found.reason) == (AlertState.INACTIVE, reason)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("nowhere > 1", "nothing here provides nowhere"),
        ("rate(nowhere[5m]) > 1", "nothing here provides nowhere"),
        ("up{job=\"x\"} == 0", "up has 2 series, none of them up{job=\"x\"}"),
        ("{job=\"x\"} > 0", "no series is {job=\"x\"}"),
        ("sum(nowhere) > 3", "nothing here provides nowhere"),
        ("count(up{job=\"x\"}) == 0", "up has 2 series, none of them up{job=\"x\"}"),
        ("disk > 0.9 and on() nowhere > 1", "nothing here provides nowhere"),
        ("disk / nowhere > 0.9", "nothing here provides nowhere"),
        ("nowhere > 1 or elsewhere > 1", "nothing here provides nowhere"),
        ("nowhere unless up", "nothing here provides nowhere"),
        ("vector(1) > scalar(nowhere)", "nothing here provides nowhere"),
        ("old > 1", "no sample of old for 16m"),
        ("disk > on(host, job) group_left up", "disk > on (host, job) group_left () up gives nothing yet"),
        ("disk / on(host, job) up > 1", "disk / on (host, job) up gives nothing yet"),
        ("rate(fresh_total[5m]) > 1", "rate(fresh_total[5m]) gives nothing yet"),
        ("unknown > 1", "1 value, none of them a number"),
        ("max_over_time(nowhere[1h:5m]) > 1", "nothing here provides nowhere"),
        ("label_replace(nowhere, \"a\", \"b\", \"c\", \"d\") > 1", "nothing here provides nowhere"),
    ],
)  # fmt: skip
def test_no_data_says_what_is_missing(store: MemoryStore, expression: str, reason: str) -> None:
    found = stand(store, expression)
    assert found.state is AlertState.NO_DATA
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("expression", "hold", "state", "reason"),
    [
        ("disk > 0.5", "0s", AlertState.FIRING, "0.72 > 0.5 on /var"),
        ("disk > 0.1", "0s", AlertState.FIRING, "0.72 > 0.1 on /var, and 1 more"),
        ("disk < 0.9", "0s", AlertState.FIRING, "0.3 < 0.9 on /, and 1 more"),
        ("disk > 0.5", "5m", AlertState.PENDING, "0.72 > 0.5 on /var, for 2m of 5m"),
        ("absent(nowhere{a=\"b\"})", "0s", AlertState.FIRING, "1 on b"),
        ("vector(1)", "0s", AlertState.FIRING, "1"),
    ],
)  # fmt: skip
def test_what_is_true_says_its_value(
    store: MemoryStore, expression: str, hold: str, state: AlertState, reason: str
) -> None:
    found = stand(store, expression, hold, (NOW - 120, NOW - 60, NOW))
    assert (found.state, found.reason) == (state, reason)


def test_the_figure_and_its_limit_are_told(store: MemoryStore) -> None:
    found = stand(store, "disk > 0.9")
    assert (found.value, found.limit, found.operator) == (0.72, 0.9, ">")


def test_a_rule_that_fails_is_broken(store: MemoryStore) -> None:
    found = stand(store, "disk * on(host) group_left disk > 0")
    assert found.state is AlertState.BROKEN
    assert "same labels" in found.reason


def test_a_rule_that_cannot_be_read_is_broken() -> None:
    found = read_rules("groups: [{name: g, rules: [{alert: A, expr: 'sum(up'}]}]\n", "rules.yml")
    [rule] = found.broken
    assert (rule.name, rule.expression, rule.group) == ("A", "sum(up", "g")
    assert broken(rule).state is AlertState.BROKEN
    assert "not closed" in broken(rule).reason
