"""What can be done to a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.errors import GateRefused
from console.runs.acts import SIGNALS, Act, process_act
from console.units import bytes_, duration, percent
from widgets.pane import Context

if TYPE_CHECKING:
    from console.sources.system.host import Process


def process_acts(process: Process, context: Context) -> Sequence[Act]:
    """TERM, which it may answer to in its own way, and KILL. Raises GateRefused."""
    if process.kernel:
        raise GateRefused(f"{process.pid} is a thread of the kernel: no signal ends it")
    if process.state in ("Z", "X"):
        raise GateRefused(
            f"{process.pid} has ended already", f"its parent, {process.ppid}, has not waited for it"
        )
    age = (context.time - process.started).total_seconds()
    about = (
        f"process {process.pid} of {process.user or 'an unknown user'}, started {duration(age)} ago",
        f"{percent(process.cpu)} of a core, {bytes_(process.rss)}, on this host",
        process.command,
    )
    started = process.started.timestamp()
    return [process_act(process.pid, started, name, name=process.name, about=about) for name in SIGNALS]
