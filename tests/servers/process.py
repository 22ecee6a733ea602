"""What all private servers of the tests have in common: a directory, and one process that is ours."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypedDict, Unpack

from tests.servers.ports import free_port


class Server(Protocol):
    """What can happen to a server."""

    def kill(self) -> None:
        """End it at once."""

    def start(self) -> None:
        """Start it again."""

    def freeze(self) -> None:
        """Stop it in mid-air."""

    def thaw(self) -> None:
        """Let it go on."""


class Options(TypedDict, total=False):
    """As whom and with what a process is run where that is not as the tests are, in words of `subprocess`."""

    env: Mapping[str, str]
    user: str
    group: int
    extra_groups: Sequence[str | int]


class Entered:
    """What begins where a `with` does, and is gone after it, or where it could not begin."""

    def begin(self) -> None:
        """All that is to be done before the `with`."""
        raise NotImplementedError

    def remove(self) -> None:
        """End it and leave nothing; may be called twice."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.begin()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class PrivateProcess(Entered):
    """One process in a directory of its own that goes with it.

    A server says what is run (`command`) and when it is up (`ready`).
    """

    start_limit = 60.0
    """Seconds it may take to be ready."""
    stop_limit = 60.0
    """Seconds it may take to end."""
    stop_signal = signal.SIGTERM
    """What asks it to end in order."""

    def __init__(self, prefix: str, **options: Unpack[Options]) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))  # sockets need short paths
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it answers."""
        raise NotImplementedError

    def begin(self) -> None:
        """It starts."""
        self.start()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written so far."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, until: Callable[[], object] | None = None) -> None:
        """Start it and wait until it is ready, or until what is given holds.

        Raises RuntimeError with what it wrote.
        """
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                start_new_session=True, **self.options,
            )  # fmt: skip
        end = time.monotonic() + self.start_limit
        while not (until or self.ready)():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{type(self).__name__} did not start:\n{self.log}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Orderly shutdown, of a frozen one too; TimeoutExpired where it had to be killed after all."""
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(self.stop_limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self.send_signal(signal.SIGKILL)
            self._process.wait(self.stop_limit)
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nobody answers."""
        self.send_signal(signal.SIGSTOP)
        # on a busy machine its other threads answer until one of them has had its turn and stops them all
        end = time.monotonic() + self.stop_limit
        while not self._stands_still():
            if time.monotonic() > end:
                raise RuntimeError(f"{type(self).__name__} does not stand still")
            time.sleep(0.001)

    def _stands_still(self) -> bool:
        for task in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # a thread that has ended
                if task.read_text().rpartition(")")[2].split()[0] not in "TtZX":
                    return False
        return True

    def thaw(self) -> None:
        """Undo `freeze`."""
        self.send_signal(signal.SIGCONT)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to all that is the server; what has ended gets none."""
        assert self._process is not None, "the server is not running"
        self._process.send_signal(number)

    def remove(self) -> None:
        """Kill it and delete its directory; may be called twice."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.remove)


class ServerProcess(PrivateProcess):
    """One on a loopback port of its own, which stays the same across restarts: clients find it again."""

    def __init__(self, prefix: str, **options: Unpack[Options]) -> None:
        super().__init__(prefix, **options)
        self.port = free_port()

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"
