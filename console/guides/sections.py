"""A guide's blocks under their headings, and below them under titles that are bold or end in a colon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from console.guides.blocks import Block, FoldEnd, Heading, Paragraph
from console.guides.cuts import numbered
from console.guides.inline import plain, written
from console.guides.labels import is_label
from console.guides.vocabulary import imperative

TITLE = 120
"""Characters of a bold line that is still a title."""

_BOLD = re.compile(r"^(?:\*\*|__)(?!\s)([^*\n]{1,200}?)(?:\*\*|__)(\s*:?)\s*$")
_CHECKLIST = re.compile(
    r"\bcheck-?lists?\b|\bchecks?\s*(?:\(.*\)|[-–—:].*)?$|\b(?:daily|weekly|monthly|quarterly|yearly|annual|hourly|nightly)"
    r"\s+(?:\w+\s+)?(?:maintenance|monitoring|reviews?|audits?|tasks?|routines?|operations|duties|inspections?|activities|chores)\b"
    r"|\b(?:maintenance|monitoring|review|audit)\b.*\((?:daily|weekly|monthly|quarterly|yearly|hourly)\)"
    r"|(?<!\bcommon )(?<!\buseful )(?<!\bfrequent )\btasks\s*(?:\(.*\))?$|\bto-?dos?\b|\bround$|\brounds$"
    r"|(?:prüfung(?:en)?|kontrollen?|rund(?:e|gang))\s*(?:\(.*\)|[-–—:].*)?$"
    r"|^\W*(?:vérifications?|contrôles?)(?:\s+\w+)?\s*(?:\(.*\))?$"
    r"|\b(?:täglich|wöchentlich|monatlich|vierteljährlich|jährlich)e?[nrsm]?\s+(?:wartung|aufgaben|überprüfung)\b"
    r"|\b(?:maintenance|tâches)\s+(?:quotidienne|hebdomadaire|mensuelle|trimestrielle|annuelle)s?\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\bcheck-?list(?:e|es|en|s)?\b|\bprüfliste\b|\bliste de (?:contrôle|vérification)\b", re.IGNORECASE
)
_ROUND = re.compile(
    r"^\W*(?:\d{1,2}(?:\.\d{1,2})*\W+)?(?:every (?:hour|day|week|month|quarter|year)"
    r"|hourly|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?"
    r"|täglich|wöchentlich|monatlich|vierteljährlich|jährlich"
    r"|quotidien|hebdomadaire|mensuel|trimestriel|annuel)\s*(?:[/(–—:,-].*)?$",
    re.IGNORECASE,
)
_DOING = re.compile(
    r"\bback-?ups?\b|\brestores?\b|\bdeploy|\brunbook\b|\bplaybook\b|\bprocedures?\b|\btroubleshoot",
    re.IGNORECASE,
)
_STEP = re.compile(r"^(?:step|stage)\s+\d{1,2}\b", re.IGNORECASE)
_MANY = re.compile(
    r"\b(?:issues|problems|scenarios|playbook|playbooks|runbooks|procedures|guides?|faq|alerts|incidents|errors)\b",
    re.I,
)


@dataclass(slots=True)
class Part:
    """What stands under a title inside a section; the first part of a section has none."""

    title: str
    line: int
    blocks: list[Block] = field(default_factory=list)
    bold: bool = False

    @property
    def label(self) -> bool:
        """Whether the title only says what kind of thing follows (`Steps`, `Commands`)."""
        return is_label(self.title)

    @property
    def number(self) -> str:
        """The number a bold title counts itself with, empty for none."""
        mark = numbered(self.title) if self.bold else None
        return mark[0] if mark else ""


@dataclass(slots=True)
class Section:
    """A heading with what stands under it up to the next one of any level, and the sections below it."""

    title: str
    line: int
    level: int
    written: str = ""
    parents: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)

    def walk(self) -> Iterator[Section]:
        """This section and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def sections_of(blocks: Sequence[Block]) -> Section:
    """The tree of sections; its root has level 0, no title, and what stands before the first heading."""
    root = Section("", 1, 0)
    open_now = [root]
    for block in blocks:
        if not isinstance(block, Heading):
            open_now[-1].blocks.append(block)
            continue
        while open_now[-1].level >= block.level:
            open_now.pop()
        titles = tuple(section.title for section in open_now if section.title and section.level > 1)
        section = Section(plain(block.text, 200), block.line, block.level, written(block.text), titles)
        open_now[-1].children.append(section)
        open_now.append(section)
    return root


def is_checklist(title: str) -> bool:
    """Whether a title announces a checklist: it says so, is a check, or is upkeep with a cadence."""
    if _NAMED.search(title):
        return True
    return bool(_CHECKLIST.search(title)) and not _DOING.search(title)


def is_round(title: str) -> bool:
    """Whether a title says how often and nothing else: `3.4 Quarterly / as needed`."""
    return bool(_ROUND.match(title))


def bold_title(text: str) -> str:
    """The title a paragraph is when all of it is bold; empty for others."""
    match = _BOLD.match(text)
    if match is None:
        return ""
    title = plain(match[1]).rstrip(": ")
    ends_like_prose = title.endswith((".", "!", "?", ",", ";")) or len(title) > TITLE
    return "" if ends_like_prose or ("=" in title and "`" in match[1]) else title


def colon_title(text: str) -> str:
    """The title a short line ending in a colon is; empty for others."""
    if "\n" in text or not text.rstrip("*_ ").endswith(":") or len(text) > TITLE:
        return ""
    return plain(text).rstrip(": ")


def parts_of(section: Section, *, colons: bool = False) -> list[Part]:
    """The blocks of a section by bold title, and by lines ending in a colon where `colons` asks for it."""
    parts = [Part("", section.line)]
    for block in section.blocks:
        if isinstance(block, FoldEnd):
            parts.append(Part("", block.line))
            continue
        if isinstance(block, Paragraph):
            if title := bold_title(block.text):
                parts.append(Part(title, block.line, bold=True))
                continue
            title = colon_title(block.text)
            if title and (colons or is_label(title)):
                parts.append(Part(title, block.line))
                continue
        parts[-1].blocks.append(block)
    return parts


def children_are_steps(section: Section) -> bool:
    """Whether the headings below are the steps of one procedure: `Step 1`, or counted instructions."""
    titles = [child.title for child in section.children]
    if len(titles) < 2 or any(child.children for child in section.children):
        return False
    if all(_STEP.match(title) for title in titles):
        return True
    if _MANY.search(section.title) or section.level < 2:
        return False
    marks = [numbered(title) for title in titles]
    return all(mark is not None and imperative(mark[1]) for mark in marks)
