"""Lists as steps: what is to be ticked, what is counted, and what an item owns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.guides.blocks import Code, Item, Listing, Paragraph, Table
from console.guides.cuts import TITLE, numbered
from console.guides.draft import Draft
from console.guides.fences import command_in, counted, only_code, read_code, shown_by
from console.guides.inline import codes, lead, links, plain
from console.guides.looks import certainly_command
from console.guides.model import StepKind
from console.guides.objectives import objective_in
from console.guides.times import duration
from console.guides.vocabulary import imperative
from console.text import clean

_DOING = re.compile(
    r"\b(?:steps?|procedures?|runbooks?|playbooks?|process|response|how to|workflow|instructions?"
    r"|routine|tasks?|drill|vorgehen|ablauf|anleitung|procédures?|marche à suivre|mode opératoire"
    r"|(?:neustart|wiederherstellung|umschaltung|redémarrage|restauration|bascule)(?: \w+){0,3}$"
    r"|(?:recovery|restore|restart|rollback|failover|upgrade|migration|deployment|rotation|cutover|shutdown|startup)$)",
    re.IGNORECASE,
)
NOT_STEPS = re.compile(
    r"\b(?:table of contents|contents|toc|escalation|severit\w+|classification|contacts?|on-?call"
    r"|priority levels?|levels?"
    r"|references?|resources|links|dashboards?|glossary|definitions?|metrics|kpis?|slos?|slas?|baselines?|thresholds?"
    r"|requirements|vendors?|overview|architecture|components|stack|directories|types|strategy|strategies)\b",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"^(?:steps?|tasks?|checks?|actions?|items?|what(?: to (?:do|check))?|activity|goal|operation|purpose"
    r"|schritt|aufgabe|prüfung|tätigkeit|étape|tâche|vérification|contrôle)$",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"^(?:commands?|how|run|command to run|befehle?|commandes?)$", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:#|no\.?|nr\.?|n°|step|id)?$", re.IGNORECASE)
_EXPECTED = re.compile(
    r"^(?:expected(?: (?:output|result|value))?|should (?:be|show|say)|erwartet|attendu)$", re.I
)


def is_tasks(listing: Listing) -> bool:
    """Whether something in a list is to be ticked."""
    return any(item.task for item in listing.items)


def is_told(listing: Listing) -> bool:
    """Whether most items of a list say what to do."""
    return sum(imperative(plain(item.text)) for item in listing.items) * 2 > len(listing.items)


def is_steps(listing: Listing, title: str, *, asked: bool = False, checklist: bool = False) -> bool:
    """Whether a list is something to carry out: by its boxes, its title, or what its items begin with.

    `asked` says that a label such as `Steps` stands above it, `checklist` that its title announces one.
    """
    if any(item.task for item in listing.items):
        return True
    if NOT_STEPS.search(title) and not asked and not checklist:
        return False
    items = listing.items
    if not items or all(
        links(item.text) and len(plain(item.text)) < 80 and not item.blocks for item in items
    ):
        return False
    if sum(objective_in(item.text) is not None for item in items) * 2 > len(items):
        return False
    given = sum(map(gives_command, items))
    ordered = listing.ordered or all(item.counted for item in items)
    if not ordered:
        told = sum(imperative(plain(item.text)) for item in items)
        return asked or checklist or (given * 2 >= len(items) and given + told >= len(items))
    if asked or checklist or _DOING.search(title) or given:
        return True
    told = sum(imperative(_head(item.text)) for item in items)
    return told * 2 > len(items)


def _head(text: str) -> str:
    name, rest = lead(text)
    return name if len(name.split()) > 1 or not rest else f"{name} {rest}"


def gives_command(item: Item) -> bool:
    """Whether an item of a list holds something to run, in its words or in a block below it."""
    return bool(command_in(item.text)) or _owns_code(item)


def _owns_code(item: Item) -> bool:
    return any(isinstance(block, Code) for block in item.blocks)


def drafts_of(listing: Listing, group: str = "", *, tasks: bool = False) -> list[Draft]:
    """A step for each item; every box below an item is one more, under the item's name.

    With `tasks` only what has a box is a step, and the rest is a note to the step before it.
    """
    drafts: list[Draft] = []
    for item in listing.items:
        if tasks and not item.task:
            inner = [
                one
                for block in item.blocks
                if isinstance(block, Listing)
                for one in _below(block, item, group)
            ]
            if not inner and drafts:
                drafts[-1].add_note(clean(plain(item.text)))
            drafts.extend(inner)
            continue
        draft, below = _item(item, group)
        drafts.append(draft)
        drafts.extend(below)
    return drafts


def _below(block: Listing, item: Item, group: str) -> list[Draft]:
    return drafts_of(block, plain(item.text, TITLE) or group, tasks=True) if _any_task(block) else []


def _any_task(listing: Listing) -> bool:
    stack, found = [listing], False
    while stack and not found:
        one = stack.pop()
        found = is_tasks(one)
        stack.extend(block for item in one.items for block in item.blocks if isinstance(block, Listing))
    return found


def _item(item: Item, group: str) -> tuple[Draft, list[Draft]]:
    first, *rest = item.text.split("\n") if item.text else ("",)
    mark = numbered(first)
    draft = counted(mark[1] if mark and mark[1] else first, item.line)
    draft.group = group
    draft.end_line = item.end_line
    more = " ".join(rest).strip()
    if more and not draft.runs and certainly_command(more):
        draft.kind, draft.command = StepKind.SHELL, "\n".join(line.strip() for line in rest)
    elif more and not draft.runs and (command := command_in(more)):
        draft.kind, draft.command = StepKind.SHELL, command
        draft.title = clean(f"{draft.title} {plain(more)}", TITLE)
    elif more:
        draft.title = clean(f"{draft.title} {plain(more)}", TITLE)
    below: list[Draft] = []
    above = ""
    for block in item.blocks:
        before, above = above, ""
        if isinstance(block, Code):
            _own(draft, block, before)
        elif isinstance(block, Listing):
            if _any_task(block):
                below.extend(drafts_of(block, draft.title, tasks=True))
            else:
                _explain(draft, block)
        elif isinstance(block, Paragraph):
            above = block.text
            _paragraph(draft, block)
        elif isinstance(block, Table):
            draft.add_note("\n".join(" · ".join(map(plain, cells)) for _, cells in block.rows))
    draft.title = draft.title or clean((draft.command or draft.offered).split("\n")[0], TITLE)
    return draft, below


def _paragraph(draft: Draft, block: Paragraph) -> None:
    draft.duration = draft.duration or duration(block.text)
    if not draft.runs and (command := command_in(block.text)):
        draft.kind, draft.command = StepKind.SHELL, command
    draft.add_note(plain(block.text))


def _explain(draft: Draft, listing: Listing) -> None:
    """Points below an item: what explains it, or commands when it has none itself."""
    given = {item.line: command for item in listing.items if (command := command_in(item.text))}
    if given and all(only_code(item.text) for item in listing.items):
        given = {item.line: only_code(item.text) for item in listing.items}  # typed one after the other
    taken = bool(given) and not draft.runs and not draft.offered
    if taken:
        draft.kind, draft.command = StepKind.SHELL, "\n".join(given.values())
    for item in listing.items:
        draft.duration = draft.duration or duration(item.text)
        if not taken or item.line not in given:
            draft.add_note(f"- {plain(item.text)}")
        for block in item.blocks:
            if isinstance(block, Code):
                _own(draft, block)
            elif isinstance(block, Listing):
                draft.add_note("\n".join(f"  - {plain(one.text)}" for one in block.items))


def _own(draft: Draft, code: Code, above: str = "") -> None:
    reading = None if shown_by(above, code) else read_code(code)
    adopt(draft, reading.drafts if reading else [], code)


def adopt(draft: Draft, found: Sequence[Draft], code: Code) -> None:
    """Make what a block holds part of a step: its commands, or what is expected after them."""
    draft.end_line = max(draft.end_line, code.end_line)
    merge(draft, found)
    if not found and code.text.strip():
        if draft.runs and not draft.expected:
            draft.expected = code.text
        else:
            draft.add_note(code.text)


def merge(draft: Draft, found: Sequence[Draft]) -> None:
    """One step of several, in one kind: what is of another kind is shown below it."""
    for one in found:
        draft.end_line = max(draft.end_line, one.end_line)
        if one.runs and (not draft.runs or draft.kind is one.kind):
            draft.command = f"{draft.command}\n{one.command}" if draft.runs else one.command
            draft.kind = one.kind
        elif one.offered or one.command:
            draft.offered = "\n".join(part for part in (draft.offered, one.offered or one.command) if part)
            draft.where = draft.where or one.where
            draft.withheld = draft.withheld or one.withheld
        elif one.title and one.title != draft.title:
            draft.add_note(one.title)
        draft.add_note(one.note)
        draft.expected = "\n".join(part for part in (draft.expected, one.expected) if part)


def table_drafts(table: Table, group: str = "") -> list[Draft]:
    """A table of tasks as steps, a row each; none for other tables."""
    head = [plain(cell) for cell in table.head]
    how = next((n for n, cell in enumerate(head) if _COMMAND.match(cell)), None)
    what = next((n for n, cell in enumerate(head) if _COLUMN.match(cell)), None)
    if what is None and how is not None:
        what = next((n for n, cell in enumerate(head) if n != how and not _NUMBER.match(cell)), None)
    if what is None or len(head) < 2:
        return []
    shown = next((n for n, cell in enumerate(head) if _EXPECTED.match(cell)), None)
    return [draft for line, cells in table.rows if (draft := _row(line, cells, (what, how, shown), group))]


def _row(line: int, cells: Sequence[str], at: tuple[int, int | None, int | None], group: str) -> Draft | None:
    what, how, shown = at
    if what >= len(cells) or not plain(cells[what]):
        return None
    if plain(cells[what]).isdigit() and what + 1 < len(cells):
        what += 1
    draft = counted(cells[what], line)
    draft.apart = True
    draft.title, draft.group = draft.title or plain(cells[what], TITLE), group
    draft.duration = draft.duration or duration(" ".join(cells))
    if how is not None and how < len(cells):
        given = [span.text for span in codes(cells[how])] or [plain(cells[how], 2000)]
        if certainly_command(given[0]):
            draft.kind, draft.command = StepKind.SHELL, "\n".join(filter(certainly_command, given))
    elif how is None and not draft.runs and (command := command_in(" ".join(cells))):
        draft.kind, draft.command = StepKind.SHELL, command
    if shown is not None and shown < len(cells) and draft.runs:
        draft.expected = plain(cells[shown])
    used = {what, how, shown if draft.expected else None}
    rest = (plain(cell) for n, cell in enumerate(cells) if n not in used)
    draft.note = " · ".join(
        cell for cell in rest if cell and cell not in (draft.title, draft.command) and not cell.isdigit()
    )
    return draft
