"""The options and commands of `opsconsole`, and what is said of those it does not have.

A module of its own because the plain `opsconsole` has nothing to parse, and paints sooner without it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from console import __version__

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

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


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence with the nearest word that would be right."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse's own says nothing of an output that cannot be written
        (file or sys.stdout).write(message)

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


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line taken apart. Raises UsageError; ends the process for `--help` and `--version`."""
    top = parser()
    arguments, extra = top.parse_known_args(argv)
    if extra:
        _unknown(top, arguments.command, extra[0])
    return arguments


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
