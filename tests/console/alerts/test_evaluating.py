"""Rules on the console's own history: what fires, since when, and why the others do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from console.alerts.evaluating import PLOTTED, READ_EVERY
from console.alerts.model import AlertsSnapshot, AlertState
from console.alerts.transitions import TransitionLog
from console.alerts.verdicts import findings
from console.findings import Severity
from tests.console.alerts.place import Place

RULES = """
groups:
- name: host
  rules:
  - alert: Full
    expr: disk_ratio > 0.9
    for: 30s
    labels: {severity: critical, where: "{{ $labels.instance }}"}
    annotations:
      summary: "{{ $labels.instance }} is {{ $value | humanizePercentage }} full"
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A rule about a disk."""
    return Place(tmp_path, RULES)


def test_an_alert_is_pending_fires_and_ends(place: Place) -> None:
    assert place.after(5, disk_ratio=0.5).count(AlertState.INACTIVE) == 1
    snapshot = place.after(5, disk_ratio=0.95)
    (alert,) = snapshot.alerts()
    assert (alert.state, alert.value, alert.fired) == (AlertState.PENDING, 0.95, None)
    assert alert.summary == "a is 95% full"
    assert dict(alert.labels) == {"severity": "critical", "where": "a", "instance": "a"}
    began = place.clock.now()
    assert alert.since == began
    for _ in range(5):
        (alert,) = place.after(5, disk_ratio=0.95).alerts()
        assert alert.state is AlertState.PENDING
    snapshot = place.after(5, disk_ratio=0.97)
    (alert,) = snapshot.alerts()
    assert alert.state is AlertState.FIRING
    assert (alert.since, alert.fired) == (began, place.clock.now())
    (finding, *others) = findings(snapshot, 20)
    assert (finding.severity, finding.subject, finding.text, others) == (
        Severity.CRITICAL, "Full", "a is 97% full", [],
    )  # fmt: skip
    snapshot = place.after(5, disk_ratio=0.5)
    assert snapshot.alerts() == []
    assert snapshot.rules[0].state is AlertState.INACTIVE
    assert snapshot.rules[0].reason == "now 0.5 of 0.9 on a"
    assert [value for _, value in snapshot.rules[0].values] == [0.5, *[0.95] * 6, 0.97, 0.5]


def test_pending_alerts_count_in_a_single_look(place: Place) -> None:
    snapshot = place.after(5, disk_ratio=0.95)
    assert findings(snapshot, 20) == []
    (finding,) = findings(snapshot, 20, pending=True)
    assert finding.severity is Severity.WARNING
    assert finding.text == "a is 95% full (true now, fires after 30s)"


def test_a_figure_that_is_not_given_is_no_data_and_never_well(place: Place) -> None:
    place.evaluator.evaluate()
    rule = place.rule("Full")
    assert (rule.state, rule.reason) == (AlertState.NO_DATA, "nothing here provides disk_ratio")
    place.after(5, disk_ratio=0.95)
    place.after(5, disk_ratio=0.95)
    place.clock.on(5)
    place.history.add(place.clock.monotonic(), [], "host", answered=False)
    snapshot = place.evaluator.evaluate()
    assert snapshot.alerts() == []
    assert snapshot.rules[0].state is AlertState.NO_DATA
    assert snapshot.rules[0].value is not None, "the last figure is shown on"


@pytest.mark.parametrize("jump", [timedelta(hours=3), -timedelta(hours=3), timedelta(days=4000)])
def test_a_wall_clock_that_is_set_fires_nothing_and_ends_nothing(place: Place, jump: timedelta) -> None:
    place.after(5, disk_ratio=0.95)
    place.clock.wall += jump
    (alert,) = place.after(5, disk_ratio=0.95).alerts()
    assert alert.state is AlertState.PENDING
    assert alert.since == place.clock.now() - timedelta(seconds=5)
    for _ in range(5):
        place.after(5, disk_ratio=0.95)
    place.clock.wall -= 2 * jump
    (alert,) = place.after(5, disk_ratio=0.95).alerts()
    assert alert.state is AlertState.FIRING
    assert alert.fired == place.clock.now() - timedelta(seconds=5)


@pytest.mark.parametrize(
    "jump", [timedelta(hours=1), -timedelta(hours=1), timedelta(days=1), -timedelta(days=1)]
)
def test_whatever_the_wall_clock_does_one_fire_is_written_down_and_one_end(
    place: Place, jump: timedelta
) -> None:
    """F12: `for` is kept to the tick, and nothing ends that has not."""
    log = TransitionLog()
    turns: list[tuple[float, str]] = []

    def look(ratio: float) -> AlertsSnapshot:
        snapshot = place.after(5, disk_ratio=ratio)
        log.look(snapshot.rules, place.clock.now(), place.clock.monotonic())
        due = log.due(place.clock.monotonic())
        turns.extend((place.clock.monotonic(), kind) for kind, _, _ in due)
        log.wrote(due)
        return snapshot

    look(0.5)
    began = place.clock.monotonic() + 5
    for turn in range(60):
        if turn % 3 == 1:
            place.clock.wall += jump if turn % 2 else -jump
        look(0.95)
    ended = place.clock.monotonic() + 5
    for turn in range(20):
        if turn % 3 == 1:
            place.clock.wall += jump if turn % 2 else -jump
        look(0.5)
    assert [kind for _, kind in turns] == ["firing", "resolved"]
    assert turns[0][0] - began in (30.0, 35.0), "with the batch after the tick"
    assert turns[1][0] - ended <= 5.0


def test_rules_that_are_read_again_keep_their_alerts(place: Place) -> None:
    place.after(5, disk_ratio=0.95)
    more = RULES + "  - alert: Other\n    expr: disk_ratio > 2\n"
    (place.directory / "rules.yml").write_text(more)
    place.clock.on(READ_EVERY)
    for _ in range(4):
        place.after(5, disk_ratio=0.95)
    snapshot = place.after(5, disk_ratio=0.95)
    assert {rule.name for rule in snapshot.rules} == {"Full", "Other"}
    (alert,) = snapshot.alerts()
    assert alert.state is AlertState.FIRING
    (place.directory / "rules.yml").write_text("groups: []\n")
    place.clock.on(READ_EVERY)
    assert place.after(5, disk_ratio=0.95).rules == ()


def test_what_cannot_be_read_is_broken_with_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    place = Place(
        tmp_path, RULES + "  - alert: Odd\n    expr: nonsense(\n", settings={"rules": ("*.yml", "gone.yml")}
    )
    (tmp_path / "wrong.yml").write_text("groups: 7\n")
    snapshot = place.after(5, disk_ratio=0.5)
    states = {rule.name.rsplit("/", 1)[-1]: rule for rule in snapshot.rules}
    assert states["Full"].state is AlertState.INACTIVE
    assert states["Odd"].state is AlertState.BROKEN
    assert str(states["Odd"].origin).endswith("rules.yml:12")
    assert states["wrong.yml:1"].state is AlertState.BROKEN
    assert "No such file" in states["gone.yml"].reason
    (finding,) = findings(snapshot, 20)
    assert finding.severity is Severity.WARNING
    assert finding.text.startswith("3 rules cannot be evaluated: ")


def test_recorded_series_are_there_for_the_rules_after_them_and_end(tmp_path: Path) -> None:
    rules = """
groups:
- name: steps
  rules:
  - record: disk:percent
    expr: 100 * disk_ratio
  - alert: Full
    expr: disk:percent > 90
"""
    place = Place(tmp_path, rules)
    (alert,) = place.after(5, disk_ratio=0.95).alerts()
    assert (alert.value, alert.state) == (95.0, AlertState.FIRING)
    place.clock.on(5)
    place.history.add(place.clock.monotonic(), [], "host", answered=False)
    assert place.evaluator.evaluate().alerts() == []
    assert place.rule("Full").state is AlertState.NO_DATA


def test_a_group_keeps_its_own_interval(tmp_path: Path) -> None:
    place = Place(tmp_path, RULES.replace("- name: host", "- name: host\n  interval: 20s"))
    place.after(5, disk_ratio=0.5)
    assert place.after(5, disk_ratio=0.95).alerts() == []
    assert place.after(10, disk_ratio=0.95).alerts() == []
    assert len(place.after(5, disk_ratio=0.95).alerts()) == 1


def test_a_turn_that_begins_late_costs_none_of_those_after_it(tmp_path: Path) -> None:
    """Polls come on a beat, their threads begin when they may: no group is left out for that."""
    place = Place(tmp_path, RULES)
    place.after(5.4, disk_ratio=0.5)
    for beat in (4.7, 4.9, 5.3, 4.8):
        before = place.rule("Full").values
        place.after(beat, disk_ratio=0.5)
        assert place.rule("Full").values != before


def test_names_of_the_configuration_stand_for_expressions(tmp_path: Path) -> None:
    rules = "groups:\n- name: app\n  rules:\n  - alert: Busy\n    expr: node_cpu_usage_percent > 80\n"
    names = {"node_cpu_usage_percent": "100 * disk_ratio", "bad": "sum("}
    place = Place(tmp_path, rules, settings={"names": names})
    snapshot = place.after(5, disk_ratio=0.9)
    states = {rule.name: rule for rule in snapshot.rules}
    assert states["Busy"].state is AlertState.FIRING
    assert states["bad"].state is AlertState.BROKEN
    assert states["bad"].reason.startswith("alerts.names: bad: ")


def test_very_many_rules_are_all_evaluated_and_fire_at_once(tmp_path: Path) -> None:
    many = "groups:\n- name: many\n  rules:\n" + "".join(
        f"  - alert: A{n}\n    expr: disk_ratio > {n / 300}\n" for n in range(300)
    )
    place = Place(tmp_path, many)
    for value in (0.1, 0.5, 0.2, 0.9, 0.0):
        snapshot = place.after(5, disk_ratio=value)
        assert snapshot.count(AlertState.FIRING) == sum(value > n / 300 for n in range(300))
        assert snapshot.count(AlertState.INACTIVE) == 300 - snapshot.count(AlertState.FIRING)
    place.clock.on(5)
    place.history.add(place.clock.monotonic(), [], "host", answered=False)
    states = [place.evaluator.evaluate()]
    for _ in range(4):
        place.clock.on(5)
        states.append(place.evaluator.evaluate())
    assert states[-1].count(AlertState.NO_DATA) == 300


@pytest.mark.parametrize(("rules", "kept"), [(PLOTTED, 3), (PLOTTED + 1, 1)])
def test_of_very_many_rules_those_that_are_well_hand_on_their_newest_figure(
    tmp_path: Path, rules: int, kept: int
) -> None:
    """Every snapshot is kept for stepping back, and all sources share that room."""
    many = "groups:\n- name: many\n  rules:\n" + "".join(
        f"  - alert: A{n}\n    expr: disk_ratio > {0.5 if n else 0.1}\n" for n in range(rules)
    )
    place = Place(tmp_path, many)
    for value in (0.2, 0.3, 0.4):
        snapshot = place.after(5, disk_ratio=value)
    fires, *well = snapshot.rules
    assert [value for _, value in fires.values] == [0.2, 0.3, 0.4]
    assert {len(rule.values) for rule in well} == {kept}
