"""What a guide is once read: procedures of steps, and the facts stated beside them. All of it frozen.

Every element keeps the line it stands on (from 1) in the file as it was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Risk(IntEnum):
    """What a step may do to the world; an unknown one is never taken for reading."""

    READ = 0
    UNKNOWN = 1
    CHANGE = 2
    DESTRUCTIVE = 3

    @property
    def word(self) -> str:
        """As people and JSON have it: `read`, `unknown`, `change`, `destructive`."""
        return self.name.lower()


class StepKind(StrEnum):
    """Who carries a step out."""

    MANUAL = "manual"
    SHELL = "shell"
    SQL = "sql"
    REDIS = "redis"
    MONGO = "mongo"
    ACT = "act"
    """Something done to a row of a pane: a container restarted, a session ended, a process signalled."""


class Kind(StrEnum):
    """What is done with a procedure: a checklist is confirmed, a runbook is followed."""

    CHECKLIST = "checklist"
    RUNBOOK = "runbook"


@dataclass(frozen=True, slots=True)
class Variable:
    """Something a command leaves open: `name` asked for, `token` as it stands in the text."""

    name: str
    token: str
    default: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do.

    `command` is the text that runs, empty for a manual one. `where` says where it belongs when that is
    not a shell on this host (`root@db`, `chroot /mnt`, `psql shop`); such a step is shown and not run.
    `duration` is the writer's estimate in seconds. `group` is the sub-heading it stands under.
    `expected` is sample output given beside it, `note` the prose that belongs to it.
    """

    number: int
    title: str
    kind: StepKind
    line: int
    end_line: int
    command: str = ""
    risk: Risk = Risk.READ
    variables: tuple[Variable, ...] = ()
    where: str = ""
    group: str = ""
    duration: float | None = None
    expected: str = ""
    note: str = ""
    background: bool = False
    """It does not end by itself: `tail -f`, `port-forward`."""
    interactive: bool = False
    """It wants the terminal: `top`, an editor, a shell elsewhere."""
    offered: str = ""
    """Commands of a manual step that are shown and not run: they belong elsewhere, are commented out, or
    stand in a block that does not say what it is."""

    @property
    def runnable(self) -> bool:
        """Whether there is something the console can run here."""
        return bool(self.command) and self.kind is not StepKind.MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A checklist or runbook: `id` is its address in this guide, `path` the headings above it.

    `due` is the time of day it is due (`09:00`), `cadence` daily, weekly, monthly, quarterly or yearly,
    `cron` the schedule lines that stand in it, `duration` seconds for all of it.
    """

    id: str
    title: str
    kind: Kind
    line: int
    end_line: int
    path: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    cadence: str = ""
    due: str = ""
    cron: tuple[str, ...] = ()
    who: str = ""
    when: str = ""
    duration: float | None = None
    written: str = ""
    """The heading with every character it has in the file: for JSON, never for a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A threshold for a figure, as written; `breach` when it states what is wrong, not what is right."""

    name: str
    op: str
    value: float
    unit: str
    line: int
    breach: bool = False
    severity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """A Prometheus alert rule as text; `duration` is its `for`."""

    alert: str
    expr: str
    line: int
    duration: str = ""
    keep_firing_for: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityLevel:
    """A severity and the time within which somebody answers, as written (`15 minutes`)."""

    name: str
    line: int
    respond_within: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationLevel:
    """Who is asked next, and after what time, as written."""

    name: str
    line: int
    who: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How somebody is reached."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL or path with what it is: `kind` is endpoint, dashboard or log."""

    kind: str
    url: str
    line: int
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that was not understood, and why: nothing is dropped in silence."""

    line: int
    reason: str
    text: str = ""
    as_it_is: bool = False
    """It is what it says and nothing to mend: a drawing, configuration, a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A Markdown file as read. `digest` is the SHA-256 of its bytes; `name` its file name without suffix."""

    path: str
    name: str
    title: str
    digest: str
    procedures: tuple[Procedure, ...] = ()
    objectives: tuple[Objective, ...] = ()
    rules: tuple[AlertText, ...] = ()
    severities: tuple[SeverityLevel, ...] = ()
    escalation: tuple[EscalationLevel, ...] = ()
    contacts: tuple[Contact, ...] = ()
    links: tuple[Link, ...] = ()
    unread: tuple[Unread, ...] = ()
    front: tuple[tuple[str, str], ...] = ()
    repaired: bool = False
    """Whether the text had been decoded wrongly before, and was mended on reading."""
    written: str = ""
    """The title with every character it has in the file: for JSON, never for a screen."""

    def procedure(self, name: str) -> Procedure | None:
        """The procedure with this id."""
        return next((found for found in self.procedures if found.id == name), None)
