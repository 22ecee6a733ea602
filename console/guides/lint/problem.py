"""What a check of a guide tells: the rules there are, and one thing one of them found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.secrets import redact
from console.text import clean


class Level(StrEnum):
    """How bad a finding is: what will not work, what may harm, what is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, how bad breaking it is, and what it looks for."""

    id: str
    level: Level
    looks_for: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the line it stands on from 1, the rule, why it is one, what would mend it."""

    line: int
    rule: str
    level: Level
    reason: str
    suggestion: str = ""


_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE
RULES = {
    rule.id: rule
    for rule in (
        Rule("shell-syntax", _E, "shell text that a shell would not understand"),
        Rule("secret", _E, "passwords, tokens and keys in the text"),
        Rule("compose-v1", _W, "`docker-compose`, the first version of Compose"),
        Rule("docker-removed", _W, "Docker commands that are gone: `scan`, `machine`"),
        Rule("kubectl-removed", _W, "flags and commands of kubectl that are gone"),
        Rule("helm-removed", _W, "Helm 2: `init`, `delete --purge`"),
        Rule("mongo-removed", _W, "the `mongo` shell and what mongosh no longer has"),
        Rule("postgres-renamed", _E, "columns and functions PostgreSQL has renamed or dropped"),
        Rule("apt-key", _W, "`apt-key`"),
        Rule("openssl-old", _W, "protocols and digests OpenSSL no longer offers"),
        Rule("no-such-command", _E, "sub-commands that never were"),
        Rule("net-tools", _N, "`netstat`, `ifconfig`, `route`, `arp`"),
        Rule("egrep", _N, "`egrep` and `fgrep`"),
        Rule("tool-missing", _N, "programs that are not on this host"),
        Rule("document-expands", _W, "here-documents in which the shell puts in what was meant literally"),
        Rule("variable-unset", _N, "shell variables that no earlier step sets"),
        Rule("stand-in", _W, "stand-ins written like real values: `yourdomain.com`, `service_name`"),
        Rule("destructive-unchecked", _W, "destructive steps with nothing looked at before or after"),
        Rule("dead-link", _W, "relative links and anchors that lead nowhere"),
        Rule("duplicate-heading", _N, "the same heading twice in one place"),
        Rule("no-steps", _W, "procedures without a step"),
        Rule("unread", _N, "what the reader did not understand"),
    )
}
"""All rules by id, worst first."""


def problem(rule: str, line: int, reason: str, suggestion: str = "") -> Problem:
    """A finding of a rule; what is secret in its words is masked."""
    return Problem(line, rule, RULES[rule].level, clean(redact(reason), 300), clean(redact(suggestion), 300))
