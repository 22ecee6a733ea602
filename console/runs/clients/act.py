"""An act of a pane carried out: a container, a database session, a process, a silence."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from console.errors import OpsError, Refused
from console.runs.clients import carry_out

CONNECT_LIMIT = 15.0
ENGINE_LIMIT = 60
"""Seconds an engine may take for one request."""
WATCHED = 5.0
"""Seconds a signalled process or session is watched for its end."""
LOOK = 0.1
"""Seconds between two looks at a session."""
SAME = 0.02
"""Seconds two readings of a process's start may differ: the kernel counts it in hundredths."""


async def run(task: Mapping[str, Any]) -> int:
    """Do one act."""
    if task["what"] == "container":
        return await asyncio.to_thread(_container, task)
    if task["what"] == "session":
        return await _session(task)
    if task["what"] in ("silence", "expire"):
        from console.runs.clients import silences

        return await (silences.silence if task["what"] == "silence" else silences.expire)(task)
    return await _process(task)


def _container(task: Mapping[str, Any]) -> int:
    from console.sources.docker.engines import existing, find_endpoints
    from console.sources.docker.sdk import load_sdk

    load_sdk()
    import docker
    import requests
    from docker.errors import APIError
    from docker.errors import NotFound as Gone

    from console.sources.docker.engine_api import EngineClient

    failure: OpsError | None = None
    for endpoint in existing(find_endpoints(task["host"], task["context"], os.environ)):
        try:
            engine = EngineClient(endpoint)
        except OpsError as error:
            failure = failure or error
            continue
        tls: Any = False
        if endpoint.tls:
            certificates = (endpoint.certificate, endpoint.key)
            tls = docker.tls.TLSConfig(certificates, endpoint.ca, endpoint.verify)
        client = docker.APIClient(base_url=endpoint.host, version=engine.api, timeout=ENGINE_LIMIT, tls=tls)
        engine.close()
        try:
            return _act_on(client, task)
        except Gone:
            raise OpsError(f"container {task['name']} is not there any more") from None
        except APIError as error:
            raise OpsError(f"the engine refused: {error.explanation or error}") from None
        except requests.exceptions.RequestException as error:
            raise OpsError(f"the engine does not answer: {error}", "look whether it was done") from None
        finally:
            client.close()
    raise failure or OpsError("no container engine answers")


def _act_on(client: Any, task: Mapping[str, Any]) -> int:
    found = client.inspect_container(task["id"])
    if found["Name"].lstrip("/") != task["name"]:
        told = f"{task['id'][:12]} is {found['Name'].lstrip('/')} now, not {task['name']}"
        raise OpsError(f"the container was renamed: {told}")
    print(f"it was {found['State']['Status']}")
    getattr(client, task["verb"])(found["Id"])
    print(f"it is {client.inspect_container(found['Id'])['State']['Status']}")
    return 0


async def _session(task: Mapping[str, Any]) -> int:
    import asyncpg

    ask, leave = await _asking(task)
    try:
        return await _signalled(ask, task)
    except TimeoutError:
        raise OpsError("the server does not answer", "look whether it was done") from None
    except asyncpg.InsufficientPrivilegeError as error:
        raise OpsError(f"the server refused: {error}", "GRANT pg_signal_backend TO this role") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise OpsError(f"the server refused: {error}") from None
    finally:
        leave()


Ask: TypeAlias = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]
"""Gives the rows the server answers to `cancel`, `terminate` or `look`."""


async def _asking(task: Mapping[str, Any]) -> tuple[Ask, Callable[[], None]]:
    """How the server is asked about the session, and how to be done with it.

    Over a connection of our own, or over that of the console where the server has none left for us.
    """
    from console.runs.clients.sql import connected
    from console.runs.lending import Borrowed
    from console.sources.postgres.signals import statement

    try:
        connection = await connected(task, read=False)
    except Refused as error:
        if not task.get("lent"):
            raise
        try:
            borrowed = await Borrowed.open(task["lent"])
        except OSError:
            raise error from None
        print(f"{error.reason}: done over the connection of the console")
        return borrowed.rows, borrowed.close

    async def ask(word: str) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = await connection.fetch(
            statement(word), task["pid"], task["started"]
        )
        return rows

    return ask, connection.terminate


async def _signalled(ask: Ask, task: Mapping[str, Any]) -> int:
    """Signal a session and say what became of it."""
    cancel = task["verb"] == "cancel"
    async with asyncio.timeout(CONNECT_LIMIT):
        rows = await ask(task["verb"])
    if not rows:
        print(f"session {task['pid']} had ended already: nothing was done")
        return 1
    if not rows[0]["done"]:
        print("the server did not do it")
        return 1
    async with asyncio.timeout(CONNECT_LIMIT):
        ended = await _session_ends(ask, rows[0] if cancel else None)
    what = "statement" if cancel else "session"
    print(f"signalled; the {what} {'has ended' if ended else 'goes on'}")
    return 0


_DOES = ("state", "query_start")
"""What changes when a session's statement ends."""


async def _session_ends(ask: Ask, before: Mapping[str, Any] | None) -> bool:
    """Whether a session, or what it did as `before` tells it, ends within the time it is watched."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WATCHED
    while loop.time() < until:
        now = next(iter(await ask("look")), None)
        if now is None or (before is not None and any(now[key] != before[key] for key in _DOES)):
            return True
        await asyncio.sleep(LOOK)
    return False


async def _process(task: Mapping[str, Any]) -> int:
    import psutil

    pid = int(task["pid"])
    if pid in (0, 1, task["console"], os.getpid(), os.getppid()):
        raise OpsError("this process is not ended from here")
    try:
        handle = os.pidfd_open(pid)
    except OSError as error:
        raise OpsError(f"process {pid}: {error.strerror}") from None
    try:
        # looked at after the handle is held: from here on the number cannot come to mean another process
        began = psutil.Process(pid).create_time()
        if abs(began - float(task["started"])) > SAME:
            raise OpsError(f"{pid} is another process by now: nothing was done")
        signal.pidfd_send_signal(handle, signal.Signals[f"SIG{task['signal']}"])
    except psutil.NoSuchProcess:
        raise OpsError(f"process {pid} had ended already: nothing was done") from None
    except PermissionError:
        raise OpsError(f"no permission to signal {pid}", "it belongs to another user") from None
    else:
        ended = await _ends(handle)
        print(f"SIG{task['signal']} sent; it {'has ended' if ended else 'goes on'}")
        return 0
    finally:
        os.close(handle)


async def _ends(handle: int) -> bool:
    """Whether a process ends within the time it is watched."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(WATCHED):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(handle)
    return True


def main() -> int:
    """Do what standard input says."""
    return carry_out(run)


if __name__ == "__main__":
    sys.exit(main())
