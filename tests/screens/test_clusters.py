"""Clusters at the keyboard: commands, faults only, to the owner and back, contexts, the command to copy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.pilot import Pilot

from console.errors import UsageError
from console.filters import parse
from console.logs.streams import Selection, Wanted
from screens.app import OpsConsole
from screens.commands import choices, run_command
from screens.help import HelpScreen
from screens.promql_words import Words
from screens.zoom import ZoomScreen
from tests.screens.kit import console, footer, screen_text, sources, table, told, zoomed
from tests.widgets.fakes import FakeSource
from tests.widgets.panes.kube_values import OOM, TWO, ClustersOf
from tests.widgets.stage import until

pytestmark = pytest.mark.usefixtures("real_panes")


@asynccontextmanager
async def clusters(
    size: tuple[int, int] = (160, 50),
) -> AsyncIterator[tuple[Pilot[None], OpsConsole, ClustersOf]]:
    """The console over two contexts, one of them stale."""
    source = ClustersOf(TWO)
    given: Sequence[Any] = [source]
    async with console(given, size) as (pilot, app):
        yield pilot, app, source


async def at(pilot: Pilot[None], app: OpsConsole, view: str) -> ZoomScreen:
    """The clusters zoomed to a view that has rows."""

    def there() -> bool:
        screen = app.base
        return (
            isinstance(screen, ZoomScreen)
            and screen.kind == "kubernetes"
            and screen.view.id == view
            and screen.body is not None
        )

    await until(pilot, there)
    await pilot.pause()
    assert isinstance(app.base, ZoomScreen)
    return app.base


@pytest.mark.parametrize(
    ("text", "view", "shown"),
    [
        ("pods", "pods", 45),
        ("pods shop", "pods", 41),
        ("po shop @us-1", "pods", 18),
        ("pods @eu-1", "pods", 25),
        ("deploy @eu-1", "workloads", 7),
        ("nodes @us-1", "nodes", 4),
        ("events", "events", 7),
        ("ing shop", "services", 2),
        ("pvc", "volumes", 2),
        ("contexts @us-1", "contexts", 1),
    ],
)
async def test_views_by_command(text: str, view: str, shown: int) -> None:
    """With a namespace and a context, in the words people type at kubectl."""
    async with clusters() as (pilot, app, _):
        run_command(app, text)
        screen = await at(pilot, app, view)
        await until(pilot, lambda: table(app).counts[0] == shown)
        run_command(app, "pods")
        screen = await at(pilot, app, "pods")
        assert screen.filter_text == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pods shpo", "nothing is seen in a namespace 'shpo' (did you mean shop?)"),
        ("pods zzz", "'zzz': there are jobs, monitoring, shop"),
        ("pods @eu-2", "there is no context 'eu-2' (did you mean eu-1?)"),
        ("pods @zz", "'zz': there are eu-1, staging, us-1"),
        ("pods shop jobs", "takes [NAMESPACE] [@CONTEXT], and 'jobs' is one word too many"),
        ("nodes shop", "nodes are in no namespace: :nodes takes [@CONTEXT]"),
        ("podz", "did you mean :pods?"),
    ],
)
async def test_what_is_mistyped_is_explained(text: str, answer: str) -> None:
    """And nothing else happens."""
    async with clusters() as (pilot, app, source):
        run_command(app, text)
        await told(pilot, app, answer)
        assert len(app.screen_stack) == 1
        assert source.used == []


async def test_a_context_that_is_not_watched_is_watched_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the others; what the source says against it is told."""
    async with clusters() as (pilot, app, source):
        run_command(app, "pods payments @staging")
        await told(pilot, app, "watching staging too")
        assert source.used == [["eu-1", "us-1", "staging"]]
        screen = await at(pilot, app, "pods")
        assert screen.filter_text == "context:^staging$ ns:^payments$"

        def refuse(contexts: Sequence[str]) -> None:
            raise UsageError("staging has no user", "mend the kubeconfig")

        monkeypatch.setattr(ClustersOf, "use", lambda self, contexts: refuse(contexts))
        app.clear_notifications()
        run_command(app, "pods @staging")
        await told(pilot, app, "staging has no user")


async def test_without_clusters_there_are_no_such_commands() -> None:
    """A mistyped word is not explained by what is not there."""
    async with console(sources("docker")) as (pilot, app):
        run_command(app, "pods")
        await told(pilot, app, "there is no command 'pods'")
        assert not any(choice.startswith("pods") for choice in choices(app))


async def test_completion_knows_namespaces_and_contexts() -> None:
    """And the help the commands."""
    async with clusters() as (pilot, app, _):
        offered = choices(app)
        assert {"pods", "nodes", "pods shop", "pods @staging"} <= set(offered)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("G")
        await until(pilot, lambda: ":pods" in screen_text(app))


async def test_faults_only_is_said_in_the_title_and_taken_back() -> None:
    """It stays from view to view, and Esc takes the filter back before it."""
    async with clusters() as (pilot, app, _):
        app.zoom("kubernetes")
        await zoomed(pilot, app, "kubernetes")
        assert table(app).counts == (45, 45)
        await pilot.press("F")
        assert table(app).counts == (5, 45)
        assert "faults only 5 of 45" in screen_text(app)
        assert "F all" in footer(app)
        await pilot.press("right")
        await at(pilot, app, "workloads")
        assert [row.workload.name for row in table(app).rows] == ["api", "web"]
        await pilot.press("escape")
        assert "faults only" not in screen_text(app).splitlines()[2]
        assert table(app).counts[0] > 2
        assert isinstance(app.base, ZoomScreen)


async def test_to_the_owner_and_back() -> None:
    """The filter is what is meant; faults only is taken back, for the owner may be well."""
    async with clusters() as (pilot, app, _):
        app.zoom("kubernetes")
        await zoomed(pilot, app, "kubernetes")
        await pilot.press("F")
        assert table(app).current.pod.name == OOM.name  # type: ignore[union-attr]
        await pilot.press("O")
        screen = await at(pilot, app, "workloads")
        assert [row.workload.name for row in table(app).rows] == ["api"]
        assert not screen.faults_only
        assert "O its pods" in footer(app)
        await pilot.press("O")
        await at(pilot, app, "pods")
        assert table(app).counts[0] == 4


async def test_the_command_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the row under the cursor."""
    async with clusters() as (pilot, app, _):
        monkeypatch.setattr(app, "to_terminal", lambda sequence: None)
        app.zoom("kubernetes")
        await zoomed(pilot, app, "kubernetes")
        await pilot.press("Y")
        await told(pilot, app, "copied")
        assert app._clipboard == f"kubectl --context eu-1 -n shop get pod {OOM.name} -o yaml"


async def test_contexts_are_chosen_by_a_key() -> None:
    """Not while the past is in view."""
    async with clusters() as (pilot, app, source):
        app.zoom("kubernetes", view="contexts")
        await at(pilot, app, "contexts")
        await pilot.press("end", "u")
        await told(pilot, app, "watching staging too")
        assert source.used == [["eu-1", "us-1", "staging"]]
        await pilot.press("p", "u")
        await told(pilot, app, "the past cannot be changed")
        assert len(source.used) == 1


async def test_keys_without_a_meaning_say_so() -> None:
    """On a pane whose rows have no owner and no command."""
    async with console(sources("docker")) as (pilot, app):
        app.zoom("docker")
        await zoomed(pilot, app, "docker")
        await pilot.press("O", "u", "Y")
        await told(pilot, app, "there is no command for what is in front")


@dataclass
class Lines(FakeSource):
    """A log pane that remembers what is selected for it."""

    selected: list[str] = field(default_factory=list)

    def follow(self, wanted: Sequence[Wanted]) -> None:
        """Nothing is asked for one by one here."""

    def select(self, selection: Selection) -> None:
        """Remember how it was asked for."""
        self.selected.append(selection.text)


@asynccontextmanager
async def with_lines() -> AsyncIterator[tuple[Pilot[None], OpsConsole, ClustersOf, Lines]]:
    """The same with a log pane."""
    source, lines = ClustersOf(TWO), Lines("logs")
    given: Sequence[Any] = [source, lines]
    async with console(given, (160, 50)) as (pilot, app):
        yield pilot, app, source, lines


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("logs app=web,tier!=db", ("app=web,tier!=db", "", "")),
        ("logs app == web shop @us-1", ("app=web", "shop", "us-1")),
        ("log -l app @eu-1", ("app", "", "eu-1")),
        ("logs -l 'app in (web, api), !canary' shop", ("app in (web,api),!canary", "shop", "")),
        ("logs app in (web,api) shop", ("app in (web,api)", "shop", "")),
        ("logs --selector=app=web", ("app=web", "", "")),
    ],
)
async def test_lines_by_label(text: str, asked: tuple[str, str, str]) -> None:
    """Asked of the clusters, shown by the log pane with a filter for them."""
    async with with_lines() as (pilot, app, source, lines):
        run_command(app, text)
        screen = await zoomed(pilot, app, "logs")
        assert source.selected == [asked]
        assert len(lines.selected) == 1
        (written,) = lines.selected
        assert parse(screen.filter_text).match({"selector": written})
        assert not parse(screen.filter_text).match({"selector": f"{written}2"}) or " " in written


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("logs app=wbe", "no pod matches app=wbe (did you mean app=web?)"),
        ("logs app=web jobs", "no pod matches app=web jobs"),
        ("logs zone=5", "no pod matches zone=5; a filter of lines is written text:zone=5"),
        ("logs status=5..", "'5..' is no label's value"),
        ("logs -l", "a label is missing in the selector: write one as in"),
        ("logs app=web shpo", "nothing is seen in a namespace 'shpo' (did you mean shop?)"),
        ("logs app=web shop jobs", ":logs SELECTOR takes [NAMESPACE] [@CONTEXT], and 'jobs' is one word"),
        ("logs app=web @eu-2", "there is no context 'eu-2'"),
    ],
)
async def test_labels_that_are_mistyped_are_explained(text: str, answer: str) -> None:
    """In one sentence, and nothing else happens."""
    async with with_lines() as (pilot, app, source, _):
        run_command(app, text)
        await told(pilot, app, answer)
        assert len(app.screen_stack) == 1
        assert source.selected == []


@pytest.mark.parametrize("text", ["logs error", "logs !debug", 'logs "app=web"', "logs text:app=web", "logs"])
async def test_a_filter_of_lines_stays_one(text: str) -> None:
    """The pane's own command with what is no selector."""
    async with with_lines() as (pilot, app, source, _):
        run_command(app, text)
        screen = await zoomed(pilot, app, "logs")
        assert screen.filter_text == text.partition(" ")[2]
        assert source.selected == []


async def test_labels_are_completed() -> None:
    """Keys, values and places, in the middle of a line too; the help names the command."""
    async with with_lines() as (pilot, app, _, _):
        words = Words(app, choices(app))
        for typed, whole in (
            ("logs ap", "logs app=db"),
            ("logs app=we", "logs app=web"),
            ("logs -l app=web,job", "logs -l app=web,job-name=report-28812"),
            ("logs app=web,app!=a", "logs app=web,app!=api"),
            ("logs app=web,!ap", "logs app=web,!app"),
            ("logs app=web sh", "logs app=web shop"),
            ("logs app=web shop @s", "logs app=web shop @staging"),
            ("logs zzz", None),
            ("logs ", None),
            ("pods sh", "pods shop"),
        ):
            found = await words.get_suggestion(typed)
            assert (found or "").startswith("logs app=") if typed == "logs ap" else found == whole, typed
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("G")
        await until(pilot, lambda: ":logs  SELECTOR [NAMESPACE] [@CONTEXT]" in screen_text(app))


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("web", "deployment/web shop @eu-1", ""),
        (
            "checkout",
            "deployment/checkout shop @eu-1",
            "deployment/checkout shop @eu-1 has no pod now: its lines come when",
        ),
    ],
)
async def test_the_lines_of_a_workload_are_those_of_its_pods_to_come_too(
    name: str, text: str, answer: str
) -> None:
    async with with_lines() as (pilot, app, source, lines):
        app.zoom("kubernetes", f"name:^{name}$", "workloads")
        screen = await at(pilot, app, "workloads")
        await until(pilot, lambda: screen.row is not None)
        await pilot.press("l")
        screen = await zoomed(pilot, app, "logs")
        assert [key.name for key in source.asked] == [name]
        assert lines.selected == [text]
        assert parse(screen.filter_text).match({"selector": text})
        if answer:
            await told(pilot, app, answer)


async def test_lines_are_asked_for_in_the_present_only() -> None:
    """What was is in the buffer already."""
    async with with_lines() as (pilot, app, source, _):
        await pilot.press("p")
        run_command(app, "logs app=web")
        await told(pilot, app, "only the present can be asked for: p goes on")
        assert source.selected == []
