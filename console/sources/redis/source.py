"""Redis and Valkey: memory, hits, clients, replication, persistence, slow log.

A poll costs the server PING and INFO, and SLOWLOG LEN while somebody looks. What costs it more
(the slow log itself, command statistics, the client list) is asked only when someone looks closely,
and then every few seconds. MONITOR and KEYS are never sent.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.clock import Clock, SystemClock
from console.config import Config, Limits
from console.errors import AGAIN, SILENT, Refused, SourceError, TimedOut, Unreachable
from console.findings import Finding
from console.metrics import Sample
from console.secrets import PasswordCommand
from console.sources.base import Focus
from console.sources.redis import info as read
from console.sources.redis.address import Address, BadAddress, local_addresses, parse_url
from console.sources.redis.judge import judge
from console.sources.redis.link import CLIENT_NAME, Absent, Link, Lost, Reply, not_found, stranger, translate
from console.sources.redis.model import Clients, CommandStat, Details, RedisSnapshot, Server
from console.sources.redis.rates import Rates
from console.sources.redis.samples import NUMBERS, samples
from console.worker import Worker

ASK_LIMIT = 2.5
"""Seconds one poll may take in all, connecting included."""
SLOW_LOG_STEP = 5.0
"""Seconds between two readings of the slow log while its length does not change."""
DETAILS_STEP = 2.0
"""Seconds between two readings of command statistics and clients."""
SLOW_LOG_ENTRIES = 128
MANY_CLIENTS = 10_000
"""Clients above which CLIENT LIST is not asked: the server would stand still while it writes it."""
FORBIDDEN_AGAIN = 60.0
"""Seconds after which a forbidden command is tried again; each try stands in the server's ACL LOG."""


class RedisSource:
    """One Redis or Valkey server, version 6 and later."""

    kind = "redis"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}

    def __init__(
        self,
        name: str,
        addresses: Sequence[Address],
        *,
        guessed: bool = False,
        fault: str = "",
        password_command: str = "",
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`guessed` addresses are tried in turn, and nobody there is no fault; the first to answer stays.

        `fault` says why an address could not be understood: every poll raises it.
        """
        self.name = name
        self.target = addresses[0].label if len(addresses) == 1 else "this host"
        self._addresses = tuple(addresses)
        self._guessed = guessed
        self._fault = fault
        self._password = PasswordCommand(password_command) if password_command else None
        self.limits = limits or Limits()
        """When a figure is judged wrong; guides may change it while it runs."""
        self._clock: Clock = clock or SystemClock()
        self._worker = Worker(f"redis {name}")
        self._link: Link | None = None
        self._rates = Rates()
        self._seen: tuple[str, float] | None = None
        """The run and the server's time of the poll before."""
        self._restarted: float | None = None
        self._forget()

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[RedisSource]:
        """The configured servers; else REDIS_URL; else whoever answers at the usual local places."""
        limits = config.limits
        if config.redis:
            wanted = [(t.name, t.url, t.password_command, "url of [[redis]]") for t in config.redis]
        elif env.get("REDIS_URL"):
            wanted = [("", env["REDIS_URL"], "", "REDIS_URL")]
        else:
            # redis-cli's own variable; sent to this host only, for it names no server
            local = local_addresses(password=env.get("REDISCLI_AUTH", ""))
            return [cls("redis", local, guessed=True, limits=limits)]
        found = []
        for name, url, command, origin in wanted:
            address, fault = _address(url, origin)
            name = name or ("redis" if len(wanted) == 1 else f"redis@{address.label}")
            found.append(cls(name, [address], fault=fault, password_command=command, limits=limits))
        return found

    def _forget(self) -> None:
        self._named = False
        self._threshold: float | None = None
        self._threshold_asked = False
        self._forbidden: dict[str, tuple[float, str]] = {}
        self._details: Details | None = None
        self._slow_length: int | None = None
        self._slow_read: tuple[float, Any] = (-math.inf, None)
        self._details_time = -math.inf

    async def poll(self, focus: Focus) -> RedisSnapshot:
        """Ask once. Raises NotFound, Refused, Unreachable or TimedOut, and keeps no connection then."""
        if self._fault:
            raise Refused(self._fault, "write redis://user:password@host:6379 or unix:///path")
        try:
            async with asyncio.timeout(ASK_LIMIT):
                if self._link is not None:
                    try:
                        return await self._ask(self._link, focus)
                    except Lost:  # restarted meanwhile, or hung up on the idle: a new connection tells
                        self._drop()
                self._link = await self._connect()
                return await self._ask(self._link, focus)
        except TimeoutError:
            self._drop()
            raise TimedOut(
                f"{self.target} did not answer within {ASK_LIMIT:g} s", f"{SILENT} {AGAIN}"
            ) from None
        except BaseException:
            self._drop()
            raise

    def samples(self, snapshot: RedisSnapshot) -> Iterable[Sample]:
        """INFO's numbers under redis_exporter's names, labelled with the source."""
        return samples(snapshot, self.name)

    def judge(self, snapshot: RedisSnapshot) -> Sequence[Finding]:
        """What is wrong, by the configured limits; see `judge`."""
        return judge(snapshot, self.limits, self.name)

    async def close(self) -> None:
        """Close the connection and let the thread go."""
        self._drop()
        self._worker.stop()
        if self._password is not None:
            self._password.stop()

    def _drop(self) -> None:
        if self._link is not None:
            self._link.drop()
            self._link = None
        self._forget()

    async def _connect(self) -> Link:
        refusal: SourceError | None = None
        for address in self._addresses:
            if self._guessed and address.path and not os.path.exists(address.path):  # noqa: ASYNC240 one stat
                continue
            try:
                link = await Link.open(address, await self._secret(address), self._worker)
            except Absent:
                if not self._guessed:
                    raise
            except Refused as error:
                if self._password is not None:
                    self._password.forget()
                refusal = refusal or error
            else:
                self._addresses, self._guessed = (address,), False
                self.target = address.label
                return link
        raise refusal or not_found()

    async def _secret(self, address: Address) -> str:
        return address.password if self._password is None else await self._password.get()

    async def _ask(self, link: Link, focus: Focus) -> RedisSnapshot:
        latency = await self._ping(link)
        commands: list[tuple[str, ...]] = [("INFO",)]
        if focus >= Focus.GLANCE and self._allowed("SLOWLOG"):
            commands.append(("SLOWLOG", "LEN"))
        replies = await link.ask(*commands)
        now = self._clock.monotonic()
        info = self._info(replies[0], link.address)
        length = self._plain(link, "SLOWLOG", replies[1]) if len(replies) > 1 else None
        if focus >= Focus.GLANCE and not self._threshold_asked:
            await self._ask_threshold(link)
        if focus >= Focus.FULL:
            await self._ask_details(link, info, now, length)
        self._slow_length = length if isinstance(length, int) else None
        return self._snapshot(link, info, now, latency, self._details if focus >= Focus.FULL else None)

    async def _ping(self, link: Link) -> float:
        if not self._allowed("PING"):
            return math.nan
        # the name is a courtesy to whoever reads CLIENT LIST: no matter if it is refused
        naming = [] if self._named else [("CLIENT", "SETNAME", CLIENT_NAME)]
        before = self._clock.monotonic()
        reply = (await link.ask(*naming, ("PING",)))[-1]
        latency = self._clock.monotonic() - before
        self._named = True
        answer = self._plain(link, "PING", reply)
        if answer is not None and answer != b"PONG":
            raise stranger(link.address)
        return math.nan if answer is None else latency

    def _info(self, reply: Reply, address: Address) -> read.Info:
        if isinstance(reply, Exception):
            raise translate(reply, address)
        info = read.Info(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else "")
        if "redis_version" not in info:
            raise stranger(address)
        if info.int("loading"):
            share = f", {info.int('loading_loaded_perc')} %" if "loading_loaded_perc" in info else ""
            left = info.int("loading_eta_seconds")
            fix = f"it answers in about {left} s" if left > 0 else "it answers by itself once that is read"
            raise Unreachable(f"loading the dataset{share}", fix)
        return info

    def _allowed(self, command: str) -> bool:
        since = self._forbidden.get(command)
        if since is not None and self._clock.monotonic() - since[0] >= FORBIDDEN_AGAIN:
            del self._forbidden[command]
        return command not in self._forbidden

    def _plain(self, link: Link, command: str, reply: Reply) -> Any:
        """A reply, or None with the reason noted when the command may not or cannot be run."""
        if not isinstance(reply, Exception):
            return reply
        code = getattr(reply, "status_code", None) or str(reply).partition(" ")[0]
        if code in ("LOADING", "BUSY", "NOAUTH"):
            return None  # INFO tells those better
        user = link.address.user
        note = f"{command} does not exist there (renamed or disabled)"
        if code == "NOPERM":
            note = f"user {user} may not run {command}: ACL SETUSER {user} {_GRANTS[command]}"
        self._forbidden[command] = (self._clock.monotonic(), note)
        return None

    async def _ask_threshold(self, link: Link) -> None:
        self._threshold_asked = True
        reply = (await link.ask(("CONFIG", "GET", "slowlog-log-slower-than")))[0]
        if isinstance(reply, list) and len(reply) == 2:
            micro = read.number(reply[1])
            self._threshold = micro / 1e6 if math.isfinite(micro) else None

    async def _ask_details(self, link: Link, info: read.Info, now: float, length: Any) -> None:
        old = self._details or Details()
        slow_log, commands, clients = old.slow_log, old.commands, old.clients
        read_at, read_length = self._slow_read
        if length is not None and (length != read_length or now - read_at >= SLOW_LOG_STEP):
            reply = (await link.ask(("SLOWLOG", "GET", str(SLOW_LOG_ENTRIES))))[0]
            slow_log = read.slow_log(self._plain(link, "SLOWLOG", reply))
            self._slow_read = (now, length)
        if now - self._details_time >= DETAILS_STEP:
            questions = [("INFO", "commandstats")]
            if self._allowed("CLIENT") and info.int("connected_clients") <= MANY_CLIENTS:
                questions.append(("CLIENT", "LIST"))
            replies = await link.ask(*questions)
            commands = self._commands(replies[0], old.commands, now)
            listed = self._plain(link, "CLIENT", replies[1]) if len(replies) > 1 else None
            clients = read.clients(listed) if isinstance(listed, bytes) else ()
            self._details_time = now
        self._details = Details(slow_log, commands, clients)

    def _commands(self, reply: Reply, old: Sequence[CommandStat], now: float) -> tuple[CommandStat, ...]:
        if not isinstance(reply, bytes):
            return ()
        stats = read.Info(reply.decode("utf-8", "replace"))
        return read.commands(stats, {stat.name: stat for stat in old}, now - self._details_time)

    def _snapshot(
        self, link: Link, info: read.Info, now: float, latency: float, details: Details | None
    ) -> RedisSnapshot:
        server = read.server(info, self._clock.now().timestamp())
        totals = read.totals(info)
        interval = self._rates.interval(now, server.run_id, totals)
        return RedisSnapshot(
            limited=self._limited(server.mode, info),
            target=link.address.label,
            server=server,
            memory=read.memory(info),
            totals=totals,
            interval=interval,
            clients=Clients(
                connected=info.int("connected_clients"),
                blocked=info.int("blocked_clients"),
                maximum=info.int("maxclients"),
                rejected_lately=self._rates.rejected_lately(now),
            ),
            keyspace=read.keyspace(info),
            replication=read.replication(info),
            persistence=read.persistence(info),
            latency=latency,
            ops=interval.rate("commands") if interval else info.float("instantaneous_ops_per_sec", 0.0),
            slow_length=self._slow_length,
            slow_threshold=self._threshold,
            details=details,
            numbers={field: info.float(field) for field in NUMBERS if field in info},
            restarted=self._began_anew(server),
        )

    def _began_anew(self, server: Server) -> float | None:
        """When the server last began after a poll of ours; another one at the address began long before."""
        seen, self._seen = self._seen, (server.run_id, server.time)
        began = server.time - server.uptime + 1.0  # at most: uptime is in whole seconds
        if seen is not None and seen[0] != server.run_id and began > seen[1]:
            self._restarted = began - 1.0
        return self._restarted

    def _limited(self, mode: str, info: read.Info) -> tuple[str, ...]:
        notes = [note for _, note in self._forbidden.values()]
        if mode == "sentinel":
            notes.insert(0, "a Sentinel holds no data: configure the servers it watches under [[redis]]")
        if info.int("connected_clients") > MANY_CLIENTS:
            notes.append(f"more than {MANY_CLIENTS} clients: they are not listed, to spare the server")
        return tuple(notes)


_GRANTS = {
    "PING": "+ping",
    "SLOWLOG": "+slowlog|len +slowlog|get",
    "CLIENT": "+client|list",
}


def _address(url: str, origin: str) -> tuple[Address, str]:
    if not url:
        return Address(), ""
    try:
        return parse_url(url), ""
    except BadAddress as error:
        return Address(), f"{origin} is no address: {error}"
