"""What may befall the journal: tampering, a full disk, two who want the same, a killed writer.

`python -m tests.faults.journal` does each as often as it takes and prints what was seen; the tests do a few.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import IO, Any

import apsw

from console.errors import JournalError
from console.journal.anchors import anchors_file
from console.journal.chain import GENESIS, link
from console.journal.store import Journal
from console.journal.verify import verify
from tests.faults.leaks import leaks
from tests.faults.report import Result, report

BANNER = 2.0
"""Seconds within which a start must be refused when the disk is full."""
SPARE = 128 * 1024
"""Bytes left on the small disk, so that some entries find room."""
COLUMNS = ("seq", "time", "kind", "actor", "host", "run", "step", "body", "previous", "hash")
Tamper = Callable[[apsw.Connection, random.Random, int], None]


def fill(path: Path, entries: int = 40, beyond: int = 5) -> int:
    """A journal of this many entries, all anchored, and some more that are not; the last one anchored."""
    journal = Journal.open(path, actor="ana", host="db-1")
    for number in range(1, entries // 2 + 1):
        digest = f"d{number % 3}"
        journal.claim("r1", str(number), 1, {"title": f"step {number}", "digest": digest})
        journal.end("r1", str(number), 1, {"status": "ok", "exit": 0, "seconds": 0.5, "digest": digest})
    journal.anchor()
    anchored = anchors_file(path).read_bytes()
    for number in range(beyond):
        journal.append("noted", run="r1", body={"text": f"note {number}"})
    journal.close()
    anchors_file(path).write_bytes(anchored)  # without the one that closing drops
    return entries // 2 * 2


def _change(database: apsw.Connection, source: random.Random, last: int) -> None:
    """One character of one column of one entry."""
    seq, column = source.randint(1, last), source.choice(COLUMNS)
    value = database.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).get
    if isinstance(value, int):
        new: apsw.SQLiteValue = value + source.randint(1000, 2000)
    elif isinstance(value, bytes):
        at = source.randrange(len(value))
        new = value[:at] + bytes([value[at] ^ (1 << source.randrange(8))]) + value[at + 1 :]
    else:
        text = str(value)
        at = source.randrange(len(text)) if text else 0
        new = text[:at] + chr(ord(text[at : at + 1] or "a") ^ 1) + text[at + 1 :]
        if column == "body":  # still JSON, or SQLite itself would refuse it
            new = text.replace('"', '" ', 1) if source.random() < 0.5 else text[:-1] + ',"x":1}'
    database.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (new, seq))


def _delete(database: apsw.Connection, source: random.Random, last: int) -> None:
    database.execute("DELETE FROM entries WHERE seq = ?", (source.randint(1, last),))


def _swap(database: apsw.Connection, source: random.Random, last: int) -> None:
    one, other = source.sample(range(1, last + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        database.execute("UPDATE entries SET seq = ? WHERE seq = ?", (new, old))


def _cut(database: apsw.Connection, source: random.Random, last: int) -> None:
    database.execute("DELETE FROM entries WHERE seq >= ?", (source.randint(1, last),))


def _rechain(database: apsw.Connection, source: random.Random, last: int) -> None:
    """An entry changed or left out, and every hash after it made anew, as one who knows how would do."""
    if source.random() < 0.5:
        seq = source.randint(1, last)
        database.execute("DELETE FROM entries WHERE seq = ?", (seq,))
        for later in range(seq + 1, last + 100):
            database.execute("UPDATE entries SET seq = ? WHERE seq = ?", (later - 1, later))
    else:
        database.execute("UPDATE entries SET actor = 'bob' WHERE seq = ?", (source.randint(1, last),))
    previous = GENESIS
    for row in _rows(database):
        seq, time_, kind, actor, host, run, step, body = row[:8]
        digest = link(seq, time_, kind, actor, host, run, step, body, previous)
        database.execute("UPDATE entries SET previous = ?, hash = ? WHERE seq = ?", (previous, digest, seq))
        previous = digest
    _mend(database)


def _rows(database: apsw.Connection) -> list[Any]:
    return database.execute(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY seq").fetchall()


def _insert(database: apsw.Connection, source: random.Random, last: int) -> None:
    """An entry nobody made, between two others."""
    seq = source.randint(1, last)
    for later in range(last + 100, seq, -1):
        database.execute("UPDATE entries SET seq = ? WHERE seq = ?", (later + 1, later))
    database.execute(
        "INSERT INTO entries (seq, time, kind, actor, host, run, step, body, previous, hash)"
        " SELECT seq + 1, time, kind, 'eve', host, run, step, body, hash, previous FROM entries"
        " WHERE seq = ?",
        (seq,),
    )


def _mend(database: apsw.Connection) -> None:
    """Make the list of steps under way say what the entries say, so that it does not give it away."""
    database.execute(
        "DELETE FROM underway; INSERT INTO underway SELECT run, step, attempt, seq FROM entries AS s"
        " WHERE kind = 'started' AND NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.kind = 'ended'"
        " AND e.run = s.run AND e.step = s.step AND e.attempt = s.attempt AND e.seq > s.seq)"
    )


TAMPERS: dict[str, Tamper] = {
    "changed": _change, "deleted": _delete, "swapped": _swap, "cut": _cut, "re-chained": _rechain,
    "inserted": _insert,
}  # fmt: skip


def tamper(path: Path, how: Tamper, source: random.Random, last: int) -> None:
    """Tamper with the entries up to `last`, the guards taken away before and put back afterwards."""
    database = apsw.Connection(str(path))
    guards: list[Any] = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in guards:
        database.execute(f"DROP TRIGGER {name}")
    how(database, source, last)
    for _, sql in guards:
        database.execute(sql)
    database.close()


def tampered(directory: Path, times: int, seed: int = 14) -> Iterator[Result]:
    """F14: the journal tampered with before its last anchor, in every way, and verified."""
    source = random.Random(seed)
    original = directory / "original.db"
    last = fill(original)
    assert verify(original).ok
    for name, how in TAMPERS.items():
        seen = 0
        rounds = -(-times // len(TAMPERS))
        for _ in range(rounds):
            copy = directory / "copy.db"
            shutil.copy(original, copy)
            shutil.copy(anchors_file(original), anchors_file(copy))
            tamper(copy, how, source, last)
            verdict = verify(copy)
            seen += not verdict.ok and bool(verdict.reason)
        yield Result(f"F14 entry {name}: detected", seen, rounds)


def damaged(directory: Path, times: int, seed: int = 15) -> Iterator[Result]:
    """F14: bytes of the file itself overwritten; never an exception, and what is wrong is told."""
    source = random.Random(seed)
    original = directory / "whole.db"
    fill(original, entries=400)
    data = original.read_bytes()
    told = changed = 0
    for _ in range(times):
        copy = directory / "damaged.db"
        at = source.randrange(len(data))
        broken = data[:at] + source.randbytes(64) + data[at + 64 :]
        copy.write_bytes(broken[: len(data)] if source.random() < 0.8 else data[:at])
        copy.chmod(0o600)
        shutil.copy(anchors_file(original), anchors_file(copy))
        with contextlib.suppress(JournalError):
            if verify(copy).ok:
                told += _same_entries(copy, original)
                changed += 1
                continue
        told += 1
    yield Result("F14 file damaged: told, or nothing lost", told, times, f"{changed} in unused bytes")


def _same_entries(one: Path, other: Path) -> bool:
    rows = []
    for path in (one, other):
        database = apsw.Connection(str(path))
        rows.append(_rows(database))
        database.close()
    return rows[0] == rows[1]


def full(directory: Path, room: Callable[[Journal, bool], None], name: str, busy: float) -> Result:
    """F3: no room left: every append is refused in time, no half entry stays, and it goes on with room."""
    journal = Journal.open(directory / "journal.db", actor="ana", host="db-1")
    journal.append("noted", body={"text": "before"})
    room(journal, False)
    written, refused, slowest = 1, 0, 0.0
    while refused < 20 and written < 5000:
        started = time.perf_counter()
        try:
            journal.append("noted", body={"text": "x" * 2000})
            written += 1
        except JournalError as error:
            refused += "full" in str(error)
        slowest = max(slowest, time.perf_counter() - started)
    whole = journal.verify()
    room(journal, True)
    started = time.perf_counter()
    last = journal.append("noted", body={"text": "after"})
    back = time.perf_counter() - started
    verdict = journal.verify()
    journal.close()
    good = (
        refused == 20 and slowest <= BANNER * busy and whole.ok and whole.entries == written
        and verdict.ok and last.seq == written + 1
    )  # fmt: skip
    figures = f"{written} written, 20 refused, slowest {slowest * 1000:.1f} ms, back in {back * 1000:.1f} ms"
    return Result(f"F3 disk full ({name})", int(good), 1, figures)


def limited(journal: Journal, room: bool) -> None:
    """No room by SQLite's own limit of pages."""
    pages = journal._database.pragma("page_count")
    journal._database.pragma("max_page_count", 1 << 30 if room else pages + 5)


@contextlib.contextmanager
def small_disk(parent: Path) -> Iterator[Path | None]:
    """A tmpfs of 1 MB, or None where none may be mounted."""
    directory = parent / "small"
    directory.mkdir(mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(directory)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def ballast(directory: Path, spare: int = SPARE) -> Callable[[Journal, bool], None]:
    """No room by a file that takes all of it but some bytes."""
    file = directory / "ballast"

    def room(journal: Journal, there: bool) -> None:
        if there:
            file.unlink()
            return
        with file.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(bytes(4096))
        os.truncate(file, file.stat().st_size - spare)

    return room


def full_disks(directory: Path, busy: float = 1.0) -> Iterator[Result]:
    """F3 by a limit of pages, and on a tmpfs where one may be mounted.

    `busy`: how many times longer than promised it may take.
    """
    (directory / "pages").mkdir(mode=0o700)
    yield full(directory / "pages", limited, "limit of pages", busy)
    with small_disk(directory) as disk:
        if disk is not None:
            yield full(disk, ballast(disk), "1 MB tmpfs", busy)


def _writer(path: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.faults.writer", str(path), *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def claimed(directory: Path, count: int, processes: int = 2) -> Result:
    """Several processes claim the same steps at the same time: one wins each, and the chain has no fork."""
    path = directory / "claims.db"
    Journal.open(path, actor="ana", host="db-1").close()
    writers = [_writer(path, "claim", str(count)) for _ in range(processes)]
    for writer in writers:
        assert _output(writer).readline() == b"ready\n"
    started = time.monotonic()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(f"{started + 0.05}\n".encode())
    won = [writer.communicate()[0].split() for writer in writers]
    seconds = time.monotonic() - started
    winners = sorted(int(step) for steps in won for step in steps)
    verdict = verify(path)
    good = winners == list(range(count)) and verdict.ok and verdict.entries == count and all(won)
    share = " to ".join(str(len(steps)) for steps in won)
    return Result("two processes, one winner a step, no fork", count if good else 0, count,
                  f"won {share} in {seconds:.1f} s")  # fmt: skip


def begun_at_once(directory: Path, times: int, processes: int = 3) -> Result:
    """Several consoles are started at once where there is no journal yet: all of them have it."""
    source = random.Random(3)
    wrong: list[str] = []
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number in range(times):
            path = directory / f"begun-{number}.db"
            at = time.time() + 0.005
            moments = [at + source.uniform(0, 0.003) for _ in range(processes)]
            wrong += filter(None, pool.map(_open_at, [path] * processes, moments))
            verdict = verify(path)
            wrong += [] if verdict.ok and verdict.entries == processes else [verdict.reason or "entries"]
    return Result("begun by several at once", times - len(wrong), times, "; ".join(wrong[:3]))


def _open_at(path: Path, moment: float) -> str:
    """Open a journal at a time of the wall clock and write to it; what was wrong."""
    while time.time() < moment:
        pass
    try:
        journal = Journal.open(path, actor="ana", host="db-1")
        journal.append("noted", body={"text": "here"})
        journal.close()
    except JournalError as error:
        return str(error)
    return ""


def killed(directory: Path, times: int, seed: int = 1) -> Result:
    """A writing process killed at random points: the file whole, and whatever it was told kept."""
    source = random.Random(seed)
    path = directory / "killed.db"
    Journal.open(path, actor="ana", host="db-1").close()
    good = acknowledged = 0
    for number in range(times):
        writer = _writer(path, "append", f"r{number}")
        output = _output(writer)
        lines = [output.readline()]
        time.sleep(source.uniform(0, 0.03))
        writer.send_signal(signal.SIGKILL)
        lines += output.readlines()
        writer.communicate()
        told = [line.split() for line in lines if line.endswith(b"\n")]
        acknowledged += len(told)
        journal = Journal.open(path, actor="ana", host="db-1")
        held = {entry.seq: entry.hash for entry in journal.entries(after=int(told[0][0]) - 1, limit=10**6)}
        kept = all(held.get(int(seq)) == digest.decode() for seq, digest in told)
        # the one that was under way is known as such, and no other
        open_steps = [one for one in journal.unfinished() if one.entry.run == f"r{number}"]
        good += kept and len(held) - len(told) in (0, 1) and len(open_steps) <= 1 and journal.verify().ok
        journal.close()
    return Result(
        "writer killed: chain and file whole", good, times, f"{acknowledged} entries acknowledged, all kept"
    )


def faults(directory: Path, scale: float = 1.0) -> Iterator[Result]:
    """All of them; `scale` 1 is the full form."""

    def times(number: int) -> int:
        return max(2, round(number * scale))

    yield from tampered(directory, times(1000))
    yield from damaged(directory, times(500))
    yield from full_disks(directory)
    yield begun_at_once(directory, times(300))
    yield claimed(directory, times(1000))
    yield killed(directory, times(200))
    yield leaks(times(200))


def main() -> int:
    """Print what was seen of each; 1 when something is not as promised."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.journal", description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="how many of the repetitions")
    with tempfile.TemporaryDirectory(prefix="ops-faults-") as directory:
        return report(faults(Path(directory), options.parse_args().scale))


if __name__ == "__main__":
    sys.exit(main())
