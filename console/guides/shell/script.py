"""What shell text is once parsed: statements to split it by, and every simple command at any depth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command: as written, and what it means where that is certain.

    `value` is the text without quotes and escapes, None where something is put in when it runs.
    `prefix` is the certain beginning of such a word: `--tail=` of `--tail=$N`. `quoted` says that the
    shell neither splits it nor puts file names in.
    """

    raw: str
    value: str | None
    prefix: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a command reads from or writes to; `target` is None where it is not certain.

    For `<<`, `<<-` and `<<<` the target is the text fed in, None where `dynamic` parts are in it; `body`
    is that text as written in every case.
    """

    operator: str
    target: str | None
    descriptor: str = ""
    body: str = ""

    @property
    def feeds(self) -> bool:
        """Whether text that stands in the script is fed in."""
        return self.operator in ("<<", "<<-", "<<<")

    @property
    def writes(self) -> bool:
        """Whether a file may be made, emptied or added to."""
        if self.operator in (">&", "<&"):  # to a descriptor, unless a file is named
            return self.target is None or not (self.target.rstrip("-").isdigit() or self.target == "-")
        return ">" in self.operator


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command: its words, what is set for it, what it is inside of.

    `line` counts from 0 in the text that was parsed; a command out of a quoted text (`sh -c '...'`) has
    the line of the command that runs it. `inside` names the constructs around it, outermost first:
    pipeline, substitution, process, subshell, loop, condition, case, function. `wrappers` are the programs
    that start it (`sudo`, `docker exec web`), outermost first. `pipe` is the number of its pipeline, 0 for
    none, and `stage` its place in that. `opened` says that what it starts is given as commands of its own.
    """

    words: tuple[Word, ...]
    line: int
    end_line: int
    assignments: tuple[tuple[str, str | None], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    inside: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    pipe: int = 0
    stage: int = 0
    opened: bool = False
    elsewhere: bool = False
    """It runs in a container or on another host."""

    @property
    def values(self) -> tuple[str | None, ...]:
        """The words' certain values."""
        return tuple(word.value for word in self.words)

    @property
    def name(self) -> str | None:
        """The program without its directory; None where it is not certain, empty when there is none."""
        if not self.words:
            return ""
        value = self.words[0].value
        return None if value is None else value.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment without its `#`; `own` when nothing stands before it on its line, `top` at top level."""

    text: str
    line: int
    own: bool
    top: bool = True
    start: int = 0
    """Where its `#` stands, in characters."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A variable of the shell that is put in: its name, the text as written, its place in characters.

    `operator` is what stands behind the name in braces, `:-` for a default. `start` is -1 in a text that
    a further shell reads.
    """

    name: str
    raw: str
    start: int
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement at top level: a command, pipeline, list, loop, function or here-document as a whole.

    `line` and `end_line` count from 0. `comments` are the comments of their own lines between the
    statement before and this one.
    """

    text: str
    line: int
    end_line: int
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """Shell text as parsed.

    `ok` says that all of it was understood. `doubts` says what may run without being among `commands`;
    whoever judges by the commands must not call such a text harmless.
    """

    text: str
    ok: bool
    statements: tuple[Statement, ...] = ()
    commands: tuple[Command, ...] = ()
    comments: tuple[Comment, ...] = ()
    functions: frozenset[str] = frozenset()
    expansions: tuple[Expansion, ...] = ()
    assigned: frozenset[str] = frozenset()
    """Names that it sets, by assignment, `for`, `read` or the like."""
    error_line: int | None = None
    """The first line, from 0, that was not understood."""
    doubts: tuple[str, ...] = ()
