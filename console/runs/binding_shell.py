"""Values in shell text: each token becomes an expansion of the environment, quoted for where it stands.

The text is parsed with plain words in the tokens' places (`<name>` itself would read as redirections).
A value is never part of the text but where a second interpreter reads it, and then only when it is
made of harmless characters; were a place judged wrongly, the shell would still not run the value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from console.runs.binding import (
    MASK,
    Bound,
    Occurrence,
    Unbindable,
    environment,
    environment_name,
    is_harmless,
)
from console.runs.binding_json import escaped, fits_json
from console.runs.binding_places import Marked, Place

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_SETS = re.compile(r"[A-Za-z_]\w*\+?=", re.ASCII)
_LET_IN = "only letters, digits and _.,:/@%+=- are let in there"


def bind_shell(text: str, found: Sequence[Occurrence], values: Mapping[str, str]) -> Bound:
    """Shell text with its values by environment. Raises Unbindable, naming variable and reason."""
    env, secret = environment(found, values)
    hidden = set(secret)
    marked = Marked(text, found)
    runs: list[str] = []
    shown: list[str] = []
    at = 0
    for number, one in enumerate(found):
        place, variable = marked.place(number), one.variable
        name, value = environment_name(variable.name), values[variable.name]
        _refuse(place, one, value)
        if place.json == "text" and not place.reader:
            name, value = f"{name}_JSON", escaped(value)
            env[name] = value
            hidden |= {name} if variable.secret else set()
        before = text[at : one.start]
        runs += [before, _what_runs(place, one, name, value)]
        shown += [before, _as_typed(place.quoting, MASK if variable.secret else value, variable.token)]
        at = one.end
    return Bound(
        text="".join([*runs, text[at:]]),
        shown="".join([*shown, text[at:]]),
        env=env,
        secret=frozenset(hidden),
    )


def _refuse(place: Place, one: Occurrence, value: str) -> None:
    """Raise Unbindable for a value that would be more than itself in its place."""
    variable, reader = one.variable, place.reader
    if place.quoting == "comment":
        return
    if variable.token.startswith("$") and place.quoting in ("single", "quoted document"):
        return  # it stays as it is
    if place.number_only and not _NUMBER.fullmatch(value):
        raise Unbindable(f"{variable.name} is calculated with, so it must be a whole number", "give a number")
    if variable.secret and reader:
        reason = f"{variable.name} is secret, and {reader} would get it in its arguments or text"
        raise Unbindable(reason, "let the command read it from its environment")
    if reader and not (is_harmless(value) and not (place.assigns and _SETS.match(value))):
        reason = f"{variable.name} is read by {reader}, to which this value may mean more than itself"
        raise Unbindable(reason, _LET_IN)
    if ends := place.closing & set(value):
        reason = f"{variable.name} is read by {reader}, which takes {' '.join(sorted(ends))} for its end"
        raise Unbindable(reason, "divide the text with another character in the command")
    if place.splits and not is_harmless(value):
        reason = (
            f"{variable.name} is used without quotes later on, where the shell would divide it into words"
        )
        raise Unbindable(reason, f'write "${{...}}" in the command; {_LET_IN}')
    if place.escaped and place.quoting != "name":
        reason = f"{variable.name} stands behind a backslash, which would take its quotes away"
        raise Unbindable(reason, "take the backslash out of the command")
    if place.option and value.startswith("-"):
        reason = f"the value of {variable.name} begins with -, which its program would take for an option"
        raise Unbindable(reason, "put -- before it in the command, or give another value")
    if place.json == "value" and not fits_json(value):
        reason = f"{variable.name} stands in JSON without quotes"
        raise Unbindable(reason, "give a number, true, false or null")


def _what_runs(place: Place, one: Occurrence, name: str, value: str) -> str:
    """The text that stands in the token's place."""
    token = one.variable.token
    if place.quoting == "comment" or (
        token.startswith("$") and place.quoting in ("single", "quoted document")
    ):
        return token  # a program the text is for has it in its environment
    if place.quoting in ("quoted document", "name"):
        return value  # nothing is expanded there; harmless, as was seen above
    expansion = f"${{{name}}}"
    return {
        "double": expansion,
        "document": expansion,
        "single": f"'\"{expansion}\"'",
        "ansi": f"'\"{expansion}\"$'",
    }.get(place.quoting, f'"{expansion}"')


def _as_typed(quoting: str, value: str, token: str) -> str:
    """The value as a person would write it there."""
    if quoting == "comment" or value == MASK:
        return token if quoting == "comment" else value
    if quoting == "double":
        return re.sub(r'([\\"$`])', r"\\\1", value)
    if quoting == "single":
        return value.replace("'", "'\\''")
    return shlex.quote(value) if quoting == "bare" else value
