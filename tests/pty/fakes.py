"""The console on sources and panes of its own, for what needs no server: `python -m tests.pty.fakes MODE`.

frozen: every reading is the same, so two screens of one size are equal.
hostile: readings hold text that no source may ever let through, to try the last door alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import screens.zoom
import widgets.pane_widget
from console.config import Config, Profile
from console.findings import Finding, Severity
from console.metrics import Sample
from console.sources.base import Focus, Snapshot
from console.units import bytes_, percent
from screens.app import OpsConsole
from tests.pty.hostile import STRINGS
from widgets.draw import Line, meter
from widgets.pane import Context, Pane, View
from widgets.table import Column, small_table

ROOT = Path(__file__).parents[2]
KINDS = ("system", "docker", "postgres", "redis", "logs")
ROWS = 40


def command(mode: str) -> list[str]:
    """The command line of the console on fakes; it needs `environment`."""
    return [sys.executable, "-m", "tests.pty.fakes", mode]


def environment() -> dict[str, str]:
    """What makes this module importable from any directory."""
    return {"PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSnapshot(Snapshot):
    """Rows of name, share and bytes."""

    rows: tuple[tuple[str, float, int], ...]


class FakeSource:
    """Gives one snapshot again and again."""

    deadline = 2.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}
    target = "nowhere"

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        self.kind = self.name = kind
        self._names = names
        rows = tuple((name, (i * 37 % 100) / 100, i << 20) for i, name in enumerate(names))
        self._snapshot = FakeSnapshot(rows=rows, limited=tuple(names[:1]) if kind == "redis" else ())

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[FakeSource]:
        """Nothing is found by itself."""
        return ()

    async def poll(self, focus: Focus) -> FakeSnapshot:
        """The same again."""
        return self._snapshot

    def samples(self, snapshot: FakeSnapshot) -> list[Sample]:
        """None, because a history would grow on the screen."""
        return []

    def judge(self, snapshot: FakeSnapshot) -> list[Finding]:
        """Something wrong in every other source."""
        if self.kind not in ("docker", "logs"):
            return []
        return [Finding(Severity.CRITICAL, self._names[0], self._names[1], self._names[2])]

    async def close(self) -> None:
        """Nothing to let go of."""


COLUMNS: tuple[Column[Any], ...] = (
    Column("name", "NAME", lambda row: (row[0], "strong"), 8, flex=1),
    Column("cpu", "CPU", lambda row: percent(row[1]), 5, align=">", sort=lambda row: row[1]),
    Column("mem", "MEM", lambda row: bytes_(row[2]), 6, align=">", sort=lambda row: row[2], drop=1),
)


class FakePane(Pane):
    """A meter and a table, and two views."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.title = kind.capitalize()

    def headline(self, context: Context) -> list[tuple[str, str]]:
        """How many rows."""
        return [(f"{len(context.snapshot.rows)} rows", "text")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """A meter, then the table."""
        rows = context.snapshot.rows
        lines: list[Line] = [(("cpu ", "label"), *meter(rows[1][1], width - 4, 0.8))]
        return lines + small_table(COLUMNS, rows, width, height - 1, _severity)

    def views(self) -> list[View[Any]]:
        """The rows, and the rows turned round."""
        return [
            View("a", "Rows", COLUMNS, lambda c: c.snapshot.rows, lambda row: row[0], _severity,
                 related=lambda row: ("logs", row[0])),
            View("b", "Back", COLUMNS, lambda c: c.snapshot.rows[::-1], lambda row: row[0]),
        ]  # fmt: skip


def _severity(row: tuple[str, float, int]) -> Severity:
    return Severity.CRITICAL if row[1] > 0.95 else Severity.OK


def console(mode: str) -> OpsConsole:
    """The application on fakes."""
    # the fakes' panes stand in for the built-in ones of the same kinds
    for module in (widgets.pane_widget, screens.zoom):
        vars(module)["pane_for"] = FakePane
    hostile = mode == "hostile"
    names = STRINGS if hostile else [f"row-{i}" for i in range(ROWS)]
    sources = [FakeSource(kind, names) for kind in KINDS]
    banner = names[0] if hostile else "PRODUCTION"
    config = Config(profile="p", profiles={"p": Profile(banner=banner)})
    return OpsConsole(config, sources, notes=list(names[:5]) if hostile else [], host=names[3])


if __name__ == "__main__":
    app = console(sys.argv[1])
    app.run()
    sys.exit(app.return_code or 0)
