"""Values of variables put into a step as data: what runs never holds a value as text to be interpreted.

Each kind of step has its own way: a shell gets environment expansions quoted for where they stand, SQL
gets parameters, Redis argument words, mongosh JSON literals. Where a second interpreter would read the
value (`sh -c`, `ssh`, `psql -c`, awk), only harmless characters are let in, and the rest is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from console.errors import OpsError
from console.guides.model import Step, StepKind, Variable

MASK = "***"
LONGEST = 120_000
"""Bytes of a value; Linux gives a program no longer ones than 128 KiB."""
HARMLESS = re.compile(r"(?!-)(?!.*--)[A-Za-z0-9_.,:/@%+=-]*", re.ASCII)
"""No two dashes: what follows them is a comment to SQL."""
_DOLLAR = re.compile(r"\$\{?(\w+)\}?", re.ASCII)
_OWN = frozenset(
    {"PATH", "IFS", "ENV", "BASH_ENV", "HOME", "SHELL", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND",
     "PYTHONPATH", "PERL5LIB", "NODE_OPTIONS", "PAGER", "EDITOR", "VISUAL", "GIT_SSH_COMMAND"}
)  # fmt: skip
"""Environment variables that programs act on: not set by a variable of a guide."""
_RESERVED = frozenset({"STATE", "STATE_NEW", "STEP", "SECRET_NAMES", "WAITED", "CONTAINS"})
"""What the session itself uses behind `OPS_`."""


class Unbindable(OpsError):
    """A value cannot be put into a command as data; says which, where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A command with its values: what runs, what it is given, and how it reads with the values in it."""

    text: str
    shown: str
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment names to values."""
    secret: frozenset[str] = frozenset()
    """Those of them that are not written down."""
    statements: tuple[Statement, ...] = ()
    """SQL: the statements with their parameters."""
    calls: tuple[tuple[str, ...], ...] = ()
    """Redis: the words of each command."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a value stands in SQL: which, and whether the server has to quote it for that place.

    `bare` when the text has no quotes there, so that a number may stand as it is.
    """

    index: int
    quoted: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL statement: its text with the places of its values; `line` counts from 1 in the step."""

    pieces: tuple[str | Piece, ...]
    values: tuple[str, ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a variable's token stands, in characters."""

    start: int
    end: int
    variable: Variable


def bind(kind: StepKind, text: str, variables: Iterable[Variable], values: Mapping[str, str]) -> Bound:
    """A command with its values as data. Raises Unbindable; every variable must have a value."""
    found = list(occurrences(text, variables))
    used = {one.variable.name: values[one.variable.name] for one in found}
    for name, value in used.items():
        check(name, value)
    if kind is StepKind.SQL:
        from console.runs.binding_sql import bind_sql

        return bind_sql(text, found, used)
    if kind is StepKind.REDIS:
        from console.runs.binding_words import bind_redis

        return bind_redis(text, found, used)
    if kind is StepKind.MONGO:
        from console.runs.binding_mongo import bind_mongo

        return bind_mongo(text, found, used)
    if not found:
        return Bound(text=text, shown=text)
    from console.runs.binding_shell import bind_shell

    return bind_shell(text, found, used)


def resolved(step: Step, values: Mapping[str, str], command: str | None = None) -> str:
    """The command with its values in it, for people: secrets masked, what has no value left as it stands."""
    text = step.command if command is None else command
    parts, at = [], 0
    for one in occurrences(text, step.variables):
        value = values.get(one.variable.name)
        if value is not None:
            parts += [text[at : one.start], MASK if one.variable.secret else value]
            at = one.end
    return "".join([*parts, text[at:]])


def check(name: str, value: str) -> None:
    """Raise Unbindable for what no program can be given."""
    if "\0" in value:
        raise Unbindable(f"the value of {name} holds a NUL, which no program can be given", "take it out")
    try:
        size = len(os.fsencode(value))
    except UnicodeEncodeError:
        reason = f"the value of {name} holds half a character, which cannot be written"
        raise Unbindable(reason, "type it again") from None
    if size > LONGEST:
        reason = f"the value of {name} has {size:,} bytes, and a program is given {LONGEST:,} at most"
        raise Unbindable(reason, "put it into a file and name that")


def is_harmless(value: str) -> bool:
    """Whether a value means itself to every interpreter there is."""
    return HARMLESS.fullmatch(value) is not None


def occurrences(text: str, variables: Iterable[Variable]) -> Iterator[Occurrence]:
    """Where the tokens of the variables stand, in order; of two at one place the longer one."""
    by_token = {variable.token: variable for variable in variables if variable.token}
    if not by_token:
        return
    pattern = "|".join(_pattern(token) for token in sorted(by_token, key=len, reverse=True))
    for match in re.finditer(pattern, text):
        if not (match[0].startswith("$") and _escaped(text, match.start())):
            yield Occurrence(match.start(), match.end(), by_token[match[0]])


def _pattern(token: str) -> str:
    before = r"(?<![\w])" if token[:1].isalnum() or token[:1] == "_" else ""
    after = r"(?![\w])" if token[-1:].isalnum() or token[-1:] == "_" else ""
    return f"{before}{re.escape(token)}{after}"


def _escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before a place."""
    return (at - len(text[:at].rstrip("\\"))) % 2 == 1


def environment_name(name: str) -> str:
    """What a variable is called in the environment, the same in every step: `OPS_` and its name.

    A name that no environment can hold has a fingerprint behind it, so that no two are one.
    """
    if name.isidentifier() and name.isascii() and name not in _RESERVED:
        return f"OPS_{name}"
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return f"OPS_{plain}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def environment(
    found: Iterable[Occurrence], values: Mapping[str, str]
) -> tuple[dict[str, str], frozenset[str]]:
    """What a program is given by environment for these occurrences, and which of it is secret.

    A variable written as the shell's own (`$DB_HOST`) is there under that name too, for inner scripts.
    """
    env: dict[str, str] = {}
    secret: set[str] = set()
    for variable in (one.variable for one in found):
        given = [environment_name(variable.name)]
        if (own := _DOLLAR.fullmatch(variable.token)) and not _refused_name(own[1]):
            given.append(own[1])
        for name in given:
            env[name] = values[variable.name]
            if variable.secret:
                secret.add(name)
    return env, frozenset(secret)


def _refused_name(name: str) -> bool:
    return name in _OWN or name.startswith(("LD_", "BASH_FUNC", "DYLD_")) or name[0].isdigit()
