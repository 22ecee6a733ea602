"""Every error a user can meet, with the sentence that mends it.

OpsError
├── UsageError          wrong command line                      (exit 2)
├── ConfigError         wrong value in a file, names the key    (exit 2)
├── ExpressionError     PromQL that cannot be read, or not with these series
├── GateRefused         a step may not start: says why and what would let it
├── JournalError        the record cannot be read or written: nothing may start
├── AlreadyStarted      somebody else has started this step
├── TooWide             a pattern of files goes through too many directories
└── SourceError         a poll gave no snapshot
    ├── NotFound        nothing there to ask: says how to configure it
    ├── Refused         it answered no: password, permission, protocol
    ├── Unreachable     it should be there and does not answer
    └── TimedOut        no answer within the deadline
"""

from __future__ import annotations

from typing import Any

from console.secrets import redact
from console.text import clean

AGAIN = "it is asked again by itself"
"""Ends the fix of an error that may pass: true in the console, which goes on asking."""

SILENT = "is it stopped, or overloaded?"
"""Begins the fix for a server that takes connections and does not answer."""


def once(fix: str) -> str:
    """A fix, or a whole sentence, for whoever looks a single time: it does not promise to ask again."""
    return fix.removesuffix(AGAIN).rstrip(";: ")


class OpsError(Exception):
    """An error told to the user as one sentence and, where there is one, the fix."""

    def __init__(self, reason: str, fix: str = "") -> None:
        self.reason = clean(redact(reason), 400)
        self.fix = clean(redact(fix), 400)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return f"{self.reason}: {self.fix}" if self.fix else self.reason


class UsageError(OpsError):
    """The command line cannot be carried out as written."""


class ConfigError(OpsError):
    """A configuration value cannot be used; the reason names file, key and value."""


class ExpressionError(OpsError):
    """A PromQL expression cannot be read, or not be evaluated on the series there are."""

    def __init__(self, reason: str, fix: str = "", *, position: int | None = None) -> None:
        super().__init__(reason, fix)
        self.position = position
        """Where in the text, counted in characters from 0; None where it is not known."""


class JournalError(OpsError):
    """The record cannot be read or written."""


class AlreadyStarted(OpsError):
    """A step was started before, by this console or another; the reason says by whom, when and where."""


class TooWide(OpsError):
    """A pattern of files goes through more directories than can be looked through in time."""


class GateRefused(OpsError):
    """A step or act may not start as asked for."""


class SourceError(OpsError):
    """A source gave no snapshot this time."""

    known: Any = None
    """What it knows of itself all the same, as a snapshot without what is in it: which clusters there are."""
    covers: frozenset[str] = frozenset()
    """Subjects of findings in its last good snapshot that this error says too."""


class NotFound(SourceError):
    """There is nothing to ask; the fix says how to configure it."""


class Refused(SourceError):
    """The system answered, and said no: password, permission or protocol."""


class Unreachable(SourceError):
    """The system was expected to answer and did not, or the connection broke."""


class TimedOut(SourceError):
    """No answer came within the deadline."""
