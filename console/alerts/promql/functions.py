"""The functions of PromQL by name: each makes a node out of its arguments' nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from console.alerts.promql.arithmetic import INF, NAN, Unary
from console.alerts.promql.histogram import fraction_of, over_buckets, quantile_of
from console.alerts.promql.instants import DATES, ELEMENTWISE, clamped, rounded
from console.alerts.promql.overtime import OVER_TIME, OverTime, predict_linear, quantile_over_time
from console.alerts.promql.patterns import expanded, whole
from console.alerts.promql.running import (
    Compiled,
    Kind,
    Run,
    Sample,
    Window,
    distinct,
    named,
    replaced,
    unnamed,
)
from console.alerts.promql.store import Selector
from console.errors import ExpressionError
from console.metrics import Labels

Arguments: TypeAlias = Sequence[Compiled]
Maker: TypeAlias = Callable[[str, Arguments], Compiled]


def _vector(evaluate: Callable[[Run], list[Sample]]) -> Compiled:
    return Compiled(Kind.VECTOR, evaluate)


def _mapped(vector: Compiled, function: Callable[[Run], Unary]) -> Compiled:
    """A function of each element, which may depend on the run."""

    def evaluate(run: Run) -> list[Sample]:
        apply = function(run)
        samples: list[Sample] = vector.evaluate(run)
        return unnamed([(name, labels, apply(value)) for name, labels, value in samples])

    return _vector(evaluate)


def _elementwise(name: str, arguments: Arguments) -> Compiled:
    function = ELEMENTWISE[name]
    return _mapped(arguments[0], lambda run: function)


def _date(name: str, arguments: Arguments) -> Compiled:
    function = DATES[name]
    if arguments:
        return _mapped(arguments[0], lambda run: function)
    return _vector(lambda run: [("", (), function(run.at // 1000))])


def _clamp(name: str, arguments: Arguments) -> Compiled:
    vector, first = arguments[0], arguments[1]
    if name == "clamp_min":
        return _mapped(vector, lambda run: clamped(first.evaluate(run), INF))
    if name == "clamp_max":
        return _mapped(vector, lambda run: clamped(-INF, first.evaluate(run)))
    second = arguments[2]

    def evaluate(run: Run) -> list[Sample]:
        samples: list[Sample] = vector.evaluate(run)
        low, high = first.evaluate(run), second.evaluate(run)
        if high < low:
            return []
        apply = clamped(low, high)
        return unnamed([(name, labels, apply(value)) for name, labels, value in samples])

    return _vector(evaluate)


def _round(name: str, arguments: Arguments) -> Compiled:
    if len(arguments) < 2:
        nearest = rounded(1.0)
        return _mapped(arguments[0], lambda run: nearest)
    return _mapped(arguments[0], lambda run: rounded(arguments[1].evaluate(run)))


def _scalar(name: str, arguments: Arguments) -> Compiled:
    def evaluate(run: Run) -> float:
        samples: list[Sample] = arguments[0].evaluate(run)
        return samples[0][2] if len(samples) == 1 else NAN

    return Compiled(Kind.SCALAR, evaluate)


def _as_vector(name: str, arguments: Arguments) -> Compiled:
    return _vector(lambda run: [("", (), arguments[0].evaluate(run))])


def _time(name: str, arguments: Arguments) -> Compiled:
    return Compiled(Kind.SCALAR, lambda run: run.at / 1000)


def _pi(name: str, arguments: Arguments) -> Compiled:
    return Compiled(Kind.SCALAR, lambda run: math.pi)


def _timestamp(name: str, arguments: Arguments) -> Compiled:
    vector = arguments[0]
    timed = vector.timed
    if timed is None:
        return _mapped(vector, lambda run: lambda value: run.at / 1000)
    return _vector(lambda run: unnamed([(name, labels, time) for name, labels, time, _ in timed(run)]))


def _sort(name: str, arguments: Arguments) -> Compiled:
    falling = name == "sort_desc"

    def rank(sample: Sample) -> tuple[bool, float]:
        value = sample[2]
        return value != value, -value if falling else value

    return _vector(lambda run: sorted(arguments[0].evaluate(run), key=rank))


def absent_labels(selector: Selector | None) -> Labels:
    """The labels of what is missing: those that a selector asks for by one `=` and nothing else."""
    kept: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers if selector else ():
        if matcher.label == "__name__":
            continue
        if matcher.operator == "=" and matcher.label not in seen:
            kept[matcher.label] = matcher.value
            seen.add(matcher.label)
        else:
            kept.pop(matcher.label, None)
    return tuple(sorted((label, value) for label, value in kept.items() if value))


def _absent(name: str, arguments: Arguments) -> Compiled:
    argument, labels = arguments[0], absent_labels(arguments[0].selector)

    def evaluate(run: Run) -> list[Sample]:
        found = argument.evaluate(run)
        there = found.series if isinstance(found, Window) else found
        return [] if there else [("", labels, 1.0)]

    return _vector(evaluate)


def _windows(window: Compiled, function: Callable[[Run], OverTime], keeps_name: bool = False) -> Compiled:
    def evaluate(run: Run) -> list[Sample]:
        apply = function(run)
        start, end, series = window.evaluate(run)
        result: list[Sample] = []
        for name, labels, times, values in series:
            figure = apply(times, values, start, end)
            if figure is not None:
                result.append((name, labels, figure))
        return result if keeps_name else unnamed(result)

    return _vector(evaluate)


def _over_time(name: str, arguments: Arguments) -> Compiled:
    function = OVER_TIME[name]
    return _windows(arguments[0], lambda run: function, keeps_name=name == "last_over_time")


def _quantile_over_time(name: str, arguments: Arguments) -> Compiled:
    return _windows(arguments[1], lambda run: quantile_over_time(arguments[0].evaluate(run)))


def _predict_linear(name: str, arguments: Arguments) -> Compiled:
    return _windows(arguments[0], lambda run: predict_linear(arguments[1].evaluate(run), run.at))


def _histogram_quantile(name: str, arguments: Arguments) -> Compiled:
    def evaluate(run: Run) -> list[Sample]:
        figure = quantile_of(arguments[0].evaluate(run))
        return unnamed(over_buckets(arguments[1].evaluate(run), figure))

    return _vector(evaluate)


def _histogram_fraction(name: str, arguments: Arguments) -> Compiled:
    def evaluate(run: Run) -> list[Sample]:
        figure = fraction_of(arguments[0].evaluate(run), arguments[1].evaluate(run))
        return unnamed(over_buckets(arguments[2].evaluate(run), figure))

    return _vector(evaluate)


def _label_replace(name: str, arguments: Arguments) -> Compiled:
    vector, target, template, source, pattern = arguments
    _label(name, target.text)
    matched = whole(pattern.text)

    def evaluate(run: Run) -> list[Sample]:
        result: list[Sample] = []
        for sample in vector.evaluate(run):
            match = matched(named(sample[1], source.text, sample[0]))
            if match is None:
                result.append(sample)
            else:
                result.append(replaced(sample, target.text, expanded(template.text, match)))
        return distinct(result)

    return _vector(evaluate)


def _label_join(name: str, arguments: Arguments) -> Compiled:
    vector, target, separator = arguments[:3]
    sources = [argument.text for argument in arguments[3:]]
    for label in (target.text, *sources):
        _label(name, label)

    def evaluate(run: Run) -> list[Sample]:
        return distinct(
            [
                replaced(
                    sample,
                    target.text,
                    separator.text.join(named(sample[1], source, sample[0]) for source in sources),
                )
                for sample in vector.evaluate(run)
            ]
        )

    return _vector(evaluate)


def _label(function: str, label: str) -> None:
    if not label:
        raise ExpressionError(f"{function} has an empty label name", "name the label")


FUNCTIONS: dict[str, Maker] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(DATES, _date),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamp),
    **dict.fromkeys(OVER_TIME, _over_time),
    **dict.fromkeys(("sort", "sort_desc"), _sort),
    **dict.fromkeys(("absent", "absent_over_time"), _absent),
    "quantile_over_time": _quantile_over_time,
    "predict_linear": _predict_linear,
    "histogram_quantile": _histogram_quantile,
    "histogram_fraction": _histogram_fraction,
    "label_replace": _label_replace,
    "label_join": _label_join,
    "round": _round,
    "scalar": _scalar,
    "vector": _as_vector,
    "time": _time,
    "timestamp": _timestamp,
    "pi": _pi,
}
