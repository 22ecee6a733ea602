"""What is in front as text: for the clipboard, and as a file."""

from __future__ import annotations

import base64
import contextlib
import csv
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from screens.base import OpsScreen
from screens.detail import ScrollCanvas
from screens.zoom import ZoomScreen
from widgets.boundary import attempt
from widgets.canvas import Canvas
from widgets.pane_widget import PaneWidget
from widgets.table import Table

COPY_LIMIT = 75_000
"""Characters sent to the clipboard at most: terminals drop longer OSC 52 sequences."""

SCREEN_STRING = 700
"""Characters GNU screen passes through in one string, with room to spare (its limit is 768)."""


def text_in_front(screen: Screen[Any]) -> str:
    """The window's lines, the row under the cursor, or the pane with the keyboard.

    Raises DrawingFailedError when a column cannot say what stands in it.
    """
    focused = screen.focused
    drawer = screen.drawer if isinstance(screen, OpsScreen) else None
    if drawer is not None and drawer.has_focus_within:
        return drawer.text
    if isinstance(focused, ScrollCanvas):
        return focused.plain
    if isinstance(focused, Table):
        row = focused.current
        return "\t".join(attempt(_cells, focused, row)) if row is not None else ""
    if isinstance(focused, Canvas):
        return focused.text
    return ""


def wrapped(text: str, env: Mapping[str, str]) -> str:
    """The OSC 52 sequence that copies a text, passed through tmux and screen to the terminal."""
    data = base64.b64encode(text[:COPY_LIMIT].encode(errors="replace")).decode()
    return passed_through(f"\x1b]52;c;{data}\x07", env)


def passed_through(sequence: str, env: Mapping[str, str]) -> str:
    """A sequence for the terminal behind tmux and screen, which keep such to themselves."""
    if env.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if env.get("STY"):
        # screen takes no longer strings; the terminal behind it puts the pieces together again
        pieces = (sequence[at : at + SCREEN_STRING] for at in range(0, len(sequence), SCREEN_STRING))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


def export(screen: Screen[Any], name: str, now: datetime) -> Path:
    """Write the table in front as CSV, any other screen as text; 0600, never over an existing file.

    Raises OSError, ValueError and RuntimeError for names that can be no file's, and DrawingFailedError.
    """
    table = next((table for table in screen.query(Table) if table.display), None)
    kind = screen.kind if isinstance(screen, ZoomScreen) else "overview"
    suffix = "csv" if table is not None else "txt"
    stamp = now.astimezone().strftime("%Y%m%d-%H%M%S")
    path = Path(name).expanduser() if name else Path(f"opsconsole-{_file_name(kind)}-{stamp}.{suffix}")
    rows = [] if table is None else attempt(_rows, table)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8", errors="replace") as file:
            if table is not None:
                csv.writer(file).writerows(rows)
            else:
                panes: list[Canvas] = [*screen.query(PaneWidget)]
                file.write("\n\n".join(canvas.text for canvas in panes or screen.query(Canvas)) + "\n")
    except OSError as error:  # a full disk: half a table is none
        with contextlib.suppress(OSError):
            path.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None
    return path.resolve()


def _cells(table: Table[Any], row: Any) -> list[str]:
    return [column.span(row)[0] for column in table.columns]


def _rows(table: Table[Any]) -> list[list[str]]:
    """Titles and rows as they stand, harmless to spreadsheets."""
    cells = [[column.title for column in table.columns], *(_cells(table, row) for row in table.rows)]
    return [[_literal(cell) for cell in row] for row in cells]


def _file_name(text: str) -> str:
    return re.sub(r"[^\w-]", "_", text)


_NUMBER = re.compile(r"[+-]?(\d[\d.,]*)?\s?[A-Za-z%]{0,4}(/s)?", re.ASCII)


def _literal(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (CSV injection); figures with units stay as they are."""
    dangerous = text[:1] in tuple("=+-@＝＋－＠")
    return f"'{text}" if dangerous and not (text[0] in "+-" and _NUMBER.fullmatch(text)) else text
