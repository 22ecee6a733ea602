"""Severities with their response times, who is asked next, and how people are reached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from console.guides.blocks import Block, Listing, Paragraph, Table
from console.guides.inline import lead, links, plain
from console.guides.model import Contact, EscalationLevel, SeverityLevel

_WORD = (
    r"critical|urgent|emergency|blocker|severe|high|major|medium|moderate|normal|low|minor"
    r"|trivial|informational|warning"
    r"|kritisch|hoch|mittel|niedrig|gering|critique|majeure?|mineure?|élevée?|moyenne?|faible"
)
_CODE = r"(?:sev(?:erity)?|p(?:riority)?|s)[ -]?[0-5]"
_NAME = re.compile(
    rf"^\W{{0,4}}(?P<name>(?P<code>{_CODE})(?:\s*(?:[-–—:/]|\()\s*(?P<word>{_WORD}|[A-Za-z]{{3,20}})\)?)?"
    rf"|(?P<plain>{_WORD})(?:\s+(?:severity|priority|impact))?)\s*(?P<rest>\(.*\)|[-–—:].*)?$",
    re.IGNORECASE,
)
_SUFFIXED = re.compile(r"\b(?:severity|priority)\b", re.IGNORECASE)
_TITLE = re.compile(
    r"\bseverit(?:y|ies)\b|\bpriorit(?:y|ies)\b|\bclassification\b|\bresponse times?\b"
    r"|\bincident levels?\b|\bsla\b|\bschweregrade?\b|\bprioritäten\b|\bgravité\b|\bsévérités?\b",
    re.I,
)
_ESCALATES = re.compile(r"\b[eé]s[ck]ala[td]", re.IGNORECASE)
_TIME = (
    r"(?:~|<|≤|within )?\s?\d{1,4}(?:\s?(?:-|–|to)\s?\d{1,4})?\s?(?:seconds?|secs?|minutes?"
    r"|mins?|hours?|hrs?|h|(?:business |working )?days?|weeks?|m|d"
    r"|minuten|stunden?|std\.?|(?:arbeits)?tag(?:e|en)?|heures?|jours?(?: ouvrés)?|semaines?)\b"
)
_SOON = (
    rf"immediate(?:ly)?|asap|at once|(?:next|same) (?:business|working) day|best effort"
    rf"|sofort|nächster arbeitstag|immédiate?(?:ment)?|{_TIME}"
)
_RESPONDS = re.compile(
    rf"\b(?:respon(?:se|d)s?(?: time)?(?: within| in)?|acknowledge(?:ment)?(?: within)?|reply"
    rf"|react(?:ion)?(?: time)?|sla|within|reaktion(?:szeit)?|innerhalb von|délai(?: de réponse)?|sous)"
    rf"\b\s*[:=]?\s*(?:is\s+|within\s+|in\s+|innerhalb von\s+|sous\s+|<\s?)?(?P<time>{_SOON})",
    re.IGNORECASE,
)
_ONLY_TIME = re.compile(rf"^\W*(?P<time>{_SOON})", re.IGNORECASE)
_LEVEL = re.compile(
    r"^\W{0,4}(?:(?:escalation\s+)?(?:level|tier|stage)\s*[0-5]|l[0-5]|t[1-5])\b\s*(?:[-–—:(]\s*(?P<who>.*))?$",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^\W{0,4}(?:first|second|third|fourth|then|finally|primary|secondary|tertiary|manager)\b", re.IGNORECASE
)
_AFTER = re.compile(
    rf"\b(?:after|nach|après|if (?:there is )?no (?:response|answer)\w* (?:in|after|within"
    rf"|for))\s+(?P<time>{_TIME})",
    re.IGNORECASE,
)
_SPAN = re.compile(rf"\(\s*(?P<time>{_TIME})\s*\)", re.IGNORECASE)
_REACHED = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\(?\d[\d\s().-]{5,}\d|\+\d{1,3}-[\w-]{5,}|\b1-8\d\d-[\w-]+|(?<!\w)#[a-z][\w-]+|(?<!\w)@[\w-]{2,}"
    r"|\[[^\]]*(?:phone|e-?mail|slack|pager|number)[^\]]*\]|\b(?:pagerduty|opsgenie|ext\.? ?\d+)\b",
    re.IGNORECASE,
)
_CONTACTS = re.compile(
    r"\bcontacts?\b|\bon-?call\b|\bvendors?\b|\bwho to call\b|\bphone\b|\bsupport (?:team|channels?)\b",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"^(?:phone|tel(?:ephone)?|mobile|cell|e-?mail|mail|slack|teams|chat|pager(?:duty)?|sms|web|url|portal|hours?)$",
    re.I,
)
_RESPONSE_COLUMN = re.compile(
    r"\b(?:respon\w*|acknowledg\w*|time to respond|sla|reaction|reaktion\w*|réponse|délai)\b", re.IGNORECASE
)


@dataclass(slots=True)
class People:
    """What was found, in order."""

    severities: dict[str, SeverityLevel] = field(default_factory=dict)
    escalation: list[EscalationLevel] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    loose: list[EscalationLevel] = field(default_factory=list)
    """Those asked in turn where nobody counts levels."""

    def severity(self, name: str, line: int, within: str = "", description: str = "") -> None:
        """Keep a severity; said twice, the second place adds what the first did not say."""
        key = name.lower().split(" - ")[0]
        old = self.severities.get(key)
        if old is None:
            self.severities[key] = SeverityLevel(
                name=name, line=line, respond_within=within, description=description
            )
        else:
            self.severities[key] = replace(
                old, respond_within=old.respond_within or within, description=old.description or description
            )


def read_people(
    people: People, blocks: Sequence[Block], titles: tuple[str, ...], line: int, heading: bool
) -> None:
    """Take in what stands under a title; `titles` are those above it, the nearest last.

    `heading` says that the title itself may name a severity or a level, not only the items below it.
    """
    near = titles[-1] if titles else ""
    around = " / ".join(titles[-2:])
    if heading and near:
        _title(people, near, blocks, line, around)
    severe = bool(_TITLE.search(around)) or bool(_ESCALATES.search(near))
    for block in blocks:
        if isinstance(block, Listing):
            _listing(people, block, near, around, severe)
        elif isinstance(block, Table):
            _table(people, block, near, around)


def _title(people: People, title: str, blocks: Sequence[Block], line: int, around: str) -> None:
    match = _NAME.match(title)
    coded = match is not None and bool(match["code"])
    if match and (coded or (_TITLE.search(around.rpartition(" / ")[0]) and match["plain"])):
        within = _responds(title) or next((found for text in texts(blocks) if (found := _responds(text))), "")
        people.severity(_called(match), line, within, "; ".join(texts(blocks)[:4])[:300])
    level = _LEVEL.match(title)
    if level:
        said = texts(blocks)
        after = _first(_AFTER, [title, *said])
        people.escalation.append(
            EscalationLevel(
                name=_level_name(title),
                line=line,
                who=(level["who"] or "; ".join(said[:1])).strip(" ()"),
                after=after,
            )
        )


def _first(pattern: re.Pattern[str], texts: Sequence[str]) -> str:
    """The time the first of the texts to name one names."""
    return next((match["time"] for text in texts if (match := pattern.search(text))), "")


def texts(blocks: Sequence[Block]) -> list[str]:
    """The items of lists and the lines of paragraphs, as they read."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Listing):
            found += [plain(item.text) for item in block.items]
        elif isinstance(block, Paragraph):
            found += [plain(line) for line in block.text.split("\n")]
    return found


def _called(match: re.Match[str]) -> str:
    if match["code"]:
        word = match["word"]
        return f"{match['code']} - {word}" if word else match["code"]
    return match["plain"]


def _responds(text: str) -> str:
    if match := _RESPONDS.search(text):
        return " ".join(match["time"].split())
    if re.search(r"\bimmediate response\b", text, re.IGNORECASE):
        return "Immediate"
    return ""


def _level_name(title: str) -> str:
    return re.split(r"\s*[-–—:(]", title.strip("*_ "), maxsplit=1)[0].strip()


def _listing(people: People, listing: Listing, near: str, around: str, severe: bool) -> None:
    for item in listing.items:
        read = plain(item.text)
        name, rest = lead(item.text)
        if not name:
            name, colon, rest = read.partition(":")
            name, rest = (name.strip(), rest.strip()) if colon else (read, "")
        entry = _Entry(
            name, plain(rest), read, item.line, [text for one in item.blocks for text in texts([one])]
        )
        if not (_level_item(people, entry) or _severity_item(people, entry, near, severe)):
            _turn(people, entry, near, listing.ordered)
            _contact(people, entry, item.text, near, around)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item of a list: its name, what follows that, the whole line as read, and the texts below it."""

    name: str
    rest: str
    read: str
    line: int
    below: list[str]


def _level_item(people: People, entry: _Entry) -> bool:
    level = _LEVEL.match(entry.name)
    if level is None:
        return False
    after = _first(_AFTER, [entry.read, *entry.below])
    span = _SPAN.search(entry.read)
    people.escalation.append(
        EscalationLevel(
            name=_level_name(entry.name),
            line=entry.line,
            who=entry.rest or level["who"] or "",
            after=after or (span["time"] if span else ""),
        )
    )
    return True


def _severity_item(people: People, entry: _Entry, near: str, severe: bool) -> bool:
    match = _NAME.match(entry.name)
    if match is None or not (match["code"] or severe or _SUFFIXED.search(entry.name)):
        return False
    if not (entry.rest or entry.below or match["code"]):
        return False
    timed = severe or bool(re.search(r"respon|sla|acknowledg", near, re.IGNORECASE))
    only = _ONLY_TIME.match(entry.rest)
    within = next((found for text in [entry.read, *entry.below] if (found := _responds(text))), "")
    within = within or (" ".join(only["time"].split()) if only and timed else "")
    people.severity(_called(match), entry.line, within, "" if only else entry.rest)
    return True


def _turn(people: People, entry: _Entry, near: str, ordered: bool) -> None:
    """Those asked in turn under a title that speaks of escalation, where nobody counts levels."""
    after = _AFTER.search(entry.read)
    counted = ordered or (_ORDER.match(entry.name) is not None and after is not None)
    if _ESCALATES.search(near) and counted and not _REACHED.search(entry.rest or entry.read):
        who = entry.rest or entry.name
        people.loose.append(
            EscalationLevel(name=entry.name, line=entry.line, who=who, after=after["time"] if after else "")
        )


def _contact(people: People, entry: _Entry, text: str, near: str, around: str) -> None:
    reached = _REACHED.findall(entry.rest or entry.read)
    spoken = bool(_CONTACTS.search(around) or _ESCALATES.search(near))
    if not spoken or not (reached or (_CONTACTS.search(near) and entry.rest)):
        return
    value = entry.rest or ", ".join(reached)
    target = next((url for _, url in links(text) if not url.startswith("#")), "")
    people.contacts.append(
        Contact(
            name=f"{near} · {entry.name}" if _MEANS.match(entry.name) else entry.name,
            value=f"{value} {target}".strip() if target and target not in value else value,
            line=entry.line,
        )
    )


def _table(people: People, table: Table, near: str, around: str) -> None:
    head = [plain(cell) for cell in table.head]
    first = head[0].lower() if head else ""
    rated = bool(
        _SUFFIXED.search(first)
        or re.match(r"^(?:level|sev|class|impact|p|schweregrad|stufe|niveau|gravité)$", first)
    ) or bool(_TITLE.search(around))
    column = next((n for n, cell in enumerate(head) if n and _RESPONSE_COLUMN.search(cell)), None)
    if column is None:
        column = next(
            (
                n
                for n, cell in enumerate(head)
                if n and re.search(r"\btime\b|\bwithin\b", cell, re.IGNORECASE)
            ),
            None,
        )
    for line, cells in table.rows:
        values = [plain(cell) for cell in cells]
        if not values or not values[0]:
            continue
        match = _NAME.match(values[0])
        if match and rated:
            within = values[column] if column is not None and column < len(values) else ""
            others = [value for n, value in enumerate(values) if n not in (0, column) and value]
            people.severity(_called(match), line, within, " · ".join(others))
        elif _LEVEL.match(values[0]) or (
            _ESCALATES.search(near) and re.match(r"^(?:level|tier|step|order|#)", first)
        ):
            name = values[0] if not values[0].isdigit() else f"Level {values[0]}"
            after = next((value for n, value in enumerate(values) if n and _ONLY_TIME.match(value)), "")
            who = next((value for value in values[1:] if value and value != after), "")
            people.escalation.append(EscalationLevel(name=name, line=line, who=who, after=after))
        elif _CONTACTS.search(around) or any(
            re.match(r"^(?:contact|phone|e-?mail)", cell, re.IGNORECASE) for cell in head
        ):
            value = " · ".join(value for value in values[1:] if value)
            if value:
                people.contacts.append(Contact(name=values[0], value=value, line=line))
