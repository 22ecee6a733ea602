"""The runbook drawer: guides, what is due, and the run in hand, beside panes that stay in view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.errors import OpsError
from console.guides.model import Guide, Procedure
from console.runs.opening import Unfinished
from console.runs.run import Run, StepState, states_of
from screens.base import FooterKey, drawer_key
from screens.drawer_lines import head, procedure_line, run_line, shelf_entries
from screens.runbooks import Place
from screens.stepping import Stepping
from widgets.canvas import Canvas
from widgets.draw import Line, Span
from widgets.shelf import ShelfList
from widgets.step_drawing import Steps
from widgets.steps import StepList

if TYPE_CHECKING:
    from console.runs.carrier import Change
    from screens.app import OpsConsole

ON_A_RUN = frozenset({"step", "output", "next", "details"})
"""Actions that need a run in front."""


class DrawerHead(Canvas):
    """Title and one line about what is in front."""

    def __init__(self) -> None:
        super().__init__(id="drawer-head")
        self._title = ""
        self._right: Sequence[Span] = ()
        self._second: Line = ()
        self._focused = False

    def show(self, title: str, right: Sequence[Span], second: Line, focused: bool) -> None:
        """Draw this title; the second line may be empty and then takes no room."""
        self._title, self._right, self._second, self._focused = title, right, second, focused
        height = 2 if second else 1
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The rule with the title, and the line below it."""
        return [head(self._title, self._right, width, self._focused), self._second][:height]


class Drawer(Vertical, inherit_bindings=False):
    """A shelf of procedures, one procedure as it stands, or a run: one page at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # all are handled in the order they were typed; those that ask hold the rest until they do
        Binding(key, action, word, id=binding_id, tooltip=tooltip, priority=True)
        for key, action, word, binding_id, tooltip in (
            ("escape", "back", "Back", "drawer.back", "One page back"),
            ("q", "shut", "Close", "drawer.close", "Close the drawer; runs go on"),
            ("f", "whole", "Whole", "drawer.whole", "The whole screen for the drawer, or half"),
            ("enter", "do", "Do it", "run.do", "Run or tick the step in front; start"),
            ("space", "step('tick')", "Tick", "run.tick", "Tick the step in front by hand"),
            ("s", "step('skip')", "Skip", "run.skip", "Leave the step out, with a reason"),
            ("m", "step('note')", "Note", "run.note", "Write a note to the step"),
            ("v", "step('value')", "Value", "run.value", "Tick the step with a value"),
            ("w", "step('wait')", "Wait until", "run.wait", "Run it again and again until it is so"),
            ("t", "step('limit')", "Time limit", "run.limit", "Run it, and end it after some seconds"),
            ("L", "step('relock')", "Lock anew", "run.relock", "Take the target as it is now"),
            ("F", "step('close_run')", "Close the run", "run.close", "End the run, done or not"),
            ("e", "step('edit')", "Edit", "run.edit", "Run it with a changed command, recorded so"),
            ("c", "step('cancel')", "Cancel", "run.cancel", "End the running step and all it started"),
            ("u", "step('untick')", "Untick", "run.untick", "Take the tick back"),
            ("o", "output", "Output", "run.output", "The whole output of the step"),
            ("d", "details", "Details", "run.details", "Everything about the step"),
            ("n", "next", "Next", "run.next", "The next step that waits"),
        )
    ]

    def __init__(self) -> None:
        super().__init__(id="drawer")
        # kept, not looked up: news may come while the drawer is being closed
        self._head, self.shelf, self.steps = DrawerHead(), ShelfList(id="shelf"), StepList(id="steps")
        self._stepping = Stepping(self)
        self._resolved: tuple[tuple[object, ...], str] = (), ""
        """The command of the step in front as it would run, and what that follows from."""
        self._done: list[bool] = []
        """Which steps of the run in front were done when it was drawn last."""

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    @property
    def place(self) -> Place:
        """Where the reader is."""
        return self.ops.runbooks.place

    def compose(self) -> ComposeResult:
        """Head, shelf and steps; one of the two is in view."""
        yield self._head
        yield self.shelf
        yield self.steps

    async def on_mount(self) -> None:
        """Show the page the reader was at, and read the guides anew."""
        self.turn()
        self.ops.run_worker(
            self._read(),
            group="drawer",
            description="reading the guides",
            exclusive=True,
            exit_on_error=False,
        )

    async def _read(self) -> None:
        await self.ops.workbench.read()
        if self.is_attached:
            self.draw()

    # -- what is in front

    @property
    def list(self) -> ShelfList | StepList:
        """The list of the page in front."""
        if self.place.page == "shelf":
            return self.shelf
        return self.steps

    @property
    def state(self) -> StepState | None:
        """The step of the run in front."""
        run = self.place.run
        if run is None or not run.states:
            return None
        return run.states[min(self.steps.cursor, len(run.states) - 1)]

    @property
    def busy(self) -> bool:
        """Whether something asked for by a key is still under way."""
        return self._stepping.busy

    def turn(self, focus: bool = True) -> None:
        """Show the page of the place."""
        if not self.is_attached:
            return  # it was closed meanwhile: the next one begins at this place
        place = self.place
        self.shelf.display, self.steps.display = place.page == "shelf", place.page != "shelf"
        self.draw()
        self._done = [one.done for one in place.run.states] if place.run else []
        if place.page != "shelf":
            self.steps.go_to(place.cursors.get(place.key, 0))
        if focus:
            self.screen.set_focus(self.list)
        self.ops.base.show_footer()

    def draw(self) -> None:
        """Draw what there is to the page, as it is now."""
        place, bench = self.place, self.ops.workbench
        now = self.ops.collector.clock.now()
        width = max(1, self.content_size.width)
        focused = self.has_focus_within
        heading = self._head
        if place.page == "run" and place.run is not None:
            run = place.run
            unwritable = bench.runner.unwritable if bench.runner else ""
            self.steps.show(self._of_run(run))
            right: list[Span] = [(run.procedure.kind.value, "label")]
            heading.show(run.procedure.title, right, run_line(run, now, unwritable, width), focused)
        elif place.page == "procedure" and place.guide and place.procedure:
            one = place.procedure
            states = states_of(one)
            self.steps.show(Steps(states, now, resolved=lambda index: one.steps[index].command))
            second = procedure_line(place.guide, one, width)
            key = self.ops.key("run.do", "⏎")
            heading.show(one.title, [(f"{key} starts it", "key")], second, focused)
        else:
            self._draw_shelf(heading, focused)

    def _draw_shelf(self, heading: DrawerHead, focused: bool) -> None:
        place, bench = self.place, self.ops.workbench
        now = self.ops.collector.clock.now()
        entries = shelf_entries(bench.shelf, bench.runs, now, place.search, place.found)
        self.shelf.show(entries)
        overdue = sum(one.state == "overdue" for one in bench.shelf.due)
        right: list[Span] = [(f"▲ {overdue} overdue", "warn")] if overdue else []
        second: Line = ()
        if bench.failure is not None:
            second = ((f" ✖ nothing can be run: {bench.failure}", "crit"),)
        elif not bench.was_read:
            second = ((" reading the guides ...", "dim"),)
        elif not bench.shelf.guides and not bench.shelf.unreadable:
            second = ((" no guide found: put an OPERATIONS.md here or set [guides] paths", "dim"),)
        heading.show("Runbooks", right, second, focused)

    def _of_run(self, run: Run) -> Steps:
        bench = self.ops.workbench
        runner = bench.runner
        assert runner is not None

        def resolved(index: int) -> str:
            edited = run.states[index].command
            key = run.id, index, edited, tuple(run.values.items())
            if key != self._resolved[0]:  # asked at every drawing, of one step, and not cheap
                self._resolved = key, runner.preview(run, index, edited).command
            return self._resolved[1]

        return Steps(
            run.states,
            self.ops.collector.clock.now(),
            bench.watch.answers(run),
            usual=lambda index: runner.usual(run.states[index].step),
            resolved=resolved,
        )

    def show(self, kinds: Iterable[str] = ()) -> None:
        """Readings came, or a second has passed: ages and answers have changed."""
        if self.is_mounted and self.place.open:
            self.draw()

    def changed(self, change: Change) -> None:
        """Something about a run is new; when the step in front is done the next one comes to the front."""
        if not self.is_mounted:
            return
        place = self.place
        if change.run is not place.run:
            if place.page == "shelf":
                self.draw()
            return
        steps = self.steps
        at = steps.cursor
        self.draw()
        done = [one.done for one in change.run.states]
        before, self._done = self._done, done
        if change.index == at and done[at] and len(before) == len(done) and not before[at]:
            waiting = [one.index for one in change.run.states if not one.done and one.index > at]
            if waiting:
                steps.go_to(waiting[0])
        self.ops.base.show_footer()

    def footer_keys(self) -> Sequence[FooterKey]:
        """What works on this page, the most used first."""
        if self.place.page == "shelf":
            return (
                drawer_key("shelf.open", "⏎", "open", "open"),
                FooterKey("app.filter", "/", "search", "app.filter"),
                drawer_key("drawer.whole", "f", "whole screen", "whole"),
                drawer_key("drawer.close", "q", "close", "shut"),
                FooterKey("app.help", "?", "help", "app.help"),
            )
        if self.place.page == "procedure":
            return (
                drawer_key("run.do", "⏎", "start it", "do"),
                drawer_key("drawer.back", "esc", "back", "back"),
                drawer_key("drawer.whole", "f", "whole screen", "whole"),
                FooterKey("app.help", "?", "help", "app.help"),
            )
        return self._stepping.keys()

    # -- messages of the lists

    async def on_shelf_list_chosen(self, message: ShelfList.Chosen) -> None:
        """A run is taken up, a procedure is shown."""
        message.stop()
        what = message.what
        if isinstance(what, Run):
            self.go_to_run(what)
        elif isinstance(what, Unfinished):
            await self._stepping.work(lambda: self._resume(what.run), "taking up a run")
        else:
            guide, procedure = what
            self.show_procedure(guide, procedure)

    async def _resume(self, run_id: str) -> None:
        runner = await self.ops.workbench.open()
        self.go_to_run(await runner.resume(run_id))

    def on_step_list_moved(self, message: StepList.Moved) -> None:
        """Another step is in front: other keys work."""
        message.stop()
        self.place.cursors[self.place.key] = self.steps.cursor
        self.ops.base.show_footer()

    async def on_step_list_opened(self, message: StepList.Opened) -> None:
        """A second click does what Enter does."""
        message.stop()
        await self.action_do()

    def on_descendant_focus(self) -> None:
        """The keyboard came here: the frame and the footer say so."""
        self.draw()
        self.ops.base.show_footer()

    def on_descendant_blur(self) -> None:
        """The keyboard went to the panes."""
        self.draw()
        self.ops.base.show_footer()

    # -- pages

    def show_procedure(self, guide: Guide, procedure: Procedure) -> None:
        """A procedure as its guide has it, before anything runs."""
        place = self.place
        place.page, place.guide, place.procedure, place.run = "procedure", guide, procedure, None
        self.turn()

    def go_to_run(self, run: Run) -> None:
        """A run, at the step where it stands."""
        place = self.place
        place.page, place.run = "run", run
        if run.id not in place.cursors:
            place.cursors[run.id] = next((one.index for one in run.states if not one.done), 0)
        self.turn()

    async def search(self) -> None:
        """Find procedures by words or by an alert's name."""
        place = self.place
        text = await self.ops.base.ask_text("search", place.search, hint="words, or the name of an alert")
        if text is not None:
            await self._list_found(text)

    async def find(self, words: str) -> None:
        """The procedure of this id or title; where none has it, or several have, all that answer."""
        await self.ops.workbench.read()
        wanted = words.strip().casefold()
        alike = [
            (guide, one)
            for guide in self.ops.workbench.shelf.guides
            for one in guide.procedures
            if wanted in (one.id, one.title.casefold())
        ]
        if len(alike) == 1:
            self.show_procedure(*alike[0])
        else:
            await self._list_found(words)

    async def _list_found(self, text: str) -> None:
        place = self.place
        place.search, place.found = text, None
        if text.strip():
            place.found = await self.ops.workbench.find(text)
        place.page, place.run = "shelf", None
        self.turn()

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of a run work where there is one."""
        if action == "do":
            return self.place.page != "shelf"
        return self.place.page == "run" if action in ON_A_RUN else True

    def action_open(self) -> None:
        """Open what is in front on the shelf, for a click on the key's name."""
        self.shelf.action_choose()

    def action_back(self) -> None:
        """One page back; from the shelf the drawer is closed."""
        place = self.place
        if place.page == "shelf" and place.found is not None:
            place.search, place.found = "", None
        elif place.page == "shelf":
            self.action_shut()
            return
        place.page, place.run = "shelf", None
        self.turn()

    def action_shut(self) -> None:
        """Close the drawer; what runs goes on."""
        self.ops.runbooks.hide()

    def action_whole(self) -> None:
        """The whole screen for the drawer, or as much as leaves the panes in view."""
        self.place.whole = not self.place.whole
        self.ops.base.place_drawer()

    async def action_do(self) -> None:
        """Start the procedure, or do the step in front."""
        await self._stepping.do()

    def action_next(self) -> None:
        """The next step that waits, from the one in front on."""
        run = self.place.run
        if run is None:
            return
        steps = self.steps
        waiting = [one.index for one in run.states if not one.done]
        after = [index for index in waiting if index > steps.cursor]
        if waiting:
            steps.go_to((after or waiting)[0])

    async def action_step(self, name: str) -> None:
        """Something else that is done with the step in front, or with its run."""
        await self._stepping.step(name)

    def action_output(self) -> None:
        """The whole output of the step in front."""
        from screens.output import OutputScreen

        if (run := self.place.run) is not None and (state := self.state) is not None:
            if state.spool is None and not state.lines:
                self.ops.tell("this step has printed nothing yet")
            else:
                self.app.push_screen(OutputScreen(run, state.index))

    def action_details(self) -> None:
        """Everything about the step in front."""
        from screens.output import StepScreen

        if (run := self.place.run) is not None and (state := self.state) is not None:
            self.app.push_screen(StepScreen(self._of_run(run), state.index))

    @property
    def text(self) -> str:
        """What is in front as text, for copying: the command of a step, else the lines in view."""
        if self.place.run is not None and (state := self.state) is not None and state.step.runnable:
            return self._of_run(self.place.run).resolved(state.index)
        return self.list.text

    def failed(self, error: OpsError) -> None:
        """Say why something was not done."""
        self.ops.tell(str(error), "error")
