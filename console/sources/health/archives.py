"""Whether a backup is whole, read once from its beginning to its end: archives, dumps, compressed or not."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from console.sources.health.pgdump import custom_dump
from console.sources.health.pulling import CUT, Broken, Pull, Steps, Taker, Unchecked
from console.units import counted

HEAD = 512
"""Bytes that tell the kind: a tar's mark stands at 257."""
OUT = 1 << 20
"""Bytes a decompressor may give at once, so that a bomb takes time but no memory."""
DEPTH = 3
"""Compressions within each other that are followed."""
TAIL = 8192
"""Bytes of the end that are looked at for the last words of a dump."""
PAX_LIMIT = 1 << 20


def recognised(depth: int = 0) -> Taker:
    """A taker that finds out by the first bytes what it is fed."""
    return _Sniffed(depth)


class _Sniffed:
    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._head = b""
        self._inner: Taker | None = None

    def feed(self, data: bytes) -> None:
        if self._inner is None:
            self._head += data
            if len(self._head) < HEAD:
                return
            self._choose()
        else:
            self._inner.feed(data)

    def finish(self) -> str:
        inner = self._inner or self._choose()
        return inner.finish()

    def _choose(self) -> Taker:
        self._inner = inner = _taker(self._head, self._depth)
        inner.feed(self._head)
        self._head = b""
        return inner


def _taker(head: bytes, depth: int) -> Taker:
    for magic, (name, opened) in _COMPRESSIONS.items():
        if head.startswith(magic) and depth < DEPTH:
            return _Compressed(name, opened, recognised(depth + 1))
    if head.startswith(b"PGDMP"):
        return Pull(custom_dump())
    if head.startswith(b"SQLite format 3\0"):
        return Pull(_sqlite())
    if re.match(rb"REDIS\d{4}", head):
        return _Ended("Redis snapshot", lambda tail: len(tail) > 8 and tail[-9] == 0xFF)
    if head[257:262] == b"ustar" or (len(head) >= HEAD and head[0] and _checksum_holds(head)):
        return Pull(_tar())
    for mark, name, ending in _DUMPS:
        if mark in head:
            return _Ended(name, partial(_ends, ending))
    return _Unknown()


def _ends(ending: bytes, tail: bytes) -> bool:
    return re.search(ending, tail) is not None


class _Unknown:
    def feed(self, data: bytes) -> None:
        """Any bytes will do."""

    def finish(self) -> str:
        return ""


class _Ended:
    """A file whose last words say that its writer came to the end."""

    def __init__(self, name: str, complete: Callable[[bytes], bool]) -> None:
        self._name, self._complete = name, complete
        self._tail = b""

    def feed(self, data: bytes) -> None:
        self._tail = data[-TAIL:] if len(data) >= TAIL else (self._tail + data)[-TAIL:]

    def finish(self) -> str:
        if not self._complete(self._tail):
            raise Broken(f"the {self._name} does not come to its end: whoever wrote it stopped before")
        return self._name


_DUMPS: tuple[tuple[bytes, str, bytes], ...] = (
    (
        b"-- PostgreSQL database cluster dump",
        "PostgreSQL cluster dump",
        rb"-- PostgreSQL database cluster dump complete",
    ),
    (b"-- PostgreSQL database dump", "PostgreSQL dump", rb"-- PostgreSQL database dump complete"),
    (b"-- MySQL dump ", "MySQL dump", rb"-- Dump completed"),
    (b"-- MariaDB dump ", "MariaDB dump", rb"-- Dump completed"),
    (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", "SQLite dump", rb"COMMIT;\s*$"),
)
"""Plain dumps: how each begins, what it is called, and how it ends when it is complete."""


class _Compressed:
    """Members of one compression after another; what they hold goes on to the inner taker."""

    def __init__(self, name: str, opened: Callable[[], Any], inner: Taker) -> None:
        self._name, self._open, self._inner = name, opened, inner
        self._stream: Any = None
        self._members = 0

    def feed(self, data: bytes) -> None:
        while data:
            if self._stream is None:
                if self._members and not (data := data.lstrip(b"\0")):
                    return  # padding, as tapes and block devices leave it
                self._stream = self._open()
            data = self._unpacked(data)

    def finish(self) -> str:
        if self._stream is not None or not self._members:
            raise Broken(f"{CUT}: its {self._name} data ends too early")
        return ", ".join(part for part in (self._name, self._inner.finish()) if part)

    def _unpacked(self, data: bytes) -> bytes:
        """Hand on what the data holds; what is left of it belongs to the next member."""
        stream = self._stream
        while True:
            try:
                out = stream.decompress(data, OUT)
            except Exception as error:  # noqa: BLE001 each library has its own; the data is told broken
                if isinstance(error, MemoryError) or "memory" in str(error).lower():
                    raise Unchecked(f"its {self._name} data wants more memory than a check takes") from None
                raise Broken(f"its {self._name} data is damaged: {error}") from None
            if out:
                self._inner.feed(out)
            if stream.eof:
                self._stream = None
                self._members += 1
                return bytes(stream.unused_data)
            if stream.needs_input:
                return b""
            data = b""


class _Gzip:
    """zlib's object with the interface that the other libraries share."""

    def __init__(self) -> None:
        import zlib

        self._zlib = zlib.decompressobj(wbits=31)
        self.needs_input = True

    def decompress(self, data: bytes, most: int) -> bytes:
        out = self._zlib.decompress(data or self._zlib.unconsumed_tail, most)
        # output may wait inside although all input was taken
        self.needs_input = not self._zlib.unconsumed_tail and len(out) < most
        return out

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


def _xz() -> Any:
    import lzma

    # a dictionary of 1 GiB is legal, and more memory than a console may take
    return lzma.LZMADecompressor(memlimit=256 << 20)


def _bzip2() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _zstd() -> Any:
    import sys

    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor()


_COMPRESSIONS: dict[bytes, tuple[str, Callable[[], Any]]] = {
    b"\x1f\x8b": ("gzip", _Gzip),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    b"\xfd7zXZ\0": ("xz", _xz),
    b"BZh": ("bzip2", _bzip2),
}


def _sqlite() -> Steps:
    """The header's page count against what there is (https://www.sqlite.org/fileformat.html)."""
    head = yield 100
    if len(head) < 100:
        raise Broken(CUT)
    (page,) = struct.unpack(">H", head[16:18])
    page = 65536 if page == 1 else page
    changes, pages, valid_for = (struct.unpack(">I", head[at : at + 4])[0] for at in (24, 28, 92))
    if pages and changes == valid_for:  # older writers leave the count alone
        yield 100 - page * pages
    return f"SQLite database of {counted(pages, 'page')}"


def _checksum_holds(block: bytes) -> bool:
    try:
        said = int(block[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False
    plain = sum(block[:148]) + 8 * 32 + sum(block[156:HEAD])
    return plain == said


def _octal(field: bytes) -> int:
    """A number of a tar's header: octal digits, or base 256 for what is larger."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise Broken("a header of the tar is damaged") from None


def _tar() -> Steps:
    members, extended = 0, None
    while True:
        block = yield HEAD
        if not block:
            raise Broken(f"{CUT}: the tar has no end mark after {counted(members, 'member')}")
        if not block.strip(b"\0"):
            return f"tar of {counted(members, 'member')}"
        if not _checksum_holds(block):
            raise Broken(f"a header of the tar is damaged after {counted(members, 'member')}")
        size, kind = _octal(block[124:136]), block[156:157]
        if kind == b"x" and size <= PAX_LIMIT:
            words = yield size + -size % HEAD
            found = re.search(rb"(?:^|\n)\d+ size=(\d+)\n", words[:size])
            extended = int(found[1]) if found else None
            continue
        if kind not in b"gLK":
            members += 1
            size, extended = (size if extended is None else extended), None
            if kind in b"123456" and kind:  # links, devices, directories and pipes have no data
                size = 0
            more = kind == b"S" and block[482]
            while more:  # the map of a sparse file goes on
                more = (yield HEAD)[504]
        if size:
            yield -(size + -size % HEAD)
