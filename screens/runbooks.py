"""The runbook drawer as the app has it: open or not, at which page, and what is loaded for it when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from screens.guides_likely import guides_likely
from widgets.draw import Line

if TYPE_CHECKING:
    from console.guides.library import Found
    from console.guides.model import Guide, Procedure
    from console.runs.carrier import Change
    from console.runs.run import Run
    from screens.app import OpsConsole
    from screens.workbench import Workbench


@dataclass(slots=True)
class Place:
    """Where in the drawer the reader is; one for all screens, so that each shows the same."""

    open: bool = False
    whole: bool = False
    """The drawer takes the room of the panes too."""
    page: str = "shelf"
    """`shelf`, `procedure` or `run`."""
    guide: Guide | None = None
    procedure: Procedure | None = None
    run: Run | None = None
    search: str = ""
    found: Sequence[Found] | None = None
    cursors: dict[str, int] = field(default_factory=dict)
    """The step in front, by run or procedure."""

    @property
    def key(self) -> str:
        """What the cursor is kept for."""
        if self.run is not None:
            return self.run.id
        return f"{self.guide.path}#{self.procedure.id}" if self.guide and self.procedure else ""


class Runbooks:
    """Opens and closes the drawer; nothing of guides, runs and the journal is loaded before it is wanted."""

    def __init__(self, app: OpsConsole) -> None:
        self._app = app
        self.place = Place()
        self._bench: Workbench | None = None
        self.left: Sequence[str] = ()
        """The steps that go on after the console has been left."""

    @property
    def bench(self) -> Workbench:
        """The guides and runs; loaded when first wanted."""
        if self._bench is None:
            from screens.workbench import Workbench

            self._bench = Workbench(self._app)
            self._app.scene.own_findings = self._bench.findings
        return self._bench

    async def close(self) -> None:
        """Let go of what is running."""
        if self._bench is not None:
            self.left = await self._bench.close()

    # -- the drawer

    def toggle(self) -> None:
        """Open the drawer, give it the keyboard, or close it."""
        drawer = self._app.base.drawer
        if drawer is None:
            self.show()
        elif drawer.has_focus_within:
            self.hide()
        else:
            self._app.set_focus(drawer.list)

    def show(self) -> None:
        """Open the drawer on the screen in view."""
        self.place.open = True
        self._app.base.place_drawer()

    def hide(self) -> None:
        """Put the drawer away; what runs goes on."""
        self.place.open = False
        self._app.base.place_drawer()

    def search(self) -> bool:
        """Ask for words to search by, where the drawer has the keyboard; whether it has."""
        drawer = self._app.base.drawer
        if drawer is None or not drawer.has_focus_within:
            return False
        self._app.run_worker(
            drawer.search(), group="search", description="searching guides", exit_on_error=False
        )
        return True

    def show_procedure(self, words: str) -> None:
        """Open the drawer at the procedure of this id or title, else at those that answer the words."""
        self.show()
        self._app.call_after_refresh(self._find, words)

    def _find(self, words: str) -> None:
        if (drawer := self._app.base.drawer) is not None:
            self._app.run_worker(
                drawer.find(words), group="search", description="searching guides", exit_on_error=False
            )

    def procedure_ids(self) -> list[str]:
        """The procedures known by now, as `:run` takes them."""
        guides = self._bench.shelf.guides if self._bench is not None else ()
        return list(dict.fromkeys(one.id for guide in guides for one in guide.procedures))

    # -- what happens meanwhile

    def tick(self) -> None:
        """A second has passed: hold the readings beside the items of runs, and draw ages anew."""
        if self._bench is not None:
            self._bench.look()
        if (drawer := self._app.base.drawer) is not None:
            drawer.show()

    def changed(self, change: Change) -> None:
        """Something about a run is new: draw it where it is in view; what has ended is no longer due."""
        if change.what == "run" and change.run.ended is not None:
            self.look_at_guides()
        if self._app.screen_stack and (drawer := self._app.base.drawer) is not None:
            drawer.changed(change)

    def look_at_guides(self) -> None:
        """Read guides that are new or changed, and what is due, in the background."""
        self._app.run_worker(
            self.read(), group="shelf", description="reading the guides", exclusive=True, exit_on_error=False
        )

    async def read(self) -> None:
        """Where there are guides, or runs of earlier, read them."""
        if self._bench is None and not guides_likely(self._app.config):
            return
        await self.bench.read()
        self._app.base.show_lines()

    def waiting_line(self) -> Line:
        """What of the guides and runs wants somebody."""
        if self._bench is None:
            return ()
        from screens.drawer_lines import waiting_line

        return waiting_line(self._bench.shelf, self._bench.runs, self._app.collector.clock.now())
