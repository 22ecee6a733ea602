"""Following a log by its name through rotation, truncation, restarts and whatever else befalls files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from console.logs import tail as tail_module
from console.logs.tail import GRACE, QUIET, Piece, Tail, archive_age, is_archive
from tests.servers import require

CHUNK = 64 * 1024
LINES = 100_000
ROTATIONS = 50


class Reader:
    """A Tail read to its end, with a clock the test turns."""

    def __init__(self, path: Path, lines: int | None = None) -> None:
        self.tail = Tail(str(path), lines)
        self.now = 0.0
        self.lines: list[bytes] = []
        self.marks: list[str] = []

    def read(self, wait: float = 0.0) -> list[Piece]:
        """Everything there is now."""
        self.now += wait
        taken: list[Piece] = []
        while pieces := self.tail.read(CHUNK, self.now):
            taken += pieces
        for piece in taken:
            self.lines += piece.lines
            if piece.mark:
                self.marks.append(piece.mark)
        return taken

    def restart(self) -> None:
        """As when the source is closed and polled again."""
        positions = self.tail.positions()
        self.tail.close()
        self.tail = Tail(self.tail.path, positions=positions)


def numbered(lines: list[bytes]) -> Counter[int]:
    return Counter(int(line.split()[1]) for line in lines)


def assert_whole(lines: list[bytes], count: int) -> None:
    """Lost 0, doubled 0, in order."""
    numbers = [int(line.split()[1]) for line in lines]
    assert numbers == list(range(count))


def rotate(path: Path, keep: int = 5) -> None:
    """Rename and create, as logrotate and most programs do."""
    for number in range(keep, 0, -1):
        older = Path(f"{path}.{number}")
        if older.exists():
            if number == keep:
                older.unlink()
            else:
                older.rename(f"{path}.{number + 1}")
    path.rename(f"{path}.1")


@pytest.mark.parametrize("polls_per_rotation", [5, 1, 0.34])
def test_fifty_rotations_lose_and_double_nothing(tmp_path: Path, polls_per_rotation: float) -> None:
    # with 0.34 the log is rotated three times between two polls
    path = tmp_path / "app.log"
    path.touch()
    reader = Reader(path)
    reader.read()
    share, number, due = LINES // ROTATIONS, 0, 0.0
    for _ in range(ROTATIONS):
        with path.open("ab", buffering=0) as log:
            for _ in range(5):
                block = b"".join(b"line %d of many\n" % n for n in range(number, number + share // 5))
                number += share // 5
                log.write(block[:-3])  # a writer's block ends anywhere
                due += polls_per_rotation / 5
                while due >= 1:
                    due -= 1
                    reader.read(1.0)
                log.write(block[-3:])
        rotate(path)
    path.touch()
    reader.read(1.0)
    assert_whole(reader.lines, LINES)
    assert reader.marks == []


def test_rotations_at_full_speed_beside_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    reader = Reader(path)
    script = (
        "import os, sys, time\n"
        "path, rotations, share = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])\n"
        "for r in range(rotations):\n"
        "    with open(path, 'a') as log:\n"
        "        for n in range(r * share, (r + 1) * share):\n"
        "            log.write(f'line {n} of many\\n')\n"
        "    for n in range(r, 0, -1):\n"
        "        old = f'{path}.{n}'\n"
        "        if os.path.exists(old):\n"
        "            os.rename(old, f'{path}.{n + 1}')\n"
        "    os.rename(path, path + '.1')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", script, str(path), str(ROTATIONS), str(LINES // ROTATIONS)]
    ) as writer:
        while writer.poll() is None:
            reader.now = time.monotonic()  # a faster clock would find the writer quiet
            reader.read()
    path.touch()
    reader.read(1.0)
    assert_whole(reader.lines, LINES)


def test_the_old_file_is_read_while_its_writer_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("w", buffering=1) as old:
        reader = Reader(path)
        old.write("line 0\n")
        reader.read(1.0)
        rotate(path)
        old.write("line 1\n")
        with path.open("w", buffering=1) as new:
            reader.read(1.0)
            old.write("line 2\n")
            reader.read(1.0)
            new.write("line 3\n")
            reader.read(1.0)
            old.write("line 4\n")  # a worker that reopens its log late
            reader.read(1.0)
    assert_whole(reader.lines, 5)


def test_an_old_file_is_closed_when_it_is_quiet_and_never_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    old = path.open("a", buffering=1)
    old.write("line 0\n")
    reader = Reader(path)
    reader.read(1.0)
    rotate(path)
    path.write_text("line 1\n")
    reader.read(1.0)
    reader.read(GRACE + 1)
    reader.read(1.0)
    assert sum(_names(tmp_path)) == 2  # the writer's and the reader's, of different files
    # a program never told to reopen goes on for ever in the renamed file; the next rotation finds it again
    old.write("line 2\n")
    old.close()
    rotate(path)
    path.write_text("line 3\n")
    reader.read(1.0)
    assert numbered(reader.lines) == Counter(range(4))


def _names(directory: Path) -> list[int]:
    """1 for every descriptor of this process open below the directory."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(int(os.readlink(link).startswith(str(directory))))
        except FileNotFoundError:
            continue
    return found


def test_fifty_copytruncates_double_nothing_and_show_their_gaps(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    reader, number = Reader(path), 0
    with path.open("ab", buffering=0) as log:
        for turn in range(ROTATIONS):
            for _ in range(4):
                log.write(b"".join(b"line %d of many\n" % n for n in range(number, number + 500)))
                number += 500
                if turn % 3:
                    reader.read(1.0)
            shutil.copyfile(path, f"{path}.1")
            os.truncate(path, 0)
            if turn % 2:
                reader.read(1.0)
    reader.read(1.0)
    assert max(numbered(reader.lines).values()) == 1
    numbers = [int(line.split()[1]) for line in reader.lines]
    assert numbers == sorted(numbers)
    assert all("truncated" in mark for mark in reader.marks)
    breaks = sum(1 for before, after in zip([-1, *numbers], numbers, strict=False) if after != before + 1)
    assert breaks > 0
    assert len(reader.marks) >= breaks


def test_a_file_truncated_and_grown_past_the_old_place_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("line 0\nline 1\n")
    reader = Reader(path)
    reader.read(1.0)
    path.write_text("line 2 of the new file\nline 3 of the new file\n")  # the same inode, longer
    reader.read(1.0)
    assert_whole(reader.lines, 4)
    assert len(reader.marks) == 1


def test_a_writer_that_keeps_its_offset_leaves_a_hole_that_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("wb", buffering=0) as log:
        log.write(b"".join(b"line %d of many\n" % n for n in range(10_000)))
        reader = Reader(path)
        reader.read(1.0)
        os.truncate(path, 0)
        log.write(b"line 10000 after the hole\n")
        reader.read(1.0)
    assert_whole(reader.lines, 10_001)


def test_a_removed_and_created_file_may_have_the_same_inode(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    reader, reused, number = Reader(path), 0, 0
    for _ in range(30):
        path.write_text(f"line {number}\nline {number + 1}\n")
        before = path.stat().st_ino
        number += 2
        reader.read(GRACE / 2 + 1)
        # held open, an inode does not come back; let go of, it does
        reader.restart()
        reader.tail.close()
        path.unlink()
        path.write_text(f"line {number}\nline {number + 1}\nline {number + 2}\n")
        reused += path.stat().st_ino == before
        number += 3
        reader.read(1.0)
        path.unlink()
    assert numbered(reader.lines) == Counter(range(number))


def test_it_goes_on_after_a_restart_through_rotation_and_truncation(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    reader, number = Reader(path), 0

    def write(count: int) -> None:
        nonlocal number
        with path.open("a") as log:
            log.writelines(f"line {n} of many\n" for n in range(number, number + count))
        number += count

    for turn in range(20):
        write(100)
        reader.read(1.0)
        write(turn)  # unread when the reader stops
        reader.restart()
        if turn % 2:
            rotate(path)
            write(50)
            rotate(path)
            write(7)
        else:
            write(3)
        reader.read(1.0)
    assert_whole(reader.lines, number)
    assert reader.marks == []


def test_nothing_is_doubled_when_it_was_copied_and_truncated_while_nobody_looked(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("line 0\nline 1\n")
    reader = Reader(path)
    reader.read(1.0)
    with path.open("a") as log:
        log.write("line 2\n")
    reader.restart()
    shutil.copyfile(path, f"{path}.1")
    path.write_text("line 3 after\n")
    reader.read(1.0)
    assert_whole(reader.lines, 4)  # even what was not read yet is found in the copy


def test_history_is_not_read_but_the_newest_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("".join(f"line {n}\n" for n in range(50_000)))
    reader = Reader(path, lines=100)
    pieces = reader.read()
    assert [int(line.split()[1]) for line in reader.lines] == list(range(49_900, 50_000))
    assert all(piece.written == pytest.approx(path.stat().st_mtime) for piece in pieces)
    with path.open("a") as log:
        log.write("line 50000\n")
    (piece,) = reader.read()
    assert piece.written is None  # news


@pytest.mark.parametrize("content", [b"", b"\n", b"one\n", b"one", b"one\ntwo", b"\n\n\n", b"x" * 600_000])
def test_the_newest_lines_of_small_and_odd_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(content)
    reader = Reader(path, lines=2)
    reader.read()
    if len(content) < 1000:
        assert reader.lines == content.split(b"\n")[:-1][-2:]
    with path.open("ab") as log:
        log.write(b" end\nnext\n")
    reader.read()
    assert reader.lines[-1] == b"next"


def test_what_cannot_be_shown_is_skipped_counted_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "SKIP_ABOVE", 200_000)
    monkeypatch.setattr(tail_module, "SKIP_KEEPS", 50_000)
    path = tmp_path / "app.log"
    path.touch()
    reader = Reader(path)
    reader.read()
    with path.open("a") as log:
        log.writelines(f"line {n:06}\n" for n in range(100_000))
    pieces = reader.read()
    (mark,) = reader.marks
    skipped = sum(piece.skipped for piece in pieces)
    assert skipped + len(reader.lines) == 100_000
    assert f"{skipped:,} lines" in mark
    assert "skipped" in mark
    assert reader.lines[0] == b"line %06d" % skipped
    assert reader.lines[-1] == b"line 099999"


def test_a_file_that_cannot_be_read_says_so_and_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.mkdir()
    reader = Reader(path)
    reader.read()
    assert reader.tail.problem == "not a regular file"
    path.rmdir()
    path.write_text("line 0\n")
    reader.read(10.0)
    assert reader.tail.problem == ""
    assert_whole(reader.lines, 1)


def test_permission_denied_is_told_from_other_failures() -> None:
    # in a process of its own, which gives its rights up: root may read everything
    script = (
        "import os, sys\n"
        "from console.logs.tail import Tail\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "tail = Tail(sys.argv[1]); tail.read(1000, 0.0)\n"
        "print(tail.problem, tail.denied)\n"
    )
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # pytest's own is closed to others
        Path(directory).chmod(0o755)
        path = Path(directory) / "app.log"
        path.write_text("line 0\n")
        path.chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
        )
    assert done.stdout == "permission denied True\n"


def test_a_pipe_nobody_writes_to_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    os.mkfifo(path)
    reader = Reader(path)
    before = time.monotonic()
    reader.read()
    assert time.monotonic() - before < 5.0
    assert reader.tail.problem == "not a regular file"


def test_a_last_line_without_its_end_is_shown_once_the_file_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"start\n")
    reader = Reader(path)
    reader.read()
    with path.open("ab", buffering=0) as log:
        log.write(b"FATAL last")
        reader.read(1.0)
        log.write(b" words")
        reader.read(1.0)
        reader.read(QUIET - 0.1)
        assert reader.lines == [b"start"]
        reader.read(0.1)
        reader.read(GRACE)
        assert reader.lines == [b"start", "FATAL last words … unfinished".encode()]
        log.write(b" and more\nnext\n")
        reader.read(1.0)
    assert reader.lines[2:] == ["  …  and more".encode(), b"next"]


def test_what_was_there_unfinished_before_we_looked_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"one\ntwo")
    reader = Reader(path, lines=10)
    reader.read()
    (piece,) = reader.read(QUIET)
    assert piece.lines == ["two … unfinished".encode()]
    assert piece.written == path.stat().st_mtime


def test_a_record_is_never_given_in_part(tmp_path: Path) -> None:
    path = tmp_path / "pod.log"
    path.write_bytes(b'{"log": "half')
    tail = Tail(str(path), records=True)
    assert [piece.lines for now in (1.0, 9.0) for piece in tail.read(CHUNK, now)] == [[]]
    tail.close()


def test_a_removed_log_is_read_to_its_end_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("line 0\n")
    reader = Reader(path)
    reader.read()
    with path.open("a") as log:
        log.write("line 1\nline 2")  # without a line end
    path.unlink()
    reader.read(1.0)
    assert sum(_names(tmp_path)) == 1
    reader.read(1.0)
    reader.read(GRACE + 1)
    assert_whole(reader.lines, 3)
    assert sum(_names(tmp_path)) == 0
    assert reader.tail.gone


def test_logrotate_itself(tmp_path: Path) -> None:
    logrotate = require("logrotate", "logrotate")
    path = tmp_path / "app.log"
    path.touch()
    settings = tmp_path / "conf"
    tmp_path.chmod(0o755)
    settings.write_text(f"{path} {{\n rotate 4\n create\n compress\n delaycompress\n}}\n")
    settings.chmod(0o644)
    reader, number = Reader(path), 0
    for _ in range(8):
        with path.open("a") as log:
            log.writelines(f"line {n}\n" for n in range(number, number + 100))
        number += 100
        reader.read(1.0)
        with path.open("a") as log:
            log.write(f"line {number}\n")
        number += 1
        subprocess.run(
            [logrotate, "-f", "-s", str(tmp_path / "state"), str(settings)], check=True, capture_output=True
        )
    reader.read(1.0)
    assert_whole(reader.lines, number)


def test_reading_beside_a_writing_thread_keeps_lines_whole(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.touch()
    reader = Reader(path)

    def write() -> None:
        with path.open("ab", buffering=0) as log:
            for n in range(3000):
                line = b"line %d of many\n" % n
                log.write(line[: n % 7])
                log.write(line[n % 7 :])

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        reader.read()  # the clock stands: a writer kept from the processor must not look finished
    thread.join()
    reader.read()
    assert_whole(reader.lines, 3000)


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("app.log", False),
        ("syslog", False),
        ("access_log", False),
        ("postgresql-2025-11-20_000000.log", False),
        ("postgresql-15-main.log", False),
        ("app.log.1", True),
        ("app.log.12", True),
        ("app.log-20251120", True),
        ("app.log-20251120-1763600000", True),
        ("app.log.2025-11-20", True),
        ("app.log.old", True),
        ("app.log.2.gz", True),
        ("app.log.zst", True),
    ],
)
def test_archives_are_told_from_logs(name: str, archive: bool) -> None:
    assert is_archive(name) is archive


def test_archives_have_an_order() -> None:
    def order(*names: str) -> list[str]:
        ages = {name: archive_age("app.log", name) for name in names}
        return sorted((name for name in names if ages[name] is not None), key=lambda name: ages[name] or 0)

    assert order("app.log.1", "app.log.10", "app.log.2", "app.log") == [
        "app.log.10", "app.log.2", "app.log.1", "app.log",
    ]  # fmt: skip
    assert order("app.log-20251120", "app.log-20251119") == ["app.log-20251119", "app.log-20251120"]
    assert order("other.log.1", "app.log.1.gz", "app.logs", "app-1.log") == ["app-1.log"]
