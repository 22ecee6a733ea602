"""The one table, and each budget as met or not met."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.measure import Figures
from tests.bench.peers import CONSOLE, EMPTY

RECORDED = {"cpu_percent": (3.4, 4.7), "pss_mb": (108.0, 133.0), "kb_per_second": (46.0, 46.0)}
"""What the sum of all five tools was on another day and machine, with lazydocker: from and to. No limit of
this run, in which the sum is measured; it says whether that is of the same order.
"""

COLUMNS = (
    ("first_paint", "first paint s", 2),
    ("ready", "data s", 2),
    ("cpu_percent", "CPU %", 2),
    ("pss_mb", "PSS MB", 1),
    ("kb_per_second", "KB/s", 2),
    ("key_p50", "key p50 ms", 1),
    ("key_p99", "p99 ms", 1),
    ("loaded_p50", "any p50 ms", 1),
    ("loaded_p99", "any p99 ms", 1),
    ("servers_percent", "servers %", 1),
)
SUMMED = ("cpu_percent", "pss_mb", "kb_per_second")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One budget: what was measured, what it must be, and whether it is."""

    what: str
    measured: float | None
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it was measured and is within its limit."""
        if self.measured is None or math.isnan(self.measured):
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        shown = "not measured" if self.measured is None else f"{self.measured:,.2f}"
        word = "met" if self.met else "NOT met"
        return f"{word:>8}  {self.what:<50} {shown:>12}  {sign} {self.limit:,.2f} {self.unit}"


def summed(figures: Mapping[str, Figures], names: Sequence[str]) -> Figures:
    """What these programs cost together; times are the slowest one's."""
    chosen = [figures[name] for name in names if name in figures]
    return Figures(
        first_paint=max((f.first_paint for f in chosen if f.first_paint), default=None),
        ready=max((f.ready for f in chosen if f.ready), default=None),
        **{name: sum(getattr(f, name) or 0.0 for f in chosen) for name in SUMMED},
    )


def table(figures: Mapping[str, Figures], total: Figures, peers: Sequence[str]) -> str:
    """All programs, the sum of the replaced ones, and the console as a share of it."""
    rows = [("", [title for _, title, _ in COLUMNS])]
    for name, values in figures.items():
        mark = "+ " if name in peers else "  "
        rows.append((mark + name, _cells(values)))
    rows.append(("= sum of +", _cells(total)))
    own = figures.get(CONSOLE)
    if own:
        rows.append(("console / sum", [_ratio(own, total, name) for name, _, _ in COLUMNS]))
    lead = max(len(name) for name, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(COLUMNS))]
    return "\n".join(
        f"{name:<{lead}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for name, cells in rows
    )


def _cells(values: Figures) -> list[str]:
    found: list[str] = []
    for name, _, digits in COLUMNS:
        value = getattr(values, name)
        found.append("-" if value is None else f"{value:.{digits}f}")
    return found


def _ratio(own: Figures, total: Figures, name: str) -> str:
    mine, theirs = getattr(own, name), getattr(total, name)
    return f"{mine / theirs:.2f}" if name in (*SUMMED, "first_paint", "ready") and mine and theirs else ""


def recorded(own: Figures | None) -> Iterator[str]:
    """The console's figures beside the recorded ones, a line each."""
    for name, (low, high) in RECORDED.items():
        if mine := getattr(own, name, None):
            yield f"{name}: {mine:.2f} beside {low:g} to {high:g} recorded on another day with lazydocker"


def verdicts(
    own: Figures | None, figures: Mapping[str, Figures], total: Figures, factor: float = 1.0
) -> list[Verdict]:
    """The budgets of the console's own figures beside the peers'; `factor` relaxes them for a larger load."""
    if own is None:
        return []
    found = []
    for name, share, what, unit in (
        ("cpu_percent", 1.0, "CPU", "% of a core"),
        ("pss_mb", 0.9, "memory (PSS)", "MB"),
        ("kb_per_second", 0.4, "bytes to the terminal", "KB/s"),
    ):
        of = f"{share:g} of " if share != 1 else ""
        mine = getattr(own, name)
        if theirs := getattr(total, name):
            found.append(Verdict(f"{what}: {of}the sum here", mine, share * factor * theirs, unit))
    empty = figures.get(EMPTY)
    if empty and empty.first_paint:
        found.append(
            Verdict(
                "first paint: 1.5 empty Textual apps", own.first_paint, 1.5 * factor * empty.first_paint, "s"
            )
        )
    found.append(Verdict("all panes with real data", own.ready, 1.5 * factor, "s"))
    found.append(Verdict("key to paint at any moment, p99", own.loaded_p99, 50.0 * factor, "ms"))
    return found
