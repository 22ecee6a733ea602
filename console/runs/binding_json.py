"""Values within JSON that stands quoted in a shell command: `curl -d '{"text": "<message>"}'`."""

from __future__ import annotations

import json
import re

_VALUE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false|null", re.ASCII)


def in_json(quoted: str, at: int, mark: str) -> str:
    """Whether a place in a quoted text is in JSON: `text` within one of its strings, `value` outside, or ``.

    `mark`, a number and `z` stand where values will.
    """
    start = re.match(r"\$?['\"]", quoted)
    inner, first = (quoted[start.end() : -1], start.end()) if start else (quoted, 0)
    if not inner.lstrip().startswith(("{", "[")) or '"' not in inner:
        return ""  # `[<name>]` is more often a text in brackets
    before = inner[: at - first]
    if start and start[0].endswith('"'):
        inner, before = _unescaped(inner), _unescaped(before)
    try:
        json.loads(re.sub(rf"{mark}\d+z", "0", inner))
    except ValueError:
        return ""
    return "text" if len(re.findall(r'(?<!\\)(?:\\\\)*"', before)) % 2 else "value"


def fits_json(value: str) -> bool:
    """Whether a value may stand in JSON without quotes: a number, true, false or null."""
    return _VALUE.fullmatch(value) is not None


def escaped(value: str) -> str:
    """A value as it stands within quotes in JSON."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _unescaped(text: str) -> str:
    return re.sub(r'\\([\\"$`])', r"\1", text)
