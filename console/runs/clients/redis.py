"""Redis commands as argument words, replies as redis-cli shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.errors import NotFound, OpsError, SourceError, Unreachable
from console.runs.clients import carry_out
from console.secrets import PasswordCommand
from console.sources.redis.address import Address, BadAddress, local_addresses, parse_url
from console.sources.redis.link import Link
from console.worker import Worker

REPLY_LIMIT = 300.0
"""Seconds one reply may take."""
ENDLESS_LIMIT = 30 * 86400.0
"""The same for what does not end by itself."""
ITEMS = 1000
"""Members of a reply that are shown."""
_ENDLESS = frozenset({"subscribe", "psubscribe", "ssubscribe", "monitor", "sync", "psync"})
"""Commands after which the server goes on talking."""
_FOREIGN = frozenset({"hello", "quit", "auth", "reset"})
"""Commands that change how the connection itself is read or who it is."""


def endless(words: Sequence[str]) -> bool:
    """Whether a command does not end by itself."""
    return bool(words) and words[0].lower() in _ENDLESS


async def run(task: Mapping[str, Any]) -> int:
    """Carry out the commands of a task, stopping at the first that is answered with an error."""
    calls: list[list[str]] = task["calls"]
    for words in calls:
        if endless(words) and not task["background"]:
            raise OpsError(f"{words[0].upper()} does not end by itself", "run it in the background")
        if words[0].lower() in _FOREIGN:
            raise OpsError(f"{words[0].upper()} is not for a step", "the console signs in by itself")
    link = await _connected(task)
    try:
        for words in calls:
            if len(calls) > 1:
                print(f"> {' '.join(words[:2])}{' …' if len(words) > 2 else ''}")
            replies = await link.ask(words)
            print("\n".join(lines(replies[0])))
            if isinstance(replies[0], Exception):
                return 1
            while endless(words):
                print("\n".join(lines(await link.hear())))
        return 0
    finally:
        link.drop()


async def _connected(task: Mapping[str, Any]) -> Link:
    worker = Worker("names")
    password = ""
    if task.get("password_command"):
        command = PasswordCommand(task["password_command"])
        password = await command.get()
        command.stop()
    failure: SourceError | None = None
    try:
        for address in _addresses(task):
            try:
                limit = ENDLESS_LIMIT if task["background"] else REPLY_LIMIT
                return await Link.open(address, password or address.password, worker, limit)
            except Unreachable as error:
                failure = failure or error
    finally:
        worker.stop()
    raise failure or NotFound("no Redis answers here", "set REDIS_URL, or write [[redis]] url")


def _addresses(task: Mapping[str, Any]) -> Iterator[Address]:
    url = task.get("url") or os.environ.get("REDIS_URL", "")
    if not url:
        yield from local_addresses(password=os.environ.get("REDISCLI_AUTH", ""))
        return
    try:
        yield parse_url(url)
    except BadAddress as error:
        raise OpsError(str(error), "write redis://user:password@host:6379 or unix:///path") from None


def lines(reply: Any, indent: str = "") -> Iterator[str]:
    """A reply as redis-cli writes it, one line an item."""
    if reply is None:
        yield f"{indent}(nil)"
    elif isinstance(reply, Exception):
        yield f"{indent}(error) {reply}"
    elif isinstance(reply, bool):
        yield f"{indent}({str(reply).lower()})"
    elif isinstance(reply, int):
        yield f"{indent}(integer) {reply}"
    elif isinstance(reply, (list, tuple)):
        yield from _items(reply, indent)
    elif isinstance(reply, bytes):
        text = reply.decode("utf-8", "backslashreplace")
        yield from (f"{indent}{line}" for line in text.splitlines() or [""])
    else:
        yield f"{indent}{reply}"


def _items(reply: Sequence[Any], indent: str) -> Iterator[str]:
    if not reply:
        yield f"{indent}(empty)"
    for number, item in enumerate(reply[:ITEMS], start=1):
        label = f"{indent}{number}) "
        first, *rest = lines(item, "")
        yield label + first
        yield from (" " * len(label) + line for line in rest)
    if len(reply) > ITEMS:
        yield f"{indent}… {len(reply) - ITEMS} more not shown"


def main() -> int:
    """Do what standard input says."""
    return carry_out(run)


if __name__ == "__main__":
    sys.exit(main())
