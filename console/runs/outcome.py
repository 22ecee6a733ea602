"""What the end of a step's process means for the step."""

from __future__ import annotations

import signal

from console.journal.entries import JSON
from console.runs.child import Result


def body_of(result: Result | None, background: bool = False) -> dict[str, JSON]:
    """The body of the entry that a step has ended; None: it was lost without a result.

    `background`: of a step that does not end by itself.
    """
    if result is None:
        why = "nobody saw how it ended: verify by hand what it did"
        return {"status": "unknown", "exit": None, "seconds": None, "why": why}
    status, why = _judged(result, background)
    return {
        "status": status, "why": why, "exit": result.exit_code, "signal": result.signal,
        "seconds": None if result.never else round(result.seconds, 3), "stopped": result.stopped,
        "bytes": result.bytes, "dropped": result.dropped, "left": list(result.left),
    }  # fmt: skip


def _judged(result: Result, background: bool) -> tuple[str, str]:
    if result.never:
        return "cancelled", "it was not begun: the console went before"
    if result.stopped == "gone":
        return "cancelled", "ended because the console was gone"
    if result.stopped == "timeout":
        return "failed", "ended because it took longer than allowed"
    if result.stopped == "cancel":
        # what does not end by itself is done when somebody has seen enough of it
        return ("ok", "stopped") if background else ("cancelled", "cancelled")
    if result.signal is not None:
        return "failed", f"ended by {_name(result.signal)}"
    if result.exit_code is None:
        return "failed", result.error or "it could not be started"
    if result.exit_code:
        return "failed", f"exit {result.exit_code}"
    return "ok", result.error


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
