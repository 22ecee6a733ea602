"""A connection to one engine: the docker SDK's low-level client with short deadlines and our errors.

Imported when an engine was found, not before: the SDK costs 60 ms and 8 MB. Everything here blocks
and belongs in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

import requests
import urllib3
from docker.api.client import APIClient
from docker.errors import APIError, DockerException
from docker.errors import NotFound as Gone
from docker.tls import TLSConfig
from docker.types import CancellableStream
from docker.utils.utils import version_lt

from console.errors import AGAIN, Refused, SourceError, TimedOut, Unreachable
from console.sources.docker.container_facts import JSON
from console.sources.docker.engine_events import WANTED, Event, EventStream, parse
from console.sources.docker.engine_ping import EnginePing
from console.sources.docker.engines import Endpoint, forbidden, missing, start_hint
from console.text import clean

P = ParamSpec("P")
R = TypeVar("R")

CALL_LIMIT = 2.0
"""Seconds one request may take; the SDK's own default is 60."""
QUIET_LIMIT = 50.0
"""Seconds of silence after which the events stream is opened anew: a dead connection looks like that."""
ANSWER_LIMIT = 32 << 20
"""Bytes of one answer; a thousand containers are listed in three millions."""
_NO_HTTP = ("BadStatusLine", "LineTooLong", "UnknownProtocol", "got more than")
"""In what http.client and urllib3 say of an answer that is no HTTP."""
_LEAST = 0.05
_OLDEST_API = "1.24"
"""The oldest version of the API the SDK speaks; asked only until the engine told its own."""


class _Bounded(APIClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client with an end to answers: its own limit is for the time between two bytes."""

    until = 0.0
    """When the answer has to be there, on the monotonic clock."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As of any session of requests; an engine redirects nobody."""
        whole = not options.get("stream")
        response: requests.Response = super().send(
            request, **(options | {"stream": True, "allow_redirects": False})
        )
        if whole:
            response._content = self.read(response)
            response._content_consumed = True
        return response

    def read(self, response: requests.Response) -> bytes:
        """All that is answered. Raises ValueError where it is too much, Timeout where it takes too long."""
        parts, size = [], 0
        with contextlib.closing(response):
            # not iter_content, which waits until it has so much
            while part := response.raw.read1(1 << 16, decode_content=True):
                parts.append(part)
                size += len(part)
                if size > ANSWER_LIMIT:
                    raise ValueError(f"its answer is larger than {ANSWER_LIMIT >> 20} MB")
                if time.monotonic() > self.until:
                    raise requests.exceptions.ReadTimeout
        return b"".join(parts)


class EngineClient:
    """One engine's API. Every call raises SourceError, and TimedOut once the time allowed is used up."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._until = 0.0
        self.allow(CALL_LIMIT)
        self._ping = EnginePing(endpoint.socket) if endpoint.socket else None
        try:
            if self._ping is not None:
                self.ping()
            self._client = self._make(_OLDEST_API)
            version = self._ask(self._client.version, api_version=False)
            if not isinstance(version, dict) or not isinstance(version.get("ApiVersion"), str):
                raise self._stranger()
            self.version: JSON = version
            self.api = version["ApiVersion"] or _OLDEST_API
            self._client.close()
            self._client = self._make(self.api)
        except BaseException:
            self.close()
            raise

    def _make(self, version: str) -> _Bounded:
        endpoint = self.endpoint
        tls: Any = False
        try:
            if endpoint.tls:
                tls = TLSConfig((endpoint.certificate, endpoint.key), endpoint.ca, endpoint.verify)
                if not endpoint.verify:
                    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            client = _Bounded(base_url=endpoint.host, version=version, timeout=int(CALL_LIMIT), tls=tls)
        except DockerException as error:
            raise self._refused(error) from None
        except (ValueError, OSError) as error:
            raise Refused(
                f"{endpoint.shown}: {error}", "write it as unix:///path or tcp://host:port"
            ) from None
        if endpoint.socket:
            client.trust_env = False  # no proxy and no .netrc on a socket: saves reading it at each request
        return client

    def allow(self, seconds: float) -> None:
        """Let the following calls take this long together, none longer than `CALL_LIMIT`."""
        self._until = time.monotonic() + seconds

    def ping(self) -> None:
        """Make sure the engine answers."""
        if self._ping is None:
            self._ask(self._client.ping)
            return
        try:
            answer = self._ping.ask(self._left())
        except OSError as error:  # a connection cut in mid-answer is an HTTPException as well
            raise self._broken(error) from None
        except http.client.HTTPException as error:
            raise self._refused(error) from None
        if answer != "OK":
            raise self._refused(ValueError(f"it answers a ping with {answer!r}"))

    def info(self) -> JSON:
        """What the engine says of itself and its host; costs it some milliseconds."""
        return _object(self._ask(self._client.info))

    def containers(self) -> list[JSON]:
        """All containers, running or not, as the list has them."""
        found = self._ask(self._client.containers, all=True)
        if not isinstance(found, list):
            raise self._stranger()
        return [entry for entry in found if isinstance(entry, dict)]

    def inspect(self, container: str) -> JSON | None:
        """All there is about one container; None when it is gone. Raises Failed when it cannot be told."""
        try:
            return _object(self._ask(self._client.inspect_container, container))
        except _Gone:
            return None

    def stats(self, container: str) -> JSON | None:
        """One reading of a container's counters; None when it is gone.

        Some engines let one wait up to a second for it, those before API 1.41 two.
        """
        one_shot = None if version_lt(self.api, "1.41") else True
        try:
            return _object(self._ask(self._client.stats, container, stream=False, one_shot=one_shot))
        except _Gone:
            return None

    def past_events(self, since: float, until: float) -> list[Event]:
        """What happened to containers between two times (epoch seconds of the engine).

        Engines remember some hundred events.
        """
        left = self._left()
        with self._get_events((left, left), {"since": f"{since:.3f}", "until": f"{until:.3f}"}) as response:
            lines = self._ask(self._client.read, response).splitlines()
        return [event for event in map(parse, lines) if event is not None]

    def events(self, since: float) -> EventStream:
        """The stream of what happens to containers, from `since` (epoch seconds of the engine) on."""
        response = self._get_events((self._left(), QUIET_LIMIT), {"since": f"{since:.3f}"})
        stream = CancellableStream(response.iter_content(chunk_size=None), response)
        return EventStream(_chunks(stream, response), lambda: _hang_up(stream), "container events")

    def _get_events(self, timeout: tuple[float, float], span: Mapping[str, str]) -> requests.Response:
        """The SDK's own call waits for ever, and its decoding reads byte by byte."""
        wanted = json.dumps({"type": ["container"], "event": list(WANTED)})
        response: requests.Response = self._ask(
            self._client.get,
            f"{self._client.base_url}/v{self.api}/events",
            params={**span, "filters": wanted},
            stream=True,
            timeout=timeout,
        )
        if response.status_code != 200:
            response.close()
            raise Refused(f"the engine gives no events: status {response.status_code}")
        return response

    def close(self) -> None:
        """Close what is open; never blocks."""
        client = getattr(self, "_client", None)
        if client is not None:
            client.close()
        if self._ping is not None:
            self._ping.close()

    def _left(self) -> float:
        left = min(CALL_LIMIT, self._until - time.monotonic())
        if left < _LEAST:
            raise self._late()
        return left

    def _late(self) -> TimedOut:
        return TimedOut(f"the engine at {self.endpoint.shown} does not answer", AGAIN)

    def _ask(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer of a call of the SDK; its many errors become ours."""
        left = self._left()
        if client := getattr(self, "_client", None):
            client.timeout, client.until = left, time.monotonic() + left
        try:
            return call(*args, **kwargs)
        except Gone as error:
            if not hasattr(self, "api"):
                raise self._stranger() from None  # every engine has what is asked first
            raise _Gone(clean(str(error.explanation or error))) from None
        except APIError as error:
            raise self._answered(error) from None
        except requests.exceptions.Timeout:
            raise self._late() from None
        except (DockerException, ValueError) as error:  # requests' complaints of URLs and JSON are both
            raise self._refused(error) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(error) from None

    def _answered(self, error: APIError) -> SourceError:
        status = error.response.status_code if error.response is not None else 0
        told = clean(str(error.explanation or error), 200)
        if status in (401, 403):
            return Refused(f"the engine refused: {told}", "check its certificates and authorisation")
        if told.startswith("<") or (status in (400, 404, 405) and not hasattr(self, "api")):
            return self._stranger()  # a page for browsers, or none of what every engine has
        return Failed(f"the engine answered {status}: {told}", start_hint(self.endpoint))

    def _stranger(self) -> Refused:
        return Refused(
            f"{self.endpoint.shown} does not speak Docker", "correct the address: another program has it"
        )

    def _refused(self, error: Exception) -> SourceError:
        if isinstance(error, json.JSONDecodeError | http.client.HTTPException):
            return self._stranger()
        fix = "is there a container engine at this address?"
        if "paramiko" in str(error):
            fix = (
                "pip install paramiko, or forward its socket: ssh -nNTL /tmp/d.sock:/var/run/docker.sock HOST"
            )
        return Refused(f"{self.endpoint.shown}: {clean(str(error), 200)}", fix)

    def _broken(self, error: BaseException) -> SourceError:
        """The cause below the layers of requests and urllib3, as what it means here."""
        cause = _cause(error)
        if isinstance(cause, TimeoutError) or (cause is not None and cause.errno == errno.EAGAIN):
            return self._late()
        if isinstance(cause, PermissionError) and self.endpoint.socket:
            return forbidden(self.endpoint)
        if isinstance(cause, FileNotFoundError) and self.endpoint.socket:
            return missing(self.endpoint)
        told = cause.strerror if cause is not None and cause.strerror else str(error)
        if any(name in told for name in _NO_HTTP):
            return self._stranger()
        if "Remote end closed" in told:  # http.client's, alone or in the repr of an exception of urllib3's
            told = "it closed the connection without an answer"
            if not self.endpoint.socket and not hasattr(self, "api"):
                fix = f"is it a container engine that listens there, and without TLS? {AGAIN}"
                return Unreachable(f"{self.endpoint.shown}: {told}", fix)
        return Unreachable(f"{self.endpoint.shown}: {clean(told, 160)}", start_hint(self.endpoint))


class Failed(Unreachable):
    """The engine answered, but could not do what was asked: the rest of it may well work."""


class _Gone(SourceError):
    """The container asked for is not there (any more)."""


def _object(answer: Any) -> JSON:
    return answer if isinstance(answer, dict) else {}


def _cause(error: BaseException) -> OSError | None:
    """The OSError of the system below; requests and urllib3 hide it in arguments and reasons."""
    seen: list[Any] = [error]
    for item in seen:
        # requests' own errors are OSErrors too, without a number; so are time-outs of sockets
        if isinstance(item, TimeoutError) or (isinstance(item, OSError) and item.errno is not None):
            return item
        if isinstance(item, BaseException) and len(seen) < 20:
            seen += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return None


def _chunks(stream: CancellableStream, response: requests.Response) -> Iterator[bytes]:
    """The stream's pieces until it ends, however it ends."""
    try:
        yield from stream
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        pass  # silence, a cut connection, our own hanging up: the next poll opens a new one
    except AttributeError:
        pass  # the SDK closed the file under the reader's hands
    finally:
        response.close()


def _hang_up(stream: CancellableStream) -> None:
    try:
        stream.close()
    except (OSError, AttributeError, NameError, DockerException):
        pass  # it ended by itself meanwhile, and the SDK looks for a socket that is gone
