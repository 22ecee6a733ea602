"""Asks a file system that may hang for its figures, in a child process that may hang in our place.

A process stuck in statvfs() on a dead server cannot be interrupted, sometimes not even killed. So
the question is put by a short-lived child, at most one at a time for each mount, and looked at
without ever waiting. Started with posix_spawn: no lock of this process can hang in the child, and
nothing but the two pipes and a minimal environment reach it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.text import decode

DEADLINE = 2.0
"""Seconds until a question counts as unanswered and its child is killed."""
PATIENCE = 0.2
"""Seconds to wait at the end for killed children to be gone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What statvfs(3) says: the block size in bytes, then counts of blocks and inodes."""

    size: int
    blocks: int
    free: int
    available: int
    files: int
    files_free: int


def default_command() -> list[str]:
    """A program that prints those six figures of the path given as its last argument."""
    stat = shutil.which("stat")
    if stat is not None and not os.path.islink(stat):  # a link would be busybox, which has other letters
        return [stat, "-f", "-c", "%S %b %f %a %c %d", "--"]
    script = (
        "import os,sys;v=os.statvfs(sys.argv[1]);"
        "print(v.f_frsize,v.f_blocks,v.f_bfree,v.f_bavail,v.f_files,v.f_ffree)"
    )
    return [sys.executable, "-I", "-S", "-c", script]


class Question:
    """One mount's question: put again and again, never twice at once.

    `answer` is the newest one; `silent_since` is when the question was first put that nobody has
    answered since; `error` is what was said instead of an answer.
    """

    def __init__(self, point: str, command: Sequence[str] | None = None) -> None:
        self._point = point
        self._command = list(command) if command is not None else default_command()
        self._pid = 0
        self._pipe = -1
        self._said = b""
        self._status = 0
        self._asked = 0.0
        self._asked_at: datetime | None = None
        self._killed = False
        self.answer: Answer | None = None
        self.silent_since: datetime | None = None
        self.error = ""
        self.denied = False

    @property
    def child(self) -> int:
        """The process id of the child that is out; 0 without one."""
        return self._pid

    def ask(self, now: float, wall: datetime) -> None:
        """Put the question unless it is still out; `now` is monotonic, `wall` for people."""
        if self._pid:
            return
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)
        try:
            self._pid = os.posix_spawn(
                self._command[0],
                [*self._command, self._point],
                {"LC_ALL": "C", "PATH": os.defpath},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, writing, 1),
                    (os.POSIX_SPAWN_DUP2, writing, 2),
                ],
                setsigmask=[],
                setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
            )
        except OSError as failure:
            os.close(reading)
            self.error = decode(str(failure).encode(), 200)
            return
        finally:
            os.close(writing)
        self._pipe, self._said, self._killed = reading, b"", False
        self._asked, self._asked_at = now, wall

    def look(self, now: float) -> bool:
        """Take the answer if there is one, else give up at the deadline; whether anything is new."""
        if not self._pid:
            return False
        self._drain()
        if self._reaped():
            return self._conclude()
        if now - self._asked < DEADLINE or self._killed:
            return False
        self._give_up()
        return True

    def _drain(self) -> None:
        try:
            while len(self._said) < 4096 and (part := os.read(self._pipe, 4096)):
                self._said += part
        except BlockingIOError:
            pass

    def _reaped(self) -> bool:
        try:
            pid, self._status = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:  # somebody else reaped it: SIGCHLD ignored
            pid, self._status = self._pid, 0
        return pid != 0

    def _conclude(self) -> bool:
        killed = self._killed
        self._drain()
        self._forget()
        if killed:
            return False  # what it printed in its last moments is too old to be of use
        words = self._said.split()
        if self._status == 0 and len(words) == 6 and all(word.isdigit() for word in words):
            self.answer, self.error = Answer(*map(int, words)), ""
        else:
            # "stat: cannot read file system information for '/mnt': Stale file handle"
            said = decode(self._said.strip(), 400)
            self.error = said.rpartition(": ")[2] or "no figures"
        self.denied = self.error == "Permission denied"
        self.silent_since = None
        return True

    def _give_up(self) -> None:
        if self.silent_since is None:
            self.silent_since = self._asked_at
        self.kill()

    def kill(self) -> None:
        """Kill the child if one is out; `look` reaps it once the kernel lets it go."""
        if self._pid and not self._killed:
            self._killed = True
            try:
                os.kill(self._pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # reaped by somebody else

    def _forget(self) -> None:
        os.close(self._pipe)
        self._pid, self._pipe = 0, -1

    async def close(self) -> None:
        """Kill the child if one is out; wait a moment, no longer, until it is gone."""
        if not self._pid:
            return
        self.kill()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self._reaped():
                break
            await asyncio.sleep(0.01)
        self._forget()
