"""Values in mongosh scripts, as JSON literals; never as text that JavaScript would read for more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from console.runs.binding import MASK, Bound, Occurrence, Unbindable
from console.runs.binding_json import fits_json
from console.runs.mongo_text import Span, spans_of

_HELPER = re.compile(r"^[ \t]*(?:use|show)[ \t]+\Z", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_DATABASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*", re.ASCII)


def bind_mongo(text: str, found: Sequence[Occurrence], values: Mapping[str, str]) -> Bound:
    """A mongosh script with its values as JSON literals; of a quoted text the whole becomes one.

    Raises Unbindable.
    """
    plain = list(text)  # with words of the same length in the tokens' places
    for one in found:
        plain[one.start : one.end] = "x" * (one.end - one.start)
    spans = list(spans_of("".join(plain)))
    runs: list[str] = []
    shown: list[str] = []
    at = 0
    for span, inside in _groups(spans, found):
        for parts, masked in ((runs, False), (shown, True)):
            start, written = _written(text, span, inside, values, masked)
            parts += [text[at:start], written]
        at = span.stop
    return Bound(text="".join([*runs, text[at:]]), shown="".join([*shown, text[at:]]))


def _groups(spans: Sequence[Span], found: Sequence[Occurrence]) -> list[tuple[Span, list[Occurrence]]]:
    """The parts to write anew: whole texts with the tokens in them, or a token alone."""
    groups: list[tuple[Span, list[Occurrence]]] = []
    for one in found:
        alone = Span("", one.start, one.end)
        around = next((span for span in spans if span.start <= one.start < span.stop), alone)
        if groups and groups[-1][0] == around:
            groups[-1][1].append(one)
        else:
            groups.append((around, [one]))
    return groups


def _written(
    text: str, span: Span, inside: Sequence[Occurrence], values: Mapping[str, str], masked: bool
) -> tuple[int, str]:
    """Where the part begins, and what stands there with the values in it. Raises Unbindable."""
    source = text[span.start : span.stop]
    if span.kind == "comment":
        return span.start, source

    def value(one: Occurrence) -> str:
        return MASK if masked and one.variable.secret else values[one.variable.name]

    if not span.kind:
        return _bare(text, inside[0], values[inside[0].variable.name], value(inside[0]))
    if span.kind == "slashes":
        return span.start, _between_slashes(text, span, inside, values, value)
    if source[0] == "`" and "${" in source:
        raise Unbindable(f"{inside[0].variable.name} stands in a template of JavaScript", "use plain quotes")
    parts, at = [], span.start + 1
    for one in inside:
        # what stands around the token keeps its own escapes; double quotes are ours now
        if (one.start - len(text[at : one.start].rstrip("\\")) - at) % 2:
            raise Unbindable(f"{one.variable.name} stands behind a backslash", "take it out of the script")
        parts += [_requoted(text[at : one.start], source[0]), json.dumps(value(one))[1:-1]]
        at = one.end
    return span.start, '"' + "".join([*parts, _requoted(text[at : span.stop - 1], source[0])]) + '"'


def _bare(text: str, one: Occurrence, value: str, told: str) -> tuple[int, str]:
    """A token by itself: a name behind a dot, a part of a word, or a value."""
    before, after = text[: one.start], text[one.end : one.end + 1]
    if before.endswith("."):
        return one.start - 1, f"[{json.dumps(told)}]"
    if _HELPER.search(before[-200:]):
        if not _DATABASE.fullmatch(value):
            raise Unbindable(f"{one.variable.name} is a name there", "give letters, digits, _ and -")
        return one.start, told
    if re.match(r"[\w$]", before[-1:]) or re.match(r"[\w$]", after):
        if not _WORD.fullmatch(value):
            raise Unbindable(f"{one.variable.name} is part of a name there", "give letters and digits")
        return one.start, told
    return one.start, told if fits_json(value) else json.dumps(told)


def _between_slashes(
    text: str,
    span: Span,
    inside: Sequence[Occurrence],
    values: Mapping[str, str],
    told: Callable[[Occurrence], str],
) -> str:
    parts, at = [], span.start
    for one in inside:
        if not _WORD.fullmatch(values[one.variable.name]):
            reason = f"{one.variable.name} stands in a regular expression, to which this value may mean more"
            raise Unbindable(reason, "give letters and digits, or write new RegExp(...) with quotes")
        parts += [text[at : one.start], told(one)]
        at = one.end
    return "".join([*parts, text[at : span.stop]])


def _requoted(source: str, quote: str) -> str:
    """The inside of a quoted text as it is written between double quotes."""
    if quote == '"':
        return source
    plain = re.sub(r"\\(['`])", r"\1", source)
    return re.sub(r'(?<!\\)"', r"\"", plain).replace("\n", "\\n")
