"""Control groups read from trees laid out as the kernel, Docker and podman lay them out."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from console.sources.docker.cgroups import Hierarchies, Mount, find_hierarchies, locate, measure

ID = "4f1c" * 16
PID = 4242

V1 = {
    "cpuacct/cpuacct.usage": "1500000000\n",
    "cpu/cpu.stat": "nr_periods 40\nnr_throttled 10\nthrottled_time 5\n",
    "memory/memory.usage_in_bytes": "9000000\n",
    "memory/memory.stat": "cache 1\ninactive_file 7\ntotal_cache 1\ntotal_inactive_file 2000000\ntotal_x 3\n",
    "blkio/blkio.throttle.io_service_bytes_recursive": (
        "8:0 Read 4096\n8:0 Write 100\n8:0 Sync 1\n8:0 Total 4196\n8:16 read 4\n8:16 WRITE 11\nTotal 4211\n"
    ),
    "pids/pids.current": "7\n",
}
V2 = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\nnr_periods 8\nnr_throttled 2\n",
    "memory.current": "8000000\n",
    "memory.stat": "anon 5\nfile 6\ninactive_anon 9\ninactive_file 3000000\nactive_file 1\n",
    "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n253:1 rbytes=1 wbytes=2\n",
    "pids.current": "3\n",
}
NET = (
    "Inter-|   Receive                         |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
    "    lo:  999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\n"
    "  eth0:  100 1 0 0 0 0 0 0  50 1 0 0 0 0 0 0\n"
    "  eth1:12345 1 0 0 0 0 0 0   5 1 0 0 0 0 0 0\n"
)


def lay(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def process(tmp_path: Path, groups: str) -> str:
    """A /proc with one process in these groups; its path."""
    lay(tmp_path / "proc" / str(PID), {"cgroup": groups, "net/dev": NET})
    return str(tmp_path / "proc")


def v1_tree(tmp_path: Path, group: str) -> Hierarchies:
    for name, content in V1.items():
        controller, _, file = name.partition("/")
        lay(tmp_path / "sys" / controller / group.strip("/"), {file: content})
    return Hierarchies(
        {c: Mount(str(tmp_path / "sys" / c)) for c in ("cpu", "cpuacct", "memory", "blkio", "pids")}
    )


def v2_tree(tmp_path: Path, group: str) -> Hierarchies:
    lay(tmp_path / "sys" / group.strip("/"), V2)
    return Hierarchies({}, Mount(str(tmp_path / "sys")))


def v1_groups(group: str) -> str:
    return "".join(
        f"{n}:{c}:{group}\n" for n, c in enumerate(("pids", "memory", "cpu,cpuacct", "blkio", "name=systemd"))
    )


def test_version_1_adds_up_devices_and_networks_and_takes_the_page_cache_off(tmp_path: Path) -> None:
    group = f"/docker/{ID}"
    files = locate(ID, PID, v1_tree(tmp_path, group), process(tmp_path, v1_groups(group)))
    assert files is not None
    totals = measure(files, 12.5)
    assert (totals.time, totals.cpu, totals.memory, totals.pids) == (12.5, 1.5, 7_000_000, 7)
    assert (totals.read, totals.written) == (4100, 111)
    assert (totals.received, totals.sent) == (12_445, 55)
    assert (totals.periods, totals.throttled) == (40, 10)


@pytest.mark.parametrize(
    ("group", "below"),
    [
        (f"/docker/{ID}", ""),
        (f"/system.slice/docker-{ID}.scope", ""),
        (f"/system.slice/docker-{ID}.scope", "/init.scope"),
        (f"/machine.slice/libpod-{ID}.scope", "/container"),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope", "/container"),
        (f"/libpod_parent/libpod-{ID}", ""),
        (f"/kubepods/burstable/pod1-2-3/{ID}", ""),
    ],
    ids=["cgroupfs", "systemd", "systemd inside", "podman", "rootless podman", "podman cgroupfs", "kubelet"],
)
def test_version_2_is_found_whatever_the_driver(tmp_path: Path, group: str, below: str) -> None:
    proc = process(tmp_path, f"0::{group}{below}\n")
    files = locate(ID, PID, v2_tree(tmp_path, group), proc)
    assert files is not None
    totals = measure(files, 1.0)
    assert (totals.cpu, totals.memory, totals.pids) == (2.5, 5_000_000, 3)
    assert (totals.read, totals.written) == (11, 22)
    assert (totals.periods, totals.throttled) == (8, 2)


def test_a_hybrid_host_is_read_where_its_controllers_are(tmp_path: Path) -> None:
    group = f"/docker/{ID}"
    hierarchies = Hierarchies(v1_tree(tmp_path, group).v1, Mount(str(tmp_path / "unified")))
    lay(tmp_path / "unified" / "docker" / ID, {"cpu.stat": "usage_usec 1\n"})
    files = locate(ID, PID, hierarchies, process(tmp_path, v1_groups(group) + f"0::{group}\n"))
    assert files is not None
    assert measure(files, 0).cpu == 1.5


def test_a_process_of_another_container_is_no_proof(tmp_path: Path) -> None:
    """A remote engine's process numbers exist here too, and belong to somebody else."""
    hierarchies = v2_tree(tmp_path, f"/docker/{ID}")
    assert locate(ID, PID, hierarchies, process(tmp_path, f"0::/docker/{'ab' * 32}\n")) is None
    assert locate(ID, PID + 1, hierarchies, process(tmp_path, f"0::/docker/{ID}\n")) is None


def test_the_monitor_of_podman_is_not_the_container(tmp_path: Path) -> None:
    group = f"/machine.slice/libpod-conmon-{ID}.scope"
    assert locate(ID, PID, v2_tree(tmp_path, group), process(tmp_path, f"0::{group}\n")) is None


def test_files_that_cannot_be_read_leave_it_to_the_engine(tmp_path: Path) -> None:
    proc = process(tmp_path, f"0::/docker/{ID}\n")
    assert locate(ID, PID, Hierarchies({}, Mount(str(tmp_path / "nowhere"))), proc) is None
    assert locate(ID, PID, Hierarchies({}), proc) is None


def test_figures_that_are_missing_are_unknown_and_not_zero(tmp_path: Path) -> None:
    group = f"/docker/{ID}"
    hierarchies = v2_tree(tmp_path, group)
    for name in ("io.stat", "pids.current"):
        (tmp_path / "sys" / "docker" / ID / name).unlink()
    (tmp_path / "sys" / "docker" / ID / "cpu.stat").write_text("usage_usec 7000000\n")
    files = locate(ID, PID, hierarchies, process(tmp_path, f"0::{group}\n"), host_network=True)
    assert files is not None
    totals = measure(files, 0)
    unknown = (totals.read, totals.written, totals.pids, totals.received, totals.sent, totals.throttled)
    assert all(math.isnan(value) for value in unknown)
    assert totals.cpu == 7


def test_a_container_that_has_gone_is_an_error(tmp_path: Path) -> None:
    group = f"/docker/{ID}"
    files = locate(ID, PID, v2_tree(tmp_path, group), process(tmp_path, f"0::{group}\n"))
    assert files is not None
    (tmp_path / "sys" / "docker" / ID / "memory.current").unlink()
    with pytest.raises(FileNotFoundError):
        measure(files, 0)


def test_mounts_are_told_apart() -> None:
    hierarchies = find_hierarchies(
        "30 25 0:26 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs ro,mode=755\n"
        "31 30 0:27 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n"
        "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"
        "33 30 0:29 /docker/me /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
        "broken line\n"
    )
    assert hierarchies.v2 == Mount("/sys/fs/cgroup/unified")
    assert hierarchies.v1["cpuacct"] == hierarchies.v1["cpu"] == Mount("/sys/fs/cgroup/cpu,cpuacct")
    assert hierarchies.v1["memory"].path("/docker/me/inner") == "/sys/fs/cgroup/memory/inner"
    assert hierarchies.v1["memory"].path("/docker/other") == ""


def test_this_machine_has_hierarchies() -> None:
    hierarchies = find_hierarchies(Path("/proc/self/mountinfo").read_text())
    assert hierarchies.v2 is not None or "memory" in hierarchies.v1
