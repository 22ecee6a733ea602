"""A running step's output as lines: read from its spool in bounded pieces, cleaned, the newest kept."""

from __future__ import annotations

import codecs
from copy import copy
from datetime import datetime
from pathlib import Path

from console.runs import spool
from console.runs.colors import LONGEST, Line, Pen
from console.runs.run import StepState
from console.units import bytes_

EVERY = 0.1
"""Seconds between two looks: listeners hear of output at most ten times a second."""
CHUNK = 1 << 14
"""Bytes read at one look: some milliseconds, for which nothing else is done."""
SHOWN = 1 << 17
"""Bytes that are read of more: of a flood only the newest are shown."""


class Follower:
    """Puts what is new in a spool into the lines of a step's state."""

    def __init__(self, directory: Path, state: StepState) -> None:
        self._directory = str(directory)
        self._state = state
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._partial = False
        self._pen = Pen()

    def look(self, now: datetime) -> bool:
        """Read what is new, at most `CHUNK` bytes; whether there was anything."""
        end = spool.end_of(self._directory)
        if end <= self._offset:
            return False
        behind = end - self._offset - SHOWN
        skipped = 0
        if behind > 0:
            self._offset += behind
            skipped = behind
        data, self._offset, gap = spool.read(self._directory, self._offset, CHUNK)
        if skipped + gap:
            self._skip(skipped + gap)
            data = data.partition(b"\n")[2] or data
        self._take(self._decoder.decode(data))
        self._state.last_output = now
        return True

    def _skip(self, count: int) -> None:
        self._decoder.reset()
        self._rest, self._partial = "", False
        self._state.skipped_bytes += count
        self._state.lines.append(Line(f"… {bytes_(count)} further up, in the whole output …"))

    def _take(self, text: str) -> None:
        lines = self._state.lines
        if self._partial:
            lines.pop()
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole[-(lines.maxlen or 0) :]:
            lines.extend(self._pen.line(part) for part in _parts(line))
        while len(self._rest) > LONGEST:
            lines.append(self._pen.line(self._rest[:LONGEST]))
            self._rest = self._rest[LONGEST:]
        self._partial = bool(self._rest)
        if self._partial:
            lines.append(copy(self._pen).line(self._rest))  # it comes once more, with its end


def _parts(line: str) -> list[str]:
    return [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)] or [""]
