"""The parsers of /proc, on text of kernels that are not this one, and on this one's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psutil

from console.sources.system import proc

STAT = b"""cpu  400 10 200 9000 300 20 30 40 50 5
cpu0 100 5 100 4500 200 10 20 10 25 0
cpu2 300 5 100 4500 100 10 10 30 25 5
intr 99999 1 2 3 0 0 0
ctxt 123456
btime 1700000000
processes 4242
procs_running 3
procs_blocked 2
softirq 5555 1 2 3
"""


def test_stat_has_every_core_by_its_own_name_and_steal() -> None:
    stat = proc.parse_stat(STAT)
    assert stat.total == proc.CpuTimes("cpu", 400, 10, 200, 9000, 300, 20, 30, 40)
    assert [core.name for core in stat.cores] == ["cpu0", "cpu2"]  # cpu1 is offline
    assert [core.steal for core in stat.cores] == [10, 30]
    assert (stat.boot_time, stat.forks, stat.running, stat.blocked, stat.switches) == (
        1700000000, 4242, 3, 2, 123456,
    )  # fmt: skip


def test_stat_of_a_kernel_with_four_fields() -> None:
    stat = proc.parse_stat(b"cpu  400 10 200 9000\ncpu0 400 10 200 9000\nbtime 5\n")
    assert stat.total == proc.CpuTimes("cpu", 400, 10, 200, 9000)
    assert stat.cores[0].steal == 0


def test_meminfo_is_in_bytes_and_counts_stay_counts() -> None:
    sizes = proc.parse_meminfo(b"MemTotal:  1024 kB\nHugePages_Total:       7\n\n")
    assert sizes == {"MemTotal": 1024 * 1024, "HugePages_Total": 7}


def test_meminfo_of_this_host_agrees_with_psutil() -> None:
    assert proc.parse_meminfo(proc.read("/proc/meminfo"))["MemTotal"] == psutil.virtual_memory().total


def test_vmstat_finds_its_three_names_and_not_those_that_look_alike() -> None:
    text = b"nr_free_pages 1\npswpin_other 9\npswpin 12\npswpout 34\noom_kill 5\n"
    assert proc.parse_vmstat(text) == proc.VmStat(12, 34, 5)
    assert proc.parse_vmstat(b"nr_free_pages 1\npswpin 12\npswpout 34") == proc.VmStat(12, 34, None)
    assert proc.parse_vmstat(b"") == proc.VmStat(0, 0, None)


def test_pressure_in_shares_and_seconds() -> None:
    text = b"some avg10=12.50 avg60=3.00 avg300=0.25 total=1500000\n"
    assert proc.parse_pressure(text) == {"some": proc.Stall(0.125, 0.03, 0.0025, 1.5)}
    both = proc.parse_pressure(text + b"full avg10=1.00 avg60=0.00 avg300=0.00 total=0\n")
    assert both["full"] == proc.Stall(0.01, 0.0, 0.0, 0.0)


def test_diskstats_of_old_and_new_kernels_without_idle_devices() -> None:
    text = (
        b"   8       0 sda 100 0 2000 50 200 0 4000 70 0 80 120\n"
        b" 253       0 dm-0 1 0 8 1 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
        b"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        b"   8       1 sda1 5 6\n"  # partitions before Linux 2.6.25
    )
    sda, dm = proc.parse_diskstats(text)
    assert sda == proc.DiskCounters("8:0", "sda", 100, 1024000, 0.05, 200, 2048000, 0.07, 0.08, 0.12)
    assert (dm.number, dm.name, dm.read_bytes) == ("253:0", "dm-0", 4096)


def test_netdev_reads_glued_columns_and_aliases_and_cleans_names() -> None:
    header = b"Inter-|   Receive  |  Transmit\n face |bytes packets\n"
    row = b"%s:4331 12 1 2 0 0 0 0 671 5 3 4 0 0 0 0\n"
    interfaces = proc.parse_netdev(header + row % b"  eth0" + row % b"eth0:1" + row % b"\x1b[31m")
    assert [interface.name for interface in interfaces] == ["eth0", "eth0:1", "\N{SYMBOL FOR ESCAPE}[31m"]
    assert interfaces[0] == proc.NetCounters("eth0", 4331, 12, 1, 2, 671, 5, 3, 4)
    assert proc.parse_netdev(header + b"idle: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n") == []


def test_a_process_name_may_hold_brackets_and_blanks(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (b"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    with subprocess.Popen([str(program), "60"]) as child:
        try:
            found = {process.pid: process for process in proc.list_processes()}[child.pid]
        finally:
            child.kill()
    assert found.name == b"a) R 1 (b"
    assert found.ppid == os.getpid()
    assert found.threads == 1


def test_this_process_agrees_with_psutil() -> None:
    mine = proc.parse_process(os.getpid(), proc.read_short("/proc/self/stat"))
    known = psutil.Process()
    times = known.cpu_times()
    assert abs(mine.ticks / proc.TICKS - (times.user + times.system)) < 0.05
    assert abs(mine.rss - known.memory_info().rss) < 1 << 20
    assert mine.threads == known.num_threads()
    assert not mine.kernel
    assert abs(proc.parse_stat(proc.read("/proc/stat")).boot_time + mine.started / proc.TICKS
               - known.create_time()) < 1.5  # fmt: skip


def test_the_list_of_processes_is_that_of_psutil() -> None:
    before = set(psutil.pids())
    found = {process.pid for process in proc.list_processes()}
    after = set(psutil.pids())
    assert before & after <= found <= before | after


def test_a_long_file_is_read_whole() -> None:
    # /proc/kallsyms is megabytes handed out a page at a time
    assert proc.read("/proc/kallsyms") == Path("/proc/kallsyms").read_bytes()
