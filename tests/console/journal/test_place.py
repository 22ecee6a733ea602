"""The journal is kept where it is safe, or the reason is told; what is there is never overwritten."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import apsw
import pytest

from console.config import Config, JournalSettings
from console.errors import JournalError
from console.journal import database, place
from console.journal.place import actor_of, file_system, journal_path
from console.journal.store import Journal

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 22 0:45 / /home rw,noatime shared:9 master:2 - nfs4 nas:/home rw,vers=4.2
32 22 0:46 / /mnt rw - cifs //nas/x rw
broken line
"""


def refused(path: Path, *told: str) -> None:
    """The journal is not opened there, in one sentence with a fix."""
    with pytest.raises(JournalError) as caught:
        Journal.open(path, actor="ana", host="h")
    assert caught.value.fix
    for words in told:
        assert words in str(caught.value)


def test_the_directory_and_the_file_are_ours_alone(private: Path) -> None:
    path = private / "state" / "opsconsole" / "journal.db"
    before = os.umask(0)
    try:
        journal = Journal.open(path, actor="ana", host="h")
        journal.append("noted")
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    journal.close()
    path.chmod(0o644)
    Journal.open(path, actor="ana", host="h").close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_it_is_kept() -> None:
    assert journal_path(Config(), {"HOME": "/home/me"}) == Path("/home/me/.local/state/opsconsole/journal.db")
    env = {"HOME": "/home/me", "XDG_STATE_HOME": "/var/state"}
    assert journal_path(Config(), env) == Path("/var/state/opsconsole/journal.db")
    assert journal_path(Config(), env | {"XDG_STATE_HOME": "relative"}).is_relative_to("/home/me")
    assert journal_path(Config(journal=JournalSettings(path="/srv/ops/j.db")), {}) == Path("/srv/ops/j.db")
    if home := _of_the_user():
        for env in ({}, {"HOME": ""}, {"HOME": "relative"}):  # as services are started
            assert journal_path(Config(), env) == home / ".local/state/opsconsole/journal.db"


def test_a_user_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_home", lambda: "")
    with pytest.raises(JournalError, match="no home"):
        journal_path(Config(), {"HOME": ""})


@pytest.mark.parametrize("path", ["/", "//", "/srv/x\0y"])
def test_what_cannot_be_a_file_is_told(path: str) -> None:
    with pytest.raises(JournalError, match="is no name of a file: name a file"):
        journal_path(Config(journal=JournalSettings(path=path)), {})


def _of_the_user() -> Path | None:
    home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    return home if home.is_dir() else None


def test_who_acts() -> None:
    me = actor_of({})
    assert me
    assert actor_of({"SUDO_USER": "ana"}) == f"ana (as {me})"


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_links_are_refused(private: Path, suffix: str) -> None:
    target = private / "elsewhere"
    target.write_bytes(b"precious")
    (private / f"journal.db{suffix}").symlink_to(target)
    refused(private / "journal.db", "symbolic link")
    assert target.read_bytes() == b"precious"


def test_what_is_no_file_is_refused(private: Path) -> None:
    os.mkfifo(private / "journal.db")
    refused(private / "journal.db", "not a regular file")
    (private / "file").touch()
    refused(private / "file" / "journal.db", "file")


def test_directories_others_can_write_are_refused(private: Path) -> None:
    shared = private / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    refused(shared / "journal.db", "others can write", "chmod go-w")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_and_directories_of_others_are_refused(private: Path) -> None:
    path = private / "journal.db"
    Journal.open(path, actor="ana", host="h").close()
    os.chown(path, 1234, 1234)
    refused(path, "belongs to another user")
    os.chown(private, 1234, 1234)
    refused(private / "other.db", "belongs to another user")


def test_network_file_systems_are_known() -> None:
    assert file_system(MOUNTS, 8, 1) == "ext4"
    assert file_system(MOUNTS, 0, 45) == "nfs4"
    assert file_system(MOUNTS, 0, 46) == "cifs"
    assert file_system(MOUNTS, 0, 47) == ""


def test_network_file_systems_are_refused(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = file_system(Path("/proc/self/mountinfo").read_text(), *_device(private))
    if not kind:
        pytest.skip("the mounts do not tell what this directory is on")
    monkeypatch.setattr("console.journal.place.NETWORK", frozenset({kind}))
    refused(private / "journal.db", "network file system", kind)
    assert list(private.iterdir()) == []


def _device(path: Path) -> tuple[int, int]:
    device = path.stat().st_dev
    return os.major(device), os.minor(device)


@pytest.mark.parametrize(
    "content", [b"not a database, but of some length" * 300, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_damaged_file_is_left_as_it_is(private: Path, content: bytes) -> None:
    path = private / "journal.db"
    path.write_bytes(content)
    refused(path, "is damaged", "move it away")
    assert path.read_bytes() == content


def test_other_databases_are_left_alone(private: Path) -> None:
    path = private / "journal.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")
    other.close()
    content = path.read_bytes()
    refused(path, "is not a journal")
    assert path.read_bytes() == content


def test_a_journal_of_the_future_is_left_alone(private: Path) -> None:
    path = private / "journal.db"
    Journal.open(path, actor="ana", host="h").close()
    future = apsw.Connection(str(path))
    future.pragma("user_version", 99)
    future.close()
    refused(path, "newer opsconsole", "schema 99")


def test_an_old_sqlite_is_refused(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST", (99, 0, 0))
    refused(private / "journal.db", "may damage", "99.0.0")


def test_a_file_that_was_just_begun_is_gone_on_with(private: Path) -> None:
    (private / "journal.db").touch()
    journal = Journal.open(private / "journal.db", actor="ana", host="h")
    assert journal.append("noted").seq == 1
    journal.close()


def test_another_process_that_holds_the_file_is_told(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 50)
    path = private / "journal.db"
    journal = Journal.open(path, actor="ana", host="h")
    holder = apsw.Connection(str(path))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="another process holds"):
        journal.append("noted")
    holder.execute("ROLLBACK")
    assert journal.append("noted").seq == 1
    holder.close()
    journal.close()
