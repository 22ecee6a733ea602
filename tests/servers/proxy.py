"""A proxy before a server that makes its network bad; the faults bear toxiproxy's names.

    with Proxy(server.socket) as proxy:
        proxy.suffer("latency")
        proxy.recover()

It listens on a socket of its own of the same family and runs in a thread. What goes to the server
passes as it is; a fault befalls what comes back, on open connections and on new ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

Target: TypeAlias = "Path | int"
"""A Unix socket, or a TCP port of this host."""

LATENCY = 3.5
"""Seconds everything comes later: more than a poll may take, so that each of them fails."""
RATE = 1024.0
"""Bytes a second of a thin line."""
FAULTS = ("latency", "bandwidth", "timeout", "reset_peer", "half_close")
"""Late; thin; silent, with the connection left open; cut with RST; closed from there, but not to there."""
_SLICE = 0.1
"""Seconds between two pieces on a thin line."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends RST instead of FIN."""


class Proxy:
    """Passes bytes between clients and one server until told to do it badly."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._directory = tempfile.TemporaryDirectory(prefix="ops-proxy-", dir="/tmp")
        self._fault = ""
        self._changed = asyncio.Event()
        self._clients: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._door = self._listen()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def _listen(self) -> socket.socket:
        if isinstance(self.target, Path):
            door = socket.socket(socket.AF_UNIX)
            door.bind(str(self.path))
        else:
            door = socket.socket()
            door.bind(("127.0.0.1", 0))
        door.listen(64)
        door.setblocking(False)
        return door

    @property
    def path(self) -> Path:
        """Where it listens, of a Unix socket; its name is the server's, which may say the port."""
        assert isinstance(self.target, Path)
        return Path(self._directory.name) / self.target.name

    @property
    def port(self) -> int:
        """Where it listens, of a TCP port."""
        return int(self._door.getsockname()[1])

    def __enter__(self) -> Self:
        if isinstance(self.target, Path):
            os.chmod(self._directory.name, 0o755)
            self.path.chmod(0o777)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._directory.cleanup()

    def suffer(self, fault: str) -> None:
        """Begin one of FAULTS."""
        assert fault in FAULTS, fault
        self._tell(fault)

    def recover(self) -> None:
        """Pass everything again; connections that were cut stay cut."""
        self._tell("")

    def forget(self) -> None:
        """Pass everything again, but nothing on what is open: the way back has forgotten it."""
        self._tell("", forgets=True)

    def _tell(self, fault: str, *, forgets: bool = False) -> None:
        def change() -> None:
            self._fault = fault
            if forgets:
                self._forgotten.update(self._clients)
            self._changed.set()
            self._changed = asyncio.Event()
            for client in list(self._clients):
                self._hurt(client)

        self._loop.call_soon_threadsafe(change)

    def _hurt(self, client: socket.socket) -> None:
        """What befalls a connection at once, whether or not anything is sent on it."""
        with contextlib.suppress(OSError):
            if self._fault == "half_close":
                client.shutdown(socket.SHUT_WR)
            elif self._fault == "reset_peer":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                client.shutdown(socket.SHUT_RD)  # wakes who reads it, who then closes it

    # -- in the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._spawn(self._accept())
        try:
            self._loop.run_forever()
        finally:
            for task in list(self._tasks):
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._door.close()
            self._loop.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._door)
            self._spawn(self._serve(client))

    async def _serve(self, client: socket.socket) -> None:
        """One connection, until both sides or the proxy have closed it."""
        family = socket.AF_UNIX if isinstance(self.target, Path) else socket.AF_INET
        with client, socket.socket(family) as server:
            client.setblocking(False)
            server.setblocking(False)
            self._clients.add(client)
            try:
                self._hurt(client)
                address = str(self.target) if isinstance(self.target, Path) else ("127.0.0.1", self.target)
                await self._loop.sock_connect(server, address)
                back = self._spawn(self._back(server, client))
                try:
                    await self._forth(client, server)
                    if self._fault != "reset_peer" and client not in self._forgotten:
                        await back
                finally:
                    await _ended(back)  # before the sockets close: their numbers come again
            except OSError:
                pass  # one of them has gone: so goes the other
            finally:
                self._clients.discard(client)
                self._forgotten.discard(client)

    async def _forth(self, client: socket.socket, server: socket.socket) -> None:
        while data := await self._loop.sock_recv(client, 65536):
            await self._loop.sock_sendall(server, data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _in_time(self, due: float) -> bool:
        """Whether what is late has waited long enough."""
        return self._fault != "latency" or self._loop.time() >= due

    async def _back(self, server: socket.socket, client: socket.socket) -> None:
        """What the server says, as late and as slowly as it is to be; then its hanging up."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        reading = self._spawn(self._read(server, late))
        try:
            while True:
                due, data = await late.get()
                await self._until(partial(self._in_time, due), due)
                await self._until(lambda: self._fault != "timeout" and client not in self._forgotten)
                if not data:
                    break
                if self._fault != "half_close":
                    await self._send(client, data)
        except OSError:
            pass  # the client has gone
        finally:
            await _ended(reading)
            if self._fault != "reset_peer":
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    async def _read(self, server: socket.socket, late: asyncio.Queue[tuple[float, bytes]]) -> None:
        data = b"..."
        while data:
            try:
                data = await self._loop.sock_recv(server, 65536)
            except OSError:
                data = b""
            late.put_nowait((self._loop.time() + LATENCY, data))

    async def _until(self, true: Callable[[], bool], due: float | None = None) -> None:
        """Wait until it is true, looking again when the fault changes and at a time of the loop's."""
        while not true():
            left = None if due is None else max(0.0, due - self._loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    async def _send(self, client: socket.socket, data: bytes) -> None:
        while data:
            size = int(RATE * _SLICE) if self._fault == "bandwidth" else len(data)
            piece, data = data[:size], data[size:]
            await self._loop.sock_sendall(client, piece)
            if data:
                await asyncio.sleep(_SLICE)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
