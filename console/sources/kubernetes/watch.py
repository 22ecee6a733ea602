"""One cluster while it is watched: its connection, its reflectors, whether it lives, what it is now."""

from __future__ import annotations

import asyncio
import random
import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from shlex import quote
from typing import Any

import msgspec

from console.config import Limits
from console.decoders import decoder
from console.errors import AGAIN, NotFound, Refused, SourceError, TimedOut, Unreachable
from console.logs.streams import Wanted
from console.sources.base import Focus
from console.sources.kubernetes import documents
from console.sources.kubernetes.connection import ApiError, Connection
from console.sources.kubernetes.contexts import Access
from console.sources.kubernetes.faults import find_faults
from console.sources.kubernetes.filling import Filling, nodes_of
from console.sources.kubernetes.kinds import KINDS
from console.sources.kubernetes.measuring import SILENT, Measured, measure
from console.sources.kubernetes.model import Cluster, Denied, Endpoints, Key, Pod, Service
from console.sources.kubernetes.networking import join_endpoints
from console.sources.kubernetes.owners import Owners
from console.sources.kubernetes.pod_logs import PodStream, path_of
from console.sources.kubernetes.reflector import Reading, Reflector
from console.sources.kubernetes.shelves import EventShelf, Field, Nodes, PodShelf, Shelf
from console.text import clean
from console.worker import Worker

PING_LIMIT = 1.8
"""Seconds within which a server that lives says its version."""
SOON = 0.25
"""Seconds after which a pod that has gone is off the screen, whatever the pace."""
NAMED = 3
"""Resources that a sentence names."""
DOCUMENT_LIMIT = 5.0
"""Seconds an object may take to come as a whole."""
PACE = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}
"""Seconds between two such questions."""
FAILING_PACE = 2.0
"""Seconds between two tries of a server that does not answer."""
REFUSED_PACE = 30.0
"""Seconds at most until refused credentials are read again: a plugin may cost its user something."""
USAGE_EVERY = 15.0
"""Seconds between two questions for usage: a metrics server measures no more often."""
VOLUMES_EVERY = 60.0
"""Seconds between two questions how full volumes are: kubelets measure no more often."""
VOLUMES_SOUGHT = 5.0
"""Seconds between two looks for a pod with a claim, where there was none: it walks all pods."""
JUDGED_EVERY = 5.0
"""Seconds after which faults are looked for though nothing has changed: some are of what lasts too long."""


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class ClusterWatch:
    """Watches one context from `start` to `close`."""

    def __init__(
        self, access: Access, namespaces: Sequence[str] = (), wake: Callable[[], None] | None = None
    ) -> None:
        """Without `namespaces` all of them are watched, or the context's own where that is forbidden.

        `wake` is called when a pod has gone that somebody may be looking at.
        """
        self._wake = wake
        self._waking: asyncio.TimerHandle | None = None
        self.access = access
        self.name = access.context.name
        self.namespaces = tuple(namespaces)
        self.focus = Focus.GLANCE
        self.error: SourceError | None = None
        """Why it does not answer now."""
        self.failing_since = 0.0
        self._live = False
        """Whether it has ever answered."""
        self._version = ""
        self._connection = Connection(access)
        self._reading = Reading(self.name)
        self._usage_worker = Worker(f"usage of {self.name}")
        self._usage = Measured({}, {})
        self._usage_changes = 0
        self._filling = Filling(self._connection, self.name)
        self._alive = asyncio.Event()
        self._look = asyncio.Event()
        self._progress = asyncio.Event()
        self._pressed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._watching: list[asyncio.Task[None]] = []
        self._nodes = Nodes()
        self._fields: dict[str, Field] = {}
        self._reflectors: list[Reflector] = []
        for kind in KINDS:
            for namespace in (self.namespaces if kind.namespaced else ()) or ("",):
                shelf = self._shelf(kind.field)
                reflector = Reflector(
                    kind, self._connection, self._reading, shelf, namespace=namespace,
                    instead=access.context.namespace, alive=self._alive, progress=self._progress.set,
                )  # fmt: skip
                self._reflectors.append(reflector)
        self._services: tuple[tuple[Service, ...], tuple[Endpoints, ...], tuple[Service, ...]] | None = None
        self._made: tuple[tuple[object, ...], float, Cluster] | None = None
        self._owners = Owners(())

    def _shelf(self, field: str) -> Shelf:
        if field == "events":
            shelf: Shelf = EventShelf()
        elif field == "pods":
            shelf = PodShelf(self._pod_changed)
        else:
            shelf = Shelf()
        self._fields.setdefault(field, Field()).shelves.append(shelf)
        return shelf

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        self._nodes.change(old, new)
        if new is None and self._wake is not None and self._waking is None and self.focus is Focus.FULL:
            # what goes in the same moment is shown with it
            self._waking = asyncio.get_running_loop().call_later(SOON, self._wake_now)

    def _wake_now(self) -> None:
        self._waking = None
        if self._wake is not None:
            self._wake()

    def start(self) -> None:
        """Begin; needs a running event loop."""
        for run in (self._beat, self._measure, self._measure_volumes):
            self._tasks.append(asyncio.create_task(run(), name=f"kubernetes {self.name}"))

    async def close(self) -> None:
        """End it all; never hangs."""
        if self._waking is not None:
            self._waking.cancel()
        tasks = [*self._tasks, *self._watching]
        self._tasks, self._watching = [], []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connection.close()
        self._reading.stop()
        self._usage_worker.stop()
        self._filling.stop()

    async def first(self) -> None:
        """Wait until all is read that can be, or it is clear that it cannot."""
        while not (self.error or (self._live and all(one.answered for one in self._reflectors))):
            self._progress.clear()
            await self._progress.wait()

    def look(self, focus: Focus) -> None:
        """How closely it is looked at from now on; asks at once when that is more closely."""
        if focus > self.focus:
            self._look.set()
        self.focus = focus

    def hurry(self) -> None:
        """Ask now for what would be asked for later: whether it lives, usage, and what was refused."""
        self._look.set()
        self._pressed.set()
        self._pressed = asyncio.Event()
        for index, task in enumerate(self._watching):
            one = self._reflectors[index]
            if one.lacks:
                task.cancel()
                self._watching[index] = self._reflecting(one)

    @property
    def changes(self) -> int:
        """Counts up with every object that changes."""
        return sum(field.changes for field in self._fields.values())

    @property
    def trouble(self) -> SourceError | None:
        """Why it is not shown as it is now; None when it is."""
        if self.error is None and not self._live:
            return TimedOut(f"{self.access.shown or self.name} has not answered yet", self._waits() or AGAIN)
        return self.error

    def limited(self) -> dict[str, str]:
        """What is not seen for want of rights, one sentence each, and what would show it."""
        said: dict[str, str] = {}
        narrow = [one for one in self._reflectors if one.narrowed and one.listed]
        for namespace in dict.fromkeys(one.narrowed for one in narrow):
            resources = [one.kind.resource for one in narrow if one.narrowed == namespace]
            told = f"may not list {_few(resources)} in all namespaces, only those in {namespace} are shown"
            said[f"{self.name}: {told}"] = self._grant("list", resources, "")
        denied: dict[tuple[str, str, bool], list[str]] = {}
        for one in self._reflectors:
            if (no := one.denied) is not None and one not in narrow:
                denied.setdefault((no.verb, no.namespace, one.kind.namespaced), []).append(no.resource)
        for (verb, namespace, namespaced), resources in denied.items():
            no_right = f"may not {verb} {_few(resources)}"
            told = str(Denied(verb, _few(resources), namespace)) if namespaced else no_right
            said[f"{self.name}: {told}"] = self._grant(verb, resources, namespace if namespaced else None)
        if self._filling.refused:
            told = "may not get nodes/proxy, how full volumes are is not shown"
            said[f"{self.name}: {told}"] = self._grant("get", ["nodes/proxy"], None)
        if self.error is None:
            said |= {f"{self.name}: {one.trouble}": "" for one in self._reflectors if one.trouble}
        return said

    def _grant(self, verb: str, resources: Sequence[str], namespace: str | None) -> str:
        """Which right is to be asked for, and how to see whether it is there; None for what is in no
        namespace.
        """
        verbs = verb if verb == "get" else "list and watch"
        place = () if namespace is None else ("-n", namespace) if namespace else ("-A",)
        command = ["kubectl", *self.access.context.options, "auth", "can-i", verb, resources[0], *place]
        return f"ask for {verbs} on {', '.join(resources)}: {shlex.join(command)}"

    def cluster(self, limits: Limits) -> Cluster:
        """What is known of it now; unchanged values are the very same."""
        now = time.time() + self._connection.skew
        stamp = (
            tuple(field.changes for field in self._fields.values()),
            tuple((one.listed, one.absent, one.denied, one.narrowed) for one in self._reflectors),
            self._usage_changes, self._filling.changes, self._live, self.error, self._version,
        )  # fmt: skip
        if (
            self._made is not None
            and self._made[0] == stamp
            and time.monotonic() - self._made[1] < JUDGED_EVERY
        ):
            return replace(self._made[2], time=now, heard=self._connection.heard)
        made = self._build(now, limits)
        self._made = stamp, time.monotonic(), made
        return made

    def outline(self) -> Cluster:
        """What is known of it now, without its objects."""
        return Cluster(
            context=self.name,
            server=self.access.shown,
            user=self.access.context.user,
            version=self._version,
            namespaces=self._scope(),
            state=self._state(),
            trouble=str(self.trouble or ""),
            failing_since=self.failing_since,
            heard=self._connection.heard,
            time=time.time() + self._connection.skew,
            metrics=self._usage.why,
            unmeasured=self._usage.never,
            denied=tuple(dict.fromkeys(one.denied for one in self._reflectors if one.denied is not None)),
        )

    def _build(self, now: float, limits: Limits) -> Cluster:
        fields: dict[str, Any] = {name: field.values() for name, field in self._fields.items()}
        fields["services"] = self._joined(fields["services"], fields.pop("endpoints"))
        fields["volumes"] = self._filling.fill(fields["volumes"])
        requested, on_node = self._nodes.values()
        made = replace(
            self.outline(),
            time=now,
            pod_usage=self._usage.pods,
            node_usage=self._usage.nodes,
            requested=requested,
            on_node=on_node,
            listed=self._listed(),
            **fields,
        )
        return replace(made, faults=find_faults(made, limits))

    def _joined(self, services: tuple[Service, ...], slices: tuple[Endpoints, ...]) -> tuple[Service, ...]:
        """Services with what stands behind them; made anew only when either has changed."""
        if self._services is None or self._services[0] is not services or self._services[1] is not slices:
            self._services = services, slices, join_endpoints(services, slices)
        return self._services[2]

    def _listed(self) -> tuple[str, ...]:
        unread = {one.kind.resource for one in self._reflectors if not (one.listed or one.absent)}
        return tuple(kind.resource for kind in KINDS if kind.resource not in unread)

    def _scope(self) -> tuple[str, ...]:
        """The namespaces whose pods are seen; empty: all of them."""
        pods = self._reflectors[0]
        return self.namespaces or ((pods.narrowed,) if pods.narrowed else ())

    def _state(self) -> str:
        if self.error is None:
            return "live" if self._live else "connecting"
        if isinstance(self.error, Refused):
            return "refused"
        return "stale" if self._live else "unreachable"

    def _waits(self) -> str:
        program = self._connection.waits_for
        return f"it waits for the credential plugin {program}" if program else ""

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All that are known."""
        pods: tuple[Pod, ...] = self._fields["pods"].values()
        return pods

    @property
    def owners(self) -> Owners:
        """What controls what."""
        workloads = self._fields["workloads"].values()
        if self._owners.workloads is not workloads:
            self._owners = Owners(workloads)
        return self._owners

    def outputs(
        self, namespace: str, name: str, container: str = "", previous: bool = False, begun: bool = False
    ) -> list[Wanted]:
        """The output of a pod's containers, or of one, to be followed; empty where there is no such pod.

        `begun` leaves out those that have never run, also where no other is there.
        """
        pod = self._pod(namespace, name)
        if pod is None:
            return []
        chosen = [one for one in pod.containers if container in ("", one.name)]
        if not container:  # those that have never run have nothing to say
            ran = [one for one in chosen if one.state == "running" or one.restarts or one.since]
            chosen = ran if ran or begun else chosen
        loop, found = asyncio.get_running_loop(), []
        for one in chosen:
            whole = f"{namespace}/{name}" + (f"/{one.name}" if len(pod.containers) > 1 else "")
            goes_on = partial(self._goes_on, namespace, name, pod.uid, one.name)
            waits = partial(self._reason, namespace, name, one.name)
            found.append(
                Wanted(
                    id=f"{self.name} {namespace} {name} {pod.uid} {one.name} {previous}",
                    name=f"{whole}/before" if previous else whole,
                    where=f"pod {namespace}/{name}, container {one.name}, context {self.name}",
                    open=partial(
                        PodStream, self._connection, path_of(namespace, name), one.name,
                        previous=previous, goes_on=goes_on, waits=waits, loop=loop,
                    ),
                )
            )  # fmt: skip
        return found

    async def document(self, key: Key) -> tuple[str, ...]:
        """An object as YAML, its secrets masked. Raises SourceError."""
        try:
            data = await self._connection.get(documents.path_of(key), whole=DOCUMENT_LIMIT)
        except ApiError as error:
            if error.status == 403:
                where = f" in namespace {key.namespace}" if key.namespace else ""
                raise Refused(
                    f"may not get {documents.resource_of(key)}{where}", "ask for that right"
                ) from None
            if error.status == 404:
                raise NotFound(f"{key.kind} {key} is gone") from None
            raise Refused(f"{self.access.shown} answers {error.status} {error.reason}".strip()) from None
        return documents.yaml_of(data)

    def _pod(self, namespace: str, name: str) -> Pod | None:
        found: Pod | None = self._fields["pods"].get(namespace, name)
        return found

    def _goes_on(self, namespace: str, name: str, uid: str, container: str) -> bool:
        pod = self._pod(namespace, name)
        if pod is None or pod.uid != uid or pod.phase in ("Succeeded", "Failed"):
            return False
        found = next((one for one in pod.containers if one.name == container), None)
        return found is not None and not (found.kind == "init" and found.state == "terminated")

    def _reason(self, namespace: str, name: str, container: str) -> str:
        """Why a container waits; empty where it does not, or nobody says so."""
        pod = self._pod(namespace, name)
        found = next((one for one in pod.containers if one.name == container), None) if pod else None
        return found.reason if found is not None and found.state == "waiting" else ""

    async def _beat(self) -> None:
        """See again and again whether the server lives."""
        failures = 0
        while True:
            begun = time.monotonic()
            error = await self._ask()
            if error is None:
                failures = 0
                self._answered()
                pace = PACE[self.focus]
            else:
                failures += 1
                self._failed(error)
                pace = FAILING_PACE * random.uniform(0.6, 1.0)
                if isinstance(error, Refused):
                    pace = min(REFUSED_PACE, pace * 1.5 ** min(failures - 1, 9))
            self._look.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.1, pace - (time.monotonic() - begun))):
                    await self._look.wait()

    async def _ask(self) -> SourceError | None:
        """Why the server is as good as gone; None when it lives."""
        begun = time.time()
        try:
            if self._connection.expired:
                await self._connection.renew()
            data = await self._connection.get("/version", whole=PING_LIMIT)
            self._version = clean(decoder(_Version).decode(data).git_version, 80)
        except ApiError as error:
            if error.status == 401:
                return self._connection.unauthorized()
            if error.status >= 500 or error.status == 429:
                fix = f"kubectl --context {quote(self.name)} get --raw '/readyz?verbose'"
                return Unreachable(f"{self.access.shown} answers {error.status} {error.reason}".strip(), fix)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Refused(f"{self.access.shown} is no Kubernetes API", "check server in the kubeconfig")
        except TimedOut as error:
            # over a thin line the first lists leave no room: as long as they come, it lives
            coming = self._connection.heard >= begun and not all(one.answered for one in self._reflectors)
            return None if coming else error
        except SourceError as error:
            return error
        except Exception as error:  # noqa: BLE001 who asks no more would show for ever what was last known
            return Refused(
                f"{self.access.shown} cannot be asked: {type(error).__name__}", "kubectl config view"
            )
        return None

    def _answered(self) -> None:
        was = self.error
        self.error, self.failing_since, self._live = None, 0.0, True
        if was is not None or not self._watching:
            self._watch_anew()
        self._alive.set()
        self._progress.set()

    def _failed(self, error: SourceError) -> None:
        self.error = error
        self.failing_since = self.failing_since or time.time()
        self._alive.clear()
        self._progress.set()

    def _watch_anew(self) -> None:
        """Begin all watches from where they were: after an outage one may hang on a dead connection."""
        for task in self._watching:
            task.cancel()
        self._watching = [self._reflecting(one) for one in self._reflectors]

    def _reflecting(self, one: Reflector) -> asyncio.Task[None]:
        one.hurry()
        return asyncio.create_task(one.run(), name=f"{one.kind.resource} of {self.name}")

    async def _rest(self, seconds: float) -> None:
        """So long, or until somebody wants it now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._pressed.wait()

    async def _measure(self) -> None:
        """Ask for usage while somebody looks."""
        missed = 0
        while True:
            await self._alive.wait()
            if self.focus >= Focus.GLANCE:
                try:
                    self._usage = await measure(self._connection, self._scope(), self._usage_worker)
                    self._usage_changes += 1
                    missed = 0
                except SourceError as error:
                    missed += 1
                    # a server that is gone says so by its state, within seconds; one that lives only did
                    # not get an answer, and what was measured before must not pass for how it is now
                    if self.error is None and (isinstance(error, TimedOut) or missed > 1):
                        self._usage = Measured({}, {}, SILENT)
                        self._usage_changes += 1
            await self._rest(USAGE_EVERY if self.focus >= Focus.GLANCE else 1.0)

    async def _measure_volumes(self) -> None:
        """Ask how full volumes are while somebody looks, and where there are any in use."""
        while True:
            await self._alive.wait()
            again = 1.0
            if self.focus >= Focus.GLANCE and all(one.answered for one in self._reflectors):
                nodes = nodes_of(self._fields["pods"].values())
                try:
                    await self._filling.ask(nodes)
                except SourceError:
                    pass  # the server's own state says it
                again = VOLUMES_EVERY if nodes else VOLUMES_SOUGHT
            await self._rest(again)


def _few(resources: Sequence[str]) -> str:
    """The first of them, and how many more: a line has no room for fifteen."""
    if len(resources) <= NAMED:
        return ", ".join(resources)
    return f"{', '.join(resources[: NAMED - 1])} and {len(resources) - NAMED + 1} more"
