"""Which runbook goes with a rule: the one it names, the one of its name, or the section that speaks of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from console.guides.model import Guide, Procedure
from console.guides.vocabulary import stems
from console.metrics import Labels
from console.text import clean

LEAST = 2
"""Words that must match where the rule's name alone is all there is to go by."""
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SAYING = ("alert", "alerts", "firing", "high", "low", "too", "rate", "usage", "is", "been", "more", "than")
"""Words in the names of most rules: they tell of none."""
_COMMON = frozenset(stem for word in _SAYING for stem in stems(word))


@dataclass(frozen=True, slots=True)
class Match:
    """A runbook and why it is the one; both empty where none is."""

    runbook: str = ""
    why: str = ""


def runbook_of(rule: str, annotations: Labels, guides: Sequence[Guide]) -> Match:
    """The runbook of a rule: by `runbook_url`, by its name, or by the words of a procedure's title."""
    pairs = dict(annotations)
    procedures = [procedure for guide in guides for procedure in guide.procedures]
    for key in ("runbook_url", "runbook"):
        address = pairs.get(key, "").strip()
        if address:
            found = _addressed(address, procedures)
            return Match(found.title, key) if found else Match(clean(address, 300), key)
    name = _plain(rule)
    for procedure in procedures:
        if name and name in (_plain(procedure.title), _plain(procedure.id)):
            return Match(procedure.title, "same name")
    own = set(stems(" ".join(_CAMEL.findall(rule)))) - _COMMON
    said = set(stems(f"{pairs.get('summary', '')} {pairs.get('description', '')}")) - _COMMON
    best, score, words = None, 0.0, set[str]()
    for procedure in procedures:
        title = set(stems(f"{procedure.title} {procedure.when}")) - _COMMON
        mine, told = own & title, (said - own) & title
        much = len(mine) + 0.4 * len(told)
        if much > score and mine and (len(mine) + len(told) >= LEAST or mine == own):
            best, score, words = procedure, much, mine | told
    if best is None:
        return Match()
    spoken = [
        word for word in re.findall(r"[\w'-]+", f"{best.title} {best.when}") if set(stems(word)) & words
    ]
    return Match(best.title, "speaks of " + ", ".join(dict.fromkeys(word.lower() for word in spoken)))


def _addressed(address: str, procedures: Sequence[Procedure]) -> Procedure | None:
    """The procedure an address ends with: `.../operations.md#disk-full`, or the title itself."""
    fragment = urlsplit(address).fragment or address.rsplit("/", 1)[-1]
    wanted = _plain(fragment)
    return next((one for one in procedures if wanted and wanted in (_plain(one.id), _plain(one.title))), None)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())
