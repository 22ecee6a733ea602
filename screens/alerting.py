"""What follows from alerts besides drawing them: the terminal rings, and the journal has what fired."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace as replaced

from console.alerts.model import AlertsSnapshot, AlertState, RuleStatus
from console.alerts.notice import Notices
from console.alerts.record import turned
from console.alerts.transitions import TransitionLog
from console.collector import Limited
from console.errors import OpsError
from console.journal.place import journal_path
from console.sources.base import State
from screens.guides_likely import journal_begun
from screens.notices import bell, notice

if TYPE_CHECKING:
    from console.alerts.transitions import Turn
    from console.collector import Feed
    from screens.app import OpsConsole

KIND = "alerts"


class Alerting:
    """Looks at each evaluation of the rules. All its methods belong to the loop."""

    def __init__(self, app: OpsConsole) -> None:
        self._app = app
        self._notices = Notices()
        self._log = TransitionLog()
        self._resumed = False
        self._writing = False
        self._trouble = ""
        """Why the journal could not be written the last time, as it was told."""

    def look(self) -> None:
        """An evaluation came: ring for what is new, and write down what has turned."""
        rules = self._rules()
        monotonic = self._app.collector.clock.monotonic()
        self._ring(rules, monotonic)
        if not self._resumed:
            if not self._writing:
                self._work(self._resume(), "reading what fired before")
            return
        self._log.look(rules, self._app.collector.clock.now(), monotonic)
        if not self._writing and (turns := self._log.due(monotonic)):
            self._work(self._write(turns), "writing down what fires")

    def take_limits(self, feed: Feed) -> None:
        """Colour the panes by what the guides want, too: sources judge by it, meters draw it."""
        limits = getattr(feed.snapshot, "limits", None)
        scene = self._app.scene
        if limits is None or limits == scene.config.limits:
            return
        scene.config = replaced(scene.config, limits=limits)
        for source in self._app.collector.sources:
            if isinstance(source, Limited):
                source.limits = limits

    def _rules(self) -> Sequence[RuleStatus]:
        """The rules of all evaluators; those of one that does not answer say nothing."""
        found: list[RuleStatus] = []
        for feed in self._app.collector.feeds.values():
            snapshot = feed.snapshot
            if feed.source.kind != KIND or not isinstance(snapshot, AlertsSnapshot):
                continue
            if feed.state is State.LIVE:
                found += snapshot.rules
            else:
                found += [replace(rule, state=AlertState.NO_DATA) for rule in snapshot.rules]
        return found

    # -- the terminal

    def _ring(self, rules: Sequence[RuleStatus], monotonic: float) -> None:
        how = self._app.config.alerts.bell
        if how == "off" or self._app.lent:
            return
        text = self._notices.look((alert for rule in rules for alert in rule.alerts), monotonic)
        if text:
            self._app.to_terminal(bell() if how == "bell" else notice(text, os.environ))

    # -- the journal

    def _work(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._writing = True
        self._app.run_worker(work, group="alerts", description=what, exit_on_error=False)

    async def _resume(self) -> None:
        """What the journal has as firing; looking begins none."""
        try:
            if journal_begun(self._app.config):
                # not by the runner, which nobody may want yet
                path = journal_path(self._app.config, os.environ)
                self._log.resume(await asyncio.to_thread(turned, path))
            self._resumed = True
        except OpsError as error:
            self._failed(error)
        finally:
            self._writing = False

    async def _write(self, turns: Sequence[Turn]) -> None:
        try:
            runner = await self._app.workbench.open()
            await runner.turn(turns)
            self._log.wrote(turns)
            self._trouble = ""
        except OpsError as error:
            self._failed(error)
        finally:
            self._writing = False

    def _failed(self, error: OpsError) -> None:
        """It is tried again with what comes next, and told once."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._app.tell(f"alerts are not written down: {error}", "warning")
