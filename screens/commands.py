"""The command line of the console: `:`, a word, and what belongs to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.nearest import nearest
from console.text import clean
from screens import clusters, selecting
from themes import THEMES
from widgets.panes import TITLES

if TYPE_CHECKING:
    from screens.app import OpsConsole

COMMANDS: Mapping[str, str] = {
    "run": "[NAME], the procedure of this name or id, or those that answer the words",
    "theme": "NAME, another set of colours",
    "interval": "N, ask every N seconds",
    "time": "HH:MM[:SS], show a moment of the past",
    "promql": "EXPR, or = EXPR: ask in PromQL, with a table and a plot",
    "export": "[FILE], write the table in front to a file",
    "help": "the keys that work here",
    "quit": "leave the console",
}
"""What is no pane, with what belongs to it."""

ALIASES: Mapping[str, str] = {
    **{title.lower(): kind for kind, title in TITLES.items()},
    "host": "system",
    "sys": "system",
    "k8s": "kubernetes",
    "kube": "kubernetes",
    "db": "postgres",
    "pg": "postgres",
    "log": "logs",
    "alert": "alerts",
    "rules": "alerts",
    "probes": "health",
    "probe": "health",
}
"""Other words for panes: their titles, as one reads them on the screen, and what else they are called."""


def choices(app: OpsConsole) -> list[str]:
    """What the prompt completes to."""
    return [
        *(TITLES.get(kind, kind).lower() for kind in app.kinds),
        *COMMANDS,
        *clusters.choices(app),
        *(f"run {one}" for one in app.runbooks.procedure_ids()),
        *(f"theme {theme.name}" for theme in THEMES),
    ]


def run_command(app: OpsConsole, text: str) -> None:
    """One typed command: a pane with an optional filter, or one of `COMMANDS`."""
    if text.strip().startswith("="):
        text = f"promql {text.strip()[1:]}"
    word, _, rest = text.strip().partition(" ")
    word, rest = word.lower(), rest.strip()
    kind = ALIASES.get(word, word)
    if not word:
        return
    if selecting.meant(app, word, rest):
        selecting.show_lines(app, rest)
    elif kind in app.kinds:
        app.zoom(kind, filter_text=rest or None)
    elif word in clusters.WORDS and "kubernetes" in app.kinds:
        clusters.show(app, word, rest)
    elif word in ("q", "quit", "exit"):
        app.action_leave()
    elif word in ("run", "guides", "runbooks"):
        app.runbooks.show_procedure(rest)
    elif word == "theme":
        _set_theme(app, rest)
    elif word == "interval":
        _set_interval(app, rest)
    elif word == "time":
        app.go_to_time(rest)
    elif word == "promql":
        _ask_promql(app, rest)
    elif word == "export":
        app.export(rest)
    elif word == "help":
        app.action_help()
    else:
        words = clusters.OFFERED if "kubernetes" in app.kinds else ()
        near = nearest(word, [*app.kinds, *ALIASES, *COMMANDS, *words])
        meant = f", did you mean :{near}?" if near else "; ? lists the commands"
        app.tell(f"there is no command {clean(word, 40)!r}{meant}", "error")


def _ask_promql(app: OpsConsole, text: str) -> None:
    from screens.query import QueryScreen

    if not text:
        app.tell("write an expression after it, such as :promql up == 0", "warning")
    elif isinstance(app.screen, QueryScreen):
        app.switch_screen(QueryScreen(text))
    else:
        app.push_screen(QueryScreen(text))


def _set_theme(app: OpsConsole, name: str) -> None:
    names = [theme.name for theme in THEMES]
    if name in names:
        app.theme = name
        return
    near = nearest(name, names)
    meant = f", did you mean {near}?" if near else f": {', '.join(names)}"
    app.tell(f"there is no theme {clean(name, 40)!r}{meant}", "error")


def _set_interval(app: OpsConsole, text: str) -> None:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if math.isfinite(seconds) and seconds > 0:
        app.set_interval_to(seconds)
    else:
        app.tell(f"{clean(text, 40)!r} is no number of seconds", "error")
