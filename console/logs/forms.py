"""The shapes raw lines come in, and how text, time and level are taken out of each.

A form belongs to one stream of lines and keeps what continues from line to line. `take` gives rows;
their text is not clean yet: that is done for those that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeAlias

import msgspec

from console.decoders import decoder
from console.logs.levels import CONTINUED, LEVEL_BITS, Level, Levels, by_priority
from console.logs.origin import Origin
from console.logs.splitter import LINE_BYTES
from console.text import strip_escapes

Row: TypeAlias = tuple[float | None, int, int, str]
"""Time (None: not told), origin number, code, text as it came."""

ENVELOPE_BYTES = 8 * LINE_BYTES
"""Bytes kept of a raw line that wraps a line: JSON may take six bytes for one."""
MANY_UNITS = 300
"""Units of the journal told apart; the lines of further ones are the journal's."""


class Form(Protocol):
    """Takes rows out of raw lines."""

    line_bytes: int
    """How long a raw line may be before it is cut."""

    def take(self, lines: list[bytes]) -> list[Row]:
        """The rows of some raw lines, in order."""
        ...


class Plain:
    """A line is a line."""

    line_bytes = LINE_BYTES

    def __init__(self, origin: Origin) -> None:
        self._number = origin.number
        self._code = Levels().code

    def take(self, lines: list[bytes]) -> list[Row]:
        """One row a line; times are read later, from those that are kept."""
        number, code = self._number, self._code
        rows: list[Row] = []
        for line in lines:
            text = line.decode("utf-8", "replace")
            if "\x1b" in text:
                text = strip_escapes(text)
            rows.append((None, number, code(text), text))
        return rows


class _Entry(msgspec.Struct):
    log: str = ""
    time: str = ""


class DockerJson:
    """The engine's JSON log file: one object a line, long lines in several pieces."""

    line_bytes = ENVELOPE_BYTES

    def __init__(self, origin: Origin) -> None:
        self._number = origin.number
        self._code = Levels().code
        self._decode = decoder(_Entry).decode
        self._begun = ""

    def take(self, lines: list[bytes]) -> list[Row]:
        """One row a line of the container; what is no such object is taken as it is."""
        rows: list[Row] = []
        for line in lines:
            try:
                entry = self._decode(line)
                text, time = entry.log, _moment(entry.time)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                text, time = line.decode("utf-8", "replace") + "\n", None
            if self._begun or not text.endswith("\n"):
                ended, text = text.endswith("\n"), (self._begun + text)[: LINE_BYTES + 1]
                self._begun = "" if ended else text
                if not ended:
                    continue
            text = strip_escapes(text.rstrip("\r\n"))
            rows.append((time, self._number, self._code(text), text))
        return rows


class Stamped:
    """The engine's log stream with timestamps: a time, a space, the line."""

    line_bytes = 2 * LINE_BYTES

    def __init__(self, origin: Origin) -> None:
        self._number = origin.number
        self._code = Levels().code

    def take(self, lines: list[bytes]) -> list[Row]:
        """One row a line; without a time in front the line is taken whole."""
        rows: list[Row] = []
        for line in lines:
            text = line.decode("utf-8", "replace")
            stamp, _, rest = text.partition(" ")
            time = _moment(stamp)
            text = strip_escapes(rest if time is not None else text)
            rows.append((time, self._number, self._code(text), text))
        return rows


class Cri:
    """Kubernetes' and podman's files: time, stream, `F` or `P` for whole or part, the line."""

    line_bytes = 2 * LINE_BYTES

    def __init__(self, origin: Origin) -> None:
        self._number = origin.number
        self._code = Levels().code
        self._begun = ""

    def take(self, lines: list[bytes]) -> list[Row]:
        """One row a line of the container; what has another shape is taken as it is."""
        rows: list[Row] = []
        for line in lines:
            text = line.decode("utf-8", "replace")
            parts = text.split(" ", 3)
            time = _moment(parts[0]) if len(parts) == 4 and parts[2] in ("F", "P") else None
            if time is not None:
                text = (self._begun + parts[3])[: LINE_BYTES + 1]
                self._begun = text if parts[2] == "P" else ""
                if self._begun:
                    continue
            text = strip_escapes(text)
            rows.append((time, self._number, self._code(text), text))
        return rows


class _Record(msgspec.Struct):
    message: str | list[int] | None = msgspec.field(name="MESSAGE", default=None)
    priority: str = msgspec.field(name="PRIORITY", default="")
    identifier: str = msgspec.field(name="SYSLOG_IDENTIFIER", default="")
    unit: str = msgspec.field(name="_SYSTEMD_UNIT", default="")
    command: str = msgspec.field(name="_COMM", default="")
    container: str = msgspec.field(name="CONTAINER_NAME", default="")
    time: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="")


class JournalJson:
    """`journalctl -o json`: one object a record, whose message may have several lines or be bytes."""

    line_bytes = ENVELOPE_BYTES

    def __init__(self, journal: Origin, unit: Callable[[str], Origin]) -> None:
        self._journal = journal
        self._unit = unit
        self._units: dict[str, tuple[int, Levels]] = {}
        self._decode = decoder(_Record).decode

    def take(self, lines: list[bytes]) -> list[Row]:
        """A row for every line of every message; records without a message are left out."""
        rows: list[Row] = []
        for line in lines:
            try:
                record = self._decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # cut short, or not ours: journalctl writes nothing else
            rows += self._rows(record)
        return rows

    def _rows(self, record: _Record) -> Iterable[Row]:
        message = record.message
        if isinstance(message, list):  # journalctl's way of writing bytes that are no UTF-8
            message = bytes(value & 255 for value in message[:LINE_BYTES]).decode("utf-8", "replace")
        if not message:
            return
        name = record.container or record.identifier or record.command or record.unit
        number, levels = self._units.get(name) or self._met(name)
        time = int(record.time) / 1e6 if record.time.isdecimal() else None
        first, *more = strip_escapes(message).rstrip("\n").split("\n")
        stated = by_priority(int(record.priority)) if record.priority.isdecimal() else None
        # a service's output has priority 6 whatever it says: then the text may know better
        code = levels.code(first, None if stated is Level.INFO else stated)
        if not code and stated:
            code = levels.code(first, stated)
        yield time, number, code, first
        for text in more:
            yield time, number, code & LEVEL_BITS | CONTINUED, text

    def _met(self, name: str) -> tuple[int, Levels]:
        origin = self._journal
        if name and len(self._units) < MANY_UNITS:
            origin = self._unit(name)
            self._units[name] = (origin.number, Levels())
            return self._units[name]
        return origin.number, Levels()


def _moment(stamp: str) -> float | None:
    """An RFC 3339 time in epoch seconds; None for anything else."""
    if not stamp[:4].isdecimal():
        return None
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError):
        return None
