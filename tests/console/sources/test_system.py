"""The host source on this very host, against what other programs say of it at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from console.errors import NotFound
from console.findings import Severity
from console.sources.base import Focus
from console.sources.system import source as system
from console.sources.system.host import SystemSnapshot
from console.sources.system.proc import PAGE
from console.sources.system.processes import Details, Detective, Wanted
from console.sources.system.source import SystemSource
from tests.patience import PATIENCE
from tests.pty.sequences import misleading

BURN = "import sys\nprint(flush=True)\nwhile True: pass\n"


@contextlib.contextmanager
def started(arguments: list[str], ready: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A process while the test needs it; `ready` waits for the first line it prints."""
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        if ready:
            assert child.stdout is not None
            child.stdout.readline()
        yield child
        child.kill()


@pytest.fixture
async def source() -> AsyncIterator[SystemSource]:
    source = SystemSource()
    yield source
    await source.close()


@pytest.fixture
def burner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that keeps one core busy."""
    with started([sys.executable, "-S", "-c", BURN], ready=True) as child:
        yield child


async def test_the_first_poll_has_everything(source: SystemSource) -> None:
    snapshot = await source.poll(Focus.GLANCE)
    assert math.isfinite(snapshot.cpu.busy)
    assert len(snapshot.cores) == psutil.cpu_count()
    assert snapshot.processes
    assert all(math.isfinite(process.cpu) for process in snapshot.processes)
    assert "/" in {disk.mount for disk in snapshot.filesystems}
    assert system.FIRST_DELTA * 0.9 < snapshot.interval < PATIENCE


async def test_memory_load_and_boot_agree_with_psutil(source: SystemSource) -> None:
    loads = [os.getloadavg()]
    snapshot = await source.poll(Focus.HIDDEN)
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    loads.append(os.getloadavg())
    assert snapshot.memory.total == memory.total
    slack = memory.total * 0.02
    assert snapshot.memory.available == pytest.approx(memory.available, abs=slack)
    assert snapshot.memory.used_ratio == pytest.approx(memory.percent / 100, abs=0.02)
    assert snapshot.memory.buffers == pytest.approx(memory.buffers, abs=slack)
    assert snapshot.memory.cached == pytest.approx(memory.cached, abs=slack)
    assert snapshot.memory.shared == pytest.approx(memory.shared, abs=slack)
    assert snapshot.swap.total == swap.total
    assert snapshot.swap.used == pytest.approx(swap.used, abs=slack)
    for mine, before, after in zip(snapshot.load, *loads, strict=True):
        assert min(before, after) - 0.01 <= mine <= max(before, after) + 0.01
    assert snapshot.boot_time.timestamp() == pytest.approx(psutil.boot_time(), abs=1.0)
    assert snapshot.uptime == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=1.0)
    assert snapshot.hostname == socket.gethostname()
    assert os.uname().release in snapshot.kernel


async def test_cpu_shares_agree_with_psutil_while_a_core_burns(
    source: SystemSource, burner: subprocess.Popen[bytes]
) -> None:
    known = psutil.Process(burner.pid)

    def spent() -> tuple[list[Any], float]:
        """Each core's seconds, and those of the process that burns."""
        return [psutil.cpu_times(), *psutil.cpu_times(percpu=True)], sum(known.cpu_times()[:2])

    outer = spent()
    await source.poll(Focus.HIDDEN)
    inner = spent()
    await asyncio.sleep(0.7)
    least = spent()
    snapshot = await source.poll(Focus.HIDDEN)
    most = spent()
    shown = [snapshot.cpu, *snapshot.cores]
    passed = []
    for core, first, second, third, last in zip(shown, outer[0], inner[0], least[0], most[0], strict=True):
        # it looked at some moment of either poll, and a machine may stand still in any of them
        shortest, longest = sum(third[:8]) - sum(second[:8]), sum(last[:8]) - sum(first[:8])
        passed.append(longest)
        for name in ("user", "system", "iowait", "idle", "steal"):
            low = (getattr(third, name) - getattr(second, name)) / longest
            high = (getattr(last, name) - getattr(first, name)) / shortest
            assert low - 0.05 <= getattr(core, name) <= high + 0.05, (core, name)
    assert snapshot.cpu.busy >= (least[1] - inner[1]) / passed[0] - 0.05
    shares = [getattr(snapshot.cpu, name) for name in
              ("user", "nice", "system", "iowait", "irq", "steal", "idle")]  # fmt: skip
    assert sum(shares) == pytest.approx(1.0)


async def test_a_burning_process_is_at_the_top_with_what_ps_says_of_it(
    source: SystemSource, burner: subprocess.Popen[bytes]
) -> None:
    known = psutil.Process(burner.pid)

    def spent() -> tuple[float, float]:
        return sum(known.cpu_times()[:2]), time.monotonic()

    outer = spent()
    await source.poll(Focus.FULL)
    inner = spent()
    await asyncio.sleep(0.8)
    least = [later - before for before, later in zip(inner, spent(), strict=True)]
    snapshot = await source.poll(Focus.FULL)
    most = [later - before for before, later in zip(outer, spent(), strict=True)]
    (place,) = [n for n, process in enumerate(snapshot.processes) if process.pid == burner.pid]
    row = snapshot.processes[place]
    assert all(other.cpu >= row.cpu for other in snapshot.processes[:place])  # others may burn as well
    # it looked at some moment of either poll
    assert least[0] / most[1] - 0.05 <= row.cpu <= most[0] / least[1] + 0.05
    assert row.cpu > 0.01
    assert row.command == " ".join(known.cmdline()).replace("\n", " ")
    assert row.user == known.username()
    assert row.ppid == os.getpid()
    assert row.rss == pytest.approx(known.memory_info().rss, abs=1 << 20)
    assert row.threads == 1
    assert row.started.timestamp() == pytest.approx(known.create_time(), abs=1.1)
    assert row.read_rate == row.write_rate == 0.0


async def test_full_focus_has_every_process_and_a_glance_the_top_ones(source: SystemSource) -> None:
    glance = await source.poll(Focus.GLANCE)
    assert not glance.complete
    assert len(glance.processes) <= 30
    before = set(psutil.pids())
    await asyncio.sleep(system.SCANS[Focus.FULL])  # or the scan of a moment ago would do
    full = await source.poll(Focus.FULL)
    assert full.complete
    assert {process.pid for process in full.processes} >= before & set(psutil.pids())
    assert full.counts.total == len(full.processes)
    cpu = [process.cpu for process in full.processes]
    assert cpu == sorted(cpu, reverse=True)
    assert not (await source.poll(Focus.GLANCE)).complete


async def test_processes_are_scanned_as_often_as_the_focus_deserves(
    source: SystemSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(system.SCANS, Focus.GLANCE, 60.0)
    first = await source.poll(Focus.GLANCE)
    with started(["sleep", "60"]) as child:
        assert (await source.poll(Focus.GLANCE)).processes is first.processes
        await asyncio.sleep(system.SCANS[Focus.FULL])
        full = await source.poll(Focus.FULL)
    assert child.pid in {process.pid for process in full.processes}


async def test_bytes_over_an_interface_are_counted_apart_for_lo(source: SystemSource) -> None:
    outer = psutil.net_io_counters(pernic=True)["lo"]
    await source.poll(Focus.HIDDEN)
    inner = psutil.net_io_counters(pernic=True)["lo"]
    _send_over_lo(8 << 20)
    await asyncio.sleep(system.SHORTEST_DELTA)
    before = psutil.net_io_counters(pernic=True)["lo"]
    snapshot = await source.poll(Focus.HIDDEN)
    after = psutil.net_io_counters(pernic=True)["lo"]
    lo = next(interface for interface in snapshot.interfaces if interface.name == "lo")
    received = lo.rx_rate * snapshot.interval
    assert received >= 8 << 20
    # it looked at some moment of either poll
    assert before.bytes_recv - inner.bytes_recv - 1 <= received <= after.bytes_recv - outer.bytes_recv + 1
    assert lo.kind == "loopback"
    assert snapshot.network[0] < lo.rx_rate  # what never left the host is not in the sum
    assert before.bytes_sent <= lo.tx_bytes_total <= after.bytes_sent


def _send_over_lo(size: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        receiver, _ = server.accept()
        sender = threading.Thread(target=client.sendall, args=(bytes(size),))
        sender.start()
        while size:
            size -= len(receiver.recv(1 << 20))
        sender.join()
        receiver.close()


async def test_bytes_written_to_a_device_agree_with_psutil(source: SystemSource, tmp_path: Path) -> None:
    outer = psutil.disk_io_counters(perdisk=True)
    await source.poll(Focus.HIDDEN)
    inner = psutil.disk_io_counters(perdisk=True)
    descriptor = os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
    for _ in range(16):
        os.write(descriptor, bytes(1 << 20))
    os.close(descriptor)
    await asyncio.sleep(system.SHORTEST_DELTA)
    before = psutil.disk_io_counters(perdisk=True)
    snapshot = await source.poll(Focus.HIDDEN)
    after = psutil.disk_io_counters(perdisk=True)
    for device in snapshot.devices:  # it looked at some moment of either poll
        least = before[device.name].write_bytes - inner[device.name].write_bytes
        most = after[device.name].write_bytes - outer[device.name].write_bytes
        assert least - 4096 <= device.write_rate * snapshot.interval <= most + 4096, device.name
        assert 0 <= device.utilisation <= 1
        if device.writes:
            assert 0 <= device.write_latency < 10
    where = os.stat(tmp_path).st_dev
    mine = [d for d in snapshot.devices if d.number == f"{os.major(where)}:{os.minor(where)}"]
    assert all(device.write_rate * snapshot.interval >= 16 << 20 for device in mine)


async def test_what_the_console_itself_costs(source: SystemSource) -> None:
    def spent() -> tuple[float, float]:
        return time.process_time(), time.monotonic()

    outer = spent()
    await source.poll(Focus.HIDDEN)
    inner = spent()
    while time.process_time() - inner[0] < 0.3:
        sum(range(1000))
    await asyncio.sleep(max(0.0, system.SHORTEST_DELTA - (time.monotonic() - inner[1])))
    least = [later - before for before, later in zip(inner, spent(), strict=True)]
    own = (await source.poll(Focus.HIDDEN)).own
    most = [later - before for before, later in zip(outer, spent(), strict=True)]
    known = psutil.Process()
    assert least[0] / most[1] - 0.05 <= own.cpu <= most[0] / least[1] + 0.05  # at some moment of either poll
    assert own.rss == pytest.approx(known.memory_info().rss, rel=0.1)
    assert own.pss == pytest.approx(known.memory_full_info().pss, rel=0.15)
    assert own.threads == pytest.approx(known.num_threads(), abs=2)


async def test_zombies_are_counted_with_their_parent_and_found(source: SystemSource) -> None:
    # more than tests leave behind whose loop ended before their children did
    script = (
        "import os,sys\nfor _ in range(250):\n    if os.fork() == 0: os._exit(0)\n"
        "import time; time.sleep(0.1); print(flush=True); sys.stdin.read()\n"
    )
    with started([sys.executable, "-S", "-c", script], ready=True) as parent:
        snapshot = await source.poll(Focus.GLANCE)
    assert snapshot.counts.zombies >= 250
    assert snapshot.counts.negligent.endswith(f"({parent.pid})")
    (finding,) = [found for found in source.judge(snapshot) if found.subject == "zombies"]
    assert str(parent.pid) in finding.hint


async def test_samples_carry_node_exporter_s_names_labels_and_units(source: SystemSource) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:  # nothing may have used it since the start
        plug.sendto(b"x" * 100, ("127.0.0.1", 9))
    snapshot = await source.poll(Focus.GLANCE)
    by_key = {(sample.name, sample.labels): sample.value for sample in source.samples(snapshot)}
    times = psutil.cpu_times(percpu=True)
    assert by_key["node_cpu_seconds_total", (("cpu", "0"), ("mode", "user"))] == pytest.approx(
        times[0].user, abs=2.0
    )
    assert by_key["node_memory_MemTotal_bytes", ()] == psutil.virtual_memory().total
    assert by_key["node_boot_time_seconds", ()] == pytest.approx(psutil.boot_time(), abs=1)
    root = next(disk for disk in snapshot.filesystems if disk.mount == "/")
    where = (("device", root.device), ("fstype", root.fstype), ("mountpoint", "/"))
    assert by_key["node_filesystem_avail_bytes", where] == root.available
    assert by_key["node_filesystem_size_bytes", where] == psutil.disk_usage("/").total
    assert by_key["node_network_receive_bytes_total", (("device", "lo"),)] > 0
    assert by_key["opsconsole_cpu_ratio", ()] == snapshot.cpu.busy
    assert all(math.isfinite(value) for value in by_key.values())


async def test_counters_for_rules_are_not_repeated_at_every_poll(source: SystemSource) -> None:
    first = list(source.samples(await source.poll(Focus.GLANCE)))
    second = list(source.samples(await source.poll(Focus.GLANCE)))
    assert {"node_load1", "opsconsole_cpu_ratio"} <= {sample.name for sample in second}
    assert "node_cpu_seconds_total" in {sample.name for sample in first}
    assert "node_cpu_seconds_total" not in {sample.name for sample in second}


async def test_polls_in_quick_succession_keep_their_shares(source: SystemSource) -> None:
    """A refresh right after a poll compares with an older one instead of over a few milliseconds."""
    for _ in range(3):
        await source.poll(Focus.GLANCE)
        await asyncio.sleep(system.SHORTEST_DELTA)
    snapshot = await source.poll(Focus.GLANCE)
    again = await source.poll(Focus.GLANCE)
    assert snapshot.interval >= system.SHORTEST_DELTA
    assert again.interval >= system.SHORTEST_DELTA
    assert math.isfinite(again.cpu.busy)


class HostTree:
    """A /proc of another host: the least there is, as files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("net", "self", "pressure"):
            (root / name).mkdir()
        self.write("stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0\nbtime 5\n")
        self.write("loadavg", "0.10 0.20 0.30 1/100 99\n")
        self.write(
            "meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 300 kB\nShmem: 50 kB\n"
        )
        self.write("vmstat", "x 1\noom_kill 3\n")
        self.source = SystemSource(proc=str(root), sys=str(root / "sys"))

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[HostTree]:
    host = HostTree(tmp_path)
    yield host
    await host.source.close()


async def test_a_host_that_lacks_almost_everything_is_shown_with_what_it_has(other: HostTree) -> None:
    source = other.source
    snapshot = await source.poll(Focus.FULL)
    assert snapshot.pressures == ()
    assert (snapshot.devices, snapshot.interfaces, snapshot.temperatures) == ((), (), ())
    assert snapshot.processes == ()
    assert snapshot.memory.available == 360 * 1024  # estimated: this kernel does not say
    assert math.isnan(snapshot.swap.used_ratio)
    assert math.isnan(snapshot.cpu.busy)  # no tick has passed in it
    assert not any(math.isnan(sample.value) for sample in source.samples(snapshot))
    assert source.judge(snapshot) == []


async def test_steal_and_pressure_of_another_host(other: HostTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "STEADY_LEAST", 0.0)
    other.write("pressure/cpu", "some avg10=60.00 avg60=0.00 avg300=0.00 total=1\n")
    other.write("pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n")
    other.write("pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n")
    source = other.source
    await source.poll(Focus.HIDDEN)
    other.write("stat", "cpu  110 0 110 850 0 0 0 30 0 0\ncpu0 110 0 110 850 0 0 0 30 0 0\nbtime 5\n")
    snapshot = await source.poll(Focus.HIDDEN)
    assert snapshot.cpu.steal == pytest.approx(0.3)
    assert snapshot.cores[0].steal == pytest.approx(0.3)
    texts = [finding.text for finding in source.judge(snapshot)]
    assert texts == ["30% stolen (limit 30%)", "60% of 10 s stalled (limit 50%)"]


async def test_what_swaps_is_in_bytes_a_second(other: HostTree) -> None:
    meminfo = (other.root / "meminfo").read_text()
    other.write("meminfo", meminfo + "SwapTotal: 1000 kB\nSwapFree: 400 kB\n")
    other.write("vmstat", "x 1\npswpin 100\npswpout 1000\n")
    source = other.source
    await source.poll(Focus.HIDDEN)
    await asyncio.sleep(system.SHORTEST_DELTA)
    other.write("vmstat", "x 1\npswpin 140\npswpout 1010\n")
    snapshot = await source.poll(Focus.HIDDEN)
    assert snapshot.swap.used_ratio == pytest.approx(0.6)
    assert snapshot.swap.in_rate * snapshot.interval == pytest.approx(40 * PAGE)
    assert snapshot.swap.out_rate * snapshot.interval == pytest.approx(10 * PAGE)


async def test_an_out_of_memory_kill_while_we_look_is_a_finding(other: HostTree) -> None:
    source = other.source
    snapshot = await source.poll(Focus.HIDDEN)
    assert snapshot.oom.since_boot == 3
    assert source.judge(snapshot) == []  # what was killed before we came is history
    other.write("vmstat", "x 1\noom_kill 5\n")
    snapshot = await source.poll(Focus.HIDDEN)
    assert (snapshot.oom.since_boot, snapshot.oom.recent) == (5, 2)
    (finding,) = source.judge(snapshot)
    assert finding.severity is Severity.CRITICAL
    assert finding.text == "2 processes killed for want of memory, just now"


async def test_no_proc_is_not_found(tmp_path: Path) -> None:
    source = SystemSource(proc=str(tmp_path / "nowhere"))
    with pytest.raises(NotFound, match="no /proc to read"):
        await source.poll(Focus.GLANCE)
    await source.close()


async def test_a_process_that_does_not_give_its_command_line_holds_nobody_up(
    source: SystemSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    class Stuck(Detective):
        def find_out(self, wanted: list[Wanted]) -> dict[int, Details]:  # type: ignore[override]  # it is given lists
            self.asking = 4711
            released.wait(4 * PATIENCE)
            return super().find_out(wanted)

    monkeypatch.setattr(source, "_detective", Stuck())
    monkeypatch.setattr(system, "DETAILS_LIMIT", 0.05)
    try:
        snapshot = await source.poll(Focus.FULL)
        async with asyncio.timeout(PATIENCE):
            while "process 4711" not in " ".join(snapshot.limited):  # once a second turn has come to it
                snapshot = await source.poll(Focus.FULL)
                assert snapshot.processes
                assert all(row.command == f"[{row.name}]" for row in snapshot.processes)
    finally:
        released.set()
        monkeypatch.undo()
    async with asyncio.timeout(PATIENCE):
        # until the thread has come back, and has come to the last of them
        while snapshot.limited or not any(
            row.pid == os.getpid() and Path(row.command.split()[0]).name.startswith("py")
            for row in snapshot.processes
        ):
            snapshot = await source.poll(Focus.FULL)


async def test_a_slow_turn_blames_no_process(source: SystemSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes long over one process, then over another: neither is stuck."""

    class Slow(Detective):
        turns = 0
        come_back = threading.Event()

        def find_out(self, wanted: list[Wanted]) -> dict[int, Details]:  # type: ignore[override]  # it is given lists
            self.turns += 1
            self.asking = 4711 + self.turns
            self.come_back.wait(PATIENCE)
            self.come_back.clear()
            return {}

    slow = Slow()
    monkeypatch.setattr(source, "_detective", slow)
    monkeypatch.setattr(system, "DETAILS_LIMIT", 0.05)
    for turn in range(1, 4):
        async with asyncio.timeout(PATIENCE):
            while slow.turns < turn:
                assert "stuck" not in " ".join((await source.poll(Focus.FULL)).limited)
                slow.come_back.set()
                await asyncio.sleep(0.1)


async def test_closing_twice_leaves_no_thread_of_ours() -> None:
    source = SystemSource()
    await source.poll(Focus.FULL)
    await source.close()
    await source.close()
    ours = {"host counters", "process details", "file systems", "sensors"}
    for _ in range(100):
        if not ours & {thread.name for thread in threading.enumerate()}:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(threading.enumerate())


async def test_the_snapshot_holds_no_unprintable_text(source: SystemSource, tmp_path: Path) -> None:
    hostile = tmp_path / "\x1b]0;evil\x07\u202e"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", hostile)
    with started([str(hostile), "60"]) as child:
        snapshot = await source.poll(Focus.FULL)
    (row,) = [process for process in snapshot.processes if process.pid == child.pid]
    assert "evil" in row.command
    # the processes of other tests are among them, and what is odd in their arguments and harmless
    assert not any(misleading(text) for text in _texts(snapshot))


def _texts(snapshot: SystemSnapshot) -> Iterator[str]:
    for process in snapshot.processes:
        yield from (process.name, process.command, process.user, process.state)
    for disk in snapshot.filesystems:
        yield from (disk.device, disk.mount, disk.fstype, disk.error)
    yield from (device.label for device in snapshot.devices)
    yield from (interface.name for interface in snapshot.interfaces)
    yield from (snapshot.hostname, snapshot.kernel, *snapshot.limited)
