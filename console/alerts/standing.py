"""How a rule stands, in a word and a sentence: the value beside its limit, or what is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import promql_parser as tree

from console.alerts.durations import written
from console.alerts.model import AlertState
from console.alerts.needs import ABSENCE, Need, empty, filtering, missing, needs, told
from console.alerts.promql import Element, Expression, ExpressionError, Scalar, Store, Vector, evaluate, parse
from console.alerts.promql.text import plain, prepared
from console.alerts.promql.writing import spelled
from console.alerts.rules import Broken, Rule
from console.alerts.states import ActiveAlert, Outcome
from console.metrics import Labels
from console.text import clean
from console.units import counted

FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
NAMING = ("mountpoint", "device", "name", "container", "pod", "datname", "instance", "job")
"""Labels that tell series apart best, the best first."""
LONGEST = 120
"""Characters of an expression that a sentence shows."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands, why, and the figure nearest to its limit where it has one."""

    state: AlertState
    reason: str
    value: float | None = None
    limit: float | None = None
    operator: str = ""


@dataclass(frozen=True, slots=True)
class _Whole:
    """An expression that is no comparison: there is something, or there is not."""

    expression: Expression
    need: Need
    filters: bool
    absent: str = ""
    """Of `absent(x)`: what x is."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """A figure compared with a limit; `paired` is the same comparison with `bool`, where both are series."""

    figure: Expression
    operator: str
    limit: Expression
    paired: Expression | None
    need: Need
    filters: bool
    whole: Expression


@dataclass(frozen=True, slots=True)
class _Joined:
    """Two parts joined by `and`, `or` or `unless`."""

    operator: str
    left: _Part
    right: _Part


_Part: TypeAlias = _Whole | _Compared | _Joined


class Judge:
    """Tells how one rule stands after an evaluation."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._part = _part(tree.parse(prepared(rule.expression.text)))

    def standing(self, outcome: Outcome, store: Store, at: float) -> Standing:
        """What the evaluation at this time made of the rule; the store as the rule saw it."""
        if outcome.error:
            return Standing(AlertState.BROKEN, clean(outcome.error, 300))
        compared = _leading(self._part)
        active = outcome.alerts
        if active:
            return _active(self.rule, active, compared, store, at)
        if outcome.series:
            return Standing(AlertState.INACTIVE, f"records {counted(len(outcome.series), 'series')}"[:-1])
        try:
            return _tell(self._part, store, at)
        except ExpressionError as error:
            return Standing(AlertState.BROKEN, clean(str(error), 300))


def broken(rule: Broken) -> Standing:
    """How a rule stands that could not even be read."""
    return Standing(AlertState.BROKEN, rule.problem.reason)


def _part(node: Any) -> _Part:
    while isinstance(node, tree.ParenExpr):
        node = node.expr
    text = spelled(node)
    if isinstance(node, tree.BinaryExpr):
        operator = str(node.op)
        if operator in ("and", "or", "unless"):
            return _Joined(operator, _part(node.lhs), _part(node.rhs))
        if operator in FLIPPED and not (node.modifier is not None and node.modifier.return_bool):
            return _compared(node, operator)
    absent = ""
    if isinstance(node, tree.Call) and node.func.name in ABSENCE:
        absent = spelled(node.args[0])
    return _Whole(parse(text), needs(node), filtering(node), absent)


def _compared(node: Any, operator: str) -> _Compared:
    left, right, text = spelled(node.lhs), spelled(node.rhs), spelled(node)
    figure, limit = parse(left), parse(right)
    filters = filtering(node.lhs) or filtering(node.rhs)
    if figure.type == "scalar":  # `90 < x` is read as `x > 90`
        figure, limit, operator = limit, figure, FLIPPED[operator]
    paired = None
    if figure.type == limit.type == "vector":
        middle = text[len(left) : len(text) - len(right)].strip()
        matching = middle.removeprefix(str(node.op)).strip()
        paired = parse(f"({left}) {node.op} bool {matching} ({right})")
    return _Compared(figure, operator, limit, paired, needs(node), filters, parse(text))


def _leading(part: _Part) -> _Compared | None:
    """The comparison whose value an alert has."""
    while isinstance(part, _Joined):
        part = part.left
    return part if isinstance(part, _Compared) else None


def _tell(part: _Part, store: Store, at: float) -> Standing:
    match part:
        case _Whole():
            return _whole(part, store, at)
        case _Compared():
            return _comparison(part, store, at)
    left = _tell(part.left, store, at)
    if part.operator == "unless":
        if left.state is AlertState.NO_DATA or not _gives(part.left, store, at):
            return left
        return Standing(AlertState.INACTIVE, f"all of it is excepted by {_short(part.right)}")
    right = _tell(part.right, store, at)
    if part.operator == "or":
        if left.state is AlertState.NO_DATA:
            return right if right.state is not AlertState.NO_DATA else left
        return left if right.state is AlertState.NO_DATA or _near(left) <= _near(right) else right
    if left.state is AlertState.NO_DATA:
        return left
    if right.state is AlertState.NO_DATA:
        return right
    if not _gives(part.left, store, at):
        return left
    if not _gives(part.right, store, at):
        return Standing(AlertState.INACTIVE, f"{_short(part.right)} is not true: {right.reason}")
    reason = f"{_short(part.left)} and {_short(part.right)} are true, but not of the same labels"
    return Standing(AlertState.INACTIVE, reason)


def _gives(part: _Part, store: Store, at: float) -> bool:
    """Whether a part gives anything."""
    match part:
        case _Whole():
            return not empty(evaluate(part.expression, store, at))
        case _Compared():
            return not empty(evaluate(part.whole, store, at))
    left = _gives(part.left, store, at)
    if part.operator == "or":
        return left or _gives(part.right, store, at)
    return left and (part.operator == "unless" or _gives(part.right, store, at))


def _short(part: _Part) -> str:
    match part:
        case _Whole():
            return clean(plain(part.expression.text), LONGEST)
        case _Compared():
            return clean(plain(part.whole.text), LONGEST)
    return f"{_short(part.left)} {part.operator} {_short(part.right)}"


def _near(standing: Standing) -> float:
    """How far a figure is from its limit, beside the limit's size; infinite where that is not known."""
    if standing.value is None or standing.limit is None:
        return math.inf
    return abs(standing.value - standing.limit) / (abs(standing.limit) or 1.0)


def _whole(part: _Whole, store: Store, at: float) -> Standing:
    if part.absent:
        return Standing(AlertState.INACTIVE, f"{clean(part.absent, LONGEST)} is there")
    lack = missing(part.need, store, at)
    if lack is not None:
        return Standing(AlertState.NO_DATA, clean(told(lack, store, at), 300))
    if part.filters:
        return Standing(AlertState.INACTIVE, f"{_short(part)} gives nothing now")
    return Standing(AlertState.NO_DATA, _barren(part.expression))


def _barren(expression: Expression) -> str:
    """Everything it reads is there, and yet it gives nothing, whatever the values are."""
    what = clean(plain(expression.text), LONGEST)
    return f"{what} gives nothing yet: too few samples, or series that do not match each other"


def _comparison(part: _Compared, store: Store, at: float) -> Standing:
    figures = _elements(evaluate(part.figure, store, at))
    limit = evaluate(part.limit, store, at)
    if not figures or empty(limit):
        lack = missing(part.need, store, at)
        if lack is not None:
            return Standing(AlertState.NO_DATA, clean(told(lack, store, at), 300))
        barren = part.figure if not figures else part.limit
        if part.filters:
            return Standing(AlertState.INACTIVE, f"{clean(plain(barren.text), LONGEST)} gives nothing now")
        return Standing(AlertState.NO_DATA, _barren(barren))
    if isinstance(limit, Scalar):
        if math.isnan(limit.value):
            lack = missing(part.need, store, at)
            if lack is not None:
                return Standing(AlertState.NO_DATA, clean(told(lack, store, at), 300))
        return _nearest(figures, part.operator, limit.value)
    if part.paired is not None and empty(evaluate(part.paired, store, at)):
        return Standing(AlertState.NO_DATA, _barren(part.whole))
    found = _nearest(figures, part.operator, None)
    return Standing(
        AlertState.INACTIVE, f"{found.reason}, beside {clean(plain(part.limit.text), LONGEST)}", found.value
    )


def _elements(value: object) -> list[Element]:
    match value:
        case Vector():
            return list(value.elements)
        case Scalar():
            return [Element((), value.value)]
    return []


def _nearest(figures: list[Element], operator: str, limit: float | None) -> Standing:
    """The figure that is nearest to making the comparison true."""
    known = [one for one in figures if not math.isnan(one.value)]
    if not known:
        return Standing(AlertState.NO_DATA, f"{counted(len(figures), 'value')}, none of them a number")
    if operator.startswith(">"):
        nearest, word = max(known, key=lambda one: one.value), "highest"
    elif operator.startswith("<"):
        nearest, word = min(known, key=lambda one: one.value), "lowest"
    else:
        nearest = min(known, key=lambda one: abs(one.value - (limit or 0.0)))
        word = "nearest"
    where = _where(nearest.labels, known)
    if len({one.value for one in known}) == 1:
        word, where = (f"all {len(known)} are", "") if len(known) > 1 else ("now", where)
    beside = ""
    if limit is not None and operator != "!=":
        beside = f" of {figure(limit)}" if operator[0] in "<>" else f", fires at {figure(limit)}"
    said = f" on {where}" if where else ""
    text = figure(nearest.value)
    reason = f"{word} {text}{beside}{said}" if operator[0] in "<>" else f"{word} {text}{said}{beside}"
    return Standing(AlertState.INACTIVE, clean(reason, 300), nearest.value, limit, operator)


def figure(value: float) -> str:
    """A value in few digits: 0.72, 1250000, 3.2e+09."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.6g}"


def _where(labels: Labels, among: list[Element]) -> str:
    """What tells this series from the others: the values of the labels they differ in."""
    own = {name: value for name, value in labels if name != "__name__"}
    if len(among) > 1:
        own = {
            name: value for name, value in own.items()
            if any(dict(other.labels).get(name) != value for other in among)
        }  # fmt: skip
    ranked = sorted(own, key=lambda name: (NAMING.index(name) if name in NAMING else len(NAMING), name))
    alike = among
    shown: list[str] = []
    for name in ranked[:3] if len(among) > 1 else ranked[:1]:
        shown.append(own[name])
        alike = [other for other in alike if dict(other.labels).get(name) == own[name]]
        if len(alike) <= 1:
            break
    return " ".join(shown)


def _active(
    rule: Rule, active: tuple[ActiveAlert, ...], compared: _Compared | None, store: Store, at: float
) -> Standing:
    firing = [alert for alert in active if alert.state is AlertState.FIRING]
    state = AlertState.FIRING if firing else AlertState.PENDING
    shown = firing or list(active)
    operator, limit = "", None
    if compared is not None:
        operator = compared.operator
        value = evaluate(compared.limit, store, at)
        limit = value.value if isinstance(value, Scalar) else None
    pick = min if operator.startswith("<") else max
    worst = pick(shown, key=lambda alert: -math.inf if math.isnan(alert.value) else alert.value)
    others = [Element(alert.labels, alert.value) for alert in shown]
    where = _where(
        tuple(pair for pair in worst.labels if pair[0] not in dict(rule.labels) and pair[0] != "alertname"),
        others,
    )
    beside = "" if limit is None else f" {operator} {figure(limit)}"
    reason = f"{figure(worst.value)}{beside}{f' on {where}' if where else ''}"
    if len(shown) > 1:
        reason += f", and {len(shown) - 1} more"
    if state is AlertState.PENDING:
        waited = at - min(alert.active_at for alert in shown)
        reason += f", for {written(float(round(waited)))} of {written(rule.hold)}"
    elif worst.kept_since is not None:
        reason += f", ended, kept for {written(rule.keep_firing_for)}"
    return Standing(state, clean(reason, 300), worst.value, limit, operator)
