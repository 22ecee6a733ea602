"""One step's process: its output, its end, and the end of everything it has started."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from console.runs import spool
from console.runs.child import Child, Order, Result, result_of, supervisor_of
from console.runs.spool import SpoolWriter
from tests.patience import BUSY, PATIENCE, until


async def start(directory: Path, script: str, **wishes: object) -> Child:
    """A supervisor for a script of bash."""
    env = {"PATH": os.environ["PATH"], "MARK": str(directory)}
    order = Order(argv=("bash", "-c", script), env=env, cwd="/", directory=directory, **wishes)  # type: ignore[arg-type]
    return await Child.start(order)


async def run(directory: Path, script: str, **wishes: object) -> Result:
    child = await start(directory, script, **wishes)
    async with asyncio.timeout(2 * PATIENCE):
        result = await child.ended
    assert result is not None
    assert not (directory / "errors").read_text()
    return result


def output(directory: Path) -> bytes:
    return b"".join(Path(path).read_bytes() for _, path in spool.pieces(str(directory)))


def marked(directory: Path) -> list[psutil.Process]:
    """The living processes that were started with this directory in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK") == str(directory) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _names(directory: Path) -> list[str]:
    names = []
    for process in marked(directory):
        try:
            names.append(process.name())
        except psutil.NoSuchProcess:
            continue
    return names


async def test_output_and_exit_code(tmp_path: Path) -> None:
    result = await run(tmp_path, "echo one; echo two >&2; echo three; exit 3")
    assert (result.exit_code, result.signal, result.stopped) == (3, None, "")
    assert output(tmp_path) == b"one\ntwo\nthree\n"
    assert result.bytes == 14
    assert result_of(tmp_path) == result
    assert {os.stat(entry).st_mode & 0o077 for entry in os.scandir(tmp_path)} == {0}


async def test_a_signal_is_told(tmp_path: Path) -> None:
    result = await run(tmp_path, "kill -SEGV $$")
    assert (result.exit_code, result.signal) == (None, signal.SIGSEGV)


async def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    order = Order(argv=("/nonexistent/x",), env={}, cwd="/", directory=tmp_path)
    child = await Child.start(order)
    result = await child.ended
    assert result is not None
    assert result.error == "/nonexistent/x: No such file or directory"


async def test_secrets_are_masked_before_they_are_written(tmp_path: Path) -> None:
    script = "printf 'pw: s3cr'; sleep 0.2; printf 'et-value\\n'; echo czNjcmV0LXZhbHVl"
    await run(tmp_path, script, secrets=["s3cret-value"])
    assert output(tmp_path) == b"pw: ***\n***\n"


async def test_a_prompt_is_seen_while_it_waits(tmp_path: Path) -> None:
    child = await start(tmp_path, "printf 'Continue? '; sleep 30")
    await until(lambda: output(tmp_path) == b"Continue? ")
    child.stop()
    await child.ended
    assert output(tmp_path) == b"Continue? "


async def test_nothing_is_read_from_the_terminal(tmp_path: Path) -> None:
    assert (await run(tmp_path, "read x; echo got $?; tty; echo >/dev/tty")).exit_code == 1
    assert output(tmp_path).startswith(b"got 1\nnot a tty\n")


async def test_input_and_environment_are_not_in_the_arguments(tmp_path: Path) -> None:
    child = await start(tmp_path, "cat; sleep 30", input=b"by input\n", secrets=["unspoken"])
    await until(lambda: output(tmp_path) == b"by input\n")
    seen = psutil.Process(child.pid)
    words = f"{seen.cmdline()} {seen.environ()}"
    assert "unspoken" not in words
    assert "by input" not in words
    child.stop()
    await child.ended


ESCAPES = {
    "plain": "sleep 300",
    "in the background": "sleep 300 & sleep 301",
    "nohup": "nohup sleep 300 >/dev/null & wait",
    "setsid": "setsid sleep 300 & wait",
    "double fork": "(setsid bash -c 'sleep 300 & exec sleep 301' &) ; sleep 302",
    "signals ignored": "trap '' INT TERM HUP; sleep 300 & while :; do sleep 1; done",
    "a daemon": "(trap '' TERM INT; exec >/dev/null 2>&1 </dev/null; setsid sleep 300 &) & sleep 301",
    "one that goes on forking": "f() { sleep 0.1; f & }; trap '' INT TERM; f; sleep 300",
    "stopped": "sleep 300 & kill -STOP $!; wait",
}


async def test_cancelled_nothing_survives(tmp_path: Path) -> None:
    async def cancelled(name: str, script: str) -> tuple[str, float, list[str]]:
        directory = tmp_path / name
        directory.mkdir()
        child = await start(directory, f"{script} # cancelled")
        await until(lambda: "sleep" in (names := _names(directory)) or len(names) > 1)
        began = time.monotonic()
        child.stop()
        result = await child.ended
        assert result is not None
        assert (result.stopped, result.left) == ("cancel", ())
        return name, time.monotonic() - began, _names(directory)

    for name, seconds, survivors in await asyncio.gather(*(cancelled(*each) for each in ESCAPES.items())):
        assert survivors == [], name
        assert seconds < 5 * BUSY, name


def _sleeps(directory: Path) -> bool:
    return "sleep" in _names(directory)


async def test_cancelled_twice_there_is_no_grace(tmp_path: Path) -> None:
    took = []
    for number in range(3):
        directory = tmp_path / str(number)
        directory.mkdir()
        child = await start(directory, "trap '' INT TERM; while :; do sleep 1; done")
        await until(partial(_sleeps, directory))
        began = time.monotonic()
        child.stop()
        child.stop()
        await child.ended
        took.append(time.monotonic() - began)
    # less than the first grace; the others may have met a moment in which the machine stood still
    assert min(took) < 0.9, took


async def test_a_time_limit(tmp_path: Path) -> None:
    result = await run(tmp_path, "sleep 300", timeout=0.3)
    assert (result.stopped, result.signal) == ("timeout", signal.SIGINT)


async def test_a_service_that_was_started_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f"(setsid bash -c 'echo up; while :; do echo tick; date >>{log}; sleep 0.05; done' &); sleep 0.2"
    result = await run(tmp_path, script)
    assert result.left[0].startswith("bash (")
    size = log.stat().st_size
    await until(lambda: log.stat().st_size > size + 100)  # its output met no broken pipe
    for process in marked(tmp_path):
        process.kill()
    await until(lambda: not marked(tmp_path))


@pytest.mark.parametrize(("finishes", "exit_code"), [(False, None), (True, 0)])
async def test_the_console_is_gone(finishes: bool, exit_code: int | None, tmp_path: Path) -> None:
    script = "echo begun; sleep 1; echo done"
    child = await start(tmp_path, script, finishes=finishes)
    await until(lambda: b"begun" in output(tmp_path))
    child.leave()
    assert supervisor_of(tmp_path) == child.pid
    found = Child.found(tmp_path, child.pid)
    result = await found.ended
    assert result is not None
    assert result.exit_code == exit_code
    assert result.stopped == ("" if finishes else "gone")
    assert (b"done" in output(tmp_path)) is finishes
    await until(lambda: supervisor_of(tmp_path) is None)
    assert marked(tmp_path) == []


async def test_found_again_it_can_be_cancelled(tmp_path: Path) -> None:
    child = await start(tmp_path, "sleep 300", finishes=True)
    await until(lambda: "sleep" in _names(tmp_path))
    child.leave()
    found = Child.found(tmp_path, child.pid)
    found.stop()
    result = await found.ended
    assert result is not None
    assert result.stopped == "cancel"
    assert marked(tmp_path) == []


async def test_a_supervisor_that_was_killed_is_no_result(tmp_path: Path) -> None:
    child = await start(tmp_path, "sleep 0.5; exit 0")
    os.kill(child.pid, signal.SIGKILL)
    assert await child.ended is None
    await until(lambda: supervisor_of(tmp_path) is None)


async def test_a_flood_costs_little_and_its_ends_are_kept(tmp_path: Path) -> None:
    script = "echo first; yes 'a line of a flood, as long as they are' | head -c 200000000; echo last"
    result = await run(tmp_path, script)
    kept = output(tmp_path)
    assert result.bytes == 200_000_011
    assert kept.startswith(b"first\na line")
    assert kept.endswith(b"last\n")
    assert b" bytes not kept ..." in kept
    assert result.bytes - result.dropped <= len(kept) <= spool.HEAD + 3 * spool.PIECE
    assert result.seconds < 15


def test_a_spool_keeps_its_head_and_its_newest_pieces(tmp_path: Path) -> None:
    writer = SpoolWriter(str(tmp_path), head=100, piece=50)
    for number in range(100):
        writer.write(b"%09d\n" % number)
    writer.close()
    starts = [start for start, _ in spool.pieces(str(tmp_path))]
    assert starts == [0, 900, 950]
    assert writer.dropped == 800
    data, offset, skipped = spool.read(str(tmp_path), 0, 1000)
    assert (len(data), offset, skipped) == (100, 100, 0)
    data, offset, skipped = spool.read(str(tmp_path), offset, 30)
    assert (data[:10], offset, skipped) == (b"000000090\n", 930, 800)
    assert spool.read(str(tmp_path), 1000, 10) == (b"", 1000, 0)
    assert spool.end_of(str(tmp_path)) == 1000


async def test_starting_one_takes_little(tmp_path: Path) -> None:
    took, plain = [], []
    for number in range(8):
        directory = tmp_path / str(number)
        directory.mkdir()
        began = time.monotonic()
        child = await Child.start(Order(argv=("/bin/true",), env={}, cwd="/", directory=directory))
        await child.ended
        took.append(time.monotonic() - began)
        began = time.monotonic()
        await (await asyncio.create_subprocess_exec(sys.executable, "-I", "-S", "-c", "")).wait()
        plain.append(time.monotonic() - began)
    # two to three times what an empty program takes
    assert statistics.median(took) < 8 * statistics.median(plain), (took, plain)


async def test_asked_to_stop_before_it_is_ready_it_stops(tmp_path: Path) -> None:
    async def once(number: int) -> Result | None:
        directory = tmp_path / str(number)
        directory.mkdir()
        child = await start(directory, "sleep 300", finishes=True)
        found = Child.found(directory, child.pid)
        found.stop()
        result = await child.ended
        found.leave()
        return result

    for number in range(10):
        result = await once(number)
        assert result is not None
        assert (result.stopped, result.left) == ("cancel", ())


def test_a_supervisor_loads_little() -> None:
    """There is one beside every running step, for as long as it runs."""
    code = "import sys, console.runs.supervisor; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "console" in loaded
    assert not loaded & {"asyncio", "msgspec", "rich", "apsw", "textual", "subprocess"}
