"""A small shop with servers of its own that can be made ill and mended, and the rules that see it."""

from __future__ import annotations

import ctypes
import gzip
import os
import secrets
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.console.sources.health.pki import Issuer
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.process import Entered
from tests.servers.redis import RedisServer, wheel_redis

HOLD = 4
"""Seconds a rule must be true before it fires."""
DISK = 16 << 20
"""Bytes of the disk that is filled."""
SESSIONS = 85
RULES = """\
groups:
- name: shop
  rules:
  - alert: CacheGone
    expr: up{source="cache"} == 0
    for: HOLDs
    labels: {severity: critical}
  - alert: ManySessions
    expr: sum(pg_stat_activity_count) > 80
    for: HOLDs
  - alert: CertificateEnds
    expr: (probe_ssl_earliest_cert_expiry{job="front"} - time()) / 86400 < 7
    for: HOLDs
  - alert: ShopIll
    expr: probe_success{job="shop"} == 0
    for: HOLDs
    labels: {severity: critical}
  - alert: ShopSlow
    expr: probe_duration_seconds{job="shop"} > 2
    for: HOLDs
  - alert: BackupBroken
    expr: backup_verified == 0
    for: HOLDs
  - alert: DiskFull
    expr: node_filesystem_avail_bytes{mountpoint="DISK"} / node_filesystem_size_bytes < 0.1
    for: HOLDs
  - alert: CpuBusy
    expr: 1 - avg(rate(node_cpu_seconds_total{mode=~"idle|iowait"}[15s])) > 0.9
    for: HOLDs
"""
CONFIG = """\
[alerts]
rules = ["RULES"]
interval = 1

[[postgres]]
name = "orders"
url = "POSTGRES"

[[redis]]
name = "cache"
url = "REDIS"

[logs]
containers = false
journald = false

[[probes.http]]
name = "shop"
url = "http://127.0.0.1:WEB/health"
interval = 1

[[probes.tls]]
name = "front"
address = "127.0.0.1:TLS"
server_name = "shop.example"
ca_file = "ROOT"
interval = 1

[[probes.backup]]
name = "orders"
path = "BACKUPS/orders-*.sql.gz"
interval = 1
"""


@dataclass(frozen=True)
class Trouble:
    """One way to be ill: the rule that tells it, how it comes, and how it is mended."""

    rule: str
    make: Callable[[], None]
    mend: Callable[[], None]


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as the shop is."""
        front: _Front = self.server  # type: ignore[assignment]
        time.sleep(front.delay)
        self.send_response(front.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name there
        """Nothing."""


class _Front(ThreadingHTTPServer):
    daemon_threads = True
    status = 200
    delay = 0.0

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class Shop(Entered):
    """The servers; `config` is the console's, `troubles` what can befall them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stack = ExitStack()
        self._sessions: subprocess.Popen[bytes] | None = None
        self._burners: list[subprocess.Popen[bytes]] = []

    def remove(self) -> None:
        """End all of it."""
        self._stack.close()

    def begin(self) -> None:
        """Everything is well."""
        settings = {"max_connections": "100"}
        self.postgres = self._stack.enter_context(PostgresServer(wheel_bindir(), settings=settings))
        self.redis = self._stack.enter_context(RedisServer(wheel_redis()))
        self._stack.callback(self.few_sessions)
        self._stack.callback(self.calm)
        self.web = self._serve(None)
        root = Issuer("Shop root")
        self._root = Path(root.save(self.directory))
        self._root_issuer = root
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certify(days=90)
        self.tls = self._serve(self._context)
        self.backups = self.directory / "backups"
        self.backups.mkdir()
        for day in range(1, 8):
            self.back_up(self.backups / f"orders-{day}.sql.gz", age=day * 86400 - 80000)
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        self.mounted = _mount(self.disk)
        if self.mounted:
            self._stack.callback(_unmount, self.disk)

    def _serve(self, context: ssl.SSLContext | None) -> _Front:
        server = _Front(("127.0.0.1", 0), _Page)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self._stack.callback(server.server_close)
        self._stack.callback(thread.join)
        self._stack.callback(server.shutdown)
        return server

    @property
    def config(self) -> str:
        """The console's configuration."""
        rules = self.directory / "shop.yml"
        rules.write_text(RULES.replace("HOLD", str(HOLD)).replace("DISK", str(self.disk)))
        places: Mapping[str, object] = {
            "RULES": rules, "POSTGRES": self.postgres.url(), "REDIS": self.redis.url,
            "WEB": self.web.server_port, "TLS": self.tls.server_port, "ROOT": self._root,
            "BACKUPS": self.backups,
        }  # fmt: skip
        text = CONFIG
        for name, place in places.items():
            text = text.replace(name, str(place))
        return text

    def troubles(self) -> list[Trouble]:
        """All that can befall this shop."""
        found = [
            Trouble("CacheGone", self.redis.stop, self.redis.start),
            Trouble("ManySessions", self.many_sessions, self.few_sessions),
            Trouble("CertificateEnds", lambda: self.certify(days=6), lambda: self.certify(days=90)),
            Trouble("ShopIll", lambda: self.answer(500), self.answer),
            Trouble("ShopSlow", lambda: self.answer(delay=3.0), self.answer),
            Trouble("BackupBroken", self.truncate, self.back_up_anew),
            Trouble("CpuBusy", self.burn, self.calm),
        ]
        if self.mounted:
            found.append(Trouble("DiskFull", self.fill, self.empty))
        return found

    def many_sessions(self) -> None:
        """Hold connections."""
        command = [sys.executable, "-m", "tests.bench.sessions", "--count", str(SESSIONS)]
        self._sessions = subprocess.Popen(
            [*command, "--url", self.postgres.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._sessions.stdout is not None
        assert self._sessions.stdout.readline() == b"ready\n"

    def few_sessions(self) -> None:
        """Let them go."""
        held, self._sessions = self._sessions, None
        if held is not None:
            held.communicate(timeout=20)

    def certify(self, days: float) -> None:
        """Serve a certificate that ends so many days from now."""
        certificate, key = self._root_issuer.issue(self.directory, "shop.example", days=days + 0.1)
        self._context.load_cert_chain(certificate, key)

    def answer(self, status: int = 200, delay: float = 0.0) -> None:
        """How the health page answers."""
        self.web.status, self.web.delay = status, delay

    def back_up(self, path: Path, age: float = 0.0) -> None:
        """A dump of some size, so old."""
        with gzip.open(path, "wb") as file:
            file.write(
                b"INSERT INTO orders VALUES (1);\n" * 1000 + secrets.token_bytes(60_000).hex().encode()
            )
            file.write(b"\n-- PostgreSQL database dump complete\n")
        changed = time.time() - age
        os.utime(path, (changed, changed))

    def truncate(self) -> None:
        """The newest backup loses its end."""
        path = self.backups / "orders-1.sql.gz"
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 3 // 4])
        changed = time.time() - 600
        os.utime(path, (changed, changed))

    def back_up_anew(self) -> None:
        """A whole backup takes the broken one's place."""
        self.back_up(self.backups / "orders-1.sql.gz", age=300)

    def fill(self) -> None:
        """All but little of the disk."""
        (self.disk / "ballast").write_bytes(bytes(DISK * 95 // 100))

    def empty(self) -> None:
        """Free again."""
        (self.disk / "ballast").unlink()

    def burn(self) -> None:
        """Every core is busy."""
        for _ in range(os.cpu_count() or 1):
            self._burners.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))

    def calm(self) -> None:
        """Idle again."""
        while self._burners:
            burner = self._burners.pop()
            burner.kill()
            burner.wait()


_libc = ctypes.CDLL(None, use_errno=True)


def _mount(place: Path) -> bool:
    """A small disk in memory; False where this user may not mount."""
    options = f"size={DISK}".encode()
    return bool(_libc.mount(b"shop", os.fsencode(place), b"tmpfs", 0, options) == 0)


def _unmount(place: Path) -> None:
    _libc.umount2(os.fsencode(place), 2)
