"""The journal under faults, a few times each; `make faults` does it in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import journal, leaks
from tests.patience import BUSY


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A directory of our own, as the journal wants it."""
    tmp_path.chmod(0o700)
    return tmp_path


def test_whatever_is_tampered_with_is_detected_up_to_the_last_anchor(private: Path) -> None:
    results = list(journal.tampered(private, 60))
    assert len(results) == len(journal.TAMPERS)
    assert [result.name for result in results if not result.passes] == []


def test_a_damaged_file_is_told_and_never_an_exception(private: Path) -> None:
    assert all(result.passes for result in journal.damaged(private, 40))


def test_a_full_disk_refuses_and_is_recovered_from(private: Path) -> None:
    results = list(journal.full_disks(private, BUSY))
    assert results
    assert [str(result) for result in results if not result.passes] == []


def test_several_consoles_begin_the_journal_at_once(private: Path) -> None:
    result = journal.begun_at_once(private, 40)
    assert result.passes, result


def test_two_consoles_claim_the_same_steps(private: Path) -> None:
    result = journal.claimed(private, 200)
    assert result.passes, result


def test_a_writer_killed_at_any_point_leaves_a_whole_chain(private: Path) -> None:
    result = journal.killed(private, 10)
    assert result.passes, result


def test_no_secret_leaks_in_any_encoding_wherever_it_is_cut() -> None:
    result = leaks.leaks(10)
    assert result.passes, result
