"""Lines out of pieces, whatever their length and wherever they were cut."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from console.logs.splitter import LINE_BYTES, RESUMED, UNFINISHED, Splitter


def split(data: bytes, cuts: list[int], limit: int = LINE_BYTES) -> list[bytes]:
    splitter, lines, at = Splitter(limit), [], 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        if cut > at:
            lines += splitter.feed(data[at:cut])
        at = cut
    return lines + splitter.flush()


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_where_it_is_cut_does_not_matter(data: bytes, cuts: list[int]) -> None:
    whole = data.split(b"\n")
    expected = whole[:-1] + ([whole[-1]] if whole[-1] else [])
    assert split(data, cuts) == expected


@given(st.lists(st.integers(0, 60), max_size=12), st.lists(st.integers(0, 400), max_size=8))
def test_long_lines_are_cut_at_the_limit_and_say_so(lengths: list[int], cuts: list[int]) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    for line, length in zip(split(data, cuts, limit=20), lengths, strict=True):
        if length <= 20:
            assert line == b"x" * length
        else:
            assert line == b"x" * 20 + f" … +{length - 20}B cut".encode()


def test_a_megabyte_without_end_takes_no_memory() -> None:
    splitter = Splitter()
    for _ in range(100):
        assert splitter.feed(b"x" * 65536) == []
        assert len(splitter._partial) <= LINE_BYTES
    (line,) = splitter.feed(b"end\n")
    assert line.endswith(" … +6.2M cut".encode())
    assert splitter.flush() == []


def test_no_letter_is_cut_in_half() -> None:
    (line,) = split("ä".encode() * 20 + b"\n", [], limit=11)
    assert line.decode().startswith("äääää … +")


@example(text="a\r\r", cuts=[1])
@given(st.text("aä€\r\n", max_size=60), st.lists(st.integers(0, 100), max_size=8))
def test_a_line_shown_before_its_end_is_neither_lost_nor_doubled(text: str, cuts: list[int]) -> None:
    data, splitter, lines, at = text.encode(), Splitter(), [], 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        if cut > at:
            lines += splitter.feed(data[at:cut])
        lines += splitter.begin()
        assert splitter.begin() == []
        at = cut
    lines += splitter.flush()
    shown = b"".join(line.removesuffix(UNFINISHED).removeprefix(RESUMED) for line in lines).decode()
    assert shown.replace("\r", "") == text.replace("\r", "").replace("\n", "")
    whole = sum(not line.startswith(RESUMED) for line in lines)
    assert whole == text.count("\n") + (text.rpartition("\n")[2] != "")


def test_the_end_of_a_line_shown_already_gives_no_empty_line() -> None:
    splitter = Splitter()
    splitter.feed(b"last words\r")
    assert splitter.begin() == [b"last words" + UNFINISHED]
    assert splitter.feed(b"\n\nnext\n") == [b"", b"next"]
