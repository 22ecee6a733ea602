"""What /sys knows of disks, interfaces and sensors; changes rarely and is asked rarely."""

from __future__ import annotations

import os
from collections.abc import Iterator

from console.sources.system.host import NAN, Temperature
from console.sources.system.proc import read_short
from console.text import clean, decode


def is_disk(name: str, sys: str = "/sys") -> bool:
    """Whether a block device is worth a row: no partition of another one, no loop or RAM disk."""
    if name.startswith(("loop", "ram")):
        return False
    return not os.path.exists(f"{sys}/class/block/{name.replace('/', '!')}/partition")


def disk_label(name: str, sys: str = "/sys") -> str:
    """The name people know a block device by: the volume's name for device-mapper."""
    return _text(f"{sys}/class/block/{name.replace('/', '!')}/dm/name") or clean(name, 64)


def interface_kind(name: str, sys: str = "/sys") -> str:
    """`physical`, `loopback`, `down`, `inner` (bridges and what hangs on them) or `virtual`."""
    directory = f"{sys}/class/net/{name}"
    if name == "lo":
        return "loopback"
    if _text(f"{directory}/operstate") == "down":
        return "down"
    if os.path.exists(f"{directory}/device"):
        return "physical"
    inner = name.startswith(("ifb", "dummy")) or any(
        os.path.exists(f"{directory}/{mark}") for mark in ("bridge", "master")
    )
    return "inner" if inner else "virtual"


def temperatures(sys: str = "/sys") -> tuple[Temperature, ...]:
    """Every temperature sensor that can be read, hottest first; some drivers take a second to answer.

    Names and units: the kernel's Documentation/hwmon/sysfs-interface.rst. Machines without such
    chips may have thermal zones instead.
    """
    found = [*_chips(f"{sys}/class/hwmon")] or [*_zones(f"{sys}/class/thermal")]
    return tuple(sorted(found, key=lambda sensor: -sensor.celsius))


def _chips(directory: str) -> Iterator[Temperature]:
    for chip in _listing(directory):
        name = _text(f"{directory}/{chip}/name") or chip
        for entry in _listing(f"{directory}/{chip}"):
            if not (entry.startswith("temp") and entry.endswith("_input")):
                continue
            sensor = f"{directory}/{chip}/{entry.removesuffix('_input')}"
            label = _text(f"{sensor}_label") or entry.removesuffix("_input")
            yield from _sensor(f"{name} {label}", f"{sensor}_input", f"{sensor}_crit")


def _zones(directory: str) -> Iterator[Temperature]:
    for zone in _listing(directory):
        if zone.startswith("thermal_zone"):
            label = _text(f"{directory}/{zone}/type") or zone
            yield from _sensor(label, f"{directory}/{zone}/temp", "")


def _sensor(label: str, reading: str, critical: str) -> Iterator[Temperature]:
    celsius, limit = _thousandths(reading), _thousandths(critical)
    if -50 < celsius < 200:  # a sensor that is not connected shows something else; so does not-a-number
        yield Temperature(clean(label, 64), celsius, limit if limit > 0 else NAN)


def _thousandths(path: str) -> float:
    try:
        return int(_text(path)) / 1000
    except ValueError:
        return NAN


def _text(path: str) -> str:
    try:
        return decode(read_short(path).strip(), 128)
    except OSError:  # not there, or the driver cannot answer now
        return ""


def _listing(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []
