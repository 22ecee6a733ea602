"""Whatever is written, the parser says yes or gives one sentence; it never ends the process."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.alerts.promql import ExpressionError, MemoryStore, evaluate, parse
from tests.console.alerts.promql.grammar import SEEDS, Grammar

PIECES = (
    "up", "sum", "by", "(", ")", "[5m]", "[", "]", "{", "}", "=", "=~", "!~", "\"", "'", "`", "\\", "@",
    "offset", "-", "+", "^", ",", "5m", "1e999", "NaN", "bool", "on", "group_left", "rate", ":", "#",
    "\n", "start()", "é", "\x1b[31m", "\0", "9" * 40, "0x", "'a'", "\"((\"", "and", "without", "topk",
    "info", "__name__", "fill", "/",
)  # fmt: skip


def tried(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        evaluate(parse(text), MemoryStore(), 1_700_000_000)


@pytest.mark.parametrize(
    "text",
    ["up offset 1e999", "up offset -1e999", "info offset 1e999 info 1e999", "rate(up[1e30])",
     "up[5m:NaN]", "up[Inf]", "up[1e999:5m]", "up offset 0x" + "f" * 40],
)  # fmt: skip
def test_a_time_that_cannot_be_counted(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ExpressionError):
        parse(text)
    assert capfd.readouterr().err == "", "a panic would be written over the screen"


@settings(max_examples=300)
@given(text=st.text(max_size=200))
def test_any_text(text: str) -> None:
    tried(text)


@settings(max_examples=300)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_order_of_its_words(pieces: list[str]) -> None:
    tried(" ".join(pieces))
    tried("".join(pieces))


@settings(max_examples=200)
@given(chance=SEEDS.map(random.Random), at=st.integers(0, 300), piece=st.sampled_from(PIECES))
def test_an_expression_with_something_wrong(chance: random.Random, at: int, piece: str) -> None:
    text = Grammar(chance).expression()
    tried(text[:at] + piece + text[at:])
    tried(text[:at] + text[at + 1 :])
    tried(text[:at])


@pytest.mark.parametrize(
    ("before", "after"), [("(", ")"), ("-", ""), ("abs(", ")"), ("up+", ""), ("up^", ""), ("up OR ", "")]
)
def test_depth_ends_no_process(before: str, after: str) -> None:
    """In processes of their own, with a small stack: a crash there would end the console here."""
    code = (
        "import resource, threading, sys; from console.alerts.promql import parse, ExpressionError\n"
        "threading.stack_size(1 << 20)\n"
        "def run():\n"
        "    for count in (10, 100, 150, 400, 900, 5000, 19000):\n"
        f"        try: parse({before!r} * count + 'up' + {after!r} * count)\n"
        "        except ExpressionError: pass\n"
        "thread = threading.Thread(target=run); thread.start(); thread.join(); print('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "alive\n", done.stderr
    assert done.stderr == ""
