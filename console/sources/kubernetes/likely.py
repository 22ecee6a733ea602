"""Whether there is a cluster to speak of: looked at before the first paint, so it loads next to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.config import Config
    from console.sources.kubernetes.source import KubernetesSource

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds the token of its service account."""


class Kubernetes:
    """The kind as the discovery knows it: what watches a cluster is loaded only where there may be one."""

    kind = "kubernetes"

    @staticmethod
    def discover(config: Config, env: Mapping[str, str]) -> Sequence[KubernetesSource]:
        """One source for all clusters; none where nothing speaks of one, so that there is no pane either."""
        if not likely(config, env):
            return []
        from console.sources.kubernetes.source import KubernetesSource

        return KubernetesSource.discover(config, env)


def likely(config: Config, env: Mapping[str, str]) -> bool:
    """Whether anything names a cluster: the configuration, the environment, the usual file, a pod."""
    if config.kubernetes or "kubernetes" in config.sources or env.get("KUBECONFIG"):
        return True
    return any(path.exists() for path in usual_files(env)) or in_cluster(env)


def usual_files(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where kubectl looks: the files of `KUBECONFIG`, else `~/.kube/config`."""
    if listed := env.get("KUBECONFIG", ""):
        return tuple(Path(os.path.expanduser(one)) for one in listed.split(os.pathsep) if one)
    home = env.get("HOME", "")
    return (Path(home, ".kube", "config"),) if home.startswith("/") else ()


def in_cluster(env: Mapping[str, str], account: Path = ACCOUNT) -> bool:
    """Whether this runs in a pod that may speak to its cluster."""
    return bool(env.get("KUBERNETES_SERVICE_HOST")) and (account / "token").is_file()
