"""Commands that leave one at another prompt (`ssh`, `chroot`, `psql`), and how one leaves it."""

from __future__ import annotations

import re
from itertools import pairwise

from console.guides.shell import Command, parse
from console.text import clean

SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash", "fish"))
LEAVING = frozenset(
    ("exit", "logout", "quit", "q", "\\q", ".quit", ".exit", "exit()", "quit()", "bye", "exit;", "quit;")
)
CLIENTS: dict[str, tuple[str, ...]] = {
    "psql": ("-c", "--command", "-f", "--file", "-l", "--list", "-V", "--version", "--help", "-?"),
    "pgcli": (),
    "mysql": ("-e", "--execute", "-V", "--version", "--help"),
    "mariadb": ("-e", "--execute", "-V", "--version", "--help"),
    "mongosh": ("--eval", "-f", "--file", "--version", "--help"),
    "mongo": ("--eval", "--version", "--help"),
    "redis-cli": (),
    "valkey-cli": (),
    "sqlite3": (),
    "cqlsh": ("-e", "--execute", "-f", "--file"),
    "clickhouse-client": ("-q", "--query"),
    "cypher-shell": (),
    "python": ("-c", "-m", "-V", "--version"),
    "python3": ("-c", "-m", "-V", "--version"),
    "node": ("-e", "-v", "--version"),
    "irb": (),
}
"""Programs with a prompt of their own, and the options with which they do not show it."""
_WHO = frozenset(("-u", "-U", "-p", "-P", "--user", "--username", "--port"))
"""Options of clients whose value says who asks, and not what is asked."""
_REDIS_VALUED = frozenset(
    (
        "-h",
        "-p",
        "-s",
        "-a",
        "-u",
        "-n",
        "-r",
        "-i",
        "--user",
        "--pass",
        "--cacert",
        "--cert",
        "--key",
        "--sni",
    )
)

_CONSOLES = re.compile(
    r"^(?:(?:bundle exec )?rails (?:c|console|db|dbconsole)"
    r"|(?:python3? )?(?:\./)?manage\.py (?:shell\w*|dbshell)"
    r"|(?:php )?artisan tinker|flask shell|iex|heroku run (?:bash|rails console)|fly(?:ctl)? ssh console"
    r"|gitlab-rails (?:console|dbconsole)|gitlab-psql|wp shell)(?:\s+-[^\s]+)*$"
)
"""Frameworks that open a prompt of their own."""
_FRAMEWORKS = frozenset(
    ("rails", "bundle", "php", "artisan", "flask", "iex", "gitlab-rails", "gitlab-psql", "wp")
)


def at_client(where: str) -> bool:
    """Whether a place is the prompt of a database or an interpreter, and no shell."""
    first = where.split()[0]
    return first in CLIENTS or first in _FRAMEWORKS


def enters(command: Command) -> str:
    """The place whose prompt a command leaves one at: `root@db`, `chroot /mnt`, `psql shop`; else empty."""
    if command.opened or command.inside not in ((), ("pipeline",)) or command.stage:
        return ""
    if any(redirect.operator in ("<", "<<", "<<-", "<<<", "<&") for redirect in command.redirects):
        return ""
    values = [value or "…" for value in command.values]
    name = command.name or ""
    operands = [value for value in values[1:] if not value.startswith("-")]
    outer = " ".join(command.wrappers[-1:])
    if name in SHELLS and not operands and "-c" not in values:
        return (
            clean(outer or "", 80)
            if command.wrappers and command.wrappers[-1] not in ("time", "env", "exec")
            else ""
        )
    if _CONSOLES.match(" ".join((name, *values[1:]))):
        return clean(" ".join((name, *operands[:2])), 80)
    if name in CLIENTS:
        named = [value for before, value in pairwise(values) if value in operands and before not in _WHO]
        return clean(" ".join((name, *named[-1:])), 80) if _prompts(name, values[1:], operands) else ""
    if name == "ssh":
        return clean(_host([word.value or word.raw for word in command.words[1:]]), 80)
    if name == "chroot" and operands:
        return clean(f"chroot {operands[0]}", 80)
    if name == "su" and not any(value.startswith(("-c", "--command")) for value in values):
        return clean(operands[0] if operands else "root", 80)
    if name == "sudo" and ("-i" in values or "-s" in values) and not operands:
        return "root"
    return clean(_other(name, values, operands), 80)


def _other(name: str, values: list[str], operands: list[str]) -> str:
    first = operands[0] if operands else ""
    if (name, first) in (
        ("vagrant", "ssh"),
        ("minikube", "ssh"),
        ("multipass", "shell"),
        ("docker-machine", "ssh"),
    ):
        return "" if "-c" in values or "--command" in values else " ".join((name, *operands[:2]))
    if name in ("sftp", "ftp", "lftp", "systemd-nspawn") and operands:
        return f"{name} {operands[-1]}"
    if (name, first) in (("oc", "rsh"), ("oc", "debug"), ("kubectl", "debug"), ("nomad", "exec")):
        return "" if "--" in values else " ".join((name, first, *_named(values[2:])))
    if name in ("docker", "podman", "machinectl", "virsh", "toolbox", "distrobox") and first in (
        "attach", "shell", "login", "console", "enter"
    ):  # fmt: skip
        return " ".join((name, *operands[:2]))
    if name == "gcloud" and "ssh" in operands and not any(value.startswith("--command") for value in values):
        return f"ssh {operands[-1]}"
    return ""


def _named(values: list[str]) -> list[str]:
    """The first operand, options that take a value aside."""
    skip = False
    for value in values:
        if skip:
            skip = False
        elif value.startswith("-"):
            skip = value in ("-c", "-n", "--container", "--namespace", "--image", "--context")
        else:
            return [value]
    return []


def _prompts(name: str, rest: list[str], operands: list[str]) -> bool:
    refused = CLIENTS[name]
    if any(value == option or value.startswith(f"{option}=") for value in rest for option in refused):
        return False
    if name == "psql" and any(
        value.startswith("-") and not value.startswith("--") and value.endswith("c") for value in rest
    ):
        return False  # -tAc and the like
    if name == "mysql" and any(value.startswith("-e") for value in rest):
        return False
    if name in ("redis-cli", "valkey-cli"):
        return not _redis_operands(rest) and all(
            not value.startswith("--")
            or value in ("--tls", "--raw", "--no-auth-warning")
            or value in _REDIS_VALUED
            for value in rest
        )
    if name == "sqlite3":
        return len(operands) < 2
    if name in ("python", "python3", "node"):
        return not operands
    if name in ("mongosh", "mongo"):
        return not any(operand.endswith(".js") for operand in operands)
    return True


def _redis_operands(rest: list[str]) -> list[str]:
    found, skip = [], False
    for value in rest:
        if skip:
            skip = False
        elif value.startswith("-"):
            skip = value in _REDIS_VALUED
        else:
            found.append(value)
    return found


def _host(rest: list[str]) -> str:
    """The host `ssh` logs in at; empty where it is given a command, or only forwards."""
    skip, host = False, ""
    for value in rest:
        if skip:
            skip = False
        elif value in ("-N", "-V", "-G", "-O", "-fN", "-W", "-Q"):
            return ""
        elif value.startswith("-"):
            skip = len(value) == 2 and value[1] in "bcDEeFIiJLlmOopQRSWw"
        elif host:
            return ""
        else:
            host = value
    return host


def client(text: str) -> bool:
    """Whether a statement leaves one at the prompt of a database or an interpreter."""
    return any(at_client(place) for command in parse(text).commands if (place := enters(command)))
