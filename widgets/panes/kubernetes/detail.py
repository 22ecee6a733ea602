"""Everything about one object, in the order that explains: what is wrong, what happened, what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from console.units import bytes_, percent
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, line_width, wrap
from widgets.facts import Fact, fact_lines
from widgets.pane import Context
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.rows import PodRow, Seen

if TYPE_CHECKING:
    from console.sources.kubernetes.model import (
        Condition,
        Container,
        Event,
        Fault,
        Key,
        Pod,
    )

EVENTS = 12
"""Events of an object that are shown, the newest."""
PODS = 20
"""Pods of an object that are shown."""
_CALM = ("crit", "warn", "text", "dim")
"""Colours of a container's state, the worst first."""


def describe_pod(row: PodRow, context: Context, width: int) -> Sequence[Line]:
    """What is wrong and what mends it, what happened, its containers, then what it is."""
    pod, seen = row.pod, row.seen
    lines = head(seen, pod.key, pod.status, shown.status(row)[1])
    lines += wrong(row.fault, width)
    lines += events(seen, pod.key, width)
    # what does not run explains the rest
    for container in sorted(pod.containers, key=lambda each: _CALM.index(container_state(each, seen)[1])):
        lines += _container(container, seen, width)
    usage = _pod_usage(row)
    lines += section("pod", width)
    lines += fact_lines([*_pod_state(row), *usage], width)
    lines += conditions(pod.conditions, seen, width)
    lines += section("identity", width)
    lines += fact_lines(_pod_identity(row), width)
    return [*lines, *labels(pod.labels, width), *command(row.seen.get("Pod", pod.namespace, pod.name), width)]


# -- parts that all details share


def head(seen: Seen, key: Key, status: str = "", role: str = "text") -> list[Line]:
    """Its name, its state, and where it is."""
    spans: list[Span] = [(f"{shown.SHORT.get(key.kind, key.kind)} ", "label"), (str(key), "title")]
    if status:
        spans.append((f"  {status}", role))
    if not seen.alone:
        spans += [("  in ", "dim"), seen.tag]
    return [tuple(spans)]


def wrong(fault: Fault | None, width: int) -> list[Line]:
    """What is wrong with it, and what mends it."""
    if fault is None:
        return []
    lines: list[Line] = [()]
    lines += wrap(f"{SEVERITY_MARK[fault.severity]} {fault.text}", width, SEVERITY_ROLE[fault.severity])
    lines += wrap(f"  {fault.hint}", width) if fault.hint else []
    return lines


def events(seen: Seen, key: Key, width: int, also: Iterable[Key] = ()) -> list[Line]:
    """What happened to it, the newest last; warnings stand out."""
    keys = {key, *also}
    found = [event for event in seen.cluster.events if event.key in keys]
    if not found:
        return []
    lines = section("events", width)
    if len(found) > EVENTS:
        lines.append(((f"{len(found) - EVENTS} older ones are among the events", "dim"),))
    for event in found[-EVENTS:]:
        lines += _event(event, seen, width, event.key != key)
    return lines


def _event(event: Event, seen: Seen, width: int, named: bool) -> list[Line]:
    warned = event.type == "Warning"
    times = f" ×{event.count}" if event.count > 1 else ""
    over = f" in {seen.ago(event.first)}" if event.count > 1 and event.first < event.last else ""
    about = f" {shown.short_ref(event.about)}" if named else ""
    first: list[Span] = [
        (f"{seen.ago(event.last):>6} ", "dim"),
        ("▲ " if warned else "  ", "warn" if warned else "text"),
        (event.reason, "warn" if warned else "text"),
        (f"{times}{over}{about}  ", "dim"),
    ]
    return beside(first, event.message, width, 9)


def beside(first: Sequence[Span], text: str, width: int, indent: int) -> list[Line]:
    """A text after some spans, its further lines indented; below them where there is little room."""
    room = width - line_width(first)
    if room < 24:
        return [
            tuple(first),
            *(((" " * indent, "text"), *line) for line in wrap(text, max(8, width - indent))),
        ]
    head_line, *rest = wrap(text, room)
    if rest:
        rest = wrap(text[len("".join(part for part, _ in head_line)) :].lstrip(), max(8, width - indent))
    return [(*first, *head_line), *(((" " * indent, "text"), *line) for line in rest)]


def section(title: str, width: int) -> list[Line]:
    """A heading with a rule, after a blank line."""
    return [(), ((f"{title} ", "label"), ("─" * max(0, width - line_width([(title, "")]) - 1), "frame"))]


BAD_WHEN_TRUE = ("Pressure", "Unavailable", "ReplicaFailure", "Failed", "ScalingLimited", "DisruptionTarget")
"""Ends of the names of conditions that say something is wrong when they are true."""


def conditions(found: Sequence[Condition], seen: Seen, width: int) -> list[Line]:
    """Conditions as the API has them: those that are not as they should be first and with why."""
    lines: list[Line] = []
    for one in sorted(found, key=lambda each: not _off(each)):
        off = _off(one)
        since = seen.ago(one.since)
        first: list[Span] = [
            (f"{one.type} ", "label"),
            (one.status, "warn" if off else "text"),
            (f" since {since} ago" if since else "", "dim"),
        ]
        said = ", ".join(part for part in (one.reason, one.message) if part) if off else ""
        lines += beside([*first, ("  ", "text")], said, width, 2) if said else [tuple(first)]
    return [*section("conditions", width), *lines] if lines else []


def _off(condition: Condition) -> bool:
    if condition.type == "Failed" or condition.type.endswith(BAD_WHEN_TRUE):
        return condition.status != "False"
    return condition.status != "True"


def labels(found: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Labels, one a line."""
    facts = [("labels" if not n else "", f"{key}={value}", "dim") for n, (key, value) in enumerate(found)]
    return fact_lines(facts, width)


def command(text: str, width: int) -> list[Line]:
    """The command that shows it in a shell; never broken, so that it can be copied."""
    return [*section("in a shell", width), ((text, "strong"),)]


def pods(seen: Seen, chosen: Callable[[Pod], bool], width: int, by: Callable[[PodRow], float]) -> list[Line]:
    """The pods that are chosen: the wrong ones first, then by a figure from large to small."""
    fault = seen.faults_of("Pod").get
    found = [PodRow(p, seen, fault((p.namespace, p.name))) for p in seen.cluster.pods if chosen(p)]
    found.sort(key=lambda row: (-shown.severity_of(row.fault), -_number(by(row))))
    lines = section(f"pods {len(found)}", width)
    longest = max((len(row.pod.name) for row in found[:PODS]), default=0)
    for row in found[:PODS]:
        level = shown.severity_of(row.fault)
        ready, status = shown.ready(row), shown.status(row)
        figures = f" {shown.cores(row.used('cpu')):>6} {bytes_(row.used('memory')):>6}  "
        spans: list[Span] = [
            (f"{SEVERITY_MARK[level]} ", SEVERITY_ROLE[level]),
            (row.pod.name.ljust(min(longest, max(20, width - 40))), "strong" if row.fault else "text"),
            (f"  {ready[0]:>5}", ready[1]),
            (figures, "dim"),
            status,
        ]
        lines.append(tuple(spans))
    if len(found) > PODS:
        lines.append(((f"  +{len(found) - PODS} more: O shows them", "dim"),))
    return lines if found else [*lines, (("none", "dim"),)]


def _number(value: float) -> float:
    return value if math.isfinite(value) else -1.0


# -- pods


def _pod_state(row: PodRow) -> list[Fact]:
    pod, seen = row.pod, row.seen
    said = ", ".join(part for part in (pod.reason, pod.message) if part)
    deleted = seen.ago(pod.deleted)
    return [
        ("phase", pod.phase, "text"),
        ("reason", said, "warn" if row.fault else "text"),
        ("ready", f"{pod.ready} of {pod.total} containers", shown.ready(row)[1]),
        ("restarts", shown.restarts(row)[0], shown.restarts(row)[1]),
        ("asked to go", f"{deleted} ago" if deleted else "", "warn"),
        ("age", seen.ago(pod.created), "text"),
        ("node", pod.node or "none yet", "text" if pod.node else "warn"),
    ]


def _pod_usage(row: PodRow) -> list[Fact]:
    made: list[Fact] = []
    for unit, name in (("cpu", "cpu"), ("memory", "memory")):
        used = shown.figure(row.used(unit), unit)[0]
        parts = [used if used != "-" else "not measured"]
        for of in ("request", "limit"):
            asked = shown.asked_for(row.pod, unit, of)
            share = row.share(unit, of)
            parts.append(
                f"{of} {shown.asked(asked, unit)}" + (f" ({percent(share)})" if math.isfinite(share) else "")
                if asked
                else f"no {of}"
            )
        role = shown.share_span(row, unit, "limit")[1]
        made.append((name, ", ".join(parts), role if role != "dim" else "text"))
    if row.usage is None:
        made.append(("", row.seen.cluster.metrics or "too new, or not running: no sample of it yet", "dim"))
    return made


def _pod_identity(row: PodRow) -> list[Fact]:
    pod, cluster = row.pod, row.seen.cluster
    chain = [shown.short_ref(pod.owner)]
    above = shown.owner_of(row)
    if above != pod.owner:
        chain.append(shown.short_ref(above))
    elif pod.owner is not None:  # what is above may be of a kind that is not read
        found = next(
            (w for w in cluster.workloads
             if w.kind == pod.owner.kind and w.name == pod.owner.name and w.namespace == pod.namespace), None,
        )  # fmt: skip
        chain.append(shown.short_ref(found.owner) if found is not None else "")
    behind = [s.name for s in cluster.services if s.namespace == pod.namespace and selects(s.selector, pod)]
    return [
        ("owner", " ← ".join(part for part in chain if part) or "none: nothing starts it again", "text"),
        ("services", ", ".join(behind), "text"),
        ("ip", pod.ip + (" (the node's)" if pod.host_network else ""), "text"),
        ("qos", pod.qos, "text"),
        ("account", pod.service_account, "text"),
        ("claims", ", ".join(pod.claims), "text"),
        ("uid", pod.uid, "dim"),
    ]


def selects(selector: Sequence[tuple[str, str]], pod: Pod) -> bool:
    """Whether a selector of labels chooses a pod; an empty one chooses none."""
    return bool(selector) and set(selector) <= set(pod.labels)


def _container(one: Container, seen: Seen, width: int) -> list[Line]:
    kind = f"{one.kind} " if one.kind else ""
    state, role = container_state(one, seen)
    lines = section(f"{kind}container {one.name}", width)
    last = ""
    if one.last_reason or one.last_exit_code is not None:
        ended = seen.ago(one.last_ended)
        last = _ended(one.last_reason, one.last_exit_code) + (f", {ended} ago" if ended else "")
    given: list[Fact] = [
        ("state", state, role),
        ("message", one.message, "text"),
        ("last end", last, "warn" if one.last_exit_code else "text"),
        ("restarts", str(one.restarts) if one.restarts else "", "text"),
        ("cpu", _asked(one.cpu_request, one.cpu_limit, "cpu"), "dim"),
        ("memory", _asked(one.memory_request, one.memory_limit, "memory"), "dim"),
        ("image", one.image, "dim"),
    ]
    return [*lines, *fact_lines(given, width)]


def _asked(request: float, limit: float, unit: str) -> str:
    return ", ".join(
        f"{name} {shown.asked(value, unit)}" if value else f"no {name}"
        for name, value in (("request", request), ("limit", limit))
    )


def container_state(one: Container, seen: Seen) -> tuple[str, str]:
    """How a container is, and the colour of it."""
    since = seen.ago(one.since)
    if one.state == "running":
        ready = "" if one.ready else ", not ready"
        return (f"running{f' for {since}' if since else ''}{ready}", "text" if one.ready else "warn")
    if one.state == "terminated":
        ago = f", {since} ago" if since else ""
        return (f"ended, {_ended(one.reason, one.exit_code)}{ago}", "crit" if one.exit_code else "dim")
    if one.state == "waiting":
        begins = one.reason in ("PodInitializing", "ContainerCreating", "")
        return (f"waiting: {one.reason or 'no reason given'}", "text" if begins else "crit")
    return ("not started", "dim")


def _ended(reason: str, code: int | None) -> str:
    return ", ".join(part for part in (reason, f"exit {code}" if code is not None else "") if part)
