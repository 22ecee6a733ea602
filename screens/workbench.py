"""The guides and runs of this console: opened when first wanted, followed while they go on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from console.errors import AlreadyStarted, GateRefused, OpsError
from console.findings import Finding, Severity
from console.runs.figures import figures_at
from console.runs.run import Run, Status
from console.runs.watch import Verdict, Watch
from console.text import clean
from screens.guides_likely import journal_begun

if TYPE_CHECKING:
    from console.guides.library import Due, Found, Library, Unreadable
    from console.guides.model import Guide, Objective, Procedure
    from console.journal.store import Journal
    from console.runs.acts import Act
    from console.runs.carrier import Change
    from console.runs.gate import Confirmation
    from console.runs.opening import Unfinished
    from console.runs.runner import Runner
    from screens.app import OpsConsole

REMEMBERED = 200
"""Runs looked through for the values given before."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The guides as they were read last, what of them is due, and the runs that can be taken up."""

    guides: Sequence[Guide] = ()
    unreadable: Sequence[Unreadable] = ()
    due: Sequence[Due] = ()
    unfinished: Sequence[Unfinished] = field(default=())


class Workbench:
    """Owns the journal, the runner and the library of one console. All its methods belong to the loop."""

    def __init__(self, app: OpsConsole) -> None:
        self._app = app
        self.shelf = Shelf()
        self.was_read = False
        """Whether the guides have been looked at: before that nobody knows that there are none."""
        self.failure: OpsError | None = None
        """Why nothing can be run: the journal cannot be opened. Guides are shown all the same."""
        self.watch = Watch(app.config)
        self.runner: Runner | None = None
        self._journal: Journal | None = None
        self._library: Library | None = None
        self._opening = asyncio.Lock()
        self._judging: set[str] = set()

    # -- opening and closing

    async def open(self) -> Runner:
        """The runner, opened when first asked for. Raises JournalError."""
        async with self._opening:
            if self.runner is None:
                self.failure = None
                try:
                    self._journal = await asyncio.to_thread(self._open_journal)
                except OpsError as error:
                    self.failure = error
                    raise
                from console.runs.runner import Runner

                self.runner = Runner(
                    self._app.config, self._journal, figures=self._figures, clock=self._app.collector.clock
                )
                self.runner.listen(self._changed)
            return self.runner

    def _open_journal(self) -> Journal:
        from console.journal.place import actor_of, journal_path
        from console.journal.store import Journal

        path = journal_path(self._app.config, os.environ)
        clock = self._app.collector.clock
        return Journal.open(path, actor=actor_of(os.environ), host=os.uname().nodename, clock=clock)

    async def close(self) -> Sequence[str]:
        """Let go of the runs: what reads is ended, what changes goes on to its end and is named."""
        runner, self.runner = self.runner, None
        left: Sequence[str] = ()
        if runner is not None:
            left = [
                f"{clean(run.procedure.title, 80)}, step {state.index + 1} ({clean(state.step.title, 80)})"
                for run, state in await runner.close()
            ]
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        return left

    # -- guides

    async def read(self) -> Shelf:
        """Read the guides anew where they changed, what of them is due, and the unfinished runs."""
        last_done: Mapping[str, datetime] = {}
        unfinished: Sequence[Unfinished] = ()
        if self.runner is not None or journal_begun(self._app.config):  # looking begins no journal
            try:
                runner = await self.open()
                unfinished = await runner.unfinished()
                last_done = await runner.last_done()
            except OpsError as error:
                self.failure = error
        self.shelf = await asyncio.to_thread(self._read, last_done, unfinished)
        self.was_read = True
        return self.shelf

    def _read(self, last_done: Mapping[str, datetime], unfinished: Sequence[Unfinished]) -> Shelf:
        from console.guides.library import Library

        if self._library is None:
            self._library = Library(self._app.config)
        guides = self._library.guides()
        due = self._library.due(self._app.collector.clock.now().astimezone(), last_done)
        return Shelf(guides, self._library.unreadable, due, unfinished)

    async def find(self, text: str) -> Sequence[Found]:
        """The procedures that answer words or an alert's name, the best first."""
        if self._library is None:
            await self.read()
        assert self._library is not None
        return await asyncio.to_thread(self._library.find, text)

    def objectives(self, run: Run) -> Sequence[Objective]:
        """The objectives of a run's guide, as long as it is the text the run began with."""
        for guide in self.shelf.guides:
            if guide.path == run.guide.path and guide.digest == run.guide.digest:
                return guide.objectives
        return ()

    # -- runs

    @property
    def runs(self) -> list[Run]:
        """The runs of procedures that are open here and have not ended, the newest last."""
        runs = self.runner.runs.values() if self.runner else ()
        return [run for run in runs if run.ended is None and run.guide.path]

    async def remembered(self, guide: Guide, procedure: Procedure) -> dict[str, str]:
        """The values given to a procedure's variables the last time. Raises JournalError."""
        from console.journal.entries import Kind
        from console.runs.suggesting import remembered

        await self.open()
        assert self._journal is not None
        entries = await asyncio.to_thread(
            self._journal.entries, kinds=[Kind.OPENED], newest=True, limit=REMEMBERED
        )
        return remembered(procedure, guide.name, entries)

    async def act(self, act: Act, confirmation: Confirmation) -> Run:
        """Do one thing to a row of a pane. Raises GateRefused, JournalError."""
        runner = await self.open()
        return await runner.act(act, confirmation)

    async def record(self, act: Act, confirmation: Confirmation) -> None:
        """Do what is an entry of the journal and nothing else. Raises GateRefused, JournalError."""
        runner = await self.open()
        await runner.record(act, confirmation)

    def findings(self) -> list[Finding]:
        """What is wrong with keeping the record: nothing runs while it cannot be written."""
        if self.runner is not None and (why := self.runner.unwritable):
            hint = "no step starts until the journal can be written: free space, or see its file's rights"
            return [Finding(Severity.CRITICAL, "journal", f"cannot be written: {why}", hint)]
        return []

    def _figures(self, ago: float) -> Mapping[str, float]:
        collector = self._app.collector
        return figures_at(collector.history, collector.clock.monotonic() - ago)

    # -- what follows from readings, and from changes

    def look(self) -> None:
        """New readings came: hold them beside the items of the open runs."""
        for run in self.runs:
            verdicts = self.watch.look(run, self._app.collector, self.objectives(run))
            if verdicts and run.id not in self._judging:
                self._judging.add(run.id)
                self._app.run_worker(
                    self._judge(run, verdicts),
                    group="evidence",
                    description="ticking from evidence",
                    exit_on_error=False,
                )

    async def _judge(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        assert self.runner is not None
        try:
            for verdict in verdicts:
                state, found = run.states[verdict.index], verdict.evidence
                if verdict.tick and state.status is Status.WAITING:
                    await self.runner.tick(
                        run, state.index, found.text, evidence=found.kept(), automatic=True
                    )
                elif not verdict.tick and state.status is Status.TICKED:
                    await self.runner.untick(run, state.index, f"now: {found.text}", regressed=True)
                    self._app.tell(f"{run.procedure.title}: step {state.index + 1} is no longer so: "
                                   f"{found.text}", "warning")  # fmt: skip
        except (GateRefused, AlreadyStarted):
            pass  # somebody was faster
        finally:
            self._judging.discard(run.id)

    def _changed(self, change: Change) -> None:
        if change.run.ended is not None:
            self.watch.forget(change.run)
        self._app.runbooks.changed(change)
