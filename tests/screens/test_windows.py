"""Windows: help and details, what they list, how they close, and that nothing beneath hears them."""

from __future__ import annotations

import pytest

from console.errors import Unreachable
from screens.detail import DetailScreen, ScrollCanvas
from screens.findings import FindingsScreen
from screens.help import HelpScreen
from screens.keys import shown_key
from tests.screens.kit import BAD, LATE, console, read, screen_text, table, toasts, wrong, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import ROWS, FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until
from widgets.canvas import Canvas


def listed(screen: object) -> set[str]:
    """The ids a help window lists."""
    assert isinstance(screen, HelpScreen)
    return {binding_id for _, keys in screen._groups for _, _, binding_id in keys}


@pytest.mark.parametrize(
    ("where", "idle"),
    [("", {"pane.other"}), ("1", {"zoom.jump", "zoom.document", "zoom.other"})],
)
async def test_help_lists_exactly_the_keys_that_work(where: str, idle: set[str]) -> None:
    """All active bindings with something to do, each with its keys, what it does and its name."""
    async with console(fake_sources(), (160, 100)) as (pilot, app):
        if where:
            await pilot.press(where)
            await zoomed(pilot, app, "system")
        assert app.base.idle_keys >= idle | {"app.pane-6", "app.pane-9"}
        active = {
            b.binding.key: b
            for b in app.screen.active_bindings.values()
            if b.enabled and b.binding.id not in app.base.idle_keys
        }
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = screen_text(app)
        for key, found in active.items():
            assert found.binding.id
            assert shown_key(key) in text
            assert found.binding.id in text
            assert (found.tooltip or found.binding.tooltip or found.binding.description) in text
        assert listed(app.screen) == {found.binding.id for found in active.values()}
        assert listed(app.screen) > {"app.pane-5", "app.help"}
        assert "Filter" in text
        assert ":theme" in text
        assert "system, docker, postgres, redis, logs" in text


async def test_help_lists_what_only_some_views_and_sources_have() -> None:
    """Log lines of a row, and the next of two sources of a kind."""
    two = [*fake_sources(), FakeSource("docker", name="another")]
    async with console(two, (160, 100)) as (pilot, app):
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert listed(app.screen) > {"zoom.related", "zoom.other", "zoom.faults", "zoom.next-view"}
        await pilot.press("escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "pane.other" in listed(app.screen)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("O", "nothing in front belongs to another row"),
        ("L", "the lines of the run before are not kept apart here"),
        ("D", "there is no text of what is in front"),
        ("u", "nothing in front can be chosen to be watched"),
        ("o", "there is no other source of this kind"),
        ("9", "there is no pane 9"),
    ],
)
async def test_a_key_that_has_nothing_to_do_says_so(key: str, said: str) -> None:
    """No key is silent."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "system")
        await until(pilot, lambda: table(app).current is not None)
        await pilot.press(key)
        await until(pilot, lambda: said in toasts(app))


async def test_a_row_without_lines_says_so() -> None:
    """A view whose rows write nothing."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "system")
        await pilot.press("right")
        await until(pilot, lambda: "there is nothing here" in table(app).text)
        await pilot.press("l")
        await until(pilot, lambda: "nothing in front has lines of its own" in toasts(app))


@pytest.mark.parametrize("key", ["escape", "q", "enter", "question_mark", "f1"])
async def test_help_closes_by_any_key_one_would_try(key: str) -> None:
    """Also by the one that opened it: windows do not pile up."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press(key)
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.is_running


async def test_keys_in_a_window_do_not_act_on_what_is_beneath() -> None:
    """Neither digits nor letters nor prompts."""
    async with console(fake_sources(), (120, 60)) as (pilot, app):
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        sort = app.base.query_one("#view").sort_column  # type: ignore[attr-defined]
        await pilot.press("1", "0", "p", "s", "r", "o", "v", "slash", "colon", "T", "left_square_bracket")
        await pilot.press("plus", "minus", "tab", "left", "right", "ctrl+r", "ctrl+s", "f", "l", "h")
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)
        assert len(app.screen_stack) == 3
        assert not app.paused
        assert app.base.query_one("#view").sort_column == sort  # type: ignore[attr-defined]
        assert not app.screen.query("PromptLine")
        assert app.collector.interval == 1.0


async def test_details_show_every_column_and_their_keys() -> None:
    """In a frame that names the view and says how to close it."""
    async with console(fake_sources("docker"), (100, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("down", "down", "d")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        window = app.screen.query_one(ScrollCanvas)
        assert [line.split() for line in window.text.split("\n")[:3]] == [
            ["NAME", "api-2"],
            ["SHARE", "74%"],
            ["SIZE", "2.0M"],
        ]
        assert str(window._border_title) == "Rows"
        assert "esc close" in str(window._border_subtitle)
        assert "y copy" in str(window._border_subtitle)


async def test_details_are_kept_up_to_date_and_outlive_their_row() -> None:
    """Gone is said, with the last that was seen."""
    source = FakeSource("docker")
    async with console([source], (100, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        source.snapshot = FakeSnapshot(rows=(Row("api-0", 0.99), Row("other", 0.1)))
        await until(pilot, lambda: "99%" in app.screen.query_one(ScrollCanvas).text)
        assert any("other" in canvas.text for canvas in app.base.query(Canvas))
        source.snapshot = FakeSnapshot(rows=(Row("other", 0.1),))
        await until(pilot, lambda: "gone: this is the last" in app.screen.query_one(ScrollCanvas).text)
        assert "99%" in app.screen.query_one(ScrollCanvas).text
        source.error = Unreachable("down")
        await until(pilot, lambda: "✖ stale" in "".join(c.text for c in app.base.query(Canvas)))
        source.error, source.snapshot = None, FakeSnapshot(rows=ROWS)
        await read(pilot, app, lambda: "gone" not in app.screen.query_one(ScrollCanvas).text)


async def test_the_header_beneath_a_window_goes_on() -> None:
    """The clock of a screen under a window does not stand still."""
    async with console(fake_sources("docker"), (100, 30)) as (pilot, app):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        before = next(canvas.text for canvas in app.base.query(Canvas) if canvas.id == "header")
        await until(pilot, lambda: next(c.text for c in app.base.query(Canvas) if c.id == "header") != before)


async def test_a_window_scrolls_by_keys_and_wheel() -> None:
    """And says how much is below."""
    from textual.events import MouseScrollDown, MouseScrollUp

    async with console(fake_sources(), (80, 24)) as (pilot, app):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        window = app.screen.query_one(ScrollCanvas)
        await until(pilot, lambda: "more lines" in window.text)

        def top() -> int:
            return window._top

        for keys, expected in [
            (["down"], 1),
            (["k"], 0),
            (["up"], 0),
            (["space"], window.content_size.height - 2),
            (["pageup"], 0),
            (["G"], len(window._all) - window.content_size.height),
            (["pagedown", "j"], len(window._all) - window.content_size.height),
            (["home"], 0),
            (["end", "g"], 0),
        ]:
            await pilot.press(*keys)
            assert top() == expected
        where = (window, 1, 1, 0, 0, 0, False, False, False)
        window.post_message(MouseScrollDown(*where))
        await until(pilot, lambda: top() == 3)
        window.post_message(MouseScrollUp(*where))
        await until(pilot, lambda: top() == 0)


async def test_the_help_of_a_window_is_a_window_over_it_and_no_more() -> None:
    """Any number of question marks make two at most."""
    async with console(fake_sources("docker"), (100, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert listed(app.screen) >= {"window.close", "window.copy", "window.down"}
        assert "app.pause" not in listed(app.screen)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert app.focused is table(app)


async def test_findings_are_listed_with_what_mends_them() -> None:
    """Worst first, of all sources, kept up to date; the key that opened the window closes it."""
    given = fake_sources("docker", "redis")
    given[0].findings = [LATE]
    given[1].findings = [BAD]
    async with console(given, (100, 30)) as (pilot, app):
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        lines = [line.strip() for line in screen_text(app).split("\n")]
        assert lines[:3] == [
            "✖ api-3 restarting, exit 137 OOM [2]",
            "raise its memory limit",
            "▲ /var 91% used (limit 85%) [1]",
        ]
        given[1].findings = []
        await read(pilot, app, lambda: "api-3" not in screen_text(app))
        given[0].findings = []
        await read(pilot, app, lambda: "nothing wrong is known" in screen_text(app))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_what_a_failing_source_showed_before_has_its_time() -> None:
    """It stands below the failure, and whoever reads it knows that it may be wrong no more."""
    given = fake_sources("docker", "redis")
    given[1].findings = [BAD]
    async with console(given, (100, 30)) as (pilot, app):
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        assert "(at " not in screen_text(app)
        given[1].error = Unreachable("gone")
        await read(pilot, app, lambda: "redis gone [2]" in screen_text(app))
        good = app.collector.feeds["redis"].good
        assert good is not None
        then = good.time.astimezone().strftime("%H:%M:%S")
        assert f"api-3 restarting, exit 137 OOM (at {then}) [2]" in screen_text(app)
        given[1].error = None
        await read(pilot, app, lambda: "gone" not in screen_text(app))
        assert "api-3 restarting, exit 137 OOM [2]" in screen_text(app)


async def test_what_may_not_be_seen_is_listed_whole_with_what_shows_it() -> None:
    """A pane and the line above a table have room for the beginning only."""
    said = "reader: may not list pods, deployments and 11 more in namespace payments of a cluster far away"
    given = fake_sources("docker", "redis")
    given[1].snapshot = FakeSnapshot(limited=(said,), remedies={said: "kubectl auth can-i list pods"})
    async with console(given, (60, 30)) as (pilot, app):
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        words = " ".join(screen_text(app).split())
        assert "nothing wrong is known" in words
        assert f"limited view: {said}" in words.replace(" [2]", "")
        assert "kubectl auth can-i list pods" in words


async def test_a_click_on_the_count_of_further_findings_lists_them() -> None:
    """Nothing wrong is further away than that."""
    given = fake_sources("docker", "redis")
    given[0].findings = [BAD] * 6
    async with console(given, (100, 30)) as (pilot, app):
        line = wrong(app)
        await pilot.click("#wrong", offset=(line.index("more"), 0))
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        assert screen_text(app).count("✖") == 6


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (500, 200)])
async def test_windows_of_any_size(size: tuple[int, int]) -> None:
    """They open, scroll, and close."""
    async with console(fake_sources("docker"), size) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("enter", "G", "escape", "question_mark", "G", "escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
