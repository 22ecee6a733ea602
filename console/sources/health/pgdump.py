"""PostgreSQL's custom dumps (`pg_dump -Fc`): their table of contents, and whether all its data is there.

The layout is that of PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from console.sources.health.pulling import CUT, Broken, Steps
from console.units import counted

OLDEST, NEWEST = (1, 12), (1, 16)
"""Versions of the archive that are read whole: PostgreSQL 9 to 18."""
ENTRIES = 5_000_000
TEXT = 1 << 28
"""Bytes one text of the contents may have; more is damage."""
CUSTOM = 1
_NOT_SET, _SET = 1, 2
"""Whether the place of an entry's data was written down: only where the file could be rewound."""
_DATA, _BLOBS = 1, 3


@dataclass(slots=True)
class _Layout:
    version: tuple[int, int]
    integer: int
    offset: int

    def number(self) -> Generator[int, bytes, int]:
        """A sign and so many bytes, the lowest first."""
        data = yield 1 + self.integer
        if not data:
            raise Broken(CUT)
        value = int.from_bytes(data[1:], "little")
        return -value if data[0] else value

    def text(self, keep: bool = False) -> Generator[int, bytes, bytes | None]:
        """A text preceded by its length; None for none."""
        length = yield from self.number()
        if length < 0:
            return None
        if length > TEXT:
            raise Broken("its table of contents is damaged")
        if not length:
            return b""
        if keep:
            data = yield length
            return data
        yield -length
        return b""


def custom_dump() -> Steps:
    """Read an archive through: contents first, then the data of each entry that has some."""
    head = yield 11
    if len(head) < 11:
        raise Broken(CUT)
    layout = _Layout((head[5], head[6]), head[8], head[9])
    if not OLDEST <= layout.version <= NEWEST or head[10] != CUSTOM:
        return "PostgreSQL dump of a version that is known by its first bytes only"
    if not 1 <= layout.integer <= 8 or not 1 <= layout.offset <= 8:
        raise Broken("its header is damaged")
    if layout.version >= (1, 15):
        yield 1  # the algorithm
    else:
        yield from layout.number()  # the level
    for _ in range(7):  # when it was begun
        yield from layout.number()
    database = yield from layout.text(keep=True)
    yield from layout.text()
    yield from layout.text()
    entries, states = yield from _contents(layout)
    seen = yield from _data(layout)
    # a rewound file names the places of all there is; a piped one names none
    state = _SET if _SET in states.values() else _NOT_SET
    missing = sum(1 for number, known in states.items() if known == state and number not in seen)
    if missing:
        raise Broken(f"{CUT}: the data of {missing} of {counted(len(states), 'table')} is missing")
    name = (database or b"").decode("utf-8", "replace")
    return f"PostgreSQL dump of {name}, {counted(entries, 'object')}"


def _contents(layout: _Layout) -> Generator[int, bytes, tuple[int, dict[int, int]]]:
    """How many entries there are, and the state of the data of those that have some."""
    states: dict[int, int] = {}
    entries = yield from layout.number()
    if not 0 <= entries <= ENTRIES:
        raise Broken("its table of contents is damaged")
    for _ in range(entries):
        number = yield from layout.number()
        dumped = yield from layout.number()
        for _ in range(4):  # the catalogue's and its own number, tag, description
            yield from layout.text()
        yield from layout.number()  # section
        for _ in range(5):  # definition, drop, copy, schema, tablespace
            yield from layout.text()
        if layout.version >= (1, 14):
            yield from layout.text()  # access method
        if layout.version >= (1, 16):
            yield from layout.number()  # kind of relation
        yield from layout.text()  # owner
        yield from layout.text()  # with oids
        while (yield from layout.text()) is not None:
            pass  # what it depends on
        state = (yield 1 + layout.offset) or b"\0"
        if dumped:
            states[number] = state[0]
    return entries, states


def _data(layout: _Layout) -> Generator[int, bytes, set[int]]:
    """The numbers of the entries whose data is there to its end."""
    seen: set[int] = set()
    while kind := (yield 1):
        number = yield from layout.number()
        if kind[0] == _DATA:
            yield from _pieces(layout)
        elif kind[0] == _BLOBS:
            while (yield from layout.number()):
                yield from _pieces(layout)
        else:
            raise Broken("its data is damaged")
        seen.add(number)
    return seen


def _pieces(layout: _Layout) -> Generator[int, bytes, None]:
    while length := (yield from layout.number()):
        if length < 0:
            raise Broken("its data is damaged")
        yield -length
