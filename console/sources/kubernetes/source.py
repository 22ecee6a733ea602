"""Kubernetes: what runs in the clusters of a kubeconfig, kept by list and watch.

A poll only looks at what the watches have brought; a question a second tells whether each server lives.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from console.config import Config, KubernetesTarget, Limits
from console.errors import NotFound, SourceError, UsageError
from console.findings import Finding
from console.logs.streams import Wanted
from console.metrics import Sample
from console.sources.base import Focus
from console.sources.kubernetes.contexts import Access, Files, Kubeconfig, marked
from console.sources.kubernetes.faults import findings
from console.sources.kubernetes.likely import usual_files
from console.sources.kubernetes.model import Cluster, Context, Key, KubernetesSnapshot
from console.sources.kubernetes.samples import Made, samples
from console.sources.kubernetes.selected import OwnPods, SelectedPods
from console.sources.kubernetes.selectors import parse
from console.sources.kubernetes.watch import ClusterWatch
from console.units import count, counted
from console.worker import Worker

FIRST_LIMIT = 2.6
"""Seconds that the first poll waits for the first lists; what is not there then comes with later ones."""
FILES_EVERY = 5.0
"""Seconds between two looks whether a kubeconfig has changed."""


class KubernetesSource:
    """The clusters of one or more kubeconfig files, several watched at once."""

    kind = "kubernetes"
    name = "kubernetes"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 0.9}
    """What the watches bring is on the screen within a second: a poll asks nobody."""

    def __init__(
        self, targets: Sequence[KubernetesTarget], env: Mapping[str, str], limits: Limits | None = None
    ) -> None:
        """Without `targets` the current context is watched."""
        self.target = ""
        self.limits = limits or Limits()
        """When something is judged wrong; guides may change it while it runs."""
        self._targets = tuple(targets) or (KubernetesTarget(),)
        usual = usual_files(env)
        named = dict.fromkeys(target.kubeconfig for target in self._targets)
        self._files = {
            name: Files((Path(os.path.expanduser(name)),) if name else usual, env, named=bool(name))
            for name in named
        }
        self._worker = Worker("kubeconfig")
        self._access: dict[str, Access] = {}
        """Every context there is."""
        self._wanted: tuple[str, ...] | None = None
        """Those to watch; None until the configuration is read."""
        self._namespaces: dict[str, tuple[str, ...]] = {}
        self.wake: Callable[[], None] = _nothing
        """Has this polled at once."""
        self._watches: dict[str, ClusterWatch] = {}
        self._files_due = 0.0
        self._sampled: Made = {}
        """What was made of objects that have not changed."""
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[KubernetesSource]:
        """One source for all clusters: those configured, else kubectl's current one."""
        return [cls(config.kubernetes, env, config.limits)]

    async def poll(self, focus: Focus) -> KubernetesSnapshot:
        """What is known now. Raises SourceError only when no cluster at all can be shown as it is."""
        until = asyncio.get_running_loop().time() + FIRST_LIMIT
        await self._read()
        new = self._watch()
        for watch in self._watches.values():
            watch.look(focus)
        if new:
            try:
                async with asyncio.timeout_at(until):
                    await asyncio.gather(*(watch.first() for watch in new))
            except TimeoutError:
                pass  # what has come by now is shown
        watches = list(self._watches.values())
        troubles = [watch.trouble for watch in watches]
        if all(troubles):
            raise self._all_fail([trouble for trouble in troubles if trouble is not None])
        clusters = tuple(watch.cluster(self.limits) for watch in watches)
        limited = {sentence: fix for watch in watches for sentence, fix in watch.limited().items()}
        return KubernetesSnapshot(
            clusters=clusters,
            contexts=self._contexts(),
            changes=sum(watch.changes for watch in watches),
            well=tuple((one.context, _well(one)) for one in clusters if one.state == "live"),
            limited=tuple(limited),
            remedies={sentence: fix for sentence, fix in limited.items() if fix},
        )

    def hurry(self) -> None:
        """Ask every server now, also for what it refused before."""
        self._files_due = 0.0
        for watch in self._watches.values():
            watch.hurry()

    def use(self, contexts: Sequence[str]) -> None:
        """Watch these contexts from the next poll on. Raises UsageError for one that is not known."""
        if not self._access:
            self._load()
        config = Kubeconfig(self._access, "", "the kubeconfig")
        self._wanted = tuple(dict.fromkeys(config.get(name).context.name for name in contexts))

    def outputs(self, pod: Key, container: str = "", previous: bool = False) -> list[Wanted]:
        """The output of a pod's containers for the log pane; of the run before this one with `previous`."""
        watch = self._watches.get(pod.cluster)
        return watch.outputs(pod.namespace, pod.name, container, previous) if watch is not None else []

    def selection(self, selector: str, namespace: str = "", context: str = "") -> SelectedPods:
        """The pods with these labels, in all namespaces and watched contexts unless one is named.

        Raises UsageError for what is no selector.
        """
        return SelectedPods(parse(selector), namespace, context, lambda: self._watches)

    def belonging(self, subject: Key) -> OwnPods:
        """The pods of a workload, those to come too."""
        return OwnPods(subject, lambda: self._watches)

    async def document(self, key: Key) -> tuple[str, ...]:
        """An object as YAML, its secrets masked. Raises SourceError where it cannot be had."""
        watch = self._watches.get(key.cluster)
        if watch is None:
            raise NotFound(f"context {key.cluster} is not watched", "watch it first")
        return await watch.document(key)

    def samples(self, snapshot: KubernetesSnapshot) -> Iterable[Sample]:
        """Its numbers, as kube-state-metrics names them."""
        return samples(snapshot, self._sampled)

    def judge(self, snapshot: KubernetesSnapshot) -> Sequence[Finding]:
        """What is wrong, worst first."""
        return findings(snapshot)

    async def close(self) -> None:
        """End every watch and connection."""
        watches, self._watches = list(self._watches.values()), {}
        self._worker.stop()
        await asyncio.gather(*(watch.close() for watch in watches), *self._closing, return_exceptions=True)

    async def _read(self) -> None:
        """Have the contexts as the files say them now."""
        now = asyncio.get_running_loop().time()
        if self._wanted is not None and now < self._files_due:
            return
        self._files_due = now + FILES_EVERY
        if self._wanted is None and not any(files.present() for files in self._files.values()):
            raise next(iter(self._files.values())).absent()
        if self._wanted is None or any(files.changed() for files in self._files.values()):
            try:
                await self._worker.call(self._load)
            except SourceError:
                if self._wanted is None:
                    raise  # else a file that is being written leaves what was known

    def _load(self) -> None:
        """Read the files; blocks. The contexts to watch are chosen once. Raises SourceError, UsageError."""
        read = {name: files.read() for name, files in self._files.items()}
        access: dict[str, Access] = {}
        for config in read.values():
            for name, one in config.contexts.items():
                access.setdefault(name, one)
        wanted: dict[str, list[tuple[str, ...]]] = {}
        for target in self._targets:
            try:
                one = read[target.kubeconfig].get(target.context)
            except UsageError as error:
                raise NotFound(error.reason, error.fix) from None
            access[one.context.name] = one
            wanted.setdefault(one.context.name, []).append(target.namespaces)
        self._access = access
        if self._wanted is None:
            self._namespaces = {name: _together(listed) for name, listed in wanted.items()}
            self._wanted = tuple(wanted)

    def _watch(self) -> list[ClusterWatch]:
        """Begin and end watches so that those wanted are there; the new ones."""
        wanted = self._wanted or ()
        for name in [name for name, watch in self._watches.items() if self._outdated(watch)]:
            task = asyncio.create_task(self._watches.pop(name).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        new = []
        for name in wanted:
            if name not in self._watches and name in self._access:
                watch = ClusterWatch(self._access[name], self._namespaces.get(name, ()), lambda: self.wake())
                watch.start()
                self._watches[name] = watch
                new.append(watch)
        self._watches = {name: self._watches[name] for name in wanted if name in self._watches}
        self.target = ", ".join(f"{watch.name} {watch.access.shown}" for watch in self._watches.values())
        return new

    def _outdated(self, watch: ClusterWatch) -> bool:
        """Whether it is no longer wanted, or its kubeconfig says another server or user by now."""
        now, before = self._access.get(watch.name), watch.access
        if watch.name not in (self._wanted or ()):
            return True
        return now is not None and (now.cluster, now.user) != (before.cluster, before.user)

    def _contexts(self) -> tuple[Context, ...]:
        return marked(Kubeconfig(self._access), tuple(self._watches))

    def _all_fail(self, troubles: Sequence[SourceError]) -> SourceError:
        first, names = troubles[0], ", ".join(self._watches)
        reason = first.reason if len(troubles) == 1 else f"none of {names} answers: {first.reason}"
        error = type(first)(reason, first.fix)
        outlines = tuple(watch.outline() for watch in self._watches.values())
        error.known = KubernetesSnapshot(clusters=outlines, contexts=self._contexts())
        error.covers = frozenset(f"cluster {name}" for name in self._access)
        return error


def _together(listed: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The namespaces of all tables of one context, each once: asked twice, a pod would be two."""
    if any(not names or "" in names for names in listed):
        return ()  # all of them
    return tuple(dict.fromkeys(name for names in listed for name in names))


def _well(cluster: Cluster) -> str:
    """A cluster that answers, in a few words; what has not been listed is not counted."""
    words = [cluster.version]
    if "nodes" in cluster.listed:
        ready = sum(node.status.split(",")[0] == "Ready" for node in cluster.nodes)
        words.append(f"{count(ready)} of {counted(len(cluster.nodes), 'node')} ready")
    if "pods" in cluster.listed:
        where = f" in {', '.join(cluster.namespaces)}" if cluster.namespaces else ""
        words.append(f"{counted(len(cluster.pods), 'pod')}{where}")
    words.append(cluster.metrics)
    return ", ".join(word for word in words if word)


def _nothing() -> None:
    """Nobody waits for news."""
