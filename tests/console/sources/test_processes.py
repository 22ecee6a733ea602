"""The process table, on scans made by hand and on real processes."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from console.sources.system.proc import PAGE, TICKS, ProcessTimes, list_processes
from console.sources.system.processes import Details, Detective, ProcessTable, Wanted
from tests.copies import replace

INIT = ProcessTimes(1, b"init", "S", 0, False, 1000, 0, 1, 10, 50 * PAGE)
BOOT = 1_700_000_000


def process(pid: int, ticks: int = 0, state: str = "S", ppid: int = 1, started: int = 500) -> ProcessTimes:
    return ProcessTimes(pid, b"p%d" % pid, state, ppid, False, ticks, 0, 2, started, pid * PAGE)


def test_cpu_is_the_share_of_one_core_between_two_scans() -> None:
    table = ProcessTable()
    table.update([INIT, process(7, ticks=100)], now=50.0, uptime=1000.0)
    (row,) = table.rows([7], BOOT)
    assert math.isnan(row.cpu)  # one scan says nothing
    table.update([INIT, process(7, ticks=100 + 3 * TICKS)], now=52.0, uptime=1002.0)
    first, second = table.rows(table.all(), BOOT)
    assert (first.pid, first.cpu, first.cpu_time) == (7, 1.5, 100 / TICKS + 3)
    assert second.cpu == 0.0


def test_a_process_born_between_two_scans_used_all_of_its_time_since() -> None:
    table = ProcessTable()
    table.update([INIT], now=0.0, uptime=100.0)
    young = process(8, ticks=TICKS, started=round(100.5 * TICKS))
    table.update([INIT, young], now=2.0, uptime=102.0)
    assert table.rows([8], BOOT)[0].cpu == 0.5


def test_an_old_process_that_was_missed_before_is_not_blamed_for_its_past() -> None:
    table = ProcessTable()
    table.update([INIT], now=0.0, uptime=100.0)
    table.update([INIT, process(8, ticks=5000, started=round(90 * TICKS))], now=2.0, uptime=102.0)
    assert math.isnan(table.rows([8], BOOT)[0].cpu)


def test_a_reused_process_id_is_another_process() -> None:
    table = ProcessTable()
    table.update([process(9, ticks=5000)], now=0.0, uptime=100.0)
    table.learn({9: Details("/old --arguments", "old")}, now=0.0)
    table.update([process(9, ticks=10, started=round(101 * TICKS))], now=2.0, uptime=102.0)
    (row,) = table.rows([9], BOOT)
    assert (row.command, row.user, row.cpu) == ("[p9]", "", 10 / TICKS / 2)


def test_a_row_in_which_nothing_changed_is_the_same_object() -> None:
    table = ProcessTable()
    table.update([INIT, process(7)], now=0.0, uptime=100.0)
    table.update([INIT, process(7)], now=1.0, uptime=101.0)
    before = table.rows([1, 7], BOOT)
    table.update([INIT, process(7)], now=2.0, uptime=102.0)
    rows = table.rows([1, 7], BOOT)
    assert before[0] is rows[0]
    table.update([INIT, process(7, state="D")], now=3.0, uptime=103.0)
    after = table.rows([1, 7], BOOT)
    assert after[0] is rows[0]
    assert after[1].state == "D"


def test_a_row_follows_the_clock_when_it_is_set() -> None:
    """Its start is what tells a process from another with its number, also for who is to end it."""
    table = ProcessTable()
    table.update([INIT], now=0.0, uptime=100.0)
    before = table.rows([1], BOOT)[0]
    after = table.rows([1], BOOT + 3600)[0]
    assert (after.started - before.started).total_seconds() == 3600


def test_counts_by_state_and_the_parent_of_the_zombies() -> None:
    table = ProcessTable()
    zombies = [process(pid, state="Z", ppid=40) for pid in (41, 42, 43)]
    others = [process(50, state="D"), process(51, state="R"), process(52, state="t")]
    table.update([INIT, process(40), *zombies, process(60, state="Z"), *others], now=0.0, uptime=9.0)
    counts = table.counts
    assert (counts.total, counts.zombies, counts.uninterruptible, counts.running, counts.stopped) == (
        9, 4, 1, 1, 1,
    )  # fmt: skip
    assert counts.negligent == "p40 (40)"
    assert counts.threads == 17


def test_the_top_is_the_busiest_and_the_largest() -> None:
    table = ProcessTable()
    table.update([process(pid) for pid in range(1, 101)], now=0.0, uptime=100.0)
    table.update(
        [process(pid, ticks=60 if pid == 3 else 90 if pid == 50 else 0) for pid in range(1, 101)],
        now=1.0,
        uptime=101.0,
    )
    top = table.top(by_cpu=2, by_memory=2)
    assert top[:2] == [50, 3]
    assert set(top[2:]) == {100, 99}


def test_bytes_are_rates_between_two_askings() -> None:
    table = ProcessTable()
    table.update([process(7)], now=0.0, uptime=100.0)
    table.learn({7: Details(io=(1000, 500))}, now=10.0)
    assert math.isnan(table.rows([7], BOOT)[0].read_rate)
    table.learn({7: Details(io=(3000, 500))}, now=12.0)
    row = table.rows([7], BOOT)[0]
    assert (row.read_rate, row.write_rate) == (1000.0, 0.0)
    table.forget_io()
    assert math.isnan(table.rows([7], BOOT)[0].read_rate)


def test_what_is_known_is_not_asked_again_until_it_may_have_changed() -> None:
    table = ProcessTable()
    kernel = replace_kernel(process(2))
    table.update([process(7), kernel], now=0.0, uptime=100.0)
    assert table.wanted([7, 2], now=0.0, io=False) == [Wanted(7, True, False)]
    table.learn({7: Details("seven", "root")}, now=0.0)
    assert table.wanted([7, 2], now=20.0, io=False) == []
    assert table.wanted([7, 2], now=20.0, io=True) == [Wanted(7, False, True)]
    assert table.wanted([7], now=31.0, io=False) == [Wanted(7, True, False)]
    table.learn({7: Details("seven", "root")}, now=31.0)
    table.update([process(7)._replace(name=b"exec")], now=32.0, uptime=132.0)
    assert table.wanted([7], now=32.0, io=False) == [Wanted(7, True, False)]


@pytest.mark.parametrize("denied", [False, True])
def test_where_a_turn_is_too_short_for_all_each_comes_to_its_own(denied: bool) -> None:
    table, scan = ProcessTable(), [process(pid, ticks=pid) for pid in range(1, 11)]
    asked: set[int] = set()
    for turn in range(1, 11):
        table.update(scan, now=float(turn), uptime=100.0 + turn)
        taken = table.wanted(table.all(), now=float(turn), io=True)[:2]
        table.learn(
            {one.pid: Details("x", "root", None if denied else (1, 1), denied) for one in taken}, float(turn)
        )
        if turn > 5:
            asked |= {one.pid for one in taken}
    assert all(row.command == "x" for row in table.rows(table.all(), BOOT)), "a command line was never asked"
    assert asked == {one.pid for one in scan}, "bytes were never asked again"


def replace_kernel(times: ProcessTimes) -> ProcessTimes:
    return times._replace(kernel=True)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a hostile argument that writes to disk, one MB at a time, for every line it gets."""
    script = (
        "import os,sys\nf=os.open(sys.argv[1], os.O_CREAT|os.O_WRONLY|os.O_SYNC)\nprint(flush=True)\n"
        "for _ in sys.stdin: os.pwrite(f, bytes(1 << 20), 0); print(flush=True)\n"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "out"), "\x1b]0;evil\x07\nline", ""]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.kill()


def test_details_of_a_real_process(child: subprocess.Popen[bytes]) -> None:
    detail = Detective().find_out([Wanted(child.pid, True, True)])[child.pid]
    known = psutil.Process(child.pid)
    assert detail.user == known.username()
    assert detail.command is not None
    assert detail.command.startswith(f"{sys.executable} -c import os,sys ")
    assert detail.command.endswith("\N{SYMBOL FOR ESCAPE}]0;evil\N{SYMBOL FOR BELL} line")
    assert detail.command.isprintable()
    before = known.io_counters()
    assert detail.io == (before.read_bytes, before.write_bytes)


def test_secrets_in_a_command_line_are_masked() -> None:
    secrets = ["--password", "hunter2 x", "redis://me:hunter2@h", "TOKEN=hunter2"]
    words = [sys.executable, "-c", "print(flush=True); input()", *secrets]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        command = Detective().find_out([Wanted(child.pid, True, False)])[child.pid].command
        child.kill()
    assert command is not None
    assert command.endswith(" --password *** redis://me:***@h TOKEN=***")


def test_bytes_written_agree_with_psutil(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    detective, table, known = Detective(), ProcessTable(), psutil.Process(child.pid)
    table.update(list_processes(), time.monotonic(), 0.0)
    table.learn(detective.find_out([Wanted(child.pid, True, True)]), now=0.0)
    before = known.io_counters().write_bytes
    for _ in range(4):
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
    table.learn(detective.find_out([Wanted(child.pid, True, True)]), now=2.0)
    written = known.io_counters().write_bytes - before
    (row,) = table.rows([child.pid], BOOT)
    assert row.write_rate == written / 2.0
    assert row.rss > 1 << 20


def test_processes_that_ended_are_passed_over() -> None:
    with subprocess.Popen(["/bin/true"]) as ended:
        ended.wait()
        assert Detective().find_out([Wanted(ended.pid, True, True)]) == {}


def test_an_unknown_user_is_shown_by_number(tmp_path: Path) -> None:
    directory = tmp_path / "77"
    directory.mkdir()
    (directory / "cmdline").write_bytes(b"worker: idle   \0\0\0")
    (directory / "status").write_bytes(b"Name:\tworker\nUid:\t1\t4123456\t1\t1\nGid:\t1\n")
    detail = Detective(str(tmp_path)).find_out([Wanted(77, True, False)])[77]
    assert (detail.command, detail.user, detail.io) == ("worker: idle", "4123456", None)


def test_bytes_that_may_not_be_read_are_denied_not_zero(tmp_path: Path) -> None:
    class Denied(Detective):
        def _read(self, path: str) -> bytes:
            raise PermissionError(path)

    detail = Denied(str(tmp_path)).find_out([Wanted(os.getpid(), False, True)])[os.getpid()]
    assert detail.denied
    assert detail.io is None
    assert replace(detail, denied=False) == Details()
