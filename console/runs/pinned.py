"""What a run needs to be taken up again, kept beside its output: the procedure as it was at the start."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from console.decoders import decoder
from console.errors import JournalError, OpsError
from console.guides.model import Procedure
from console.runs.become import write_whole

_NAME = "procedure.json"


def pin(directory: Path, procedure: Procedure) -> str:
    """Keep a procedure in a run's directory; the SHA-256 of what was written. Raises JournalError."""
    make_private(directory)
    data = msgspec.json.encode(procedure)
    try:
        write_whole(str(directory / _NAME), data)
    except OSError as error:
        raise unkept(directory, error) from None
    return hashlib.sha256(data).hexdigest()


def pinned(directory: Path, digest: str) -> Procedure:
    """The procedure of a run. Raises OpsError when it is gone or not what the journal says."""
    try:
        data = (directory / _NAME).read_bytes()
    except OSError as error:
        reason = f"{directory / _NAME} cannot be read: {error.strerror}"
        raise OpsError(reason, "the journal still tells what was done; start the run anew") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise OpsError(f"{directory / _NAME} is not what the run began with", "start the run anew")
    return decoder(Procedure).decode(data)


def make_private(directory: Path) -> None:
    """A directory only the user may enter, with those above it that are missing. Raises JournalError."""
    try:
        for missing in reversed([p for p in (directory, *directory.parents) if not p.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        if os.stat(directory).st_mode & 0o077:
            directory.chmod(0o700)
    except OSError as error:
        raise unkept(directory, error) from None


def unkept(directory: Path, error: OSError) -> JournalError:
    """What a run leaves cannot be kept: then nothing of it may start."""
    return JournalError(f"{directory} cannot be written: {error.strerror}", "make room, or check its rights")
