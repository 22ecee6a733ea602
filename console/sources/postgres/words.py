"""What libpq's connection parameters may say, told before anything is opened: the cause is still known."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from console.errors import Refused

FILE_LIMIT = 1_000_000
"""Bytes a service or password file may have."""
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}


def check(words: Mapping[str, str], hosts: Iterable[tuple[str, int]]) -> None:
    """Raise Refused for a value that can never be right; it is repeated only where it is no secret."""
    for key, choices in _CHOICES.items():
        value = words.get(key)
        if value and value not in choices:
            raise Refused(
                f"{key} of the PostgreSQL address is {value!r}", f"write one of {', '.join(choices)}"
            )
    for key, value in words.items():
        if not _can_be_sent(value):
            raise Refused(
                f"{key} of the PostgreSQL address holds a NUL or a byte that is not UTF-8",
                "mend it: special characters are written %XX",
            )
    for host, port in hosts:
        if not 0 < port < 65536:
            raise Refused("the port of the PostgreSQL address is out of range", "write one of 1 to 65535")
        if "\0" in host or not (host.startswith("/") or is_host(host)):
            raise Refused(f"{host[:80]!r} cannot be a host's name", "mend the host in the URL or PGHOST")


def is_host(name: str) -> bool:
    """Whether a host may bear the name: what cannot be asked of a name server raises no OSError there."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return "\0" not in name


def _can_be_sent(value: str) -> bool:
    try:
        return b"\0" not in value.encode()
    except UnicodeError:  # a stray byte of the environment
        return False


def check_files(words: Mapping[str, str]) -> None:
    """Raise Refused for a file of TLS that is to be loaded and cannot be: the libraries do not say which."""
    mode = words.get("sslmode", "prefer")
    checked = mode in ("require", "verify-ca", "verify-full")  # else nobody looks at the server's certificate
    keys = ("sslrootcert", "sslcrl") if checked else ()
    for key in (*keys, *(() if mode == "disable" else ("sslcert", "sslkey"))):
        if words.get(key) and (why := unreadable(words[key])):
            raise Refused(f"{key} names {words[key]}: {why}", f"mend {key} in the URL or PG{key.upper()}")


def unreadable(path: str | Path) -> str:
    """Why a file cannot be loaded; empty when it can. A pipe or a device would hold its reader up."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "no ordinary file"
    except OSError as error:
        return error.strerror or "no such file"
    except ValueError:
        return "no such file"  # a NUL in its name
    return "" if os.access(path, os.R_OK) else "no permission to read it"


def read_small(path: Path) -> str:
    """The text of an ordinary file. Raises FileNotFoundError, or Refused when it is not one to be read."""
    if why := unreadable(path):
        if not path.exists():
            raise FileNotFoundError(path)
        raise Refused(f"{path}: {why}", "mend it, or name another")
    with path.open("rb") as file:
        content = file.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise Refused(f"{path} is larger than {FILE_LIMIT // 1_000_000} MB", "name another file")
    return content.decode(errors="replace")
