"""When something is due as people write it: cadence, time of day, crontab lines, and how long it takes."""

from __future__ import annotations

import re

_ENDING = r"(?:e[nrsm]?)?"
_CADENCES = (
    ("hourly", r"hourly|every hour|each hour|every \d+ minutes|stündlich" + _ENDING + r"|toutes les heures"),
    (
        "quarterly",
        r"quarterly|quarter|every (?:3|three) months|vierteljährlich" + _ENDING + r"|quartalsweise"
        r"|trimestriel(?:le)?s?",
    ),
    (
        "monthly",
        r"monthly|every month|each month|(?:1st|first) of (?:the |each |every )?month|month[ -]end"
        r"|monatlich" + _ENDING + r"|mensuel(?:le)?s?|tous les mois",
    ),
    (
        "weekly",
        r"weekly|every week|each week|(?:every |on )?(?:sun|mon|tues|wednes|thurs|fri|satur)days?"
        r"|wöchentlich"
        + _ENDING
        + r"|jede woche|jeden (?:mon|diens|donners|frei|sams|sonn)tag|hebdomadaires?"
        r"|chaque (?:semaine|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)",
    ),
    (
        "yearly",
        r"yearly|annually|annual|every year|each year|once a year|jährlich" + _ENDING + r"|annuel(?:le)?s?",
    ),
    (
        "daily",
        r"daily|every ?day|each day|nightly|every night|every morning|twice a day|each morning"
        r"|täglich"
        + _ENDING
        + r"|jeden tag|jeden morgen|quotidien(?:ne)?s?|tous les jours|chaque (?:jour|matin)",
    ),
)
_DAYPARTS = (
    r"morning|midday|noon|afternoon|evening|start[ -]of[ -](?:day|shift)|end[ -]of[ -](?:day|shift)"
    r"|morgen\w*|abend\w*|schicht(?:beginn|ende)|matin(?:ale?s?)?|soir(?:ée)?"
)
_CADENCE = [(name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _CADENCES]
_DAYPART = re.compile(rf"\b(?:{_DAYPARTS})\b", re.IGNORECASE)
_FOREIGN_CADENCE = re.compile(
    r"\b(?:bi-?weekly|fortnightly|bi-?monthly|semi-?annual\w*|halbjährlich\w*|zweiwöchentlich\w*|semestriel\w*)\b",
    re.IGNORECASE,
)

_TWELVE = re.compile(r"\b(1[0-2]|0?[1-9])(?:[:.h]([0-5]\d))?\s?([ap])\.?m\b", re.IGNORECASE)
_TWENTY_FOUR = re.compile(r"(?<![\d:.])([01]?\d|2[0-3])[:h]([0-5]\d)(?![\d:]| ?[ap]\.?m\b)", re.IGNORECASE)
_UHR = re.compile(r"\b([01]?\d|2[0-3])(?:[:.]([0-5]\d))?\s?Uhr\b", re.IGNORECASE)
_NAMED = re.compile(r"\bat (noon|midnight)\b", re.IGNORECASE)

_FIELD = r"(?:\*|\d{1,2}(?:-\d{1,2})?)(?:/\d{1,2})?(?:,(?:\*|\d{1,2}(?:-\d{1,2})?)(?:/\d{1,2})?){0,60}"
_MONTH = rf"(?:{_FIELD}|[A-Za-z]{{3}}(?:[-,][A-Za-z]{{3}}){{0,12}})"
_DAY = rf"(?:{_FIELD}|[A-Za-z]{{3}}(?:[-,][A-Za-z]{{3}}){{0,7}})(?:#\d|L)?"
_CRON = re.compile(
    rf"^\s*((?:{_FIELD}\s+){{2}}{_FIELD}\s+{_MONTH}\s+{_DAY}|@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly))"
    r"(?:\s+(\S.*))?$"
)
_UNIT = (
    r"(?P<unit>seconds?|secs?|sekunden?|secondes?|s|minutes?|minuten|mins?|m"
    r"|hours?|hrs?|stunden?|std|heures?|h)"
)
_DURATION = re.compile(
    rf"(?:\(\s*|\b(?:takes?|for|about|approx\.?|approximately|around|duration:?|time:?)\s+|[~≈]\s?)"
    rf"(?:(?:about|approx\.?|approximately|around|up to|takes?|est\.?|estimated(?: time)?:?|max\.?|[~≈])\s?)*"
    rf"(?:(?P<low>\d{{1,4}}(?:\.\d)?)\s?(?:-|–|to)\s?)?"
    rf"(?P<value>\d{{1,4}}(?:\.\d)?)[ -]?{_UNIT}\b",
    re.IGNORECASE,
)
_SCALE = {"s": 1.0, "m": 60.0, "h": 3600.0, "st": 3600.0}


def cadence(text: str, *, dayparts: bool = True) -> str:
    """How often, by the words of a heading: hourly, daily, weekly, monthly, quarterly, yearly; else empty.

    A part of the day means daily, unless `dayparts` is off.
    """
    if _FOREIGN_CADENCE.search(text):
        return ""
    for name, pattern in _CADENCE:
        if pattern.search(text):
            return name
    return "daily" if dayparts and _DAYPART.search(text) else ""


def due(text: str) -> str:
    """The first time of day in a text as `HH:MM`; empty for none."""
    if match := _TWELVE.search(text):
        hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0)
        return f"{hour:02}:{match[2] or '00'}"
    if match := _TWENTY_FOUR.search(text):
        return f"{int(match[1]):02}:{match[2]}"
    if match := _UHR.search(text):
        return f"{int(match[1]):02}:{match[2] or '00'}"
    if match := _NAMED.search(text):
        return "12:00" if match[1].lower() == "noon" else "00:00"
    return ""


def crontab(line: str) -> tuple[str, str] | None:
    """The schedule of a crontab line in its five fields, or its `@` word, and the command; None for others.

    Five fields alone count only when one of them is a star.
    """
    match = _CRON.match(line[:400])
    if match is None:
        return None
    schedule = " ".join(match[1].split())
    if match[2] is None and "*" not in schedule:
        return None
    if "*" not in schedule and not schedule.startswith("@") and not re.match(r"[\w./~$\"'({\[]", match[2]):
        return None
    return schedule, match[2] or ""


def duration(text: str) -> float | None:
    """Seconds a writer says something takes: `(5 minutes)`, `for 15 min`, `~2 h`; of a range the longer.

    Ranges of hours are windows of an incident, not work, and give None.
    """
    match = _DURATION.search(text[:400])
    if match is None:
        return None
    unit = match["unit"].lower()
    scale = _SCALE[unit[:2] if unit.startswith("st") else unit[0]]
    return None if match["low"] and scale == _SCALE["h"] else float(match["value"]) * scale
