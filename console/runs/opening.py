"""How a run begins in the journal, and how it is built again from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from console.errors import UsageError
from console.guides.model import Guide, Procedure
from console.guides.model import Kind as ProcedureKind
from console.journal.entries import JSON, Entry, Kind
from console.journal.entries import Unfinished as Underway
from console.runs.acts import Act
from console.runs.pinned import pin, pinned
from console.runs.run import GuideRef, Run, states_of
from console.runs.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A run that can be taken up again."""

    run: str
    guide: str
    procedure: str
    """Its address, `guide/id`."""
    title: str
    started: datetime
    actor: str
    host: str
    underway: int = 0
    """Steps that were begun and have no end."""


def address(guide: str, procedure: Procedure) -> str:
    """What a procedure is known by in the journal: the guide's name and its id."""
    return f"{guide}/{procedure.id}"


def reference(guide: Guide) -> GuideRef:
    """What a run keeps of its guide."""
    return GuideRef(path=guide.path, name=guide.name, title=guide.title, digest=guide.digest)


NO_GUIDE = GuideRef(path="", name="", title="", digest="")
"""Of what is done to a row of a pane."""


def act_procedure(act: Act) -> Procedure:
    """An act as a procedure of one step."""
    return Procedure(
        id="act", title=act.step.title, kind=ProcedureKind.RUNBOOK, line=0, end_line=0, steps=(act.step,)
    )


def begin(run: Run) -> dict[str, JSON]:
    """Keep the procedure beside the run's output; the body of the entry that opens it."""
    digest = pin(run.directory, run.procedure)
    run.states = states_of(run.procedure)
    secret = sorted(run.secret)
    return {
        "guide": dict(asdict(run.guide)), "procedure": address(run.guide.name, run.procedure),
        "title": run.procedure.title, "target": dict(asdict(run.target)),
        "values": {name: value for name, value in run.values.items() if name not in secret},
        "secret": secret, "directory": str(run.directory), "pinned": digest,
    }  # fmt: skip


def rebuilt(run_id: str, entries: Sequence[Entry]) -> Run:
    """A run as it was opened; its entries are applied by the caller. Raises UsageError, OpsError."""
    opened = next((entry for entry in entries if entry.kind == Kind.OPENED), None)
    if opened is None:
        raise UsageError(f"there is no run {run_id} in the journal", "opsconsole journal show")
    body = opened.body
    directory = Path(opened.text("directory"))
    procedure = pinned(directory, opened.text("pinned"))
    return Run(
        id=run_id, guide=_guide(body.get("guide")), procedure=procedure,
        values=_texts(body.get("values")), target=Target.of(_texts(body.get("target"))), directory=directory,
        started=opened.time, actor=opened.actor, states=states_of(procedure),
    )  # fmt: skip


def unfinished(entries: Iterable[Entry], underway: Iterable[Underway]) -> list[Unfinished]:
    """The runs opened and not closed among these entries, newest first.

    Not what was done to a row of a pane: there is nothing in it to go on with.
    """
    found: dict[str, Unfinished] = {}
    count: dict[str, int] = {}
    for one in underway:
        count[one.entry.run] = count.get(one.entry.run, 0) + 1
    for entry in entries:
        if entry.kind == Kind.CLOSED:
            found.pop(entry.run, None)
        else:
            guide = _guide(entry.body.get("guide"))
            if guide == NO_GUIDE:
                continue
            found[entry.run] = Unfinished(
                run=entry.run, guide=guide.name, procedure=entry.text("procedure"), title=entry.text("title"),
                started=entry.time, actor=entry.actor, host=entry.host, underway=count.get(entry.run, 0),
            )  # fmt: skip
    return list(found.values())[::-1]


def _guide(value: JSON) -> GuideRef:
    told = _texts(value)
    return GuideRef(**{one.name: told.get(one.name, "") for one in fields(GuideRef)})


def _texts(value: JSON) -> dict[str, str]:
    return {key: str(each) for key, each in value.items()} if isinstance(value, Mapping) else {}
