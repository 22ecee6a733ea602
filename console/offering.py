"""`opsconsole guide probes`: what the guides name and nothing watches yet, as tables to copy."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from console.config import Config
from console.errors import UsageError
from console.guides.library import Library
from console.guides.model import Guide, Procedure
from console.guides.reading import read_guide
from console.sources.health.offers import glob_of, is_backup, offers

_PATH = re.compile(r"(?<![\w:/.])~?/(?:\$\([^)]*\)|\$\{\w+\}|[^\s'\"`;|&()<>{}])+")


def guide_probes(config: Config, files: Sequence[str]) -> int:
    """Print the tables for these guides, or for those that are found. Raises UsageError without any."""
    library = Library(config)
    guides = [read_guide(Path(file)) for file in files] if files else library.guides()
    if not guides:
        raise UsageError("there is no guide here", "name one: opsconsole guide probes OPERATIONS.md")
    text = tables(guides, config)
    if text:
        print(text)
    else:
        print("opsconsole: the guides name nothing that a probe could watch", file=sys.stderr)
    return 0


def tables(guides: Sequence[Guide], config: Config) -> str:
    """TOML for what the guides name, without what is configured already; offered, never assumed."""
    there = {one.url for one in config.probes.http} | {one.url for one in config.probes.scrape}
    there |= {one.path for one in config.probes.backup}
    endpoints = [(link.url, "") for guide in guides for link in guide.links if link.kind == "endpoint"]
    backups = [found for guide in guides for one in guide.procedures for found in _backups(one)]
    return offers(
        [(url, name) for url, name in endpoints if url not in there],
        [(path, name, schedule) for path, name, schedule in backups if glob_of(path) not in there],
    )


def _backups(procedure: Procedure) -> Iterator[tuple[str, str, str]]:
    """Paths in a procedure's commands that look like backups, and when they should be made."""
    schedule = procedure.cron[0] if procedure.cron else ""
    for step in procedure.steps:
        for path in _PATH.findall(step.command):
            if is_backup(path):
                yield path, "", schedule
