"""What is in front as text: for the clipboard, and as a file."""

from __future__ import annotations

import base64
import csv
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from screens.detail import ScrollCanvas
from screens.zoom import ZoomScreen
from widgets.canvas import Canvas
from widgets.pane_widget import PaneWidget
from widgets.table import Table

COPY_LIMIT = 75_000
"""Characters sent to the clipboard at most: terminals drop longer OSC 52 sequences."""


def text_in_front(screen: Screen[Any]) -> str:
    """The window's lines, the row under the cursor, or the pane with the keyboard."""
    focused = screen.focused
    if isinstance(focused, ScrollCanvas):
        return focused.plain
    if isinstance(focused, Table):
        row = focused.current
        return "\t".join(column.span(row)[0] for column in focused.columns) if row is not None else ""
    if isinstance(focused, Canvas):
        return focused.text
    return ""


def wrapped(text: str, env: Mapping[str, str]) -> str:
    """The OSC 52 sequence that copies a text, passed through tmux and screen to the terminal."""
    data = base64.b64encode(text[:COPY_LIMIT].encode()).decode()
    sequence = f"\x1b]52;c;{data}\x07"
    if env.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if env.get("STY"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence


def export(screen: Screen[Any], name: str, now: datetime) -> Path:
    """Write the table in front as CSV, any other screen as text; 0600, never over an existing file."""
    table = next(iter(screen.query(Table)), None)
    kind = screen.kind if isinstance(screen, ZoomScreen) else "overview"
    suffix = "csv" if table is not None else "txt"
    stamp = now.astimezone().strftime("%Y%m%d-%H%M%S")
    path = Path(name).expanduser() if name else Path(f"opsconsole-{kind}-{stamp}.{suffix}")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
        if table is not None:
            write = csv.writer(file)
            write.writerow([column.title for column in table.columns])
            for row in table.rows:
                write.writerow([_literal(column.span(row)[0]) for column in table.columns])
        else:
            panes = [pane.text for pane in screen.query(PaneWidget)]
            file.write("\n\n".join(panes or [canvas.text for canvas in screen.query(Canvas)]) + "\n")
    return path.resolve()


def _literal(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (CSV injection)."""
    return f"'{text}" if re.match(r"[=+@-](?![\d.])", text) else text
