"""What is spoken in the clear before TLS begins."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

from console.errors import Refused, Unreachable
from console.text import clean

LINES_MOST = 1 << 13
"""Bytes of an answer in the clear."""


async def _smtp(sock: socket.socket) -> None:
    await _reply(sock, b"220")
    await asyncio.get_running_loop().sock_sendall(sock, b"EHLO opsconsole.invalid\r\n")
    await _reply(sock, b"250")
    await asyncio.get_running_loop().sock_sendall(sock, b"STARTTLS\r\n")
    await _reply(sock, b"220")


async def _reply(sock: socket.socket, code: bytes) -> None:
    """One SMTP reply of several lines (RFC 5321, 4.2.1), which must begin with the code."""
    heard = bytearray()
    while True:
        data = await asyncio.get_running_loop().sock_recv(sock, 1024)
        if not data:
            raise Unreachable("the connection was closed before STARTTLS", "does SMTP listen there?")
        heard += data
        lines = heard.split(b"\r\n")
        ended = [line for line in lines[:-1] if line[3:4] != b"-"]
        if ended:
            if ended[0][:3] != code:
                shown = clean(ended[0].decode("utf-8", "replace"), 80)
                raise Refused(f"no STARTTLS: {shown}", "does SMTP with STARTTLS listen there?")
            return
        if len(heard) > LINES_MOST:
            raise Refused("no end of its greeting", "does SMTP listen there?")


async def _postgres(sock: socket.socket) -> None:
    """SSLRequest of PostgreSQL's protocol: length 8 and the code 80877103, answered by one byte."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big"))
    answer = await loop.sock_recv(sock, 1)
    if answer != b"S":
        reason = "it does not offer TLS (ssl = off)" if answer == b"N" else "it does not speak PostgreSQL"
        raise Refused(reason, "set ssl = on there, or correct the address")


BEFORE_TLS: Mapping[str, Callable[[socket.socket], Awaitable[None]]] = {"smtp": _smtp, "postgres": _postgres}
