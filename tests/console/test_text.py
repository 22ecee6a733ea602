"""Outside text: nothing that controls, reorders or hides survives, and widths are exact."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.text import LIMIT, clean, clip, clip_middle, decode, pad, strip_escapes, width

ANY = st.text(st.characters(), max_size=60)
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Control, format (bidirectional and zero-width among them), surrogate, line and paragraph separators."""
INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u200b\u200d\u2060\u3164\ufe0f\ufeff\uffa0\U000e0061\U000e0100"
)


def test_no_character_there_is_survives_that_controls_reorders_or_hides() -> None:
    """Every one of the 1,114,112, one by one."""
    bad = [
        f"U+{code:04X}"
        for code in range(0x110000)
        if (kept := clean(chr(code))) and (unicodedata.category(kept) in FORBIDDEN or kept in INVISIBLE)
    ]
    assert bad == []


@given(ANY)
@example("\x1b]52;c;ZXZpbA==\x07")
@example("ok\rEVIL\x1b[2K")
@example("\u202eabc\u202c \u2066\u2069")
@example("\x9b31m\x85\x00\x7f")
def test_clean_text_is_one_line_and_clean(text: str) -> None:
    cleaned = clean(text)
    assert not {unicodedata.category(char) for char in cleaned} & FORBIDDEN
    assert len(cleaned.splitlines()) <= 1
    assert clean(cleaned) == cleaned
    assert len(cleaned) == len(text)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=40))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text) == text
    assert strip_escapes(text) == text


def test_what_people_write_is_left_alone() -> None:
    for text in ("größe ✓ 日本語 Ελλάδα русский 한글 🙂 naïve e\u0301", "नमस्ते", "─│▁▂█ → …"):
        assert clean(text) == text


def test_controls_become_visible() -> None:
    assert clean("a\x1b[31mb\x00c\x7fd") == "a␛[31mb␀c␡d"
    assert clean("a\tb\nc\rd") == "a b c d"
    assert clean("a\u202eb\x9bc") == "a\ufffdb\ufffdc"


@given(ANY, st.integers(1, 20))
def test_no_more_than_the_limit_is_kept(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) == min(len(text), limit)
    assert (len(text) > limit) == (len(cleaned) == limit and cleaned.endswith("…") and cleaned != clean(text))


def test_the_usual_limit() -> None:
    assert len(clean("x" * (LIMIT + 1))) == LIMIT


@given(st.binary(max_size=80))
def test_any_bytes_become_clean_text(data: bytes) -> None:
    text = decode(data)
    assert clean(text) == text
    text.encode()  # no lone surrogate


@pytest.mark.parametrize(
    "escape",
    ["\x1b[31m", "\x1b[1;38;5;9m", "\x1b[2J", "\x1b]0;title\x07",
     "\x1b]8;;http://x\x1b\\", "\x1bP1;2q\x1b\\", "\x1b(B", "\x1bc"],
)  # fmt: skip
def test_escape_sequences_are_stripped(escape: str) -> None:
    assert strip_escapes(f"a{escape}b{escape}") == "ab"


@settings(deadline=None)
@given(st.integers(1, 4000))
def test_stripping_takes_linear_time(length: int) -> None:
    for unit in ("\x1b]", "\x1b[0", "\x1b[", "\x1b("):
        strip_escapes(unit * length)


CLEAN = ANY.map(clean)
WIDE = st.text(st.sampled_from("aé日한🙂e\u0301\U0001f1eb\U0001f1f7\U0001f44d\U0001f3fd…"), max_size=20).map(
    clean
)


@given(CLEAN | WIDE, st.integers(0, 30))
def test_clipped_text_fits_and_only_what_does_not_fit_is_cut(text: str, cells: int) -> None:
    clipped = clip(text, cells)
    assert width(clipped) <= cells
    if width(text) <= cells:
        assert clipped == (text if cells else "")
    elif cells:
        assert clipped.endswith("…")
        assert text.startswith(clipped[:-1])
        assert width(clipped) >= cells - 1


@given(CLEAN | WIDE, st.integers(0, 30))
def test_text_clipped_in_the_middle_keeps_both_ends(text: str, cells: int) -> None:
    text = text.replace("…", ".")
    clipped = clip_middle(text, cells)
    assert width(clipped) <= cells
    if width(text) <= cells or cells < 5:
        assert clipped == clip(text, cells)
    else:
        head, _, tail = clipped.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_names_that_differ_at_their_ends_stay_apart() -> None:
    names = ("shop-api-1", "shop-api-2", "shop-web-1")
    assert [clip_middle(name, 8) for name in names] == ["sho…pi-1", "sho…pi-2", "sho…eb-1"]


@given(CLEAN | WIDE, st.integers(0, 30), st.sampled_from("<>"))
def test_padded_text_takes_exactly_its_cells(text: str, cells: int, align: str) -> None:
    padded = pad(text, cells, align)
    assert width(padded) == cells
    if padded.strip() and width(text) < cells:
        assert padded.startswith(text) if align == "<" else padded.endswith(text)


def test_a_tower_of_marks_is_lowered_and_ordinary_writing_is_not() -> None:
    assert clean("e" + "\u0301" * 300 + "f") == "e" + "\u0301" * 4 + "f"
    assert clean("漢" + "\u20dd" * 9) == "漢" + "\u20dd" * 4
    for word in ("việt nam", "שָׁלוֹם", "नमस्ते", "สวัสดี", "naïve"):
        assert clean(word) == word
