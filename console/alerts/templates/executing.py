"""A template's tree carried out, with Go's rules of types and Go's words for what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.alerts.templates.calling import Function, FunctionError, fits, truth
from console.alerts.templates.formatting import plain, printed, quoted
from console.alerts.templates.functions import FUNCTIONS
from console.alerts.templates.tree import (
    Action,
    Block,
    Command,
    Fields,
    Jump,
    Literal,
    Node,
    Operand,
    Pipe,
    Text,
    Variable,
    Word,
)  # fmt: skip
from console.alerts.templates.values import Data, Moment, Result, Sample, Span, Strings, go_type

if TYPE_CHECKING:
    from console.alerts.templates import Context

LONGEST = 20_000
"""Characters one template may give; what is longer is cut."""
STEPS = 20_000
"""Nodes one expansion may carry out."""


class ExpansionError(Exception):
    """A template failed at a node; `node` is None where Go has no place for it."""

    def __init__(self, reason: str, node: Any) -> None:
        super().__init__(reason)
        self.node = node

    def told(self, name: str, text: str, before: int) -> str:
        """In Go's words: `before` bytes stand in front of the text on its first line."""
        if self.node is None:
            return f"template: {name}: {self}"
        ahead = text[: self.node.at]
        line = ahead.count("\n")
        column = len(ahead.rpartition("\n")[2].encode()) + (0 if line else before)
        where = f"{name}:{line + 1}:{column}"
        return f"template: {where}: executing {quoted(name)} at <{self.node}>: {self}"


class _Missing:
    """No value from the command before."""


_MISSING = _Missing()


class _Leave(Exception):
    """`break` or `continue` on its way to the loop."""


class State:
    """One expansion."""

    def __init__(self, variables: list[tuple[str, Any]], context: Context) -> None:
        self.variables = variables
        self.context = context
        self.node: Any = None
        self.steps = 0
        self.size = 0
        self.said: list[str] = []

    def expand(self, nodes: Sequence[Node], dot: Any) -> str:
        """The text. Raises ExpansionError."""
        self._walk(nodes, dot)
        return "".join(self.said)

    def fail(self, reason: str) -> ExpansionError:
        """An error at the node that is carried out now."""
        return ExpansionError(reason, self.node)

    def _say(self, text: str) -> None:
        room = LONGEST - self.size
        if room > 0:
            self.said.append(text if len(text) <= room else text[: room - 1] + "…")
            self.size += len(text)

    def _walk(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            self.steps += 1
            if self.steps > STEPS:
                raise self.fail(f"more than {STEPS} steps")
            self.node = node
            match node:
                case Text():
                    self._say(node.text)
                case Action():
                    value = self._pipe(node.pipe, dot)
                    if not node.pipe.variables:
                        self.node = node
                        self._say(value if isinstance(value, str) else printed(value))
                case Jump():
                    raise _Leave(node.kind)
                case Block(kind="range"):
                    self._range(node, dot)
                case Block():
                    mark = len(self.variables)
                    value = self._pipe(node.pipe, dot)
                    if truth(value):
                        self._walk(node.body, value if node.kind == "with" else dot)
                    elif node.other is not None:
                        self._walk(node.other, dot)
                    del self.variables[mark:]

    def _range(self, node: Block, dot: Any) -> None:
        mark = len(self.variables)
        value = self._pipe(node.pipe, dot)
        pairs: Any
        match value:
            case bool() | float() | str() | Sample() | Moment() | Span() | Data():
                raise self.fail(f"range can't iterate over {plain(value)}")
            case int():
                if len(node.pipe.variables) > 1:
                    raise self.fail(f"can't use {value} to iterate over more than one variable")
                pairs = ((None, number) for number in range(value))
            case dict():
                pairs = sorted(value.items())
            case _:
                pairs = enumerate(value or ())
        inner = len(self.variables)
        ran = False
        for key, element in pairs:
            ran = True
            self._bind(node.pipe, key, element)
            try:
                self._walk(node.body, element)
            except _Leave as leave:
                if str(leave) == "break":
                    break
            finally:
                del self.variables[inner:]
        if not ran and node.other is not None:
            self._walk(node.other, dot)
        del self.variables[mark:]

    def _bind(self, pipe: Pipe, key: Any, element: Any) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise self.fail(f"more than {STEPS} steps")
        names = pipe.variables
        values = [element] if len(names) == 1 else [key, element]
        for place, (name, value) in enumerate(zip(names, values, strict=False)):
            if pipe.assigns:
                self._assign(name, value)
            else:
                self.variables[len(self.variables) - len(names) + place] = (name, value)

    def _assign(self, name: str, value: Any) -> None:
        for place in range(len(self.variables) - 1, -1, -1):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                return
        raise self.fail(f"undefined variable: {name}")

    def _pipe(self, pipe: Pipe, dot: Any) -> Any:
        self.node = pipe
        value: Any = _MISSING
        for command in pipe.commands:
            value = self._command(command, dot, value)
        for name in pipe.variables:
            if pipe.assigns:
                self._assign(name, value)
            else:
                self.variables.append((name, value))
        return value

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        self.steps += 1
        if self.steps > STEPS:
            raise self.fail(f"more than {STEPS} steps")
        first = command.args[0]
        match first:
            case Fields():
                return self._fields(first, dot, command.args, final)
            case Word():
                self.node = first
                return self._call(first.name, command, command.args[1:], dot, final)
            case Pipe():
                self._no_function(command.args, final)
                return self._pipe(first, dot)
            case Variable():
                self.node = first
                value = self._variable(first.name)
                self._no_function(command.args, final)
                return value
            case Literal():
                self.node = first
                self._no_function(command.args, final)
                if first.kind == "nil":
                    raise self.fail("nil is not a command")
                return self._constant(first, dot)

    def _constant(self, literal: Literal, dot: Any) -> Any:
        if literal.kind == "dot":
            return dot
        if isinstance(literal.value, int) and literal.value >= 2**63:
            raise self.fail(f"{literal.text} overflows int")
        return literal.value

    def _no_function(self, args: Sequence[Operand], final: Any) -> None:
        if len(args) > 1 or final is not _MISSING:
            raise self.fail(f"can't give argument to non-function {args[0]}")

    def _variable(self, name: str) -> Any:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self.fail(f"undefined variable: {name}")

    def _fields(self, fields: Fields, dot: Any, args: Sequence[Operand] = (), final: Any = _MISSING) -> Any:
        self.node = fields
        match fields.base:
            case None:
                value = dot
            case Variable():
                value = self._variable(fields.base.name)
            case Word():
                value = self._call(fields.base.name, fields.base, (), dot, _MISSING)
            case base:
                self.node = base
                value = self._pipe(base, dot)
        for name in fields.names[:-1]:
            value = self._field(value, name, fields, (), dot, _MISSING)
        return self._field(value, fields.names[-1], fields, args[1:], dot, final)

    def _field(
        self, value: Any, name: str, node: Fields, args: Sequence[Operand], dot: Any, final: Any
    ) -> Any:
        method = METHODS.get((type(value), name))
        if method is not None:
            return self._apply(name, method, node, args, dot, final)(value)
        given = bool(args) or final is not _MISSING
        match value:
            case None:
                return None
            case Data() | Sample() if name in value.__slots__:
                if given:
                    raise self.fail(f"{name} has arguments but cannot be invoked as function")
                return getattr(value, name)
            case dict():
                if given:
                    raise self.fail(f"{name} is not a method but has arguments")
                return value.get(name, "" if isinstance(value, Strings) else None)
        raise self.fail(f"can't evaluate field {name} in type {go_type(value)}")

    def _call(self, name: str, node: Any, args: Sequence[Operand], dot: Any, final: Any) -> Any:
        function = FUNCTIONS[name]
        if name in ("and", "or"):
            return self._either(name, function, args, dot, final)
        return self._apply(name, function, node, args, dot, final)(self.context)

    def _apply(
        self, name: str, function: Function, node: Any, args: Sequence[Operand], dot: Any, final: Any
    ) -> Any:
        """The call with its arguments evaluated and of their types; it wants what it works on."""
        self._arity(name, function, len(args), final)
        values = [self._argument(arg, function.kind(place), dot) for place, arg in enumerate(args)]
        if final is not _MISSING:
            values.append(self._valid(final, function.kind(len(values))))

        def carry_out(subject: Any) -> Any:
            try:
                return function.call(subject, *values)
            except FunctionError as error:
                self.node = node
                raise self.fail(f"error calling {name}: {error}") from None

        return carry_out

    def _arity(self, name: str, function: Function, count: int, final: Any) -> None:
        given = count + (final is not _MISSING)
        wanted = len(function.takes)
        if function.rest:
            if given < wanted:
                raise self.fail(f"wrong number of args for {name}: want at least {wanted} got {count}")
        elif given != wanted:
            raise self.fail(f"wrong number of args for {name}: want {wanted} got {given}")

    def _either(self, name: str, function: Function, args: Sequence[Operand], dot: Any, final: Any) -> Any:
        self._arity(name, function, len(args), final)
        value: Any = None
        for arg in args:
            value = self._argument(arg, "any", dot)
            if truth(value) == (name == "or"):
                return value
        return value if final is _MISSING else final

    def _argument(self, arg: Operand, kind: str, dot: Any) -> Any:
        self.node = arg
        match arg:
            case Fields():
                return self._valid(self._fields(arg, dot), kind)
            case Variable():
                return self._valid(self._variable(arg.name), kind)
            case Pipe():
                return self._valid(self._pipe(arg, dot), kind)
            case Word():
                return self._valid(self._call(arg.name, arg, (), dot, _MISSING), kind)
        if arg.kind == "dot":
            return self._valid(dot, kind)
        if arg.kind == "nil":
            if kind == "string":
                raise self.fail("cannot assign nil to string")
            return self._valid(None, kind)
        if kind == "any":
            return self._constant(arg, dot)
        if kind == "string":
            if arg.kind != "string":
                raise self.fail(f"expected string; found {arg}")
            return arg.value
        raise self.fail(f"can't handle {arg} for arg of type {kind}")

    def _valid(self, value: Any, kind: str) -> Any:
        if value is None:
            if kind == "string":
                raise self.fail("invalid value; expected string")
            return Result() if kind == "template.queryResult" else None
        if not fits(value, kind):
            raise self.fail(f"wrong type for value; expected {kind}; got {go_type(value)}")
        return value


def _moment(name: str) -> Function:
    return Function((), None, lambda moment: getattr(moment.at(), name))


METHODS: dict[tuple[type, str], Function] = {
    (Moment, "Unix"): Function((), None, lambda moment: int(moment.seconds // 1)),
    (Moment, "UTC"): Function((), None, lambda moment: moment),
    (Moment, "Format"): Function(("string",), None, lambda moment, layout: moment.formatted(layout)),
    (Moment, "String"): Function((), None, str),
    (Moment, "Year"): _moment("year"),
    (Moment, "Day"): _moment("day"),
    (Moment, "Hour"): _moment("hour"),
    (Moment, "Minute"): _moment("minute"),
    (Moment, "Second"): _moment("second"),
    (Span, "Seconds"): Function((), None, lambda span: span.seconds),
    (Span, "Minutes"): Function((), None, lambda span: span.seconds / 60),
    (Span, "Hours"): Function((), None, lambda span: span.seconds / 3600),
    (Span, "String"): Function((), None, str),
}
