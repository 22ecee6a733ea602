"""What the terminal sends that is no text."""

from __future__ import annotations

import codecs
from functools import partial
from typing import Any

from textual.drivers import linux_driver


def take_any_byte() -> None:
    """Let a byte that is not UTF-8 become the replacement character; Textual 8.2 would end the app.

    Terminals of other encodings, 8-bit meta keys and pasted binary data send such bytes. The driver
    makes its decoder by a name of its own module, which is replaced; a test says when that changes.
    """

    def lenient(encoding: str) -> Any:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    setattr(linux_driver, "getincrementaldecoder", lenient)  # noqa: B010 no name of its interface
