"""`opsconsole run GUIDE NAME`: a procedure carried out without a person, for cron and for pipelines.

Nothing is done that was not allowed by an option: the gate is the console's, and so is the journal.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.config import Config
from console.errors import AlreadyStarted, GateRefused, UsageError
from console.guides.model import Guide, Procedure, Risk, StepKind
from console.journal.place import actor_of, journal_path
from console.journal.store import Journal
from console.nearest import did_you_mean
from console.report import json_text
from console.runs import report
from console.runs.alone import alone
from console.runs.run import Run, Status, StepState
from console.runs.runner import Runner
from console.text import clean

if TYPE_CHECKING:
    from console.runs.evidence import Evidence

OK, FAILED, REFUSED, UNKNOWN = 0, 1, 2, 3
"""Exit codes: all well; a step failed or waits for a person; not allowed; interrupted or not known."""
GRACE = 2.5
"""Seconds a reading step has to end when the run is interrupted."""


Look = Callable[[str], Awaitable["Evidence | None"]]
"""What the sources say to a manual item."""


@dataclass(slots=True, kw_only=True)
class Wishes:
    """What the command line asks for."""

    allow: Risk = Risk.READ
    target: str = ""
    first: int = 1
    go_on: bool = False
    skip_manual: bool = False
    quiet: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


def run(config: Config, options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Carry out the command; the exit code. Raises UsageError, JournalError."""
    wishes = Wishes(
        allow=Risk[options["allow"].upper()], target=options["target"], first=_number(options["first"]),
        go_on=options["go_on"], skip_manual=options["skip_manual"], quiet=options["json"],
        values=_values(options["var"], env),
    )  # fmt: skip
    guide = find_guide(config, options["guide"])
    procedure = find_procedure(guide, options["name"])
    if not 1 <= wishes.first <= max(1, len(procedure.steps)):
        raise UsageError(f"there is no step {wishes.first}", f"it has {len(procedure.steps)}")
    values = _complete(procedure, wishes.values)
    if options["junit"]:
        report.check_writable(Path(options["junit"]))
    path = journal_path(config, env)
    journal = Journal.open(path, actor=actor_of(env), host=os.uname().nodename)
    try:
        with alone(path.with_name("runs.lock"), guide, procedure, values):
            return asyncio.run(_carry_out(config, journal, guide, procedure, values, wishes, options))
    finally:
        journal.close()


def find_guide(config: Config, named: str) -> Guide:
    """The guide in this file, or of this name among those known. Raises UsageError."""
    from console.guides.library import Library
    from console.guides.reading import read_guide

    path = Path(named)
    if path.suffix.lower() in (".md", ".markdown") or path.is_file():
        return read_guide(path)
    known = {guide.name: guide for guide in Library(config).guides()}
    if named in known:
        return known[named]
    fix = f"known are {', '.join(known)}" if known else "name its file"
    raise UsageError(f'there is no guide "{named}"{did_you_mean(named, known)}', fix)


def find_procedure(guide: Guide, named: str) -> Procedure:
    """The procedure with this id or title. Raises UsageError."""
    if (found := guide.procedure(named)) is not None:
        return found
    wanted = named.casefold().strip()
    alike = [p for p in guide.procedures if p.title.casefold().strip() == wanted]
    alike = alike or [p for p in guide.procedures if wanted in p.title.casefold()]
    if len(alike) == 1:
        return alike[0]
    ids = [p.id for p in guide.procedures]
    if alike:
        raise UsageError(f'"{named}" may be any of {", ".join(p.id for p in alike)}', "name one of them")
    known = ", ".join(ids[:8]) + (", …" if len(ids) > 8 else "")
    raise UsageError(
        f'{guide.name} has no procedure "{named}"{did_you_mean(named, ids)}', f"it has {known or 'none'}"
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(f'--from takes the number of a step, not "{text}"', "opsconsole run --help")
    return int(text)


def _values(given: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    """The values given; one whose name stands alone is the environment's: everybody can read arguments."""
    found: dict[str, str] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not name or not (sign or name in env):
            reason = f'--var takes NAME=VALUE, or NAME of the environment, not "{pair}"'
            raise UsageError(reason, "opsconsole run --help")
        found[name] = value if sign else env[name]
    return found


def _complete(procedure: Procedure, given: Mapping[str, str]) -> dict[str, str]:
    """A value for every variable. Raises UsageError for those without, and for names nobody asks for."""
    variables = {v.name: v for step in procedure.steps if step.runnable for v in step.variables}
    for name in given:
        if name not in variables:
            known = ", ".join(variables) or "none"
            raise UsageError(
                f"nothing asks for {name}{did_you_mean(name, variables)}", f"it asks for {known}"
            )
    values = {name: variable.default for name, variable in variables.items() if variable.default} | dict(
        given
    )
    if missing := [name for name in variables if not values.get(name)]:
        raise UsageError(f"no value for {', '.join(missing)}", f"--var {missing[0]}=VALUE")
    return values


async def _carry_out(
    config: Config, journal: Journal, guide: Guide, procedure: Procedure, values: Mapping[str, str],
    wishes: Wishes, options: Mapping[str, Any],
) -> int:  # fmt: skip
    runner = Runner(config, journal)

    async def look(title: str) -> Evidence | None:
        from console.runs.asking_panes import ask

        return await ask(config, os.environ, title, guide.objectives)

    walk = _Walk(runner, wishes, look)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, walk.interrupt, signal.Signals(number).name)
    try:
        run = await runner.start(guide, procedure, values)
        code = await walk.through(run)
        if not walk.interrupted:
            await runner.finish(run, "" if code == OK else "failed")
    finally:
        await runner.close()
    if options["json"]:
        report.say(json_text(report.as_json(run, code, walk.sentence)))
    if options["junit"]:
        report.write_junit(Path(options["junit"]), run, walk.sentence)
    return code


class _Walk:
    """One step after the other."""

    def __init__(self, runner: Runner, wishes: Wishes, look: Look) -> None:
        self.interrupted = ""
        self.sentence = ""
        """Why it stopped before the end."""
        self._runner = runner
        self._wishes = wishes
        self._look = look
        self._changed = asyncio.Event()
        runner.listen(lambda _change: self._changed.set())

    def interrupt(self, name: str) -> None:
        """A signal came: begin nothing more."""
        self.interrupted = self.sentence = f"interrupted by {name}"
        self._changed.set()

    async def through(self, run: Run) -> int:
        """Carry out what is to be; the exit code."""
        code = OK
        for state in run.states:
            if state.index + 1 < self._wishes.first:
                await self._runner.skip(run, state.index, f"before --from {self._wishes.first}")
                continue
            self._say(report.heading(run, state))
            one = await self._one(run, state)
            if state.status is not Status.WAITING:
                for line in report.outcome(state):
                    self._say(line)
            if self.interrupted:
                self._say(f"    {self.sentence}")
                return UNKNOWN
            code = max(code, one)
            if one == REFUSED or (one and not self._wishes.go_on):
                self._say(f"    stopped: {self.sentence}" if self.sentence else "    stopped")
                return code
        return code

    async def _one(self, run: Run, state: StepState) -> int:
        step = state.step
        if step.kind is StepKind.MANUAL or not step.runnable or step.where or step.interactive:
            return await self._by_person(run, state)
        if step.background:
            await self._runner.skip(run, state.index, "it does not end by itself")
            return OK
        preview = self._runner.preview(run, state.index)
        try:
            given = preview.confirm(allow=self._wishes.allow, name=self._wishes.target)
            await self._runner.begin(run, state.index, given)
        except (GateRefused, AlreadyStarted) as error:
            self.sentence = str(error)
            return REFUSED
        while state.status is Status.RUNNING and not self.interrupted:
            self._changed.clear()
            await self._changed.wait()
        if self.interrupted:
            await self._let_go(run, state)
            return UNKNOWN
        if state.status is Status.OK:
            return OK
        self.sentence = f"step {state.index + 1}, {clean(step.title, 120)}: {state.why}"
        return UNKNOWN if state.status is Status.UNKNOWN else FAILED

    async def _let_go(self, run: Run, state: StepState) -> None:
        """End what only reads; a change goes on to its end, and the next console writes that down."""
        if state.risk > Risk.READ:
            return
        await self._runner.cancel(run, state.index)
        try:
            async with asyncio.timeout(GRACE):
                while state.status is Status.RUNNING:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass  # its supervisor sees to it

    async def _by_person(self, run: Run, state: StepState) -> int:
        where = f" on {clean(state.step.where, 80)}" if state.step.where else ""
        if state.step.kind is StepKind.MANUAL and not where:
            found = await self._look(state.step.title)
            if found is not None and found.good:
                kept = found.kept()
                await self._runner.tick(run, state.index, found.text, evidence=kept, automatic=True)
                return OK
            where = f", since {found.text}" if found is not None else ""
        if self._wishes.skip_manual:
            await self._runner.skip(run, state.index, f"needs a person{where}")
            return OK
        self.sentence = f"step {state.index + 1}, {clean(state.step.title, 120)}: needs a person{where}"
        return FAILED

    def _say(self, line: str) -> None:
        if not self._wishes.quiet:
            report.say(line)
