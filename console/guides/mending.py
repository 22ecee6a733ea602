"""A guide's bytes as text: the encoding, and what was decoded wrongly before, put right line by line."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from unicodedata import category

LONGEST = 4096
"""Characters of a line whose encoding is looked at; longer ones are data, not prose."""
USUAL = frozenset("àâäáãåçéèêëíìîïñóòôöõúùûüßæøœÀÂÄÁÃÅÇÉÈÊËÍÎÏÑÓÔÖÕÚÛÜÆØŒ«»„“”‚‘’–—…°§£€©®²³µ·•¡¿×")
"""Letters and signs of western languages; other bytes that are no UTF-8 are not guessed at."""
RUN = 3
"""Letters that are not ASCII and follow each other in a word, in the languages of the west."""
APPLE = "\uf8ff"
"""What Mac Roman makes of the first byte of every emoji: a sign that cannot be there by chance."""
_WESTERN = re.compile(rb"[A-Za-z][\x80-\xff](?![\x80-\xbf])[A-Za-z\x80-\xff]?[A-Za-z .,]")
"""A byte inside a word that is no UTF-8: an umlaut or accent of a file saved by an old editor."""
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a guide, its lines ended by `\\n` alone."""

    text: str
    repaired: bool = False
    """Some of it had been decoded wrongly before."""
    broken: tuple[int, ...] = ()
    """Lines, from 1, holding bytes that are no text."""


def decode(data: bytes) -> Text:
    """Bytes as text: UTF-8, or UTF-16 where a mark says so; other bytes are named, not dropped."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return mend(data.decode(encoding))
    except UnicodeDecodeError:
        western = encoding == "utf-8" and _WESTERN.search(data) is not None
        text = data.decode(encoding, errors=WESTERN if western else "replace")
    mended = mend(text)
    lines = mended.text.split("\n")
    broken = tuple(number for number, line in enumerate(lines, 1) if "\N{REPLACEMENT CHARACTER}" in line)
    return Text(mended.text, mended.repaired or western, broken)


def _western(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 as Windows has them in the west, where they make usual letters and signs."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, end = error.start, error.end
    while end < len(error.object) and end - start < RUN and error.object[end] > 0x7F:
        end += 1
    near = error.object[max(0, start - 1) : start] + error.object[end : end + 1]
    meant = error.object[start:end].decode("cp1252", errors="replace")
    sound = near.isascii() and USUAL.issuperset(meant)
    return (meant if sound else "\N{REPLACEMENT CHARACTER}" * (end - start)), end


WESTERN = "opsconsole-western"
codecs.register_error(WESTERN, _western)


def mend(text: str) -> Text:
    """Text without marks of order and foreign line ends, its wrongly decoded characters put right."""
    text = text.removeprefix("\ufeff").removeprefix("ï»¿")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if text.isascii():
        return Text(text)
    return _repaired(text)


def _repaired(text: str) -> Text:
    import ftfy
    from ftfy.badness import is_bad

    lines = text.split("\n")
    suspects = [n for n, line in enumerate(lines) if not line.isascii() and len(line) <= LONGEST]
    before = list(lines)
    for number in suspects:
        if is_bad(lines[number]):
            fixed = ftfy.fix_encoding(lines[number])
            lines[number] = fixed if "\n" not in fixed else lines[number]
    # ftfy judges each line alone and lets the shortest pass; one certain place tells of all the others
    runs = (run for number in suspects for run in _FOREIGN.findall(before[number]))
    if APPLE in text or any(_pictures(run) for run in runs):
        for number in suspects:
            lines[number] = _FOREIGN.sub(lambda run: _from_mac_roman(run.group()), lines[number])
    return Text("\n".join(lines), repaired=lines != before)


def _from_mac_roman(run: str) -> str:
    try:
        return run.encode("mac_roman").decode("utf-8")
    except UnicodeError:  # it is what it says
        return run


def _pictures(run: str) -> bool:
    """Whether the characters are nothing but signs and emojis in disguise."""
    meant = _from_mac_roman(run)
    return len(run) >= 3 * len(meant) and all(category(char) in ("So", "Mn", "Cf") for char in meant)
