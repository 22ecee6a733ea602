"""What the console writes arrives whole, however the terminal takes it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import tty

import pytest

from screens.terminal_output import EnduringWriter
from tests.patience import PATIENCE

LINES = [f"{number:06} \x1b[1;38;2;16;20;24m│ ── ░▒▓\x1b[0m" for number in range(20_000)]
WRITES = """
import sys
from screens.terminal_output import EnduringWriter
from tests.screens.test_terminal_output import LINES
writer = EnduringWriter(sys.__stderr__)
writer.start()
for line in LINES:
    writer.write(line)
writer.stop()
"""


def waiting(handle: int) -> int:
    """Bytes that can be read."""
    return int(struct.unpack("i", fcntl.ioctl(handle, termios.FIONREAD, b"\0" * 4))[0])


def filled(handle: int) -> None:
    """Wait until there is something to read, and no more comes: who writes has to wait."""
    before, since, end = -1, time.monotonic(), time.monotonic() + PATIENCE
    while before <= 0 or time.monotonic() - since < 0.2:
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.01)
        if (now := waiting(handle)) != before:
            before, since = now, time.monotonic()


def read_all(handle: int, most: int | None = None) -> bytes:
    """What comes until nobody has the other end open any more, or until there are `most` bytes."""
    data, piece = b"", b" "
    while piece and (most is None or len(data) < most):
        assert select.select((handle,), (), (), PATIENCE)[0], f"no more came after {len(data)} bytes"
        try:
            piece = os.read(handle, 65536)
        except OSError:  # so a terminal ends
            piece = b""
        data += piece
    return data


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nothing_is_lost_of_a_frame_in_which_the_process_is_stopped(unbuffered: str) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES], stderr=slave, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}
    )
    os.close(slave)
    read = b""
    try:
        for _ in range(3):
            filled(master)
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            process.send_signal(signal.SIGCONT)
            read += os.read(master, 65536)
        read += read_all(master)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert read == "".join(LINES).encode()


def test_a_terminal_that_does_not_wait_gets_everything_all_the_same() -> None:
    """A program that shared it may have left it in that mode."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    wanted = "".join(LINES).encode()
    with open(writing, "w") as file:
        writer = EnduringWriter(file)
        writer.start()

        def feed() -> None:
            for line in LINES:
                writer.write(line)

        threading.Thread(target=feed, daemon=True).start()
        filled(reading)
        assert read_all(reading, len(wanted)) == wanted
        writer.stop()
    os.close(reading)


def test_text_that_is_no_unicode_ends_nothing() -> None:
    reading, writing = os.pipe()
    with open(writing, "w") as file:
        writer = EnduringWriter(file)
        writer.start()
        writer.write("a\udc80b")
        writer.stop()
    assert read_all(reading) == b"a\\udc80b"
    os.close(reading)
