"""The zoomed log as its reader uses it: following, scrolling back, filtering, jumping, opening."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.events import MouseScrollUp
from textual.geometry import Size
from textual.pilot import Pilot

from console.filters import parse
from console.logs.levels import CONTINUED, Level
from tests.patience import BUSY
from tests.widgets.panes.log_values import NOW, Log, counts, origin
from tests.widgets.stage import Stage, Wire, until
from widgets.panes.logs import rows as log_rows
from widgets.panes.logs.canvas import LogCanvas, histogram
from widgets.panes.logs.rows import Rows

SIZE = (100, 12)
ROOM = 11


class Logs(Stage):
    """Remembers what was opened."""

    def on_table_opened(self, message: LogCanvas.Opened) -> None:
        """Keep it."""
        self.messages.append(message.row)


class Reader:
    """A canvas with the keyboard, and the log it shows."""

    def __init__(self, pilot: Pilot[None], canvas: LogCanvas, log: Log) -> None:
        self.pilot, self.canvas, self.log = pilot, canvas, log

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until they had their effect."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def news(self, **more: Any) -> None:
        """A reading came."""
        self.canvas.show_context(self.log.context(**more))

    @property
    def lines(self) -> list[str]:
        """The lines in view, without what stands before their texts."""
        return [row[1:].strip() for row in self.canvas.text.split("\n")[:-1] if row.strip()]

    @property
    def texts(self) -> list[str]:
        """The last words of the lines in view."""
        return [" ".join(row.split()[-2:]) for row in self.lines]

    @property
    def status(self) -> str:
        """The last row."""
        return self.canvas.text.split("\n")[-1]

    @property
    def chosen(self) -> str:
        """The text of the chosen line."""
        line = self.log.buffer.line(self.canvas.cursor or 0)
        return line.text if line else ""


@asynccontextmanager
async def reading(
    lines: int = 100, size: tuple[int, int] = SIZE, keep: int = 20_000
) -> AsyncIterator[Reader]:
    log = Log("api", "db", keep=keep)
    log.fill(lines)
    canvas = LogCanvas([])
    async with Logs(canvas).run_test(size=size) as pilot:
        canvas.focus()
        reader = Reader(pilot, canvas, log)
        reader.news()
        await pilot.pause()
        yield reader


async def test_it_follows_the_newest_lines() -> None:
    async with reading() as reader:
        assert reader.texts == [f"line {n}" for n in range(90, 101)]
        assert "following" in reader.status
        reader.log.fill(5, start=101)
        reader.news()
        assert reader.texts == [f"line {n}" for n in range(95, 106)]
        assert reader.canvas.counts == (105, 105)


async def test_what_is_read_stays_where_it_is() -> None:
    async with reading() as reader:
        await reader.press("up", "up")
        assert reader.chosen == "line 98"
        before = reader.lines
        for number in range(5):
            reader.log.fill(200, start=101 + 200 * number)
            reader.news()
        assert reader.lines == before
        assert "1,000 below" in reader.status
        await reader.press("G")
        assert reader.texts[-1] == "line 1100"
        assert "following" in reader.status
        await reader.press("k", "end")
        assert reader.canvas.following


async def test_moving_past_the_last_line_follows_again() -> None:
    async with reading() as reader:
        await reader.press("up", "down")
        assert reader.chosen == "line 100"
        assert not reader.canvas.following
        await reader.press("j")
        assert reader.canvas.following


async def test_pages_and_edges() -> None:
    async with reading() as reader:
        await reader.press("pageup")
        assert reader.chosen == "line 90"
        await reader.press("pageup")
        assert reader.chosen == "line 80"
        assert reader.texts[0] == "line 80"
        await reader.press("pagedown")
        assert reader.chosen == "line 90"
        await reader.press("g")
        assert reader.chosen == "line 1"
        assert reader.texts == [f"line {n}" for n in range(1, 12)]
        await reader.press("up")
        assert reader.chosen == "line 1"


async def test_lines_that_leave_the_memory_leave_the_view() -> None:
    async with reading(keep=100) as reader:
        await reader.press("g")
        reader.log.fill(50, start=101)
        reader.news()
        assert reader.chosen == "line 51"
        assert reader.texts[0] == "line 51"
        reader.log.fill(5000, start=151)
        reader.news()
        assert reader.texts[0] == "line 5051"


async def test_jumping_from_error_to_error() -> None:
    async with reading() as reader:
        reader.log.add("first", Level.ERROR)
        reader.log.add("its traceback", Level.ERROR | CONTINUED)
        reader.log.fill(50)
        reader.log.add("second", Level.FATAL)
        reader.log.fill(50)
        reader.news()
        await reader.press("E")
        assert reader.chosen == "second"
        assert any("second" in row for row in reader.lines)
        await reader.press("E")
        assert reader.chosen == "first"
        await reader.press("E")
        assert reader.chosen == "first"
        assert "no older error" in reader.status
        await reader.press("e")
        assert reader.chosen == "second"
        await reader.press("e")
        assert "no newer error" in reader.status
        await reader.press("up")
        assert "error" not in reader.status.replace("next error", "")


async def test_a_filter_shows_only_what_matches() -> None:
    async with reading(0) as reader:
        for number in range(300):
            reader.log.add(f"needle {number}" if number % 10 == 0 else f"straw {number}")
        reader.news()
        assert reader.canvas.set_filter("needle").error == ""
        assert reader.texts == [f"needle {n}" for n in range(190, 300, 10)]
        assert reader.canvas.counts == (30, 300)
        await reader.press("up")
        assert reader.chosen == "needle 280"
        reader.log.add("needle 300")
        reader.log.add("straw")
        reader.news()
        assert "1 below" in reader.status, reader.status
        await reader.press("g")
        assert reader.chosen == "needle 0"
        reader.canvas.set_filter("")
        assert reader.canvas.counts == (302, 302)
        assert reader.chosen == "needle 0"  # what was read is still in view
        reader.canvas.set_filter("nothing of this kind")
        assert "no line matches" in reader.canvas.text
        assert "looked for as text" in reader.canvas.set_filter("[").error


async def test_where_no_line_is_found_its_source_says_why() -> None:
    """Also once the source has ended; of sources that are not meant nothing is said."""
    why = "container app has not begun yet, it is waiting: ImagePullBackOff"
    asked = origin("shop/web-1", lines=0, problem=why, fix="correct its image, or the pull secret")
    other = origin("shop/web-admin-1", lines=0, problem="the pod is gone")
    async with reading(10) as reader:
        reader.canvas.set_filter("source:^shop/web-1(/|$)")
        reader.news(origins=[origin("api"), asked, other])
        lines = [line.strip() for line in reader.canvas.text.split("\n")]
        assert lines[:3] == [
            "no line matches the filter",
            f"▲ shop/web-1  {why}",
            "correct its image, or the pull secret",
        ]
        assert "gone" not in reader.canvas.text
        reader.news(origins=[origin("api")])
        assert why in reader.canvas.text
        reader.canvas.set_filter("nothing of this kind")
        assert why not in reader.canvas.text


async def test_a_filter_may_name_columns() -> None:
    async with reading(0) as reader:
        reader.log.add("a", Level.ERROR, 0)
        reader.log.add("b", Level.INFO, 1)
        reader.log.add("c", Level.ERROR, 1)
        reader.news()
        reader.canvas.set_filter("level:error source:db")
        assert [text.split()[-1] for text in reader.texts] == ["c"]


async def test_a_long_search_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rows, "SLICE_SECONDS", 0.0005)
    async with reading(0) as reader:
        reader.log.add("needle")
        reader.log.fill(15_000)
        reader.news()
        reader.canvas.set_filter("needle")
        assert "searching" in reader.status
        await until(reader.pilot, lambda: "needle" in "".join(reader.lines))
        assert "searching" not in reader.status
        assert reader.canvas.counts == (1, 15_001)


async def test_long_lines_are_cut_or_wrapped() -> None:
    async with reading(20) as reader:
        reader.log.add("begin " + "word " * 60 + "end")
        reader.news()
        assert not any("end" in row for row in reader.lines)
        await reader.press("w")
        assert reader.lines[-1].endswith("end")
        assert any("begin" in row for row in reader.lines)
        assert all(len(row) <= SIZE[0] for row in reader.canvas.text.split("\n"))
        await reader.press("up", "down")
        assert reader.chosen.startswith("begin")
        await reader.press("w")
        assert not any("end" in row for row in reader.lines)


async def test_times_can_be_hidden() -> None:
    async with reading() as reader:
        with_times = reader.lines[0]
        await reader.press("t")
        assert with_times.endswith(reader.lines[0])
        assert len(reader.lines[0]) == len(with_times) - 9


async def test_a_line_is_opened() -> None:
    async with reading() as reader:
        app = reader.pilot.app
        assert isinstance(app, Logs)
        await reader.press("enter")
        await reader.press("up", "up", "enter")
        assert [line.text for line in app.messages] == ["line 100", "line 98"]
        assert [line.text for line in reader.canvas._opened] == ["line 98"]


async def test_the_mouse_does_the_same() -> None:
    async with reading() as reader:
        app = reader.pilot.app
        assert isinstance(app, Logs)
        await reader.pilot.click(LogCanvas, offset=(20, 3))
        await reader.pilot.pause()
        assert reader.chosen == "line 93"
        await reader.pilot.click(LogCanvas, offset=(20, 3), times=2)
        await reader.pilot.pause()
        assert app.messages[-1].text == "line 93"
        reader.canvas.post_message(MouseScrollUp(reader.canvas, 5, 5, 0, 0, 0, False, False, False))
        await reader.pilot.pause()
        assert reader.chosen == "line 90"
        reader.canvas.action_follow()
        assert reader.canvas.following


async def test_a_small_view_has_no_histogram_and_a_large_one_has() -> None:
    async with reading(size=(120, 30)) as reader:
        reader.news(hour=((NOW - 20, counts(error=2, info=5)),))
        rows = reader.canvas.text.split("\n")
        assert rows[0].split()[:2] == ["errors", "2"]
        assert rows[1].split()[:2] == ["warnings", "0"]
        assert rows[2].split()[:2] == ["all", "7"]
        assert "now" in rows[3]
    async with reading(size=(120, 10)) as reader:
        assert "errors" not in reader.canvas.text


def test_the_histogram_has_its_bars_in_their_places() -> None:
    log = Log("api")
    context = log.context(
        hour=((NOW - 30, counts(error=8)), (NOW - 10, counts(error=1, warn=4)), (NOW, counts(info=3)))
    )
    lines = histogram(context.snapshot, NOW, 60)
    bars = [line[2][0] for line in lines[:3]]
    assert bars[0].endswith("▆ ▂ ")
    assert bars[1].endswith("  ▆ ")
    assert bars[2].endswith("▆ ▅▃")
    assert all(len(bar) == 38 for bar in bars)


async def test_no_size_breaks_it() -> None:
    async with reading() as reader:
        reader.log.add("漢字" * 100, Level.ERROR)
        await reader.press("w")
        for size in ((1, 1), (2, 3), (10, 2), (36, 4), (250, 70)):
            await reader.pilot.resize_terminal(*size)
            reader.news()
            await reader.press("up", "down", "E")
            assert all(len(row) <= size[0] for row in reader.canvas.text.split("\n"))


async def test_a_flood_costs_few_bytes() -> None:
    # two hundred new lines a second: every row changes at every reading
    async with reading(size=(107, 20)) as reader:
        app = reader.pilot.app
        wire = Wire(app, Size(107, 20))
        app._display = wire.display  # type: ignore[method-assign]
        number = 100
        for _ in range(5):
            for _ in range(200):
                number += 1
                level = Level.ERROR if number % 100 == 0 else Level.WARN if number % 50 == 0 else Level.INFO
                reader.log.add(f"request id={number} GET /api/v1/orders/{number * 7919} 200", level)
            reader.news()
            await reader.pilot.pause(0.05)
        sent = sum(len(update.encode()) for update in wire.updates)
    assert sent / 5 < 6_000


# -- which rows


@pytest.mark.parametrize("typed", ["", "needle", "!straw"])
def test_rows_agree_with_a_plain_search(typed: str) -> None:
    log = Log(keep=500)
    chosen = parse(typed)
    rows = Rows(log.buffer, chosen)
    for turn in range(40):
        for number in range(turn * 7 % 60):
            log.add(f"{'needle' if (number * turn) % 3 == 0 else 'straw'} {number}")
        while rows.update(log.buffer.newest):
            pass
        matching = [line.sequence for line in log.buffer.lines(1, 10**9) if chosen.match(line.fields)]
        assert len(rows) == len(matching)
        assert list(rows.older(10**9, 10**9)) == matching[::-1]
        assert list(rows.newer(0, 10**9)) == matching
        middle = log.buffer.newest - 100
        assert list(rows.older(middle, 3)) == [n for n in matching if n <= middle][::-1][:3]
        assert list(rows.newer(middle, 3)) == [n for n in matching if n > middle][:3]
        assert rows.below(middle) == len([n for n in matching if n > middle])
        assert all((n in rows) == (n in matching) for n in range(middle - 5, middle + 5))


def test_a_slice_of_a_search_is_short() -> None:
    log = Log()
    log.fill(20_000)
    rows = Rows(log.buffer, parse(r"level:error id=\d+ !x"))
    slowest, more = 0.0, True
    while more:
        before = time.process_time()
        more = rows.update(log.buffer.newest)
        slowest = max(slowest, time.process_time() - before)
    assert slowest < 0.05 * BUSY


def test_going_back_in_time_takes_rows_back() -> None:
    log = Log()
    log.fill(100)
    rows = Rows(log.buffer, parse("line"))
    rows.update(100)
    rows.update(50)
    assert rows.newest == 50
    assert rows.older(10**9, 1) == [50]
    rows.update(100)
    assert rows.older(10**9, 1) == [100]
    assert len(rows) == 100


def test_lines_are_found_by_how_they_were_asked_for() -> None:
    """Also those that were there before it was asked for; no other word finds them by it."""
    log = Log("shop/a", "shop/b")
    log.fill(3)
    log.add("of b", origin_number=1)
    log.buffer.selectors = ["", ""]
    chosen, word = Rows(log.buffer, parse("selector:^app=web$")), Rows(log.buffer, parse("app=web"))
    chosen.update(log.buffer.newest)
    assert len(chosen) == 0
    log.buffer.selectors = ["app=web", "", ""]
    chosen.update(log.buffer.newest)
    word.update(log.buffer.newest)
    assert (len(chosen), len(word)) == (3, 0)
    log.buffer.selectors = ["app=web", "app=web2", "app=web"]
    chosen.update(log.buffer.newest)
    assert len(chosen) == 3
