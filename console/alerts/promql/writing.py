"""A part of the parser's tree as text that reads back as the same, unlike what the parser prints of it.

It prints `[5ms]` as `[0s]`, and label names without the quotes they need.
"""

from __future__ import annotations

import json
import math
import re
from datetime import timedelta
from typing import Any

import promql_parser as tree

from console.alerts.durations import written

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def spelled(node: Any) -> str:
    """The text of a node."""
    match node:
        case tree.NumberLiteral():
            return _number(float(node.val))
        case tree.StringLiteral():
            return _quoted(node.val)
        case tree.ParenExpr():
            return f"({spelled(node.expr)})"
        case tree.UnaryExpr():
            return f"-{spelled(node.expr)}"
        case tree.VectorSelector():
            return _selected(node) + _moved(node)
        case tree.MatrixSelector():
            inner = node.vector_selector
            return f"{_selected(inner)}[{_lasting(node.range)}]{_moved(inner)}"
        case tree.SubqueryExpr():
            step = _lasting(node.step) if node.step else ""
            length = _lasting(node.range) if node.range else ""
            return f"{spelled(node.expr)}[{length}:{step}]{_moved(node)}"
        case tree.BinaryExpr():
            return f"{spelled(node.lhs)} {node.op}{_matched(node.modifier)} {spelled(node.rhs)}"
        case tree.AggregateExpr():
            inside = spelled(node.expr)
            if node.param is not None:
                inside = f"{spelled(node.param)}, {inside}"
            return f"{node.op}{_grouped(node.modifier)}({inside})"
        case tree.Call():
            return f"{node.func.name}({', '.join(spelled(argument) for argument in node.args)})"
    raise AssertionError(f"no text for a {type(node).__name__}")


def _lasting(length: timedelta) -> str:
    return written(length.total_seconds())


def _number(value: float) -> str:
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return "NaN" if value != value else repr(value).removesuffix(".0")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _label(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else _quoted(name)


def _labels(names: list[str]) -> str:
    return f"({', '.join(_label(name) for name in names)})"


def _selected(node: Any) -> str:
    matchers = [
        f"{_label(found.name)}{_operator(found)}{_quoted(found.value)}" for found in node.matchers.matchers
    ]
    inside = ",".join(matchers)
    if not node.name:
        return f"{{{inside}}}"
    return f"{node.name}{{{inside}}}" if inside else str(node.name)


def _operator(found: Any) -> str:
    words = ((tree.MatchOp.Equal, "="), (tree.MatchOp.NotEqual, "!="), (tree.MatchOp.Re, "=~"))
    return next((word for known, word in words if known == found.op), "!~")


def _moved(node: Any) -> str:
    text = ""
    if node.at is not None:
        if node.at.type == tree.AtModifierType.Start:
            text += " @ start()"
        elif node.at.type == tree.AtModifierType.End:
            text += " @ end()"
        else:
            text += f" @ {_number(round(node.at.at.timestamp() * 1000) / 1000)}"
    if node.offset:
        text += f" offset {_lasting(node.offset)}"
    return text


def _grouped(modifier: Any) -> str:
    if modifier is None:
        return ""
    word = "by" if modifier.type == tree.AggModifierType.By else "without"
    return f" {word} {_labels(modifier.labels)} "


def _matched(modifier: Any) -> str:
    if modifier is None:
        return ""
    text = " bool" if modifier.return_bool else ""
    if modifier.matching is not None:
        word = "on" if modifier.matching.type == tree.LabelModifierType.Include else "ignoring"
        text += f" {word} {_labels(modifier.matching.labels)}"
    if modifier.card == tree.VectorMatchCardinality.ManyToOne:
        text += f" group_left {_labels(modifier.group_labels or [])}"
    elif modifier.card == tree.VectorMatchCardinality.OneToMany:
        text += f" group_right {_labels(modifier.group_labels or [])}"
    return text
