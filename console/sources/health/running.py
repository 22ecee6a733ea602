"""A program run for a probe: no shell, no input, no secrets, bounded, and ended with all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from console.worker import Worker

PASSED = ("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "XDG_RUNTIME_DIR")
"""What a program gets of our environment; all else may hold secrets."""
MARK = "OPSCONSOLE_PROBE_RUN"
"""By this variable of its environment what a program started is found, whoever its parent is by then."""
KEPT = 1 << 16
"""Bytes kept of each output; the rest is read and dropped."""
AFTER_END = 0.2
"""Seconds the output of what it left behind is waited for."""
TICK = 0.1
"""Seconds after which it is seen that the program has ended though its outputs are held open."""
SWEEP_LIMIT = 3.0
"""Seconds the ending of a tree may take; what no signal ends by then hangs in the kernel."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program went; `code` is negative for a signal, None when its time was over."""

    code: int | None
    output: bytes
    errors: bytes


async def run(words: Sequence[str], env: Mapping[str, str], limit: float) -> Ran:
    """Run a program for at most so many seconds. Raises OSError when it cannot be started.

    It is waited for in a thread: asyncio's own processes were seen to be waited for without end (3.11).
    """
    passed = {name: env[name] for name in PASSED if name in env}
    given = {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"} | passed
    worker, stopped = Worker("command of a probe"), threading.Event()
    try:
        return await worker.call(_run, list(words), given, limit, stopped)
    finally:
        stopped.set()
        worker.stop()


def _run(words: list[str], env: dict[str, str], limit: float, stopped: threading.Event) -> Ran:
    mark = uuid4().hex
    process = subprocess.Popen(  # noqa: S603 the configuration names it
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # no terminal to prompt on
        env={**env, MARK: mark},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    kept = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    output, errors = kept.values()
    with process.stdout, process.stderr:
        until = time.monotonic() + limit
        while kept and not stopped.is_set() and (left := until - time.monotonic()) > 0:
            if process.poll() is not None:
                until = min(until, time.monotonic() + AFTER_END)
            _read(kept, min(TICK, left))
    code = None
    try:
        # closing its outputs is no end yet
        code = process.wait(0 if kept or stopped.is_set() else max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    if code is None or kept:
        end_all(process.pid, mark)
        try:
            process.wait(TICK)
        except subprocess.TimeoutExpired:
            pass  # it hangs in the kernel, and is reaped when another one is started
    return Ran(code, bytes(output), bytes(errors))


def _read(kept: dict[int, bytearray], wait: float) -> None:
    """Take what is there now, and leave out what has come to its end."""
    poll = select.poll()  # select() knows no descriptor above 1023
    for handle in kept:
        poll.register(handle, select.POLLIN)
    for handle, _ in poll.poll(wait * 1000):
        if data := os.read(handle, 1 << 16):
            kept[handle] += data[: KEPT - len(kept[handle])]
        else:
            del kept[handle]


def end_all(session: int, mark: str) -> None:
    """Kill whatever is of a session or carries the mark, until nothing is left of it."""
    until = time.monotonic() + SWEEP_LIMIT
    while (pids := _alive(session, mark)) and time.monotonic() < until:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _alive(session: int, mark: str) -> list[int]:
    wanted, found = f"{MARK}={mark}".encode(), []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if fields[0] in b"ZX":
                continue
            if int(fields[3]) == session or wanted in _environment(name):
                found.append(int(name))
        except (OSError, IndexError):
            continue  # it ended while we looked
    return found


def _environment(pid: str) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except PermissionError:
        return []  # another user's, which is none of ours unless it is of the session
