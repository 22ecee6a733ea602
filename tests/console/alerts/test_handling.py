"""Acknowledgements and silences, as the journal has them: one console's are every console's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.alerts.handling import ALERTS, HOLDS, Handling
from console.alerts.identity import identity
from console.alerts.model import Alert, AlertState, Origin, RuleStatus
from console.alerts.record import Record
from console.findings import Severity
from console.journal.entries import Entry, Kind
from console.journal.store import Journal
from console.metrics import Labels, labels

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
VAR = labels(mountpoint="/var")


class Clock:
    """Time that the test sets."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """The time."""
        return self.time

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.time.timestamp()


@pytest.fixture
def clock() -> Clock:
    """Noon."""
    return Clock()


@pytest.fixture
def journals(tmp_path: Path, clock: Clock) -> Iterator[tuple[Journal, Journal]]:
    """Two consoles' holds of one journal."""
    tmp_path.chmod(0o700)
    path = tmp_path / "journal.db"
    both = tuple(Journal.open(path, actor=actor, host="db-1", clock=clock) for actor in ("ana", "bo"))
    yield both[0], both[1]
    for one in both:
        one.close()


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """A third one, which only looks."""
    found = Record(tmp_path / "journal.db")
    yield found
    found.close()


def firing(minutes: float = 10, *, rule: str = "DiskFull", pairs: Labels = VAR, now: datetime = NOW) -> Alert:
    """An alert that fires since so long."""
    began = now - timedelta(minutes=minutes)
    return Alert(
        rule=rule, state=AlertState.FIRING, severity=Severity.WARNING, labels=pairs, since=began, fired=began
    )  # fmt: skip


def one(record: Record, alert: Alert, now: datetime = NOW) -> Alert:
    """The alert as it is handled."""
    record.refresh()
    return record.handling.apply([alert], now)[0]


def silenced(
    journal: Journal, name: str = "s1", until: str = "2026-03-04T14:00+00:00", *matchers: list[str]
) -> Entry:
    """Write a silence down."""
    body = {"silence": name, "matchers": list(matchers) or [["alertname", "=", "DiskFull"]], "until": until,
            "reason": "a new disk", "title": "it"}  # fmt: skip
    return journal.append(Kind.SILENCED, body=body)


NAME = identity("DiskFull", VAR)


def test_what_one_acknowledges_the_others_see(journals: tuple[Journal, Journal], record: Record) -> None:
    """With the note, and no other alert of the rule."""
    assert one(record, firing()).acknowledged == ""
    journals[1].append(Kind.ACKNOWLEDGED, run=NAME, body={"note": "old dumps go"})
    assert one(record, firing()).acknowledged == "bo: old dumps go"
    assert one(record, firing(pairs=labels(mountpoint="/srv"))).acknowledged == ""
    journals[0].append(Kind.EXPIRED, run=NAME, body={"title": "it"})
    assert one(record, firing()).acknowledged == ""


def test_an_acknowledgement_is_of_one_fire(
    journals: tuple[Journal, Journal], record: Record, clock: Clock
) -> None:
    """The next one is nobody's yet; that is so whoever saw its end."""
    journals[0].append(Kind.ACKNOWLEDGED, run=NAME, body={})
    assert one(record, firing()).acknowledged == "ana"
    later = NOW + timedelta(minutes=30)
    assert one(record, firing(5, now=later), later).acknowledged == ""  # began after it was said
    journals[0].append(Kind.RESOLVED, run=NAME)
    assert one(record, firing()).acknowledged == ""


def test_a_console_that_was_started_again_still_knows(
    journals: tuple[Journal, Journal], tmp_path: Path, clock: Clock
) -> None:
    """To it the alert began just now; the journal has it firing since before the acknowledgement."""
    journals[0].append(Kind.FIRING, run=NAME, body={"fired": (NOW - timedelta(minutes=3)).isoformat()})
    clock.time = NOW + timedelta(minutes=1)
    journals[0].append(Kind.ACKNOWLEDGED, run=NAME, body={"note": "on it"})
    restarted, later = Record(tmp_path / "journal.db"), NOW + timedelta(minutes=20)
    assert one(restarted, firing(1, now=later), later).acknowledged == "ana: on it"
    over = clock.time + HOLDS + timedelta(minutes=1)
    assert one(restarted, firing(1, now=over), over).acknowledged == "", "a day is enough"
    restarted.close()


def test_a_silence_has_an_end_and_can_be_ended(journals: tuple[Journal, Journal], record: Record) -> None:
    """It is in force in every console at once."""
    silenced(journals[0])
    found = one(record, firing()).silence
    assert found is not None
    assert (found.by, found.reason, found.id) == ("ana", "a new disk", "s1")
    assert [silence.id for silence in record.handling.silences(NOW)] == ["s1"]
    after = NOW + timedelta(hours=2)
    assert one(record, firing(), after).silence is None
    assert record.handling.silences(after) == ()
    assert one(record, firing(rule="Other")).silence is None
    journals[1].append(Kind.EXPIRED, body={"silence": "s1", "title": "it"})
    assert one(record, firing()).silence is None


def test_of_several_silences_the_longest_is_named(journals: tuple[Journal, Journal], record: Record) -> None:
    """By regular expressions too."""
    silenced(journals[0], "short")
    silenced(
        journals[0], "long", "2026-03-05T00:00+00:00", ["mountpoint", "=~", "/v.*"], ["alertname", "!=", "X"]
    )
    found = one(record, firing()).silence
    assert found is not None
    assert found.id == "long"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"silence": "x"}, {"silence": "x", "until": "soon", "matchers": [["a", "=", "b"]]},
        {"silence": "x", "until": "2026-03-04T14:00", "matchers": [["alertname", "=", "DiskFull"]]},
        {"silence": "x", "until": "2026-03-04T14:00+00:00", "matchers": "alertname"},
        {"silence": "x", "until": "2026-03-04T14:00+00:00", "matchers": [["alertname", "==", "DiskFull"]]},
        {"silence": "x", "until": "2026-03-04T14:00+00:00", "matchers": [["alertname", "=", 1]]},
        {"silence": "x", "until": "2026-03-04T14:00+00:00", "matchers": [{"alertname": "DiskFull"}]},
        {"silence": "x", "until": "2026-03-04T14:00+00:00", "matchers": []},
    ],
)  # fmt: skip
def test_what_is_not_understood_silences_nothing(
    journals: tuple[Journal, Journal], record: Record, body: dict[str, object]
) -> None:
    """Of another version, or written by hand."""
    journals[0].append(Kind.SILENCED, body=body)  # type: ignore[arg-type]
    assert one(record, firing()).silence is None


def test_beginnings_within_an_hour_are_counted(journals: tuple[Journal, Journal], record: Record) -> None:
    """As seen here and as written down, whichever is more; three are flapping."""
    for minutes in (59, 40, 20):
        found = one(record, firing(minutes))
    assert (found.changes, found.flapping) == (3, True)
    later = NOW + timedelta(minutes=15)
    assert one(record, firing(20), later).changes == 2, "the first is more than an hour ago"
    for _ in range(4):
        journals[0].append(Kind.FIRING, run=identity("Other", ()), body={"value": "2 > 1"})
    assert one(record, firing(rule="Other", pairs=())).changes == 4


def test_a_beginning_that_is_told_anew_is_the_same(record: Record) -> None:
    """Each evaluation works out when an alert began, and is some milliseconds off."""
    changes = set()
    for turn in range(200):
        off = timedelta(milliseconds=turn % 37)
        began = NOW - timedelta(minutes=10) + off
        changes.add(one(record, replace(firing(), fired=began, since=began)).changes)
    assert changes == {1}


def test_an_alert_knows_what_was_written_of_it(journals: tuple[Journal, Journal], record: Record) -> None:
    """The newest last; control characters of whoever wrote it are gone."""
    journals[0].append(Kind.FIRING, run=NAME, body={"value": "0.91 > 0.9"})
    journals[1].append(Kind.NOTED, run=NAME, body={"text": "\x1b[2Jlooked"})
    journals[0].append(Kind.RESOLVED, run=NAME, body={})
    events = one(record, firing()).events
    assert [(event.what, event.by, event.text) for event in events] == [
        ("firing", "", "0.91 > 0.9"), ("noted", "bo", "␛[2Jlooked"), ("resolved", "", ""),
    ]  # fmt: skip


def test_looking_begins_no_journal_and_finds_one_that_is_begun(tmp_path: Path, clock: Clock) -> None:
    """Nor does it matter that it is put away and another one begun."""
    tmp_path.chmod(0o700)
    path = tmp_path / "state" / "journal.db"
    record = Record(path)
    assert not record.refresh()
    assert not path.parent.exists()
    with_one = Journal.open(path, actor="ana", host="db-1", clock=clock)
    silenced(with_one)
    assert record.refresh()
    assert not record.refresh(), "nothing is new"
    with_one.close()
    path.parent.rename(tmp_path / "old")
    assert not record.refresh()
    other = Journal.open(path, actor="ana", host="db-1", clock=clock)
    other.append(Kind.ACKNOWLEDGED, run=NAME, body={})
    assert record.refresh()
    assert record.handling.silences(NOW) == (), "those were another journal's"
    other.close()
    record.close()


def test_a_journal_that_cannot_be_read_is_told_and_forgets_nothing(
    journals: tuple[Journal, Journal], record: Record, tmp_path: Path
) -> None:
    """A silence stays in force while the disk has its moods."""
    silenced(journals[0])
    assert one(record, firing()).silence is not None
    path = tmp_path / "journal.db"
    path.rename(tmp_path / "elsewhere.db")
    path.symlink_to(tmp_path / "elsewhere.db")
    record.close()
    assert not record.refresh()
    assert "journal.db" in record.failure
    assert record.handling.apply([firing()], NOW)[0].silence is not None
    path.unlink()
    (tmp_path / "elsewhere.db").rename(path)
    record.refresh()
    assert record.failure == ""


def test_memory_is_bounded() -> None:
    """However many alerts there were."""
    handling = Handling()
    handling.take(
        Entry(
            seq=n, time=NOW, kind=Kind.FIRING, actor="a", host="h", run=f"alert-{n:012}", step="", body={},
            previous="", hash="",
        )
        for n in range(ALERTS + 500)
    )  # fmt: skip
    assert len(handling._said) == ALERTS


def test_rules_are_handled_with_their_alerts() -> None:
    """The others stay the very same."""
    handling = Handling()
    handling.take([
        Entry(seq=1, time=NOW, kind=Kind.ACKNOWLEDGED, actor="ana", host="h", run=NAME, step="", body={},
              previous="", hash=""),
    ])  # fmt: skip
    origin = Origin(file="x.md")
    made = {"expression": "x", "reason": "", "origin": origin}
    rule = RuleStatus(name="DiskFull", state=AlertState.FIRING, alerts=(firing(),), **made)  # type: ignore[arg-type]
    calm = RuleStatus(name="Calm", state=AlertState.INACTIVE, **made)  # type: ignore[arg-type]
    found = handling.apply_to([rule, calm], NOW)
    assert found[0].alerts[0].acknowledged == "ana"
    assert found[1] is calm


def test_the_record_needs_no_right_to_write(
    journals: tuple[Journal, Journal], record: Record, tmp_path: Path
) -> None:
    """It leaves the file as it was."""
    silenced(journals[0])
    for each in journals:
        each.close()
    before = (tmp_path / "journal.db").read_bytes()
    assert record.refresh()
    record.close()
    assert (tmp_path / "journal.db").read_bytes() == before
    assert os.stat(tmp_path / "journal.db").st_mode & 0o777 == 0o600
