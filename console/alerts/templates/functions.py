"""The functions templates call: Go's own, and those Prometheus adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from console.alerts.templates import formatting, humanizing, wording
from console.alerts.templates.calling import Function, FunctionError, bounded, truth
from console.alerts.templates.formatting import plain, sprint, sprintf
from console.alerts.templates.values import Html, Result, Sample, Span, Strings, go_type

if TYPE_CHECKING:
    from console.alerts.templates import Context

REFUSED = frozenset(("call", "js"))
"""What Prometheus has, nobody's rules use, and we have not."""
NIL = "runtime error: invalid memory address or nil pointer dereference"


def query(context: Context, text: str) -> Result:
    """What an expression gives at the time of the evaluation."""
    if context.query is None:
        raise FunctionError("there is nothing to ask")
    try:
        return context.query(text)
    except ValueError as error:
        raise FunctionError(str(error)) from None


def first(_: Context, result: Result) -> Sample:
    """The first series of a result."""
    if not result:
        raise FunctionError("first() called on vector with no elements")
    return result[0]


def _of(sample: Sample | None) -> Sample:
    if sample is None:
        raise FunctionError(NIL)
    return sample


def label(_: Context, name: str, sample: Sample | None) -> str:
    """A label of a series; empty when it has none of that name."""
    return _of(sample).Labels.get(name, "")


def sort_by_label(_: Context, name: str, result: Result) -> Result:
    """A result in the order of a label's values."""
    result.sort(key=lambda sample: sample.Labels.get(name, ""))
    return result


def address(context: Context) -> str:
    """The path of the engine's address; there is none where no engine is."""
    if context.path_prefix is None:
        raise FunctionError(NIL)
    return context.path_prefix


def external_url(context: Context) -> str:
    """The engine's address."""
    if context.path_prefix is None:
        raise FunctionError(NIL)
    return context.external_url


def length(_: Context, value: Any) -> int:
    """How long text, a map or a list is; text in bytes."""
    match value:
        case str():
            return len(value.encode("utf-8", "surrogatepass"))
        case dict() | Result():
            return len(value)
        case None:
            raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    raise FunctionError(f"len of type {go_type(value)}")


def index(_: Context, item: Any, *keys: Any) -> Any:
    """An element of a map, a list or a text, and of that again."""
    if item is None:
        raise FunctionError("index of untyped nil")
    for key in keys:
        match item:
            case None:
                raise FunctionError("index of nil pointer")
            case dict():
                if not isinstance(key, str):
                    given = (
                        "is nil; should be of type" if key is None else f"has type {go_type(key)}; should be"
                    )
                    raise FunctionError(f"value {given} string")
                item = item.get(key, "" if isinstance(item, Strings) else None)
            case Result() | str():
                data: Any = item if isinstance(item, Result) else item.encode("utf-8", "surrogatepass")
                item = data[_place(key, len(data) - 1)]
            case _:
                raise FunctionError(f"can't index item of type {go_type(item)}")
    return item


def _place(key: Any, last: int) -> int:
    if key is None:
        raise FunctionError("cannot index slice/array with nil")
    if type(key) is not int:
        raise FunctionError(f"cannot index slice/array with type {go_type(key)}")
    if not 0 <= key <= last:
        raise FunctionError(f"index out of range: {key}" if last >= 0 or key else "index out of range: 0")
    return key


def part(_: Context, item: Any, *places: Any) -> Any:
    """A part of a text or list: from the first place up to the second."""
    if not isinstance(item, (str, Result)):
        what = "slice of untyped nil" if item is None else f"can't slice item of type {go_type(item)}"
        raise FunctionError(what)
    if len(places) > 2:
        raise FunctionError("cannot 3-index slice a string")
    data: Any = item if isinstance(item, Result) else item.encode("utf-8", "surrogatepass")
    ends = [_place(place, len(data)) for place in places]
    start, end = (*ends, *(0, len(data))[len(ends) :])
    if start > end:
        raise FunctionError(f"invalid slice index: {start} > {end}")
    return Result(data[start:end]) if isinstance(item, Result) else data[start:end].decode("utf-8", "replace")


_KINDS = {"bool": 0, "int": 1, "float64": 2, "string": 3, "template.HTML": 3}
_BAD = "invalid type for comparison"


def _equal(one: Any, other: Any) -> bool:
    kinds = _KINDS.get(go_type(one)), _KINDS.get(go_type(other))
    if kinds[0] != kinds[1]:
        if one is None or other is None:
            return False
        raise FunctionError(f"incompatible types for comparison: {go_type(one)} and {go_type(other)}")
    if kinds[0] is None and not (one is None or other is None):
        if isinstance(one, (dict, Result)):
            raise FunctionError(f"non-comparable type {plain(one)}: {go_type(other)}")
        return one is other
    return bool(one == other)


def equal(_: Context, one: Any, *others: Any) -> bool:
    """Whether the first is one of the others."""
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_equal(one, other) for other in others)


def _less(one: Any, other: Any) -> bool:
    kinds = _KINDS.get(go_type(one)), _KINDS.get(go_type(other))
    if None in kinds:
        raise FunctionError(_BAD)
    if kinds[0] != kinds[1]:
        raise FunctionError(f"incompatible types for comparison: {go_type(one)} and {go_type(other)}")
    if kinds[0] == 0:
        raise FunctionError(_BAD)
    return bool(one < other)


def _joined(values: tuple[Any, ...]) -> str:
    """Arguments as one text, as Go's escapers take them."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    shown = [one if isinstance(one, (str, int, float)) else formatting.printed(one) for one in values]
    return sprint(shown)


def _link(tab: int) -> Callable[[Context, str], str]:
    return lambda _, expression: f"/graph?g0.expr={quote_plus(expression, safe='~')}&g0.tab={tab}"


_TEXT = ("string",)
_ANY = ("any",)
_RESULT, _SAMPLE = "template.queryResult", "*template.sample"
FUNCTIONS: dict[str, Function] = {
    "and": Function(_ANY, "any", lambda *_: None),
    "or": Function(_ANY, "any", lambda *_: None),
    "not": Function(_ANY, None, lambda _, value: not truth(value)),
    "eq": Function(_ANY, "any", equal),
    "ne": Function(("any", "any"), None, lambda _, one, other: not _equal(one, other)),
    "lt": Function(("any", "any"), None, lambda _, one, other: _less(one, other)),
    "le": Function(("any", "any"), None, lambda _, one, other: _less(one, other) or _equal(one, other)),
    "gt": Function(("any", "any"), None, lambda _, one, other: not (_less(one, other) or _equal(one, other))),
    "ge": Function(("any", "any"), None, lambda _, one, other: not _less(one, other)),
    "len": Function(_ANY, None, length),
    "index": Function(_ANY, "any", index),
    "slice": Function(_ANY, "any", part),
    "print": Function((), "any", lambda _, *values: sprint(values)),
    "printf": Function(_TEXT, "any", lambda _, form, *values: bounded(sprintf(form, values))),
    "println": Function((), "any", lambda _, *values: " ".join(map(plain, values)) + "\n"),
    "html": Function((), "any", lambda _, *values: formatting.html(_joined(values))),
    "urlquery": Function((), "any", lambda _, *values: quote_plus(_joined(values), safe="~")),
    "urlQueryEscape": Function(_TEXT, None, lambda _, text: quote_plus(text, safe="~")),
    "args": Function((), "any", lambda _, *values: {f"arg{n}": value for n, value in enumerate(values)}),
    "humanize": Function(_ANY, None, humanizing.humanize),
    "humanize1024": Function(_ANY, None, humanizing.humanize1024),
    "humanizeDuration": Function(_ANY, None, humanizing.humanize_duration),
    "humanizePercentage": Function(_ANY, None, humanizing.humanize_percentage),
    "humanizeTimestamp": Function(_ANY, None, humanizing.humanize_timestamp),
    "toTime": Function(_ANY, None, humanizing.to_time),
    "toDuration": Function(_ANY, None, lambda _, value: Span(humanizing.to_float(value))),
    "now": Function((), None, lambda context: float(context.now)),
    "parseDuration": Function(_TEXT, None, wording.parse_duration),
    "title": Function(_TEXT, None, wording.title),
    "toUpper": Function(_TEXT, None, lambda _, text: text.upper()),
    "toLower": Function(_TEXT, None, lambda _, text: text.lower()),
    "match": Function(("string", "string"), None, wording.match),
    "reReplaceAll": Function(("string", "string", "string"), None, wording.replace_all),
    "stripPort": Function(_TEXT, None, wording.strip_port),
    "stripDomain": Function(_TEXT, None, wording.strip_domain),
    "safeHtml": Function(_TEXT, None, lambda _, text: Html(text)),
    "query": Function(_TEXT, None, query),
    "first": Function((_RESULT,), None, first),
    "value": Function((_SAMPLE,), None, lambda _, sample: _of(sample).Value),
    "strvalue": Function((_SAMPLE,), None, lambda _, sample: _of(sample).Labels.get("__value__", "")),
    "label": Function(("string", _SAMPLE), None, label),
    "sortByLabel": Function(("string", _RESULT), None, sort_by_label),
    "graphLink": Function(_TEXT, None, _link(0)),
    "tableLink": Function(_TEXT, None, _link(1)),
    "pathPrefix": Function((), None, address),
    "externalURL": Function((), None, external_url),
}
