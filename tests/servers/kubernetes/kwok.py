"""A private kwok: it plays the kubelets of a cluster's nodes, so that pods run where nothing runs."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
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
    """It manages the nodes annotated for it and their pods.

    `kubeconfig` is who it asks the cluster as; `certificate` and `key` are what the cluster calls its
    kubelets by; `log` is a file that every container is said to have written.
    """

    def __init__(self, kubeconfig: Path, certificate: Path, key: Path, log: Path | None = None) -> None:
        self._program = built(KUBERNETES, "kwok")
        super().__init__("ops-kwok-")
        self._kubeconfig = kubeconfig
        self._tls = [f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}"]
        self._files = [KUBERNETES.beside / stage for stage in _STAGES]
        if log is not None:
            self._files.append(self.directory / "logs.yaml")
            logs = {
                "apiVersion": "kwok.x-k8s.io/v1alpha1",
                "kind": "ClusterLogs",
                "metadata": {"name": "logs"},
                "spec": {"logs": [{"logsFile": str(log), "follow": True}]},
            }
            self._files[-1].write_text(json.dumps(logs))

    def command(self) -> Sequence[str | Path]:
        """Its nodes are all at one address."""
        return [
            self._program,
            f"--kubeconfig={self._kubeconfig}",
            *(f"--config={file}" for file in self._files),
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
