"""Fixtures any test may ask for by name."""

from tests.servers.dockerd import dockerd, own_dockerd
from tests.servers.redis_fixtures import redis_binary, redis_server

__all__ = ["dockerd", "own_dockerd", "redis_binary", "redis_server"]
