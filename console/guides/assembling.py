"""A procedure while it is being read, and what it is in the end: its address, its kind, when it is due."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from console.guides.cuts import numbered
from console.guides.draft import Draft
from console.guides.inline import plain
from console.guides.leads import NOTE
from console.guides.model import Kind, Procedure
from console.guides.sections import is_checklist
from console.guides.steps import finish
from console.guides.times import cadence, due, duration
from console.text import clean

NOTES = 1_500
"""Characters of prose beside a step after which no further paragraph is kept with it."""


def names(text: str) -> frozenset[str]:
    """Names of fields, a blank in one written as a line below."""
    return frozenset(name.replace("_", " ") for name in text.split())


_RUNBOOK = re.compile(r"\b(?:runbook|playbook)\b", re.IGNORECASE)
WHO = names(
    """who owner responsible performed_by assignee role team executor operator run_by by_whom
    wer verantwortlich zuständig qui responsable équipe"""
)
WHEN = names(
    """when trigger triggers triggered_by use_when when_to_use condition conditions
    wann auslöser anlass quand déclencheur"""
)
HOW_OFTEN = names(
    """frequency cadence schedule how_often interval recurrence häufigkeit turnus fréquence périodicité"""
)
DUE = names("""due time at due_time start start_time due_by uhrzeit heure""")
LASTS = names(
    """duration estimated_time time_required estimated_duration eta takes time_needed expected_duration
    time_to_complete expected_time
    dauer durée"""
)


@dataclass(slots=True)
class Building:
    """A procedure while it is being read."""

    title: str
    line: int
    path: tuple[str, ...] = ()
    drafts: list[Draft] = field(default_factory=list)
    cron: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    written: str = ""
    boxes: int = 0
    repeated: bool = False
    """It stands in a list of what is done how often."""
    steps: list[Draft] | None = None
    """What a label `Steps` held, for commands that follow."""
    counting: list[Draft] | None = None
    """The ordered list just read, for blocks that follow an item."""
    counted: int = 0
    """How many items that list has with those before it that it goes on from."""
    above: str = ""
    """The paragraph right above the block being read."""

    since: int = 0
    """How many steps there were where the part being read begins."""

    def continues(self, start: int) -> bool:
        """Whether an ordered list goes on from the one before, so that a person takes both for one."""
        before = self.counting
        if before is None:
            return False
        return start == self.counted + 1 or (start == 1 and (len(before) == 1 or self.counted > len(before)))

    def count(self, made: list[Draft] | None, start: int) -> None:
        """Take note of an ordered list, None for a list of another kind."""
        self.counted = (self.counted if self.continues(start) else 0) + len(made or ())
        self.counting = made

    def told(self, paragraph: str) -> None:
        """Keep a paragraph that introduces nothing with the step before it, if one stands in this part."""
        if paragraph and len(self.drafts) > self.since and len(self.drafts[-1].note) < NOTES:
            self.drafts[-1].add_note(plain(paragraph, NOTE))


def finished(made: Sequence[Building]) -> Iterator[Procedure]:
    """The procedures that have steps or a schedule, with addresses of their own."""
    taken: dict[str, int] = {}
    for one in sorted(made, key=lambda one: one.line):
        if not one.drafts and not one.cron:
            continue
        title = one.title or next((draft.title for draft in one.drafts), "") or "Schedule"
        named = _slug(title) or f"line-{one.line}"
        if named in taken and one.path:
            named = f"{_slug(one.path[-1])}-{named}".strip("-")
        unique = named
        while unique in taken:
            taken[named] = taken.get(named, 1) + 1
            unique = f"{named}-{taken[named]}"
        taken[unique] = 1
        yield _procedure(one, unique, title)


def _procedure(one: Building, address: str, title: str) -> Procedure:
    drafts = one.drafts
    if (
        len(drafts) == 1
        and drafts[0].runs
        and drafts[0].title == clean(drafts[0].command.split("\n")[0], 200)
    ):
        drafts[0].title = title
    kind = _kind(one)
    often = cadence(title) or next((cadence(one.fields[key]) for key in HOW_OFTEN if key in one.fields), "")
    if not often and kind is Kind.CHECKLIST:
        often = next((found for above in reversed(one.path) if (found := cadence(above))), "")
    when = next((one.fields[key] for key in sorted(WHEN) if key in one.fields), "")
    at = due(title) or next(
        (due(one.fields[key]) for key in sorted(DUE | HOW_OFTEN) if key in one.fields), ""
    )
    if not at and when and cadence(when):
        at, often = due(when), often or cadence(when)
    lasts = next((duration(f"({one.fields[key]})") for key in sorted(LASTS) if key in one.fields), None)
    return Procedure(
        id=address,
        title=title,
        kind=kind,
        line=one.line,
        end_line=max([one.line, *(draft.end_line for draft in drafts)]),
        path=tuple(above for above in one.path if above),
        steps=finish(drafts),
        cadence=often,
        due=at,
        cron=tuple(dict.fromkeys(one.cron)),
        who=next((one.fields[key] for key in sorted(WHO) if key in one.fields), ""),
        when=when,
        duration=lasts if lasts is not None else duration(title),
        written=one.written or title,
    )


def _kind(one: Building) -> Kind:
    if _RUNBOOK.search(one.title):
        return Kind.RUNBOOK
    if is_checklist(one.title) or one.repeated or (one.boxes and one.boxes * 2 >= len(one.drafts)):
        return Kind.CHECKLIST
    return Kind.RUNBOOK


def _slug(title: str) -> str:
    title = re.sub(r"^\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+(?=\D)", "", title)
    mark = numbered(title)
    text = re.sub(
        r"^\W*(?:runbook|playbook|checklist|procedure)\s*[:–—-]\s*",
        "",
        mark[1] if mark and mark[1] else title,
        flags=re.I,
    )
    text = re.sub(r"\([^)]*\)", " ", text)
    return re.sub(r"[\W_]+", "-", re.sub(r"['’]", "", text.lower())).strip("-")[:60].rstrip("-")
