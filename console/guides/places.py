"""Where guides usually lie; loads nothing of what reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

DEPTH, FOLDERS = 6, 2_000
"""How far below `docs` is looked, and in how many directories."""
_HERE = re.compile(r"^(?:operations|runbook)\.md$", re.IGNORECASE)
_DOCS = re.compile(r"^(?:operations|runbook).*\.md$", re.IGNORECASE)


def usual_places(directory: Path) -> Iterator[Path]:
    """OPERATIONS.md and RUNBOOK.md here, operations*.md and runbook*.md anywhere under docs; any case."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    yield from (Path(entry.path) for entry in entries if _HERE.match(entry.name) and entry.is_file())
    seen = 0
    for entry in entries:
        if entry.name.lower() != "docs" or not entry.is_dir():
            continue
        for folder, folders, files in os.walk(entry.path):
            seen += 1
            depth = Path(folder).relative_to(entry.path).parts
            folders[:] = (
                []
                if len(depth) >= DEPTH or seen > FOLDERS
                else sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
            )
            yield from (Path(folder) / name for name in sorted(files) if _DOCS.match(name))
