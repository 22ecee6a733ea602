"""What a block of code in a guide is for: commands, a session, a query, a schedule, notes, a sample."""

from __future__ import annotations

import re

from console.guides.blocks import Code
from console.guides.cuts import TITLE
from console.guides.draft import Chapter, Draft, Reading
from console.guides.entering import LEAVING
from console.guides.inline import codes, plain
from console.guides.leads import calls_output, forbids, shows_result
from console.guides.looks import certainly_command, command_like, drawing_like, sentence_like, sheet_like
from console.guides.model import StepKind, Unread
from console.guides.queries import MONGO, OTHER_SQL, REDIS, SCRIPT, SQL, mongosh_like, read_query
from console.guides.rules import has_rules
from console.guides.scripts import read_script
from console.guides.times import crontab, duration
from console.guides.transcripts import LANGUAGES as SESSIONS
from console.guides.transcripts import is_transcript, read_transcript
from console.guides.vocabulary import AMBIGUOUS, COMMANDS, KEYWORDS, imperative
from console.text import clean

SHELL = frozenset(
    ("bash", "sh", "shell", "zsh", "ksh", "ash", "dash", "shellscript", "shell-script", "posix")
)
PLAIN = frozenset(("", "text", "txt", "plain", "plaintext", "none", "markdown", "md", "checklist", "output"))
SENTENCE = 300
"""Characters of a paragraph that still only tells one to run something."""
CRONTAB = frozenset(("cron", "crontab"))

_COUNTED = re.compile(r"^\s{0,8}(\d{1,2})[.)]\s+(\S.*)$")
_THEN = re.compile(
    r"^(?:and|also|then|now|next|first|lastly|finally|afterwards?|dann|danach|zuerst|puis|ensuite|enfin),?\s+",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"^[^`:]{1,80}:\s*`[^`]{1,300}`\.?$")
_SHEETS = PLAIN | {"yaml", "yml"}


def is_sheet(code: Code) -> bool:
    """Whether a block holds notes in a frame: it is read as Markdown then."""
    if code.lang not in _SHEETS or has_rules(code) or is_transcript(code.lang, code.text):
        return False
    return sheet_like(code.text, keyed=code.lang not in ("yaml", "yml"))


def read_code(code: Code, name: str = "") -> Reading | None:
    """The steps of a block; None for one that is no list of things to do (a sample, a drawing, output)."""
    text, line = code.text, code.line
    if not text.strip():
        return Reading()
    if code.lang in SHELL | SESSIONS | PLAIN and is_transcript(code.lang, text):
        return Reading([Chapter("", line, read_transcript(text, line, code.lang, name))])
    if code.lang in SHELL:
        return read_counted(text, line) or read_script(text, line, name)
    if code.lang in SESSIONS:
        return read_script(text, line, name) if all(map(command_like, _lines(text))) else None
    if code.lang in SQL:
        return read_query(StepKind.SQL, text, line, name)
    if code.lang in OTHER_SQL:
        return read_query(StepKind.SQL, text, line, name, where=code.lang)
    if code.lang in MONGO or (code.lang in SCRIPT and mongosh_like(text)):
        return read_query(StepKind.MONGO, text, line, name)
    if code.lang in REDIS:
        return read_query(StepKind.REDIS, text, line, name)
    if code.lang in CRONTAB or (code.lang in PLAIN and all(crontab(one) for one in _lines(text))):
        return read_script(text, line, name)
    if code.lang in PLAIN and code.lang not in ("output", "markdown", "md"):
        return _untagged(code, name)
    return None


def shown_by(above: str, code: Code) -> bool:
    """Whether a block is the output that the paragraph above it speaks of.

    A block that says it is for a shell must be called output in so many words, one for a database never is.
    """
    if code.lang in SQL | OTHER_SQL | MONGO | REDIS or not shows_result(above):
        return False
    if code.lang not in SHELL | SESSIONS:
        return True
    lines = _lines(code.text)
    sure = bool(lines) and certainly_command(lines[0].removeprefix("$ "))
    return not sure and calls_output(above)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


def _untagged(code: Code, name: str) -> Reading | None:
    """A block that does not say what it is: what looks like commands is shown for the user to decide."""
    lines = _lines(code.text)
    if drawing_like(code.text) or not lines:
        return None
    if counted := read_counted(code.text, code.line):
        return counted
    leaves = len(lines) == 1 and lines[0] in LEAVING
    sure = certainly_command(lines[0]) or lines[0].startswith(("sudo ", "doas "))
    if not leaves and not (sure and all(map(command_like, lines))):
        return None
    reading = read_script(code.text, code.line, name)
    for draft in reading.drafts:
        if draft.runs:
            draft.withhold()
    reason = "the block does not say that it is shell: its commands are shown, not run"
    reading.unread.append(Unread(line=code.line, reason=reason, text=clean(lines[0], 120)))
    return reading


def read_counted(text: str, line: int) -> Reading | None:
    """Sentences counted 1, 2, 3 in a block, each with a command after its colon or none; None for others."""
    lines = text.split("\n")
    first = next((one for one in lines if one.strip() and not one.lstrip().startswith("#")), "")
    start = _COUNTED.match(first[:400])
    if start is None or start[1] not in ("0", "1"):
        return None
    drafts: list[Draft] = []
    number = int(start[1])
    for index, one in enumerate(lines):
        match = _COUNTED.match(one[:2000])
        if match and int(match[1]) == number + len(drafts):
            drafts.append(counted(match[2], line + index))
        elif match and int(match[1]) == 1 and drafts:
            number = 1 - len(drafts)
            drafts.append(counted(match[2], line + index))
        elif drafts and one.strip():
            _belongs(drafts[-1], one.strip(), line + index)
    return Reading([Chapter("", line, drafts)]) if len(drafts) > 1 else None


def _belongs(draft: Draft, text: str, line: int) -> None:
    draft.end_line = line
    text = text.removeprefix("- ").removeprefix("$ ")
    if text.startswith("#") or not certainly_command(text):
        draft.add_note(clean(text.lstrip("# ")))
        return
    draft.command = f"{draft.command}\n{text}" if draft.command else text
    draft.kind = StepKind.SHELL


def counted(text: str, line: int) -> Draft:
    """A sentence as a step: what stands in backticks or after its colon is its command if it is one."""
    choices = choices_in(text)
    command = "" if choices else command_in(text)
    draft = Draft(clean(plain(text).rstrip(":"), TITLE), line, line, duration=duration(text))
    draft.offered = choices
    if command:
        draft.kind, draft.command = StepKind.SHELL, command
        head, colon, _ = text.partition(": ")
        if colon and "`" not in head:
            draft.title = clean(plain(head), TITLE)
    return draft


_CHOICE = re.compile(r"\b(?:or|otherwise|alternatively|else|instead|oder|sonst|ou|sinon)\b", re.IGNORECASE)


def choices_in(text: str) -> str:
    """The commands of a sentence that leaves one to choose: `` run `a` or `b` ``; empty for others."""
    given = [span for span in codes(text) if _given(text, span.start, span.text)]
    if len(given) < 2 or not _CHOICE.search(text[given[0].end : given[-1].start]):
        return ""
    return "\n".join(span.text for span in given)


def told_in(text: str) -> str:
    """The command of a paragraph that tells one to run it (`` Then run `a`. ``), or those to choose from."""
    said = plain(text, 500)
    if len(said) > SENTENCE or text.rstrip().endswith(":"):
        return ""
    spans = codes(text)
    alone = only_code(_THEN.sub("", text.strip()))
    if not spans or not (alone or answers(text) or imperative(_THEN.sub("", said))):
        return ""
    given = [span.text for span in spans if _given(text, span.start, span.text)]
    return choices_in(text) or (given[0] if len(given) == 1 else "")


def only_code(text: str) -> str:
    """The code of a sentence that is nothing else; empty for others."""
    spans = codes(text)
    return spans[0].text if len(spans) == 1 and not text.replace(f"`{spans[0].text}`", "").strip(" .") else ""


def answers(text: str) -> bool:
    """Whether a paragraph is a name or an `A`, a colon and a command: one of several to look up."""
    return bool(_ANSWER.match(text.strip()))


def command_in(text: str) -> str:
    """The command a sentence gives: in backticks, or after its first colon; empty for none."""
    spans = codes(text)
    if (
        len(spans) == 1
        and spans[0].text in LEAVING
        and not text.replace(f"`{spans[0].text}`", "").strip(" .")
    ):
        return spans[0].text
    if spans:
        found = [span.text for span in spans if _given(text, span.start, span.text)]
        return "\n".join(found)
    head, colon, rest = text.partition(": ")
    if forbids(head):
        return ""
    rest = (
        rest.strip().rstrip(".")
        if rest.strip().endswith(".") and not rest.strip().endswith(" .")
        else rest.strip()
    )
    if not colon or not rest:
        return ""
    parts = [part.strip() for part in rest.split(",")]
    if all(part in COMMANDS or certainly_command(part) for part in parts):
        return "\n".join(parts)
    return rest if certainly_command(rest) else ""


_TELLS = re.compile(
    r"\b(?:run|runs|execute|type|enter|using|use|with|via|command|call|invoke|issue|try"
    r"|by)\s*:?\s*(?:the )?$",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"^(?:sudo )?(?:git (?:checkout|revert|reset|merge|rebase|cherry-pick)"
    r"|(?:docker|podman) (?:logs|exec|start|stop|restart|kill|rm|inspect)|docker compose exec"
    r"|systemctl (?:start|stop|restart|reload|enable|disable)"
    r"|helm (?:rollback|upgrade|uninstall|install)"
    r"|(?:kubectl|oc) (?:logs|exec|describe|delete|scale|drain|cordon|uncordon|apply|edit|rollout(?: \w+)?))$"
)
"""A command that is only spoken of: what it is to work on is missing."""
_PROGRAM = re.compile(r"^(?:\.{1,2}|~)?/[\w./-]+$")


def _stands_for_itself(text: str, start: int, code: str) -> bool:
    """Whether code is all that is said, or all that is said after a colon: `` Load: `uptime` ``."""
    after = text[text.find(code, start) + len(code) :].strip("` .")
    return not after and plain(text[:start]).strip()[-1:] in ("", ":")


def _given(text: str, start: int, code: str) -> bool:
    """Whether code in a sentence is there to be run, and not only spoken of."""
    first, _, rest = code.partition(" ")
    if _UNFINISHED.match(code) or forbids(plain(text[max(0, start - SENTENCE) : start])):
        return False
    known = first in COMMANDS - KEYWORDS and not sentence_like(code)
    if rest and (known or certainly_command(code)):
        return True
    if known and first not in AMBIGUOUS and _stands_for_itself(text, start, code):
        return True
    told = bool(_TELLS.search(plain(text[max(0, start - 60) : start]) + " "))
    return told and (known or certainly_command(code) or bool(_PROGRAM.match(code)))
