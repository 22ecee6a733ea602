"""A private Alertmanager on a loopback port of its own, without a cluster.

with Alertmanager() as server:
    server.alert({"alertname": "DiskFull", "instance": "db-1"})
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers import require
from tests.servers.process import ServerProcess

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


class Alertmanager(ServerProcess):
    """One server in a directory of its own; `prefix` is the path it is under, `web` its file of users."""

    def __init__(self, config: str = CONFIG, prefix: str = "", web: str = "") -> None:
        self.binary = require("prometheus-alertmanager", "prometheus-alertmanager")
        super().__init__("ops-am-")
        (self.directory / "alertmanager.yml").write_text(config)
        (self.directory / "web.yml").write_text(web)
        self.prefix = prefix

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.address}{self.prefix}"

    def command(self) -> Sequence[str | Path]:
        """Without a cluster."""
        return [
            self.binary, f"--config.file={self.directory}/alertmanager.yml",
            f"--storage.path={self.directory}/data", "--cluster.listen-address=",
            f"--web.listen-address={self.address}", f"--web.route-prefix={self.prefix or '/'}",
            f"--web.config.file={self.directory}/web.yml",
        ]  # fmt: skip

    def ready(self) -> bool:
        """Whether it answers, be it only that it wants a password."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 401
        except OSError:
            return False

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
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None
