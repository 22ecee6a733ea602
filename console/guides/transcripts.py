"""Terminal sessions pasted into a guide: prompts, what was typed, what came back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from console.guides.cuts import TITLE, numbered, ruler, unframed
from console.guides.draft import Draft
from console.guides.elsewhere import ELSEWHERE
from console.guides.entering import LEAVING
from console.guides.looks import certainly_command
from console.guides.model import StepKind
from console.guides.shell import parse
from console.guides.vocabulary import COMMANDS
from console.text import clean

LANGUAGES = frozenset(
    (
        "console",
        "shell-session",
        "shellsession",
        "sh-session",
        "bash-session",
        "terminal",
        "session",
        "cmd-session",
        "term",
    )
)
SAID = LANGUAGES | {"bash", "sh", "shell", "zsh"}
"""Tags that say a line without a prompt is for a shell too."""
NOWHERE = frozenset(
    ("host", "hostname", "localhost", "machine", "laptop", "computer", "local", "workstation", "here", "pc")
)
"""Names of hosts in prompts that stand for whatever host one is on."""
CONTINUED = 40
"""Lines a command may go on for."""

_PROMPT = re.compile(
    r"^\s{0,12}(?:\([\w.-]{1,40}\)\s*)?"
    r"(?:\[?(?P<user>[\w.-]{1,40})@(?P<host>[\w.-]{1,80})(?:[: ]+(?P<dir>[^\]\s$#%>]{0,120}))?\]?\s?)?"
    r"(?P<mark>[$#%❯➜])(?:\s+(?P<command>\S.*))?$"
)
_BARE = re.compile(r"^\s{0,12}(?:\([\w.-]{1,40}\)\s*)?(?:\$|[❯➜]\s)\s+\S|^\s{0,12}❯\s\S")
_IN_DIRECTORY = re.compile(r"^[~/\w][\w./~-]{0,80}\s+(?:git:\([^)\s]{1,80}\)\s*(?:✗\s*)?)?(?=\S)")
"""What some prompts put between their sign and the command."""
_WINDOWS = re.compile(r"^\s{0,12}(?:PS )?[A-Za-z]:\\[^<>|\n]{0,120}>\s{0,4}(?P<command>\S.*)$")
"""The prompts of `cmd` and PowerShell."""
_AT = re.compile(
    r"^\s{0,12}(?:(?P<shell>(?:sh|bash|ash|zsh)-\d[\w.]{0,12})|(?P<host>[A-Za-z][\w-]{0,40}(?:\.[\w-]{1,40}){0,5}))"
    r"[$#]\s+(?P<command>\S.*)$"
)
"""A prompt that names a host and no user, or only the shell."""
_QUERY = re.compile(
    r"^\s{0,12}(?:[\w.-]{1,60}=[#>]\s+(?:\\[a-z]|[A-Za-z]{4,})"
    r"|(?:mysql|MariaDB \[[^\]]{0,40}\]|sqlite)>\s+[A-Za-z]"
    r"|(?:redis|[\w.-]{1,60}:\d{2,5}(?:\[\d+\])?)>\s+[A-Za-z]{2,})"
)
"""A database's prompt that cannot be anything else."""
_DATABASE = re.compile(
    r"^\s{0,12}(?:(?P<psql>[\w.-]{1,60})[=-][#>*(]\s|(?P<mysql>mysql|sqlite|MariaDB \[[^\]]{0,40}\])>\s"
    r"|(?P<redis>redis(?:-cli)?|[\w.-]{1,60}:\d{2,5}(?:\[\d+\])?)>\s"
    r"|(?P<mongo>(?:[\w-]{1,40} \[[^\]]{0,60}\] )?[\w-]{1,40}(?::PRIMARY|:SECONDARY)?)>\s"
    r"|(?P<python>>>>)\s)(?P<command>\S.*)$"
)


@dataclass(slots=True)
class _Typed:
    command: list[str]
    line: int
    end_line: int
    where: str = ""
    title: str = ""
    prompted: bool = True
    output: list[str] = field(default_factory=list)


def is_transcript(lang: str, text: str) -> bool:
    """Whether a block shows prompts: by its tag, or because a line begins `$ ` or `user@host:~$ `."""
    lines = text.split("\n", 400)[:400]
    if lang in LANGUAGES:
        return any(_prompt(line, hashes=True) for line in lines)
    if any(_BARE.match(line) or _QUERY.match(line[:400]) or _elsewhere(line[:600]) for line in lines):
        return True
    return any((match := _PROMPT.match(line[:600])) and match["host"] and match["command"] for line in lines)


def read_transcript(text: str, line: int, lang: str, name: str = "") -> list[Draft]:
    """The commands typed in a session as steps, what came back as what is expected.

    Commands after a comment belong together; without comments each prompt is a step.
    """
    typed = _typed(text.split("\n"), line, lang)
    drafts: list[Draft] = []
    for one in typed:
        command = "\n".join(one.command)
        output = "\n".join(one.output).strip("\n")
        last = drafts[-1] if drafts else None
        if last and not one.title and last.note == _TITLED and last.where == one.where:
            last.command += f"\n{command}"
            last.end_line = one.end_line
            last.expected = "\n".join(part for part in (last.expected, output) if part)
            continue
        draft = Draft(
            one.title or clean(one.command[0].strip(), TITLE), one.line, one.end_line, StepKind.SHELL, command
        )
        draft.where, draft.expected, draft.prompted = one.where, output, one.prompted and not one.where
        draft.note = _TITLED if one.title else ""
        drafts.append(draft)
    for draft in drafts:
        draft.note = ""
        if draft.where:
            draft.withhold(draft.where)
        elif not draft.prompted and lang not in SAID:
            draft.withhold()
    if len(drafts) == 1 and name and drafts[0].title == clean(drafts[0].command.split("\n")[0], TITLE):
        drafts[0].title = name
    return drafts


_TITLED = "\0titled"


def _typed(lines: list[str], line: int, lang: str) -> list[_Typed]:
    hashes = lang in LANGUAGES and not any(_BARE.match(one) for one in lines)
    found: list[_Typed] = []
    title = ""
    index = 0
    while index < len(lines):
        text = lines[index]
        said = _comment(text, hashes)
        if said is not None:
            title = said if not ruler(said) else title
            index += 1
            continue
        place = _prompt(text, hashes=hashes)
        if place is None and not found and certainly_command(text):
            found.append(_Typed([text.strip()], line + index, line + index, "", title, prompted=False))
            title = ""
            index += 1
            continue
        if place is None:
            if found and (text.strip() or found[-1].output):
                found[-1].output.append(text)
                found[-1].end_line = line + index if text.strip() else found[-1].end_line
            index += 1
            continue
        where, command = place
        end = _continued(lines, index, command)
        typed = [command, *(re.sub(r"^\s*>\s?", "", more) for more in lines[index + 1 : end + 1])]
        found.append(_Typed(typed, line + index, line + end, where, title))
        title = ""
        index = end + 1
    return found


def _comment(text: str, hashes: bool) -> str | None:
    """A comment between commands, where `#` is no root's prompt."""
    match = re.match(r"^\s*(?:\$\s+)?#+\s*(.*)$", text[:600])
    if match is None or (hashes and certainly_command(match[1])):
        return None
    said = unframed(match[1].strip())
    mark = numbered(said)
    return clean((mark[1] if mark and mark[1] else said).rstrip(":"), TITLE)


def _prompt(text: str, *, hashes: bool) -> tuple[str, str] | None:
    """Where a prompt is, empty for here, and what was typed; None for a line of output."""
    match = _PROMPT.match(text[:4000])
    if match and match["command"]:
        host = match["host"] or ""
        if match["mark"] == "$" and not host:
            return "", match["command"]
        if host:
            local = host.lower().split(".")[0] in NOWHERE
            return "" if local else clean(f"{match['user']}@{host}", 80), match["command"]
        if match["mark"] == "#" and hashes and certainly_command(match["command"]):
            return "", match["command"]
        if match["mark"] in "❯➜":
            command = match["command"]
            bare = _IN_DIRECTORY.sub("", command)
            return "", command if command.split()[0] in COMMANDS else bare
    if there := _elsewhere(text[:4000]):
        return there
    database = _DATABASE.match(text[:4000]) if ">" in text or "#" in text else None
    if database and (
        database["psql"] or database["mysql"] or database["redis"] or database["mongo"] or database["python"]
    ):
        if database["mongo"] and not re.match(r"(?:db|rs|sh|use|show)\b", database["command"]):
            return None
        kind = next(key for key, value in database.groupdict().items() if value and key != "command")
        named = database[kind].split("=")[0]
        return clean(f"{kind} {named}" if kind in ("psql", "redis", "mongo") else kind, 80), database[
            "command"
        ]
    return None


def _elsewhere(text: str) -> tuple[str, str] | None:
    """Where a prompt is that names a host alone, only the shell, or a drive of Windows; what was typed."""
    if windows := _WINDOWS.match(text):
        return "Windows", windows["command"]
    at = _AT.match(text)
    if at is None or not (at["shell"] or _typed_there(at["command"])):
        return None
    local = not at["shell"] and at["host"].lower().split(".")[0] in NOWHERE
    return "" if local else ELSEWHERE if at["shell"] else clean(at["host"], 80), at["command"]


def _typed_there(command: str) -> bool:
    return certainly_command(command) or command.split()[0] in LEAVING


def _continued(lines: list[str], index: int, command: str) -> int:
    """The line a command ends on: a backslash, an open quote or a here-document carry it on."""
    text = command
    last = index
    while last + 1 < len(lines) and last - index < CONTINUED:
        following = lines[last + 1]
        mark = re.search(r"<<-?\s*[\"']?(\w+)", text)
        odd = (text.count('"') % 2 or text.count("'") % 2) and not parse(text).ok
        fed = mark is not None and f"\n{mark[1]}" not in text
        if not (odd or fed or text.rstrip().endswith("\\") or re.match(r"^\s*>\s", following)):
            break
        text += "\n" + re.sub(r"^\s*>\s?", "", following)
        last += 1
    # a quote that never closes was an apostrophe
    return last if last - index < CONTINUED and parse(text).ok else index if "\\\n" not in text else last
