"""Thresholds as people write them: `Memory Usage: < 80 %`, `(threshold: >80%)`, `p95 below 500 ms`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from console.guides.blocks import Table
from console.guides.inline import lead, plain
from console.guides.model import Objective

UNITS = {
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "millisecond": "ms", "milliseconds": "ms",
    "msec": "ms", "minute": "min", "minutes": "min", "mins": "min", "m": "min", "hour": "h",
    "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d", "percent": "%", "pct": "%",
    "µs": "us", "μs": "us", "week": "weeks", "month": "months", "sekunde": "s", "sekunden": "s",
    "sek": "s", "minuten": "min", "stunde": "h", "stunden": "h", "tag": "d", "tage": "d", "prozent": "%",
    "seconde": "s", "secondes": "s", "heure": "h", "heures": "h", "jour": "d", "jours": "d",
}  # fmt: skip
"""Units in their short form; others stand as they are written."""
_OPS = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}
_WORDS = {
    "below": "<", "under": "<", "less than": "<", "lower than": "<", "fewer than": "<",
    "smaller than": "<", "above": ">", "over": ">", "more than": ">", "greater than": ">",
    "higher than": ">", "exceeds": ">", "exceed": ">", "exceeding": ">", "exceeded": ">",
    "at least": ">=", "no less than": ">=", "minimum": ">=", "at most": "<=", "no more than": "<=",
    "not exceed": "<=", "not exceeding": "<=", "maximum": "<=", "drops below": "<", "falls below": "<",
    "rises above": ">", "within": "<=",
    "unter": "<", "weniger als": "<", "über": ">", "mehr als": ">", "mindestens": ">=", "höchstens": "<=",
    "inférieur à": "<", "inférieure à": "<", "moins de": "<", "supérieur à": ">", "supérieure à": ">",
    "plus de": ">", "au moins": ">=", "au plus": "<=",
}  # fmt: skip
_LIMIT = re.compile(
    r"(?P<op><=|>=|=<|=>|[<>≤≥]|\b(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b)\s*"
    r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d{1,9})?)(?P<plus>\+)?\s?"
    r"(?P<unit>%|per\s[a-zA-Z]+|[a-zA-Zµμ]+(?:\s?/\s?[a-zA-Z]+|\s?per\s[a-zA-Z]+)?|/[\w]+)?",
    re.IGNORECASE,
)
_MAX = re.compile(
    r"(?P<value>\d{1,15}(?:\.\d{1,9})?)\s?(?P<unit>%|[a-zA-Zµ]+)?\s+(?P<word>max(?:imum)?|min(?:imum)?)\b",
    re.IGNORECASE,
)
_KNOWN_UNIT = re.compile(
    r"^(?:%|per \w+|ms|s|us|ns|min|h|d|weeks|months|[kmgtp]i?b(?:ps|/s)?|bytes?|bits?|[kmgt]bit/s"
    r"|rps|qps|tps|iops|req(?:uests?)?(?:\s?/\s?\w+|\sper\s\w+)?"
    r"|\w+\s?/\s?(?:s|sec|second|m|min|minute|h|hour|day)|\w+ per (?:second|minute|hour|day)"
    r"|connections?|messages?|errors?|rows?|items?|jobs?"
    r"|sessions?|restarts?|users?|x|/\w+)$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(?:alert(?:s)?(?: me)?|warn(?:s|ing)?|page|trigger(?:s|ed)?|scale(?: up| out)?"
    r"|escalate)?\s*(?:when|if|once|on|keep|ensure|target)\s+"
    r"(?:the\s+)?|^(?:the|target|keep|ensure|monitor|average)\s+(?:the\s+)?",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\s:(=–—-]*\b(?:consistently|threshold|target|is|are|be|stays?|remains?|should|must|goes|go|rises?|falls?|drops?|gets?|limit|goal"
    r"|usually|always|reaches|sustained|muss|soll(?:te)?|darf|bleibt|liegt|doit|reste|est"
    r"|alert(?:s)?(?: when| if| at)?|when|if|at|of|to|not|kept"
    r"|keep)\s*[:(]*\s*$",
    re.IGNORECASE,
)
_BREACH = re.compile(
    r"\bthresholds?\b|\btriggers?\b|\balerts?\b|\bwarn(?:ing)?s?\b|\bwhen\b|\bif\b|\bexceed", re.IGNORECASE
)
_BREACH_TITLE = re.compile(
    r"\balerts?\b|\btriggers?\b|\bwarnings?\b|\bthresholds?\b|\bescalat", re.IGNORECASE
)
_SEVERITY = re.compile(
    r"\b(critical|warning|emergency|severe|info|kritisch|warnung|critique|avertissement)\b", re.IGNORECASE
)
_SEVERITIES = {
    "kritisch": "critical",
    "critique": "critical",
    "warnung": "warning",
    "avertissement": "warning",
}
_GOAL_COLUMN = re.compile(
    r"\b(?:target|goal|objective|slo|sla|normal|healthy|expected|baseline|ok|green|acceptable"
    r"|ziel|soll|normalwert|cible|objectif)\b",
    re.IGNORECASE,
)
_BREACH_COLUMN = re.compile(
    r"\b(?:warn(?:ing|ung)?|critical|kritisch|alert|alarm|threshold|page|red|yellow|breach|action"
    r"|schwellwert|grenzwert|avertissement|critique|alerte|seuil)\b",
    re.IGNORECASE,
)
_ALARM = r"alert|warn(?:ing|ung)?|critical|kritisch|page|alarm"
_STARTS = re.compile(
    rf"^\W*(?P<told>(?:{_ALARM})\b\s*(?:if|when|at|on|bei|:)?\s*(?:[\w%]{{1,20}}\s+)?)?"
    rf"(?:[<>≤≥]|(?:{'|'.join(_WORDS)})\b)",
    re.IGNORECASE,
)
"""What begins with a limit, or says first what happens beyond it."""
_ALSO = re.compile(rf"[,;]\s*(?=(?:{_ALARM})\b)", re.IGNORECASE)
NOT_FIGURES = re.compile(
    r"\b(?:prerequisites?|requirements?|versions?|dependencies|changelog|compatib\w+)\b", re.IGNORECASE
)
NAME = 80


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure with its limit, before it is known where it stands."""

    name: str
    op: str
    value: float
    unit: str
    breach: bool


def objective_in(text: str) -> Limit | None:
    """The threshold a line states, None for none; the name is what stands before it."""
    if not any(char.isdigit() for char in text[:400]):
        return None
    read = plain(text)
    match = _LIMIT.search(read)
    if match is None:
        return _bounded(text, read)
    op = match["op"].lower()
    value = float(match["value"].replace(",", ""))
    unit = unit_of(match["unit"] or "")
    before = read[: match.start()]
    name = _name(text, before)
    wordy = op in _WORDS
    if (
        not name
        or (wordy and not unit)
        or (unit and not _KNOWN_UNIT.match(unit) and (wordy or not _apart(read, match)))
    ):
        return None
    if not _KNOWN_UNIT.match(unit):
        unit = ""
    if (
        op in ("within", "over", "under")
        and unit in ("min", "h", "d", "s", "weeks", "months")
        and op != "under"
    ):
        return None  # how soon, or how long: no figure's limit
    said = before + read[match.end() : match.end() + 20]
    breach = bool(_BREACH.search(said.replace(name, "") if name.lower() != "alert" else said))
    return Limit(name, _WORDS.get(op) or _OPS[op], value, unit, breach)


def _apart(read: str, match: re.Match[str]) -> bool:
    """Whether what follows a bare number is a word of the sentence, and not a unit that is not known."""
    return read[: match.start("unit")].endswith(" ")


def _bounded(text: str, read: str) -> Limit | None:
    """`RTO: 4 hours max`: the bound stands behind the figure."""
    match = _MAX.search(read)
    if match is None or ":" not in read[: match.start()]:
        return None
    unit = unit_of(match["unit"] or "")
    name = _name(text, read[: match.start()])
    op = "<=" if match["word"].lower().startswith("max") else ">="
    return (
        Limit(name, op, float(match["value"]), unit, breach=False)
        if name and _KNOWN_UNIT.match(unit)
        else None
    )


def unit_of(text: str) -> str:
    """A unit in its short form: `seconds` is `s`."""
    text = " ".join(text.split())
    return UNITS.get(text.lower(), text)


def _name(text: str, before: str) -> str:
    name = lead(text)[0]
    if not name:
        head, colon, _ = before.partition(":")
        name = head if colon and not head.lower().endswith(("threshold", "target")) else before
        name = name.rpartition("(")[0] if "(" in name and ")" not in name else name
    name = _BEFORE.sub("", name.strip())
    for _ in range(4):
        shorter = _AFTER.sub("", name).strip(" :(-–—=,")
        if shorter == name:
            break
        name = shorter
    return name[:NAME].strip() if any(char.isalpha() for char in name) and len(name.split()) <= 10 else ""


def _level(match: re.Match[str] | None) -> str:
    """A severity's word as the console has it."""
    word = match[1].lower() if match else ""
    return _SEVERITIES.get(word, word)


def read_objective(text: str, line: int, titles: tuple[str, ...]) -> Objective | None:
    """The objective a line states; the titles above it say whether its figure is the goal or the breach."""
    if any(NOT_FIGURES.search(title) for title in titles[-1:]):
        return None
    found = objective_in(text)
    if found is None:
        return None
    near = " ".join(titles[-1:])
    severity = _SEVERITY.search(near) if _BREACH_TITLE.search(near) else None
    return Objective(
        name=found.name,
        op=found.op,
        value=found.value,
        unit=found.unit,
        line=line,
        breach=found.breach or bool(_BREACH_TITLE.search(near)),
        severity=_level(severity),
    )


def paragraph_objective(text: str, line: int, titles: tuple[str, ...]) -> Objective | None:
    """The objective of a line of prose, which must be a bold name and its limit: `**RTO**: < 5 minutes`."""
    name, rest = lead(text)
    return read_objective(text, line, titles) if name and _STARTS.match(rest) else None


def table_objectives(table: Table, titles: tuple[str, ...]) -> list[Objective]:
    """The thresholds of a table: the first cell names the figure, the head says goal, warning or critical."""
    found: list[Objective] = []
    if any(NOT_FIGURES.search(title) for title in titles[-1:]):
        return found
    names = [plain(cells[0], NAME) if cells else "" for _, cells in table.rows]
    often = Counter(names)
    for (line, cells), name in zip(table.rows, names, strict=True):
        if often[name] > 1 and len(cells) > 2 and not _STARTS.match(plain(cells[1])):
            name = f"{name} {plain(cells[1], NAME)}"  # `API | p99`: the second cell tells them apart
        for head, cell in zip(table.head[1:], cells[1:], strict=False):
            limits = (_of_cell(name, plain(head), part, line) for part in _ALSO.split(plain(cell)) if name)
            found.extend(one for one in limits if one)
    return found


def _of_cell(name: str, column: str, text: str, line: int) -> Objective | None:
    """The limit a cell begins with, `Alert if` before it or not."""
    match = _STARTS.match(text)
    limit = objective_in(f"{name}: {text[match.end('told') :] if match['told'] else text}") if match else None
    if match is None or limit is None:
        return None
    told = match["told"] or ""
    severity = _SEVERITY.search(told) or _SEVERITY.search(column)
    goal = not told and bool(_GOAL_COLUMN.search(column)) and not _BREACH_COLUMN.search(column)
    return Objective(
        name=name, op=limit.op, value=limit.value, unit=limit.unit, line=line,
        breach=not goal and (bool(told) or bool(_BREACH_COLUMN.search(column)) or limit.breach),
        severity=_level(severity),
    )  # fmt: skip
