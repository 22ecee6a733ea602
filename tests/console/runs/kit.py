"""Guides of a few steps, and a runner of its own for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from console.config import Config
from console.guides.model import Guide, Kind, Procedure, Risk, Step, StepKind, Variable
from console.journal.store import Journal
from console.runs.run import Run, Status, StepState
from console.runs.runner import Runner
from tests.patience import PATIENCE, until


def step(
    command: str,
    risk: Risk = Risk.READ,
    *,
    kind: StepKind = StepKind.SHELL,
    variables: Sequence[Variable] = (),
    where: str = "",
    background: bool = False,
    title: str = "",
) -> Step:
    """A step with a command."""
    return Step(
        number=1, title=title or command[:40], kind=kind, line=1, end_line=1, command=command, risk=risk,
        variables=tuple(variables), where=where, background=background,
    )  # fmt: skip


def manual(title: str) -> Step:
    """A step that a person does."""
    return Step(number=1, title=title, kind=StepKind.MANUAL, line=1, end_line=1)


def guide(*steps: Step, name: str = "shop") -> Guide:
    """A guide of one runbook, `p`."""
    procedure = Procedure(id="p", title="Mend it", kind=Kind.RUNBOOK, line=1, end_line=9, steps=steps)
    return Guide(path=f"{name}.md", name=name, title="Shop", digest="0" * 64, procedures=(procedure,))


@asynccontextmanager
async def running(
    directory: Path, config: Config | None = None, *, actor: str = "ana", env: Mapping[str, str] | None = None
) -> AsyncIterator[Runner]:
    """A runner with a journal in this directory."""
    journal = Journal.open(directory / "journal.db", actor=actor, host="db-eu-1")
    runner = Runner(config or Config(), journal, env=env)
    try:
        yield runner
    finally:
        await runner.close()
        journal.close()


async def started(runner: Runner, *steps: Step, values: Mapping[str, str] | None = None) -> Run:
    """A run of these steps."""
    made = guide(*steps)
    return await runner.start(made, made.procedures[0], values or {})


async def carried_out(runner: Runner, run: Run, index: int = 0, command: str | None = None) -> StepState:
    """Confirm whatever is asked, start a step, and wait for its end."""
    preview = runner.preview(run, index, command)
    assert not preview.refusal, preview.refusal
    await runner.begin(run, index, preview.confirm(yes=True, name=preview.name), command)
    return await ended(run, index)


async def ended(run: Run, index: int = 0, limit: float = PATIENCE) -> StepState:
    """The state of a step once it no longer runs."""
    await until(lambda: run.states[index].status is not Status.RUNNING, limit)
    return run.states[index]


def text(state: StepState) -> str:
    """What a step has written, as far as it is shown."""
    return "\n".join(state.lines)
