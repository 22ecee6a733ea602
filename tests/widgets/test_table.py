"""The table as its reader uses it: moving, sorting, filtering, marking, by key and by mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.findings import Severity
from tests.widgets.stage import Stage, until
from widgets.table import Column, Table


@dataclass(frozen=True)
class Box:
    """A row: a container with its CPU share and how wrong it is."""

    name: str
    cpu: float
    level: Severity = Severity.OK


COLUMNS = (
    Column[Box]("name", "NAME", lambda row: (row.name, "strong"), 10, flex=1),
    Column[Box]("cpu", "CPU", lambda row: f"{row.cpu:.0%}", 6, align=">", sort=lambda row: row.cpu),
)
BOXES = [Box(f"box-{i:02}", (i * 37 % 100) / 100) for i in range(40)]


class Tables(Stage):
    """Remembers what was opened."""

    def on_table_opened(self, message: Table.Opened) -> None:
        """Keep it."""
        self.messages.append((message.control.id, message.row))


@pytest.fixture
async def table() -> AsyncIterator[tuple[Pilot[None], Table[Box]]]:
    """A table of forty rows in room for nine, with the keyboard."""
    widget: Table[Box] = Table(COLUMNS, lambda row: row.name, lambda row: row.level, id="table")
    async with Tables(widget).run_test(size=(40, 10)) as pilot:
        widget.focus()
        widget.show(BOXES)
        await pilot.pause()
        yield pilot, widget


def name(table: Table[Box]) -> str:
    """The row under the cursor."""
    return table.current.name if table.current else ""


def shown(table: Table[Box]) -> list[str]:
    """The names in view, from the top."""
    return [line[2:].split()[0] for line in table.text.split("\n")[1:] if line.strip()]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["down"], "box-01"),
        (["j", "j", "k"], "box-01"),
        (["up"], "box-00"),
        (["pagedown"], "box-08"),
        (["pagedown", "pagedown", "pageup"], "box-08"),
        (["end"], "box-39"),
        (["G"], "box-39"),
        (["G", "g"], "box-00"),
        (["end", "home"], "box-00"),
        (["G", "down", "pagedown"], "box-39"),
    ],
)
async def test_keys_move_the_cursor(
    table: tuple[Pilot[None], Table[Box]], keys: list[str], expected: str
) -> None:
    """And the row it is on is always in view."""
    pilot, widget = table
    await pilot.press(*keys)
    assert name(widget) == expected
    assert expected in shown(widget)
    assert len(shown(widget)) == 9


async def test_the_cursor_follows_its_row(table: tuple[Pilot[None], Table[Box]]) -> None:
    """Other rows come, go and change places; the reader's stays chosen."""
    pilot, widget = table
    await pilot.press("down", "down", "down")
    widget.show(list(reversed(BOXES)))
    assert name(widget) == "box-03"
    assert "box-03" in shown(widget)
    widget.show([Box("new", 0), *BOXES])
    assert name(widget) == "box-03"
    widget.show(BOXES)
    widget.show([box for box in BOXES if box.name != "box-03"])
    assert name(widget) == "box-04"
    widget.show([])
    assert widget.current is None
    widget.show(BOXES)
    assert name(widget) == "box-00"


async def test_at_the_top_the_cursor_stays_at_the_top(table: tuple[Pilot[None], Table[Box]]) -> None:
    """There the worst is expected, whichever it is."""
    _, widget = table
    widget.show([*BOXES, Box("broken", 1.0, Severity.CRITICAL)])
    assert name(widget) == "broken"
    assert shown(widget)[0] == "broken"


async def test_wrong_rows_stand_first_until_the_reader_sorts(
    table: tuple[Pilot[None], Table[Box]],
) -> None:
    """And again after the last column."""
    pilot, widget = table
    widget.show([Box("a", 0.1), Box("b", 0.3, Severity.WARNING), Box("c", 0.2, Severity.CRITICAL)])
    assert shown(widget) == ["c", "b", "a"]
    assert [line[0] for line in widget.text.split("\n")[1:4]] == ["✖", "▲", " "]
    await pilot.press("s")
    assert shown(widget) == ["a", "b", "c"]
    assert "NAME↑" in widget.text
    await pilot.press("s")
    assert shown(widget) == ["b", "c", "a"]
    assert "CPU↓" in widget.text
    await pilot.press("r")
    assert shown(widget) == ["a", "c", "b"]
    assert "CPU↑" in widget.text
    await pilot.press("s")
    assert shown(widget) == ["c", "b", "a"]
    await pilot.press("r")
    assert shown(widget) == ["c", "b", "a"]


async def test_columns_grow_with_their_text_and_do_not_jump_back(
    table: tuple[Pilot[None], Table[Box]],
) -> None:
    """A long name that is gone leaves them where they are; another size begins anew."""
    pilot, widget = table

    def place() -> int:
        return widget.text.index("CPU")

    short = place()
    widget.show([Box("a-rather-long-name", 0.5), *BOXES])
    long = place()
    assert long == short + len("a-rather-long-name") - len("box-00")
    widget.show(BOXES)
    assert place() == long
    await pilot.resize_terminal(41, 10)
    await until(pilot, lambda: place() == short)


async def test_a_click_on_a_header_sorts(table: tuple[Pilot[None], Table[Box]]) -> None:
    """Numbers from large to small at first; a second click turns the order round."""
    pilot, widget = table
    title = widget.text.index("CPU")
    await pilot.click(widget, offset=(title, 0))
    assert (widget.sort_column, widget.descending) == ("cpu", True)
    await pilot.click(widget, offset=(title, 0))
    assert (widget.sort_column, widget.descending) == ("cpu", False)
    await pilot.click(widget, offset=(3, 0))
    assert (widget.sort_column, widget.descending) == ("name", False)
    await pilot.click(widget, offset=(0, 0))
    assert widget.sort_column == "name"


async def test_a_click_chooses_a_row_and_a_second_one_opens_it(
    table: tuple[Pilot[None], Table[Box]],
) -> None:
    """As the keys do."""
    pilot, widget = table
    await pilot.click(widget, offset=(5, 4))
    assert name(widget) == "box-03"
    assert pilot.app.messages == []  # type: ignore[attr-defined]
    await pilot.click(widget, offset=(5, 6), times=2)
    await pilot.pause()
    assert pilot.app.messages == [("table", BOXES[5])]  # type: ignore[attr-defined]


async def test_enter_opens_the_row(table: tuple[Pilot[None], Table[Box]]) -> None:
    """So does d."""
    pilot, _ = table
    await pilot.press("down", "enter", "down", "d")
    await pilot.pause()
    assert pilot.app.messages == [("table", BOXES[1]), ("table", BOXES[2])]  # type: ignore[attr-defined]


async def test_the_wheel_moves_the_cursor(table: tuple[Pilot[None], Table[Box]]) -> None:
    """Three rows at a time, and never out of the table."""
    _, widget = table
    from textual.events import MouseScrollDown, MouseScrollUp

    where = (widget, 1, 1, 0, 0, 0, False, False, False)
    widget.post_message(MouseScrollDown(*where))
    await until(Pilot(widget.app), lambda: name(widget) == "box-03")
    widget.post_message(MouseScrollUp(*where))
    widget.post_message(MouseScrollUp(*where))
    await until(Pilot(widget.app), lambda: name(widget) == "box-00")


async def test_a_filter_shows_what_matches_and_how_many(table: tuple[Pilot[None], Table[Box]]) -> None:
    """The cursor stays with its row when that matches."""
    pilot, widget = table
    await pilot.press(*["down"] * 12)
    assert not widget.set_filter("box-1").error
    assert widget.counts == (10, 40)
    assert name(widget) == "box-12"
    widget.set_filter("name:box-3 !box-31")
    assert widget.counts == (9, 40)
    widget.set_filter("nothing has this")
    assert widget.counts == (0, 40)
    assert widget.current is None
    assert "no row of 40 matches the filter" in widget.text
    await pilot.press("down", "enter", "space", "s", "G", "g", "pagedown")
    widget.set_filter("")
    assert widget.counts == (40, 40)


async def test_a_filter_holds_for_rows_that_come_later(table: tuple[Pilot[None], Table[Box]]) -> None:
    """It is applied to every reading."""
    _, widget = table
    widget.set_filter("api")
    widget.show([*BOXES, Box("api-1", 0.5)])
    assert shown(widget) == ["api-1"]


async def test_a_wrong_filter_says_so_and_still_filters(table: tuple[Pilot[None], Table[Box]]) -> None:
    """What is no regular expression is looked for as text."""
    _, widget = table
    assert widget.set_filter("box[").error
    assert widget.counts == (0, 40)


async def test_marks_stay_with_their_rows(table: tuple[Pilot[None], Table[Box]]) -> None:
    """A mark does not hide how wrong the row is, and ends with the row."""
    pilot, widget = table
    widget.show([Box("a", 0, Severity.CRITICAL), Box("b", 0), Box("c", 0)])
    await pilot.press("space", "space")
    assert widget.marked == {"a", "b"}
    assert name(widget) == "c"
    assert [line[:3] for line in widget.text.split("\n")[1:4]] == ["✖*a", " *b", "  c"]
    await pilot.press("g", "space")
    assert widget.marked == {"b"}
    widget.show([Box("a", 0), Box("c", 0)])
    assert widget.marked == set()


async def test_faults_only_leaves_out_what_is_well(table: tuple[Pilot[None], Table[Box]]) -> None:
    """Beside a filter, and for rows that come later; that nothing is wrong is said."""
    _, widget = table
    widget.show_faults_only(True)
    assert widget.counts == (0, 40)
    assert "nothing is wrong with any of 40" in widget.text
    widget.show([*BOXES, Box("bad-1", 0.5, Severity.CRITICAL), Box("bad-2", 0.5, Severity.WARNING)])
    assert shown(widget) == ["bad-1", "bad-2"]
    widget.set_filter("bad-2")
    assert widget.counts == (1, 42)
    widget.set_filter("")
    widget.show_faults_only(False)
    assert widget.counts == (42, 42)


async def test_a_hidden_column_is_found_and_a_named_one_only_by_its_name() -> None:
    """Neither is asked for more than a filter needs."""
    columns = (
        *COLUMNS[:1],
        Column[Box]("share", "SHARE", lambda row: f"{row.cpu:.2f}", 6, named=True),
        Column[Box]("labels", "LABELS", lambda row: f"twice={row.cpu * 2:.2f}", 0, hidden=True),
    )
    widget: Table[Box] = Table(columns, lambda row: row.name)
    async with Tables(widget).run_test(size=(60, 10)) as pilot:
        widget.show(BOXES)
        await pilot.pause()
        assert "SHARE" in widget.text
        assert "LABELS" not in widget.text
        widget.set_filter("labels:0.74")
        assert shown(widget) == ["box-01"]
        widget.set_filter("twice=0.74")
        assert shown(widget) == ["box-01"]
        widget.set_filter("share:0.37")
        assert shown(widget) == ["box-01"]
        widget.set_filter("0.37")
        assert widget.counts == (0, 40)
        widget.set_filter("")
        widget.sort_column = "share"
        widget.action_sort()
        assert widget.sort_column == "", "what is not drawn is not sorted by"


async def test_what_the_rows_are_sorted_by_is_seen_however_narrow_it_is(
    table: tuple[Pilot[None], Table[Box]],
) -> None:
    pilot, widget = table
    widget.styles.width = 16
    await pilot.pause()
    for column in widget.columns:
        if not column.hidden:
            await pilot.press("s")
            await pilot.pause()
            assert widget.sort_column == column.id
            assert any(arrow in widget.text.splitlines()[0] for arrow in "↑↓"), widget.text


async def test_an_absent_column_takes_no_room_unless_it_is_sorted_by(
    table: tuple[Pilot[None], Table[Box]],
) -> None:
    """It can be filtered by all the same, and comes back."""
    pilot, widget = table
    widget.show(BOXES, absent=("cpu",))
    await pilot.pause()
    assert "CPU" not in widget.text
    widget.sort_by("name")
    await pilot.press("s")
    assert widget.sort_column == "", "it is passed over"
    widget.set_filter("cpu:37%")
    assert widget.counts == (1, 40)
    widget.set_filter("")
    widget.show(BOXES)
    widget.sort_by("cpu")
    widget.show(BOXES, absent=("cpu",))
    await pilot.pause()
    assert "CPU↓" in widget.text, "what the rows are sorted by is seen"
    await pilot.press("s")
    await pilot.pause()
    assert "CPU" not in widget.text


async def test_an_empty_table_says_why(table: tuple[Pilot[None], Table[Box]]) -> None:
    """In the words of its view."""
    _, widget = table
    widget.empty = "no session is blocked"
    widget.show([])
    assert "no session is blocked" in widget.text


async def test_the_cursor_is_seen_with_and_without_the_keyboard() -> None:
    """Bright here, faint while another widget has the keyboard; the row's warning keeps its colour."""
    widget: Table[Box] = Table(
        (Column("name", "NAME", lambda row: (row.name, "crit"), 10, flex=1),), lambda row: row.name
    )
    other = Input(id="other")
    async with Stage(other, widget).run_test(size=(40, 10)) as pilot:
        widget.show(BOXES)
        await pilot.pause()

        def styles(y: int) -> list[object]:
            return [segment.style for segment in widget.render_line(y) if "box" in segment.text]

        blurred = styles(1)
        widget.focus()
        await until(pilot, lambda: styles(1) != blurred)
        under, (beside,), (faint,) = styles(1)[0], styles(2), blurred
        assert under.bgcolor != beside.bgcolor != faint.bgcolor  # type: ignore[attr-defined]
        assert under.color == beside.color == faint.color  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3), (300, 90)])
async def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    """Down to one cell, and with more room than rows."""
    widget: Table[Box] = Table(COLUMNS, lambda row: row.name, lambda row: row.level)
    async with Tables(widget).run_test(size=size) as pilot:
        widget.focus()
        widget.show(BOXES)
        await pilot.press("G", "pageup", "s", "space")
        assert len(widget.text.split("\n")) == size[1]
        assert "failed" not in widget.text


async def test_a_row_is_drawn_once_however_often_the_cursor_passes() -> None:
    """Moving draws nothing again but what comes into view; a mark, other rows, other widths do."""
    drawn: list[str] = []

    def cell(row: Box) -> str:
        drawn.append(row.name)
        return row.name

    columns = (Column[Box]("name", "NAME", cell, 10),)
    widget: Table[Box] = Table(columns, lambda row: row.name, lambda row: row.level, id="table")
    async with Tables(widget).run_test(size=(40, 10)) as pilot:
        widget.focus()
        widget.show(BOXES)
        await pilot.pause()
        drawn.clear()
        await pilot.press("down", "down", "up")
        assert drawn == []
        assert name(widget) == "box-01"
        await pilot.press("space")
        assert drawn == ["box-01"]
        assert "*" in widget.text.split("\n")[2]
        drawn.clear()
        await pilot.press("end")
        assert set(drawn) == set(shown(widget))
        drawn.clear()
        widget.show([Box("other", 0.5), *BOXES[1:]])
        await pilot.press("home")
        assert "other" in drawn
        assert shown(widget)[0] == "other"
        drawn.clear()
        await pilot.resize_terminal(30, 10)
        await pilot.pause()
        assert set(shown(widget)) <= set(drawn)
