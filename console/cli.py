"""The command line: `opsconsole` and its commands.

Only what a command needs is imported, and that inside functions: the console paints sooner, `--help`
answers at once, and headless commands never load Textual. At the top stands only what the interpreter
has loaded itself, so that an interrupt finds `main` already prepared for it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # built in, where `signal` costs an import
import io
import os
import sys

TYPE_CHECKING = False  # what the type checkers take for typing's, whose import costs milliseconds
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from console.config import Config
    from console.layers import Loaded

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit codes as a shell has them: 128 and the signal's number."""
UNPARSED = ("--config", "--profile")
"""Options that alone need no parser, which takes as long to load as a tenth of the first paint."""

COLOR_SYSTEMS = ("auto", "standard", "256", "truecolor")
"""What Textual's variable for colours takes; anything else ends it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code. Whatever a user can cause is one sentence on stderr."""
    _interrupts(_signal.SIG_DFL)
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 must not end a report
        words = list(sys.argv[1:] if argv is None else argv)
        if sys.stdout is None and words:  # the plain console tells what it misses itself
            return _fail("the output cannot be written: it is closed")
        code = _guarded(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        _silence()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:  # a full disk under a redirected output, and the like
        _silence()
        what = str(error.filename) if error.filename else "the output cannot be written"
        return _fail(f"{what}: {error.strerror or error}")


def _interrupts(handler: Any) -> None:
    """What Ctrl-C does from here on, unless whoever started us wants it ignored.

    While modules are loaded and the configuration is read it ends the process at once: nothing is
    there yet to be parted from, and an exception raised in the middle of msgspec crashes it.
    """
    if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, handler)


def _guarded(argv: list[str]) -> int:
    try:
        return _run(argv)
    except SystemExit as end:  # how the parser ends after --help and --version
        return int(end.code or 0)
    except Exception as error:  # narrowed on the next lines: the class costs an import
        from console.errors import OpsError

        if not isinstance(error, OpsError):
            raise
        from console.secrets import redact

        return _fail(redact(str(error)))


def _fail(sentence: str) -> int:
    if sys.stderr is not None:
        try:
            print(f"opsconsole: {sentence}", file=sys.stderr, flush=True)
        except OSError:  # nobody can be told, but the exit code tells
            _silence(2)
    return 2


def _silence(output: int = 1) -> None:
    """Let the interpreter's last flush go nowhere: whoever read the output has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, output)
    os.close(null)


def _run(argv: list[str]) -> int:
    options: dict[str, Any] = {}
    if len(argv) == 2 and argv[0] in UNPARSED and not argv[1].startswith("-"):
        options = {argv[0].removeprefix("--"): argv[1]}
    elif argv:
        from console.arguments import parse

        options = vars(parse(argv))
    command = options.get("command") or "console"
    if command == "completion":
        import shtab

        from console.arguments import parser

        print(shtab.complete(parser(), shell=options["shell"]))
        return 0
    if command in ("console", "demo"):
        _terminal(os.environ, command)
        import gc

        gc.disable()  # nothing made until the first paint is garbage; the console enables it later
    from console.layers import load

    named = options.get("config")
    if named is not None:
        from pathlib import Path

        named = Path(named)
    given: dict[str, str] = {key: options[key] for key in ("profile", "theme", "interval") if key in options}
    loaded = load(os.environ, file=named, options=given)
    _interrupts(_signal.default_int_handler)
    try:
        return _dispatch(command, options, loaded)
    finally:
        _interrupts(_signal.SIG_DFL)  # the interpreter's own end has no words for it


def _dispatch(command: str, options: Mapping[str, Any], loaded: Loaded) -> int:
    if command == "console":
        return _open(loaded.config, loaded.notes)
    if command == "demo":
        from console.demo.front import demo

        return demo(loaded, options["seconds"], _open)
    if command == "status":
        from console.status import status

        return status(loaded.config, loaded.notes, options["only"], options["json"], os.environ)
    if command == "doctor":
        from console.doctor import doctor

        return doctor(_with_keys(loaded), options["json"], os.environ)
    if command == "guide" and options["task"] == "probes":
        from console.offering import guide_probes

        return guide_probes(loaded.config, options["files"])
    if command == "guide":
        from console.guides.listing import guide

        return guide(loaded.config, options, os.environ)
    if command == "run":
        from console.runs.headless import run

        return run(loaded.config, options, os.environ)
    if command == "alerts":
        from console.alerts.command import alerts

        return alerts(options, os.environ)
    if command == "journal":
        from console.journal.listing import journal

        return journal(loaded.config, options, os.environ)
    from console.show import show_config

    return show_config(_with_keys(loaded), options["json"], os.environ)


def _with_keys(loaded: Loaded) -> Loaded:
    """The configuration with a note for each key of `[keys]` that cannot work."""
    if not loaded.config.keys:
        return loaded
    import msgspec

    from screens.keys import usable_keymap  # loads every screen, for those who change keys

    return msgspec.structs.replace(loaded, notes=(*loaded.notes, *usable_keymap(loaded.config.keys)[1]))


def _open(config: Config, notes: Sequence[str]) -> int:
    from screens.app import run

    return run(config, notes=notes)


def _terminal(env: Mapping[str, str], command: str) -> None:
    """Raises UsageError where the console could not draw. It draws on stderr, as Textual does."""
    from console.errors import UsageError

    if "TEXTUAL_DRIVER" in env:
        return  # something other than a terminal is under it, and knows what it does
    other = "use opsconsole status for one look in plain text"
    streams = {"input": sys.stdin, "output": sys.stdout, "error output": sys.stderr}
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            raise UsageError(f"the {command} needs a terminal, and its {name} is not one", other)
    if env.get("TERM", "") in ("", "dumb", "unknown"):
        what = f"TERM is {env['TERM']}" if env.get("TERM") else "TERM is not set"
        raise UsageError(f"{what}, so nothing can be drawn", f"try TERM=xterm-256color, or {other}")
    colors = env.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if colors not in COLOR_SYSTEMS:
        known = ", ".join(COLOR_SYSTEMS)
        raise UsageError(f'TEXTUAL_COLOR_SYSTEM is "{colors}"', f"it takes one of {known}, or unset it")
