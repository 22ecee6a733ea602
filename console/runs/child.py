"""A step's supervisor as the console sees it: started, listened to, asked to stop, found again."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.runs.tree import stat_of

ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    " from console.runs.supervisor import main; main(sys.argv[1:])"
)
_LOCK, _RESULT = "lock", "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a supervisor is to run. `env` and `secrets` go over its socket, never by argv or environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    directory: Path
    """Of this attempt: its output, lock and result lie there."""
    secrets: Sequence[str] = ()
    state: str = ""
    """Where the shell's state is kept for the next step; empty: nowhere."""
    state_new: str = ""
    input: bytes = b""
    """What it reads from its standard input; never on disk."""
    timeout: float | None = None
    """Seconds until it is ended; None: it may take its time."""
    finishes: bool = False
    """Whether it goes on when the console is gone: to interrupt a change half-way is worse."""

    def message(self) -> bytes:
        """As it is sent, preceded by its length."""
        data = json.dumps(
            {
                "argv": self.argv,
                "env": dict(self.env),
                "cwd": self.cwd,
                "directory": str(self.directory),
                "input": self.input.decode("latin-1"),
                "secrets": list(self.secrets),
                "state": self.state,
                "state_new": self.state_new,
                "timeout": self.timeout,
                "on_gone": "finish" if self.finishes else "end",
                "umask": _umask(),
            }
        ).encode()
        return len(data).to_bytes(8, "big") + data


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a step's process went; times are seconds since 1970."""

    exit_code: int | None = None
    signal: int | None = None
    started: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    bytes: int = 0
    """Written by the step."""
    dropped: int = 0
    """Of these not kept."""
    stopped: str = ""
    """Why it was ended before its time: `cancel`, `timeout`, `gone`; empty: it was not."""
    left: tuple[str, ...] = ()
    """Processes that go on, as `name (pid)`: a service it started, or what could not be ended."""
    error: str = ""
    never: bool = False
    """It was not begun at all: the console went before."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Result:
        """A result out of what the supervisor wrote."""
        left = tuple(f"{name} ({pid})" for pid, name in told.get("left", ()))
        return cls(
            exit_code=told.get("exit"), signal=told.get("signal"), started=told.get("started", 0.0),
            ended=told.get("ended", 0.0), seconds=told.get("seconds", 0.0), bytes=told.get("bytes", 0),
            dropped=told.get("dropped", 0), stopped=told.get("stopped", ""), error=told.get("error", ""),
            left=left, never=told.get("never", False),
        )  # fmt: skip


def result_of(directory: Path) -> Result | None:
    """The result that lies in an attempt's directory; None while there is none."""
    try:
        return Result.of(json.loads((directory / _RESULT).read_bytes()))
    except (OSError, ValueError):
        return None


def supervisor_of(directory: Path) -> int | None:
    """The pid of the living supervisor of an attempt; None when it has none.

    It holds a lock on a file there, which a process that merely has its old number does not.
    """
    try:
        handle = os.open(directory / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(handle, 32) or b"0")
    finally:
        os.close(handle)
    return None


class Child:
    """One supervisor. `ended` gives its result, or None when it was lost without one."""

    def __init__(self, directory: Path, *, ours: bool) -> None:
        self.directory = directory
        self.ours = ours
        """Whether it was started here, and not by another console."""
        self.pid = 0
        self.ended: asyncio.Future[Result | None] = asyncio.get_running_loop().create_future()
        self._socket: socket.socket | None = None
        self._heard = b""
        self._polling: asyncio.TimerHandle | None = None
        self._stops = 0

    @classmethod
    async def start(cls, order: Order) -> Child:
        """Start a supervisor and tell it what to run. Raises OSError."""
        child = cls(order.directory, ours=True)
        lock = os.open(order.directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        ours, theirs = socket.socketpair()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another console that looks holds it for a moment only
            child.pid = _spawn(order.directory, theirs.fileno(), lock)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(lock)  # the supervisor holds it now, for as long as it lives
        ours.setblocking(False)
        child._socket = ours
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(ours, order.message())
        except OSError:
            pass  # it ended at once: seen by the next lines
        loop.add_reader(ours.fileno(), child._hear)
        return child

    @classmethod
    def found(cls, directory: Path, pid: int) -> Child:
        """A supervisor that another console started and that is still alive."""
        child = cls(directory, ours=False)
        child.pid = pid
        child._poll()
        return child

    @property
    def identity(self) -> tuple[int, int]:
        """The supervisor's pid and when it started, in clock ticks since boot."""
        stat = stat_of(self.pid)
        return self.pid, stat[2] if stat else 0

    def stop(self) -> None:
        """Ask for everything to be ended; asked again it is done without grace."""
        if self._socket is not None:
            try:
                self._socket.send(b"c")
            except OSError:
                pass  # it has ended
        else:
            self._stops += 1
            self._send_stops()

    def _send_stops(self) -> None:
        """Ask a supervisor that another console has begun; one that has just begun has no pid yet."""
        while self._stops and (pid := supervisor_of(self.directory)):
            self._stops -= 1
            with contextlib.suppress(ProcessLookupError):  # it has ended since
                os.kill(pid, signal.SIGTERM)

    def leave(self) -> None:
        """Let go of it: to the supervisor the console is gone now."""
        if self._polling is not None:
            self._polling.cancel()
        self._hang_up()
        if not self.ended.done():
            self.ended.cancel()

    def _hear(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._heard += data
        *lines, self._heard = self._heard.split(b"\n")
        for told in map(json.loads, lines):
            if "ended" in told:
                self._over(Result.of(told["ended"]))
                return
        if not data:
            self._over(result_of(self.directory))

    def _over(self, result: Result | None) -> None:
        self._hang_up()
        self._reap()
        if not self.ended.done():
            self.ended.set_result(result)

    def _hang_up(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _poll(self) -> None:
        if (result := result_of(self.directory)) is not None or supervisor_of(self.directory) is None:
            if not self.ended.done():
                # it may have written the result between the two looks
                self.ended.set_result(result or result_of(self.directory))
            return
        self._send_stops()
        self._polling = asyncio.get_running_loop().call_later(0.2, self._poll)

    def _reap(self) -> None:
        """Take our child's end; it closes its socket a moment before."""
        try:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        asyncio.get_running_loop().call_later(0.05, self._reap)


def _spawn(directory: Path, control: int, lock: int) -> int:
    """The pid of a new supervisor, in a session of its own, with these two descriptors and no other."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    errors = os.open(directory / "errors", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    python = sys.executable
    words = [python, "-I", "-S", "-c", _BOOT, ROOT, str(control), str(lock), str(directory)]
    try:
        return os.posix_spawn(
            python,
            words,
            {"LANG": "C.UTF-8"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, errors, 2),
                (os.POSIX_SPAWN_DUP2, control, control),  # takes away close-on-exec, in the child only
                (os.POSIX_SPAWN_DUP2, lock, lock),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE,),
        )
    finally:
        os.close(null)
        os.close(errors)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
