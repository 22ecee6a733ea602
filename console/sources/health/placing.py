"""Probes that name something configured elsewhere are given its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.config import PostgresTarget
    from console.probe_settings import Probes


def placed(probes: Probes, targets: Sequence[PostgresTarget]) -> Probes:
    """The tables with each `[[probes.sql]]` that names a `[[postgres]]`, or none, given its address."""
    import msgspec

    if not probes.sql or not targets:
        return probes
    named = {target.name: target for target in targets if target.name}
    found = []
    for one in probes.sql:
        target = named.get(one.database) if one.database else targets[0]
        if target is not None:
            command = one.password_command or target.password_command
            one = msgspec.structs.replace(one, database=target.url, password_command=command)
        found.append(one)
    return msgspec.structs.replace(probes, sql=tuple(found))
