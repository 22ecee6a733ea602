"""File systems: which are shown, what they hold, and one that hangs."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.sources.system import mount_probe, mounts
from console.sources.system.host import FileSystem
from console.sources.system.mounts import FileSystems, interesting, parse_mountinfo
from tests.patience import PATIENCE, until

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

MOUNTINFO = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw,hidepid=invisible
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw,size=12334524k
25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
28 27 254:0 /srv /mnt/bind rw,relatime - ext4 /dev/vda rw,discard
29 27 8:1 / /mnt/with\040blank rw shared:1 master:2 - xfs /dev/sda1 rw
30 27 8:17 / /broken rw - ext4 /dev/sdb1 ro,errors=remount-ro
31 27 8:33 / /cdrom ro - iso9660 /dev/sr0 ro
32 27 0:40 / /mnt/nfs rw - nfs4 server:/export rw,hard
33 32 8:49 / /mnt/nfs/inner rw - ext4 /dev/sdd1 rw
34 27 0:50 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw
35 27 0:51 / /home/u/.gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw
36 27 0:52 / /mnt/ssh rw - fuse.sshfs host:/ rw
37 27 0:53 / /mnt/over rw - tmpfs tmpfs rw
38 27 8:65 / /mnt/over rw - btrfs /dev/sde1 rw,emergency_ro
"""


def test_only_what_can_fill_up_is_shown_once_each() -> None:
    shown = interesting(parse_mountinfo(MOUNTINFO))
    assert {mount.point for mount in shown} == {
        "/", "/dev/shm", "/mnt/with blank", "/broken", "/mnt/nfs", "/mnt/nfs/inner", "/mnt/ssh", "/mnt/over",
    }  # fmt: skip
    by_point = {mount.point: mount for mount in shown}
    assert by_point["/mnt/over"].fstype == "btrfs"  # the tmpfs below it is out of reach


def test_suspects_are_the_remote_ones_and_whatever_lies_below_them() -> None:
    shown = interesting(parse_mountinfo(MOUNTINFO))
    assert {mount.point for mount in shown if mount.suspect} == {"/mnt/nfs", "/mnt/nfs/inner", "/mnt/ssh"}


def test_read_only_by_force_is_told_from_read_only_by_choice() -> None:
    by_point = {mount.point: mount for mount in parse_mountinfo(MOUNTINFO)}
    assert by_point["/broken"].forced_readonly
    assert by_point["/mnt/over"].forced_readonly
    assert by_point["/cdrom"].readonly
    assert not by_point["/cdrom"].forced_readonly
    assert not by_point["/"].readonly


def test_hidden_processes_are_known_from_the_mount_of_proc() -> None:
    assert mounts.hides_processes(parse_mountinfo(MOUNTINFO))
    assert not mounts.hides_processes(parse_mountinfo(MOUNTINFO.replace(b",hidepid=invisible", b"")))


def test_lines_that_are_no_mounts_are_passed_over() -> None:
    assert parse_mountinfo(b"\nrubbish\n1 2 3 - x\n1 2 0:1 / /p rw - t\n") == []


def df(path: str) -> list[str]:
    """What df says of a path: target, size, used, available, inodes, free inodes, per cent."""
    columns = "--output=target,size,used,avail,itotal,iavail,pcent"
    done = subprocess.run(["df", "-B1", columns, path], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1].split()


async def test_figures_agree_with_df() -> None:
    filesystems = FileSystems()
    shown = {fs.mount: fs for fs in await filesystems.look(NOW)}
    await filesystems.close()
    out = df("/")
    root = shown["/"]
    size, used, available, inodes, inodes_free = map(int, out[1:6])
    assert root.total == size
    assert abs(root.used - used) < 64 << 20
    assert abs(root.available - available) < 64 << 20
    assert root.files == inodes
    assert abs(root.files_free - inodes_free) < 5000
    assert abs(root.used_ratio * 100 - int(out[6].rstrip("%"))) <= 1.01  # df rounds up


async def test_only_proc_and_its_like_are_left_out_on_this_host() -> None:
    filesystems = FileSystems()
    shown = await filesystems.look(NOW)
    await filesystems.close()
    assert not {fs.fstype for fs in shown} & mounts.PSEUDO
    assert all(fs.total > 0 for fs in shown)


class Hanging:
    """A mount of type nfs in a made-up mountinfo, asked with a command that hangs while `held` exists."""

    def __init__(self, directory: Path) -> None:
        self.point = directory / "nfs"
        self.point.mkdir()
        self.held = directory / "held"
        self.started = directory / "started"
        script = directory / "ask"
        stat = shutil.which("stat")
        script.write_text(
            f"#!/bin/sh\necho $$ >> {self.started}\n[ -e {self.held} ] && exec sleep 300\n"
            f'exec {stat} -f -c "%S %b %f %a %c %d" "$1"\n'
        )
        script.chmod(0o755)
        mountinfo = directory / "mountinfo"
        mountinfo.write_text(
            f"1 1 0:40 / {self.point} rw - nfs4 server:/export rw\n2 1 254:0 / / rw - ext4 /dev/vda rw\n"
        )
        self.filesystems = FileSystems(str(mountinfo), [str(script)])

    def children(self) -> list[int]:
        return [int(pid) for pid in self.started.read_text().split()] if self.started.exists() else []

    async def until(self, reached: Callable[[FileSystem | None], bool]) -> FileSystem | None:
        """Poll until the mount is in a state; no poll may wait for the child, which sleeps five minutes."""
        shown: dict[str, FileSystem] = {}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            async with asyncio.timeout(PATIENCE):
                shown = {fs.mount: fs for fs in await self.filesystems.look(NOW)}
            assert shown["/"].total > 0, "the others must not wait"
            mount = shown.get(str(self.point))
            if reached(mount):
                return mount
            await asyncio.sleep(0.02)
        raise AssertionError(f"never reached: {shown}")


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hanging:
    monkeypatch.setattr(mount_probe, "DEADLINE", 0.3)
    monkeypatch.setattr(mount_probe, "PATIENCE", 2 * PATIENCE)
    monkeypatch.setattr(mounts, "STEP", 0.2)
    monkeypatch.setattr(mounts, "LOCAL_LIMIT", 2 * PATIENCE)
    return Hanging(tmp_path)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_suspect_mount_that_answers_has_its_figures(hanging: Hanging) -> None:
    mount = await hanging.until(lambda mount: mount is not None)
    await hanging.filesystems.close()
    assert mount is not None
    figures = os.statvfs(hanging.point)
    assert mount.total == figures.f_blocks * figures.f_frsize
    assert mount.silent_since is None
    assert mount.device == "server:/export"


async def test_a_mount_that_hangs_is_said_so_and_recovers(hanging: Hanging) -> None:
    hanging.held.touch()
    mount = await hanging.until(lambda mount: mount is not None)
    assert mount is not None
    assert mount.silent_since == NOW
    assert mount.total == 0  # nothing is known, so nothing is claimed
    hanging.held.unlink()
    mount = await hanging.until(lambda mount: mount is not None and mount.silent_since is None)
    assert mount is not None
    assert mount.total > 0
    hanging.held.touch()
    await hanging.until(lambda mount: mount is not None and mount.silent_since is not None)
    await hanging.filesystems.close()
    assert all(_gone(pid) for pid in hanging.children())


async def test_one_question_at_a_time(hanging: Hanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount_probe, "DEADLINE", 60.0)
    monkeypatch.setattr(mounts, "STEP", 0.0)
    hanging.held.touch()
    for _ in range(5):
        await hanging.filesystems.look(NOW)
        await until(hanging.children)
    assert len(hanging.children()) == 1
    await hanging.filesystems.close()


async def test_closing_does_not_wait_and_leaves_no_child(hanging: Hanging) -> None:
    hanging.held.touch()
    await hanging.filesystems.look(NOW)
    await until(hanging.children)
    async with asyncio.timeout(PATIENCE):  # the child sleeps five minutes
        await hanging.filesystems.close()
        await hanging.filesystems.close()
    assert all(_gone(pid) for pid in hanging.children())


async def test_an_unmounted_suspect_is_forgotten_with_its_child(hanging: Hanging, tmp_path: Path) -> None:
    hanging.held.touch()
    await hanging.until(lambda mount: mount is not None)
    async with asyncio.timeout(PATIENCE):
        while len(hanging.children()) < 2:  # a further question is out
            await hanging.filesystems.look(NOW)
            await asyncio.sleep(0.02)
    (tmp_path / "mountinfo").write_text("2 1 254:0 / / rw - ext4 /dev/vda rw\n")
    await hanging.until(lambda mount: mount is None)
    async with asyncio.timeout(PATIENCE):
        while not all(_gone(pid) for pid in hanging.children()):
            await hanging.filesystems.look(NOW)
            await asyncio.sleep(0.02)
    await hanging.filesystems.close()


async def test_what_the_kernel_says_instead_of_figures_is_shown(tmp_path: Path) -> None:
    script = tmp_path / "ask"
    script.write_text("#!/bin/sh\necho \"stat: cannot read: '$1': Stale \033[31mfile handle\" >&2\nexit 1\n")
    script.chmod(0o755)
    question = mount_probe.Question("/mnt", [str(script)])
    question.ask(0.0, NOW)
    await until(lambda: question.look(0.0))
    assert question.answer is None
    assert question.error == "Stale \N{SYMBOL FOR ESCAPE}[31mfile handle"
    await question.close()


async def test_both_ways_to_ask_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [mount_probe.default_command()]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    commands.append(mount_probe.default_command())
    assert commands[0][0] != commands[1][0]
    answers = []
    for command in commands:
        question = mount_probe.Question(str(tmp_path), command)
        question.ask(0.0, NOW)
        await until(functools.partial(question.look, 0.0))
        assert question.answer is not None, question.error
        answers.append((question.answer.size * question.answer.blocks, question.answer.files))
    assert answers[0] == answers[1]


async def test_a_command_that_is_not_there_is_an_error_not_a_crash() -> None:
    question = mount_probe.Question("/mnt", ["/nonexistent/stat"])
    question.ask(0.0, NOW)
    assert question.child == 0
    assert "No such file" in question.error
