"""Which systems there are to ask, without being told: every kind's own search, in one order.

Kinds register under the entry point `opsconsole.sources`; the built-in ones go through the same
door. A kind that fails to import or to search is told in a note and stops nobody else. All of it
blocks (imports, directories), opens no connection, and may be called from a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol

from console import compose
from console.config import Config
from console.errors import OpsError, UsageError
from console.nearest import did_you_mean
from console.sources.base import AnySource
from console.text import clean

GROUP = "opsconsole.sources"
ORDER = ("system", "docker", "kubernetes", "postgres", "redis", "logs", "health", "alerts")
"""The built-in kinds as the overview has them; others follow by name."""


class Kind(Protocol):
    """What an entry point names: the class of a source, or what loads it once there is something to ask."""

    kind: str

    def discover(self, config: Config, env: Mapping[str, str]) -> Sequence[AnySource]:
        """As `discover` of `console/sources/base.py`."""
        ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sources to poll, and what was odd in finding them, one sentence each."""

    sources: tuple[AnySource, ...]
    notes: tuple[str, ...] = ()
    compose_project: str = ""
    """The compose project of the current directory; empty: none."""


def discover(config: Config, env: Mapping[str, str], directory: Path | None = None) -> Discovery:
    """Every source there may be, in the order of `config.sources` or the usual one."""
    kinds, notes = load_kinds(config.sources)
    sources: list[AnySource] = []
    for name, kind in kinds.items():
        try:
            sources.extend(kind.discover(config, env))
        except OpsError as error:
            notes.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 a third party's defect must not stop the rest
            notes.append(f"{name}: its search failed: {_told(error)}")
    named = [source for source in sources if _name_apart(source, sources, notes)]
    project = compose.project(directory or Path(), env)
    return Discovery(tuple(named), tuple(clean(note, 400) for note in notes), project)


def nothing_found(notes: Sequence[str]) -> UsageError:
    """What is said where there is no source at all."""
    why = "; ".join(notes)
    return UsageError("there is nothing to look at", why or "name more in sources, or see opsconsole doctor")


def load_kinds(selected: Sequence[str] = ()) -> tuple[dict[str, Kind], list[str]]:
    """The kinds by name, imported, and a note for each that cannot be; selected ones only, in order."""
    notes: list[str] = []
    points = _registered(notes)
    for name in selected:
        if name not in points:
            known = ", ".join(points) or "none"
            notes.append(f'sources: there is no kind "{name}"{did_you_mean(name, points)}: known: {known}')
    kinds: dict[str, Kind] = {}
    for name in selected or points:
        if name not in points or name in kinds:
            continue
        try:
            kinds[name] = points[name].load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 anything may happen in an import
            notes.append(f"{name}: {points[name].value} cannot be loaded: {_told(error)}")
    return kinds, notes


def _registered(notes: list[str]) -> dict[str, EntryPoint]:
    """The entry points by name, the built-in ones first; of two with one name the built-in stands."""
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=_rank):
        if point.name not in found:
            found[point.name] = point
        elif found[point.name].value != point.value:
            kept = found[point.name].value
            notes.append(f"{point.name}: {point.value} is ignored, {kept} has that name")
    if not found:
        notes.append(f"no sources are registered under {GROUP}: install opsconsole with pip")
    return found


def _rank(point: EntryPoint) -> tuple[int, str, bool, str]:
    own = point.value.startswith("console.")
    place = ORDER.index(point.name) if point.name in ORDER else len(ORDER)
    return place, point.name, not own, point.value


def _name_apart(source: AnySource, sources: Iterable[AnySource], notes: list[str]) -> bool:
    """Give a source whose name another before it has the next free number; False when it cannot be."""
    before = set()
    for other in sources:
        if other is source:
            break
        before.add(other.name)
    if source.name not in before:
        return True
    number = next(n for n in range(2, len(before) + 3) if f"{source.name} {n}" not in before)
    try:
        source.name = f"{source.name} {number}"
    except AttributeError:
        notes.append(f"{source.name}: a second source of that name is left out")
        return False
    return True


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
