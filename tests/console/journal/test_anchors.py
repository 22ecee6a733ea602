"""Heads of the chain that were told to the system's log, and found there again."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from console.journal import anchors
from console.journal.anchors import Anchor, drop, logged
from console.journal.store import Journal
from tests.console.journal.test_listing import command

HASH = "ab" * 32


def test_the_system_log_is_told_in_one_datagram(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "DEVICE", private / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(private / "log"))
        journal = Journal.open(private / "journal.db", actor="ana", host="h")
        entry = journal.append("noted")
        journal.close()
        told = [log.recv(4096).decode() for _ in range(2)]
    head = f"<13>opsconsole[{os.getpid()}]: journal {private}/journal.db"
    assert told == [f"{head} begun", f"{head} head 1 sha256 {entry.hash}"]


def test_a_log_that_takes_nothing_holds_nothing_up(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "DEVICE", private / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(private / "log"))
        for number in range(2000):  # more than a socket nobody reads will hold
            assert drop(private / "journal.db", Anchor(number, HASH), "now")


def test_anchors_of_the_system_log_are_compared(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = private / "state" / "opsconsole" / "journal.db"
    journal = Journal.open(path, actor="ana", host="h")
    entry = journal.append("noted")
    journal.close()
    anchors.anchors_file(path).unlink()
    tools = private / "tools"
    tools.mkdir()
    (tools / "journalctl").write_text(f'#!/bin/sh\necho "$@" > {private}/asked\ncat {private}/log.txt\n')
    (tools / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    lines = [
        f"journal {path} head 9 sha256 {HASH}",  # of one that was there before
        f"journal {path} begun",
        f"journal /elsewhere head 7 sha256 {HASH}",
        f"journal {path} head x sha256 {HASH}",
        "anything",
        f"journal {path} head 1 sha256 {entry.hash}",
    ]
    (private / "log.txt").write_text("\n".join(lines))
    assert logged(path) == [Anchor(1, entry.hash, "the system's log")]
    assert f"-t opsconsole _UID={os.geteuid()}" in (private / "asked").read_text()
    answer = command(private, "verify")
    assert answer.returncode == 0
    assert "entry 1 is vouched for" in answer.stdout
    (private / "log.txt").write_text(f"journal {path} head 3 sha256 {HASH}\n")
    answer = command(private, "verify")
    assert answer.returncode == 1
    assert "entries 2 to 3 were cut off: the system's log knows of them" in answer.stdout


def test_without_a_system_log_there_are_none(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(private))
    assert logged(private / "journal.db") == []
