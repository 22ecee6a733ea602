"""A private Alertmanager on a loopback port of its own, without a cluster.

with Alertmanager() as server:
    server.alert({"alertname": "DiskFull", "instance": "db-1"})
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers import require
from tests.servers.ports import free_port

START_LIMIT = 20.0
"""Seconds it may take to answer."""
CONFIG = """\
route:
  receiver: nobody
receivers:
- name: nobody
inhibit_rules:
- source_matchers: [alertname="NodeDown"]
  target_matchers: [severity="warning"]
  equal: [instance]
"""


class Alertmanager:
    """One server in a directory of its own; `prefix` is the path it is under, `web` its file of users."""

    def __init__(self, config: str = CONFIG, prefix: str = "", web: str = "") -> None:
        self.binary = require("prometheus-alertmanager", "prometheus-alertmanager")
        self.directory = Path(tempfile.mkdtemp(prefix="ops-am-", dir="/tmp"))
        (self.directory / "alertmanager.yml").write_text(config)
        (self.directory / "web.yml").write_text(web)
        self.port = free_port()
        self.prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it is ready."""
        log = self.directory / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [
                    self.binary, f"--config.file={self.directory}/alertmanager.yml",
                    f"--storage.path={self.directory}/data", "--cluster.listen-address=",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    f"--web.route-prefix={self.prefix or '/'}",
                    f"--web.config.file={self.directory}/web.yml",
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.directory, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + START_LIMIT
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"alertmanager did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 401
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        os.kill(self.pid, signal.SIGCONT)

    def remove(self) -> None:
        """Kill it and delete its directory; may be called twice."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.remove)

    def alert(
        self, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None, generator: str = ""
    ) -> None:
        """Have an alert fire, as a Prometheus would tell it."""
        told = {"labels": dict(labels), "annotations": dict(annotations or {}), "generatorURL": generator}
        self.ask("/api/v2/alerts", [told])

    def alerts(self) -> Sequence[Any]:
        """Its alerts, as it tells them."""
        found: Sequence[Any] = self.ask("/api/v2/alerts")
        return found

    def silences(self) -> Sequence[Any]:
        """Its silences, expired ones too."""
        found: Sequence[Any] = self.ask("/api/v2/silences")
        return found

    def ask(self, path: str, body: Any = None) -> Any:
        """What it answers, to a POST where there is a body."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"{self.url}{path}", data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None
