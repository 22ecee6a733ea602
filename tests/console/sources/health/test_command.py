"""Commands, run for real: their numbers, their exit codes, and the end of all they start."""

from __future__ import annotations

import asyncio
import os
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import CommandSettings
from console.sources.health.command import CommandProbe, Figure, figures_of, parted
from console.sources.health.probe import Outcome
from console.sources.health.running import run
from tests.patience import PATIENCE

NOW = datetime(2026, 11, 27, tzinfo=UTC)


async def ask(command: str, **settings: Any) -> Outcome:
    """What running it once shows."""
    return await CommandProbe(CommandSettings(command=command, **settings), os.environ).ask(NOW)


def sh(script: str) -> str:
    """A command line that has a shell run a script."""
    return f"sh -c {shlex.quote(script)}"


def values(found: Outcome, name: str) -> list[float]:
    """The samples of a name."""
    return [sample.value for sample in found.samples if sample.name == name]


@pytest.mark.parametrize(
    ("printed", "value", "severity", "text"),
    [
        ("42", 42, "OK", "42 jobs"),
        ("queue: 120 waiting", 120, "WARNING", "120 jobs (limit 100 jobs)"),
        ("-1.5e3", -1500, "OK", "-1,500 jobs"),
        ("v2 has 201.5", 201.5, "CRITICAL", "201.5 jobs (limit 200 jobs)"),
    ],
)
async def test_the_first_number_against_its_limits(
    printed: str, value: float, severity: str, text: str
) -> None:
    found = await ask(f"echo {shlex.quote(printed)}", limits=(100.0, 200.0), unit="jobs", metric="queue_jobs")

    assert (found.severity, found.text) == (Severity[severity], text)
    assert values(found, "queue_jobs") == [value]


async def test_a_limit_that_falls_and_one_of_bytes() -> None:
    assert (await ask("echo 3", limits=(10.0, 5.0))).text == "3 (limit 5)"
    found = await ask("echo 5368709120", limits=(1e9, 1e12), unit="B")
    assert (found.severity, found.text) == (Severity.WARNING, "5.0G (limit 954M)")


async def test_a_number_in_json() -> None:
    command = """echo '{"queue": {"depth": 7}, "jobs": [{"age": "12.5"}, {"ok": false}]}'"""

    assert values(await ask(command, value="queue.depth"), "probe_value") == [7]
    assert values(await ask(command, value="jobs[0].age"), "probe_value") == [12.5]
    assert values(await ask(command, value="jobs[1].ok"), "probe_value") == [0]
    gone = await ask(command, value="queue.none")
    assert gone.severity is Severity.CRITICAL
    assert gone.text.startswith("no number at queue.none in what it prints: ")


async def test_a_plugin_of_nagios_with_its_figures() -> None:
    script = (
        "echo \"DISK WARNING - free space: / 20%|/=2643MB;5948;5958;0;5968 'my time'=12.5ms\"\n"
        "echo '/boot 68 MB|/boot=68MB;88;93;0;98'\necho \"x=U\"\nexit 1"
    )
    found = await ask(sh(script))

    assert (found.severity, found.text) == (Severity.WARNING, "DISK WARNING - free space: / 20%")
    figures = {
        dict(s.labels)["label"]: (s.value, dict(s.labels)["unit"])
        for s in found.samples
        if s.name == "probe_command_figure"
    }
    assert figures == {
        "/": (2643 * 2**20, "B"),
        "my time": (pytest.approx(0.0125), "s"),
        "/boot": (68 * 2**20, "B"),
    }
    assert values(found, "probe_command_exit_code") == [1]


@pytest.mark.parametrize(
    ("code", "severity", "text"),
    [
        (0, "OK", "LOAD OK"),
        (1, "WARNING", "LOAD OK"),
        (2, "CRITICAL", "LOAD OK"),
        (3, "CRITICAL", "unknown: LOAD OK"),
        (7, "CRITICAL", "exit 7: LOAD OK"),
    ],
)
async def test_exit_codes(code: int, severity: str, text: str) -> None:
    found = await ask(sh(f"echo 'LOAD OK'; exit {code}"))

    assert (found.severity, found.text) == (Severity[severity], text)


async def test_a_signal_and_what_cannot_be_run(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch(0o600)

    assert (await ask(sh("kill -SEGV $$"))).text == "ended by SIGSEGV"
    assert (await ask("/nowhere/check_it -w 3")).text == "there is no program /nowhere/check_it"
    assert "cannot be run: Permission denied" in (await ask(str(plain))).text


async def test_it_has_no_shell_no_input_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "geheim")

    assert (await ask("echo $HOME;ls")).text == "$HOME;ls"
    assert (await ask(sh("wc -c"))).text == "0"
    found = await ask("env")
    assert "geheim" not in str(found)


async def test_what_it_prints_is_clean_masked_and_bounded() -> None:
    found = await ask(sh("printf '\\033[31mred\\033[0m password=geheim \\007\\n'"))
    assert found.text == "red password=*** ␇"

    ran = await run(["sh", "-c", "yes | head -c 3000000"], os.environ, 20)
    assert (ran.code, len(ran.output)) == (0, 1 << 16)


TREES = {
    "plain": "sleep 100 $MARK",
    "background": "sleep 100 $MARK & sleep 101 $MARK",
    "nohup": "nohup sleep 100 $MARK & wait",
    "setsid": "setsid sleep 100 $MARK & sleep 101 $MARK",
    "double fork": "(setsid sh -c 'sleep 100 $MARK & sleep 101 $MARK' &) ; sleep 102 $MARK",
    "ignores TERM": "trap '' TERM INT HUP; while :; do sleep 100 $MARK; done",
    "no environment": "env -i sleep 100 $MARK",
    "holds the output": "sleep 100 $MARK &",
}


def marked(mark: str) -> list[int]:
    """The living processes of a mark in their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


async def settle(gone: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not gone():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", TREES)
async def test_nothing_it_started_outlives_its_time(name: str) -> None:
    mark = str(uuid4().int % 10**9 + 10**9)  # a second number: sleep adds them up
    script = TREES[name].replace("$MARK", mark)

    found = await ask(sh(script), timeout=0.5)

    if name != "holds the output":
        assert found.text == "it did not end within 450ms, and was ended"
    await settle(lambda: not marked(mark))


async def test_nothing_outlives_a_question_that_is_cancelled() -> None:
    mark = str(uuid4().int % 10**9 + 10**9)
    task = asyncio.create_task(ask(sh(f"setsid sleep 100 {mark} & sleep 101 {mark}")))
    await settle(lambda: len(marked(mark)) >= 2)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await settle(lambda: not marked(mark))


async def test_no_descriptor_is_left_open() -> None:
    await ask("true")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        await ask("true")
        await ask("sleep 30", timeout=0.1)
    await settle(lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_figures_as_plugins_write_them() -> None:
    assert list(figures_of("a=1;2;3;0;10 'b c'=2.5s;; 'd''e'=3% f=U g=4c")) == [
        Figure("a", 1, ""),
        Figure("b c", 2.5, "s"),
        Figure("d'e", 3, "%"),
        Figure("g", 4, "c"),
    ]
    assert list(figures_of("nothing here")) == []
    assert parted(b"OK - fine\nmore\n") == ("OK - fine\nmore\n", "")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"command": ""}, "command is missing"),
        ({"command": "echo 'a"}, "cannot be read"),
        ({"command": "a", "metric": "a-b"}, "no name of a metric"),
        ({"command": "a", "value": "a["}, "no path into JSON"),
    ],
)
def test_what_cannot_be_used(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        CommandProbe(CommandSettings(**settings), {})


def test_arguments_that_are_secret_are_not_shown() -> None:
    probe = CommandProbe(CommandSettings(command="check_http --password geheim -H a"), {})

    assert probe.target == "check_http --password *** -H a"
