"""How bad a log line says it is, told from its first characters, and which lines continue another.

Cheap by design: one compiled expression over the first `HEAD` characters; no line is parsed whole.
A word counts as a level where programs put levels: in capitals, in brackets, before a colon, as
`level=`; so `error=0`, `0 errors` and `/var/log/error.log` are not errors.
"""

from __future__ import annotations

import re
from enum import IntEnum

HEAD = 200
"""Characters of a line that are looked at."""


class Level(IntEnum):
    """Severities in rising order; NONE where a line does not say."""

    NONE = 0
    DEBUG = 1
    INFO = 2
    NOTICE = 3
    WARN = 4
    ERROR = 5
    FATAL = 6

    @property
    def word(self) -> str:
        """The lower-case name, as filters and labels write it; empty for NONE."""
        return WORDS[self]


WORDS = ("", "debug", "info", "notice", "warn", "error", "fatal")
"""Level names, indexed by Level."""
CONTINUED = 8
"""Added to the level of a line that continues the one before: shown like it, not counted again."""
LEVEL_BITS = 7
"""Masks the level out of a line's code."""

_BY_WORD = {
    **dict.fromkeys(("trace", "debug", "fine", "verbose", "dbg", "d"), Level.DEBUG),
    **dict.fromkeys(("info", "information", "informational", "log", "inf", "i"), Level.INFO),
    **dict.fromkeys(("notice", "note", "system", "n"), Level.NOTICE),
    **dict.fromkeys(("warn", "warning", "wrn", "w"), Level.WARN),
    **dict.fromkeys(("error", "err", "severe", "e", "fatal error"), Level.ERROR),
    **dict.fromkeys(("fatal", "critical", "crit", "panic", "alert", "emerg", "emergency", "f"), Level.FATAL),
    # pino's and bunyan's numbers
    "10": Level.DEBUG,
    "20": Level.DEBUG,
    "30": Level.INFO,
    "40": Level.WARN,
    "50": Level.ERROR,
    "60": Level.FATAL,
    # Redis' marks
    ".": Level.DEBUG,
    "-": Level.INFO,
    "*": Level.NOTICE,
    "#": Level.WARN,
}
_BY_PRIORITY = (*(Level.FATAL,) * 3, Level.ERROR, Level.WARN, Level.NOTICE, Level.INFO, Level.DEBUG)

_CAPITALS = "TRACE DEBUG INFO NOTICE WARNING WARN ERROR ERR SEVERE FATAL CRITICAL CRIT PANIC ALERT EMERG"
_KEYS = ("level", "lvl", "severity", "loglevel", "levelname", r"log\.level")
_BRACKETED = "trace debug info note Note System notice warn Warning warning err error Error crit alert emerg"
_COLONED = ("warning", "Warning", "error", "Error", "panic", "fatal", "Fatal")
_RAISED = ("Traceback (most", "Exception in thread", "Unhandled exception", "Uncaught exception")
_DETAILS = ("DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION")
"""PostgreSQL's additions to a message."""

_VALUE = r"""["']?[=:] ?["']?([A-Za-z]+|\d0\b)"""
_NOTHING = r"""(?! ?(?:no (?:error|problem)|(?:0|none|null|nil|false|<nil>|"")?(?:[,;)}\]]|\s*$)))"""


def _by_first_letter(forms: list[str]) -> str:
    """An alternation tried letter by letter: half the time of a flat one, which tries every form."""
    letters: dict[str, list[str]] = {}
    for form in forms:
        letters.setdefault(form[0], []).append(form[1:])
    branches = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in letters.items())
    return f"(?=[{''.join(letters)}])(?:{branches})"


_FOUND = re.compile(
    r"""[\s\[<(|,"'=:\]]"""  # a level stands after one of these: few places of a line are tried
    + _by_first_letter(
        [
            *(rf"{word}\d?(?![\w/=-]|\.\w|:0\b)" for word in _CAPITALS.split()),
            "LOG(?=:  |,)",
            *(key + _VALUE for key in _KEYS),
            's":"([DIWEF])"',  # MongoDB
            *(rf"{word}(?=[\]>])" for word in _BRACKETED.split()),
            *(f"{word}(?=:{_NOTHING})" for word in (*_COLONED, "fatal error", "Fatal error")),
            *(re.escape(words) for words in _RAISED),
            *(f"{word}(?=:  )" for word in _DETAILS),
        ]
    )
)
_PREFIXED = re.compile(
    r"<(\d{1,3})>"  # syslog's facility and priority
    r"|([IWEF])\d{4} \d\d:\d\d:"  # klog: Kubernetes
    r"|\d+:[MSCX] .{10,30}? ([.\-*#]) "  # Redis
)
_PREFIX_STARTS = frozenset("<IWEF0123456789")
_NEGATED = re.compile(r"(?:\b0|\bno|\bwithout|\bany)[\s\"'(]*$", re.IGNORECASE)
_ACCESS = re.compile(r'HTTP/[\d.]+" ([1-5])\d\d\b')
_KEYED = re.compile(r'"(?:level|severity|lvl)": ?"?([A-Za-z]+|\d0\b)')
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?$")
_LINKS = (  # starts of lines within one failure's report
    "During handling of the above",
    "The above exception was",
    "Caused by: ",
    "... ",
    "goroutine ",
    "created by ",
)


def by_priority(priority: int) -> Level:
    """The level of a syslog priority, 0 (emergency) to 7 (debug); a facility above is ignored."""
    return _BY_PRIORITY[priority & 7]


def by_word(word: str) -> Level:
    """The level a word stands for; NONE when it is none."""
    return _BY_WORD.get(word.lower(), Level.NONE)


def recognise(text: str) -> int:
    """The level a line states, NONE when it states none; CONTINUED alone for a message's detail."""
    if text[:1] in _PREFIX_STARTS and (match := _PREFIXED.match(text)):
        if match.lastindex == 1:
            return by_priority(int(match.group(1)))
        return _BY_WORD[match.group(match.lastindex or 0).lower()]
    head = " " + text[:HEAD]
    match = _FOUND.search(head)
    while match:
        found = match.group(match.lastindex or 0)
        word = found if match.lastindex else found[1:].rstrip("12345")
        if word in _DETAILS:
            return CONTINUED
        level = Level.ERROR if word in _RAISED else _BY_WORD.get(word.lower(), Level.NONE)
        if level and not (level >= Level.ERROR and _NEGATED.search(head, 0, match.start() + 1)):
            return level
        match = _FOUND.search(head, match.end())
    return _unstated(text)


def _unstated(text: str) -> Level:
    """Levels that follow from a line's form: a server's 5xx answer, a key far back in JSON."""
    if "HTTP/" in text:
        match = _ACCESS.search(text)
        if match:
            return Level.ERROR if match.group(1) == "5" else Level.INFO
    elif text[:1] == "{":
        match = _KEYED.search(text)
        if match:
            return _BY_WORD.get(match.group(1).lower(), Level.NONE)
    return Level.NONE


class Levels:
    """Levels of one source's lines in order: continuation lines take the level they continue."""

    __slots__ = ("_last", "_raising")

    def __init__(self) -> None:
        self._last = 0
        self._raising = False
        """Inside a Python traceback, whose last line stands unindented."""

    def code(self, text: str, stated: int | None = None) -> int:
        """The line's level, plus CONTINUED where it belongs to its predecessor.

        `stated` is a level known from outside the text, as the journal's priority.
        """
        if stated is not None:
            self._last, self._raising = stated, False
            return stated
        first = text[:1]
        indented = first == " " or first == "\t" or not first
        if self._raising and (indented or self._raises(text)):
            return self._last | CONTINUED
        self._raising = False
        if indented and (self._last >= Level.WARN or not first):
            return self._last | CONTINUED
        if first == "T" and text.startswith("Traceback (most"):
            self._raising = True
            if self._last >= Level.ERROR:
                return self._last | CONTINUED
        elif self._last >= Level.ERROR and text.startswith(_LINKS):
            return self._last | CONTINUED
        level = recognise(text)
        if level == CONTINUED or (indented and not level):
            return self._last | CONTINUED
        self._last = level
        return level

    def _raises(self, text: str) -> bool:
        if text.startswith(_LINKS) or text.startswith("Traceback (most"):
            return True
        self._raising = False
        return _EXCEPTION.match(text) is not None
