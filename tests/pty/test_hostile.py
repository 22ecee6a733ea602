"""Nothing anybody can write into a log, a name, a key or a query reaches the terminal as more than text.

All sinks of all panes at once, in a real terminal, every view and the details of some rows looked at.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pty import hostile, sinks
from tests.pty.consoles import fake_console, real_console, to_overview
from tests.pty.gaze import CONFIG, SIZE, assert_clean, look_at_everything, toml
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis


def test_the_last_door_holds_alone_when_a_source_lets_everything_through() -> None:
    with fake_console("hostile", size=SIZE) as terminal:
        terminal.wait_for("40 rows|1-5 pane")
        look_at_everything(terminal, "12345", towers=True)
        assert_clean(terminal)
        to_overview(terminal)
        terminal.press("q")
        assert terminal.wait() == 0
        assert_clean(terminal)


@pytest.fixture
def servers() -> Iterator[tuple[PostgresServer, RedisServer]]:
    """The servers every machine has."""
    with PostgresServer(wheel_bindir()) as postgres, RedisServer(wheel_redis()) as redis:
        yield postgres, redis


async def test_no_sink_of_any_pane_lets_more_than_text_through(
    servers: tuple[PostgresServer, RedisServer], tmp_path: Path
) -> None:
    postgres, redis = servers
    files = sinks.log_files(tmp_path)
    sinks.redis_keys(redis)
    config = CONFIG.format(
        banner=toml("MARKBANNER" + hostile.STRINGS[0]), postgres=postgres.url(), redis=redis.url,
        files=", ".join(toml(str(file)) for file in files), key=toml("MARKKEYNAME" + hostile.STRINGS[3]),
        docker='[[docker]]\nhost = "unix:///nowhere/at/all.sock"',
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.enter_context(sinks.processes())
        async with sinks.sessions(postgres):
            terminal = stack.enter_context(real_console(tmp_path, config, size=SIZE))
            terminal.wait_for("MARKBANNER")
            terminal.wait_for(lambda t: "connecting" not in t.text and "starting" not in t.text)
            sinks.fill_plain(files)
            terminal.wait_for(r"MARKLOG 9\d\d\d")
            sinks.fill_odd(files)
            terminal.wait_for("MARKODD 49")
            seen = look_at_everything(terminal, "12345")
            assert_clean(terminal)
            terminal.press("y")
            terminal.wait_for(lambda t: b"\x1b]52;c;" in t.raw)
            to_overview(terminal)
            terminal.press("q")
            assert terminal.wait() == 0
            assert_clean(terminal, clipboard=True)
    expected = {
        "MARKBANNER", "MARKLOG", "MARKODD", "MARKFILE", "MARKARG", "MARKDB", "MARKROLE",
        "MARKTABLE", "MARKAPP", "MARKHOLD", "MARKWAIT", "MARKRUN", "MARKRAW", "MARKKEY",
    }  # fmt: skip
    assert expected <= seen, f"not seen: {sorted(expected - seen)}"


def test_containers_let_no_more_than_text_through(dockerd: Dockerd, tmp_path: Path) -> None:
    names = sinks.containers(dockerd)
    config = f'[[docker]]\nhost = "{dockerd.host}"\n[logs]\njournald = false\n'
    try:
        with real_console(tmp_path, config, size=SIZE) as terminal:
            terminal.wait_for("markbox-0")
            terminal.wait_for("MARKOUT")
            seen = look_at_everything(terminal, "25")
            assert_clean(terminal)
            to_overview(terminal)
            terminal.press("q")
            assert terminal.wait() == 0
    finally:
        dockerd.discard(*names)
    expected = {"MARKOUT", "MARKPROJECT", "MARKSERVICE"}
    assert expected <= seen, f"not seen: {sorted(expected - seen)}"
