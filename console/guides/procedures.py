"""Sections become checklists and runbooks: what stands under a heading, in order, as steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from console.guides.assembling import Building
from console.guides.blocks import Block, Code, Listing, Paragraph
from console.guides.cuts import numbered
from console.guides.draft import Draft
from console.guides.inline import plain
from console.guides.labels import (
    asks,
    heads_commands,
    heads_output,
    is_label,
    is_trigger,
)
from console.guides.lists import (
    gives_command,
    is_tasks,
    merge,
)
from console.guides.pairs import pair
from console.guides.people import texts
from console.guides.placing import Placing, said_by
from console.guides.sections import (
    Part,
    Section,
    children_are_steps,
    is_checklist,
    parts_of,
)
from console.guides.times import cadence, due, duration
from console.text import clean

_CONTENTS = re.compile(r"^\W*(?:table of )?contents\W*$|^\W*toc\W*$", re.IGNORECASE)


@dataclass(slots=True)
class Shop(Placing):
    """Where procedures are put together out of sections."""

    def visit(self, section: Section) -> None:
        """Read a section and those below it."""
        if _CONTENTS.match(section.title):
            return
        if children_are_steps(section):
            self._with_steps(section)
            return
        if _grouped(section):
            main = self._section(section)[0]
            for child in section.children:
                for block in child.blocks:
                    self.place(main, block, None, child.title, asked=True)
            return
        labels = [child for child in section.children if is_label(child.title) and not child.children]
        merged = labels if section.level > 1 or len(labels) > 1 else []
        self._section(section, merged)
        for child in section.children:
            if child not in merged:
                self.visit(child)

    def _with_steps(self, section: Section) -> None:
        main = self._section(section)[0]
        for child in section.children:
            if any(isinstance(block, Listing) and _has_steps(block) for block in child.blocks):
                self._part(main, Part(child.title, child.line, child.blocks), asked=True)
            else:
                self._collapse(main, child.title, child.line, child.blocks)

    def _section(self, section: Section, labels: Sequence[Section] = ()) -> list[Building]:
        path = section.parents
        main = current = Building(section.title, section.line, path, written=section.written)
        found = [main]
        parts = parts_of(section)
        for label in labels:  # `Steps`, `Rollback`: headings that only say what kind of thing follows
            inner = parts_of(label)
            parts += [Part("", label.line), Part(label.title, label.line, inner[0].blocks), *inner[1:]]
        counting = sum(bool(part.number) for part in parts) > 1
        checklist = is_checklist(section.title)
        for part in parts:
            if counting and part.number:
                self._collapse(main, part.title, part.line, part.blocks)
                continue
            if part.title and not part.label and not (checklist and not cadence(part.title)):
                current = Building(part.title, part.line, (*path, section.title))
                found.append(current)
            elif not part.title:
                current = main
            self._part(current, part)
        self.made.extend(found)
        return found

    def _collapse(self, main: Building, title: str, line: int, blocks: Sequence[Block]) -> None:
        """What stands under a counted title, as one step."""
        part = Building(title, line, main.path)
        for block, after in _with_next(blocks):
            self.place(part, block, after, title, asked=False)
        mark = numbered(title)
        draft = Draft(clean(mark[1] if mark and mark[1] else title), line, line, duration=duration(title))
        merge(draft, part.drafts)
        for block in blocks:
            if isinstance(block, Listing) and not part.drafts:
                draft.add_note("\n".join(f"- {plain(item.text)}" for item in block.items))
                draft.end_line = max(draft.end_line, block.end_line)
            elif isinstance(block, Paragraph):
                draft.add_note(plain(block.text))
        main.drafts.append(draft)
        main.cron.extend(part.cron)

    def _part(self, target: Building, part: Part, *, asked: bool = False) -> None:
        label = part.title if part.label or part.title != target.title else ""
        label = label.strip(" :.")
        target.above, target.since, target.counting = "", len(target.drafts), None
        if heads_output(label):
            self.results(target, part.blocks)
            return
        if is_trigger(label):
            target.fields.setdefault("when", "; ".join(texts(part.blocks)))
        said = label or said_by(target.title)
        before = len(target.drafts)
        for block, after in _with_next(part.blocks):
            self.place(target, block, after, label, asked=asked or asks(said))
        target.told(target.above)
        added = target.drafts[before:]
        if heads_commands(label) and target.steps and not any(draft.runs for draft in target.steps):
            paired = set(map(id, target.steps))
            target.drafts = [draft for draft in target.drafts[:before] if id(draft) not in paired]
            target.drafts += pair(target.steps, added)
            target.steps = None
        elif asks(label) and added:
            target.steps = added


def _with_next(blocks: Sequence[Block]) -> list[tuple[Block, Listing | None]]:
    """Each block with the list that comes next after it."""
    found: list[tuple[Block, Listing | None]] = []
    following: Listing | None = None
    for block in reversed(blocks):
        found.append((block, following))
        following = block if isinstance(block, Listing) else following
    return found[::-1]


def _has_steps(listing: Listing) -> bool:
    """Whether a list below a heading that is a step has steps of its own: counted, and with what to run."""
    return listing.ordered and len(listing.items) > 1 and any(map(gives_command, listing.items))


def _grouped(section: Section) -> bool:
    """Whether the headings below a checklist only group its boxes."""
    if not is_checklist(section.title) or not section.children:
        return False
    return all(
        not child.children
        and not cadence(child.title)
        and not due(child.title)
        and not is_checklist(child.title)
        and any(isinstance(block, Listing) and is_tasks(block) for block in child.blocks)
        and not any(isinstance(block, Code) for block in child.blocks)
        for child in section.children
    )
