"""Where a block of commands is divided into steps: by its comments, by what it counts, by its chapters.

Language does not matter here: a block comes as pieces (statements, and groups of comments) in their order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from console.guides.vocabulary import AMBIGUOUS, COMMANDS, KEYWORDS, imperative
from console.text import clean

TITLE = 200
"""Characters of a step's title."""

PROGRAMS = COMMANDS - AMBIGUOUS - KEYWORDS
_NUMBERED = re.compile(
    r"^(?:step\s+)?\(?(\d{1,2}(?:\.\d{1,2})?|(?<=\()[a-z])[.):]\)?\s+(\S.*)$|^step\s+(\d{1,2})\s*[-–—.:)]*\s*(.*)$",
    re.IGNORECASE,
)
_CHAPTER = re.compile(
    r"^(?:issue|scenario|case|problem|incident|situation|symptom|failure|error|runbook|playbook|procedure)"
    r"\s+(?:#\s?)?(?:\d{1,3}|[A-Z])\s*(?:[:.)]|-|–|—)\s*\S.*$",
    re.IGNORECASE,
)
_RULER = re.compile(r"^[\W_]*$|^\W*(?:m|min|minute)\s+(?:h|hr|hour)\s+(?:dom|day)\b", re.IGNORECASE)
"""A line drawn, or the head of a crontab's columns."""
_EDGES = re.compile(r"^[\s=*#~_-]{2,}|[\s=*#~_-]{2,}$")
_RESULT = re.compile(
    r"^(?:expected|(?:sample |example )?output|should|returns?|results? in|result:|prints?|=+>|->|→"
    r"|you should|note:|e\.g\.|\.\.\."
    r"|(?:or|alternatively)[:,.]?$|(?:this|it) (?:will|does|executes|runs|prints|shows|creates)\b)",
    re.IGNORECASE,
)
_FILE = re.compile(r"^[\w./-]+\.\w{1,5}$")


@dataclass(slots=True)
class Piece:
    """A statement, or the comments that stand together; lines count from 0 in the block.

    `text` is a statement's, empty for comments. `after_gap` says that nothing stands on the line above.
    `sets_up` says that it only prepares, `says` is the text it prints when it prints a fixed one.
    """

    line: int
    end_line: int
    comments: list[tuple[int, str]] = field(default_factory=list)
    text: str = ""
    after_gap: bool = True
    sets_up: bool = False
    says: str | None = None
    typed: bool = False
    """It is a line to type into the editor that was opened above."""

    @property
    def statement(self) -> bool:
        """Whether it is one, and no comment."""
        return bool(self.text)


@dataclass(slots=True)
class Section:
    """The pieces of one step; its title as the guide has it, empty for none."""

    title: str
    line: int
    pieces: list[Piece]

    @property
    def done(self) -> list[Piece]:
        """Its statements."""
        return [piece for piece in self.pieces if piece.statement]

    @property
    def said(self) -> list[str]:
        """Its comments but for the title, rulers and empty ones left out."""
        lines = [text for piece in self.pieces for _, text in piece.comments if not ruler(text)]
        return [text for text in lines if not self.title or self.title not in clean(text)]


def ruler(text: str) -> bool:
    """Whether a comment is only a line drawn."""
    return bool(_RULER.match(text))


def unframed(text: str) -> str:
    """A comment without the dashes or stars around it."""
    return _EDGES.sub("", text[:400])


def numbered(text: str) -> tuple[str, str] | None:
    """The number a text counts itself with, and what follows; `Step 2: x` and `2. x` alike."""
    match = _NUMBERED.match(text[:400])
    if match is None:
        return None
    return match[1] or match[3], (match[2] or match[4] or "").strip()


def chapters(pieces: list[Piece]) -> list[tuple[str, int, list[Piece]]]:
    """The pieces by chapter (`ISSUE 2: ...`) with its line; what stands before the first has no title.

    Where that only prints or comments, it goes with the first chapter.
    """
    found: list[tuple[str, int, list[Piece]]] = [("", 0, [])]
    for piece in pieces:
        marks = [n for n, (_, said) in enumerate(piece.comments) if _CHAPTER.match(unframed(said)[:400])]
        if not marks:
            found[-1][2].append(piece)
            continue
        cuts = [0, *marks, len(piece.comments)]
        for low, high in pairwise(cuts):
            part = piece.comments[low:high]
            if low in marks and part:
                line, said = part.pop(0)
                found.append((clean(unframed(said), TITLE), line, []))
            if any(not ruler(said) for _, said in part):
                found[-1][2].append(Piece(part[0][0], part[-1][0], part, after_gap=True))
    if len(found) > 1 and all(not piece.statement or piece.says is not None for piece in found[0][2]):
        lead = [piece for piece in found.pop(0)[2] if piece.statement]
        found[0] = (found[0][0], found[0][1], lead + found[0][2])
    return found


def sections(pieces: list[Piece]) -> list[Section]:
    """The steps of a block.

    Counting comments divide it, else lines printed that count, else comments after an empty line, else
    (in a block without empty lines) every comment.
    """
    whole = pieces
    pieces = [part for piece in pieces for part in _split_counting(piece)]
    counted = [index for index, piece in enumerate(pieces) if _number(piece)]
    leads = not any(piece.statement for piece in pieces) or any(
        piece.statement for piece in pieces[(counted or [0])[0] :]
    )
    if counted and leads and (len(counted) > 1 or _number(pieces[counted[0]]) == "1"):
        return _divide(pieces, counted)
    pieces = whole
    printed = _printed_marks(pieces)
    if printed:
        return _divide(pieces, printed)
    groups = [index for index, piece in enumerate(pieces) if _begins(pieces, index)]
    if any(pieces[index].after_gap and index > 0 for index in groups):
        groups = [index for index in groups if pieces[index].after_gap]
    return _divide(pieces, groups)


def _begins(pieces: list[Piece], index: int) -> bool:
    """Whether a group of comments begins a step; one right below a command with none below it does not."""
    piece = pieces[index]
    if piece.statement or (index and _RESULT.match(piece.comments[0][1])):
        return False
    if piece.after_gap or not index:
        return True
    following = pieces[index + 1] if index + 1 < len(pieces) else None
    return following is not None and following.statement and following.line == piece.end_line + 1


def _split_counting(piece: Piece) -> list[Piece]:
    """Comments that count on without a command between them, one by one."""
    marks = [n for n, (_, said) in enumerate(piece.comments) if numbered(unframed(said))]
    if len(marks) < 2:
        return [piece]
    cuts = [0, *marks[1:], len(piece.comments)]
    parts = [piece.comments[low:high] for low, high in pairwise(cuts)]
    return [
        Piece(part[0][0], part[-1][0], part, after_gap=piece.after_gap or number > 0)
        for number, part in enumerate(parts)
    ]


def _number(piece: Piece) -> str:
    return next((mark[0] for _, said in piece.comments if (mark := numbered(unframed(said)))), "")


def _printed_marks(pieces: list[Piece]) -> list[int]:
    """Where lines are printed that count the steps, when comments do not divide the block otherwise."""
    marks: list[int] = []
    for index, piece in enumerate(pieces):
        if piece.says and numbered(piece.says):
            above = pieces[index - 1] if index else None
            named = above and not above.statement and above.after_gap and above.end_line + 1 == piece.line
            marks.append(index - 1 if named else index)
    if len(marks) < 2:
        return []
    others = (
        n for n, piece in enumerate(pieces) if not piece.statement and piece.after_gap and n not in marks
    )
    return [] if any(index > marks[0] for index in others) else marks


def _divide(pieces: list[Piece], starts: list[int]) -> list[Section]:
    cuts = [*starts, len(pieces)]
    found = [
        Section(_title(pieces[low:high]), pieces[low].line, pieces[low:high]) for low, high in pairwise(cuts)
    ]
    found = _without_headers(found)
    lead = pieces[: starts[0]] if starts else pieces
    done = [piece for piece in lead if piece.statement]
    if done and found and all(piece.sets_up for piece in done):
        found[0].pieces = done + found[0].pieces
    elif done:
        above = lead[: next(n for n, piece in enumerate(lead) if piece.statement)]
        title = next((_title([piece]) for piece in above if piece.comments), "")
        found.insert(0, Section(title, lead[0].line, lead))
    return found


def _without_headers(found: list[Section]) -> list[Section]:
    """Drop comments at the top that name the script and no step; keep what asks for something.

    What is only set up under such a header goes with the first step.
    """
    at = 0
    while at + 1 < len(found):
        first, following = found[at], found[at + 1]
        if _number(first.pieces[0]):
            break
        apart = len(first.pieces) > 1 and first.pieces[1].after_gap
        names = not first.title or bool(_FILE.match(first.title))
        hidden = any(said.split()[:1] and said.split()[0] in PROGRAMS for said in first.said)
        if not first.done and not hidden and (names or not imperative(first.title)):
            at += 1
        elif first.done and (apart or names) and all(piece.sets_up for piece in first.done):
            following.pieces = first.done + following.pieces
            at += 1
        else:
            break
    return found[at:]


def _title(pieces: list[Piece]) -> str:
    """What the comments at the head of a step call it, or the line it prints; the counting aside."""
    said = [unframed(text) for _, text in pieces[0].comments if not ruler(text)]
    for text in said:
        if mark := numbered(text):
            return clean(mark[1] or text, TITLE)
    if said:
        return clean(said[0].rstrip(":").strip(), TITLE)
    if pieces[0].says:
        mark = numbered(pieces[0].says)
        return clean(mark[1] if mark and mark[1] else pieces[0].says, TITLE).rstrip(":. ")
    return ""
