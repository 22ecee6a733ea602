"""The forms a secret may take in a program's output: as it is, quoted for some language, or encoded."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

SHORTEST = 4
"""Characters of the shortest secret that is masked: shorter ones stand in every other word."""
PIECE = 64
"""Bytes of the longest form looked for; a longer one is looked for in pieces of this size."""
WRAP = 76
"""Columns after which `base64` breaks its lines, as MIME has it."""
_DRAIN = 8
"""Bytes the rest of a wrapped line must have to be looked for by itself."""

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_URI_SETS = (b"-._~", b"-._~/", b"-._~!'()*", b"-._~!$&'()*+,;=", b"-._*")
"""What is left as it is by: RFC 3986, paths, browsers, the user part of a URL, HTML forms."""
_XML = (
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"},
)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def lines(secret: str) -> list[str]:
    """The parts of a secret that are looked for: its lines without the blanks around them."""
    return [line for line in map(str.strip, secret.splitlines()) if len(line) >= SHORTEST]


def written(line: str) -> set[bytes]:
    """A line of a secret as it is, and as JSON, URLs, XML, shells, SQL and hexadecimal have it."""
    found = {
        line, *_json(line), *_xml(line), *_shell(line),
        line.replace("'", "''"), line.replace("\\", "\\\\").replace("'", "\\'"),
    }  # fmt: skip
    raw = {_bytes(form) for form in found}
    return raw | set(_uri(_bytes(line))) | _hex(_bytes(line))


def encoded(secret: str) -> set[bytes]:
    """The part of a secret's Base64 that stands whatever is beside it, at each of the three alignments.

    Of a secret of several lines also that of the whole, and its hexadecimal digits.
    """
    found: set[bytes] = set()
    for value in {*lines(secret), secret.strip()}:
        if len(value) >= SHORTEST:
            found |= _base64(_bytes(value))
    return found


def pieces(form: bytes, size: int = PIECE) -> Iterator[bytes]:
    """A form as it is, or the parts of a long one; the last overlaps the one before it."""
    if len(form) <= size:
        yield form
        return
    for start in range(0, len(form) - size, size):
        yield form[start : start + size]
    yield form[-size:]


def wrapped(form: bytes) -> Iterator[bytes]:
    """The lines a program makes of Base64 that is longer than one."""
    for width in (PIECE, WRAP):
        for start in range(0, len(form), width):
            part = form[start : start + width]
            if len(part) >= _DRAIN:
                yield from pieces(part)


def every(secrets: Iterable[str]) -> tuple[set[bytes], set[bytes]]:
    """All forms of all secrets: those that stand for themselves, and those within a run of Base64."""
    plain: set[bytes] = set()
    runs: set[bytes] = set()
    for secret in secrets:
        whole = secret.strip()
        for line in lines(secret):
            plain.update(part for form in written(line) for part in pieces(form))
        if len(whole) >= SHORTEST:
            plain.update(part for form in _hex(_bytes(whole)) for part in pieces(form))
        for form in encoded(secret):
            runs.update(pieces(form))
            runs.update(wrapped(form) if len(form) > PIECE else ())
    return plain, runs - plain


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if _escaped(text) else "surrogatepass")


def _escaped(text: str) -> bool:
    """Whether what cannot be encoded are bytes of the environment, which Python keeps that way."""
    strange = [char for char in text if "\ud800" <= char <= "\udfff"]
    return all("\udc80" <= char <= "\udcff" for char in strange)


def _json(text: str) -> Iterator[str]:
    for quotes in ('"', "'", "`"):
        known = _ESCAPES | {quotes: "\\" + quotes}
        for slash in ({}, {"/": "\\/"}):
            yield "".join((known | slash).get(char, char) for char in text)
    for extra in ({}, {"/": "\\/"}, {char: f"\\u{ord(char):04x}" for char in "<>&"}):
        small = "".join(_ascii(char, extra) for char in text)
        yield small
        yield re.sub(r"\\u[0-9a-f]{4}", lambda match: "\\u" + match[0][2:].upper(), small)


def _ascii(char: str, extra: dict[str, str]) -> str:
    known = extra.get(char) or _ESCAPES.get(char) or ('\\"' if char == '"' else "")
    if known:
        return known
    if " " <= char <= "~":
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _xml(text: str) -> Iterator[str]:
    for table in _XML:
        yield "".join(table.get(char, char) for char in text)


def _shell(text: str) -> Iterator[str]:
    yield text.replace("'", "'\\''")  # what sh -x and sudo print
    yield text.replace("'", "'\"'\"'")  # what Python prints
    yield re.sub(r'([\\"$`])', r"\\\1", text)
    yield re.sub(r'([\\"$`!])', r"\\\1", text)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text, flags=re.ASCII)  # printf %q
    yield re.sub(r"([^\w@%+=:./-])", r"\\\1", text, flags=re.ASCII)


def _uri(data: bytes) -> Iterator[bytes]:
    for kept in _URI_SETS:
        for case in ("%%%02X", "%%%02x"):
            form = b"".join(
                bytes((char,)) if char in _PLAIN or char in kept else (case % char).encode() for char in data
            )
            yield form
            yield form.replace(b"%20", b"+")


def _hex(data: bytes) -> set[bytes]:
    digits = binascii.hexlify(data)
    return {digits, digits.upper()}


def _base64(data: bytes) -> set[bytes]:
    found = set()
    for before in range(3):
        digits = binascii.b2a_base64(bytes(before) + data, newline=False)
        first = -(-before * 8 // 6)  # the first digit all of whose six bits are the secret's
        core = digits[first : (before + len(data)) * 8 // 6]
        found |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return found
