"""The systemd journal: a real journald, and records as other machines wrote them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from console.logs.forms import JournalJson, Row
from console.logs.journal import RETRY, Journal, journal_files
from console.logs.levels import CONTINUED, Level
from console.logs.origin import Kind, Origins
from tests.patience import PATIENCE
from tests.servers.journald import Journald, journald

__all__ = ["journald"]

FIXTURE = Path(__file__).with_name("journal.jsonl")


class Follower:
    """A Journal read into rows until a condition holds."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.origins = Origins(1000)
        self.journal = Journal(self.origins, command)
        self.rows: list[Row] = []
        self.now = 0.0

    @property
    def texts(self) -> list[str]:
        return [row[3] for row in self.rows]

    def until(self, condition: Callable[[], bool], limit: float = PATIENCE) -> None:
        """Read on until it holds."""
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, f"only {self.texts[-5:]} {self.journal.origin.problem}"
            pieces = self.journal.read(65536, self.now)
            for piece in pieces:
                self.rows += self.journal.form.take(piece.lines)
            if not pieces:
                time.sleep(0.01)


@pytest.fixture
def follow() -> Iterator[Callable[[tuple[str, ...]], Follower]]:
    followers: list[Follower] = []

    def begin(command: tuple[str, ...]) -> Follower:
        followers.append(Follower(command))
        return followers[-1]

    yield begin
    for follower in followers:
        follower.journal.close()


def test_records_of_a_real_journal(journald: Journald, follow: Callable[..., Follower]) -> None:
    before = time.time()
    journald.send("history 1", identifier="one")
    follower = follow(journald.reader)
    follower.until(lambda: "history 1" in follower.texts)
    journald.send("news: disk full", priority=3, identifier="two")
    journald.send("ERROR written by a service", identifier="three")
    journald.send("first line\nsecond line\n", priority=4, identifier="two")
    journald.send(b"bytes \xff\xfe end", identifier="one")
    journald.send("colour \x1b[31mred\x1b[0m", identifier="one")
    journald.send("last", identifier="one")
    follower.until(lambda: "last" in follower.texts)
    by_text = {row[3]: row for row in follower.rows}
    named = {text: follower.origins[row[1]].name for text, row in by_text.items()}
    assert named["news: disk full"] == "two"
    assert named["ERROR written by a service"] == "three"
    assert by_text["news: disk full"][2] == Level.ERROR
    assert by_text["ERROR written by a service"][2] == Level.ERROR  # priority 6 says nothing
    assert by_text["first line"][2] == Level.WARN
    assert by_text["second line"][2] == Level.WARN | CONTINUED
    assert by_text["last"][2] == Level.INFO
    assert "bytes \ufffd\ufffd end" in by_text
    assert "colour red" in by_text
    stamp = by_text["last"][0]
    assert stamp is not None
    assert before - 1 < stamp < time.time() + 1
    assert all(follower.origins[row[1]].kind is Kind.JOURNAL for row in follower.rows)


def test_a_journalctl_that_is_killed_is_started_again_and_repeats_nothing(
    journald: Journald, follow: Callable[..., Follower]
) -> None:
    follower = follow(journald.reader)
    journald.send("before", identifier="kill")
    follower.until(lambda: "before" in follower.texts)
    pid = follower.journal.pid
    assert pid is not None
    psutil.Process(pid).kill()
    follower.until(lambda: bool(follower.journal.origin.problem))
    assert "ended" in follower.journal.origin.problem
    assert follower.journal.pid is None
    journald.send("meanwhile", identifier="kill")
    follower.now += RETRY + 1
    follower.until(lambda: "meanwhile" in follower.texts)
    assert follower.journal.origin.problem == ""
    assert follower.texts.count("before") == 1
    assert follower.texts.count("meanwhile") == 1


def test_a_flood_is_taken_whole(journald: Journald, follow: Callable[..., Follower]) -> None:
    follower = follow(journald.reader)
    journald.send("it begins", identifier="flood")
    follower.until(lambda: "it begins" in follower.texts)  # what came before it follows is history of 200
    for number in range(3000):
        journald.send(f"flood {number}", identifier="flood")
    follower.until(lambda: "flood 2999" in follower.texts, 2 * PATIENCE)
    flood = [text for text in follower.texts if text.startswith("flood ")]
    assert flood == [f"flood {number}" for number in range(3000)]


def test_closing_ends_the_child_and_its_pipes(journald: Journald) -> None:
    own = psutil.Process()
    before = own.num_fds()
    journal = Journal(Origins(1000), journald.reader)
    journal.read(1000, 0.0)
    pid = journal.pid
    assert pid is not None
    journal.close()
    journal.close()
    assert not psutil.pid_exists(pid)
    assert own.num_fds() == before


def test_the_child_dies_with_a_console_that_is_killed(journald: Journald) -> None:
    script = (
        "import os, signal, sys\n"
        "from console.logs.journal import Journal\n"
        "from console.logs.origin import Origins\n"
        "journal = Journal(Origins(10), sys.argv[1:])\n"
        "journal.read(1000, 0.0)\n"
        "print(journal.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with psutil.Popen([sys.executable, "-c", script, *journald.reader], stdout=-1) as console:
        pid = int(console.stdout.readline())
    until = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "journalctl is left behind"
        time.sleep(0.01)


def test_a_program_that_is_not_there_is_told() -> None:
    journal = Journal(Origins(10), ("/nonexistent/journalctl",))
    end = time.monotonic() + PATIENCE
    while not journal.origin.problem:
        assert time.monotonic() < end
        assert journal.read(1000, 0.0) == []
    assert "journalctl" in journal.origin.problem
    assert journal.pid is None


def test_what_journalctl_may_not_show_is_told(tmp_path: Path) -> None:
    script = tmp_path / "journalctl"
    hint = "Hint: You are currently not seeing messages from other users and the system."
    script.write_text(f"#!/bin/sh\necho '{hint}' >&2\necho '{{\"MESSAGE\":\"own\"}}'\nexec sleep 100\n")
    script.chmod(0o755)
    journal = Journal(Origins(10), (str(script),))
    try:
        end = time.monotonic() + PATIENCE
        while not journal.limited:
            assert time.monotonic() < end
            journal.read(1000, 0.0)
            time.sleep(0.01)
        assert "systemd-journal" in journal.limited
    finally:
        journal.close()


def test_where_there_is_no_journal_none_is_found(tmp_path: Path, journald: Journald) -> None:
    assert journal_files((str(tmp_path), "/nonexistent")) == []
    assert journal_files((str(journald.journal.parent),)) != []


def test_recorded_records() -> None:
    origins = Origins(1000)
    journal = origins.add("journal", Kind.JOURNAL, "journald")
    form = JournalJson(journal, lambda unit: origins.add(unit, Kind.JOURNAL, "journald"))
    rows = form.take(FIXTURE.read_bytes().splitlines())
    shown = [(origins[number].name, code, text) for _, number, code, text in rows]
    assert shown == [
        ("sshd", Level.INFO, "Accepted publickey for bob from 10.0.0.7 port 50022 ssh2"),
        ("kernel", Level.WARN, "oom_control is deprecated"),
        ("kernel", Level.FATAL, "Out of memory: Killed process 4711 (java)"),
        ("app", Level.ERROR, "ERROR upstream timeout id=609"),
        ("app", Level.ERROR | CONTINUED, "  at line 2"),
        ("web-1", Level.INFO, "output of a container"),
        ("weird", Level.INFO, "bytes \ufffd"),
        ("journal", Level.NONE, "no name at all"),
    ]
    assert rows[0][0] == pytest.approx(1763678641.123456)
    assert rows[-1][0] is None


def test_names_cannot_fill_the_memory() -> None:
    origins = Origins(1000)
    journal = origins.add("journal", Kind.JOURNAL, "journald")
    form = JournalJson(journal, lambda unit: origins.add(unit, Kind.JOURNAL, "journald"))
    lines = [b'{"MESSAGE":"x","SYSLOG_IDENTIFIER":"id-%d"}' % number for number in range(2000)]
    rows = form.take(lines)
    assert len(rows) == 2000
    assert len(list(origins)) <= 301
