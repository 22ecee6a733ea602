"""Plain output of the headless commands: colours where they are wanted, values as TOML and JSON."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO, TypeAlias

Paint: TypeAlias = Callable[[str, str], str]
"""The text in a tone (`bad`, `warn`, `good`, `dim`, `bold`), or as it is where colours are not wanted."""

_CODES = {"bad": "1;31", "warn": "33", "good": "32", "dim": "2", "bold": "1"}


def painter(env: Mapping[str, str]) -> Paint:
    """Colours for a terminal that wants them: not for a pipe, TERM=dumb or a set NO_COLOR."""
    stream: TextIO | None = sys.stdout  # None when it was closed before the start
    if stream is None or env.get("NO_COLOR") or env.get("TERM", "") in ("", "dumb") or not stream.isatty():
        return lambda text, tone: text
    return lambda text, tone: f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if tone else text


def columns(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Rows with every column as wide as its widest cell; the last one is left as it is."""
    from console.text import pad, width

    if not rows:
        return []
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        gap.join([*map(pad, row[:-1], widths), row[-1]]).rstrip()  # the last may be long
        for row in rows
    ]


def toml(value: Any) -> str:
    """A value as it would stand in a configuration file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def json_text(value: Any) -> str:
    """A value as indented JSON; numbers JSON does not have become null."""
    import json

    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
