"""What can be done to a database session, by its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from console.errors import GateRefused
from console.runs.acts import Act, session_act
from widgets.pane import Context
from widgets.panes.postgres import words as words
from widgets.panes.postgres.rows import SessionRow, TreeRow

if TYPE_CHECKING:
    from console.sources.postgres.model import PostgresSnapshot, Session
    from console.sources.postgres.source import PostgresSource

SERVERS_OWN: Mapping[str, Sequence[str]] = {
    "autovacuum worker": ("cancel",),
    "walsender": ("terminate",),
}
"""The server's own processes that are there for a while; all others stay."""


def session_acts(row: SessionRow, context: Context) -> Sequence[Act]:
    """Of a session of the list. Raises GateRefused."""
    return _acts(row.session, context)


def tree_acts(row: TreeRow, context: Context) -> Sequence[Act]:
    """Of a line of the blocker tree. Raises GateRefused."""
    if row.line.pid == 0:
        raise GateRefused("a prepared transaction has no session", "ROLLBACK PREPARED or COMMIT PREPARED")
    if row.line.session is None:
        raise GateRefused(f"{row.line.pid} cannot be seen: {row.line.note or 'nothing is known of it'}")
    return _acts(row.line.session, context)


def _acts(session: Session, context: Context) -> Sequence[Act]:
    source = cast("PostgresSource", context.feed.source)
    verbs = _verbs(session)
    if session.since is None:
        reason = f"when {session.pid} began is not visible, so it could not be told from a later session"
        raise GateRefused(reason, "GRANT pg_monitor TO this role")
    began = datetime.fromtimestamp(session.since, UTC)
    about = _about(session, context)
    return [
        session_act(
            session.pid, verb, began, url=source.url, password_command=source.password_command,
            server=source.name, about=about,
        )
        for verb in verbs
    ]  # fmt: skip


def _verbs(session: Session) -> Sequence[str]:
    """What makes sense, the mildest first: what does not run has nothing to cancel."""
    if session.own:
        raise GateRefused(f"{session.pid} is a session of this console")
    if session.is_client:
        idle = session.state == "idle" or session.in_transaction
        return ("terminate",) if idle else ("cancel", "terminate")
    if session.backend == "parallel worker" and session.leader is not None:
        raise GateRefused(f"{session.pid} works for {session.leader}", "cancel that one")
    if not session.backend:
        raise GateRefused(f"what {session.pid} is is not visible", "GRANT pg_monitor TO this role")
    if session.backend not in SERVERS_OWN:
        raise GateRefused(f"{session.pid} is the server's {session.backend}: it is left alone")
    return SERVERS_OWN[session.backend]


def _about(session: Session, context: Context) -> tuple[str, ...]:
    snapshot: PostgresSnapshot = context.snapshot
    state = f"{session.state or session.backend} for {words.age(snapshot.age(session.state_since))}"
    if session.transaction_since is not None:
        state += f", transaction for {words.age(snapshot.age(session.transaction_since))}"
    who = [
        f"user {session.user}" if session.user else "",
        f"database {session.database}" if session.database else "",
        f"application {session.application}" if session.application else "",
        f"from {session.client}" if session.client else "",
    ]
    told = (
        f"session {session.pid}, {state}",
        ", ".join(word for word in who if word),
        f"on {context.feed.source.name}, {context.feed.source.target}",
        session.query,
    )
    return tuple(phrase for phrase in told if phrase)
