"""What a command leaves open: stand-ins in whatever notation, and shell variables that nothing has set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from console.guides.model import StepKind, Variable
from console.guides.stand_ins import (
    ANGLE,
    ANGLE_STRICT,
    CURLY,
    CUSTOMARY,
    HTML,
    NAMES_SETTINGS,
    PROGRAMS,
    PSQL,
    SQL_COMMENT,
    SQUARE,
    TEMPLATE_WORDS,
    USUAL,
    WORD,
    YOUR,
)
from console.secrets import names_secret

if TYPE_CHECKING:
    from console.guides.shell import Command


def find(kind: StepKind, text: str, known: Collection[str] = ()) -> tuple[Variable, ...]:
    """What must be asked before the text can run, in the order it stands in; each token once.

    `known` are names set by earlier steps. The same name may come with several tokens: `$HOST`, `${HOST}`.
    """
    found = _found(kind, text)
    return tuple(variable for variable, shell in found if not (shell and variable.name in known))


def assigned(text: str) -> set[str]:
    """The names that a shell text sets for those after it, by assignment, `for`, `read` or the like."""
    from console.guides.shell import parse

    return set(parse(text).assigned)


@lru_cache(maxsize=1024)
def _found(kind: StepKind, text: str) -> tuple[tuple[Variable, bool], ...]:
    """The variables, and of each whether it is one of the shell's own."""
    if kind is StepKind.SHELL:
        places = _shell(text)
    elif kind in (StepKind.SQL, StepKind.REDIS, StepKind.MONGO):
        places = _query(kind, text)
    else:
        return ()
    best: dict[str, tuple[Variable, bool]] = {}
    end = -1
    for start, token, name, shell in sorted(places, key=lambda place: (place[0], -len(place[1]))):
        if start < end and start >= 0:
            continue  # inside a longer one
        end = start + len(token)
        best.setdefault(token, (Variable(name, token, secret=_secret(name)), shell))
    return tuple(best.values())


Place = tuple[int, str, str, bool]
"""Where a token stands, the token, its name, whether it is a shell variable."""


def _shell(text: str) -> Iterator[Place]:
    from console.guides.shell import parse

    script = parse(text)
    bare = list(text)
    for comment in script.comments:
        end = text.find("\n", comment.start)
        end = len(text) if end < 0 else end
        bare[comment.start : end] = " " * (end - comment.start)
    covered = "".join(bare)
    for command in script.commands:
        if command.name in PROGRAMS:
            for word in command.words[1:]:
                if word.raw[:1] in "'\"" and len(word.raw) > 2:
                    covered = covered.replace(word.raw, " " * len(word.raw))
    for expansion in script.expansions:
        if expansion.name in script.assigned or _is_usual(expansion.name) or expansion.operator in _DEFAULTS:
            continue
        start = expansion.start if expansion.start >= 0 else text.find(expansion.raw)
        yield start, expansion.raw, expansion.name, True
    for match in ANGLE.finditer(covered):
        if _stands_in(match):
            yield match.start(), match[0], _named(match[1]), False
    yield from _notations(covered, commands=True)
    yield from _words(script.commands, covered)


_DEFAULTS = frozenset({":-", "-", ":+", "+", ":=", "="})


def _is_usual(name: str) -> bool:
    return name in USUAL or name.isdigit() or name.startswith(("BASH", "LC_"))


def _stands_in(match: re.Match[str]) -> bool:
    """Whether `<name>` is to be filled in: no tag of HTML, no redirections glued to each other."""
    text, name = match.string, match[1]
    if name.lower() in HTML or f"</{name}>" in text:
        return False
    before = text[match.start() - 1 : match.start()] if match.start() else " "
    after = text[match.end() : match.end() + 1]
    if before.isdigit() and " " in name:
        return False
    glued = after.isalnum() or after in ("~", "$", "'") or (" " in name and after in ("/", ".", '"'))
    return not (before.isspace() and after and glued)


def _notations(text: str, commands: bool) -> Iterator[Place]:
    for match in CURLY.finditer(text):
        if match[1] not in TEMPLATE_WORDS:
            yield match.start(), match[0], _named(match[1]), False
    for match in YOUR.finditer(text):
        yield match.start(), match[0], _named(re.sub(r"^your[-_]?", "", match[0], flags=re.IGNORECASE)), False
    if not commands:
        return
    for match in SQUARE.finditer(text):
        if not _range(match[1]) and not _alone(match):
            yield match.start(), match[0], _named(match[1]), False
    for pattern, name in CUSTOMARY:
        for match in pattern.finditer(text):
            yield match.start(), match[0], _custom(name, match), False


def _custom(name: str, match: re.Match[str]) -> str:
    if name == "path":
        return "path_to_" + _named(match[0].rstrip("/").rpartition("/")[2])
    if name:
        return name
    return f"{match[1]}_id" if match.re.groups else _named(match[0])


def _alone(match: re.Match[str]) -> bool:
    """Whether brackets stand alone on their line: the head of a section of a file that is written."""
    text = match.string
    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    after = text[match.end() :].partition("\n")[0]
    return "\n" in text and not before.strip() and not after.strip()


def _range(content: str) -> bool:
    """Whether brackets hold characters to choose from: `[a-z]`, `[A-Za-z]`."""
    return re.fullmatch(r"(?:\w-\w)+\w*|\w{1,2}", content) is not None


def _words(commands: Iterable[Command], text: str) -> Iterator[Place]:
    for command in commands:
        if command.name in NAMES_SETTINGS:
            continue
        before: str | None = None
        for word in command.words[1:]:
            value = word.value
            if value and WORD.fullmatch(value) and before not in ("-e", "--env", "-o", "--format", "--sort"):
                found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)
                yield found.start() if found else -1, value, _named(value.partition(".")[0]), False
            before = value


def _query(kind: StepKind, text: str) -> Iterator[Place]:
    bare = SQL_COMMENT.sub(lambda match: " " * len(match[0]), text) if kind is StepKind.SQL else text
    for match in ANGLE_STRICT.finditer(bare):
        if match[1].lower() not in HTML:
            yield match.start(), match[0], _named(match[1]), False
    yield from _notations(bare, commands=False)
    if kind is StepKind.SQL:
        for match in PSQL.finditer(bare):
            yield match.start(), match[1], match[3], False


def _named(text: str) -> str:
    """A name out of a stand-in: small letters, underscores between words."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name or "value"


_ADDRESS = re.compile(
    r"(?:database|db|mongo\w*|redis|postgres\w*|pg|mysql|amqp|broker)_?(?:url|uri|dsn)", re.IGNORECASE
)


def _secret(name: str) -> bool:
    """Whether what is filled in is secret; the address of a database holds its password."""
    return name == "credentials" or names_secret(name) or _ADDRESS.fullmatch(name) is not None
