"""An application that gives its terminal back whatever happens, and lets nothing fail in silence."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.segment import Segment, Segments
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.worker import Worker, WorkerState

from console.text import clean
from screens.crash import report
from screens.last_door import filters_of
from screens.terminal_input import PatientDriver, take_any_byte
from screens.terminal_output import outlive_terminal

TOLD_TO_END = (
    signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
    signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGXCPU,
)  # fmt: skip
"""Signals that end a process, whether it was meant or not: the terminal is given back first."""


def taken_up_by_a_shell() -> bool:
    """Whether a shell with job control began our process group; nobody else lets it go on once stopped."""
    import psutil

    group, session = os.getpgrp(), os.getsid(0)
    try:
        for above in psutil.Process().parents():
            if os.getsid(above.pid) != session:
                return False
            if os.getpgid(above.pid) != group:
                return True
    except (OSError, psutil.Error):
        return False
    return False


class SturdyApp(App[None], inherit_bindings=False):
    """Signals, failures, the last door before the terminal, and lending that terminal."""

    ENABLE_COMMAND_PALETTE = False
    """Textual's palette ends the app when it is typed into faster than it searches; `:` completes."""
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._lent = False

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this system, or ours in the place of that for Linux."""
        found = super().get_driver_class()
        return PatientDriver if found is LinuxDriver else found

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters as they fit this terminal, and ours as the last one."""
        return filters_of(self, super().get_line_filters())

    def on_load(self) -> None:
        """From before the terminal is taken on, being told to end gives it back."""
        take_any_byte()
        outlive_terminal()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed_aside)

        def told_to_end(number: int, frame: object) -> None:
            # asyncio's own way loses a signal while many calls of other threads wait, as in a flood of keys
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._told_to_end, number)
                return
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

        for number in TOLD_TO_END:
            try:
                signal.signal(number, told_to_end)
            except ValueError:
                pass  # not the main thread (tests): there is no terminal to lose either

    def _told_to_end(self, number: int) -> None:
        if self._lent and number == signal.SIGQUIT:
            return  # a key of the program that has the terminal
        self.exit(return_code=128 + number)

    def _failed_aside(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something failed that nobody waits for: it is said, with its traceback in a file."""
        error = context.get("exception")
        text = str(context.get("message", "something failed"))
        if isinstance(error, BaseException):
            path = report(error, os.environ, datetime.now(UTC))
            text += f" ({type(error).__name__}), see {path}" if path else f" ({type(error).__name__})"
        self.tell(text, "error")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed says so; nothing fails in silence."""
        if event.state is WorkerState.ERROR:
            self.tell(
                f"{event.worker.description or event.worker.name} failed: {event.worker.error}", "error"
            )

    def _fatal_error(self) -> None:
        # Textual would print the traceback with the values of variables, secrets among them
        error = self._exception or RuntimeError("unknown")
        path = report(error, os.environ, datetime.now(UTC))
        where = f"the details are in {path}" if path else "its details could not be written"
        sentence = f"opsconsole ended by a defect of its own ({type(error).__name__}): {where}"
        self._exit_renderables.append(Segments([Segment(clean(sentence)), Segment.line()]))
        self._close_messages_no_wait()

    def tell(self, text: str, severity: SeverityLevel = "information") -> None:
        """A short message over the screen; outside text in it never becomes markup."""
        self.notify(clean(text, 300), severity=severity, markup=False)

    # -- the terminal in other hands

    @property
    def lends_terminal(self) -> bool:
        """Whether there is a terminal that can be handed to another program."""
        return self._driver is not None and self._driver.can_suspend

    @property
    def lent(self) -> bool:
        """Whether another program has the terminal just now."""
        return self._lent

    def to_terminal(self, sequence: str) -> None:
        """Send the terminal a sequence that draws nothing, between two drawings."""
        if self._driver is not None and not self._lent:
            self._driver.write(sequence)

    @contextmanager
    def terminal_lent(self) -> Iterator[None]:
        """The terminal belongs to another program meanwhile: nothing is drawn, its keys are not ours."""
        before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTSTP)}
        self._lent = True
        try:
            with self.batch_update(), self.suspend():
                signal.signal(signal.SIGINT, lambda *_: None)
                # Textual would stop this process for good where there is no shell to let it go on
                signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                yield
        finally:
            self._lent = False
            for one, handler in before.items():
                signal.signal(one, handler)
