"""Where the journal is kept, and whether it is safe to keep it there."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import JournalError
from console.text import clean

if TYPE_CHECKING:
    from console.config import Config

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "fuse.sshfs", "fuse.glusterfs",
     "fuse.s3fs", "fuse.rclone", "davfs", "fuse.davfs2"}
)  # fmt: skip
"""File systems whose locks and shared memory do not hold between machines, which SQLite stands on."""
_ELSEWHERE = 'name a file on this machine with path = "..." under [journal]'


def journal_path(config: Config, env: Mapping[str, str]) -> Path:
    """The file: as configured, or in the user's state directory.

    Raises JournalError without a home, and for what can be no file. Services and some crons set no HOME:
    then the user's own is taken, as login would.
    """
    if config.journal.path:
        path = Path(config.journal.path).expanduser().absolute()
        if not path.name or "\0" in str(path):
            raise JournalError(f"{clean(str(path), 200)} is no name of a file", _ELSEWHERE)
        return path
    base = env.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):
        home = env.get("HOME", "")
        home = home if home.startswith("/") else _home()
        if not home:
            raise JournalError("there is no home directory to keep the journal in", _ELSEWHERE)
        base = f"{home}/.local/state"
    return Path(base) / "opsconsole" / "journal.db"


def _home() -> str:
    """The home directory of this process's user; empty when it has none."""
    import pwd

    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""
    return home if os.path.isdir(home) else ""


def actor_of(env: Mapping[str, str]) -> str:
    """Who acts: the user of this process, or the one who became root by sudo."""
    import pwd

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user without a name
        name = f"uid {os.geteuid()}"
    behind = env.get("SUDO_USER", "")
    return clean(f"{behind} (as {name})" if behind and behind != name else name, 100)


def prepare(path: Path) -> None:
    """Make the directory and the file, or find them safe: ours alone, no links, on this machine.

    Raises JournalError.
    """
    try:
        _directory(path.parent)
        _local(path.parent)
        _file(path)
    except OSError as error:
        what = clean(str(error.filename or path), 200)
        reason = f"the journal cannot be kept in {what}: {error.strerror or error}"
        raise JournalError(reason, _ELSEWHERE) from None


def check(path: Path) -> None:
    """Find an existing journal safe to open, changing nothing. Raises JournalError when it is not there."""
    try:
        found = [_ours(part) for part in _parts(path)]
    except OSError as error:
        raise JournalError(f"{path} cannot be looked at: {error.strerror}", _ELSEWHERE) from None
    if found[0] is None:
        raise JournalError(f"there is no journal at {path}", "it is begun by the first run")


def examine(path: Path) -> None:
    """Find that a journal is there, or could be begun, changing nothing. Raises JournalError."""
    try:
        above = next(part for part in path.parents if part.exists())
        if above == path.parent:
            _safe(above)
        _local(above)
        for part in _parts(path):
            _ours(part)
        _room(path, above)
        if path.exists():
            _readable(path)
        elif not os.access(above, os.W_OK | os.X_OK):
            raise JournalError(f"no journal can be begun in {above}", _ELSEWHERE)
    except OSError as error:
        what = clean(str(error.filename or path), 200)
        raise JournalError(f"{what} cannot be looked at: {error.strerror or error}", _ELSEWHERE) from None


def _room(path: Path, above: Path) -> None:
    space = os.statvfs(above)
    if not space.f_blocks:
        raise JournalError(f"{above} is no place for files", _ELSEWHERE)
    if not (space.f_bavail or (os.geteuid() == 0 and space.f_bfree)):
        raise JournalError(f"the disk of {path} is full: nothing can be recorded", "make room on it")


def _readable(path: Path) -> None:
    import sqlite3

    if not os.access(path, os.W_OK):
        raise JournalError(f"{path} cannot be written", _ELSEWHERE)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as found:
            found.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        reason = f"{path} is damaged ({error})"
        raise JournalError(reason, "move it away, and look with opsconsole journal verify") from None


def _parts(path: Path) -> tuple[Path, Path, Path]:
    return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _directory(directory: Path) -> None:
    missing = [parent for parent in (directory, *directory.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)
    _safe(directory)


def _safe(directory: Path) -> None:
    info = directory.stat()
    if not stat.S_ISDIR(info.st_mode):
        raise JournalError(f"{directory} is not a directory", _ELSEWHERE)
    if info.st_uid not in (os.geteuid(), 0):
        raise JournalError(f"{directory} belongs to another user, who could replace the journal", _ELSEWHERE)
    if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        reason = f"others can write {directory} and could replace the journal"
        raise JournalError(reason, f"chmod go-w {directory}")


def _file(path: Path) -> None:
    for part in _parts(path):
        _ours(part)
    try:
        # never opened by us when it is there: closing it would drop the locks SQLite holds on it
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        for part in _parts(path):
            info = _ours(part)
            if info is not None and info.st_mode & 0o077:
                part.chmod(0o600)


def _ours(path: Path) -> os.stat_result | None:
    """A file of ours, or None where nothing is. Raises JournalError for anything else."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(info.st_mode):
        raise JournalError(f"{path} is a symbolic link, and may lead anywhere", _ELSEWHERE)
    if not stat.S_ISREG(info.st_mode):
        raise JournalError(f"{path} is not a regular file", _ELSEWHERE)
    if info.st_uid != os.geteuid():
        raise JournalError(f"{path} belongs to another user", f"run as that user, or {_ELSEWHERE}")
    return info


def _local(directory: Path) -> None:
    device = directory.stat().st_dev
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # no /proc: nothing to tell by
    kind = file_system(mounts, os.major(device), os.minor(device))
    if kind in NETWORK:
        reason = f"{directory} is on a network file system ({kind}), where SQLite's locks do not hold"
        raise JournalError(reason, _ELSEWHERE)


def file_system(mounts: str, major: int, minor: int) -> str:
    """The type of a device's file system by `/proc/self/mountinfo`; empty when it is not in there."""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) > 6 and words[2] == f"{major}:{minor}" and "-" in words[6:]:
            after = words[words.index("-", 6) + 1 :]
            return after[0] if after else ""
    return ""
