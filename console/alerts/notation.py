"""The notation of series in tests of rules: `up{job="api"}` and `1+2x10 _x3 stale -3`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.alerts.templates.lexing import TemplateError
from console.alerts.templates.parsing import unquoted
from console.metrics import Labels

LONGEST = 1_000_000
"""Values of one series that are read."""
STALE = object()
"""In a list of values: the series ends here."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|\'(?:[^\'\\\n]|\\[^\n])*\'|`[^`]*`')
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = r"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|nan)(?![a-zA-Z0-9_]))"
_ITEM = re.compile(
    rf"(?P<blank>_)(?:x(?P<blanks>[0-9]+))?|(?P<stale>stale)(?![a-zA-Z0-9_])"
    rf"|(?P<value>[+-]?{_NUMBER})(?:(?P<step>[+-]{_NUMBER})?x(?P<times>[0-9]+))?"
)


def read_series(text: str) -> tuple[Labels, list[float | object | None]]:
    """A series' labels, `__name__` among them, and its values: None for none. Raises ValueError."""
    labels, at = read_metric(text)
    rest = text[at:]
    if rest and not rest[0].isspace():
        raise ValueError(f'unexpected "{rest[:20]}" behind the series')
    return labels, list(_values(rest))


def read_metric(text: str) -> tuple[Labels, int]:
    """The labels of a series and where they end in the text. Raises ValueError."""
    at = _skip(text, 0)
    name = _NAME.match(text, at)
    labels: dict[str, str] = {}
    if name:
        labels["__name__"] = name.group()
        at = name.end()
    behind = _skip(text, at)
    if text[behind : behind + 1] == "{":
        at = _read_labels(text, behind + 1, labels)
    elif name is None:
        raise ValueError(f'"{text[at : at + 20]}" is no series; write name{{label="value"}}')
    return tuple(sorted((key, value) for key, value in labels.items() if value)), at


def _read_labels(text: str, at: int, labels: dict[str, str]) -> int:
    """Reads labels up to the closing brace; where it ends."""
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            return at + 1
        quoted = _TEXT.match(text, at)
        label = quoted or _LABEL.match(text, at)
        if label is None:
            raise ValueError(f'unexpected "{text[at : at + 20]}" among the labels')
        name = _text(label.group()) if quoted else label.group()
        at = _skip(text, label.end())
        if quoted and text[at : at + 1] in (",", "}"):
            if "__name__" in labels:
                raise ValueError(f'the name is given twice: "{labels["__name__"]}" and "{name}"')
            labels["__name__"] = name
        else:
            if text[at : at + 1] != "=" or text[at + 1 : at + 2] == "~":
                raise ValueError(f"the label {name} wants ={'' if at < len(text) else ', and the end came'}")
            value = _TEXT.match(text, _skip(text, at + 1))
            if value is None:
                raise ValueError(f"the label {name} wants a value in quotes")
            labels[name] = _text(value.group())
            at = _skip(text, value.end())
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "}":
            raise ValueError("the labels want a comma or a closing brace")


def _text(text: str) -> str:
    try:
        return unquoted(text, character=False)
    except TemplateError as error:
        raise ValueError(str(error)) from None


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _values(text: str) -> Iterator[float | object | None]:
    count = 0
    for word in text.split():
        if "{{" in word:
            raise ValueError("native histograms are not supported")
        match = _ITEM.fullmatch(word)
        if match is None:
            raise ValueError(f'"{word[:40]}" is no value; write 1, -3, 1+2x10, 1x5, _, _x3 or stale')
        count += 1 + int((match["times"] or match["blanks"] or "0")[:9])
        if count > LONGEST:
            raise ValueError(f"a series of more than {LONGEST} values")
        if match["blank"]:
            yield from [None] * int(match["blanks"] or 1)
        elif match["stale"]:
            yield STALE
        else:
            value, step = float(match["value"]), float(match["step"] or 0)
            for _ in range(int(match["times"] or 0) + 1):
                yield value
                value += step
