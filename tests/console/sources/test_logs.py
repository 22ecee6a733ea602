"""The log source against real files, a real journal and a real container engine."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from console.config import Config, Limits, LogSettings
from console.errors import NotFound, TimedOut
from console.findings import Severity
from console.logs import files as files_module
from console.logs.levels import Level
from console.logs.origin import Kind
from console.metrics import labels
from console.sources.base import Focus
from console.sources.docker import engines
from console.sources.logs import containers as container_logs
from console.sources.logs import source as logs_module
from console.sources.logs import streams as container_streams
from console.sources.logs.containers import ContainerLogs
from console.sources.logs.source import LogSource
from tests.console.sources.following import following
from tests.patience import PATIENCE
from tests.servers.dockerd import Dockerd
from tests.servers.journald import Journald, journald

__all__ = ["journald"]


def engine_of(dockerd: Dockerd) -> ContainerLogs:
    return ContainerLogs(dockerd.host, "", {})


# -- files


async def test_lines_levels_and_counts_of_files(tmp_path: Path) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    (tmp_path / "old.log").write_text("2020-01-01 00:00:00 ERROR long ago\n")
    (tmp_path / "app.log").touch()
    async with following(tmp_path / "*.log") as logs:
        first = await logs.poll()
        assert logs.texts == ["2020-01-01 00:00:00 ERROR long ago"]
        assert (first.taken, first.errors) == (0, 0)  # history is no news
        assert math.isnan(first.rate)
        with (tmp_path / "app.log").open("a") as log:
            log.write(
                f"{now} INFO a\n{now} ERROR b\nTraceback (most recent call last):\n  x\nValueError: y\n"
            )
        snapshot = await logs.poll()
    assert (snapshot.taken, snapshot.newest, snapshot.errors) == (5, 6, 1)
    assert snapshot.rate > 0
    (app,) = (origin for origin in snapshot.origins if origin.name == "app")
    assert (app.lines, app.levels[Level.ERROR], app.errors, app.kind) == (5, 1, 1, Kind.FILE)
    assert [line.level for line in logs.lines[1:]] == [Level.INFO, *[Level.ERROR] * 4]
    assert [line.continued for line in logs.lines[1:]] == [False, False, True, True, True]
    assert abs(logs.lines[-1].time - time.time()) < 60.0
    assert sum(map(sum, (counts for _, counts in snapshot.hour))) == 2


async def test_secrets_are_masked_before_lines_are_kept(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nhunter2AAA\nhunter2BBB\n-----END PRIVATE KEY-----\n"
    (tmp_path / "app.log").write_text(f"password=hunter2 ok\nAuthorization: Bearer hunter2\n{key}after\n")
    async with following(tmp_path / "app.log") as logs:
        await logs.poll()
    assert logs.texts == [
        "password=*** ok",
        "Authorization: Bearer ***",
        "-----BEGIN PRIVATE KEY-----***",
        "***",
        "***",
        "-----END PRIVATE KEY-----",
        "after",
    ]


async def test_the_target_says_what_is_followed(tmp_path: Path) -> None:
    async with following(tmp_path / "*.log", tmp_path / "gone") as logs:
        (tmp_path / "a.log").touch()
        await logs.poll()
        assert (logs.source.name, logs.source.target) == ("logs", "1 file")
    (tmp_path / "b.log").touch()
    async with following(tmp_path / "*.log") as logs:
        await logs.poll()
        assert logs.source.target == "2 files"


async def test_history_of_the_last_minute_counts(tmp_path: Path) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    (tmp_path / "app.log").write_text(f"{now} ERROR just now\n2020-01-01 00:00:00 ERROR long ago\n")
    async with following(tmp_path / "app.log") as logs:
        assert (await logs.poll()).errors == 1


async def test_lines_of_several_files_stand_in_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("2025-11-20 10:00:01 a1\n2025-11-20 10:00:03 a2\n  continued\n")
    (tmp_path / "b.log").write_text("2025-11-20 10:00:02 b1\n2025-11-20 10:00:04 b2\n")
    async with following(tmp_path / "*.log") as logs:
        await logs.poll()
    assert [text.split()[-1] for text in logs.texts] == ["a1", "b1", "a2", "continued", "b2"]


async def test_nothing_is_lost_when_a_poll_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path) as logs:
        await logs.poll()
        for number in range(20):
            with path.open("a") as log:
                log.writelines(f"line {number * 500 + n}\n" for n in range(500))
            task = asyncio.create_task(logs.source.poll(Focus.FULL))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            while len(logs.lines) < (number + 1) * 500:
                with contextlib.suppress(TimedOut):  # the look given up on is still under way
                    await logs.poll()
                await asyncio.sleep(0.001)
    assert logs.texts == [f"line {n}" for n in range(10_000)]


async def test_memory_holds_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    async with following(path, keep=1000) as logs:
        await logs.poll()
        path.write_text("".join(f"line {n}\n" for n in range(5000)))
        snapshot = await logs.until(lambda s: s.buffer.newest >= 1000)
    assert (len(snapshot.buffer), snapshot.taken) == (1000, 5000)
    last = snapshot.buffer.line(snapshot.newest)
    assert last is not None
    assert last.text == "line 4999"
    assert snapshot.origins[0].lines == 5000  # all were counted


async def test_what_is_wrong_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("x\n")
    limits = Limits(errors_per_minute=(2.0, 10.0))
    async with following(path, tmp_path / "missing.log", limits=limits) as logs:
        snapshot = await logs.poll()
        (finding,) = logs.source.judge(snapshot)
        assert finding.subject.endswith("missing.log")
        assert finding.hint
        with path.open("a") as log:
            log.write("ERROR one\n")
        assert len(logs.source.judge(await logs.poll())) == 1
        with path.open("a") as log:
            log.write("ERROR two\n")
        findings = logs.source.judge(await logs.poll())
        assert [(f.severity, f.subject, f.text) for f in findings if f.subject == "app"] == [
            (Severity.WARNING, "app", "at least 2 errors in the last minute")
        ]
        with path.open("a") as log:
            log.writelines("ERROR more\n" for _ in range(20))
        assert logs.source.judge(await logs.poll())[0].severity is Severity.CRITICAL
        path.write_text("")
        findings = logs.source.judge(await logs.poll())
        assert any("truncated" in finding.text for finding in findings)
        marks = [line for line in logs.lines if line.mark]
        assert len(marks) == 1
        assert marks[0].source == "app"


async def test_many_sources_with_errors_share_a_finding(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.log").touch()
    async with following(tmp_path / "*.log") as logs:
        await logs.poll()
        for number in range(20):
            (tmp_path / f"{number}.log").write_text("ERROR x\n" * (number + 1))
        findings = logs.source.judge(await logs.poll())
    assert len(findings) == 6
    assert sum(int(finding.text.removeprefix("at least ").split()[0]) for finding in findings) == sum(
        range(1, 21)
    )


async def test_samples_count_up_and_are_silent_of_the_silent(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.log").touch()
    async with following(tmp_path / "*.log") as logs:
        await logs.poll()
        (tmp_path / "a.log").write_text("ERROR x\nINFO y\nplain\n")
        samples = {(s.name, s.labels): s.value for s in logs.source.samples(await logs.poll())}
        total = "opsconsole_log_lines_total"
        assert samples[total, labels(source="a", level="error")] == 1.0
        assert samples[total, labels(source="a", level="info")] == 1.0
        assert samples[total, labels(source="a", level="none")] == 1.0
        assert samples["opsconsole_log_lines_per_second", ()] > 0
        assert not any(("source", "b") in own for _, own in samples)
        silent = list(logs.source.samples(await logs.poll()))
        assert [(sample.name, sample.value) for sample in silent[1:]] == [
            ("opsconsole_log_errors_last_minute", samples["opsconsole_log_errors_last_minute", ()])
        ]
        assert silent[0].name == "opsconsole_log_lines_per_second"


async def test_without_anything_to_follow_it_says_how_to_configure_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_module, "USUAL", (str(tmp_path / "*.log"),))
    monkeypatch.setattr(files_module, "LOOK_EVERY", 0.1)
    source = LogSource(LogSettings(), [], journal=())
    with pytest.raises(NotFound) as caught:
        await source.poll(Focus.GLANCE)
    assert "[logs] files" in caught.value.fix
    (tmp_path / "new.log").write_text("x\n")
    end, snapshot = time.monotonic() + PATIENCE, None
    while snapshot is None:  # found by itself when it comes
        assert time.monotonic() < end
        with contextlib.suppress(NotFound):
            snapshot = await source.poll(Focus.GLANCE)
        await asyncio.sleep(0.05)
    assert [origin.name for origin in snapshot.origins] == ["new"]
    await source.close()


async def test_unreadable_usual_files_are_a_limited_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed.log").mkdir()  # what no user can read, root included, as a file
    path = tmp_path / "denied.log"
    path.write_text("x\n")

    def denied(name: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(logs_module, "USUAL", (str(tmp_path / "*.log"),))
    source = LogSource(LogSettings(), [], journal=())
    with monkeypatch.context() as patch:  # root may read everything: the system's answer to others
        real = os.open
        patch.setattr(os, "open", lambda p, *rest: denied(p) if str(p) == str(path) else real(p, *rest))
        snapshot = await source.poll(Focus.GLANCE)
    assert snapshot.origins[0].problem == "permission denied"
    (limited,) = snapshot.limited
    assert "denied" in limited
    assert "setfacl" in limited or "usermod" in limited
    assert source.judge(snapshot) == []
    await source.close()


# -- discovery and life


def test_discovery_follows_the_configuration() -> None:
    (source,) = LogSource.discover(Config(logs=LogSettings(files=("/x/*.log",), keep=7)), {})
    assert (source.kind, source.name, source.buffer.keep) == ("logs", "logs", 7)
    assert source.target == "files, containers, journal"
    (source,) = LogSource.discover(Config(logs=LogSettings(containers=False, journald=False)), {})
    assert source.target == "files"


async def test_closing_leaves_nothing_behind(tmp_path: Path, journald: Journald) -> None:
    def opened() -> list[str]:
        return [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.exists()]

    path = tmp_path / "app.log"
    path.write_text("x\n")
    async with following(path, journal=journald.reader) as logs:
        await logs.until(lambda s: any(origin.kind is Kind.JOURNAL for origin in s.origins))
        assert any(str(path) in link for link in opened())
        child = logs.source._reader.journal
        assert child is not None
        pid = child.pid
        await logs.source.close()
        await logs.source.close()
        assert not any(str(path) in link for link in opened())
        assert pid is not None
        assert not psutil.pid_exists(pid)


# -- the journal


async def test_the_journal_beside_files(tmp_path: Path, journald: Journald) -> None:
    path = tmp_path / "app.log"
    path.write_text("")
    async with following(path, journal=journald.reader) as logs:
        await logs.poll()
        journald.send("out of memory", priority=2, identifier="kernel")
        snapshot = await logs.until(lambda _: "out of memory" in logs.texts)
    (line,) = (line for line in logs.lines if line.text == "out of memory")
    assert (line.source, line.level) == ("kernel", Level.FATAL)
    assert snapshot.notes == ()


async def test_a_host_without_journal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs_module, "journal_files", list)
    path = tmp_path / "app.log"
    path.write_text("x\n")
    async with following(path, journal=("journalctl",)) as logs:
        snapshot = await logs.poll()
        assert snapshot.notes == ("no systemd journal on this host",)
        assert logs.source.judge(snapshot) == []


# -- containers

TALK = """echo "INFO before"
sleep 2
i=0
while :; do
  i=$((i + 1))
  echo "INFO n=$i"
  echo "ERROR n=$i" >&2
  sleep 0.1
done"""


@pytest.mark.parametrize("by_file", [True, False], ids=["files", "api"])
async def test_output_of_containers(dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch, by_file: bool) -> None:
    if not by_file:
        monkeypatch.setattr(container_logs, "_readable", lambda _: False)
    mark = "file" if by_file else "api"
    names = [f"log-{mark}-{kind}" for kind in ("talks", "tty", "short", "back")]
    talks, tty, short, back = names
    try:
        dockerd.run(talks, "sh", "-c", TALK)
        async with following(engines=[engine_of(dockerd)]) as logs:
            await logs.until(lambda s: any(origin.name == talks for origin in s.origins))
            dockerd.run(tty, "sh", "-c", "echo on a terminal; sleep 1000", options=["-t"])
            dockerd.run(short, "sh", "-c", "echo FATAL cannot start; exit 3")
            dockerd.run(back, "sh", "-c", "echo begin $(date +%s%N); sleep 1000")
            await logs.until(lambda _: sum(line.source == back for line in logs.lines) == 1)
            dockerd.cli("restart", "-t", "0", back)
            snapshot = await logs.until(
                lambda _: (
                    sum(line.source == back for line in logs.lines) == 2
                    and any(line.source == short for line in logs.lines)
                    and any(line.source == tty for line in logs.lines)
                    and sum(line.source == talks for line in logs.lines) > 20
                )
            )
            by_name = {origin.name: origin for origin in snapshot.origins}
            assert by_name[talks].kind is Kind.CONTAINER
            assert by_name[talks].where.endswith("-json.log") is by_file
            assert by_name[short].levels[Level.FATAL] == 1
            texts = [line.text for line in logs.lines if line.source == talks]
            expected = dockerd.cli("logs", talks).splitlines()  # what the engine's own client reads
            assert texts[0] == "INFO before"
            infos = [text for text in texts if text.startswith("INFO n=")]
            assert infos == expected[1 : len(infos) + 1]
            errors = [text for text in texts if text.startswith("ERROR n=")]
            assert errors == [f"ERROR n={n + 1}" for n in range(len(errors))]
            assert abs(logs.lines[-1].time - time.time()) < 60.0
            dockerd.discard(*names)
            await logs.until(lambda _: not logs.source._containers._asked)
    finally:
        dockerd.discard(*names)


async def test_only_so_many_containers_are_asked_of_the_engine(
    dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_logs, "_readable", lambda _: False)
    monkeypatch.setattr(container_streams, "MAX_STREAMS", 1)
    names = ["log-many-1", "log-many-2"]
    try:
        for name in names:
            dockerd.run(name)
        async with following(engines=[engine_of(dockerd)]) as logs:
            snapshot = await logs.until(lambda s: bool(s.limited))
        assert "not followed" in snapshot.limited[0]
    finally:
        dockerd.discard(*names)


def test_of_several_dead_engines_the_first_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_SOCKET", "PODMAN_SOCKET"):
        monkeypatch.setattr(engines, name, f"{tmp_path}/{name}")
        with socket.socket(socket.AF_UNIX) as ended:
            ended.bind(f"{tmp_path}/{name}")
    engine = ContainerLogs("", "", {"HOME": str(tmp_path)})
    assert engine.look() is None
    assert f"{tmp_path}/DOCKER_SOCKET: Connection refused" in engine.note


async def test_an_engine_that_is_missing_is_no_noise(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("x\n")
    nowhere = ContainerLogs("", "", {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    async with following(path, engines=[nowhere]) as logs:
        snapshot = await logs.poll()
        assert logs.texts == ["x"]
        assert logs.source.judge(snapshot) == []
