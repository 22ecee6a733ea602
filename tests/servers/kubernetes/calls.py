"""Plain calls to a cluster for tests: no client library between, and fast enough for thousands of pods."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Object = dict[str, Any]
"""One of Kubernetes' objects, as JSON has it."""


class CallError(Exception):
    """What a cluster says of a call it refuses."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Calls:
    """What one user asks of a server, over connections that are kept."""

    def __init__(self, port: int, context: ssl.SSLContext, token: str = "", timeout: float = 30.0) -> None:
        self._port = port
        self._context = context
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._free: list[http.client.HTTPSConnection] = []

    def close(self) -> None:
        """End the connections."""
        while self._free:
            self._free.pop().close()

    def get(self, path: str) -> Any:
        """An object, a list, or whatever stands there. Raises CallError, and OSError where nobody answers."""
        return self._call("GET", path)

    def create(self, *objects: Object) -> list[Object]:
        """New objects, several at a time."""
        return self.many(lambda one: self.post(collection(one), one), objects)

    def post(self, path: str, body: object) -> Any:
        """What comes back for something posted."""
        return self._call("POST", path, body)

    def patch(self, path: str, change: object, how: str = "merge") -> Any:
        """Change an object, or its status where the path ends so; `how` is merge, strategic-merge or json."""
        return self._call("PATCH", path, change, f"application/{how}-patch+json")

    def delete(self, path: str) -> Any:
        """Remove an object, or all of a collection; a pod that runs without anybody's grace."""
        return self._call("DELETE", path, {"gracePeriodSeconds": 0})

    def watch(self, path: str, version: str, seconds: int = 1) -> list[Object]:
        """The events since a version, watched for so many seconds; one of an error is the last."""
        answer = self._send("GET", f"{path}?watch=1&resourceVersion={version}&timeoutSeconds={seconds}")
        return [json.loads(line) for line in answer.splitlines()]

    def many(self, call: Callable[[T], R], what: Iterable[T], threads: int = 8) -> list[R]:
        """One call for each of these, several at a time; what they gave, in order."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(call, what))

    def _call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> Any:
        answer = self._send(method, path, body, kind)
        return json.loads(answer) if answer.startswith(b"{") else answer.decode()

    def _send(self, method: str, path: str, body: object = None, kind: str = "application/json") -> bytes:
        data = None if body is None else json.dumps(body)
        headers = {**self._headers, "Content-Type": kind, "Accept": "application/json"}
        while True:
            try:
                connection, kept = self._free.pop(), True
            except IndexError:
                connection, kept = self._connection(), False
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if kept and not isinstance(error, TimeoutError):
                    continue  # one from before a restart
                raise error if isinstance(error, OSError) else ConnectionError(str(error)) from error
            self._free.append(connection)
            if answer.status >= 400:
                raise CallError(answer.status, said.decode(errors="replace"))
            return said

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=self._timeout, context=self._context
        )


def collection(one: Object) -> str:
    """The path that objects of this kind and namespace are under."""
    version, kind = one["apiVersion"], one["kind"].lower()
    if kind.endswith("y"):
        plural = f"{kind[:-1]}ies"
    elif kind.endswith("points"):
        plural = kind
    else:
        plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    within = one["metadata"].get("namespace")
    space = f"/namespaces/{within}" if within else ""
    return f"/{'apis' if '/' in version else 'api'}/{version}{space}/{plural}"
