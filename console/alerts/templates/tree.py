"""What a template is once read: texts, actions and blocks, each written as it stands in the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(slots=True)
class Literal:
    """A constant: `kind` is string, number, bool, nil or dot; `text` as written."""

    kind: str
    text: str
    value: str | int | float | bool | None
    at: int

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Word:
    """The name of a function."""

    name: str
    at: int

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Fields:
    """`.a.b`, `$x.a.b` or `(pipeline).a.b`: names looked up one in the other."""

    base: Variable | Pipe | Word | None
    names: list[str]
    at: int

    def __str__(self) -> str:
        base = (
            "" if self.base is None else f"({self.base})" if isinstance(self.base, Pipe) else str(self.base)
        )
        return base + "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Variable:
    """`$x`, or `$` for what the template was given."""

    name: str
    at: int

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Command:
    """A function or value with its arguments."""

    args: list[Operand]
    at: int

    def __str__(self) -> str:
        return " ".join(f"({one})" if isinstance(one, Pipe) else str(one) for one in self.args)


@dataclass(slots=True)
class Pipe:
    """Commands, each given the value of the one before; variables that keep the last value."""

    commands: list[Command]
    at: int
    variables: list[str] = field(default_factory=list)
    assigns: bool = False

    def __str__(self) -> str:
        said = " | ".join(map(str, self.commands))
        if not self.variables:
            return said
        return f"{', '.join(self.variables)} {'=' if self.assigns else ':='} {said}"


@dataclass(slots=True)
class Text:
    """Text that goes out as it is."""

    text: str
    at: int

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Action:
    """A pipeline whose value goes out."""

    pipe: Pipe
    at: int

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True)
class Block:
    """`if`, `with` or `range`."""

    kind: str
    pipe: Pipe
    body: list[Node]
    other: list[Node] | None
    at: int

    def __str__(self) -> str:
        other = "" if self.other is None else "{{else}}" + "".join(map(str, self.other))
        return f"{{{{{self.kind} {self.pipe}}}}}{''.join(map(str, self.body))}{other}{{{{end}}}}"


@dataclass(slots=True)
class Jump:
    """`break` or `continue`."""

    kind: str
    at: int

    def __str__(self) -> str:
        return f"{{{{{self.kind}}}}}"


Operand: TypeAlias = Literal | Word | Fields | Variable | Pipe
Node: TypeAlias = Text | Action | Block | Jump
