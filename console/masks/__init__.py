"""Masks: known secrets, and whatever looks like one, taken out of text before it is kept or shown.

Only the standard library and `console.secrets` are imported: a step's supervisor loads this.
Nothing is guaranteed: a program may print a secret in a form nobody thought of, such as backwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from console.masks.forms import PIECE, SHORTEST, every
from console.masks.scan import Needles
from console.secrets import MASK, opens_private_key, redact

LINE = 8192
"""Bytes of a line without an end that are held back at most, but for what a form needs to be seen whole."""
KEY_LINES = 400
"""Lines of a private key whose end never comes that are hidden."""
_AHEAD = PIECE + 4
"""Bytes beyond a place that say whether it is within a form: the longest one, and Base64's padding."""
_MASK = MASK.encode()
_DIGITS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
"""What a run of Base64 is made of."""

# `redact` sees only lines that hold one of these: searching a block costs less than reading its lines.
# Letters are folded together first, so that few searches do for many words.
_FOLD = bytes(112 if char in b"OURSours" else 95 if char == 45 else char for char in range(256)).lower()
_WORDS = tuple(
    word.translate(_FOLD)
    for word in (b"pass", b"token", b"secret", b"pwd", b"key", b"authoriz", b"bearer",
                 b"denti",  # credential, identified
                 b"sk-",  # sk_, rk_
                 b"pat_", b"xox", b"ghp_")
)  # fmt: skip


class Masks:
    """What is secret in a run. Values shorter than four characters are left alone."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = tuple(dict.fromkeys(value for value in secrets if len(value.strip()) >= SHORTEST))
        """The values, for a process that is to mask the same."""
        plain, self._runs = every(self.secrets)
        self._sorted = sorted(plain | self._runs)
        self._needles = Needles(self._sorted)

    def __repr__(self) -> str:
        return f"<Masks of {len(self.secrets)}>"

    def mask(self, text: str) -> str:
        """The text with every secret replaced by `***`."""
        try:
            data = text.encode()
        except UnicodeEncodeError:  # half a character, as in a file name that is not UTF-8
            data = text.encode("utf-8", "surrogatepass")
        stream = MaskStream(self)
        masked = stream.feed(data) + stream.finish()
        return text if masked == data else masked.decode("utf-8", "surrogatepass")

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where known secrets stand, from and to, in order; those that touch are one."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted(self._span(data, at, form) for at, form in self._needles.find(data)):
            if joined and first <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((first, last))
        return joined

    def _span(self, data: bytes, at: int, form: bytes) -> tuple[int, int]:
        end = at + len(form)
        if form not in self._runs:
            return at, end
        # the digits of Base64 before and after hold some bits of the secret too
        if at and data[at - 1] in _DIGITS:
            at -= 1
        if end < len(data) and data[end] in _DIGITS:
            end += 1
        return at, end + 2 if data.startswith(b"==", end) else end + data.startswith(b"=", end)

    def begun(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret; 0 for fewer than four."""
        for length in range(min(PIECE - 1, len(data)), SHORTEST - 1, -1):
            tail = data[-length:]
            at = bisect_left(self._sorted, tail)
            if at < len(self._sorted) and self._sorted[at].startswith(tail):
                return length
        return 0


class MaskStream:
    """Masks a program's output as it comes: what leaves is the same however its bytes were cut.

    Whole lines leave at once, a line without an end when it has grown too long. What there is of a
    line is had from `idle` when nothing came for a moment, since a prompt has no line end.
    """

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._held = b""
        self._context = b""
        """What this line held before, as it came, where its beginning has left already."""
        self._masked = False
        """The last that left was a mask, in the middle of a line."""
        self._told = b""
        """What `idle` gave of the bytes held."""
        self._key = 0
        """Lines of a private key still to hide."""

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes; the masked ones that can leave by now."""
        data = self._held + chunk
        out: list[bytes] = []
        done = at = 0
        while True:
            window = at + LINE + _AHEAD
            if end := max(data.rfind(b"\n", at, window), data.rfind(b"\r", at, window)) + 1:
                at = end
                continue
            if done < at:
                out.append(self._take(data[done:at]))
            if len(data) < window:
                break
            blank = data.rfind(b" ", at + LINE * 3 // 4, at + LINE) + 1
            cut = blank or at + LINE
            out.append(self._take(data[at:cut], data[cut:window]))
            done = at = cut
        self._held = data[at:]
        return b"".join(out)

    def idle(self) -> bytes:
        """What can be shown of a line that has not ended: all but what may become a secret."""
        if not self._held or self._key:
            return b""
        begun = self._masks.begun(self._held)
        split = len(self._held) - begun
        shown, _ = self._exact(self._held[:split], self._held[split:])
        return self._untold(_redacted(shown), goes_on=True)

    def finish(self) -> bytes:
        """The rest, when no more will come."""
        data, self._held = self._held, b""
        return self._take(data) if data else b""

    def _take(self, data: bytes, ahead: bytes = b"") -> bytes:
        """Whole lines, or a piece of one that is followed by the bytes ahead."""
        shown, masked = self._exact(data, ahead)
        ended = data.endswith((b"\n", b"\r"))
        self._context = b"" if ended else (self._context + data)[-_AHEAD:]
        self._masked = masked and not ended
        shown = self._shaped(shown)
        return self._untold(shown) if self._told else shown

    def _untold(self, shown: bytes, goes_on: bool = False) -> bytes:
        common = _common(self._told, shown)
        if not goes_on:
            self._told = b""
        elif len(shown) > common or not self._told:
            self._told = shown
        return shown[common:]

    def _exact(self, data: bytes, ahead: bytes) -> tuple[bytes, bool]:
        """The data without known secrets, and whether a mask stands at its end."""
        seen = self._context + data + ahead if self._context or ahead else data
        spans = self._masks.spans(seen)
        if not spans:
            return data, False
        at = start = len(self._context)
        stop = start + len(data)
        out = []
        for first, last in spans:
            if last <= start or first >= stop:
                continue
            out.append(seen[at:first])  # nothing when the secret began before
            if first >= start or not self._masked:
                out.append(_MASK)
            at = min(last, stop)
        out.append(seen[at:stop])
        return b"".join(out), bool(spans) and spans[-1][0] < stop <= spans[-1][1]

    def _shaped(self, block: bytes) -> bytes:
        """The block without what looks like a secret."""
        if self._key or b"PRIVATE KEY-----" in block:
            return b"".join(map(self._keyed, block.splitlines(keepends=True)))
        suspects = _suspects(block)
        if not suspects:
            return block
        out, at = [], 0
        for first, last in suspects:
            out.append(block[at:first])
            out += map(_redacted, block[first:last].splitlines(keepends=True))
            at = last
        out.append(block[at:])
        return b"".join(out)

    def _keyed(self, line: bytes) -> bytes:
        if self._key:
            self._key = 0 if b"-----END" in line else self._key - 1
            return line if b"-----END" in line else _MASK + _end(line)
        if opens_private_key(line.decode("latin-1")):
            self._key = KEY_LINES
        return _redacted(line)


def _suspects(block: bytes) -> list[tuple[int, int]]:
    """The lines, from and to, in which something may look like a secret."""
    folded = block.translate(_FOLD)
    found: dict[int, int] = {}
    searches = [(folded, word) for word in _WORDS]
    searches += [(block, word) for word in (b"eyJ", b"IA", b"://") if word != b"://" or b"@" in block]
    for text, word in searches:
        at = text.find(word)
        while at >= 0:
            end = block.find(b"\n", at) + 1 or len(block)
            found[block.rfind(b"\n", 0, at) + 1] = end
            at = text.find(word, end)
    return sorted(found.items())


def _redacted(line: bytes) -> bytes:
    """One line without what looks like a secret; its end and broken UTF-8 stay."""
    end = _end(line)
    text = line[: len(line) - len(end)].decode("utf-8", "surrogateescape")
    return redact(text).encode("utf-8", "surrogateescape") + end


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with alike."""
    if other.startswith(one):
        return len(one)
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (first, second) in pairs if first != second), len(other))


def _end(line: bytes) -> bytes:
    return line[len(line.rstrip(b"\r\n")) :]
