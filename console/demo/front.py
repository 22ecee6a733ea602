"""What the console's own process does for the demo: starts the guardian, and ends it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from console.config import (
    Config,
    GuideSettings,
    JournalSettings,
    LogSettings,
    PostgresTarget,
    RedisTarget,
)
from console.demo.servers import wheels_missing
from console.errors import OpsError, UsageError
from console.layers import Loaded

Run: TypeAlias = Callable[[Config, Sequence[str]], int]
"""What opens the console on a configuration, with notes to show; its result is the exit code."""
STOP_LIMIT = 12.0
"""Seconds the guardian has to end three processes, each asked twice."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo: where its servers and logs are, and its processes."""

    directory: str
    postgres: str
    redis: str
    logs: tuple[str, ...]
    pids: dict[str, int]


def demo(loaded: Loaded, seconds: str | None, run: Run) -> int:
    """Run the console on servers of its own until it ends, or for so many seconds; the exit code."""
    duration = _seconds(seconds)
    with stage(_progress) as running:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
        timer = _Timer(duration)
        code = run(config_for(running, loaded.config), loaded.notes)
        return 0 if timer.rang else code


def config_for(running: Stage, config: Config) -> Config:
    """The user's configuration with the demo's servers in place of their own."""
    logs = LogSettings(files=running.logs, containers=False, journald=False, keep=config.logs.keep)
    return msgspec.structs.replace(
        config,
        postgres=(PostgresTarget(name="shop", url=running.postgres),),
        redis=(RedisTarget(name="cache", url=running.redis),),
        logs=logs,
        guides=GuideSettings(paths=(str(Path(__file__).parent / "guides" / "operations.md"),)),
        # what is done in the demo goes with it
        journal=JournalSettings(path=str(Path(running.directory) / "journal" / "journal.db")),
    )


@contextmanager
def stage(progress: Callable[[str], None]) -> Iterator[Stage]:
    """The demo's servers and workload, for as long as the block lasts; they end with this process too.

    Raises UsageError without the wheels, OpsError when a server does not start.
    """
    if missing := list(wheels_missing()):
        raise UsageError(f"the demo needs {' and '.join(missing)}", "pip install 'opsconsole[demo]'")
    guardian = subprocess.Popen(
        [sys.executable, "-P", "-m", "console.demo.guardian"],  # -P: not from the current directory
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    said: dict[str, Any] = {}
    try:
        yield _await(guardian, said, progress)
    finally:
        _end(guardian, said.get("directory", ""))


def _await(guardian: subprocess.Popen[bytes], said: dict[str, Any], progress: Callable[[str], None]) -> Stage:
    assert guardian.stdout is not None
    for line in guardian.stdout:
        said.update(json.loads(line))
        if "ready" in said:
            ready = said["ready"]
            return Stage(
                said["directory"],
                ready["postgres"],
                ready["redis"],
                tuple(ready["logs"]),
                {"guardian": guardian.pid, **ready["pids"]},
            )
        if "error" in said:
            break
        if "step" in said:
            progress(said["step"])
    raise OpsError(f"the demo did not start: {said.get('error', 'its guardian ended')}")


def _end(guardian: subprocess.Popen[bytes], directory: str) -> None:
    """Close the pipe, which is the guardian's sign, and see to it that nothing is left."""
    assert guardian.stdin is not None
    assert guardian.stdout is not None
    guardian.stdin.close()
    try:
        guardian.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        guardian.kill()  # its children die with it
        guardian.wait()
    guardian.stdout.close()
    if directory:
        shutil.rmtree(directory, ignore_errors=True)  # gone already, unless the guardian was killed


def _progress(step: str) -> None:
    sys.stderr.write(f"\r\x1b[Kopsconsole demo: starting {step} …")
    sys.stderr.flush()


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= threading.TIMEOUT_MAX:
        raise UsageError(f'--seconds "{text}" is not a number above 0', "for instance: --seconds 60")
    return value


class _Timer:
    """Tells the console to end after a while, as `kill` would, so that it leaves in good order."""

    def __init__(self, seconds: float | None) -> None:
        self.rang = False
        if seconds is not None:
            timer = threading.Timer(seconds, self._ring)
            timer.daemon = True
            timer.start()

    def _ring(self) -> None:
        self.rang = True
        os.kill(os.getpid(), signal.SIGTERM)
