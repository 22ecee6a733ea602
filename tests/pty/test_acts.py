"""A process ended by keys in a real terminal: what is asked, what is done, what is written down."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from console.journal.entries import Kind
from console.journal.reader import read
from tests.patience import PATIENCE
from tests.pty.consoles import real_console, settled, to_overview
from tests.pty.sequences import foreign

SIZE = (80, 24)
HOSTILE = "\x1b]0;TAKEN\x07\x1b[2J\u202e[/][@click=app.quit]x[/] sleep"


def test_a_process_is_ended_by_keys(tmp_path: Path) -> None:
    """What it calls itself is only text in the windows, and the keys in them go nowhere else."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    victim = subprocess.Popen([HOSTILE, "86397"], executable=sleep)
    try:
        with real_console(tmp_path, 'sources = ["system"]\n', size=SIZE) as terminal:
            terminal.wait_for("^ 1-1 pane|cpu")
            terminal.press("1")
            terminal.wait_for("PID +USER")
            terminal.type("/86397\r")
            terminal.wait_for("86397 1 of ")
            terminal.press("x")
            terminal.wait_for(f"▸ 1 End process sleep \\({victim.pid}\\)")
            terminal.wait_for(f"kill -KILL {victim.pid}")
            terminal.press("!", "p", "0", ":", "/")
            assert f"kill -TERM {victim.pid}" in settled(terminal)
            terminal.press("enter")
            terminal.wait_for("change: this changes something")
            terminal.press("!", "1", "enter", "x")
            assert "y do it" in settled(terminal)
            assert victim.poll() is None
            terminal.press("y")
            terminal.wait_for("done: end process sleep")
            assert victim.wait(PATIENCE) == -15
            entries = read(
                terminal.home / "state" / "opsconsole" / "journal.db", run=None, since=None, limit=100
            )
            told = {entry.kind: entry for entry in entries}
            assert told[Kind.STARTED].text("command") == f"kill -TERM {victim.pid}"
            assert told[Kind.STARTED].text("confirmed") == "yes"
            assert told[Kind.ENDED].text("status") == "ok"
            assert not foreign(bytes(terminal.raw), size=SIZE)
            assert "TAKEN" not in terminal.text.split("\n")[0]
            to_overview(terminal)
            terminal.press("q")
            assert terminal.wait() == 0
    finally:
        victim.kill()
        victim.wait()
