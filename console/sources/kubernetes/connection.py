"""One connection to one API server by the client's own loader and HTTP layer, and its failures in words.

The only room that knows the client: it is imported at the first connection, in a thread, because a host
without a cluster must not pay for it. Answers are bytes; nobody here makes typed models of them.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import os
import ssl
import tempfile
import time
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.errors import AGAIN, Refused, SourceError, TimedOut, Unreachable
from console.sources.kubernetes.contexts import Access
from console.sources.kubernetes.credentials import Credential, Plugin
from console.sources.kubernetes.status import read_status
from console.worker import Worker

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from kubernetes.aio.client.rest import RESTClientObject

CONNECT_LIMIT = 3.0
"""Seconds until a server must have taken a connection."""
READ_LIMIT = 20.0
"""Seconds without a byte, in the middle of a list."""
QUIET_LIMIT = 150.0
"""Seconds without a byte of a watch; the server is to end a quiet one before, for not all have bookmarks."""
LOAD_LIMIT = 30.0
"""Seconds until there are credentials, a plugin's run included."""
SENDING_LIMIT = 0.3
"""Seconds at the end that what is connecting may take."""
LINE_LIMIT = 16 << 20
"""Bytes of one change; etcd takes objects of 1.5 MB, and JSON may be larger."""
LIST_LIMIT = 256 << 20
"""Bytes of one page of a list."""


class ApiError(Exception):
    """The server's own answer to a request that it did not carry out."""

    def __init__(self, status: int, reason: str = "", message: str = "") -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.message = message


@dataclass(slots=True)
class _Loaded:
    """The HTTP layer with what identifies us."""

    rest: RESTClientObject
    server: str
    headers: list[tuple[str, str]] = field(repr=False)
    expires: float
    """Epoch seconds; 0 where nobody said."""
    open: int = 0
    """Questions asked through it whose answers are not read to their end."""


class Connection:
    """Requests to one context's server, with credentials that are renewed when it takes them no more."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.skew = 0.0
        """Seconds that its clock is ahead of ours, to the second."""
        self.heard = 0.0
        """When it last said anything, epoch seconds of ours."""
        self._worker = Worker(f"kubernetes {access.context.name}")
        self._plugin: Plugin | None = None
        self._loaded: _Loaded | None = None
        self._generation = 0
        self._loading = asyncio.Lock()
        self._sending: set[asyncio.Task[tuple[ClientResponse, _Loaded]]] = set()
        self._old: list[_Loaded] = []
        """Those through which something begun before the last renewal is still read."""

    async def get(
        self, path: str, seconds: float = READ_LIMIT, whole: float | None = None, *, renews: bool = True
    ) -> bytes:
        """What stands at a path. Raises ApiError, and SourceError where no answer came.

        `seconds` may pass without a byte, `whole` in all. Without `renews` a 401 is somebody else's, whom
        the server has asked for us, and says nothing of our credentials.
        """
        async with self._asked(path, seconds, whole, renews) as response:
            parts: list[bytes] = []
            size = 0
            async for chunk in response.content.iter_any():
                self.heard = time.time()
                parts.append(chunk)
                size += len(chunk)
                if size > LIST_LIMIT:
                    raise ApiError(response.status, "TooLarge", "an answer of more than 256 MB")
            return b"".join(parts)

    async def watch(self, path: str) -> AsyncGenerator[list[bytes], None]:
        """The lines of a watch as they come, several where several came together; none as it begins.

        Ends when the server ends it. Raises as `get`; a line may be as long as `LINE_LIMIT`.
        """
        async with self._asked(path, QUIET_LIMIT) as response:
            yield []
            begun: list[bytes] = []
            size = 0
            # not readline, whose limit is far below a large object
            async for chunk in response.content.iter_any():
                self.heard = time.time()
                if b"\n" not in chunk:
                    begun.append(chunk)
                    size += len(chunk)
                    if size > LINE_LIMIT:
                        raise ApiError(200, "TooLarge", "a change of more than 16 MB")
                    continue
                *lines, rest = chunk.split(b"\n")
                lines[0] = b"".join((*begun, lines[0]))
                begun, size = [rest], len(rest)
                yield [line for line in lines if line]

    async def close(self) -> None:
        """Let go of everything; a plugin that runs is ended."""
        self._worker.stop()
        if self._plugin is not None:
            self._plugin.stop()
        if sending := list(self._sending):
            await asyncio.wait(sending, timeout=SENDING_LIMIT)
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        loaded, self._loaded = self._loaded, None
        for one in (*self._old, *([loaded] if loaded else ())):
            await one.rest.close()
        self._old.clear()
        await asyncio.sleep(0)  # sockets of what was cancelled are closed in the loop's next round

    @property
    def waits_for(self) -> str:
        """The credential plugin that is at work; empty when there is none."""
        return self._plugin.program if self._plugin is not None and self._loading.locked() else ""

    def unauthorized(self) -> Refused:
        """The credentials were refused, and so were those that took their place."""
        user, context = self.access.user, self.access.context
        if self._plugin is not None:
            fix = f"log in by {self._plugin.program}, its credential plugin, in a shell"
        elif user.get("tokenFile"):
            fix = "write a new token into the file of tokenFile"
        elif user.get("token"):
            fix = f"put a new token of user {context.user} into {context.file}"
        elif user.get("client-certificate") or user.get("client-certificate-data"):
            fix = f"put a new client certificate of user {context.user} into {context.file}"
        else:
            fix = f"there is nothing to identify user {context.user} by in {context.file}"
        token = self._plugin is not None or user.get("token") or user.get("tokenFile")
        what = f"the {'token' if token else 'certificate'} of user {context.user}"
        return Refused(f"{self.access.shown}: {what} has expired or is not known", fix)

    @property
    def expired(self) -> bool:
        """Whether the credentials have said that they end about now."""
        loaded = self._loaded
        return loaded is not None and 0 < loaded.expires < time.time() + 5

    async def renew(self, generation: int | None = None) -> None:
        """Read the credentials again; once, however many ask for it. Raises SourceError."""
        wanted = self._generation if generation is None else generation
        async with self._loading:
            if self._generation == wanted:
                await self._load()

    async def _ready(self) -> tuple[_Loaded, int]:
        if self._loaded is None:
            async with self._loading:
                if self._loaded is None:
                    await self._load()
        assert self._loaded is not None
        return self._loaded, self._generation

    async def _load(self) -> None:
        said = self.access.user.get("exec")
        plugin = self._plugin = Plugin(said, self.access.cluster) if isinstance(said, dict) else None
        try:
            async with asyncio.timeout(LOAD_LIMIT):
                loaded = await self._worker.call(_load, self.access, plugin)
        except TimeoutError:
            raise TimedOut("the credentials did not come in time", AGAIN) from None
        if self._loaded is not None:
            # the server asks only at the beginning who reads; and to close it would leave readers hanging
            self._old.append(self._loaded)
        self._loaded = loaded
        self._generation += 1
        for one in [one for one in self._old if not one.open]:
            self._old.remove(one)
            await one.rest.close()

    @asynccontextmanager
    async def _asked(
        self, path: str, quiet: float, whole: float | None = None, renews: bool = True
    ) -> AsyncIterator[ClientResponse]:
        await self._ready()  # imports the client in a thread: from there on importing it costs nothing
        import aiohttp

        limits = aiohttp.ClientTimeout(
            total=whole, connect=CONNECT_LIMIT, sock_connect=CONNECT_LIMIT, sock_read=quiet
        )
        try:
            response, loaded = await self._sent(path, limits, renews)
            try:
                if response.status >= 400:
                    body = await response.content.read(1 << 16)
                    raise _refusal(response.status, body)
                yield response
            finally:
                self._done(response, loaded)
        except TimeoutError:  # aiohttp's are of this class too
            raise TimedOut(f"{self.access.shown} does not answer", self.access.way) from None
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            raise _translated(error, self.access) from error

    async def _sent(self, path: str, limits: Any, renews: bool) -> tuple[ClientResponse, _Loaded]:
        """An answer's beginning; who is cancelled meanwhile leaves the connecting to itself.

        To cancel it before its TLS has begun leaves a socket open (asyncio of Python 3.11).
        """
        task = asyncio.create_task(self._send(path, limits, renews))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._drop)
            raise

    def _drop(self, task: asyncio.Task[tuple[ClientResponse, _Loaded]]) -> None:
        """Nobody waits for this answer any more."""
        if not task.cancelled() and task.exception() is None:
            self._done(*task.result())

    def _done(self, response: ClientResponse, loaded: _Loaded) -> None:
        """An answer has been read, or is not wanted any more."""
        loaded.open -= 1
        if response.content.at_eof():
            response.release()
            return
        if response.connection is not None and response.connection.transport is not None:
            response.connection.transport.abort()  # to part in peace takes TLS up to half a minute
        response.close()

    async def _send(self, path: str, limits: Any, renews: bool) -> tuple[ClientResponse, _Loaded]:
        from multidict import CIMultiDict

        for last in (False, True):
            loaded, generation = await self._ready()
            headers = CIMultiDict(loaded.headers)
            ask: Any = loaded.rest.request  # it is not typed
            loaded.open += 1  # from here on: a renewal meanwhile must not close what carries the question
            try:
                answer = await ask("GET", loaded.server + path, headers, _request_timeout=limits)
            except BaseException:
                loaded.open -= 1
                raise
            response: ClientResponse = answer.response
            if "Date" in response.headers:
                self._set_clock(response.headers["Date"])
            if response.status != 401 or last or not renews:
                return response, loaded
            self._done(response, loaded)
            await self.renew(generation)
        raise AssertionError("unreachable")

    def _set_clock(self, date: str) -> None:
        self.heard = time.time()
        try:
            skew = parsedate_to_datetime(date).timestamp() - self.heard
        except (ValueError, OverflowError):
            return
        self.skew = skew if abs(skew) > 3 else 0.0  # the header has whole seconds, and the way takes time


def _refusal(status: int, body: bytes) -> ApiError:
    said = read_status(body, status)
    return ApiError(status, said.reason, said.message)


def _translated(error: Exception, access: Access) -> SourceError:
    """What happened below HTTP, in words."""
    import aiohttp

    server = access.shown
    cause = error.__cause__ or error
    if isinstance(error, aiohttp.ClientConnectorCertificateError) or isinstance(
        cause, ssl.SSLCertVerificationError
    ):
        why = getattr(error, "certificate_error", cause)
        told = getattr(why, "verify_message", "") or str(why)
        where = f"cluster {access.context.cluster} in {access.context.file}"
        fix = f"mend certificate-authority or server of {where}"
        return Refused(f"{server}: its certificate is not trusted: {told}", fix)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unreachable(f"{server}: there is no such host", "check server in the kubeconfig, or the VPN")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Refused(f"the proxy to {server} says {error.status}", "check proxy-url, or HTTPS_PROXY")
    if isinstance(cause, ssl.SSLError):
        return Refused(
            f"{server}: TLS failed: {cause.reason or cause}", "check server and client-certificate"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        code = error.os_error.errno  # the text beside it is asyncio's, with the address once more
        why = os.strerror(code).lower() if code else "it hung up"
        return Unreachable(f"{server} cannot be reached: {why}", access.way)
    if isinstance(error, aiohttp.ClientResponseError | ValueError):
        return Refused(f"{server} does not speak HTTP as Kubernetes does", "check server in the kubeconfig")
    return Unreachable(f"the connection to {server} broke", access.way)


def _load(access: Access, plugin: Plugin | None) -> _Loaded:
    """The HTTP layer for a context: imports the client, reads files, runs the plugin. Raises Refused."""
    from kubernetes.aio.client import Configuration
    from kubernetes.aio.client.rest import RESTClientObject
    from kubernetes.aio.config import ConfigException, load_kube_config_from_dict

    if not access.server.startswith(("http://", "https://")):
        name, file = access.context.cluster, access.context.file
        raise Refused(f"cluster {name} of {file} has no server", "write server: https://host:port")
    credential = plugin.run() if plugin is not None else Credential()
    configuration = Configuration()
    configuration.disable_strict_ssl_verification = True  # many clusters' own issuers are not that strict
    configuration.connection_pool_maxsize = 0  # each watch holds one, and a question must not wait for them
    configuration.client_session_kwargs = {"trust_env": False}  # ~/.netrc is not for clusters
    with tempfile.TemporaryDirectory(prefix="opsconsole-") as directory:
        try:
            said = _said(access, credential, Path(directory))
            asyncio.run(_set(load_kube_config_from_dict, said, configuration))
            # in memory from here on; the files end with the directory
            configuration.proxy = configuration.proxy or _proxy(access.server)
            impersonated = _impersonated(access.user)
            rest = RESTClientObject(configuration)
        except ConfigException as error:
            raise Refused(f"context {access.context.name}: {error}", "mend its kubeconfig") from None
        except ssl.SSLError as error:
            reason = f"a certificate or key of context {access.context.name} cannot be used: {error.reason}"
            raise Refused(reason, "mend its kubeconfig") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"context {access.context.name} cannot be used: {type(error).__name__}"
            raise Refused(reason, "mend its kubeconfig: kubectl config view") from error
        except OSError as error:
            why = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
            raise Refused(f"context {access.context.name}: {why}", "mend its kubeconfig") from None
    headers = [("Accept", "application/json"), ("User-Agent", "opsconsole")]
    if token := configuration.api_key.get("BearerToken"):
        headers.append(("Authorization", token))
    headers += impersonated
    until = credential.expiration_timestamp
    return _Loaded(rest, access.server, headers, until.timestamp() if until else 0.0)


async def _set(load: Any, said: dict[str, Any], configuration: Any) -> None:
    async with asyncio.timeout(10):  # an OpenID provider may have to be asked
        await load(said, client_configuration=configuration)


def _said(access: Access, credential: Credential, directory: Path) -> dict[str, Any]:
    """A kubeconfig of this one context as the client's loader takes it.

    What is given as data stands in files of ours, so that the loader makes none that it would keep; the
    newest of a token's file and the plugin's credential take the place of both.
    """
    cluster, user = dict(access.cluster), dict(access.user)
    user.pop("exec", None)
    for said, keys in ((cluster, ("certificate-authority",)), (user, ("client-certificate", "client-key"))):
        for key in keys:
            if data := said.pop(f"{key}-data", None):
                said[key] = str(directory / key)
                _write(directory / key, _decoded(key, data, access))
    if file := user.pop("tokenFile", None):
        user["token"] = Path(file).read_text(encoding="utf-8", errors="replace").strip()
    if credential.token:
        user["token"] = credential.token.strip()
    if credential.client_certificate_data:
        for key, text in (
            ("client-certificate", credential.client_certificate_data),
            ("client-key", credential.client_key_data),
        ):
            user[key] = str(directory / f"plugin-{key}")
            _write(directory / f"plugin-{key}", text.encode())
    named = {"cluster": "it", "user": "it"}
    return {
        "current-context": "it",
        "contexts": [{"name": "it", "context": named}],
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": user}],
    }


def _decoded(key: str, data: object, access: Access) -> bytes:
    try:
        return base64.b64decode(str(data))
    except ValueError:
        raise Refused(
            f"{key}-data of context {access.context.name} is no base64", "mend its kubeconfig"
        ) from None


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _impersonated(user: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = [("Impersonate-User", str(user["as"]))] if user.get("as") else []
    if user.get("as-uid"):
        headers.append(("Impersonate-Uid", str(user["as-uid"])))
    return headers + [("Impersonate-Group", str(group)) for group in user.get("as-groups") or ()]


def _proxy(server: str) -> str | None:
    """The proxy that the environment names for a server; networks in NO_PROXY are understood."""
    parts = urlsplit(server)
    host = parts.hostname or ""
    found = urllib.request.getproxies()
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return found.get(parts.scheme)
    for one in found.get("no", "").split(","):
        try:
            if address in ipaddress.ip_network(one.strip(), strict=False):
                return None
        except ValueError:
            continue
    return None if address.is_loopback else found.get(parts.scheme)
