"""Tables of probes offered for what a guide names: text to copy into a configuration, no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import urlsplit

from console.secrets import holds_secret
from console.text import clean

MOST = 100
"""Offers made of one guide."""
LATE = 1.1
"""A backup may be as old as the longest pause of its schedule, and a tenth of it."""
_DATE = re.compile(r"%[YmdHMSjyFsT]|\d{4}[-_]?\d{2}[-_]?\d{2}(?:[-_T]?\d{2}[-_:]?\d{2}(?:[-_:]?\d{2})?)?")
_FILLED = re.compile(r"\$\([^)]*\)|`[^`]*`|\$\{\w+\}|\$\w+|<[^<>]+>|\{\{[^{}]+\}\}|\b(?:YYYY|MM|DD)\b")
_PORTS = {
    "smtp": 25,
    "imap": 143,
    "ftp": 21,
    "ssh": 22,
    "ldap": 389,
    "amqp": 5672,
    "redis": 6379,
    "nats": 4222,
}
_BACKUP = re.compile(
    r"\.(?:sql|dump|pgdump|tar|tgz|rdb|bak|backup|bson|archive)(?:\.(?:gz|zst|xz|bz2|gpg|age|enc))?$"
)


def endpoint(address: str, name: str = "") -> str:
    """A table for a URL or host:port; empty for what cannot be asked, or holds a placeholder or a secret.

    `https://` gives a page, whose certificate is judged with it; `mqtt://` a broker,
    `mongodb://` a member of MongoDB, other schemes a port.
    """
    address = address.strip()
    if not address.isprintable() or _FILLED.search(address) or holds_secret(address) or " " in address:
        return ""
    if "://" not in address:
        return _port(address, name)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or parts.username:
        return ""
    if parts.scheme in ("http", "https"):
        return _table("http", name, url=address)
    where = f"[{host}]" if ":" in host else host
    if parts.scheme in ("mqtt", "mqtts"):
        if parts.scheme == "mqtts":
            return _table("mqtt", name, address=f"{where}:{port or 8883}", tls=True)
        return _table("mqtt", name, address=f"{where}:{port or 1883}")
    if parts.scheme == "mongodb":
        tls = "/?tls=true" if re.search(r"\b(?:tls|ssl)=true\b", parts.query) else ""
        return _table("mongo", name, url=f"mongodb://{where}:{port or 27017}{tls}")
    known = port or _PORTS.get(parts.scheme)
    return _table("tcp", name, address=f"{where}:{known}") if known else ""


def _port(address: str, name: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})", address)
    if found is None or not 0 < int(found[2]) < 65536:
        return ""
    return _table("tcp", name, address=address)


def backup(path: str, name: str = "", schedule: str = "") -> str:
    """A table for the path of a backup, its dates and variables made a glob; empty for no absolute path.

    With the crontab schedule of its job, the age allowed is the longest pause of it and a tenth; else
    the default of a nightly one stands.
    """
    pattern = glob_of(path)
    if not pattern:
        return ""
    pause = longest_pause(schedule)
    if pause is None:
        return _table("backup", name, path=pattern)
    return _table("backup", name, path=pattern, max_age=_ages(pause))


def offers(
    endpoints: Iterable[tuple[str, str]] = (),
    backups: Iterable[tuple[str, str, str]] = (),
) -> str:
    """All tables for what was found, each once.

    Endpoints are (address, name), backups (path, name, schedule).
    """
    made = [
        *(endpoint(address, name) for address, name in endpoints),
        *(backup(path, name, schedule) for path, name, schedule in backups),
    ]
    return "\n".join(list(dict.fromkeys(one for one in made if one))[:MOST])


def is_backup(path: str) -> bool:
    """Whether a path looks like that of a backup, by its ending."""
    return path.startswith("/") and _BACKUP.search(path) is not None


def glob_of(path: str) -> str:
    """A path with its dates, substitutions and placeholders as `*`; empty without a certain directory."""
    path = path.strip().strip("\"'")
    if not path.startswith(("/", "~/")) or not path.isprintable():
        return ""
    pattern = re.sub(r"\*(?:[-_]?\*)+", "*", _DATE.sub("*", _FILLED.sub("*", path)))
    directory = pattern.rpartition("/")[0]
    return "" if "*" in directory.split("/")[1:2] or directory in ("", "~") or " " in pattern else pattern


def longest_pause(schedule: str) -> float | None:
    """The longest time between two runs of a crontab schedule, in seconds, of its next 60; None for none."""
    from cronsim import CronSim, CronSimError

    try:
        runs = CronSim(schedule, datetime(2026, 1, 1, tzinfo=UTC))
        times = [next(runs) for _ in range(60)]
    except (CronSimError, StopIteration):
        return None
    return max((later - sooner).total_seconds() for sooner, later in pairwise(times))


def _ages(pause: float) -> list[str]:
    hours = max(1, round(pause * LATE / 3600))
    return [f"{hours}h", f"{2 * hours}h"]


def _table(kind: str, name: str, **values: str | bool | Sequence[str]) -> str:
    lines = [f"[[probes.{kind}]]"]
    if name := clean(" ".join(name.split()), 80):
        lines.append(f"name = {_toml(name)}")
    lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml(value: str | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"[{', '.join(_toml(one) for one in value)}]"
