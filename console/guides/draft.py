"""A step while it is being read, and the stretches of a block that steps come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.guides.model import StepKind, Unread


@dataclass(slots=True)
class Draft:
    """A step before its risk and variables are known; fields as in `console.guides.model.Step`."""

    title: str
    line: int
    end_line: int
    kind: StepKind = StepKind.MANUAL
    command: str = ""
    where: str = ""
    group: str = ""
    duration: float | None = None
    expected: str = ""
    note: str = ""
    offered: str = ""
    typed: str = ""
    """Lines of its block that are no commands: configuration, sentences, what is typed at a prompt."""
    background: bool = False
    interactive: bool = False
    withheld: bool = False
    """Its commands are of a block that does not say what it is."""
    apart: bool = False
    """It stands by itself, as a row of a table does: where it leads is not where the next step is."""
    prompted: bool = False
    """It was typed at a prompt of this host."""

    @property
    def runs(self) -> bool:
        """Whether it has something to run."""
        return bool(self.command) and self.kind is not StepKind.MANUAL

    def withhold(self, where: str = "") -> None:
        """Show its command without offering to run it."""
        self.withheld = self.withheld or (bool(self.command) and not where)
        self.offered = self.offered or self.command
        self.kind, self.command = StepKind.MANUAL, ""
        self.where = where or self.where
        self.background = self.interactive = False

    def add_note(self, text: str) -> None:
        """Prose that belongs to it, below what is there."""
        if text:
            self.note = f"{self.note}\n{text}" if self.note else text


@dataclass(slots=True)
class Chapter:
    """A stretch of a block under its own title (`ISSUE 1: ...`), or the whole block with no title."""

    title: str
    line: int
    drafts: list[Draft] = field(default_factory=list)
    cron: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What a block gave: its chapters, and what of it was not understood."""

    chapters: list[Chapter] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    @property
    def drafts(self) -> list[Draft]:
        """The steps of all chapters."""
        return [draft for chapter in self.chapters for draft in chapter.drafts]

    @property
    def cron(self) -> list[str]:
        """The schedules of all chapters."""
        return [line for chapter in self.chapters for line in chapter.cron]
