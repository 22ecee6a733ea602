"""The commands `opsconsole alerts check` and `opsconsole alerts test`, with promtool's verdicts."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from console.alerts.nodes import Problem
from console.alerts.rules import RuleFile, read_rules
from console.errors import UsageError
from console.files import matching, open_now
from console.report import Paint, json_text, painter
from console.secrets import redact
from console.text import clean
from console.units import counted

LARGEST = 10_000_000
"""Bytes of a file that are read."""
SHOWN = 200
"""Lines of a difference that are shown."""
TONES = {"error": "bad", "unsupported": "warn", "lint": "warn"}
WORDS = {"error": "error", "unsupported": "not supported", "lint": "warning"}


def alerts(options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Carry out one of the tasks: 0 when all is well, 1 when not. Raises UsageError."""
    task = check if options["task"] == "check" else test
    return task(options, env)


def check(options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Check rule files and the rules of guides: 1 when a rule cannot be evaluated, else 0."""
    found = [_checked(name) for name in _named(options["files"])]
    if options["json"]:
        print(json_text({"files": [_check_json(one) for one in found]}))
    else:
        for line in _check_lines(found, painter(env)):
            print(line)
    return int(any(problem.kind != "lint" for one in found for problem in one.problems))


def test(options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Carry out files of rule tests: 1 when anything is not as they want it, else 0. Raises UsageError."""
    from console.alerts.testfile import read_tests
    from console.alerts.unit import Failure, carry_out

    chosen = _chosen(options["run"])
    paint = painter(env)
    documents = []
    failed = False
    for name in _named(options["files"]):
        notes: list[str] = []
        try:
            tests = read_tests(_text(name), name)
            failures, notes = carry_out(tests, chosen, _text)
        except OSError as error:
            failures = [Failure(test="", line=0, reason=f"cannot be read: {error.strerror or error}")]
        failed = failed or bool(failures)
        for note in notes:
            print(f"opsconsole: {clean(note)}", file=sys.stderr)
        if options["json"]:
            documents.append(_test_json(name, failures))
            continue
        verdict = paint("FAILED", "bad") if failures else paint("ok", "good")
        print(f"{clean(name)}: {verdict}")
        for failure in failures:
            for line in _failure_lines(name, failure, paint):
                print(line)
    if options["json"]:
        print(json_text({"files": documents}))
    return int(failed)


def _chosen(pattern: str | None) -> Callable[[str], bool]:
    if not pattern:
        return lambda name: True
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"--run {pattern} is no regular expression: {error}", "quote what is special"
        ) from None
    return lambda name: wanted.search(name) is not None


def _named(patterns: Sequence[str]) -> list[str]:
    """The files named: patterns of files where no shell has filled them in."""
    names: list[str] = []
    for pattern in patterns:
        matches = sorted(matching(pattern, math.inf)) if re.search(r"[*?\[]", pattern) else []
        names += matches or [pattern]
    return names


def _text(name: str) -> str:
    """A file's text; `-` is the standard input. Raises OSError."""
    if name == "-":
        if sys.stdin is None:  # it was closed before the start
            raise OSError("the standard input is closed")
        return sys.stdin.buffer.read(LARGEST).decode("utf-8", errors="replace")
    with open_now(Path(name)) as file:
        return file.read(LARGEST).decode("utf-8", errors="replace")


def _checked(name: str) -> RuleFile:
    file = "standard input" if name == "-" else name
    try:
        if Path(name).suffix.lower() in (".md", ".markdown"):
            return _guide(Path(name))
        return read_rules(_text(name), file)
    except OSError as error:
        problem = Problem(file=file, line=0, reason=f"cannot be read: {error.strerror or error}")
        return RuleFile(file=file, problems=(problem,))


def _guide(path: Path) -> RuleFile:
    """The rules of a guide, block by block, as strictly as those of a rule file."""
    from console.guides.reading import rule_blocks

    try:
        blocks = rule_blocks(path)
    except UsageError as error:
        problem = Problem(file=str(path), line=0, reason=str(error))
        return RuleFile(file=str(path), problems=(problem,))
    files = [read_rules(block.text, str(path), first=block.line, bare=True) for block in blocks]
    return RuleFile(
        file=str(path),
        groups=tuple(group for one in files for group in one.groups),
        problems=tuple(problem for one in files for problem in one.problems),
        broken=tuple(rule for one in files for rule in one.broken),
    )


def _check_lines(found: Sequence[RuleFile], paint: Paint) -> list[str]:
    lines: list[str] = []
    for one in found:
        for problem in one.problems:
            where = f"{clean(problem.file)}:{problem.line}" if problem.line else clean(problem.file)
            word = paint(WORDS[problem.kind], TONES[problem.kind])
            lines.append(redact(f"{where}: {word}: {problem.told}"))
        wrong = [problem for problem in one.problems if problem.kind != "lint"]
        errors = sum(problem.kind == "error" for problem in wrong)
        verdict = paint("ok", "good")
        if wrong:
            parts = [counted(errors, "error")] if errors else []
            refused = len(wrong) - errors
            parts += [f"{refused} not supported here"] if refused else []
            verdict = paint(", ".join(parts), "bad" if errors else "warn")
        lines.append(f"{clean(one.file)}: {counted(one.count + len(one.broken), 'rule')}, {verdict}")
    return lines


def _check_json(one: RuleFile) -> dict[str, Any]:
    return {
        "file": one.file,
        "rules": one.count + len(one.broken),
        "ok": not any(problem.kind != "lint" for problem in one.problems),
        "groups": [
            {"name": group.name, "line": group.line, "rules": [
                {"alert" if rule.alert else "record": rule.name, "expr": rule.expression.text,
                 "for": rule.hold, "keep_firing_for": rule.keep_firing_for, "line": rule.line}
                for rule in group.rules
            ]}
            for group in one.groups
        ],
        "problems": [
            {"line": problem.line, "kind": problem.kind, "group": problem.group, "rule": problem.rule,
             "reason": redact(problem.reason)}
            for problem in one.problems
        ],
    }  # fmt: skip


def _failure_lines(name: str, failure: Any, paint: Paint) -> list[str]:
    file = clean(failure.file or name)
    where = f"{file}:{failure.line}" if failure.line else file
    test = f"{clean(failure.test)}: " if failure.test else ""
    lines = [redact(f"  {where}: {test}{clean(failure.reason)}")]
    if failure.expected or failure.got:
        lines += _difference(failure.expected, failure.got, paint)
    return lines


def _difference(expected: Sequence[str], got: Sequence[str], paint: Paint) -> list[str]:
    """Both sides in one: what was expected and did not come (-), what came (+), and what is the same."""
    import difflib

    lines = ["    - expected, + got"]
    compared = difflib.ndiff(expected or ["nothing"], got or ["nothing"])
    for line in compared:
        if line.startswith("?"):
            continue
        if len(lines) > SHOWN:
            lines.append(f"    and more; {counted(len(got), 'line')} came")
            break
        tone = {"-": "bad", "+": "good"}.get(line[0], "")
        text = redact(f"    {line[0]} {clean(line[2:])}")
        lines.append(paint(text, tone) if tone else text)
    return lines


def _test_json(name: str, failures: Sequence[Any]) -> dict[str, Any]:
    return {
        "file": name,
        "ok": not failures,
        "failures": [
            {"test": one.test, "file": one.file or name, "line": one.line, "reason": redact(one.reason),
             "expected": [redact(line) for line in one.expected], "got": [redact(line) for line in one.got]}
            for one in failures
        ],
    }  # fmt: skip
