"""Partial updates: few bytes, and the terminal shows the same as after a full painting."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from inspect import getsource, signature

import pytest
from rich.console import Console
from rich.segment import Segment
from textual import _compositor
from textual.containers import Horizontal
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from tests.widgets.stage import Sheet, Stage, Wire, until
from widgets.compositor import SpanCompositor, SpanUpdate
from widgets.draw import ROLES, Line

SIZE = Size(60, 14)
WORDS = ("cpu", "34 %", "漢字", "한글", "e\u0301tat", "✖ down", "━━━━────", "▁▂▃█", "", "   ", "🐘", "api-3")


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Pilot[None], Wire, list[Sheet]]]:
    """Two canvases below each other, the terminal they are drawn on, and the pilot."""
    sheets = [Sheet(id="upper"), Sheet(id="lower")]
    sheets[1].styles.border = ("round", "red")
    app = Stage(*sheets)
    async with app.run_test(size=SIZE) as pilot:
        wire = Wire(app, SIZE)
        monkeypatch.setattr(app, "_display", wire.display)
        app.screen.refresh()
        await until(pilot, lambda: wire.updates)
        yield pilot, wire, sheets


async def put(pilot: Pilot[None], wire: Wire, sheet: Sheet, lines: list[Line]) -> str:
    """Show lines and wait for the update; what was sent."""
    wire.updates.clear()
    sheet.put(lines)
    await until(pilot, lambda: not sheet.app.screen._compositor._dirty_regions and wire.updates)
    return "".join(wire.updates)


async def test_one_changed_cell_is_a_few_bytes(stage: tuple[Pilot[None], Wire, list[Sheet]]) -> None:
    """A cursor movement, one style, one character; not the rest of the line."""
    pilot, wire, (sheet, _) = stage
    words = "some words that fill most of a line with nothing in it"
    await put(pilot, wire, sheet, [((f"{words} 1", "text"),)])
    sent = await put(pilot, wire, sheet, [((f"{words} 2", "text"),)])
    assert "2" in sent
    assert "words" not in sent
    assert len(sent) <= 60
    assert wire.cells == wire.full()


async def test_many_changes_leave_the_same_as_a_full_painting(
    stage: tuple[Pilot[None], Wire, list[Sheet]],
) -> None:
    """Wide and combining characters, any roles, several lines and widgets at once."""
    pilot, wire, sheets = stage
    chance = random.Random(7)
    for _ in range(120):
        for sheet in chance.sample(sheets, chance.randint(1, 2)):
            lines = list(sheet.lines_to_draw) or [()] * 7
            for _ in range(chance.randint(1, 3)):
                parts = [(chance.choice(WORDS), chance.choice(ROLES)) for _ in range(chance.randint(0, 6))]
                lines[chance.randrange(len(lines))] = tuple(parts)
            sheet.put(lines)
        await pilot.pause()
        await until(pilot, lambda: not sheets[0].app.screen._compositor._dirty_regions)
        assert wire.cells == wire.full()


async def test_neighbours_that_change_where_they_touch_send_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One span for the terminal, two widgets: as when the keyboard goes from one pane to the next."""
    left, right = Sheet([(("left", "text"),)]), Sheet([(("right", "text"),)])
    app = Stage(Horizontal(left, right))
    async with app.run_test(size=SIZE) as pilot:
        wire = Wire(app, SIZE)
        monkeypatch.setattr(app, "_display", wire.display)
        app.screen.refresh()
        await until(pilot, lambda: wire.updates)
        wire.updates.clear()
        edge = left.size.width - 1
        left.put([(("left" + " " * (edge - 4) + "|", "text"),)])
        right.put([(("!ight", "text"),)])
        await until(pilot, lambda: not app.screen._compositor._dirty_regions and wire.updates)
        (sent,) = wire.updates
        assert "left" not in sent
        assert "ight" not in sent
        assert wire.text[0].rstrip() == f"left{' ' * (edge - 4)}|!ight"
        assert wire.cells == wire.full()


async def test_nothing_changed_sends_nothing(stage: tuple[Pilot[None], Wire, list[Sheet]]) -> None:
    """Not even the cursor is moved."""
    pilot, wire, (sheet, _) = stage
    await put(pilot, wire, sheet, [(("same", "text"),)])
    wire.updates.clear()
    sheet.put([(("same", "text"),)])
    await pilot.pause()
    await pilot.pause()
    assert wire.updates == []


async def test_a_window_over_the_canvas_is_updated_rightly(
    stage: tuple[Pilot[None], Wire, list[Sheet]],
) -> None:
    """What changes beneath it and what changes in it both end up as a full painting would show."""
    pilot, wire, (sheet, _) = stage
    await put(pilot, wire, sheet, [(("beneath", "text"),)])
    app = pilot.app
    over = Sheet([(("over", "strong"),)])
    over.styles.width, over.styles.height = 20, 3
    await app.screen.mount(over)
    await until(pilot, lambda: any("over" in row for row in wire.text))
    over.put([(("OVER", "strong"),)])
    sheet.put([(("BENEATH", "text"),)])
    await until(pilot, lambda: any("OVER" in row for row in wire.text))
    assert wire.cells == wire.full()


def test_textual_still_has_the_private_names_this_stands_on() -> None:
    """Fails when a new Textual changes what `widgets.compositor` overrides: read it anew then."""
    assert "self._compositor = Compositor()" in getsource(Screen.__init__)
    assert "self.render_partial_update()" in getsource(_compositor.Compositor.render_update)
    assert list(signature(_compositor.Compositor.render_partial_update).parameters) == ["self"]
    assert "self._dirty_regions.clear()" in getsource(_compositor.Compositor.render_partial_update)
    assert list(signature(_compositor.Compositor._regions_to_spans).parameters) == ["regions"]
    layers = getsource(_compositor.Compositor.layers_visible.fget)  # type: ignore[attr-defined]
    assert "(widget, cropped_region, region)" in layers
    assert list(signature(Strip.render).parameters) == ["self", "console"]
    assert list(signature(Strip.crop).parameters)[:3] == ["self", "start", "end"]


def test_spans_are_sent_where_they_belong() -> None:
    """Row and column count from one on a terminal."""
    console = Console(color_system=None, force_terminal=True)
    spans = [(3, 0, Strip([Segment("34")])), (9, 1, Strip([Segment("x")]))]
    assert SpanUpdate(spans).render_segments(console) == "\x1b[1;4H34\x1b[2;10Hx"


def test_no_dirty_region_is_no_update() -> None:
    """Textual then skips the write."""
    assert SpanCompositor().render_partial_update() is None
