"""The rule files and rule tests beside this, by what promtool says of them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent / "rules"
VERDICTS = {
    "passing": ("test", 0), "failing": ("test", 1), "broken": ("test", 1),
    "good": ("check", 0), "bad": ("check", 1),
}  # fmt: skip
"""Folder, what is done with its files, and the exit code each gives alone."""


def files(folder: str) -> list[Path]:
    """The files of a folder, without the rules that its tests read."""
    return sorted(path for path in (HERE / folder).glob("*.yml") if not path.name.endswith(".rules.yml"))


def every() -> list[Path]:
    """All of them."""
    return [path for folder in VERDICTS for path in files(folder)]
