"""YAML as Go's strict decoder takes it: every field known, named once, of its kind; its line is kept.

Nothing is turned into Python values by YAML's own ideas of them: `severity: 1` and `mode: on` are text
where text is wanted, as in Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from console.alerts.durations import duration
from console.nearest import did_you_mean
from console.text import clean

Node: TypeAlias = Any
"""A node of PyYAML, or None where nothing is written; its stubs leave it untyped."""

LARGEST = 4_000_000
"""Characters of a file that are read."""
DEEPEST = 200
"""Nesting of brackets and indentation that is followed; what reads YAML recurses."""
MOST = 300_000
"""Nodes of a file that are read, those of aliases counted at each use."""

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*)")
_SPECIAL = {
    ".inf": "inf", ".Inf": "inf", ".INF": "inf", "+.inf": "inf", "+.Inf": "inf", "+.INF": "inf",
    "-.inf": "-inf", "-.Inf": "-inf", "-.INF": "-inf", ".nan": "nan", ".NaN": "nan", ".NAN": "nan",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a file, where it stands, and the rule it belongs to."""

    file: str
    line: int
    reason: str
    group: str = ""
    rule: str = ""
    kind: str = "error"
    """`error`: Prometheus refuses it too; `unsupported`: only we do; `lint`: likely a slip."""

    @property
    def told(self) -> str:
        """What is wrong, with the rule or group it is about."""
        what = f"rule {self.rule}: " if self.rule else f"group {self.group}: " if self.group else ""
        return f"{what}{self.reason}"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.told}"


class Decoder:
    """Takes a document apart and collects what is wrong with it. `first` is the file's line of line 1."""

    def __init__(self, file: str, first: int = 1) -> None:
        self.file = file
        self.first = first
        self.problems: list[Problem] = []

    def wrong(self, node: Node, reason: str, *, group: str = "", rule: str = "", kind: str = "error") -> None:
        """Keep a problem; the node, or a line of the file, says where it stands."""
        line = node if isinstance(node, int) else self.line(node)
        self.problems.append(
            Problem(file=self.file, line=line, reason=clean(reason, 500), group=clean(group, 200),
                    rule=clean(rule, 200), kind=kind)
        )  # fmt: skip

    def belongs(self, since: int, group: str, rule: str) -> None:
        """The problems from number `since` on are of this rule."""
        self.problems[since:] = [
            replace(problem, group=clean(group, 200), rule=problem.rule or clean(rule, 200))
            for problem in self.problems[since:]
        ]

    def line(self, node: Node) -> int:
        """The line a node begins on; 0 for one that is not there."""
        return 0 if node is None else self.first + int(node.start_mark.line)

    def document(self, text: str) -> Node:
        """The first document of a file; None when there is none, or it is no YAML."""
        import yaml

        if len(text) > LARGEST or _depth(text) > DEEPEST:
            self.wrong(self.first, f"more than {LARGEST} characters, or nested deeper than {DEEPEST}")
            return None
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            roots = yaml.compose_all(text, Loader=loader)
            root = next(roots, None)
            if next(roots, None) is not None:
                reason = "only the first document of the file is read, and there is another"
                self.wrong(self.first, reason, kind="lint")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = f"{error.problem or error.context or 'broken'}{_hint(text, mark)}"
            self.wrong(self.first + (mark.line if mark else 0), f"no valid YAML: {reason}")
            return None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.wrong(self.first, f"no valid YAML: {error}")
            return None
        if root is not None and _count(root) > MOST:
            self.wrong(self.first, f"more than {MOST} values, counting aliases")
            return None
        return None if root is None or _is_null(root) else root

    def fields(self, node: Node, known: Collection[str], what: str) -> dict[str, Node]:
        """The fields of a mapping, each known and given once."""
        if node is None or _is_null(node):
            return {}
        if node.id != "mapping":
            self.wrong(node, f"{what} is {_kind(node)} where fields are wanted")
            return {}
        found = self._pairs(node)
        for key, (mark, _) in found.items():
            if key not in known:
                self.wrong(mark, f"{what} has no field {key}{did_you_mean(key, known)}")
        return {key: value for key, (_, value) in found.items() if not _is_null(value)}

    def items(self, node: Node, what: str) -> list[Node]:
        """The items of a list."""
        if node is None or _is_null(node):
            return []
        if node.id != "sequence":
            self.wrong(node, f"{what} is {_kind(node)} where a list is wanted")
            return []
        return [item for item in node.value if not _is_null(item)]

    def text(self, node: Node, what: str) -> str:
        """A scalar as it is written."""
        if node is None or _is_null(node):
            return ""
        if node.id != "scalar":
            self.wrong(node, f"{what} is {_kind(node)} where text is wanted")
            return ""
        return str(node.value)

    def texts(self, node: Node, what: str) -> tuple[tuple[str, str], ...]:
        """A mapping of text to text, sorted by name."""
        if node is None or _is_null(node):
            return ()
        if node.id != "mapping":
            self.wrong(node, f"{what} is {_kind(node)} where names and values are wanted")
            return ()
        pairs = ((key, self.text(value, f"{what}: {key}")) for key, (_, value) in self._pairs(node).items())
        return tuple(sorted(pairs))

    def seconds(self, node: Node, what: str) -> float:
        """A duration."""
        if node is None or _is_null(node):
            return 0.0
        try:
            return duration(self.text(node, what))
        except ValueError as error:
            self.wrong(node, f"{what}: {error}; write it as 30s, 5m or 1h30m")
            return 0.0

    def whole(self, node: Node, what: str) -> int:
        """A whole number."""
        value = self.number(node, what)
        if value != value or abs(value) > 2**63:
            self.wrong(node, f"{what} is {node.value} where a whole number is wanted")
            return 0
        return int(value)

    def number(self, node: Node, what: str) -> float:
        """A number."""
        if node is None or _is_null(node):
            return 0.0
        if node.id == "scalar" and not node.style:
            plain = node.value
            if plain in _SPECIAL:
                return float(_SPECIAL[plain])
            if _WHOLE.fullmatch(plain):
                return float(_whole(plain))
            if _FLOAT.fullmatch(plain):
                return float(plain.replace("_", ""))
        said = f'"{node.value}"' if node.id == "scalar" else _kind(node)
        self.wrong(node, f"{what} is {said} where a number is wanted")
        return 0.0

    def flag(self, node: Node, what: str) -> bool:
        """True or false."""
        if node is None or _is_null(node):
            return False
        if node.id == "scalar" and not node.style and node.value in _BOOLEANS:
            return _BOOLEANS[node.value]
        self.wrong(node, f"{what} is neither true nor false")
        return False

    def _pairs(self, node: Node) -> dict[str, tuple[Node, Node]]:
        """Keys with their marks and values, those merged in by `<<` behind the mapping's own."""
        found: dict[str, tuple[Node, Node]] = {}
        merged: list[Node] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += value.value if value.id == "sequence" else [value]
            elif key.id != "scalar":
                self.wrong(key, "a name is no text")
            elif key.value in found:
                first = self.line(found[key.value][0])
                self.wrong(key, f"{key.value} is given twice, first in line {first}")
            else:
                found[key.value] = (key, value)
        for other in merged:
            if other.id == "mapping" and other is not node:
                for name, pair in self._pairs(other).items():
                    found.setdefault(name, pair)
        return found


def _whole(text: str) -> int:
    text = text.replace("_", "")
    digits = text.lstrip("+-")
    if digits.startswith("0") and digits.isdigit() and len(digits) > 1:
        return int(digits, 8) * (-1 if text.startswith("-") else 1)
    return int(text, 0)


def _is_null(node: Node) -> bool:
    return bool(node.tag == _NULL)


def _kind(node: Node) -> str:
    return {"mapping": "a mapping", "sequence": "a list"}.get(node.id, "a single value")


def _depth(text: str) -> int:
    """How deep brackets and indentation go at most: what is inside text counts too, which costs nobody."""
    deepest = depth = 0
    for char in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if char in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    indents = (len(line) - len(line.lstrip(" -")) for line in text.split("\n"))
    return max(deepest, max(indents) // 2)


def _count(root: Node) -> int:
    """Nodes with those of aliases at each use; more than `MOST` for one that holds itself."""
    known: dict[int, int] = {}
    return _weigh(root, known, 0)


def _weigh(node: Node, known: dict[int, int], depth: int) -> int:
    if node.id == "scalar":
        return 1
    if depth > 500 or known.get(id(node)) == -1:
        return MOST + 1
    if id(node) not in known:
        known[id(node)] = -1
        children = node.value if node.id == "sequence" else [one for pair in node.value for one in pair]
        known[id(node)] = min(1 + sum(_weigh(child, known, depth + 1) for child in children), MOST + 1)
    return known[id(node)]


def _hint(text: str, mark: Any) -> str:
    """What usually mends broken YAML of rules: text with `: ` or a brace in front wants quotes."""
    lines = text.split("\n")
    if mark is None or mark.line >= len(lines):
        return ""
    line = lines[mark.line]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "; indent with spaces, not with tabs"
    value = line.partition(":")[2].strip()
    if (value and value[0] in "{[%@`*&!") or ": " in value:
        return "; put the value into quotes"
    return ""
