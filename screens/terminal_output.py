"""What is written to a terminal that has gone, and whose word on its size counts."""

from __future__ import annotations

import os
import select
from contextlib import suppress

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread

AT_ONCE = 8192
"""Characters up to which pieces that wait are sent together; what waits longer holds up who writes."""


class EnduringWriter(WriterThread):
    """Writes all there is to write, as long as there is a terminal; what comes after that is dropped.

    Textual 8.2's own ends with the terminal, and whoever writes then waits for ever as soon as thirty
    pieces are in its queue: a closed SSH connection left the console behind as a process that hangs.
    Nor does it go on where the terminal took a part only: the rest of the frame was lost when the
    process had been stopped meanwhile (with PYTHONUNBUFFERED, as containers set it).
    """

    def run(self) -> None:
        """Until it is told to stop."""
        gone, told = False, False
        while not told:
            pieces: list[str] = []
            length = 0
            while not pieces or (length < AT_ONCE and not self._queue.empty()):  # nobody else takes from it
                piece = self._queue.get()
                if piece is None:
                    told = True
                    break
                pieces.append(piece)
                length += len(piece)
            if not gone:
                try:
                    self._send("".join(pieces))
                except OSError:
                    gone = True

    def _send(self, text: str) -> None:
        """Raises OSError where there is no terminal any more."""
        handle = self._file.fileno()
        encoding: str = getattr(self._file, "encoding", "utf-8")
        left = memoryview(text.encode(encoding, "backslashreplace"))
        while left:
            try:
                left = left[os.write(handle, left) :]
            except BlockingIOError:  # a program that shared the terminal has left it in that mode
                select.select((), (handle,), ())


def outlive_terminal() -> None:
    """Have the driver write that way.

    It makes its writer by a name of its own module, which is replaced; a test says when that changes.
    """
    setattr(linux_driver, "WriterThread", EnduringWriter)  # noqa: B010 no name of its interface


def size_by_terminal() -> None:
    """Have the terminal say how large it is.

    COLUMNS and LINES of the environment would win: a shell that exports them means its own start, no
    change of size would be seen any more, and a wrong number is a screen that takes minutes to draw.
    """
    with suppress(OSError):
        if all(os.get_terminal_size(1)):
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)
