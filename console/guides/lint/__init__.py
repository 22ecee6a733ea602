"""`opsconsole guide lint`: what in a guide has rotted, is missing, or may harm."""

from __future__ import annotations

from pathlib import Path

from console.guides.lint.problem import RULES, Level, Problem, Rule
from console.guides.model import Guide

__all__ = ["RULES", "Level", "Problem", "Rule", "check"]


def check(guide: Guide, text: str, version: int | None = None, here: bool = True) -> list[Problem]:
    """The findings about a guide, by line; `text` is its file's.

    `version` is that of the PostgreSQL at hand (16), None: the newest is thought of. `here` says whether
    this host is the one the commands are for, so that missing programs are told.
    """
    from console.guides.lint.prose import check_prose
    from console.guides.lint.steps import Tools, check_steps

    tools = Tools() if here else Tools(lambda name: name)
    found = {(one.line, one.rule, one.reason): one for one in check_steps(guide, text, version, tools)}
    found |= {(one.line, one.rule, one.reason): one for one in check_prose(guide, text)}
    rank = list(RULES)
    return sorted(found.values(), key=lambda one: (one.line, rank.index(one.rule), one.reason))


def check_file(path: Path, version: int | None = None) -> list[Problem]:
    """The findings about a guide's file. Raises UsageError when it cannot be read."""
    from console.guides.mending import decode
    from console.guides.reading import bytes_of, read_bytes

    data = bytes_of(path)  # once: a pipe is empty afterwards
    return check(read_bytes(data, str(path)), decode(data).text, version)
