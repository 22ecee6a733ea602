"""The terminals people really have: few colours, none, tmux; and what is no terminal at all."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.pty import fakes
from tests.pty.consoles import fake_console, program, real_console, to_overview
from tests.pty.sequences import tokens
from tests.pty.terminal import Terminal
from tests.servers import require

PALETTES = {
    "xterm": 16, "linux": 16, "screen-256color": 256, "tmux-256color": 256, "xterm-256color": 256,
}  # fmt: skip
"""Colours a terminal of this name has, when nothing else says that it has more."""


def palette(raw: bytes) -> set[int]:
    """How the stream names colours: 16 (30-37, 90-97), 256 (38;5) or 1 << 24 (38;2)."""
    used = set()
    for token in tokens(raw):
        if token.kind == "csi" and token.text.endswith("m"):
            numbers = token.text[2:-1].split(";")
            while numbers:
                number = int(numbers.pop(0) or 0)
                if number in (38, 48):
                    used.add(256 if numbers[0] == "5" else 1 << 24)
                    del numbers[: 2 if numbers[0] == "5" else 4]
                elif number in (*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)):
                    used.add(16)
    return used


def walk(terminal: Terminal) -> None:
    """Look at something of everything, and leave."""
    terminal.wait_for("40 rows")
    terminal.press("2")
    terminal.wait_for("^ Rows +Back")
    terminal.press("enter")
    terminal.wait_for("│NAME +")
    to_overview(terminal)
    terminal.press("?")
    terminal.wait_for("Keys that work here")
    to_overview(terminal)
    terminal.press("q")
    assert terminal.wait() == 0


@pytest.mark.parametrize("term", PALETTES)
def test_no_more_colours_are_used_than_the_terminal_has(term: str) -> None:
    with fake_console(env={"TERM": term, "COLORTERM": None}) as terminal:
        walk(terminal)
        assert palette(bytes(terminal.raw)) <= {16, PALETTES[term]}


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
def test_without_colours_nothing_is_coloured_and_what_is_wrong_has_a_mark(term: str) -> None:
    with fake_console(env={"TERM": term, "NO_COLOR": "1"}) as terminal:
        terminal.wait_for("✖ 2 critical")
        terminal.wait_for("✖ row-8 ")
        walk(terminal)
        tones = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", bytes(terminal.raw)))
        assert all(red == green == blue for red, green, blue in tones), "a colour that is no grey"


def told(stdout: int | None, env: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of the console where it cannot draw."""
    done = subprocess.run(
        [*program(), *arguments], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **env}, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


def is_one_sentence(text: str) -> bool:
    """One line, from the console, without a traceback."""
    return text.startswith("opsconsole: ") and text.count("\n") == 1 and "Traceback" not in text


def test_without_a_terminal_one_sentence_says_so() -> None:
    code, text = told(subprocess.DEVNULL, {"TERM": "xterm-256color"})
    assert code == 2
    assert is_one_sentence(text)
    assert "opsconsole status" in text


@pytest.mark.parametrize("term", ["dumb", "", None, "unknown"])
def test_a_terminal_that_cannot_draw_is_told_in_one_sentence(term: str | None) -> None:
    with Terminal(program(), env={"TERM": term}) as terminal:
        assert terminal.wait() == 2
        text = bytes(terminal.raw).decode().replace("\r\n", "\n")
        assert is_one_sentence(text)
        assert "\x1b" not in text
        assert "TERM" in text


def test_colours_nobody_knows_are_told_in_one_sentence() -> None:
    with Terminal(program(), env={"TEXTUAL_COLOR_SYSTEM": "bogus"}) as terminal:
        assert terminal.wait() == 2
        text = bytes(terminal.raw).decode().replace("\r\n", "\n")
        assert is_one_sentence(text)
        assert 'TEXTUAL_COLOR_SYSTEM is "bogus"' in text


@pytest.mark.parametrize("size", [("30", "5"), ("99999", "99999")])
def test_the_terminal_says_how_large_it_is_whatever_the_environment(
    tmp_path: Path, size: tuple[str, str]
) -> None:
    env = {"COLUMNS": size[0], "LINES": size[1]}
    with real_console(tmp_path, 'sources = ["system"]\n', env=env, size=(100, 30)) as terminal:
        terminal.wait_for(lambda t: t.lines()[2].startswith("┏") and t.lines()[2].endswith("┓"))
        assert len(terminal.lines()[2]) == 100
        terminal.resize(120, 40)
        terminal.wait_for(lambda t: len(t.lines()[2]) == 120)
        terminal.press("q")
        assert terminal.wait() == 0


def test_output_into_a_pipe_is_told_in_one_sentence() -> None:
    command = f"{' '.join(program())} | cat"
    with Terminal(["/bin/sh", "-c", command]) as terminal:
        terminal.wait()
        text = bytes(terminal.raw).decode().replace("\r\n", "\n")
        assert is_one_sentence(text)
        assert "output" in text


class Tmux:
    """A tmux server of its own, with the console on fakes in its one window."""

    def __init__(self, directory: Path, size: tuple[int, int]) -> None:
        self._tmux = require("tmux", "tmux")
        self._env = {**os.environ, "TMUX_TMPDIR": str(directory), "LC_ALL": "C.UTF-8"}
        self._env.pop("TMUX", None)
        columns, rows = map(str, size)
        start = ["new-session", "-d", "-x", columns, "-y", rows, "-c", str(directory)]
        for name, value in fakes.environment().items():
            start += ["-e", f"{name}={value}"]
        # tmux does not always learn how a program ended whose terminal closed first: a shell tells it
        told = ["sh", "-c", '"$@"; echo "ended with $?"; exec cat', "sh"]
        self("-f", "/dev/null", *start, *told, *fakes.command("frozen"))

    def __call__(self, *arguments: str) -> str:
        """What tmux prints for these arguments."""
        done = subprocess.run(
            [self._tmux, "-L", "ops", *arguments],
            env=self._env, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout

    def wait_for(self, pattern: str) -> str:
        """The screen, once it shows this."""
        until = time.monotonic() + PATIENCE
        while not re.search(pattern, text := self("capture-pane", "-p"), re.MULTILINE):
            assert time.monotonic() < until, f"{pattern} was not seen:\n{text}"
            time.sleep(0.05)
        return text

    def attached(self) -> Terminal:
        """A terminal that looks at the session."""
        return Terminal([self._tmux, "-L", "ops", "attach"], env={"TMUX_TMPDIR": self._env["TMUX_TMPDIR"]})


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """tmux with the console in it; ended with all it runs."""
    server = Tmux(tmp_path, (120, 40))
    try:
        yield server
    finally:
        subprocess.run(
            [require("tmux", "tmux"), "-L", "ops", "kill-server"],
            env=server._env, check=False, capture_output=True,
        )  # fmt: skip


def test_in_tmux_it_draws_takes_keys_and_ends(tmux: Tmux) -> None:
    assert re.search("4 Redis", tmux.wait_for("40 rows"))
    tmux("send-keys", "3")
    tmux.wait_for("^ Rows +Back .*3 Postgres")
    tmux("send-keys", "Down", "Enter")
    tmux.wait_for("│NAME +")
    tmux("send-keys", "Escape")
    tmux.wait_for("esc overview")
    tmux("resize-window", "-x", "80", "-y", "24")
    tmux.wait_for("^ Rows +Back .{20,60}3 Postgres")
    tmux("send-keys", "C-c")
    tmux.wait_for("^ended with 0$")


def test_copying_in_tmux_reaches_the_terminal_outside(tmux: Tmux) -> None:
    tmux("set-option", "-g", "allow-passthrough", "on")
    tmux.wait_for("40 rows")
    with tmux.attached() as outside:
        outside.wait_for("40 rows")
        tmux("send-keys", "y")
        outside.wait_for(lambda t: b"\x1b]52;c;" in t.raw)
