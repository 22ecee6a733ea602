"""The systemd journal, as `journalctl` prints it in a child process of ours."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from console.errors import AGAIN
from console.logs.forms import Form, JournalJson
from console.logs.origin import Kind, Origin, Origins
from console.logs.splitter import Splitter
from console.logs.tail import Piece
from console.text import clean, decode

DIRECTORIES = ("/run/log/journal", "/var/log/journal")
FIRST_RECORDS = 200
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,_COMM,CONTAINER_NAME"
PIPE_BYTES = 1024 * 1024
"""What the kernel may hold for us between two polls; without it 64 KB."""
RETRY = 30.0
"""Seconds before a journalctl that ended is started again."""
END_LIMIT = 0.5
"""Seconds journalctl may take to end."""
_TOLD_BYTES = 4096
_CURSOR = re.compile(rb'"__CURSOR" ?: ?"([^"]{1,300})"')


def journal_files(directories: Sequence[str] = DIRECTORIES) -> list[Path]:
    """The journal's files, one for each directory that has any."""
    found = []
    for directory in directories:
        try:
            found += list(Path(directory).glob("*/*.journal"))[:1]
        except OSError:
            continue  # closed to us: as good as not there
    return found


class Journal:
    """Follows the journal from its newest records on. Used in one thread; never waits.

    It is a Stream: gaps cannot happen, since a reader that is late keeps journalctl waiting.
    """

    def __init__(self, origins: Origins, command: Sequence[str] = ("journalctl",)) -> None:
        self.origin: Origin = origins.add("journal", Kind.JOURNAL, "journald")
        self.form: Form = JournalJson(self.origin, lambda unit: origins.add(unit, Kind.JOURNAL, "journald"))
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._splitter = Splitter(self.form.line_bytes)
        self._cursor = ""
        """The last record taken: a restarted journalctl goes on after it."""
        self._history = 0
        """Records to come that were written before we looked."""
        self._next_start = 0.0
        self._told = b""

    @property
    def ended(self) -> bool:
        """Never: a journalctl that ends is started again."""
        return False

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def limited(self) -> str:
        """What journalctl said of records this user may not see; empty when it said nothing."""
        if b"not seeing messages" in self._told:
            return "only your own messages of the journal: sudo usermod -aG systemd-journal $USER"
        return ""

    def read(self, limit: int, now: float) -> list[Piece]:
        """The records that came, from about `limit` bytes."""
        process = self._process
        if process is None and now >= self._next_start:
            process = self._process = self._start(now)
        if process is None:
            return []
        self._told = (self._told + (_available(process.stderr, _TOLD_BYTES) or b""))[-_TOLD_BYTES:]
        data = _available(process.stdout, limit)
        if data is None:
            self._stopped()
            return []
        if not data:
            return []
        lines = self._splitter.feed(data)
        if not lines:
            return [Piece([])]
        self.origin.problem = ""
        if cursor := _CURSOR.search(lines[-1]):
            self._cursor = cursor[1].decode("ascii", "replace")
        past = lines[: self._history]
        self._history -= len(past)
        pieces = [Piece(past, written=time.time())] if past else []
        return [*pieces, Piece(lines[len(past) :])] if len(lines) > len(past) else pieces

    def close(self) -> None:
        """End journalctl; it has no reason to take long, and is killed if it does."""
        process, self._process = self._process, None
        self._next_start = 0.0
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(END_LIMIT)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _start(self, now: float) -> subprocess.Popen[bytes] | None:
        self._next_start = now + RETRY
        self._splitter = Splitter(self.form.line_bytes)
        if self._cursor:
            begin, self._history = f"--after-cursor={self._cursor}", 0
        else:
            begin, self._history = f"--lines={FIRST_RECORDS}", FIRST_RECORDS
        # when the console is killed nobody is left to end the child: the kernel does
        guard = [found, "--pdeathsig", "TERM"] if (found := shutil.which("setpriv")) else []
        command = [*guard, *self._command, "--follow", "--output=json", f"--output-fields={FIELDS}", begin]
        try:
            process = subprocess.Popen(  # noqa: S603 our own words, and a cursor out of the journal
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            self.origin.problem = clean(f"journalctl cannot be started: {error.strerror}")
            return None
        assert process.stdout is not None
        assert process.stderr is not None
        for pipe in (process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
        try:
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            pass  # not allowed so much: then 64 KB at a time
        return process

    def _stopped(self) -> None:
        process = self._process
        self.close()
        status = process.returncode if process else 0
        told = decode(self._told.strip().rpartition(b"\n")[2], 200)
        self.origin.problem = f"journalctl ended with status {status}{': ' if told else ''}{told}"
        self.origin.fix = AGAIN


def _available(pipe: IO[bytes] | None, limit: int) -> bytes | None:
    """What can be read without waiting, at most `limit` bytes; None when the other end is closed."""
    if pipe is None:
        return None
    pieces: list[bytes] = []
    while limit > 0:
        try:
            data = os.read(pipe.fileno(), limit)
        except BlockingIOError:
            break
        if not data:
            return b"".join(pieces) or None
        pieces.append(data)
        limit -= len(data)
    return b"".join(pieces)
