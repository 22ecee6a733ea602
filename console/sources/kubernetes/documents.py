"""An object as the API has it, as YAML whose secrets are masked."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from console.errors import Refused
from console.secrets import MASK, names_secret, redact, redact_arguments
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
    shown = _shown(found, secret=found.get("kind") == "Secret")
    text: str = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000)
    return tuple(clean(line, LONGEST) for line in text.splitlines())


def _kind(name: str) -> Kind:
    low = name.lower()
    for kind in KINDS:
        singular = kind.resource.removesuffix("es") if kind.resource.endswith("sses") else kind.resource[:-1]
        if low == singular:
            return kind
    raise Refused(f"objects of the kind {name} are not read here")


def _shown(value: Any, secret: bool = False, depth: int = 0) -> Any:
    """A value as it may be shown; of a `secret` one the data are masked."""
    if depth > DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {
            clean(str(name), 300): _entry(str(name), one, value, secret, depth)
            for name, one in value.items()
            if name not in _NOISE
        }
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            told = redact_arguments(value)  # an option and its secret may be two words
            return clean(told, LONGEST) if MASK in told else [clean(word, LONGEST) for word in value]
        return [_shown(one, secret, depth + 1) for one in value]
    return clean(redact(value), LONGEST) if isinstance(value, str) else value


def _entry(name: str, value: Any, around: dict[str, Any], secret: bool, depth: int) -> Any:
    if name == _APPLIED or (secret and name in ("data", "stringData")):
        return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK
    if isinstance(value, str) and value:
        # an entry of `env`: its name says whether its value is secret
        if name == "value" and names_secret(str(around.get("name", ""))):
            return MASK
        if names_secret(name) and name not in _NAMES:
            return MASK
    return _shown(value, secret, depth + 1)


_NAMES = frozenset({"secretName", "secret", "secretRef", "tokenExpirationSeconds", "serviceAccountName"})
"""Fields that name a secret and hold none."""
