"""Checks of the text itself: secrets, links, headings, stand-ins among the facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from console.guides.lint.problem import Problem, problem
from console.guides.model import Guide
from console.guides.stand_ins import CUSTOMARY, YOUR
from console.secrets import opens_private_key, redact

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_LINK = re.compile(
    r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+[\"'(][^)]*)?\)"
)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_PUT_IN = re.compile(r"([=:]\s*)[\"']?(?:\$\([^)]*\)|\$\{[^}]*\}|[\w.]+\([^)]*\))[\"']?")
"""A value that is made when the command runs."""
_MENDS = (
    ("the block does not say", "begin it with ```bash to have it run, or with ```text"),
    ("the block is never closed", "close it with ```"),
    ("the shell block is too long", "keep it in a script of its own and name that"),
    ("some bytes here", "save the file as UTF-8"),
    ("the YAML is broken", "promtool check rules names the line"),
    ("the alert rule has no", "give it an expr"),
    ("HTML is not read", "write it in Markdown"),
    ("too long a guide", "split it into guides of their own"),
    ("lists or quotes are nested", "make a heading of what is nested"),
)
"""What mends a thing that was not understood, by how its reason begins."""
_ELSE = "give the block its language, or leave it: it is shown and not run"
_BLANK = re.compile(r"^\[[^\]]*\]$|^(?:TBD|TODO|N/?A|\?+|x{2,}|<[^<>]*>)$", re.IGNORECASE)


def check_prose(guide: Guide, text: str) -> Iterator[Problem]:
    """All findings about the words of a guide; `text` is its file's, decoded."""
    lines = text.splitlines()
    code = _code_lines(lines)
    yield from _secrets(lines)
    yield from _headings(lines, code)
    yield from _links(lines, code, Path(guide.path).parent)
    yield from _facts(guide)
    for one in guide.unread:
        if not one.as_it_is and one.reason != "the shell does not parse":  # an error of its own tells that
            mends = next((said for begin, said in _MENDS if one.reason.startswith(begin)), _ELSE)
            yield problem("unread", one.line, one.reason, mends)


def _code_lines(lines: list[str]) -> set[int]:
    """The places of lines within fences."""
    found: set[int] = set()
    mark = ""
    for at, line in enumerate(lines):
        match = _FENCE.match(line)
        if mark:
            found.add(at)
            if match and match[1][0] == mark[0] and len(match[1]) >= len(mark):
                mark = ""
        elif match:
            mark = match[1]
            found.add(at)
    return found


def _secrets(lines: list[str]) -> Iterator[Problem]:
    key_until = -1
    for at, line in enumerate(lines):
        if at <= key_until:
            continue
        if opens_private_key(line):
            key_until = next((end for end in range(at, len(lines)) if "-----END" in lines[end]), len(lines))
        elif len(line) > 20_000 or not _tells_secret(line):
            continue
        yield problem(
            "secret",
            at + 1,
            "something secret stands here in plain text",
            "change it, and take it from the environment or a password manager",
        )


def _tells_secret(line: str) -> bool:
    line = _PUT_IN.sub(r"\1<value>", line)
    if redact(line) == line:
        return False
    # what everybody writes for a secret is none
    plain = line
    for pattern, _ in CUSTOMARY:
        plain = pattern.sub("", plain)
    plain = YOUR.sub("", plain)
    return plain == line or redact(plain) != plain


def _headings(lines: list[str], code: set[int]) -> Iterator[Problem]:
    path: list[str] = []
    first: dict[tuple[str, ...], int] = {}
    for at, level, title in _titles(lines, code):
        path[level - 1 :] = [*[""] * (level - 1 - len(path)), title.lower()]
        key = tuple(path)
        if key in first:
            reason = f"this heading stands in line {first[key]} already"
            yield problem(
                "duplicate-heading", at + 1, reason, "name them apart: links and runs go by the name"
            )
        first.setdefault(key, at + 1)


def _titles(lines: list[str], code: set[int]) -> Iterator[tuple[int, int, str]]:
    for at, line in enumerate(lines):
        if at not in code and (match := _HEADING.match(line)):
            yield at, len(match[1]), match[2]


def _anchors(lines: list[str], code: set[int]) -> set[str]:
    """The anchors of the headings, as the usual renderers make them."""
    found: Counter[str] = Counter()
    anchors: set[str] = set()
    for _, _, title in _titles(lines, code):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        anchors.add(slug if not found[slug] else f"{slug}-{found[slug]}")
        anchors.add(slug.strip("-"))
        found[slug] += 1
    return anchors


def _links(lines: list[str], code: set[int], directory: Path) -> Iterator[Problem]:
    anchors: set[str] | None = None
    for at, line in enumerate(lines):
        if at in code or "](" not in line:
            continue
        for match in _LINK.finditer(re.sub(r"`[^`]*`", "", line[:20_000])):
            target = match[1]
            if not target or _ELSEWHERE.match(target):
                continue
            name, _, anchor = target.partition("#")
            if not name:
                anchors = _anchors(lines, code) if anchors is None else anchors
                wanted = unquote(anchor).lower()
                if anchor and wanted not in anchors and wanted.strip("-") not in anchors:
                    yield problem("dead-link", at + 1, f"there is no heading for #{anchor}", "name a heading")
            elif not _there(directory, name):
                yield problem(
                    "dead-link", at + 1, f"{target} is not there", "mend the path, it goes from this file"
                )


def _there(directory: Path, name: str) -> bool:
    name = unquote(name.partition("?")[0])
    try:
        return name.startswith("/") or (directory / name).exists()
    except (OSError, ValueError):
        return False


def _facts(guide: Guide) -> Iterator[Problem]:
    """Contacts and addresses nobody filled in."""
    for contact in guide.contacts:
        if _BLANK.match(contact.value.strip()):
            yield problem("stand-in", contact.line, f"{contact.name} has no number or address", "fill it in")
    told: set[str] = set()
    for link in guide.links:
        for pattern, _ in CUSTOMARY:
            if (match := pattern.search(link.url)) and match[0] not in told:
                told.add(match[0])
                yield problem("stand-in", link.line, f"{match[0]} stands for something else", "fill it in")
