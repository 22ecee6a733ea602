"""Rows as a text table, the way psql aligns them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from console.text import clip, width
from console.units import counted

ROWS = 1000
"""Rows printed of one statement."""
CELL = 300
"""Terminal cells of one value."""


def table(names: Sequence[str], rows: Sequence[Sequence[Any]], more: int = 0) -> str:
    """The rows under their names; `more` rows are not among them, -1 when it is not known how many."""
    cells = [[_clipped(value) for value in row] for row in rows]
    heads = [_clipped(name) for name in names]
    widths = [max([width(head), *(width(row[at]) for row in cells)]) for at, head in enumerate(heads)]
    right = [bool(rows) and all(_is_number(row[at]) for row in rows) for at in range(len(names))]
    lines = [" | ".join(_fill(head, wide) for head, wide in zip(heads, widths, strict=True)).rstrip()]
    lines.append("-+-".join("-" * wide for wide in widths))
    for row in cells:
        filled = (_fill(cell, wide, r) for cell, wide, r in zip(row, widths, right, strict=True))
        lines.append(" | ".join(filled).rstrip())
    end = "" if not more else ", more not shown" if more < 0 else f", {more} more not shown"
    lines.append(f"({counted(len(rows), 'row')}{end})")
    return "\n".join(lines)


def status(message: str | None) -> str:
    """What a statement without rows says: `UPDATE 3`."""
    return message or "done"


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))


def _fill(text: str, wide: int, right: bool = False) -> str:
    gap = " " * (wide - width(text))
    return gap + text if right else text + gap


def _clipped(value: Any) -> str:
    text = shown(value).replace("\\", "\\\\") if isinstance(value, str) else shown(value)
    return clip(text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t"), CELL)


def shown(value: Any) -> str:
    """A value as text; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time, timedelta, Decimal, str, int, float)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, Mapping):
        return json.dumps({key: shown(each) for key, each in value.items()}, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "{" + ",".join("NULL" if each is None else shown(each) for each in value) + "}"
    return str(value)
