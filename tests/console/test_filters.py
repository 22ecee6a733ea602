"""What `/` finds: words, phrases, negation, columns, broken and hostile expressions."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.filters import LONGEST, parse
from tests.patience import BUSY

LINE = {"text": "upstream Timeout after 30 s id=609", "source": "api-1", "level": "error"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", True),
        ("   ", True),
        ("timeout", True),
        ("TIMEOUT", False),  # a capital letter asks for the same case
        ("Timeout", True),
        ("api", True),  # in any column
        ("timeout api", True),
        ("timeout web", False),
        ("!timeout", False),
        ("!web", True),
        ("time.*after", True),
        ("after.*time", False),
        ("time.*?after.*id", True),
        (r"id=\d+", True),
        (r"id=\d+$", True),
        (r"^upstream", True),
        ("^timeout", False),
        (r"timeout\s+after", True),
        (r"\Stimeout", False),  # the capital in \S is no letter of the text
        ("level:error", True),
        ("LEVEL:error", True),
        ("level:warn|error", True),
        ("!level:error", False),
        ("level:timeout", False),
        ("source:api-[12]", True),
        ("source:^api$", False),
        ('"after 30 s"', True),
        ('"after 30  s"', False),
        ('!"after 30 s"', False),
        ('"after.30"', False),  # a phrase is no expression
        ('text:"after 30"', True),
        ('source:"after 30"', False),
        ('"after 30', True),  # still being typed
        ("level:", True),
        ("!", True),
        ('"', True),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed: str, found: bool) -> None:
    assert parse(typed).match(LINE) is found
    assert parse(typed).error == ""


def test_a_colon_without_such_a_column_is_plain_text() -> None:
    fields = {"text": "22:41:05 GET http://db:5432/x"}
    assert parse("22:41").match(fields)
    assert parse("http://db").match(fields)
    assert parse("db:5432").match(fields)
    assert not parse("!db:5432").match(fields)
    assert not parse("db:5433").match(fields)


@given(st.text(min_size=1, max_size=4), st.lists(st.text(max_size=12), max_size=5))
def test_a_word_is_found_where_one_of_the_texts_has_it(word: str, texts: list[str]) -> None:
    """All texts are searched at once, and a word never begins in one and ends in the next."""
    texts = [text.replace("\n", " ") for text in texts]
    quoted = parse(f'"{word}"')
    if '"' in word or quoted.empty:
        return
    flags = 0 if any(char.isupper() for char in word) else re.IGNORECASE
    wanted = any(re.search(re.escape(word), text, flags) for text in texts)
    assert quoted.match({str(place): text for place, text in enumerate(texts)}) == wanted


@pytest.mark.parametrize("typed", ["", "  ", "!", "level:", '"', '!""'])
def test_nothing_asked_is_an_empty_filter(typed: str) -> None:
    assert parse(typed).empty
    assert parse(typed).text == typed


@pytest.mark.parametrize("broken", ["[", "foo(", "*", "a{2", "(?P<x", "+1"])
def test_a_broken_expression_is_looked_for_as_text(broken: str) -> None:
    asked = parse(broken)
    assert asked.match({"text": f"before{broken}after"})
    assert not asked.match({"text": "before after"})
    if broken != "a{2":  # which Python takes as text itself
        assert "as text" in asked.error


@pytest.mark.parametrize(
    "hostile",
    [
        "(a+)+$",
        "(a|aa)+b",
        "(?:a*)*b",
        "(a?){30}a{30}",
        "(a{1,10}){1,10}b",
        "(.*a){12}",
        r"(\w+\s?)+x",
        "a?" * 40 + "a" * 40,
    ],
)
def test_an_expression_that_could_take_for_ever_is_looked_for_as_text(hostile: str) -> None:
    asked = parse(hostile)
    assert "for ever" in asked.error
    before = time.process_time()
    assert not asked.match({"text": "a" * LONGEST})
    assert time.process_time() - before < 0.1 * BUSY
    assert asked.match({"text": f"see {hostile} there"})


@pytest.mark.parametrize(
    "slow", ["a.*a.*a.*b", "a+a+b", "a+a+a+a+b", ".+.+.+x", "[ab]*[bc]*[ab]*z", r"a+\w*a+\w*=", "(a|b)*z"]
)
def test_a_slow_expression_never_holds_the_console_for_long(slow: str) -> None:
    asked = parse(slow)
    before = time.process_time()
    for _ in range(200):
        assert not asked.match({"text": "a" * LONGEST})
    # 0.1 s of patience, one search beyond it, and a wide margin
    assert time.process_time() - before < 2.0


def test_a_slow_expression_still_finds_in_ordinary_lines() -> None:
    line = "2025-11-20 22:44:01,123 INFO  worker  handled request id = 4711 in 12 ms " + "x " * 200 + "end=5"
    for typed in (r"\w+\s*=\s*\d+", r"end=\d+", r"(INFO|WARN).+id\s*=", r"\d+\s+ms .+ end=\d$"):
        asked = parse(typed)
        assert asked.match({"text": line}), typed
        assert asked.error == ""


def test_joined_words_need_no_backtracking_however_long_the_line() -> None:
    asked = parse("get.*(?:503|504).*upstream.*timeout")  # the group keeps it whole
    simple = parse("get.*50[34].*upstream.*timeout")
    line = {"text": "get 503 upstream " * 400}
    before = time.process_time()
    assert not simple.match(line)
    assert not asked.match(line)
    assert time.process_time() - before < 0.5 * BUSY
    assert simple.match({"text": "GET /x 504 upstream gave a timeout"})


@given(st.text(max_size=40), st.text(max_size=200))
def test_no_typed_text_fails(typed: str, text: str) -> None:
    asked = parse(typed)
    assert asked.match({"text": text, "level": "error"}) in (True, False)
    assert isinstance(asked.error, str)


@given(st.text(alphabet="ab.*+?()[]{}|^$\\d1,", min_size=1, max_size=14))
def test_no_expression_freezes_the_console(typed: str) -> None:
    asked = parse(typed)
    before = time.process_time()
    for text in ("a" * 3000, "ab" * 1500, "a" * 2999 + "b", "1,a" * 1000):
        asked.match({"text": text})
    assert time.process_time() - before < 2.0
