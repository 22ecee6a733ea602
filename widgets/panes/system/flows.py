"""The zoomed system pane's views of what flows: block devices and network interfaces."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.metrics import labels
from console.units import bytes_, bytes_per_second, count, percent
from widgets.draw import Span
from widgets.pane import Context, Plot, View
from widgets.panes.system.columns import bar, figure, latency, number, rate, share
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.system.host import Device, Interface

CURVES = 4
"""Curves a plot shows at most: the devices or interfaces that do most now."""


def _fault(value: float) -> Span:
    return (count(value), "warn" if value > 0 else "dim")


def _wait(seconds: float) -> Span:
    return (latency(seconds), "text" if math.isfinite(seconds) else "dim")


# -- block devices


def device_plot(title: str, metric: str, unit: Callable[[float], str], top: float | None = None) -> Plot:
    """A figure of the devices that move most, over time."""

    def busiest(context: Context, span: float) -> list[Curve]:
        devices = sorted(context.snapshot.devices, key=lambda d: -(d.read_rate + d.write_rate))[:CURVES]
        return [
            Curve(d.label, context.points(f"opsconsole_disk_{metric}", labels(device=d.name), span))
            for d in devices
        ]

    return Plot(PlotSpec(title, unit, top), busiest)


def device_view() -> View[Any]:
    """Rates, operations, latency and utilisation of each block device."""
    return View(
        "devices",
        "Devices",
        (
            Column("label", "DEVICE", lambda row: (row.label, "strong"), 14, flex=1),
            figure("read_rate", "READ/s", rate, 8),
            figure("write_rate", "WRITE/s", rate, 8),
            figure("reads", "READS/s", number, 8, 3),
            figure("writes", "WRITES/s", number, 8, 4),
            figure("read_latency", "READ TAKES", _wait, 10, 1),
            figure("write_latency", "WRITE TAKES", _wait, 11, 2),
            figure("utilisation", "BUSY", share, 5),
            bar(lambda row: row.utilisation, 6),
            figure("queue", "QUEUE", lambda value: f"{value:.1f}", 6, 5),
        ),
        _devices,
        key=lambda row: row.name,
        note=lambda context: "latency includes the queue; a fast disk that is always busy may take more",
        plots=(
            device_plot("read", "read_bytes_per_second", bytes_per_second),
            device_plot("written", "written_bytes_per_second", bytes_per_second),
            device_plot("busy", "busy_ratio", percent, 1.0),
        ),
        empty="no block device has been used: a container may see none",
    )


def _devices(context: Context) -> Sequence[Device]:
    return sorted(context.snapshot.devices, key=lambda row: (-row.utilisation, row.name))


# -- network


def network_view() -> View[Any]:
    """Rates, packets, errors and drops of each interface."""

    def errors(row: Interface) -> float:
        return row.rx_errors + row.tx_errors

    def drops(row: Interface) -> float:
        return row.rx_drops + row.tx_drops

    return View(
        "network",
        "Network",
        (
            Column("name", "INTERFACE", lambda row: (row.name, "strong"), 12, flex=1),
            Column("kind", "KIND", lambda row: (row.kind, "dim"), 9, drop=3),
            figure("rx_rate", "IN/s", rate, 7),
            figure("tx_rate", "OUT/s", rate, 7),
            figure("rx_packets", "PKTS IN", number, 8, 5),
            figure("tx_packets", "PKTS OUT", number, 8, 6),
            Column("errors", "ERR/s", lambda row: _fault(errors(row)), 6, align=">", drop=1, sort=errors),
            Column("drops", "DROP/s", lambda row: _fault(drops(row)), 6, align=">", drop=2, sort=drops),
            figure("errors_total", "ERRORS", number, 7, 7),
            figure("drops_total", "DROPS", number, 7, 8),
            figure("rx_bytes_total", "IN", bytes_, 6, 9),
            figure("tx_bytes_total", "OUT", bytes_, 6, 10),
        ),
        _interfaces,
        key=lambda row: row.name,
        note=lambda context: "the overview adds up what leaves the host; totals since the interface came up",
        plots=(_interface_plot("in", "receive"), _interface_plot("out", "transmit")),
        empty="nothing has passed through any interface",
    )


def _interfaces(context: Context) -> Sequence[Interface]:
    def order(row: Interface) -> tuple[bool, float, str]:
        return (row.kind == "loopback", -(row.rx_rate + row.tx_rate), row.name)

    return sorted(context.snapshot.interfaces, key=order)


def _interface_plot(title: str, metric: str) -> Plot:
    def busiest(context: Context, span: float) -> list[Curve]:
        name = f"opsconsole_interface_{metric}_bytes_per_second"
        return [
            Curve(row.name, context.points(name, labels(device=row.name), span))
            for row in _interfaces(context)[:CURVES]
        ]

    return Plot(PlotSpec(title, bytes_per_second), busiest)
