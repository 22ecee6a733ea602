"""What kmock plays of an API server, and what it takes beyond kmock for a client that lists and watches.

kmock keeps the objects, merges patches, waits for finalizers, knows all resources and gives scripted answers:
`emulator["list", kmock.namespace("hidden")] << refusal(403, "Forbidden", "...")`. Of its own it numbers
no change, and a watch of its begins with all there is. So changes are numbered and kept here, lists have the
number of the newest, come in parts, and a watch goes on from whichever number it is told.
"""

from __future__ import annotations

import asyncio
import json
import random
import string
import uuid
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import attrs
import kmock
from aiohttp import web

from tests.servers.kubernetes.calls import Object

NAMESPACES = "/api/v1/namespaces"
REGISTERED = kmock.resource("apiregistration.k8s.io", "v1", "apiservices")
PENDING = {"phase": "Pending"}
WHOLE: dict[str, Object] = {
    "pods": {"status": PENDING},
    "persistentvolumeclaims": {"status": PENDING},
}
"""What the server says of objects that say nothing of it, as far as anybody here looks at it."""


def refusal(status: int, reason: str, message: str) -> kmock.KubernetesError:
    """The server's answer to what it does not carry out; also to be given to a script."""
    return kmock.KubernetesError(status=status, reason=reason, message=message)


@dataclass(frozen=True)
class Change:
    """One line of a watch, and whose it is."""

    version: int
    resource: kmock.resource
    namespace: str | None
    line: bytes


class Changes:
    """All that has changed, in order, until it is forgotten."""

    def __init__(self) -> None:
        self.version = 1
        """The number of the newest."""
        self.forgotten = 0
        """The newest that nobody can go on from any more."""
        self._kept: list[Change] = []
        self._more = asyncio.Event()

    def add(self, resource: kmock.resource, event: Object) -> None:
        """Number a change, in the object itself, too."""
        self.version += 1
        meta = event["object"]["metadata"]
        meta["resourceVersion"] = str(self.version)
        if "deletionTimestamp" in meta:  # kmock says it in microseconds
            meta["deletionTimestamp"] = f"{meta['deletionTimestamp'][:19]}Z"
        line = json.dumps(event).encode() + b"\n"
        self._kept.append(Change(self.version, resource, meta.get("namespace"), line))
        self._more.set()
        self._more = asyncio.Event()

    def since(self, version: int) -> list[Change]:
        """Those after a version. Raises KubernetesError where it is forgotten."""
        if version <= self.forgotten:
            raise refusal(410, "Expired", f"too old resource version: {version} ({self.forgotten + 1})")
        return [change for change in self._kept if change.version > version]

    async def more(self, end: float) -> bool:
        """Wait for another; whether one came before the end, by the loop's clock."""
        try:
            async with asyncio.timeout_at(end):
                await self._more.wait()
        except TimeoutError:
            return False
        return True

    def forget(self) -> None:
        """Whoever has seen any of it is to list anew: what is kept begins with a version nobody has seen."""
        self.forgotten = self.version
        self.version += 1
        self._kept.clear()


class _Bus:
    """Where kmock tells what has changed of one resource; nobody listens but those who are told of all."""

    def __init__(self, resource: kmock.resource, changes: Changes) -> None:
        self._resource = resource
        self._changes = changes

    async def put(self, *events: Object) -> None:
        """Called while nothing else can change."""
        for event in events:
            self._changes.add(self._resource, event)


class _Buses(dict[kmock.resource, _Bus]):
    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self._changes = changes

    def __missing__(self, resource: kmock.resource) -> _Bus:
        bus = self[resource] = _Bus(resource, self._changes)
        return bus


class Emulator(kmock.KubernetesEmulator):
    """The objects of one cluster and the answers about them."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = Changes()
        self._buses = cast(Any, _Buses(self.changes))
        self._namespaces = {"default", "kube-system"}
        with warnings.catch_warnings():  # it reads them in a way that Python advises against
            warnings.simplefilter("ignore", DeprecationWarning)
            self.resources.load_bundled()
        for plural in ("nodes", "pods"):  # no server of theirs is here
            del self.resources[f"metrics.k8s.io/v1beta1/{plural}"]

    async def __call__(self, raw_request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; namespaces are made here, since kmock cannot read that path."""
        if (raw_request.method, raw_request.path) != ("POST", NAMESPACES):
            return await super().__call__(raw_request)
        made = await raw_request.json()
        name = made["metadata"]["name"]
        if name in self._namespaces:
            return await self._render_error(refusal(409, "AlreadyExists", f"{name} is there already"))
        self._namespaces.add(name)
        return web.json_response(made, status=201)

    async def _handle(self, request: kmock.Request) -> web.StreamResponse:
        """As kmock does, for what it takes for something else or does not know."""
        self._requests.remove(request)  # it would keep all of them, and look through them at each
        resource, method, action = request.resource, request.method, request.action
        if resource is None or resource.plural is None:
            return await self._pass_on(request)
        if self._is_registered(resource):
            raise refusal(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        if method == kmock.method.GET and request.params.get("watch") in ("1", "true"):
            return await self._pass_on(attrs.evolve(request, action=kmock.action.WATCH))
        if method == kmock.method.DELETE and request.name is None:
            return await self._delete_all(request)
        if action == kmock.action.FETCH and request.subresource:
            raise kmock.KubernetesEndpointNotFoundError
        if action == kmock.action.CREATE:
            self._complete(request)
            answer = await self._pass_on(request)
            answer.set_status(201)
            return answer
        if action == kmock.action.UPDATE:
            self._separate(request)
        return await self._pass_on(request)

    async def _pass_on(self, request: kmock.Request) -> web.StreamResponse:
        """Have kmock answer; it does so for requests only that are among those it knows."""
        self._requests.append(request)
        try:
            return await super()._handle(request)
        finally:
            self._requests.remove(request)

    def _is_registered(self, resource: kmock.resource) -> bool:
        """Whether somebody else should answer for this API: it is nobody that is there."""
        key = (REGISTERED, None, f"{resource.version}.{resource.group}")
        return key in self.objects and not self.objects[key].deleted

    def _complete(self, request: kmock.Request) -> None:
        """Say of a new object what the server says of it."""
        made: Object = request.data
        meta = made["metadata"]
        if request.namespace:
            meta["namespace"] = request.namespace
        if "name" not in meta:
            meta["name"] = meta["generateName"] + "".join(random.choices(string.ascii_lowercase, k=5))
        meta |= {"uid": str(uuid.uuid4()), "generation": 1, "creationTimestamp": _now()}
        made.pop("status", None)  # that is for controllers to say
        assert request.resource is not None
        made |= WHOLE.get(request.resource.plural or "", {})

    def _separate(self, request: kmock.Request) -> None:
        """A patch changes what an object should be, or its status: never both."""
        patch = request.data
        if not isinstance(patch, dict):
            return
        if request.subresource == "status":
            for key in patch.keys() - {"status"}:
                del patch[key]
            return
        patch.pop("status", None)
        assert request.resource is not None
        assert request.name is not None
        key = (request.resource, request.namespace, request.name)
        if "spec" in patch and key in self.objects and not self.objects[key].deleted:
            generation = self.objects[key]["metadata"]["generation"] + 1
            patch["metadata"] = {**patch.get("metadata", {}), "generation": generation}

    def _info(self, request: kmock.Request) -> kmock.ResourceInfo:
        """What is known of a resource. Raises where nothing is: the server has no such resource."""
        if request.resource is None or request.resource not in self.resources:
            raise kmock.KubernetesResourceNotFoundError
        return self.resources[request.resource]

    def _found(self, request: kmock.Request) -> list[Object]:
        """All objects that a list is of, in etcd's order."""
        found = {
            (namespace or "", name): one.raw
            for (resource, namespace, name), one in self.objects.items()
            if resource == request.resource and not one.deleted and request.namespace in (None, namespace)
        }
        return [found[key] for key in sorted(found)]

    async def _delete_all(self, request: kmock.Request) -> web.StreamResponse:
        self._info(request)
        found = self._found(request)
        for one in found:
            meta = one["metadata"]
            single = attrs.evolve(
                request, action=kmock.action.DELETE, name=meta["name"], namespace=meta.get("namespace")
            )
            await self._pass_on(single)
        return web.json_response({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": found})

    async def _serve_list(self, request: kmock.Request) -> kmock.Payload:
        """All, or a part of which the token of the next has the version of the first, and where it ended."""
        info = self._info(request)
        version, _, last = (request.params.get("continue") or f"{self.changes.version}/").partition("/")
        self.changes.since(int(version))  # or it is forgotten
        place = last.partition("/")[::2]
        items = [one for one in self._found(request) if not last or _place(one) > place]
        meta = {"resourceVersion": version}
        limit = int(request.params.get("limit") or 0)
        if limit and len(items) > limit:
            items = items[:limit]
            meta["continue"] = "/".join((version, *_place(items[-1])))
        return {"kind": f"{info.kind}List", "apiVersion": "v1", "metadata": meta, "items": items}

    async def _serve_watch(self, request: kmock.Request) -> AsyncIterator[kmock.Payload]:
        """What changes from the version on that was asked for, for so many seconds."""
        yield b""  # the beginning of an answer goes out at once
        seen = int(request.params.get("resourceVersion") or self.changes.version)
        end = asyncio.get_running_loop().time() + float(request.params.get("timeoutSeconds") or 300)
        going = True
        while going:
            try:
                changes = self.changes.since(seen)
            except kmock.KubernetesError as error:
                status = {"kind": "Status", "code": error.status, "reason": error.reason}
                yield {"type": "ERROR", "object": {**status, "message": error.message}}
                return
            for change in changes:
                seen = change.version
                if change.resource == request.resource and request.namespace in (None, change.namespace):
                    yield change.line
            going = self.changes.version > seen or await self.changes.more(end)


def _place(one: Object) -> tuple[str, str]:
    return one["metadata"].get("namespace", ""), one["metadata"]["name"]


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
