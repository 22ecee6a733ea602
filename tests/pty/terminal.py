"""A real pseudo-terminal with a program in it: what a person at a terminal would see, type and feel.

    with Terminal([sys.executable, "-m", "console"]) as terminal:
        terminal.wait_for("System")
        terminal.press("2", "down", "enter")

The program runs in a session of its own with the terminal as its controlling one. A thread reads
all it writes, answers the queries terminals answer, keeps every byte and draws it on a screen
(pyte). Nothing here needs pytest: the bench uses it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import tempfile
import termios
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import psutil
import pyte

from tests.patience import PATIENCE
from tests.pty.emulator import Cell, Emulator
from tests.pty.keyboard import encoded
from tests.pty.usage import Usage, usage

Wanted: TypeAlias = "str | re.Pattern[str] | Callable[[Terminal], Any]"
"""What to wait for: a regular expression on the screen's text, or a question about the terminal."""

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)
"""What the program must not inherit as ignored: Python ignores some, nohup others."""


class NotSeen(AssertionError):
    """What was waited for did not come; the message shows the screen."""


@dataclass
class Watch:
    """A question asked after every piece of output; `time` is when the piece came that made it true."""

    question: Callable[[Terminal], Any]
    time: float | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout: float) -> float | None:
        """The time (perf_counter) it became true; None when it did not within `timeout` seconds."""
        self._done.wait(timeout)
        return self.time


class Terminal:
    """One program in one pseudo-terminal of `size` (columns, rows).

    `env` is added to a plain environment (None removes a variable); `modes` are the private modes
    this terminal claims to know, by number, as DECRQM tells them (2: known and reset).
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        size: tuple[int, int] = (160, 50),
        env: Mapping[str, str | None] | None = None,
        directory: Path | None = None,
        modes: Mapping[int, int] | None = None,
    ) -> None:
        self.columns, self.rows = size
        self._emulator = Emulator(*size, {2026: 2, **(modes or {})})
        self.raw = bytearray()
        """Every byte the program wrote."""
        self.chunks: list[tuple[float, int]] = []
        """When (perf_counter) how many bytes were read."""
        self.home = Path(tempfile.mkdtemp(prefix="ops-home-"))
        """A home directory of its own, gone when the terminal is closed."""
        self.mark = uuid.uuid4().hex
        """In the environment of every process that descends from the program."""
        self._lock = threading.Condition(threading.RLock())
        self._watches: list[Watch] = []
        self._pending: bytearray | None = None
        self._status: int | None = None
        self.ended = False
        """Whether nobody has the terminal open any more."""
        self._master, slave = pty.openpty()
        self._resize(self._master)
        self._wake, self._stir = os.pipe()
        words = [str(word) for word in command]
        if directory is not None:
            words = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(directory), *words]
        self.started = self._typed = time.perf_counter()
        # the session leader that opens a terminal gets it as its controlling one: no code of ours
        # runs between fork and exec, and no launcher costs time
        self.pid = os.posix_spawnp(
            words[0],
            words,
            self._environment(env or {}),
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsigdef=_SIGNALS,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name=f"terminal {self.pid}", daemon=True)
        self._reader.start()

    def _environment(self, extra: Mapping[str, str | None]) -> dict[str, str]:
        env: dict[str, str | None] = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TEXTUAL", "OPSCONSOLE_")) and key not in _NOT_INHERITED
        }
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        env |= {"HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state")}
        env |= extra
        env["PTY_MARK"] = self.mark
        return {key: value for key, value in env.items() if value is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what the program writes

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            if self._wake in ready:
                return
            with self._lock:  # what was read is drawn, whoever looks
                try:
                    data = os.read(self._master, 1 << 16)
                except OSError:  # EIO: the last process that had it open is gone
                    data = b""
                now = time.perf_counter()
                if data:
                    self._take(data, now)
                else:
                    self.ended = True
                self._lock.notify_all()
            if not data:
                return

    def _take(self, data: bytes, now: float) -> None:
        self.raw += data
        self.chunks.append((now, len(data)))
        drawable, answers = self._emulator.answers(data)
        if answers:
            self.write(answers)
        if self._pending is not None:
            self._pending += drawable
            return
        self._emulator.draw(drawable)
        for watch in list(self._watches):
            if watch.question(self):
                watch.time = now
                self._watches.remove(watch)
                watch._done.set()

    def watch(self, question: Callable[[Terminal], Any]) -> Watch:
        """Ask this after every piece of output from now on, until it is true once."""
        watch = Watch(question)
        with self._lock:
            self._watches.append(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Ask no more."""
        with self._lock, contextlib.suppress(ValueError):
            self._watches.remove(watch)

    def held(self) -> contextlib.AbstractContextManager[Any]:
        """Inside, nothing new is drawn: what is read there and typed there belongs together."""
        return self._lock

    @contextlib.contextmanager
    def undrawn(self) -> Any:
        """Inside, output is kept but not drawn, which costs a measurement nothing; after, it is."""
        with self._lock:
            self._pending = bytearray()
        try:
            yield
        finally:
            with self._lock:
                pending, self._pending = self._pending, None
                self._emulator.draw(bytes(pending))

    # -- what is on the screen

    @property
    def screen(self) -> pyte.Screen:
        """The screen itself, for who asks often and needs little."""
        return self._emulator.screen

    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        with self._lock:
            return self._emulator.lines()

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self.lines())

    def cell(self, x: int, y: int) -> Cell:
        """One cell with its colours."""
        with self._lock:
            return self.screen.buffer[y][x]

    def cells(self) -> list[list[Cell]]:
        """All cells, row by row."""
        with self._lock:
            return self._emulator.cells()

    def filled(self) -> int:
        """Cells that are not blank."""
        with self._lock:
            return self._emulator.filled()

    def wait_for(self, wanted: Wanted, timeout: float = PATIENCE) -> Any:
        """Wait until the screen shows it; the match or the answer. Raises NotSeen with the screen."""
        if isinstance(wanted, str):
            wanted = re.compile(wanted, re.MULTILINE)
        pattern = wanted
        until = time.monotonic() + timeout
        with self._lock:
            while True:
                found = pattern.search(self.text) if isinstance(pattern, re.Pattern) else pattern(self)
                if found:
                    return found
                left = until - time.monotonic()
                if left <= 0 or self.ended:
                    what = repr(pattern.pattern) if isinstance(pattern, re.Pattern) else str(pattern)
                    why = "the program ended" if self.ended else f"not within {timeout:g} s"
                    raise NotSeen(f"{what}: {why}\n{self.text}")
                # questions about something else than the screen are asked again by and by
                self._lock.wait(min(left, 0.05))

    def wait_quiet(self, quiet: float = 0.1, timeout: float = 3.0) -> bool:
        """Wait until nothing was written or typed for `quiet` seconds and the program has nothing to do.

        False when that is not within `timeout` seconds.
        """
        until = time.perf_counter() + timeout
        looks = 0
        while True:
            with self._lock:
                last = max(self._typed, self.chunks[-1][0] if self.chunks else self.started)
            now = time.perf_counter()
            if self.ended:
                return True
            if now - last >= quiet:
                looks = looks + 1 if self.idle() else 0
                if looks >= 3:
                    return True
            if now >= until:
                return False
            time.sleep(min(max(quiet - (now - last), 0.003), until - now))

    # -- what a person does

    def write(self, text: str | bytes) -> None:
        """Send this to the program as it stands."""
        with contextlib.suppress(OSError):  # it has gone
            os.write(self._master, text.encode() if isinstance(text, str) else text)

    def type(self, text: str) -> None:
        """Type a text."""
        self._typed = time.perf_counter()
        self.write(text)

    def press(self, *keys: str) -> None:
        """Press keys by name (`keyboard.KEYS`, `ctrl+x`) or character."""
        for key in keys:
            self.type(encoded(key))

    def click(self, x: int, y: int) -> None:
        """Press and release the left button on a cell, counted from 0."""
        self.write(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    def resize(self, columns: int, rows: int, *, blank: bool = False) -> None:
        """Make the terminal another size; with `blank` nothing of what was drawn stays."""
        with self._lock:
            self.columns, self.rows = columns, rows
            self._emulator.resize(columns, rows, blank)
            if blank and self._pending is not None:
                self._pending.clear()
            self._typed = time.perf_counter()
            self._resize(self._master)

    def _resize(self, handle: int) -> None:
        fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def settings(self) -> list[Any]:
        """The terminal's line settings, as termios.tcgetattr gives them."""
        return termios.tcgetattr(self._master)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a broken SSH connection does."""
        self._stop_reading()
        self._close_master()

    # -- the processes

    def family(self) -> list[psutil.Process]:
        """The program and its living descendants, also those that left its session."""
        mark = f"PTY_MARK={self.mark}".encode()
        found = []
        for process in psutil.process_iter():
            try:
                environment = Path(f"/proc/{process.pid}/environ").read_bytes()
                alive = process.status() != psutil.STATUS_ZOMBIE
            except (OSError, psutil.Error):
                continue
            if alive and mark in environment.split(b"\0"):
                found.append(process)
        return found

    def idle(self) -> bool:
        """Whether no thread of the program has anything to do, and nothing it wrote is still to be drawn.

        One kept from the cores still has; one whose terminal takes no more sleeps amid its writing.
        """
        if not self.ended and self._master >= 0 and select.select([self._master], [], [], 0)[0]:
            return False
        for file in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # the thread has ended
                # the name before it may hold anything, a bracket too
                if file.read_text(errors="replace").rpartition(")")[2].split()[0] in "RD":
                    return False
        return True

    def usage(self) -> Usage:
        """What the program and its children have used, and hold now."""
        return usage(self.pid)

    def poll(self) -> int | None:
        """The exit code; None while it runs, minus the signal's number when one ended it."""
        if self._status is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit code, waited for. Raises NotSeen when the program is still there."""
        until = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() >= until:
                raise NotSeen(f"still running after {timeout:g} s\n{self.text}")
            time.sleep(0.005)
        with self._lock:
            self._lock.wait_for(lambda: self.ended or not self._reader.is_alive(), 3.0)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def close(self) -> None:
        """End the program (SIGTERM, after 3 s SIGKILL) and all that descends from it; may be called twice."""
        self.signal(signal.SIGTERM)
        try:
            self.wait(3.0)
        except NotSeen:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            self.wait()
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._stop_reading()
        self._close_master()
        shutil.rmtree(self.home, ignore_errors=True)

    def _stop_reading(self) -> None:
        if self._reader.is_alive():
            os.write(self._stir, b"x")
            self._reader.join(2.0)
        for handle in (self._wake, self._stir):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _close_master(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


_NOT_INHERITED = frozenset(
    {"LINES", "COLUMNS", "TMUX", "TMUX_PANE", "STY", "TERM_PROGRAM", "NO_COLOR", "DATABASE_URL",
     "REDIS_URL", "DOCKER_HOST", "DOCKER_CONTEXT", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"}
)  # fmt: skip
