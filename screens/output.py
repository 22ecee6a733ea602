"""Windows over the drawer: the whole output of a step, and everything about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.runs import spool
from console.runs.colors import Pen
from console.runs.run import Run, Status
from console.text import clean, width
from console.units import bytes_
from screens.detail import ScrollCanvas, WindowScreen
from widgets.draw import Line, Span
from widgets.step_drawing import Steps, details, output_spans, row

MOST = 4 << 20
"""Bytes of output that are shown; of more the newest."""
ALL = 100_000
"""Lines of details, more than there can be."""


class OutputScreen(WindowScreen):
    """Everything a step has printed; while it runs the newest lines, followed until the reader scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "close", "Close", id="output.close", tooltip="Close this window"),
    ]

    def __init__(self, run: Run, index: int) -> None:
        self._state = run.states[index]
        super().__init__(f"Output of {index + 1} {clean(self._state.step.title, 120)}")
        self._whole: list[Line] | None = None
        self._made: tuple[tuple[object, ...], Sequence[Line]] = ((), ())

    def on_mount(self) -> None:
        """All of it is read once it is complete."""
        super().on_mount()
        self.query_one(ScrollCanvas).action_edge(1)
        self._load_when_ended()

    def show(self, kinds: Iterable[str]) -> None:
        """There may be more of it by now."""
        self._load_when_ended()
        canvas = self.query_one(ScrollCanvas)
        at_end = canvas.at_end
        canvas.redraw()
        if at_end:
            canvas.action_edge(1)

    def _load_when_ended(self) -> None:
        if self._whole is None and self._state.status is not Status.RUNNING and self._state.spool is not None:
            self._whole = []
            self.run_worker(
                self._load(self._state.spool), group="output", description="reading the output",
                exit_on_error=False,
            )  # fmt: skip

    async def _load(self, directory: Path) -> None:
        self._whole = await asyncio.to_thread(whole_output, directory)
        canvas = self.query_one(ScrollCanvas)
        canvas.redraw()
        canvas.action_edge(1)

    def make(self, width: int) -> Sequence[Line]:
        """The lines, broken to the width; made anew only when there are others."""
        state = self._state
        if self._whole:
            lines, mark = self._whole, (width, len(self._whole), "whole")
        else:
            newest = state.lines[-1] if state.lines else ""
            mark = (width, len(state.lines), f"{state.skipped_bytes} {newest}")
            if mark == self._made[0]:
                return self._made[1]
            lines = [output_spans(line) for line in state.lines]
        if mark != self._made[0]:
            made = [part for line in lines for part in broken(line, width)]
            self._made = (mark, made or [(("nothing was printed", "dim"),)])
        return self._made[1]


class StepScreen(WindowScreen):
    """Everything about one step: note, command, sample output, evidence, measures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "close", "Close", id="step.close", tooltip="Close this window"),
    ]

    def __init__(self, steps: Steps, index: int) -> None:
        super().__init__(clean(f"Step {index + 1}: {steps.states[index].step.title}", 200))
        self._steps = steps
        self._index = index

    def make(self, width: int) -> Sequence[Line]:
        """Its line in the list, and all that belongs to it."""
        step = self._steps.states[self._index].step
        place = f"line {step.line} of the guide, {step.kind.value}, {step.risk.word}"
        head: list[Line] = [row(self._steps, self._index, width), ((place, "dim"),), ()]
        return [*head, *details(self._steps, self._index, width, ALL, whole=True)]


def whole_output(directory: Path) -> list[Line]:
    """What is kept of a step's output, at most the newest `MOST` bytes, as lines with their colours."""
    end = spool.end_of(str(directory))
    offset = max(0, end - MOST)
    pen = Pen()
    lines: list[Line] = []
    if offset:
        lines.append(((f"… the first {bytes_(offset)} are in {directory}", "dim"),))
    data = bytearray()
    while offset < end:
        piece, offset, gap = spool.read(str(directory), offset, MOST)
        if gap:
            data += f"\n… {bytes_(gap)} not kept …\n".encode()
        data += piece
        if not piece and not gap:
            break
    text = data.decode("utf-8", "replace").removesuffix("\n")
    return [*lines, *(output_spans(pen.line(line)) for line in text.split("\n"))] if data else lines


def broken(line: Line, cells: int) -> list[Line]:
    """A line in pieces of at most `cells` cells; its colours stay with their characters."""
    if sum(width(text) for text, _ in line) <= cells:
        return [line]
    pieces: list[Line] = []
    piece: list[Span] = []
    used = 0
    for text, role in line:
        start = 0
        for at, char in enumerate(text):
            size = width(char)
            if used + size > cells and (piece or at > start):
                piece.append((text[start:at], role))
                pieces.append(tuple(piece))
                piece, used, start = [], 0, at
            used += size
        piece.append((text[start:], role))
    return [*pieces, tuple(piece)]
