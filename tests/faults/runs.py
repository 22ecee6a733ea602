"""What may befall a run: its console killed, its terminal closed, a step that will not end, a flood.

`python -m tests.faults.runs` does each as often as it takes and prints what was seen; the tests do a few.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pty
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from console.config import Config
from console.journal.entries import Kind
from console.journal.store import Journal
from console.runs.child import Child, Order
from console.runs.run import Run, Status
from console.runs.runner import Runner
from tests.faults.consoles import raced
from tests.faults.disk import full_disk
from tests.faults.floods import flood, lines
from tests.faults.report import Result, report

ROOT = Path(__file__).parents[2]
STEPS = 10
GONE = 3.0
"""Seconds within which a console must be gone."""
SURVIVE = 5.0
"""Seconds within which nothing of a cancelled step may be left."""
ESCAPES = {
    "plain": "sleep 300",
    "nohup": "nohup sleep 300 >/dev/null & wait",
    "setsid": "setsid sleep 300 & wait",
    "double fork": "(setsid bash -c 'sleep 300 & exec sleep 301' &) ; sleep 302",
    "TERM ignored": "trap '' INT TERM HUP; sleep 300 & while :; do sleep 1; done",
}


# ---- F1: the console killed


def killed(times: int, source: random.Random, workers: int = 2) -> Result:
    """SIGKILL at random points of a run whose steps append to a witness file."""
    # a fifth of them before anything has begun; then after so many lines of the witness, and a moment
    points = [(source.randint(-STEPS // 2, 2 * STEPS), source.uniform(0, 0.05)) for _ in range(times)]
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(_kill_once, points))
    wrong = [why for why, _ in found if why]
    begun = [steps for _, steps in found]
    amid = sum(0 < steps < STEPS for steps in begun)
    figures = f"{amid} amid the steps, {begun.count(0)} before, {begun.count(STEPS)} after the last began"
    return Result("F1 console killed in the middle of a run", times - len(wrong), times,
                  "; ".join([figures, *wrong[:3]]))  # fmt: skip


def _kill_once(point: tuple[int, float]) -> tuple[str, int]:
    """What the journal told wrongly, and how many steps had begun."""
    wanted, moment = point
    with tempfile.TemporaryDirectory() as name:
        witness = Path(name, "witness")
        process = _start_run(Path(name))
        if wanted < 0:
            time.sleep(moment * 10)
        while wanted > 0 and process.poll() is None and _lines(witness) < wanted:
            time.sleep(0.002)
        time.sleep(moment)
        process.kill()
        process.wait()
        begun = witness.read_text().count("begin") if witness.exists() else 0
        return asyncio.run(_compare(Path(name))), begun


def _lines(witness: Path) -> int:
    return witness.read_text().count("\n") if witness.exists() else 0


def _start_run(directory: Path) -> subprocess.Popen[bytes]:
    body = "\n".join(
        f"{number}. Step {number}\n   ```bash\n   echo begin {number} >> witness; "
        f"sleep 0.0{number % 4 + 1}; echo end {number} >> witness\n   ```"
        for number in range(1, STEPS + 1)
    )
    (directory / "guide.md").write_text(f"# G\n\n## Mend it\n\n{body}\n")
    words = ["guide.md", "mend-it", "--allow", "destructive"]
    return subprocess.Popen(
        [sys.executable, "-m", "console", "run", *words], env=_env(directory), cwd=directory,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def _compare(directory: Path) -> str:
    """What the journal says after the console came back, held against the witness; empty when it is true."""
    path = directory / "state/opsconsole/journal.db"
    if not path.exists():
        return "" if not (directory / "witness").exists() else "a step ran without a journal"
    journal = Journal.open(path, actor="ana", host="h")
    runner = Runner(Config(), journal)
    try:
        opened = await runner.unfinished()
        runs = [await runner.resume(one.run) for one in opened]
        closed = [entry.run for entry in journal.entries(kinds=[Kind.CLOSED])]
        runs += [await runner.resume(run) for run in closed]
        for run in runs:
            await _still(run)
        if journal.unfinished():
            return "a start has no end"
        verdict = journal.verify()
        return (_told_wrong(directory, runs) if verdict.ok else verdict.reason) or ""
    finally:
        await runner.close()
        journal.close()


async def _still(run: Run) -> None:
    """Wait until no step of a run is running: its supervisor may be at its last words."""
    async with asyncio.timeout(60):
        while any(state.status is Status.RUNNING for state in run.states):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _told_wrong(directory: Path, runs: Sequence[Run]) -> str:
    witness = directory / "witness"
    lines = witness.read_text().splitlines() if witness.exists() else []
    if len(set(lines)) != len(lines):
        return f"a step ran twice: {lines}"
    states = {f"{state.index + 1}": state for run in runs for state in run.states}
    for line in lines:
        if states.get(line.split()[1]) is None or states[line.split()[1]].status is Status.WAITING:
            return f"{line!r} has no row"
    for number, state in states.items():
        if (state.status is Status.OK) and f"end {number}" not in lines:
            return f"step {number} reads ok and did not end"
    return ""


# ---- F9: the terminal closed, SIGHUP, SIGTERM


def ended(times: int, workers: int = 2, busy: float = 1.0) -> Iterator[Result]:
    """The console ended from outside while a step runs: a reading one is ended, a changing one goes on.

    `busy`: how many times longer than promised it may take.
    """
    for how in ("PTY closed", "SIGHUP", "SIGTERM"):
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(lambda n, how=how: _end_once(how, n % 2 == 1, busy), range(times)))
        wrong = [why for why, _ in found if why]
        slowest = max(seconds for _, seconds in found)
        figures = "; ".join([f"gone within {slowest:.1f} s", *wrong[:3]])
        yield Result(f"F9 {how} while a step runs", times - len(wrong), times, figures)


def _end_once(how: str, change: bool, busy: float) -> tuple[str, float]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        command = "touch begun; sleep 0.8; echo done >> witness" if change else "sleep 300"
        (directory / "guide.md").write_text(
            f"# G\n\n## Mend it\n\n1. Do\n   ```bash\n   {command}\n   ```\n2. See\n"
        )
        process, terminal = _in_terminal(directory, ["guide.md", "mend-it", "--allow", "destructive"])
        try:
            journal = _wait_for_start(directory)
        except TimeoutError as error:
            process.kill()
            os.close(terminal)
            _clean(directory)
            return str(error), 0.0
        began = time.monotonic()
        if how == "PTY closed":
            os.close(terminal)
        else:
            process.send_signal(signal.SIGHUP if how == "SIGHUP" else signal.SIGTERM)
        try:
            process.wait(20 * busy)
        except subprocess.TimeoutExpired:
            process.kill()
        took = time.monotonic() - began
        if how != "PTY closed":
            os.close(terminal)
        why = _after(directory, journal, change, busy)
        journal.close()
        _clean(directory)
        return why or ("" if took < GONE * busy else "slow"), took


def _in_terminal(directory: Path, words: Sequence[str]) -> tuple[subprocess.Popen[bytes], int]:
    """A console in a terminal of its own, which is its controlling one."""
    ours, theirs = pty.openpty()
    start = "import os, sys, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start} os.execv(sys.executable, sys.argv[1:])",
         sys.executable, "-m", "console", "run", *words],
        env=_env(directory), cwd=directory, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    return process, ours


def _wait_for_start(directory: Path) -> Journal:
    path = directory / "state/opsconsole/journal.db"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if path.exists():
            journal = Journal.open(path, actor="x", host="x")
            if (directory / "begun").exists() or "sleep" in _marked(directory):
                return journal
            journal.close()
        time.sleep(0.05)
    raise TimeoutError("no step was started")


def _after(directory: Path, journal: Journal, change: bool, busy: float) -> str:
    """What is wrong once everything has had its time: no orphan, and an end in the journal."""
    end = time.monotonic() + 8 * busy
    while left := _marked(directory):
        if time.monotonic() > end:
            return f"left: {left}"
        time.sleep(0.05)
    asyncio.run(_another_console(directory))
    entries = journal.entries(kinds=[Kind.ENDED])
    if [entry.text("status") for entry in entries] != ["ok" if change else "cancelled"]:
        return f"recorded as {[dict(entry.body) for entry in entries]}"
    if journal.unfinished():
        return "a start has no end"
    done = (directory / "witness").exists()
    return "" if done is change else f"witness: {done}"


async def _another_console(directory: Path) -> None:
    journal = Journal.open(directory / "state/opsconsole/journal.db", actor="ben", host="h")
    runner = Runner(Config(), journal)
    try:
        for one in await runner.unfinished():
            await _still(await runner.resume(one.run))
    finally:
        await runner.close()
        journal.close()


# ---- F10: what will not be ended


async def cancelled(times: int, busy: float = 1.0) -> list[Result]:
    """Steps cancelled that do what they can to live on. `busy`: how many times longer it may take."""
    results = []
    for name, script in ESCAPES.items():
        found = await asyncio.gather(*(_cancel_once(script) for _ in range(times)))
        good = sum(survivors == 0 and seconds < SURVIVE * busy for survivors, seconds in found)
        slowest = max(seconds for _, seconds in found)
        results.append(Result(f"F10 cancelled: {name}", good, times, f"nothing left after {slowest:.1f} s"))
    return results


async def _cancel_once(script: str) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        env = {"PATH": os.environ["PATH"], "MARK": name}
        order = Order(argv=("bash", "-c", f"{script} # x"), env=env, cwd="/", directory=directory)
        child = await Child.start(order)
        while "sleep" not in _marked(directory):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        began = time.monotonic()
        child.stop()
        await child.ended
        return len(_marked(directory)), time.monotonic() - began


def _env(directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state"),
        "PYTHONPATH": str(ROOT), "MARK": str(directory), "TERM": "xterm-256color",
    }  # fmt: skip


def _marked(directory: Path) -> list[str]:
    """The names of the living processes that have this directory in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("MARK") == str(directory):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def _clean(directory: Path) -> None:
    """End what a failure has left."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("MARK") == str(directory):
                process.kill()


def everything(kills: int, ends: int, cancels: int, races: int, size: int, seed: int) -> Iterator[Result]:
    """Each fault in turn."""
    yield asyncio.run(flood(size))
    yield asyncio.run(lines(10_000, 10.0))
    with tempfile.TemporaryDirectory() as name:
        yield asyncio.run(full_disk(Path(name)))
    with tempfile.TemporaryDirectory() as name:
        yield asyncio.run(raced(Path(name), races, 10))
    yield from asyncio.run(cancelled(cancels))
    yield from ended(ends)
    yield killed(kills, random.Random(seed))


def main() -> int:
    """Do all of it; 1 when something is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--ends", type=int, default=50)
    parser.add_argument("--cancels", type=int, default=10)
    parser.add_argument("--races", type=int, default=200)
    parser.add_argument("--size", type=int, default=1_000_000_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}")
    return report(
        everything(wanted.kills, wanted.ends, wanted.cancels, wanted.races, wanted.size, wanted.seed)
    )


if __name__ == "__main__":
    sys.exit(main())
