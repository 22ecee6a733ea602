"""What is wrong with a pod: the most telling of what its containers, conditions and events say."""

from __future__ import annotations

from console.findings import Severity
from console.sources.kubernetes.around import STARTING, WAITED, Around, patience, told_by
from console.sources.kubernetes.model import Condition, Container, Fault, Pod
from console.sources.kubernetes.pods import RESTART_WINDOW
from console.sources.kubernetes.quantities import kubectl_age
from console.units import bytes_, counted, percent

END_WINDOW = 3600.0
"""Seconds a pod that has failed stays wrong: whoever wanted another has made it by then."""
_PULLS = frozenset({
    "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
})  # fmt: skip
_BEGINNING = ("Pending", "ContainerCreating", "PodInitializing")
_SETUP = (
    "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedPostStartHook", "NetworkNotReady",
    "FailedBinding", "FailedMapVolume",
)  # fmt: skip
"""Reasons of events that say why containers are not made."""
_EXIT_HINTS = {
    126: "its command cannot be executed: look at the image's entry point and the file's mode",
    127: "its command was not found: look at the image, its command and its arguments",
    134: "it aborted (SIGABRT): look at the logs of its previous run",
    137: "killed (SIGKILL): look at its events for a failed liveness probe, and at memory",
    139: "segmentation fault: look at the logs of its previous run, or try the image before",
    143: "ended by SIGTERM: look at its events for who stopped it",
}
_OOM_HINT = "raise its memory limit or find the leak; look at the logs of its previous run"
_PREVIOUS_HINT = "look at the logs of its previous run"
_EVENTS_HINT = "look at its events"


def pod_fault(pod: Pod, around: Around) -> Fault | None:
    """What is wrong with a pod now; None where it is well, new, or asked to go and going."""
    if pod.deleted:
        return _going(pod, around)
    if pod.phase == "Succeeded" or pod.status == "SchedulingGated":
        return None
    if pod.phase == "Failed":
        return _failed(pod, around)
    if pod.phase == "Unknown" or pod.reason == "NodeLost":
        hint = f"look at the node {pod.node}" if pod.node else _EVENTS_HINT
        return _found(Severity.CRITICAL, "Unknown: nothing is heard of it from its node", hint)
    return _stuck(pod, around) or _up(pod, around)


def _going(pod: Pod, around: Around) -> Fault | None:
    overdue = around.now - pod.deleted - pod.grace
    if overdue < STARTING:
        return None
    text = f"Terminating for {kubectl_age(around.now - pod.deleted)}"
    hint = "a finalizer or the kubelet holds it: describe it"
    if pod.node in around.nodes_down:
        text, hint = f"{text}: its node is down", f"it goes when {pod.node} is back, or is removed"
    return Fault(patience(overdue), text, hint, gist="Terminating")


def _failed(pod: Pod, around: Around) -> Fault | None:
    ends = [one.since for one in pod.containers if one.state == "terminated"]
    changes = [one.since for one in pod.conditions]
    ended = max(ends or changes or [pod.created])
    if around.now - ended > END_WINDOW or _job_is_through(pod, around):
        return None
    when = kubectl_age(around.now - ended)
    one = _worst_end(pod)
    if pod.reason or one is None:
        told = f": {told_by(pod.message)}" if pod.message else ""
        hint = "look at the node's pressure and events" if pod.reason == "Evicted" else _EVENTS_HINT
        return Fault(Severity.WARNING, f"{pod.status} {when} ago{told}", hint, gist=pod.status)
    end = _exit(one.exit_code, one.reason)
    gist = end if one.reason in ("OOMKilled", "") else f"{pod.status}: {end}"
    hint = _exit_hint(one.exit_code, one.reason).replace("of its previous run", "of its run")
    return Fault(Severity.WARNING, f"{gist}{_of(pod, one)}, {when} ago", hint, gist=gist)


def _job_is_through(pod: Pod, around: Around) -> bool:
    """Whether it was one try of a job that has come to its end well after all."""
    if pod.owner is None or pod.owner.kind != "Job":
        return False
    job = around.workloads.get(pod.key._replace(kind="Job", name=pod.owner.name))
    return job is not None and job.state == "complete"


def _stuck(pod: Pod, around: Around) -> Fault | None:
    """What keeps it from running."""
    status = pod.status.removeprefix("Init:")
    if pod.status in _BEGINNING or (pod.status.startswith("Init:") and status[:1].isdigit()):
        return _beginning(pod, around)
    one = _telling(pod, status)
    if status in _PULLS:
        image = one.image if one is not None else "an image"
        hint = _pull_hint(one.message if one is not None else "")
        return _found(Severity.CRITICAL, f"{pod.status}: {image}", hint)
    if one is None:
        return None
    if status == "CrashLoopBackOff":
        return _crashing(pod, one, around)
    if one.state == "waiting":
        told = f": {told_by(one.message)}" if one.message else ""
        hint = (
            "a config map, a secret or a key that it needs is missing" if "Config" in status else _EVENTS_HINT
        )
        return _found(Severity.CRITICAL, f"{pod.status}{_of(pod, one)}{told}", hint)
    if one.exit_code:
        return _crashing(pod, one, around)
    return None


def _beginning(pod: Pod, around: Around) -> Fault | None:
    since = max([pod.created, *(one.since for one in pod.conditions if one.status == "True")])
    waited = around.now - since
    level = patience(waited)
    if not level:
        return None
    age = kubectl_age(waited)
    scheduled = _condition(pod, "PodScheduled")
    if pod.status == "Pending" and scheduled is not None and scheduled.status == "False":
        told = scheduled.message or _said(pod, around, "FailedScheduling")
        gist = f"Pending: {_scheduling(told)}" if told else "Pending: no node takes it"
        hint = "compare what it asks for with what the nodes have left, their taints and its affinity"
        return Fault(level, gist.replace("Pending", f"Pending {age}", 1), hint, gist=gist)
    if pod.status == "Pending" and not pod.node:
        text = f"Pending {age}: no scheduler has taken it"
        return Fault(level, text, "look whether the scheduler it names runs", gist="Pending: not scheduled")
    if pod.node in around.nodes_down:
        return Fault(
            level, f"{pod.status} {age}: its node {pod.node} is down", gist=f"{pod.status}: node down"
        )
    if pod.status.startswith("Init:"):
        at = next((one for one in pod.containers if one.kind and not _through(one)), None)
        name = f": {at.name} is at work" if at is not None and at.state == "running" else ""
        # migrations and the like take their time
        return Fault(Severity.WARNING, f"{pod.status} for {age}{name}", "look at its logs", gist=pod.status)
    told = _said(pod, around, *_SETUP)
    text = f": {told_by(told)}" if told else ""
    return Fault(level, f"{pod.status} {age}{text}", _EVENTS_HINT, gist=pod.status)


def _scheduling(told: str) -> str:
    """Why no node takes it, without what would not help either."""
    return told_by(told.partition(" preemption:")[0])


def _crashing(pod: Pod, one: Container, around: Around) -> Fault:
    code, reason, ended = _last_end(one)
    again = f", {counted(one.restarts, 'restart')}" if one.restarts else ""
    last = f", last {kubectl_age(around.now - ended)} ago" if ended else ""
    end = _exit(code, reason)
    looping = "CrashLoopBackOff" in pod.status
    gist = end if reason == pod.status else f"{pod.status}: {end}"
    level = Severity.CRITICAL if looping else _restart_level(pod, around) or Severity.WARNING
    return Fault(level, f"{gist}{_of(pod, one)}{again}{last}", _exit_hint(code, reason), gist=gist)


def _up(pod: Pod, around: Around) -> Fault | None:
    """What is wrong with a pod that runs; the worst of it."""
    found = [
        fault
        for fault in (_restarting(pod, around), _unready(pod, around), memory_fault(pod, around))
        if fault
    ]
    return max(found, key=lambda fault: fault.severity, default=None)


def _recent(pod: Pod, around: Around) -> int:
    return sum(then > around.now - RESTART_WINDOW for then in pod.recent)


def _restart_level(pod: Pod, around: Around) -> Severity:
    recent = _recent(pod, around)
    return around.limits.limit("container_restarts").judge(recent) if recent else Severity.OK


def _restarting(pod: Pod, around: Around) -> Fault | None:
    level = _restart_level(pod, around)
    if not level:
        return None
    one = max(pod.containers, key=lambda container: container.last_ended)
    end = _exit(one.last_exit_code, one.last_reason)
    last = kubectl_age(around.now - pod.restarted)
    text = f"restarted {_recent(pod, around)}x in 10m{_of(pod, one)}: {end}, last {last} ago"
    hint = _exit_hint(one.last_exit_code, one.last_reason)
    return Fault(level, text, hint, gist=f"restarted: {end}")


def _unready(pod: Pod, around: Around) -> Fault | None:
    if pod.ready >= pod.total and not pod.gates:
        return None
    ready = _condition(pod, "Ready")
    since = max(ready.since if ready is not None and ready.status != "True" else 0.0, pod.created)
    level = patience(around.now - since)
    if not level:
        return None
    age = kubectl_age(around.now - since)
    if pod.ready >= pod.total:
        return _gated(pod, level, age)
    if pod.node in around.nodes_down:
        return Fault(level, f"not ready {age}: its node {pod.node} is down", gist="not ready: node down")
    told = _said(pod, around, "Unhealthy", "ProbeError")
    if told:
        told = told[:1].lower() + told[1:]
        hint = "look at what its readiness probe asks, and at its logs"
    else:
        waiting = [one.name for one in pod.containers if one.kind in ("", "sidecar") and not one.ready]
        told, hint = f"{pod.ready} of {pod.total} containers", "look at its events and logs"
        if waiting and pod.total > 1:
            told = f"{told}, not {', '.join(waiting)}"
    gist = "containers ended" if pod.status == "NotReady" else "not ready"
    return Fault(level, f"{gist} {age}: {told_by(told)}", hint, gist=gist)


def _gated(pod: Pod, level: Severity, age: str) -> Fault:
    """Its containers are ready, and it is held back from traffic all the same."""
    name, *more = pod.gates
    found = _condition(pod, name)
    told = f" is {found.status}" if found is not None else " was never set"
    if found is not None and (found.message or found.reason):
        told = f"{told}: {found.message or found.reason}"
    others = f", {len(more)} more" if more else ""
    gist = f"not ready: readiness gate {told_by(name)}"
    text = f"{gist.replace('not ready', f'not ready {age}', 1)}{told_by(told)}{others}"
    return Fault(level, text, "look at the controller that sets this condition", gist=gist)


def memory_fault(pod: Pod, around: Around) -> Fault | None:
    """Memory near the limit of a container: the kernel kills by that, whatever the others leave."""
    usage = around.cluster.pod_usage.get((pod.namespace, pod.name)) if pod.tightest else None
    if usage is None:
        return None
    taken = dict(usage.memory_of)
    worst, share = None, 0.0
    for one in pod.containers:
        of_limit = taken.get(one.name, 0.0) / one.memory_limit if one.memory_limit > 0 else 0.0
        if of_limit > share:
            worst, share = one, of_limit
    if worst is None:
        return None
    level = around.limits.limit("container_memory").judge(share)
    if not level:
        return None
    text = f"memory{_of(pod, worst)} {percent(share)} of {bytes_(worst.memory_limit)}"
    return Fault(level, text, "raise its memory limit or find the leak", gist="memory near its limit")


def _telling(pod: Pod, status: str) -> Container | None:
    """The container that gave the pod its status."""
    for one in pod.containers:
        if one.kind != "ephemeral" and not _through(one) and one.reason == status:
            return one
    return _worst_end(pod)


def _worst_end(pod: Pod) -> Container | None:
    return next((one for one in pod.containers if one.kind != "ephemeral" and one.exit_code), None)


def _through(one: Container) -> bool:
    return one.state == "terminated" and one.exit_code == 0


def _last_end(one: Container) -> tuple[int | None, str, float]:
    if one.state == "terminated":
        return one.exit_code, one.reason, one.since
    return one.last_exit_code, one.last_reason, one.last_ended


def _condition(pod: Pod, type_: str) -> Condition | None:
    return next((one for one in pod.conditions if one.type == type_), None)


def _said(pod: Pod, around: Around, *reasons: str) -> str:
    event = around.said(pod.key, *reasons)
    if event is None or event.last < around.now - WAITED:
        return ""
    return event.message


def _of(pod: Pod, one: Container) -> str:
    """Which container, where there are several."""
    return f" of {one.name}" if len(pod.containers) > 1 else ""


def _exit(code: int | None, reason: str) -> str:
    end = "ended" if code is None else f"exit {code}"
    return end if reason in ("", "Error", "Completed") else f"{end} {reason}"


def _exit_hint(code: int | None, reason: str) -> str:
    return _OOM_HINT if reason == "OOMKilled" else _EXIT_HINTS.get(code or 0, _PREVIOUS_HINT)


def _pull_hint(told: str) -> str:
    low = told.lower()
    if "not found" in low or "manifest unknown" in low or "does not exist" in low:
        return "the registry has no such image or tag: look at how it is spelt"
    if "unauthorized" in low or "denied" in low or "forbidden" in low or "authentication" in low:
        return "the registry refuses: look at the pull secret"
    if "toomanyrequests" in low or "rate limit" in low:
        return "the registry limits pulls: wait, or pull with an account"
    if "no such host" in low or "timeout" in low or "refused" in low:
        return "the node does not reach the registry: look at its network and names"
    return "look at its events for what the registry answered"


def _found(severity: Severity, gist: str, hint: str) -> Fault:
    return Fault(severity, gist, hint, gist=gist)
