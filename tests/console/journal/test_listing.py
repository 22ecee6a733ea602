"""The record for people and for scripts, as the command line gives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.errors import UsageError
from console.journal.anchors import anchors_file
from console.journal.entries import Kind
from console.journal.listing import moment, table
from console.journal.store import Journal
from tests.console.journal.conftest import Clock
from tests.console.journal.test_verify import change


@pytest.fixture
def home(private: Path, clock: Clock) -> Path:
    """A home whose journal tells of one run."""
    journal = Journal.open(
        private / "state" / "opsconsole" / "journal.db", actor="ana", host="db-1", clock=clock
    )
    journal.append(Kind.OPENED, run="r1", body={"title": "Service restart", "target": "db-1"})
    journal.claim(
        "r1",
        "1",
        1,
        {
            "title": "Restart the api",
            "command": "docker restart api\n",
            "target": {"kubernetes": "", "host": "db-1"},
        },
    )
    journal.append(Kind.SPAWNED, run="r1", step="1", body={"attempt": 1, "pid": 1})
    journal.append("measured", run="r1", step="1", body={"figures": {}})
    journal.append(
        Kind.TICKED, run="r1", step="2", body={"title": "Users can log in", "value": "yes\x1b[31m"}
    )
    journal.end("r1", "1", 1, {"status": "failed", "exit": 3, "seconds": 2.0, "why": "exit 3"})
    journal.claim("r1", "3", 1, {"command": "docker ps"})
    journal.append(Kind.NOTED, run="r2", body={"text": "call the vendor"})
    journal.close()
    return private


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`opsconsole journal ...` with that home."""
    env = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "PATH": os.environ["PATH"], "TZ": "UTC"}
    argv = [sys.executable, "-P", "-m", "console", "journal", *words]
    return subprocess.run(argv, env=env, cwd=home, capture_output=True, text=True, timeout=30, check=False)


def test_what_was_done_with_its_result(home: Path) -> None:
    answer = command(home, "show")
    assert answer.returncode == 0, answer.stderr
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert lines == [
        "time actor what target result run",
        "2026-01-31 09:00:01 ana begun: Service restart db-1 r1",
        "2026-01-31 09:00:02 ana Restart the api: docker restart api db-1 failed, exit 3, 2.0s r1",
        "2026-01-31 09:00:05 ana ticked: Users can log in yes␛[31m r1",
        "2026-01-31 09:00:07 ana docker ps has not ended r1",
        "2026-01-31 09:00:08 ana note: call the vendor r2",
    ]


def test_a_run_a_time_and_a_number_are_asked_for(home: Path) -> None:
    assert "vendor" not in command(home, "show", "--run", "r1").stdout
    assert "nothing was done" in command(home, "show", "--run", "r9").stdout
    assert "nothing was done" in command(home, "show", "--since", "2100-01-01").stdout
    found = json.loads(
        command(home, "show", "--json", "--limit", "2", "--since", "2026-01-31T09:00:06").stdout
    )
    assert [entry["seq"] for entry in found["entries"]] == [7, 8]
    assert found["entries"][0]["body"] == {"attempt": 1, "command": "docker ps"}
    assert found["entries"][1]["previous"] == found["entries"][0]["hash"]


def test_whole_and_broken_have_their_exit_codes(home: Path) -> None:
    path = home / "state" / "opsconsole" / "journal.db"
    answer = command(home, "verify")
    assert answer.returncode == 0
    assert "8 entries" in answer.stdout
    assert "entry 8 is vouched for by an anchor" in answer.stdout
    assert "cannot be told" in answer.stdout
    head = json.loads(command(home, "verify", "--json").stdout)["head"]
    assert command(home, "verify", "--anchor", f"8:{head}").returncode == 0
    assert command(home, "verify", "--anchor", f"8:{'0' * 64}").returncode == 1

    change(path, "UPDATE entries SET actor = 'eve' WHERE seq = 4")
    answer = command(home, "verify")
    assert answer.returncode == 1
    assert "entry 4 was changed" in answer.stdout
    told = json.loads(command(home, "verify", "--json").stdout)
    assert (told["ok"], told["bad"], told["entries"]) == (False, 4, 3)
    path.write_bytes(b"x" * 5000)
    anchors_file(path).unlink()
    assert command(home, "verify").returncode == 1
    answer = command(home, "show")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "is damaged" in answer.stderr


def test_what_cannot_be_carried_out_is_one_sentence(tmp_path: Path) -> None:
    for words, told in (
        (["verify"], "there is no journal"),
        (["show"], "begun by the first run"),
        (["show", "--since", "soon"], "is not a time"),
        (["show", "--limit", "0"], "is not a number of entries"),
        (["verify", "--anchor", "x"], "NUMBER:HASH"),
        (["forget"], "is not known"),
        ([], "TASK"),
        (["show", "--sinse", "2h"], "did you mean --since?"),
    ):
        answer = command(tmp_path, *words)
        assert answer.returncode == 2, words
        assert told in answer.stderr
        assert answer.stderr.count("\n") == 1
        assert answer.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_moments() -> None:
    now = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
    assert moment("90m", now) == datetime(2026, 1, 31, 7, 30, tzinfo=UTC)
    assert moment("2w", now) == datetime(2026, 1, 17, 9, 0, tzinfo=UTC)
    assert moment("2026-01-01T10:00+01:00", now) == datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    for text in ("", "2", "2y", "-2h", "2026-13-01", "999999w"):
        with pytest.raises(UsageError):
            moment(text, now)


def test_an_entry_of_a_kind_nobody_knows_is_shown_all_the_same(journal: Journal) -> None:
    journal.append("dreamt", step="4", body={"title": ["no text"]})
    assert "dreamt: step 4" in "\n".join(table(journal.entries(), lambda text, tone: text, runs=False))
