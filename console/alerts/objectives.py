"""Objectives of guides and of the configuration as rules, and as limits that colour the panes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.alerts.promql import ExpressionError, parse
from console.guides.model import AlertText
from console.text import clean

if TYPE_CHECKING:
    from console.config import Limits
    from console.guides.model import Objective

GROUP = "objectives"
CONFIGURATION = "configuration"
"""What stands in the place of a file for what the configuration has."""
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "=": "!=", "!=": "=="}
_SCALES = {
    "%": ("%", 1.0), "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9),
    "min": ("s", 60.0), "h": ("s", 3600.0), "d": ("s", 86400.0),
    "b": ("B", 1.0), "bytes": ("B", 1.0), "kb": ("B", 1e3), "mb": ("B", 1e6), "gb": ("B", 1e9),
    "tb": ("B", 1e12), "kib": ("B", 2.0**10), "mib": ("B", 2.0**20), "gib": ("B", 2.0**30),
    "tib": ("B", 2.0**40), "": ("", 1.0), "connections": ("", 1.0), "sessions": ("", 1.0),
    "errors": ("", 1.0), "restarts": ("", 1.0), "per minute": ("/min", 1.0), "/min": ("/min", 1.0),
    "rps": ("/s", 1.0), "qps": ("/s", 1.0), "tps": ("/s", 1.0),
}  # fmt: skip
"""Units of guides: how the figure is written, and what one of them is of it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that guides speak of: the words for it, and how it is measured here."""

    about: re.Pattern[str]
    unit: str
    """`%`, `s`, `B`, `/s`, or empty for a number."""
    expression: str
    hold: str = "5m"
    """How long it must be wrong before it is told: what jumps needs longer."""
    limit: str = ""
    """The configured limit that says the same, as a ratio of one for `%`."""
    rest: str = ""
    """What is left of it, measured where too little is wrong: `disk < 10 %` speaks of free space."""


def _measure(
    about: str, unit: str, expression: str, hold: str = "5m", limit: str = "", rest: str = ""
) -> Measure:
    return Measure(re.compile(about, re.IGNORECASE), unit, expression, hold, limit, rest)


_OF_REQUESTS = r"^(?!.*\b(?:database|db|sql|query|queries|websocket|page load|cache|redis|disk|network)\b)"
"""Begins the words of what HTTP requests take: other things take time, too."""
_USED = (
    "100 * (node_filesystem_size_bytes - node_filesystem_free_bytes) / (node_filesystem_size_bytes"
    " - node_filesystem_free_bytes + node_filesystem_avail_bytes)"
)
"""As df has it: what is kept for root counts neither as used nor as free."""
_FREE = f"(100 - {_USED} and node_filesystem_readonly == 0)"
_USED = f"({_USED} and node_filesystem_readonly == 0)"
_FREE_WORDS = r"\bfree\b.*\b(?:disk|storage|space)\b|\b(?:disk|storage|space)\b.*\bfree\b"
MEASURES: Sequence[Measure] = (
    _measure(
        r"\bcpu\b(?!.*(?:container|pod|limit))",
        "%",
        "100 * avg_over_time(opsconsole_cpu_ratio[1m])",
        limit="cpu",
    ),
    _measure(r"\b(?:swap)\b", "%", "100 * opsconsole_swap_used_ratio", limit="swap"),
    _measure(
        r"\bredis\b.*\b(?:memory|ram)\b|\bcache\b.*\bmemory\b",
        "%",
        "100 * redis_memory_used_bytes / (redis_memory_max_bytes > 0)",
        limit="redis_memory",
    ),
    _measure(r"\bredis\b.*\b(?:memory|ram)\b|\bcache\b.*\bmemory\b", "B", "redis_memory_used_bytes"),
    _measure(
        r"\b(?:memory|ram)\b(?!.*(?:container|pod|limit))",
        "%",
        "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
        limit="memory",
        rest="100 * node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    ),
    _measure(
        r"\binodes?\b", "%", "100 * (1 - node_filesystem_files_free / node_filesystem_files)", "1m", "inodes"
    ),
    _measure(_FREE_WORDS, "%", _FREE, "1m"),
    _measure(_FREE_WORDS, "B", "node_filesystem_avail_bytes", "1m"),
    _measure(
        r"\b(?:disk|storage|file ?system)\b(?!.*(?:i/?o|latency|iops|wait))",
        "%",
        _USED,
        "1m",
        "disk",
        rest=_FREE,
    ),
    _measure(r"\bi/?o ?wait\b", "%", "100 * opsconsole_cpu_iowait_ratio", limit="iowait"),
    _measure(r"\bload(?: average)?\b(?!.*(?:page|time|test|balanc))", "", "node_load5"),
    _measure(
        r"\b(?:connections?|sessions?|pool)\b(?!.*(?:redis|cache|time))",
        "%",
        "100 * opsconsole_pg_connections_ratio",
        "1m",
        "connections",
    ),
    _measure(
        r"\b(?:database|db|postgres\w*|active)\b.*\bconnections?\b|^connections?$",
        "",
        "opsconsole_pg_connections",
        "1m",
    ),
    _measure(
        r"\breplication\b.*\b(?:lag|delay)\b|\blag\b",
        "s",
        "pg_replication_lag_seconds",
        "1m",
        "replication_lag",
    ),
    _measure(
        r"\b(?:redis|key ?space)\b.*\bhit\b|^cache hit",
        "%",
        "100 * opsconsole_redis_hit_ratio",
        limit="redis_hit",
    ),
    _measure(
        r"\b(?:database|db|postgres\w*|buffer|shared)\b.*\bhit\b",
        "%",
        "100 * opsconsole_pg_hit_ratio",
        limit="cache_hit",
    ),
    _measure(
        r"\blong(?:est)?\b.*\btransactions?\b",
        "s",
        "opsconsole_pg_longest_transaction_seconds",
        "0s",
        "transaction",
    ),
    _measure(
        r"(?=.*\berrors?\b)(?=.*\blogs?\b)",
        "/min",
        "opsconsole_log_errors_last_minute",
        "1m",
        "errors_per_minute",
    ),
    _measure(r"\b(?:availability|uptime)\b", "%", "100 * avg(avg_over_time(probe_success[1h]))", "1m"),
    _measure(
        r"\b(?:5xx|error) ?rates?\b|\berrors?\b.*\b(?:rate|ratio)\b",
        "%",
        '100 * sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
    ),
    _measure(
        rf"{_OF_REQUESTS}.*(?:\bp99\b|\b99th\b)",
        "s",
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    ),
    _measure(
        rf"{_OF_REQUESTS}.*(?:\b(?:p95|95th)\b|\b(?:response|request)\b.*\b(?:times?|latency|duration)\b|\blatency\b)",
        "s",
        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    ),
    _measure(r"\b(?:throughput|requests?)\b.*", "/s", "sum(rate(http_requests_total[5m]))"),
)
"""The first whose words and unit fit is taken, so that the particular stand before the general."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """An objective that nothing here measures, as it is written."""

    name: str
    wanted: str
    file: str
    line: int
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective as a rule that is true when it is missed."""

    rule: AlertText
    wanted: str
    """What must hold, for people: `< 80%`."""
    unit: str


def measured(objectives: Iterable[Objective], file: str) -> tuple[list[Goal], list[Unmeasured]]:
    """Those of a guide that a figure is known for, as rules; and the others."""
    goals, rest = [], []
    for one in objectives:
        unit, scale = _SCALES.get(one.unit.lower(), ("?", 1.0))
        measure = _measure_of(one.name, unit)
        wrong = one.op if one.breach else _TURNED.get(one.op, "")
        wanted = f"{_TURNED.get(one.op, one.op) if one.breach else one.op} {one.value:g}{_spaced(one.unit)}"
        if measure is None or not wrong:
            rest.append(
                Unmeasured(name=one.name, wanted=wanted, file=file, line=one.line, severity=one.severity)
            )
            continue
        figure = measure.rest if measure.rest and wrong.startswith("<") else measure.expression
        text = f"{figure} {'==' if wrong == '=' else wrong} {one.value * scale!r}"
        rule = AlertText(
            alert=clean(one.name, 200), expr=text, line=one.line, duration=measure.hold, group=GROUP,
            labels=(("severity", one.severity or "warning"),),
        )  # fmt: skip
        goals.append(Goal(rule, wanted, unit))
    return goals, rest


def configured(objectives: Mapping[str, str]) -> tuple[list[Goal], list[tuple[str, str]]]:
    """Those of the configuration, as rules; and the names of those that cannot be read, with why."""
    goals, wrong = [], []
    for name, text in objectives.items():
        try:
            expression = parse(text)
        except ExpressionError as error:
            wrong.append((name, str(error)))
            continue
        compared = expression.comparison
        if compared is None or expression.text.lower().startswith(("not ", "absent")):
            wrong.append((name, "compare a figure with a number: `orders_per_hour >= 10`"))
            continue
        breach = f"({compared.figure.text}) {_TURNED[compared.operator]} {compared.limit!r}"
        rule = AlertText(
            alert=clean(name, 200), expr=breach, line=0, duration="1m", group=GROUP,
            labels=(("severity", "warning"),),
        )  # fmt: skip
        goals.append(Goal(rule, f"{compared.operator} {compared.limit:g}", ""))
    return goals, wrong


def limits_of(objectives: Iterable[Objective], limits: Limits) -> Limits:
    """The limits with those that guides set in the place of defaults; what was configured stands."""
    import msgspec

    default = type(limits)()
    changed: dict[str, tuple[float, float]] = {}
    for one in objectives:
        unit, scale = _SCALES.get(one.unit.lower(), ("?", 1.0))
        measure = _measure_of(one.name, unit)
        if (
            measure is None
            or not measure.limit
            or getattr(limits, measure.limit) != getattr(default, measure.limit)
        ):
            continue
        limit = limits.limit(measure.limit)
        wrong = one.op if one.breach else _TURNED.get(one.op, "")
        if not wrong.startswith(">" if limit.rising else "<"):
            continue
        value = one.value * scale / (100 if unit == "%" else 1)
        warning, critical = changed.get(measure.limit, (limit.warning, limit.critical))
        if one.severity == "critical":
            critical = value
        else:
            warning = value
        # one that lies beyond the other takes it along: the order of the two must stay
        apart = critical > warning if limit.rising else critical < warning
        if not apart:
            warning, critical = (warning, warning) if one.severity != "critical" else (critical, critical)
        changed[measure.limit] = (warning, critical)
    return msgspec.structs.replace(limits, **changed) if changed else limits


def _measure_of(name: str, unit: str) -> Measure | None:
    return next((one for one in MEASURES if one.unit == unit and one.about.search(name)), None)


def _spaced(unit: str) -> str:
    return unit if unit in ("", "%") else f" {unit}"
