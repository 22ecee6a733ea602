"""What is wrong with workloads, nodes, services, volumes and autoscalers."""

from __future__ import annotations

import math

from console.findings import Severity
from console.sources.kubernetes.around import STARTING, WAITED, Around, patience, told_by
from console.sources.kubernetes.model import Autoscaler, Condition, Fault, Node, Service, Volume, Workload
from console.sources.kubernetes.quantities import kubectl_age
from console.sources.kubernetes.schedules import HOUR, overdue_from
from console.units import bytes_, counted, percent

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_STALLED_HINT = "look at its newest pods and at its events; undo the rollout where the one before was well"


def workload_fault(one: Workload, around: Around) -> Fault | None:
    """What is wrong with a workload itself; what is wrong with its pods stands with them."""
    now = around.now
    if one.deleted:
        gone = now - one.deleted
        text = f"Terminating for {kubectl_age(gone)}"
        return Fault(Severity.WARNING, text, "a finalizer holds it: describe it") if gone > WAITED else None
    if one.kind == "Job":
        return _job_fault(one, around)
    if one.kind == "CronJob":
        return _cron_job_fault(one, now)
    if one.kind == "ReplicaSet" and around.cluster.owners.above(one) is not None:
        return None  # its deployment says so
    if one.state == "stalled":
        refused = _condition(one.conditions, "ReplicaFailure")
        own = refused is not None and refused.status == "True"
        return Fault(Severity.CRITICAL, f"stalled: {told_by(one.why)}", _STALLED_HINT, own=own)
    if one.state not in ("progressing", "degraded", "paused") or now - one.created < STARTING:
        return None
    return _short(one, around)


def _short(one: Workload, around: Around) -> Fault | None:
    """A workload that has not the pods it wants, for longer than they take to be made."""
    available = _condition(one.conditions, "Available")
    below = available is not None and available.status == "False"
    if one.available >= one.desired and not below:
        return None
    # the status is written when a figure of it changes: it has been as it is since then
    # until its controller has seen the newest specification, it is that one which waits
    since = max(one.created, one.changed, 0.0 if one.observed else one.edited) + one.settling
    level = patience(around.now - since)
    if available is not None and below:
        since = available.since
        level = max(Severity.WARNING, patience(around.now - since))
    if not level:
        return None
    missing = one.replicas < one.desired
    # who makes pods tries again at ever longer intervals, in the end every quarter of an hour
    failed = around.said(one.key, "FailedCreate") if missing else None
    if failed is not None:
        text = f"its pods cannot be made: {told_by(failed.message)}"
        return Fault(Severity.CRITICAL, text, "look at quotas, admission and its template", own=True)
    age = kubectl_age(around.now - since)
    text = f"{one.available} of {one.desired} pods available for {age}"
    if not one.observed:
        return Fault(level, f"{text}: {told_by(one.why)}", "look whether the controller manager runs")
    if missing and one.kind == "DaemonSet":
        return Fault(level, f"{one.why} for {age}", "look at its events, and at the taints of those nodes")
    return Fault(level, text, "look at its events: pods are missing" if missing else "look at its pods")


def _job_fault(one: Workload, around: Around) -> Fault | None:
    """A failed job stays wrong as long as it is there, unless its cron job has succeeded since."""
    if one.state != "failed":
        return None
    scheduled = one.owner is not None and one.owner.kind == "CronJob"
    cron_job = one.key._replace(kind="CronJob", name=one.owner.name) if one.owner and scheduled else None
    if cron_job is not None:
        cron = around.workloads.get(cron_job)
        if cron is not None and cron.last_success > one.started:
            return None
    when = f" {kubectl_age(around.now - one.ended)} ago" if one.ended else ""
    reason = next((known.reason for known in one.conditions if known.type in ("Failed", "FailureTarget")), "")
    pods = f", {counted(one.failed, 'failed pod')}" if one.failed else ""
    text = f"failed{when}: {reason or told_by(one.why)}{pods}"
    hint = "look at the logs of its pods; delete it when it is done with"
    return Fault(Severity.WARNING, text, hint, owner=cron_job, own=True)


def _cron_job_fault(one: Workload, now: float) -> Fault | None:
    if one.state == "suspended":
        return None
    missed = _missed(one, now)
    if missed is not None or one.active or now - one.last_run < STARTING:
        return missed
    if one.last_run <= one.last_success:
        return None
    success = f", the last success was {kubectl_age(now - one.last_success)} ago" if one.last_success else ""
    text = f"its run of {kubectl_age(now - one.last_run)} ago has not succeeded{success}"
    return Fault(Severity.WARNING, text, "look at the logs of its newest job", own=True)


def _missed(one: Workload, now: float) -> Fault | None:
    """That a run was due and was not begun, where that is certain."""
    since = max(one.created, one.edited, one.last_run)
    if now - since < HOUR:
        return None
    certain = overdue_from(one.schedule, since)
    if not certain or now < certain:
        return None
    if one.active:
        if one.strategy != "Forbid" or not one.last_run:
            return None
        text = f"its run of {kubectl_age(now - one.last_run)} ago still goes on, and holds back the next"
        return Fault(Severity.WARNING, text, "look at its job, or give it activeDeadlineSeconds", own=True)
    last = f"its last run was {kubectl_age(now - one.last_run)} ago" if one.last_run else "it has never run"
    text = f"{last}, though one was due since"
    return Fault(
        Severity.WARNING, text, "look at its events, and whether the controller manager runs", own=True
    )


def node_fault(one: Node, around: Around) -> Fault | None:
    """What is wrong with a node; that it is cordoned is no fault."""
    now = around.now
    ready = _condition(one.conditions, "Ready")
    if ready is None:
        if now - one.created < STARTING:
            return None
        return Fault(Severity.WARNING, "Unknown: its kubelet has said nothing yet", "look at its kubelet")
    if ready.status != "True":
        if now - one.created < STARTING:
            return None
        told = told_by(ready.message or ready.reason)
        pods = around.cluster.on_node.get(one.name, 0)
        on_it = f", {counted(pods, 'pod')} on it" if pods else ""
        text = f"NotReady {kubectl_age(now - ready.since)}: {told}{on_it}"
        return Fault(Severity.CRITICAL, text, "look at its kubelet, its network and the machine")
    pressed = [known for known in one.conditions if known.type in _PRESSURES and known.status == "True"]
    if pressed:
        names = ", ".join(known.type for known in pressed)
        age = kubectl_age(now - min(known.since for known in pressed))
        return Fault(
            Severity.WARNING, f"{names} for {age}", "pods are evicted: look at what takes most on it"
        )
    network = _condition(one.conditions, "NetworkUnavailable")
    if network is not None and network.status == "True" and now - one.created > STARTING:
        told = told_by(network.message or network.reason)
        return Fault(
            Severity.CRITICAL, f"NetworkUnavailable: {told}", "look at the pods of its network plugin"
        )
    return None


def service_fault(one: Service, around: Around) -> Fault | None:
    """A service that nobody stands behind, or that no load balancer was given to."""
    return _unbacked(one, around) or _unbalanced(one, around)


def _unbalanced(one: Service, around: Around) -> Fault | None:
    waited = around.now - max(one.created, one.edited)
    if one.type != "LoadBalancer" or one.external or waited < WAITED:
        return None
    failed = around.said(one.key, "SyncLoadBalancerFailed", "AllocationFailed", "FailedToUpdateLoadBalancer")
    told = f": {told_by(failed.message)}" if failed is not None else ""
    text = f"no load balancer has given it an address for {kubectl_age(waited)}{told}"
    return Fault(Severity.WARNING, text, "look at its events, and whether a controller for its class runs")


def _unbacked(one: Service, around: Around) -> Fault | None:
    """A service that nobody stands behind, unless what would is scaled to nothing on purpose."""
    # without the slices nobody knows what stands behind it
    if "endpointslices" not in around.cluster.listed:
        return None
    if one.ready or not one.selector or one.type == "ExternalName" or around.now - one.created < STARTING:
        return None
    if one.not_ready:
        return Fault(Severity.WARNING, f"no ready address, {one.not_ready} not ready", "look at its pods")
    for workload in around.cluster.workloads:
        meant = workload.namespace == one.namespace and set(one.selector) <= set(workload.selector)
        if meant and workload.state in ("scaled to 0", "suspended"):
            return None
    return Fault(
        Severity.WARNING,
        "no address: no pod that is up has its labels",
        "compare its selector with the pods' labels",
    )


def volume_fault(one: Volume, around: Around) -> Fault | None:
    """What is wrong with a claim or a volume."""
    now = around.now
    limit = around.limits.limit("disk")
    if one.status == "Lost":
        return Fault(Severity.CRITICAL, f"Lost: its volume {one.bound_to} is gone", "look for a backup")
    if one.status == "Failed":
        told = f": {told_by(one.reason)}" if one.reason else ""
        return Fault(Severity.WARNING, f"Failed{told}", "it could not be reclaimed: describe it")
    if one.status == "Terminating":
        gone = now - one.deleted
        text = f"Terminating for {kubectl_age(gone)}"
        return (
            Fault(Severity.WARNING, text, "a pod still uses it, or a finalizer holds it")
            if gone > WAITED
            else None
        )
    if one.status == "Pending" and one.kind == "PersistentVolumeClaim":
        return _pending_claim(one, around)
    share = one.used / one.capacity if one.capacity > 0 else math.nan
    if level := limit.judge(share):
        return Fault(
            level, f"{percent(share)} of {bytes_(one.capacity)} used", "make room, or expand the claim"
        )
    share = one.inodes_used / one.inodes if one.inodes > 0 else math.nan
    if level := limit.judge(share):
        return Fault(level, f"{percent(share)} of its inodes used", "remove files: it has very many")
    return None


def _pending_claim(one: Volume, around: Around) -> Fault | None:
    waited = around.now - one.created
    level = patience(waited)
    if not level:
        return None
    # one that waits for a pod to want it is well, and only its events tell it from the others
    if not around.hears_of(one.namespace):
        return None
    pending = f"Pending {kubectl_age(waited)}"
    failed = around.said(one.key, "ProvisioningFailed", "FailedBinding")
    if failed is not None:
        text = f"{pending}: {told_by(failed.message)}"
        return Fault(level, text, "look at its storage class and its provisioner")
    if around.said(one.key, "WaitForFirstConsumer", "WaitForPodScheduled") is not None:
        return None
    awaited = around.said(one.key, "ExternalProvisioning", "Provisioning")
    told = told_by(awaited.message) if awaited is not None else "no event says why"
    of_class = f"storage class {one.storage_class}" if one.storage_class else "storage class: it names none"
    hint = f"look at its {of_class}, and whether a provisioner runs"
    return Fault(Severity.WARNING, f"{pending}: {told}", hint)


def autoscaler_fault(one: Autoscaler, around: Around) -> Fault | None:
    """An autoscaler that does not know, may not, or cannot go further."""
    now = around.now
    if now - one.created < STARTING:
        return None
    if not one.conditions and now - one.created > WAITED:
        text = f"it has no status after {kubectl_age(now - one.created)}: nobody acts on it"
        return Fault(Severity.WARNING, text, "look whether the controller manager runs")
    target = f"{one.target.kind} {one.target.name}"
    for type_, said, hint in (
        ("ScalingActive", "cannot read its metrics", "look at the metrics server and what its pods ask for"),
        ("AbleToScale", "cannot scale", f"look at {target} and at its events"),
    ):
        found = _condition(one.conditions, type_)
        # somebody has scaled its target to nothing
        if found is None or found.status != "False" or found.reason == "ScalingDisabled":
            continue
        if not patience(now - found.since):
            continue
        told = told_by(found.message or found.reason)
        if found.reason == "FailedGetScale" and "not found" in found.message:
            hint = f"there is no {target}: correct what it scales, or delete it"
        return Fault(Severity.WARNING, f"{said}: {told}", hint)
    limited = _condition(one.conditions, "ScalingLimited")
    if limited is None or limited.status != "True" or limited.reason != "TooManyReplicas":
        return None
    waited = now - limited.since
    if one.current < one.most or not patience(waited):
        return None
    text = f"at its maximum of {one.most} for {kubectl_age(waited)}, and would go further"
    return Fault(Severity.WARNING, text, "raise the maximum, or look at what is slow")


def _condition(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    return next((one for one in conditions if one.type == type_), None)
