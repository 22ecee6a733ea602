"""Ways for hostile text into a console: every place where somebody else chooses what is written there.

Each holds a marker of plain letters, so that a test can say that the text did come as far as the
screen. Nothing here needs a server that is not given to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import asyncpg

from tests.pty import hostile
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

LINES = 10_000
NAME_LIMIT = 63
"""Bytes of a PostgreSQL identifier."""


def named(marker: str, limit: int, seed: int) -> str:
    """A name with a marker first and hostile text after it, of at most `limit` bytes."""
    return marker + hostile.text(limit - len(marker), seed)


def log_files(directory: Path) -> list[Path]:
    """Three empty files to be filled while they are followed; the name of one is hostile too."""
    odd = named("MARKFILE", 60, 1).replace("/", "|") + ".log"
    files = [directory / name for name in ("plain.log", odd, "endless.log")]
    for file in files:
        file.touch()
    return files


def fill_plain(files: Sequence[Path]) -> None:
    """10,000 garbage lines, and a line that does not end."""
    plain, _, endless = files
    plain.write_bytes(b"".join(b"MARKLOG " + line + b"\n" for line in hostile.garbage(LINES)))
    endless.write_bytes(b"MARKEND " + b"\x1b[31m" * 30_000)


def fill_odd(files: Sequence[Path]) -> None:
    """A few more in the file whose name is hostile."""
    files[1].write_bytes(b"".join(b"MARKODD " + line + b"\n" for line in hostile.garbage(50, 2)))


@contextlib.contextmanager
def processes() -> Iterator[None]:
    """Children whose names and arguments are hostile, and who do enough to be listed."""
    script = "i=0; while :; do i=$((i + 1)); [ $((i % 1000)) = 0 ] && sleep 0.05; done"
    odd = [text.encode("utf-8", "replace") for text in hostile.STRINGS if len(text) < 500]
    words = [word.replace(b"\0", b"") for word in [*odd, *hostile.BROKEN]]
    children = [
        subprocess.Popen(
            [b"MARKARG" + b" ".join(words[part::3]), b"-c", script.encode(), *words[part::3]],
            executable="/bin/sh", stdin=subprocess.DEVNULL,
        )
        for part in range(3)
    ]  # fmt: skip
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait(5)


@contextlib.asynccontextmanager
async def sessions(server: PostgresServer) -> AsyncIterator[None]:
    """Databases, roles, tables, application names and statements nobody would want; one blocks another."""
    database, role = named("MARKDB", NAME_LIMIT, 5), named("MARKROLE", NAME_LIMIT, 6)
    table, program = named("MARKTABLE", NAME_LIMIT, 7), named("MARKAPP", NAME_LIMIT, 8)
    async with contextlib.AsyncExitStack() as stack:

        async def session(name: str, user: str, application: str = "") -> asyncpg.Connection:
            settings = {"application_name": application} if application else {}
            link = await asyncpg.connect(
                host=str(server.socket_dir), port=server.port, user=user, database=name,
                server_settings=settings,
            )  # fmt: skip
            stack.callback(link.terminate)
            return link

        admin = await session("postgres", "postgres")
        await admin.execute(f"create role {_quoted(role)} superuser login")
        await admin.execute(f"create database {_quoted(database)}")
        await admin.execute("create database bytes encoding 'SQL_ASCII' locale 'C' template template0")
        holder = await session(database, role, program)
        await holder.execute(f"create table {_quoted(table)} (n int)")
        await holder.execute(f"begin; lock table {_quoted(table)}; /* MARKHOLD */ select $m${_text(9)}$m$")
        waiter = await session(database, role, program)
        waiting = asyncio.ensure_future(waiter.execute(f"/* MARKWAIT {_text(11)} */ table {_quoted(table)}"))
        sleeper = await session(database, role, program)
        sleeping = asyncio.ensure_future(
            sleeper.execute(f"/* MARKRUN */ select pg_sleep(300), $m${_text(12)}$m$")
        )
        raw = subprocess.Popen(  # noqa: ASYNC220 the loop has nothing else to do
            server.psql_command("bytes"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={"PGCLIENTENCODING": "SQL_ASCII"},
        )  # fmt: skip
        assert raw.stdin is not None
        raw.stdin.write(b"/* MARKRAW */ select pg_sleep(300), $m$" + b" ".join(hostile.BROKEN) + b"$m$;\n")
        raw.stdin.flush()
        await asyncio.sleep(0)
        try:
            yield
        finally:
            raw.kill()
            raw.communicate()
            for task in (waiting, sleeping):
                task.cancel()
            await asyncio.gather(waiting, sleeping, return_exceptions=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(seed: int) -> str:
    return hostile.text(600, seed).replace("*/", "* /")


def redis_keys(server: RedisServer) -> None:
    """Keys, values, client names and slow commands."""
    with server.connect() as client:
        client.config_set("slowlog-log-slower-than", 0)
        for number, text in enumerate(hostile.STRINGS):
            name = b"MARKKEY" + text.encode("utf-8", "replace")
            client.set(name, text.encode("utf-8", "replace") * 3)
            client.execute_command("GET", name)
            client.execute_command("HSET", b"hash" + name, name, hostile.BROKEN[number % len(hostile.BROKEN)])


def containers(engine: Dockerd) -> list[str]:
    """Containers whose labels, commands, environment and output are hostile; their names."""
    output = "MARKOUT \\033]0;t\\007\\033[5m\\302\\2332J [/ [@click=app.quit] \\302\\205 \\r\\n"
    script = f"while :; do printf '{output}'; sleep 1; done"
    names = []
    for number in range(4):
        name = f"markbox-{number}"
        labels = {
            "com.docker.compose.project": named("MARKPROJECT", 80, 10 + number),
            "com.docker.compose.service": named("MARKSERVICE", 60, 20 + number),
            "note": named("MARKLABEL", 90, 30 + number),
        }
        options = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        options += ["--env", "HOSTILE=" + hostile.text(200, 4)]
        engine.run(name, "sh", "-c", script, *hostile.STRINGS[:6], options=options)
        names.append(name)
    return names
