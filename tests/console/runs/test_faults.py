"""The faults of runs in their short form; `make faults` does each as often as it takes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.consoles import raced
from tests.faults.disk import full_disk
from tests.faults.floods import flood, lines
from tests.faults.runs import cancelled, ended, killed
from tests.patience import BUSY


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A directory of our own, as the journal wants it."""
    tmp_path.chmod(0o700)
    return tmp_path


def test_f1_the_console_killed_in_the_middle_of_a_run() -> None:
    result = killed(4, random.Random())
    assert result.passes, result


async def test_f3_the_disk_full_under_a_console(private: Path) -> None:
    result = await full_disk(private, BUSY)
    assert result.passes, result


def test_f9_the_terminal_closed_and_signals() -> None:
    for result in ended(2, busy=BUSY):
        assert result.passes, result


async def test_f10_cancelled_nothing_is_left() -> None:
    for result in await cancelled(1, BUSY):
        assert result.passes, result


async def test_two_consoles_on_one_run(private: Path) -> None:
    result = await raced(private, 20, 5, BUSY)
    assert result.passes, result


async def test_a_gigabyte_of_output() -> None:
    result = await flood(1_000_000_000, BUSY)
    assert result.passes, result


async def test_ten_thousand_lines_a_second() -> None:
    result = await lines(10_000, 3.0, BUSY)
    assert result.passes, result
