"""Values as Go's fmt writes them: `%v` of a float is `1e+06`, a verb that does not fit says so in place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from console.alerts.templates.values import Data, Html, Moment, Result, Sample, Span, go_type

WIDEST = 10_000
"""Cells a width or digits a precision may ask for; Go's own limit is a million."""
_VERB = re.compile(r"%([-+# 0]*)(\*|[0-9]+)?(?:\.(\*|[0-9]*))?(?:\[([0-9]{1,4})\])?(.)?", re.DOTALL)
_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", '"': '\\"',
}  # fmt: skip


def shortest(value: float, verb: str = "g", precision: int | None = None) -> str:
    """A float as strconv.FormatFloat writes it; no precision: the fewest digits that read back the same."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if precision is not None:
        return _precise(value, verb, precision)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    figures = "".join(map(str, digits)).lstrip("0") or "0"
    power = int(exponent) + len(figures) - 1 if value else 0
    figures = figures.rstrip("0") or "0"
    minus = "-" if sign else ""
    if verb in "eE" or (verb in "gG" and (power < -4 or power >= 6)):
        return minus + _scientific(figures, power, "E" if verb in "EG" else "e")
    if power < 0:
        return f"{minus}0.{'0' * (-power - 1)}{figures}"
    if len(figures) <= power + 1:
        return minus + figures + "0" * (power + 1 - len(figures))
    return f"{minus}{figures[: power + 1]}.{figures[power + 1 :]}"


def _scientific(figures: str, power: int, letter: str) -> str:
    rest = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{figures[0]}{rest}{letter}{'-' if power < 0 else '+'}{abs(power):02d}"


def _precise(value: float, verb: str, precision: int) -> str:
    text = f"{value:.{precision}{verb}}"
    return text.replace("inf", "Inf").replace("nan", "NaN")


def quoted(text: str) -> str:
    """A string as `%q` has it."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(value: Any) -> str:
    """A value as `%v` writes it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case int() | str() | Moment() | Span():
            return str(value)
        case float():
            return shortest(value)
    return _inside(value, plain)


def printed(value: Any) -> str:
    """A value as an action prints it: a series without the sign of a pointer, nothing as `<no value>`."""
    return "<no value>" if value is None else plain(value).removeprefix("&")


def sprint(values: Sequence[Any]) -> str:
    """Go's Sprint: a space between two neighbours that are both no strings."""
    said = ""
    for place, value in enumerate(values):
        if place and not isinstance(value, str) and not isinstance(values[place - 1], str):
            said += " "
        said += plain(value)
    return said


def sprintf(pattern: str, values: Sequence[Any]) -> str:
    """Go's Sprintf, with widths and precisions from arguments (`*`) and arguments by number (`%[1]d`)."""
    place = 0
    ordered = True

    def one(match: re.Match[str]) -> str:
        nonlocal place, ordered
        flags, width, precision, number, verb = match.groups()
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        sizes: list[int | None] = []
        for size in (width, precision):
            if size == "*":
                given = values[place] if place < len(values) else None
                place += 1
                sizes.append(max(-WIDEST, min(given, WIDEST)) if type(given) is int else None)
            else:
                sizes.append(min(int(size), WIDEST) if size else None)
        if precision == "":
            sizes[1] = 0
        if number:
            place, ordered = int(number) - 1, False
        if not 0 <= place < len(values):
            return f"%!{verb}({'BADINDEX' if number else 'MISSING'})"
        place += 1
        return _formatted(verb, flags, sizes[0], sizes[1], values[place - 1])

    said = _VERB.sub(one, pattern)
    if ordered and place < len(values):
        extra = (f"{go_type(one)}={plain(one)}" if one is not None else "<nil>" for one in values[place:])
        said += f"%!(EXTRA {', '.join(extra)})"
    return said


def _formatted(verb: str, flags: str, width: int | None, precision: int | None, value: Any) -> str:
    if verb == "T":
        return _padded(go_type(value)[:precision], flags, width)
    if isinstance(value, (dict, Result, Sample, Data)):
        return _inside(value, lambda one: _formatted(verb, flags, width, precision, one))
    text = _verb(verb, flags, precision, value)
    if text is None:
        # the value keeps the width and precision that were meant for the verb
        what = (
            "<nil>"
            if value is None
            else f"{go_type(value)}={_formatted('v', flags, width, precision, value)}"
        )
        return f"%!{verb}({what})"
    return _padded(text, flags, width, zeros=not (isinstance(value, float) and not math.isfinite(value)))


def _inside(value: Any, each: Callable[[Any], str]) -> str:
    """What holds other values, with the verb applied to each of them."""
    match value:
        case dict():
            return f"map[{' '.join(f'{each(key)}:{each(value[key])}' for key in sorted(value))}]"
        case Result():
            return f"[{' '.join(map(each, value))}]"
        case Sample():
            return f"&{{{each(value.Labels)} {each(value.Value)}}}"
    fields = (value.Labels, value.ExternalLabels, value.ExternalURL, value.Value)
    return f"{{{' '.join(map(each, fields))}}}"


def _verb(verb: str, flags: str, precision: int | None, value: Any) -> str | None:
    match value:
        case None:
            return "<nil>" if verb == "v" else None
        case bool():
            return plain(value) if verb in "tv" else None
        case int():
            return _whole(verb, flags, precision, value)
        case float():
            return _float(verb, flags, precision, value)
        case str():
            return _string(verb, flags, precision, value)
        case Moment() | Span() if verb in "sv":
            return str(value)
        case _:
            return plain(value) if verb == "v" else None


def _whole(verb: str, flags: str, precision: int | None, value: int) -> str | None:
    bases = {"d": "d", "v": "d", "x": "x", "X": "X", "o": "o", "b": "b"}
    if verb in "cqU":
        char = chr(value) if 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
        return char if verb == "c" else f"'{char}'" if verb == "q" else f"U+{value:04X}"
    if verb not in bases:
        return None
    digits = format(abs(value), bases[verb])
    if precision is not None:
        digits = digits.rjust(precision, "0") if value or precision else ""
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
    return _sign(value < 0, flags) + prefix + digits


def _float(verb: str, flags: str, precision: int | None, value: float) -> str | None:
    if verb not in "vgGeEfF":
        return None
    if not math.isfinite(value):
        return ("+" if math.isnan(value) and "+" in flags and verb != "v" else "") + shortest(value)
    form = {"v": "g", "F": "f"}.get(verb, verb)
    if precision is None and form in "feE":
        precision = 6
    text = shortest(value, form, precision)
    return _sign(text.startswith("-"), "" if verb == "v" else flags) + text.lstrip("-")


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _string(verb: str, flags: str, precision: int | None, value: str) -> str | None:
    if precision is not None:
        value = value[:precision]
    if verb in "sv":
        return str(value)
    if verb == "q":
        return f"`{value}`" if "#" in flags and "`" not in value else quoted(value)
    if verb in "xX":
        data = value.encode("utf-8", "surrogatepass")
        form = data.hex(" ") if " " in flags else data.hex()
        return form.upper() if verb == "X" else form
    return None


def _padded(text: str, flags: str, width: int | None, zeros: bool = True) -> str:
    if width is None or len(text) >= abs(width):
        return text
    if "-" in flags or width < 0:
        return text.ljust(abs(width))
    if "0" in flags and zeros:
        sign = text[:1] if text[:1] in ("+", "-", " ") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def html(text: str) -> str:
    """Text with what HTML takes for itself escaped."""
    for char, name in (
        ("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("\0", "\ufffd")
    ):  # fmt: skip
        text = text.replace(char, name)
    return str(Html(text))
