"""An object as the API has it, as YAML whose secrets are masked."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import msgspec

from console.errors import Refused
from console.secrets import MASK, names_secret, redact, redact_words
from console.sources.kubernetes.kinds import KINDS, Kind
from console.sources.kubernetes.model import Key
from console.text import clean

LONGEST = 20_000
"""Characters of one text."""
DEEPEST = 40
_NOISE = ("managedFields",)
"""What says nothing of the object, and fills a screen."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""An annotation that holds the whole object once more, secrets included."""


def path_of(key: Key) -> str:
    """Where the API has an object. Raises Refused for a kind that is not read here."""
    kind = _kind(key.kind)
    within = f"/namespaces/{quote(key.namespace, safe='')}" if kind.namespaced else ""
    return f"{kind.path}{within}/{kind.resource}/{quote(key.name, safe='')}"


def resource_of(key: Key) -> str:
    """The resource that rights are given for: `pods`."""
    return _kind(key.kind).resource


def yaml_of(data: bytes) -> tuple[str, ...]:
    """The lines of an answer of the API as YAML. Raises Refused where it is no object."""
    import yaml  # comes with the client

    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"the answer cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise Refused("the answer is no object")
    shown = _shown(found)
    text: str = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000)
    return tuple(clean(line, LONGEST) for line in text.splitlines())


def _kind(name: str) -> Kind:
    low = name.lower()
    for kind in KINDS:
        singular = kind.resource.removesuffix("es") if kind.resource.endswith("sses") else kind.resource[:-1]
        if low == singular:
            return kind
    raise Refused(f"objects of the kind {name} are not read here")


def _shown(value: Any, depth: int = 0) -> Any:
    """A value as it may be shown; of a secret its data are masked."""
    if depth > DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {
            clean(str(name), 300): _entry(str(name), one, value, depth)
            for name, one in value.items()
            if name not in _NOISE
        }
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            return [clean(word, LONGEST) for word in redact_words(value)]
        return [_shown(one, depth + 1) for one in value]
    return clean(_text(value, depth), LONGEST) if isinstance(value, str) else value


def _entry(name: str, value: Any, around: dict[str, Any], depth: int) -> Any:
    if name == _APPLIED or (name in ("data", "stringData") and around.get("kind") == "Secret"):
        return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK
    if isinstance(value, str) and value:
        # an entry of `env`, a header of a probe: its name says whether its value is secret
        title = str(around.get("name", "")) if name == "value" else name
        if name == "value" and _keeps_secret(title, value):
            return MASK
        if name != "value" and names_secret(name) and not _POINTS.search(name):
            return MASK
    return _shown(value, depth + 1)


def _text(value: str, depth: int) -> str:
    """A text that may be an object once more, as tools keep theirs in annotations."""
    if value[:1] in ("{", "["):
        try:
            return msgspec.json.encode(_shown(msgspec.json.decode(value), depth + 1)).decode()
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass
    return redact(value)


def _keeps_secret(title: str, value: str) -> bool:
    """Whether the name of a variable or header says that this value is secret."""
    words = [word.lower() for word in _WORD.findall(title)]
    if not words or (words[-1] in _MEASURES and _MEASURE.fullmatch(value)):
        return False
    if names_secret(title) or words[-1] == "key" or words[-1].endswith("pass"):
        return True
    if not _ADDRESSES.isdisjoint(words):
        return redact(value) == value  # where it is known what of it is secret, the rest may be read
    return not _SECRETS.isdisjoint(words)


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRETS = frozenset({"auth", "authorization", "cookie", "creds", "salt", "signature", "pin", "otp"})
_ADDRESSES = frozenset({"dsn", "webhook"})
_MEASURES = frozenset(
    {"ttl", "timeout", "seconds", "minutes", "hours", "days", "age", "length", "size", "limit"}
)
_MEASURE = re.compile(r"\d{1,9}(?:ms|[smhdw])?")
_POINTS = re.compile(r"(?:^secret|[a-z](?:Name|Namespace|Ref|Class|Seconds|Path|Type))$")
"""Fields that name a secret, or say something of one, and hold none."""
