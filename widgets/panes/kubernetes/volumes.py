"""The zoomed volumes and claims: how full they are, and what they are bound to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.units import bytes_, percent
from widgets.draw import SEVERITY_ROLE, Line
from widgets.facts import fact_lines
from widgets.pane import Context, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Fault, Volume


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A claim or a volume."""

    volume: Volume
    seen: Seen
    fault: Fault | None

    @property
    def share(self) -> float:
        """What of it is used."""
        return self.volume.used / self.volume.capacity if self.volume.capacity else math.nan


def _volume_rows(context: Context) -> list[VolumeRow]:
    return [
        VolumeRow(each, seen, seen.fault(each.key))
        for seen in shown.clusters(context)
        for each in seen.cluster.volumes
    ]


def _volume_role(row: VolumeRow) -> str:
    return SEVERITY_ROLE[row.seen.context.limit("disk").judge(row.share)]


def _volume_why(row: VolumeRow) -> str:
    return shown.beyond(row.fault.text, row.volume.status) if row.fault is not None else row.volume.reason


VOLUMES: tuple[Column[VolumeRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.volume.namespace, 9, flex=2),
    Column("kind", "KIND", lambda row: (shown.SHORT.get(row.volume.kind, row.volume.kind), "dim"), 4),
    Column("name", "NAME", lambda row: (row.volume.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("status", "STATUS", lambda row: (row.volume.status, shown.state_role(row.fault)), 9, flex=1),
    Column("used", "USED", lambda row: (bytes_(row.volume.used), _volume_role(row)), 6, align=">",
           sort=lambda row: row.volume.used, named=True, drop=2),
    Column("share", "%USED", lambda row: (percent(row.share), _volume_role(row)), 5, align=">",
           sort=lambda row: row.share, named=True),
    Column("capacity", "CAPACITY", lambda row: bytes_(row.volume.capacity), 8, align=">",
           sort=lambda row: row.volume.capacity, named=True, drop=1),
    Column("bound", "BOUND TO", lambda row: (row.volume.bound_to, "dim"), 10, flex=3, drop=6),
    Column("why", "WHY", _volume_why, 12, flex=4, drop=3),
    Column("modes", "MODES", lambda row: (",".join(row.volume.modes), "dim"), 5, flex=1, drop=7),
    Column("class", "CLASS", lambda row: (row.volume.storage_class, "dim"), 6, flex=1, drop=8),
    Column("reclaim", "RECLAIM", lambda row: (row.volume.reclaim, "dim"), 7, flex=1, drop=10),
    Column("age", "AGE", lambda row: (row.seen.ago(row.volume.created), "dim"), 6, align=">", drop=9,
           sort=lambda row: row.seen.cluster.time - row.volume.created, named=True),
)  # fmt: skip


def _volume_command(row: VolumeRow) -> str:
    return row.seen.get(row.volume.kind, row.volume.namespace, row.volume.name)


def _volume_lines(row: VolumeRow, context: Context, width: int) -> Sequence[Line]:
    volume, seen = row.volume, row.seen
    lines = told.head(seen, volume.key, volume.status, shown.state_role(row.fault))
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, volume.key, width)
    used = f"{bytes_(volume.used)} ({percent(row.share)})" if math.isfinite(volume.used) else ""
    inodes = volume.inodes_used / volume.inodes if volume.inodes > 0 else math.nan
    deleted = seen.ago(volume.deleted)
    facts = [
        ("reason", volume.reason, "text"),
        ("asked to go", f"{deleted} ago" if deleted else "", "warn"),
        ("bound to", volume.bound_to or "nothing", "text"),
        ("used", used or "not measured: only the kubelet of the node that mounts it knows", "text"),
        ("capacity", bytes_(volume.capacity), "text"),
        ("inodes", f"{percent(inodes)} used" if math.isfinite(inodes) else "", "text"),
        ("modes", ", ".join(volume.modes), "text"),
        ("class", volume.storage_class, "text"),
        ("reclaim", volume.reclaim, "text"),
        ("age", seen.ago(volume.created), "text"),
    ]
    lines += [(), *fact_lines(facts, width)]
    if volume.kind == "PersistentVolumeClaim":
        lines += told.pods(
            seen,
            lambda pod: pod.namespace == volume.namespace and volume.name in pod.claims,
            width,
            lambda pod: pod.used("memory"),
        )
    return [*lines, *told.command(_volume_command(row), width)]


def volume_view() -> View[VolumeRow]:
    """Claims and volumes."""
    return View(
        "volumes",
        "Volumes",
        VOLUMES,
        _volume_rows,
        key=lambda row: row.volume.key,
        document=lambda row: row.volume.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_volume_lines,
        empty="there are no volumes and no claims",
        note=note,
        command=_volume_command,
    )
