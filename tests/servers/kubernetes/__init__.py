"""A private Kubernetes cluster: a real etcd and a real kube-apiserver, and kwok in place of kubelets.

    with Cluster() as cluster, cluster.kwok():
        cluster.calls.create(node("one"), pod("web", node="one"))
        cluster.kubectl("get", "pods")
        reads = cluster.account("reader")
        cluster.allow(reads, resources="pods", namespace="default")
        opsconsole(KUBECONFIG=cluster.kubeconfig(reads))

There is no scheduler and no controller: a pod is put on its node by who makes it, a deployment makes no
pods, its status is patched by the test, and a namespace that is deleted stays Terminating.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.servers import built
from tests.servers.building import KUBERNETES
from tests.servers.kubernetes.apiserver import ApiServer
from tests.servers.kubernetes.calls import CallError, Calls, Object, collection
from tests.servers.kubernetes.etcd import Etcd
from tests.servers.kubernetes.kwok import Kwok
from tests.servers.kubernetes.objects import binding, role
from tests.servers.kubernetes.users import LIMITED, Helper, User
from tests.servers.process import Entered, Server


class Answering(Server, Protocol):
    """Who answers for a cluster on a loopback port: a process, or one that is played."""

    port: int


class Cluster(Entered):
    """One cluster of an etcd and a server; `admin` may do everything, `limited` nothing until it is allowed.

    A token that the server has taken once is taken for ten seconds more, whatever becomes of it, here as
    everywhere. A certificate that has ended is refused at once, and a right that is taken away, too.
    """

    limited = LIMITED
    """Somebody with a bearer token that does not end."""

    def __init__(self) -> None:
        self._kubectl = built(KUBERNETES, "kubectl")
        self._etcd = Etcd()
        try:
            self._server = ApiServer(self._etcd)
        except BaseException:
            self._etcd.remove()
            raise
        self._answering: Answering = self._server
        self.directory = self.server.directory
        self.keys = self.server.keys
        self.admin = self.keys.admin
        self.calls: Calls = self.server.calls
        """What the administrator asks, in plain calls."""
        self._number = itertools.count(1)
        self._config = self.kubeconfig()

    def begin(self) -> None:
        """Both start."""
        self.etcd.start()
        self.server.start()

    def remove(self) -> None:
        """End both and leave nothing; may be called twice."""
        self.server.remove()
        self.etcd.remove()

    @property
    def etcd(self) -> Etcd:
        """What it knows."""
        return self._etcd

    @property
    def server(self) -> ApiServer:
        """Who is asked."""
        return self._server

    @property
    def url(self) -> str:
        """The server's address."""
        return f"https://127.0.0.1:{self._answering.port}"

    def kwok(self) -> Kwok:
        """One that plays this cluster's nodes; to be entered."""
        return Kwok(self._config, self.keys.certificate, self.keys.key)

    def freeze(self) -> None:
        """The server takes connections and answers nothing."""
        self._answering.freeze()

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._answering.thaw()

    def kill(self) -> None:
        """The server is gone, as in a crash; what it knew is kept."""
        self._answering.kill()

    def start(self) -> None:
        """Start it again at the same address, with what was kept."""
        self._answering.start()

    def restart(self) -> None:
        """The same; one that still runs is killed first."""
        self.kill()
        self.start()

    def compact(self) -> None:
        """Have the past forgotten: whoever watches or reads on from an older version gets a 410.

        To compact etcd is not enough: watches, and lists read in parts, are answered from what the server
        holds in memory since its start. So it is started again, and what it holds then begins with a version
        that nobody has seen.
        """
        self.etcd.compact()
        self.restart()

    def kubectl(self, *arguments: str, user: User | None = None, input: str | None = None) -> str:  # noqa: A002
        """What the real kubectl prints; AssertionError with what it says where it fails."""
        config = self.kubeconfig(user) if user else self._config
        done = subprocess.run(
            [self._kubectl, f"--kubeconfig={config}", f"--cache-dir={self.directory}/cache", *arguments],
            input=input, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def until(self, path: str, holds: Callable[[Object], object], seconds: float = 60.0) -> Object:
        """Wait for an object to be so; as it is then. AssertionError with what it was at last."""
        end = time.monotonic() + seconds
        while True:
            found: Object = self.calls.get(path)
            if holds(found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def calls_of(self, user: User) -> contextlib.closing[Calls]:
        """What this user asks in plain calls, until the end of the `with`."""
        return contextlib.closing(self.server.calls_of(user))

    def kubeconfig(
        self, user: User | None = None, *, context: str = "test", namespace: str = "default", url: str = ""
    ) -> Path:
        """A new kubeconfig of one context; another `url` than the server's may lead through a proxy."""
        said = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [
                {
                    "name": f"{context}-cluster",
                    "cluster": {
                        "server": url or self.url,
                        "certificate-authority": self.keys.issuer,
                    },
                }
            ],
            "users": [{"name": f"{context}-user", "user": (user or self.admin).said}],
            "contexts": [
                {
                    "name": context,
                    "context": {
                        "cluster": f"{context}-cluster",
                        "user": f"{context}-user",
                        "namespace": namespace,
                    },
                }
            ],
        }
        file = self.directory / f"kubeconfig-{next(self._number)}"
        file.write_text(json.dumps(said))  # JSON is YAML
        return file

    def certified(self, name: str, *groups: str, seconds: float = 86_400) -> User:
        """Somebody with a client's certificate that ends so many seconds from now."""
        return self.keys.certified(name, *groups, seconds=seconds)

    def account(self, name: str, namespace: str = "default", seconds: float = 3600) -> User:
        """A service account, made unless it is there; its token is refused from so many seconds on."""
        return self.keys.account(namespace, name, self._uid(name, namespace), seconds)

    def requested(self, name: str, namespace: str = "default", seconds: int = 600) -> User:
        """The same with a token that the server itself gives, for ten minutes at the least."""
        self._uid(name, namespace)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        given = self.calls.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", request)
        return User(
            f"system:serviceaccount:{namespace}:{name}",
            {"token": given["status"]["token"]},
            (namespace, name),
        )

    def helper(self, user: User, seconds: float = 3600) -> Helper:
        """A credential plugin that gives this user's token, said to end so many seconds from now."""
        return Helper(self.directory / f"credential-{next(self._number)}", user.token, seconds)

    def allow(
        self,
        user: User,
        *,
        verbs: str = "get,list,watch",
        resources: str = "*",
        groups: str = "*",
        namespace: str = "",
    ) -> str:
        """Let somebody do this in one namespace or in all; the path of the binding, to delete it.

        Words are parted by commas.
        """
        made = role(f"test-{next(self._number)}", verbs, resources, groups)
        bound = binding(made, user.subject, namespace)
        self.calls.create(made, bound)
        return f"{collection(bound)}/{bound['metadata']['name']}"

    def _uid(self, name: str, namespace: str) -> str:
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace},
        }
        path = f"{collection(account)}/{name}"
        try:
            self.calls.create(account)
        except CallError as error:
            if error.status != 409:
                raise
            return str(self.calls.get(path)["metadata"]["uid"])
        uid = str(self.calls.get(path)["metadata"]["uid"])
        # the server learns of accounts in its own time, and knows no token of theirs before
        with self.calls_of(self.keys.account(namespace, name, uid, 3600)) as calls:
            end = time.monotonic() + 60
            while True:
                try:
                    calls.get("/version")
                    return uid
                except CallError:
                    if time.monotonic() > end:
                        raise
                time.sleep(0.01)
