"""The pane of a source that brought none: its findings and its newest numbers."""

from __future__ import annotations

from collections.abc import Sequence

from console.text import clean
from widgets.draw import Line, wrap
from widgets.pane import Context, Pane, wrong_lines


class PlainPane(Pane):
    """Findings of any source, then its samples by name."""

    def __init__(self, kind: str, trouble: str = "") -> None:
        self.kind = kind
        self.title = clean(kind, 24).capitalize()
        self.trouble = trouble
        """Why the kind's own pane is not here; empty when it has none."""

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """What is wrong first, then numbers for as long as there is room."""
        lines: list[Line] = []
        if self.trouble:
            lines += wrap(f"✖ the pane of this kind could not be loaded: {self.trouble}", width, "crit")
        lines += wrong_lines(context.findings, width, max(0, height - len(lines)))
        samples = sorted(context.feed.source.samples(context.snapshot), key=lambda s: (s.name, s.labels))
        for sample in samples[: max(0, height - len(lines))]:
            pairs = ",".join(f"{name}={value}" for name, value in sample.labels)
            labels = f"{{{pairs}}}" if pairs else ""
            lines.append(((clean(f"{sample.name}{labels} "), "label"), (f"{sample.value:g}", "text")))
        return lines
