"""A guide's Markdown as blocks, each with its lines: headings, paragraphs, lists, code, tables.

CommonMark's block rules come from markdown-it; text inside a line is read by `console.guides.inline`,
because nothing here needs a tree of it and every nesting of brackets costs time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from console.guides.layout import FOLD_END, Layout

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

NESTING = 40
"""Depth of lists and quotes that is followed (a list and its item are two)."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of `level` 1 to 6, its text as written."""

    text: str
    line: int
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text as written, its lines kept."""

    text: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced or indented block: `lang` is the first word of its tag in small letters, empty for none.

    `line` is the first line of the content; a content of no lines ends before it begins.
    """

    lang: str
    text: str
    line: int
    end_line: int
    info: str = ""
    fenced: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its first paragraph, what it was to be ticked with, and the blocks inside it."""

    text: str
    line: int
    end_line: int
    task: bool = False
    blocks: tuple[Block, ...] = ()
    counted: bool = False
    """It carries a number of its own behind its bullet."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `start` is the number an ordered one begins with."""

    items: tuple[Item, ...]
    ordered: bool
    start: int
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the cells of its head, and of each row with its line."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class FoldEnd:
    """A fold ends here, and with it what stood under its title."""

    line: int


@dataclass(frozen=True, slots=True)
class Break:
    """A line across the page: what stands below has nothing to do with the steps above."""

    line: int


@dataclass(frozen=True, slots=True)
class Html:
    """A block of HTML, which is not read: its text as written."""

    text: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A framed block that holds notes, read as Markdown: its own blocks, and the code it was."""

    blocks: tuple[Block, ...]
    code: Code

    @property
    def line(self) -> int:
        """The first line of its content."""
        return self.code.line


Block: TypeAlias = Heading | Paragraph | Code | Listing | Table | FoldEnd | Break | Html | Sheet

_TASK = re.compile(r"^(?:\[[ xX*✓✔-]?\]|[☐☑☒□▢⬜✅])(?:[ \t]+|$)")
_BOLD_CELL = re.compile(r"^(?:\*\*|__)[^*]{1,200}(?:\*\*|__)$")
_CALL_OUT = re.compile(r"^\[!\w+\][+-]?[ \t]*")


def blocks_of(layout: Layout) -> tuple[tuple[Block, ...], tuple[int, ...]]:
    """The blocks in their order, quotes opened; and the lines below which nesting was not followed."""
    tokens = _markdown().parse("\n".join(layout.lines))
    reader = _Reader(tokens, layout)
    return reader.blocks(0, len(tokens)), tuple(reader.too_deep)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table")
    # links' definitions and text inside lines are not wanted, and their rules cost most on hostile input
    return reader.disable(["inline", "text_join", "reference"])


class _Reader:
    """Walks the flat tokens; each `*_open` has its `*_close` found by depth."""

    def __init__(self, tokens: list[Token], layout: Layout) -> None:
        self.tokens = tokens
        self.layout = layout
        self.too_deep: list[int] = []
        self.closes = _closes(tokens)

    def blocks(self, start: int, end: int) -> tuple[Block, ...]:
        found: list[Block] = []
        index = start
        while index < end:
            token = self.tokens[index]
            if token.level >= NESTING - 2:
                self.too_deep.append(self._lines(token)[0])
            close = self.closes.get(index, index)
            if token.type == "blockquote_open":
                found.extend(self.blocks(index + 1, close))
            elif block := self._block(token, index, close):
                found.append(block)
            index = close + 1
        return tuple(found)

    def _block(self, token: Token, index: int, close: int) -> Block | None:
        first, last = self._lines(token)
        match token.type:
            case "heading_open":
                return Heading(self.tokens[index + 1].content.strip(), first, int(token.tag[1:]))
            case "paragraph_open":
                text = _CALL_OUT.sub("", self.tokens[index + 1].content).strip()
                return Paragraph(text, first, last) if text else None
            case "fence" | "code_block":
                return self._code(token)
            case "bullet_list_open" | "ordered_list_open":
                start = token.attrGet("start")
                number = int(start) if isinstance(start, (int, str)) else 1
                ordered = token.type == "ordered_list_open"
                return Listing(self._items(index + 1, close), ordered, number, first, last)
            case "table_open":
                return self._table(index, close, first, last)
            case "hr":
                return Break(first)
            case "html_block" if FOLD_END in token.content:
                return FoldEnd(first)
            case "html_block":
                return Html(token.content, first, last)
            case _:
                return None

    def _items(self, start: int, end: int) -> tuple[Item, ...]:
        items: list[Item] = []
        index = start
        while index < end:
            close = self.closes[index]
            first, last = self._lines(self.tokens[index])
            inner = self.blocks(index + 1, close)
            text = ""
            if inner and isinstance(inner[0], (Paragraph, Heading)):
                text, inner = inner[0].text, inner[1:]
            counted = False
            if not text and len(inner) == 1 and isinstance(inner[0], Listing) and len(inner[0].items) == 1:
                counted = inner[0].ordered  # `- 1. text`: a list in a list to Markdown, counting to a person
                text, inner = inner[0].items[0].text, inner[0].items[0].blocks
            task = _TASK.match(text)
            items.append(Item(text[task.end() :] if task else text, first, last, bool(task), inner, counted))
            index = close + 1
        return tuple(items)

    def _code(self, token: Token) -> Code:
        fenced = token.type == "fence"
        low = token.map[0] if token.map else 0
        text = token.content.removesuffix("\n")
        line = self.layout.line(low + fenced)
        count = text.count("\n") + 1 if token.content else 0
        info = token.info.strip()
        word = re.match(r"[{.]*([\w+#-]+)", info)
        return Code(word[1].lower() if word else "", text, line, line + count - 1, info, fenced)

    def _table(self, start: int, end: int, first: int, last: int) -> Table:
        rows: list[tuple[int, tuple[str, ...]]] = []
        cells: list[str] = []
        line = first
        for index in range(start, end):
            token = self.tokens[index]
            if token.type == "tr_open":
                cells, line = [], self._lines(token)[0]
            elif token.type == "inline":
                cells.append(token.content.strip())
            elif token.type == "tr_close":
                rows.append((line, tuple(cells)))
        head = rows.pop(0)[1] if rows else ()
        if rows and not any(head) and all(_BOLD_CELL.match(cell) for cell in rows[0][1] if cell):
            head = rows.pop(0)[1]  # some wikis write the head as a bold row below an empty one
        return Table(head, tuple(rows), first, last)

    def _lines(self, token: Token) -> tuple[int, int]:
        low, high = token.map or (0, 1)
        while high > low + 1 and not self.layout.lines[high - 1].strip():
            high -= 1
        return self.layout.line(low), self.layout.line(high - 1)


def _closes(tokens: list[Token]) -> dict[int, int]:
    """For each opening token the place of the one that closes it."""
    opened: list[int] = []
    closes: dict[int, int] = {}
    for index, token in enumerate(tokens):
        if token.nesting == 1:
            opened.append(index)
        elif token.nesting == -1 and opened:
            closes[opened.pop()] = index
    return closes
