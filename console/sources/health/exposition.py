"""Prometheus' text format and OpenMetrics, read strictly: one wrong line refuses the whole, as there.

Sample lines are the same in both (https://prometheus.io/docs/instrumenting/exposition_formats/,
https://prometheus.io/docs/specs/om/open_metrics_spec/); the comments (HELP, TYPE, UNIT, EOF) are not
needed for rules. Times and exemplars behind a value are read over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from console.metrics import Labels
from console.text import clean
from console.worker import Breath

MOST_LABELS = 60
"""Labels of one sample."""
NAME_LIMIT, VALUE_LIMIT = 200, 500
"""Characters of a name and of a label's value that are kept."""

_NAME = re.compile(r"[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)?[ \t]*(\{)?")
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(
    rf"[ \t]*(?:([a-zA-Z_][a-zA-Z0-9_]*)|{_QUOTED})[ \t]*(?:=[ \t]*{_QUOTED}[ \t]*)?(,|(?=\}}))"
)
_END = re.compile(r"[ \t]*\}")
_REST = re.compile(r"[ \t]*([^ \t#]+)(?:[ \t]+(-?[0-9.eE+-]+))?[ \t]*(?:#[ \t]*\{.*)?$")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}


@dataclass(slots=True)
class Exposed:
    """What a page holds, as far as it was kept."""

    samples: list[tuple[str, Labels, float]] = field(default_factory=list)
    total: int = 0
    """Samples on the page."""
    matching: int = 0
    """Of these, those whose name was asked for."""
    doubled: int = 0
    """Samples with the name and labels of one before, left out."""


class Malformed(ValueError):
    """A line that is no sample; the reason names it."""


def read(text: str, wanted: Callable[[str], object], most: int) -> Exposed:
    """The samples with a wanted name, `most` of them; for a thread. Raises Malformed."""
    with Breath() as breath:
        return _read(text, wanted, most, breath)


def _read(text: str, wanted: Callable[[str], object], most: int, breath: Breath) -> Exposed:
    found = Exposed()
    seen: set[tuple[str, Labels]] = set()
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip(" \t\r")
        if not stripped or stripped[0] == "#":
            continue
        try:
            name, pairs, value = _sample(stripped)
        except Malformed as error:
            raise Malformed(f"line {number} {error}: {clean(stripped, 60)}") from None
        breath.take()
        found.total += 1
        if not wanted(name):
            continue
        found.matching += 1
        if len(found.samples) >= most:
            continue
        if (name, pairs) in seen:
            found.doubled += 1
            continue
        seen.add((name, pairs))
        found.samples.append((name, pairs, value))
    return found


def _sample(line: str) -> tuple[str, Labels, float]:
    start = _NAME.match(line)
    assert start is not None  # it matches the empty text too
    name, at, pairs = start[1] or "", start.end(), dict[str, str]()
    if start[2]:
        quoted, at = _fill(pairs, line, at)
        name = name or quoted
        end = _END.match(line, at)
        if end is None:
            raise Malformed("has no end of its labels")
        at = end.end()
    if not name:
        raise Malformed("has no name")
    rest = _REST.match(line, at)
    if rest is None:
        raise Malformed("has no value")
    kept = sorted(
        (clean(key, NAME_LIMIT), clean(value, VALUE_LIMIT)) for key, value in pairs.items() if value
    )
    return clean(name, NAME_LIMIT), tuple(kept), _number(rest[1])


def _fill(pairs: dict[str, str], line: str, at: int) -> tuple[str, int]:
    """Read the labels into `pairs`; gives the metric's name, where it is quoted among them, and their end."""
    name = ""
    for _ in range(MOST_LABELS):
        pair = _PAIR.match(line, at)
        if pair is None:
            return name, at
        at = pair.end()
        bare, quoted, value, _ = pair.groups()
        key = bare if quoted is None else _plain(quoted)
        if value is not None:
            if key in pairs:
                raise Malformed(f"names {clean(key, 40)} twice")
            pairs[key] = _plain(value)
        elif quoted is None or name:
            raise Malformed("has a label without value")
        else:
            name = key
    raise Malformed(f"has more than {MOST_LABELS} labels")


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), text) if "\\" in text else text


def _number(text: str) -> float:
    """A value as Go reads it, which takes no underscores here."""
    try:
        if "_" in text:
            raise ValueError
        return float(text)
    except ValueError:
        raise Malformed(f"has no number but {clean(text, 20)}") from None
