"""A terminal that sends anything: pastes, answers, sequences without end; after it keys are keys."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE
from tests.pty.consoles import fake_console, settled
from tests.pty.terminal import Terminal
from tests.pty.test_start_and_end import assert_given_back

TEXT = "some words " * 30_000
"""A third of a megabyte, as of a log that was copied whole."""
SENT = {
    "CSI without end": "\x1b[" + "1;" * 200_000,
    "OSC without end": "\x1b]52;c;" + "q" * 400_000,
    "DCS without end": "\x1bP" + "q" * 400_000,
    "OSC": "\x1b]52;c;" + "q" * 400_000 + "\x07",
    "answers": "\x1b[?62;22c\x1b[>1;10;0c\x1bP>|q\x1b\\\x1b]11;rgb:0/q\x07" * 200,
    "a paste without end": "\x1b[200~" + TEXT,
    "a paste with escapes": "\x1b[200~\x1bq\x1bq\x1b[?q\x1b[201~",
    "no character": "\x1b[99999999u\x1b[97:65;2u",
    "no size": "\x1b[48;0;0;0;0t\x1b[<35;3;3M\x1b[48;99999999;99999999;1;1t",
}


def send(terminal: Terminal, text: str) -> None:
    """All of it, as fast as it is taken; fails where it is not."""
    left = text.encode()

    def write() -> None:
        nonlocal left
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(terminal._master, left) :]

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    writing.join(PATIENCE)
    assert not left, f"{len(left)} bytes are not taken"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The console on fakes, at rest."""
    with fake_console(size=(100, 30)) as terminal:
        terminal.wait_for("40 rows")
        settled(terminal)
        yield terminal


@pytest.mark.parametrize("what", SENT)
def test_whatever_a_terminal_sends_keys_are_keys_again(what: str, terminal: Terminal) -> None:
    before = settled(terminal)
    send(terminal, SENT[what])
    assert settled(terminal) == before, "it acted as keys"
    for _ in range(60):
        # what has no end is over after half a second of silence
        terminal.press("?")
        terminal.wait_quiet(0.6)
        if "Keys that work here" in terminal.text:
            break
    else:
        raise AssertionError(f"no key is one any more:\n{terminal.text}")
    terminal.press("ctrl+c")
    assert terminal.wait() == 0
    assert_given_back(terminal)
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize("what", ["CSI without end", "OSC without end", "a paste without end"])
def test_it_can_be_told_to_end_amid_what_a_terminal_sends(what: str, terminal: Terminal) -> None:
    send(terminal, SENT[what])
    terminal.signal(signal.SIGTERM)
    assert terminal.wait() == 128 + signal.SIGTERM
    assert_given_back(terminal)


@pytest.mark.parametrize("prompt", ["/", ":", "T"])
@pytest.mark.parametrize("pasted", [f"\x1b[200~{TEXT}\x1b[201~", TEXT], ids=["pasted", "as keys"])
def test_a_prompt_takes_so_much_of_a_paste_and_says_so(prompt: str, pasted: str, terminal: Terminal) -> None:
    terminal.press(prompt)
    terminal.wait_for(r"^ (filter|/|:|time) [^\n]*\Z")
    send(terminal, pasted)
    terminal.wait_for("The rest was left out")
    terminal.press("kitty-escape")
    terminal.wait_for(lambda t: "some words" not in t.text)
    terminal.press("?")
    terminal.wait_for("Keys that work here")
