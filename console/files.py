"""Files that people name: opened without waiting for whoever should write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def open_now(path: Path) -> BinaryIO:
    """The file, to be read; a pipe without a writer is empty instead of holding us up. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    os.set_blocking(
        handle, True
    )  # a pipe that somebody writes to, as `<(...)` of a shell, is read to its end
    return os.fdopen(handle, "rb")
