"""F5: 10,000 garbage lines into every place somebody else writes to, while every view is looked at.

`python -m tests.faults.hostile` feeds log files, containers' output, keys, statements and processes at
the same time, in a real terminal; the tests do it with a few of each.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import asyncpg

from tests.bench.load import engine_missing
from tests.faults.report import Result, report
from tests.pty import hostile, sinks
from tests.pty.consoles import real_console, to_overview
from tests.pty.gaze import CONFIG, SIZE, assert_clean, look_at_everything, toml
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

BURST = 50
"""Lines written at once."""
ALIVE = 0.3
"""Seconds a process with hostile arguments lives."""


class Feeder:
    """Feeds garbage into one sink until told to end; counts what went in."""

    def __init__(self, name: str, feed: Callable[[Feeder], None]) -> None:
        self.name = name
        self.fed = 0
        self.ending = threading.Event()
        self.error = ""
        self._feed = feed
        self._thread = threading.Thread(target=self._run, name=f"feeder {name}", daemon=True)

    def _run(self) -> None:
        try:
            self._feed(self)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *of: object) -> None:
        self.ending.set()
        self._thread.join(30)

    def lines(self, mark: bytes, pause: float = 0.0) -> Iterator[bytes]:
        """Garbage without an end, a mark before each line; counts them."""
        seed = 0
        while True:
            for line in hostile.garbage(1000, seed):
                if self.ending.is_set():
                    return
                yield mark + b" " + line
                self.fed += 1
                if pause:
                    self.ending.wait(pause)
            seed += 1


def texts(feeder: Feeder, mark: bytes, pause: float) -> Iterator[str]:
    """The same as text a server takes: without NUL, and valid."""
    for line in feeder.lines(mark, pause):
        yield line.decode("utf-8", "replace").replace("\0", "")


def log_lines(file: Path) -> Feeder:
    """Lines of a log that is followed."""

    def feed(feeder: Feeder) -> None:
        with file.open("ab", buffering=0) as log:
            for number, line in enumerate(feeder.lines(b"MARKLOG")):
                log.write(line + b"\n")
                if number % BURST == 0:
                    feeder.ending.wait(0.1)

    return Feeder("log file", feed)


def commands(server: RedisServer) -> Feeder:
    """Keys, values and commands, all of which stand in the slow log; client names beside them."""

    def feed(feeder: Feeder) -> None:
        with server.connect() as client:
            client.config_set("slowlog-log-slower-than", 0)
            for number, line in enumerate(feeder.lines(b"MARKKEY", 0.005)):
                client.set(b"key:%d" % (number % 100), line)
                client.execute_command("GET", line)
                if number % BURST == 0:
                    client.client_setname(f"name-{number}")

    return Feeder("Redis command", feed)


def statements(server: PostgresServer) -> Feeder:
    """Statements and application names of sessions."""

    async def one(feeder: Feeder, number: int) -> None:
        link = await asyncpg.connect(server.url())
        try:
            for text in texts(feeder, b"MARKRUN", 0.0):
                # what a statement is sent with: a comment at its front, and a name beside it
                name = text[:63].replace("'", "''").replace("\\", "")
                comment = text.replace("*/", "* /").replace("/*", "/ *")
                await link.execute(f"SET application_name = '{name}'")
                await link.execute(f"/* {comment} */ SELECT pg_sleep(0.03)")
        finally:
            link.terminate()

    async def all_of_them(feeder: Feeder) -> None:
        await asyncio.gather(*(one(feeder, number) for number in range(4)))

    return Feeder("SQL statement", lambda feeder: asyncio.run(all_of_them(feeder)))


def arguments() -> Feeder:
    """Processes whose name and arguments are garbage; each lives for a moment."""

    def feed(feeder: Feeder) -> None:
        living: deque[tuple[float, subprocess.Popen[bytes]]] = deque()
        for line in feeder.lines(b"MARKARG", 0.01):
            words = [line.replace(b"\0", b""), b"%g" % ALIVE]
            living.append((time.monotonic(), subprocess.Popen(words, executable="/bin/sleep")))
            while living and living[0][0] < time.monotonic() - ALIVE:
                living.popleft()[1].wait()
        for _, process in living:
            process.wait()

    return Feeder("process", feed)


@contextlib.contextmanager
def output(engine: Dockerd, directory: Path, count: int) -> Iterator[Feeder]:
    """A container that prints garbage again and again."""
    lines = [b"MARKOUT " + line + b"\n" for line in hostile.garbage(count, 7)]
    (directory / "garbage").write_bytes(b"".join(lines))
    script = "while :; do cat /there/garbage; echo; echo fed >> /there/fed; sleep 2; done"
    engine.run("markout", "sh", "-c", script, options=["-v", f"{directory}:/there"])

    def feed(feeder: Feeder) -> None:
        told = directory / "fed"
        while not feeder.ending.wait(0.5):
            feeder.fed = count * len(told.read_text().split()) if told.exists() else 0

    try:
        yield Feeder("line of a container", feed)
    finally:
        engine.discard("markout")


def garbage_everywhere(count: int, seed: int) -> Iterator[Result]:
    """Every sink fed with so many, every view looked at until all of it went in."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ops-faults-")))
        postgres = stack.enter_context(PostgresServer(DEBIAN_15 if DEBIAN_15.exists() else wheel_bindir()))
        redis = stack.enter_context(RedisServer(wheel_redis()))
        engine = None if engine_missing() else stack.enter_context(Dockerd())
        files = sinks.log_files(directory)
        feeders = [log_lines(files[0]), commands(redis), statements(postgres), arguments()]
        host = "unix:///nowhere/at/all.sock"
        if engine is not None:
            host = engine.host
            (directory / "output").mkdir()
            sinks.containers(engine)
            feeders.append(stack.enter_context(output(engine, directory / "output", count)))
        config = CONFIG.format(
            banner=toml("MARKBANNER" + hostile.STRINGS[seed % len(hostile.STRINGS)]), postgres=postgres.url(),
            redis=redis.url, files=", ".join(toml(str(file)) for file in files),
            key=toml("MARKKEYNAME" + hostile.STRINGS[3]), docker=f'[[docker]]\nhost = "{host}"',
        )  # fmt: skip
        terminal = stack.enter_context(real_console(directory, config, size=SIZE))
        terminal.wait_for("MARKBANNER", 15.0)
        sinks.fill_odd(files)
        for feeder in feeders:
            stack.enter_context(feeder)
        seen: set[str] = set()
        wrong = ""
        try:
            while True:
                seen |= look_at_everything(terminal, "12345")
                assert_clean(terminal)
                if all(feeder.fed >= count or feeder.error for feeder in feeders):
                    break
            to_overview(terminal)
            terminal.press("q")
            wrong = "" if terminal.wait(5.0) == 0 else f"it ended with {terminal.poll()}"
            assert_clean(terminal)
        except AssertionError as error:
            wrong = str(error)[:2000]
        for feeder in feeders:
            good = count if feeder.fed >= count and not wrong else 0
            figures = feeder.error or f"{feeder.fed} fed"
            yield Result(f"F5 {feeder.name}: nothing but text", good, count, figures)
        missing = sorted(_expected(engine is not None) - seen)
        if missing and not wrong:
            wrong = f"not seen: {missing}"
        figures = wrong or f"{len(terminal.raw) >> 10} KB of drawing read"
        yield Result("F5 every view looked at", int(not wrong), 1, figures)


def _expected(engine: bool) -> set[str]:
    """Marks of the sinks that must have come as far as the screen."""
    marks = {"MARKBANNER", "MARKLOG", "MARKKEY", "MARKRUN", "MARKFILE"}
    return marks | {"MARKOUT", "MARKPROJECT", "MARKSERVICE"} if engine else marks


def main(words: Sequence[str] | None = None) -> int:
    """Print what was seen of each; 1 when something is not as promised."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.hostile", description=__doc__)
    options.add_argument("--count", type=int, default=10_000, help="garbage lines for each sink")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = options.parse_args(words)
    print(f"seed {given.seed}")
    return report(garbage_everywhere(given.count, given.seed))


if __name__ == "__main__":
    sys.exit(main())
