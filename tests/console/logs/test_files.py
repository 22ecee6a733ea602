"""Which files patterns name, how they are called, and what is told of those that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.logs import files as files_module
from console.logs.files import LOOK_EVERY, Files, form_of, short_name
from console.logs.forms import Cri, Plain
from console.logs.origin import Origins
from console.logs.tail import GRACE


class Follower:
    """Files read to their ends, with a clock the test turns."""

    def __init__(self, *patterns: str | Path, expected: bool = True) -> None:
        self.origins = Origins(100)
        self.files = Files([str(pattern) for pattern in patterns], self.origins, expected)
        self.now = 0.0
        self.lines: list[str] = []

    def look(self, wait: float = LOOK_EVERY + 1) -> None:
        self.now += wait
        self.files.look(self.now, 0)
        for stream in list(self.files.streams.values()):
            while pieces := stream.read(65536, self.now):
                self.lines += [
                    f"{stream.origin.name}:{row[3]}"
                    for piece in pieces
                    for row in stream.form.take(piece.lines)
                ]

    @property
    def names(self) -> list[str]:
        return sorted(stream.origin.name for stream in self.files.streams.values())


def test_new_files_are_found_and_read_from_their_start(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(f"old {n}\n" for n in range(500)))
    follower = Follower(tmp_path / "*.log")
    follower.look()
    assert len(follower.lines) == 100  # the newest of what was there
    assert follower.lines[-1] == "a:old 499"
    (tmp_path / "b.log").write_text("".join(f"new {n}\n" for n in range(500)))
    (tmp_path / "sub").mkdir()
    follower.look(1.0)
    assert len(follower.lines) == 100
    follower.look()
    assert len(follower.lines) == 600
    assert follower.lines[100] == "b:new 0"


def test_a_pattern_that_reaches_too_far_is_told_and_not_followed_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "x.log").write_text("here\n")
    wide = f"{tmp_path}/**/*.log"
    monkeypatch.setattr(files_module, "LOOK_LIMIT", 0.0)
    follower = Follower(wide, tmp_path / "1" / "x.log")
    follower.look()
    assert list(follower.files.wide) == [wide]
    assert (follower.names, follower.files.missing) == (["x"], ())  # what was named without a search
    monkeypatch.setattr(files_module, "LOOK_LIMIT", 60.0)
    monkeypatch.setattr(files_module, "REST", 1e9)  # any look took long now
    follower.look()
    assert not follower.files.wide
    assert len(follower.names) == 3
    (tmp_path / "2" / "y.log").write_text("new\n")
    follower.look()
    assert len(follower.names) == 3


def test_patterns_may_reach_below(tmp_path: Path) -> None:
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "x" / "y" / "deep.log").write_text("here\n")
    follower = Follower(tmp_path / "**" / "*.log")
    follower.look()
    assert follower.lines == ["deep:here"]


def test_archives_beside_a_log_are_not_logs(tmp_path: Path) -> None:
    for name in ("app.log", "app.log.1", "app.log.2.gz", "app.log-20251120"):
        (tmp_path / name).write_text(f"{name}\n")
    follower = Follower(tmp_path / "app.log*")
    follower.look()
    assert follower.lines == ["app:app.log"]
    os.rename(tmp_path / "app.log.1", tmp_path / "app.log.3")
    os.rename(tmp_path / "app.log", tmp_path / "app.log.1")
    (tmp_path / "app.log").write_text("next\n")
    follower.look()
    assert follower.lines == ["app:app.log", "app:next"]


def test_an_archive_that_is_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "app.log.1").write_text("x\n")
    follower = Follower(tmp_path / "app.log.1")
    follower.look()
    assert follower.lines == ["app.log.1:x"]


def test_long_silent_files_of_a_pattern_are_left_alone(tmp_path: Path) -> None:
    for day in (18, 19, 20):
        path = tmp_path / f"postgresql-2025-11-{day}_000000.log"
        path.write_text("x\n")
        os.utime(path, (day * 86_400, day * 86_400))
    follower = Follower(tmp_path / "*.log")
    follower.look()
    assert follower.names == ["postgresql-2025-11-20_000000"]  # the newest, however old
    (tmp_path / "postgresql-2025-11-21_000000.log").write_text("x\n")
    follower.look()
    assert len(follower.names) == 2


def test_a_pattern_without_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").touch()
    follower = Follower(tmp_path / "a.log", tmp_path / "b.log", tmp_path / "c*.log")
    follower.look()
    assert set(follower.files.missing) == {str(tmp_path / "b.log"), str(tmp_path / "c*.log")}
    (tmp_path / "b.log").write_text("late\n")
    follower.look()
    assert set(follower.files.missing) == {str(tmp_path / "c*.log")}
    assert follower.lines == ["b:late"]


def test_a_removed_file_is_let_go_of_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    follower = Follower(path)
    follower.look()
    path.unlink()
    for _ in range(3):
        follower.look(GRACE + 1)
    assert follower.names == []
    path.write_text("two\n")
    follower.look()
    assert follower.lines == ["a:one", "a:two"]
    assert follower.names == ["a"]


def test_only_so_many_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.log").touch()
        os.utime(tmp_path / f"{number}.log", (2e9 + number, 2e9 + number))
    follower = Follower(tmp_path / "*.log")
    follower.look()
    assert follower.names == ["2", "3", "4"]
    assert follower.files.left_out == 2


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/log/syslog", "syslog"),
        ("/var/log/postgresql/postgresql-15-main.log", "postgresql-15-main"),
        ("/var/log/nginx/access.log", "nginx/access"),
        ("/srv/app/log/error.log", "log/error"),
        ("/var/log/pods/shop_api-7d9f_0123/api/0.log", "api"),
        ("/var/log/containers/api-7d9f_shop_api-0123456789.log", "api"),
        ("/", "/"),
    ],
)
def test_short_names(path: str, name: str) -> None:
    assert short_name(path)[0] == name


def test_names_that_are_taken_are_told_apart(tmp_path: Path) -> None:
    for directory in ("one", "two", "three"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "app.log").touch()
    follower = Follower(tmp_path / "*" / "app.log")
    follower.look()
    assert len(set(follower.names)) == 3
    assert all("app" in name for name in follower.names)


def test_kubernetes_files_have_their_own_form() -> None:
    assert form_of("/var/log/pods/a_b_c/d/0.log") is Cri
    assert form_of("/var/log/syslog") is Plain
