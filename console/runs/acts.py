"""What can be done to a row of a pane: each a step of its own, with the exact call and the target told.

The gate is asked and the journal written for them as for any other step; nothing here does anything.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from console.errors import GateRefused
from console.guides.model import Risk, Step, StepKind
from console.journal.entries import JSON
from console.secrets import redact_url
from console.text import clean

CONTAINER_VERBS = {"start": "Start", "stop": "Stop", "restart": "Restart"}
SESSION_VERBS = {"cancel": "Cancel the statement of", "terminate": "Terminate"}
SIGNALS = {"TERM": "End", "KILL": "Kill"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that has to be typed before an act is complete; the first suggestion stands there already."""

    label: str
    hint: str = ""
    suggestions: tuple[str, ...] = ()
    text: str = ""
    """What stands there to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to do, and to what. `name` is typed where the gate wants a name; `task` is how it is done."""

    step: Step
    target: str
    name: str
    task: Mapping[str, JSON]
    beside: Mapping[str, str] = field(default_factory=dict)
    """What the process that does it is told beside the task: how it may be helped."""
    about: tuple[str, ...] = ()
    """What the row said of its target, a phrase each, for whoever is to confirm it."""
    entry: str = ""
    """The kind of journal entry that is all of it, with `task` as its body; empty: a process does it."""
    run: str = ""
    """What that entry belongs to."""
    wanted: tuple[Wanted, ...] = ()
    given: Given | None = None
    """Makes the complete act from what was typed for `wanted`, and when. Raises UsageError."""


Given: TypeAlias = Callable[[Sequence[str], datetime], Act]


def container_act(
    name: str, container_id: str, verb: str, *, host: str = "", context: str = "", about: Sequence[str] = ()
) -> Act:
    """Start, stop or restart a container. `host` and `context` are those of the pane's source."""
    told = clean(name, 200)
    shown = shlex.quote(redact_url(host)) if host else shlex.quote(context)
    where = f" -H {shown}" if host else f" --context {shown}" if context else ""
    return Act(
        step=_step(f"{CONTAINER_VERBS[verb]} container {told}", f"docker{where} {verb} {shlex.quote(name)}"),
        target=f"container {told}",
        name=told,
        task={
            "what": "container", "verb": verb, "id": container_id, "name": name, "host": host,
            "context": context,
        },
        about=tuple(about),
    )  # fmt: skip


def session_act(
    pid: int,
    verb: str,
    backend_start: datetime,
    *,
    url: str | None = None,
    password_command: str = "",
    server: str = "",
    about: Sequence[str] = (),
) -> Act:
    """Cancel a database session's statement, or end the session. A later one with its pid is not touched.

    `url` and `password_command` are those of the pane's source; None is where it looks by itself.
    """
    call = "pg_cancel_backend" if verb == "cancel" else "pg_terminate_backend"
    started = backend_start.isoformat()
    guard = f"WHERE pid = {pid} AND backend_start = '{started}'"
    sql = f"SELECT {call}(pid) FROM pg_stat_activity {guard}"  # noqa: S608 shown; what runs has parameters
    where = f" of {clean(server, 100)}" if server else ""
    return Act(
        step=_step(f"{SESSION_VERBS[verb]} session {pid}{where}", sql),
        target=f"session {pid}{where}",
        name=str(pid),
        task={
            "what": "session", "verb": verb, "pid": pid, "started": started, "url": url,
            "password_command": password_command,
        },
        about=tuple(about),
    )  # fmt: skip


def process_act(
    pid: int, start_time: float, signal_name: str, *, name: str = "", about: Sequence[str] = ()
) -> Act:
    """Send a process TERM or KILL; `start_time` (seconds since 1970) tells it from a later one with its pid.

    Raises GateRefused for the first process of the host and for the console itself.
    """
    if pid <= 1:
        raise GateRefused("the first process of the host is not ended from here", "shut the host down")
    if pid == os.getpid():
        raise GateRefused("this is the console itself", "leave it with q")
    shown = clean(name, 60)
    told = f"{shown} ({pid})" if name else str(pid)
    # a process names itself: what cannot be typed as it looks is confirmed by the number
    typed = shown if shown.isascii() and shown == shown.strip() else ""
    risk = Risk.DESTRUCTIVE if signal_name == "KILL" else Risk.CHANGE
    return Act(
        step=_step(f"{SIGNALS[signal_name]} process {told}", f"kill -{signal_name} {pid}", risk),
        target=f"process {told}",
        name=typed or str(pid),
        task={
            "what": "process", "pid": pid, "started": start_time, "signal": signal_name,
            "console": os.getpid(),
        },
        about=tuple(about),
    )  # fmt: skip


def _step(title: str, command: str, risk: Risk = Risk.CHANGE) -> Step:
    return Step(number=1, title=title, kind=StepKind.ACT, line=0, end_line=0, command=command, risk=risk)
