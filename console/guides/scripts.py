"""Shell blocks as steps: divided where their comments or counting lines say so, at top level only.

A statement is never divided: a comment inside a loop, a function, a here-document or a quoted text is part
of it. What stands before the first step (a variable set, a headline printed) goes with the first step, so
that all steps together are the whole block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.guides.cuts import TITLE, Piece, Section, chapters, ruler, sections
from console.guides.draft import Chapter, Draft, Reading
from console.guides.elsewhere import edits
from console.guides.entering import client
from console.guides.leads import asks_typing, calls_wrong
from console.guides.looks import certainly_command, command_like, data_like
from console.guides.model import StepKind, Unread
from console.guides.shell import Script, Statement, parse
from console.guides.times import crontab
from console.text import clean

LINES, LINE = 3_000, 8_000
"""Lines of a block, and characters of a line, that are taken apart; longer ones are no work for a person."""
OUTPUT = 60
"""Lines of a text that does not parse in which a command is told from what it prints."""

_SAYS = re.compile(r"^(?:echo|printf|:|true)(?:\s|$)")
_ECHO = re.compile(r"^(?:echo|printf)\s+(?:-[neE]+\s+)*([\"']?)(?:\\n|\s)*(.*?)\1\s*$", re.DOTALL)
_SETUP = re.compile(
    r"^(?:set|shopt|cd|source|\.|export|readonly|declare|local|umask|trap|alias|unset|echo|printf|mkdir -p)"
    r"(?:\s|$)"
    r"|^[A-Za-z_]\w*\+?=|^(?:function\s+)?[\w-]+\s*\(\)"
)


def read_script(text: str, line: int, name: str = "") -> Reading:
    """A shell block whose first line has the number `line` in the file; `name` titles what has no title."""
    lines = text.split("\n")
    reading = Reading()
    if len(lines) > LINES or max(map(len, lines)) > LINE:
        end = line + len(lines) - 1
        said = clean(lines[0].strip(), 120)
        reading.chapters.append(Chapter("", line, [Draft(name or said, line, end, offered=text)]))
        reason = "the shell block is too long to take apart"
        reading.unread.append(Unread(line=line, reason=reason, text=said))
        return reading
    script = parse(text)
    pieces = _pieces(script, lines)
    _mark_typed(pieces, lines)
    found = chapters(pieces)
    common = _shared_setup(found)
    if common:
        found = [one for one in found if one[0]]
    for title, at, members in found:
        chapter = Chapter(title, line + at)
        for section in sections(_without_schedules(members, chapter)):
            for job in _jobs(section):
                if draft := _draft(job, lines, line, name):
                    chapter.drafts.append(draft)
        first = next((draft for draft in chapter.drafts if draft.runs), None)
        if title and common and first:
            first.command = f"{common}\n{first.command}"
        if chapter.drafts or chapter.cron:
            reading.chapters.append(chapter)
    if common and not any(draft.runs for draft in reading.drafts):
        end = line + common.count("\n")
        setting_up = Draft(name or clean(common.split("\n")[0], TITLE), line, end, StepKind.SHELL, common)
        reading.chapters.insert(0, Chapter("", line, [setting_up]))
    reading.unread += _doubts(script, reading, line)
    return reading


def _doubts(script: Script, reading: Reading, line: int) -> Iterator[Unread]:
    """What of a block is no shell although the block says so."""
    for draft in reading.drafts:
        if draft.runs and not script.ok and not (alone := parse(draft.command)).ok:
            at = draft.end_line - draft.command.count("\n") + (alone.error_line or 0)
            said = draft.command.split("\n")[alone.error_line or 0]
            yield Unread(line=max(line, at), reason="the shell does not parse", text=clean(said.strip(), 120))
        elif draft.typed:
            first = draft.typed.strip().split("\n")[0]
            yield Unread(line=draft.line, reason="no command, in a shell block", text=clean(first, 120))


def _pieces(script: Script, lines: list[str]) -> list[Piece]:
    """Statements and groups of comments in their order."""
    found = [piece for one in script.statements for piece in _taken_apart(one, whole=script.ok)]
    taken = {number for piece in found for number in range(piece.line, piece.end_line + 1)}
    group: Piece | None = None
    for comment in script.comments:
        if not comment.own or comment.line in taken or (comment.line == 0 and comment.text.startswith("!")):
            continue
        said = comment.text.lstrip("#").strip()
        if group and comment.line == group.end_line + 1:
            group.comments.append((comment.line, said))
            group.end_line = comment.line
        else:
            group = Piece(comment.line, comment.line, [(comment.line, said)])
            found.append(group)
    found.sort(key=lambda piece: piece.line)
    for piece in found:
        above = lines[piece.line - 1].strip() if piece.line else ""
        piece.after_gap = not above or (piece.line == 1 and above.startswith("#!"))
    return found


def _taken_apart(one: Statement, *, whole: bool) -> Iterator[Piece]:
    """A statement; where the shell did not parse, a command and the lines of output below it one by one."""
    lines = one.text.split("\n", OUTPUT)
    end = 0
    if not whole and 1 < len(lines) <= OUTPUT and certainly_command(lines[0]):
        ends = (n for n in range(1, len(lines)) if not command_like(lines[n]))
        end = next((n for n in ends if parse("\n".join(lines[:n])).ok), 0)
    if not end:
        yield _piece(one.line, one.end_line, one.text)
        return
    yield _piece(one.line, one.line + end - 1, "\n".join(lines[:end]))
    yield from (
        _piece(one.line + n, one.line + n, lines[n]) for n in range(end, len(lines)) if lines[n].strip()
    )


def _mark_typed(pieces: list[Piece], lines: list[str]) -> None:
    """Mark the text to type: right below an editor's start, or below a comment that says to add it."""
    open_now = asked = begun = False
    for piece in pieces:
        if piece.statement:
            follows = open_now and (asked or not piece.after_gap)
            goes_on = begun and not piece.after_gap
            piece.typed = follows and (goes_on or not certainly_command(lines[piece.line]))
            begun, asked = piece.typed, False
            open_now = piece.typed or edits(piece.text)
        else:
            asked = open_now and any(asks_typing(said) for _, said in piece.comments)
            open_now = open_now and (asked or not piece.after_gap)


def _piece(low: int, high: int, text: str) -> Piece:
    says = _ECHO.match(text[:1000])
    fixed = clean(says[2], TITLE) if says and _only_says(text) else None
    return Piece(low, high, [], text, sets_up=bool(_SETUP.match(text)) or fixed is not None, says=fixed)


def _shared_setup(found: list[tuple[str, int, list[Piece]]]) -> str:
    """What all chapters need: variables and functions set before the first of them."""
    if len(found) < 2 or found[0][0]:
        return ""
    own = [piece for piece in found[0][2] if piece.statement]
    return "\n".join(piece.text for piece in own) if all(piece.sets_up for piece in own) else ""


def _without_schedules(pieces: list[Piece], chapter: Chapter) -> list[Piece]:
    """Keep the schedules of crontab lines; those in comments are taken out, the others stay to be seen."""
    kept: list[Piece] = []
    for piece in pieces:
        if piece.statement:
            found = crontab(piece.text) if "\n" not in piece.text else None
            if found:
                chapter.cron.append(found[0])
            kept.append(piece)
            continue
        schedules = {line: found[0] for line, said in piece.comments if (found := crontab(said))}
        chapter.cron.extend(schedules.values())
        piece.comments = [comment for comment in piece.comments if comment[0] not in schedules]
        if schedules and not any(other.statement for other in kept):
            continue  # it says when this very script runs
        if piece.comments:
            kept.append(piece)
    return kept


def _jobs(section: Section) -> list[Section]:
    """The lines of a crontab one by one, where no comment stands between them."""
    done = section.done
    if len(done) < 2 or not all(crontab(piece.text) for piece in done):
        return [section]
    return [Section("", piece.line, [piece]) for piece in done]


def _draft(section: Section, lines: list[str], line: int, name: str) -> Draft | None:
    if not section.done and not section.said and not section.title:
        return None
    end = max(piece.end_line for piece in section.pieces)
    draft = Draft(section.title or name, line + section.line, line + max(end, section.line))
    runs = [piece for piece in section.done if piece.says is None and not _only_says(piece.text)]
    if runs:
        wrong = calls_wrong(draft.title)
        draft.title = draft.title or clean(runs[0].text.split("\n", 1)[0], TITLE)
        _fill(draft, runs, _body(section.done, lines), lines)
        last = max(piece.end_line for piece in section.done)
        after = [
            said for piece in section.pieces for at, said in piece.comments if at > last and not ruler(said)
        ]
        draft.add_note("\n".join(map(clean, after)))
        if wrong and draft.runs:
            draft.withhold()
        return draft
    draft.title = draft.title or next((piece.says for piece in section.done if piece.says), "")
    hidden = [said for said in section.said if certainly_command(said)]
    draft.offered = "\n".join(hidden)
    draft.note = "\n".join(clean(said) for said in section.said if said not in hidden)
    return draft


def _fill(draft: Draft, runs: list[Piece], body: str, lines: list[str]) -> None:
    """Give a step its command, unless the text is something else; what follows a command is its output."""
    kept = runs
    if any(crontab(piece.text) for piece in runs):
        schedules = [piece for piece in runs if crontab(piece.text)]
        draft.note = "\n".join(clean(piece.text) for piece in schedules)
        if len(schedules) == len(runs):
            return
        body = _body([piece for piece in runs if piece not in schedules], lines)
        kept = runs = [piece for piece in runs if piece not in schedules]
    typed = [piece for piece in runs if piece.typed]
    if typed:
        draft.add_note(_body(typed, lines))
        runs = [piece for piece in runs if not piece.typed]
    judged = [command_like(lines[piece.line]) and not data_like(piece.text) for piece in runs]
    first_no = judged.index(False) if False in judged else len(runs)
    if not runs:
        return
    if first_no == len(runs):
        draft.kind, draft.command = StepKind.SHELL, body if runs == kept else _body(runs, lines)
    elif any(client(piece.text) for piece in runs[:first_no]):
        draft.kind, draft.command = StepKind.SHELL, body  # what follows is typed at the client's prompt
    elif first_no and (not any(judged[first_no:]) or _printed(runs[first_no:], lines)):
        draft.kind, draft.command = StepKind.SHELL, _body(runs[:first_no], lines)
        draft.expected = _body(runs[first_no:], lines)
    else:
        draft.typed = body


def _printed(pieces: list[Piece], lines: list[str]) -> bool:
    """Whether lines right below a command are what it prints although some look like commands."""
    return all(not piece.after_gap and not certainly_command(lines[piece.line]) for piece in pieces)


def _body(pieces: list[Piece], lines: list[str]) -> str:
    """The text of statements as written, with the comments and lines between those that follow each other."""
    parts: list[str] = []
    low, high = pieces[0].line, pieces[0].end_line
    for piece in pieces[1:]:
        between = lines[high + 1 : piece.line]
        if all(not line.strip() or line.lstrip().startswith("#") for line in between):
            high = max(high, piece.end_line)
        else:
            parts.append("\n".join(lines[low : high + 1]))
            low, high = piece.line, piece.end_line
    parts.append("\n".join(lines[low : high + 1]))
    return "\n".join(parts)


def _only_says(text: str) -> bool:
    """Whether a statement prints a fixed text and does nothing else."""
    if not _SAYS.match(text):
        return False
    script = parse(text)
    return (
        bool(script.commands)
        and script.ok
        and all(
            command.name in ("echo", "printf", ":", "true")
            and None not in command.values
            and not any(redirect.writes for redirect in command.redirects)
            for command in script.commands
        )
    )
