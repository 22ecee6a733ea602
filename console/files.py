"""Files that people name: by patterns, and opened without waiting for whoever should write them."""

from __future__ import annotations

import fnmatch
import glob
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from console.errors import TooWide

LOOK_LIMIT = 1.5
"""Seconds a pattern with `**` may take to be looked through."""
_MADE_UP = ("/proc", "/sys", "/dev")
"""What `**` from further up passes by: the kernel makes it up, and parts of it have no end."""


def here() -> Path:
    """The current directory; as `.` where it was removed under us, in which nothing is found."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


def open_now(path: Path) -> BinaryIO:
    """The file, to be read; a pipe without a writer is empty instead of holding us up. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    os.set_blocking(
        handle, True
    )  # a pipe that somebody writes to, as `<(...)` of a shell, is read to its end
    return os.fdopen(handle, "rb")


def matching(pattern: str, limit: float = LOOK_LIMIT) -> Iterator[str]:
    """The paths a pattern names, each once; `**` goes through directories, not through links, as bash's does.

    Raises TooWide after `limit` seconds of going through directories; what was found until then was given.
    """
    seen: set[str] = set()
    until = time.monotonic() + limit
    for path in _through(os.path.expanduser(pattern), pattern, until):
        if path not in seen:
            seen.add(path)
            yield path


def named_below(directory: Path, pattern: str) -> list[Path]:
    """The paths a pattern names, sorted; a plain name's path whether it is there or not.

    What does not begin at the root begins at the directory. Raises TooWide, and ValueError or RuntimeError
    for what can be no path: a NUL, a home of nobody.
    """
    if "\0" in pattern:
        raise ValueError("there is a NUL in it")
    path = Path(pattern).expanduser()
    if not glob.has_magic(pattern):
        return [directory / path]
    below = path if path.is_absolute() else Path(glob.escape(str(directory))) / path
    return sorted(Path(found) for found in matching(str(below)))


def _through(pattern: str, named: str, until: float) -> Iterator[str]:
    parts = pattern.split("/")
    if "**" not in parts:
        yield from glob.iglob(pattern)
        return
    place = parts.index("**")
    above, below = "/".join(parts[:place]) or "/", parts[place + 1 :]
    for base in glob.iglob(above if place else "."):
        for walked, folders, files in os.walk(base):
            if time.monotonic() > until:
                raise TooWide(f"{named} goes through too many directories", "name one further down")
            folders[:] = [name for name in folders if name[0] != "." and f"{walked}{name}" not in _MADE_UP]
            at = walked if place else walked[2:]  # without the ./ that nobody wrote
            if not below:
                yield from (os.path.join(at, name) for name in [*folders, *files] if name[0] != ".")
            elif below == [""]:
                yield os.path.join(at, "")
            elif len(below) == 1 and below != ["**"]:
                hidden = below[0][0] == "."
                found = fnmatch.filter([*folders, *files], below[0])
                yield from (os.path.join(at, name) for name in found if hidden or name[0] != ".")
            else:
                yield from _through(os.path.join(glob.escape(at), *below), named, until)
