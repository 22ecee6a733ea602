"""A cluster that kmock plays, for machines without Go and without a cluster's programs.

It lists, watches and changes objects as the real one does as far as `emulator.py` goes, says nothing of
what an object should say, and knows one user. A test that asks more of it is skipped, saying what it asked.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import shutil
import ssl
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, NoReturn

import kmock
from aiohttp import web

from tests.patience import PATIENCE
from tests.servers import absent
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Calls
from tests.servers.kubernetes.emulator import Emulator
from tests.servers.kubernetes.users import Keys, User
from tests.servers.ports import free_port


class EmulatedServer:
    """An emulator behind TLS on a loopback port, in a thread of its own; its objects outlive `kill`.

    Not by kmock's own server: that has a say in how the whole process finds hosts, and no TLS.
    """

    def __init__(self, keys: Keys) -> None:
        self.port = free_port()
        self.emulator = Emulator()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(keys.certificate, keys.key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kmock", daemon=True)
        self._thread.start()
        self._listening: asyncio.Server | None = None
        self._protocol: web.Server | None = None
        self._thawed = threading.Event()
        self._thawed.set()
        self._do(self.emulator.__aenter__())

    def start(self) -> None:
        """Take connections."""
        self._do(self._start())

    def kill(self) -> None:
        """Take none any more, and break all there are, frozen or not."""
        self.thaw()
        self._do(self._kill())

    def freeze(self) -> None:
        """Connections are taken, by the system, and nobody answers."""
        self._thawed.clear()
        stands = threading.Event()

        def stand_still() -> None:
            stands.set()
            self._thawed.wait()

        self._loop.call_soon_threadsafe(stand_still)
        stands.wait(PATIENCE)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._thawed.set()

    def remove(self) -> None:
        """End it; may be called twice."""
        if self._loop.is_closed():
            return
        self.kill()
        self._do(self.emulator.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _start(self) -> None:
        # who hangs up ends the watch, too
        protocol = web.Server(self.emulator, handler_cancellation=True, access_log=None)
        self._protocol = protocol
        self._listening = await self._loop.create_server(protocol, "127.0.0.1", self.port, ssl=self._tls)

    async def _kill(self) -> None:
        if self._listening is None or self._protocol is None:
            return
        self._listening.close()
        for connection in self._protocol.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._protocol.shutdown(1.0)
        self._listening = self._protocol = None


class EmulatedCluster(Cluster):
    """A cluster without etcd, nodes, users and kubectl."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="ops-kmock-", dir="/tmp"))
        self.keys = Keys(self.directory)
        self.admin = self.keys.admin
        try:
            self._answering = self.played = EmulatedServer(self.keys)
        except BaseException:
            shutil.rmtree(self.directory)
            raise
        self.calls = Calls(self.played.port, self.keys.context(self.admin))
        self._number = itertools.count(1)
        atexit.register(self.remove)

    def begin(self) -> None:
        """It starts."""
        self.start()

    def remove(self) -> None:
        """End it and leave nothing; may be called twice."""
        self.calls.close()
        self.played.remove()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.remove)

    def compact(self) -> None:
        """Have the past forgotten, and the server started again as the real one is."""
        self.kill()
        self.played.emulator.changes.forget()
        self.start()

    def kubeconfig(
        self, user: User | None = None, *, context: str = "test", namespace: str = "default", url: str = ""
    ) -> Path:
        """A new kubeconfig of one context, of whom it takes for its administrator: of everybody."""
        if user is not None and user is not self.admin:
            self._who()
        return super().kubeconfig(context=context, namespace=namespace, url=url)

    @contextlib.contextmanager
    def refusing(self, error: kmock.KubernetesError, *what: kmock.Criterion) -> Iterator[None]:
        """Whatever is asked for so is refused so, until the end of the `with`."""
        refuses = True

        def answer() -> None:
            if refuses:
                raise error

        script = self.played.emulator[what] if what else self.played.emulator
        _ = script << answer
        try:
            yield
        finally:
            refuses = False  # it is passed over from now on

    @property
    def server(self) -> NoReturn:
        """There is no process of its own."""
        _lacks("no kubelets that it asks")

    @property
    def etcd(self) -> NoReturn:
        """It keeps its objects itself."""
        _lacks("no etcd")

    def kwok(self) -> NoReturn:
        """Nobody plays its nodes."""
        _lacks("no nodes that run anything")

    def kubectl(self, *arguments: str, user: User | None = None, input: str | None = None) -> NoReturn:  # noqa: A002 the real one's name
        """kubectl is built with the real one."""
        _lacks("no kubectl")

    def _who(self, *_: Any, **__: Any) -> NoReturn:
        """It takes everybody for its administrator, who may do everything, and asks nobody who asks."""
        _lacks("no users with rights of their own")

    calls_of = certified = account = requested = allow = _who


def _lacks(what: str) -> NoReturn:
    absent(f"kmock plays the cluster, which has {what}: make kubernetes (it needs Go)")
