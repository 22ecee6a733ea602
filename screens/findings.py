"""Everything that is wrong, with what usually mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.text import width as cell_width
from screens.detail import ScrollCanvas, WindowScreen
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, wrap


class FindingsScreen(WindowScreen):
    """All findings of all sources, worst first; kept up to date while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("exclamation_mark", "close", "Close", id="findings.close", tooltip="Close this window"),
    ]

    def __init__(self) -> None:
        super().__init__("Findings")

    def show(self, kinds: Iterable[str]) -> None:
        """New readings: what is wrong may have changed."""
        for canvas in self.query(ScrollCanvas):
            canvas.redraw()

    def make(self, width: int) -> Sequence[Line]:
        """A finding a paragraph: subject, what is wrong, the key of its pane, and the hint below it.

        What may not be seen comes after them: nothing is wrong with it, and something may be unseen.
        """
        findings, waiting = self.ops.scene.wrong()
        lines: list[Line] = []
        if not findings:
            lines.append(
                (("waiting for the first readings" if waiting else "nothing wrong is known", "dim"),)
            )
        for number, finding in findings:
            mark, role = f"{SEVERITY_MARK[finding.severity]} ", SEVERITY_ROLE[finding.severity]
            key: Span = (f" [{number}]" if number else "", "key")
            room = max(10, width - cell_width(mark + finding.subject + key[0]) - 1)
            first, *rest = wrap(finding.text, room, role)
            lines.append(((mark, role), (f"{finding.subject} ", "strong"), *first, key))
            indent = (" " * cell_width(mark), "text")
            lines += [(indent, *line) for line in rest]
            if finding.hint:
                hints = wrap(finding.hint, max(10, width - cell_width(mark)), "dim")
                lines += [(indent, *line) for line in hints]
        return [*lines, *self._limited(width)]

    def _limited(self, width: int) -> list[Line]:
        """What may not be seen, whole: a pane has a line for it."""
        lines: list[Line] = []
        for number, limited, remedies in self.ops.scene.limited():
            for sentence in limited:
                first, *rest = wrap(f"limited view: {sentence}", max(10, width - len(number) - 5), "dim")
                key: Span = (f" [{number}]" if number else "", "key")
                lines.append((("· ", "dim"), *first, key))
                rest += wrap(remedies[sentence], max(10, width - 2), "dim") if sentence in remedies else []
                lines += [(("  ", "text"), *line) for line in rest]
        return lines
