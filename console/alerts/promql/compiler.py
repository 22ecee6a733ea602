"""From the parser's tree to closures: compiled once, evaluated as often as a rule is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import promql_parser as tree

from console.alerts.promql.aggregate import AGGREGATIONS, aggregate
from console.alerts.promql.binary import Matching, binary
from console.alerts.promql.functions import FUNCTIONS
from console.alerts.promql.patterns import matcher
from console.alerts.promql.running import Compiled, Kind, Run, Sample, Window, unnamed
from console.alerts.promql.store import Instant, Matcher, Range, Selector
from console.alerts.promql.text import place, word_at
from console.errors import ExpressionError
from console.metrics import Labels

DEEPEST = 120
"""Nodes within one another: each takes a frame or two of Python's stack."""

_MATCH_OPERATORS = (
    (tree.MatchOp.Equal, "="),
    (tree.MatchOp.NotEqual, "!="),
    (tree.MatchOp.Re, "=~"),
    (tree.MatchOp.NotRe, "!~"),
)
_CARDINALITIES = (
    (tree.VectorMatchCardinality.ManyToOne, "left"),
    (tree.VectorMatchCardinality.OneToMany, "right"),
)


class Compiler:
    """Compiles one expression and collects what it reads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.selectors: list[Selector] = []

    def node(self, node: Any, depth: int = 0) -> Compiled:
        """The node for a part of the tree; ExpressionError for what is not supported."""
        if depth > DEEPEST:
            raise ExpressionError(f"the expression is nested more than {DEEPEST} deep", "split it into rules")
        match node:
            case tree.ParenExpr():
                return self.node(node.expr, depth + 1)
            case tree.NumberLiteral():
                number = float(node.val)
                return Compiled(Kind.SCALAR, lambda run: number)
            case tree.StringLiteral():
                text = str(node.val)
                return Compiled(Kind.STRING, lambda run: text, text=text)
            case tree.UnaryExpr():
                return self._minus(self.node(node.expr, depth + 1))
            case tree.VectorSelector():
                return self._instant(node)
            case tree.MatrixSelector():
                return self._range(node)
            case tree.SubqueryExpr():
                return self._subquery(node, self.node(node.expr, depth + 1))
            case tree.BinaryExpr():
                return self._binary(node, self.node(node.lhs, depth + 1), self.node(node.rhs, depth + 1))
            case tree.AggregateExpr():
                return self._aggregate(node, depth + 1)
            case tree.Call():
                return self._call(node, depth + 1)
        raise ExpressionError(f"a {type(node).__name__} is not supported")

    def refused(self, what: str, word: str) -> ExpressionError:
        """What is said of a function or feature that is not supported."""
        position = word_at(self.text, word)
        where = "" if position is None else f" at {place(self.text, position)}"
        return ExpressionError(
            f"{what}{where} is not supported", "write it with other functions", position=position
        )

    def _minus(self, inner: Compiled) -> Compiled:
        if inner.kind is Kind.SCALAR:
            return Compiled(Kind.SCALAR, lambda run: -inner.evaluate(run))

        def evaluate(run: Run) -> list[Sample]:
            return unnamed([(name, labels, -value) for name, labels, value in inner.evaluate(run)])

        return Compiled(Kind.VECTOR, evaluate)

    def _selector(self, node: Any) -> Selector:
        if node.matchers.or_matchers:
            raise self.refused("`or` between matchers", "or")
        name = node.name or ""
        matchers: list[Matcher] = []
        for found in node.matchers.matchers:
            operator = _word(_MATCH_OPERATORS, found.op)
            if found.name == "__name__" and operator == "=" and not name and found.value:
                name = found.value
            else:
                matchers.append(Matcher(found.name, operator, found.value, matcher(operator, found.value)))
        selector = Selector(name, tuple(matchers))
        self.selectors.append(selector)
        return selector

    def _instant(self, node: Any) -> Compiled:
        selector, when = self._selector(node), moment(node)

        def timed(run: Run) -> Sequence[Instant]:
            found = run.store.instant(selector, when(run) / 1000, run.lookback)
            run.read(len(found))
            return found

        def evaluate(run: Run) -> list[Sample]:
            return [(name, labels, value) for name, labels, _, value in timed(run)]

        return Compiled(Kind.VECTOR, evaluate, selector=selector, timed=timed)

    def _range(self, node: Any) -> Compiled:
        selector, when = self._selector(node.vector_selector), moment(node.vector_selector)
        length = whole_milliseconds(node.range)

        def evaluate(run: Run) -> Window:
            end = when(run)
            start = end - length
            series = run.store.range(selector, start / 1000, end / 1000)
            run.read(sum(len(values) for _, _, _, values in series))
            return Window(start, end, series)

        return Compiled(Kind.MATRIX, evaluate, selector=selector)

    def _subquery(self, node: Any, inner: Compiled) -> Compiled:
        when, length = moment(node), whole_milliseconds(node.range)
        fixed = whole_milliseconds(node.step) if node.step else 0

        def evaluate(run: Run) -> Window:
            end = when(run)
            start = end - length
            step = fixed or run.step
            before = run.at
            try:
                return Window(start, end, stepped(inner, run, (start // step + 1) * step, end, step))
            finally:
                run.at = before

        return Compiled(Kind.MATRIX, evaluate)

    def _binary(self, node: Any, left: Compiled, right: Compiled) -> Compiled:
        modifier = node.modifier
        if modifier is None:
            return binary(str(node.op), left, right, False, Matching())
        fill = modifier.fill_values
        if fill is not None and (fill.lhs is not None or fill.rhs is not None):
            raise self.refused("the experimental fill()", "fill")
        matching = modifier.matching
        return binary(
            str(node.op),
            left,
            right,
            modifier.return_bool,
            Matching(
                on=matching is not None and matching.type == tree.LabelModifierType.Include,
                labels=frozenset(matching.labels) if matching else frozenset(),
                many=_word(_CARDINALITIES, modifier.card),
                include=tuple(modifier.group_labels or ()),
            ),
        )

    def _aggregate(self, node: Any, depth: int) -> Compiled:
        operator = str(node.op)
        if operator not in AGGREGATIONS:
            raise self.refused(f"the experimental aggregation {operator}", operator)
        parameter = self.node(node.param, depth) if node.param is not None else None
        modifier = node.modifier
        by = modifier is None or modifier.type == tree.AggModifierType.By
        labels = frozenset(modifier.labels) if modifier else frozenset[str]()
        return aggregate(operator, self.node(node.expr, depth), parameter, by, labels)

    def _call(self, node: Any, depth: int) -> Compiled:
        name = str(node.func.name)
        make = FUNCTIONS.get(name)
        if make is None:
            kind = "native histogram" if name.startswith("histogram_") else "experimental"
            raise self.refused(f"the {kind} function {name}", name)
        return make(name, [self.node(argument, depth) for argument in node.args])


def _word(words: Sequence[tuple[Any, str]], member: Any) -> str:
    """What we call a member of one of the parser's enumerations, which are not hashable."""
    return next((word for known, word in words if known == member), "")


def stepped(inner: Compiled, run: Run, first: int, end: int, step: int) -> list[Range]:
    """Evaluate at every step (milliseconds) to the end, and gather each series' points."""
    run.stepped(max(0, (end - first) // step + 1))
    found: dict[tuple[str, Labels], tuple[list[float], list[float]]] = {}
    for at in range(first, end + 1, step):
        run.at = at
        value = inner.evaluate(run)
        samples: list[Sample] = [("", (), value)] if inner.kind is Kind.SCALAR else value
        run.read(len(samples))
        for name, labels, figure in samples:
            times, values = found.setdefault((name, labels), ([], []))
            times.append(at / 1000)
            values.append(figure)
    return [(name, labels, times, values) for (name, labels), (times, values) in found.items()]


def whole_milliseconds(length: timedelta) -> int:
    """A duration in milliseconds."""
    return length // timedelta(milliseconds=1)


def moment(node: Any) -> Callable[[Run], int]:
    """The time a selector or subquery is about (milliseconds): `@` first, then `offset`."""
    offset = whole_milliseconds(node.offset) if node.offset else 0
    fixed = node.at
    if fixed is None:
        return (lambda run: run.at - offset) if offset else (lambda run: run.at)
    if fixed.type == tree.AtModifierType.Start:
        return lambda run: run.start - offset
    if fixed.type == tree.AtModifierType.End:
        return lambda run: run.end - offset
    at = round(fixed.at.timestamp() * 1000) - offset
    return lambda run: at
