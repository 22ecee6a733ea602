"""All rules there are: of rule files, of guides, and what objectives and names of the configuration say."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from console.alerts.model import AlertState, Origin, RuleStatus
from console.alerts.nodes import Problem
from console.alerts.objectives import CONFIGURATION, GROUP, Goal, Unmeasured, configured, measured
from console.alerts.promql import ExpressionError, parse
from console.alerts.rules import Broken, Group, Rule, RuleFile, read_rules, rules_of_guide
from console.alerts.severity import severity_of
from console.errors import TooWide
from console.files import here, named_below, open_now
from console.guides.library import Library
from console.guides.model import Guide
from console.text import clean

if TYPE_CHECKING:
    from console.config import Config

FILES = 500
"""Rule files that are read."""
SIZE = 4_000_000
"""Bytes of a rule file that are read."""


@dataclass(frozen=True, slots=True)
class Sourced:
    """A group and where it comes from."""

    group: Group
    kind: str
    """guide, file or config: the kind of its origin."""
    goals: dict[str, Goal] = field(default_factory=dict)
    """Of objectives: what must hold, by the rule's name."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What was read: groups in the order of their evaluation, and what stands as no rule."""

    groups: tuple[Sourced, ...]
    told: tuple[RuleStatus, ...]
    """What cannot be evaluated, with its reason: broken rules, and objectives that nothing measures."""
    guides: tuple[Guide, ...]


class Reader:
    """Reads the rules again when a file has changed. All of it blocks."""

    def __init__(self, config: Config, directory: Path | None = None) -> None:
        self._config = config
        self._directory = directory or here()
        self._library = Library(config, directory)
        self._marks: object = None
        self._read = Ruled((), (), ())

    def read(self) -> tuple[Ruled, bool]:
        """All rules, and whether they are others than the last time."""
        guides = self._library.guides()
        wrong: list[RuleStatus] = []
        files = list(dict.fromkeys(self._files(wrong)))[:FILES]
        marks = (
            [guide.digest for guide in guides],
            [_mark(path) for path in files],
            [(one.name, one.reason) for one in wrong],
        )
        if marks == self._marks:
            return self._read, False
        self._marks = marks
        groups: list[Sourced] = []
        told: list[RuleStatus] = wrong
        self._take_configuration(groups, told)
        for path in files:
            self._take(self._read_file(path), "file", groups, told)
        said = {name.casefold() for name in self._config.alerts.objectives}
        for guide in guides:
            self._take(rules_of_guide(guide.rules, guide.path), "guide", groups, told)
            open_ones = [one for one in guide.objectives if one.name.casefold() not in said]
            goals, rest = measured(open_ones, guide.path)
            self._take_goals(goals, guide.path, "guide", groups, told)
            told += [_unmeasured(one) for one in rest]
        self._read = Ruled(tuple(groups), tuple(told), tuple(guides))
        return self._read, True

    def _files(self, wrong: list[RuleStatus]) -> Iterator[Path]:
        for pattern in self._config.alerts.rules:
            try:
                found = named_below(self._directory, pattern)
                reason = "" if found else "alerts.rules: it names no file"
            except TooWide as error:
                found, reason = [], f"alerts.rules: {clean(str(error), 200)}"
            except (ValueError, RuntimeError) as error:  # no path, and nobody's home
                found, reason = [], f"alerts.rules: no file can be named so: {clean(str(error), 200)}"
            if reason:
                wrong.append(_wrong(reason, Origin(file=CONFIGURATION, kind="config"), clean(pattern, 200)))
            yield from found

    def _read_file(self, path: Path) -> RuleFile:
        name = clean(str(path), 300)
        try:
            with open_now(path) as file:  # a pipe must not hold up the other rules
                raw = file.read(SIZE + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except OSError as error:
            reason = f"the rule file cannot be read: {error.strerror or error}"
            return RuleFile(file=name, problems=(Problem(file=name, line=0, reason=reason),))
        if raw is None:
            reason = "it is no regular file: save the rules in one"
            return RuleFile(file=name, problems=(Problem(file=name, line=0, reason=reason),))
        if len(raw) > SIZE:
            reason = f"the rule file has more than {SIZE // 1_000_000} MB: split it"
            return RuleFile(file=name, problems=(Problem(file=name, line=0, reason=reason),))
        return read_rules(raw.decode("utf-8", "replace"), name)

    def _take(self, read: RuleFile, kind: str, groups: list[Sourced], told: list[RuleStatus]) -> None:
        groups += [Sourced(group, kind) for group in read.groups if group.rules]
        told += [_broken(one, kind) for one in read.broken]
        names = {one.problem for one in read.broken}
        told += [
            _wrong(problem.reason, Origin(file=read.file, line=problem.line, kind=kind))
            for problem in read.errors
            if problem not in names
        ]

    def _take_goals(
        self, goals: Sequence[Goal], file: str, kind: str, groups: list[Sourced], told: list[RuleStatus]
    ) -> None:
        read = rules_of_guide([goal.rule for goal in goals], file)
        by_name = {goal.rule.alert: goal for goal in goals}
        groups += [Sourced(group, kind, by_name) for group in read.groups]
        told += [_broken(one, kind) for one in read.broken]

    def _take_configuration(self, groups: list[Sourced], told: list[RuleStatus]) -> None:
        """Names first: what rules use must be there before them."""
        origin = Origin(file=CONFIGURATION, kind="config")
        named: list[Rule] = []
        for name, text in self._config.alerts.names.items():
            try:
                named.append(Rule(record=name, expression=parse(text), file=CONFIGURATION))
            except ExpressionError as error:
                told.append(_wrong(f"alerts.names: {name}: {error}", origin, name))
        if named:
            groups.append(Sourced(Group(name="names", rules=tuple(named), file=CONFIGURATION), "config"))
        goals, wrong = configured(self._config.alerts.objectives)
        told += [_wrong(f"alerts.objectives: {name}: {why}", origin, name) for name, why in wrong]
        self._take_goals(goals, CONFIGURATION, "config", groups, told)


def _broken(one: Broken, kind: str) -> RuleStatus:
    return RuleStatus(
        name=one.name, expression=one.expression, group=one.group, state=AlertState.BROKEN,
        reason=one.problem.reason, origin=Origin(file=one.problem.file, line=one.problem.line, kind=kind),
    )  # fmt: skip


def _wrong(reason: str, origin: Origin, name: str = "") -> RuleStatus:
    return RuleStatus(
        name=name or str(origin), expression="", state=AlertState.BROKEN, reason=reason, origin=origin
    )


def _unmeasured(one: Unmeasured) -> RuleStatus:
    return RuleStatus(
        name=one.name, expression=one.wanted, group=GROUP, state=AlertState.NO_DATA,
        reason="nothing here measures it: say how in [alerts.objectives]",
        origin=Origin(file=one.file, line=one.line, kind="guide"),
        severity=severity_of((("severity", one.severity or "warning"),)),
    )  # fmt: skip


def _mark(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size
