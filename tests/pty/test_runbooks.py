"""Guides walked in a real terminal on real servers, with the keyboard only; the journal tells it all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pty.consoles import program
from tests.pty.terminal import Terminal
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

GUIDE = """\
# Bakery operations

## Daily

### Morning round (9:00 AM)

- [ ] All services are running and healthy
- [ ] Memory usage is within normal ranges
- [ ] Check database connections
- [ ] The cache is reachable
- [ ] The night shift has left no note
- [ ] Room for the flour: `df -h .`
- [ ] Loaves in the first oven
- [ ] The shop window is clean

## Runbooks

### Restart the oven

**When**: loaves stay raw

1. Tell the bakers
2. Look at it: `docker inspect -f '{{.State.Status}}' <container_name>`
3. Restart it: `docker restart -t 0 <container_name>`
4. All containers are running and healthy

### Read the manual

1. Open it: `less manual.txt`

### Bake for long

1. Look at the flour: `df -h .`
2. A long bake: `sleep 300`

### Make smoke

1. A quiet moment: `sleep 1`
2. Much smoke
   ```bash
   while :; do seq -f %.0fsmoke 1000; sleep 0.1; done
   ```

### Knead the dough

1. Knead it: `touch kneading; sleep 3; touch kneaded`
"""
WAIT = 60.0


@dataclass(frozen=True)
class Bakery:
    """The servers, and where a console finds them and the guide."""

    directory: Path
    engine: Dockerd
    redis: RedisServer

    def console(self, size: tuple[int, int] = (120, 40)) -> Terminal:
        """A console in the guide's directory, on the shared journal."""
        command = [*program(), "--config", str(self.directory / "config.toml")]
        env = {"XDG_STATE_HOME": str(self.directory / "state"), "DOCKER_HOST": self.engine.host, "LESS": ""}
        return Terminal(command, size=size, env=env, directory=self.directory)

    def journal(self, *words: str) -> Any:
        """What a command about the journal says, as JSON."""
        env = os.environ | {"XDG_STATE_HOME": str(self.directory / "state")}
        done = subprocess.run(
            [*program(), "journal", *words, "--json"], capture_output=True, env=env, check=True, timeout=60
        )
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bakery]:
    directory = tmp_path_factory.mktemp("bakery")
    with ExitStack() as stack:
        engine = stack.enter_context(Dockerd())
        engine.run("oven", "sleep", "1000")
        engine.run("mixer", "sleep", "1000")
        postgres = stack.enter_context(PostgresServer(wheel_bindir()))
        redis = stack.enter_context(RedisServer(wheel_redis()))
        (directory / "OPERATIONS.md").write_text(GUIDE)
        (directory / "manual.txt").write_text("".join(f"page {n} of the manual\n" for n in range(200)))
        config = directory / "config.toml"
        config.write_text(
            f'[[docker]]\nhost = "{engine.host}"\n[[postgres]]\nurl = "{postgres.url()}"\n'
            f'[[redis]]\nurl = "{redis.url}"\n[logs]\njournald = false\ncontainers = false\n'
        )
        config.chmod(0o600)
        yield Bakery(directory, engine, redis)


def run(terminal: Terminal, name: str) -> None:
    """The procedure of this name, by the command line."""
    terminal.press(":")
    terminal.wait_for(r"command, tab completes")
    terminal.type(f"run {name}")
    terminal.press("enter")
    terminal.wait_for(r"⏎ starts it", WAIT)
    terminal.press("enter")


def answer(terminal: Terminal, label: str, text: str) -> None:
    """Type the answer to a prompt, in place of what stands there."""
    terminal.wait_for(label, WAIT)
    terminal.press("ctrl+u")
    terminal.wait_quiet()
    terminal.type(text)
    terminal.wait_for(rf"{label}.*{text}", WAIT)
    terminal.press("enter")


def test_a_morning_round_ticks_half_of_itself(bakery: Bakery) -> None:
    """Four items by what the panes say, the others by hand; one that gets worse loses its tick."""
    with bakery.console() as terminal:
        terminal.wait_for(r"2 Containers.*2 running|2 of 2|Containers  2", WAIT)
        run(terminal, "morning-round")
        for number, says in (
            (1, "2 of 2 containers"),
            (2, r"memory \S+%"),
            (3, "sessions,"),
            (4, "answers in"),
        ):
            terminal.wait_for(rf"◉ +{number} .*{says}", WAIT)
        terminal.wait_for(r"4/8")
        terminal.wait_for(r"☐ +5 The night shift")
        terminal.press("enter")
        terminal.wait_for(r"✔ +5 ", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"✔ +6 .*ok in", WAIT)
        terminal.press("v")
        answer(terminal, "value of step 7", "48 loaves")
        terminal.wait_for(r"✔ +7 .*48 loaves", WAIT)
        terminal.press("s")
        answer(terminal, "skip step 8", "it rains")
        terminal.wait_for(r"– +8 .*skipped: it rains", WAIT)
        terminal.wait_for("8/8")

        bakery.engine.cli("stop", "-t", "0", "mixer")
        terminal.wait_for(r"▲ +1 .*1 of 2", WAIT)
        terminal.wait_for("7/8")
        bakery.engine.cli("start", "mixer")
        terminal.press("home")
        terminal.wait_for(r"it was ticked and is no longer so")
        terminal.wait_for(r"● 2 of 2 containers", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"✔ +1 .*2 of 2", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"ended ok", WAIT)
        terminal.press("q", "q")
        assert terminal.wait() == 0
        assert terminal.family() == []
    entries = bakery.journal("show")["entries"]
    kinds = [entry["kind"] for entry in entries]
    assert kinds[0] == "opened"
    assert kinds[-1] == "closed"
    ticked = [entry["body"] for entry in entries if entry["kind"] == "ticked"]
    assert sum(body["automatic"] for body in ticked) == 4
    assert any(body["value"] == "48 loaves" for body in ticked)
    assert [entry["body"]["regressed"] for entry in entries if entry["kind"] == "unticked"] == [True]
    assert bakery.journal("verify")["ok"] is True


def test_a_restart_runbook_to_its_end(bakery: Bakery) -> None:
    """The variable is suggested from the pane, the change asks, the container is another; all is recorded."""
    before = bakery.engine.inspect("oven")["State"]["StartedAt"]
    with bakery.console((80, 24)) as terminal:
        terminal.wait_for(r"1-\d pane", WAIT)
        run(terminal, "restart-the-oven")
        terminal.wait_for(r"mixer|oven")
        answer(terminal, "container_name", "oven")
        terminal.wait_for("0/4", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"✔ +1 ", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"✔ +2 .*ok in", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"change: this changes something", WAIT)
        terminal.wait_for(r"docker restart -t 0 oven")
        assert bakery.engine.inspect("oven")["State"]["StartedAt"] == before
        terminal.press("y")
        terminal.wait_for(r"✔ +3 .*ok in", WAIT)
        terminal.wait_for(r"before change", WAIT)
        terminal.wait_for(r"● \d of \d containers running", WAIT)
        terminal.press("enter")
        terminal.wait_for("close the run", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"ended ok", WAIT)
    assert bakery.engine.inspect("oven")["State"]["StartedAt"] != before
    started = [entry["body"] for entry in bakery.journal("show")["entries"] if entry["kind"] == "started"]
    assert started[-1]["command"] == "docker restart -t 0 oven"
    assert started[-1]["confirmed"] == "yes"
    assert bakery.journal("verify")["ok"] is True


def test_the_terminal_is_handed_over_and_taken_back(bakery: Bakery) -> None:
    """A pager has the whole screen and its keys, ctrl-c and ctrl-z too; then the console is there again."""
    with bakery.console() as terminal:
        terminal.wait_for(r"1-\d pane", WAIT)
        run(terminal, "read-the-manual")
        terminal.wait_for("take the terminal", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"^page 0 of the manual", WAIT)
        terminal.press("space")
        terminal.wait_for(r"^page 45 of the manual", WAIT)
        terminal.press("ctrl+c")
        terminal.wait_quiet()  # a pager drops what was typed before it heard of that
        terminal.press("ctrl+z")  # no shell is here to let anything go on that was stopped
        terminal.wait_quiet(0.5)
        terminal.press("q")
        terminal.wait_for(r"✔ +1 .*ok in", WAIT)
        terminal.wait_for(r"1 System")
        terminal.press("q")
        terminal.wait_for(r"1-\d pane", WAIT)


def test_a_killed_console_comes_back_to_the_run(bakery: Bakery) -> None:
    """With what was running seen to, its output there, and nothing run again by itself."""
    with bakery.console() as terminal:
        terminal.wait_for(r"1-\d pane", WAIT)
        run(terminal, "bake-for-long")
        terminal.wait_for("0/2", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"✔ +1 .*ok in", WAIT)
        terminal.press("enter")
        terminal.wait_for(r"▶ +2 .*running", WAIT)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    with bakery.console() as terminal:
        terminal.wait_for(r"▶ Bake for long unfinished", WAIT)
        terminal.press("R")
        terminal.wait_for("Under way", WAIT)
        terminal.press("enter")
        # a step that only reads ends with its console; one that does not is followed again
        terminal.wait_for(r"[■?✖] +2 A long bake", WAIT)
        terminal.press("up")
        terminal.wait_for(r"│ Filesystem", WAIT)
        terminal.press("F")
        answer(terminal, "are not done: close it", "y")
        terminal.wait_for(r"ended abandoned", WAIT)


def test_leaving_says_what_goes_on(bakery: Bakery) -> None:
    """A change is not interrupted half-way, and whoever leaves is told."""
    with bakery.console() as terminal:
        terminal.wait_for(r"1-\d pane", WAIT)
        run(terminal, "knead-the-dough")
        terminal.wait_for("0/1", WAIT)
        terminal.press("enter")
        terminal.wait_for("y do it", WAIT)
        terminal.press("y")
        terminal.wait_for(r"▶ +1 .*running", WAIT)
        terminal.press("q")
        terminal.wait_for(r"1-\d pane", WAIT)
        terminal.press("q")
        assert terminal.wait() == 0
        said = terminal.raw.rsplit(b"\x1b[?1049l", 1)[1].decode()
        assert "opsconsole: Knead the dough, step 1 (Knead it) goes on; R takes it up again" in said
        deadline = time.monotonic() + WAIT
        while not (bakery.directory / "kneaded").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_flood_of_output_leaves_the_keys_alone(bakery: Bakery) -> None:
    """Ten thousand lines a second: keys are answered, memory stays, and cancelling ends it."""
    with bakery.console() as terminal:
        terminal.wait_for(r"1-\d pane", WAIT)
        run(terminal, "make-smoke")
        terminal.wait_for("0/2", WAIT)
        terminal.press("G", "enter")
        terminal.wait_for(r"▶ +2 .*", WAIT)
        terminal.wait_for(r"│ \d+smoke", WAIT)
        before = terminal.usage()
        until = time.monotonic() + 4.0
        while time.monotonic() < until:
            for key, wanted in (("k", r"☐ +1 A quiet moment.*\n.*\$ sleep 1"), ("j", r"│ \d+smoke")):
                terminal.press(key)
                terminal.wait_for(wanted, WAIT)  # how soon is measured by the bench
        after = terminal.usage()
        assert after.pss - before.pss < 60e6
        terminal.press("c")
        terminal.wait_for(r"■ +2 ", WAIT)
