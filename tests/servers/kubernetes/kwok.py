"""A private kwok: it plays the kubelets of a cluster's nodes, so that pods run where nothing runs."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import built
from tests.servers.building import KUBERNETES
from tests.servers.kubernetes.objects import MANAGED
from tests.servers.process import ServerProcess

_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)
"""What kwok does by default where it is not told otherwise: all at once."""


class Kwok(ServerProcess):
    """It manages the nodes annotated for it and their pods; of a cluster there is one at a time.

    `kubeconfig` is who it asks the cluster as; `certificate` and `key` are its kubelets' own.
    """

    def __init__(self, kubeconfig: Path, certificate: Path, key: Path) -> None:
        self._program = built(KUBERNETES, "kwok")
        super().__init__("ops-kwok-")
        self._kubeconfig = kubeconfig
        self._tls = [f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}"]
        self._said = self.directory / "said"
        self._said.touch()
        logs = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "logs"},
            "spec": {"logs": [{"logsFile": str(self._said), "follow": True}]},
        }
        self._logs = self.directory / "logs.yaml"
        self._logs.write_text(json.dumps(logs))  # JSON is YAML

    def say(self, *lines: str) -> None:
        """Have every container write these lines now: they all have one log."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        with self._said.open("a") as file:
            file.writelines(f"{now} stdout F {line}\n" for line in lines)

    def command(self) -> Sequence[str | Path]:
        """Its nodes are all at one address."""
        return [
            self._program,
            f"--kubeconfig={self._kubeconfig}",
            *(f"--config={KUBERNETES.beside / stage}" for stage in _STAGES),
            f"--config={self._logs}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={MANAGED}=fake",
            "--node-ip=127.0.0.1",
            f"--node-port={self.port}",
            f"--server-address={self.address}",
            *self._tls,
        ]

    def ready(self) -> bool:
        """Whether its own server answers: it listens once the cluster does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
