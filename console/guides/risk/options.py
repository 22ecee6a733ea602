"""Looking for options among words, on the safe side: an abbreviation or a cluster counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from console.guides.model import Risk
from console.guides.shell import Word

Values = Sequence[str | None]
Rule = Callable[[Sequence[Word]], Risk]
"""The risk of a program by the words behind its name."""


def values_of(words: Sequence[Word]) -> list[str | None]:
    """The words' certain values."""
    return [word.value for word in words]


def raised(words: Sequence[Word], table: Mapping[str, Risk]) -> Risk:
    """The highest risk among the options given; UNKNOWN where a word may be an option and nobody knows."""
    risk = Risk.READ
    if not table:
        return risk
    for word in words:
        if word.value == "--":
            break
        if word.value is None and may_be_option(word):
            risk = max(risk, Risk.UNKNOWN)
        text = word.prefix if word.value is None else word.value
        if text.startswith("-") and len(text) > 1:
            found = max(
                (level for names, level in table.items() if matches(text, names.split())), default=risk
            )
            risk = max(risk, found)
    return risk


def may_be_option(word: Word) -> bool:
    """Whether an uncertain word may turn out to be an option of unknown meaning."""
    if word.value is not None or "=" in word.prefix:
        return False
    return not word.prefix or word.prefix.startswith("-")


def matches(word: str, names: Iterable[str]) -> bool:
    """Whether a word is one of these options: by itself, abbreviated, among several, or with its value."""
    given = word.partition("=")[0]
    for name in names:
        if given == name or given == f"-{name}":
            return True
        if name.startswith("--"):
            if len(given) > 3 and name.startswith(given):
                return True
        elif len(name) == 2 and not word.startswith("--") and name[1] in word[1:]:
            return True
    return False


def has(values: Values, *names: str) -> bool:
    """Whether one of these options is given."""
    return any(value is not None and value.startswith("-") and matches(value, names) for value in values)


def uncertain(words: Sequence[Word]) -> bool:
    """Whether a word may be an option that nobody knows yet."""
    return any(may_be_option(word) for word in words)


def operands(values: Values, valued: str = "", long: tuple[str, ...] = ()) -> list[str | None]:
    """The words that are no options; `valued` short options and `long` ones have a value of their own."""
    found: list[str | None] = []
    at, ended = 0, False
    while at < len(values):
        value = values[at]
        at += 1
        if ended or value is None or value == "-" or not value.startswith("-"):
            found.append(value)
        elif value == "--":
            ended = True
        elif value.startswith("--"):
            at += "=" not in value and value[2:] in long
        else:
            letter = next((place for place, sign in enumerate(value[1:], start=2) if sign in valued), 0)
            at += letter == len(value)
    return found


def value_of(values: Values, *names: str) -> list[str | None]:
    """What stands behind an option, each time it is given: `-c X`, `-cX`, `--command=X`, `--command X`."""
    found: list[str | None] = []
    for at, value in enumerate(values):
        if value is None:
            continue
        for name in names:
            if value == name:
                found.append(values[at + 1] if at + 1 < len(values) else None)
            elif name.startswith("--"):
                if value.startswith(f"{name}="):
                    found.append(value[len(name) + 1 :])
            elif value.startswith(name) and not value.startswith("--"):
                found.append(value[len(name) :])
    return found
