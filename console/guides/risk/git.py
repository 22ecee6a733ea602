"""What a call of git does: some sub-commands list or change depending on their options."""

from __future__ import annotations

from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.options import has, operands, raised
from console.guides.risk.tools import tools
from console.guides.shell import Word
from console.guides.shell.prefixes import after_options

_U, _C, _D = Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE


def risk_of_git(words: Sequence[Word]) -> Risk:
    """The risk of `git` with these arguments."""
    tool = tools()["git"]
    at = after_options((Word("git", "git"), *words), 1, tool.options)
    if at is None:
        return _U
    rest = tuple(words)[at - 1 :]
    if not rest:
        return Risk.READ if len(words) == 1 and words[0].value in ("--version", "--help") else _U
    verb, values = rest[0].value, [word.value for word in rest[1:]]
    if verb is None:
        return _U
    if verb in _BY_OPTIONS:
        return _by_options(verb, values)
    if verb == "clean":
        return Risk.READ if has(values, "-n", "--dry-run") and not has(values, "-f") else _D
    if verb == "reset":
        return _D if has(values, "--hard", "--merge", "--keep") else _C
    if verb == "push":
        forces = has(values, "-f", "--force", "--mirror", "-d", "--delete", "--prune", "--force-with-lease")
        return _D if forces or any(value and value[0] in "+:" for value in values) else _C
    if verb in ("checkout", "switch", "restore"):
        forces = has(values, "-f", "--force", "--discard-changes") or "." in values or "--" in values
        return _D if forces or verb == "restore" else _C
    two = f"{verb} {values[0]}" if values and values[0] is not None else verb
    return max(tool.table.get(two, tool.table.get(verb, _U)), raised(rest, tool.raises))


_BY_OPTIONS = {
    "branch": (
        "-D -d -m -M -c -C -u -f --delete --move --copy --set-upstream-to --unset-upstream --force",
        "-D",
    ),
    "tag": ("-d -a -s -f -m --delete --force --annotate", "-d --delete"),
    "remote": ("", ""),
    "config": ("--add --unset --unset-all --replace-all --rename-section --remove-section -e --edit", ""),
    "stash": ("", ""),
    "reflog": ("", ""),
}


def _by_options(verb: str, values: list[str | None]) -> Risk:
    changes, destroys = _BY_OPTIONS[verb]
    if destroys and any(value in destroys.split() for value in values):
        return _D
    if any(value in changes.split() for value in values):
        return _C
    names = operands(values)
    if None in names:
        return _U
    first = names[0] if names else ""
    match verb:
        case "branch":
            lists = not names or has(values, "--list", "-l", "--contains", "--merged", "--no-merged")
        case "tag":
            lists = not names or has(values, "-l", "--list", "--contains", "-n")
        case "remote":
            lists = first in ("", "show", "get-url") or not names
        case "config":
            lists = has(values, "--get", "--list", "-l", "--get-all", "--get-regexp") or len(names) == 1
        case "stash":
            if first in ("drop", "clear"):
                return _D
            lists = first in ("list", "show")
        case _:
            if first in ("expire", "delete"):
                return _D
            lists = True
    return Risk.READ if lists else _C
