"""What the API answers instead of what was asked for: its Status object, in words."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from console.decoders import decoder
from console.sources.kubernetes.wire import Wire, message, word


class Status(NamedTuple):
    """An error of the API: 410 and `Expired`, 403 and `Forbidden`, and what it says."""

    code: int
    reason: str
    message: str

    def __str__(self) -> str:
        told = f"{self.code} {self.reason}".strip()
        return f"{told}: {self.message}" if self.message else told


class _StatusWire(Wire):
    code: int = 0
    reason: str = ""
    message: str = ""


def read_status(data: bytes, code: int = 0) -> Status:
    """What an answer says that is an error; `code` is what HTTP said, for answers of something in between."""
    try:
        found = decoder(_StatusWire).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Status(code, "", message(data[:2000].decode("utf-8", errors="replace").strip()))
    return Status(found.code or code, word(found.reason), message(found.message))
