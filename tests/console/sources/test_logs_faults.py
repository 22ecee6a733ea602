"""The log source under what hurts: floods, endless lines, hostile bytes, engines that freeze or die."""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import threading
import time
import unicodedata
from pathlib import Path

import pytest

from console.sources.base import Focus
from console.sources.logs import containers as container_logs
from console.sources.logs.containers import ContainerLog, ContainerLogs
from tests.console.sources.following import following
from tests.console.sources.smooth import watched
from tests.faults.logs import copytruncated, megabytes, rotated
from tests.patience import BUSY, PATIENCE
from tests.servers.dockerd import Dockerd


@pytest.mark.parametrize("ended", [True, False], ids=["with-newline", "without"])
async def test_a_hundred_lines_of_a_megabyte(tmp_path: Path, ended: bool) -> None:
    result = await megabytes(tmp_path, 100, ended=ended, busy=BUSY)
    assert result.passes, result


async def test_lines_of_a_log_that_is_rotated_are_all_shown_once_and_in_order(tmp_path: Path) -> None:
    result = await rotated(tmp_path, 20_000, 10)
    assert result.passes, result


async def test_a_log_that_is_copied_and_truncated_doubles_nothing_and_shows_its_gaps(tmp_path: Path) -> None:
    result = await copytruncated(tmp_path, 20_000, 10)
    assert result.passes, result


HOSTILE = [
    b"\x1b]0;title\x07", b"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", b"\x1b]52;c;ZXZpbA==\x07",
    b"\x1b[2J\x1b[1;1H", b"\x1bP1$r0m\x1b\\", b"\x9b31m", b"\xc2\x9b31m", b"\x00\x01\x02\x7f",
    b"ok\rEVIL", b"[/", b"[@click=app.quit]x[/]", b"\xff\xfe\xc3\x28", "\u202eevil\u2066".encode(),
    b"\x1b", b"\x1b[", b"\x1b]", "\u200b\ufeff\u2028\u2029".encode(), b"\xed\xa0\x80", b"%s%n{0}",
    b"\x0e\x0f\x1b(0lqk\x1b(B", b"\x1bc", b"\x1b#8", b"\xf4\x90\x80\x80", "\U000e0041".encode(),
]  # fmt: skip


async def test_ten_thousand_hostile_lines_leave_nothing_but_printable_text(tmp_path: Path) -> None:
    path, dice = tmp_path / "app\x1b[31m.log", random.Random(7)
    path.touch()
    lines = [
        b"".join(dice.choice(HOSTILE) for _ in range(dice.randint(1, 6)))
        + dice.randbytes(dice.randint(0, 20))
        for _ in range(10_000)
    ]
    data = b"\n".join(line.replace(b"\n", b"") for line in lines) + b"\n"
    async with following(path) as logs:
        await logs.poll()
        path.write_bytes(data)
        snapshot = await logs.until(lambda _: len(logs.lines) == 10_000)
    shown = "".join(logs.texts)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(char in shown for char in "\x1b\x9b\x07\x00\r\u202e\u2066\u200b\ufeff\U000e0041")
    assert "okEVIL" not in shown
    assert all(origin.name.isprintable() and origin.where.isprintable() for origin in snapshot.origins)


async def test_a_flood_is_taken_without_holding_up_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    line = "2025-11-20 22:44:01,123 INFO worker handled request id=%d path=/api/v1/things/42 in 12 ms\n"
    block = "".join(line % n for n in range(2000))
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with path.open("a") as log:
            while not stop.wait(0.05):  # 40,000 lines a second
                log.write(block)
                log.flush()
                written += 2000

    async with following(path) as logs:
        await logs.poll()
        thread = threading.Thread(target=write)
        async with watched() as watch:
            thread.start()
            taken, end = 0, time.monotonic() + 4.0
            while time.monotonic() < end:
                taken += (await logs.source.poll(Focus.GLANCE)).taken
                await asyncio.sleep(0.2)
            stop.set()
            await asyncio.to_thread(thread.join)
        end = time.monotonic() + PATIENCE
        while taken < written:  # how much it takes in a second is measured by the bench
            assert time.monotonic() < end, (taken, written)
            taken += (await logs.poll()).taken
        assert taken == written
        watch.assert_smooth()


async def test_a_frozen_engine_stops_no_file_and_is_followed_again(
    tmp_path: Path, own_dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "RETRY", 0.5)
    path = tmp_path / "app.log"
    path.touch()
    engine = ContainerLogs(own_dockerd.host, "", {})
    own_dockerd.run("first", "sh", "-c", "while :; do echo tick; sleep 0.1; done")
    async with following(path, engines=[engine]) as logs:
        await logs.until(lambda _: any(line.source == "first" for line in logs.lines))
        own_dockerd.freeze()
        try:
            took = []
            for number in range(6):
                with path.open("a") as log:
                    log.write(f"frozen {number}\n")
                logs.source._next_engines = 0.0  # ask at every poll
                before = time.monotonic()
                await logs.poll()
                took.append(time.monotonic() - before)
                assert f"frozen {number}" in logs.texts
            assert statistics.median(took) < 1.5  # a machine stands still now and then, not every time
        finally:
            own_dockerd.thaw()
        own_dockerd.run("second", "sh", "-c", "echo after the frost; sleep 1000")
        await logs.until(lambda _: "after the frost" in logs.texts)


async def test_an_engine_that_was_frozen_from_the_start_is_told(
    tmp_path: Path, own_dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "RETRY", 0.5)
    path = tmp_path / "app.log"
    path.write_text("a line\n")
    own_dockerd.freeze()
    try:
        async with following(path, engines=[ContainerLogs(own_dockerd.host, "", {})]) as logs:
            # at the first look already: `status` takes no more than two
            assert (await logs.poll()).limited == ("no container logs: the engine does not answer",)
            own_dockerd.thaw()
            await logs.until(lambda last: not last.limited)
    finally:
        own_dockerd.thaw()


async def test_what_a_slow_engine_told_too_late_is_followed_at_the_next_look(
    tmp_path: Path, own_dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not at the next full list, a minute later."""
    path = tmp_path / "app.log"
    path.write_text("a line\n")
    own_dockerd.run("late", "sh", "-c", "echo told too late; sleep 1000")
    await asyncio.sleep(1.5)  # of what began within a second events tell once more
    slow = threading.Event()

    class Slow(ContainerLogs):
        def look(self, *, again: bool = False) -> list[ContainerLog] | None:
            found = super().look(again=again)
            slow.wait(PATIENCE)
            return found

    async with following(path, engines=[Slow(own_dockerd.host, "", {})]) as logs:
        assert (await logs.poll()).limited == ("no logs of containers that come: the engine does not answer",)
        slow.set()
        await logs.until(lambda _: "told too late" in logs.texts)


async def test_an_engine_that_dies_is_followed_again(
    own_dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "RETRY", 0.2)
    monkeypatch.setattr(container_logs, "_readable", lambda _: False)  # by the API alone
    engine = ContainerLogs(own_dockerd.host, "", {})
    own_dockerd.run("first", "sh", "-c", "echo begun; sleep 1000")
    async with following(engines=[engine]) as logs:
        await logs.until(lambda _: "begun" in logs.texts)
        own_dockerd.kill()
        snapshot = await logs.until(lambda s: bool(s.limited))
        assert "container logs" in snapshot.limited[0]
        own_dockerd.start()
        with contextlib.suppress(AssertionError):
            own_dockerd.cli("start", "first")
        own_dockerd.run("second", "sh", "-c", "echo after the crash; sleep 1000")
        await logs.until(lambda _: "after the crash" in logs.texts)
        assert not (await logs.poll()).limited
    until = time.monotonic() + PATIENCE
    while any(thread.name.startswith("log ") for thread in threading.enumerate()):
        assert time.monotonic() < until, [thread.name for thread in threading.enumerate()]
        await asyncio.sleep(0.05)
