"""Whoever begins like a PostgreSQL and goes on with something else is told, and freezes nothing."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import Refused, SourceError, TimedOut
from console.sources.base import Focus
from console.sources.postgres.frames import LONGEST, Foreign, Frames
from tests.console.sources.asking import held
from tests.console.sources.asking_postgres import asking
from tests.console.sources.smooth import watched
from tests.patience import until

ZEROS = bytes(65536)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A message as a server sends it."""
    return kind + struct.pack("!I", 4 + len(body)) + body


WELCOME = message(b"R", struct.pack("!I", 0)) + message(b"S", b"server_version\x0018.0\0")
READY = WELCOME + message(b"K", bytes(8)) + message(b"Z", b"I")


@asynccontextmanager
async def pretender(*words: bytes, endless: bytes = b"", leaves: bool = False) -> AsyncIterator[int]:
    """A port that offers no TLS, says these words one by one to whatever it is asked, and goes on so.

    Or it `leaves`, as servers do after a refusal.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(8) == struct.pack("!ii", 8, 80877103):
                writer.write(b"N")
                await reader.read(1000)
            for word in words:
                writer.write(word)
                await writer.drain()
                await asyncio.sleep(0.01)  # else they would arrive as one
            while endless:
                writer.write(endless)
                await writer.drain()
            if not leaves:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def failure(words: Sequence[bytes], endless: bytes, *, leaves: bool = False) -> SourceError:
    """The error of a poll, which keeps nobody from the event loop and leaves nothing open."""
    async with pretender(*words, endless=endless, leaves=leaves) as port:
        before = held()
        async with asking(f"postgresql://me@127.0.0.1:{port}/x") as source:
            async with watched() as watch:
                with pytest.raises(SourceError) as caught:
                    await source.poll(Focus.FULL)
            watch.assert_smooth()
        await until(lambda: held()[1] <= before[1] + 1)  # the pretender's own may need a moment
    return caught.value


@pytest.mark.parametrize(
    ("words", "endless"),
    [
        ((ZEROS,), b""),
        ((), ZEROS),
        ((WELCOME, ZEROS), b""),
        ((READY,), ZEROS),
        ((WELCOME[:-2], WELCOME[-2:] + b"\0", bytes(3), ZEROS), b""),
        ((b"R\0\0\0\3", ZEROS), b""),
        ((b"D" + struct.pack("!I", LONGEST + 1),), b"x" * 65536),
        ((WELCOME, b"HTTP/1.1 400 Bad Request\r\n\r\n"), b""),
    ],
    ids=["zeros", "endless zeros", "after the welcome", "once it is ready", "in pieces", "too short",
         "too long", "web"],
)  # fmt: skip
async def test_a_server_that_goes_on_with_something_else_is_told(
    words: Sequence[bytes], endless: bytes
) -> None:
    error = await failure(words, endless)
    assert isinstance(error, Refused)
    assert error.reason.endswith("does not speak PostgreSQL")


def refusal(code: str, text: str) -> bytes:
    """An error message as a server sends it that writes Latin-1, before an encoding was agreed on."""
    return message(b"E", f"SFATAL\0C{code}\0M{text}\0\0".encode("latin-1"))


PASSWORD = refusal("28P01", "Passwort-Authentifizierung f\xfcr \xbbme\xab fehlgeschlagen")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((PASSWORD,), "a password is needed for me"),
        ((PASSWORD[:30], PASSWORD[30:]), "a password is needed for me"),
        ((PASSWORD[:3], PASSWORD[3:]), "a password is needed for me"),
        ((WELCOME, refusal("53300", "schon zu viele \xbbVerbindungen\xab")), "all connections of"),
        ((WELCOME + refusal("3D000", "\xbbx\xab gibt es nicht"),), "there is no database 'x'"),
    ],
    ids=["password", "cut in its text", "cut in its head", "slots", "database"],
)
async def test_a_refusal_in_the_server_s_own_encoding_is_understood(
    words: Sequence[bytes], told: str
) -> None:
    error = await failure(words, b"", leaves=True)
    assert isinstance(error, Refused)
    assert error.reason.startswith(told)


async def test_messages_without_an_end_are_given_up_in_time() -> None:
    notice = message(b"N", b"SNOTICE\0C00000\0Mhello\0\0")
    error = await failure((WELCOME,), notice * 100)
    assert isinstance(error, TimedOut)


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=20),
    st.lists(st.integers(1, 30), min_size=1),
)
def test_messages_cut_anywhere_are_followed_and_zeros_after_them_are_not(
    bodies: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(message(b"D", body) for body in bodies)
    frames, at, number = Frames(), 0, 0
    while at < len(stream):
        size = cuts[number % len(cuts)]
        frames.follow(stream[at : at + size])
        at, number = at + size, number + 1
    with pytest.raises(Foreign):
        frames.follow(bytes(5))
