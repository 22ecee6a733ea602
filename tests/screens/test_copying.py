"""Copying and exporting: what is in front, as it stands there, and nothing that could do harm."""

from __future__ import annotations

import base64
import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.copying import COPY_LIMIT, _literal, wrapped
from screens.detail import DetailScreen
from tests.screens.kit import console, table, told, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until


def decoded(sequence: str) -> str:
    """What a terminal would put on its clipboard."""
    match = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert match, sequence
    return base64.b64decode(match[1]).decode()


@given(st.text(max_size=3000))
def test_what_is_copied_arrives(text: str) -> None:
    """Straight, through tmux, and through screen in pieces it lets pass."""
    expected = text.encode(errors="replace").decode()
    assert decoded(wrapped(text, {})) == expected
    tmux = wrapped(text, {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert tmux.startswith("\x1bPtmux;")
    assert tmux.endswith("\x1b\\")
    assert decoded(tmux[len("\x1bPtmux;") : -2].replace("\x1b\x1b", "\x1b")) == expected
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", wrapped(text, {"STY": "1.pts"}), re.DOTALL)
    assert all(len(piece) <= 768 for piece in pieces)
    assert decoded("".join(pieces)) == expected


def test_a_text_too_long_for_terminals_is_cut() -> None:
    """They would drop it whole."""
    assert len(decoded(wrapped("x" * 200_000, {}))) == COPY_LIMIT


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[str]]:
    """Keeps what an app writes to its terminal."""
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)

    def watch(app: object) -> list[str]:
        texts: list[str] = []
        monkeypatch.setattr(app._driver, "write", texts.append)  # type: ignore[attr-defined]
        return texts

    return watch


async def test_copying_the_row_the_pane_and_the_window(written: Callable[[object], list[str]]) -> None:
    """Each with y, and each is told."""
    async with console(fake_sources("docker"), (100, 20)) as (pilot, app):
        texts = written(app)
        await pilot.press("y")
        assert decoded(texts[-1]).startswith("┏━ 1 Docker")
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("down", "y")
        assert decoded(texts[-1]) == "api-1\t37%\t1.0M"
        await told(pilot, app, "copied 14 characters")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("y")
        assert [line.split() for line in decoded(texts[-1]).split("\n")] == [
            ["NAME", "api-1"],
            ["SHARE", "37%"],
            ["SIZE", "1.0M"],
        ]
        assert app.clipboard == decoded(texts[-1])


async def test_nothing_to_copy_is_said(written: Callable[[object], list[str]]) -> None:
    """And nothing is written."""
    async with console([FakeSource("docker", snapshot=FakeSnapshot(rows=()))]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        texts = written(app)
        await pilot.press("y")
        await told(pilot, app, "nothing to copy")
        assert not any("]52" in text for text in texts)


def exported(folder: Path) -> tuple[str, int, list[list[str]]]:
    """The one table in a folder: its path, permissions and rows."""
    (path,) = folder.glob("opsconsole-docker-*.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return str(path), path.stat().st_mode & 0o777, list(csv.reader(file))


async def test_a_table_is_exported_as_csv(tmp_path: Path) -> None:
    """Filtered and sorted as it stands, for its owner only, and told where."""
    async with console(fake_sources("docker"), (200, 20)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("slash", *"api-1", "enter", "s", "s", "ctrl+s")
        told_where = await told(pilot, app, "written to")
        path, mode, rows = exported(tmp_path)
        assert path in told_where
        assert mode == 0o600
        assert rows[0] == ["NAME", "SHARE", "SIZE"]
        assert [row[0] for row in rows[1:]] == ["api-10", "api-1", "api-11"]


async def test_the_overview_is_exported_as_text(tmp_path: Path) -> None:
    """All panes."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        app.export("all.txt")
        await told(pilot, app, "written to")
        text = (tmp_path / "all.txt").read_text(encoding="utf-8")
        assert all(f"{n} {kind}" in text for n, kind in enumerate(("System", "Docker", "Postgres"), 1))


async def test_an_absent_source_is_exported_as_what_stands_there(tmp_path: Path) -> None:
    """Not as an empty table."""
    from console.errors import Refused

    source = FakeSource("docker", error=Refused("no permission", "join the docker group"))
    async with console([source]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        app.export("why.txt")
        assert "join the docker group" in (tmp_path / "why.txt").read_text(encoding="utf-8")


async def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    """One sentence says so."""
    (tmp_path / "mine.csv").write_text("precious")
    async with console(fake_sources("docker")) as (pilot, app):
        app.export("mine.csv")
        assert await told(pilot, app, "mine.csv") == "could not write mine.csv: File exists"
        assert (tmp_path / "mine.csv").read_text() == "precious"


@pytest.mark.parametrize(
    "name", ["/no/such/folder/x.csv", "/proc/x.csv", "nul\0byte", "~nobody-of-this-name/x", "x" * 300, "/"]
)
async def test_what_cannot_be_written_is_one_sentence(name: str) -> None:
    """Nothing a user can type there ends the console."""
    async with console(fake_sources("docker")) as (pilot, app):
        app.export(name)
        message = await told(pilot, app, "could not write")
        assert message.isprintable()


async def test_the_name_can_be_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    async with console(fake_sources("docker")) as (pilot, app):
        app.export("~/mine.txt")
        await told(pilot, app, "written to")
        assert (tmp_path / "mine.txt").exists()


@pytest.mark.parametrize(
    "text",
    [
        "=1+cmd|' /C calc'!A0",
        "+1+1",
        "-1+cmd|x!A1",
        "@SUM(1)",
        "=x",
        "＝1+1",
        "-2+3",
        "+SUM(A1)",
        "-A1",
        "--1",
    ],
)
def test_no_cell_is_a_formula(text: str) -> None:
    """Spreadsheets run what begins like one."""
    assert _literal(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-", "-3", "-3.4%", "+12.3M", "-5.1 ms", "12", "api-1", "", "a=b", "-1.2M/s"]
)
def test_figures_stay_figures(text: str) -> None:
    """A sign alone is no formula."""
    assert _literal(text) == text


async def test_hostile_names_are_exported_as_text(tmp_path: Path) -> None:
    """Quotes, commas and formulas."""
    rows = (Row('=HYPERLINK("http://x","y")', 0.1), Row('a,"b"', 0.2))
    async with console([FakeSource("docker", snapshot=FakeSnapshot(rows=rows))], (160, 20)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        assert len(table(app).rows) == 2
        app.export("x.csv")
        with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
            names = [row[0] for row in csv.reader(file)]
        assert names == ["NAME", '\'=HYPERLINK("http://x","y")', 'a,"b"']
