"""A canvas sends what changed, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from console.text import width as cell_width
from tests.widgets.stage import Sheet, Stage, until
from tests.widgets.texts import spans
from widgets.canvas import Canvas, _changed, _changes
from widgets.draw import Line, Span, fit, part

WIDTH = 24
lines = st.builds(lambda parts: fit(parts, WIDTH), spans)


def cells(spans: Line) -> list[tuple[str, str, int]]:
    """What each cell shows: the character, marks included, its role, and which part of a wide one."""
    found: list[tuple[str, str, int]] = []
    for text, role in spans:
        for char in text:
            size = cell_width(char)
            if not size and found:
                last, last_role, part = found[-1]
                found[-1] = (last + char, last_role, part)
            found += [(char, role, part) for part in range(size)]
    return found


@given(lines, lines)
def test_only_what_lies_in_the_changed_cells_differs(before: Line, after: Line) -> None:
    """The new cells laid over the old line give the new line."""
    shown, new = cells(before), cells(after)
    for left, right in _changes(before, after, WIDTH):
        assert 0 <= left < right <= WIDTH
        shown[left:right] = new[left:right]
    assert shown == new


@given(spans, st.sampled_from(["│ ", "┃ ", "| "]), st.sampled_from(["│ ", "┃ ", "x"]))
def test_an_outline_that_changes_leaves_what_it_surrounds(inside: list[Span], old: str, new: str) -> None:
    """Its two edges are painted, where they are as wide as before; the cells between are not."""
    kept = fit(inside, WIDTH - 4)
    before: Line = ((old, "frame"), *kept, (old, "frame"))
    after: Line = ((new, "frame-focus"), *fit(kept, WIDTH - 2 * len(new)), (new, "frame-focus"))
    if len(new) == len(old):
        assert _changes(before, after, WIDTH) == [(0, 2), (WIDTH - 2, WIDTH)]
    shown, wanted = cells(before), cells(after)
    for left, right in _changes(before, after, WIDTH):
        shown[left:right] = wanted[left:right]
    assert shown == wanted


@given(st.text("abc ", min_size=WIDTH, max_size=WIDTH), st.integers(0, WIDTH - 1))
def test_one_changed_character_is_one_changed_cell(text: str, at: int) -> None:
    """For plain text the region is as small as can be."""
    other = text[:at] + "x" + text[at + 1 :]
    assert _changed(((text, "text"),), ((other, "text"),), WIDTH) == (at, at + 1)


@given(lines, st.integers(0, WIDTH - 1), st.integers(1, WIDTH))
def test_a_part_of_a_line_is_what_its_cells_show(line: Line, left: int, size: int) -> None:
    right = min(WIDTH, left + size)
    shown = part(line, left, right)
    if shown is not None:
        assert cells(shown) == cells(line)[left:right]


@given(st.text("ab ─━▁▆…·→█", min_size=WIDTH, max_size=WIDTH), st.integers(0, WIDTH - 1))
def test_plain_text_and_bars_are_painted_in_parts(text: str, left: int) -> None:
    assert part(((text, "text"),), left, WIDTH) == ((text[left:], "text"),)


class Watched(Sheet):
    """Keeps the regions it asks to be painted anew."""

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        super().__init__(lines)
        self.asked: list[tuple[Region, ...]] = []

    def refresh(self, *regions: Region, **options: bool) -> Watched:
        """Write it down and do it."""
        self.asked.append(regions)
        super().refresh(*regions, **options)
        return self


def text(*rows: str) -> list[Line]:
    """Rows as lines of ordinary text."""
    return [((row, "text"),) for row in rows]


async def test_equal_lines_send_nothing() -> None:
    """Drawing the same again costs a comparison."""
    sheet = Watched(text("one", "two"))
    async with Stage(sheet).run_test(size=(20, 4)):
        sheet.asked.clear()
        sheet.put(text("one", "two"))
        assert sheet.asked == []


async def test_only_changed_cells_are_asked_for() -> None:
    """The region is that of the digits that changed, on their line."""
    sheet = Watched(text("cpu  34 %", "mem  12 %"))
    async with Stage(sheet).run_test(size=(20, 4)):
        sheet.asked.clear()
        sheet.put(text("cpu  35 %", "mem  12 %"))
        assert sheet.asked == [(Region(6, 0, 1, 1),)]


async def test_regions_count_from_the_edge_of_the_content() -> None:
    """A border is Textual's business: the cell repainted is the one that changed."""
    sheet = Watched(text("abc"))
    sheet.styles.border = ("round", "red")
    async with Stage(sheet).run_test(size=(20, 6)):
        sheet.asked.clear()
        sheet.put(text("abX"))
        assert sheet.asked == [(Region(2, 0, 1, 1),)]
        assert Region(3, 1, 1, 1) in sheet._repaint_regions


async def test_another_size_draws_anew() -> None:
    """Longer lines are cut, missing ones blank, at every size down to one cell."""
    sheet = Sheet(text("0123456789", "second"))
    async with Stage(sheet).run_test(size=(10, 3)) as pilot:
        assert sheet.text == "0123456789\nsecond\n"
        for width, height in ((5, 1), (1, 1), (12, 2), (10, 3)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda w=width, h=height: sheet.size == (w, h))  # type: ignore[misc]
            shown = sheet.text.split("\n")
            assert len(shown) == height
            assert shown[0] == ("0123456789" if width >= 10 else "0123456789"[: width - 1] + "…")


async def test_another_theme_takes_its_colours_at_once() -> None:
    """No cell keeps a colour of the theme before."""
    sheet = Sheet([(("warn", "warn"),)])
    app = Stage(sheet)
    async with app.run_test(size=(10, 1)) as pilot:
        before = sheet.render_line(0)
        app.theme = "ops-light"
        await until(pilot, lambda: sheet.render_line(0) != before)
        style = next(iter(sheet.render_line(0))).style
        assert style is not None
        assert style.color is not None
        assert style.color.triplet is not None
        assert style.color.triplet.hex == app.get_css_variables()["warning"].lower()


async def test_a_drawing_that_fails_says_so_and_recovers() -> None:
    """The app lives, the place of the widget tells the error, cleaned."""

    class Broken(Canvas):
        broken = True

        def draw(self, width: int, height: int) -> Sequence[Line]:
            """Fails until mended."""
            if self.broken:
                raise KeyError("\x1b]0;owned\x07[@click=app.quit]")
            return text("fine")

    sheet = Broken()
    async with Stage(sheet).run_test(size=(60, 3)) as pilot:
        await pilot.pause()
        assert "this pane failed to draw: KeyError" in sheet.text
        assert sheet.text.replace("\n", "").isprintable()
        assert "\x1b" not in sheet.text
        sheet.broken = False
        sheet.redraw()
        assert sheet.text.strip() == "fine"


@pytest.mark.parametrize("drawn", [["no spans"], [(("text", "no such role"),)], [((1, "text"),)], None])
async def test_lines_of_a_wrong_shape_do_not_end_the_app(drawn: object) -> None:
    """Panes of other packages may return anything."""

    class Wrong(Canvas):
        def draw(self, width: int, height: int) -> Sequence[Line]:
            """What another package might return."""
            return drawn  # type: ignore[return-value]

    sheet = Wrong()
    async with Stage(sheet).run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        assert sheet.text.strip()


def test_a_line_is_spans() -> None:
    """What the helpers here take for granted."""
    spans: tuple[Span, ...] = fit([("a", "text")], 2)
    assert cells(spans) == [("a", "text", 0), (" ", "text", 0)]
