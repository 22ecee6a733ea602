"""What is asked of a server to signal one of its sessions, by whoever has a connection to it."""

from __future__ import annotations

CALLS = {"cancel": "pg_cancel_backend", "terminate": "pg_terminate_backend"}
LOOK = (
    "SELECT pid, state, query_start::text AS query_start FROM pg_stat_activity"
    " WHERE pid = $1 AND backend_start = $2::text::timestamptz"
)
"""A session by its number and start: no row where it has ended."""


def signalling(verb: str) -> str:
    """The statement that cancels or terminates it: what it did before, and whether the server did so."""
    # what was running is read before it is signalled, whatever the order of the list
    return f"WITH a AS MATERIALIZED ({LOOK}) SELECT {CALLS[verb]}(pid) AS done, a.* FROM a"  # noqa: S608 ours


def statement(word: str) -> str:
    """The statement of a word: `cancel`, `terminate`, or `look`."""
    return LOOK if word == "look" else signalling(word)
