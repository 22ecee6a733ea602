"""Levels as well-known programs write them, what must not be taken for one, and continuation lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.logs.levels import CONTINUED, LEVEL_BITS, Level, Levels, by_priority, recognise

STATED = [
    # Python, Java, Go, Rust, Node
    ("2025-11-20 22:44:01,123 ERROR worker failed", Level.ERROR),
    ("2025-11-20 22:44:01,123 WARNING worker slow", Level.WARN),
    ("ERROR:root:failed", Level.ERROR),
    ("INFO:     127.0.0.1:5 - GET /", Level.INFO),
    ("[2025-11-20 22:44:01 +0000] [12] [CRITICAL] WORKER TIMEOUT", Level.FATAL),
    ("22:44:01.123 [main] DEBUG c.e.App - started", Level.DEBUG),
    ("2025-11-20T22:44:01Z  WARN my_crate: slow", Level.WARN),
    ('time="2025-11-20T22:44:01Z" level=error msg="failed"', Level.ERROR),
    ("ts=2025-11-20T22:44:01Z caller=main.go:1 level=warn msg=slow", Level.WARN),
    ('{"ts":1763678641.5,"level":"error","msg":"x"}', Level.ERROR),
    ('{"level":50,"time":1763678641123,"msg":"x"}', Level.ERROR),
    ('{"severity":"WARNING","message":"x"}', Level.WARN),
    ('{"@timestamp":"2025-11-20T22:44:01Z","log.level":"info"}', Level.INFO),
    ('{"t":{"$date":"2025-11-20T22:44:01Z"},"s":"E",  "c":"NETWORK"}', Level.ERROR),
    ('{"msg":"' + "x" * 300 + '","level":"fatal"}', Level.FATAL),
    ("panic: runtime error: index out of range", Level.FATAL),
    ("Error: Cannot find module 'x'", Level.ERROR),
    ("npm warning: old", Level.WARN),
    ("cat: error: no such file or directory", Level.ERROR),
    ("Error: null pointer", Level.ERROR),
    ("fatal error: unexpected signal", Level.ERROR),
    # PostgreSQL, Redis, MySQL, nginx, Apache, syslog, Kubernetes
    ("2025-11-20 22:44:01.123 UTC [1] LOG:  checkpoint complete", Level.INFO),
    ("2025-11-20 22:44:01.123 UTC [1] ERROR:  relation does not exist", Level.ERROR),
    ("2025-11-20 22:44:01.123 UTC [1] FATAL:  password authentication failed", Level.FATAL),
    ("2025-11-20 22:44:01.123 UTC [1] PANIC:  could not write", Level.FATAL),
    ("2025-11-20 22:44:01.123 UTC [1] WARNING:  there is no transaction", Level.WARN),
    ("1:M 20 Nov 2025 22:44:01.123 # Server initialized", Level.WARN),
    ("1:M 20 Nov 2025 22:44:01.123 * Ready to accept connections", Level.NOTICE),
    ("1:C 20 Nov 2025 22:44:01.123 . debug", Level.DEBUG),
    ("2025-11-20T22:44:01.123456Z 0 [Note] mysqld: ready", Level.NOTICE),
    ("2025-11-20T22:44:01.123456Z 0 [ERROR] [MY-010119] Aborting", Level.ERROR),
    ("2025/11/20 22:44:01 [error] 12#12: *1 connect() failed", Level.ERROR),
    ("2025/11/20 22:44:01 [warn] 12#12: slow", Level.WARN),
    ("2025/11/20 22:44:01 [crit] 12#12: SSL failed", Level.FATAL),
    ('10.0.0.1 - - [20/Nov/2025:22:44:01 +0000] "GET / HTTP/1.1" 502 157 "-" "x"', Level.ERROR),
    ('10.0.0.1 - - [20/Nov/2025:22:44:01 +0000] "GET / HTTP/1.1" 404 157 "-" "x"', Level.INFO),
    ('10.0.0.1 - - [20/Nov/2025:22:44:01 +0000] "GET / HTTP/2.0" 200 500 "-" "x"', Level.INFO),
    ("<11>Nov 20 22:44:01 host app: x", Level.ERROR),
    ("<134>Nov 20 22:44:01 host app: x", Level.INFO),
    ("E1120 22:44:01.123456       1 reflector.go:1] failed", Level.ERROR),
    ("I1120 22:44:01.123456       1 main.go:1] started", Level.INFO),
    ("<warn>  [1763678641.1] device: failed", Level.WARN),
]

UNSTATED = [
    "done: 0 errors, 0 warnings",
    "0 ERROR lines found",
    "finished without ERROR",
    "no error: all fine",
    "error=0 retries=0",
    "ERROR=0",
    "error: 0",
    "error: none",
    "error: no error",
    "exit status 0, error: null, retries: 3",
    "{error: false}",
    "error: <nil>",
    "errors: 12",
    "opened /var/log/error.log",
    "GET /static/ERROR.html",
    "serving /ERROR-pages/",
    "loaded module terror_info",
    "ERROR_LOG=/dev/stderr",
    "informational text about a warning sign",
    "main.c:12 sets WARN_LEVEL",
    "",
    "   ",
]


@pytest.mark.parametrize(("line", "level"), STATED)
def test_the_level_a_program_states(line: str, level: Level) -> None:
    assert recognise(line) == level


@pytest.mark.parametrize("line", UNSTATED)
def test_a_line_that_only_speaks_of_errors_states_none(line: str) -> None:
    assert recognise(line) == Level.NONE


def test_what_comes_first_counts() -> None:
    assert recognise("2025-11-20 22:44:01 INFO retrying after ERROR from upstream") == Level.INFO
    assert recognise('level=info msg="level=error seen"') == Level.INFO


def test_a_traceback_belongs_to_its_error() -> None:
    levels = Levels()
    codes = [
        levels.code(line)
        for line in (
            "ERROR:root:failed",
            "Traceback (most recent call last):",
            '  File "x.py", line 1, in f',
            "    raise ValueError('ERROR')",
            "ValueError: ERROR",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            "Traceback (most recent call last):",
            "  File y",
            "KeyError: 'x'",
            "INFO:root:next",
            "  details of it",
        )
    ]
    assert codes[0] == Level.ERROR
    assert codes[1:5] == [Level.ERROR | CONTINUED] * 4
    assert codes[11] == Level.INFO
    assert codes[12] == Level.INFO | CONTINUED


def test_a_chained_traceback_is_one_error() -> None:
    levels = Levels()
    lines = [
        "Traceback (most recent call last):",
        "  File x",
        "KeyError: 'x'",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        "  File y",
        "ValueError: y",
        "plain",
    ]
    codes = [levels.code(line) for line in lines]
    assert codes[0] == Level.ERROR  # nothing before it said so
    assert [code for code in codes if code == Level.ERROR] == [Level.ERROR]
    assert codes[-1] == Level.NONE


def test_java_go_and_postgresql_continue_their_messages() -> None:
    levels = Levels()
    assert levels.code("Exception in thread main java.lang.X") == Level.ERROR
    assert levels.code("\tat com.foo.Bar(Bar.java:1)") == Level.ERROR | CONTINUED
    assert levels.code("Caused by: java.io.Y") == Level.ERROR | CONTINUED
    assert levels.code("\t... 12 more") == Level.ERROR | CONTINUED
    assert levels.code("2025-11-20 22:44:01.1 UTC [1] ERROR:  syntax error") == Level.ERROR
    assert levels.code("2025-11-20 22:44:01.1 UTC [1] STATEMENT:  selec 1") == Level.ERROR | CONTINUED
    assert levels.code("2025-11-20 22:44:01.1 UTC [1] DETAIL:  x") == Level.ERROR | CONTINUED
    assert levels.code("2025-11-20 22:44:01.1 UTC [1] LOG:  ok") == Level.INFO


def test_an_indented_line_may_be_a_message_of_its_own() -> None:
    levels = Levels()
    assert levels.code("INFO started") == Level.INFO
    assert levels.code("  2025-11-20T22:44:01Z ERROR my_crate: failed") == Level.ERROR


def test_a_level_known_from_outside_counts() -> None:
    levels = Levels()
    assert levels.code("plain words", int(by_priority(3))) == Level.ERROR
    assert levels.code("  more") == Level.ERROR | CONTINUED


def test_priorities_are_those_of_syslog() -> None:
    assert [by_priority(n).word for n in range(8)] == [
        "fatal", "fatal", "fatal", "error", "warn", "notice", "info", "debug",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=300), max_size=10))
def test_any_text_has_a_level(lines: list[str]) -> None:
    levels = Levels()
    for line in lines:
        code = levels.code(line)
        assert code & LEVEL_BITS in list(Level)
        assert code & ~(LEVEL_BITS | CONTINUED) == 0
