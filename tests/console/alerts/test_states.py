"""The states of rules over time; what they share with Prometheus is in `rules/` and measured by promtool."""

from __future__ import annotations

from console.alerts.model import AlertState
from console.alerts.promql import MemoryStore
from console.alerts.rules import Group, read_rules
from console.alerts.states import ActiveAlert, GroupState, Outcome, RecordError
from console.metrics import Labels, labels

RULES = """
groups:
  - name: g
    rules:
      - {alert: High, expr: load > 5, for: 2m, keep_firing_for: 1m, labels: {severity: page},
         annotations: {summary: 'load {{ $value }}'}}
      - {record: 'load:max', expr: max(load)}
      - {alert: Max, expr: 'load:max > 8'}
"""


class Kept(MemoryStore):
    """A store that rules may write to."""

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        self.add(name, labels, at, value)


def group(text: str = RULES) -> Group:
    found = read_rules(text, "rules.yml")
    assert not found.problems
    return found.groups[0]


def run(store: Kept, state: GroupState, at: float, load: float | None) -> dict[str, Outcome]:
    if load is not None:
        store.add("load", labels(host="a"), at, load)
    return {rule.name: outcome for rule, outcome in state.evaluate(store, at)}


def only(outcome: Outcome) -> ActiveAlert:
    [alert] = outcome.alerts
    return alert


def test_an_alert_waits_fires_is_kept_and_ends() -> None:
    store = Kept()
    state = GroupState(group(), store)
    assert not run(store, state, 0, 1)["High"].alerts
    first = only(run(store, state, 60, 9)["High"])
    assert (first.state, first.active_at, first.fired_at) == (AlertState.PENDING, 60, None)
    assert only(run(store, state, 120, 7)["High"]).annotations == (("summary", "load 7"),)
    firing = only(run(store, state, 180, 8)["High"])
    assert (firing.state, firing.active_at, firing.fired_at, firing.value) == (AlertState.FIRING, 60, 180, 8)
    assert firing.labels == labels(alertname="High", host="a", severity="page")
    kept = only(run(store, state, 240, 1)["High"])
    assert (kept.state, kept.kept_since, kept.value) == (AlertState.FIRING, 240, 8)
    ended = run(store, state, 300, 1)["High"]
    assert not ended.alerts
    [resolved] = ended.resolved
    assert (resolved.state, resolved.resolved_at) == (AlertState.INACTIVE, 300)
    assert run(store, state, 1200, 1)["High"].resolved
    assert not run(store, state, 1201, 1)["High"].resolved


def test_later_rules_see_what_earlier_ones_recorded() -> None:
    store = Kept()
    outcomes = run(store, GroupState(group(), store), 60, 9)
    assert outcomes["load:max"].series == (((), 9.0),)
    assert only(outcomes["Max"]).state is AlertState.FIRING


def test_a_series_that_is_no_longer_recorded_ends_at_once() -> None:
    store = Kept()
    state = GroupState(group(), store)
    run(store, state, 60, 9)
    store.stale("load", labels(host="a"), 61)
    assert not run(store, state, 90, None)["Max"].alerts


def test_a_moment_of_no_time_at_all_changes_nothing() -> None:
    """The wall clock may stand still or be set back: what counts is the time that is given."""
    store = Kept()
    state = GroupState(group(), store)
    run(store, state, 60, 9)
    for _ in range(5):
        assert only(run(store, state, 60, 9)["High"]).state is AlertState.PENDING
    assert only(run(store, state, 180, 9)["High"]).fired_at == 180


def test_an_error_keeps_the_alerts_there_are() -> None:
    text = "groups: [{name: g, rules: [{alert: Two, expr: a / on(h) b > 0}]}]\n"
    store = Kept()
    state = GroupState(group(text), store)
    store.add("a", labels(h="x"), 0, 1)
    store.add("b", labels(h="x", i="1"), 0, 1)
    [(_, outcome)] = state.evaluate(store, 0)
    assert only(outcome).state is AlertState.FIRING
    store.add("b", labels(h="x", i="2"), 60, 1)
    [(_, broken)] = state.evaluate(store, 60)
    assert broken.error
    assert only(broken).active_at == 0


def test_rules_that_are_read_again_go_on() -> None:
    store = Kept()
    before = GroupState(group(), store)
    run(store, before, 60, 9)
    run(store, before, 180, 9)
    again = GroupState(group(RULES.replace("load > 5", "load > 6")), store)
    again.adopt(before)
    alert = only(run(store, again, 240, 9)["High"])
    assert (alert.state, alert.active_at, alert.fired_at) == (AlertState.FIRING, 60, 180)


def test_what_a_rule_wrote_that_is_gone_ends() -> None:
    store = Kept()
    before = GroupState(group(), store)
    run(store, before, 60, 9)
    after = GroupState(group("groups: [{name: g, rules: [{record: n, expr: count(load:max)}]}]\n"), store)
    after.adopt(before)
    assert run(store, after, 90, 9)["n"].series  # it saw it for the last time
    assert not run(store, after, 120, 9)["n"].series


def test_a_longer_wait_takes_an_alert_back() -> None:
    store = Kept()
    before = GroupState(group(), store)
    run(store, before, 60, 9)
    run(store, before, 180, 9)
    again = GroupState(group(RULES.replace("for: 2m", "for: 10m")), store)
    again.adopt(before)
    assert only(run(store, again, 240, 9)["High"]).state is AlertState.PENDING


class Full(Kept):
    """A store that takes nothing."""

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        raise RecordError("no room")


def test_what_cannot_be_recorded_is_told_and_fires_all_the_same() -> None:
    store = Full()
    outcomes = run(store, GroupState(group(), store), 60, 9)
    assert outcomes["load:max"].error == "no room"
    assert outcomes["High"].error == "no room"
    assert only(outcomes["High"]).state is AlertState.PENDING


def test_a_state_without_a_recorder_writes_nothing() -> None:
    store = Kept()
    outcomes = run(store, GroupState(group()), 60, 9)
    assert only(outcomes["High"]).state is AlertState.PENDING
    assert not outcomes["Max"].alerts


def test_a_rule_that_gives_far_too_much_is_broken() -> None:
    store = Kept()
    for number in range(10_001):
        store.add("load", labels(host=str(number)), 0, 9)
    found = {rule.name: outcome for rule, outcome in GroupState(group(), store).evaluate(store, 0)}
    assert "10001 series" in found["High"].error


def test_the_seconds_an_evaluation_took_are_those_of_the_timer_given() -> None:
    ticks = iter(range(100))
    state = GroupState(group(), timer=lambda: float(next(ticks)))
    assert [outcome.took for _, outcome in state.evaluate(Kept(), 0)] == [1.0, 1.0, 1.0]
