"""A series of backups as its probe judges it, with real files."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.metrics import Sample
from console.probe_local import BackupSettings
from console.sources.base import Focus
from console.sources.health.backup import BackupProbe
from console.sources.health.examination import Condition
from console.sources.health.probe import Outcome
from console.sources.health.source import HealthSource
from console.units import bytes_

NOW = datetime.now(UTC)
DUMP = (
    b"--\n-- PostgreSQL database dump\n--\n"
    + random.Random(3).randbytes(40_000).hex().encode()
    + b"\n-- PostgreSQL database dump complete\n"
)


def write(path: Path, hours: float, data: bytes | None = None) -> Path:
    """A backup finished so many hours ago."""
    path.write_bytes(gzip.compress(DUMP) if data is None else data)
    stamp = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (stamp, stamp))
    return path


@contextmanager
def probing(directory: Path, **settings: Any) -> Iterator[BackupProbe]:
    """A probe of all there is in a directory."""
    probe = BackupProbe(BackupSettings(path=str(directory / "*.gz"), **settings), {})
    try:
        yield probe
    finally:
        probe.close()


async def outcome(directory: Path, **settings: Any) -> Outcome:
    """What asking once shows."""
    with probing(directory, **settings) as probe:
        return await probe.ask(NOW)


def value(found: Outcome, name: str) -> float:
    """The one sample of a name."""
    (sample,) = [sample for sample in found.samples if sample.name == name]
    return sample.value


async def test_a_young_whole_backup_is_well(tmp_path: Path) -> None:
    newest = write(tmp_path / "b-3.gz", 5)
    write(tmp_path / "b-2.gz", 29)
    write(tmp_path / "b-1.gz", 53)

    found = await outcome(tmp_path, name="orders", keep=3)

    assert found.severity is Severity.OK
    size, modified = newest.stat().st_size, newest.stat().st_mtime_ns / 1e9
    assert found.text == f"b-3.gz, 5h00m old, {bytes_(size)}; whole (gzip, PostgreSQL dump)"
    labels = (("instance", str(tmp_path / "*.gz")), ("job", "orders"))
    assert Sample("backup_newest_timestamp_seconds", modified, labels) in found.samples
    assert value(found, "backup_newest_size_bytes") == size
    assert value(found, "backup_files") == 3
    assert value(found, "backup_verified") == 1
    assert dict(found.details)["verified"] == "whole: gzip, PostgreSQL dump"


@pytest.mark.parametrize(("hours", "severity"), [(25, "OK"), (27, "WARNING"), (51, "CRITICAL")])
async def test_age_against_its_limits(tmp_path: Path, hours: float, severity: str) -> None:
    write(tmp_path / "b.gz", hours)

    found = await outcome(tmp_path)

    assert found.severity is Severity[severity]
    if found.severity:
        limit = "1d2h" if severity == "WARNING" else "2d2h"
        assert f"old (limit {limit}): b.gz" in found.text
        assert found.fix == "see the log of the job that writes it"


async def test_none_at_all_and_a_directory_that_is_not_there(tmp_path: Path) -> None:
    found = await outcome(tmp_path)
    assert (found.severity, found.text) == (Severity.CRITICAL, f"no file matches {tmp_path}/*.gz")
    assert value(found, "backup_files") == 0
    assert (await outcome(tmp_path / "gone")).severity is Severity.CRITICAL


async def test_a_truncated_one_is_told(tmp_path: Path) -> None:
    write(tmp_path / "b.gz", 1, gzip.compress(DUMP)[:-900])

    found = await outcome(tmp_path)

    assert found.severity is Severity.CRITICAL
    assert found.text == "b.gz: it is cut off: its gzip data ends too early"
    assert value(found, "backup_verified") == 0


async def test_an_empty_one_and_a_small_one(tmp_path: Path) -> None:
    for day in range(1, 6):
        write(tmp_path / f"b-{day}.gz", 24 * day + 1)
    small = write(tmp_path / "b-0.gz", 1, gzip.compress(DUMP[:40] + DUMP[-40:]))

    found = await outcome(tmp_path)
    assert found.severity is Severity.WARNING
    assert "less than 50% of the usual 45." in found.text
    assert (await outcome(tmp_path, shrink=0.0)).severity is Severity.OK

    write(small, 1, b"")
    found = await outcome(tmp_path)
    assert (found.severity, found.text) == (Severity.CRITICAL, "b-0.gz is empty")


async def test_one_being_written_is_no_backup_yet_and_not_broken(tmp_path: Path) -> None:
    write(tmp_path / "b-1.gz", 5)
    path = tmp_path / "b-2.gz"
    with path.open("wb") as writer:
        writer.write(gzip.compress(DUMP)[:500])
        writer.flush()
        found = await outcome(tmp_path)

        assert found.severity is Severity.OK
        assert "b-2.gz is being written, 500B so far" in found.text
        assert "b-1.gz, 5h00m old" in found.text
        assert value(found, "backup_files") == 1

        write(tmp_path / "b-1.gz", 60)  # too old, but the next is on its way
        assert (await outcome(tmp_path)).severity is Severity.WARNING

    died = NOW.timestamp() - 600
    os.utime(path, (died, died))
    found = await outcome(tmp_path)
    assert found.severity is Severity.CRITICAL
    assert found.text.startswith("b-2.gz: it is cut off")


async def test_the_very_first_one_being_written(tmp_path: Path) -> None:
    with (tmp_path / "b.gz").open("wb") as writer:
        writer.write(b"\x1f\x8b")
        writer.flush()
        found = await outcome(tmp_path)

    assert (found.severity, found.text) == (
        Severity.WARNING,
        "the first, b.gz, is being written, 2B now",
    )


async def test_too_few_and_none_removed(tmp_path: Path) -> None:
    write(tmp_path / "b-1.gz", 1)
    write(tmp_path / "b-0.gz", 24 * 40)

    found = await outcome(tmp_path, keep=7, oldest="35d")

    assert found.severity is Severity.WARNING
    assert "2 files, 7 wanted" in found.text
    assert "the oldest is 40d0h old (limit 35d0h): none is removed any more" in found.text


async def test_a_file_is_read_once_for_each_version(tmp_path: Path) -> None:
    path = write(tmp_path / "b.gz", 1)
    with probing(tmp_path) as probe:
        await probe.ask(NOW)
        examination = probe._examination
        await probe.ask(NOW)
        assert probe._examination is examination

        write(path, 0.5, gzip.compress(DUMP)[:-1])
        found = await probe.ask(NOW)

        assert probe._examination is not examination
        assert found.severity is Severity.CRITICAL


async def test_a_large_one_is_read_on_behind_the_answers(tmp_path: Path) -> None:
    write(tmp_path / "b.gz", 1)

    found = await outcome(tmp_path, rate="1KB")

    assert found.severity is Severity.OK
    assert "being read through, " in found.text
    assert not [sample for sample in found.samples if sample.name == "backup_verified"]


async def test_closing_ends_the_reading_and_whoever_asks_again_begins_anew(tmp_path: Path) -> None:
    write(tmp_path / "b.gz", 1)
    slow = BackupProbe(BackupSettings(path=str(tmp_path / "b.gz"), rate="1KB"), {})
    source = HealthSource([slow])
    await source.poll(Focus.FULL)
    examination = slow._examination
    assert examination is not None

    await source.close()

    assert (await examination.wait(60)).condition is Condition.PARTIAL
    assert "being read through, " in (await slow.ask(NOW)).text
    slow.close()


async def test_a_backup_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "base.gz").mkdir()
    write(tmp_path / "base.gz" / "file", 3, b"x" * 1000)
    stamp = (NOW - timedelta(hours=4)).timestamp()
    os.utime(tmp_path / "base.gz", (stamp, stamp))

    found = await outcome(tmp_path)

    assert found.text == "base.gz, 3h00m old, 1000B"


async def test_one_from_the_future(tmp_path: Path) -> None:
    write(tmp_path / "b.gz", -2)

    found = await outcome(tmp_path)

    assert (found.severity, found.text) == (Severity.WARNING, "b.gz is dated 2h00m in the future")


async def test_names_that_would_move_the_cursor(tmp_path: Path) -> None:
    write(tmp_path / "b\x1b[2J.gz", 1)

    found = await outcome(tmp_path)

    assert "\x1b" not in found.text + str(found.details)
    assert found.text.startswith("b␛[2J.gz, 1h00m old")


def test_without_a_path_it_says_what_to_write() -> None:
    with pytest.raises(UsageError, match="path is missing"):
        BackupProbe(BackupSettings(), {})
