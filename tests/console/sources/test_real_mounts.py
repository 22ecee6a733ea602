"""File systems mounted for real: full, out of inodes, turned read-only, hanging, and dead.

They are mounted in a mount namespace of a child process, so nothing of them is left behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import absent

FULL = """
import asyncio, pathlib, subprocess, sys
from console.sources.system import mounts
from console.sources.base import Focus
from console.sources.system.source import SystemSource

root = pathlib.Path(sys.argv[1])
mounts.STEP = 0.0

def mount(name, options):
    (root / name).mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", root / name], check=True)

async def main():
    mount("full", "size=1m")
    mount("files", "size=1m,nr_inodes=20")
    mount("ro", "size=1m")
    (root / "full" / "x").write_bytes(bytes(900_000))
    for i in range(18):
        (root / "files" / str(i)).touch()
    source = SystemSource()
    await source.poll(Focus.HIDDEN)
    subprocess.run(["mount", "-o", "remount,ro", root / "ro"], check=True)
    snapshot = await source.poll(Focus.HIDDEN)
    for finding in source.judge(snapshot):
        if finding.subject.startswith(str(root)):
            print(finding.severity.name, finding.subject[len(str(root)):], finding.text)
    await source.close()

asyncio.run(main())
"""

HANGING = """
import asyncio, ctypes, os, sys
from console.sources.system import mount_probe
from console.sources.system import mounts
from console.sources.base import Focus
from console.sources.system.source import SystemSource

mount_probe.DEADLINE, mounts.STEP, mounts.LOCAL_LIMIT = 0.3, 0.2, 60.0
fuse = os.open("/dev/fuse", os.O_RDWR)  # a file system whose driver never answers, until it dies
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"hang", sys.argv[1].encode(), b"fuse.hang", 0, options):
    sys.exit("no mount: " + os.strerror(ctypes.get_errno()))

async def until_it_says(source, word):
    for _ in range(500):
        async with asyncio.timeout(30):  # the driver never answers: who waited for it would wait for ever
            snapshot = await source.poll(Focus.HIDDEN)
        assert any(disk.mount == "/" and disk.total for disk in snapshot.filesystems)
        for finding in source.judge(snapshot):
            if finding.subject == sys.argv[1] and word in finding.text:
                print(finding.severity.name, word)
                return
        await asyncio.sleep(0.05)
    sys.exit("it never said: " + word)

async def main():
    source = SystemSource()
    await until_it_says(source, "no answer since")
    os.close(fuse)
    await until_it_says(source, "Transport endpoint is not connected")
    async with asyncio.timeout(30):
        await source.close()

asyncio.run(main())
"""


def run(script: str, directory: Path, inside: list[str]) -> str:
    """What a script prints in a mount namespace of its own."""
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        absent("no mount namespace for this user: run as root, or allow user namespaces")
    arguments = [*inside, sys.executable, "-c", script, str(directory)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_full_out_of_inodes_and_turned_read_only(tmp_path: Path) -> None:
    inside = ["unshare", "--mount", "--map-root-user"]
    if os.geteuid() == 0:
        inside = ["unshare", "--mount", "--propagation", "private"]
    assert sorted(run(FULL, tmp_path, inside).splitlines()) == [
        "CRITICAL /files 95% of inodes used (limit 95%)",
        "CRITICAL /ro has become read-only",
        "WARNING /full 86% used, 144K free (limit 85%)",
    ]


CAN_MOUNT = os.geteuid() == 0 and os.path.exists("/dev/fuse")


@pytest.mark.skipif(not CAN_MOUNT, reason="a real hanging mount needs root and /dev/fuse")
def test_a_mount_that_hangs_and_then_dies(tmp_path: Path) -> None:
    inside = ["unshare", "--mount", "--propagation", "private"]
    assert run(HANGING, tmp_path, inside).splitlines() == [
        "CRITICAL no answer since",
        "CRITICAL Transport endpoint is not connected",
    ]
