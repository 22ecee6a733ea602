"""The zoomed system pane's views of pressure and sensors, and of the host itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.metrics import labels
from console.units import bytes_, duration, percent
from widgets.draw import SEVERITY_ROLE
from widgets.pane import Context, Plot, View
from widgets.panes.system.columns import MEMORY_PLOT, curves
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.system.host import SystemSnapshot

MEANING = {
    "some": "at least one task waited",
    "full": "every task waited: nothing was done",
}
NO_PRESSURE = "this kernel measures no pressure: it needs Linux 4.20, and psi=1 where it is off"


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure with its past, as text, against its limit."""

    name: str
    now: str
    minute: str
    longer: str
    limit: str
    note: str
    severity: Severity
    value: float


def pressure_view() -> View[Any]:
    """Pressure stall shares, load averages and temperatures, each against its limit."""

    def stalled(context: Context, span: float) -> list[Curve]:
        return [
            Curve(p.name, context.points("opsconsole_pressure_ratio", labels(resource=p.name), span))
            for p in context.snapshot.pressures
        ]

    return View(
        "pressure",
        "Pressure",
        (
            Column("name", "WHAT", lambda row: (row.name, "strong"), 18, flex=1),
            Column("now", "NOW", lambda row: (row.now, SEVERITY_ROLE[row.severity]), 7, align=">",
                   sort=lambda row: row.value),
            Column("minute", "1 MIN", lambda row: row.minute, 7, align=">", drop=3),
            Column("longer", "5 MIN", lambda row: row.longer, 7, align=">", drop=4),
            Column("limit", "LIMIT", lambda row: (row.limit, "dim"), 6, align=">", drop=1),
            Column("note", "MEANING", lambda row: (row.note, "dim"), 20, flex=3, drop=2),
        ),
        lambda context: [*_pressures(context), *_loads(context), *_temperatures(context)],
        key=lambda row: row.name,
        severity=lambda row: row.severity,
        note=lambda context: "" if context.snapshot.pressures else NO_PRESSURE,
        plots=(Plot(PlotSpec("stalled", percent, 1.0), stalled), MEMORY_PLOT),
    )  # fmt: skip


def _pressures(context: Context) -> Iterator[Gauge]:
    for pressure in context.snapshot.pressures:
        limit = context.limit("cpu_pressure" if pressure.name == "cpu" else "pressure")
        for kind, stall in (("some", pressure.some), ("full", pressure.full)):
            if stall is None:
                continue
            judged = kind == "some"
            yield Gauge(
                f"{pressure.name} {kind}",
                percent(stall.avg10),
                percent(stall.avg60),
                percent(stall.avg300),
                percent(limit.crossed(stall.avg10)) if judged else "",
                MEANING[kind],
                limit.judge(stall.avg10) if judged else Severity.OK,
                stall.avg10,
            )


def _loads(context: Context) -> Iterator[Gauge]:
    snapshot: SystemSnapshot = context.snapshot
    cores, limit = max(1, len(snapshot.cores)), context.limit("load")
    one, five, fifteen = (value / cores for value in snapshot.load)
    yield Gauge(
        "load a core",
        f"{one:.2f}",
        f"{one:.2f}",
        f"{five:.2f}",
        f"{limit.crossed(five):g}",
        f"tasks that run or wait, over {cores} cores; judged over 5 minutes; 15 minutes: {fifteen:.2f}",
        limit.judge(five),
        one,
    )


def _temperatures(context: Context) -> Iterator[Gauge]:
    limit = context.limit("temperature")
    for sensor in context.snapshot.temperatures:
        own = (
            f"the hardware's own limit is {sensor.critical:.0f}" if sensor.critical == sensor.critical else ""
        )
        severity, crossed = limit.judge(sensor.celsius), limit.crossed(sensor.celsius)
        if sensor.celsius >= sensor.critical:
            severity, crossed = Severity.CRITICAL, sensor.critical
        yield Gauge(
            sensor.label,
            f"{sensor.celsius:.0f} °C",
            "",
            "",
            f"{crossed:.0f}",
            own,
            severity,
            sensor.celsius,
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know of the host."""

    name: str
    value: str
    note: str = ""


def host_view() -> View[Any]:
    """Memory in its parts, swap, kernel, uptime, limits of our group, and what the console costs."""
    own = Plot(PlotSpec("this console's cpu", percent), curves(("of a core", "opsconsole_process_cpu_ratio")))
    memory = Plot(PlotSpec("available", bytes_), curves(("memory", "node_memory_MemAvailable_bytes")))
    return View(
        "host",
        "Host",
        (
            Column("name", "WHAT", lambda row: (row.name, "label"), 20),
            Column("value", "VALUE", lambda row: (row.value, "strong"), 22, flex=1),
            Column("note", "", lambda row: (row.note, "dim"), 20, flex=3, drop=1),
        ),
        lambda context: list(_facts(context)),
        key=lambda row: row.name,
        plots=(memory, own),
    )


def _facts(context: Context) -> Iterator[Fact]:
    snapshot: SystemSnapshot = context.snapshot
    booted = f"since {snapshot.boot_time.astimezone():%Y-%m-%d %H:%M}"
    yield Fact("host", snapshot.hostname, snapshot.kernel)
    yield Fact("up", duration(snapshot.uptime), booted)
    yield from _memory(snapshot)
    oom = snapshot.oom
    if oom.since_boot is not None:
        seen = f"{oom.recent} of them in the last ten minutes" if oom.recent else ""
        yield Fact("killed for memory", str(oom.since_boot), seen)
    counts = snapshot.counts
    yield Fact("processes", str(counts.total), f"{counts.threads} threads, {counts.running} running")
    yield Fact("waiting (D)", str(counts.uninterruptible), "in the kernel, for disks as a rule")
    parent = f"most of {counts.negligent}" if counts.negligent else ""
    yield Fact("zombies (Z)", str(counts.zombies), parent)
    group = snapshot.confinement
    if group is not None:
        memory = (
            f"{bytes_(group.memory_used)} of {bytes_(group.memory_limit)}"
            if group.memory_limit
            else "no limit"
        )
        cpu = f"{group.cpu_limit:g} cores" if group.cpu_limit else "no limit"
        yield Fact("our group's memory", memory, "the control group this console runs in")
        yield Fact("our group's cpu", cpu, "the control group this console runs in")
    own = snapshot.own
    yield Fact("this console", f"{percent(own.cpu)} of a core", f"{own.threads} threads")
    yield Fact("its memory", bytes_(own.pss), f"its share; {bytes_(own.rss)} with what it shares with others")


def _memory(snapshot: SystemSnapshot) -> Iterator[Fact]:
    memory, swap = snapshot.memory, snapshot.swap
    yield Fact("memory", bytes_(memory.total), f"{bytes_(memory.free)} of it not used for anything")
    yield Fact("available", bytes_(memory.available), "what programs can still get without swapping")
    yield Fact(
        "buffers, cache", bytes_(memory.buffers + memory.cached), "given back when asked for, but for shared"
    )
    yield Fact(
        "shared", bytes_(memory.shared), "shared memory and tmpfs: counted in the cache, not given back"
    )
    yield Fact("dirty", bytes_(memory.dirty), "still to be written to disk")
    if swap.total:
        moving = f"in {bytes_(swap.in_rate)}/s, out {bytes_(swap.out_rate)}/s"
        yield Fact("swap", f"{bytes_(swap.used)} of {bytes_(swap.total)}", moving)
    else:
        yield Fact("swap", "none")
