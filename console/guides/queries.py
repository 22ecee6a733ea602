"""Blocks for databases as steps: SQL, mongosh, Redis; divided at comments that stand between statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from console.guides.cuts import TITLE, Piece, Section, chapters, sections
from console.guides.draft import Chapter, Draft, Reading
from console.guides.model import StepKind
from console.text import clean

SQL = frozenset(("sql", "postgresql", "postgres", "pgsql", "psql", "plpgsql", "postgressql"))
OTHER_SQL = frozenset(("mysql", "mariadb", "sqlite", "tsql", "mssql", "plsql", "cql"))
"""Dialects of servers that are not watched here: shown, not run."""
MONGO = frozenset(("mongosh", "mongo", "mongodb", "mongo-shell"))
SCRIPT = frozenset(("javascript", "js"))
"""What mongosh speaks too, when it begins as mongosh does."""
REDIS = frozenset(("redis", "redis-cli", "valkey"))

_MONGO_LINE = re.compile(
    r"^(?:db|rs|sh)\.[\w$\[(.]|^use [\w-]+;?$|^show (?:dbs|databases|collections|users|roles|profile)\b"
)
_SQL_PROMPT = re.compile(r"^\s*[\w.-]{1,60}[=-][#>]\s+(?=\S)")
_REDIS_PROMPT = re.compile(r"^\s*(?:redis(?:-cli)?|[\w.-]{1,60}:\d{2,5}(?:\[\d+\])?)>\s+(?=\S)")
_DOLLAR = re.compile(r"\$(?:[A-Za-z_]\w{0,60})?\$")


def mongosh_like(text: str) -> bool:
    """Whether JavaScript is for mongosh: its first line that is no comment speaks of `db`, `rs` or `use`."""
    lines = (line.strip() for line in text.split("\n"))
    first = next((line for line in lines if line and not line.startswith(("//", "/*", "*"))), "")
    return bool(_MONGO_LINE.match(first[:400]))


def read_query(kind: StepKind, text: str, line: int, name: str = "", where: str = "") -> Reading:
    """A database block whose first line is `line`; `where` withholds it, naming the server it is for."""
    prompt = {StepKind.SQL: _SQL_PROMPT, StepKind.REDIS: _REDIS_PROMPT}.get(kind)
    lines = text.split("\n")
    if prompt and any(prompt.match(one[:400]) for one in lines):
        lines = [prompt.sub("", one) for one in lines]
    marks = {StepKind.SQL: ("--",), StepKind.MONGO: ("//",), StepKind.REDIS: ("#", "//", "--")}[kind]
    scan = {StepKind.SQL: _sql_ends, StepKind.MONGO: _mongo_ends, StepKind.REDIS: _line_ends}[kind]
    reading = Reading()
    for title, at, members in chapters(list(_pieces(lines, marks, scan))):
        chapter = Chapter(title, line + at)
        for section in sections(members):
            if draft := _draft(kind, section, lines, line, name):
                if where and draft.runs:
                    draft.withhold(where)
                chapter.drafts.append(draft)
        if chapter.drafts:
            reading.chapters.append(chapter)
    return reading


def _pieces(
    lines: list[str], marks: tuple[str, ...], scan: Callable[[list[str], int], int]
) -> Iterator[Piece]:
    index = 0
    group: Piece | None = None
    while index < len(lines):
        text = lines[index].strip()
        gap = index == 0 or not lines[index - 1].strip()
        if not text:
            group = None
        elif text.startswith(marks):
            said = text.lstrip("-/#").strip()
            if group:
                group.comments.append((index, said))
                group.end_line = index
            else:
                group = Piece(index, index, [(index, said)], after_gap=gap)
                yield group
        else:
            group = None
            end = scan(lines, index)
            yield Piece(index, end, [], "\n".join(lines[index : end + 1]), after_gap=gap)
            index = end
        index += 1


def _draft(kind: StepKind, section: Section, lines: list[str], line: int, name: str) -> Draft | None:
    done = section.done
    if not done and not section.title:
        return None
    end = max(piece.end_line for piece in section.pieces)
    title = section.title or name or (clean(done[0].text.split("\n", 1)[0].strip(), TITLE) if done else "")
    draft = Draft(title, line + section.line, line + end)
    draft.note = "\n".join(clean(said) for said in section.said)
    if done:
        draft.kind = kind
        draft.command = "\n".join(lines[done[0].line : done[-1].end_line + 1])
        if kind is StepKind.SQL and any(piece.text.lstrip().startswith("\\") for piece in done):
            draft.withhold("psql")
    return draft


def _line_ends(_lines: list[str], index: int) -> int:
    return index


def _sql_ends(lines: list[str], index: int) -> int:
    """The line a statement beginning at `index` ends on: that of its semicolon outside quotes."""
    closing = ""
    for number in range(index, len(lines)):
        line = lines[number]
        if number == index and line.lstrip().startswith("\\"):
            return index
        at = 0
        ended = False
        while at < len(line):
            if closing:
                found = line.find(closing, at)
                if found < 0:
                    break
                at = found + len(closing)
                closing = ""
                continue
            char = line[at]
            if char in "'\"":
                closing = char
            elif line.startswith("--", at):
                break
            elif line.startswith("/*", at):
                closing = "*/"
                at += 1
            elif char == "$" and (tag := _DOLLAR.match(line, at)):
                closing = tag.group()
                at = tag.end() - 1
            ended = char == ";" or (ended and char.isspace())
            at += 1
        if ended and not closing:
            return number
        if not closing and number + 1 < len(lines) and not lines[number + 1].strip():
            following = next((one.strip() for one in lines[number + 2 : number + 4] if one.strip()), "")
            if following.startswith("--"):
                return number  # the writer left the semicolon out
    return len(lines) - 1


def _mongo_ends(lines: list[str], index: int) -> int:
    """The line a statement beginning at `index` ends on: all its brackets are closed and no dot follows."""
    depth, quote = 0, ""
    for number in range(index, len(lines)):
        line = lines[number]
        at = 0
        while at < len(line):
            char = line[at]
            if quote:
                at += char == "\\"
                quote = "" if char == quote else quote
            elif char in "'\"`":
                quote = char
            elif line.startswith("//", at):
                break
            elif char in "([{":
                depth += 1
            elif char in ")]}":
                depth -= 1
            at += 1
        quote = quote if quote == "`" else ""
        following = lines[number + 1].lstrip() if number + 1 < len(lines) else ""
        if depth <= 0 and not quote and not following.startswith("."):
            return number
    return len(lines) - 1
