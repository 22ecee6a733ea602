"""PostgreSQL's facts in few words: what the pane and its zoom views both say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from console.findings import Severity
from console.units import bytes_, count, duration, percent
from widgets.draw import SEVERITY_ROLE, Span, line_width
from widgets.pane import Context

if TYPE_CHECKING:
    from console.sources.postgres.model import PostgresSnapshot, Session, Slot, Standby

SHORT = {
    "idle in transaction": "idle in tx",
    "idle in transaction (aborted)": "aborted",
    "fastpath function call": "function",
    "not visible": "hidden",
}
"""Names of states where room is short."""
STATES = ("active", "idle in transaction", "idle in transaction (aborted)", "idle", "not visible")
"""The order in which states are told: what matters first."""


def state(session: Session) -> str:
    """A session's state in at most ten cells; the server's own processes have none."""
    return SHORT.get(session.state, session.state)


def parts(snapshot: PostgresSnapshot) -> list[tuple[str, int]]:
    """The connections by state, in an order that never changes, and last our own: they add up."""
    others = sorted(name for name in snapshot.states if name not in STATES)
    told = [(SHORT.get(name, name), snapshot.states.get(name, 0)) for name in (*STATES, *others)]
    told.append(("ours", snapshot.connections - sum(snapshot.states.values())))
    return [(name, number) for name, number in told if number > 0]


def states(snapshot: PostgresSnapshot, room: int) -> list[Span]:
    """How many sessions are in which state, those that matter first, as many as have room."""
    spans: list[Span] = []
    for name, number in parts(snapshot):
        entry = [(str(number), "dim" if name in ("idle", "ours") else "text"), (f" {name}  ", "dim")]
        if line_width([*spans, *entry]) > room + 2:
            break
        spans += entry
    return spans


def severities(context: Context) -> Mapping[str, Severity]:
    """The worst severity by what a finding is about."""
    worst: dict[str, Severity] = {}
    for finding in context.findings:
        worst[finding.subject] = max(worst.get(finding.subject, Severity.OK), finding.severity)
    return worst


def blocked_severity(context: Context) -> Severity:
    """How bad the waiting is; short waits are how locks work and are not wrong."""
    return max((f.severity for f in context.findings if f.figure == "blocked"), default=Severity.OK)


def age(seconds: float | None) -> str:
    """An age; a dash when there is none."""
    return "-" if seconds is None else duration(seconds)


def hit(snapshot: PostgresSnapshot) -> str:
    """Share of blocks found in shared buffers of the interval."""
    if snapshot.rates is None:
        return "-"
    return "idle" if snapshot.rates.hit is None else percent(snapshot.rates.hit)


def tps(snapshot: PostgresSnapshot) -> str:
    """Transactions a second of the interval."""
    return "-" if snapshot.rates is None else count(round(snapshot.rates.tps, 1))


def rollbacks(snapshot: PostgresSnapshot) -> str:
    """Share of the interval's transactions that were rolled back."""
    ratio = snapshot.rates.rollback_ratio if snapshot.rates is not None else None
    return "-" if ratio is None else percent(ratio)


def waits(sessions: Iterable[Session]) -> list[tuple[str, int]]:
    """What busy client sessions wait for, most first; waiting for the client is no wait."""
    found: Counter[str] = Counter(
        session.wait_type
        for session in sessions
        if session.wait_type and session.wait_type != "Client" and session.active and not session.own
    )
    return found.most_common()


def behind(standby: Standby) -> str:
    """How far a standby is behind, in bytes and in time."""
    if standby.replay_bytes is None:
        return "not visible" if not standby.state else standby.state
    lag = "" if standby.replay_lag is None else f" {duration(standby.replay_lag)}"
    return f"{bytes_(standby.replay_bytes)}{lag} behind"


def upstream(snapshot: PostgresSnapshot) -> str:
    """The server's place in its replication; empty when it stands alone."""
    recovery = snapshot.recovery
    if recovery is not None:
        receiver = recovery.receiver
        source = f"{receiver.status} from {receiver.host}" if receiver else "no WAL receiver"
        lag = "nothing replayed yet" if recovery.lag is None else f"{duration(recovery.lag)} behind"
        return f"standby, {lag}, {source}" + (", replay paused" if recovery.paused else "")
    words = []
    if snapshot.standbys:
        worst = max(snapshot.standbys, key=lambda standby: standby.replay_bytes or 0.0)
        number = len(snapshot.standbys)
        words.append(f"{number} standby{'s' if number > 1 else ''}, {behind(worst)}")
    kept = [slot for slot in snapshot.slots if slot.retained_bytes]
    if kept:
        words.append(slot_words(kept[0]))
    return "  ".join(words)


def slot_words(slot: Slot) -> str:
    """What a slot holds back."""
    rest = "" if slot.active else ", inactive"
    return f"slot {slot.name} holds {bytes_(slot.retained_bytes or 0.0)}{rest}"


def archive(snapshot: PostgresSnapshot) -> tuple[str, Severity]:
    """The archiver's state; empty when nothing is archived."""
    wal, mode = snapshot.wal, snapshot.settings.get("archive_mode")
    if wal is None or mode is None or mode.value == "off":
        return "", Severity.OK
    waiting = f", {snapshot.backlog.value} waiting" if snapshot.backlog is not None else ""
    if wal.failing:
        return f"failing{waiting}", Severity.WARNING
    if wal.archived_at is None:
        return f"nothing archived yet{waiting}", Severity.OK
    return f"{age(snapshot.age(wal.archived_at))} ago{waiting}", Severity.OK


def server(snapshot: PostgresSnapshot) -> str:
    """Who answers: version, role, how long it has been up."""
    place = "standby" if snapshot.standby else "primary"
    up = age(snapshot.age(snapshot.server.started))
    return f"{snapshot.server.database} @{snapshot.server.version} {place}, up {up}"


def marked(text: str, severity: Severity) -> Span:
    """Text in the role of a severity."""
    return (text, SEVERITY_ROLE[severity])


def join(pids: Sequence[int]) -> str:
    """Process ids; the stand-in for a prepared transaction is named."""
    return " ".join("prepared" if pid == 0 else str(pid) for pid in pids)
