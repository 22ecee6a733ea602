"""A proxy before an engine that denies some paths, as socket proxies for least rights do."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

_DENIAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndenied"


def _pass_on(source: socket.socket, target: socket.socket, denied: Sequence[bytes]) -> None:
    """Bytes from one side to the other until one hangs up; a request for a denied path is answered here."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if any(path in data.partition(b"\r\n")[0] for path in denied):
                source.sendall(_DENIAL)
                break
            target.sendall(data)
    for side in (source, target):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def denying(engine: Path, place: Path, *paths: str) -> Iterator[str]:
    """The host of a proxy at `place` before the engine's socket."""
    denied = [path.encode() for path in paths]
    open_sides: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = door.accept()
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(str(engine))
                open_sides.extend((visitor, behind))
                for arguments in ((visitor, behind, denied), (behind, visitor, ())):
                    threads.append(threading.Thread(target=_pass_on, args=arguments, daemon=True))
                    threads[-1].start()

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place))
        door.listen()
        threads.append(threading.Thread(target=serve, args=(door,), daemon=True))
        threads[0].start()
        try:
            yield f"unix://{place}"
        finally:
            for side in (door, *open_sides):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(2)
            for side in open_sides:
                side.close()
