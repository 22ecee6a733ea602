"""Directories as their probe counts and judges them."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.findings import Severity
from console.probe_local import DirectorySettings
from console.sources.health import directory
from console.sources.health.directory import DirectoryProbe, walk

NOW = datetime.now(UTC)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of 30 files in three levels, with a link out of it and a file of two names."""
    root = tmp_path / "tree"
    for below in ("a", "a/b", "a/b/c"):
        (root / below).mkdir(parents=True)
        for number in range(10):
            (root / below / f"f{number}").write_bytes(b"x" * 5000)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "big").write_bytes(b"x" * 10_000_000)
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "self").symlink_to(root)
    os.link(root / "a" / "f0", root / "a" / "f0-again")
    return root


def probe(path: Path, **settings: Any) -> DirectoryProbe:
    """A probe of a directory."""
    return DirectoryProbe(DirectorySettings(path=str(path), **settings), {})


def used(path: Path) -> int:
    """What du counts below a directory; it counts the directory's own blocks as well."""
    said = subprocess.run(["du", "-s", "-B1", path], capture_output=True, check=True, text=True).stdout
    return int(said.split()[0]) - path.stat().st_blocks * 512


async def test_it_counts_what_du_counts(tree: Path) -> None:
    found = await probe(tree).ask(NOW)

    samples = {sample.name: sample.value for sample in found.samples}
    assert samples["directory_size_bytes"] == used(tree)
    assert samples["directory_files"] == 32  # links count as files
    assert found.severity is Severity.OK
    assert found.text.endswith("in 32 files")


async def test_limits_of_size_number_and_age(tree: Path) -> None:
    old = NOW.timestamp() - 7200
    os.utime(tree / "a" / "f3", (old, old))

    found = await probe(tree, size=("100KB", "200MB"), files=(10.0, 20.0), oldest=("1h", "3h")).ask(NOW)

    assert found.severity is Severity.CRITICAL
    assert "32 files (limit 20)" in found.text
    assert "in it (limit 100K)" in found.text
    assert "the oldest file is 2h00m old (limit 1h00m)" in found.text


async def test_a_directory_that_should_hold_something(tmp_path: Path) -> None:
    found = await probe(tmp_path, files=(1.0, 0.0)).ask(NOW)

    assert (found.severity, found.text) == (Severity.CRITICAL, "0 files (limit 0)")


async def test_a_walk_that_takes_longer_than_a_look_goes_on_with_the_next(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "FIRST_ANSWER", 0.0)
    monkeypatch.setattr(directory, "SHARE", 0.0)
    asked = probe(tree, files=(1000.0, 0.0))

    first = await asked.ask(NOW)
    texts = [first.text]
    while "at least" in texts[-1]:
        texts.append((await asked.ask(NOW)).text)
        assert len(texts) < 10

    assert first.samples == ()
    assert first.severity is Severity.OK  # too few is not said before all is counted
    assert texts[-1] == "32 files (limit 1,000)"
    again = await asked.ask(NOW)  # the next walk has begun: what is known stays
    assert again.text == texts[-1]
    assert dict(again.details)["walking"].endswith("it goes on with the next look")


async def test_growth_of_an_hour_and_a_day(tree: Path) -> None:
    asked = probe(tree, hourly=("1MB", "1GB"))
    await asked.ask(NOW)
    at, size = asked._sizes[0]
    asked._sizes[0] = (at - 1800, size - (3 << 20))
    asked._sizes.append((at, size))

    found = await asked.ask(NOW)

    assert found.severity is Severity.WARNING
    assert found.text == "grows by 6.0M an hour (limit 1.0M)"
    assert asked.growth(directory.DAY, at) is None  # half an hour says nothing of a day
    assert asked.growth(directory.DAY, at + 7 * 3600) == pytest.approx((3 << 20) * 24 / 7.5, rel=0.01)


async def test_what_is_not_there_or_no_directory(tree: Path) -> None:
    gone = await probe(tree / "gone").ask(NOW)
    file = await probe(tree / "a" / "f0").ask(NOW)

    assert (gone.severity, gone.text) == (Severity.CRITICAL, f"{tree}/gone is not there")
    assert file.text == f"{tree}/a/f0: not a directory"


def test_it_does_not_enter_another_file_system() -> None:
    *_, last = walk("/dev")  # small, and with others mounted below it

    mounts = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    assert last.elsewhere == len({m for m in mounts if m.startswith("/dev/") and Path(m).is_dir()})


async def test_a_hostile_name(tmp_path: Path) -> None:
    (tmp_path / "x\x1b]0;y\x07").write_text("")

    found = await probe(tmp_path, oldest=("1s", "2s")).ask(datetime.fromtimestamp(4e9, UTC))

    assert found.severity is Severity.CRITICAL
    assert found.text.isprintable()
    assert found.fix.isprintable()
