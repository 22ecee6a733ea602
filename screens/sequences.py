"""What a terminal sends, before Textual reads it: bounded, and without what is nobody's keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from enum import Enum

from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._time import get_time
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

ESC = "\x1b"
SEQUENCE_LIMIT = 64
"""Characters of a control sequence; what is longer is none that means anything."""
SIDE_LIMIT = 5000
"""Columns or rows of a terminal that says its size itself."""
PASTE_LIMIT = 16 * 1024
"""Characters kept of a paste; one of so many was longer."""
BURST = 64
"""Characters typed at once that are no typing."""
QUIET = 0.5
"""Seconds of silence after which a string or a paste is over that was never ended."""

_STRINGS = frozenset("]P_^X")
"""What follows ESC where a string begins: OSC, DCS, APC, PM, SOS."""
_STRING_END = re.compile(r"[\x00-\x07\x0e-\x1f]")
_SWALLOWED = frozenset("\x07\x18\x1a")
"""Ends of a string that are no keys: BEL, CAN, SUB."""
_CONTROLS = re.compile(r"([\x00-\x1f\x7f])")
_PARAMETERS = re.compile(r"[\x20-\x3f]*")
_SIZE = re.compile(r"\x1b\[48;(\d+)[^;]*;(\d+)[^;]*;")
_BEGINNINGS = {key[:end] for key in ANSI_SEQUENCES_KEYS for end in range(3, len(key))} | {"\x1b[M"}
"""Sequences that are whole by the rule, and yet go on: keys of the Linux console, the old mouse."""


class _Amid(Enum):
    KEYS = "keys"
    STRING = "a string for nobody"
    LONG = "a control sequence without end"
    PASTE = "a paste"


class BoundedParser(XTermParser):
    """Reads keys, and drops what a terminal answers unasked.

    Textual 8.2 waits for the end of a paste for ever, types the characters of sequences it does not know
    (what a terminal answers about itself would press `?` and digits), and ends the app by numbers that
    are no characters or sizes.
    """

    def __init__(self, takes_text: Callable[[], bool] = lambda: False, debug: bool = False) -> None:
        """`takes_text` tells whether what is typed is text just now, and not keys that act."""
        self._takes_text = takes_text
        self._amid = _Amid.KEYS
        self._held = ""
        """The beginning of a sequence whose rest has not come."""
        self._pasted: list[str] = []
        self._room = PASTE_LIMIT
        self._last = 0.0
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """The messages in a piece of input; "" is its end."""
        if not data:
            yield from super().feed(data)
            return
        self._last = get_time()
        data, self._held = self._held + data, ""
        place = 0
        while place < len(data):
            if self._amid is _Amid.KEYS:
                place = yield from self._keys(data, place)
            elif self._amid is _Amid.PASTE:
                place = yield from self._paste(data, place)
            else:
                place = self._dropped(data, place)

    def tick(self) -> Iterable[Message]:
        """What the time says that went by without input: a lone Escape, the end of what has no end."""
        silent = get_time() - self._last
        if self._held and self._amid is not _Amid.PASTE and silent >= constants.ESCAPE_DELAY:
            held, self._held, self._amid = self._held, "", _Amid.KEYS
            yield from self._plain(held)
            if self._timeout_time is not None and len(held) > 2:
                self._forget()  # half a sequence is no keys
            elif self._timeout_time is not None:
                self._timeout_time = 0.0
        if self._amid is not _Amid.KEYS and silent >= QUIET:
            if self._amid is _Amid.PASTE:
                yield self._whole_paste()
            self._held, self._amid = "", _Amid.KEYS
        yield from super().tick()

    def _keys(self, data: str, place: int) -> Generator[Message, None, int]:
        """From `place` on; gives where it goes on, and says amid what."""
        start = data.find(ESC, place)
        if start != place:
            end = len(data) if start < 0 else start
            yield from self._typed(data[place:end])
            return end
        follows = data[place + 1 : place + 2]
        if not follows or (follows in _STRINGS and len(data) == place + 2):
            self._held = data[place:]
            return len(data)
        if follows in _STRINGS:
            self._amid = _Amid.STRING
            return place + 2
        if follows != "[":
            # of two Escapes the second may begin a sequence
            end = place + (1 if follows == ESC else 2)
            yield from self._plain(data[place:end])
            return end
        match = _PARAMETERS.match(data, place + 2)
        end = match.end() if match else place + 2
        if end - place > SEQUENCE_LIMIT:
            self._amid = _Amid.LONG
            return end
        if end == len(data):
            self._held = data[place:]
            return end
        yield from self._sequence(data[place : end + 1])
        return end + 1

    def _sequence(self, sequence: str) -> Iterator[Message]:
        """A whole control sequence; one that is not known is dropped."""
        if sequence == BRACKETED_PASTE_START:
            self._amid, self._pasted, self._room = _Amid.PASTE, [], PASTE_LIMIT
            return
        size = _SIZE.match(sequence)
        if sequence == BRACKETED_PASTE_END or (
            size is not None and not all(0 < int(side) <= SIDE_LIMIT for side in size.groups())
        ):
            return
        yield from self._plain(sequence)
        if self._awaiting.timeout is not None and sequence not in _BEGINNINGS:
            self._forget()

    def _typed(self, text: str) -> Iterator[Message]:
        """Characters; so many at once that somebody pasted them are given as such where text is taken."""
        if len(text) < BURST or not self._takes_text():
            yield from self._plain(text)
            return
        for part in _CONTROLS.split(text):
            if len(part) >= BURST:
                yield events.Paste(part)
            else:
                yield from self._plain(part) if part else ()

    def _paste(self, data: str, place: int) -> Generator[Message, None, int]:
        end = data.find(BRACKETED_PASTE_END, place)
        if end >= 0:
            self._keep(data[place:end])
            self._amid = _Amid.KEYS
            yield self._whole_paste()
            return end + len(BRACKETED_PASTE_END)
        end = data.rfind(ESC, place)
        if end < 0 or not BRACKETED_PASTE_END.startswith(data[end:]):
            end = len(data)
        self._keep(data[place:end])
        self._held = data[end:]
        return len(data)

    def _keep(self, text: str) -> None:
        text = text.replace("\x00", "")[: self._room]
        self._room -= len(text)
        self._pasted.append(text)

    def _whole_paste(self) -> events.Paste:
        text, self._pasted = "".join(self._pasted), []
        return events.Paste(text)

    def _dropped(self, data: str, place: int) -> int:
        """Where a string or a sequence that is dropped ends; it ends by other control characters too."""
        if self._amid is _Amid.LONG:
            match = _PARAMETERS.match(data, place)
            end = match.end() if match else place
            if end < len(data):
                self._amid = _Amid.KEYS
                end += "@" <= data[end] <= "~"
            return end
        found = _STRING_END.search(data, place)
        if found is None:
            return len(data)
        end = found.start()
        if data[end:] == ESC:
            self._held = ESC
            return len(data)
        self._amid = _Amid.KEYS
        if data.startswith("\x1b\\", end):
            return end + 2
        return end + (data[end] in _SWALLOWED)

    def _plain(self, text: str) -> Iterator[Message]:
        """What Textual makes of it; nothing, where it does not bear it."""
        try:
            yield from super().feed(text)
        except (ValueError, ArithmeticError):
            self._forget()

    def _forget(self) -> None:
        """Begin anew, with the next character."""
        self._tokens.clear()
        self._gen = self.parse(self._tokens.append)
        self._awaiting = next(self._gen)
        self._timeout_time = None
