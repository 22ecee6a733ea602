"""Runs from their start to their end, and everything the journal must say about them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from console.config import Config, Profile, RunSettings
from console.errors import AlreadyStarted, GateRefused
from console.guides.model import Risk, Variable
from console.journal.entries import Kind
from console.journal.store import Journal
from console.runs.carrier import Change
from console.runs.run import Evidence, Status
from console.runs.runner import Runner
from console.runs.session import Until
from tests.console.runs.kit import carried_out, ended, manual, running, started, step, text
from tests.patience import BUSY, PATIENCE, until

NAME = Variable("name", "<name>")


def kinds(directory: Path) -> list[tuple[str, str]]:
    """Kind and step of every entry."""
    journal = Journal.open(directory / "journal.db", actor="x", host="x")
    try:
        return [(entry.kind, entry.step) for entry in journal.entries()]
    finally:
        journal.close()


async def test_a_runbook_from_start_to_end(tmp_path: Path) -> None:
    steps = [step("X=5; echo one"), step("echo $X; exit 3", Risk.CHANGE), manual("Look at it")]
    async with running(tmp_path) as runner:
        heard: list[Change] = []
        runner.listen(heard.append)
        run = await started(runner, *steps)
        assert (await carried_out(runner, run, 0)).status is Status.OK
        failed = await carried_out(runner, run, 1)
        assert (failed.status, failed.exit_code, text(failed)) == (Status.FAILED, 3, "5")
        await runner.skip(run, 1, "known")
        await runner.tick(run, 2, value="26 of 100", note="calm", evidence=Evidence(text="26 sessions"))
        await runner.note(run, "all is well")
        assert run.next is None
        await runner.finish(run)
        assert (run.status, [state.status for state in run.states]) == ("ok", ["ok", "skipped", "ticked"])
        assert run.states[2].evidence == Evidence(text="26 sessions")
        assert {change.what for change in heard} == {"run", "state", "output"}
        with pytest.raises(GateRefused, match="has ended"):
            await runner.begin(run, 0, runner.preview(run, 0).confirm())
    assert kinds(tmp_path) == [
        ("opened", ""), ("started", "0"), ("spawned", "0"), ("ended", "0"), ("started", "1"),
        ("spawned", "1"), ("ended", "1"), ("skipped", "1"), ("ticked", "2"), ("noted", ""), ("closed", ""),
    ]  # fmt: skip


async def test_the_start_is_written_before_the_process_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(
            runner, step(f"stat -c %s {tmp_path}/journal.db-wal; cat {tmp_path}/journal.db-wal")
        )
        await carried_out(runner, run)
        spool = run.states[0].spool
        assert spool is not None
        assert b"started" in next(spool.glob("out.*")).read_bytes()


async def test_nothing_starts_that_the_journal_does_not_take(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step(f"touch {tmp_path}/done"))
        preview = runner.preview(run, 0)
        (tmp_path / "journal.db").rename(tmp_path / "away.db")
        with pytest.raises(Exception, match="removed or replaced"):
            await runner.begin(run, 0, preview.confirm())
        assert "removed or replaced" in runner.unwritable
        assert "cannot be written" in runner.preview(run, 0).refusal
        assert not (tmp_path / "done").exists()
        assert run.states[0].status is Status.WAITING
        (tmp_path / "away.db").rename(tmp_path / "journal.db")
        await until(lambda: not runner.unwritable)
        assert (await carried_out(runner, run)).status is Status.OK


async def test_secrets_are_in_no_file(tmp_path: Path) -> None:
    secret = Variable("password", "<password>", secret=True)
    async with running(tmp_path) as runner:
        steps = [
            step("echo <password>; export PW=<password>", variables=[secret]),
            step('echo "$PW" | rev | rev'),
        ]
        run = await started(runner, *steps, values={"password": "s3cret!value"})
        assert runner.preview(run, 0).command == "echo ***; export PW=***"
        assert text(await carried_out(runner, run, 0)) == "***"
        assert text(await carried_out(runner, run, 1)) == "***"
        run_id = run.id
    assert not list(_holding(b"s3cret!value", tmp_path))
    async with running(tmp_path) as runner:
        again = await runner.resume(run_id)
        assert runner.preview(again, 0).refusal == "no value is given for password"
        await runner.supply(again, {"password": "s3cret!value"})
        assert runner.preview(again, 0).refusal == ""


def _holding(secret: bytes, directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file() and secret in path.read_bytes())


async def test_an_edited_command_is_recorded_as_edited(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("echo one"))
        preview = runner.preview(run, 0)
        edited = runner.preview(run, 0, "rm -rf /nonexistent/x")
        assert (preview.risk, edited.risk, edited.edited) == (Risk.READ, Risk.DESTRUCTIVE, True)
        with pytest.raises(GateRefused, match="not the one that was confirmed"):
            await runner.begin(run, 0, preview.confirm(yes=True, name=preview.name), "rm -rf /nonexistent/x")
        state = await carried_out(runner, run, 0, "echo two # >/dev/null")
        assert (text(state), state.command) == ("two", "echo two # >/dev/null")
    journal = Journal.open(tmp_path / "journal.db", actor="x", host="x")
    start = next(entry for entry in journal.entries() if entry.kind == Kind.STARTED)
    journal.close()
    assert (start.text("edited"), start.text("original")) == ("echo two # >/dev/null", "echo one")


async def test_risk_is_of_what_the_values_make_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("sudo sh -c 'ls <name>'", variables=[NAME]), values={"name": "x"})
        assert runner.preview(run, 0).risk <= Risk.UNKNOWN
        run = await started(runner, step("git <name>", Risk.READ, variables=[NAME]), values={"name": "push"})
        assert runner.preview(run, 0).risk > Risk.READ


async def test_what_was_run_just_now_asks_for_more(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("echo x >/dev/null", Risk.CHANGE))
        await carried_out(runner, run)
    async with running(tmp_path, actor="ben") as runner:
        run = await started(runner, step("echo x >/dev/null", Risk.CHANGE))
        preview = runner.preview(run, 0)
        assert "already run" in preview.warnings[0]
        assert "by ana" in preview.warnings[0]
        with pytest.raises(GateRefused):
            await runner.begin(run, 0, preview.confirm(yes=True))
        assert runner.usual(run.states[0].step) is not None


async def test_profiles_and_reading_only(tmp_path: Path) -> None:
    production = Config(profile="prod", profiles={"prod": Profile(production=True)})
    async with running(tmp_path, production) as runner:
        run = await started(runner, step("touch /dev/null", Risk.CHANGE))
        preview = runner.preview(run, 0)
        with pytest.raises(GateRefused):
            await runner.begin(run, 0, preview.confirm(yes=True))
        await runner.begin(run, 0, preview.confirm(name=preview.name))
        await ended(run)
    async with running(tmp_path, Config(runs=RunSettings(read_only=True))) as runner:
        run = await started(runner, step("echo hi"), step("touch /dev/null", Risk.CHANGE))
        assert runner.preview(run, 0).refusal == ""
        assert "only reading" in runner.preview(run, 1).refusal


async def test_a_target_that_drifted_blocks_changes(tmp_path: Path) -> None:
    kube = tmp_path / "kube"
    kube.write_text("current-context: prod\n")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(kube)}
    async with running(tmp_path, env=env) as runner:
        run = await started(runner, step("echo x >/dev/null", Risk.CHANGE), step("echo hi"))
        kube.write_text("current-context: dev\n")
        assert "kubernetes was prod, is dev" in runner.preview(run, 0).refusal
        assert (await carried_out(runner, run, 1)).status is Status.OK
        await runner.relock(run)
        assert (await carried_out(runner, run, 0)).status is Status.OK
        assert "kubernetes was prod, is dev" in run.notes[0][2]


async def test_a_change_makes_what_was_seen_old(tmp_path: Path) -> None:
    asked: list[float] = []

    def figures(ago: float) -> Mapping[str, float]:
        asked.append(ago)
        return {"node_load1": 100 - ago}

    journal = Journal.open(tmp_path / "journal.db", actor="ana", host="h")
    runner = Runner(Config(), journal, figures=figures)
    try:
        run = await started(runner, manual("Look"), step("echo ok"), step("touch /dev/null", Risk.CHANGE))
        await runner.tick(run, 0, automatic=True)
        await carried_out(runner, run, 1)
        assert not any(state.before_change for state in run.states)
        assert run.states[0].automatic
        await carried_out(runner, run, 2)
        assert [state.before_change for state in run.states] == [True, True, False]
        await until(lambda: len(run.states[2].measures) == 2)
        assert run.states[2].measures == {"before": {"node_load1": 70}, "at": {"node_load1": 100}}
        await runner.untick(run, 0, "sessions 99 of 100", regressed=True)
        state = run.states[0]
        assert (state.status, state.regressed, state.why) == (Status.WAITING, True, "sessions 99 of 100")
    finally:
        await runner.close()
        journal.close()
    assert asked == [30.0, 0.0]


async def test_another_attempt(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step(f"[[ -e {tmp_path}/flag ]] && echo there"))
        assert (await carried_out(runner, run)).status is Status.FAILED
        (tmp_path / "flag").touch()
        state = await carried_out(runner, run)
        assert (state.status, state.attempt, text(state)) == (Status.OK, 2, "there")
        assert (await carried_out(runner, run)).attempt == 3


async def test_cancelled_in_the_middle(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("echo begun; sleep 300"), step("tail -f /dev/null", background=True))
        for index in (0, 1):
            await runner.begin(run, index, runner.preview(run, index).confirm())
        await until(lambda: text(run.states[0]) == "begun")
        with pytest.raises(GateRefused, match="running already"):
            await runner.begin(run, 0, runner.preview(run, 0).confirm())
        for index in (0, 1):
            await runner.cancel(run, index)
        assert (await ended(run, 0)).status is Status.CANCELLED
        assert (await ended(run, 1)).status is Status.OK  # somebody has seen enough of it


async def test_waiting_until_something_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step(f"ls {tmp_path}"))
        wait = Until(contains="flag", interval=0.05, timeout=60)
        await runner.begin(run, 0, runner.preview(run, 0).confirm(), until=wait)
        await until(lambda: "journal.db" in text(run.states[0]))
        (tmp_path / "flag").touch()
        assert (await ended(run)).status is Status.OK
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True), until=wait, ends_after=0.0001)
        assert (await ended(run)).why == "ended because it took longer than allowed"


async def test_what_wants_the_terminal_is_handed_over(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        run = await started(runner, step("exit 4 <name>", variables=[NAME]), values={"name": "x"})
        call = await runner.hand_over(run, 0, runner.preview(run, 0).confirm(yes=True))
        process = await asyncio.create_subprocess_exec(*call.argv, env=dict(call.env))
        code = await process.wait()
        await runner.handed_back(run, 0, code, 1.5)
        assert (run.states[0].status, run.states[0].duration) == (Status.FAILED, 1.5)


async def test_two_consoles_see_each_other_and_start_a_step_once(tmp_path: Path) -> None:
    async with running(tmp_path) as ana, running(tmp_path, actor="ben") as ben:
        run = await started(ana, manual("Look"), step("echo hello; sleep 0.5; echo bye"), step("echo mine"))
        same = await ben.resume(run.id)
        await ana.tick(run, 0, value="7")
        await until(lambda: same.states[0].status is Status.TICKED)
        assert same.states[0].value == "7"
        await ana.begin(run, 1, ana.preview(run, 1).confirm())
        await until(lambda: text(same.states[1]).startswith("hello"))
        await until(lambda: same.states[1].status is Status.OK and run.states[1].status is Status.OK)
        assert text(same.states[1]) == text(run.states[1]) == "hello\nbye"
        outcomes = await asyncio.gather(
            ana.begin(run, 2, ana.preview(run, 2).confirm()),
            ben.begin(same, 2, ben.preview(same, 2).confirm()),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [AlreadyStarted]
        await until(lambda: run.states[2].status is Status.OK and same.states[2].status is Status.OK)
    assert [kind for kind, index in kinds(tmp_path) if index == "2"] == ["started", "spawned", "ended"]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from console.guides.model import Risk
from tests.console.runs.kit import running, started, step, text
from tests.patience import until

async def main():
    async with running(Path(sys.argv[1])) as runner:
        wait = f"while [ ! -e {sys.argv[1]}/killed ]; do sleep 0.05; done"
        run = await started(runner, step("echo read; sleep 301; echo read on"),
            step(f"echo change; {wait}; echo changed", Risk.CHANGE),
            step("echo slow; sleep 300", Risk.CHANGE), step("echo x"))
        for index in range(3):
            await runner.begin(run, index, runner.preview(run, index).confirm(yes=True))
        await until(lambda: all(text(state) for state in run.states[:3]))  # what is not begun never is
        print(run.id, run.states[2].spool, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def killed(script: str, directory: Path) -> str:
    """What a console printed that killed itself; what it left behind goes on from here."""
    command = [sys.executable, "-c", script, str(directory)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert done.returncode == -9, done.stderr
    (directory / "killed").touch()
    return done.stdout


async def test_a_console_that_was_killed_comes_back_to_its_run(tmp_path: Path) -> None:
    run_id, spool = (await killed(KILLED, tmp_path)).split()
    supervisor = int(Path(spool, "lock").read_text())  # noqa: ASYNC240
    orphans = psutil.Process(supervisor).children(recursive=True)
    os.kill(supervisor, 9)  # and one step's supervisor went with it
    async with running(tmp_path) as runner:
        assert [one.run for one in await runner.unfinished()] == [run_id]
        run = await runner.resume(run_id)
        assert run.states[2].status is Status.UNKNOWN
        assert "verify" in run.states[2].why
        await until(lambda: run.states[0].status is not Status.RUNNING)
        await until(lambda: run.states[1].status is not Status.RUNNING)
        assert [state.status for state in run.states] == ["cancelled", "ok", "unknown", "waiting"]
        assert text(run.states[0]) == "read"
        assert text(run.states[1]) == "change\nchanged"
        assert (await carried_out(runner, run, 3)).status is Status.OK
    journal = Journal.open(tmp_path / "journal.db", actor="x", host="x")
    assert journal.unfinished() == []
    assert journal.verify().ok
    journal.close()
    for orphan in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):  # the supervisor's end may have been its own
            orphan.kill()


async def test_steps_of_runs_that_nobody_opens_are_seen_to(tmp_path: Path) -> None:
    await killed(KILLED.replace("sleep 300", "sleep 0.1"), tmp_path)
    async with running(tmp_path) as runner:
        await started(runner, step("true"))  # a console that does something else
        journal = Journal.open(tmp_path / "journal.db", actor="x", host="x")
        try:
            await until(lambda: not journal.unfinished())
            found = {entry.step: entry.text("status") for entry in journal.entries(kinds=[Kind.ENDED])}
        finally:
            journal.close()
    assert found == {"0": "cancelled", "1": "ok", "2": "ok"}


async def test_closing_ends_what_reads_and_leaves_what_changes(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", actor="ana", host="h")
    runner = Runner(Config(), journal)
    run = await started(runner, step("sleep 300"), step("echo begun; sleep 0.7; echo done", Risk.CHANGE))
    for index in (1, 0):
        await runner.begin(run, index, runner.preview(run, index).confirm(yes=True))
    await until(lambda: text(run.states[1]) == "begun")
    async with asyncio.timeout(PATIENCE):
        await runner.close()
    assert run.states[0].status is Status.CANCELLED
    journal.close()
    async with running(tmp_path) as runner:
        again = await runner.resume(run.id)
        assert (await ended(again, 1)).status is Status.OK
        assert text(again.states[1]) == "begun\ndone"


async def test_a_flood_leaves_the_loop_free(tmp_path: Path) -> None:
    async with running(tmp_path) as runner:
        heard = []
        runner.listen(lambda change: heard.append(change.what))
        run = await started(runner, step("yes 'a line of a flood, as long as they are' | head -c 300000000"))
        await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True))
        began, worst, spent = time.monotonic(), 0.0, time.thread_time()
        while run.states[0].status is Status.RUNNING:
            await asyncio.sleep(0.005)
            worst, spent = max(worst, time.thread_time() - spent), time.thread_time()
        took = time.monotonic() - began
        state = run.states[0]
        assert state.status is Status.OK
        assert len(state.lines) <= 2000
        assert heard.count("output") <= took * 10 + 3
        assert worst < 0.05 * BUSY  # of work at a time
        assert state.spool is not None
        assert sum(os.stat(path).st_size for path in os.scandir(state.spool)) < 20 << 20
