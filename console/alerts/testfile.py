"""Files of rule tests, in the format of `promtool test rules`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.alerts.nodes import Decoder, Node, Problem
from console.metrics import Labels

INTERVAL = 60.0
"""Seconds between evaluations where a file names none."""
_FILE = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
_GROUP = (
    "interval", "input_series", "alert_rule_test", "promql_expr_test", "external_labels", "external_url",
    "name", "start_timestamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series as the file writes it."""

    series: str
    values: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One alert that is to fire."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCase:
    """The alerts of one name that are to fire at a time (seconds from the start)."""

    at: float
    name: str
    expected: tuple[Expected, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSample:
    """One sample an expression is to give."""

    labels: str
    value: float
    histogram: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionCase:
    """What an expression is to give at a time (seconds from the start)."""

    at: float
    expression: str
    expected: tuple[ExpectedSample, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGroup:
    """Series, and what is to come of them."""

    __test__ = False  # for pytest, which takes it for one of its own

    name: str
    interval: float
    series: tuple[Series, ...]
    alerts: tuple[AlertCase, ...]
    expressions: tuple[ExpressionCase, ...]
    external_labels: Labels
    external_url: str
    start: float
    line: int

    @property
    def end(self) -> float:
        """Seconds from the start to the last time something is looked at."""
        times = [case.at for case in self.alerts] + [case.at for case in self.expressions]
        return max(times, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """A file of tests as read."""

    __test__ = False

    file: str
    rule_files: tuple[str, ...]
    interval: float
    order: tuple[str, ...]
    fuzzy: bool
    groups: tuple[TestGroup, ...]
    problems: tuple[Problem, ...]


def read_tests(text: str, file: str) -> TestFile:
    """The tests of a file's text; with problems it is not to be carried out."""
    yaml = Decoder(file)
    root = yaml.document(text)
    fields = yaml.fields(root, _FILE, "a test file")
    interval = yaml.seconds(fields.get("evaluation_interval"), "evaluation_interval") or INTERVAL
    ordered = yaml.items(fields.get("group_eval_order"), "group_eval_order")
    order = [yaml.text(node, "group_eval_order") for node in ordered]
    for place, name in enumerate(order):
        if name in order[:place]:
            yaml.wrong(fields["group_eval_order"], f"the group {name} is twice in group_eval_order")
    return TestFile(
        file=file,
        rule_files=tuple(
            yaml.text(node, "rule_files") for node in yaml.items(fields.get("rule_files"), "rule_files")
        ),
        interval=interval,
        order=tuple(order),
        fuzzy=yaml.flag(fields.get("fuzzy_compare"), "fuzzy_compare"),
        groups=tuple(_group(node, yaml, interval) for node in yaml.items(fields.get("tests"), "tests")),
        problems=tuple(problem for problem in yaml.problems if problem.kind == "error"),
    )


def _group(node: Node, yaml: Decoder, interval: float) -> TestGroup:
    fields = yaml.fields(node, _GROUP, "a test")
    return TestGroup(
        name=yaml.text(fields.get("name"), "name"),
        interval=yaml.seconds(fields.get("interval"), "interval") or interval,
        series=tuple(_series(one, yaml) for one in yaml.items(fields.get("input_series"), "input_series")),
        alerts=tuple(
            _alert(one, yaml) for one in yaml.items(fields.get("alert_rule_test"), "alert_rule_test")
        ),
        expressions=tuple(
            _expression(one, yaml) for one in yaml.items(fields.get("promql_expr_test"), "promql_expr_test")
        ),
        external_labels=yaml.texts(fields.get("external_labels"), "external_labels"),
        external_url=yaml.text(fields.get("external_url"), "external_url"),
        start=_start(fields.get("start_timestamp"), yaml),
        line=yaml.line(node),
    )


def _series(node: Node, yaml: Decoder) -> Series:
    fields = yaml.fields(node, ("series", "values"), "a series")
    return Series(
        series=yaml.text(fields.get("series"), "series"), values=yaml.text(fields.get("values"), "values"),
        line=yaml.line(node),
    )  # fmt: skip


def _alert(node: Node, yaml: Decoder) -> AlertCase:
    fields = yaml.fields(node, ("eval_time", "alertname", "exp_alerts"), "an alert test")
    return AlertCase(
        at=yaml.seconds(fields.get("eval_time"), "eval_time"),
        name=yaml.text(fields.get("alertname"), "alertname"),
        expected=tuple(_expected(one, yaml) for one in yaml.items(fields.get("exp_alerts"), "exp_alerts")),
        line=yaml.line(node),
    )


def _expected(node: Node, yaml: Decoder) -> Expected:
    fields = yaml.fields(node, ("exp_labels", "exp_annotations"), "an expected alert")
    return Expected(
        labels=yaml.texts(fields.get("exp_labels"), "exp_labels"),
        annotations=yaml.texts(fields.get("exp_annotations"), "exp_annotations"),
    )


def _expression(node: Node, yaml: Decoder) -> ExpressionCase:
    fields = yaml.fields(node, ("expr", "eval_time", "exp_samples"), "an expression test")
    return ExpressionCase(
        at=yaml.seconds(fields.get("eval_time"), "eval_time"),
        expression=yaml.text(fields.get("expr"), "expr"),
        expected=tuple(_sample(one, yaml) for one in yaml.items(fields.get("exp_samples"), "exp_samples")),
        line=yaml.line(node),
    )


def _sample(node: Node, yaml: Decoder) -> ExpectedSample:
    fields = yaml.fields(node, ("labels", "value", "histogram"), "an expected sample")
    return ExpectedSample(
        labels=yaml.text(fields.get("labels"), "labels"), value=yaml.number(fields.get("value"), "value"),
        histogram=yaml.text(fields.get("histogram"), "histogram"), line=yaml.line(node),
    )  # fmt: skip


def _start(node: Node, yaml: Decoder) -> float:
    """Unix seconds, or a time of RFC 3339."""
    text = yaml.text(node, "start_timestamp")
    if not text:
        return 0.0
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or "T" not in text.upper():
            raise ValueError(text)
        return moment.timestamp()
    except ValueError:
        yaml.wrong(node, f'start_timestamp is "{text}"; write Unix seconds or 2026-01-31T09:00:00Z')
        return 0.0
