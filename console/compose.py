"""The compose project of a directory, named as docker compose names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from console.text import clean

FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names docker compose looks for, in its order, in a directory and then in those above it."""
_SIZE_LIMIT = 1 << 20
_NAME = re.compile(r"""^name:\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#][^#\n]*?))\s*(?:#.*)?$""", re.MULTILINE)


def project(directory: Path, env: Mapping[str, str]) -> str:
    """The project whose containers belong to a directory; empty where there is no compose file.

    The order is compose's own: COMPOSE_PROJECT_NAME, the same in `.env`, `name:` of the file, the
    name of the directory the file is in.
    """
    if named := env.get("COMPOSE_PROJECT_NAME"):
        return _normal(named)
    file = compose_file(directory, env)
    if file is None:
        return ""
    variables = _variables(file.parent / ".env")
    name = variables.get("COMPOSE_PROJECT_NAME") or _stated(file, {**variables, **env})
    return _normal(name or file.parent.name)


def compose_file(directory: Path, env: Mapping[str, str]) -> Path | None:
    """The compose file that governs a directory: COMPOSE_FILE, else the nearest one upwards."""
    if stated := env.get("COMPOSE_FILE"):
        first = directory / stated.split(env.get("COMPOSE_PATH_SEPARATOR") or ":")[0]
        return first if first.is_file() else None
    try:
        directory = directory.absolute()
    except FileNotFoundError:
        return None  # the current directory was removed under us
    for place in (directory, *directory.parents):
        for name in FILES:
            try:
                if (place / name).is_file():
                    return place / name
            except OSError:
                return None  # a directory above that may not be looked into ends the search
    return None


def _stated(file: Path, variables: Mapping[str, str]) -> str:
    """The top-level `name:` of a compose file; YAML proper is not needed for one plain line."""
    match = _NAME.search(_text(file))
    if match is None:
        return ""
    value = match[1] or match[2] or match[3] or ""
    return re.sub(
        r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)",
        lambda found: variables.get(found[1] or found[3]) or found[2] or "",
        value,
    )


def _variables(file: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _text(file).splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, equals, value in pairs if equals}


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_SIZE_LIMIT).decode("utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        return ""


def _normal(name: str) -> str:
    """Lower case letters, digits, dashes and underscores, beginning with a letter or digit."""
    return clean(re.sub(r"[^-_a-z0-9]", "", name.lower()).lstrip("-_"), 200)
