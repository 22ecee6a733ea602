"""The small process beside one step: starts it, keeps its output, ends all of it, writes down how it went.

It is started by `console.runs.child`, learns what to run over a socket (never by arguments or
environment, which others can read), and takes the closing of that socket for the console being gone.
Its own session, the mark of a subreaper and a lock on the step's directory outlive the console.
Standard library and the masks only, and of those as little as can be: every step waits for this start.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from console.masks import Masks
from console.runs import tree
from console.runs.become import Reserved, become, write_whole
from console.runs.output import Output

CHUNK = 1 << 18
GRACES = ((signal.SIGINT, 1.0), (signal.SIGTERM, 1.5), (signal.SIGKILL, 2.0))
"""What everything the step started is sent in turn, and the seconds it has after each."""
RESULT = 1 << 13
"""Bytes of room that are taken for the result before anything is begun."""
AFTER_END = 0.25
"""Seconds the output of processes left behind is still read after the step itself ended."""
F_SETPIPE_SZ = 1031


class Step:
    """One step from its start to its result."""

    def __init__(self, spec: dict[str, Any], control: socket.socket) -> None:
        self.spec = spec
        self.control: socket.socket | None = control
        self.directory: str = spec["directory"]
        self.output = Output(self.directory, Masks(spec["secrets"]))
        self.began = 0.0
        self.clock = 0.0
        self.child = 0
        self.status: int | None = None
        self.stopped = ""
        """Why it was ended before its time: `cancel`, `timeout`, `gone`; empty: it was not."""
        self._stage = -1
        self._next = 0.0
        self._gone = False
        self._source = -1
        self._wake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.stop("cancel"))
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def run(self) -> dict[str, Any]:
        """Start the step and stay until it has ended; the result."""
        self.began, self.clock = time.time(), time.monotonic()
        try:
            self._spawn()
        except OSError as error:
            return self._result(error=f"{error.filename or self.spec['argv'][0]}: {error.strerror}")
        self.tell({"begun": self.began, "pid": self.child})
        deadline = self.clock + self.spec["timeout"] if self.spec["timeout"] else None
        while not self._over():
            self._turn(deadline)
        self._last_words()
        return self._result()

    def stop(self, why: str) -> None:
        """Begin to end everything; asked again it goes straight to the strongest sign."""
        if not self.stopped:
            self.stopped, self._next = why, time.monotonic()
        elif why == "cancel" and self._stage < len(GRACES) - 2:
            self._stage, self._next = len(GRACES) - 2, time.monotonic()

    def tell(self, message: dict[str, Any]) -> None:
        """Say something to the console, if there is one; its slowness holds nothing up."""
        if self.control is None:
            return
        try:
            self.control.send(json.dumps(message).encode() + b"\n", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            pass  # it reads the result from the directory instead

    def _spawn(self) -> None:
        self._source, sink = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._source, False)
        try:
            fcntl.fcntl(self._source, F_SETPIPE_SZ, 1 << 20)
        except OSError:
            pass  # above the user's share of pipe memory: the usual 64 KiB do
        failed, tell = os.pipe2(os.O_CLOEXEC)
        self.child = os.fork()
        if not self.child:
            become(self.spec, sink, tell)
        os.close(sink)
        os.close(tell)
        with os.fdopen(failed, "rb") as stream:
            number, _, what = stream.read().partition(b" ")
        if number:
            os.waitpid(self.child, 0)
            raise OSError(int(number), os.strerror(int(number)), os.fsdecode(what))

    def _over(self) -> bool:
        """Whether there is nothing more to wait for: ended by itself, or ended with all it started."""
        if not self.stopped:
            return self.status is not None
        if self._stage == len(GRACES) - 1 and time.monotonic() > self._next:
            return True  # what even SIGKILL does not end is told as left
        return self.status is not None and not tree.descendants(os.getpid())

    def _turn(self, deadline: float | None) -> None:
        """Wait for the next event of any kind and deal with it."""
        now = time.monotonic()
        waits = [self.output.due(now), 0.02 if self.stopped and self.status is not None else 3600.0]
        waits += [self._next - now] if self.stopped else []
        waits += [deadline - now] if deadline is not None and not self.stopped else []
        sources: list[Any] = [self._wake, *([self._source] if self._source >= 0 else [])]
        sources += [self.control] if self.control is not None else []
        ready, _, _ = select.select(sources, [], [], max(0.0, min(waits)))
        if self._source in ready:
            self._read()
        if self._wake in ready:
            _drain(self._wake)
            self._reap()
        if self.control is not None and self.control in ready:
            self._listen()
        now = time.monotonic()
        self.output.flush(now)
        if deadline is not None and now >= deadline and not self.stopped:
            self.stop("timeout")
        if self.stopped and now >= self._next and self._stage < len(GRACES) - 1:
            self._stage += 1
            number, grace = GRACES[self._stage]
            self._next = now + grace
            tree.signal_all(os.getpid(), number)
        elif self.stopped and self._stage == len(GRACES) - 1:
            tree.signal_all(os.getpid(), signal.SIGKILL)  # what was started while the others were ended

    def _read(self) -> bool:
        """Take what the step has written; False when there is nothing now."""
        try:
            data = os.read(self._source, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            os.close(self._source)
            self._source = -1
            return False
        self.output.take(data)
        return True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.child:
                self.status = status

    def _listen(self) -> None:
        """Hear the console: a word to stop, or that it is gone."""
        assert self.control is not None
        try:
            words = self.control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        if words:
            for _ in range(words.count(b"c")):
                self.stop("cancel")
            return
        self.control.close()
        self.control, self._gone = None, True
        if self.spec["on_gone"] == "end":
            self.stop("gone")

    def _last_words(self) -> None:
        """Read what is still in the pipe; processes left behind may go on writing, and are not waited for."""
        end = time.monotonic() + AFTER_END
        while self._source >= 0 and time.monotonic() < end and self._read():
            pass
        self._reap()
        self.output.close()

    def _result(self, error: str = "") -> dict[str, Any]:
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        left = [[pid, tree.name_of(pid)] for pid in tree.descendants(os.getpid())][:20]
        return {
            "exit": code if code is not None and code >= 0 else None,
            "signal": -code if code is not None and code < 0 else None,
            "started": self.began, "ended": time.time(), "seconds": time.monotonic() - self.clock,
            "bytes": self.output.taken, "dropped": self.output.dropped,
            "stopped": self.stopped, "gone": self._gone, "left": left,
            "error": error or self.output.error,
        }  # fmt: skip

    def leave(self) -> None:
        """Let a service the step has begun go on: its output must not meet a broken pipe."""
        if self._source < 0 or not tree.descendants(os.getpid()):
            return
        os.set_blocking(self._source, True)
        if not os.fork():
            os.setsid()
            os.dup2(self._source, 0)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            try:
                os.execv("/bin/cat", ["cat"])  # noqa: S606 ends when the last writer does
            finally:
                os._exit(0)


def _drain(handle: int) -> None:
    try:
        while os.read(handle, 4096):
            pass
    except BlockingIOError:
        pass


def _specification(control: socket.socket) -> dict[str, Any] | None:
    """What is to be run, preceded by its length; None when the console went before it was all said."""
    size = _exactly(control, 8)
    data = size and _exactly(control, int.from_bytes(size, "big"))
    return json.loads(data) if data else None


def _exactly(control: socket.socket, count: int) -> bytes:
    """So many bytes and no more: what follows is a word to stop. Empty when the console went before."""
    data = bytearray()
    while len(data) < count:
        more = control.recv(count - len(data))
        if not more:
            return b""
        data += more
    return bytes(data)


def _keep_state(spec: dict[str, Any]) -> None:
    """Let the next step begin where this one ended, if its shell came to write everything down."""
    new, kept = spec.get("state_new"), spec.get("state")
    if not new or not kept:
        return
    try:
        with open(new, "rb") as stream:
            data = stream.read()
        if data.endswith(b"# whole\n"):
            write_whole(kept, data)
        os.unlink(new)
    except FileNotFoundError:
        pass  # killed before its end, or a program that is no shell


def main(arguments: list[str]) -> None:
    """Run one step: arguments are the socket's number, the lock's, and the step's directory."""
    control = socket.socket(fileno=int(arguments[0]))
    lock = int(arguments[1])
    # who reads its number below may ask it to stop before it knows what that means
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    control.set_inheritable(False)
    os.set_inheritable(lock, False)
    os.umask(0o077)
    try:
        os.write(lock, b"%d\n" % os.getpid())
        kept = Reserved(os.path.join(arguments[2], "result.json"), RESULT)
    except OSError as error:
        _specification(control)
        _not_begun(control, error)
        return
    spec = _specification(control)
    if spec is None or _has_left(control):
        never = {"never": True, "stopped": "gone", "gone": True, "ended": time.time()}
        kept.fill(json.dumps(never).encode())
        return
    os.umask(spec["umask"])
    tree.adopt_orphans()
    try:
        step = Step(spec, control)
    except OSError as error:
        _not_begun(control, error)
        return
    control.setblocking(False)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    result = step.run()
    try:
        _keep_state(spec)
    except OSError as error:
        result["error"] = result["error"] or f"the shell's state was not kept: {error.strerror}"
    try:
        kept.fill(json.dumps(result).encode())
    except OSError as error:
        result["error"] = f"the result could not be written: {error.strerror}"
    step.tell({"ended": result})
    step.leave()


def _not_begun(control: socket.socket, error: OSError) -> None:
    """What it gives could not be kept, so nothing was begun: told to the console alone."""
    result = {"error": f"it was not begun, since there is no keeping what it gives: {error.strerror}"}
    control.sendall(json.dumps({"ended": result}).encode() + b"\n")


def _has_left(control: socket.socket) -> bool:
    """Whether the console is gone already: then nothing is begun."""
    try:
        return not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK)


if __name__ == "__main__":
    main(sys.argv[1:])
