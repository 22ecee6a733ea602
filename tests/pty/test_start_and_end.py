"""From the first paint to the terminal given back, whichever way the console is ended."""

from __future__ import annotations

import shlex
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.pty import fakes
from tests.pty.consoles import fake_console, real_console
from tests.pty.sequences import modes
from tests.pty.terminal import Terminal

LEFT_ON = {7, 25}
"""Modes a shell wants on: line wrap and the cursor."""
WAYS: dict[str, tuple[Callable[[Terminal], None], int]] = {
    "q": (lambda t: t.press("q"), 0),
    "ctrl+c": (lambda t: t.press("ctrl+c"), 0),
    ":quit": (lambda t: t.type(":quit\r"), 0),
    "SIGTERM": (lambda t: t.signal(signal.SIGTERM), 128 + signal.SIGTERM),
    "SIGHUP": (lambda t: t.signal(signal.SIGHUP), 128 + signal.SIGHUP),
    "SIGUSR1": (lambda t: t.signal(signal.SIGUSR1), 128 + signal.SIGUSR1),
    "SIGXCPU": (lambda t: t.signal(signal.SIGXCPU), 128 + signal.SIGXCPU),
}
"""How it is ended, and the exit code that tells it."""


def assert_given_back(terminal: Terminal) -> None:
    """The terminal is as a shell wants it."""
    wrong = {mode: on for mode, on in modes(bytes(terminal.raw)).items() if on != (mode in LEFT_ON)}
    assert not wrong, f"modes left set (True) or reset (False): {wrong}"
    flags = terminal.settings()[3]
    assert flags & termios.ECHO, "the terminal does not echo any more"
    assert flags & termios.ICANON, "the terminal is still raw"
    assert flags & termios.ISIG, "ctrl+c would do nothing"


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_and_gives_the_terminal_back(way: str) -> None:
    end, code = WAYS[way]
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        assert modes(bytes(terminal.raw))[1049], "the alternate screen was never entered"
        end(terminal)
        assert terminal.wait() == code
        assert_given_back(terminal)
        assert terminal.family() == []
        assert b"Traceback" not in terminal.raw


def test_a_key_typed_before_the_first_paint_is_obeyed(tmp_path: Path) -> None:
    with real_console(tmp_path, 'sources = ["system"]\n', size=(100, 30)) as terminal:
        terminal.press("1")
        terminal.wait_for("PID +USER")


@pytest.mark.parametrize("screen", ["overview", "zoom", "details", "prompt", "command", "paused"])
def test_it_can_be_told_to_end_wherever_the_reader_is(screen: str) -> None:
    keys = {"overview": "", "zoom": "2", "details": "2\r", "prompt": "2/", "command": "\x10", "paused": "p"}
    with fake_console(size=(100, 30)) as terminal:
        terminal.wait_for("40 rows")
        for key in keys[screen]:
            terminal.type(key)
            terminal.wait_quiet(0.1)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert_given_back(terminal)


@pytest.mark.parametrize("moment", [0.0, 0.5, 3.0])
def test_a_flood_of_keys_keeps_nobody_from_ending_it(moment: float) -> None:
    """Half a megabyte that nobody meant: from a cat on the keyboard to a paste without its brackets."""
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        typing = threading.Thread(target=terminal.write, args=("A" * 500_000,), daemon=True)
        typing.start()
        time.sleep(moment)  # more and more waits to be read and handled
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert_given_back(terminal)
        assert terminal.family() == []


def test_keys_that_come_too_fast_are_all_obeyed() -> None:
    with fake_console(size=(100, 30)) as terminal:
        terminal.wait_for("40 rows")
        terminal.type("2" + "jk" * 4000 + "j?")
        terminal.wait_for("esc close")  # the last of them


def test_a_closed_terminal_ends_it_and_leaves_no_process() -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        terminal.hang_up()
        terminal.wait()
        assert terminal.family() == []


DRAWING = """
import sys
from tests.pty import fakes
app = fakes.console("frozen")
end = app._told_to_end
def draw_and_end(number):
    for _ in range(100):
        app._driver.write(" ")
    end(number)
app._told_to_end = draw_and_end
app.run()
sys.exit(app.return_code)
"""


def test_a_terminal_closed_amid_drawing_ends_it() -> None:
    """What is still drawn does not wait for a terminal that takes nothing any more."""
    with Terminal([sys.executable, "-c", DRAWING], env=fakes.environment()) as terminal:
        terminal.wait_for("40 rows")
        terminal.hang_up()
        assert terminal.wait() == 128 + signal.SIGHUP
        assert terminal.family() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_can_be_told_to_end_while_it_starts(number: signal.Signals) -> None:
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        with fake_console() as terminal:
            time.sleep(delay)  # a moment of the start that no state on the screen marks
            terminal.signal(number)
            assert terminal.wait() in (128 + number, -number)
            assert_given_back(terminal)


def test_the_first_paint_has_the_frame_of_every_pane() -> None:
    with fake_console() as terminal:
        terminal.wait_for("opsconsole")
        for number, title in enumerate(("System", "Docker", "Postgres", "Redis", "Logs"), 1):
            terminal.wait_for(rf"[─━] {number} {title}")
        terminal.wait_for(r"1-5 pane")


def test_suspending_gives_the_terminal_back_until_it_goes_on() -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        terminal.signal(signal.SIGTSTP)
        stopped = psutil.Process(terminal.pid)
        terminal.wait_for(lambda t: stopped.status() == psutil.STATUS_STOPPED)
        terminal.wait_quiet(0.2)  # what it wrote before it stopped may still be on its way
        assert_given_back(terminal)
        terminal.signal(signal.SIGCONT)
        terminal.wait_for(lambda t: modes(bytes(t.raw))[1049])
        terminal.press("2")
        terminal.wait_for(r"Rows +Back .*2 Docker")
        terminal.press("q")
        terminal.wait_quiet(0.1)
        terminal.press("q")
        assert terminal.wait() == 0
        assert_given_back(terminal)


def test_with_nothing_to_look_at_it_ends_and_says_why(tmp_path: Path) -> None:
    with real_console(tmp_path, 'sources = ["nope"]\n') as terminal:
        assert terminal.wait() == 2
        assert "there is nothing to look at" in terminal.text
        assert_given_back(terminal)


def _written(what: bytes, times: int, terminal: Terminal) -> bool:
    return terminal.raw.count(what) == times


def test_a_shell_stops_it_by_ctrl_z_and_lets_it_go_on() -> None:
    words = shlex.join([*(f"{name}={value}" for name, value in fakes.environment().items())])
    command = f"env {words} {shlex.join(map(str, fakes.command('frozen')))}"
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env={"PS1": "shell> "}) as terminal:
        terminal.wait_for("shell>")
        terminal.type(f"{command}\r")
        terminal.wait_for("40 rows")
        for turn, (pane, name) in enumerate((("2", "Docker"), ("3", "Postgres")), 1):
            terminal.press("ctrl+z")
            terminal.wait_for(partial(_written, b"Stopped", turn))
            held = modes(bytes(terminal.raw))
            assert not held[1049], "the screen is still the console's"
            assert not held[1000], "so is the mouse"
            terminal.type("fg\r")
            terminal.wait_for(partial(_written, b"\x1b[?1049h", turn + 1))
            terminal.press(pane)
            terminal.wait_for(rf"Rows +Back .*{pane} {name}")
            terminal.press("q")
            terminal.wait_for("1-5 pane")
            terminal.wait_quiet(0.1)
        terminal.press("q")
        terminal.wait_for(lambda t: not modes(bytes(t.raw))[1049])
        terminal.type("exit\r")
        assert terminal.wait() == 0


@pytest.mark.parametrize("end", ["q", "ctrl+c"])
def test_stopped_by_others_it_goes_on_and_gives_the_terminal_back(end: str) -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        process = psutil.Process(terminal.pid)
        for _ in range(3):
            terminal.signal(signal.SIGSTOP)
            terminal.wait_for(lambda t: process.status() == psutil.STATUS_STOPPED)
            begun = terminal.raw.count(b"\x1b[?1049h")
            terminal.signal(signal.SIGCONT)
            while terminal.raw.count(b"\x1b[?1049h") == begun:
                terminal.wait_quiet(0.1)
        terminal.wait_quiet(0.2)  # what is typed while it begins is flushed
        terminal.press("2")
        terminal.wait_for(r"Rows +Back .*2 Docker")
        terminal.press("0")
        terminal.wait_for("1-5 pane")
        terminal.press(end)
        assert terminal.wait() == 0
        assert_given_back(terminal)


@pytest.mark.parametrize("typed", [b"\xe9a", b"\xff", b"\x80\x81\xfe", b"\xe9 \xc3"])
def test_bytes_that_are_no_text_do_not_end_it(typed: bytes) -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        terminal.write(typed)
        terminal.wait_quiet(0.1)
        terminal.type("q" if terminal.poll() is None else "")
        assert terminal.wait() == 0
        assert b"Traceback" not in terminal.raw


def test_sigquit_gives_the_terminal_back() -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        terminal.signal(signal.SIGQUIT)
        assert terminal.wait() == 128 + signal.SIGQUIT
        assert_given_back(terminal)
