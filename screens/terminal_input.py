"""What the terminal sends that is no text."""

from __future__ import annotations

import asyncio
import codecs
import threading
from functools import partial
from typing import Any

from textual.app import ScreenStackError
from textual.drivers import linux_driver
from textual.message import Message
from textual.widgets import Input

from screens.sequences import BoundedParser

AT_ONCE = 64
"""Keys and movements that may wait to be handled; the terminal keeps what comes after them."""
LOOK = 0.002
"""Seconds between two looks whether they have been."""


class PatientDriver(linux_driver.LinuxDriver):
    """Reads on once what it has read is handled.

    Textual 8.2 takes all that a terminal sends into its queues: after half a megabyte of keys a console
    would be busy for minutes, and could not be ended meanwhile, even where its terminal had gone.
    """

    _sent = 0

    def run_input_thread(self) -> None:
        """Read with our parser: the driver makes its own by a name of its module, as it does the decoder."""
        setattr(linux_driver, "XTermParser", partial(BoundedParser, self._takes_text))  # noqa: B010 no name of its interface
        super().run_input_thread()

    def _sigcont_application(self, *_: object) -> None:
        """Go on; where it was SIGSTOP, which asks nobody, nothing of ours has been let go of before.

        Textual 8.2 would begin a second time: two readers, and a terminal that is never given back.
        """
        if self._auto_restart and not self._must_signal_resume:
            self._loop.call_soon_threadsafe(self._begin_again)  # signals may come while others are handled
        else:
            super()._sigcont_application()

    def _begin_again(self) -> None:
        if self._auto_restart and not self._must_signal_resume and not self.exit_event.is_set():
            self.suspend_application_mode()
            self.resume_application_mode()

    def _takes_text(self) -> bool:
        try:
            return isinstance(self._app.screen.focused, Input)
        except ScreenStackError:
            return False

    def send_message(self, message: Message) -> None:
        """Hand a message to the app, and wait where many have not been handled."""
        taken = asyncio.run_coroutine_threadsafe(self._app._post_message(message), loop=self._loop)
        self._sent += 1
        if self._sent % AT_ONCE or threading.current_thread() is not self._key_thread:
            return
        # the thread of the loop waits for this one where it lets go of the terminal
        while not self.exit_event.is_set() and (not taken.done() or self._unhandled() > AT_ONCE):
            self.exit_event.wait(LOOK)

    def _unhandled(self) -> int:
        app = self._app
        try:
            screen = app.screen
        except ScreenStackError:
            return app.message_queue_size
        focused = screen.focused
        return sum(each.message_queue_size for each in (app, screen, focused) if each is not None)


def take_any_byte() -> None:
    """Let a byte that is not UTF-8 become the replacement character; Textual 8.2 would end the app.

    Terminals of other encodings, 8-bit meta keys and pasted binary data send such bytes. The driver
    makes its decoder by a name of its own module, which is replaced; a test says when that changes.
    """

    def lenient(encoding: str) -> Any:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    setattr(linux_driver, "getincrementaldecoder", lenient)  # noqa: B010 no name of its interface
