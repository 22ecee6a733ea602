"""The URL of one member of MongoDB, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from console.errors import UsageError
from console.secrets import redact_url
from console.text import clean

WANTED = 'write url = "mongodb://user@host:27017/"'
MECHANISMS = ("DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "MONGODB-X509")
"""Ways to sign in with what the URL names; others take this host's own credentials along."""
_SWITCHES = {"tls": "tls", "ssl": "tls", "tlsallowinvalidcertificates": "tlsAllowInvalidCertificates",
             "tlsallowinvalidhostnames": "tlsAllowInvalidHostnames"}  # fmt: skip
_TEXTS = {"authsource": "authSource", "authmechanism": "authMechanism", "tlscafile": "tlsCAFile",
          "tlscertificatekeyfile": "tlsCertificateKeyFile"}  # fmt: skip
_URL = re.compile(r"mongodb://(?:([^@/]*)@)?([^@/?]+)(?:/([^?]*))?(?:\?(.*))?", re.S)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """One member, and how it is signed in to."""

    host: str
    """A name, an address without brackets, or the path of a socket."""
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str | bool] = field(default_factory=dict)
    """As the library's client names them."""

    @property
    def where(self) -> str:
        """The member for people; never holds a secret."""
        if self.host.startswith("/"):
            return clean(self.host, 200)
        return clean(f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}", 200)

    @property
    def seed(self) -> str:
        """The member as the library takes it."""
        return f"mongodb://{quote(self.host, safe='')}" if self.host.startswith("/") else self.where


def parse(url: str) -> Address:
    """The address in a URL; options that only steer drivers are left out. Raises UsageError."""
    if url.lower().startswith("mongodb+srv://"):
        raise UsageError("mongodb+srv:// names a cluster, and a probe asks one member", WANTED)
    found = _URL.fullmatch(url.strip())
    if found is None:
        raise UsageError(f"{clean(redact_url(url), 80)!r} is no URL of MongoDB", WANTED)
    signed, hosts, database, query = (part or "" for part in found.groups())
    if "," in hosts:
        raise UsageError("the URL names several members", "write a [[probes.mongo]] for each of them")
    user, _, password = signed.partition(":")
    host, port = _host(hosts)
    options = dict(_options(query))
    if user and "authSource" not in options:
        options["authSource"] = unquote(database) or "admin"
    return Address(host, port, unquote(user), unquote(password), options)


def _host(text: str) -> tuple[str, int]:
    if text.lower().startswith("%2f"):
        return unquote(text), 27017
    found = _HOST.fullmatch(text)
    port = int(found[2] or 27017) if found else 0
    if found is None or not 0 < port < 65536:
        raise UsageError(f"{clean(text, 80)!r} is no host of MongoDB", WANTED)
    return found[1].strip("[]"), port


def _options(query: str) -> list[tuple[str, str | bool]]:
    kept: list[tuple[str, str | bool]] = []
    for name, value in parse_qsl(query):
        low = name.lower()
        if low in _SWITCHES:
            if value not in ("true", "false"):
                raise UsageError(f"{clean(name, 40)} of the URL is neither true nor false", "write =true")
            kept.append((_SWITCHES[low], value == "true"))
        elif low in _TEXTS:
            kept.append((_TEXTS[low], value))
    mechanism = dict(kept).get("authMechanism", "DEFAULT")
    if mechanism not in MECHANISMS:
        raise UsageError(
            f"authMechanism {clean(str(mechanism), 40)} is not used by probes",
            f"one of {', '.join(MECHANISMS)}",
        )
    return kept
