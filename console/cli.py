"""The command line: `opsconsole` and its commands.

Only what a command needs is imported, and that inside functions: `--help` must answer at once, and
headless commands never load Textual.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from console import __version__

if TYPE_CHECKING:
    from console.config import Config
    from console.layers import Loaded

THEMES = ("ops-dark", "ops-light", "high-contrast", "color-blind", "war-room")
"""As the configuration has them; written out so that the parser needs not load it."""
SHELLS = ("bash", "zsh", "tcsh", "fish")
FILE_COMPLETION = {
    "bash": "_shtab_compgen_files",
    "zsh": "_files",
    "tcsh": "f",
    "fish": "(__fish_complete_path (commandline -ct))",
}
"""shtab's own words for a file name, written out so that the parser needs not load it."""
INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit codes as a shell has them: 128 and the signal's number."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence with the nearest word that would be right."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        from console.errors import UsageError
        from console.nearest import did_you_mean

        wrong = re.search(
            r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)$", message, re.DOTALL
        )
        if wrong:
            what, word, known = wrong[1], wrong[2], re.findall(r"[\w.-]+", wrong[3])
            what = f"{what}:" if what.startswith("-") else what.lower()
            reason = f'{what} "{word}" is not known{did_you_mean(word, known)}'
            raise UsageError(reason, f"use one of {', '.join(known)}")
        raise UsageError(message, f"see {self.prog} --help")


def parser() -> Parser:
    """The whole command line; shell completion is made from it too."""
    shared = _shared()
    top = Parser(
        prog="opsconsole",
        description="One terminal for an incident: host, containers, PostgreSQL, Redis and logs, live.\n"
        "Without a command it opens the console.",
        epilog="examples:\n"
        "  opsconsole                         the console, on what is found here\n"
        "  opsconsole demo                    the same, on servers of its own\n"
        "  opsconsole status                  one look; exit 0 ok, 1 warning, 2 critical\n"
        "  opsconsole --profile prod          the environment [profiles.prod] describes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"opsconsole {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    demo = _command(commands, shared, "demo", "the console on a PostgreSQL and a Redis of its own",
                    "opsconsole demo", "opsconsole demo --theme war-room")  # fmt: skip
    demo.add_argument("--seconds", metavar="N", help="end by itself after N seconds")
    status = _command(commands, shared, "status", "one look at everything; exit 0 ok, 1 warning, 2 critical",
                      "opsconsole status", "opsconsole status --only postgres --only redis",
                      "opsconsole status --json | jq '.sources[].findings'")  # fmt: skip
    status.add_argument("--json", action="store_true", help="for scripts")
    status.add_argument("--only", metavar="KIND", action="append", default=[],
                        help="look at this kind only, which then must be there; may be repeated")  # fmt: skip
    doctor = _command(commands, shared, "doctor", "what was found, what was not, why, and the fix",
                      "opsconsole doctor", "opsconsole doctor --json")  # fmt: skip
    doctor.add_argument("--json", action="store_true", help="for scripts")
    config = _command(commands, shared, "config", "every value of the configuration and where it is from",
                      "opsconsole config", "opsconsole config --profile prod --json")  # fmt: skip
    config.add_argument("--json", action="store_true", help="for scripts")
    completion = _command(commands, shared, "completion", "print the completion of a shell",
                          'eval "$(opsconsole completion bash)"',
                          "opsconsole completion zsh > ~/.zfunc/_opsconsole",
                          "opsconsole completion fish | source")  # fmt: skip
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return top


def _shared() -> Parser:
    """The options that may stand before or after a command."""
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("options everywhere")
    file = group.add_argument("--config", metavar="FILE", help="read this file instead of the usual ones")
    file.complete = FILE_COMPLETION  # type: ignore[attr-defined]  # what shtab looks for
    group.add_argument("--profile", metavar="NAME", help="an environment of the configuration")
    group.add_argument("--theme", choices=THEMES, metavar="THEME", help=", ".join(THEMES))
    group.add_argument("--interval", metavar="N", help="multiplies every cadence: 2 asks half as often")
    return options


def _command(
    commands: argparse._SubParsersAction[Parser],
    shared: Parser,
    name: str,
    what: str,
    *examples: str,
) -> Parser:
    return commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog="\n  ".join(("examples:", *examples)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
        allow_abbrev=False,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code. Whatever a user can cause is one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 must not end a report
    try:
        code = _guarded(list(sys.argv[1:] if argv is None else argv))
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
        return _fail(f"the output cannot be written: {error.strerror or error}")


def _guarded(argv: list[str]) -> int:
    try:
        return _run(argv)
    except Exception as error:  # narrowed on the next lines: the class costs an import
        from console.errors import OpsError

        if not isinstance(error, OpsError):
            raise
        from console.secrets import redact

        return _fail(redact(str(error)))


def _fail(sentence: str) -> int:
    if sys.stderr is not None:
        print(f"opsconsole: {sentence}", file=sys.stderr)  # noqa: T201
    return 2


def _silence() -> None:
    """Let the interpreter's last flush go nowhere: whoever read the output has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _run(argv: list[str]) -> int:
    top = parser()
    arguments, extra = top.parse_known_args(argv)
    if extra:
        _unknown(top, arguments.command, extra[0])
    options = vars(arguments)
    command = options.get("command") or "console"
    if command == "completion":
        import shtab

        print(shtab.complete(top, shell=arguments.shell))  # noqa: T201
        return 0
    if command in ("console", "demo"):
        _terminal(os.environ, command)
    from console.layers import load

    named = options.get("config")
    if named is not None:
        from pathlib import Path

        named = Path(named)
    given: dict[str, str] = {key: options[key] for key in ("profile", "theme", "interval") if key in options}
    return _dispatch(command, arguments, load(os.environ, file=named, options=given))


def _dispatch(command: str, arguments: argparse.Namespace, loaded: Loaded) -> int:
    if command == "console":
        return _open(loaded.config, loaded.notes)
    if command == "demo":
        from console.demo.front import demo

        return demo(loaded, arguments.seconds, _open)
    if command == "status":
        from console.status import status

        return status(loaded.config, loaded.notes, arguments.only, arguments.json, os.environ)
    if command == "doctor":
        from console.doctor import doctor

        return doctor(loaded, arguments.json, os.environ)
    from console.show import show_config

    return show_config(loaded, arguments.json, os.environ)


def _open(config: Config, notes: Sequence[str]) -> int:
    from screens.app import run

    return run(config, notes=notes)


def _unknown(top: Parser, command: str | None, word: str) -> NoReturn:
    from console.errors import UsageError
    from console.nearest import did_you_mean

    prog = f"opsconsole {command}" if command else "opsconsole"
    known: list[str] = list(top._option_string_actions)
    if command:
        commands = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
        known = list(commands.choices[command]._option_string_actions)
    if word.startswith("-"):
        word = word.partition("=")[0]
        raise UsageError(f"{prog} has no option {word}{did_you_mean(word, known)}", f"see {prog} --help")
    raise UsageError(f'{prog} does not take "{word}"', f"see {prog} --help")


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
