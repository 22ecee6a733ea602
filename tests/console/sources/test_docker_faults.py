"""Engines that are missing, forbidden, dead, frozen or strange: what the source says, and what it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.config import Config, DockerTarget
from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.sources.base import Focus, State
from console.sources.docker import engines
from console.sources.docker.engine_api import EngineClient, Failed
from console.sources.docker.source import DockerSource
from tests.console.sources.asking import collecting
from tests.console.sources.docker_help import asking, engine_threads, gone, has, named, until
from tests.console.sources.engine_proxy import denying
from tests.patience import PATIENCE
from tests.servers.dockerd import Dockerd


def descriptors() -> set[str]:
    """The sockets this process has open."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{entry}")
            if target.startswith("socket:"):
                found.add(target)
    return found


async def refusal(source: DockerSource) -> SourceError:
    with pytest.raises(SourceError) as told:
        await source.poll(Focus.GLANCE)
    return told.value


async def test_a_killed_engine_is_out_of_reach_and_is_back_by_itself(own_dockerd: Dockerd) -> None:
    own_dockerd.run("kept", options=["--restart", "always"])
    async with asking(own_dockerd) as source:
        await until(source, lambda s: has(s, "kept"))
        own_dockerd.kill()
        error = await refusal(source)
        assert isinstance(error, Unreachable)
        assert error.fix
        await gone(engine_threads_but_worker)
        own_dockerd.start()
        snapshot = await until(source, lambda s: has(s, "kept"))
        assert all(usage.interval == 0 for usage in snapshot.usage.values())
        await until(source, lambda s: any(usage.interval > 0 for usage in s.usage.values()))


async def test_a_frozen_engine_times_out_and_leaves_nothing(own_dockerd: Dockerd) -> None:
    own_dockerd.run("kept")
    before = descriptors()
    async with asking(own_dockerd) as source:
        await until(source, lambda s: has(s, "kept"))
        own_dockerd.freeze()
        try:
            async with asyncio.timeout(PATIENCE):  # it gives up by itself: nobody keeps a deadline here
                assert isinstance(await refusal(source), TimedOut)
            await gone(engine_threads_but_worker)
        finally:
            own_dockerd.thaw()
        await until(source, lambda s: has(s, "kept"))
    await gone(engine_threads)
    await gone(lambda: descriptors() - before)


async def test_the_collector_shows_a_frozen_engine_stale_and_live_again(own_dockerd: Dockerd) -> None:
    own_dockerd.run("kept")
    sources = DockerSource.discover(Config(docker=(DockerTarget(host=own_dockerd.host),)), {})

    async def reach(state: State) -> None:
        end = time.monotonic() + PATIENCE
        while feed.state is not state:
            assert time.monotonic() < end, feed
            await asyncio.sleep(0.02)

    async with collecting(*sources, focus=Focus.GLANCE) as collector:
        feed = collector.feeds["docker"]
        await reach(State.LIVE)
        own_dockerd.freeze()
        await reach(State.STALE)
        assert has(feed.snapshot, "kept")
        own_dockerd.thaw()
        await reach(State.LIVE)
    await gone(engine_threads)


def engine_threads_but_worker() -> list[str]:
    return [name for name in engine_threads() if name.startswith("container")]


async def test_nobody_there_says_how_to_configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "usual_sockets", lambda env: [str(tmp_path / "docker.sock")])
    source = DockerSource({"HOME": str(tmp_path)})
    error = await refusal(source)
    assert isinstance(error, NotFound)
    assert "DOCKER_HOST" in error.fix
    await source.close()


async def test_a_stated_socket_that_is_missing_is_an_outage(tmp_path: Path) -> None:
    source = DockerSource({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})
    error = await refusal(source)
    assert isinstance(error, Unreachable)
    assert "systemctl start docker" in error.fix
    await source.close()


async def test_a_socket_nobody_listens_on_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
        source = DockerSource({}, host=f"unix://{path}")
        error = await refusal(source)
        assert isinstance(error, Unreachable)
        assert "refused" in error.reason
        await source.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_forbidden_socket_names_the_group(dockerd: Dockerd) -> None:
    """The thread of the source takes another user's rights: root itself is refused nothing."""
    group = next(entry for entry in grp.getgrall() if entry.gr_gid not in (0, 65534))
    before = dockerd.socket.stat()
    os.chown(dockerd.socket, 0, group.gr_gid)
    dockerd.socket.chmod(0o660)
    dockerd.directory.chmod(0o755)
    source = DockerSource({}, host=dockerd.host)
    try:
        await source._worker.call(become_nobody)
        error = await refusal(source)
        assert isinstance(error, Refused)
        assert error.fix == f"sudo usermod -aG {group.gr_name} $USER, then log in again"
    finally:
        await source.close()
        os.chown(dockerd.socket, before.st_uid, before.st_gid)


def become_nobody() -> None:
    """Give up root in this thread only: the system call, where the library's would change them all."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    setresgid, setresuid = 119, 117  # x86_64
    if os.uname().machine == "aarch64":
        setresgid, setresuid = 149, 147
    assert libc.syscall(116 if setresgid == 119 else 159, 0, None) == 0  # setgroups
    assert libc.syscall(setresgid, 65534, 65534, 65534) == 0
    assert libc.syscall(setresuid, 65534, 65534, 65534) == 0


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[str]:
    """Something that listens on a Unix socket and is no engine; its host."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
        plug.listen()

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    visitor, _ = plug.accept()
                    with visitor:
                        visitor.recv(4096)
                        visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\x1b[2Jhi")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"unix://{path}"
        plug.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


async def test_one_that_hangs_up_is_told_without_the_words_of_libraries(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_unix_server(hang_up, tmp_path / "s"):
        source = DockerSource({}, host=f"unix://{tmp_path / 's'}")
        error = await refusal(source)
        assert isinstance(error, Unreachable)
        assert error.reason == f"unix://{tmp_path / 's'}: it closed the connection without an answer"
        await source.close()


@contextlib.contextmanager
def endless(path: Path, beginning: bytes, piece: bytes) -> Iterator[str]:
    """An engine that answers a ping, and everything else without end; its host."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
        plug.listen()
        ended = threading.Event()

        def talk(visitor: socket.socket) -> None:
            with visitor, contextlib.suppress(OSError):
                while not ended.is_set() and (asked := visitor.recv(4096)):
                    if b"/_ping" in asked:
                        visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
                        continue
                    visitor.sendall(beginning)
                    while not ended.wait(0 if len(piece) > 1 else 0.05):
                        visitor.sendall(piece)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    visitor, _ = plug.accept()
                    threading.Thread(target=talk, args=(visitor,), daemon=True).start()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            ended.set()
            plug.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


@pytest.mark.parametrize(
    ("piece", "kind"),
    [(b'{"a": 1},' * 10_000, Refused), (b" ", TimedOut)],
    ids=["too much", "too slow"],
)
async def test_an_answer_without_end_is_cut_off(
    tmp_path: Path, piece: bytes, kind: type[SourceError]
) -> None:
    beginning = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
    with endless(tmp_path / "s", beginning, piece) as host:
        source = DockerSource({}, host=host)
        async with asyncio.timeout(PATIENCE):
            error = await refusal(source)
        # on a busy machine the time may be over before it is too much
        assert isinstance(error, (kind, TimedOut))
        assert error.fix
        await gone(lambda: source._worker._busy)
        await source.close()


async def test_something_that_is_no_engine_is_told(stranger: str) -> None:
    source = DockerSource({}, host=stranger)
    error = await refusal(source)
    assert isinstance(error, Refused)
    assert "\x1b" not in str(error)
    await source.close()


STRANGERS = {
    "any JSON": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}',
    "a list": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "a page": b"HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n<!DOCTYPE HTML> <html>",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a line without end": b"x" * 70_000,
    "nothing but text": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("said", STRANGERS)
async def test_another_server_on_the_port_is_no_healthy_engine(said: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(STRANGERS[said])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        source = DockerSource({}, host=host)
        error = await refusal(source)
        await source.close()
        assert isinstance(error, Refused)
        assert error.reason == f"{host} does not speak Docker"
        assert error.fix == "correct the address: another program has it"


@pytest.mark.parametrize(
    "host", ["nonsense://x", "name-without-port", "unix://", "tcp://127.0.0.1:1", "ssh://nobody@127.0.0.1"]
)
async def test_a_wrong_host_is_an_error_with_a_fix(host: str) -> None:
    source = DockerSource({}, host=host)
    error = await refusal(source)
    assert error.fix
    await source.close()


async def test_engines_are_configured_by_host_and_by_name(dockerd: Dockerd) -> None:
    config = Config(docker=(DockerTarget(name="here", host=dockerd.host), DockerTarget(context="prod")))
    first, second = DockerSource.discover(config, {})
    assert (first.name, second.name) == ("here", "prod")
    assert (await first.poll(Focus.HIDDEN)).engine.kind == "docker"
    await first.close()
    (found,) = DockerSource.discover(Config(), {"DOCKER_HOST": dockerd.host})
    assert (await found.poll(Focus.HIDDEN)).engine.host == dockerd.host
    await found.close()
    await found.close()


async def test_a_poll_that_is_given_up_leaves_the_source_usable(dockerd: Dockerd) -> None:
    async with asking(dockerd) as source:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await source.poll(Focus.GLANCE)
        await gone(lambda: source._worker._busy)
        assert (await source.poll(Focus.GLANCE)).engine.version
    await gone(engine_threads)


async def test_certificates_that_are_missing_are_told(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    source = DockerSource(env)
    error = await refusal(source)
    assert isinstance(error, Refused)
    assert "ertificate" in error.reason
    await source.close()


async def test_a_container_the_engine_cannot_describe_takes_no_other_down(
    dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerd.run("half-gone")
    dockerd.run("whole")
    ask = EngineClient.inspect

    def answer(client: EngineClient, container: str) -> object:
        if container == broken:
            raise Failed("the engine answered 500: layer not found")
        return ask(client, container)

    broken = dockerd.inspect("half-gone")["Id"]
    monkeypatch.setattr(EngineClient, "inspect", answer)
    try:
        async with asking(dockerd) as source:
            snapshot = await source.poll(Focus.GLANCE)
            assert named(snapshot, "whole").inspected
            assert named(snapshot, "half-gone").state == "running"
            assert not named(snapshot, "half-gone").inspected
    finally:
        dockerd.discard("half-gone", "whole")


async def test_what_a_proxy_denies_limits_the_view_and_no_more(dockerd: Dockerd, tmp_path: Path) -> None:
    dockerd.run("behind")
    with denying(dockerd.socket, tmp_path / "s", "/info", "/events") as host:
        source = DockerSource({}, host=host)
        try:
            snapshot = await source.poll(Focus.GLANCE)
            assert named(snapshot, "behind").inspected
            assert [text.split(":")[0] for text in snapshot.limited] == [
                "the engine denies /info",
                "the engine denies /events",
            ]
            assert named(snapshot, "behind").id in snapshot.usage
            assert not source.judge(snapshot)
            dockerd.discard("behind")
            assert not has(await source.poll(Focus.GLANCE), "behind")
        finally:
            await source.close()
            dockerd.discard("behind")
    await gone(engine_threads)
