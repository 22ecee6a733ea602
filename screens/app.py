"""The application: it runs the collector, and hands what it reads to the screen in view."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment, Segments
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.filter import LineFilter
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from console.collector import AnySource, Collector, Feed
from console.config import Config
from console.findings import Finding, Severity, by_severity
from console.past import Past
from console.sources.base import Focus
from console.text import clean
from screens.base import OpsScreen
from screens.crash import report
from screens.overview import OverviewScreen
from themes import THEMES
from widgets.lines import HeaderState
from widgets.panes import TITLES

if TYPE_CHECKING:
    from widgets.pane import Context

DRAW_DELAY = 0.04
"""Seconds readings wait for each other, so that sources polled together are drawn together."""
RESIZE_STORM = 0.2
"""Seconds within which two sizes of the terminal may be taken for one."""


class ControlFilter(LineFilter):
    """The last door before the terminal: control characters are deleted, links are dropped.

    Everything was cleaned on its way in; this holds for what came by a way nobody thought of.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, each printable."""
        if all(s.text.isprintable() and not (s.style and s.style.link) for s in segments):
            return segments
        kept = []
        for text, style, control in segments:
            plain = text if text.isprintable() else "".join(c for c in clean(text) if c.isprintable())
            bare = style.update_link(None) if style is not None and style.link else style
            kept.append(Segment(plain, bare, control))
        return kept


class OpsConsole(App[None]):
    """The console of one host."""

    CSS_PATH = Path(__file__).parent.parent / "themes" / "app.tcss"
    TITLE = "opsconsole"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="The keys that work here"),
        Binding("colon", "command", "Command", id="app.command", tooltip="Type a command"),
        Binding("slash", "filter", "Filter", id="app.filter", tooltip="Show only what matches"),
        Binding("p", "pause", "Pause", id="app.pause", tooltip="Hold the moment, or go on"),
        Binding("left_square_bracket", "step(-1)", "Step back", id="app.back", tooltip="5 s back in time"),
        Binding("right_square_bracket", "step(1)", "Step on", id="app.forward", tooltip="5 s on in time"),
        Binding("T", "jump", "Jump to time", id="app.jump", tooltip="Show a moment of the past"),
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
        Binding("y", "copy", "Copy", id="app.copy", tooltip="Copy the row or the pane"),
        Binding("ctrl+s", "export", "Export", id="app.export", tooltip="Write the table to a file"),
        Binding("ctrl+c", "leave", "Quit", show=False, id="app.leave", tooltip="Quit"),
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
    ) -> None:
        self.config = config
        super().__init__()
        self.host = clean(host or socket.gethostname(), 64)
        self._given = sources
        self._notes = list(notes)
        self.collector = Collector(sources or (), interval=config.interval)
        self.past = Past()
        self.kinds: list[str] = list(config.sources) or list(TITLES)
        if sources is not None:
            self.kinds = list(dict.fromkeys(source.kind for source in sources))
        self.plots_wanted = True
        self.plot_span = 120.0
        self._chosen: dict[str, str] = {}
        self._news: set[str] = set()
        self._drawing = False
        self._resized = -math.inf
        self._repaint: Timer | None = None
        self._moment: float | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = config.theme

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, and ours as the last one."""
        return [*super().get_line_filters(), ControlFilter()]

    def get_default_screen(self) -> Screen[None]:
        """The overview."""
        return OverviewScreen(self.kinds)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own tokens, for themes that do not set them."""
        return {
            "ops-dim": "ansi_bright_black",
            "ops-frame": "ansi_bright_black",
            "ops-strong": "ansi_white",
        }

    # -- beginning and ending

    def on_load(self) -> None:
        """From before the terminal is taken on, being told to end gives it back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            try:
                loop.add_signal_handler(number, self._told_to_end, number)
            except (ValueError, RuntimeError):
                pass  # not the main thread (tests): there is no terminal to lose either

    def on_mount(self) -> None:
        """Paint first; everything heavy comes after."""
        if self.config.keys:
            self.set_keymap(dict(self.config.keys))
        self.set_interval(1.0, self._tick, name="clock")
        self._repaint = self.set_interval(RESIZE_STORM, self._repaint_all, name="repaint", pause=True)
        self.call_after_refresh(self._begin)

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

    def _told_to_end(self, number: int) -> None:
        self.exit(return_code=128 + number)

    def _begin(self) -> None:
        self.run_worker(self._collect(), group="collect", description="find sources", exit_on_error=False)

    async def _collect(self) -> None:
        gc.unfreeze()
        gc.freeze()  # what start-up made stays: the collector need not walk it again
        gc.enable()
        sources = self._given
        if sources is None:
            from console.discovery import discover
            from console.worker import Worker as Thread

            thread = Thread("discovery")
            found = await thread.call(discover, self.config, dict(os.environ))
            thread.stop()
            sources = found.sources
            self._notes += found.notes
        self.collector = Collector(sources, interval=self.config.interval)
        self.collector.listen(self._on_reading)
        new = [kind for kind in dict.fromkeys(s.kind for s in sources) if kind not in self.kinds]
        self.kinds += new
        overview = self.screen_stack[0]
        if new and isinstance(overview, OverviewScreen):
            await overview.add_kinds(new)
        self.look()
        self.collector.start()
        for note in self._notes:
            self.tell(note, "warning")

    async def on_unmount(self) -> None:
        """Let go of every connection."""
        await self.collector.stop()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed says so; nothing fails in silence."""
        if event.state is WorkerState.ERROR:
            self.tell(
                f"{event.worker.description or event.worker.name} failed: {event.worker.error}", "error"
            )

    def _fatal_error(self) -> None:
        # Textual would print the traceback with the values of variables, secrets among them
        error = self._exception or RuntimeError("unknown")
        path = report(error, os.environ, self.collector.clock.now())
        where = f"the details are in {path}" if path else "its details could not be written"
        sentence = f"opsconsole ended by a defect of its own ({type(error).__name__}): {where}"
        self._exit_renderables.append(Segments([Segment(clean(sentence)), Segment.line()]))
        self._close_messages_no_wait()

    def tell(self, text: str, severity: str = "information") -> None:
        """A short message over the screen; outside text in it never becomes markup."""
        self.notify(
            clean(text, 300),
            severity="warning"
            if severity == "warning"
            else "error"
            if severity == "error"
            else "information",
            markup=False,
        )

    # -- readings in, drawings out

    def _on_reading(self, feed: Feed) -> None:
        if feed.reading is not None and feed.reading.error is None:
            self.past.add(feed.reading)
        if self._moment is not None:
            return  # the reader looks at the past: nothing moves
        self._news.add(feed.source.kind)
        if not self._drawing:
            self._drawing = True
            self.set_timer(DRAW_DELAY, self._draw)

    def _draw(self) -> None:
        self._drawing = False
        kinds, self._news = self._news, set()
        self.show(kinds)

    def show(self, kinds: set[str] | Sequence[str]) -> None:
        """Draw these kinds on the screens in view."""
        for screen in self.screen_stack:
            show = getattr(screen, "show", None)
            if show is not None:
                show(set(kinds))
            if isinstance(screen, OpsScreen):
                screen.show_lines()

    def _tick(self) -> None:
        if isinstance(self.screen, OpsScreen):
            self.screen.show_lines()

    def look(self) -> None:
        """Tell the collector what is in view, so that it asks no more than that."""
        base = next((s for s in reversed(self.screen_stack) if isinstance(s, OpsScreen)), None)
        for source in self.collector.sources:
            focus = base.focus_of(source.kind) if base else Focus.HIDDEN
            self.collector.look(source.name, focus)

    def feeds(self, kind: str) -> list[Feed]:
        """The feeds of a kind, the one to show first."""
        feeds = [feed for feed in self.collector.feeds.values() if feed.source.kind == kind]
        chosen = self._chosen.get(kind)
        if chosen is not None:
            return sorted(feeds, key=lambda feed: feed.source.name != chosen)
        return sorted(feeds, key=_wrongness)

    def context(self, kind: str) -> tuple[Context | None, int]:
        """What a pane of a kind draws from, and how many further sources there are."""
        from widgets.pane import Context  # loaded with the first reading

        feeds = self.feeds(kind)
        if not feeds:
            return None, 0
        feed, now = feeds[0], self.collector.clock.monotonic()
        time = self.collector.clock.now()
        if self._moment is not None:
            time = datetime.fromtimestamp(time.timestamp() - (now - self._moment), tz=time.tzinfo)
            now = self._moment
            reading = self.past.at(feed.source.name, now)
            if reading is not None:
                feed = replace(feed, reading=reading, good=reading, failing_since=None)
        return Context(feed, self.collector.history, self.config, now, time), len(feeds) - 1

    def choose_next(self, kind: str) -> None:
        """Show the next source of a kind."""
        names = sorted(feed.source.name for feed in self.feeds(kind))
        if len(names) > 1:
            current = self.feeds(kind)[0].source.name
            self._chosen[kind] = names[(names.index(current) + 1) % len(names)]
            self.show({kind})

    def wrong(self) -> tuple[list[tuple[str, Finding]], bool]:
        """All findings, worst first, with the number of their pane; and whether readings are awaited."""
        found: list[tuple[str, Finding]] = []
        waiting = not self.collector.feeds
        for feed in self.collector.feeds.values():
            waiting = waiting or feed.reading is None
            number = str(self.kinds.index(feed.source.kind) + 1) if feed.source.kind in self.kinds else ""
            found += [(number, finding) for finding in feed.findings]
        order = {id(f): i for i, f in enumerate(by_severity(finding for _, finding in found))}
        return sorted(found, key=lambda pair: order[id(pair[1])]), waiting

    def header_state(self) -> HeaderState:
        """What the header says now."""
        findings = [finding for feed in self.collector.feeds.values() for finding in feed.findings]
        profile = self.config.profiles.get(self.config.profile)
        banner = profile.banner or self.config.profile.upper() if profile else self.config.profile.upper()
        own_cpu, own_memory = self._own_cost()
        now = self.collector.clock.monotonic()
        return HeaderState(
            host=self.host,
            time=self.collector.clock.now(),
            banner=clean(banner, 24),
            banner_color=profile.color if profile else "error",
            critical=sum(1 for f in findings if f.severity == Severity.CRITICAL),
            warnings=sum(1 for f in findings if f.severity == Severity.WARNING),
            own_cpu=own_cpu,
            own_memory=own_memory,
            paused_for=None if self._moment is None else now - self._moment,
        )

    def _own_cost(self) -> tuple[float, float]:
        for feed in self.feeds("system"):
            own = getattr(feed.snapshot, "own", None)
            if own is not None:
                return own.cpu, float(own.pss or own.rss)
        return math.nan, math.nan

    # -- where to look

    def zoom(self, kind: str, view: str = "") -> None:
        """A pane on the whole screen."""
        from screens.zoom import ZoomScreen  # loaded when first asked for: the overview paints without it

        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.push_screen(ZoomScreen(kind, self.kinds.index(kind) + 1, view))

    def zoom_neighbour(self, kind: str, step: int) -> None:
        """The pane before or after, zoomed."""
        self.zoom(self.kinds[(self.kinds.index(kind) + step) % len(self.kinds)])

    def action_pane(self, number: int) -> None:
        """Zoom a pane by its number."""
        if number <= len(self.kinds):
            self.zoom(self.kinds[number - 1])

    def action_overview(self) -> None:
        """Back to all panes."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_leave(self) -> None:
        """Quit."""
        self.exit()

    def action_refresh_now(self) -> None:
        """Ask every source now."""
        self.collector.refresh()

    def action_slower(self) -> None:
        """Ask half as often."""
        self._set_interval(self.collector.interval * 2)

    def action_faster(self) -> None:
        """Ask twice as often."""
        self._set_interval(self.collector.interval / 2)

    def _set_interval(self, interval: float) -> None:
        self.collector.interval = min(60.0, max(0.5, interval))
        self.tell(f"asking every {self.collector.interval:g} s")

    # -- time

    def action_pause(self) -> None:
        """Hold the moment, or go on."""
        self._go_to(None if self._moment is not None else self.collector.clock.monotonic())

    def action_step(self, direction: int) -> None:
        """Five seconds back or on; past the newest moment it is live again."""
        now = self.collector.clock.monotonic()
        moment = (self._moment if self._moment is not None else now) + direction * 5.0
        if moment >= now:
            self._go_to(None)
        else:
            self._go_to(max(moment, min(self.past.oldest, now)))

    def _go_to(self, moment: float | None) -> None:
        self._moment = moment
        self.show(self.kinds)

    def go_to_time(self, text: str) -> None:
        """Show the moment HH:MM or HH:MM:SS of today (or of yesterday, when it is still to come)."""
        parts = text.strip().split(":")
        if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
            self.tell(f"{text!r} is no time: write HH:MM or HH:MM:SS", "error")
            return
        hour, minute, second = (int(part) for part in (*parts, "0")[:3])
        if hour > 23 or minute > 59 or second > 59:
            self.tell(f"{text!r} is no time: write HH:MM or HH:MM:SS", "error")
            return
        here = self.collector.clock.now().astimezone()
        back = (here - here.replace(hour=hour, minute=minute, second=second)).total_seconds() % 86400
        now = self.collector.clock.monotonic()
        if now - back < self.past.oldest:
            self.tell(
                "nothing is kept from then: the console had not started, or it is too long ago",
                "warning",
            )
            return
        self._go_to(now - back)

    # -- prompts

    async def action_filter(self) -> None:
        """Type a filter; on the overview it is the log pane's."""
        screen = self.screen
        if isinstance(screen, OverviewScreen):
            kind = getattr(screen.focused, "kind", "logs")
            self.zoom(kind)
            self.call_after_refresh(self._ask_filter)
            return
        await self._ask_filter()

    async def _ask_filter(self) -> None:
        from screens.zoom import ZoomScreen

        if isinstance(self.screen, ZoomScreen):
            await self.screen.ask("filter", "/", self.screen.filter_text, hint="words, !not, column:word")

    async def action_command(self) -> None:
        """Type a command."""
        if isinstance(self.screen, OpsScreen):
            choices = [*self.kinds, *COMMANDS, *(f"theme {theme.name}" for theme in THEMES)]
            await self.screen.ask("command", ":", choices=choices, hint="command, → completes")

    async def action_jump(self) -> None:
        """Type a time."""
        if isinstance(self.screen, OpsScreen):
            await self.screen.ask("time", "time", hint="HH:MM or HH:MM:SS")

    async def answered(self, purpose: str, text: str | None) -> None:
        """A prompt of the app was answered."""
        if not text:
            return
        if purpose == "time":
            self.go_to_time(text)
        elif purpose == "command":
            await self.run_command(text)

    async def run_command(self, text: str) -> None:
        """One typed command: a pane with an optional filter, or one of `COMMANDS`."""
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        kind = ALIASES.get(word, word)
        if kind in self.kinds:
            self.zoom(kind)
            if rest:
                self.call_after_refresh(self._filter_zoomed, rest)
        elif word in ("q", "quit", "exit"):
            self.action_leave()
        elif word == "theme":
            self._set_theme(rest)
        elif word == "interval":
            try:
                self._set_interval(float(rest))
            except ValueError:
                self.tell(f"{rest!r} is no number of seconds", "error")
        elif word == "time":
            self.go_to_time(rest)
        elif word == "export":
            self.export(rest)
        elif word == "help":
            self.action_help()
        else:
            from difflib import get_close_matches

            near = get_close_matches(word, [*self.kinds, *ALIASES, *COMMANDS], 1)
            meant = f", did you mean :{near[0]}?" if near else "; ? lists the commands"
            self.tell(f"there is no command {word!r}{meant}", "error")

    async def _filter_zoomed(self, text: str) -> None:
        from screens.zoom import ZoomScreen

        if isinstance(self.screen, ZoomScreen):
            await self.screen.answered("filter", text)

    def _set_theme(self, name: str) -> None:
        names = [theme.name for theme in THEMES]
        if name in names:
            self.theme = name
        else:
            self.tell(f"there is no theme {name!r}: {', '.join(names)}", "error")

    # -- help, copy, export

    def action_help(self) -> None:
        """The keys that work here."""
        from screens.help import HelpScreen, shown_key

        groups: dict[str, dict[str, tuple[str, str, str]]] = {}
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if not enabled or not binding.id:
                continue
            name = {"OpsConsole": "Everywhere"}.get(type(node).__name__, "Here")
            keys = groups.setdefault(name, {})
            text = tooltip or binding.tooltip or binding.description
            if binding.id in keys:
                key = f"{keys[binding.id][0]} {shown_key(binding.key)}"
            else:
                key = shown_key(binding.key)
            keys[binding.id] = (key, text, binding.id)
        ordered = sorted(groups.items(), key=lambda item: item[0] != "Here")
        self.push_screen(HelpScreen([(name, list(keys.values())) for name, keys in ordered]))

    def action_copy(self) -> None:
        """Copy what is in front: the row under the cursor, the window, or the pane."""
        from screens.copying import text_in_front, wrapped

        text = text_in_front(self.screen)
        if not text:
            return
        sequence = wrapped(text, os.environ)
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
        self._clipboard = text
        self.tell(f"copied {len(text)} characters (OSC 52: the terminal must allow it)")

    def action_export(self) -> None:
        """Write the table in front to a file."""
        self.export("")

    def export(self, name: str) -> None:
        """Write the table in front as CSV, or a screen without one as text; says where."""
        from screens.copying import export

        try:
            path = export(self.screen, name, self.collector.clock.now())
        except OSError as error:
            self.tell(f"could not write {error.filename or name}: {error.strerror}", "error")
            return
        self.tell(f"written to {path}")

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """What the palette offers."""
        for number, kind in enumerate(self.kinds, 1):
            yield SystemCommand(f"Pane {kind}", f"zoom pane {number}", lambda n=number: self.action_pane(n))
        for theme in THEMES:
            yield SystemCommand(
                f"Theme {theme.name}", "change the colours", lambda t=theme: self._set_theme(t.name)
            )
        yield SystemCommand("Keys", "the keys that work here", self.action_help)
        yield SystemCommand("Export", "write the table in front to a file", self.action_export)
        yield SystemCommand("Quit", "leave the console", self.action_leave)


COMMANDS = ("theme", "interval", "time", "export", "help", "quit")
ALIASES: Mapping[str, str] = {
    "host": "system",
    "sys": "system",
    "containers": "docker",
    "db": "postgres",
    "database": "postgres",
    "pg": "postgres",
    "cache": "redis",
    "log": "logs",
}


def _wrongness(feed: Feed) -> tuple[int, str]:
    """Sorts feeds: the worst first, otherwise by name."""
    return (-max((f.severity for f in feed.findings), default=0), feed.source.name)


def run(config: Config, sources: Sequence[AnySource] | None = None, notes: Sequence[str] = ()) -> int:
    """Run the console on this terminal until the user leaves; the exit code."""
    gc.disable()  # until the first paint
    app = OpsConsole(config, sources, notes)
    app.run(mouse=config.mouse)
    return app.return_code or 0
