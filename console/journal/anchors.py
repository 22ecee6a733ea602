"""The chain's head told outside of it now and then: a chain cut short or made anew is held against that.

Whoever may write the journal may write the file of anchors beside it too; the system's own log is kept
by another.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEVICE = Path("/dev/log")
"""Where journald or another system log listens."""
NAME = "opsconsole"
PRIORITY = 13
"""The log's `user` facility, level `notice`."""
LOG_LIMIT = 30.0
"""Seconds that reading the system's log may take."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the chain's head was: a number of entries and the hash of the last, in hexadecimal."""

    seq: int
    hash: str
    origin: str = ""
    """Where it was kept."""


def anchors_file(journal: Path) -> Path:
    """The file of a journal's anchors."""
    return journal.with_suffix(".anchors")


def drop(journal: Path, anchor: Anchor, time: str) -> bool:
    """Tell the system's log and the file; whether the file took it. Never raises."""
    _log(f"journal {journal} head {anchor.seq} sha256 {anchor.hash}")
    line = json.dumps({"seq": anchor.seq, "hash": anchor.hash, "time": time})
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(anchors_file(journal), flags, 0o600)
    except OSError:
        return False
    try:
        # one write, so that two consoles do not mix; begun anew in case the last one was cut short
        data = f"\n{line}\n".encode()
        return os.write(handle, data) == len(data)
    except OSError:
        return False
    finally:
        os.close(handle)


def begun(journal: Path) -> None:
    """Tell the system's log that a journal was made: what it knew of one there before is of another."""
    _log(f"journal {journal} begun")


def _log(text: str) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as log:
            log.setblocking(False)  # a log that is stuck must not hold up a step
            log.connect(str(DEVICE))
            log.send(f"<{PRIORITY}>{NAME}[{os.getpid()}]: {text}".encode())
    except OSError:
        pass  # no system log here, as in most containers


def logged(journal: Path) -> list[Anchor]:
    """The anchors that journald keeps, as sent by this user since the journal was begun; never raises."""
    words = ["journalctl", "-q", "-o", "cat", "--no-pager", "-t", NAME, f"_UID={os.geteuid()}"]
    try:
        done = subprocess.run(  # noqa: S603 words of our own
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOG_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    found: list[Anchor] = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line == f"journal {journal} begun":
            found = []
        elif line.startswith(before := f"journal {journal} head "):
            match = re.fullmatch(r"(\d{1,18}) sha256 ([0-9a-f]{64})", line.removeprefix(before))
            found += [Anchor(int(match[1]), match[2], "the system's log")] if match else []
    return found


def kept(journal: Path) -> Iterator[Anchor]:
    """The anchors of the file, as they were written; lines that are none are passed over."""
    try:
        handle = os.open(anchors_file(journal), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(handle, "rb") as stream:
        for line in stream:
            try:
                found = json.loads(line)
                yield Anchor(int(found["seq"]), str(found["hash"]), anchors_file(journal).name)
            except (ValueError, KeyError, TypeError):
                continue
