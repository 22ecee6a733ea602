"""Drafts become steps: numbered, with their risk, and with the variables nothing before them has set."""

from __future__ import annotations

from collections.abc import Sequence

from console.guides.draft import Draft
from console.guides.elsewhere import settle
from console.guides.model import Risk, Step, StepKind
from console.text import clean

TITLE = 200


def finish(drafts: Sequence[Draft]) -> tuple[Step, ...]:
    """The steps of one procedure."""
    from console.guides.risk import risk_of
    from console.guides.variables import assigned, find

    settle(drafts)
    known: set[str] = set()
    steps: list[Step] = []
    for number, draft in enumerate(drafts, 1):
        command = draft.command if draft.runs else ""
        variables = find(draft.kind, command, known) if command else ()
        if command and draft.kind is StepKind.SHELL:
            known |= assigned(command)
        steps.append(
            Step(
                number=number,
                title=clean(draft.title or f"Step {number}", TITLE),
                kind=draft.kind if command else StepKind.MANUAL,
                line=draft.line,
                end_line=max(draft.line, draft.end_line),
                command=command,
                risk=risk_of(draft.kind, command) if command else Risk.READ,
                variables=variables,
                where=draft.where,
                group=draft.group,
                duration=draft.duration,
                expected=draft.expected,
                note=draft.note,
                background=draft.background,
                interactive=draft.interactive,
                offered=draft.offered,
            )
        )
    return tuple(steps)
