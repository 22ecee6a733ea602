"""A private etcd: what a private cluster knows."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.servers import find, require
from tests.servers.process import ServerProcess


def _given() -> str | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    found = Path(assets, "etcd") if assets else None
    return str(found) if found is not None and found.exists() else None


def is_there() -> bool:
    """Whether this machine has it."""
    return bool(_given() or find("etcd"))


def program() -> str:
    """Where etcd is: among the programs that KUBEBUILDER_ASSETS names, or Debian's."""
    return _given() or require("etcd", "etcd-server")


def _quick() -> str:
    """Where data lies in memory if there is room: each write waits for the disk otherwise."""
    memory = Path("/dev/shm")
    roomy = memory.exists() and shutil.disk_usage(memory).free > 2**30
    return str(memory) if roomy else "/tmp"


class Etcd(ServerProcess):
    """One member, alone; asked by JSON."""

    def __init__(self) -> None:
        self._program = program()
        super().__init__("ops-etcd-")
        self.data = Path(tempfile.mkdtemp(prefix="ops-etcd-", dir=_quick()))

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.address}"

    def command(self) -> Sequence[str | Path]:
        """It elects itself at once: nobody else could."""
        return [
            self._program,
            f"--data-dir={self.data}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            "--listen-peer-urls=http://127.0.0.1:0",
            "--heartbeat-interval=10",
            "--election-timeout=100",
            "--logger=zap",
            "--log-level=error",
        ]

    def ready(self) -> bool:
        """Whether it takes writes."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(json.load(answer)["health"] == "true")
        except OSError:
            return False

    def compact(self) -> None:
        """Forget every revision but the newest, which is newer than any that a client has seen."""
        key = base64.b64encode(b"compacted").decode()
        revision = self._ask("kv/put", key=key)["header"]["revision"]
        self._ask("kv/compaction", revision=revision, physical=True)

    def remove(self) -> None:
        """Its data goes, too."""
        super().remove()
        shutil.rmtree(self.data, ignore_errors=True)

    def _ask(self, what: str, **said: object) -> Any:
        request = urllib.request.Request(f"{self.url}/v3/{what}", data=json.dumps(said).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
