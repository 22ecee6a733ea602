"""A new process turned into a step's program, and files put in place whole. Standard library only."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any


def become(spec: dict[str, Any], sink: int, tell: int) -> None:
    """In the new process: turn into the step's program. Never returns; `tell` takes why it could not."""
    try:
        os.setsid()
        os.dup2(_input(spec["input"].encode("latin-1")), 0)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 what the gate let through
    except OSError as error:
        what = error.filename or spec["argv"][0]
        os.write(tell, f"{error.errno} ".encode() + os.fsencode(what))
    finally:
        os._exit(127)


def _input(data: bytes) -> int:
    """Something to read the data from, in memory only."""
    if not data:
        return os.open(os.devnull, os.O_RDONLY)
    handle = os.memfd_create("input", os.MFD_CLOEXEC)
    while data:
        data = data[os.write(handle, data) :]
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def write_whole(path: str, data: bytes) -> None:
    """Put a file in place so that it is there whole or not at all, after a power cut too. Raises OSError."""
    Reserved(path, 0).fill(data)


class Reserved:
    """A file to be put in place later, for whose content there is room already. Raises OSError."""

    def __init__(self, path: str, size: int) -> None:
        self._path = path
        self._temporary = f"{path}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._handle = os.open(self._temporary, flags, 0o600)
        if size:
            try:
                os.posix_fallocate(self._handle, 0, size)
            except OSError as error:
                if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):
                    return  # a file system that takes no reservations: its room shows at the end
                self._give_up()
                raise

    def fill(self, data: bytes) -> None:
        """Write the content and put the file in its place, whole."""
        try:
            view = memoryview(data)
            while view:  # a disk that fills up takes a part, and refuses only what is left
                view = view[os.write(self._handle, view) :]
            os.ftruncate(self._handle, len(data))
            os.fsync(self._handle)
        except OSError:
            self._give_up()
            raise
        os.close(self._handle)
        os.rename(self._temporary, self._path)
        directory = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _give_up(self) -> None:
        os.close(self._handle)
        os.unlink(self._temporary)
