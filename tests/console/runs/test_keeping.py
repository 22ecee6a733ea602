"""A runner whose journal, disk, listeners or other consoles misbehave: nothing is lost or starts unseen."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from console.config import Config
from console.errors import AlreadyStarted, GateRefused, JournalError
from console.guides.model import Risk, StepKind, Variable
from console.journal import store
from console.journal.entries import JSON, Entry, Kind
from console.journal.store import Journal
from console.runs.become import write_whole
from console.runs.carrier import Change
from console.runs.run import Status
from console.runs.runner import Runner
from console.runs.session import Until
from tests.console.runs.kit import carried_out, ended, guide, manual, running, started, step, text
from tests.patience import PATIENCE, until

NAME = Variable("name", "<name>")
PASSWORD = Variable("password", "<password>", secret=True)


# -- a journal that cannot be written


async def test_a_disk_that_fills_up_is_told_before_anybody_starts_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("true"))
        assert runner.unwritable == ""
        monkeypatch.setattr(store, "ROOM", 1 << 62)  # more than any disk has
        await until(lambda: "is full" in runner.unwritable)
        with pytest.raises(GateRefused, match="cannot be written"):
            await runner.begin(run, 0, runner.preview(run, 0).confirm())
        monkeypatch.undo()
        await until(lambda: not runner.unwritable)
        assert (await carried_out(runner, run)).status is Status.OK


async def test_a_journal_that_could_not_be_written_at_first_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as runner:
        journal = runner._ledger.journal

        def no(*_: object, **__: object) -> None:
            raise JournalError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "append", no)
            with pytest.raises(JournalError):
                await started(runner, step("true"))
            assert runner.unwritable == "the disk is full"
        await until(lambda: not runner.unwritable)
        run = await started(runner, step("true"))
        assert (await carried_out(runner, run)).status is Status.OK
        assert "it could not be: the disk is full" in journal.entries(kinds=[Kind.NOTED])[0].text("text")


async def test_following_that_failed_to_begin_begins_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, manual("Look"))

        def no(*_: object, **__: object) -> None:
            raise JournalError("busy")

        with monkeypatch.context() as patch:
            patch.setattr(ben._ledger.journal, "entries", no)
            with pytest.raises(JournalError):
                await ben.resume(run.id)
        same = await ben.resume(run.id)
        await ana.tick(run, 0)
        await until(lambda: same.states[0].status is Status.TICKED)


async def test_news_that_could_not_be_read_is_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, manual("Look"))
        same = await ben.resume(run.id)
        journal, failed = ben._ledger.journal, asyncio.Event()
        loop = asyncio.get_running_loop()

        def no(*_: object, **__: object) -> None:
            loop.call_soon_threadsafe(failed.set)
            raise JournalError("busy")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "entries", no)
            await ana.tick(run, 0)
            await asyncio.wait_for(failed.wait(), PATIENCE)
        await until(lambda: same.states[0].status is Status.TICKED)


async def test_what_cannot_be_kept_on_the_disk_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async with running(tmp_path) as runner:
        run = await started(runner, step("true"))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "mkdir", full)
            with pytest.raises(JournalError, match="No space left"):
                await runner.begin(run, 0, runner.preview(run, 0).confirm())
            with pytest.raises(JournalError, match="No space left"):
                await started(runner, step("true"))
        assert run.states[0].attempt == 0
        with monkeypatch.context() as patch:
            patch.setattr("console.runs.executors.write_private", full)
            await runner.begin(run, 0, runner.preview(run, 0).confirm())
            assert (await ended(run)).why.startswith("it could not be started: No space left")
            with pytest.raises(JournalError, match="No space left"):
                await runner.hand_over(run, 0, runner.preview(run, 0).confirm())
            assert run.states[0].status is Status.FAILED


def test_a_file_is_put_in_place_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    write_whole(str(path), b"before")
    write, room = os.write, [5, 0]

    def filling_up(handle: int, data: Any) -> int:
        if not (taken := room.pop(0)):
            raise OSError(28, "No space left on device")
        return write(handle, data[:taken])

    monkeypatch.setattr(os, "write", filling_up)
    with pytest.raises(OSError, match="No space"):
        write_whole(str(path), b"something longer")
    monkeypatch.undo()
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["result.json"]


# -- those who listen and look


async def test_a_listener_that_fails_ends_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, about: told.append(about["message"]))

    def bad(_change: Change) -> None:
        raise ValueError("a defect of a screen")

    async with running(tmp_path) as runner:
        runner.listen(bad)
        run = await started(runner, step("echo one"))
        assert (await carried_out(runner, run)).status is Status.OK
        await runner.finish(run)
    assert set(told) == {"a listener to runs failed"}


async def test_output_that_cannot_be_shown_does_not_keep_the_end_from_being_recorded(tmp_path: Path) -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, about: told.append(about["message"]))
    async with running(tmp_path) as runner:
        run = await started(runner, step("sleep 0.3; echo one"))
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True))
        spool = run.states[0].spool
        assert spool is not None
        await until(lambda: list(spool.glob("out.*")))
        for piece in spool.glob("out.*"):
            piece.unlink()
            piece.mkdir()
        (spool / "out.000000000000000" / "x").touch()
        assert (await ended(run)).status is Status.OK


async def test_entries_of_another_version_do_not_end_the_following(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, manual("Look"), manual("Look again"))
        other = Journal.open(tmp_path / "journal.db", actor="new", host="x")
        other.append(Kind.TICKED, run=run.id, step="one", body={})
        other.append(Kind.TICKED, run=run.id, step="99", body={})
        other.append(Kind.STARTED, run=run.id, step="1", body={"attempt": 1, "risk": "weird", "spool": 7})
        other.append(Kind.ENDED, run=run.id, step="1", body={"attempt": 1, "status": "melted", "left": 3})
        other.append(Kind.NOTED, run=run.id, body={"text": "x", "target": {"moon": "dark", "host": "far"}})
        other.append(Kind.SPAWNED, run=run.id, step="99", body={"attempt": 1})
        other.append(Kind.TICKED, run=run.id, step="0", body={"value": "7"})
        other.close()
        await until(lambda: run.states[0].status is Status.TICKED)
        assert run.states[1].status is Status.UNKNOWN
        assert run.target.host == "far"
    async with running(tmp_path) as runner:
        again = await runner.resume(run.id)
        assert again.states[0].value == "7"


# -- two consoles


async def test_a_console_that_only_looks_on_ends_nothing_when_it_leaves(tmp_path: Path) -> None:
    async with running(tmp_path) as ana:
        run = await started(ana, step("echo begun; sleep 1; echo done"))
        await ana.begin(run, 0, ana.preview(run, 0).confirm(yes=True))
        async with running(tmp_path, actor="ben") as ben:
            same = await ben.resume(run.id)
            await until(lambda: text(same.states[0]) == "begun")
        state = await ended(run)
        assert (state.status, text(state)) == (Status.OK, "begun\ndone")


async def test_a_console_that_looks_on_can_cancel(tmp_path: Path) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, step("sleep 300", Risk.CHANGE))
        await ana.begin(run, 0, ana.preview(run, 0).confirm(yes=True))
        same = await ben.resume(run.id)
        await until(lambda: ben._carrier.running)
        await ben.cancel(same, 0)
        assert (await ended(run)).status is Status.CANCELLED
        await until(lambda: same.states[0].status is Status.CANCELLED)


async def test_taken_up_twice_at_once_it_is_one_run(tmp_path: Path) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, manual("Look"))
        one, other = await asyncio.gather(ben.resume(run.id), ben.resume(run.id))
        assert one is other


# -- what is secret, and what is fixed


async def test_the_journal_holds_no_fingerprint_of_a_secret(tmp_path: Path) -> None:
    found = []
    for value in ("1234", "9876"):
        async with running(tmp_path) as runner:
            run = await started(
                runner, step("true <password>", variables=[PASSWORD]), values={"password": value}
            )
            digest = runner.preview(run, 0).digest
            await carried_out(runner, run)
            (start,) = runner._ledger.journal.entries(run=run.id, kinds=[Kind.STARTED])
            assert digest not in str(start.body)
            found.append(start.text("resolved"))
            if value == "9876":  # the guard against repetition does not need the secret either
                assert "already run" in runner.preview(run, 0).warnings[0]
    assert found[0] == found[1]


async def test_a_resumed_run_asks_for_the_secrets_its_shell_holds(tmp_path: Path) -> None:
    steps = [step("export PW=<password>", variables=[PASSWORD]), step('echo "got $PW" | tr a-z A-Z')]
    async with running(tmp_path) as runner:
        run = await started(runner, *steps, values={"password": "correct horse"})
        await carried_out(runner, run)
    async with running(tmp_path) as runner:
        run = await runner.resume(run.id)
        assert runner.preview(run, 1).refusal == "no value is given for password"
        with pytest.raises(GateRefused, match="name is fixed"):
            await runner.supply(run, {"name": "x"})
        await runner.supply(run, {"password": "correct horse"})
        assert text(await carried_out(runner, run, 1)) == "GOT CORRECT HORSE"
        state = run.directory / "state"
        assert "horse" not in state.read_text()
        await runner.finish(run)
        assert not state.exists()


async def test_what_is_handed_over_has_the_session_with_its_secrets(tmp_path: Path) -> None:
    steps = [step("export PW=<password>; X=5", variables=[PASSWORD]), step('echo "$PW $X"')]
    async with running(tmp_path) as runner:
        run = await started(runner, *steps, values={"password": "correct horse"})
        await carried_out(runner, run)
        call = await runner.hand_over(run, 1, runner.preview(run, 1).confirm(yes=True))
        process = await asyncio.create_subprocess_exec(
            *call.argv, env=dict(call.env), stdout=asyncio.subprocess.PIPE
        )
        assert (await process.communicate())[0] == b"correct horse 5\n"
        await runner.handed_back(run, 1, -2, 1.0)
        assert (run.states[1].status, run.states[1].why) == (Status.FAILED, "ended by SIGINT")


async def test_only_a_shell_is_handed_the_terminal(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("touch HACKED", kind=StepKind.SQL))
        with pytest.raises(GateRefused, match="needs no terminal"):
            await runner.hand_over(run, 0, runner.preview(run, 0).confirm(yes=True))


# -- rules


async def test_only_what_changes_nothing_is_repeated_until_something_holds(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("touch /dev/null", Risk.CHANGE), step("SELECT 1", kind=StepKind.SQL))
        for index in (0, 1):
            with pytest.raises(GateRefused, match="changes nothing"):
                await runner.begin(run, index, runner.preview(run, index).confirm(yes=True), until=Until())


async def test_waiting_ends_in_time(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("echo not yet"))
        wait = Until(contains="never", interval=0.05, timeout=0.5)
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True), until=wait)
        state = await ended(run)
        assert (state.status, state.why) == (Status.FAILED, "ended because it took longer than allowed")
        assert text(state).startswith("not yet")


async def test_waiting_without_bash(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cat", "sleep", "ls"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    async with running(tmp_path, env={"PATH": str(programs), "HOME": str(tmp_path)}) as runner:
        run = await started(runner, step(f"ls {tmp_path}"))
        wait = Until(contains="flag", interval=0.05, timeout=60)
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True), until=wait)
        await until(lambda: "journal.db" in text(run.states[0]))
        (tmp_path / "flag").touch()
        assert (await ended(run)).status is Status.OK


async def test_a_reason_is_given_and_nothing_is_closed_under_way(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("sleep 300"), manual("Look"))
        with pytest.raises(GateRefused, match="for a reason"):
            await runner.skip(run, 1, " ")
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True))
        with pytest.raises(GateRefused, match="still running"):
            await runner.finish(run)
        await runner.cancel(run, 0)
        await ended(run)
        await runner.finish(run)
        await runner.finish(run)
        assert run.status == "abandoned"
        assert len(runner._ledger.journal.entries(kinds=[Kind.CLOSED])) == 1


async def test_an_act_that_lost_its_console_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, manual("Look"))
        act: dict[str, JSON] = {
            "guide": {"path": "", "name": "", "title": "", "digest": ""},
            "procedure": "/act",
        }
        runner._ledger.journal.append(Kind.OPENED, run="an-act", body=act)
        assert [one.run for one in await runner.unfinished()] == [run.id]


# -- figures around a change


async def test_figures_before_at_and_a_minute_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + ahead[0])
    journal = Journal.open(tmp_path / "journal.db", actor="ana", host="h")
    runner = Runner(Config(), journal, figures=lambda ago: {"load": 100.0 + round(ahead[0]) - ago})
    try:
        made = guide(manual("Look"), step("touch /dev/null", Risk.CHANGE), step("true", Risk.READ))
        run = await runner.start(made, made.procedures[0], {})
        await runner.tick(run, 0, value="70")
        await carried_out(runner, run, 1)
        state = run.states[1]
        assert run.states[0].before_change
        await until(lambda: len(state.measures) == 2)
        assert state.measures == {"before": {"load": 70.0}, "at": {"load": 100.0}}
        ahead[0] = 59.0
        await carried_out(runner, run, 2)
        assert "after" not in state.measures
        ahead[0] = 60.5
        await until(lambda: "after" in state.measures)
        assert state.measures["after"] == {"load": 160.0}
        assert not run.states[2].measures  # it only reads
        await carried_out(runner, run, 1)  # again: what was measured around the first attempt is of that one
        await until(lambda: len(state.measures) == 2)
        assert state.measures == {"before": {"load": 130.0}, "at": {"load": 160.0}}
    finally:
        await runner.close()
        journal.close()
    async with running(tmp_path) as runner:
        again = await runner.resume(run.id)
        assert again.states[1].measures == state.measures
        assert again.states[0].before_change


async def test_of_two_who_mark_a_step_at_once_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, manual("Look"), step("sleep 0.2"), manual("Look again"))
        same = await ben.resume(run.id)
        monkeypatch.setattr(ben._ledger, "news", ana._ledger.news)  # he does not hear of it just now
        await ana.tick(run, 0, value="7")
        await ana.begin(run, 1, ana.preview(run, 1).confirm(yes=True))
        for index in (0, 1):
            with pytest.raises(AlreadyStarted, match="ana was faster"):
                await ben.skip(same, index, "not needed")
        await ben.tick(same, 2)
        assert (await ended(run, 1)).status is Status.OK
    kinds = [entry.kind for entry in _entries(tmp_path) if entry.kind in ("ticked", "skipped")]
    assert kinds == ["ticked", "ticked"]


def _entries(directory: Path) -> list[Entry]:
    journal = Journal.open(directory / "journal.db", actor="x", host="x")
    try:
        return journal.entries()
    finally:
        journal.close()
