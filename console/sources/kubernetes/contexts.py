"""Which clusters there are: kubeconfig files, merged as kubectl merges them, or the pod this runs in."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from console.decoders import converted
from console.errors import NotFound, Refused, SourceError, UsageError
from console.nearest import did_you_mean
from console.secrets import redact_url
from console.sources.kubernetes.likely import ACCOUNT, in_cluster
from console.sources.kubernetes.model import Context
from console.text import clean

IN_CLUSTER = "in-cluster"
SIZE_LIMIT = 16 << 20
"""Bytes of a kubeconfig; more is taken for a mistake."""
CONFIGURE = "set KUBECONFIG, or write [[kubernetes]] with kubeconfig and context"
_FILES = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}
"""Keys that name files, relative to the kubeconfig they stand in."""


@dataclass(frozen=True, slots=True)
class Access:
    """How one context is reached, as its kubeconfig says; the files it names are absolute."""

    context: Context
    cluster: Mapping[str, Any] = field(repr=False)
    user: Mapping[str, Any] = field(repr=False)
    """Holds secrets."""

    @property
    def server(self) -> str:
        """Where its API is."""
        return str(self.cluster.get("server") or "").rstrip("/")

    @property
    def shown(self) -> str:
        """The same for people."""
        return clean(redact_url(self.server), 200)

    @property
    def way(self) -> str:
        """What to look at where it is not reached, or does not answer."""
        if self.context.name == IN_CLUSTER and not self.context.file:
            return "check the network of this pod"
        return f"check the VPN and the address: kubectl --context {quote(self.context.name)} cluster-info"


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Every context there is, by name, and which one kubectl would use."""

    contexts: Mapping[str, Access]
    current: str = ""
    described: str = ""
    """The files it was read from."""

    def get(self, name: str) -> Access:
        """One context; the current one where no name is given. Raises NotFound, UsageError."""
        if not name and not self.current:
            if not self.contexts:
                raise NotFound(f"there is no context in {self.described}", CONFIGURE)
            fix = f"kubectl config use-context {next(iter(self.contexts))}, or [[kubernetes]] context"
            raise NotFound(f"no current-context in {self.described}", fix)
        wanted = name or self.current
        if wanted in self.contexts:
            return self.contexts[wanted]
        guess = did_you_mean(wanted, self.contexts)
        known = ", ".join(list(self.contexts)[:8]) or "none"
        raise UsageError(
            f"there is no context {wanted}{guess} in {self.described}", f"those there are: {known}"
        )


class _Entry(msgspec.Struct):
    name: str
    cluster: dict[str, Any] | None = None
    user: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class _File(msgspec.Struct, rename={"current": "current-context"}):
    current: str | None = None
    clusters: list[_Entry] | None = None
    users: list[_Entry] | None = None
    contexts: list[_Entry] | None = None


class Files:
    """Kubeconfig files, read together, and again when one of them has changed; blocks."""

    def __init__(self, paths: Sequence[Path], env: Mapping[str, str], *, named: bool = False) -> None:
        """`named` files must be there; without any of the others this may still run within a cluster."""
        self._paths = tuple(paths)
        self._env = env
        self._named = named
        self._once: dict[Path, bytes] = {}
        """What came out of a pipe, as a shell's `<(...)` is one: it says it a single time."""
        self._seen: tuple[object, ...] = ()
        self._read: Kubeconfig | None = None

    def present(self) -> bool:
        """Whether there is anything to read."""
        return any(path.exists() for path in self._paths) or in_cluster(self._env)

    def absent(self) -> SourceError:
        """Why there is nothing."""
        if self._named or self._env.get("KUBECONFIG"):
            if not self._paths:
                return NotFound("KUBECONFIG names no file", "unset it, or name a kubeconfig in it")
            listed = ", ".join(map(str, self._paths))
            origin = "[[kubernetes]] kubeconfig" if self._named else "KUBECONFIG"
            return NotFound(f"{listed} ({origin}) is not there", "correct the path")
        return NotFound("no cluster: no KUBECONFIG, no ~/.kube/config, not in a pod", CONFIGURE)

    def changed(self) -> bool:
        """Whether a file has changed since it was read."""
        return self._read is None or self._stamp() != self._seen

    def read(self) -> Kubeconfig:
        """What they say now. Raises NotFound, and Refused where one cannot be read."""
        if self._read is not None and not self.changed():
            return self._read
        self._seen = self._stamp()
        found = [(path, self._file(path)) for path in self._paths if path.exists()]
        if found:
            # kubectl finds the others by itself
            file = clean(os.path.abspath(self._paths[0]), 400)
            options = ("--kubeconfig", file) if self._named else ()
            self._read = _merged(found, options)
        elif in_cluster(self._env) and not self._named:
            self._read = _own(self._env)
        else:
            raise self.absent()
        return self._read

    def _stamp(self) -> tuple[object, ...]:
        return tuple(_stamp(path) for path in self._paths)

    def _file(self, path: Path) -> _File:
        import yaml

        try:
            if path in self._once:
                data = self._once[path]
            else:
                with path.open("rb") as stream:
                    data = stream.read(SIZE_LIMIT + 1)
                    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                        self._once[path] = data
        except OSError as error:
            may_not = isinstance(error, PermissionError)
            fix = "give yourself the right to" if may_not else "name a kubeconfig"
            raise Refused(f"{path} cannot be read: {error.strerror}", fix) from None
        if len(data) > SIZE_LIMIT:
            raise Refused(f"{path} is larger than {SIZE_LIMIT >> 20} MB", "name a kubeconfig")
        try:
            said = yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 both are safe
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            # what the parser quotes may be a secret
            problem = getattr(error, "problem", "") or "its characters"
            raise Refused(f"{where} is no YAML: {problem}", "mend the file: kubectl config view") from None
        try:
            return converted({} if said is None else said, _File)
        except msgspec.ValidationError as error:
            raise Refused(f"{path} is no kubeconfig: {error}", "mend it: kubectl config view") from None


def _stamp(path: Path) -> object:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino


def _merged(found: Sequence[tuple[Path, _File]], options: tuple[str, ...] = ()) -> Kubeconfig:
    """As kubectl does: of two of one name the first stands, and the first current context."""
    sections: dict[str, dict[str, tuple[Path, dict[str, Any]]]] = {"cluster": {}, "user": {}, "context": {}}
    for path, file in found:
        for key, entries in (("cluster", file.clusters), ("user", file.users), ("context", file.contexts)):
            for entry in entries or ():
                said = getattr(entry, key) or {}
                sections[key].setdefault(entry.name, (path, _absolute(path, key, said)))
    current = next((file.current for _, file in found if file.current), "")
    described = ", ".join(str(path) for path, _ in found)
    contexts: dict[str, Access] = {}
    for name, (path, said) in sections["context"].items():
        cluster, user = str(said.get("cluster") or ""), str(said.get("user") or "")
        context = Context(
            clean(name, 200),
            clean(cluster, 200),
            clean(user, 200),
            clean(str(said.get("namespace") or ""), 253),
            clean(str(path), 400),
            current=name == current,
            options=(*options, "--context", clean(name, 200)),
        )
        reached = sections["cluster"].get(cluster, (path, {}))[1]
        contexts[context.name] = Access(context, reached, sections["user"].get(user, (path, {}))[1])
    return Kubeconfig(contexts, clean(current, 200), clean(described, 400))


def _absolute(path: Path, section: str, said: dict[str, Any]) -> dict[str, Any]:
    base = os.path.dirname(os.path.abspath(path))
    made = dict(said)
    for key in _FILES.get(section, ()):
        if isinstance(made.get(key), str) and made[key]:
            made[key] = os.path.normpath(os.path.join(base, made[key]))
    plugin = made.get("exec")
    if isinstance(plugin, dict) and os.sep in str(plugin.get("command") or ""):
        made["exec"] = {**plugin, "command": os.path.join(base, str(plugin["command"]))}
    return made


def _own(env: Mapping[str, str], account: Path = ACCOUNT) -> Kubeconfig:
    """The cluster of the pod this runs in."""
    host, port = env["KUBERNETES_SERVICE_HOST"], env.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        namespace = (account / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    context = Context(IN_CLUSTER, "kubernetes", "service account", clean(namespace, 253), "", current=True)
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": str(account / "ca.crt")}
    access = Access(context, cluster, {"tokenFile": str(account / "token")})
    return Kubeconfig({IN_CLUSTER: access}, IN_CLUSTER, str(account))


def marked(config: Kubeconfig, watched: Sequence[str]) -> tuple[Context, ...]:
    """The contexts as a snapshot has them, those watched marked."""
    return tuple(replace(access.context, watched=name in watched) for name, access in config.contexts.items())
