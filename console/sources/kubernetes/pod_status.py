"""STATUS, READY and RESTARTS of a pod as `kubectl get pods` prints them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.sources.kubernetes.pod_wire import ContainerStatus, PodWire, Terminated
from console.sources.kubernetes.wire import epoch


@dataclass(slots=True)
class Shown:
    """What kubectl makes of a pod's containers."""

    status: str
    ready: int = 0
    restarts: int = 0
    restarted: float = 0.0

    def restarted_by(self, found: ContainerStatus) -> None:
        """Count a container's restarts, and when it was the last time."""
        self.restarts += found.restart_count
        ended = found.last_state.terminated if found.last_state else None
        if ended is not None:
            self.restarted = max(self.restarted, epoch(ended.finished_at))


def show(found: PodWire, sidecars: set[str]) -> Shown:
    """STATUS, READY and RESTARTS by the rules of the API server's table printer, as of Kubernetes 1.36.

    Rules: what the pod itself says; then the first init container that is not through; else the first of the
    ordinary containers that waits or has ended; and its deletion over everything.
    """
    status = found.status
    shown = Shown(status.reason or status.phase)
    conditions = {one.type: one for one in status.conditions or ()}
    scheduled = conditions.get("PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        shown.status = "SchedulingGated"
    true = {one.type for one in conditions.values() if one.status == "True"}
    if _show_initial(found, sidecars, shown, "Initialized" in true):
        _show_ordinary(status.container_statuses or (), shown, "Ready" in true)
    if found.metadata.deletion_timestamp is not None:
        if status.reason == "NodeLost":
            shown.status = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            shown.status = "Terminating"
    return shown


def _show_initial(found: PodWire, sidecars: set[str], shown: Shown, initialized: bool) -> bool:
    """Take in the init containers; whether the ordinary ones have their turn.

    While they are at work all their restarts count, afterwards those of sidecars only.
    """
    lasting = Shown("")
    starting = False
    for at, one in enumerate(found.status.init_container_statuses or ()):
        shown.restarted_by(one)
        sidecar = one.name in sidecars
        if sidecar:
            lasting.restarted_by(one)
        waiting = one.state.waiting if one.state else None
        ended = one.state.terminated if one.state else None
        if ended is not None and ended.exit_code == 0:
            continue
        if sidecar and one.started:
            shown.ready += one.ready
            continue
        if ended is not None:
            shown.status = f"Init:{_end(ended)}"
        elif waiting is not None and waiting.reason not in ("", "PodInitializing"):
            shown.status = f"Init:{waiting.reason}"
        else:
            shown.status = f"Init:{at}/{len(found.spec.init_containers or ())}"
        starting = True
        break
    if starting and not initialized:
        return False
    shown.restarts, shown.restarted = lasting.restarts, lasting.restarted
    return True


def _show_ordinary(statuses: Iterable[ContainerStatus], shown: Shown, ready: bool) -> None:
    """Take in the ordinary containers: the first that waits or has ended gives the status."""
    running = False
    failed = ""
    for one in reversed(tuple(statuses)):
        shown.restarted_by(one)
        state = one.state
        if state is None:
            continue
        if state.waiting is not None and state.waiting.reason:
            shown.status = state.waiting.reason
        elif state.terminated is not None:
            shown.status = _end(state.terminated)
            if state.terminated.exit_code:
                failed = shown.status
        elif one.ready and state.running is not None:
            running = True
            shown.ready += 1
    if shown.status == "Completed":  # of some: the others may be at work, or have failed
        if running and ready:
            shown.status = "Running"
        elif failed:
            shown.status = failed
        elif running:
            shown.status = "NotReady"


def _end(ended: Terminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"
