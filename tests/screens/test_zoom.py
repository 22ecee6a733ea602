"""A zoomed pane: views, plots, filter, details, sources, by key and by mouse."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.events import Key
from textual.widgets import Input

from console.errors import NotFound, Refused, Unreachable
from console.findings import Severity
from tests.screens.kit import BAD, KINDS, console, read, screen_text, table, text_of, told, zoomed
from tests.screens.kit import footer as footer_text
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import ROWS, FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until
from widgets.lines import NoteLine, TabsLine
from widgets.plot_area import PlotArea
from widgets.prompt import PromptLine


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (80, 24), (120, 40), (160, 50), (240, 70), (500, 200)])
async def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    """Plots only where there is room for them."""
    async with console(fake_sources(), size) as (pilot, app):
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        plots = app.screen.query_one(PlotArea)
        assert plots.display == (size[1] >= 20)
        if size[1] >= 24:
            await until(pilot, lambda: "api-0" in table(app).text)
            assert "2 Docker  12 rows" in text_of(app, TabsLine)
            assert "cpu" in plots.text


async def test_views_are_turned_by_key_and_by_mouse() -> None:
    """Sorting, marks and the cursor of a view are there when the reader comes back."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("s", "s", "down", "down", "space")
        marked = set(table(app).marked)
        current = table(app).current
        assert len(marked) == 1
        await pilot.press("right")
        await until(pilot, lambda: "there is nothing here" in table(app).text)
        assert text_of(app, NoteLine).strip() == "a note"
        await pilot.press("left")
        await until(pilot, lambda: "api-0" in table(app).text)
        assert (table(app).sort_column, table(app).descending) == ("share", True)
        assert table(app).marked == marked
        assert table(app).current == current
        await pilot.press("left")
        await until(pilot, lambda: "there is nothing here" in table(app).text)
        tabs = text_of(app, TabsLine)
        await pilot.click("#tabs", offset=(tabs.index("Rows"), 0))
        await until(pilot, lambda: "api-0" in table(app).text)


async def test_the_neighbours_are_a_tab_away() -> None:
    """Round and round, and never a second layer."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "system")
        for key, kind in [("tab", "docker"), ("tab", "postgres"), ("shift+tab", "docker")]:
            await pilot.press(key)
            await zoomed(pilot, app, kind)
            assert len(app.screen_stack) == 2
        await pilot.press("shift+tab", "shift+tab")
        await zoomed(pilot, app, KINDS[-1])


async def test_the_log_lines_of_a_row_are_a_key_away() -> None:
    """The filter there is taken back first, then the overview comes back; a view without rows has none."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        assert "l its log" in footer_text(app)
        await pilot.press("down", "down", "l")
        logs = await zoomed(pilot, app, "logs")
        await until(pilot, lambda: table(app).counts == (1, 12))
        assert logs.filter_text == "api-2"
        await pilot.press("escape")
        await until(pilot, lambda: table(app).counts == (12, 12))
        await pilot.press("right", "l")
        await until(pilot, lambda: "there is nothing here" in table(app).text)
        assert "l its log" not in footer_text(app)
        assert app.base is logs
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_row_whose_pane_is_not_there_says_so() -> None:
    """As an alert about what this console does not watch."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        docker = await zoomed(pilot, app, "docker")
        await pilot.press("l")
        await told(pilot, app, "there is no pane Logs here")
        assert app.base is docker


async def test_plots_can_be_put_away_and_reach_further_back() -> None:
    """For all panes alike."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "system")
        plots = app.screen.query_one(PlotArea)
        for span in ("-10m00s", "-1h00m", "-2m00s"):
            await pilot.press("W")
            await until(pilot, lambda s=span: s in plots.text)  # type: ignore[misc]
        await pilot.press("v")
        assert not plots.display
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        assert not app.screen.query_one(PlotArea).display
        await pilot.press("v")
        assert app.screen.query_one(PlotArea).display


async def test_new_readings_are_shown_at_once() -> None:
    """Rows and counts."""
    source = FakeSource("docker")
    async with console([source]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        source.snapshot = FakeSnapshot(rows=(Row("fresh", 0.5), Row("bad", 0.1, level=Severity.CRITICAL)))
        source.findings = [BAD]
        await until(pilot, lambda: "fresh" in table(app).text)
        assert table(app).text.index("bad") < table(app).text.index("fresh")
        assert "1 Docker  ✖ 1  2 rows" in text_of(app, TabsLine)


async def test_a_filter_works_while_it_is_typed() -> None:
    """Enter keeps it, Esc goes back to the one before, Esc once more takes it away, then leaves."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("slash", *"api-1")
        await until(pilot, lambda: table(app).counts == (3, 12))
        assert "/api-1 3 of 12" in text_of(app, TabsLine)
        await pilot.press("enter")
        await until(pilot, lambda: not app.screen.query(PromptLine))
        assert app.focused is table(app)
        assert table(app).counts == (3, 12)
        await pilot.press("slash", "backspace", "9")
        await until(pilot, lambda: table(app).counts == (1, 12))
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.query(PromptLine))
        assert table(app).counts == (3, 12)
        await pilot.press("escape")
        await until(pilot, lambda: table(app).counts == (12, 12))
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_filter_holds_over_views_and_readings() -> None:
    """Until it is taken away."""
    source = FakeSource("docker")
    async with console([source]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("slash", *"name:api-3", "enter")
        await until(pilot, lambda: table(app).counts == (1, 12))
        source.snapshot = FakeSnapshot(rows=(*ROWS, Row("api-33", 0.5)))
        await until(pilot, lambda: table(app).counts == (2, 13))
        await pilot.press("right", "left")
        await until(pilot, lambda: table(app).counts == (2, 13))


async def test_zero_leaves_a_filtered_pane_at_once() -> None:
    """It is the overview's key, whatever is filtered."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("slash", "x", "enter", "0")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_wrong_filter_says_so_above_the_table() -> None:
    """And takes the word as text."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("slash", *"api-[", "enter")
        await until(pilot, lambda: "is no regular expression" in text_of(app, NoteLine))
        await pilot.press("escape")
        await until(pilot, lambda: "regular" not in text_of(app, NoteLine))


async def test_filtering_from_the_overview_zooms_the_pane_with_the_keyboard() -> None:
    """With the prompt open and the keyboard in it."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await pilot.press("right", "slash")
        await zoomed(pilot, app, "docker")
        await until(pilot, lambda: app.screen.query(PromptLine))
        await pilot.press(*"api-7")
        await until(pilot, lambda: table(app).counts == (1, 12))


@pytest.mark.parametrize("start", ["overview", "zoom"])
async def test_what_is_typed_right_after_the_slash_is_the_filter(start: str) -> None:
    """Fast typing and pasting press none of the keys beneath: q would quit, p pause, digits zoom."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        if start == "zoom":
            await pilot.press("1")
            await zoomed(pilot, app, "system")
        driver = app._driver
        assert driver is not None
        for char in "/qp1-0 s":
            key = Key({"/": "slash", "-": "minus", " ": "space"}.get(char, char), char)
            key.set_sender(app)
            driver.send_message(key)
        screen = await zoomed(pilot, app, "system")
        await until(pilot, lambda: screen.filter_text == "qp1-0 s")
        assert app.is_running
        assert not app.paused


async def test_typing_moves_no_pane_and_presses_no_key() -> None:
    """Digits, q and p are text while a prompt is open; arrows recall, tab completes."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        screen = await zoomed(pilot, app, "docker")
        await pilot.press("slash", *"q1p0", "enter")
        await until(pilot, lambda: screen.filter_text == "q1p0")
        assert not app.paused
        await pilot.press("escape", "slash", *"other", "up")
        await until(pilot, lambda: screen.filter_text == "q1p0")
        await pilot.press("down")
        await until(pilot, lambda: screen.filter_text == "other")
        await pilot.press("tab", "shift+tab")
        assert app.screen is screen


async def test_a_source_without_data_says_why_and_recovers() -> None:
    """The keyboard follows what is shown."""
    source = FakeSource("postgres", error=Refused("password needed", "set PGPASSWORD"))
    async with console([source]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "postgres")
        assert "fix  set PGPASSWORD" in screen_text(app)
        assert not app.screen.query_one(PlotArea).display
        assert app.focused is app.screen.query_one("#absence")
        await pilot.press("s", "r", "enter", "d", "space", "right", "left", "y")
        source.error = NotFound("no server", "set DATABASE_URL")
        await read(pilot, app, lambda: "set DATABASE_URL" in screen_text(app))
        source.error = None
        await read(pilot, app, lambda: "api-0" in screen_text(app))
        assert app.focused is table(app)
        source.error = Unreachable("connection reset", "look at the server")
        await read(pilot, app, lambda: "stale since" in text_of(app, NoteLine))
        assert "connection reset: look at the server" in text_of(app, NoteLine)
        assert "api-0" in table(app).text
        assert "✖ stale" in text_of(app, TabsLine)


async def test_a_limited_view_says_so() -> None:
    """All of what is missing, above the table."""
    source = FakeSource("postgres", snapshot=FakeSnapshot(rows=ROWS, limited=("a: GRANT a", "b: GRANT b")))
    async with console([source]) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "postgres")
        assert text_of(app, NoteLine).strip() == "limited view: a: GRANT a; b: GRANT b"
        long = "may not list pods " * 20
        source.snapshot = FakeSnapshot(rows=ROWS, limited=(long,))
        await read(pilot, app, lambda: "limited view (! says all): may not" in text_of(app, NoteLine))


async def test_the_other_source_of_a_kind() -> None:
    """One key, as on the overview."""
    given = [FakeSource("postgres", "orders@a"), FakeSource("postgres", "users@b")]
    async with console(given) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "postgres")
        assert "orders@a (+1)" in text_of(app, TabsLine)
        await pilot.press("o")
        await until(pilot, lambda: "users@b (+1)" in text_of(app, TabsLine))


async def test_the_footer_works_on_the_table() -> None:
    """A click sorts, turns round, opens."""
    async with console(fake_sources("docker"), (160, 40)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        for word, holds in [
            ("sort", lambda: table(app).sort_column == "name"),
            ("reverse", lambda: table(app).descending),
            ("→ view", lambda: "there is nothing" in table(app).text),
            ("→ view", lambda: "api-0" in table(app).text),
            ("plots", lambda: not app.screen.query_one(PlotArea).display),
            ("details", lambda: len(app.screen_stack) == 3),
        ]:
            await pilot.click("#footer", offset=(footer_text(app).index(word), 0))
            await until(pilot, holds)


async def test_a_click_on_a_header_sorts() -> None:
    """In the zoomed table."""
    async with console(fake_sources("docker")) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        x = table(app).text.split("\n")[0].index("SHARE")
        await pilot.click(table(app), offset=(x, 0))
        await until(pilot, lambda: table(app).sort_column == "share")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("slash", "ctrl+u", *"api"), "api"),
        (("slash", *"bad", "backspace", "backspace", *"ox"), "box"),
        (("slash", "home", *"no", "end", *"!"), "nokeep!"),
    ],
)
async def test_keys_typed_in_one_burst_act_in_their_order(keys: Sequence[str], text: str) -> None:
    """No letter overtakes what was pressed before it, from the key that opens the prompt on."""
    async with console(fake_sources("docker")) as (pilot, app):
        app.zoom("docker", filter_text="" if "bad" in "".join(keys) else "keep")
        await zoomed(pilot, app, "docker")
        for key in keys:
            app.post_message(Key(key, {"slash": "/"}.get(key, key if len(key) == 1 else None)))
        await pilot.pause()
        await until(pilot, lambda: app.base.query(Input) and app.base.query_one(Input).value == text)
