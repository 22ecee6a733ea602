"""Checks of the steps: syntax, rotten commands, missing tools, variables, destruction without a look."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

from console.guides.lint.problem import Problem, problem
from console.guides.lint.rotten import renamed, rotten
from console.guides.model import Guide, Procedure, Risk, Step, StepKind
from console.guides.risk.names import names
from console.guides.shell import Command, Script, parse

_BUILT_IN = names(
    """
    . : [ [[ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo
    enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd
    printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type
    typeset ulimit umask unalias unset wait time ((
    """
)
LIMIT = 30_000
"""Characters of a command that are searched for SQL."""
_OPERATOR = re.compile(r"(?<!\\)\$([a-z]\w*)[\"']?\s*:")
"""An operator of a query (`$gt:`), which a shell takes for a variable of its own."""
_PLAIN = re.compile(r"<[^<>]+>|\{\{.*\}\}|\[.*\]|\$.*|:.*", re.DOTALL)
"""Stand-ins that say what they are; the console asks for them."""


class Tools:
    """Which programs this host has; each is told missing once a guide."""

    def __init__(self, here: Callable[[str], str | None] = shutil.which) -> None:
        self._here = here
        self._told: set[str] = set()

    def missing(self, name: str) -> bool:
        """Whether a program is not here, and that was not told yet."""
        if name in self._told or name in _BUILT_IN or not re.fullmatch(r"[\w.+-]+", name):
            return False
        if self._here(name) is not None:
            return False
        self._told.add(name)
        return True


def check_steps(guide: Guide, text: str, version: int | None, tools: Tools) -> Iterator[Problem]:
    """All findings about the procedures of a guide; `version` is PostgreSQL's, None when it was not asked."""
    lines = text.splitlines()
    told: set[tuple[str, str]] = set()
    for procedure in guide.procedures:
        if not procedure.steps:
            yield problem(
                "no-steps", procedure.line, f"{procedure.title} has no step", "list them, or say it in prose"
            )
        yield from _unchecked(procedure)
        for step in procedure.steps:
            if not step.command:
                yield from _shown(step, lines)
                continue
            first = _first_line(step, lines)
            if step.kind in (StepKind.SQL, StepKind.SHELL):
                yield from _query(step, first, version)
            if step.kind is StepKind.SHELL:
                yield from _shell(step, first, tools)
            for variable in step.variables:
                if (procedure.id, variable.name) not in told:
                    told.add((procedure.id, variable.name))
                    yield from _variable(step, first, variable.name, variable.token)


def _shown(step: Step, lines: list[str]) -> Iterator[Problem]:
    """Commands that are shown and not run rot all the same."""
    script = parse(step.offered.strip())
    first = _first_line(step, lines)
    for command in script.commands if step.offered and script.ok else ():
        yield from _rotten(first + command.line, command)


def _first_line(step: Step, lines: list[str]) -> int:
    """The line the command begins on, from 1: a step may begin with the comment that is its title."""
    begin = (step.command or step.offered).strip().partition("\n")[0].strip()
    for at in range(step.line - 1, min(step.end_line, len(lines))):
        if begin in lines[at]:
            return at + 1
    return step.line


def _shell(step: Step, first: int, tools: Tools) -> Iterator[Problem]:
    script = parse(step.command.strip())
    if not script.ok:
        line = first + (script.error_line or 0)
        yield problem(
            "shell-syntax",
            line,
            "a shell would not understand this",
            "close what is open, or say in the fence that it is no shell",
        )
        return
    for command in script.commands:
        yield from _command(first, command, script, tools)


def _command(first: int, command: Command, script: Script, tools: Tools) -> Iterator[Problem]:
    name = command.name
    if not name:
        return
    line = first + command.line
    gone = list(_rotten(line, command))
    yield from gone
    local = (
        not command.elsewhere and name not in script.functions and not any(name in one.reason for one in gone)
    )
    if local and "/" not in (command.words[0].value or "") and tools.missing(name):
        yield problem(
            "tool-missing", line, f"{name} is not on this host", f"install {name}, or run it elsewhere"
        )
    for redirect in command.redirects:
        if redirect.feeds and redirect.target is None and (found := _OPERATOR.search(redirect.body)):
            reason = f"the shell puts in a variable for ${found[1]}, which leaves nothing of it"
            yield problem("document-expands", line, reason, "quote the mark: <<'EOF'")


def _rotten(line: int, command: Command) -> Iterator[Problem]:
    name = command.name
    if not name:
        return
    words = " ".join([name, *(word.raw if word.value is None else word.value for word in command.words[1:])])
    for one in rotten(words):
        yield problem(one.rule, line, one.reason, one.suggestion)
    if name == "kubectl" and "exec" in command.values and "--" not in command.values:
        reason = "kubectl exec takes a command only behind --"
        yield problem("kubectl-removed", line, reason, "kubectl exec POD -- COMMAND")


def _query(step: Step, first: int, version: int | None) -> Iterator[Problem]:
    text = step.command.strip()[:LIMIT]
    for one, at in renamed(text, version):
        line = first + text.count("\n", 0, at)
        of = f"since PostgreSQL {one.since}" + (f", here is {version}" if version else "")
        yield problem("postgres-renamed", line, f"{one.reason} {of}", one.suggestion)


def _variable(step: Step, first: int, name: str, token: str) -> Iterator[Problem]:
    text = step.command.strip()
    line = first + text.count("\n", 0, max(text.find(token), 0))
    if token.startswith("$"):
        yield problem(
            "variable-unset",
            line,
            f"no earlier step sets {name}",
            f"set it first, or give a default: ${{{name}:-...}}; the console asks for it",
        )
    elif not _PLAIN.fullmatch(token):
        yield problem(
            "stand-in", line, f"{token} stands for something else", f"write <{name}>, which is asked for"
        )


def _unchecked(procedure: Procedure) -> Iterator[Problem]:
    for place, step in enumerate(procedure.steps):
        if step.risk is not Risk.DESTRUCTIVE or not step.command:
            continue
        looks = [one.kind is StepKind.MANUAL or one.risk is Risk.READ for one in procedure.steps]
        missing = [
            word
            for word, steps in (("before", looks[:place]), ("after", looks[place + 1 :]))
            if not any(steps)
        ]
        if missing:
            reason = f"{step.title} cannot be undone, and nothing is looked at {' or '.join(missing)} it"
            yield problem(
                "destructive-unchecked", step.line, reason, "add a step that shows what it is about to hit"
            )
