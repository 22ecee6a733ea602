"""`opsconsole guide list|show|lint`: what a guide holds, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from console.config import Config
from console.errors import JournalError, UsageError
from console.guides.library import Due, Library
from console.guides.model import Guide, Link, Procedure, Risk, Step
from console.guides.reading import read_guide
from console.nearest import did_you_mean
from console.report import Paint, columns, painter
from console.text import clean, clip

TONES = {Risk.READ: "dim", Risk.UNKNOWN: "warn", Risk.CHANGE: "warn", Risk.DESTRUCTIVE: "bad"}
WIDTH = 100
"""Cells of a line that is quoted from a guide."""


def guide(config: Config, options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Carry out the command; the exit code. Raises UsageError."""
    if options["task"] == "lint":
        from console.guides.lint.command import lint

        return lint(config, options, env)
    if options["task"] == "list":
        return _list(Library(config), *_done(config, env), options["json"], env)
    found = read_guide(Path(options["file"]))
    named = options.get("procedure")
    if named and found.procedure(named) is None:
        known = [one.id for one in found.procedures]
        raise UsageError(
            f'{found.path} has no procedure "{named}"{did_you_mean(named, known)}',
            f"see opsconsole guide show {found.path}",
        )
    if options["json"]:
        one = found.procedure(named) if named else None
        _print_json(procedure_json(one) if one else guide_json(found))
        return 0
    for line in _outline(found, named, painter(env)):
        print(line)
    return 0


def _print_json(value: Any) -> None:
    # every character that is not ASCII is escaped: what a guide holds must not reach a terminal by this way
    print(json.dumps(value, indent=2))


def guide_json(one: Guide) -> dict[str, Any]:
    """Everything that was read of a guide, with names that stay."""
    return {
        "title": one.written or one.title,
        "name": one.name,
        "path": one.path,
        "digest": one.digest,
        "repaired": one.repaired,
        "front": dict(one.front),
        "procedures": [procedure_json(found) for found in one.procedures],
        "objectives": [
            {"name": o.name, "op": o.op, "value": _number(o.value), "unit": o.unit, "breach": o.breach,
             "severity": o.severity, "line": o.line}
            for o in one.objectives
        ],
        "rules": [
            {"alert": r.alert, "expr": r.expr, "for": r.duration, "labels": dict(r.labels),
             "annotations": dict(r.annotations), "group": r.group, "line": r.line}
            for r in one.rules
        ],
        "severities": [
            {"name": s.name, "respond_within": s.respond_within, "description": s.description, "line": s.line}
            for s in one.severities
        ],
        "escalation": [
            {"name": e.name, "who": e.who, "after": e.after, "line": e.line} for e in one.escalation
        ],
        "contacts": [{"name": c.name, "value": c.value, "line": c.line} for c in one.contacts],
        "endpoints": _links(one, "endpoint"),
        "dashboards": _links(one, "dashboard"),
        "logs": _links(one, "log"),
        "unread": [{"line": u.line, "reason": u.reason, "text": u.text} for u in one.unread],
    }  # fmt: skip


def _links(one: Guide, kind: str) -> list[dict[str, Any]]:
    return [
        {"url": link.url, "title": link.title, "line": link.line} for link in one.links if link.kind == kind
    ]


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def procedure_json(one: Procedure) -> dict[str, Any]:
    """A procedure with its steps; `minutes` only where the writer says how long it takes."""
    found: dict[str, Any] = {
        "id": one.id, "title": one.written or one.title, "kind": one.kind.value, "line": one.line,
        "end_line": one.end_line, "path": list(one.path), "cadence": one.cadence, "due": one.due,
        "cron": list(one.cron), "who": one.who, "when": one.when,
    }  # fmt: skip
    if one.duration is not None:
        found["minutes"] = _number(one.duration / 60)
    found["steps"] = [_step_json(step) for step in one.steps]
    return found


def _step_json(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": step.number, "title": step.title, "kind": step.kind.value, "command": step.command,
        "line": step.line, "end_line": step.end_line, "risk": step.risk.word,
        "variables": [
            {"name": v.name, "token": v.token, "default": v.default, "secret": v.secret}
            for v in step.variables
        ],
        "where": step.where, "group": step.group, "note": step.note, "expected": step.expected,
        "offered": step.offered, "background": step.background, "interactive": step.interactive,
    }  # fmt: skip
    if step.duration is not None:
        found["minutes"] = _number(step.duration / 60)
    return found


def _done(config: Config, env: Mapping[str, str]) -> tuple[Mapping[str, datetime], str]:
    """When each procedure was last done, as far as a journal tells; and why it does not."""
    from console.journal.place import journal_path
    from console.journal.reader import last_done

    try:
        return last_done(journal_path(config, env)), ""
    except JournalError as error:
        return {}, str(error)


def _list(
    library: Library, done: Mapping[str, datetime], trouble: str, as_json: bool, env: Mapping[str, str]
) -> int:
    guides = library.guides()
    now = datetime.now().astimezone()
    due = library.due(now, done)
    if as_json:
        _print_json(
            {
                "guides": [_entry(one, [found for found in due if found.guide is one]) for one in guides],
                "unreadable": [{"path": wrong.path, "reason": wrong.reason} for wrong in library.unreadable],
                "journal": trouble,
            }
        )
        return 0
    paint = painter(env)
    if not guides and not library.unreadable:
        raise UsageError(
            "no guide was found",
            "put an OPERATIONS.md here, or name files in the configuration: [guides] paths",
        )
    rows = [["GUIDE", "CHECKLISTS", "RUNBOOKS", "STEPS", "RULES", "UNREAD", "FILE"]]
    rows += [
        [clip(one.title, 50), *(str(count) for count in _counts(one).values()), clean(one.path)]
        for one in guides
    ]
    head, *body = columns(rows)
    for line in (paint(head, "dim"), *body):
        print(line)
    for wrong in library.unreadable:
        print(f"{paint('unreadable', 'bad')}  {wrong.reason}")
    if trouble:
        print(f"{paint('unreadable', 'bad')}  what was done is not known: {clean(trouble)}")
    timed = [found for found in due if found.state != "next"][:10] + [
        found for found in due if found.state == "next"
    ][:5]
    if timed:
        print()
        rows = [
            [found.state, _when(found.at, now), clip(found.procedure.title, 50), clean(found.guide.name)]
            for found in timed
        ]
        print("\n".join(columns([["STATE", "AT", "PROCEDURE", "GUIDE"], *rows])))
    return 0


def _entry(one: Guide, due: Sequence[Due]) -> dict[str, Any]:
    return {
        "path": one.path, "name": one.name, "title": one.written or one.title, **_counts(one),
        "due": [
            {"id": found.procedure.id, "state": found.state, "at": found.at.isoformat()} for found in due
        ],
    }  # fmt: skip


def _counts(one: Guide) -> dict[str, int]:
    checklists = sum(found.kind.value == "checklist" for found in one.procedures)
    return {
        "checklists": checklists, "runbooks": len(one.procedures) - checklists,
        "steps": sum(len(found.steps) for found in one.procedures), "rules": len(one.rules),
        "unread": len(one.unread),
    }  # fmt: skip


def _when(at: datetime, now: datetime) -> str:
    return at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def _outline(one: Guide, named: str | None, paint: Paint) -> Iterator[str]:
    yield paint(one.title, "bold")
    yield paint(clean(one.path) + (", its encoding repaired" if one.repaired else ""), "dim")
    for procedure in one.procedures:
        if named in (None, procedure.id):
            yield ""
            yield from _procedure_lines(procedure, paint, whole=named is not None)
    if named is None:
        yield from _facts(one, paint)


def _procedure_lines(one: Procedure, paint: Paint, *, whole: bool) -> Iterator[str]:
    facts = [
        one.kind.value,
        one.cadence,
        f"due {one.due}" if one.due else "",
        *(f"cron {line}" for line in one.cron),
    ]
    facts += [f"who: {one.who}" if one.who else "", f"when: {one.when}" if one.when else ""]
    said = "  ".join([one.id, *filter(None, facts), f"line {one.line}"])
    yield f"{paint(one.title, 'bold')}  {paint(said, 'dim')}"
    group = ""
    for step in one.steps:
        if step.group != group:
            group = step.group
            if group:
                yield paint(f"     {clip(group, WIDTH)}", "dim")
        yield _step_line(step, paint)
        if whole:
            yield from (
                paint(f"           · {clip(line, WIDTH)}", "dim") for line in step.note.split("\n") if line
            )
            yield from (
                paint(f"           {clean(line)}", "")
                for line in (step.command or step.offered).split("\n")
                if line
            )


def _step_line(step: Step, paint: Paint) -> str:
    risk = step.risk.word if step.runnable else "manual"
    more = [
        ", ".join(f"{variable.name}?" for variable in step.variables),
        f"at {step.where}" if step.where else "",
    ]
    more += ["interactive" if step.interactive else "", "goes on" if step.background else ""]
    said = "  ".join(filter(None, more))
    tone = TONES[step.risk] if step.runnable else "dim"
    line = f"{step.number:>4}  {paint(f'{risk:<11}', tone)} {clip(step.title, WIDTH)}"
    return f"{line}  {paint(f'{said}  line {step.line}'.strip(), 'dim')}"


def _facts(one: Guide, paint: Paint) -> Iterator[str]:
    tables: list[tuple[str, list[list[str]]]] = [
        ("Objectives", [[o.name, f"{o.op} {_number(o.value)} {o.unit}".strip(),
                         "breach" if o.breach else "goal", f"line {o.line}"] for o in one.objectives]),
        ("Alert rules", [[r.alert, clip(r.expr, WIDTH), f"line {r.line}"] for r in one.rules]),
        ("Severities", [[s.name, s.respond_within, f"line {s.line}"] for s in one.severities]),
        ("Escalation", [[e.name, clip(e.who, WIDTH), e.after, f"line {e.line}"] for e in one.escalation]),
        ("Contacts", [[c.name, clip(c.value, WIDTH), f"line {c.line}"] for c in one.contacts]),
        ("Links", [_link_row(link) for link in one.links]),
        ("Not read", [[u.reason, clip(u.text, 60), f"line {u.line}"] for u in one.unread]),
    ]  # fmt: skip
    for title, rows in tables:
        if rows:
            yield ""
            yield paint(title, "bold")
            yield from (f"  {row}" for row in columns([[clean(cell) for cell in row] for row in rows]))


def _link_row(link: Link) -> list[str]:
    return [link.kind, clip(link.url, WIDTH), clip(link.title, 40), f"line {link.line}"]
