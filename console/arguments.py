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
RISKS = ("read", "unknown", "change", "destructive")
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
        description="One terminal for an incident: host, containers, clusters, databases, logs, live.\n"
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
                        help="look at this kind only, which then must be there; may be repeated: "
                        "system, docker, kubernetes, postgres, redis, logs, health, alerts")  # fmt: skip
    doctor = _command(commands, shared, "doctor",
                      "what was found, what was not, why, and the fix; exit 0 or 1",
                      "opsconsole doctor", "opsconsole doctor --json")  # fmt: skip
    doctor.add_argument("--json", action="store_true", help="for scripts")
    config = _command(commands, shared, "config", "every value of the configuration and where it is from",
                      "opsconsole config", "opsconsole config --profile prod --json")  # fmt: skip
    config.add_argument("--json", action="store_true", help="for scripts")
    _guide(_command(commands, shared, "guide", "operations guides: what is in them, what is due",
                    "opsconsole guide list", "opsconsole guide show OPERATIONS.md"), shared)  # fmt: skip
    _run(_command(commands, shared, "run", "a procedure of a guide without a person: for cron and pipelines",
                  "opsconsole run guide.md morning-checks",
                  "opsconsole run guide.md restart --allow change --var service=api",
                  "opsconsole run guide.md morning-checks --skip-manual --junit checks.xml"))  # fmt: skip
    _alerts(_command(commands, shared, "alerts", "alert rules: check them, and carry out their tests",
                     "opsconsole alerts check rules/*.yml",
                     "opsconsole alerts test tests.yml"), shared)  # fmt: skip
    _journal(_command(commands, shared, "journal", "the record of everything done: show it, verify it",
                      "opsconsole journal show --since 2h", "opsconsole journal verify"), shared)  # fmt: skip
    completion = _command(commands, shared, "completion", "print the completion of a shell",
                          'eval "$(opsconsole completion bash)"',
                          "opsconsole completion zsh > ~/.zfunc/_opsconsole",
                          "opsconsole completion fish | source")  # fmt: skip
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return top


def _completes_files(argument: argparse.Action) -> None:
    argument.complete = FILE_COMPLETION  # type: ignore[attr-defined]  # what shtab looks for


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line taken apart. Raises UsageError; ends the process for `--help` and `--version`."""
    top = parser()
    arguments, extra = top.parse_known_args(argv)
    if extra:
        _unknown(top, [arguments.command, getattr(arguments, "task", None)], extra[0])
    return arguments


def _shared() -> Parser:
    """The options that may stand before or after a command."""
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("options everywhere")
    _completes_files(
        group.add_argument("--config", metavar="FILE", help="read this file instead of the usual ones")
    )
    group.add_argument("--profile", metavar="NAME", help="an environment of the configuration")
    group.add_argument("--theme", choices=THEMES, metavar="THEME", help=", ".join(THEMES))
    group.add_argument("--interval", metavar="N", help="multiplies every cadence: 2 asks half as often")
    return options


def _guide(guide: Parser, shared: Parser) -> None:
    tasks = guide.add_subparsers(dest="task", metavar="TASK", title="tasks", required=True)
    found = _command(tasks, shared, "list", "the guides found, with what is in them and what is due",
                     "opsconsole guide list", "opsconsole guide list --json")  # fmt: skip
    found.add_argument("--json", action="store_true", help="for scripts")
    show = _command(tasks, shared, "show", "one guide: its checklists and runbooks, step by step",
                    "opsconsole guide show docs/operations.md",
                    "opsconsole guide show docs/operations.md service-restart",
                    "opsconsole guide show docs/operations.md --json | jq '.procedures[].id'")  # fmt: skip
    _completes_files(show.add_argument("file", metavar="FILE", help="a Markdown file"))
    show.add_argument("procedure", metavar="PROCEDURE", nargs="?", help="only this one, by its id")
    show.add_argument("--json", action="store_true", help="for scripts: everything that was read")

    probes = _command(tasks, shared, "probes", "what guides name and nothing watches, as tables to copy",
                      "opsconsole guide probes OPERATIONS.md",
                      "opsconsole guide probes >> ~/.config/opsconsole/config.toml")  # fmt: skip
    _completes_files(
        probes.add_argument("files", metavar="FILE", nargs="*", help="Markdown files; else the usual")
    )

    lint = _command(tasks, shared, "lint", "what in guides has rotted or is missing; exit 1 beyond notes",
                    "opsconsole guide lint", "opsconsole guide lint docs/*.md",
                    "opsconsole guide lint operations.md --json | jq '.guides[].problems[]'")  # fmt: skip
    _completes_files(
        lint.add_argument("files", metavar="FILE", nargs="*", help="Markdown files; else the usual")
    )
    lint.add_argument("--json", action="store_true", help="for scripts")


def _alerts(alerts: Parser, shared: Parser) -> None:
    tasks = alerts.add_subparsers(dest="task", metavar="TASK", title="tasks", required=True)
    check = _command(tasks, shared, "check", "whether rules can be evaluated, as promtool says; exit 0 or 1",
                     "opsconsole alerts check rules/*.yml", "opsconsole alerts check OPERATIONS.md",
                     "cat rules.yml | opsconsole alerts check -",
                     "opsconsole alerts check rules.yml --json | jq '.files[].problems'")  # fmt: skip
    _completes_files(
        check.add_argument("files", metavar="FILE", nargs="+", help="rule files or guides; - for the input")
    )
    check.add_argument("--json", action="store_true", help="for scripts")
    test = _command(tasks, shared, "test", "tests of rules in promtool's format carried out; exit 0 or 1",
                    "opsconsole alerts test tests/*.yml", "opsconsole alerts test tests.yml --run 'disk|cpu'",
                    "opsconsole alerts test tests.yml --json | jq '.files[].failures'")  # fmt: skip
    _completes_files(test.add_argument("files", metavar="FILE", nargs="+", help="files of tests"))
    test.add_argument("--run", metavar="REGEX", help="only tests whose name matches")
    test.add_argument("--json", action="store_true", help="for scripts")


def _run(run: Parser) -> None:
    _completes_files(run.add_argument("guide", metavar="GUIDE", help="a guide: its name or its file"))
    run.add_argument("name", metavar="NAME", help="the procedure's id or title")
    run.add_argument("--var", metavar="K=V", action="append", default=[],
                     help="a variable's value; K alone: that of the environment, for secrets")  # fmt: skip
    run.add_argument("--allow", metavar="RISK", choices=RISKS, default="read",
                     help=f"what may run unattended: {', '.join(RISKS)}; read unless said")  # fmt: skip
    run.add_argument("--target", metavar="NAME", default="",
                     help="what changes under a production profile are confirmed with")  # fmt: skip
    run.add_argument("--from", metavar="N", dest="first", default="1", help="begin with step N")
    run.add_argument("--continue", dest="go_on", action="store_true", help="go on after a step that failed")
    run.add_argument("--skip-manual", action="store_true", help="leave out what needs a person")
    run.add_argument("--json", action="store_true", help="for scripts")
    _completes_files(run.add_argument("--junit", metavar="FILE", help="write JUnit XML there"))


def _journal(journal: Parser, shared: Parser) -> None:
    tasks = journal.add_subparsers(dest="task", metavar="TASK", title="tasks", required=True)
    show = _command(tasks, shared, "show", "what was done: when, by whom, to what, with what result",
                    "opsconsole journal show --since 2h",
                    "opsconsole journal show --run ID --json | jq '.entries[].body'")  # fmt: skip
    show.add_argument("--run", metavar="ID", help="this run only")
    show.add_argument("--since", metavar="TIME", help="not older: 2h, 3d, 2026-01-31T09:00")
    show.add_argument("--limit", metavar="N", help="the newest N entries instead of 50")
    show.add_argument("--json", action="store_true", help="for scripts: whole entries")
    verify = _command(tasks, shared, "verify", "whether the record is as it was written; exit 0 yes, 1 no",
                      "opsconsole journal verify", "opsconsole journal verify --json")  # fmt: skip
    verify.add_argument("--anchor", metavar="NUMBER:HASH", action="append", default=[],
                        help="a head of the chain that was kept elsewhere; may be repeated")  # fmt: skip
    verify.add_argument("--json", action="store_true", help="for scripts")


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


def _unknown(top: Parser, words: Sequence[str | None], word: str) -> NoReturn:
    from console.errors import UsageError
    from console.nearest import did_you_mean

    prog: argparse.ArgumentParser = top
    for command in filter(None, words):
        commands = next(a for a in prog._actions if isinstance(a, argparse._SubParsersAction))
        prog = commands.choices[command]
    if word.startswith("-"):
        word = word.partition("=")[0]
        guess = did_you_mean(word, list(prog._option_string_actions))
        raise UsageError(f"{prog.prog} has no option {word}{guess}", f"see {prog.prog} --help")
    raise UsageError(f'{prog.prog} does not take "{word}"', f"see {prog.prog} --help")
