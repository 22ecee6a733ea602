"""Which file systems are worth showing, and how full they are; those that may hang are asked apart."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from console.errors import TimedOut
from console.sources.system.host import FileSystem
from console.sources.system.mount_probe import Answer, Question
from console.sources.system.proc import read
from console.text import clean
from console.worker import Worker

LOCAL = frozenset({
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfsplus", "jfs", "minix",
    "msdos", "nilfs2", "ntfs3", "overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "vfat", "xfs",
    "zfs",
})  # fmt: skip
"""Types whose figures the kernel has at hand; any other may ask a server or a process, and hang."""
PSEUDO = frozenset({
    "autofs", "bdev", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset",
    "debugfs", "devfs", "devpts", "devtmpfs", "dax", "drm", "efivarfs", "fuse.lxcfs", "fuse.portal",
    "fuse.gvfsd-fuse", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs",
    "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sockfs", "sysfs", "tracefs",
    "usbfs",
})  # fmt: skip
"""Types that hold no data of anybody's."""
IMMUTABLE = frozenset({
    "cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf",
})  # fmt: skip
"""Types that are always full and never written to."""
_INNER = re.compile(
    r"/(proc|sys)(/|$)|/dev($|/(?!shm$))|/run/credentials/|/etc/(hosts|hostname|resolv\.conf)$"
    r"|/var/lib/kubelet/pods/|/run/(containerd|docker|netns)/|.*/overlay2/|.*/[0-9a-f]{64}/"
)
"""Mount points that kernels, service managers and container engines make for themselves."""

STEP = 4.5
"""Seconds between two looks at the file systems: a little less than between two polls out of view."""
LOCAL_LIMIT = 0.5
"""Seconds the local file systems may take all together before the poll goes on without them."""


class Mount(msgspec.Struct, frozen=True):
    """One line of /proc/self/mountinfo; `point` is the real path, not clean."""

    number: str
    point: str
    device: str
    fstype: str
    readonly: bool
    forced_readonly: bool
    """The superblock is read-only though the mount is not: the kernel did that after an error."""
    options: str
    """Of the superblock."""
    suspect: bool = False
    """Asking it, or only walking to it, may hang."""


_OCTAL = re.compile(r"\\([0-7]{3})")


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text) if "\\" in text else text


def parse_mountinfo(data: bytes) -> list[Mount]:
    """/proc/self/mountinfo, in the order of mounting (proc_pid_mountinfo(5))."""
    mounts = []
    for line in os.fsdecode(data).split("\n"):
        left, dash, right = line.partition(" - ")
        words, after = left.split(" "), right.split(" ")
        if not dash or len(words) < 6 or len(after) < 3:
            continue
        mine, super_ = words[5].split(","), after[2].split(",")
        forced = "emergency_ro" in super_ or ("ro" in super_ and "rw" in mine)
        mounts.append(
            Mount(
                words[2],
                _unescape(words[4]),
                _unescape(after[1]),
                after[0],
                "ro" in mine or "ro" in super_,
                forced and after[0] not in IMMUTABLE,
                after[2],
            )
        )
    return mounts


def interesting(mounts: Sequence[Mount]) -> list[Mount]:
    """One mount of each file system that can fill up, shortest path first; suspects marked.

    What is mounted over is out of reach and left out; so are bind mounts of what is shown already.
    """
    top = {mount.point: mount for mount in mounts}
    hanging = [m.point.rstrip("/") + "/" for m in top.values() if not _answers_at_once(m)]
    chosen: dict[str, Mount] = {}
    for mount in sorted(top.values(), key=lambda m: (len(m.point), m.point)):
        if mount.fstype in PSEUDO or mount.fstype in IMMUTABLE or mount.number in chosen:
            continue
        if _INNER.match(mount.point) or (mount.fstype == "overlay" and mount.point != "/"):
            continue
        below = any(mount.point.startswith(path) for path in hanging if path != "/")
        suspect = below or not _answers_at_once(mount)
        chosen[mount.number] = replace(mount, suspect=True) if suspect else mount
    return list(chosen.values())


def _answers_at_once(mount: Mount) -> bool:
    return mount.fstype in LOCAL or mount.fstype in PSEUDO or mount.fstype in IMMUTABLE


def hides_processes(mounts: Sequence[Mount]) -> bool:
    """Whether /proc is mounted so that other users' processes cannot be seen."""
    return any(
        mount.fstype == "proc" and re.search(r"hidepid=(2|4|invisible|ptraceable)", mount.options)
        for mount in mounts
    )


def _describe(mount: Mount, answer: Answer | None, turned: bool) -> FileSystem:
    shown = FileSystem(
        clean(mount.device, 256),
        clean(mount.point, 1024),
        clean(mount.fstype, 32),
        mount.number,
        readonly=mount.readonly,
        turned_readonly=turned or mount.forced_readonly,
    )
    if answer is None:
        return shown
    return replace(
        shown,
        total=answer.size * answer.blocks,
        used=answer.size * (answer.blocks - answer.free),
        available=answer.size * answer.available,
        files=answer.files,
        files_free=answer.files_free,
    )


def ask_local(point: str) -> Answer:
    """The figures of a file system that answers at once. Raises OSError."""
    v = os.statvfs(point)
    return Answer(v.f_frsize, v.f_blocks, v.f_bfree, v.f_bavail, v.f_files, v.f_ffree)


class FileSystems:
    """The file systems of this host, looked at every few seconds without ever waiting for a dead one.

    `command` is what a suspect mount is asked with (see Question); tests hang it on purpose.
    """

    def __init__(
        self,
        mountinfo: str = "/proc/self/mountinfo",
        command: Sequence[str] | None = None,
        local: Callable[[str], Answer] = ask_local,
    ) -> None:
        self._mountinfo = mountinfo
        self._command = command
        self._local = local
        self._worker = Worker("file systems")
        self._due = float("-inf")
        self._local_shown: dict[str, FileSystem] = {}
        self._suspects: dict[str, Mount] = {}
        self._questions: dict[str, Question] = {}
        self._leaving: list[Question] = []
        self._writable: set[str] = set()
        self.turn = 0
        """Grows whenever figures are new."""
        self.hidden_processes = False
        """Whether /proc shows this user's processes only."""
        self.stuck = False
        """Whether even the local file systems do not answer."""

    async def look(self, now: datetime) -> tuple[FileSystem, ...]:
        """The file systems as far as they are known, by path; asks again when it is time."""
        moment = time.monotonic()
        if moment >= self._due:
            self._due = moment + STEP
            await self._ask(now)
        for question in self._questions.values():
            if question.look(moment):
                self.turn += 1
        self._leaving = [question for question in self._leaving if question.child]
        for question in self._leaving:
            question.look(moment)
        shown = self._local_shown | self._suspects_shown()
        return tuple(shown[point] for point in sorted(shown))

    async def _ask(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(LOCAL_LIMIT):
                mounts, figures = await self._worker.call(self._survey)
        except (TimeoutError, TimedOut):
            self.stuck = True
            return
        self.stuck = False
        self.turn += 1
        self._local_shown = {
            mount.point: _describe(mount, figures[mount.point], self._turned(mount))
            for mount in mounts
            if mount.point in figures and figures[mount.point].blocks
        }
        self._suspects = {mount.point: mount for mount in mounts if mount.suspect}
        for point in self._suspects:
            if point not in self._questions:
                self._questions[point] = Question(point, self._command)
            self._questions[point].ask(time.monotonic(), now)
        for point in [gone for gone in self._questions if gone not in self._suspects]:
            question = self._questions.pop(point)
            question.kill()
            self._leaving.append(question)

    def _survey(self) -> tuple[list[Mount], dict[str, Answer]]:
        try:
            everything = parse_mountinfo(read(self._mountinfo))
        except OSError:
            everything = []
        self.hidden_processes = hides_processes(everything)
        mounts, figures = interesting(everything), {}
        for mount in mounts:
            if not mount.suspect:
                try:
                    figures[mount.point] = self._local(mount.point)
                except OSError:
                    continue  # unmounted meanwhile, or in a place this user may not go
        return mounts, figures

    def _turned(self, mount: Mount) -> bool:
        # a mount that was writable when first seen and is not any more
        key = f"{mount.number} {mount.point}"
        if not mount.readonly:
            self._writable.add(key)
            return False
        return key in self._writable

    def _suspects_shown(self) -> dict[str, FileSystem]:
        shown = {}
        for point, question in self._questions.items():
            if question.denied:
                continue  # another user's private mount is none of ours
            if question.answer is None and not question.error and question.silent_since is None:
                continue  # asked just now
            mount, answer = self._suspects[point], question.answer
            if question.error or question.silent_since is not None:
                answer = None  # old figures would look like a healthy mount
            elif answer is not None and answer.blocks == 0:
                continue
            shown[point] = replace(
                _describe(mount, answer, self._turned(mount)),
                silent_since=question.silent_since,
                error=question.error,
            )
        return shown

    async def close(self) -> None:
        """End the children that can be ended; a child the kernel holds is left behind, not waited for."""
        self._worker.stop()
        questions = [*self._questions.values(), *self._leaving]
        self._questions.clear()
        self._leaving.clear()
        await asyncio.gather(*(question.close() for question in questions))
