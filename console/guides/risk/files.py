"""Programs about files whose risk is in their arguments: a small function each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.options import (
    Rule,
    has,
    operands,
    uncertain,
    value_of,
    values_of,
)
from console.guides.risk.paths import whole, writing
from console.guides.shell import Word

_R, _U, _C, _D = Risk.READ, Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE

_FIND = {
    **dict.fromkeys(("-delete",), _D),
    **dict.fromkeys(("-fprint", "-fprint0", "-fprintf", "-fls"), _C),
}
_FIND_STARTS = ("-exec", "-execdir", "-ok", "-okdir")
_SED_COMMAND = re.compile(r"(?:^|[;{}\n]|\d|\$|/[IM]?|!)\s*[wWeE]|s(.).*\1.*\1[gpIiMm0-9]*[we]", re.DOTALL)
_ADDRESS = r"(?:/(?:[^/\\\n]|\\.)*/I?|\d+|\$)"
_SED_SHOWS = re.compile(rf"\s*(?:{_ADDRESS}(?:\s*,\s*(?:{_ADDRESS}|[+~]\d+))?\s*!?\s*)?[pdqQ=]\s*;?\s*")
"""Addresses and a command that only chooses what is printed."""
_AWK = re.compile(r"system|getline|@|close\s*\(|fflush|extension|\|")
_AWK_WRITES = re.compile(r"\bprintf?\b[^;}\n]*>")


def _find(words: Sequence[Word]) -> Risk:
    risk = _U if uncertain(words) else _R
    for value in values_of(words):
        if value in _FIND_STARTS:
            continue  # what it runs is judged by itself
        risk = max(risk, _FIND.get(value or "", _R))
    return risk


def _sed(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if any(value is not None and value.startswith("-") and _in_place(value) for value in values):
        return _C
    if uncertain(words) or has(values, "-f", "--file"):
        return _U
    scripts = value_of(values, "-e", "--expression") or operands(values, "lE")[:1]
    shown = [script is not None and _SED_SHOWS.fullmatch(script) is not None for script in scripts]
    return (
        _U
        if any(
            not plain and (script is None or _SED_COMMAND.search(script))
            for plain, script in zip(shown, scripts, strict=True)
        )
        else _R
    )


def _in_place(option: str) -> bool:
    if option.startswith("--"):
        return "--in-place".startswith(option.partition("=")[0]) and len(option) > 3
    return re.match(r"-[nErsuz]*i", option) is not None


def _awk(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if uncertain(words) or has(values, "-f", "-i", "-l", "-E", "--file", "--include", "--load", "--exec"):
        return _U
    program = operands(values, "Fv")[:1]
    if not program or program[0] is None:
        return _U
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', program[0])
    bare = re.sub(r"(^|[~(!,&|;{\s])/(?:[^/\\\n]|\\.)+/", r"\1//", bare).replace("||", "")
    for _ in range(9):  # a comparison in brackets is no output
        bare, deeper = re.subn(r"\([^()]*\)", "", bare) if not _AWK.search(bare) else (bare, 0)
        if not deeper:
            break
    return _U if _AWK.search(bare) or _AWK_WRITES.search(bare) else _R


def _tar(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "--delete") or "--remove-files" in values:
        return _D
    runs = r"--(?:to-c|checkpoint-a|use-c|rsh|info-s|new-vol|rmt)|-[a-zA-Z]*[IF]"
    odd = uncertain(words) or any(value and re.match(runs, value) for value in values)
    first = (values[0] or "").lstrip("-") if values else ""
    listing = "--list" in values or (not (values and (values[0] or "").startswith("--")) and "t" in first)
    if not listing or any(letter in first for letter in "cxruA"):
        return _C
    return _U if odd else _R


def _rm(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "-r", "-R", "--recursive", "--no-preserve-root"):
        return _D
    paths = operands(values)
    if any(path is not None and (whole(path) or "*" in path or writing(path) is _D) for path in paths):
        return _D
    return _C


def _dd(words: Sequence[Word]) -> Risk:
    if any(value is None for value in values_of(words)):
        return _D
    return (
        _D
        if any((value or "").startswith("of=") and value != "of=/dev/null" for value in values_of(words))
        else _R
    )


def _tee(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    adds = has(values, "-a", "--append")
    return max((writing(path, adds) for path in operands(values)), default=_R)


def _copy(words: Sequence[Word]) -> Risk:
    """`cp`, `mv`: onto a device is the end of it."""
    devices = (value for value in values_of(words) if value and value.startswith("/dev/"))
    return max((_D for value in devices if writing(value) is _D), default=_C)


def _for_all(words: Sequence[Word]) -> Risk:
    """`chmod`, `chown`: a change, but for a whole tree of the system the end of it."""
    values = values_of(words)
    deep = has(values, "-R", "--recursive")
    return _D if deep and any(path is not None and whole(path) for path in operands(values)[1:]) else _C


def _empty(words: Sequence[Word]) -> Risk:
    """`cp /dev/null x` empties it."""
    return _D if values_of(words)[:1] == ["/dev/null"] else _copy(words)


def _second_writes(words: Sequence[Word]) -> Risk:
    """`uniq`, `xxd`: the second operand is written to."""
    if uncertain(words):
        return _U
    return _C if len(operands(values_of(words), "fswclos")) > 1 else _R


def _packer(words: Sequence[Word]) -> Risk:
    """`gzip`, `xz`, `zstd`: they replace the file unless they only test, list or print."""
    values = values_of(words)
    prints = has(values, "-c", "--stdout", "--to-stdout", "-t", "--test", "-l", "--list")
    return _R if prints or not operands(values) else _C


def _unzip(words: Sequence[Word]) -> Risk:
    return _R if has(values_of(words), "-l", "-t", "-Z", "-v") and not uncertain(words) else _C


def _rsync(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if any(value and re.match(r"--(?:del|remove-source)", value) for value in values):
        return _D
    return _C


RULES: dict[str, Rule] = {
    **dict.fromkeys(("find", "gfind"), _find),
    **dict.fromkeys(("sed", "gsed"), _sed),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    **dict.fromkeys(("tar", "bsdtar"), _tar),
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl"), _for_all),
    "cp": _empty,
    "mv": _copy,
    **dict.fromkeys(("uniq", "xxd"), _second_writes),
    **dict.fromkeys(
        ("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "lz4", "pigz"), _packer
    ),
    "rm": _rm,
    "dd": _dd,
    "tee": _tee,
    "unzip": _unzip,
    "rsync": _rsync,
}
"""By program."""
