"""Titles that only say what kind of thing follows (`Steps`, `Rollback`), and fields (`Who: ...`).

In English, and the usual ones in German and French.
"""

from __future__ import annotations

import re


def _title(*parts: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{'|'.join(parts)})$", re.IGNORECASE)


_DO = (
    r"steps?(?: to (?:fix|resolve|take|follow|recover))?|procedures?|actions?|instructions?|tasks?|checks?"
    r"|checklist|what to do|how to|to do|do|act"
    r"|schritte|vorgehen|vorgehensweise|ablauf|durchführung|anleitung|(?:sofort)?ma(?:ß|ss)nahmen"
    r"|étapes?|procédure|marche à suivre|mode opératoire"
)
_CALLED = r"(?:useful |the )?commands?|befehle|kommandos|commandes"
_MEND = (
    r"rollback(?: plan| procedure| steps)?|roll(?:ing)? back|back ?-?out(?: plan)?|undo|solutions?|resolution"
    r"|remediation|mitigation|fix(?:es)?|recovery|(?:recovery|resolution|mitigation) steps"
    r"|lösung(?:en)?|behebung|rückfall(?:plan)?|zurückrollen|retour arrière|résolution|remédiation"
)
_LOOK = (
    r"verification|verify|validation|validate|diagnos(?:is|e|tics?)|diagnostic steps|investigation"
    r"|prüfung(?:en)?|kontrollen?|diagnose|vérifications?|contrôles?|diagnostic"
)
_BEFORE = (
    r"pre-?flight|post-?flight|prerequisites?|preparation|before.*|after.*"
    r"|vorbereitung(?:en)?|voraussetzungen|vorher|danach|nacharbeiten"
    r"|(?:vor|nach) (?:der|dem|jeder|jedem)\b.*"
    r"|préparation|prérequis|avant.*|après.*"
)
_TELL = (
    r"symptoms?|(?:\w+ )?causes?|impact|notes?|examples?|overview|description|purpose|summary|usage"
    r"|requirements?|meaning|severity|background|context|detection"
    r"|symptome?|ursachen?|auswirkung(?:en)?|hinweise?|beschreibung|zweck|hintergrund"
    r"|symptômes?|remarques?|exemples?|contexte"
)
_AT = r"when|triggers?|wann|auslöser|quand|déclencheurs?"
_KINDS = r"(?:\w+[ -])?(?:checks?|steps?|actions?)"

_BARE = _title(_DO, _CALLED)
_COMMANDS = _title(_CALLED)
_ASKED = _title(_DO, _MEND, _LOOK, _KINDS, r"rollback \w+")
_ASIDE = _title(_TELL)
_BEFOREHAND = _title(_BEFORE)
_TRIGGER = _title(_AT)
_LABEL = _title(
    _DO, _CALLED, _MEND, _LOOK, _TELL, _AT,
    r"(?:manual|automated|automatic|quick|initial|final|pre|post|pre-flight|health)[ -]?(?:checks?|steps?"
    r"|health checks?|actions?)",
    r"pre-?flight|post-?flight|prerequisites?|requirements?|preparation|voraussetzungen|vorbereitung|prérequis",
    r"before(?: you)?(?: begin| start(?:ing)?)?|afterwards?|then|finally|next|danach|ensuite",
    r"expected(?: output| results?)?|output|response|immediate actions?",
    r"communication(?: template)?|who|or|alternatively|optional(?:ly)?",
)  # fmt: skip
_RESULT = _title(
    r"(?:example |sample |expected )?(?:output|results?|response)|you should see.*",
    r".*(?:looks like this|should look like|will print|returns)",
)
_NAME = r"(?P<name>[^\W\d_](?:[^\W\d_]| ){1,24}?)"
_FIELD = re.compile(
    rf"^\s*[-*]?\s*(?:\*\*|__|_)?\s*{_NAME}\s*:?\s*(?:\*\*|__|_)?\s*:\s*(?:\*\*|__|_)?\s*(?P<value>\S.*)$"
)
_FIELD_TIGHT = re.compile(rf"^\s*(?:\*\*|__)\s*{_NAME}\s*:\s*(?:\*\*|__)\s*(?P<value>\S.*)$")


def is_label(title: str) -> bool:
    """Whether a title only says what kind of thing follows."""
    return bool(_LABEL.match(title.strip(" :.").strip()))


def is_bare(title: str) -> bool:
    """Whether a title says no more than that steps or commands follow, or nothing at all."""
    return not title or bool(_BARE.match(title))


def heads_commands(title: str) -> bool:
    """Whether the commands of the steps told before stand below."""
    return bool(_COMMANDS.match(title))


def asks(title: str) -> bool:
    """Whether what stands below is to be done, however it is worded."""
    return bool(_ASKED.match(title))


def asks_beforehand(title: str) -> bool:
    """Whether what stands below may be done before or after, or only be known."""
    return bool(_BEFOREHAND.match(title))


def is_aside(title: str) -> bool:
    """Whether what stands below tells of the matter and asks for nothing."""
    return bool(_ASIDE.match(title) or _TRIGGER.match(title))


def is_trigger(title: str) -> bool:
    """Whether what stands below says when it is to be done."""
    return bool(_TRIGGER.match(title))


def heads_output(title: str) -> bool:
    """Whether what stands below is what a command prints."""
    return bool(_RESULT.match(title))


def field_of(line: str) -> tuple[str, str]:
    """The name in small letters and the value of a line like `**Who**: the keeper`; empty for others."""
    match = _FIELD_TIGHT.match(line[:400]) or _FIELD.match(line[:400])
    return (match["name"].strip().lower(), match["value"]) if match else ("", "")
