"""What the system pane puts before its reader, at every size it may get."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.collector import Collector, Feed
from console.config import Config, Limits
from console.errors import Unreachable
from console.findings import Severity
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Focus, Reading
from console.sources.system.host import (
    CpuShares,
    Device,
    FileSystem,
    Interface,
    OomKills,
    Pressure,
    Process,
    ProcessCounts,
    Swap,
    SystemSnapshot,
    Temperature,
)
from console.sources.system.proc import Stall
from console.sources.system.source import SystemSource
from console.text import clean
from tests.console.sources.calm_host import CALM, ROOT, G
from tests.copies import replace
from widgets.draw import ROLES, Line, line_width
from widgets.pane import Context, View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.system.pane import SystemPane
from widgets.panes.system.processes import tree
from widgets.plot import draw_plot
from widgets.table import draw_row, layout, small_table

NOW = 1000.0
TIME = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIZES = [(36, 2), (80, 3), (80, 4), (56, 5), (36, 8), (56, 11), (49, 22), (56, 33), (158, 46), (230, 60)]
PANE = SystemPane()
BURNING = CpuShares("cpu", 0.9, 0.0, 0.09, 0.0, 0.0, 0.0, 0.01)


def process(pid: int, cpu: float = 0.0, ppid: int = 1, command: str = "", **changes: Any) -> Process:
    """A process of this id."""
    command = command or f"/usr/bin/program-{pid} --serve"
    started = TIME - timedelta(hours=1)
    name = f"program-{pid}"
    made = Process(pid, ppid, "www", "S", name, command, False, 0, 2, started, cpu, 9.0, pid << 20)
    return replace(made, **changes)


BUSY = replace(
    CALM,
    swap=Swap(4 * G, G, 2048.0, 0.0),
    pressures=tuple(Pressure(name, Stall(0.02, 0.01, 0.0, 5.0), None) for name in ("cpu", "memory", "io")),
    filesystems=(
        ROOT,
        FileSystem("/dev/vdb", "/var", "xfs", "254:16", 200 * G, 182 * G, 18 * G, 1000, 10),
        FileSystem("nas:/data", "/data", "nfs4", "0:40", silent_since=TIME),
        FileSystem("/dev/sr0", "/media", "ext4", "11:0", G, G, 0, 10, 0, readonly=True),
    ),
    devices=(Device("vda", "254:0", "vda", 2e6, 1e6, 20.0, 10.0, 0.002, 0.0001, 0.4, 1.5),),
    interfaces=(
        Interface("eth0", "physical", 2.2e6, 3e5, 900.0, 800.0, 0.0, 0.0, 1.0, 0.0, 10**9, 10**8, 0, 7),
        Interface("lo", "loopback", 9e6, 9e6, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1, 1, 0, 0),
    ),
    temperatures=(Temperature("nvme temp1", 71.0),),
    processes=(
        process(4711, 0.98),
        process(12, 0.02, ppid=4711),
        process(1, 0.0, ppid=0, command="init"),
        process(2, 0.0, ppid=0, command="[kthreadd]", kernel=True),
    ),
    complete=True,
    counts=ProcessCounts(4, 8, 1, 0, 0, 0),
)
"""A host with something of everything; /var is at 91 %, its inodes at 99 %, /data does not answer."""


def context(value: SystemSnapshot, history: History | None = None) -> Context:
    """What the pane would be given for this snapshot."""
    source = SystemSource()
    found = tuple(source.judge(value))
    reading = Reading("system", TIME, NOW, 0.01, value, None, found)
    feed: Feed = Feed(source, reading, reading)
    return Context(feed, history or History(), Config(), NOW, TIME)


@pytest.mark.parametrize("height", [4, 8, 30])
def test_a_failure_is_told_once(height: int) -> None:
    """Above the body, whose few lines are for the host."""
    shown = context(BUSY)
    error = Unreachable("the kernel does not answer", "wait")
    shown.feed.reading = Reading("system", TIME, NOW, 0.01, None, error)
    shown.feed.failing_since = TIME
    drawn = text_of(draw_pane(PANE, shown, 60, height))
    assert drawn.count("the kernel does not answer") == 1


def text_of(lines: Iterable[Line]) -> str:
    """What a reader would see, without colours."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def body(value: SystemSnapshot, width: int, height: int, history: History | None = None) -> str:
    """The pane's body as text, checked to be what a body must be."""
    lines = draw_pane(PANE, context(value, history), width, height)
    assert len(lines) <= height
    assert {role for line in lines for _, role in line} <= set(ROLES)
    return text_of(lines)


def view(name: str) -> View[Any]:
    """One of the zoomed views."""
    return next(view for view in PANE.views() if view.id == name)


def table(name: str, value: SystemSnapshot, width: int = 200) -> list[str]:
    """A zoomed view's rows as lines of text, header first."""
    found = view(name)
    lines = small_table(found.columns, found.rows(context(value)), width, 50, found.severity)
    return text_of(lines).split("\n")


# -- the overview


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [CALM, BUSY], ids=["calm", "busy"])
def test_it_draws_at_every_size(value: SystemSnapshot, width: int, height: int) -> None:
    shown = body(value, width, height)
    assert len(shown.split("\n")) >= min(height, 6 if height >= 5 else 2)
    if value is CALM or height >= 8:  # what is wrong may take all of a few lines
        assert "cpu" in shown
        assert "mem" in shown


@pytest.mark.parametrize(("width", "height"), [size for size in SIZES if size[0] >= 49])
def test_lines_fit_where_there_is_room(width: int, height: int) -> None:
    lines = PANE.body(context(BUSY), width, height)
    too_wide = [text_of([line]) for line in lines if line_width(line) > width]
    assert too_wide == []


def test_a_calm_host_has_no_mark_and_no_colour_of_alarm() -> None:
    lines = PANE.body(context(CALM), 56, 22)
    assert not {"warn", "crit"} & {role for line in lines for _, role in line}
    assert not {"▲", "✖"} & set(text_of(lines))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_worst_stands_first_at_every_size(width: int, height: int) -> None:
    first, *_ = body(BUSY, width, height).split("\n")
    assert first.startswith("✖ ")
    assert "/data no answer since" in first or "/var 99% of inodes" in first


EVERYTHING = replace(
    BUSY,
    steady=BURNING,
    load=(9.0, 9.0, 9.0),
    oom=OomKills(3, 1, 5.0),
    counts=ProcessCounts(zombies=300, uninterruptible=60),
    pressures=tuple(Pressure(name, Stall(0.9, 0, 0, 0), None) for name in ("cpu", "memory", "io")),
)
"""A host with everything wrong at once."""


def test_processes_do_not_take_the_room_of_what_is_wrong() -> None:
    wrong = len(SystemSource().judge(EVERYTHING))
    lines = body(EVERYTHING, 56, wrong).split("\n")
    assert len([line for line in lines if "▲" in line or "✖" in line]) == wrong


def test_everything_wrong_is_shown_or_counted() -> None:
    everything = EVERYTHING
    wrong = len(SystemSource().judge(everything))
    for width, height in SIZES:
        shown = body(everything, width, height).split("\n")
        marked = sum(1 for line in shown if "▲" in line or "✖" in line)
        (more,) = [line for line in shown if line.startswith("+")] or ["+0 "]
        if height >= 5:  # below, one line may tell of several
            assert marked + int(more[1:].split()[0]) == wrong
        assert marked or more != "+0 "


def test_a_full_disk_is_on_top_with_its_limit_on_the_meter() -> None:
    full = replace(CALM, filesystems=(ROOT, replace(ROOT, mount="/var", used=96 * G, available=4 * G)))
    first, second, *_ = body(full, 80, 11).split("\n")
    assert first.startswith("disk ✖  96% ━")
    assert "┿" in first
    assert "/var" in first
    assert first.rstrip().endswith("4.0G free")
    assert second.startswith("cpu")


def test_a_read_only_disk_is_not_among_the_fullest() -> None:
    assert "/media" not in body(BUSY, 80, 40)


def test_rates_leave_lo_out() -> None:
    shown = body(BUSY, 80, 22)
    (net,) = [line for line in shown.split("\n") if line.startswith("net")]
    assert "2.1M/s" in net
    assert "293K/s" in net


def test_the_busiest_processes_fill_the_room_that_is_left() -> None:
    lines = body(BUSY, 80, 30).split("\n")
    header = next(index for index, line in enumerate(lines) if "COMMAND" in line)
    assert "4711  98%" in lines[header + 1]
    assert "program-4711 --serve" in lines[header + 1]
    assert "/usr/bin" not in "".join(lines)
    assert not any("kthreadd" in line for line in lines)  # an idle thread of the kernel is no news


def test_few_lines_name_the_busiest_processes() -> None:
    value = replace(BUSY, filesystems=(ROOT,))
    assert "top  program-4711 98%  program-12 2.0%" in body(value, 80, 4)


@pytest.mark.parametrize("cores", [1, 16, 17, 64, 768])
def test_every_core_or_the_busiest_of_its_neighbours_has_a_bar(cores: int) -> None:
    idle = [CpuShares(f"cpu{i}", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0) for i in range(cores)]
    idle[cores // 2] = replace(BURNING, name=f"cpu{cores // 2}")
    shown = body(replace(CALM, cores=tuple(idle)), 56, 22)
    lines = [line for line in shown.split("\n") if "▁" in line or "▆" in line]
    assert sum(line.count("▆") for line in lines) == 1
    bars = sum(line.count("▁") + line.count("▆") for line in lines)
    assert bars == cores if cores <= 64 else cores / 16 < bars <= 100


def test_swap_and_temperature_only_where_there_are_any() -> None:
    assert "swap" not in body(CALM, 80, 30)
    assert "temp" not in body(CALM, 80, 30)
    shown = body(BUSY, 80, 40)
    assert "in 2.0K/s out 0B/s" in shown
    assert "71 °C nvme temp1" in shown


def test_the_last_two_minutes_are_beside_the_meters() -> None:
    history = History()
    for second in range(120):
        history.add(NOW - 120 + second, [Sample("opsconsole_cpu_ratio", 1.0 if second > 60 else 0.1)])
    (line,) = [line for line in body(CALM, 100, 22, history).split("\n") if line.startswith("cpu")]
    past = line.partition("┼")[2].partition("iowait")[0].strip("─ ")
    assert set(past[: len(past) // 3]) == {"▂"}
    assert set(past[-len(past) // 3 :]) == {"▆"}


def test_the_title_has_cores_memory_uptime_and_what_is_wrong() -> None:
    title = text_of([tuple(title_spans(PANE, context(BUSY), 1))])
    assert "2 cores  16.0G  up 16m40s" in title
    assert "✖ 2" in title


# -- the zoomed views


def test_every_view_has_rows_that_fit_its_columns_and_plots_that_draw() -> None:
    now = context(BUSY)
    for each in PANE.views():
        rows = each.rows(now)
        assert rows, each.id
        assert len({each.key(row) for row in rows}) == len(rows), each.id
        for width in (60, 120, 230):
            widths = layout(each.columns, width)
            for row in rows:
                assert line_width(draw_row(widths, row)) <= width, each.id
        for column in each.columns:
            sorted(rows, key=column.sort_key)
        for plot in each.plots:
            assert draw_plot(plot.spec, plot.curves(now, 120.0), 60, 8, NOW, 120.0)
        if each.detail is not None:
            assert each.detail(rows[0], now, 80)
        if each.note is not None:
            assert clean(each.note(now)) == each.note(now)


def test_the_tables_show_what_the_snapshot_holds() -> None:
    (core,) = [line for line in table("cpu", BUSY) if line.split()[0] == "all"]
    assert core.split()[1] == "10%"
    disks = table("disks", BUSY)
    wrong = [line for line in disks if line.startswith("✖")]
    assert "/data" in wrong[0]
    assert "no answer since" in wrong[0]
    assert "/var" in wrong[1]
    assert "99%" in wrong[1]
    assert any("read-only" in line and "/media" in line for line in disks)
    (vda,) = [line for line in table("devices", BUSY) if "vda" in line]
    assert vda.split()[1:8] == ["1.9M", "977K", "20", "10", "2ms", "<1ms", "40%"]
    eth0 = next(line for line in table("network", BUSY) if "eth0" in line)
    assert eth0.split()[1:9] == ["physical", "2.1M", "293K", "900", "800", "0", "1", "0"]
    pressure = "\n".join(table("pressure", BUSY))
    assert "memory some" in pressure
    assert "71 °C" in pressure
    assert "db-eu-1" in "\n".join(table("host", BUSY))


@pytest.mark.parametrize(
    ("share", "severity", "limit"), [(0.3, Severity.WARNING, "20%"), (0.6, Severity.CRITICAL, "50%")]
)
def test_the_limit_shown_is_the_one_that_was_crossed(share: float, severity: Severity, limit: str) -> None:
    stalled = replace(BUSY, pressures=(Pressure("memory", Stall(share, 0, 0, 0), None),))
    row = next(row for row in view("pressure").rows(context(stalled)) if row.name == "memory some")
    assert (row.severity, row.limit) == (severity, limit)


def test_pressure_that_is_not_measured_is_said_so() -> None:
    note = view("pressure").note
    assert note is not None
    assert "psi=1" in note(context(CALM))
    assert note(context(BUSY)) == ""


def test_processes_stand_by_cpu_with_their_whole_command_line() -> None:
    shown = view("processes")
    rows = shown.rows(context(BUSY))
    assert shown.sort == "cpu"
    assert [row.pid for row in rows] == [4711, 12, 1, 2]
    assert "/usr/bin/program-4711 --serve" in table("processes", BUSY)[1]


def test_the_tree_has_children_below_their_parents() -> None:
    processes = [
        process(5, ppid=1),
        process(1, ppid=0),
        process(7, ppid=5),
        process(6, ppid=1),
        process(9, ppid=99),
    ]
    branches = tree(processes)
    assert [(branch.process.pid, branch.indent) for branch in branches] == [
        (1, ""), (5, "├─ "), (7, "│  └─ "), (6, "└─ "), (9, ""),
    ]  # fmt: skip


def test_a_tree_without_roots_or_very_deep_still_has_everybody() -> None:
    ring = [process(5, ppid=6), process(6, ppid=5)]
    assert sorted(branch.process.pid for branch in tree(ring)) == [5, 6]
    chain = [process(pid, ppid=pid - 1) for pid in range(1, 3000)]
    branches = tree(chain)
    assert len(branches) == 2999
    assert max(len(branch.indent) for branch in branches) < 45


def test_details_of_a_process_name_parent_and_children() -> None:
    shown = view("processes")
    assert shown.detail is not None
    lines = text_of(shown.detail(BUSY.processes[0], context(BUSY), 60))
    assert "parent    1  init" in lines
    assert "98% of a core" in lines
    assert "1h00m ago" in lines
    assert "children  1" in lines
    assert "/usr/bin/program-12 --serve" in lines


def test_details_of_a_disk_carry_the_hint() -> None:
    shown = view("disks")
    assert shown.detail is not None
    row = next(row for row in shown.rows(context(BUSY)) if row.disk.mount == "/var")
    lines = text_of(shown.detail(row, context(BUSY), 60))
    assert "99% of inodes used (limit 95%)" in lines
    assert "du --inodes" in lines


def test_plots_follow_the_devices_that_move_most() -> None:
    history = History()
    for second in range(100, 0, -1):
        where = labels(device="vda")
        history.add(NOW - second, [Sample("opsconsole_disk_read_bytes_per_second", 5.0, where)])
    plot = view("devices").plots[0]
    (curve,) = plot.curves(context(BUSY, history), 60.0)
    assert curve.name == "vda"
    assert 59 <= len(curve.points) <= 61


# -- the real host, and what importing costs


async def test_this_very_host_draws_in_every_view() -> None:
    collector = Collector([SystemSource(Limits())])
    await collector.once(Focus.FULL)
    now = Context(
        collector.feeds["system"],
        collector.history,
        Config(),
        collector.clock.monotonic(),
        collector.clock.now(),
    )
    await collector.stop()
    assert now.snapshot.complete
    for width, height in SIZES:
        assert draw_pane(PANE, now, width, height)
    for each in PANE.views():
        rows: Sequence[Any] = each.rows(now)
        assert len(rows) >= 1 or each.id in ("devices", "network"), each.id
        small_table(each.columns, rows, 160, 40, each.severity)


def test_the_pane_loads_no_source() -> None:
    script = (
        "import sys, widgets.panes.system.pane as s; s.SystemPane().views();"
        "print([m for m in sys.modules if m.startswith(('console.sources.', 'psutil'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['console.sources.base']"
