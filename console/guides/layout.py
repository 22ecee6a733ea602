"""The lines of a guide made ready for a Markdown reader, each with the line it was.

What a person reads past is put right here: the block at the top of the file, boxes and folds of several
dialects, and fences that were never closed or are closed at another depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.guides.model import Unread
from console.text import clean

LINES = 10_000
"""Lines of a guide that are read: ten times what the longest real ones have."""
FRONT_LINES = 200
"""Lines within which a block at the top of the file must end."""
BOXES = ("!!!", "???", "===")
BOXED = frozenset("☐☑☒□▢⬜")
"""Signs of a box to tick at the beginning of a line."""
FOLD_END = "</details>"

_FENCE = re.compile(r"([ \t>]*)((?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})([^`]*)$")
_BOX = re.compile(r"( *)(?:!!!|\?\?\?\+?|===[+!]?)[ \t]+[\w -]*(?:\"([^\"]*)\")?[ \t]*$")
_BALLOT = re.compile(r"^(\s*)[☐☑☒□▢⬜]\s*")
_BARE_BOX = re.compile(r"^(\s{0,3})\[[ xX]\]\s+(?=\S)")
_SHORTCODE = re.compile(r"^\s*\{(?:\{[<%]|%)\s*/?\s*[\w-]+\b([^{}]{0,300}?)(?:[>%]\}|%)\}\s*$")
_QUOTED = re.compile(r"(?:^|\s|title=|name=|header=)\"([^\"]{1,200})\"")
_COLONS = re.compile(r"^\s*:{3,}.*$")
_TABS = re.compile(r"^\s*</?(?:Tabs|TabItem)\b[^<>]{0,200}>\s*$")
_SUMMARY = re.compile(r"<summary\b[^<>]{0,200}>(.*?)(?:</summary>|$)", re.IGNORECASE)
_FOLD = re.compile(r"<(/?)(details|summary)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_FRONT = re.compile(r"^([A-Za-z_][\w .-]{0,60}?)\s*[:=]\s*(.*)$")
_PROSE = re.compile(r"^(?:\*\*\S|[-*] \S|\d{1,3}[.)] \S|[A-Z][a-z]+,? [a-z]+ )")
_HEADING = re.compile(r"^ {0,3}#{2,6}[ \t]+\S")
_TASK = re.compile(r"^\s*[-*+] \[[ xX]\] ")


def _fence(line: str) -> re.Match[str] | None:
    """What stands before a fence's marks, the marks, and what follows them."""
    return _FENCE.match(line) if "```" in line or "~~~" in line else None


@dataclass(slots=True)
class Layout:
    """Lines to read and, for each, its number from 1 in the file."""

    lines: list[str]
    origin: list[int]
    front: tuple[tuple[str, str], ...] = ()
    unread: list[Unread] = field(default_factory=list)

    def line(self, index: int) -> int:
        """The number in the file of the line at an index from 0."""
        if not self.origin:
            return 1
        return self.origin[min(max(index, 0), len(self.origin) - 1)]


def lay_out(text: str) -> Layout:
    """A guide's text as lines a Markdown reader takes for what a person sees."""
    lines = text.split("\n", LINES)
    rest = lines.pop().count("\n") + 1 if len(lines) > LINES else 0
    layout = Layout(lines, list(range(1, len(lines) + 1)))
    if rest:
        reason = f"too long a guide: {rest} lines from here are not read"
        layout.unread.append(Unread(line=LINES + 1, reason=reason))
    layout.front = _take_front(layout.lines)
    _undo_boxes(layout)
    _close_fences(layout)
    return layout


def _take_front(lines: list[str]) -> tuple[tuple[str, str], ...]:
    if not lines or lines[0].rstrip() not in ("---", "+++"):
        return ()
    ends = ("---", "...") if lines[0].startswith("-") else ("+++",)
    for end, line in enumerate(lines[1:FRONT_LINES], 1):
        if line.rstrip() in ends:
            found = [_FRONT.match(line) for line in lines[1:end]]
            pairs = tuple(
                (clean(match[1].lower(), 80), clean(match[2].strip().strip("\"'"), 400))
                for match in found
                if match
            )
            if not pairs and end > 1:
                return ()
            lines[: end + 1] = [""] * (end + 1)
            return pairs
    return ()


def _undo_boxes(layout: Layout) -> None:
    """Take the content of `!!! note` and `=== "tab"` boxes out to where the box stands."""
    depth, fence = "", ""
    for index, line in enumerate(layout.lines):
        if depth and line.strip() and not line.startswith((depth, "\t")):
            depth = ""
        if depth:
            line = line[1:] if line.startswith("\t") else line[len(depth) :]
            layout.lines[index] = line
        mark = _fence(line)
        if fence:
            fence = "" if mark and mark[3].startswith(fence) and not mark[4].strip() else fence
        elif mark:
            fence = mark[3]
        elif not depth and line.lstrip(" ")[:3] in BOXES and (box := _BOX.match(line[:400])):
            depth = box[1] + "    "
            title = (box[2] or "").strip()
            layout.lines[index] = f"{box[1]}{title}:" if title else ""


def _close_fences(layout: Layout) -> None:
    lines, origin = layout.lines, layout.origin
    made: list[str] = []
    come_from: list[int] = []

    def put(text: str, index: int) -> None:
        made.append(text)
        come_from.append(origin[index])

    index, hidden, ahead = 0, False, _Ahead(lines)
    while index < len(lines):
        line = lines[index]
        if line.lstrip()[:1] in BOXED and not hidden:
            line = _BALLOT.sub(r"\1- [ ] ", line)
        elif line.lstrip()[:1] == "[" and not hidden:
            line = _BARE_BOX.sub(r"\1- [ ] ", line)
        mark = None if hidden else _fence(line)
        if mark is None:
            if not hidden and (_COLONS.match(line) or _TABS.match(line)):
                line = ""
            elif not hidden and line.lstrip()[:2] in ("{{", "{%") and (code := _SHORTCODE.match(line)):
                line = f"{title[1]}:" if (title := _QUOTED.search(code[1])) else ""
            comment = line.rfind("<!--")
            hidden = line.rfind("-->") < comment if comment >= 0 else hidden and "-->" not in line
            for part in _unfolded(line) if not hidden and "<" in line else (line,):
                put(part, index)
            index += 1
            continue
        end, closed = _end_of_fence(lines, index, mark, ahead)
        indent = _width(mark)
        put(line, index)
        for inner in range(index + 1, end):
            put(_indented(lines[inner], indent), inner)
        put(indent + mark[3], min(end, len(lines) - 1))
        if not closed:
            reason = f"the block is never closed: read up to line {origin[min(end, len(lines)) - 1]}"
            layout.unread.append(Unread(line=origin[index], reason=reason, text=clean(line.strip(), 80)))
            if end < len(lines):
                put("", end)
        index = end + closed
    layout.lines, layout.origin = made, come_from


def _width(mark: re.Match[str]) -> str:
    """What must stand before a line for it to be inside the fence's container."""
    return mark[1] + " " * len(mark[2])


def _indented(line: str, indent: str) -> str:
    if ">" in indent or not indent:
        return line
    blank = len(line) - len(line.lstrip(" \t"))
    return line if not line.strip() or blank >= len(indent) else indent + line.lstrip(" \t")


def _end_of_fence(lines: list[str], start: int, mark: re.Match[str], ahead: _Ahead) -> tuple[int, bool]:
    """The index of the line that closes the fence, or of the first one no longer in it; and which of them."""
    after = len(lines)
    for index in range(start + 1, len(lines)):
        other = _fence(lines[index])
        if other is None or not other[3].startswith(mark[3]):
            continue
        if not other[4].strip() and not other[2]:
            heading = _left_open(lines, start, index, mark[3], ahead)
            return (index, True) if heading is None else (heading, False)
        if re.match(r"\s*\{?[.\w+-]+\}?(?:\s|$)", other[4]):  # it opens the next one
            after = index
            break
    for index in range(start + 2, after):
        if not lines[index - 1].strip() and (_HEADING.match(lines[index]) or _PROSE.match(lines[index])):
            return index, False
    return after, False


def _left_open(lines: list[str], start: int, end: int, mark: str, ahead: _Ahead) -> int | None:
    """The heading at which a person sees that a fence was never closed, and the next one opens another.

    Below it stands what no block of code holds, or prose where the fences do not come out even.
    """
    headings = [n for n in range(start + 2, end) if not lines[n - 1].strip() and _HEADING.match(lines[n])]
    if not headings or "markdown" in lines[start] or lines[start].rstrip().endswith("md"):
        return None
    uneven = ahead(end, mark[0]) % 2 == 0
    tagged = not lines[start].rstrip().endswith(mark[0])
    for heading in headings:
        below = next((line for line in lines[heading + 1 : end] if line.strip()), "")
        if (tagged and _TASK.match(below)) or (uneven and _PROSE.match(below)):
            return heading
    return None


class _Ahead:
    """How many fences without a tag stand from a line on, before one that surely opens a block."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._counts: dict[str, list[int]] = {}

    def __call__(self, at: int, sign: str) -> int:
        if sign not in self._counts:
            self._counts[sign] = self._count(sign)
        return self._counts[sign][at]

    def _count(self, sign: str) -> list[int]:
        counts = [0] * (len(self._lines) + 1)
        for at in range(len(self._lines) - 1, -1, -1):
            mark = _fence(self._lines[at])
            own = mark is not None and mark[3][0] == sign
            counts[at] = counts[at + 1] + own if not own or not (mark and mark[4].strip()) else 0
        return counts


def _unfolded(line: str) -> Iterator[str]:
    """A line with the tags of a fold, as Markdown: its summary is a title, its end keeps its tag."""
    if not _FOLD.search(line):
        yield line
        return
    summary = _SUMMARY.search(line)
    title = _TAG.sub("", summary[1]).strip(" *_") if summary else ""
    rest = _FOLD.sub("", _SUMMARY.sub("", line)).strip()
    ends = bool(re.search(r"</details", line, re.IGNORECASE))
    if title:
        yield from ("", f"**{title}**", "")
    if rest:
        yield rest
    if ends:
        yield from ("", FOLD_END, "")
    if not (title or rest or ends):
        yield ""
