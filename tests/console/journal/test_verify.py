"""What is wrong with a journal is found and named; what cannot be known is said."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from console.errors import JournalError
from console.journal.anchors import Anchor, anchors_file
from console.journal.store import Journal
from console.journal.verify import verify
from tests.console.journal.conftest import Open
from tests.faults.journal import COLUMNS, fill, tamper


@pytest.fixture
def path(private: Path) -> Path:
    """A journal of 40 anchored entries and 5 more."""
    file = private / "filled.db"
    assert fill(file, 40, 5) == 40
    return file


def test_a_whole_journal(path: Path) -> None:
    verdict = verify(path)
    assert (verdict.ok, verdict.entries, verdict.anchored, verdict.bad) == (True, 45, 40, None)


def test_an_empty_journal_is_whole(journal: Journal) -> None:
    verdict = journal.verify()
    assert (verdict.ok, verdict.entries, verdict.head) == (True, 0, "")


def test_no_journal_is_told(private: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        verify(private / "journal.db")
    assert list(private.iterdir()) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_an_entry_is_bound(path: Path, column: str) -> None:
    new = {"seq": "99", "previous": "zeroblob(32)", "hash": "zeroblob(32)", "body": "'{}'"}.get(column, "'x'")
    change(path, f"UPDATE entries SET {column} = {new} WHERE seq = 7")
    verdict = verify(path)
    assert not verdict.ok
    assert verdict.bad == 7
    assert verdict.entries == 6


def test_what_is_cut_off_after_the_last_anchor_cannot_be_known(path: Path) -> None:
    change(path, "DELETE FROM entries WHERE seq > 40")
    assert verify(path).ok
    change(path, "DELETE FROM entries WHERE seq > 39")
    verdict = verify(path)
    assert (verdict.ok, verdict.bad) == (False, 40)
    assert verdict.reason == "entries 40 to 40 were cut off: filled.anchors knows of them"


def test_an_anchor_that_was_kept_elsewhere(path: Path) -> None:
    head = verify(path).head
    assert verify(path, [Anchor(45, head, "the log")]).anchored == 45
    verdict = verify(path, [Anchor(45, "0" * 64, "the log")])
    assert (verdict.ok, verdict.bad) == (False, 45)
    assert "the log" in verdict.reason
    assert not verify(path, [Anchor(46, head, "the log")]).ok


def test_broken_lines_among_the_anchors_are_passed_over(path: Path) -> None:
    with anchors_file(path).open("ab") as file:
        file.write(b'{"seq": 4\n\xff\xfe\n[]\n{"seq": "x", "hash": 1}\n{"hash": "a"}\n')
    assert verify(path).ok
    anchors_file(path).unlink()
    verdict = verify(path)
    assert (verdict.ok, verdict.anchors, verdict.anchored) == (True, 0, 0)


def test_the_list_of_steps_under_way_must_say_what_the_entries_say(private: Path, opened: Open) -> None:
    journal = opened()
    journal.claim("r1", "1", 1)
    journal.claim("r1", "2", 1)
    journal.end("r1", "2", 1)
    assert journal.verify().ok
    other = apsw.Connection(str(private / "journal.db"))
    other.execute("BEGIN; DELETE FROM underway")
    other.execute("COMMIT")
    assert "under way" in journal.verify().reason
    other.execute("INSERT INTO underway VALUES ('r1', '1', 1, 1), ('r1', '2', 1, 2)")
    other.close()
    verdict = journal.verify()
    assert (verdict.ok, verdict.bad) == (False, 2)


def test_guards_that_were_taken_away_are_missed(path: Path) -> None:
    database = apsw.Connection(str(path))
    database.execute("DROP TRIGGER kept")
    database.close()
    assert "triggers" in verify(path).reason


def test_it_reads_while_another_writes(opened: Open) -> None:
    journal = opened()
    for _ in range(3):
        journal.append("noted")
        assert journal.verify().ok
        journal.anchor()


def change(path: Path, statement: str) -> None:
    """Carry out a statement that the guards would refuse, and put them back."""
    tamper(path, lambda database, source, last: [*database.execute(statement)].clear(), random.Random(0), 0)
