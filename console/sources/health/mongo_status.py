"""What MongoDB's `serverStatus` and `replSetGetStatus` say, as points; nothing in them is taken on trust."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.amounts import against, judged
from console.findings import Limit, Severity
from console.metrics import Labels, Sample, labels
from console.sources.health.points import Points
from console.text import clean
from console.units import bytes_, count, duration, percent

MEMBERS = 50
"""Members looked at; a replica set has no more."""
OPERATIONS = ("insert", "query", "update", "delete", "getmore", "command")
CONNECTIONS = ("current", "available", "active", "totalCreated")
QUEUES = ("total", "readers", "writers")
STATES = {
    0: "STARTUP", 1: "PRIMARY", 2: "SECONDARY", 3: "RECOVERING", 5: "STARTUP2",
    6: "UNKNOWN", 7: "ARBITER", 8: "DOWN", 9: "ROLLBACK", 10: "REMOVED",
}  # fmt: skip
"""States of members by number, as MongoDB's manual lists them."""
PRIMARY, ARBITER, STEADY, PASSING = 1, 7, (1, 2, 7), (0, 3, 5, 9)
MIB = 1 << 20

Document = Mapping[str, Any]


def figure(document: Any, *path: str) -> float | None:
    """The number at a path of a document; None for another type, and for what is negative or endless."""
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    if isinstance(document, bool) or not isinstance(document, (int, float)):
        return None
    value = float(document)
    return value if math.isfinite(value) and value >= 0 else None


def figures(document: Any, key: str, names: Sequence[str]) -> dict[str, float]:
    """Those numbers of one part of a document that are there."""
    return {name: value for name in names if (value := figure(document, key, name)) is not None}


class Rates:
    """Operations a second between two looks, by the server's own clock."""

    def __init__(self) -> None:
        self._before: tuple[float, dict[str, float]] | None = None

    def since(self, status: Document) -> dict[str, float] | None:
        """For each kind of operation; None at the first look, after a restart, and without its counters."""
        counters = figures(status, "opcounters", OPERATIONS)
        millis = figure(status, "uptimeMillis")
        before, self._before = self._before, None
        if not counters or millis is None:
            return None
        self._before = (millis, counters)
        if before is None or millis <= before[0]:
            return None
        span = (millis - before[0]) / 1000
        rates = {name: (value - before[1].get(name, value)) / span for name, value in counters.items()}
        return rates if min(rates.values()) >= 0 else None


def server(points: Points, status: Document, rates: Rates, bound: Limit | None, own: Labels) -> None:
    """Points, samples and details of `serverStatus`; `bound` is of the share of connections in use."""
    connections = figures(status, "connections", CONNECTIONS)
    operations = figures(status, "opcounters", OPERATIONS)
    queues = figures(status.get("globalLock"), "currentQueue", QUEUES)
    memory, uptime = figure(status, "mem", "resident"), figure(status, "uptime")
    _samples(points, own, "mongodb_ss_connections", "conn_type", connections)
    _samples(points, own, "mongodb_ss_opcounters", "legacy_op_type", operations)
    _samples(points, own, "mongodb_ss_globalLock_currentQueue", "count_type", queues)
    missing = []
    current, available = connections.get("current"), connections.get("available")
    if current is None or available is None or current + available == 0:
        missing.append("connections")
    else:
        share = current / (current + available)
        severity = judged(share, bound)
        told = f"{current:,.0f} of {current + available:,.0f} connections"
        limit = f" (limit {percent(bound.crossed(share))})" if bound is not None and severity else ""
        points.say(severity, told + limit, "find who keeps them open" if severity else "")
    speeds = rates.since(status)
    if speeds is not None:
        points.say(Severity.OK, f"{sum(speeds.values()):.3g} operations/s")
        told = ", ".join(f"{name} {speed:.3g}" for name, speed in speeds.items() if speed)
        points.detail("operations/s", told or "none")
    elif not operations:
        missing.append("operations")
    if memory is None:
        missing.append("memory")
    else:
        points.samples.append(Sample("mongodb_ss_mem_resident", memory, own))  # MiB, as the exporter has it
        points.detail("resident", bytes_(memory * MIB))
    if not queues:
        missing.append("queues")
    elif queued := queues.get("total", 0.0):
        points.say(Severity.OK, f"{count(queued)} waiting for a lock")
    for name, value in connections.items():
        points.detail(f"connections {name}", count(value))
    for name, value in queues.items():
        points.detail(f"queue {name}", count(value))
    if uptime is not None:
        points.samples.append(Sample("mongodb_ss_uptime", uptime, own))
        points.say(Severity.OK, f"up {duration(uptime)}")
    if missing:
        points.say(Severity.OK, f"it does not tell its {', '.join(missing)}")
    for name in ("version", "process"):
        if isinstance(said := status.get(name), str):
            points.detail(name, said)


def _samples(points: Points, own: Labels, metric: str, label: str, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        points.samples.append(Sample(metric, value, labels(**(dict(own) | {label: name}))))


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a replica set, as the member that was asked sees it."""

    name: str
    state: int
    well: bool
    own: bool
    applied: float | None
    """Time of the last operation it has, Unix seconds."""

    @property
    def word(self) -> str:
        """Its state in the manual's words."""
        return STATES.get(self.state, f"state {self.state}")


def members(document: Document) -> list[Member]:
    """The members in an answer to `replSetGetStatus`; what is no member is left out."""
    listed = document.get("members")
    found: list[Member] = []
    for one in listed[:MEMBERS] if isinstance(listed, list) else []:
        state = figure(one, "state")
        if state is None or not isinstance(name := one.get("name"), str):
            continue
        applied = one.get("optimeDate")
        found.append(
            Member(
                name=clean(name, 120),
                state=int(state),
                well=figure(one, "health") != 0,
                own=one.get("self") is True,
                applied=applied.timestamp() if isinstance(applied, datetime) else None,
            )
        )
    return found


def replica_set(points: Points, document: Document, bound: Limit | None, own: Labels) -> None:
    """Points and samples of `replSetGetStatus`; `bound` is of the lag in seconds.

    The lag is the time of the primary's last operation less that of the member's, as mongodb_exporter has it.
    """
    name = clean(str(document.get("set", "")), 80)
    all_of_them = members(document)
    here = next((one for one in all_of_them if one.own), None)
    primary = next((one for one in all_of_them if one.state == PRIMARY and one.well), None)
    if here is None:
        points.say(Severity.WARNING, f"{name}: its own state is not told", "see rs.status()")
    else:
        points.samples.append(Sample("mongodb_rs_myState", float(here.state), own))
        points.say(_of_state(here), f"{name} {here.word}", "see rs.status() and its log")
    if primary is None:
        points.say(Severity.CRITICAL, f"{name} has no primary", "is a majority of its members up?")
    for one in all_of_them:
        lag = None
        if primary is not None and primary.applied is not None and one.applied is not None and one.well:
            lag = max(0.0, primary.applied - one.applied)  # a secondary may be told later than the primary
        _member(points, one, lag, name, own)
        if not one.own and (not one.well or one.state not in STEADY):
            word = one.word if one.state not in STEADY else "not reached"
            points.say(Severity.WARNING, f"{one.name} is {word}", "see rs.status() and its log")
        # whoever is asked speaks for itself; the primary for all that follow it
        is_judged = here is not None and (one.own or here.state == PRIMARY) and one is not primary
        if is_judged and lag is not None and one.state != ARBITER:
            severity = judged(lag, bound)
            who = "" if one.own else f"{one.name} "
            told = f"{who}{duration(lag)} behind" + (against(lag, bound, "s") if severity else "")
            points.say(severity, told, "see its disk, its network and slow operations" if severity else "")


def _of_state(member: Member) -> Severity:
    if member.state in STEADY:
        return Severity.OK
    return Severity.WARNING if member.state in PASSING else Severity.CRITICAL


def _member(points: Points, one: Member, lag: float | None, name: str, own: Labels) -> None:
    """Samples and the detail of one member."""
    base = dict(own)
    marks = labels(**(base | {"member_idx": one.name, "member_state": one.word, "rs_nm": name}))
    points.samples.append(Sample("mongodb_rs_members_state", float(one.state), marks))
    points.samples.append(Sample("mongodb_rs_members_health", float(one.well), marks))
    if one.applied is not None:  # milliseconds, as the exporter has it
        points.samples.append(Sample("mongodb_rs_members_optimeDate", one.applied * 1000, marks))
    if lag is not None and one.state != PRIMARY:
        marks = labels(**(base | {"name": one.name, "set": name, "state": one.word}))
        points.samples.append(Sample("mongodb_mongod_replset_member_replication_lag", lag, marks))
    reached = "" if one.well else ", not reached"
    behind = "" if lag is None or one.state == PRIMARY else f", {duration(lag)} behind"
    points.detail(f"member {one.name}", f"{one.word}{reached}{behind}")
