"""A private Prometheus on a loopback port, with the series a test gives it, exact to the millisecond.

    with Prometheus() as server:
        server.write([("up", (("job", "x"),), [(1_700_000_000_000, 1.0)])])
        server.query("up", 1_700_000_000.0)

Series come in by remote write, the only way that carries times and stale markers as they are.
"""

from __future__ import annotations

import json
import struct
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from console.metrics import Labels
from tests.servers import built
from tests.servers.building import PROMETHEUS
from tests.servers.process import ServerProcess

BATCH = 20 * 60_000
"""Milliseconds of one write: within an hour samples may come in any order of series."""
STALE = 0x7FF0000000000002
"""The bits of the float that marks the end of a series."""

Written = tuple[str, Labels, Sequence[tuple[int, float | None]]]
"""Name, labels, and samples as time (milliseconds) and value; None is a stale marker."""


class QueryError(Exception):
    """What Prometheus says of a query it refuses."""


def program(name: str) -> str:
    """The path of `prometheus` or `promtool`; waits while they are being built."""
    return built(PROMETHEUS, name)


class Prometheus(ServerProcess):
    """One server in a directory of its own; `config` is its prometheus.yml, `files` what lies beside it."""

    def __init__(self, config: str = "global: {}\n", files: Mapping[str, str] | None = None) -> None:
        self.binary = program("prometheus")
        super().__init__("ops-prom-")
        for name, text in {**(files or {}), "prometheus.yml": config}.items():
            (self.directory / name).write_text(text)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.address}"

    def command(self) -> Sequence[str | Path]:
        """With remote write."""
        return [
            self.binary,
            f"--config.file={self.directory}/prometheus.yml",
            f"--storage.tsdb.path={self.directory}/data",
            f"--web.listen-address={self.address}",
            "--web.enable-remote-write-receiver",
            "--no-auto-gomaxprocs",
            "--rules.alert.resend-delay=1s",  # an Alertmanager that is found late is told, too
        ]

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def write(self, series: Iterable[Written]) -> None:
        """Store samples; those of one series ascend in time."""
        batches: dict[int, list[bytes]] = {}
        for name, labels, samples in series:
            parts: dict[int, list[tuple[int, float | None]]] = {}
            for at, value in samples:
                parts.setdefault(at // BATCH, []).append((at, value))
            for batch, part in parts.items():
                batches.setdefault(batch, []).append(_series(name, labels, part))
        for _, encoded in sorted(batches.items()):
            request = urllib.request.Request(
                f"{self.url}/api/v1/write",
                data=_snappy(b"".join(_field(1, entry) for entry in encoded)),
                headers={
                    "Content-Encoding": "snappy",
                    "Content-Type": "application/x-protobuf",
                    "X-Prometheus-Remote-Write-Version": "0.1.0",
                },
            )
            with urllib.request.urlopen(request, timeout=30):
                pass

    def query(self, text: str, at: float) -> Any:
        """`data` of the answer of /api/v1/query; QueryError where it refuses."""
        return self._ask("query", query=text, time=f"{at:.3f}")

    def query_range(self, text: str, start: float, end: float, step: float) -> Any:
        """`data` of the answer of /api/v1/query_range."""
        return self._ask(
            "query_range", query=text, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:.3f}"
        )

    def _ask(self, what: str, **parameters: str) -> Any:
        data = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}", data=data, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise QueryError(said) from None


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _series(name: str, labels: Labels, samples: Iterable[tuple[int, float | None]]) -> bytes:
    """A TimeSeries message of remote write 1.0."""
    pairs = sorted((*labels, ("__name__", name)))
    out = b"".join(_field(1, _field(1, label.encode()) + _field(2, value.encode())) for label, value in pairs)
    for at, value in samples:
        bits = struct.pack("<Q", STALE) if value is None else struct.pack("<d", value)
        out += _field(2, b"\x09" + bits + b"\x10" + _varint(at))
    return out


def _snappy(data: bytes) -> bytes:
    """Snappy's block format without compression: the length, then literals."""
    out = _varint(len(data))
    for begin in range(0, len(data), 1 << 16):
        piece = data[begin : begin + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return out
