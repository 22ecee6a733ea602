"""What is written stays as it was, one after the other, and each question finds it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import AlreadyStarted, JournalError
from console.journal.anchors import anchors_file
from console.journal.chain import canonical, link
from console.journal.entries import JSON, Kind
from console.journal.store import Journal
from console.journal.verify import verify
from console.masks import Masks
from tests.console.journal.conftest import Clock, Open


def test_entries_come_back_as_they_were_written_and_chained(opened: Open) -> None:
    journal = opened()
    body: dict[str, JSON] = {"title": "Grüße \u202e", "n": 1.5, "deep": {"list": [1, None, True, "x"]}}
    first = journal.append("noted", run="r1", step="2", body=body)
    second = journal.append(Kind.CLOSED, run="r1")
    journal.close()
    again = opened("bob").entries()
    assert again == [first, second]
    assert again[0].body == body
    assert (first.seq, first.actor, first.host, first.run, first.step) == (1, "ana", "db-1", "r1", "2")
    assert first.time == datetime(2026, 1, 31, 9, 0, 1, tzinfo=UTC)
    assert first.previous == "0" * 64
    assert second.previous == first.hash


def test_anyone_can_compute_the_hash(journal: Journal) -> None:
    entry = journal.append("noted", run="r1", step="é", body={"b": 2, "a": "ü\n"})
    told = {
        "seq": entry.seq, "time": "2026-01-31T09:00:01.000000Z", "kind": entry.kind, "actor": "ana",
        "host": "db-1", "run": "r1", "step": "é", "body": dict(entry.body), "previous": "0" * 64,
    }  # fmt: skip
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == entry.hash


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()), st.text(), st.text())
def test_what_is_hashed_is_the_canonical_json_of_the_whole(
    body: dict[str, JSON], run: str, actor: str
) -> None:
    whole = {"seq": 7, "time": "t", "kind": "k", "actor": actor, "host": "h", "run": run, "step": "s",
             "body": body, "previous": "00"}  # fmt: skip
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    assert (
        link(7, "t", "k", actor, "h", run, "s", canonical(body), b"\0")
        == hashlib.sha256(text.encode()).digest()
    )


def test_the_database_itself_refuses_changes(journal: Journal, private: Path) -> None:
    journal.append("noted", body={"text": "kept"})
    other = apsw.Connection(str(private / "journal.db"))
    for statement in (
        "UPDATE entries SET body = '{}'",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM (SELECT seq, time, kind, actor, host, run, step, '{}',"
        " previous, hash FROM entries)",
        "INSERT INTO entries SELECT 9, time, kind, actor, host, run, step, '{}', previous, hash FROM entries",
        "INSERT INTO entries SELECT 2, time, kind, actor, host, run, step, '{}', previous, hash FROM entries",
    ):
        with pytest.raises(apsw.Error):
            other.execute(statement)
    other.close()
    assert [entry.text("text") for entry in journal.entries()] == ["kept"]
    assert journal.verify().ok


def test_secrets_are_masked_before_they_are_written(private: Path) -> None:
    masks = Masks(["hunter-two-hunter"])
    journal = Journal.open(private / "journal.db", actor="ana", host="h", masks=masks)
    entry = journal.append(
        "started",
        body={
            "command": "psql -p hunter-two-hunter", "list": [{"x": "aHVudGVyLXR3by1odW50ZXI="}],
            "variables": {"DB_PASSWORD": "short", "token": "<name>"}, "url": "redis://u:pw@h",
        },
    )  # fmt: skip
    assert entry.body == {
        "command": "psql -p ***", "list": [{"x": "***"}],
        "variables": {"DB_PASSWORD": "***", "token": "<name>"}, "url": "redis://u:***@h",
    }  # fmt: skip
    held = b"".join(file.read_bytes() for file in private.iterdir())
    assert b"hunter" not in held
    assert b"short" not in held
    journal.close()


def test_bodies_that_json_cannot_say(journal: Journal) -> None:
    entry = journal.append(
        "noted", body={"inf": float("inf"), "nan": [float("nan")], "half": "\ud83d", "é": (1, 2)}
    )
    assert entry.body == {"inf": None, "nan": [None], "half": "\ud83d", "é": [1, 2]}
    long = journal.append("noted", body={"text": "x" * (3 << 20)}).text("text")
    assert len(long) < 1 << 21
    assert long.endswith("… (cut: 3145728 characters)")
    names = journal.append("a\x1b[31m", run="\ud800", step="x" * 999)
    assert "\x1b" not in names.kind
    assert len(names.step) == 200
    assert journal.entries(after=2) == [names]
    assert journal.verify().ok


def test_a_step_is_claimed_once(opened: Open) -> None:
    ana, bob = opened("ana"), opened("bob")
    started = ana.claim("r1", "3", 1, {"title": "Restart the api"})
    assert started.body["attempt"] == 1
    with pytest.raises(
        AlreadyStarted, match=r'"Restart the api" was started by ana on db-1 at .* has not ended'
    ):
        bob.claim("r1", "3", 1)
    with pytest.raises(AlreadyStarted):
        bob.claim("r1", "3", 2)
    bob.claim("r1", "4", 1)
    bob.claim("r2", "3", 1)
    assert ana.end("r1", "3", 1, {"status": "failed", "exit": 3}) is not None
    assert bob.end("r1", "3", 1, {"status": "unknown"}) is None  # ana was first
    with pytest.raises(AlreadyStarted, match="as attempt 1"):
        bob.claim("r1", "3", 1)
    bob.claim("r1", "3", 2)
    ana.end("r1", "3", 2, {"status": "ok", "exit": 0})
    with pytest.raises(AlreadyStarted, match="went well"):
        ana.claim("r1", "3", 3)
    assert ana.claim("r1", "3", 3, repeat=True).body["attempt"] == 3
    with pytest.raises(AlreadyStarted):
        bob.claim("r1", "3", 4, repeat=True)
    assert ana.verify().ok


def test_what_has_no_end_is_known_with_its_process(opened: Open) -> None:
    journal = opened()
    journal.claim("r1", "1", 1)
    journal.append(Kind.SPAWNED, run="r1", step="1", body={"attempt": 1, "pid": 4711, "pid_start": 99})
    journal.append(Kind.SPAWNED, run="r1", step="2", body={"attempt": 1, "pid": 5, "pid_start": 6})
    journal.claim("r1", "2", 1, {"pid": 12})
    journal.claim("r2", "1", 1)
    journal.end("r2", "1", 1)
    found = opened("bob").unfinished()
    assert [(one.entry.step, one.attempt, one.pid, one.pid_start) for one in found] == [
        ("1", 1, 4711, 99),
        ("2", 1, 12, None),
    ]


def test_what_others_write_is_noticed(opened: Open) -> None:
    ana, bob = opened("ana"), opened("bob")
    assert not ana.changed()
    ana.append("noted")
    assert not ana.changed()
    entry = bob.append("noted")
    assert ana.changed()
    assert not ana.changed()
    assert ana.entries(after=1) == [entry]


def test_entries_are_found_by_run_kind_time_and_in_pages(journal: Journal, clock: Clock) -> None:
    for number in range(30):
        kind = ("started", "ended", "noted")[number % 3]
        journal.append(kind, run=f"r{number % 2}", step=str(number), body={"attempt": number})

    def numbers(**asked: object) -> list[int]:
        return [entry.seq for entry in journal.entries(**asked)]  # type: ignore[arg-type]  # as named below

    assert numbers() == list(range(1, 31))
    assert numbers(limit=5) == [1, 2, 3, 4, 5]
    assert numbers(after=27) == [28, 29, 30]
    assert numbers(limit=2, newest=True) == [29, 30]
    assert numbers(run="r1", limit=3) == [2, 4, 6]
    assert numbers(kinds=["noted"], limit=2) == [3, 6]
    assert numbers(kinds=["started", "ended"], limit=3, newest=True) == [26, 28, 29]
    assert numbers(kinds=["noted"], run="r0", newest=True, limit=2) == [21, 27]
    assert numbers(kinds=[]) == []
    assert numbers(since=clock.time - timedelta(seconds=2)) == [28, 29, 30]
    assert numbers(since=clock.time + timedelta(seconds=1)) == []
    assert numbers(run="nobody") == []


def test_order_is_by_number_though_the_clock_goes_back(journal: Journal, clock: Clock) -> None:
    before = clock.time
    first = journal.append("noted")
    clock.time = before - timedelta(hours=1)
    second = journal.append("noted")
    clock.time = before
    third = journal.append("noted")
    assert journal.entries() == [first, second, third]
    assert journal.entries(since=before) == [first, third]
    assert journal.verify().ok


def test_usual_durations_of_a_step(journal: Journal) -> None:
    assert journal.usual("d1") == []
    for attempt, (status, seconds) in enumerate([("ok", 1.5), ("failed", 9.0), ("ok", 2.5)], 1):
        journal.claim("r1", "1", attempt, {"digest": "d1"}, repeat=True)
        journal.end("r1", "1", attempt, {"digest": "d1", "status": status, "seconds": seconds, "exit": 0})
    journal.append(Kind.ENDED, body={"digest": "other", "status": "ok", "seconds": 7})
    assert journal.usual("d1") == [2.5, 1.5]


def test_when_each_procedure_was_last_done(journal: Journal, clock: Clock) -> None:
    assert journal.last_done() == {}
    journal.append(Kind.CLOSED, body={"procedure": "a", "status": "done"})
    journal.append(Kind.CLOSED, body={"procedure": "b", "status": "ok"})
    journal.append(Kind.CLOSED, body={"procedure": "a", "status": "abandoned"})
    assert journal.last_done() == {
        "a": clock.time - timedelta(seconds=2),
        "b": clock.time - timedelta(seconds=1),
    }


def test_a_journal_taken_away_while_in_use_takes_nothing_more(journal: Journal, private: Path) -> None:
    journal.append("noted")
    (private / "journal.db").rename(private / "moved.db")
    with pytest.raises(JournalError, match="was removed or replaced"):
        journal.append("noted")


def test_the_head_is_anchored_now_and_then_and_when_closed(opened: Open, private: Path) -> None:
    journal = opened()
    assert not journal.anchor()
    for _ in range(259):
        journal.append("noted")
    entry = journal.append("noted")
    assert verify(private / "journal.db").anchored == 256
    journal.close()
    verdict = verify(private / "journal.db")
    assert (verdict.anchored, verdict.anchors, verdict.head) == (260, 2, entry.hash)
    assert anchors_file(private / "journal.db").stat().st_mode & 0o777 == 0o600
