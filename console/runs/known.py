"""Secrets that are known before anything runs: of the configuration and of the environment."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from console.config import Config
from console.secret_shapes import ORDINARY, shapes
from console.secrets import names_secret


def known_secrets(config: Config, env: Mapping[str, str]) -> list[str]:
    """Passwords in addresses of the configuration and of the environment, and what its variables hide."""
    found = [
        password
        for url in [*(one.url for one in config.postgres), *(one.url for one in config.redis), *env.values()]
        for password in passwords(url)
    ]
    found += [value for name, value in env.items() if _is_secret(name, value)]
    return list(dict.fromkeys(found))


def secret_names(env: Mapping[str, str]) -> frozenset[str]:
    """The variables of an environment that hold a secret, or an address with a password in it."""
    return frozenset(
        name
        for name, value in env.items()
        if name.isascii() and name.isidentifier() and (_is_secret(name, value) or next(passwords(value), ""))
    )


def passwords(url: str) -> Iterator[str]:
    """The password in a URL or connection string, as written and as it is.

    One that equals the user's name hides nothing, and would make every line that names the user
    unreadable.
    """
    for match in re.finditer(r"://([^\s:@/?#]*):(\S{1,512})@", url):
        if match[1] != match[2] and not shapes().placeholder.fullmatch(match[2]):
            yield from _both(match[2])
    for match in re.finditer(
        r"(?:password|passwd)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&']+))", url, re.IGNORECASE
    ):
        value = re.sub(r"\\(.)", r"\1", match[1]) if match[1] else match[2] or ""
        if not shapes().placeholder.fullmatch(value):
            yield from _both(value)


def _both(value: str) -> Iterator[str]:
    yield value
    if "%" in value:
        yield unquote(value)


def _is_secret(name: str, value: str) -> bool:
    """Whether a variable holds a secret: named like one, and no path, number or plain word."""
    if not value or not names_secret(name):
        return False
    upper = name.upper()
    if upper.endswith(("_FILE", "_PATH", "_DIR", "_COMMAND", "_CMD")) or upper in ("PWD", "OLDPWD"):
        return False
    if value.lower() in ORDINARY or (value.isdecimal() and len(value) < 6):
        return False
    return not (value.startswith(("/", "~/")) and os.path.lexists(os.path.expanduser(value)))
