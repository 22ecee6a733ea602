"""Programs about the system whose risk is in their arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.options import (
    Rule,
    has,
    operands,
    uncertain,
    values_of,
)
from console.guides.risk.sql import risk_of_sql
from console.guides.shell import Word

_R, _U, _C, _D = Risk.READ, Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE


def _kill(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if values[:1] in (["-l"], ["-L"], ["-0"], ["--list"]):
        return _R
    targets = values[1:] if values and (values[0] or "").startswith("-") else values
    return _D if any(target in ("1", "-1") for target in targets) else _C


def _operand_sets(words: Sequence[Word]) -> Risk:
    """`hostname`, `domainname`: an operand sets it."""
    values = values_of(words)
    return _C if operands(values) or has(values, "-F", "-b", "--file", "--boot") else _R


def _crontab(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "-r"):
        return _D
    return _R if has(values, "-l") and not operands(values, "u") else _C


def _sysctl(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "-w", "--write", "-p", "--load", "--system") or any("=" in word.raw for word in words):
        return _C
    return _U if uncertain(words) else _R


def _reads_bare(words: Sequence[Word]) -> Risk:
    """`mount`, `swapon`: without operands they list."""
    values = values_of(words)
    shows = not operands(values, "t") or has(values, "--show", "-s", "--summary")
    return _R if shows and not has(values, "-a", "--all") else _C


def _nginx(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    asks = bool(values) and all(value in ("-t", "-T", "-v", "-V", "-q", "-tq") for value in values)
    return _R if asks else _C


_SERVICE_READS = frozenset(
    {"status", "--status-all", "configtest", "fullstatus", "-t", "-S", "-M", "-v", "-V"}
)


def _service(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    return _R if values and values[-1] in _SERVICE_READS else _C


def _dpkg(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "-P", "--purge"):
        return _D
    if uncertain(words) or not values or not re.fullmatch(
        r"-[lLsSpIcCV]|--(?:list|listfiles|status|search|get-selections|print-\S+|info|contents|audit|verify|version)",
        values[0] or "",
    ):  # fmt: skip
        return _C
    return _R


def _rpm(words: Sequence[Word]) -> Risk:
    first = next(iter(values_of(words)), None) or ""
    return (
        _R
        if re.match(r"-[qV]|--(?:query|verify|version)", first) and not has(values_of(words), "--pipe")
        else _C
    )


def _pg_restore(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "-l", "--list") and not has(values, "-d", "--dbname"):
        return _R
    return _D if has(values, "-c", "--clean") or "--if-exists" in values else _C


def _mongorestore(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "--drop"):
        return _D
    return _R if any((value or "").lower() == "--dryrun" for value in values) and not uncertain(words) else _C


def _python(words: Sequence[Word]) -> Risk:
    return _R if values_of(words)[:2] == ["-m", "json.tool"] and len(words) < 4 else _U


def _show_first(*names: str) -> Rule:
    """Reads when the first word is one of these, changes otherwise."""

    def rule(words: Sequence[Word]) -> Risk:
        return _R if words and words[0].value in names else _C

    return rule


def _query_unless(words: Sequence[Word]) -> Risk:
    """`command -v`, `alias`: they ask when nothing is to be run."""
    return _R if words and words[0].value in ("-v", "-V") else _U


def _go(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    return _R if values[:1] in (["version"], ["env"]) and "-w" not in values else _U


def _kafka(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if has(values, "--delete", "--reset-offsets", "--delete-offsets"):
        return _D
    return _R if has(values, "--list", "--describe") and not has(values, "--alter", "--create") else _C


def _smart(words: Sequence[Word]) -> Risk:
    asks = {"-a", "-H", "-i", "-x", "-A", "-l", "--all", "--health", "--info", "--scan", "--xall", "-c"}
    values = [value for value in values_of(words) if value and value.startswith("-")]
    return _R if values and all(value in asks for value in values) else _C


def _env(words: Sequence[Word]) -> Risk:
    """Prints the environment when nothing follows its options and settings."""
    return _R if all(word.value is not None and ("=" in word.value or word.value in ("-0", "-i", "--null"))
                     for word in words) else _U  # fmt: skip


def _xargs(words: Sequence[Word]) -> Risk:
    """Without a command it echoes."""
    return _R if not operands(values_of(words), "adEILnPs") and not uncertain(words) else _U


def _trap(words: Sequence[Word]) -> Risk:
    return _R if not words or words[0].value in ("-", "", "-l", "-p") else _U


def _ethtool(words: Sequence[Word]) -> Risk:
    first = words[0].value if words else None
    shows = first in ("-i", "-S", "-k", "-g", "-a") or (
        len(words) == 1 and not (first or "-").startswith("-")
    )
    return _R if shows else _C


def _checks(*options: str) -> Rule:
    """Reads when one of these options is given, changes otherwise: `visudo -c`."""

    def rule(words: Sequence[Word]) -> Risk:
        return _R if has(values_of(words), *options) and not uncertain(words) else _C

    return rule


_DOT_READS = re.compile(
    r"\.(?:tables|schema|databases|indexes|indices|stats|dbinfo|show|version|fullschema|dump)\b"
)


def _sqlite(words: Sequence[Word]) -> Risk:
    """`sqlite3 FILE TEXT`: the text decides."""
    texts = operands(values_of(words), "", ("cmd", "init", "separator", "nullvalue"))[1:]
    if not texts or uncertain(words):
        return _U
    return max(_sqlite_text(text) for text in texts)


def _sqlite_text(text: str | None) -> Risk:
    if text is None or text.startswith("."):
        return _R if text and _DOT_READS.fullmatch(text.split()[0]) else _U
    if re.fullmatch(r"\s*pragma\s+[\w.]+(?:\([^()=]*\))?\s*;?\s*", text, re.IGNORECASE):
        return _R
    return risk_of_sql(text)


def _jmap(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    return _R if values and re.fullmatch(r"-(?:histo|heap|clstats|finalizerinfo)", values[0] or "") else _C


def _jcmd(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    shows = len(values) > 1 and re.fullmatch(
        r"(?:VM\.\w+|Thread\.print|GC\.(?:heap_info|class_histogram)|help)", values[1] or ""
    )
    return _R if shows or values[:1] == ["-l"] or not values else _U


RULES: dict[str, Rule] = {
    **dict.fromkeys(("hostname", "domainname"), _operand_sets),
    **dict.fromkeys(("mount", "swapon"), _reads_bare),
    **dict.fromkeys(("service", "rc-service", "apachectl", "apache2ctl", "httpd", "pg_ctlcluster"), _service),
    **dict.fromkeys(("python", "python3"), _python),
    "kill": _kill,
    "crontab": _crontab,
    "sysctl": _sysctl,
    "nginx": _nginx,
    "dpkg": _dpkg,
    "rpm": _rpm,
    "pg_restore": _pg_restore,
    "mongorestore": _mongorestore,
    "smartctl": _smart,
    "env": _env,
    "xargs": _xargs,
    "trap": _trap,
    "command": _query_unless,
    "go": _go,
    "haproxy": _show_first("-c"),
    "ethtool": _ethtool,
    "visudo": _checks("-c", "--check"),
    "sshd": _checks("-t", "-T"),
    "ansible-playbook": _checks("--syntax-check", "--list-tasks", "--list-hosts", "--list-tags", "--version"),
    "sqlite3": _sqlite,
    "jcmd": _jcmd,
    "jmap": _jmap,
    "kafka-reassign-partitions.sh": _checks("--verify", "--generate", "--list"),
    "kafka-reassign-partitions": _checks("--verify", "--generate", "--list"),
    "promtool": _show_first("check", "test", "query"),
    "amtool": _show_first("alert", "config", "check-config"),
    "kafka-topics.sh": _kafka,
    "kafka-topics": _kafka,
    "kafka-configs.sh": _kafka,
    "kafka-configs": _kafka,
    "kafka-consumer-groups.sh": _kafka,
    "kafka-consumer-groups": _kafka,
}
"""By program."""
