"""The pane of a source that brought none: its findings and its newest numbers."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.draw import Line
from widgets.pane import Context, Pane, finding_lines


class PlainPane(Pane):
    """Findings of any source, then its samples by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.title = kind.capitalize()

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """What is wrong first, then numbers for as long as there is room."""
        lines = finding_lines(context.findings, height)
        samples = sorted(context.feed.source.samples(context.snapshot), key=lambda sample: sample.name)
        for sample in samples[: max(0, height - len(lines))]:
            lines.append(((f"{sample.name} ", "label"), (f"{sample.value:g}", "text")))
        return lines
