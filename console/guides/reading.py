"""Reads a guide: Markdown in, Guide out. Nothing is invented, and what was not understood is named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.errors import UsageError
from console.files import open_now
from console.guides.addresses import command_links, text_links
from console.guides.assembling import finished
from console.guides.blocks import Block, Code, Html, Item, Listing, Paragraph, Sheet, Table, blocks_of
from console.guides.fences import SHELL, is_sheet
from console.guides.inline import links as links_in
from console.guides.inline import plain
from console.guides.labels import is_aside
from console.guides.layout import lay_out
from console.guides.lists import NOT_STEPS
from console.guides.looks import config_like, drawing_like
from console.guides.mending import Text, decode, mend
from console.guides.model import AlertText, Guide, Link, Objective, Procedure, Step, StepKind, Unread
from console.guides.objectives import paragraph_objective, read_objective, table_objectives
from console.guides.people import People, read_people
from console.guides.procedures import Shop
from console.guides.rules import has_rules, read_rules
from console.guides.sections import Section, parts_of, sections_of
from console.text import clean

LIMIT = 4_000_000
"""Bytes of a file that is still a guide."""
CONFIGURATION = frozenset(
    ("yaml", "yml", "json", "toml", "ini", "conf", "nginx", "hcl", "xml", "properties", "env", "dockerfile")
)
_TELLS = re.compile(r"<(?:pre|code|table|ol|ul|li|p|td)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,300}>")
HTML = 4_000
"""Characters of a block of HTML that are looked at."""
NESTED = 3
"""Lists inside lists that are searched for facts."""


def read_guide(path: Path) -> Guide:
    """The guide in a file. Raises UsageError with the reason and what would mend it."""
    return read_bytes(bytes_of(path), str(path))


def read_bytes(data: bytes, path: str) -> Guide:
    """The guide in what a file of this path holds."""
    return _read(decode(data), path, hashlib.sha256(data).hexdigest())


def rule_blocks(path: Path) -> list[Code]:
    """The blocks of a guide that hold alert rules, as they are written. Raises UsageError."""
    found: list[Code] = []
    waiting = [*blocks_of(lay_out(decode(bytes_of(path)).text))[0]]
    while waiting:
        match _opened(waiting.pop(0)):
            case Sheet() as sheet:
                waiting = [*sheet.blocks, *waiting]
            case Listing() as listing:
                waiting = [*(block for item in listing.items for block in item.blocks), *waiting]
            case Code() as code if has_rules(code):
                found.append(code)
    return found


def bytes_of(path: Path) -> bytes:
    """What a guide's file holds. Raises UsageError where it is none, or cannot be read."""
    try:
        with open_now(path) as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} is not there", "name a Markdown file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory", "name a Markdown file in it") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}", "check its name and its mode"
        ) from None
    if len(data) > LIMIT:
        raise UsageError(
            f"{path} is larger than {LIMIT // 1_000_000} MB", "split it into guides of their own"
        )
    if b"\0" in data[:1024] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise UsageError(f"{path} is no text", "name a Markdown file")
    return data


def read_text(text: str, path: str) -> Guide:
    """The guide in a text; `path` is kept as where it is from. Never raises."""
    data = text.encode("utf-8", "surrogatepass")
    return _read(mend(text), path, hashlib.sha256(data).hexdigest())


@dataclass(slots=True)
class _Facts:
    objectives: list[Objective] = field(default_factory=list)
    rules: list[AlertText] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    people: People = field(default_factory=People)
    unread: list[Unread] = field(default_factory=list)

    def lines(self) -> set[int]:
        """The lines something was taken from."""
        found = {one.line for one in self.objectives} | {one.line for one in self.rules}
        found |= {one.line for one in self.links} | {one.line for one in self.people.contacts}
        found |= {one.line for one in self.people.severities.values()}
        return found | {one.line for one in self.people.escalation}


def _read(text: Text, path: str, digest: str) -> Guide:
    layout = lay_out(text.text)
    blocks, too_deep = blocks_of(layout)
    blocks = tuple(_opened(block) for block in blocks)
    root = sections_of(blocks)
    shop = Shop()
    shop.visit(root)
    procedures = tuple(finished(shop.made))
    facts = _facts(root, procedures)
    unread = [*layout.unread, *shop.unread, *facts.unread]
    unread += [Unread(line=line, reason="some bytes here are no text") for line in text.broken]
    unread += [
        Unread(line=line, reason="lists or quotes are nested too deeply to follow") for line in too_deep
    ]
    unread += _unused(root, procedures, facts)
    name = Path(path).stem
    title = next((section.title for section in root.walk() if section.level == 1 and section.title), "")
    people = facts.people
    return Guide(
        path=path,
        name=clean(name, 200),
        title=title or dict(layout.front).get("title", "") or _first_title(root) or clean(name, 200),
        digest=digest,
        procedures=procedures,
        objectives=tuple(facts.objectives),
        rules=tuple(facts.rules),
        severities=tuple(people.severities.values()),
        escalation=tuple(people.escalation or people.loose),
        contacts=tuple(people.contacts),
        links=_once(facts.links),
        unread=tuple(
            sorted({(one.line, one.reason): one for one in unread}.values(), key=lambda one: one.line)
        ),
        front=layout.front,
        repaired=text.repaired,
        written=next(
            (section.written for section in root.walk() if section.level == 1 and section.title), ""
        ),
    )


def _first_title(root: Section) -> str:
    return next((section.title for section in root.walk() if section.title), "")


def _opened(block: Block) -> Block:
    """A framed block of notes with its content read; any other block as it is."""
    if not isinstance(block, Code) or not is_sheet(block):
        return block
    layout = lay_out(block.text)
    layout.origin = [line + block.line - 1 for line in layout.origin]
    return Sheet(blocks_of(layout)[0], block)


def _facts(root: Section, procedures: Sequence[Procedure]) -> _Facts:
    facts = _Facts()
    stepped = {step.line for procedure in procedures for step in procedure.steps}
    for section in root.walk():
        for part in parts_of(section):
            titles = tuple(one for one in (*section.parents, section.title, part.title) if one)
            _part(
                facts, part.blocks, titles, part.line, bool(part.title) or part.line == section.line, stepped
            )
    for procedure in procedures:
        for step in procedure.steps:
            for text in (step.command, step.offered):
                if text and (step.kind is StepKind.SHELL or text is step.offered):
                    facts.links += command_links(text, _command_line(step), step.title)
    return facts


def _command_line(step: Step) -> int:
    lines = (step.command or step.offered).count("\n")
    return max(step.line, step.end_line - lines)


def _part(
    facts: _Facts,
    blocks: Sequence[Block],
    titles: tuple[str, ...],
    line: int,
    heading: bool,
    stepped: set[int],
) -> None:
    read_people(facts.people, blocks, titles, line, heading)
    for block in blocks:
        match block:
            case Listing():
                for item in _items(block, NESTED):
                    facts.links += text_links(item.text, item.line, titles)
                    found = None if item.line in stepped else read_objective(item.text, item.line, titles)
                    if found:
                        facts.objectives.append(found)
            case Table():
                facts.objectives += table_objectives(block, titles)
                for at, cells in block.rows:
                    facts.links += text_links(" ".join(cells), at, titles)
            case Paragraph():
                for number, text in enumerate(block.text.split("\n")):
                    facts.links += text_links(text, block.line + number, titles)
                    if found := paragraph_objective(text, block.line + number, titles):
                        facts.objectives.append(found)
            case Sheet():
                for section in sections_of(block.blocks).walk():
                    for part in parts_of(section, colons=True):
                        inner = tuple(one for one in (*titles, section.title, part.title) if one)
                        _part(facts, part.blocks, inner, part.line, bool(part.title), stepped)
            case Code() if has_rules(block):
                rules, unread = read_rules(block)
                facts.rules += rules
                facts.unread += unread


def _items(listing: Listing, depth: int) -> Iterator[Item]:
    for item in listing.items:
        yield item
        if depth:
            for block in item.blocks:
                if isinstance(block, Listing):
                    yield from _items(block, depth - 1)


def _once(links: Sequence[Link]) -> tuple[Link, ...]:
    """Each address once for what it is, where it is first named."""
    found: dict[tuple[str, str], Link] = {}
    for link in sorted(links, key=lambda link: link.line):
        found.setdefault((link.kind, link.url), link)
    return tuple(found.values())


def _unused(root: Section, procedures: Sequence[Procedure], facts: _Facts) -> Iterator[Unread]:
    """The blocks nothing was taken from, each with what it looks like."""
    used = [(step.line, step.end_line) for procedure in procedures for step in procedure.steps]
    lines = {line for low, high in used for line in range(low, high + 1)}
    lines |= facts.lines() | {one.line for one in facts.unread}
    for section in root.walk():
        for block in section.blocks:
            code = block.code if isinstance(block, Sheet) else block
            if (
                isinstance(code, Code)
                and code.text.strip()
                and lines.isdisjoint(range(code.line, code.end_line + 1))
            ):
                first = next(line for line in code.text.split("\n") if line.strip())
                reason, as_it_is = _looks(code, isinstance(block, Sheet))
                yield Unread(line=code.line, reason=reason, text=clean(first.strip(), 120), as_it_is=as_it_is)
            elif isinstance(block, Html) and (said := _words(block)):
                yield Unread(line=block.line, reason="HTML is not read", text=said)
            elif isinstance(block, Listing) and _idle(block, section) and lines.isdisjoint(_span(block)):
                said = clean(plain(block.items[0].text), 120)
                yield Unread(
                    line=block.line, reason="a list that does not read as steps", text=said, as_it_is=True
                )


def _words(block: Html) -> str:
    """What somebody would read in a block of HTML that may tell one what to do; empty for others."""
    if not _TELLS.search(block.text[:HTML]):
        return ""
    return clean(" ".join(_TAG.sub(" ", block.text[:HTML]).split()), 120)


def _idle(listing: Listing, section: Section) -> bool:
    """Whether a list counts as steps do; what leads elsewhere or names things does not."""
    named = NOT_STEPS.search(section.title) or is_aside(section.title)
    return listing.ordered and len(listing.items) > 1 and not named and not _leads_elsewhere(listing)


def _leads_elsewhere(listing: Listing) -> bool:
    return all(links_in(item.text) for item in listing.items)


def _span(listing: Listing) -> range:
    return range(listing.line, listing.end_line + 1)


def _looks(code: Code, sheet: bool) -> tuple[str, bool]:
    """What a block looks like, and whether it is meant to be that."""
    if drawing_like(code.text):
        return "a drawing", True
    if sheet:
        return "notes in a frame: no step and no figure was found in them", True
    if code.lang in SHELL:
        return "a shell block without a command", False
    if code.lang in ("promql", "logql"):
        return f"queries in {code.lang}: not run here", True
    if code.lang in CONFIGURATION:
        return f"configuration in {code.lang}", True
    if code.lang:
        return f"a sample in {clean(plain(code.lang), 40)}: not run", True
    lines = [line for line in code.text.split("\n") if line.strip()]
    if sum(map(config_like, lines)) * 2 > len(lines):
        return "configuration text", True
    return "a block without a tag that looks like no command", True
