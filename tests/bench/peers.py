"""The programs measured: the console, an empty Textual application, and its peers where installed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.beside import ROOT
from tests.bench.load import Load
from tests.pty.consoles import program

CONSOLE = "opsconsole"
EMPTY = "empty Textual"
REPLACED = ("btop", "lazydocker", "pg_activity", "redis-cli --stat", "lnav")
"""The tools the console takes the place of: their sum is what it is measured by."""


@dataclass(frozen=True)
class Program:
    """One thing to measure.

    `ready` is a regular expression for a screen with real data (`!` in front: for what must not be
    there any more); `keys` are pressed in turn to see how fast an answer is drawn.
    """

    name: str
    command: Sequence[str]
    ready: str = ""
    keys: tuple[str, ...] = ()
    summed: bool = False


def programs(load: Load) -> tuple[list[Program], list[str]]:
    """What is there to measure on this machine, and the names of the peers that are not."""
    config = load.directory / "config.toml"
    config.write_text(load.config)
    config.chmod(0o600)
    found = [
        Program(EMPTY, [sys.executable, str(ROOT / "tests" / "bench" / "empty.py")]),
        Program(
            CONSOLE, [*program(), "--config", str(config)], "!starting …|connecting|waiting for the first",
            ("tab", "shift+tab"),
        ),
    ]  # fmt: skip
    stat = ["redis-cli", "-s", str(load.redis.socket), "--stat"]
    moves = ("down", "up")
    peers = [
        Program("btop", ["btop", "--utf-force"], r"\d+%", moves, True),
        Program("lazydocker", ["lazydocker"], r"app-\d+", moves, True),
        Program("pg_activity", ["pg_activity"], r"idle in trans|UPDATE|INSERT", ("2", "1"), True),
        Program("redis-cli --stat", stat, r"\d+ \(\+\d+\)", (), True),
        Program("lnav", ["lnav", str(load.log)], r"api\[\d", moves, True),
        Program("htop", ["htop"], r"\d+\.\d%", moves),
        Program("glances", ["glances"], "CPU", ("1",)),
    ]
    if shutil.which("lazydocker") is None:
        # what people without it have open for the same question; it stands in the sum in its place
        peers.append(Program("docker stats", ["docker", "stats"], r"app-\d+", (), True))
    missing = [peer.name for peer in peers if shutil.which(peer.command[0]) is None]
    return [*found, *(peer for peer in peers if peer.name not in missing)], missing


def console(directory: Path, config: str) -> list[str]:
    """The console's command line for a configuration written into a directory."""
    file = directory / "console.toml"
    file.write_text(config)
    file.chmod(0o600)
    return [*program(), "--config", str(file)]
