"""Programs that run their operands (`sudo`, `timeout`, `xargs`), and the options before these, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.guides.shell.script import Word

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash"})
ANY = Word("…", None)
"""Words that are put in when it runs, as `xargs` does."""


@dataclass(frozen=True, slots=True)
class Inner:
    """What a wrapper starts: words, or text that a shell reads."""

    label: str
    words: tuple[Word, ...] = ()
    text: str | None = None
    elsewhere: bool = False
    sure: bool = True
    """Whether it is certain that this is what is started: a word before it may be an option."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A program that runs its operands.

    `short` and `long` are its options that take a value, `operands` how many of its own come first,
    `refuse` the options with which it does something else.
    """

    short: str = ""
    long: tuple[str, ...] = ()
    operands: int = 0
    refuse: tuple[str, ...] = ()
    assigns: bool = False
    more: bool = False
    """Further words are added when it runs."""
    elsewhere: bool = False


_SUDO = ("user", "group", "prompt", "chdir", "host", "role", "type", "other-user", "close-from", "chroot",
         "command-timeout")  # fmt: skip
PREFIXES = {
    "sudo": Prefix("ugpCDhRrTtU", _SUDO, refuse=("-e", "--edit"), assigns=True),
    "doas": Prefix("uC"),
    "env": Prefix("uCS", ("unset", "chdir"), refuse=("-S", "--split-string"), assigns=True),
    "time": Prefix("fo", ("format", "output"), refuse=("-o", "--output")),
    "nohup": Prefix(),
    "nice": Prefix("n", ("adjustment",)),
    "ionice": Prefix("cn", ("class", "classdata"), refuse=("-p", "-P", "-u", "--pid", "--pgid", "--uid")),
    "chrt": Prefix(operands=1, refuse=("-p", "--pid")),
    "taskset": Prefix(operands=1, refuse=("-p", "--pid")),
    "setsid": Prefix(),
    "stdbuf": Prefix("ioe", ("input", "output", "error")),
    "timeout": Prefix("sk", ("signal", "kill-after"), operands=1),
    "xargs": Prefix("adEILnPs", ("arg-file", "delimiter", "max-lines", "max-args", "max-procs", "max-chars"),
                    more=True),
    "command": Prefix(refuse=("-v", "-V")),
    "builtin": Prefix(),
    "exec": Prefix("a"),
    "busybox": Prefix(refuse=("--list", "--install", "--help")),
    "toybox": Prefix(),
    "strace": Prefix("eopaEuSPIOX", refuse=("-o", "-p")),
    "nsenter": Prefix("tSG", ("target", "setuid", "setgid")),
    "unshare": Prefix("SG", ("setuid", "setgid", "map-user", "map-group")),
    "chroot": Prefix(operands=1, elsewhere=True),
    "setpriv": Prefix(),
    "chronic": Prefix(),
    "caffeinate": Prefix(refuse=("-w",)),
    "unbuffer": Prefix(),
    "systemd-run": Prefix("puMHEGt", ("unit", "property", "description", "slice", "uid", "gid", "machine",
                                      "host", "setenv", "on-active", "on-calendar")),
    "systemd-cat": Prefix("tp", ("identifier", "priority")),
    "systemd-inhibit": Prefix(),
    "fakeroot": Prefix(refuse=("-s", "-i")),
    "cgexec": Prefix("g"),
    "numactl": Prefix("mNCpP"),
    "proxychains": Prefix("f"),
}  # fmt: skip


def after_options(words: Sequence[Word], at: int, spec: Prefix) -> int | None:
    """The place of the first operand; None when an option is uncertain or among those refused."""
    while at < len(words):
        value = words[at].value
        if value is None:
            prefix = words[at].prefix
            if prefix and not prefix.startswith("-"):
                return at
            if not prefix.startswith("--") or "=" not in prefix:
                return None
            at += 1
            continue
        if value == "--":
            return at + 1
        if not value.startswith("-") or value == "-":
            return at
        name = value.partition("=")[0]
        if any(
            value == option or name == option or _clustered(value, option, spec) for option in spec.refuse
        ):
            return None
        at += 2 if _takes_value(value, spec) else 1
    return at


def _clustered(value: str, option: str, spec: Prefix) -> bool:
    """Whether a short option stands among several: `-e` in `-ne`."""
    if len(option) != 2 or value.startswith("--"):
        return False
    for letter in value[1:]:
        if letter == option[1]:
            return True
        if letter in spec.short:
            return False
    return False


def _takes_value(option: str, spec: Prefix) -> bool:
    """Whether the next word is this option's value."""
    if option.startswith("--"):
        return "=" not in option and option[2:] in spec.long
    for place, letter in enumerate(option[1:], start=2):
        if letter in spec.short:
            return place == len(option)
    return False
