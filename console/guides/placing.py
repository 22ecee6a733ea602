"""Blocks become the steps of a procedure: lists, code, tables and paragraphs, each in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.guides.assembling import DUE, HOW_OFTEN, LASTS, WHEN, WHO, Building
from console.guides.blocks import Block, Break, Code, Listing, Paragraph, Sheet, Table
from console.guides.cuts import TITLE, numbered
from console.guides.draft import Draft, Reading
from console.guides.elsewhere import edits
from console.guides.fences import PLAIN, answers, choices_in, read_code, shown_by, told_in
from console.guides.inline import plain
from console.guides.labels import (
    asks,
    asks_beforehand,
    field_of,
    is_aside,
    is_bare,
    is_label,
)
from console.guides.leads import NOTE, ends_open, name_of
from console.guides.lists import (
    NOT_STEPS,
    adopt,
    drafts_of,
    is_steps,
    is_tasks,
    is_told,
    table_drafts,
)
from console.guides.looks import data_like
from console.guides.model import StepKind, Unread
from console.guides.sections import (
    is_checklist,
    is_round,
    parts_of,
    sections_of,
)
from console.guides.times import cadence
from console.text import clean

EXPECTED_WITHIN = 12
"""Lines after a command within which a block without a tag is what it prints."""


@dataclass(slots=True)
class Placing:
    """What was put together so far: procedures, and what was not understood on the way."""

    made: list[Building] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def results(self, target: Building, blocks: Sequence[Block]) -> None:
        """Keep the first block as what the last step is expected to print."""
        for block in blocks:
            code = block.code if isinstance(block, Sheet) else block
            if isinstance(code, Code) and target.drafts and not target.drafts[-1].expected:
                target.drafts[-1].expected = code.text
                target.drafts[-1].end_line = max(target.drafts[-1].end_line, code.end_line)

    def place(
        self, target: Building, block: Block, after: Listing | None, label: str, *, asked: bool
    ) -> None:
        """Put a block where it belongs; `after` is the list that comes next, `label` the title above it.

        `asked` says that what stands there is to be done, however it is worded.
        """
        group = label if label != target.title and not is_bare(label) else ""
        checklist = is_checklist(target.title) or is_checklist(label) or target.repeated
        said = label or said_by(target.title)
        above, target.above = target.above, ""
        match block:
            case Break():
                target.told(above)
                target.since = len(target.drafts)
            case Paragraph():
                told = not is_aside(said) and not checklist and told_in(block.text)
                leads = bool(told) and above.rstrip("*_ ").endswith((":", "?"))
                if not leads:
                    target.told(above)
                if told and not NOT_STEPS.search(target.title):
                    target.drafts.append(_told(block, told, group, above if leads else ""))
                else:
                    self._paragraph(target, block)
            case Listing():
                aside = is_aside(said) and not is_tasks(block)
                if is_round(target.title) and is_told(block):
                    target.repeated = checklist = True
                asked = asked or (asks_beforehand(said) and is_told(block))
                if not aside and is_steps(block, target.title, asked=asked, checklist=checklist):
                    goes_on = block.ordered and target.continues(block.start)
                    heading = (target.counting or [Draft("", 0, 0)])[-1].group if goes_on else _heading(above)
                    made = drafts_of(block, group or heading, tasks=is_tasks(block))
                    target.boxes += len(made) if is_tasks(block) else 0
                    target.drafts += made
                    target.count(made if block.ordered else None, block.start)
                elif len(target.drafts) > target.since and not aside and group == target.drafts[-1].group:
                    target.told(above)
                    target.drafts[-1].add_note("\n".join(f"- {plain(item.text)}" for item in block.items))
            case Sheet():
                self._sheet(target, block)
            case Code():
                self._code(target, block, after, group, above)
            case Table():
                made = table_drafts(block, group)
                if any(draft.runs for draft in made) or (made and (checklist or asked)):
                    target.drafts += made

    def _paragraph(self, target: Building, block: Paragraph) -> None:
        fields = False
        for line in block.text.split("\n")[:20]:
            name, value = field_of(line)
            if name in WHO | WHEN | HOW_OFTEN | DUE | LASTS:
                target.fields.setdefault(name, plain(value))
                fields = True
        target.above = "" if fields else block.text

    def _code(self, target: Building, code: Code, after: Listing | None, group: str, above: str) -> None:
        last = target.drafts[-1] if target.drafts else None
        if last and shown_by(above, code):
            last.expected = last.expected or code.text
            last.end_line = max(last.end_line, code.end_line)
            return
        name = name_of(above)
        reading = read_code(code, "" if is_label(name) else name)
        if reading is None:
            near = last is not None and code.line - last.end_line <= EXPECTED_WITHIN
            if last and near and last.runs and not last.expected and _shows(code):
                if edits(last.command):
                    last.add_note(code.text)
                else:
                    last.expected = code.text
                last.end_line = max(last.end_line, code.end_line)
            else:
                target.since = len(target.drafts)  # what follows is about this block
            return
        self.unread += reading.unread
        if target.counting and self._of_item(target, code, reading, after):
            return
        if reading.drafts and above and reading.drafts[0].title != name:
            reading.drafts[0].note = "\n".join(filter(None, (plain(above, NOTE), reading.drafts[0].note)))
        for chapter in reading.chapters:
            if not chapter.title:
                for draft in chapter.drafts:
                    draft.group = draft.group or group
                target.drafts += chapter.drafts
                target.cron += chapter.cron
                continue
            own = Building(
                chapter.title, chapter.line, (*target.path, target.title), chapter.drafts, chapter.cron
            )
            self.made.append(own)

    def _of_item(self, target: Building, code: Code, reading: Reading, after: Listing | None) -> bool:
        """Give a block to the item of an ordered list that it follows, where the list goes on after it."""
        last = target.counting[-1] if target.counting else None
        if (
            last is None
            or target.drafts[-1] is not last
            or any(chapter.title for chapter in reading.chapters)
        ):
            return False
        goes_on = (
            after is not None
            and after.ordered
            and (after.start == target.counted + 1 or (after.start == 1 and len(target.counting or ()) == 1))
        )
        went_on = target.counted > len(target.counting or ())
        if goes_on or went_on or (last.end_line + 2 >= code.line and last.title.endswith(":")):
            adopt(last, reading.drafts, code)
            target.cron += reading.cron
            return True
        return False

    def _sheet(self, target: Building, sheet: Sheet) -> None:
        for section in sections_of(sheet.blocks).walk():
            for part in parts_of(section, colons=True):
                title = part.title or section.title
                often = cadence(title, dayparts=False)
                if title and often and any(isinstance(block, Listing) for block in part.blocks):
                    name = f"{target.title} - {title}" if target.title else title
                    own = Building(name, part.line, (*target.path, target.title), repeated=True)
                    own.fields["frequency"] = often
                    for block in part.blocks:
                        self.place(own, block, None, title, asked=False)
                    for draft in own.drafts:
                        draft.group = ""
                    self.made.append(own)
                    continue
                for block in part.blocks:
                    self.place(target, block, None, title, asked=asks(title))


def said_by(title: str) -> str:
    """A heading without its number: `0. Before you start` asks what `Before you start` does."""
    mark = numbered(title)
    return (mark[1] if mark and mark[1] else title).strip(" :.")


def _told(paragraph: Paragraph, command: str, group: str, above: str) -> Draft:
    """A step out of a paragraph that tells one to run a command; `above` is what leads to it."""
    if answers(paragraph.text) and above.rstrip("*_ ").endswith("?"):
        title, above = re.sub(r"^(?:q|question|frage)\s*:\s*", "", plain(above), flags=re.IGNORECASE), ""
    else:
        title = clean(plain(paragraph.text).rstrip(":"), TITLE)
    draft = Draft(title, paragraph.line, paragraph.end_line, StepKind.SHELL, command, group=group)
    if choices_in(paragraph.text):
        draft.withhold()
    draft.apart, draft.note = answers(paragraph.text), plain(above, NOTE)
    return draft


def _heading(above: str) -> str:
    """What a line above a list says of all its steps: `To restore:`, `If that does not help:`."""
    name = name_of(above) if ends_open(above) else ""
    return "" if is_label(name) else name


def _shows(code: Code) -> bool:
    """Whether a block may be what a command prints: no file with sections in braces."""
    first = code.text.lstrip().split("\n")[0].rstrip()
    braced = first.endswith("{") and not data_like(code.text) and first != "{"
    return not braced and code.lang in PLAIN | {"json", "log", "yaml", "yml", "console", "xml", "csv"}
