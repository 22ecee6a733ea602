"""What a line looks like to somebody who reads it: a command, a sentence, configuration, a drawing."""

from __future__ import annotations

import re

from console.guides.vocabulary import AMBIGUOUS, COMMANDS, KEYWORDS, STOP, VERBS

LONGEST = 600
"""Characters of a line that are looked at; what it is shows sooner."""

_ASSIGNMENTS = re.compile(
    r"^(?:(?:export|local|readonly|declare(?: -\w+)?)\s+)?[A-Za-z_]\w*(?:\[[^\]]{0,80}\])?\+?=(?!=)"
)
_PREFIXED = re.compile(r"^(?:[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\S*)\s+)+(?=\S)")
_PATH = re.compile(r"^(?:\.{1,2}/|~/|/[\w.-]+/|\$\{?\w+\}?/|%|\$\{?\w+\}?(?:\s|$)|\"\$)")
_SCRIPT = re.compile(r"^[\w./-]+\.(?:sh|bash|py|pl|rb|js)$")
_NAME = re.compile(r"^[a-z][\w.+-]*$")
_QUOTED = re.compile(r"\"[^\"]{0,300}\"|'[^']{0,300}'|`[^`]{0,300}`|\$\([^)]{0,300}\)")
_FLAG = re.compile(r"(?:^|\s)-{1,2}[A-Za-z]")
_SPECIAL = re.compile(r"[|/$=<>@*&;]|\w\.\w|\w:\w|\w_\w|\d\.\d")
_STAND_IN = re.compile(r"^(?:<[A-Za-z][\w .-]{0,60}>|\{\{[^{}]{1,60}\}\})")
_INI = re.compile(r"^(?:\[[\w .:/-]{1,80}\]|[\w.-]{1,60}\s+=\s*\S.*|[\w.-]{1,60}\s*=\s+\S.*)$")
_YAML = re.compile(r"^(?:- )?(?:[A-Za-z_\"'][\w .\"'/-]{0,60}):(?:\s+\S.*|\s*)$")
_BRACES = re.compile(r"^[\w .\"':/-]{0,80}\{$|^[}\])]+[;,]?$|^[{\[]\s*$|^\{?\s*\"[\w.-]+\"\s*:")
_JSON = re.compile(r"^[\[{]\s*(?:[\[{]\s*)?\"[^\"\n]{1,100}\"\s*(?::|,|\])|^\{\s*\}\s*$")
_COMPOUND = re.compile(r"^(?:for \w+ in \S.*|(?:while|until|if) \S.*);\s*(?:do|then)\b")
_SEMICOLON = re.compile(r"^[a-z_]+(?:\s+[^\s;|&]+){1,8};$")
_RELATIVE = re.compile(r"^\.?[\w-]+(?:/[\w.-]+)+$")
_VERSION = re.compile(r"^[\w.+-]+\s+(?:[<>]=?|==|=>)\s*v?\d")
_COLUMNS = re.compile(r"\S {4,}(?=[^\s\\#])|\S {2,}\S+ {2,}(?=[^\s\\#])")
_DRAWING = re.compile("[\u2190-\u21ff\u2500-\u259f\u25a0-\u25ff]|[-=]{2,}>|<[-=]{2,}|\\+-{3,}\\+|\\|\\s{3,}")


def _first(line: str) -> str:
    return line.split(maxsplit=1)[0] if line.strip() else ""


def command_like(line: str) -> bool:
    """Whether a line of a shell block can be a command: the block says it is shell, the line may object."""
    line = line.strip()[:LONGEST]
    if _ASSIGNMENTS.match(line):
        return not _INI.match(line) or "=" in _first(line)
    line = _PREFIXED.sub("", line)
    first = _first(line)
    if not first or config_like(line) or _VERSION.match(line):
        return False
    if _PATH.match(line) and _COLUMNS.search(line) and not _FLAG.search(line):
        return False  # a row of a table that begins with a path
    if _STAND_IN.match(line) or _PATH.match(line) or first.startswith(("(", "$", '"$', "[[", "{", "!", "\\")):
        return True
    name = first.rstrip(";")
    if name in COMMANDS and name not in AMBIGUOUS:
        return True
    if re.match(r"^[A-Z][a-z]+$|^[A-Z]{2,}$|^\d|^[-*•✓✗→│├└┌#]|^\W*$", first):
        return False
    if name in KEYWORDS:
        return not sentence_like(line) or ";" in line
    if _COLUMNS.search(line):
        return False
    if not re.match(r"^[\w./~+-]+(?:\(\))?$", name):
        return bool(_PATH.match(line) or _SPECIAL.search(name))
    if name in VERBS and name not in COMMANDS:
        return bool(_FLAG.search(line)) or len(line.split()) == 1
    return not sentence_like(line)


def certainly_command(line: str) -> bool:
    """Whether text is a command although nothing says so: a known program with its operands, a script."""
    line = line.strip()[:LONGEST]
    if not line or line.endswith((":", "…", "...")) or config_like(line):
        return False
    line = _PREFIXED.sub("", line)
    first = _first(line)
    rest = line[len(first) :].strip()
    if first in ("sudo", "doas") and rest:
        return certainly_command(re.sub(r"^(?:-\w+\s+(?:[a-z_]\w*\s+(?=[a-z]))?)+", "", rest)) or bool(
            _NAME.match(rest)
        )
    if _COMPOUND.match(line):
        return True
    if first in COMMANDS and first not in KEYWORDS:
        if first in AMBIGUOUS:
            return bool(_FLAG.search(rest) or _SPECIAL.search(rest)) and not sentence_like(line)
        return not sentence_like(line) or bool(_FLAG.search(rest))
    if first.startswith(("./", "../", "~/")) or _SCRIPT.match(first):
        return not rest or not sentence_like(f"x {rest}")
    if _RELATIVE.match(first):
        return bool(_FLAG.search(rest))
    if first.startswith("/"):
        return bool(rest) and bool(_FLAG.search(rest) or re.search(r"/s?bin/|init\.d/|\.sh$", first))
    return bool(_NAME.match(first) and _FLAG.search(rest) and not sentence_like(line))


def sentence_like(line: str) -> bool:
    """Whether a line is made of words that belong in a sentence, and of nothing a program is told."""
    bare = _QUOTED.sub(" ", line[:LONGEST])
    if _FLAG.search(bare):
        return False
    found = bare.split()
    joining = sum(word.strip(".,:;!?()").lower() in STOP for word in found[1:])
    if _SPECIAL.search(bare):
        return joining >= 3
    return joining >= 1 and len(found) >= 3


def config_like(line: str) -> bool:
    """Whether a line is configuration: a key and its value, a section, a brace."""
    line = line.strip()[:LONGEST]
    if _PATH.match(line) or _first(line) in ("[", "[[", "{", "}", "};", ")"):
        return False
    if line.startswith("#") or _first(line) in COMMANDS:
        return False
    if _INI.match(line) and not re.match(r"^\[ ", line):
        return True
    if _BRACES.match(line):
        return "()" not in line
    if _YAML.match(line):
        return True
    return bool(_SEMICOLON.match(line)) and _first(line) not in VERBS


def data_like(text: str) -> bool:
    """Whether a statement is an object or a list in JSON, as an API answers, and no group of commands."""
    return _JSON.match(text[:LONGEST]) is not None


def drawing_like(text: str) -> bool:
    """Whether a block is a drawing: boxes, arrows, bars."""
    lines = [line[:LONGEST] for line in text.split("\n")[:200] if line.strip()]
    drawn = sum(bool(_DRAWING.search(line)) for line in lines)
    return (drawn >= 2 and drawn * 3 >= len(lines)) or (len(lines) == 1 and drawn == 1)


_BULLET = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+\S")
_PAIR = re.compile(r"^\s*-?\s*[\w.\"'/-]+:(?:\s|$)")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)+\|?\s*$")


def sheet_like(text: str, *, keyed: bool = True) -> bool:
    """Whether a block is a page of notes put in a frame: lists under titles, or a table.

    `keyed` says that points like `- Users: 100` are notes too, as they are not in YAML.
    """
    lines = [line[:LONGEST] for line in text.split("\n") if line.strip()]
    if not lines or drawing_like(text):
        return False
    if any(_RULE.match(line) for line in lines):
        return True
    bullets = [line for line in lines if _BULLET.match(line)]
    pairs = sum(bool(_PAIR.match(line)) and not line.lstrip().startswith(("- [", "* [")) for line in lines)
    titles = sum(
        (line.rstrip().endswith(":") or line.startswith("#")) and not _BULLET.match(line) for line in lines
    )
    if not keyed and any(_PAIR.match(line) for line in bullets):
        return False
    worded = sum(len(line.split()) >= 3 for line in bullets)
    listed = bool(bullets) and 2 * (len(bullets) + titles) > len(lines)
    return listed and (worded * 2 >= len(bullets) or pairs <= titles)
