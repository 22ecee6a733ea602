"""What is asked again and again leaves nothing behind: no socket, no thread, no task."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from console.probe_settings import DnsSettings, HttpSettings, ScrapeSettings, TcpSettings, TlsSettings
from console.sources.health.dns import DnsProbe
from console.sources.health.http import HttpProbe
from console.sources.health.probe import Probe
from console.sources.health.scrape import ScrapeProbe
from console.sources.health.tcp import TcpProbe
from console.sources.health.tls import TlsProbe
from tests.console.sources.health.asking import ask
from tests.console.sources.health.pki import Issuer
from tests.console.sources.health.servers import listening, page, raw, tls_context, web

TIMES = 8


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes a connection and says nothing."""
    await reader.read()


def kinds(port: int) -> list[Callable[[], Probe]]:
    """Every way to ask a port of this host."""
    url, address, quick = f"http://localhost:{port}/", f"localhost:{port}", 0.3
    return [
        lambda: HttpProbe(HttpSettings(url=url, timeout=quick), {}),
        lambda: HttpProbe(HttpSettings(url=url.replace("http", "https"), timeout=quick), {}),
        lambda: ScrapeProbe(ScrapeSettings(url=url, timeout=quick), {}),
        lambda: TcpProbe(TcpSettings(address=address, expect="never", timeout=quick), {}),
        lambda: TlsProbe(TlsSettings(address=address, timeout=quick), {}),
        lambda: TlsProbe(TlsSettings(address=address, starttls="smtp", timeout=quick), {}),
        lambda: DnsProbe(DnsSettings(server=f"127.0.0.1:{port}", query="a.test", timeout=quick), {}),
    ]


async def settled(so: Callable[[], Any]) -> bool:
    """Whether it becomes so; what a closed connection leaves is cleared by the loop's next rounds."""
    for _ in range(1000):
        gc.collect()
        if so():
            return True
        await asyncio.sleep(0.02)
    return False


def sockets() -> int:
    """Open descriptors of this process that are sockets."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:
            continue  # that of the listing itself
    return found


async def check(probes: list[Probe]) -> None:
    """Ask all of them several times; there is no more open and running than after the first time."""
    for probe in probes:
        await ask(probe)
    before, threads = sockets(), threading.active_count()
    for _ in range(TIMES):
        await asyncio.gather(*(ask(probe) for probe in probes))
    assert await settled(lambda: sockets() <= before), f"{sockets()} sockets, {before} before"
    assert await settled(lambda: threading.active_count() <= threads + 1)


@pytest.mark.parametrize("kind", ["silent", "web", "noise"])
async def test_nothing_is_left_open(kind: str) -> None:
    serving: Callable[[], AbstractAsyncContextManager[int]] = {
        "silent": lambda: listening(silent),
        "web": lambda: web(page()),
        "noise": lambda: web(raw(b"\x00\x01", endless=b"noise" * 1000)),
    }[kind]
    async with serving() as port:
        await check([make() for make in kinds(port)])


async def test_nothing_is_left_of_a_handshake_that_is_not_trusted(tmp_path: Path) -> None:
    files = Issuer("Nobody").issue(tmp_path, "localhost")
    async with web(page(), tls_context(*files)) as port:
        url = f"https://localhost:{port}/"
        probes: list[Probe] = [
            HttpProbe(HttpSettings(url=url, timeout=20), {}),
            TlsProbe(TlsSettings(address=f"localhost:{port}", timeout=20), {}),
        ]
        await check(probes)
