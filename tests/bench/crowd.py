"""A thousand containers on one small machine: `python -m tests.bench.crowd --template FILE --socket PATH`.

The processes and their control groups are real, so that reading what they use costs what it costs;
the engine is not: it answers with one real container's JSON under many names. Needs root. It ends
when its standard input is closed.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
import re
import select
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from console.sources.docker.cgroups import find_hierarchies

CONTROLLERS = ("cpuacct", "cpu", "memory", "pids", "blkio")
GROUP = "ops-bench"


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[dict[str, int]]:
    """So many sleeping processes, each in control groups of its own; their ids as containers have them."""
    parents = list(_parents())
    found: dict[str, int] = {}
    try:
        for number in range(count):
            identity = f"{number:04x}" + f"{number * 7919:060x}"
            found[identity] = os.posix_spawn("/bin/sleep", ["sleep", "86400"], {}, setsigdef=[signal.SIGPIPE])
            for parent in parents:
                group = parent / identity
                group.mkdir(parents=True, exist_ok=True)
                (group / "cgroup.procs").write_text(str(found[identity]))
        yield found
    finally:
        for pid in found.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for parent in parents:
            for group in [*(parent / identity for identity in found), parent]:
                with contextlib.suppress(OSError):
                    group.rmdir()


def _parents() -> Iterator[Path]:
    """Where the groups are made: in each hierarchy of version 1, else in that of version 2."""
    hierarchies = find_hierarchies(Path("/proc/self/mountinfo").read_text())
    points = {hierarchies.v1[name].point for name in CONTROLLERS if name in hierarchies.v1}
    if not points and hierarchies.v2 is not None:
        points = {hierarchies.v2.point}
    for point in points:
        yield Path(point) / f"{GROUP}-{os.getpid()}"


class Engine:
    """What is known of the containers, as the engine's API tells it."""

    def __init__(self, template: dict[str, Any], pids: dict[str, int]) -> None:
        self.version, self.info = template["version"], template["info"]
        self.listing = [_listed(template["list"], identity, n) for n, identity in enumerate(pids)]
        self._inspection, self._pids = template["inspect"], pids
        self._names = {identity: n for n, identity in enumerate(pids)}

    def answer(self, path: str) -> Any:
        """The JSON for a path without its version; None when there is none."""
        if match := re.fullmatch(r"/containers/([0-9a-f]+)/json", path):
            return self._inspected(match[1])
        return {"/version": self.version, "/info": self.info, "/containers/json": self.listing}.get(path)

    def _inspected(self, identity: str) -> Any:
        if identity not in self._pids:
            return None
        data = copy.deepcopy(self._inspection)
        data["Id"], data["Name"] = identity, f"/{_name(self._names[identity])}"
        data["State"]["Pid"] = self._pids[identity]
        return data


def _name(number: int) -> str:
    return f"app-{number}"


def _listed(entry: dict[str, Any], identity: str, number: int) -> dict[str, Any]:
    return {**entry, "Id": identity, "Names": [f"/{_name(number)}"]}


class Handler(BaseHTTPRequestHandler):
    """HTTP over the socket; the events stream is open and silent."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    done: threading.Event

    def address_string(self) -> str:
        """There is no address on a Unix socket."""
        return "socket"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        """Nothing is written about it."""

    def do_HEAD(self) -> None:
        """Only pings are asked that way."""
        self._send(b"")

    def do_GET(self) -> None:
        """One answer; or none, for events."""
        path = re.sub(r"^/v[\d.]+", "", self.path.partition("?")[0])
        if path == "/_ping":
            self._send(b"OK", kind="text/plain")
        elif path == "/events":
            self._hold("until=" in self.path)
        else:
            found = self.engine.answer(path)
            body = json.dumps({"message": "no such container"} if found is None else found).encode()
            self._send(body, 404 if found is None else 200)

    def _send(self, body: bytes, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hold(self, ended: bool) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if not ended:
            self.done.wait()
        self.wfile.write(b"0\r\n\r\n")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """One thread a connection, none of which holds up the end."""

    daemon_threads = True
    request_queue_size = 64


def main(words: Sequence[str] | None = None) -> int:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--template", type=Path, required=True)
    options.add_argument("--socket", type=Path, required=True)
    options.add_argument("--count", type=int, default=1000)
    given = options.parse_args(words)
    with sleepers(given.count) as pids:
        Handler.engine = Engine(json.loads(given.template.read_text()), pids)
        Handler.done = threading.Event()
        with Server(str(given.socket), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print("ready", flush=True)
            select.select([sys.stdin], [], [])
            Handler.done.set()
            server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
