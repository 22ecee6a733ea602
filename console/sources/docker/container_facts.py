"""Containers and engines out of the API's JSON; every text is cleaned, nothing is trusted to be there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from console.secrets import redact, redact_arguments
from console.sources.docker.containers import STATES, Container, Engine, metric_labels
from console.text import clean

JSON: TypeAlias = Mapping[str, Any]

NAME_LIMIT = 200
"""Characters kept of names and the like."""
TEXT_LIMIT = 400
MANY = 60
"""Ports, mounts, variables, labels kept of one container."""

_TRANSLATED = {
    "stopped": "exited",
    "configured": "created",
    "initialized": "created",
    "stopping": "running",
    "unknown": "dead",
}
"""podman's states."""
_EXIT = re.compile(r"^(?:Exited|Restarting) \((-?\d+)\)")
_HEALTH = {"(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting"}


def text(data: JSON, key: str, limit: int = TEXT_LIMIT) -> str:
    """A text field, cleaned; empty when it is missing or no text."""
    value = data.get(key)
    return clean(value, limit) if isinstance(value, str) else ""


def number(data: JSON, key: str) -> int:
    """A number field as an integer; 0 when it is missing or no number."""
    value = data.get(key)
    return int(value) if isinstance(value, int | float) and abs(value) < 2**63 else 0


def mapping(data: JSON, key: str) -> JSON:
    """An object field; empty when it is missing or no object."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def sequence(data: JSON, key: str) -> Sequence[Any]:
    """A list field; empty when it is missing or no list."""
    value = data.get(key)
    return value if isinstance(value, list) else ()


def moment(data: JSON, key: str) -> datetime | None:
    """A time field; None when it is missing, unreadable, or Go's zero time (year 1)."""
    value = data.get(key)
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def state_of(word: str) -> str:
    """An engine's word for a state as one of STATES."""
    word = word.lower()
    word = _TRANSLATED.get(word, word)
    return word if word in STATES else "dead"


def identity(data: JSON) -> str:
    """A container's id; empty unless it is one, so that it is safe in a path and in a URL."""
    value = data.get("Id") or data.get("ID") or data.get("id")
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{12,64}", value) else ""


def from_listing(entry: JSON) -> Container | None:
    """A container out of the list: name, image, state, and what its status words say; None without id."""
    key = identity(entry)
    if not key:
        return None
    names = [name for name in sequence(entry, "Names") if isinstance(name, str)]
    # a linked container has further names such as /web/db: its own is the one without a second slash
    own = min(names, key=lambda name: name.count("/"), default=key[:12])
    name, image = clean(own.lstrip("/"), NAME_LIMIT), text(entry, "Image", NAME_LIMIT)
    status = text(entry, "Status")
    ended = _EXIT.match(status)
    health = next((word for mark, word in _HEALTH.items() if mark in status), "")
    stated = mapping(entry, "Labels")
    return Container(
        id=key,
        name=name,
        image=image,
        state=state_of(text(entry, "State")),
        health=health,
        exit_code=int(ended[1]) if ended else None,
        project=text(stated, "com.docker.compose.project", NAME_LIMIT),
        service=text(stated, "com.docker.compose.service", NAME_LIMIT),
        metric_labels=metric_labels(name, image, key),
    )


def from_inspection(data: JSON) -> Container | None:
    """A container out of its inspection; exit code and OOM are the state's own words. None without id."""
    key = identity(data)
    if not key:
        return None
    state, host, config = mapping(data, "State"), mapping(data, "HostConfig"), mapping(data, "Config")
    network = mapping(data, "NetworkSettings")
    name = text(data, "Name", NAME_LIMIT).lstrip("/") or key[:12]
    image = text(config, "Image", NAME_LIMIT) or text(data, "Image", NAME_LIMIT)
    word = state_of(text(state, "Status"))
    finished = moment(state, "FinishedAt")
    health, output = _health(mapping(state, "Health"))
    if word not in ("running", "paused"):
        health = ""  # nothing probes it any more, and engines keep the last verdict: it is none of now
    stated = mapping(config, "Labels")
    policy = mapping(host, "RestartPolicy")
    started = moment(state, "StartedAt")
    ended = word in ("exited", "dead", "restarting") and finished is not None
    return Container(
        id=key,
        name=name,
        image=image,
        state=word,
        inspected=True,
        health=health,
        health_output=output,
        exit_code=number(state, "ExitCode") if ended or (word == "created" and state.get("Error")) else None,
        oom_killed=state.get("OOMKilled") is True,
        error=redact(text(state, "Error")),
        restarts=number(data, "RestartCount"),
        policy=text(policy, "Name", 40) or "no",
        max_retries=number(policy, "MaximumRetryCount"),
        created=moment(data, "Created"),
        started=started,
        finished=finished,
        pid=number(state, "Pid"),
        memory_limit=max(0, number(host, "Memory")),
        cpu_limit=_cpu_limit(host),
        project=text(stated, "com.docker.compose.project", NAME_LIMIT),
        service=text(stated, "com.docker.compose.service", NAME_LIMIT),
        command=_command(data),
        ports=_ports(mapping(network, "Ports")),
        mounts=_mounts(sequence(data, "Mounts")),
        networks=tuple(clean(str(key), NAME_LIMIT) for key in list(mapping(network, "Networks"))[:MANY]),
        host_network=text(host, "NetworkMode") == "host",
        variables=_variables(sequence(config, "Env")),
        labels=tuple(
            clean(redact(f"{key}={value}"), TEXT_LIMIT) for key, value in list(stated.items())[:MANY]
        ),
        metric_labels=metric_labels(name, image, key),
    )


def _health(health: JSON) -> tuple[str, str]:
    """The word of a health check, and what its last probe printed unless all is well."""
    word = text(health, "Status", 40).lower()
    if word in ("", "none"):
        return "", ""
    probes = [probe for probe in sequence(health, "Log") if isinstance(probe, dict)]
    if word == "healthy" or not probes:
        return word, ""
    return word, redact(text(probes[-1], "Output").strip())


def _cpu_limit(host: JSON) -> float:
    """Cores: NanoCpus / 1e9, or quota / period (the kernel's period is 100 ms), or the size of its cpuset."""
    limits = []
    if (nano := number(host, "NanoCpus")) > 0:
        limits.append(nano / 1e9)
    elif (quota := number(host, "CpuQuota")) > 0:
        limits.append(quota / (number(host, "CpuPeriod") or 100_000))
    if cores := _cpuset(text(host, "CpusetCpus")):
        limits.append(float(cores))
    return min(limits, default=0.0)


def _cpuset(ranges: str) -> int:
    """How many CPUs `0-2,5` names; 0 when it names none or cannot be read."""
    total = 0
    for part in ranges.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return 0
        total += int(last) - int(first) + 1 if dash else 1
    return max(0, total)


def _command(data: JSON) -> str:
    words = [data.get("Path"), *sequence(data, "Args")]
    return clean(redact_arguments([word for word in words if isinstance(word, str)]), TEXT_LIMIT)


def _ports(ports: JSON) -> tuple[str, ...]:
    """`8080->80/tcp`, with the address unless it is all of them; bare `80/tcp` is not published."""
    shown: dict[str, None] = {}
    for inner, outer in ports.items():
        port = clean(str(inner), 40)
        bindings = [binding for binding in outer or () if isinstance(binding, dict)]
        for binding in bindings:
            address = text(binding, "HostIp", 60)
            where = "" if address in ("", "0.0.0.0", "::") else f"{address}:"  # noqa: S104 a name for all
            shown[f"{where}{text(binding, 'HostPort', 20)}->{port}"] = None
        if not bindings:
            shown[port] = None
    return tuple(shown)[:MANY]


def _mounts(mounts: Sequence[Any]) -> tuple[str, ...]:
    shown = []
    for mount in mounts[:MANY]:
        if isinstance(mount, dict):
            source = text(mount, "Name") or text(mount, "Source")
            mode = "" if mount.get("RW", True) else " (read-only)"
            shown.append(f"{source} -> {text(mount, 'Destination')}{mode}")
    return tuple(shown)


def _variables(environment: Sequence[Any]) -> tuple[str, ...]:
    names = (entry.partition("=")[0] for entry in environment[:MANY] if isinstance(entry, str))
    return tuple(clean(name, NAME_LIMIT) for name in names)


def engine_of(version: JSON, info: JSON, host: str) -> Engine:
    """The engine out of its version and info answers."""
    parts = [text(part, "Name") for part in sequence(version, "Components") if isinstance(part, dict)]
    kind = "podman" if any("podman" in part.lower() for part in parts) else "docker"
    cgroups = " ".join(
        filter(None, (f"v{text(info, 'CgroupVersion', 8) or '1'}", text(info, "CgroupDriver", 40)))
    )
    return Engine(
        kind=kind,
        name=text(info, "Name", NAME_LIMIT),
        version=text(version, "Version", 80) or text(info, "ServerVersion", 80),
        api=text(version, "ApiVersion", 20),
        system=text(info, "OperatingSystem", NAME_LIMIT),
        kernel=text(info, "KernelVersion", NAME_LIMIT),
        cpus=max(0, number(info, "NCPU")),
        memory=max(0, number(info, "MemTotal")),
        root=text(info, "DockerRootDir"),
        driver=text(info, "Driver", 40),
        cgroups=cgroups,
        images=number(info, "Images"),
        warnings=_warnings(sequence(info, "Warnings")),
        host=clean(host, NAME_LIMIT),
    )


def _warnings(warnings: Sequence[Any]) -> tuple[str, ...]:
    told = (warning for warning in warnings[:MANY] if isinstance(warning, str))
    return tuple(clean(warning.strip().removeprefix("WARNING: "), TEXT_LIMIT) for warning in told)
