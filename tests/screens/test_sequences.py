"""What a terminal sends: keys come through, and nothing else acts, blocks or ends what reads it."""

from __future__ import annotations

import random

import pytest
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

from screens import sequences
from screens.sequences import BURST, PASTE_LIMIT, QUIET, BoundedParser
from tests.pty.keyboard import KEYS


class Clock:
    """The parser's time; nothing waits for it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Silence as long as a test says."""
    clock = Clock()
    monkeypatch.setattr(sequences, "get_time", clock)
    monkeypatch.setattr("textual._parser.get_time", clock)
    return clock


def shown(messages: list[Message]) -> list[str]:
    """Keys by name, pastes in quotes, everything else by its kind."""
    return [
        one.key if isinstance(one, events.Key)
        else repr(one.text) if isinstance(one, events.Paste)
        else type(one).__name__
        for one in messages
    ]  # fmt: skip


def read(parser: XTermParser, *pieces: str) -> list[str]:
    """What these pieces are, one after the other."""
    found: list[Message] = []
    for piece in pieces:
        found += parser.feed(piece)
        found += parser.tick()
    return shown(found)


def silence(parser: XTermParser, clock: Clock, seconds: float) -> list[str]:
    """What the parser makes of nothing coming for so long."""
    clock.now += seconds
    return shown(list(parser.tick()))


WANTED = [
    *KEYS.values(), "a", "ä", "語", "\x01", "\x03", "\x1bx", "\x1b[1;5A", "\x1b[[A", "\x1b[3^", "\x1b[97;5u",
    "\x1b[<0;3;4M", "\x1b[<35;3;4m", "\x1b[I", "\x1b[O", "\x1b[?2026;2$y", "\x1b[12;40R", "\x1b\x1b[A",
    "\x1b[48;50;160;800;1280t", "\x1b[200~two\nlines\x1b[201~",
]  # fmt: skip


@pytest.mark.parametrize("sequence", WANTED, ids=repr)
def test_what_textual_reads_is_read_the_same(sequence: str, clock: Clock) -> None:
    theirs, ours, cut = XTermParser(), BoundedParser(), BoundedParser()
    expected = read(theirs, sequence) + silence(theirs, clock, constants.ESCAPE_DELAY)
    assert expected
    assert read(ours, sequence) + silence(ours, clock, constants.ESCAPE_DELAY) == expected
    # however it is cut on its way
    assert read(cut, *sequence) + silence(cut, clock, constants.ESCAPE_DELAY) == expected
    assert read(ours, sequence + "j")[: len(expected)] == read(theirs, sequence + "j")[: len(expected)]


ANSWERS = [
    "\x1b[?62;22c", "\x1b[>0;276;0c", "\x1b[?1u", "\x1b[8;50;160t", "\x1b[0n", "\x1b[?997;1n",
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x07", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]52;c;cXVpdA==\x07",
    "\x1bP>|XTerm(388)\x1b\\", "\x1bP1+r544e\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b]l?q\x18", "\x1bP!|00\x1a",
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=repr)
def test_what_a_terminal_answers_unasked_presses_no_key(answer: str, clock: Clock) -> None:
    parser = BoundedParser()
    assert read(parser, f"j{answer}k") == ["j", "k"]
    assert read(parser, *answer, "k") == ["k"]
    assert silence(parser, clock, 10) == []


@pytest.mark.parametrize(
    "sequence",
    ["\x1b[99999999u", "\x1b[1114112;2u", "\x1b[97:65;2u", "\x1b[97;5:3u", "\x1b[97;1;99999999u",
     "\x1b[48;0;0;0;0t\x1b[<0;3;3M", "\x1b[48;99999999;99999999;1;1t", "\x1b[48;9;9;0;0t\x1b[<0;3;3M"],
    ids=repr,
)  # fmt: skip
def test_numbers_that_cannot_be_end_nothing(sequence: str) -> None:
    found = read(BoundedParser(), sequence + "k")
    assert found[-1] == "k"
    assert set(found) <= {"k", "Resize", "MouseDown"}


@pytest.mark.parametrize("size", [100_000, 1_000_000])
@pytest.mark.parametrize("start", ["\x1b[", "\x1b]52;c;", "\x1bP", "\x1b_", "\x1b^", "\x1bX"], ids=repr)
def test_what_has_no_end_is_over_when_nothing_more_comes(start: str, size: int, clock: Clock) -> None:
    parser = BoundedParser()
    flood = start + "1;" * (size // 2)
    assert read(parser, *(flood[place : place + 4096] for place in range(0, size, 4096))) == []
    assert silence(parser, clock, QUIET) == []
    assert read(parser, "q") == ["q"]


@pytest.mark.parametrize("start", ["\x1b[1;", "\x1b[" + "1;" * 500, "\x1b]0;", "\x1bP", "\x1b_"], ids=repr)
def test_ctrl_c_and_escape_get_through_amid_what_has_no_end(start: str, clock: Clock) -> None:
    assert "ctrl+c" in read(BoundedParser(), start + "1" * 5000 + "\x03")
    parser = BoundedParser()
    read(parser, start + "1" * 5000, "\x1b")
    assert silence(parser, clock, constants.ESCAPE_DELAY) == ["escape"]


@pytest.mark.parametrize("key", ["\x1b]", "\x1bP", "\x1bX", "\x1b["], ids=repr)
def test_a_key_with_alt_is_no_string_that_begins(key: str, clock: Clock) -> None:
    theirs, parser = XTermParser(), BoundedParser()
    assert read(parser, key) == read(theirs, key) == []
    expected = silence(theirs, clock, constants.ESCAPE_DELAY)
    assert silence(parser, clock, constants.ESCAPE_DELAY) == expected
    assert read(parser, "q") == ["q"]


def test_half_a_sequence_is_no_keys(clock: Clock) -> None:
    parser = BoundedParser()
    assert read(parser, "\x1b[?6") == []
    assert silence(parser, clock, constants.ESCAPE_DELAY) == []
    assert read(parser, "q") == ["q"]


def test_a_paste_that_never_ends_is_over_when_nothing_more_comes(clock: Clock) -> None:
    parser = BoundedParser()
    assert read(parser, "\x1b[200~ab", "c\x1b[20") == []
    assert silence(parser, clock, QUIET) == ["'abc'"]
    assert read(parser, "q") == ["q"]


def test_of_a_paste_so_much_is_kept() -> None:
    (paste,) = list(BoundedParser().feed("\x1b[200~" + "x" * 1_000_000 + "\x1b[201~"))
    assert isinstance(paste, events.Paste)
    assert len(paste.text) == PASTE_LIMIT


def test_escape_in_a_paste_presses_no_key() -> None:
    assert read(BoundedParser(), "\x1b[200~a\x1bq\x1b[201~", "k") == [repr("a\x1bq"), "k"]


def test_what_is_typed_at_once_is_a_paste_where_text_is_taken() -> None:
    text = "x" * BURST
    assert read(BoundedParser(lambda: True), f"{text}\r{text[1:]}") == [
        repr(text), "enter", *text[1:]
    ]  # fmt: skip
    assert read(BoundedParser(lambda: False), text) == [*text]


def test_any_noise_is_borne_and_then_keys_are_keys(clock: Clock) -> None:
    dice = random.Random(5)
    alphabet = [
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "\x1b\\",
        "\x07",
        "\x18",
        "200~",
        "201~",
        *"0;:<?M~uctRA\x00\x9b語",
    ]
    for _ in range(2000):
        parser = BoundedParser(lambda: dice.random() < 0.5)
        read(parser, *("".join(dice.choices(alphabet, k=dice.randrange(1, 40))) for _ in range(3)))
        silence(parser, clock, QUIET)
        silence(parser, clock, QUIET)
        assert read(parser, "q") == ["q"]
