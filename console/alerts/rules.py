"""Prometheus rule files, unchanged: groups of alerting and recording rules, each with file and line.

What Prometheus refuses is refused with its line. A rule that is broken leaves the others standing:
the console goes on with them and shows this one as broken; `opsconsole alerts check` fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.alerts.durations import duration
from console.alerts.nodes import Decoder, Node, Problem
from console.alerts.promql import Expression, ExpressionError, parse
from console.alerts.templates import Template, TemplateError, UnsupportedTemplate
from console.metrics import Labels

if TYPE_CHECKING:
    from console.guides.model import AlertText

FILE_FIELDS = ("groups",)
GROUP_FIELDS = ("name", "interval", "query_offset", "limit", "rules", "labels")
RULE_FIELDS = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alerting rule (`alert` is its name) or a recording rule (`record` is the name of its series)."""

    alert: str = ""
    record: str = ""
    expression: Expression
    hold: float = 0.0
    """Seconds its condition must be true before it fires (`for`)."""
    keep_firing_for: float = 0.0
    """Seconds it goes on firing once its condition is no longer true."""
    labels: Labels = ()
    """As written, those of the group included; templates of an alerting rule are not yet expanded."""
    annotations: Labels = ()
    file: str = ""
    line: int = 0
    label_templates: tuple[tuple[str, Template], ...] = field(default=(), repr=False, compare=False)
    annotation_templates: tuple[tuple[str, Template], ...] = field(default=(), repr=False, compare=False)

    @property
    def name(self) -> str:
        """What it is called, whichever kind it is."""
        return self.alert or self.record


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules evaluated together, in their order."""

    name: str
    interval: float = 0.0
    """Seconds between two evaluations; 0: as the configuration has it."""
    limit: int = 0
    """Alerts or series one rule may give; 0: any number."""
    query_offset: float | None = None
    """Seconds into the past that expressions are evaluated at; None: not given."""
    labels: Labels = ()
    rules: tuple[Rule, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that cannot be evaluated: its name and text for people, and the first thing wrong with it."""

    name: str
    expression: str
    group: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A file as read: the groups with those of their rules that can be evaluated, and what is wrong."""

    file: str
    groups: tuple[Group, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: tuple[Broken, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What makes Prometheus refuse the whole file."""
        return tuple(problem for problem in self.problems if problem.kind == "error")

    @property
    def count(self) -> int:
        """Rules that can be evaluated."""
        return sum(len(group.rules) for group in self.groups)


def read_rules(text: str, file: str, *, first: int = 1, bare: bool = False) -> RuleFile:
    """The rules of a file's text; its first line is line `first` of `file`.

    `bare`: a list of rules, or a single one, without `groups:` is taken too, as guides have them.
    """
    reader = _Reader(Decoder(file, first))
    root = reader.yaml.document(text)
    if root is not None:
        reader.root(root, bare)
    return reader.result()


def rules_of_guide(rules: Sequence[AlertText], file: str) -> RuleFile:
    """The alert rules of a guide: each group of it, and one for those outside of any.

    What of a rule cannot be read is a problem with its line; the others load.
    """
    reader = _Reader(Decoder(file))
    names: dict[str, list[Rule]] = {}
    for text in rules:
        rule = reader.guided(text)
        if rule is not None:
            names.setdefault(text.group, []).append(rule)
    reader.groups = [
        Group(name=name, rules=tuple(found), file=file, line=found[0].line) for name, found in names.items()
    ]
    return reader.result()


class _Reader:
    def __init__(self, yaml: Decoder) -> None:
        self.yaml = yaml
        self.groups: list[Group] = []
        self.broken: list[Broken] = []

    def result(self) -> RuleFile:
        self._duplicates()
        return RuleFile(
            file=self.yaml.file, groups=tuple(self.groups), broken=tuple(self.broken),
            problems=tuple(sorted(self.yaml.problems, key=lambda problem: problem.line)),
        )  # fmt: skip

    def root(self, root: Node, bare: bool) -> None:
        if root.id == "sequence":
            if bare:
                self.groups.append(self._rules(root, Group(name="", file=self.yaml.file)))
                return
            self.yaml.wrong(root, "a list where `groups:` is wanted; put the rules into a group")
            return
        if bare and root.id == "mapping" and any(key.value == "alert" for key, _ in root.value):
            self.groups.append(self._listed([root], Group(name="", file=self.yaml.file)))
            return
        fields = self.yaml.fields(root, FILE_FIELDS, "a rule file")
        names: dict[str, int] = {}
        for node in self.yaml.items(fields.get("groups"), "groups"):
            group = self._group(node)
            if group.name in names:
                reason = f"the group {group.name} is in the file already, in line {names[group.name]}"
                self.yaml.wrong(node, reason, group=group.name)
            names.setdefault(group.name, group.line)
            self.groups.append(group)

    def _group(self, node: Node) -> Group:
        fields = self.yaml.fields(node, GROUP_FIELDS, "a group")
        name = self.yaml.text(fields.get("name"), "name")
        if not name:
            self.yaml.wrong(node, "a group needs a name that is not empty")
        offset = fields.get("query_offset")
        group = Group(
            name=name,
            interval=self.yaml.seconds(fields.get("interval"), "interval"),
            limit=self.yaml.whole(fields.get("limit"), "limit"),
            query_offset=None if offset is None else self.yaml.seconds(offset, "query_offset"),
            labels=self._labels(fields.get("labels"), name, ""),
            file=self.yaml.file,
            line=self.yaml.line(node),
        )
        return self._rules(fields.get("rules"), group)

    def _rules(self, node: Node, group: Group) -> Group:
        return self._listed(self.yaml.items(node, "rules"), group)

    def _listed(self, nodes: Sequence[Node], group: Group) -> Group:
        rules = tuple(rule for node in nodes if (rule := self._rule(node, group)) is not None)
        return Group(
            name=group.name, interval=group.interval, limit=group.limit, query_offset=group.query_offset,
            labels=group.labels, rules=rules, file=group.file, line=group.line or self.yaml.line(nodes[0])
            if nodes else group.line,
        )  # fmt: skip

    def _rule(self, node: Node, group: Group) -> Rule | None:
        yaml = self.yaml
        before = len(yaml.problems)
        fields = yaml.fields(node, RULE_FIELDS, "a rule")
        if node.id != "mapping":
            return None
        alert = yaml.text(fields.get("alert"), "alert")
        record = yaml.text(fields.get("record"), "record")
        draft = _Draft(
            alert=alert,
            record=record,
            text=yaml.text(fields.get("expr"), "expr"),
            hold=yaml.seconds(fields.get("for"), "for"),
            keep=yaml.seconds(fields.get("keep_firing_for"), "keep_firing_for"),
            labels=yaml.texts(fields.get("labels"), "labels"),
            annotations=yaml.texts(fields.get("annotations"), "annotations"),
            group=group,
            line=yaml.line(node),
            lines={name: yaml.line(value) for name, value in fields.items()},
        )
        expression = fields.get("expr")
        if expression is not None and expression.id == "scalar" and expression.style in ("|", ">"):
            draft.lines["expr"] += 1  # the text begins below the bar
        draft.lines |= _value_lines(fields, yaml)
        return self._checked(draft, before)

    def guided(self, text: AlertText) -> Rule | None:
        """A rule of a guide, whose fields are text already."""
        before = len(self.yaml.problems)
        times = []
        for name, written in (("for", text.duration), ("keep_firing_for", text.keep_firing_for)):
            try:
                times.append(duration(written) if written else 0.0)
            except ValueError as error:
                self.yaml.wrong(text.line, f"{name}: {error}; write it as 30s, 5m or 1h30m", rule=text.alert)
                times.append(0.0)
        draft = _Draft(
            alert=text.alert, record="", text=text.expr, hold=times[0], keep=times[1],
            labels=tuple(sorted(text.labels)), annotations=tuple(sorted(text.annotations)),
            group=Group(name=text.group), line=text.line, lines={},
        )  # fmt: skip
        return self._checked(draft, before)

    def _checked(self, draft: _Draft, before: int) -> Rule | None:
        """The rule, or None with what is wrong kept, the first of it beside the rule's name."""
        yaml = self.yaml
        self._names(draft)
        expression = self._expression(draft)
        labels, annotations = draft.labels, draft.annotations
        self._valid_labels(labels, draft)
        templates: dict[str, list[tuple[str, Template]]] = {"labels": [], "annotations": []}
        for name, _ in annotations:
            if not name:
                self._wrong(draft, "annotations", "an annotation has no name")
        for kind, pairs in (("labels", labels), ("annotations", annotations)):
            for name, text in pairs if draft.alert else ():
                try:
                    templates[kind].append((name, Template(text)))
                except UnsupportedTemplate as error:
                    self._wrong(draft, f"{kind}.{name}", f"{kind}: {name}: {error}", "unsupported")
                except TemplateError as error:
                    self._wrong(draft, f"{kind}.{name}", f"{kind}: {name}: {error}")
        yaml.belongs(before, draft.group.name, draft.alert or draft.record)
        found = [problem for problem in yaml.problems[before:] if problem.kind != "lint"]
        if found or expression is None:
            if found:
                self.broken.append(
                    Broken(name=draft.alert or draft.record, expression=draft.text, group=draft.group.name,
                           problem=found[0])
                )  # fmt: skip
            return None
        return Rule(
            alert=draft.alert, record=draft.record, expression=expression, hold=draft.hold,
            keep_firing_for=draft.keep, labels=_merged(draft.group.labels, labels),
            annotations=annotations, file=yaml.file, line=draft.line,
            label_templates=self._with_group(draft, templates["labels"]),
            annotation_templates=tuple(templates["annotations"]),
        )  # fmt: skip

    def _with_group(self, draft: _Draft, own: list[tuple[str, Template]]) -> tuple[tuple[str, Template], ...]:
        """The rule's label templates with those of its group, which it may replace."""
        if not draft.alert:
            return ()
        names = {name for name, _ in own}
        inherited = []
        for name, text in draft.group.labels:
            if name in names:
                continue
            try:
                inherited.append((name, Template(text)))
            except TemplateError:
                # Prometheus does not look at a group's templates either before they are expanded
                inherited.append((name, Template.broken(text)))
        return tuple(sorted([*own, *inherited], key=lambda pair: pair[0]))

    def _names(self, draft: _Draft) -> None:
        if draft.alert and draft.record:
            self._wrong(draft, "record", "give either alert or record, not both")
        if not draft.alert and not draft.record:
            self._wrong(draft, "", "a rule needs a name: alert or record")
        if not draft.record:
            return
        for name, given in (
            ("annotations", draft.annotations), ("for", draft.hold), ("keep_firing_for", draft.keep)
        ):  # fmt: skip
            if given:
                self._wrong(draft, name, f"a recording rule has no {name}")
        if "{" in draft.record or "}" in draft.record:
            self._wrong(draft, "record", "the name of a recording rule holds braces; do they belong to expr?")

    def _expression(self, draft: _Draft) -> Expression | None:
        if not draft.text:
            self._wrong(draft, "", "a rule needs an expression: expr")
            return None
        try:
            return parse(draft.text)
        except ExpressionError as error:
            kind = "unsupported" if error.reason.endswith("is not supported") else "error"
            below = draft.text.count("\n", 0, error.position or 0)
            self._wrong(draft, "expr", f"expr: {error}", kind, below)
        return None

    def _labels(self, node: Node, group: str, rule: str) -> Labels:
        found = self.yaml.texts(node, "labels")
        for name, _ in found:
            if not name or name == "__name__":
                self.yaml.wrong(node, f'"{name}" cannot be the name of a label', group=group, rule=rule)
        return found

    def _valid_labels(self, labels: Labels, draft: _Draft) -> None:
        for name, _ in labels:
            if not name or name == "__name__":
                self._wrong(draft, "labels", f'"{name}" cannot be the name of a label')

    def _wrong(self, draft: _Draft, where: str, reason: str, kind: str = "error", below: int = 0) -> None:
        line = draft.lines.get(where) or draft.line
        name = draft.alert or draft.record
        self.yaml.wrong(line + below, reason, group=draft.group.name, rule=name, kind=kind)

    def _duplicates(self) -> None:
        """Rules of the same name and labels, wherever they stand: what they write would mix."""
        seen: dict[tuple[str, Labels], Rule] = {}
        for group in self.groups:
            for rule in group.rules:
                first = seen.setdefault((rule.name, rule.labels), rule)
                if first is not rule:
                    reason = (
                        f"the same name and labels as the rule in line {first.line}: what they give mixes"
                    )
                    self.yaml.wrong(rule.line, reason, group=group.name, rule=rule.name, kind="lint")


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A rule as written, before it is looked at; `lines` says where its fields stand."""

    alert: str
    record: str
    text: str
    hold: float
    keep: float
    labels: Labels
    annotations: Labels
    group: Group
    line: int
    lines: dict[str, int]


def _value_lines(fields: dict[str, Node], yaml: Decoder) -> dict[str, int]:
    """The lines of single labels and annotations."""
    return {
        f"{name}.{key.value}": yaml.line(value)
        for name in ("labels", "annotations")
        if name in fields and fields[name].id == "mapping"
        for key, value in fields[name].value
        if key.id == "scalar"
    }


def _merged(group: Labels, own: Labels) -> Labels:
    return tuple(sorted((dict(group) | dict(own)).items()))
