"""What is written down of alerts: that they fire and that they end, once, and not at every look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.alerts.identity import identity
from console.alerts.model import Alert, AlertState, Origin, RuleStatus
from console.alerts.transitions import BATCH, CALM, EVERY, WAITING, TransitionLog, Turn
from console.findings import Severity
from console.journal.entries import Entry, Kind
from console.journal.listing import table
from console.journal.store import Journal
from console.metrics import Labels, labels

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
VAR = labels(mountpoint="/var")
NAME = identity("DiskFull", VAR)


def alert(state: AlertState = AlertState.FIRING, pairs: Labels = VAR, value: float = 0.91) -> Alert:
    """An alert of the rule below."""
    return Alert(
        rule="DiskFull", state=state, severity=Severity.WARNING, labels=pairs, value=value, since=START,
        fired=START if state is AlertState.FIRING else None,
    )  # fmt: skip


def rule(*alerts: Alert, state: AlertState = AlertState.INACTIVE, name: str = "DiskFull") -> RuleStatus:
    """A rule of these alerts."""
    return RuleStatus(
        name=name, expression="x > 0.9", state=alerts[0].state if alerts else state, reason="", limit=0.9,
        operator=">", origin=Origin(file="OPERATIONS.md", line=12, kind="guide"), alerts=alerts,
    )  # fmt: skip


def looks(
    log: TransitionLog, *evaluations: Sequence[RuleStatus], every: float = 1.0, start: float = 0.0
) -> None:
    """Evaluations one after another."""
    for turn, rules in enumerate(evaluations):
        seconds = start + turn * every
        log.look(rules, START + timedelta(seconds=seconds), seconds)


def kinds(log: TransitionLog, at: float = 1e6) -> list[str]:
    """What is to be written."""
    turns = log.due(at)
    log.wrote(turns)
    return [kind for kind, _, _ in turns]


FIRES = [rule(alert())]
CALM_RULE = [rule()]
PENDING = [rule(alert(AlertState.PENDING))]
NO_DATA = [rule(state=AlertState.NO_DATA)]


@pytest.mark.parametrize(
    ("evaluations", "told"),
    [
        ([FIRES] * 5, ["firing"]),
        ([FIRES, CALM_RULE, CALM_RULE], ["firing", "resolved"]),
        ([PENDING, PENDING, CALM_RULE], []),
        ([PENDING, FIRES, PENDING], ["firing", "resolved"]),
        ([FIRES, NO_DATA, NO_DATA], ["firing"]),  # no data is not well
        ([FIRES, [rule(state=AlertState.BROKEN)], FIRES], ["firing"]),
        ([FIRES, []], ["firing"]),  # the rule is gone, and says nothing
        ([FIRES, CALM_RULE, FIRES], ["firing", "resolved", "firing"]),
        ([[rule(alert()), rule(alert(value=0.95))], CALM_RULE], ["firing", "resolved"]),  # two of one name
        ([FIRES, [*CALM_RULE, *NO_DATA]], ["firing"]),  # one of two evaluators is blind
    ],
)
def test_what_is_told(evaluations: Sequence[Sequence[RuleStatus]], told: list[str]) -> None:
    """Beginnings and ends of fire, and nothing of what only waits."""
    log = TransitionLog()
    looks(log, *evaluations)
    assert kinds(log) == told


def test_what_is_told_says_all_of_it() -> None:
    """The figure beside its limit, the labels, where the rule stands, and how long it fired."""
    log = TransitionLog()
    looks(log, FIRES, CALM_RULE, every=90.0)
    (_, run, fired), (_, same, ended) = log.due(1e6)
    assert run == same == NAME
    assert fired == {
        "title": 'DiskFull{mountpoint="/var"}', "rule": "DiskFull", "labels": {"mountpoint": "/var"},
        "value": "0.91 > 0.9", "severity": "warning", "target": "OPERATIONS.md:12",
        "fired": "2026-03-04T12:00:00+00:00",
    }  # fmt: skip
    assert ended == {
        "title": 'DiskFull{mountpoint="/var"}', "rule": "DiskFull", "target": "OPERATIONS.md:12",
        "seconds": 90.0,
    }  # fmt: skip


def test_it_is_written_now_and_then_and_until_it_is_there() -> None:
    """A batch every few seconds; what could not be written waits."""
    log = TransitionLog()
    many = [rule(*(alert(pairs=labels(n=str(n))) for n in range(BATCH + 50)))]
    looks(log, many)
    first = log.due(0.0)
    assert len(first) == BATCH
    assert log.due(EVERY - 0.1) == ()
    assert log.due(EVERY) == first, "nobody said that it was written"
    log.wrote(first)
    assert len(log.due(2 * EVERY)) == 50


def test_what_waits_is_bounded() -> None:
    """A journal that cannot be written for hours costs no memory."""
    log = TransitionLog()
    for turn in range(WAITING // 100 + 20):
        looks(log, [rule(*(alert(pairs=labels(n=str(turn * 100 + n))) for n in range(100)))], start=turn)
    assert log.left_out > 0
    assert len(log._waiting) == WAITING


def test_one_that_flaps_does_not_fill_the_journal() -> None:
    """After the third beginning within an hour it is told every ten minutes, with how often it began."""
    log = TransitionLog()
    for turn in range(60):
        looks(log, FIRES, CALM_RULE, every=10.0, start=turn * 20.0)
    told = [(kind, body) for kind, _, body in log.due(1e6)]
    fired = [body for kind, body in told if kind == Kind.FIRING]
    assert len(fired) <= 3 + 2
    assert str(fired[-1]["note"]).startswith("flapping: ")


Open = Callable[..., Journal]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens the journal of this test; it is closed with its process."""
    tmp_path.chmod(0o700)
    return lambda actor="ana": Journal.open(tmp_path / "journal.db", actor=actor, host="db-1")


def write(log: TransitionLog, journal: Journal) -> list[Entry]:
    """Write what is due."""
    turns = log.due(1e6)
    written = journal.turn(turns)
    log.wrote(turns)
    return written


def test_two_consoles_that_see_the_same_write_it_once(opened: Open) -> None:
    """The first of them; an end too."""
    journals, logs = [opened("ana"), opened("bo")], [TransitionLog(), TransitionLog()]
    for log in logs:
        looks(log, FIRES)
    assert [len(write(log, journal)) for log, journal in zip(logs, journals, strict=True)] == [1, 0]
    for log in logs:
        looks(log, CALM_RULE, start=10.0)
        log._next = 0.0
    assert [len(write(log, journal)) for log, journal in zip(logs, journals, strict=True)] == [1, 0]
    assert [entry.kind for entry in journals[0].entries()] == ["firing", "resolved"]
    assert journals[0].verify().ok
    for journal in journals:
        journal.close()


def test_a_console_that_is_started_again_goes_on(opened: Open) -> None:
    """What still fires is not told anew; what has ended meanwhile is told as ended."""
    journal = opened()
    before = TransitionLog()
    both = [rule(alert(), alert(pairs=labels(mountpoint="/srv")))]
    looks(before, both)
    write(before, journal)
    after = TransitionLog()
    after.resume(journal.entries())
    looks(after, PENDING)  # it waits its time again; the other one is gone
    looks(after, FIRES, start=300.0)
    assert [(entry.kind, entry.text("title")) for entry in write(after, journal)] == [
        ("resolved", 'DiskFull{mountpoint="/srv"}')
    ]
    assert kinds(after) == []
    looks(after, CALM_RULE, start=400.0)
    after._next = 0.0
    assert [entry.kind for entry in write(after, journal)] == ["resolved"]
    journal.close()


def test_an_end_of_what_never_began_is_not_written(opened: Open) -> None:
    """Whoever asks."""
    journal = opened()
    assert journal.turn([(Kind.RESOLVED, "alert-x", {})]) == []
    turns: list[Turn] = [
        (Kind.FIRING, "alert-x", {}),
        (Kind.FIRING, "alert-x", {}),
        (Kind.RESOLVED, "alert-x", {}),
    ]
    assert [entry.kind for entry in journal.turn(turns)] == ["firing", "resolved"]
    journal.close()


def test_the_listing_tells_them_readably(opened: Open) -> None:
    """What, where its rule stands, the figure, how long, who."""
    journal, log = opened(), TransitionLog()
    looks(log, FIRES, CALM_RULE, every=90.0)
    write(log, journal)
    journal.append(Kind.ACKNOWLEDGED, run=NAME, body={"title": "DiskFull", "note": "old dumps go"})
    journal.append(Kind.SILENCED, body={"title": 'alertname="X" until 2026-03-04 14:00', "reason": "repair"})
    journal.append(Kind.EXPIRED, body={"title": 'silence of alertname="X"', "silence": "s1"})
    lines = [" ".join(line.split()) for line in table(journal.entries(), lambda text, tone: text, runs=True)]
    rest = [line.split(" ", 2)[2] for line in lines[1:]]
    assert rest[0].startswith('ana firing: DiskFull{mountpoint="/var"} OPERATIONS.md:12 0.91 > 0.9 alert-')
    assert rest[1].startswith('ana resolved: DiskFull{mountpoint="/var"} OPERATIONS.md:12 1m30s alert-')
    assert rest[2].startswith("ana acknowledged: DiskFull old dumps go alert-")
    assert rest[3] == 'ana silenced: alertname="X" until 2026-03-04 14:00 repair'
    assert rest[4] == 'ana taken back: silence of alertname="X"'
    journal.close()


def test_hostile_labels_are_data(opened: Open) -> None:
    """In the journal as they are, on the terminal without their control characters."""
    journal, log = opened(), TransitionLog()
    evil = labels(path="\x1b]0;x\x07[/]", name='a"b\\c')
    looks(log, [rule(replace(alert(pairs=evil), value=float("nan")))])
    entries = write(log, journal)
    assert entries[0].body["labels"] == dict(evil)
    text = "\n".join(table(entries, lambda text, tone: text, runs=True))
    assert "\x1b" not in text
    assert "\x07" not in text
    journal.close()


def test_calm_is_longer_than_a_batch() -> None:
    """Else the limit would do nothing."""
    assert CALM > EVERY
