"""A private process starts, ends and leaves nothing, also where it does not do as it is told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.servers.process import PrivateProcess


class Shell(PrivateProcess):
    """One that carries out a script; it is ready once that has said so."""

    def __init__(self, script: str) -> None:
        super().__init__("ops-shell-")
        self.script = script

    def command(self) -> list[str]:
        """By the system's shell."""
        return ["sh", "-c", self.script]

    def ready(self) -> bool:
        """Whether it has said so."""
        return "ready" in self.log


def test_one_that_does_not_start_says_why_and_is_gone() -> None:
    shell = Shell("echo no such disk; exit 3")
    with pytest.raises(RuntimeError, match="Shell did not start:\nno such disk"), shell:
        pass
    assert not shell.directory.exists()


def test_one_that_is_never_ready_is_gone() -> None:
    shell = Shell("exec sleep 1000")
    shell.start_limit = 0.0
    with pytest.raises(RuntimeError), shell:
        pass
    assert not shell.directory.exists()
    with pytest.raises(AssertionError, match="not running"):
        _ = shell.pid


@pytest.mark.parametrize("frozen", [False, True])
def test_stopped_it_ends_in_order(frozen: bool) -> None:
    with Shell("trap 'echo saved; exit' TERM; echo ready; while :; do sleep 0.01; done") as shell:
        process = psutil.Process(shell.pid)
        if frozen:
            shell.freeze()
        shell.stop()
        assert not process.is_running()
        assert "saved" in shell.log
        shell.stop()  # twice is no error
    assert not shell.directory.exists()


def test_frozen_none_of_its_threads_goes_on() -> None:
    script = (
        "from threading import Thread\n"
        "for _ in range(8): Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()\n"
        "print('ready', flush=True)\n"
        "while True: pass\n"
    )
    with Shell(f'exec "{sys.executable}" -S -c "{script}"') as shell:
        tasks = Path(f"/proc/{shell.pid}/task")
        for _ in range(20):
            shell.freeze()
            states = [path.read_text().rpartition(")")[2].split()[0] for path in tasks.glob("*/stat")]
            assert states == ["T"] * 9
            shell.thaw()


def test_one_that_does_not_stop_is_killed_and_told() -> None:
    with Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done") as shell:
        process = psutil.Process(shell.pid)
        shell.stop_limit = 0.2
        with pytest.raises(subprocess.TimeoutExpired):
            shell.stop()
        assert not process.is_running()


def test_it_starts_until_what_is_given_holds_and_again() -> None:
    with Shell("echo ready; exec sleep 1000") as shell:
        first = shell.pid
        shell.kill()
        shell.script = "echo again; exec sleep 1000"
        shell.start(lambda: "again" in shell.log)
        assert shell.pid != first
        shell.send_signal(signal.SIGTERM)
