"""Every number on the overview agrees with an independent reading of a loaded host, at all four sizes.

The consoles, one a size, look at the same servers at the same time. What cannot be held against
another reading, and why:

- sparklines: the past of figures that are;
- Redis' ping: a round trip of a moment; its magnitude only;
- a device's latency, and the share of throttled periods: quotients of two small counters over one
  very second;
- a database's growth: it takes minutes to know;
- processes, of the ten busiest, that ended since they were listed.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.pty.consoles import program
from tests.pty.figures import PaneText
from tests.pty.independent import Independent
from tests.pty.load import Load
from tests.pty.looks import Look, agree
from tests.pty.terminal import Terminal
from tests.pty.truth_engine import EngineTruth
from tests.pty.truth_host import HostTruth, check_header
from tests.pty.truth_logs import LogTruth
from tests.pty.truth_servers import CacheTruth, DatabaseTruth

SIZES = [(80, 24), (120, 40), (160, 50), (240, 70)]
START_LIMIT = 90.0
"""Seconds until four consoles that start at once have everything, on a machine with other work to do."""
LEAST = {"System": 6, "Containers": 6, "Database": 7, "Cache": 5, "Logs": 5}
"""Figures each pane shows at any size: fewer would mean that the test read nothing."""


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    with Load(tmp_path_factory.mktemp("load")) as load:
        yield load


@pytest.fixture(scope="module")
def truth(load: Load) -> Iterator[Independent]:
    with Independent(load) as truth:
        yield truth


@pytest.fixture(scope="module")
def consoles(load: Load, truth: Independent) -> Iterator[Mapping[tuple[int, int], Terminal]]:
    """The console at each size, all of them with readings of everything."""
    command: list[str | Path] = [*program(), "--config", load.config]
    with contextlib.ExitStack() as stack:
        started = {size: stack.enter_context(Terminal(command, size=size)) for size in SIZES}
        for terminal in started.values():
            # rates need two readings, those of the database some seconds
            terminal.wait_for(r"tps +[1-9]", START_LIMIT)
            terminal.wait_for(r"[1-9]\d*/s +≥?\d+ errors/min", START_LIMIT)
        yield started


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def console(request: pytest.FixtureRequest, consoles: Mapping[tuple[int, int], Terminal]) -> Terminal:
    return consoles[request.param]


@pytest.fixture(scope="module")
def since(consoles: Mapping[tuple[int, int], Terminal]) -> float:
    """When all of them followed the log (monotonic seconds)."""
    return time.monotonic()


def test_nothing_is_none_before_it_is_known(load: Load) -> None:
    """A rate needs two readings: until then there is a dash, and never a nought that is not true."""
    untrue = re.compile(r"tps +0\b|hit +(?:0%|idle)|cpu 0\.0 of|evicted +0/s|ops +0/s|sessions +0/")
    seen: list[str] = []

    def look(terminal: Terminal) -> bool:
        seen.extend(untrue.findall(terminal.text))
        return False

    with Terminal([*program(), "--config", load.config], size=(240, 70)) as terminal:
        terminal.watch(look)
        terminal.wait_for(r"cpu \d\.\d of", START_LIMIT)
        terminal.wait_for(r"tps +[1-9]", START_LIMIT)
        terminal.wait_for(r"evicted +[1-9]", START_LIMIT)
    assert seen == []


def test_the_header_agrees(console: Terminal, truth: Independent) -> None:
    agree(console, lambda look: check_header(look, truth))


def test_the_system_agrees(console: Terminal, truth: Independent) -> None:
    look = agree(console, HostTruth(truth).check)
    assert look.checked >= LEAST["System"]


def test_the_containers_agree(console: Terminal, truth: Independent) -> None:
    look = agree(console, EngineTruth(truth).check)
    assert look.checked >= LEAST["Containers"]


def test_the_database_agrees(console: Terminal, truth: Independent, load: Load) -> None:
    look = agree(console, DatabaseTruth(truth, load).check)
    assert look.checked >= LEAST["Database"]


def test_the_cache_agrees(console: Terminal, truth: Independent) -> None:
    look = agree(console, CacheTruth(truth).check)
    assert look.checked >= LEAST["Cache"]


def test_the_logs_agree(console: Terminal, truth: Independent, load: Load, since: float) -> None:
    look = agree(console, LogTruth(truth, load, since).check)
    assert look.checked >= LEAST["Logs"]


def test_wrong_numbers_would_be_noticed(
    console: Terminal, truth: Independent, load: Load, since: float
) -> None:
    """The comparison itself: with other digits no pane agrees."""
    checks: Mapping[str, Callable[[Look], None]] = {
        "System": HostTruth(truth).check,
        "Containers": EngineTruth(truth).check,
        "Database": DatabaseTruth(truth, load).check,
        "Cache": CacheTruth(truth).check,
        "Logs": LogTruth(truth, load, since).check,
    }
    for name, check in checks.items():
        look = Look(console)
        pane = look.panes[name]
        look.panes[name] = PaneText(falsified(pane.title), [falsified(line) for line in pane.lines])
        check(look)
        assert len(look.problems) >= LEAST[name] - 2, (name, look.problems)


def falsified(line: str) -> str:
    """A line with every digit another one; its columns stay where they are."""
    return line.translate(str.maketrans("0123456789", "4567890123"))


def test_what_is_wrong_is_told_at_every_size(console: Terminal, load: Load) -> None:
    text = console.text
    for name in ("crasher", "greedy", "sick"):
        assert name in text
    root = load.postgres.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'root'")
    assert f"{root} blocks 2" in text
