"""Jobs and cron jobs out of the API's JSON, with COMPLETIONS as kubectl prints them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.sources.kubernetes.model import Condition, Workload
from console.sources.kubernetes.wire import (
    ConditionWire,
    ManagedMeta,
    Meta,
    Selector,
    Template,
    Wire,
    common,
    conditions_of,
    epoch,
    images_of,
    labels_of,
    sentence,
    word,
    written,
)


class _JobSpec(Wire):
    completions: int | None = None
    parallelism: int | None = None
    suspend: bool = False
    selector: Selector | None = None
    template: Template | None = None


class _JobStatus(Wire):
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    ready: int | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: list[ConditionWire] | None = None


class JobWire(Wire):
    """A job as the API has it."""

    metadata: Meta
    spec: _JobSpec = msgspec.field(default_factory=_JobSpec)
    status: _JobStatus = msgspec.field(default_factory=_JobStatus)


class _JobTemplate(Wire):
    spec: _JobSpec | None = None


class _CronSpec(Wire):
    schedule: str = ""
    time_zone: str | None = None
    suspend: bool = False
    concurrency_policy: str = ""
    job_template: _JobTemplate | None = None


class _CronStatus(Wire):
    active: list[msgspec.Raw] | None = None
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


class CronJobWire(Wire):
    """A cron job as the API has it."""

    metadata: ManagedMeta
    spec: _CronSpec = msgspec.field(default_factory=_CronSpec)
    status: _CronStatus = msgspec.field(default_factory=_CronStatus)


def read_job(cluster: str, found: JobWire) -> Workload:
    """A job as it is now; its completions are 1 where it names no number."""
    meta, spec, status = found.metadata, found.spec, found.status
    conditions = conditions_of(status.conditions)
    state, why, ended = _job_state(spec, conditions)
    return Workload(
        **common(cluster, "Job", meta),
        desired=1 if spec.completions is None else spec.completions,
        workers=(spec.parallelism or 0) if spec.completions is None else 0,
        ready=status.ready or 0,
        succeeded=status.succeeded,
        failed=status.failed,
        active=status.active,
        state=state,
        why=why,
        paused=spec.suspend,
        selector=labels_of(spec.selector.match_labels if spec.selector else None),
        images=images_of(spec.template),
        conditions=conditions,
        started=epoch(status.start_time),
        ended=epoch(status.completion_time) or ended,
    )


def _job_state(spec: _JobSpec, conditions: tuple[Condition, ...]) -> tuple[str, str, float]:
    """State, what holds it up, and when it ended by its conditions."""
    true = {one.type: one for one in conditions if one.status == "True"}
    if "Complete" in true:
        return "complete", "", true["Complete"].since
    if "Failed" in true:
        return "failed", sentence(true["Failed"]), true["Failed"].since
    if "FailureTarget" in true:  # it has failed, and its pods are still being ended
        return "failed", sentence(true["FailureTarget"]), 0.0
    if spec.suspend or "Suspended" in true:
        return "suspended", "", 0.0
    return "running", "", 0.0


def completions(job: Workload) -> str:
    """What kubectl prints under COMPLETIONS: `2/3`, `0/1 of 4` of a job without a number of them."""
    side_by_side = f" of {job.workers}" if job.workers > 1 else ""
    return f"{job.succeeded}/{job.desired}{side_by_side}"


def read_cron_job(cluster: str, found: CronJobWire) -> Workload:
    """A cron job as it is now."""
    meta, spec, status = found.metadata, found.spec, found.status
    job = spec.job_template.spec if spec.job_template else None
    active = len(status.active or ())
    last_run, last_success = epoch(status.last_schedule_time), epoch(status.last_successful_time)
    state = "suspended" if spec.suspend else "running" if active else "scheduled"
    why = "its last run has not succeeded" if not active and last_run > last_success else ""
    zone = f" {spec.time_zone}" if spec.time_zone else ""
    return Workload(
        **common(cluster, "CronJob", meta),
        active=active,
        state=state,
        why=why,
        paused=spec.suspend,
        images=images_of(job.template if job else None),
        strategy=word(spec.concurrency_policy),
        schedule=word(f"{spec.schedule}{zone}"),
        edited=written(meta),
        last_run=last_run,
        last_success=last_success,
    )
