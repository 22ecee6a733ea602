"""The words guides are written in: what begins a command, what begins an instruction, what says nothing."""

from __future__ import annotations

import re
from pathlib import Path


def _lists() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
            found[name] = set()
        elif name:
            found[name].update(line.split())
    return {key: frozenset(words) for key, words in found.items()}


_LISTS = _lists()

KEYWORDS = frozenset(("if", "for", "while", "until", "case", "select", "function", "[", "[[", "{", "("))
"""What a compound statement of a shell begins with."""
COMMANDS = _LISTS["commands"] | KEYWORDS
"""First words of shell commands; not all there are, but enough to tell a command from a sentence."""
AMBIGUOUS = _LISTS["ambiguous"]
"""Those that are English words too: alone they prove nothing."""
VERBS = _LISTS["verbs"]
"""Words an instruction begins with."""
INFINITIVES = _LISTS["infinitives"]
"""German verbs an instruction ends with: `Backup erstellen`."""
LOOKING = _LISTS["looking"]
"""Verbs that all mean to look: one stands for another when a command is found for a step."""
EDITORS = _LISTS["editors"]
"""Programs one types a file's text into."""
FULL_SCREEN = _LISTS["full_screen"]
"""Programs that want the whole terminal."""
STOP = _LISTS["stop"]
"""Words that join others and tell of nothing; among unquoted words of a line they make it a sentence."""

_WORD = re.compile(r"[^\W_][\w'-]*")


def words(text: str) -> list[str]:
    """The words of a text in small letters."""
    return [word.lower() for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """A word without its commonest endings, for comparing only."""
    for ending in ("ations", "ation", "ingly", "ings", "ing", "ies", "ed", "es", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def stems(text: str) -> list[str]:
    """The stems of the words of a text that tell of something, in order."""
    return [stem(word) for word in words(text) if word not in STOP]


def imperative(text: str) -> bool:
    """Whether a text begins as an instruction does, a condition before it aside."""
    found = words(text)
    if found[:1] in (
        ["if"],
        ["when"],
        ["once"],
        ["after"],
        ["then"],
        ["optionally"],
        ["manually"],
        ["always"],
    ):
        rest = text.partition(",")[2]
        return (
            imperative(rest)
            if rest and found[0] not in ("then", "optionally", "manually", "always")
            else (any(word in VERBS for word in found[1:3]))
        )
    if found[:2] == ["do", "not"]:
        return True
    if found[1:] and found[-1] in INFINITIVES:
        return True
    return bool(found) and (found[0] in VERBS or found[0].removeprefix("re-") in VERBS)
