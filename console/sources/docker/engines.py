"""Which container engine to ask: configuration, environment, contexts, the usual sockets."""

from __future__ import annotations

import grp
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.errors import NotFound, Refused, SourceError, Unreachable
from console.secrets import redact_url
from console.text import clean

DOCKER_SOCKET = "/var/run/docker.sock"
PODMAN_SOCKET = "/run/podman/podman.sock"
USUAL = "usual socket"
"""Origin of a place that nobody has stated."""
OF_CONTEXT = "context "
"""Begins the origin of a place that a context of the docker command line names."""
_CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine is asked, who says so, and the certificates for TLS (empty: none)."""

    host: str
    origin: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True

    @property
    def socket(self) -> str:
        """The path of a Unix socket; empty for other hosts."""
        return self.host.removeprefix("unix://") if self.host.startswith("unix://") else ""

    @property
    def shown(self) -> str:
        """The host for people, without a password."""
        return clean(redact_url(self.host), 200)

    @property
    def tls(self) -> bool:
        """Whether certificates are to be used."""
        return bool(self.ca or self.certificate)


def find_endpoints(host: str, context: str, env: Mapping[str, str]) -> list[Endpoint]:
    """The places to try, in order: one when it is stated anywhere, else the usual sockets.

    Order: the configured host or context, DOCKER_HOST, DOCKER_CONTEXT, `currentContext` of the Docker
    configuration, then Docker's socket, Docker's and podman's in $XDG_RUNTIME_DIR, podman's.
    Raises NotFound for a context that is not there, Refused for a host that is none.
    """
    if host:
        return [Endpoint(_normal(host), "configuration")]
    directory = _config_directory(env)
    if context:
        return [_of_context(context, directory, "configuration")]
    if stated := env.get("DOCKER_HOST"):
        return [_of_environment(stated, env, directory)]
    if name := env.get("DOCKER_CONTEXT"):
        return [_of_context(name, directory, "DOCKER_CONTEXT")]
    if name := _current_context(directory):
        return [_of_context(name, directory, "currentContext")]
    return [Endpoint(f"unix://{path}", USUAL) for path in usual_sockets(env)]


def usual_sockets(env: Mapping[str, str]) -> list[str]:
    """The paths engines listen on when nobody says otherwise."""
    paths = [DOCKER_SOCKET]
    if runtime := env.get("XDG_RUNTIME_DIR"):
        paths += [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"]
    return [*paths, PODMAN_SOCKET]


def existing(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """The endpoints that may answer; of the usual sockets those that are there.

    Raises NotFound when there is none, Unreachable when the one that is stated is not there.
    """
    there = [endpoint for endpoint in endpoints if not endpoint.socket or os.path.exists(endpoint.socket)]
    if there:
        return there
    if len(endpoints) == 1 and endpoints[0].origin != USUAL:
        raise missing(endpoints[0])
    tried = ", ".join(endpoint.socket for endpoint in endpoints)
    raise NotFound(
        f"no container engine: none of {tried} is there",
        'start Docker or podman.socket, or set DOCKER_HOST or [[docker]] host = "unix:///path"',
    )


def missing(endpoint: Endpoint) -> SourceError:
    """What to say of a stated socket that is not there."""
    return Unreachable(f"no socket at {endpoint.socket} ({endpoint.origin})", start_hint(endpoint))


def forbidden(endpoint: Endpoint) -> SourceError:
    """What to say of a socket this user may not open, with the group that may."""
    fix = "run as its owner, or as root"
    try:
        group = grp.getgrgid(os.stat(endpoint.socket).st_gid).gr_name
    except (OSError, KeyError):
        group = ""
    if group and group != "root":
        fix = f"sudo usermod -aG {group} $USER, then log in again"
    elif "podman" in endpoint.socket:
        fix = "use your own: systemctl --user start podman.socket"
    return Refused(f"permission denied on {endpoint.socket}", fix)


def start_hint(endpoint: Endpoint) -> str:
    """How an engine at this place is usually started."""
    if not endpoint.socket:
        return f"check that the engine at {endpoint.shown} runs and listens"
    if "podman" in endpoint.socket:
        return "systemctl start podman.socket"
    return "systemctl start docker; journalctl -u docker says why it ended"


def _normal(host: str) -> str:
    """A host with its scheme: bare paths are sockets, bare names TCP. Raises Refused for half of one."""
    host = host.strip()
    if host.endswith("://"):
        raise Refused(f"{host} names no place", "write it as unix:///path or tcp://host:port")
    if "://" in host:
        return host
    if not host.startswith("/") and ":" not in host:
        raise Refused(f"{host} names no port", f"write it as tcp://{host}:2375 or unix:///path")
    return f"unix://{host}" if host.startswith("/") else f"tcp://{host}"


def _config_directory(env: Mapping[str, str]) -> Path:
    stated = env.get("DOCKER_CONFIG")
    return Path(stated) if stated else Path(env.get("HOME") or "/nonexistent") / ".docker"


def _current_context(directory: Path) -> str:
    try:
        name = json.loads((directory / "config.json").read_bytes()).get("currentContext", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return name if isinstance(name, str) and name != "default" else ""


def _of_environment(host: str, env: Mapping[str, str], directory: Path) -> Endpoint:
    """DOCKER_HOST, with the certificates of DOCKER_CERT_PATH when DOCKER_TLS_VERIFY or it is set."""
    certificates = env.get("DOCKER_CERT_PATH", "")
    if not env.get("DOCKER_TLS_VERIFY") and not certificates:
        return Endpoint(_normal(host), "DOCKER_HOST")
    where = Path(certificates) if certificates else directory
    ca, certificate, key = (str(where / part) for part in _CERTIFICATES)
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    return Endpoint(_normal(host), "DOCKER_HOST", ca, certificate, key, verify)


def _of_context(name: str, directory: Path, origin: str) -> Endpoint:
    """A context of the docker command line: its metadata lies under the SHA-256 of its name."""
    if name == "default":
        return Endpoint(f"unix://{DOCKER_SOCKET}", origin)
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
    path = directory / "contexts" / "meta" / digest / "meta.json"
    try:
        docker = json.loads(path.read_bytes())["Endpoints"]["docker"]
        host, skip = docker["Host"], bool(docker.get("SkipTLSVerify"))
        if not isinstance(host, str):
            raise ValueError(host)
    except FileNotFoundError:
        raise NotFound(f"there is no docker context {name} ({origin})", "docker context ls") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NotFound(f"docker context {name} cannot be read: {path}", "docker context inspect") from None
    tls = directory / "contexts" / "tls" / digest / "docker"
    files = [str(tls / part) for part in _CERTIFICATES if (tls / part).exists()]
    ca, certificate, key = files if len(files) == 3 else ("", "", "")
    return Endpoint(_normal(host), f"{OF_CONTEXT}{name}", ca, certificate, key, not skip)
