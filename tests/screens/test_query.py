"""`:promql`: what is asked, of whom, what stands there, and how one gets on from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.alerts.asking import OwnAnswers
from console.alerts.engines.query import EngineAnswers
from console.alerts.engines.source import EngineSource
from console.clock import SystemClock
from console.config import Config
from console.metrics import Sample, labels
from screens.app import OpsConsole
from screens.commands import run_command
from screens.detail import ScrollCanvas
from screens.overview import OverviewScreen
from screens.query import QueryScreen, SeriesScreen
from tests.console.alerts.engines.kit import RULES, SCRAPES
from tests.pty.hostile import STRINGS
from tests.pty.sequences import misleading
from tests.screens.kit import console, footer, screen_text, sources, table, told
from tests.servers.prometheus import Prometheus
from tests.widgets.stage import until
from widgets.query_result import QueryPlot
from widgets.table import Table


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """One that scrapes itself."""
    running = Prometheus(files={"rules.yml": RULES})
    (running.directory / "prometheus.yml").write_text(SCRAPES % {"own": running.port})
    with running:
        yield running


def fill(app: OpsConsole, *hosts: str, name: str = "load") -> None:
    """A minute of series in the history, rising."""
    now = app.collector.clock.monotonic()
    for ago in range(60, -1, -5):
        samples = [Sample(name, 100.0 * n + 60 - ago, labels(host=host)) for n, host in enumerate(hosts)]
        app.collector.history.add(now - ago, samples)


async def asked(pilot: Pilot[None], app: OpsConsole, text: str) -> QueryScreen:
    """The screen of an expression, once there is an answer."""
    run_command(app, text)
    await until(pilot, lambda: isinstance(app.screen, QueryScreen) and app.screen.is_mounted)
    screen = app.screen
    assert isinstance(screen, QueryScreen)
    await until(pilot, lambda: "asking" not in screen_text(app) and screen.query("#query-head"))
    await pilot.pause()
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (230, 60)])
@pytest.mark.parametrize("command", ["promql load", "= load", "=load", "PROMQL  load "])
async def test_a_table_and_a_plot(size: tuple[int, int], command: str) -> None:
    """The largest first, with the labels that tell the series apart; of whom it was asked."""
    async with console(sources("system"), size, clock=None) as (pilot, app):
        fill(app, "a", "b", "c")
        screen = await asked(pilot, app, command)
        assert [dict(row.labels)["host"] for row in table(app).rows] == ["c", "b", "a"]
        assert "VALUE host" in screen_text(app)
        assert "this console's history  3 found" in screen_text(app)
        assert screen.query_one(QueryPlot).display
        assert "3 series" in screen.query_one(QueryPlot).text
        assert "esc leave" in footer(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


async def test_it_is_asked_again_while_it_is_open() -> None:
    """At the pace of the console; and not once it was left."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        fill(app, "a")
        screen = await asked(pilot, app, "promql load")
        fill(app, "a", "b")
        screen.ask_now()
        # the label that tells them apart is a column more: the table is another then
        await until(pilot, lambda: screen.query(Table) and len(table(app).rows) == 2)
        assert [timer for timer in screen._timers if timer.name == "query"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("promql sum(load", "character 4 is not closed"),
        ("promql rate(load)", "expected type matrix"),
        ("promql nofunction(load)", "nofunction"),
    ],
)
async def test_what_is_wrong_with_it_is_one_sentence(text: str, said: str) -> None:
    """Beside the expression, which can be mended there."""
    async with console(sources("system"), (160, 40)) as (pilot, app):
        fill(app, "load")
        screen = await asked(pilot, app, text)
        assert "✖" in screen_text(app)
        assert said in screen.failure
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = "load"
        await pilot.press("enter")
        await until(pilot, lambda: not screen.failure and screen.query("#view"))
        assert len(table(app).rows) == 1
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = "load +"
        await pilot.press("enter")
        await until(pilot, lambda: screen.failure)
        assert not screen.query("#view")  # what stood there was of another expression
        assert not screen.query_one(QueryPlot).display


async def test_nothing_is_asked_without_words() -> None:
    """And that is said."""
    async with console(sources("system")) as (pilot, app):
        run_command(app, "promql")
        await told(pilot, app, "write an expression after it")
        assert isinstance(app.screen, OverviewScreen)


async def test_numbers_texts_and_nothing() -> None:
    """Each has its place."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        for text, shown in (("6 * 7", "42"), ('"told"', "told"), ("nothing_like_it", "nothing has this now")):
            await asked(pilot, app, f"= {text}")
            await until(pilot, partial(_shows, app, shown))


def _shows(app: OpsConsole, text: str) -> bool:
    return text in screen_text(app)


async def test_a_series_whole_and_sorted_by_a_label() -> None:
    """Enter shows every label; the columns sort."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        fill(app, "b", "a")
        await asked(pilot, app, "= load")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SeriesScreen))
        assert "host = a" in app.screen.query_one(ScrollCanvas).plain
        await pilot.press("escape", "s", "s")
        await until(pilot, lambda: table(app).sort_column == "label-host")
        assert [dict(row.labels)["host"] for row in table(app).rows] == ["a", "b"]


async def test_spans_and_plots_are_those_of_the_console() -> None:
    """`W` and `v` as on a zoomed pane."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        fill(app, "a")
        screen = await asked(pilot, app, "= load")
        await pilot.press("W")
        assert app.plot_span == 600
        await until(pilot, lambda: "-10m00s" in screen.query_one(QueryPlot).text)
        await pilot.press("v")
        await until(pilot, lambda: not screen.query_one(QueryPlot).display)


@pytest.mark.parametrize("hostile", STRINGS[:12])
async def test_hostile_labels_are_only_text(hostile: str) -> None:
    """As everywhere."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        fill(app, hostile, "plain")
        await asked(pilot, app, "= load")
        await until(pilot, lambda: len(table(app).rows) == 2)
        assert not misleading(screen_text(app).replace("\n", ""))


async def test_names_and_functions_complete() -> None:
    """The last word, where it is no label's value; commands as before."""
    async with console(sources("system"), (120, 40)) as (pilot, app):
        fill(app, "a", name="node_load1")
        for typed, wanted in (
            ("promql sum(rate(node_lo", "promql sum(rate(node_load1"),
            ("promql histogram_q", "promql histogram_quantile("),
            ("= coun", "= count("),
            ("them", "theme"),
        ):
            await pilot.press("colon")
            await until(pilot, lambda: app.screen.query(Input))
            app.screen.query_one(Input).value = typed
            app.screen.query_one(Input).cursor_position = len(typed)
            await until(pilot, lambda: app.screen.query_one(Input)._suggestion)
            assert app.screen.query_one(Input)._suggestion == wanted
            await pilot.press("escape")
            await until(pilot, lambda: not app.screen.query(Input))


async def test_the_prometheus_in_view_is_asked(server: Prometheus) -> None:
    """Where the alerts pane shows one; its errors name the place; it may go and come back."""
    (source,) = EngineSource.discover(Config(), {"PROMETHEUS_URL": server.url})
    app = OpsConsole(Config(), [source], host="db-eu-1")
    async with app.run_test(size=(160, 40), notifications=False) as pilot:
        await until(pilot, lambda: source.name in app.collector.feeds)
        await until(pilot, lambda: app.collector.feeds[source.name].snapshot is not None)
        run_command(app, "= up")
        await until(pilot, lambda: "2 found" in screen_text(app))
        screen = app.screen
        assert isinstance(screen, QueryScreen)
        assert isinstance(screen.answers, EngineAnswers)
        assert source.name in screen_text(app)
        screen.text = "up +"
        screen.ask_now()
        await until(pilot, lambda: "parse error" in screen.failure)
        screen.text = "up"
        server.kill()
        screen.ask_now()
        await until(pilot, lambda: "connection refused" in screen.failure)
        await until(pilot, lambda: "below is what it was at" in screen_text(app))
        server.start()
        screen.ask_now()
        await until(pilot, lambda: not screen.failure)


def test_without_one_the_own_history_is() -> None:
    """As the answers say."""
    from console.history import History

    assert OwnAnswers(History(), SystemClock()).name == "this console's history"
