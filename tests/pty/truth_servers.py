"""What the panes of PostgreSQL and Redis show, against psql and redis-cli."""

from __future__ import annotations

import re

from tests.pty.figures import Shown, amount, share, size, time_span, words
from tests.pty.independent import AGE, Independent, Span
from tests.pty.load import LOOKUPS, Load
from tests.pty.looks import Look

SHARE = 0.01
"""Of a ratio of two counters: look-ups come in lots of a tenth of a second."""
RATE = 0.06
"""Of a rate: the same lots, at either end of a second."""
CPU = 0.02
"""Of a core: Redis counts it in its own steps."""
KEYS = 60
"""Written and evicted within the seconds between two readings."""
PING_MOST = 1.0
"""Seconds: a round trip of a moment cannot be measured twice, only be likely."""
SECONDS = 2.5
"""Ages go on between the two readings."""
STRETCH = 3.0
"""Seconds a rate of PostgreSQL spans: its sessions report once a second at most."""
BLOCKS = 0.03
"""Of the share of blocks found: sessions report in lots of a second."""
REPORTS = 0.25
"""Of a rate of PostgreSQL: what four sessions report once a second, at either end of three."""
OWN_TPS = 25.0
"""Transactions a second of those who look: psql every fifth of a second, and four consoles. The console
leaves out its own."""
SIZE = 0.15
"""Of a database's size: it is asked at the start and every few minutes, and pgbench writes."""
_CONNECTIONS = ("max_connections", "superuser_reserved_connections")


class CacheTruth:
    """The rules for the lines of the cache's pane."""

    def __init__(self, truth: Independent) -> None:
        self.cache = truth.cache

    def check(self, look: Look) -> None:
        """Title, findings, facts, databases."""
        pane = look.pane("Cache")
        title = re.search(r"hit (\S+) +mem (\S+)(?: +(\S+)/s)?", pane.title)
        assert title is not None, pane.title
        self._hits(look, title[1])
        look.near("memory of the limit", share(title[2]), self._memory_share(look), plus=SHARE)
        if title[3]:
            look.near("commands", amount(title[3]), self._rate("total_commands_processed", look), part=RATE)
        rules = (
            (r"[▲✖] memory (\S+) of maxmemory.*", self._full),
            (r"[▲✖] (\d+) clients? blocked.*", self._blocked),
            (r"[▲✖] (\S+) keys evicted a second.*", self._evicting),
            (r"[▲✖] hit rate (\S+) \(limit \S+\), (\S+) since start.*", self._hit),
            (r"hit (\S+) (\S+) since start", self._hit),
            (r"memory (\S+) of (\S+) (\S+)(?: volatile-lru)?", self._memory),
            (r"evicted (\S+)/s expired (\S+)/s", self._evicted),
            (r"ops (\S+)/s ping (\S+)", self._operations),
            (r"clients (\d+) of (\d+) blocked (\d+)", self._clients),
            (r"evicted (\S+)/s expired (\S+)/s clients (\d+) of (\d+) blocked (\d+)", self._brief),
            (r"\+\d+ more", lambda look, match: None),  # the title has their number
            (r"saved not since the start, (\S+) changes?", self._changes),
            (r"keys (\S+) in 1 database, (\S+) with a ttl", self._keys),
            (r"slow (\d+) over 10ms", self._slow),
            (r"net ↓ (\S+)/s ↑ (\S+)/s cpu (\S+)", self._traffic),
            (r"fragm\. (\S+), (\S+) beyond use", self._fragmentation),
            (r"server Redis (\S+) standalone, up (\S+)", self._server),
            (r"db0 (\S+) 100% (\S+) (\S+) (\S+)", self._space),
        )
        look.lines("Cache", [words(line) for line in pane.lines], rules)

    def _rate(self, name: str, look: Look) -> Span:
        return self.cache.rate(name, look.moment)

    def _gauge(self, name: str, look: Look) -> Span:
        return self.cache.gauge(name, look.moment)

    def _hits(self, look: Look, shown: str) -> None:
        true = self.cache.ratio("keyspace_hits", "lookups", look.moment)
        look.near("hit rate", share(shown), true, plus=SHARE)

    def _hit(self, look: Look, match: re.Match[str]) -> None:
        self._hits(look, match[1])
        last = self.cache.last(look.moment)[-1]
        ratio = int(last["keyspace_hits"]) / last["lookups"]
        look.near("hit rate since start", share(match[2]), (ratio, ratio), plus=SHARE)

    def _memory_share(self, look: Look) -> Span:
        low, high = self._gauge("used_memory", look)
        limit = self._gauge("maxmemory", look)[0]
        return low / limit, high / limit

    def _full(self, look: Look, match: re.Match[str]) -> None:
        look.near("memory of maxmemory", share(match[1]), self._memory_share(look), plus=SHARE)

    def _memory(self, look: Look, match: re.Match[str]) -> None:
        look.near("memory", size(match[1]), self._gauge("used_memory", look), part=SHARE)
        look.near("maxmemory", size(match[2]), self._gauge("maxmemory", look))
        look.near("memory of the limit", share(match[3]), self._memory_share(look), plus=SHARE)

    def _blocked(self, look: Look, match: re.Match[str]) -> None:
        look.near("blocked", Shown(int(match[1]), 0), self._gauge("blocked_clients", look))

    def _evicting(self, look: Look, match: re.Match[str]) -> None:
        # one lot more or less within the second
        look.near("evictions", amount(match[1]), self._rate("evicted_keys", look), part=RATE, plus=4)

    def _evicted(self, look: Look, match: re.Match[str]) -> None:
        self._evicting(look, match)
        look.near("expirations", amount(match[2]), self._rate("expired_keys", look), plus=1)

    def _brief(self, look: Look, match: re.Match[str]) -> None:
        self._evicted(look, match)
        self._connected(look, match[3], match[4], match[5])

    def _operations(self, look: Look, match: re.Match[str]) -> None:
        true = self._rate("total_commands_processed", look)
        look.near("commands", amount(match[1]), true, part=RATE)
        look.equal("more commands than look-ups", amount(match[1]).value > 0.9 * LOOKUPS, True)
        look.near("ping", time_span(match[2]), (0, PING_MOST))

    def _clients(self, look: Look, match: re.Match[str]) -> None:
        self._connected(look, match[1], match[2], match[3])

    def _connected(self, look: Look, connected: str, most: str, blocked: str) -> None:
        look.near("clients", Shown(int(connected), 0), self._gauge("connected_clients", look))
        look.near("most clients", Shown(int(most), 0), self._gauge("maxclients", look))
        look.near("blocked", Shown(int(blocked), 0), self._gauge("blocked_clients", look))

    def _changes(self, look: Look, match: re.Match[str]) -> None:
        true = self._gauge("rdb_changes_since_last_save", look)
        look.near("changes", amount(match[1]), true, plus=KEYS)

    def _keys(self, look: Look, match: re.Match[str]) -> None:
        keys, mortal = self._gauge("db0_keys", look), self._gauge("db0_expires", look)
        look.near("keys", amount(match[1]), keys, plus=KEYS)
        look.near("with a ttl", share(match[2]), (mortal[0] / keys[0], mortal[1] / keys[1]), plus=SHARE)

    def _space(self, look: Look, match: re.Match[str]) -> None:
        """Keys, keys with a TTL, their share, their mean TTL."""
        keys, mortal = self._gauge("db0_keys", look), self._gauge("db0_expires", look)
        look.near("keys of db0", amount(match[1]), keys, plus=KEYS)
        look.near("with a ttl", amount(match[2]), mortal, plus=KEYS)
        look.near("share with a ttl", share(match[3]), (mortal[0] / keys[0], mortal[1] / keys[1]), plus=SHARE)
        low, high = self._gauge("db0_avg_ttl", look)
        # Redis estimates it a database at a time
        look.near("mean ttl", time_span(match[4]), (low / 1000, high / 1000), part=0.02)

    def _slow(self, look: Look, match: re.Match[str]) -> None:
        look.near("slow log", Shown(int(match[1]), 0), (0, 128))  # its entries are those of a busy machine

    def _traffic(self, look: Look, match: re.Match[str]) -> None:
        # INFO's own answers are counted too: some kilobytes at either end
        look.near("bytes in", size(match[1]), self._rate("total_net_input_bytes", look), part=RATE)
        look.near("bytes out", size(match[2]), self._rate("total_net_output_bytes", look), part=2 * RATE)
        look.near("CPU", share(match[3]), self._rate("cpu", look), plus=CPU)

    def _fragmentation(self, look: Look, match: re.Match[str]) -> None:
        true = self._gauge("mem_fragmentation_ratio", look)
        look.near("fragmentation", Shown(float(match[1]), 0.005), true, part=0.01)
        true = self._gauge("mem_fragmentation_bytes", look)
        look.near("beyond use", size(match[2]), true, part=0.05)

    def _server(self, look: Look, match: re.Match[str]) -> None:
        info = self.cache.last(look.moment)[-1]
        look.equal("version", match[1], info["redis_version"])
        look.near("uptime", time_span(match[2]), self._gauge("uptime_in_seconds", look), plus=SECONDS)


class DatabaseTruth:
    """The rules for the lines of the database's pane."""

    def __init__(self, truth: Independent, load: Load) -> None:
        self.database = truth.database
        most, kept = (int(load.postgres.psql(f"SHOW {name}")) for name in _CONNECTIONS)
        self._most = str(most - kept)
        self._version = load.postgres.psql("SHOW server_version").split()[0]
        asked = "SELECT application_name || '|' || pid FROM pg_stat_activity WHERE datname = 'bench'"
        pids = dict(row.split("|") for row in load.postgres.psql(asked).splitlines())
        self._root, self._middle, self._last = (pids[name] for name in ("root", "middle", "last"))
        self._forgotten = pids["forgotten"]

    def check(self, look: Look) -> None:
        """Title, findings, facts, tree, sessions."""
        pane = look.pane("Database")
        self._title(look, pane.title)
        rules = (
            (rf"▲ pid {self._root} blocks (\d+): \(idle in transaction (\S+)\).*", self._blocks),
            (r"▲ pid (\d+) idle in transaction (\S+) \(limit .*", self._aged),
            (r"▲ pid (\d+) (?:transaction open|waiting|blocked|query running).* (\S+) .*", self._aged),
            (r"▲ cache hit (\S+) .*", self._hit_of_minute),
            (r"(\d+)/(\d+) sessions (\d+) active (\d+) blocked longest (\S+)", self._brief),
            (r"tps (\S+) hit (\S+) rollback (\S+)", self._brief_rates),
            (r"sessions (\d+)/(\d+) (.+)", self._sessions),
            (r"blocked (\d+) (.+)", self._blocked),
            (r"longest (\S+) (\d+) idle in tx .*", self._longest),
            (r"tps (\S+) rollback (\S+)", self._transactions),
            (r"hit (\S+)(?: (\S+)/s read)?", self._hit),
            (r"waits ?(.*)", self._waits),
            (r"wal (\S+)/s", self._wal),
            (r"temp (\S+)/s deadlocks (\d+) in (\S+)", self._temp),
            (r"size (\S+) bench (\S+)", self._size),
            (r"(?:server )?bench @(\S+) primary, up (\S+)", self._server),
            (r"(\d+) idle in tx (\S+) .*", self._aged),
            (r"└ (\d+) waits (\S+) .*", self._aged),
            (r"▲?✖? ?(\d+) bench (?:\S+ )?(idle in tx|active) (\S+) .*", self._session),
            (r"(bench|postgres) (\d+) (\S+) (?:(\S+) )?(\S+) (\S+) \S+", self._one_database),
            (r"\+\d+ more.*", lambda look, match: None),  # the title has their number
        )
        look.lines("Database", [words(line) for line in pane.lines], rules)

    def _gauge(self, name: str, look: Look) -> Span:
        return self.database.gauge(name, look.moment)

    def _exact(self, what: str, shown: str, look: Look, name: str = "") -> None:
        look.near(what, Shown(int(shown), 0), self._gauge(name or what, look))

    def _allowed(self, look: Look, shown: str) -> None:
        look.equal("connections allowed", shown, self._most)

    def _title(self, look: Look, title: str) -> None:
        sessions = re.search(r"sessions (\d+)/(\d+)", title)
        assert sessions is not None, title
        self._exact("connections", sessions[1], look)
        self._allowed(look, sessions[2])
        if blocked := re.search(r"blocked (\d+)", title):
            self._exact("waiting", blocked[1], look)
        if tps := re.search(r"tps ([\d.]+)$", title):
            self._tps(look, tps[1])

    def _tps(self, look: Look, shown: str) -> None:
        low, high = self.database.rate("transactions", look.moment, STRETCH)
        look.near("transactions", amount(shown), (low - OWN_TPS, high), part=REPORTS)

    def _ratio(self, look: Look, shown: str) -> None:
        true = self.database.ratio("hit", "blocks", look.moment, STRETCH)
        look.near("blocks found", share(shown), true, plus=BLOCKS)

    def _rolled_back(self, look: Look, shown: str) -> None:
        look.near("rollbacks", share(shown), (0, 0), plus=SHARE)  # pgbench rolls nothing back

    def _blocks(self, look: Look, match: re.Match[str]) -> None:
        self._exact("waiting", match[1], look)
        self._longest_is(look, match[2])

    def _longest_is(self, look: Look, shown: str) -> None:
        look.near("longest transaction", time_span(shown), self._gauge("longest", look), plus=SECONDS)

    def _aged(self, look: Look, match: re.Match[str]) -> None:
        """One of ours; all began within seconds of the longest transaction."""
        look.among("session", match[1], self._ours)
        low, high = self._gauge("longest", look)
        look.near(f"age of {match[1]}", time_span(match[2]), (low - 5.0, high), plus=SECONDS)

    @property
    def _ours(self) -> list[str]:
        return [self._root, self._middle, self._last, self._forgotten]

    def _hit_of_minute(self, look: Look, match: re.Match[str]) -> None:
        # the finding is of the last minute, or of as long as the console looks
        true = self.database.ratio("hit", "blocks", look.moment, 10.0, 10.0)
        look.near("blocks found in a minute", share(match[1]), true, plus=BLOCKS)

    def _brief(self, look: Look, match: re.Match[str]) -> None:
        self._exact("connections", match[1], look)
        self._allowed(look, match[2])
        self._active(look, match[3])
        self._exact("waiting", match[4], look)
        self._longest_is(look, match[5])

    def _active(self, look: Look, shown: str) -> None:
        # the two that wait are active all the time, pgbench's four for milliseconds
        look.near("active", Shown(int(shown), 0), self._gauge("active", look), plus=4)

    def _brief_rates(self, look: Look, match: re.Match[str]) -> None:
        self._tps(look, match[1])
        self._ratio(look, match[2])
        self._rolled_back(look, match[3])

    def _sessions(self, look: Look, match: re.Match[str]) -> None:
        self._exact("connections", match[1], look)
        self._allowed(look, match[2])
        for number, state in re.findall(r"(\d+) (active|idle in tx|idle)", match[3]):
            if state == "active":
                self._active(look, number)
            else:
                name = {"idle in tx": "in_transaction", "idle": "idle"}[state]
                # pgbench's four are in one state or another for milliseconds; the witness is idle too
                look.near(state, Shown(int(number), 0), self._gauge(name, look), plus=5)

    def _blocked(self, look: Look, match: re.Match[str]) -> None:
        self._exact("waiting", match[1], look)
        told = re.findall(r"\d+", match[2])
        look.equal("blocker and blocked", told, [self._root, self._middle, self._last][: len(told)])

    def _longest(self, look: Look, match: re.Match[str]) -> None:
        self._longest_is(look, match[1])
        look.equal("whose it is", match[2], self._root)

    def _transactions(self, look: Look, match: re.Match[str]) -> None:
        self._tps(look, match[1])
        self._rolled_back(look, match[2])

    def _hit(self, look: Look, match: re.Match[str]) -> None:
        self._ratio(look, match[1])
        if match[2]:
            true = self.database.rate("read", look.moment, STRETCH)
            look.near("blocks read", amount(match[2]), true, part=REPORTS)

    def _waits(self, look: Look, match: re.Match[str]) -> None:
        told = dict(re.findall(r"(\w+) (\d+)", match[1]))
        self._exact("waiting", told.get("Lock", "0"), look)

    def _wal(self, look: Look, match: re.Match[str]) -> None:
        true = self.database.rate("wal", look.moment, 1.0, AGE + STRETCH)
        look.near("bytes of WAL", size(match[1]), true, part=REPORTS)

    def _temp(self, look: Look, match: re.Match[str]) -> None:
        look.near("bytes of temporary files", size(match[1]), (0, 0))
        look.equal("deadlocks", match[2], "0")

    def _size(self, look: Look, match: re.Match[str]) -> None:
        """All databases together, asked at the start and then rarely."""
        total = self.database.gauge("all_sizes", look.moment)
        bench = self.database.gauge("size", look.moment)
        look.near("size", size(match[1]), total, part=SIZE)
        look.near(
            "share of bench", share(match[2]), (bench[0] / total[0], bench[1] / total[1]), plus=SIZE / 3
        )

    def _one_database(self, look: Look, match: re.Match[str]) -> None:
        """Sessions, transactions a second, rollbacks, share of blocks found, size; growth takes minutes."""
        name, sessions, tps, rolled_back, found, bytes_ = match.groups()
        if rolled_back:
            self._rolled_back(look, rolled_back)
        look.near(f"sessions of {name}", Shown(int(sessions), 0), self._gauge(f"{name}_sessions", look))
        low, high = self.database.rate(f"{name}_transactions", look.moment, STRETCH)
        # here each console counts its own questions as well
        look.near(f"transactions of {name}", amount(tps), (low, high), part=REPORTS, plus=OWN_TPS)
        if found.endswith("%"):
            true = self.database.ratio(f"{name}_hit", f"{name}_blocks", look.moment, STRETCH)
            look.near(f"blocks found of {name}", share(found), true, plus=BLOCKS)
        look.near(f"size of {name}", size(bytes_), self._gauge(f"{name}_size", look), part=SIZE)

    def _server(self, look: Look, match: re.Match[str]) -> None:
        look.equal("version", match[1], self._version)
        look.near("uptime", time_span(match[2]), self._gauge("uptime", look), plus=SECONDS)

    def _session(self, look: Look, match: re.Match[str]) -> None:
        """A row of the busy sessions; those of pgbench come and go."""
        if match[1] in self._ours:
            low, high = self._gauge("longest", look)
            look.near(f"age of {match[1]}", time_span(match[3]), (low - 5.0, high), plus=SECONDS)
