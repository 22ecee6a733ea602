"""The ring of lines: order, bounds, addressing by sequence."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from console.logs.buffer import MARK, Buffer, Entry, entry_bytes
from console.logs.levels import CONTINUED, Level


def entries(start: int, count: int, code: int = Level.INFO, text: str = "line") -> list[Entry]:
    return [(float(n), 0, code, f"{text} {n}") for n in range(start, start + count)]


def new(keep: int = 100, limit: int = 10**9) -> Buffer:
    buffer = Buffer(keep, limit)
    buffer.origins = ["app", "db"]
    return buffer


def test_lines_come_back_by_sequence() -> None:
    buffer = new()
    assert (buffer.newest, buffer.first, len(buffer)) == (0, 1, 0)
    assert buffer.line(0) is None
    assert buffer.line(1) is None
    buffer.extend([(1.5, 1, Level.ERROR | CONTINUED, "text"), (2.5, 0, Level.WARN | MARK, "gap")])
    line = buffer.line(1)
    assert line is not None
    assert (line.sequence, line.time, line.source, line.level, line.text) == (
        1,
        1.5,
        "db",
        Level.ERROR,
        "text",
    )
    assert line.continued
    assert not line.mark
    assert line.fields == {"text": "text", "source": "db", "level": "error"}
    mark = buffer.line(2)
    assert mark is not None
    assert mark.mark
    assert mark.level is Level.WARN


def test_the_oldest_make_room_and_sequences_stay() -> None:
    buffer = new(keep=100)
    for start in range(0, 1000, 7):
        buffer.extend(entries(start, 7))
    assert len(buffer) == 100
    assert buffer.newest == 1001
    assert buffer.first == 902
    assert buffer.evicted == 901
    assert [line.text for line in buffer.lines(0, 10**9)] == [f"line {n}" for n in range(901, 1001)]
    assert [line.sequence for line in buffer.lines(950, 953)] == [950, 951, 952]
    assert buffer.line(901) is None
    assert buffer.lines(5, 5) == []
    assert buffer.lines(2000, 3000) == []
    assert [text for _, _, _, text in buffer.entries(1000, 10**9)] == ["line 999", "line 1000"]


def test_memory_is_bounded_in_bytes_too() -> None:
    buffer = new(keep=10_000, limit=1_000_000)
    buffer.extend(entries(0, 50, text="x" * 100_000))
    assert buffer.nbytes <= 1_000_000
    assert len(buffer) >= 8
    last = buffer.line(buffer.newest)
    assert last is not None
    assert last.text.endswith(" 49")


def test_one_line_larger_than_the_limit_is_kept() -> None:
    buffer = new(limit=1000)
    buffer.extend(entries(0, 3, text="x" * 5000))
    assert len(buffer) == 1


def test_its_own_figure_of_its_memory_is_right() -> None:
    tracemalloc.start()
    try:
        buffer = new(keep=20_000)
        before = tracemalloc.get_traced_memory()[0]
        for start in range(0, 30_000, 250):
            buffer.extend([(n + 0.5, 0, Level.INFO, f"{'x' * 100} {n}") for n in range(start, start + 250)])
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.75 < buffer.nbytes / held < 1.25


def test_seeking_errors_passes_over_their_continuations() -> None:
    buffer = new()
    codes = [Level.INFO, Level.ERROR, Level.ERROR | CONTINUED, Level.WARN, Level.FATAL, Level.INFO]
    buffer.extend([(0.0, 0, code, "x") for code in codes])
    assert buffer.seek(0, 1) == 2
    assert buffer.seek(2, 1) == 5
    assert buffer.seek(5, 1) is None
    assert buffer.seek(99, -1) == 5
    assert buffer.seek(5, -1) == 2
    assert buffer.seek(2, -1) is None
    assert buffer.seek(5, -1, Level.WARN) == 4
    assert new().seek(0, 1) is None


@given(
    st.integers(1, 50), st.lists(st.integers(0, 80), max_size=30), st.integers(-5, 300), st.integers(-5, 300)
)
def test_it_is_the_end_of_the_list_of_all_lines(keep: int, batches: list[int], start: int, stop: int) -> None:
    buffer, all_lines = new(keep), 0
    for count in batches:
        buffer.extend(entries(all_lines, count))
        all_lines += count
    texts = [f"line {n}" for n in range(all_lines)]
    assert [line.text for line in buffer.lines(1, all_lines + 1)] == texts[-keep:] if all_lines else True
    kept = range(buffer.first, buffer.newest + 1)
    assert [line.sequence for line in buffer.lines(start, stop)] == [n for n in kept if start <= n < stop]
    assert buffer.nbytes == entry_bytes(list(buffer.entries(0, 10**9)))
