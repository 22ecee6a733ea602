"""What the line above a block says of it: what it is called, that it is output, that it is to be typed."""

from __future__ import annotations

import re

from console.guides.inline import lead, plain
from console.guides.vocabulary import imperative

NAME = 100
"""Characters of a line of prose that still titles the block below it."""
NOTE = 600
"""Characters of a paragraph that are kept beside a step."""

_OUTPUT = (
    r"\b(?:(?:example|sample|expected|typical|following)\s+(?:output|results?|response|reply)"
    r"|(?:output|results?|response|reply)\s+(?:is|are|will|should|would|may|might|looks?|similar|like)\b"
    r"|looks?\s+(?:something\s+|similar\s+|more or less\s+)?(?:like|to)\b|similar to\b"
    r"|(?:you|we)\s+(?:should|will|would|might|may|can)(?:\s+then|\s+now)?\s+(?:see|get)\b"
    r"|expect(?:ed)?(?:\s+(?:output|results?|response|to see|something like))?)[^:.]{0,60}$"
    r"|^(?:(?:example|sample|expected)\s+)?(?:output|results?|response|ausgabe|ergebnis|sortie|résultat)$"
    r"|\b(?:sieht so aus|ausgabe|erwartet|sortie attendue|résultat attendu)\b[^:.]{0,40}$"
)
_SAYS = (
    r"\b(?:prints?|displays?|outputs?|returns?|shows?|yields?|reports?|answers?|responds?|affiche)"
    r"(?:\s+with)?(?:\s+(?:something|a message))?(?:\s+(?:like|similar to))?"
    r"(?:\s+(?:this|the following))?[^:.]{0,60}$"
)
_CALLED = re.compile(_OUTPUT, re.IGNORECASE)
_RESULT = re.compile(rf"{_OUTPUT}|{_SAYS}", re.IGNORECASE)
_FORBIDS = re.compile(
    r"\b(?:do not|don['’]?t|never|avoid|(?:must|should|shall|may) not|must never|nicht|niemals|jamais)\b"
    r"(?!\s+(?:forget|hesitate|vergessen))"
    r"|\b(?:without|instead of|rather than|statt|sans)(?:\s+(?:running|using|a|the))?\s*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:.!?–—]\s+|\bthen\b|\bbut\b|\bsondern\b|\bmais\b", re.IGNORECASE)
_UNLESS = re.compile(
    r"^\W*(?:if|when|where|in case|unless|while|wenn|falls|solange|si|quand)\b", re.IGNORECASE
)
_WRONG = re.compile(
    r"^\W*(?:bad|wrong|incorrect|anti-?pattern|not like this|falsch|mauvais|❌|🚫)(?!\w)(?!\s+\w+\s+\w)"
    r"|\b(?:do not|don['’]?t|never|nicht|niemals|jamais)\s+"
    r"(?:do|run|use|execute|try|type|copy|this|ausführen)\b",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\b(?:commands?|script|query|queries|run|execute|use|using|type|by)\b", re.IGNORECASE
)
_CONDITION = re.compile(
    r"^(?:if|when|once|after|before|otherwise|else|to|for|on|as|in case)\b", re.IGNORECASE
)
_TYPES = re.compile(
    r"^(?:then\s+)?(?:add|set|change|insert|append|paste|put|replace|enter|write|type|update|modify|edit"
    r"|uncomment|comment out|remove|delete|find|ensure|make sure|look for|contents?"
    r"|the (?:file|lines?|section))\b",
    re.IGNORECASE,
)


def ends_open(text: str) -> bool:
    """Whether a paragraph ends in a colon, and so speaks of what follows."""
    return text.rstrip("*_ \n").endswith(":")


def forbids(text: str) -> bool:
    """Whether what stands before a command tells one not to run it: `Never run`, `..., do not use`."""
    clause = [part for part in _CLAUSE.split(text) if part.strip()][-1:]
    return bool(clause) and not _UNLESS.match(clause[0]) and bool(_FORBIDS.search(clause[0]))


def calls_wrong(comment: str) -> bool:
    """Whether a comment says that the commands below it are how it is not done."""
    return bool(_WRONG.search(comment))


def _last(text: str) -> str:
    """The last sentence of a paragraph, without its colon."""
    return re.split(r"(?<=[.!?])\s+", plain(text, 1000).rstrip(": "))[-1]


def shows_result(text: str) -> bool:
    """Whether a paragraph says that what follows is output, and nothing to run."""
    said = _last(text) if ends_open(text) else ""
    return bool(_RESULT.search(said)) and not imperative(said) and not _INTRODUCES.search(said)


def calls_output(text: str) -> bool:
    """Whether a paragraph calls what follows output in so many words: `You should see`, `Expected output`."""
    return bool(_CALLED.search(_last(text)))


def name_of(text: str) -> str:
    """What a paragraph calls the block below it; empty when it only tells of something.

    It does where it ends in a colon, or says what to do or when.
    """
    if "\n" in text:
        return ""
    said = plain(text)
    if len(said) > NAME or not any(char.isalpha() for char in said):
        return ""
    bold, rest = lead(text)
    if bold and not _CONDITION.match(bold):
        return ""  # a field: `**Owner**: us`
    told = ends_open(text) or imperative(said) or bool(_CONDITION.match(said)) or bool(bold and rest)
    return said.rstrip(".: ") if told else ""


def asks_typing(comment: str) -> bool:
    """Whether a comment below an editor's start says what is to be typed there."""
    return bool(_TYPES.match(comment))
