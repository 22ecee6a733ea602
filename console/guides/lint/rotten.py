"""Commands that worked once: what they look like, since when they do not, and what is written now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COLUMNS = r"(?:total|mean|min|max|stddev)_time"


@dataclass(frozen=True, slots=True)
class Rotten:
    """A form of command that is gone; `pattern` is matched against its words joined by blanks."""

    rule: str
    pattern: re.Pattern[str]
    reason: str
    suggestion: str


ROTTEN = tuple(
    Rotten(rule, re.compile(pattern), reason, suggestion)
    for rule, pattern, reason, suggestion in (
        ("compose-v1", r"docker-compose(?: |$)",
         "docker-compose is Compose 1, without updates since July 2023", "write docker compose"),
        ("docker-removed", r"docker scan\b", "docker scan was taken out of Docker in 2023",
         "use docker scout cves IMAGE, or trivy image IMAGE"),
        ("docker-removed", r"docker-machine\b", "docker-machine was given up in 2021", "use docker context"),
        ("kubectl-removed", r"kubectl\b.* ?get\b.* --export\b",
         "kubectl get --export was removed in 1.18", "leave it out"),
        ("kubectl-removed", r"kubectl\b.* ?run\b.* --generator\b",
         "kubectl run --generator was removed in 1.21", "kubectl create deployment for more than a pod"),
        ("kubectl-removed", r"kubectl\b.* ?drain\b.* --delete-local-data\b",
         "kubectl drain --delete-local-data is gone", "write --delete-emptydir-data"),
        ("kubectl-removed", r"kubectl\b.* --dry-run(?:=true|=false)?(?: [^-]|$| -)",
         "kubectl --dry-run needs a value since 1.23", "write --dry-run=client or --dry-run=server"),
        ("kubectl-removed", r"kubectl rolling-update\b", "kubectl rolling-update was removed in 1.18",
         "kubectl rollout restart, kubectl set image"),
        ("kubectl-removed", r"kubectl get (?:cs|componentstatus(?:es)?)\b",
         "componentstatuses is out of use since 1.19", "kubectl get --raw=/readyz?verbose"),
        ("helm-removed", r"helm init\b", "helm init belongs to Helm 2", "leave it out"),
        ("helm-removed", r"helm delete\b.* --purge\b", "--purge belongs to Helm 2", "helm uninstall RELEASE"),
        ("mongo-removed", r"mongo(?: |$)", "the mongo shell is gone since MongoDB 6.0", "write mongosh"),
        ("apt-key", r"apt-key\b", "apt-key is gone since Debian 13 and Ubuntu 24.10",
         "put the key into /etc/apt/keyrings and name it by signed-by"),
        ("openssl-old", r"openssl s_client\b.* -(?:ssl2|ssl3|tls1|tls1_1)\b",
         "OpenSSL 3 does not speak this protocol as it is delivered", "test with -tls1_2 or -tls1_3"),
        ("openssl-old", r"openssl (?:req|x509|dgst|ca)\b.* -(?:md5|sha1)\b",
         "this digest is refused nowadays", "write -sha256"),
        ("openssl-old", r"openssl (?:genrsa|req)\b.* (?:rsa:)?(?:512|1024)\b",
         "a key of this size is refused nowadays", "use 2048 bits or more"),
        ("no-such-command", r"go mod audit\b", "go mod has no audit", "govulncheck ./..."),
        ("net-tools", r"netstat\b", "netstat belongs to net-tools, which new systems lack",
         "ss, with the same letters"),
        ("net-tools", r"ifconfig\b", "ifconfig belongs to net-tools, which new systems lack", "ip addr"),
        ("net-tools", r"route(?: |$)", "route belongs to net-tools, which new systems lack", "ip route"),
        ("net-tools", r"arp(?: |$)", "arp belongs to net-tools, which new systems lack", "ip neigh"),
        ("egrep", r"egrep\b", "egrep warns since GNU grep 3.8", "grep -E"),
        ("egrep", r"fgrep\b", "fgrep warns since GNU grep 3.8", "grep -F"),
    )
)  # fmt: skip
"""In the order they are told."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Something of PostgreSQL that is gone since a version (`13`), and what stands for it now.

    `beside` is a name that must stand in the text too; empty when the pattern alone tells.
    """

    since: int
    beside: str
    pattern: re.Pattern[str]
    reason: str
    suggestion: str


RENAMED = tuple(
    Renamed(since, beside, re.compile(pattern, re.IGNORECASE), reason, suggestion)
    for since, beside, pattern, reason, suggestion in (
        (13, "pg_stat_statements", rf"\b{_COLUMNS}\b",
         "pg_stat_statements has no such column", "write total_exec_time, mean_exec_time"),
        (10, "", r"\bpg_(?:current|last)_xlog\w*|\bpg_xlog\w*", "xlog is called wal",
         "pg_current_wal_lsn, pg_wal_lsn_diff, pg_last_wal_replay_lsn"),
        (10, "", r"\b(?:sent|write|flush|replay)_location\b",
         "the columns of pg_stat_replication are called lsn", "sent_lsn, write_lsn, flush_lsn, replay_lsn"),
        (15, "", r"\bpg_(?:start|stop)_backup\s*\(", "these functions are gone",
         "pg_backup_start, pg_backup_stop"),
        (10, "pg_stat_activity", r"\b(?:procpid|current_query)\b", "pg_stat_activity has no such column",
         "pid, query"),
        (10, "pg_stat_activity", r"(?<![\w.'])waiting\b(?!\s*\(|')", "pg_stat_activity has no column waiting",
         "wait_event_type is not null"),
        (17, "pg_stat_bgwriter", r"\b(?:checkpoints_timed|checkpoints_req|buffers_checkpoint)\b",
         "checkpoints moved out of pg_stat_bgwriter", "pg_stat_checkpointer: num_timed, num_requested"),
    )
)  # fmt: skip


def rotten(words: str) -> Iterator[Rotten]:
    """What is gone in a command, given as its words joined by blanks, the program without its directory."""
    for one in ROTTEN:
        if one.pattern.match(words):
            yield one


def renamed(sql: str, version: int | None) -> Iterator[tuple[Renamed, int]]:
    """What is gone in a text of SQL and where; `version` is the server's (16), None: the newest."""
    low = sql.lower()
    for one in RENAMED:
        applies = one.beside in low and (version is None or version >= one.since)
        if applies and (match := one.pattern.search(sql)):
            yield one, match.end()
