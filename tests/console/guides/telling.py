"""What a guide tells, in a form that is easily read off it by hand."""

from __future__ import annotations

from typing import Any

from console.guides.model import Guide, Step


def told(guide: Guide) -> dict[str, Any]:
    """Everything that was read, in the shape of the files beside the tests' guides."""
    return {
        "title": guide.title,
        "repaired": guide.repaired,
        "front": dict(guide.front),
        "procedures": [
            {
                "id": one.id, "title": one.title, "kind": one.kind.value, "line": one.line,
                "path": list(one.path), "cadence": one.cadence, "due": one.due, "cron": list(one.cron),
                "who": one.who, "when": one.when,
                "minutes": one.duration and one.duration / 60, "steps": [_step(step) for step in one.steps],
            }
            for one in guide.procedures
        ],
        "objectives": [
            [o.line, o.name, o.op, o.value, o.unit, o.breach, o.severity] for o in guide.objectives
        ],
        "rules": [[r.line, r.alert, r.expr, r.duration] for r in guide.rules],
        "severities": [[s.line, s.name, s.respond_within] for s in guide.severities],
        "escalation": [[e.line, e.name, e.who, e.after] for e in guide.escalation],
        "contacts": [[c.line, c.name, c.value] for c in guide.contacts],
        "links": [[link.line, link.kind, link.url] for link in guide.links],
        "unread": [[u.line, u.reason, u.text] for u in guide.unread],
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": step.title,
        "lines": [step.line, step.end_line],
        "kind": step.kind.value,
    }
    more = {
        "command": step.command, "where": step.where, "offered": step.offered, "group": step.group,
        "expected": step.expected, "note": step.note, "minutes": step.duration and step.duration / 60,
        "interactive": step.interactive, "background": step.background,
        "variables": [variable.name for variable in step.variables],
    }  # fmt: skip
    return found | {name: value for name, value in more.items() if value}
