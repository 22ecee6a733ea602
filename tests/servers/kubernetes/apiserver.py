"""A private kube-apiserver on an etcd of its own."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from tests.servers import built
from tests.servers.building import KUBERNETES
from tests.servers.kubernetes.calls import CallError, Calls
from tests.servers.kubernetes.etcd import Etcd
from tests.servers.kubernetes.users import BEARER, ISSUER, LIMITED, Keys, User
from tests.servers.process import ServerProcess


class ApiServer(ServerProcess):
    """One server; its keys and its users' are in its directory."""

    start_limit = 90.0

    def __init__(self, etcd: Etcd) -> None:
        self._program = built(KUBERNETES, "kube-apiserver")
        # it lives for a minute: to collect its garbage a quarter as often saves a sixth of what it costs
        super().__init__("ops-kube-", env={**os.environ, "GOGC": "400"})
        self._etcd = etcd
        self.keys = Keys(self.directory)
        self.calls = self.calls_of(self.keys.admin)
        self._look = self.calls_of(self.keys.admin, timeout=3)
        self._tokens = self.directory / "tokens.csv"
        with self._tokens.open("w") as file:
            csv.writer(file).writerow([BEARER, LIMITED.name, "1"])

    def calls_of(self, user: User, timeout: float = 30.0) -> Calls:
        """What this user asks; a certificate or a token says who it is."""
        return Calls(self.port, self.keys.context(user), user.said.get("token", ""), timeout)

    def command(self) -> Sequence[str | Path]:
        """As a cluster's of one's own, but for what would need controllers and a network."""
        keys = self.keys
        return [
            self._program,
            f"--etcd-servers={self._etcd.url}",
            "--etcd-compaction-interval=0",  # only `compact` does
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--advertise-address=192.0.2.1",  # loopback is refused, and nobody is told
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--cert-dir={self.directory}",
            f"--tls-cert-file={keys.certificate}",
            f"--tls-private-key-file={keys.key}",
            f"--client-ca-file={keys.issuer}",
            f"--token-auth-file={self._tokens}",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={keys.signing}",
            f"--service-account-signing-key-file={keys.signing}",
            "--authorization-mode=RBAC",
            # no controller makes service accounts for pods, nor takes a taint away
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            f"--kubelet-client-certificate={keys.admin.said['client-certificate']}",
            f"--kubelet-client-key={keys.admin.said['client-key']}",
            "--kubelet-preferred-address-types=InternalIP",
            "--shutdown-delay-duration=0s",
        ]

    def ready(self) -> bool:
        """Whether it answers in full, and has made the namespace that everybody uses."""
        try:
            self._look.get("/readyz")
            self._look.get("/api/v1/namespaces/default")
        except (OSError, CallError):
            return False
        return True

    def remove(self) -> None:
        """End it, its directory, and what is connected to it."""
        self.calls.close()
        self._look.close()
        super().remove()
