"""What Redis commands do, as tables, and what a call of `redis-cli` comes to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.names import names
from console.guides.risk.options import has, operands
from console.guides.shell import Word
from console.guides.shell.prefixes import ANY

_READ = names(
    """
    AUTH BITCOUNT BITFIELD_RO BITPOS COMMAND DBSIZE DUMP ECHO EXISTS EXPIRETIME GEODIST GEOHASH GEOPOS
    GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT GETRANGE HELLO HEXISTS HGET HGETALL HKEYS
    HLEN HMGET HRANDFIELD HSCAN HSTRLEN HVALS INFO KEYS LASTSAVE LCS LINDEX LLEN LOLWUT LPOS LRANGE MGET
    MONITOR PEXPIRETIME PING PSUBSCRIBE PTTL PUBSUB QUIT RANDOMKEY READONLY ROLE SCAN SCARD SDIFF SELECT
    SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN SSUBSCRIBE STRLEN
    SUBSCRIBE SUBSTR SUNION TIME TTL TYPE UNSUBSCRIBE WAIT XINFO XLEN XPENDING XRANGE XREAD XREVRANGE
    ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE
    ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION
    """
)
_DESTROYS = frozenset({"FLUSHALL", "FLUSHDB", "SHUTDOWN", "SWAPDB", "FAILOVER"})
_CHANGES = names(
    """
    ACL APPEND BGREWRITEAOF BGSAVE BITFIELD BITOP BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX
    BZPOPMIN COPY DECR DECRBY DEL DISCARD EVAL EVALSHA EXEC EXPIRE EXPIREAT FCALL GEOADD GEORADIUS
    GEOSEARCHSTORE GETDEL GETEX GETSET HDEL HEXPIRE HINCRBY HINCRBYFLOAT HMSET HPERSIST HSET HSETNX INCR
    INCRBY INCRBYFLOAT LINSERT LMOVE LMPOP LPOP LPUSH LPUSHX LREM LSET LTRIM MIGRATE MOVE MSET MSETNX
    MULTI PERSIST PEXPIRE PEXPIREAT PFADD PFCOUNT PFMERGE PSETEX PSYNC PUBLISH RENAME RENAMENX REPLICAOF
    RESET RESTORE RPOP RPOPLPUSH RPUSH RPUSHX SADD SAVE SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE
    SINTERSTORE SLAVEOF SMOVE SORT SPOP SPUBLISH SREM SUNIONSTORE SYNC TOUCH UNLINK UNWATCH WATCH XACK
    XADD XAUTOCLAIM XCLAIM XDEL XGROUP XREADGROUP XSETID XTRIM ZADD ZDIFFSTORE ZINCRBY ZINTERSTORE ZMPOP
    ZPOPMAX ZPOPMIN ZRANGESTORE ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZUNIONSTORE
    """
)
_SUBCOMMANDS: dict[str, dict[str, Risk]] = {
    "CONFIG": {"GET": Risk.READ, "HELP": Risk.READ, "SET": Risk.CHANGE, "REWRITE": Risk.CHANGE,
               "RESETSTAT": Risk.CHANGE},
    "CLIENT": dict.fromkeys(("LIST", "INFO", "ID", "GETNAME", "HELP", "TRACKINGINFO", "GETREDIR"), Risk.READ),
    "CLUSTER": {**dict.fromkeys(("INFO", "NODES", "SLOTS", "SHARDS", "MYID",
                                 "KEYSLOT", "COUNTKEYSINSLOT",
                                 "LINKS", "GETKEYSINSLOT", "REPLICAS", "SLAVES", "HELP"), Risk.READ),
                **dict.fromkeys(("RESET", "FLUSHSLOTS", "FORGET", "DELSLOTS"), Risk.DESTRUCTIVE)},
    "SLOWLOG": {"GET": Risk.READ, "LEN": Risk.READ, "HELP": Risk.READ},
    "LATENCY": dict.fromkeys(("LATEST", "HISTORY", "DOCTOR", "GRAPH", "HELP", "HISTOGRAM"), Risk.READ),
    "MEMORY": {**dict.fromkeys(("USAGE", "STATS", "DOCTOR", "HELP", "MALLOC-STATS"), Risk.READ)},
    "OBJECT": dict.fromkeys(("ENCODING", "FREQ", "IDLETIME", "REFCOUNT", "HELP"), Risk.READ),
    "ACL": dict.fromkeys(("LIST", "USERS", "WHOAMI", "CAT", "GETUSER", "LOG", "HELP", "DRYRUN"), Risk.READ),
    "MODULE": {"LIST": Risk.READ},
    "SCRIPT": {"EXISTS": Risk.READ, "FLUSH": Risk.CHANGE},
    "FUNCTION": {"LIST": Risk.READ, "STATS": Risk.READ, "DUMP": Risk.READ, "FLUSH": Risk.DESTRUCTIVE,
                 "DELETE": Risk.DESTRUCTIVE},
    "DEBUG": {"OBJECT": Risk.READ, "SEGFAULT": Risk.DESTRUCTIVE, "FLUSHALL": Risk.DESTRUCTIVE},
    "SENTINEL": dict.fromkeys(("MASTERS", "MASTER", "REPLICAS", "SLAVES", "SENTINELS", "CKQUORUM",
                               "GET-MASTER-ADDR-BY-NAME", "MYID", "INFO-CACHE"), Risk.READ),
}  # fmt: skip
"""Commands by their first argument; one not named changes something."""
_LUA_DESTROYS = frozenset({"flushall", "flushdb", "shutdown"})
_ASKS = ("--stat", "--latency", "--latency-history", "--latency-dist", "--bigkeys", "--memkeys", "--hotkeys",
         "--scan", "--intrinsic-latency", "--version", "--help")  # fmt: skip


def risk_of_redis(text: str) -> Risk:
    """The highest risk among commands, one a line, as typed into `redis-cli`."""
    risk, any_command = Risk.READ, False
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=False)
        except ValueError:
            return max(risk, _of(line.split()), Risk.UNKNOWN)
        if words and not words[0].startswith("#"):
            any_command = True
            risk = max(risk, _of(words))
    return risk if any_command else Risk.UNKNOWN


def _of(words: Sequence[str | None]) -> Risk:
    if not words or words[0] is None:
        return Risk.UNKNOWN
    name = words[0].upper()
    if name.isdigit() and len(words) > 1:  # redis-cli repeats a command that a number stands before
        return _of(words[1:])
    first = words[1].upper() if len(words) > 1 and words[1] is not None else ""
    if name in _SUBCOMMANDS:
        if len(words) > 1 and words[1] is None:
            return Risk.UNKNOWN
        return _SUBCOMMANDS[name].get(first, Risk.CHANGE)
    if name in _DESTROYS:
        return Risk.DESTRUCTIVE
    if name in ("EVAL", "FCALL") and any(
        word and any(sign in word.lower() for sign in _LUA_DESTROYS) for word in words
    ):
        return Risk.DESTRUCTIVE
    if name in _READ:
        return Risk.READ
    return Risk.CHANGE if name in _CHANGES else Risk.UNKNOWN


def risk_of_client(words: Sequence[Word], fed: str | None) -> Risk:
    """The risk of `redis-cli` with these arguments; `fed` is what comes to its input, if anything does."""
    values = [word.value for word in words]
    if has(values, "--eval", "--pipe", "--functions-rdb", "--rdb"):
        return Risk.CHANGE
    if "--cluster" in values[:-1]:
        verb = values[values.index("--cluster") + 1]
        return Risk.READ if verb in ("info", "check", "help") else Risk.CHANGE
    if any(value in _ASKS for value in values):
        return Risk.READ
    command = operands(
        values, "hpaunsridDtX", ("user", "pass", "sni", "cacert", "cert", "key", "tls-ciphers")
    )
    if command:
        piped = any(word.raw == ANY.raw for word in words) and (command[0] or "").upper() in ("DEL", "UNLINK")
        return Risk.DESTRUCTIVE if piped else _of(command)  # how many keys come out of a pipe nobody knows
    return risk_of_redis(fed) if fed is not None else Risk.UNKNOWN
