"""Ports of this machine for the servers of the tests."""

from __future__ import annotations

import contextlib
import random
import socket


def free_port() -> int:
    """A loopback port nobody listens on now, below those the kernel gives to clients.

    One of theirs could be taken while a server is down; and so could a cluster's second port, which is
    higher by 10,000.
    """
    while True:
        port = random.randrange(12_000, 22_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
