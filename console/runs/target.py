"""What a run is locked to: host, cluster, engine, database and directory as they were at its start."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from console.config import Config
from console.secrets import redact_url
from console.text import clean

_CONTEXT = re.compile(r"^current-context:\s*[\"']?([^\"'\n#]+)", re.MULTILINE)
_SIZE = 1 << 20
"""Bytes of a cluster or engine configuration that are read; more is taken for a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where commands of a run go; empty: not set."""

    host: str = ""
    user: str = ""
    directory: str = ""
    kubernetes: str = ""
    """The current context of kubectl."""
    docker: str = ""
    """DOCKER_HOST or the current context of the engine's command line."""
    database: str = ""
    """What PG* variables, DATABASE_URL or the configuration name, without a password."""

    @property
    def name(self) -> str:
        """What is typed to confirm what is destructive: the most specific of what is aimed at."""
        return self.kubernetes or self.host

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Target:
        """A target out of what the journal has of it."""
        return cls(**{one.name: str(told.get(one.name, "")) for one in fields(cls)})

    @classmethod
    def capture(cls, config: Config, env: Mapping[str, str], directory: str = "") -> Target:
        """The target as it is now; reads the small files of kubectl and docker."""
        return cls(
            host=clean(socket.gethostname(), 120),
            user=clean(_user(), 80),
            directory=clean(directory or os.getcwd()),
            kubernetes=_kubernetes(env),
            docker=_docker(config, env),
            database=_database(config, env),
        )

    def drift(self, now: Target) -> tuple[str, ...]:
        """What has changed since, one phrase each: `kubernetes was prod-eu, is dev`."""
        before, after = asdict(self), asdict(now)
        return tuple(
            f"{field.name} was {before[field.name] or 'not set'}, is {after[field.name] or 'not set'}"
            for field in fields(self)
            if before[field.name] != after[field.name]
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _kubernetes(env: Mapping[str, str]) -> str:
    home = env.get("HOME", "/nonexistent")
    for path in (env.get("KUBECONFIG") or f"{home}/.kube/config").split(":"):
        if found := _CONTEXT.search(_text(path)):
            return clean(found[1].strip(), 200)
    return ""


def _docker(config: Config, env: Mapping[str, str]) -> str:
    if host := env.get("DOCKER_HOST"):
        return clean(redact_url(host), 200)
    if context := env.get("DOCKER_CONTEXT"):
        return clean(context, 200)
    directory = env.get("DOCKER_CONFIG") or f"{env.get('HOME', '/nonexistent')}/.docker"
    try:
        current = json.loads(_text(f"{directory}/config.json") or "{}").get("currentContext", "")
    except (ValueError, AttributeError):
        current = ""
    if current:
        return clean(str(current), 200)
    first = config.docker[0] if config.docker else None
    return clean(redact_url(first.host) or first.context, 200) if first else ""


def _database(config: Config, env: Mapping[str, str]) -> str:
    if config.postgres:
        return clean(redact_url(config.postgres[0].url), 300)
    words = [f"{name[2:].lower()}={env[name]}" for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGSERVICE")
             if env.get(name)]  # fmt: skip
    return clean(redact_url(env.get("DATABASE_URL", "")) or " ".join(words), 300)


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_SIZE).decode("utf-8", "replace")
    except OSError:
        return ""
