"""Many byte strings looked for in much text at once, sooner than one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

FEW: Final = 14
"""Needles that are found sooner one by one than by their grams (measured)."""
_PART = 256
"""Words looked at singly where one of them is a needle's."""


class Needles:
    """Byte strings of at least four bytes, and where they stand in some data."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        every = sorted(needles)
        short = [needle for needle in every if len(needle) < 7]
        middle = [needle for needle in every if 7 <= len(needle) < 15]
        long = [needle for needle in every if len(needle) >= 15]
        self._single: list[bytes] = []
        self._grams = [Grams(8, long)] if long else []
        for width, few, some in ((4, FEW, middle), (2, 2 * FEW, short)):
            if len(some) > few:
                self._grams.append(Grams(width, some))
            else:
                self._single += some

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Every place of every needle, in no order; they may overlap."""
        for grams in self._grams:
            yield from grams.find(data)
        for needle in self._single:
            at = data.find(needle)
            while at >= 0:
                yield at, needle
                at = data.find(needle, at + 1)


class Grams:
    """Needles known by the machine words in them: the data is read word by word, and most fit none.

    A needle of at least two words less a byte covers one aligned word of the data wherever it stands,
    so its first `width` words, each one byte after the other, are all that has to be known.
    """

    def __init__(self, width: int, needles: Sequence[bytes]) -> None:
        self._width: Final = width
        self._code: Final = {2: "H", 4: "I", 8: "Q"}[width]
        self._needles: dict[int, list[tuple[int, bytes]]] = {}
        for needle in needles:
            for offset in range(width):
                word = int.from_bytes(needle[offset : offset + width], sys.byteorder)
                self._needles.setdefault(word, []).append((offset, needle))
        self._words = frozenset(self._needles)

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Every place of every needle, in no order."""
        whole = memoryview(data)[: len(data) - len(data) % self._width]
        words = whole.cast(self._code)  # type: ignore[call-overload]  # one of the three
        if self._words.isdisjoint(words):
            return
        for start in range(0, len(words), _PART):
            part = words[start : start + _PART]
            if not self._words.isdisjoint(part):
                for index in [index for index, word in enumerate(part) if word in self._words]:
                    yield from self._at(data, (start + index) * self._width, part[index])

    def _at(self, data: bytes, place: int, word: int) -> Iterator[tuple[int, bytes]]:
        for offset, needle in self._needles[word]:
            if place >= offset and data.startswith(needle, place - offset):
                yield place - offset, needle
