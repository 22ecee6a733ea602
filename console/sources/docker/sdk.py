"""One door to the docker SDK: it is slow to load, and cannot be loaded by two threads at once."""

from __future__ import annotations

from importlib import import_module
from threading import Lock

_LOCK = Lock()


def load_sdk() -> None:
    """Load the SDK before anything of it is imported; safe from any thread.

    Its packages import each other in a circle. Two threads that begin at different points of it each
    wait for the other, Python lets one go on with a half-made module, and an ImportError follows.
    """
    with _LOCK:
        import_module("docker")
