"""`opsconsole config`: every value in force, where it is from, and which files were looked at."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from console.layers import Loaded, rows
from console.report import columns, json_text, painter, toml
from console.text import clean


def show_config(loaded: Loaded, as_json: bool, env: Mapping[str, str]) -> int:
    """Print the configuration with its secrets redacted; the exit code."""
    values = list(rows(loaded))
    if as_json:
        document = {
            "files": [{"path": clean(str(file.path)), "state": file.state} for file in loaded.files],
            "values": {key: {"value": value, "origin": origin} for key, value, origin in values},
            "notes": loaded.notes,
        }
        print(json_text(document))
        return 0
    paint = painter(env)
    for file in loaded.files:
        print(paint(f"# {clean(str(file.path))}: {file.state}", "dim"))
    shown = [(clean(key), f"= {clean(toml(value))}", f"# {origin}") for key, value, origin in values]
    for line, (_, _, origin) in zip(columns(shown, " "), values, strict=True):
        print(paint(line, "dim") if origin == "default" else line)
    for note in loaded.notes:
        print(f"opsconsole: note: {note}", file=sys.stderr)
    return 0
