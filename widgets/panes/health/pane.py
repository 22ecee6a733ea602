"""The Health pane: a line for each probe, wrong first; calm and in columns while all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.units import counted
from widgets.draw import Line, Span
from widgets.pane import Context, Pane, View, flowing
from widgets.panes.health import rows
from widgets.panes.health.views import VIEWS

if TYPE_CHECKING:
    from console.sources.health.model import HealthSnapshot, ProbeStatus


FEW = 5
"""Lines below which those that are wrong stand beside each other where they have no lines of their own."""


class HealthPane(Pane):
    """What is asked from outside, and how it answers."""

    kind = "health"
    title = "Health"
    least = 1

    def headline(self, context: Context) -> Sequence[Span]:
        """How many are well, of how many."""
        probes = context.snapshot.probes
        known = [probe for probe in probes if probe.outcome is not None]
        well = sum(probe.severity is Severity.OK for probe in known)
        if well == len(probes):
            return [(f"all {counted(len(probes), 'probe')} well", "text")]
        spans: list[Span] = [(f"{well} of {counted(len(probes), 'probe')} well", "text")]
        if len(known) < len(probes):
            spans.append((f"  {len(probes) - len(known)} awaited", "dim"))
        return spans

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Those that are wrong in lines of their own, the others below them."""
        probes = worst_first(context.snapshot)
        wrong = [probe for probe in probes if probe.severity]
        well = [probe for probe in probes if not probe.severity]
        now = context.now
        name = rows.name_cells(probes, width)
        # a line is left to those that are well, that nobody takes the wrong ones for all there are
        room = max(1, height - bool(well))
        if height < FEW and len(wrong) > room:
            lines = flowing(context.findings, width, room)
        else:
            lines = rows.lines_of(wrong, width, room, now, name) if wrong else []
        left = height - len(lines)
        if not well or left <= 0:
            return lines
        if len(well) <= left:
            return [*lines, *rows.lines_of(well, width, left, now, name)]
        return [*lines, *rows.columns(well, width, left, now)]

    def views(self) -> Sequence[View[Any]]:
        """All probes as a table."""
        return VIEWS

    def settings(self) -> Mapping[str, str]:
        """One stanza a probe."""
        return {
            "a page": '[[probes.http]]\nname = "shop"\nurl = "https://shop.example.com/health"',
            "a certificate": '[[probes.tls]]\naddress = "shop.example.com:443"',
            "a port": '[[probes.tcp]]\naddress = "db.internal:5432"',
        }


def worst_first(snapshot: HealthSnapshot) -> list[ProbeStatus]:
    """The probes by severity, of one severity those that changed last first, else as configured."""
    wrong = [probe for probe in snapshot.probes if probe.severity]
    wrong.sort(key=lambda probe: (-probe.severity, -(probe.since_at or 0.0)))
    return [*wrong, *(probe for probe in snapshot.probes if not probe.severity)]
