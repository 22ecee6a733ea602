"""What tools with sub-commands do, out of the table `tools.txt` beside this file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from console.guides.model import Risk
from console.guides.shell.prefixes import Prefix

_KEYS = {"read": Risk.READ, "change": Risk.CHANGE, "destroy": Risk.DESTRUCTIVE, "unknown": Risk.UNKNOWN}


@dataclass(slots=True)
class Tool:
    """Sub-commands and their risk, the words of one joined by blanks.

    `options` are those that take a value before the sub-command, `raises` those that make more of it, `bare`
    what the tool does without a sub-command.
    """

    table: dict[str, Risk] = field(default_factory=dict)
    options: Prefix = field(default_factory=Prefix)
    raises: dict[str, Risk] = field(default_factory=dict)
    bare: Risk = Risk.UNKNOWN


@cache
def tools() -> dict[str, Tool]:
    """All tools by the names of their programs."""
    found: dict[str, Tool] = {}
    key, tool = "", Tool()
    for line in Path(__file__).with_name("tools.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            tool = Tool()
            found |= dict.fromkeys(line.split(), tool)
            continue
        if not line.startswith("    "):
            key, _, line = line.strip().partition(":")
        _add(tool, key, line.split())
    return found


def _add(tool: Tool, key: str, names: list[str]) -> None:
    kind, _, condition = key.partition(" ")
    if condition == "with":
        tool.raises |= dict.fromkeys(names, _KEYS[kind])
    elif key == "valued":
        short = "".join(name[1] for name in names if not name.startswith("--"))
        long = tuple(name[2:] for name in names if name.startswith("--"))
        before = tool.options
        tool.options = Prefix(before.short + short, (*before.long, *long), refuse=before.refuse)
    elif key == "unknown if":
        tool.options = Prefix(tool.options.short, tool.options.long, refuse=tuple(names))
    elif key == "bare":
        tool.bare = _KEYS[names[0]]
    else:
        tool.table |= {name.replace(".", " "): _KEYS[key] for name in names}
