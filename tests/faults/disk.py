"""F3: the disk full under a console that runs steps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from console.config import Config
from console.errors import GateRefused, JournalError
from console.guides.model import StepKind
from console.journal import store
from console.journal.store import Journal
from console.runs.run import Status
from console.runs.runner import Runner
from tests.console.runs.kit import ended as ended_step
from tests.console.runs.kit import started, step, text
from tests.faults.journal import ballast, small_disk
from tests.faults.report import Result

FULL, BACK = 2.0, 5.0
"""Seconds within which a full disk must be told, and the room that there is again."""


async def full_disk(directory: Path, busy: float = 1.0) -> Result:
    """No room for the record: told while nobody asks, every start refused, and well again with room.

    `busy`: how many times longer than promised it may take.
    """
    with small_disk(directory) as disk:
        if disk is None:  # only root may mount one
            return await _without_room(directory, _no_disk_is_enough, "told so", busy)
        return await _without_room(disk, ballast(disk, spare=0), "1 MB tmpfs", busy)


def _no_disk_is_enough(_journal: Journal, there: bool) -> None:
    store.ROOM = 1 << (18 if there else 62)


async def _without_room(
    directory: Path, room: Callable[[Journal, bool], None], name: str, busy: float
) -> Result:
    journal = Journal.open(directory / "journal.db", actor="ana", host="h")
    runner = Runner(Config(), journal)
    try:
        run = await started(
            runner,
            step("echo begun; sleep 2; echo done"),
            step("echo two"),
            step("SELECT 1", kind=StepKind.SQL),
        )
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True))
        while text(run.states[0]) != "begun":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        room(journal, False)
        told = await _seconds_until(lambda: bool(runner.unwritable), 10 * busy)
        refused = 0
        for _ in range(10):
            for index in (1, 2):
                try:
                    await runner.begin(run, index, runner.preview(run, index).confirm(yes=True))
                except (GateRefused, JournalError) as error:
                    refused += "cannot be written" in str(error) and "full" in str(error)
        begun = [state.index for state in run.states if state.attempt]
        await asyncio.sleep(2.5)  # a step ends while there is no room
        room(journal, True)
        back = await _seconds_until(lambda: not runner.unwritable, 10 * busy)
        ended = await _seconds_until(lambda: run.states[0].status is Status.OK, 10 * busy)
        await runner.begin(run, 1, runner.preview(run, 1).confirm(yes=True))
        await ended_step(run, 1)
        good = (
            told < FULL * busy and back < BACK * busy and ended < BACK * busy and refused == 20
            and begun == [0] and run.states[1].status is Status.OK
            and journal.verify().ok and not journal.unfinished()
        )  # fmt: skip
        figures = f"told in {told:.1f} s, {refused} of 20 refused, back in {back:.1f} s"
        return Result(f"F3 disk full under a console ({name})", int(good), 1, figures)
    finally:
        await runner.close()
        journal.close()


async def _seconds_until(condition: Callable[[], bool], limit: float) -> float:
    began = time.monotonic()
    while not condition() and time.monotonic() - began < limit:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return time.monotonic() - began


# ---- two consoles
