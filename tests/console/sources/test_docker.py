"""A real engine, its containers and its faults; figures against `docker` and /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from console.config import Limits
from console.findings import Severity
from console.sources.base import Focus
from console.sources.docker import container_meter
from console.sources.docker.cgroups import Totals, find_hierarchies, locate, measure
from console.sources.docker.container_meter import API, FILES
from console.sources.docker.containers import RESTART_WINDOW, Container, DockerSnapshot, Usage
from console.sources.docker.source import DockerSource
from console.text import clean
from tests.console.sources.docker_help import about, asking, engine_threads, gone, has, named, until
from tests.servers.dockerd import Dockerd

EVIL = "\x1b]0;owned\x07\x1b[31m[@click=app.quit]boo[/\u202e"
SWALLOW = "x=a; while :; do x=$x$x; done"
"""Takes memory until something gives."""


@pytest.fixture(scope="module")
def cases(dockerd: Dockerd) -> Iterator[Dockerd]:
    """The shared engine with one container of each kind."""
    probe = ("--health-interval", "500ms", "--health-retries", "1", "--health-timeout", "5s")
    dockerd.run("case-plain", options=["-p", "8080:80", "-v", "/tmp:/data:ro", "--cpuset-cpus", "0"])
    dockerd.run("case-limited", options=["--memory", "64m", "--cpus", "0.5", "--restart", "unless-stopped"])
    dockerd.run("case-busy", "sh", "-c", "while :; do :; done", options=["--cpus", "0.1"])
    dockerd.run("case-well", options=["--health-cmd", "true", *probe])
    dockerd.run("case-ill", options=["--health-cmd", f"echo '{EVIL}no route'; false", *probe])
    dockerd.exhaust("case-oom", "sh", "-c", SWALLOW, options=["--memory", "16m"])
    dockerd.run("case-crash", "sh", "-c", "sleep 0.2; exit 3", options=["--restart", "always"])
    dockerd.run("case-done", "true")
    dockerd.run("case-failed", "sh", "-c", "exit 42")
    dockerd.run("case-paused")
    dockerd.cli("pause", "case-paused")
    labels = ("com.docker.compose.project=shop", "com.docker.compose.service=api", f"note={EVIL}")
    dockerd.run(
        "case-evil", "sh", "-c", f"sleep 100000; echo '{EVIL}'",
        options=["-e", f"EVIL={EVIL}", *(part for label in labels for part in ("--label", label))],
    )  # fmt: skip
    with contextlib.suppress(AssertionError):
        dockerd.run("case-unstarted", "/no/such/program")
    yield dockerd
    dockerd.discard(*(name for name in dockerd.cli("ps", "-a", "--format", "{{.Names}}").split()))


def settled(snapshot: DockerSnapshot) -> bool:
    """Every case is in the state it was made for, and inspected: a slow machine takes some polls for them."""
    wanted = {"case-well": "healthy", "case-ill": "unhealthy"}
    return (
        all(container.inspected for container in snapshot.containers)
        and all(named(snapshot, name).health == health for name, health in wanted.items())
        and named(snapshot, "case-oom").state == "exited"
        and named(snapshot, "case-crash").recent_restarts(snapshot.time) >= 3
    )


# -- what is there


async def test_every_container_reads_as_inspect_has_it(cases: Dockerd) -> None:
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        for container in snapshot.containers:
            if container.name == "case-crash":
                continue  # it is another one in every moment
            told = cases.inspect(container.name)
            state, host = told["State"], told["HostConfig"]
            assert container.id == told["Id"]
            assert container.image == told["Config"]["Image"]
            assert container.state == state["Status"]
            assert container.pid == state["Pid"]
            assert container.oom_killed == state["OOMKilled"]
            assert container.policy == host["RestartPolicy"]["Name"]
            assert container.memory_limit == host["Memory"]
            assert container.health == state.get("Health", {}).get("Status", "")
            assert container.created == datetime.fromisoformat(told["Created"])
            if container.started:
                assert container.started == datetime.fromisoformat(state["StartedAt"])
            if container.state == "exited":
                assert container.exit_code == state["ExitCode"]
                assert container.finished == datetime.fromisoformat(state["FinishedAt"])
        limited, plain = named(snapshot, "case-limited"), named(snapshot, "case-plain")
        assert (limited.cpu_limit, limited.memory_limit) == (0.5, 64 << 20)
        assert plain.cpu_limit == 1.0
        assert plain.mounts == ("/tmp -> /data (read-only)",)
        assert plain.networks == ("none",)
        assert plain.command == "sleep 100000"


async def test_the_list_and_the_counts_are_those_of_docker_ps(cases: Dockerd) -> None:
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        shown = cases.cli("ps", "-a", "--format", "{{.Names}} {{.State}}").splitlines()
        lists = dict(line.split() for line in shown)
        ours = {container.name: container.state for container in snapshot.containers}
        del lists["case-crash"], ours["case-crash"]
        assert ours == lists
        assert list(ours) == sorted(ours)
        assert sum(snapshot.counts.values()) == len(snapshot.containers)
        assert snapshot.counts["paused"] == 1


async def test_what_does_not_run_is_not_unhealthy(dockerd: Dockerd) -> None:
    """The engine keeps the last verdict of its probe: counted, it would be one more that is ill."""
    probe = ("--health-cmd", "false", "--health-interval", "500ms", "--health-retries", "1")
    dockerd.run("ill-ended", options=probe)
    async with asking(dockerd) as source:
        await until(source, lambda snapshot: named(snapshot, "ill-ended").health == "unhealthy")
        os.kill(dockerd.inspect("ill-ended")["State"]["Pid"], signal.SIGKILL)
        seen = await until(source, lambda snapshot: named(snapshot, "ill-ended").state == "exited")
        assert named(seen, "ill-ended").health == ""
        inspected = await until(source, lambda snapshot: named(snapshot, "ill-ended").exit_code == 137)
        assert dockerd.inspect("ill-ended")["State"]["Health"]["Status"] == "unhealthy"
        assert named(inspected, "ill-ended").health == ""
        assert "exit 137" in str(about(source, inspected, "ill-ended"))
    dockerd.discard("ill-ended")


async def test_the_engine_reads_as_docker_info_has_it(cases: Dockerd) -> None:
    async with asking(cases) as source:
        engine = (await source.poll(Focus.GLANCE)).engine
        shape = (
            "{{.ServerVersion}}|{{.Name}}|{{.NCPU}}|{{.MemTotal}}|{{.DockerRootDir}}|{{.Driver}}|{{.Images}}"
        )
        version, name, cpus, memory, root, driver, images = cases.cli("info", "--format", shape).split("|")
        assert (engine.version, engine.name, engine.root, engine.driver) == (version, name, root, driver)
        assert (engine.cpus, engine.memory, engine.images) == (int(cpus), int(memory), int(images))
        assert engine.kind == "docker"
        assert source.target == cases.host


# -- what is wrong


@pytest.mark.parametrize(
    ("name", "severity", "text"),
    [
        ("case-plain", None, ""),
        ("case-limited", None, ""),
        ("case-well", None, ""),
        ("case-done", None, ""),
        ("case-evil", None, ""),
        ("case-oom", Severity.CRITICAL, "exit 137 OOM"),
        ("case-crash", Severity.CRITICAL, "exit 3"),
        ("case-ill", Severity.CRITICAL, "unhealthy"),
        ("case-failed", Severity.WARNING, "exit 42"),
        ("case-paused", Severity.WARNING, "paused"),
        ("case-unstarted", Severity.CRITICAL, "could not start"),
    ],
)
async def test_what_is_wrong_is_told_by_name(
    cases: Dockerd, name: str, severity: Severity | None, text: str
) -> None:
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        finding = about(source, snapshot, name)
        if severity is None:
            assert finding is None
            return
        assert finding is not None
        assert finding.severity == severity
        assert text in finding.text
        assert finding.hint
        findings = source.judge(snapshot)
        assert [f.severity for f in findings] == sorted((f.severity for f in findings), reverse=True)


async def test_a_crash_loop_counts_as_the_engine_counts(cases: Dockerd) -> None:
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        crash = named(snapshot, "case-crash")
        assert crash.exit_code == 3
        assert crash.restarts <= cases.inspect("case-crash")["RestartCount"]
        assert crash.recent_restarts(snapshot.time) >= crash.restarts >= 1
        assert snapshot.watched < RESTART_WINDOW


async def test_restarts_before_the_console_came_are_known(cases: Dockerd) -> None:
    async with asking(cases) as first:
        await until(first, settled)
    async with asking(cases) as late:
        snapshot = await late.poll(Focus.GLANCE)
        crash = named(snapshot, "case-crash")
        assert len(crash.restarted) >= 3
        assert crash.exit_code == 3


async def test_hostile_text_comes_out_clean(cases: Dockerd) -> None:
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        evil, ill = named(snapshot, "case-evil"), named(snapshot, "case-ill")
        assert (evil.project, evil.service) == ("shop", "api")
        assert any(label.startswith("note=") for label in evil.labels)
        assert "EVIL" in evil.variables
        assert "boo" not in "".join(evil.variables)
        assert ill.health_output.endswith("no route")
        found = about(source, snapshot, "case-ill")
        assert found is not None
        for text in (*evil.labels, *evil.variables, evil.command, ill.health_output, found.text, found.hint):
            assert clean(text) == text
            assert "\x1b" not in text


# -- what they take


def memory_of(row: dict[str, str]) -> float:
    """Bytes of `docker stats`: 1.5MiB / 64MiB."""
    used = row["MemUsage"].split(" / ")[0]
    units = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
    unit = next(unit for unit in units if used.endswith(unit))
    return float(used.removesuffix(unit)) * units[unit]


def kernel_totals(container: Container) -> Totals:
    files = locate(container.id, container.pid, find_hierarchies(Path("/proc/self/mountinfo").read_text()))
    assert files is not None
    return measure(files, 0)


async def measured(source: DockerSource, seconds: float = 1.5) -> DockerSnapshot:
    """A snapshot whose rates span some time."""
    await until(source, lambda s: named(s, "case-busy").id in s.usage)
    await asyncio.sleep(seconds)
    return await until(source, lambda s: s.usage[named(s, "case-busy").id].interval > seconds / 2)


async def test_usage_from_the_kernel_agrees_with_docker_stats(cases: Dockerd) -> None:
    async with asking(cases) as source:
        await until(source, settled)
        snapshot = await measured(source)
        assert snapshot.statistics == FILES
        rows = await asyncio.to_thread(cases.stats, "case-plain", "case-limited")
        for name in ("case-plain", "case-limited"):
            usage = snapshot.usage[named(snapshot, name).id]
            assert usage.memory == pytest.approx(memory_of(rows[name]), abs=64 << 10)
            assert usage.pids == int(rows[name]["PIDs"])
            assert usage.cpu < 0.05


def process_seconds(pid: int) -> float:
    """CPU time of one process, of proc(5)'s ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_cpu_is_what_the_process_took_however_busy_the_host_is(cases: Dockerd) -> None:
    async with asking(cases, limits=Limits(container_cpu=(0.01, 99.0))) as source:
        busy = named(await until(source, lambda s: named(s, "case-busy").id in s.usage), "case-busy")
        outer = process_seconds(busy.pid)
        first = await source.poll(Focus.GLANCE)
        inner = process_seconds(busy.pid)
        await asyncio.sleep(2)
        least = process_seconds(busy.pid) - inner
        snapshot = await source.poll(Focus.GLANCE)
        most = process_seconds(busy.pid) - outer
        usage = snapshot.usage[busy.id]
        taken = usage.cpu_seconds - first.usage[busy.id].cpu_seconds
        assert least - 0.05 <= taken <= most + 0.05  # it looked at some moment of either poll
        assert usage.cpu == pytest.approx(taken / usage.interval, abs=0.01)
        assert 0 <= usage.throttled <= 1
        finding = about(source, snapshot, "case-busy")
        assert finding is not None
        assert "of its 0.1 cores" in finding.text


async def test_usage_through_the_engine_agrees_with_the_kernel(
    cases: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from another host, where no process of the engine's containers is to be seen."""
    async with asking(cases) as source:
        by_kernel = await until(source, settled)
        busy, plain = named(by_kernel, "case-busy"), named(by_kernel, "case-plain")
        await until(source, lambda s: plain.id in s.usage)
    least = kernel_totals(busy).cpu
    monkeypatch.setattr(container_meter, "locate", lambda *told, **more: None)
    async with asking(cases) as source:

        def twice(snapshot: DockerSnapshot) -> bool:
            return plain.id in snapshot.usage and snapshot.usage.get(busy.id, Usage(0)).interval > 0

        by_api = await until(source, twice, limit=30)
        assert by_api.statistics == API
        usage = by_api.usage[busy.id]
        assert least < usage.cpu_seconds <= kernel_totals(busy).cpu
        assert 0 < usage.cpu < 0.15
        assert by_api.usage[plain.id].memory == pytest.approx(kernel_totals(plain).memory, abs=64 << 10)
        assert by_api.usage[plain.id].pids == 1
    await gone(engine_threads)


def inside(engine: Dockerd, name: str, *command: str, check: bool = True) -> str:
    """What a busybox command prints in a container's network."""
    pid = str(engine.inspect(name)["State"]["Pid"])
    whole = [engine.busybox, "nsenter", "-t", pid, "-n", engine.busybox, *command]
    return subprocess.run(whole, check=check, capture_output=True, text=True).stdout


def link_pairs(engine: Dockerd, name: str, pairs: int) -> list[str]:
    """Give a container pairs of connected network interfaces; their names, partners side by side."""
    found: list[str] = []
    for number in range(pairs):
        inside(engine, name, "ip", "link", "add", f"v{number}", "type", "veth")
        lines = inside(engine, name, "ip", "-o", "link").splitlines()
        names = [line.split(":")[1].split("@")[0].strip() for line in lines]
        found += [link for link in names if link != "lo" and link not in found]
    for number, link in enumerate(found):
        inside(engine, name, "ip", "addr", "add", f"10.77.{number}.1/24", "dev", link)
        inside(engine, name, "ip", "link", "set", link, "up")
    return found


async def test_all_networks_are_added_up(cases: Dockerd) -> None:
    cases.run("net-two")
    try:
        links = link_pairs(cases, "net-two", 2)
        assert len(links) == 4
        async with asking(cases) as source:
            before = await until(source, lambda s: has(s, "net-two") and named(s, "net-two").id in s.usage)
            for link in links[::2]:
                ping = ("ping", "-c", "1", "-W", "1", "-s", "1000", "-I", link, "224.0.0.1")
                await asyncio.to_thread(inside, cases, "net-two", *ping, check=False)
            files = [f"/sys/class/net/{link}/statistics/tx_bytes" for link in links]
            sent = [int(line) for line in cases.cli("exec", "net-two", "cat", *files).split()]
            assert sum(1 for count in sent if count > 1000) == 2
            snapshot = await source.poll(Focus.GLANCE)
            usage = snapshot.usage[named(snapshot, "net-two").id]
            assert usage.sent_bytes == pytest.approx(sum(sent), abs=500)
            assert usage.sent > 0
            assert usage.received_bytes > before.usage[named(before, "net-two").id].received_bytes + 2000
    finally:
        cases.discard("net-two")


def disk_below(path: Path) -> str:
    """The whole disk a directory lies on; empty when it is on none."""
    number = path.stat().st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    if (device / "partition").exists():
        device = device.parent
    return f"/dev/{device.name}" if Path(f"/dev/{device.name}").exists() else ""


async def test_block_writes_agree_with_docker_stats(cases: Dockerd) -> None:
    disk = disk_below(cases.directory)
    # some kernels count a group's writes only once it has a limit
    limit = ["--device-write-bps", f"{disk}:500mb"] if disk else []
    script = "dd if=/dev/zero of=/x bs=64k count=64 conv=fsync; touch /done; sleep 100000"
    cases.run("disk-writer", "sh", "-c", script, options=limit)
    try:
        async with asking(cases) as source:
            snapshot = await until(
                source, lambda s: has(s, "disk-writer") and named(s, "disk-writer").pid > 0
            )
            await until(source, lambda s: cases.cli("exec", "disk-writer", "ls").count("done") > 0)
            written = (await asyncio.to_thread(cases.stats, "disk-writer"))["disk-writer"]["BlockIO"]
            amount = written.split(" / ")[1]
            units = {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}
            unit = next(unit for unit in units if amount.endswith(unit))
            told = float(amount.removesuffix(unit)) * units[unit]
            assert kernel_totals(named(snapshot, "disk-writer")).written == pytest.approx(told, rel=0.05)
    finally:
        cases.discard("disk-writer")


async def test_samples_carry_cadvisors_names(cases: Dockerd) -> None:
    async with asking(cases) as source:
        await until(source, settled)
        snapshot = await measured(source, 0.3)
        samples = list(source.samples(snapshot))
        plain = named(snapshot, "case-plain")
        own = (("id", plain.id[:12]), ("image", plain.image), ("name", plain.name))
        values = {sample.name: sample.value for sample in samples if sample.labels == own}
        assert values["container_memory_working_set_bytes"] == snapshot.usage[plain.id].memory
        assert values["container_cpu_usage_seconds_total"] == snapshot.usage[plain.id].cpu_seconds
        counts = {sample.labels: sample.value for sample in samples if sample.name == "opsconsole_containers"}
        assert counts[(("engine", "docker"), ("state", "running"))] == snapshot.counts["running"]
        sums = {sample.name: sample.value for sample in samples if sample.labels == (("engine", "docker"),)}
        assert sums["opsconsole_containers_memory_bytes"] >= snapshot.usage[plain.id].memory
        assert sums["opsconsole_containers_cpu_cores"] >= snapshot.usage[named(snapshot, "case-busy").id].cpu


# -- what happens


async def test_a_container_is_seen_at_the_next_poll_and_gone_at_the_one_after(cases: Dockerd) -> None:
    async with asking(cases) as source:
        await until(source, lambda s: has(s, "case-plain") and not s.listed)
        cases.run("brief", options=["--memory", "32m"])
        snapshot = await source.poll(Focus.GLANCE)
        assert named(snapshot, "brief").state == "running"
        assert named(snapshot, "brief").memory_limit == 32 << 20
        cases.cli("rename", "brief", "briefer")
        cases.cli("update", "--memory", "48m", "--memory-swap", "48m", "briefer")
        snapshot = await source.poll(Focus.GLANCE)
        assert named(snapshot, "briefer").memory_limit == 48 << 20
        cases.discard("briefer")
        assert not has(await source.poll(Focus.GLANCE), "briefer")


async def test_a_container_stopped_by_hand_is_no_finding(cases: Dockerd) -> None:
    cases.run("handmade", options=["--restart", "always"])
    try:
        async with asking(cases) as source:
            await until(source, lambda s: has(s, "handmade") and named(s, "handmade").inspected)
            cases.cli("stop", "-t", "0", "handmade")
            snapshot = await source.poll(Focus.GLANCE)
            assert named(snapshot, "handmade").state == "exited"
            assert named(snapshot, "handmade").stopped
            assert about(source, snapshot, "handmade") is None
    finally:
        cases.discard("handmade")


async def test_many_containers_are_measured_in_turn(cases: Dockerd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_meter, "AT_ONCE", 2)
    async with asking(cases) as source:
        snapshot = await until(source, settled)
        fresh = [usage for usage in snapshot.usage.values() if usage.time == snapshot.monotonic]
        assert len(fresh) <= 2
        running = [c.id for c in snapshot.containers if c.running and c.name != "case-crash"]
        await until(source, lambda s: all(key in s.usage for key in running))
