"""The command `opsconsole guide lint`: guides checked, for people, for scripts, and by exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from console.config import Config
from console.errors import UsageError
from console.guides.lint import Level, Problem, check_file
from console.report import Paint, json_text, painter
from console.text import clean
from console.units import counted

TONES = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: "dim"}
AGAIN = 6
"""Further lines with the same finding that are named."""
ASKED = 2.0
"""Seconds a PostgreSQL has to tell its version."""


def lint(config: Config, options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Check guides and print the findings: 1 when any is more than a note, else 0. Raises UsageError."""
    paths = [Path(name) for name in options["files"]] or _usual(config)
    version = asyncio.run(postgres_version(config, env))
    found = {str(path): check_file(path, version) for path in paths}
    if options["json"]:
        print(json_text({"postgres": version, "guides": [_document(*one) for one in found.items()]}))
    else:
        for line in _lines(found, painter(env)):
            print(line)
    return int(any(one.level is not Level.NOTE for some in found.values() for one in some))


def _usual(config: Config) -> list[Path]:
    from console.guides.library import Library

    paths = [Path(guide.path) for guide in Library(config).guides()]
    if not paths:
        raise UsageError("no guide was found", "name a Markdown file")
    return paths


def _document(path: str, problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "path": path,
        "problems": [
            {"line": one.line, "rule": one.rule, "severity": one.level.value, "reason": one.reason,
             "suggestion": one.suggestion}
            for one in problems
        ],
    }  # fmt: skip


def _lines(found: Mapping[str, Sequence[Problem]], paint: Paint) -> Sequence[str]:
    lines: list[str] = []
    for path, problems in found.items():
        again: dict[tuple[str, str], list[int]] = {}
        for one in problems:
            again.setdefault((one.rule, one.reason), []).append(one.line)
        for one in problems:
            first, *others = again[(one.rule, one.reason)]
            if one.line == first:
                mends = paint(f"  ({one.suggestion})", "dim") if one.suggestion else ""
                level = paint(one.level.value, TONES[one.level])
                said = f"{clean(path)}:{one.line}: {level} {one.rule}: {one.reason}{mends}"
                lines.append(said + paint(_again(others), "dim"))
    counts = [
        counted(sum(one.level is level for some in found.values() for one in some), level.value)
        for level in Level
    ]
    return [*lines, f"{counted(len(found), 'guide')}: {', '.join(counts)}"]


def _again(lines: Sequence[int]) -> str:
    """Where the same is found again: a guide that says `docker-compose` says it forty times."""
    if not lines:
        return ""
    more = f" and {len(lines) - AGAIN} more" if len(lines) > AGAIN else ""
    word = "line" if len(lines) == 1 else "lines"
    return f"; again in {word} {', '.join(map(str, lines[:AGAIN]))}{more}"


async def postgres_version(config: Config, env: Mapping[str, str]) -> int | None:
    """The major version of the first PostgreSQL that answers in time; None when none does."""
    import msgspec

    from console.collector import Collector
    from console.discovery import discover

    sources = discover(msgspec.structs.replace(config, sources=("postgres",)), env).sources
    collector = Collector(sources)
    try:
        async with asyncio.timeout(ASKED):
            await collector.once()
    except TimeoutError:
        pass  # whoever has answered by now has
    finally:
        await collector.stop()
    for feed in collector.feeds.values():
        if feed.snapshot is not None:
            return int(feed.snapshot.server.major)
    return None
