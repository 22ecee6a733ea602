"""The zoomed contexts: those of the configuration, which of them are watched, and choosing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.findings import Severity
from widgets.draw import SEVERITY_ROLE, Line, Span
from widgets.facts import fact_lines
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.lines import WORRIES
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Context as Known
    from console.sources.kubernetes.model import KubernetesSnapshot


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A context of the configuration, with its cluster where it is watched."""

    known: Known
    seen: Seen | None

    @property
    def severity(self) -> Severity:
        """How wrong it is that its cluster is in this state."""
        if self.seen is None or self.seen.cluster.state == "live":
            return Severity.OK
        return WORRIES.get(self.seen.cluster.state, ("", Severity.WARNING))[1]


def _context_rows(context: Context) -> list[ContextRow]:
    """Those watched first."""
    snapshot: KubernetesSnapshot = context.feed.known
    watched = {seen.cluster.context: seen for seen in shown.clusters(context, snapshot)}
    rows = [ContextRow(known, watched.get(known.name)) for known in snapshot.contexts]
    rows.sort(key=lambda row: row.seen is None)
    return rows


def _context_state(row: ContextRow) -> Span:
    if row.seen is None:
        return ("not watched", "dim")
    state = row.seen.cluster.state
    return (WORRIES.get(state, (state, row.severity))[0], SEVERITY_ROLE[row.severity])


def _of_cluster(row: ContextRow, name: str) -> str:
    return str(getattr(row.seen.cluster, name)) if row.seen is not None else ""


CONTEXTS: tuple[Column[ContextRow], ...] = (
    Column("name", "NAME", lambda row: (row.known.name, row.seen.hue if row.seen else "text"), 14, flex=4),
    Column("state", "STATE", _context_state, 11),
    Column("why", "WHY", lambda row: _of_cluster(row, "trouble"), 14, flex=5, drop=2),
    Column("server", "SERVER", lambda row: (_of_cluster(row, "server"), "dim"), 14, flex=2, drop=3),
    Column("version", "VERSION", lambda row: _of_cluster(row, "version"), 8, flex=1, drop=4),
    Column("cluster", "CLUSTER", lambda row: (row.known.cluster, "dim"), 8, flex=2, drop=6),
    Column("user", "USER", lambda row: (row.known.user, "dim"), 6, flex=1, drop=7),
    Column("ns", "NAMESPACE", lambda row: row.known.namespace, 9, flex=1, drop=5),
    Column("current", "CURRENT", lambda row: "yes" if row.known.current else "", 7, flex=1, drop=8),
    Column("file", "FILE", lambda row: (row.known.file, "dim"), 10, flex=2, drop=9),
)  # fmt: skip


def _context_lines(row: ContextRow, context: Context, width: int) -> Sequence[Line]:
    known, seen = row.known, row.seen
    text, role = _context_state(row)
    lines: list[Line] = [(("context ", "label"), (known.name, "title"), (f"  {text}", role)), ()]
    facts = [
        ("cluster", known.cluster, "text"),
        ("user", known.user, "text"),
        ("namespace", known.namespace, "text"),
        ("file", known.file, "text"),
        ("current", "yes: kubectl uses it unless told otherwise" if known.current else "", "text"),
    ]
    if seen is not None:
        cluster = seen.cluster
        facts += [
            ("trouble", cluster.trouble, "text"),
            ("server", cluster.server, "text"),
            ("version", cluster.version, "text"),
            ("watched", ", ".join(cluster.namespaces) or "all namespaces", "text"),
            ("heard of", f"{seen.ago(cluster.heard)} ago" if cluster.heard else "never", "text"),
            ("usage", cluster.metrics or "from the metrics API", "text"),
            *(("denied" if not n else "", str(denied), "warn") for n, denied in enumerate(cluster.denied)),
        ]
    return [*lines, *fact_lines(facts, width), *told.command(_context_command(row), width)]


def _context_command(row: ContextRow) -> str:
    return shown.kubectl(row.known.options, "cluster-info")


def _use(row: ContextRow, context: Context) -> str:
    """Watch a context beside the others, or no longer; the last one stays, and the last that answers."""
    snapshot: KubernetesSnapshot = context.feed.known
    name, watched = row.known.name, [cluster.context for cluster in snapshot.clusters]
    if name not in watched:
        use_contexts(context, [*watched, name])
        return f"watching {name} too"
    if len(watched) == 1:
        raise UsageError(f"{name} is the only context watched", "choose another one first")
    left = [cluster for cluster in snapshot.clusters if cluster.context != name]
    # with none that answers the screen would go on showing what was last known of this one
    if context.snapshot is not None and not any(cluster.state == "live" for cluster in left):
        rest = f"{left[0].context} does not" if len(left) == 1 else "none of the others does"
        raise UsageError(f"{name} stays as long as {rest} answer", "watch one that answers first")
    use_contexts(context, [each for each in watched if each != name])
    return f"no longer watching {name}"


def use_contexts(context: Context, names: Sequence[str]) -> None:
    """Have the source watch these contexts and no others. Raises OpsError."""
    source: Any = context.feed.source
    source.use(names)


def context_view() -> View[ContextRow]:
    """Contexts, watched or not."""
    return View(
        "contexts",
        "Contexts",
        CONTEXTS,
        _context_rows,
        key=lambda row: row.known.name,
        severity=lambda row: row.severity,
        detail=_context_lines,
        empty="there are no contexts",
        note=lambda context: "u watches a context beside the others, or no longer",
        jump=lambda row: (
            Jump("pods", shown.exactly(context=row.seen.tag[0])) if row.seen is not None else None
        ),
        jump_word="its pods",
        command=_context_command,
        choose=_use,
        known=True,
    )
