"""What is written to a terminal that has gone, and whose word on its size counts."""

from __future__ import annotations

import os
from contextlib import suppress

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread


class EnduringWriter(WriterThread):
    """Writes as long as there is a terminal; what comes after that is taken and dropped.

    Textual 8.2's own ends with the terminal, and whoever writes then waits for ever as soon as thirty
    pieces are in its queue: a closed SSH connection left the console behind as a process that hangs.
    """

    def run(self) -> None:
        """Until it is told to stop."""
        gone = False
        while (text := self._queue.get()) is not None:
            try:
                if not gone:
                    self._file.write(text)
                    if self._queue.empty():
                        self._file.flush()
            except OSError:
                gone = True
        try:
            self._file.flush()
        except OSError:  # it may go with the last words too
            self._drop()

    def _drop(self) -> None:
        """Send what is left in the buffer nowhere: an interpreter that cannot flush it ends with 120."""
        with suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.dup2(null, self._file.fileno())
                self._file.flush()
            finally:
                os.close(null)


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
