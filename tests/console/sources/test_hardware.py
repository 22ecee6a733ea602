"""What /sys and the control groups say, on trees made by hand: other hosts, other versions."""

from __future__ import annotations

import math
from pathlib import Path

from console.sources.system.confinement import read_confinement
from console.sources.system.hardware import disk_label, interface_kind, is_disk, temperatures


def tree(root: Path, files: dict[str, str]) -> str:
    """Files below a directory, made with the directories they need; the directory's path."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def test_disks_without_partitions_loops_and_ram(tmp_path: Path) -> None:
    sys = tree(
        tmp_path,
        {
            "class/block/sda/size": "1",
            "class/block/sda1/partition": "1",
            "class/block/cciss!c0d0/size": "1",
            "class/block/dm-0/dm/name": "vg-orders\x1b\n",
        },
    )
    assert [is_disk(name, sys) for name in ("sda", "sda1", "loop0", "ram3")] == [True, False, False, False]
    assert disk_label("dm-0", sys) == "vg-orders\N{SYMBOL FOR ESCAPE}"
    assert disk_label("sda", sys) == "sda"
    assert disk_label("cciss/c0d0", sys) == "cciss/c0d0"


def test_kinds_of_interfaces(tmp_path: Path) -> None:
    sys = tree(
        tmp_path,
        {
            "class/net/eth0/device/vendor": "",
            "class/net/eth0/operstate": "up",
            "class/net/eth1/device/vendor": "",
            "class/net/eth1/operstate": "down\n",
            "class/net/docker0/bridge/id": "",
            "class/net/veth1/master/id": "",
            "class/net/wg0/operstate": "unknown",
        },
    )
    names = ["lo", "eth0", "eth1", "docker0", "veth1", "wg0", "eth9"]
    assert [interface_kind(name, sys) for name in names] == [
        "loopback", "physical", "down", "inner", "inner", "virtual", "virtual",
    ]  # fmt: skip


def test_temperatures_of_chips_hottest_first(tmp_path: Path) -> None:
    sys = tree(
        tmp_path,
        {
            "class/hwmon/hwmon0/name": "coretemp\n",
            "class/hwmon/hwmon0/temp1_input": "45500\n",
            "class/hwmon/hwmon0/temp1_label": "Package id 0\n",
            "class/hwmon/hwmon0/temp1_crit": "100000\n",
            "class/hwmon/hwmon0/temp2_input": "-128000\n",  # not connected
            "class/hwmon/hwmon0/fan1_input": "1200\n",
            "class/hwmon/hwmon1/name": "nvme",
            "class/hwmon/hwmon1/temp1_input": "71000",
            "class/hwmon/hwmon2/temp1_input": "",
            "class/thermal/thermal_zone0/temp": "30000",
        },
    )
    hot, warm = temperatures(sys)
    assert (hot.label, hot.celsius) == ("nvme temp1", 71.0)
    assert math.isnan(hot.critical)
    assert (warm.label, warm.celsius, warm.critical) == ("coretemp Package id 0", 45.5, 100.0)


def test_thermal_zones_where_there_are_no_chips(tmp_path: Path) -> None:
    sys = tree(
        tmp_path,
        {"class/thermal/thermal_zone0/temp": "30000", "class/thermal/thermal_zone0/type": "cpu-thermal"},
    )
    assert [(sensor.label, sensor.celsius) for sensor in temperatures(sys)] == [("cpu-thermal", 30.0)]
    assert temperatures(str(tmp_path / "nothing")) == ()


STAT = "anon 1000\ninactive_file 400\n"


def test_limits_of_version_two_the_tightest_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "self/cgroup": "0::/slice/unit\n",
            "fs/cgroup/slice/unit/memory.max": "9000\n",
            "fs/cgroup/slice/memory.max": "5000\n",
            "fs/cgroup/slice/memory.current": "3000\n",
            "fs/cgroup/slice/memory.stat": STAT,
            "fs/cgroup/slice/unit/cpu.max": "150000 100000\n",
            "fs/cgroup/slice/cpu.max": "max 100000\n",
        },
    )
    group = read_confinement(root, root)
    assert group is not None
    assert (group.memory_limit, group.memory_used, group.cpu_limit) == (5000, 2600, 1.5)


def test_limits_of_version_one_seen_from_inside_a_container(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
            "fs/cgroup/memory/memory.limit_in_bytes": "5000\n",
            "fs/cgroup/memory/memory.usage_in_bytes": "3000\n",
            "fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 1000\n",
            "fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
            "fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    group = read_confinement(root, root)
    assert group is not None
    assert (group.memory_limit, group.memory_used, group.cpu_limit) == (5000, 2000, 0.5)


def test_no_limit_is_no_confinement(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "self/cgroup": "4:memory:/\n3:cpu:/\n",
            "fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert read_confinement(root, root) is None
    assert read_confinement(str(tmp_path / "nothing"), root) is None
