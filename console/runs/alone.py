"""One process at a time for one procedure with the same values: a job may take longer than its schedule."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from console.errors import GateRefused
from console.guides.model import Guide, Procedure


@contextlib.contextmanager
def alone(path: Path, guide: Guide, procedure: Procedure, values: Mapping[str, str]) -> Iterator[None]:
    """Keep every other process from the same, as long as this one is at it. Raises GateRefused.

    One byte of the file stands for each procedure with its values, so that nothing is left behind; the
    system gives it back however this process ends.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(guide, procedure, values))
        except (BlockingIOError, PermissionError):  # POSIX allows for either
            reason = f"{guide.name}/{procedure.id} is being carried out already, with the same values"
            raise GateRefused(reason, "wait for its end: opsconsole journal show") from None
        yield
    finally:
        os.close(handle)


def _place(guide: Guide, procedure: Procedure, values: Mapping[str, str]) -> int:
    told = "\0".join([str(Path(guide.path).resolve()), procedure.id, *map(str, sorted(values.items()))])
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:7], "big")
