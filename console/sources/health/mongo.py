"""MongoDB, by what one member tells of itself: `hello`, `serverStatus`, and `replSetGetStatus` of a set."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from console.amounts import rising, span_limit
from console.errors import Refused, SourceError, UsageError
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.secrets import MASK, PasswordCommand, redact
from console.sources.health import mongo_status
from console.sources.health.mongo_address import parse
from console.sources.health.mongo_status import Document, Rates
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import bytes_, duration
from console.worker import Worker

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    from console.probe_local import MongoSettings

APPLICATION = "opsconsole probe"
LIMIT = 0.85
"""Share of the timeout that is waited for answers."""
GOODBYE = 0.1
"""Share of it to part politely in."""
LARGEST = 1 << 27
"""Bytes of a message a member may announce to send; MongoDB says 48 million."""
QUIET = ("metrics", "locks", "wiredTiger", "tcmalloc", "repl", "transactions", "sharding")
"""Parts of `serverStatus` that are not asked for: they are most of its hundred kilobytes."""
SIGN_IN, NOT_A_SET, NOT_YET_A_SET = 18, (59, 76), 94
"""Codes of MongoDB: AuthenticationFailed; CommandNotFound and NoReplicationEnabled; NotYetInitialized."""


@dataclass(slots=True)
class Told:
    """What a member answered; a part it refused has its words instead."""

    hello: Document
    status: Document | None = None
    status_refused: str = ""
    replica: Document | None = None
    replica_refused: str = ""
    replica_code: int = 0


class MongoProbe:
    """Connects to one member, asks, and parts: nothing is held between."""

    kind = "mongo"

    def __init__(self, settings: MongoSettings, env: Mapping[str, str]) -> None:
        self._address = parse(settings.url)
        if settings.password_command and not self._address.user:
            raise UsageError("password_command is of nobody", 'write url = "mongodb://user@host:27017/"')
        self.target = self._address.where
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._connections, self._lag = rising(settings.connections), span_limit(settings.lag)
        self._password = PasswordCommand(settings.password_command) if settings.password_command else None
        self._worker = Worker("mongo")
        self._rates = Rates()
        self._parting: asyncio.Task[None] | None = None
        self._secrets: set[str] = {self._address.password} - {""}

    async def ask(self, now: datetime) -> Outcome:
        """Ask once."""
        await self.parted()
        told = await self._told()
        outcome = self._judged(told) if isinstance(told, Told) else told
        return replace(
            outcome,
            text=self._masked(outcome.text),
            fix=self._masked(outcome.fix),
            details=tuple((self._masked(name), self._masked(value)) for name, value in outcome.details),
            samples=(Sample("mongodb_up", float(told is not outcome), self.labels), *outcome.samples),
        )

    async def parted(self) -> None:
        """Until nothing is left of the last asking, half a second later at most where the member answers."""
        if self._parting is not None:
            await asyncio.wait({self._parting})  # whoever gives up waiting does not end it

    async def _told(self) -> Told | Outcome:
        """What it answered, or why it did not."""
        try:
            await self._worker.call(_library)
        except ImportError:
            return failed("the MongoDB library is not installed", "pip install 'opsconsole[mongo]'")
        finally:
            self._worker.stop()
        from pymongo.errors import ConnectionFailure, OperationFailure

        try:
            async with asyncio.timeout(self.timeout * LIMIT):
                password = self._address.password
                if self._password is not None:
                    password = await self._password.get()
                    self._secrets = {self._address.password, password} - {""}
                return await self._tell(password)
        except TimeoutError:
            text = f"no answer from {self.target} within {duration(self.timeout * LIMIT)}"
            return failed(text, "does it hang, or is it no MongoDB?")
        except SourceError as error:
            return failed(error.reason, error.fix)
        except ConnectionFailure as error:
            return self._broken(error)
        except OperationFailure as error:
            if error.code == SIGN_IN and self._password is not None:
                self._password.forget()
            fix = "correct user, password and authSource" if error.code == SIGN_IN else ""
            return failed(f"{self.target} refuses: {_words(error)}", fix)
        except Exception as error:  # noqa: BLE001 a stranger's answer fails anywhere in the library; it is shown
            odd = redact(f"{type(error).__name__}: {error}")
            return failed(f"{self.target} answers as no MongoDB does: {odd}", "see what listens there")
        finally:
            if self._password is not None:
                self._password.stop()

    async def _tell(self, password: str) -> Told:
        """All that is asked; the first failure to connect ends it, where the library would try again."""
        from pymongo import AsyncMongoClient
        from pymongo.errors import ConfigurationError

        listener = _listener(asyncio.get_running_loop().create_future())
        address, patience = self._address, int(self.timeout * 1000)
        options: dict[str, Any] = dict(address.options)
        if address.user:
            options |= {"username": address.user, "password": password}
        try:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                host=address.seed,
                directConnection=True,
                appname=APPLICATION,
                tz_aware=True,
                tzinfo=UTC,
                datetime_conversion="DATETIME_AUTO",
                unicode_decode_error_handler="replace",
                maxPoolSize=1,
                retryReads=False,
                serverMonitoringMode="poll",
                connectTimeoutMS=patience,
                serverSelectionTimeoutMS=patience,
                socketTimeoutMS=patience,
                event_listeners=[listener],
                **options,
            )
        except (ConfigurationError, OSError, ValueError) as error:
            raise Refused(f"the URL cannot be used: {error}", "correct url, or the files it names") from None
        asking = asyncio.create_task(_ask(client))
        try:
            await asyncio.wait({asking, listener.broken}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise listener.broken.result()
            return asking.result()
        finally:
            asking.cancel()
            # in a task of its own: the library takes half a second to end, which is none of the member's
            self._parting = asyncio.create_task(_part(client, asking, self.timeout * GOODBYE))

    def _broken(self, error: Exception) -> Outcome:
        """No connection, in words."""
        # the library gives its text only: it cuts off what the error came from
        said = redact(str(error)).partition(" (configured timeouts")[0].replace(f"{self.target}: ", "")
        if found := re.search(r"certificate verify failed: (.+?)(?: \(_ssl\.c:\d+\))?$", said):
            return failed(f"TLS with {self.target}: {found[1]}", "see tlsCAFile, or renew it")
        if found := re.search(r"\[SSL(?:: \w+)?\] (.+?)(?: \(_ssl\.c:\d+\))?$", said):
            return failed(f"TLS with {self.target}: {found[1]}", "does it speak TLS? see tls= of the URL")
        if found := re.match(r"\[Errno (\d+)\]", said):
            said = os.strerror(int(found[1]))
        elif found := re.match(r"\[Errno -\d+\] (.+)", said):
            said = found[1]
        return failed(f"{self.target}: {said}", "does mongod run, and listen there?")

    def _judged(self, told: Told) -> Outcome:
        points = Points()
        points.detail("role", _role(told.hello))
        if told.status is not None:
            mongo_status.server(points, told.status, self._rates, self._connections, self.labels)
        else:
            points.say(
                Severity.WARNING,
                f"it answers, and does not tell how it is: {told.status_refused}",
                f"{'grant' if self._address.user else 'name a user with'} the role clusterMonitor on admin",
            )
        if told.replica is not None:
            mongo_status.replica_set(points, told.replica, self._lag, self.labels)
        elif told.replica_code == NOT_YET_A_SET:
            points.say(Severity.WARNING, "its replica set is not initiated", "rs.initiate()")
        elif told.replica_code in NOT_A_SET:
            points.say(Severity.OK, "it does not tell its replica set")
        elif told.replica_refused:
            points.say(
                Severity.WARNING,
                f"its replica set is not told: {told.replica_refused}",
                "grant the role clusterMonitor on admin",
            )
        return points.outcome()

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return redact(text)


def _library() -> None:
    """Load the library, which takes a fifth of a second the first time."""
    import pymongo.asynchronous.mongo_client  # noqa: F401 loads all the driver has, in a thread


def _listener(broken: asyncio.Future[Exception]) -> Any:
    """Hears of the first connection that fails, or greets as it should not."""
    from pymongo.errors import ProtocolError
    from pymongo.monitoring import ServerHeartbeatListener

    class Listener(ServerHeartbeatListener):
        def __init__(self) -> None:
            self.broken = broken

        def started(self, event: Any) -> None:
            pass

        def succeeded(self, event: Any) -> None:
            size = event.reply.document.get("maxMessageSizeBytes")
            if isinstance(size, int) and size > LARGEST:  # the library would make room for that much
                self._end(ProtocolError(f"it announces messages of {bytes_(size)}"))

        def failed(self, event: Any) -> None:
            self._end(event.reply)

        def _end(self, error: Exception) -> None:
            if not broken.done():
                broken.set_result(error)

    return Listener()


async def _ask(client: AsyncMongoClient[dict[str, Any]]) -> Told:
    """The questions, one after the other over one connection."""
    from pymongo.errors import OperationFailure

    # a command takes the library's own defaults for times and text unless it is given the client's
    command = partial(client.admin.command, codec_options=client.codec_options)
    told = Told(await command({"hello": 1}))
    try:
        told.status = await command({"serverStatus": 1, **dict.fromkeys(QUIET, 0)})
    except OperationFailure as error:
        if error.code == SIGN_IN:
            raise
        told.status_refused = _words(error)
    if told.hello.get("setName") or told.hello.get("isreplicaset"):
        try:
            told.replica = await command({"replSetGetStatus": 1})
        except OperationFailure as error:
            told.replica_refused, told.replica_code = _words(error), error.code or 0
    return told


async def _part(client: AsyncMongoClient[dict[str, Any]], asking: asyncio.Task[Told], limit: float) -> None:
    """Close everything; the second time there is no session left to take leave of."""
    import pymongo

    for patience in (limit, 2.0):
        with suppress(Exception):
            async with asyncio.timeout(patience):
                with pymongo.timeout(patience / 2):
                    await client.close()
    with suppress(asyncio.CancelledError, Exception):
        await asking


def _words(error: Exception) -> str:
    """What the server said, without the document it said it in."""
    details = getattr(error, "details", None)
    said = details.get("errmsg") if isinstance(details, Mapping) else None
    return clean(redact(said if isinstance(said, str) and said else str(error)), 200)


def _role(hello: Document) -> str:
    if hello.get("msg") == "isdbgrid":
        return "mongos"
    name = hello.get("setName")
    return f"member of {clean(name, 80)}" if isinstance(name, str) and name else "standalone"
