"""The application: it runs the collector, and hands what it reads to the screen in view."""

from __future__ import annotations

import gc
import math
import os
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import AwaitMount

from console.alerts.engines.address import engines_named
from console.alerts.source import likely as rules_likely
from console.clock import Clock
from console.collector import Collector, Feed
from console.config import Config
from console.probe_settings import Probes
from console.sources.base import AnySource, State
from console.sources.kubernetes.likely import likely as clusters_likely
from console.text import clean
from screens.base import OpsScreen
from screens.last_door import few_colors
from screens.overview import OverviewScreen
from screens.playback import seconds_since
from screens.runbooks import Runbooks
from screens.scene import Scene
from screens.sturdy import SturdyApp, taken_up_by_a_shell
from screens.terminal_output import size_by_terminal
from themes import THEMES
from widgets.boundary import DrawingFailedError
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span
from widgets.panes import TITLES

if TYPE_CHECKING:
    from screens.alerting import Alerting
    from screens.workbench import Workbench

DRAW_DELAY, FIRST_DELAY = 0.12, 0.04
"""Seconds readings wait for each other, so that sources polled together are drawn together; less
until each has answered once."""
DRAWN_LATELY = 0.9
"""Seconds after a drawing within which the clock needs none of its own."""
PAINTED_AFTER = 0.3
"""Seconds after which the sources are asked, painted or not."""
LOADED_AFTER = 2.0
"""Seconds after which the drivers are loaded: collections until then would walk what stays."""
SETTLED_AFTER = 6.0
"""Seconds after which all that stays has been loaded and connected."""
COLLECTION = 0.02
"""Seconds a full collection may take."""
GUIDES_EVERY = 60.0
"""Seconds between two looks at the guides and at what of them is due."""
RESIZE_STORM = 0.2
"""Seconds within which two sizes of the terminal may be taken for one."""
PROMPTS = ("command", "filter", "jump")
"""Actions that open a prompt."""
FAILING = (State.STALE, State.REFUSED, State.NOT_FOUND)
"""States whose drawing counts seconds."""


def _wanted(kind: str, config: Config) -> bool:
    """Whether a pane has a place from the start: probes, rules and clusters have one where there are some."""
    if kind == "health":
        return config.probes != Probes()
    if kind == "kubernetes":
        return clusters_likely(config, os.environ)
    return kind != "alerts" or rules_likely(config) or engines_named(config, os.environ)


class OpsConsole(SturdyApp, inherit_bindings=False):
    """The console of one host."""

    CSS_PATH = Path(__file__).parent.parent / "themes" / "app.tcss"
    TITLE = "opsconsole"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="The keys that work here"),
        # what opens a prompt comes first, so that what is typed right after it does not go elsewhere
        Binding(
            "exclamation_mark",
            "findings",
            "Findings",
            id="app.findings",
            tooltip="Everything that is wrong, and what mends it",
        ),
        Binding(
            "colon,ctrl+p", "command", "Command", priority=True, id="app.command", tooltip="Type a command"
        ),
        Binding(
            "slash", "filter", "Filter", priority=True, id="app.filter", tooltip="Show only what matches"
        ),
        Binding("p", "pause", "Pause", id="app.pause", tooltip="Hold the moment, or go on"),
        Binding("left_square_bracket", "step(-1)", "Step back", id="app.back", tooltip="5 s back in time"),
        Binding("right_square_bracket", "step(1)", "Step on", id="app.forward", tooltip="5 s on in time"),
        Binding(
            "T",
            "jump",
            "Jump to time",
            priority=True,
            id="app.jump",
            tooltip="Show a moment of the past",
        ),
        Binding("plus", "slower", "Slower", show=False, id="app.slower", tooltip="Ask less often"),
        Binding("minus", "faster", "Faster", show=False, id="app.faster", tooltip="Ask more often"),
        Binding(
            "ctrl+r",
            "refresh_now",
            "Ask now",
            show=False,
            id="app.refresh",
            tooltip="Ask everything now",
        ),
        Binding("R", "drawer", "Runbooks", id="app.drawer", tooltip="Guides, checklists, runbooks"),
        Binding("y", "copy", "Copy", id="app.copy", tooltip="Copy the row or the pane"),
        Binding("ctrl+s", "export", "Export", id="app.export", tooltip="Write the table to a file"),
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True, id="app.leave", tooltip="Quit"),
        Binding(
            "ctrl+z", "suspend", "Suspend", show=False, id="app.suspend", tooltip="To the shell; fg goes on"
        ),
        Binding("0", "overview", "Overview", show=False, id="app.overview", tooltip="All panes"),
        *(
            Binding(
                str(n),
                f"pane({n})",
                f"Pane {n}",
                show=False,
                id=f"app.pane-{n}",
                tooltip=f"Zoom pane {n}",
            )
            for n in range(1, 10)
        ),
    ]

    def __init__(
        self,
        config: Config,
        sources: Sequence[AnySource] | None = None,
        notes: Sequence[str] = (),
        host: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        super().__init__()
        self._given = sources
        self._notes = list(notes)
        self.vain = ""
        """Why there was nothing to look at; empty: there was."""
        self._clock = clock
        kinds = list(config.sources) or [kind for kind in TITLES if _wanted(kind, config)]
        if sources is not None:
            kinds = list(dict.fromkeys(source.kind for source in sources))
        collector = Collector(sources or (), clock=clock, interval=config.interval)
        self.scene = Scene(config, collector, kinds, clean(host or socket.gethostname(), 64))
        self.plots_wanted = True
        self.plot_span = 120.0
        self.answers: dict[str, list[str]] = {}
        """What was typed into prompts, by purpose, newest last."""
        self.runbooks = Runbooks(self)
        self._alerting: Alerting | None = None
        self._news: set[str] = set()
        self._drawing = False
        self._drawn = -math.inf
        """When readings were last drawn, on the monotonic clock."""
        self._resized = -math.inf
        self._repaint: Timer | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = config.theme
        self.set_class(few_colors(self), "-few-colors")

    @property
    def collector(self) -> Collector:
        """What polls the sources."""
        return self.scene.collector

    @property
    def kinds(self) -> list[str]:
        """The kinds with a pane, in the order of their numbers."""
        return self.scene.kinds

    @property
    def workbench(self) -> Workbench:
        """The guides and runs; loaded when first wanted."""
        return self.runbooks.bench

    def action_drawer(self) -> None:
        """Open the runbook drawer, give it the keyboard, or close it.

        Where the row in front has a runbook it opens there.
        """
        runbook = self.base.runbook if self.base.drawer is None else ""
        if "://" in runbook:
            self.tell(f"the runbook of this is at {runbook}")
        if runbook and "://" not in runbook:
            self.runbooks.show_procedure(runbook)
        else:
            self.runbooks.toggle()

    def get_default_screen(self) -> Screen[None]:
        """The overview."""
        return OverviewScreen(self.kinds)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own tokens, for themes that do not set them."""
        return {
            "ops-dim": "ansi_bright_black",
            "ops-frame": "ansi_bright_black",
            "ops-strong": "ansi_white",
            "ops-cursor": "ansi_bright_black",
            "ops-mark": "ansi_bright_black",
            "ops-hue-1": "ansi_cyan",
            "ops-hue-2": "ansi_magenta",
            "ops-hue-3": "ansi_green",
            "ops-hue-4": "ansi_blue",
        }

    # -- beginning and ending

    def on_mount(self) -> None:
        """Paint first; everything heavy comes after."""
        if self.config.keys:
            from screens.keys import usable_keymap  # it loads every screen, for those who change keys

            keymap, notes = usable_keymap(self.config.keys)
            self.set_keymap(keymap)
            self._notes += notes
        self.set_interval(1.0, self._second, name="clock")
        self.call_after_refresh(self._begin)
        # a key typed ahead may cover the overview, which is then not painted before it is in view again
        self.set_timer(PAINTED_AFTER, self._begin, name="begin")

    def on_resize(self, event: events.Resize) -> None:
        """A size that came and went before it was laid out changed nothing for Textual, which then
        draws nothing; but the terminal has cut off what was there.
        """
        now = monotonic()
        before, self._resized = self._resized, now
        if self._repaint is not None and (now - before < RESIZE_STORM or event.size == self.size):
            self._repaint.reset()

    def _repaint_all(self) -> None:
        if self._repaint is not None:
            self._repaint.pause()
        self.screen.refresh()

    def _begin(self) -> None:
        if self._repaint is not None:
            return  # it has begun
        # only from now on: the sizes told while starting are no storm
        self._resized = -math.inf
        self._repaint = self.set_interval(RESIZE_STORM, self._repaint_all, name="repaint", pause=True)
        self.run_worker(self._collect(), group="collect", description="find sources", exit_on_error=False)

    async def _collect(self) -> None:
        gc.unfreeze()
        gc.freeze()  # what start-up made stays: the collector need not walk it again
        if _freeze_if_slow not in gc.callbacks:
            gc.callbacks.append(_freeze_if_slow)
        self.set_timer(LOADED_AFTER, gc.enable, name="collect garbage")
        self.set_timer(SETTLED_AFTER, self._settled, name="settled")
        sources = self._given
        if sources is None:
            from console.discovery import discover, nothing_found
            from console.worker import Worker as Thread

            thread = Thread("discovery")
            found = await thread.call(discover, self.config, dict(os.environ))
            thread.stop()
            sources = found.sources
            self._notes += found.notes
            if not sources:
                self.vain = str(nothing_found(found.notes))
                self.exit(return_code=2)
                return
        self.scene.collector = Collector(sources, clock=self._clock, interval=self.config.interval)
        self.collector.listen(self._on_reading)
        new = [kind for kind in dict.fromkeys(s.kind for s in sources) if kind not in self.kinds]
        self.kinds.extend(new)
        overview = self.screen_stack[0]
        if new and isinstance(overview, OverviewScreen):
            await overview.add_kinds(new)
        self.look()
        self.collector.start()
        self.show(self.kinds)
        for note in self._notes:
            self.tell(note, "warning")

    def _settled(self) -> None:
        _freeze()
        self.runbooks.look_at_guides()
        self.set_interval(GUIDES_EVERY, self.runbooks.look_at_guides, name="guides")

    async def on_unmount(self) -> None:
        """Let go of every connection."""
        await self.runbooks.close()
        await self.collector.stop()

    # -- readings in, drawings out

    def _on_reading(self, feed: Feed) -> None:
        self.scene.playback.keep(feed)
        if feed.source.kind == "alerts":
            self._look_at_alerts(feed)
        if self.paused:
            return  # the reader looks at the past: nothing moves
        self._news.add(feed.source.kind)
        if not self._drawing:
            self._drawing = True
            waiting = any(each.reading is None for each in self.collector.feeds.values())
            self.set_timer(FIRST_DELAY if waiting else DRAW_DELAY, self._draw)

    def _look_at_alerts(self, feed: Feed) -> None:
        if self._alerting is None:
            from screens.alerting import Alerting  # loaded where there are rules

            self._alerting = Alerting(self)
        self._alerting.look()
        self._alerting.take_limits(feed)

    def _draw(self) -> None:
        self._drawing = False
        kinds, self._news = self._news, set()
        self._drawn = monotonic()
        self.show(kinds)

    @property
    def base(self) -> OpsScreen:
        """The screen in view; windows may stand over it."""
        return next(s for s in reversed(self.screen_stack) if isinstance(s, OpsScreen))

    def show(self, kinds: Iterable[str]) -> None:
        """Draw these kinds on the screen in view and the windows over it."""
        if not self.screen_stack:
            return
        base, wanted = self.base, set(kinds)
        base.show(wanted)
        base.show_lines()
        for window in self.screen_stack[self.screen_stack.index(base) + 1 :]:
            show = getattr(window, "show", None)
            if show is not None:
                show(wanted)

    def _second(self) -> None:
        if not self.screen_stack:
            return  # on its way out
        if self._failing() or monotonic() - self._drawn > DRAWN_LATELY:
            self._tick()
        self.runbooks.tick()

    def _failing(self) -> set[str]:
        """The kinds whose drawing tells an age: what fails is read seldom, and its age goes on."""
        if self.paused:
            return set()
        return {feed.source.kind for feed in self.scene.feeds() if feed.state in FAILING}

    def _tick(self) -> None:
        if not self.screen_stack:
            return
        if failing := self._failing():
            self.show(failing)
        else:
            self.base.show_lines()

    def look(self) -> None:
        """Tell the collector what is in view, so that it asks no more than that."""
        base = self.base
        for source in self.collector.sources:
            self.collector.look(source.name, base.focus_of(source.kind))

    def waiting_line(self) -> Line:
        """What wants somebody: what is due and under way, and the runbook of what fires."""
        line, found = self.runbooks.waiting_line(), self.scene.runbook()
        if found is None:
            return line
        name, runbook, severity = found
        told: list[Span] = [
            (f" {SEVERITY_MARK[severity]} ", SEVERITY_ROLE[severity]),
            (clean(name, 60), "strong"),
            (f" → {clean(runbook, 80)} ", "text"),
            (f"[{self.kinds.index('alerts') + 1}] ", "key"),
        ]
        return (*told, *line)

    def choose_next(self, kind: str) -> None:
        """Show the next source of a kind."""
        if self.scene.choose_next(kind):
            self.show({kind})
        else:
            self.tell("there is no other source of this kind")

    # -- where to look

    def zoom(self, kind: str, filter_text: str | None = None, view: str = "") -> AwaitComplete | AwaitMount:
        """A pane on the whole screen, with a filter and one of its views; can be awaited."""
        from screens.zoom import ZoomScreen  # loaded when first asked for: the overview paints without it

        number = self.kinds.index(kind) + 1
        while len(self.screen_stack) > 1 and not isinstance(self.screen, ZoomScreen):
            self.pop_screen()
        if isinstance(self.screen_stack[0], OverviewScreen):
            self.screen_stack[0].bring_forward(kind)
        there = isinstance(self.screen, ZoomScreen) and self.screen.kind == kind
        if there and filter_text is None and not view:
            return AwaitComplete()
        screen = ZoomScreen(kind, number, filter_text or "", view)
        if isinstance(self.screen, ZoomScreen):
            return self.switch_screen(screen)
        return self.push_screen(screen)

    def zoom_neighbour(self, kind: str, step: int) -> None:
        """The pane before or after, zoomed."""
        self.zoom(self.kinds[(self.kinds.index(kind) + step) % len(self.kinds)])

    def action_pane(self, number: int) -> None:
        """Zoom a pane by its number."""
        if number <= len(self.kinds):
            self.zoom(self.kinds[number - 1])
        else:
            self.tell(f"there is no pane {number}")

    def action_overview(self) -> None:
        """Back to all panes."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_leave(self) -> None:
        """Quit."""
        self.exit()

    def action_suspend(self) -> None:
        """Stop, and let the shell have the terminal until it lets the console go on."""
        if taken_up_by_a_shell():
            os.killpg(os.getpgrp(), signal.SIGTSTP)  # all that the shell began together, as the terminal does
        else:
            self.tell("no shell is here that could let a stopped console go on")

    def action_refresh_now(self) -> None:
        """Ask every source now."""
        self.collector.refresh()

    def action_slower(self) -> None:
        """Ask half as often."""
        self.set_interval_to(self.collector.interval * 2)

    def action_faster(self) -> None:
        """Ask twice as often."""
        self.set_interval_to(self.collector.interval / 2)

    def set_interval_to(self, interval: float) -> None:
        """Ask this often: the factor of every source's cadence, between half and sixty."""
        self.collector.interval = min(60.0, max(0.5, interval))
        self.tell(f"asking every {self.collector.interval:g} s")

    # -- time

    @property
    def paused(self) -> bool:
        """Whether a moment of the past is in view."""
        return self.scene.playback.moment is not None

    def action_pause(self) -> None:
        """Hold the moment, or go on."""
        if self.paused:
            self.scene.playback.release()
        else:
            self.scene.playback.hold(self.collector.feeds.values(), self.collector.clock.monotonic())
        self._show_moment()

    def action_step(self, direction: int) -> None:
        """Five seconds back or on; past the newest moment it is live again."""
        now = self.collector.clock.monotonic()
        if not self.scene.playback.step(direction, self.collector.feeds.values(), now):
            self.tell("nothing older is kept")
        self._show_moment()

    def go_to_time(self, text: str) -> None:
        """Show the moment HH:MM or HH:MM:SS of today (or of yesterday, when it is still to come)."""
        seconds = seconds_since(text, self.collector.clock.now().astimezone())
        if seconds is None:
            self.tell(f"{clean(text, 40)!r} is no time: write HH:MM or HH:MM:SS", "error")
        elif not self.scene.playback.go_back(
            seconds, self.collector.feeds.values(), self.collector.clock.monotonic()
        ):
            self.tell(
                "nothing is kept from then: the console had not started, or it is too long ago",
                "warning",
            )
        self._show_moment()

    def _show_moment(self) -> None:
        """Everything as it is, or was, at the moment in view; the footer says how to come back from it."""
        self.show(self.kinds)
        self.base.show_footer()

    # -- prompts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Prompts open neither from a prompt, where their keys are text, nor from a window."""
        if action in PROMPTS:
            return isinstance(self.screen, OpsScreen) and not self.screen.asking
        return super().check_action(action, parameters)

    async def action_filter(self) -> None:
        """Type a filter; on the overview, for the pane with the keyboard."""
        base = self.base
        if self.runbooks.search():
            return
        if isinstance(base, OverviewScreen) and self.kinds:
            await self.zoom(getattr(base.focused, "kind", self.kinds[-1]))
        await self.base.ask_filter()

    async def action_command(self) -> None:
        """Type a command."""
        from screens.commands import choices
        from screens.promql_words import Words

        words = Words(self, choices(self))
        await self.base.ask("command", ":", suggester=words, hint="command, tab completes")

    async def action_jump(self) -> None:
        """Type a time."""
        await self.base.ask("time", "time", hint="HH:MM or HH:MM:SS")

    async def answered(self, purpose: str, text: str | None) -> None:
        """A prompt of the app was answered."""
        if not text:
            return
        if purpose == "time":
            self.go_to_time(text)
        elif purpose == "command":
            from screens.commands import run_command

            run_command(self, text)

    # -- help, copy, export

    def key(self, binding_id: str, default: str) -> str:
        """The key of a binding as people write it: the default, or the first one it was changed to."""
        from screens.keys import shown_key

        chosen = self._keymap.get(binding_id)
        return shown_key(chosen.split(",")[0]) if chosen else default

    def action_help(self) -> None:
        """The keys that work here; once more closes them."""
        from screens.help import HelpScreen, active_keys

        if isinstance(self.screen, HelpScreen):
            self.screen.action_close()
        else:
            idle = self.screen.idle_keys if isinstance(self.screen, OpsScreen) else ()
            self.push_screen(HelpScreen(active_keys(self.screen, idle), self.kinds))

    def action_findings(self) -> None:
        """Everything that is wrong, with what mends it; once more closes it."""
        from screens.findings import FindingsScreen

        if isinstance(self.screen, FindingsScreen):
            self.screen.action_close()
        else:
            self.push_screen(FindingsScreen())

    def action_copy(self) -> None:
        """Copy what is in front: the row under the cursor, the window, or the pane."""
        from screens.copying import text_in_front

        try:
            text = text_in_front(self.screen)
        except DrawingFailedError as failure:
            self.tell(f"this cannot be copied: {failure}", "error")
            return
        if text:
            self.copy(text)
        else:
            self.tell("there is nothing to copy here")

    def copy(self, text: str) -> None:
        """Put a text on the terminal's clipboard, and say so."""
        from screens.copying import COPY_LIMIT, wrapped

        self.to_terminal(wrapped(text, os.environ))
        self._clipboard = text
        cut = f", the first {COPY_LIMIT} of {len(text)}" if len(text) > COPY_LIMIT else ""
        self.tell(f"copied {min(len(text), COPY_LIMIT)} characters{cut} (OSC 52: the terminal must allow it)")

    def action_export(self) -> None:
        """Write the table in front to a file."""
        self.export("")

    def export(self, name: str) -> None:
        """Write the table in front as CSV, or a screen without one as text; says where."""
        from screens.copying import export

        try:
            path = export(self.screen, name, self.collector.clock.now())
        except OSError as error:
            self.tell(f"could not write {clean(str(error.filename or name), 120)}: {error.strerror}", "error")
        # a NUL in the name, ~ of an unknown user, a column that fails
        except (ValueError, RuntimeError, DrawingFailedError) as error:
            self.tell(f"could not write {clean(name, 120)}: {error}", "error")
        else:
            self.tell(f"written to {path}")


def _freeze() -> None:
    """Keep the drivers' modules too out of every later collection, which took 30 ms of a key's time."""
    gc.collect()
    gc.freeze()


def _freeze_if_slow(phase: str, info: dict[str, int]) -> None:
    """After a collection that kept everybody waiting: what it left is kept, and need not be walked again.

    A history of many series is a quarter of a million objects, none of which is ever part of a cycle.
    """
    global _collecting_since
    if info["generation"] < 2:
        return
    if phase == "start":
        _collecting_since = monotonic()
    elif monotonic() - _collecting_since > COLLECTION:
        gc.freeze()


_collecting_since = 0.0


def run(config: Config, sources: Sequence[AnySource] | None = None, notes: Sequence[str] = ()) -> int:
    """Run the console on this terminal until the user leaves; the exit code."""
    size_by_terminal()
    app = OpsConsole(config, sources, notes)
    app.run(mouse=config.mouse)
    with suppress(OSError):  # the terminal has gone
        if app.vain:
            print(f"opsconsole: {app.vain}", file=sys.stderr)  # noqa: T201 the screen is gone
        for step in app.runbooks.left:
            print(f"opsconsole: {step} goes on; R takes it up again", file=sys.stderr)  # noqa: T201 the screen is gone
    return app.return_code or 0
