"""Which paths patterns name, beside the standard library's own reading of them, and where they end."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest

from console.errors import TooWide
from console.files import matching, named_below

PATTERNS = (
    "*", "*.log", "a/*.log", "**/*.log", "a/**/*.log", "**/b/*.log", "**/b/**/*.log", "**/**/*.log", "a/**/",
    "**/.hidden", "**/.x/*", "[ab]/**/?.log", "a/b/1.log", "none/**/*.log", "./**/*.log", "**/[[]*",
    "a/../**/1.log",
)  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "1.log",
        "a/1.log",
        "a/b/1.log",
        "a/b/2.txt",
        "b/c/1.log",
        ".x/1.log",
        "a/.hidden",
        "[odd]/1.log",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("absolute", [False, True])
def test_a_pattern_names_what_it_names_for_the_standard_library(
    tree: Path, pattern: str, absolute: bool
) -> None:
    pattern = os.path.join(glob.escape(str(tree)), pattern) if absolute else pattern
    found = list(matching(pattern))
    assert sorted(found) == sorted(set(glob.glob(pattern, recursive=True)))
    assert len(found) == len(set(found))


def test_links_to_directories_above_are_no_endless_way(tree: Path) -> None:
    for number in range(4):  # the standard library goes round these until the name is too long
        (tree / "a" / f"up{number}").symlink_to(tree)
    assert sorted(matching("**/1.log")) == ["1.log", "[odd]/1.log", "a/1.log", "a/b/1.log", "b/c/1.log"]
    assert sorted(matching("a/up0/*.log")) == ["a/up0/1.log"]


def test_too_many_directories_are_told(tree: Path) -> None:
    with pytest.raises(TooWide, match=r"a/\*\*/\*\.log goes through too many directories") as caught:
        list(matching("a/**/*.log", 0.0))
    assert caught.value.fix == "name one further down"
    with pytest.raises(TooWide, match=r"^/\*\*/1\.log "):
        list(matching("/**/1.log", 0.0))


def test_a_pattern_begins_at_its_directory(tree: Path) -> None:
    odd = tree / "[odd]"
    assert named_below(odd, "*.log") == [odd / "1.log"]
    assert named_below(odd, "gone.log") == [odd / "gone.log"]
    assert named_below(odd, str(tree / "a" / "*.log")) == [tree / "a" / "1.log"]
    with pytest.raises(ValueError, match="NUL"):
        named_below(odd, "a\0b")
