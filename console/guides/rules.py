"""Prometheus alert rules in YAML, with `groups:` or as a bare list; line by line where the YAML is broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from console.guides.blocks import Code
from console.guides.model import AlertText, Unread
from console.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 200_000
"""Characters of a block that are read."""
DEPTH = 40
"""Nesting of brackets and of indentation that is followed."""
EXPRESSION = 4000
_ALERT = re.compile(r"^[ \t]*+(?:- [ \t]*+)?[\"']?alert[\"']?[ \t]*+:[ \t]*+\S", re.MULTILINE)
_FIELD = re.compile(r"^\s*(?:- )?[\"']?(alert|expr|for|keep_firing_for|labels|annotations)[\"']?\s*:\s*(.*)$")
_COMMENT = re.compile(r"(?P<text>\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`)|#[^\n]*")
_PAIR = re.compile(r"^(\s*)[\"']?([\w-]{1,80})[\"']?\s*:\s*(.*)$")


def has_rules(code: Code) -> bool:
    """Whether a block holds alert rules."""
    return (
        code.lang in ("yaml", "yml", "", "prometheus", "promql")
        and _ALERT.search(code.text[:LIMIT]) is not None
    )


def read_rules(code: Code) -> tuple[list[AlertText], list[Unread]]:
    """The alert rules of a block with their lines, and what of it is no rule that can be evaluated."""
    found = _by_yaml(code)
    if found is None:
        found = _by_lines(code)
        note = [Unread(line=code.line, reason="the YAML is broken: its alert rules were read line by line")]
    else:
        note = []
    rules = [rule for rule in found if rule.alert and rule.expr]
    note += [
        Unread(line=rule.line, reason="the alert rule has no expression", text=rule.alert)
        for rule in found
        if not rule.expr
    ]
    return rules, note


def _by_yaml(code: Code) -> list[AlertText] | None:
    import yaml

    text = code.text[:LIMIT]
    if _depth(text) > DEPTH:
        return None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        roots = list(yaml.compose_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return [rule for root in roots if root is not None for rule in _rules(root, code.line)]


def _depth(text: str) -> int:
    deepest = depth = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth = max(0, depth - 1)
    indents = {len(line) - len(line.lstrip(" -")) for line in text.split("\n") if line.strip()}
    return max(deepest, len(indents))


def _rules(root: Any, line: int) -> Iterator[AlertText]:
    """Every mapping with an `alert`, wherever it stands; groups' names on the way."""
    seen: set[int] = set()
    waiting: list[tuple[Any, str]] = [(root, "")]
    while waiting:
        node, group = waiting.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "sequence":
            waiting = [(child, group) for child in node.value] + waiting
        elif node.id == "mapping":
            fields = {key.value: value for key, value in node.value if key.id == "scalar"}
            if "alert" in fields:
                yield _rule(fields, node, group, line)
                continue
            named = fields.get("name")
            inside = (
                named.value if named is not None and named.id == "scalar" and "rules" in fields else group
            )
            waiting = [(value, inside) for _, value in node.value] + waiting


def _rule(fields: dict[str, Any], node: Any, group: str, line: int) -> AlertText:
    return AlertText(
        alert=clean(_scalar(fields.get("alert")), 200),
        expr=clean(_uncommented(_scalar(fields.get("expr"))).strip(), EXPRESSION),
        line=line + node.start_mark.line,
        duration=clean(_scalar(fields.get("for")), 40),
        keep_firing_for=clean(_scalar(fields.get("keep_firing_for")), 40),
        labels=_pairs(fields.get("labels")),
        annotations=_pairs(fields.get("annotations")),
        group=clean(group, 200),
    )


def _scalar(node: Any) -> str:
    return str(node.value) if node is not None and node.id == "scalar" else ""


def _uncommented(expression: str) -> str:
    """An expression of several lines without its comments: on one line they would hide what follows."""
    return _COMMENT.sub(lambda match: match["text"] or "", expression) if "\n" in expression else expression


def _pairs(node: Any) -> tuple[tuple[str, str], ...]:
    if node is None or node.id != "mapping":
        return ()
    return tuple((clean(_scalar(key), 200), clean(_scalar(value), 2000)) for key, value in node.value)


def _by_lines(code: Code) -> list[AlertText]:
    """The rules of a block that is no YAML, as somebody would copy them off."""
    found: list[dict[str, Any]] = []
    under = ""
    for number, text in enumerate(code.text[:LIMIT].split("\n")):
        if match := _FIELD.match(text[:EXPRESSION]):
            name, value = match[1], match[2].strip().strip("\"'")
            under = name if name in ("labels", "annotations") and not value else ""
            if name == "alert":
                found.append({"alert": value, "line": code.line + number, "labels": [], "annotations": []})
            elif found and name not in ("labels", "annotations"):
                found[-1].setdefault(name, value)
        elif found and under and (pair := _PAIR.match(text[:EXPRESSION])):
            found[-1][under].append((clean(pair[2], 200), clean(pair[3].strip().strip("\"'"), 2000)))
    return [
        AlertText(
            alert=clean(rule["alert"], 200), expr=clean(rule.get("expr", ""), EXPRESSION), line=rule["line"],
            duration=clean(rule.get("for", ""), 40),
            keep_firing_for=clean(rule.get("keep_firing_for", ""), 40), labels=tuple(rule["labels"]),
            annotations=tuple(rule["annotations"]),
        )
        for rule in found
    ]  # fmt: skip
