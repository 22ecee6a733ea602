"""Rule tests carried out with the verdicts of `promtool test rules`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from console.alerts.durations import written
from console.alerts.model import AlertState
from console.alerts.notation import STALE, read_metric, read_series
from console.alerts.promql import ExpressionError, MemoryStore, evaluate, parse
from console.alerts.rules import Group, read_rules
from console.alerts.states import GroupState, Outcome, RecordError, Surroundings, series
from console.alerts.testfile import AlertCase, ExpressionCase, TestFile, TestGroup
from console.metrics import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that is not as a test wants it: in a sentence, and where it can be, both sides in lines."""

    test: str
    line: int
    reason: str
    expected: tuple[str, ...] = ()
    got: tuple[str, ...] = ()
    file: str = ""
    """Where the line is, when that is not the file of the tests."""


class Kept(MemoryStore):
    """What a test's rules see and write; like Prometheus' storage it takes samples in order only."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, Labels], tuple[int, float | None]] = {}

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        """Keep a sample. Raises RecordError."""
        self._check(name, labels, at, value)
        self.add(name, labels, at, value)

    def stale(self, name: str, labels: Labels, time: float) -> None:
        """Mark the end of a series, unless something of it is there already."""
        try:
            self._check(name, labels, time, None)
        except RecordError:
            return
        super().stale(name, labels, time)

    def _check(self, name: str, labels: Labels, at: float, value: float | None) -> None:
        moment = round(at * 1000)
        last = self._last.get((name, labels))
        if last is not None:
            same = last[1] is value or last[1] == value or (value != value and last[1] != last[1])
            if moment < last[0]:
                raise RecordError("out of order sample")
            if moment == last[0] and not same:
                raise RecordError("duplicate sample for timestamp")
        self._last[name, labels] = (moment, value)


_Timed: TypeAlias = tuple[float, float | object]


class Feed:
    """The series of a test, handed out as time goes on: rules must not see what is yet to come."""

    def __init__(self, group: TestGroup) -> None:
        self._waiting: list[tuple[str, Labels, Iterator[_Timed], list[_Timed]]] = []
        for labels, values in dict(_loaded(group)).items():
            name = dict(labels).get("__name__", "")
            own = tuple(pair for pair in labels if pair[0] != "__name__")
            times = (
                (group.start + place * group.interval, value)
                for place, value in enumerate(values)
                if value is not None
            )
            self._waiting.append((name, own, times, []))

    def until(self, at: float, store: Kept) -> None:
        """Put in what has happened by now. Raises RecordError."""
        for name, labels, times, ahead in self._waiting:
            while True:
                sample = ahead.pop() if ahead else next(times, None)
                if sample is None:
                    break
                if round(sample[0] * 1000) > round(at * 1000):
                    ahead.append(sample)
                    break
                if sample[1] is STALE:
                    store.stale(name, labels, sample[0])
                elif isinstance(sample[1], float):
                    store.record(name, labels, sample[0], sample[1])


def _loaded(group: TestGroup) -> Iterator[tuple[Labels, list[float | object | None]]]:
    """The series as promtool reads them: as lines of one text, which an empty line or a comment ends."""
    for one in group.series:
        for text in f"{one.series} {one.values}".split("\n"):
            line = text.strip()
            if not line or line.startswith("#"):
                return
            try:
                yield read_series(line)
            except ValueError as error:
                raise _Abort(f"series {one.series}: {error}", one.line) from None


class _Abort(Exception):
    """A test cannot be carried out."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


def carry_out(
    tests: TestFile, chosen: Callable[[str], bool], read: Callable[[str], str]
) -> tuple[list[Failure], list[str]]:
    """The failures of a file's tests whose names are `chosen`, and what else is to be said.

    `read` gives a file's text and raises OSError.
    """
    failures = [Failure(test="", line=one.line, reason=one.reason) for one in tests.problems]
    if failures:
        return failures, []
    files, notes = _rule_files(tests)
    for number, group in enumerate(tests.groups):
        if not chosen(group.name):
            continue
        name = group.name or f"unnamed#{number}"
        try:
            failures += _group(tests, group, name, files, read)
        except _Abort as error:
            failures.append(Failure(test=name, line=error.line, reason=str(error)))
    return failures, notes


def _rule_files(tests: TestFile) -> tuple[list[str], list[str]]:
    """The rule files, beside the file of tests where they are not absolute, and patterns that match none."""
    import glob

    base = Path(tests.file).parent
    found: list[str] = []
    notes: list[str] = []
    for pattern in tests.rule_files:
        path = str(base / pattern) if pattern else pattern
        matches = sorted(glob.glob(path)) if path else []
        if not matches:
            notes.append(f"no file matches {path}")
        found += matches
    return found, notes


def _groups(
    tests: TestFile, group: TestGroup, name: str, files: Sequence[str], read: Callable[[str], str]
) -> tuple[list[Group], list[Failure]]:
    found: dict[tuple[str, str], Group] = {}
    for file in files:
        try:
            rules = read_rules(read(file), file)
        except OSError as error:
            raise _Abort(f"{file}: {error.strerror or error}", group.line) from None
        wrong = [problem for problem in rules.problems if problem.kind != "lint"]
        if wrong:
            return [], [Failure(test=name, line=one.line, file=one.file, reason=one.told) for one in wrong]
        for one in rules.groups:
            found[file, one.name] = one
    order = {known: place for place, known in enumerate(tests.order)}
    return sorted(found.values(), key=lambda one: order.get(one.name, 0)), []


def _group(
    tests: TestFile, group: TestGroup, name: str, files: Sequence[str], read: Callable[[str], str]
) -> list[Failure]:
    feed, store = Feed(group), Kept()
    groups, failures = _groups(tests, group, name, files, read)
    if failures:
        return failures
    for case in group.alerts:
        if not case.name:
            raise _Abort(f"an alert test at {written(case.at)} has no alertname", case.line)
    around = Surroundings(
        external_labels=dict(group.external_labels), external_url=group.external_url, step=tests.interval
    )
    states = [GroupState(one, store, around) for one in groups]
    waiting = sorted(group.alerts, key=lambda case: case.at)
    steps = int(_ms(group.end) // _ms(tests.interval))
    for step in range(steps + 1):
        since = step * tests.interval
        outcomes: list[tuple[str, Outcome]] = []
        wrong: list[Failure] = []
        try:
            feed.until(group.start + since, store)
        except RecordError as error:
            failures.append(Failure(test=name, line=group.line, reason=f"at {written(since)}: {error}"))
        else:
            for state in states:
                for rule, outcome in state.evaluate(store, group.start + since):
                    outcomes.append((rule.alert, outcome))
                    if outcome.error:
                        reason = f"rule {rule.name} at {written(since)}: {outcome.error}"
                        wrong.append(Failure(test=name, line=rule.line, file=rule.file, reason=reason))
        failures += wrong
        if wrong:
            return failures
        while waiting and _ms(waiting[0].at) < _ms(since + tests.interval):
            failures += _alerts(name, waiting.pop(0), outcomes)
    for expected in group.expressions:
        failures += _expression(name, expected, group.start, tests, store)
    return failures


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _alerts(test: str, case: AlertCase, outcomes: Sequence[tuple[str, Outcome]]) -> list[Failure]:
    got = sorted(
        (alert.labels, alert.annotations)
        for name, outcome in outcomes
        if name == case.name
        for alert in outcome.alerts
        if alert.state is AlertState.FIRING
    )
    expected = sorted(
        (tuple(sorted({**dict(one.labels), "alertname": case.name}.items())), one.annotations)
        for one in case.expected
    )
    if got == expected:
        return []
    return [
        Failure(
            test=test, line=case.line, reason=f"alert {case.name} at {written(case.at)}",
            expected=_alert_lines(expected), got=_alert_lines(got),
        )
    ]  # fmt: skip


def _alert_lines(alerts: Sequence[tuple[Labels, Labels]]) -> tuple[str, ...]:
    lines: list[str] = []
    for labels, notes in alerts:
        lines.append(f"labels {braced(labels)}")
        lines += [f"  {name}: {text}" for name, text in notes]
    return tuple(lines)


def braced(labels: Labels) -> str:
    """Labels as Prometheus writes them: `up{job="api"}`."""
    name = dict(labels).get("__name__", "")
    pairs = ", ".join(f"{key}={_quoted(value)}" for key, value in labels if key != "__name__")
    return f"{name}{{{pairs}}}" if pairs or not name else name


def _quoted(text: str) -> str:
    from console.alerts.templates.formatting import quoted

    return quoted(text)


def _expression(test: str, case: ExpressionCase, start: float, tests: TestFile, store: Kept) -> list[Failure]:
    what = f"expression {case.expression.strip()} at {written(case.at)}"
    try:
        value = evaluate(parse(case.expression), store, start + case.at, step=tests.interval)
        got = sorted(series(value))
    except (ExpressionError, ValueError) as error:
        return [Failure(test=test, line=case.line, reason=f"{what}: {error}")]
    expected: list[tuple[Labels, float]] = []
    for sample in case.expected:
        try:
            if sample.histogram:
                raise ValueError("native histograms are not supported")
            labels, end = read_metric(sample.labels)
            if sample.labels[end:].strip():
                raise ValueError(f'unexpected "{sample.labels[end:].strip()[:20]}"')
        except ValueError as error:
            reason = f"{what}: labels {sample.labels}: {error}"
            return [Failure(test=test, line=sample.line, reason=reason)]
        expected.append((labels, sample.value))
    expected.sort()
    if len(got) == len(expected) and all(
        one[0] == other[0] and _same(one[1], other[1], tests.fuzzy)
        for one, other in zip(got, expected, strict=True)
    ):
        return []
    lines = _sample_lines(expected), _sample_lines(got)
    return [Failure(test=test, line=case.line, reason=what, expected=lines[0], got=lines[1])]


def _same(one: float, other: float, fuzzy: bool) -> bool:
    """Equal as Go compares: NaN is not itself; fuzzy allows the next float on either side."""
    if one == other:
        return True
    return fuzzy and other in (math.nextafter(one, -math.inf), math.nextafter(one, math.inf))


def _sample_lines(samples: Sequence[tuple[Labels, float]]) -> tuple[str, ...]:
    from console.alerts.templates.formatting import shortest

    return tuple(f"{braced(labels)} {shortest(value)}" for labels, value in samples)
