"""The blocker tree: who holds everybody up, and who waits behind whom."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from console.sources.postgres.model import Blocker, Session

PREPARED = 0
"""pg_blocking_pids' stand-in for a prepared transaction."""
MOST_WAITERS = 64
"""Waiters asked about at once: each costs the lock manager a moment of exclusive use."""


def tree(edges: Mapping[int, Iterable[int]], sessions: Mapping[int, Session]) -> tuple[Blocker, ...]:
    """The tree in drawing order, worst root first, from each waiter's blockers.

    A waiter in a queue is blocked by the holder and by everybody ahead of it. It stands once, below
    the blocker nearest to a root, so a queue of a hundred is flat and not a hundred deep. Waiters in
    a circle (a deadlock not yet broken) have no root: the one waiting longest stands for it.
    """
    followers: defaultdict[int, list[int]] = defaultdict(list)
    for waiter, blockers in edges.items():
        for blocker in dict.fromkeys(blockers):  # a parallel group's leader comes once per member
            if blocker != waiter:
                followers[blocker].append(waiter)
    blocked = {waiter for waiters in followers.values() for waiter in waiters}
    children: dict[int, list[int]] = {}
    placed: set[int] = set()
    roots = [pid for pid in followers if pid not in blocked]
    circles: set[int] = set()
    _place(roots, followers, children, placed)
    while rest := [pid for pid in followers if pid not in placed]:
        circle = min(rest, key=lambda pid: _began(sessions.get(pid)))
        circles.add(circle)
        roots.append(circle)
        _place([circle], followers, children, placed)
    sizes = {root: _size(root, children) for root in roots}
    lines: list[Blocker] = []
    for root in sorted(roots, key=lambda pid: (-sizes[pid], pid)):
        lines.extend(_lines(root, children, sessions, circles))
    return tuple(lines)


def _place(
    starts: Iterable[int],
    followers: Mapping[int, list[int]],
    children: dict[int, list[int]],
    placed: set[int],
) -> None:
    """Breadth first from all roots at once: each waiter hangs on the nearest one that blocks it."""
    queue = deque(starts)
    placed.update(queue)
    while queue:
        pid = queue.popleft()
        children[pid] = sorted(waiter for waiter in followers.get(pid, ()) if waiter not in placed)
        placed.update(children[pid])
        queue.extend(children[pid])


def _size(pid: int, children: Mapping[int, list[int]]) -> int:
    count, stack = 0, list(children[pid])
    while stack:
        count += 1
        stack.extend(children[stack.pop()])
    return count


def _lines(
    root: int, children: Mapping[int, list[int]], sessions: Mapping[int, Session], circles: set[int]
) -> Iterable[Blocker]:
    stack = [(root, 0)]
    while stack:
        pid, depth = stack.pop()
        session = sessions.get(pid)
        note = "deadlock" if pid in circles else ""
        if session is None:
            note = "prepared transaction" if pid == PREPARED else "session not seen"
        yield Blocker(pid, depth, _size(pid, children), session, note)
        stack.extend((child, depth + 1) for child in reversed(children[pid]))


def _began(session: Session | None) -> float:
    return session.query_since if session is not None and session.query_since is not None else float("inf")
