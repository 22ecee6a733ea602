"""Fixtures any test may ask for by name."""

from tests.servers.dockerd import dockerd, own_dockerd
from tests.servers.postgres_fixtures import own_postgres, postgres_bindir, postgres_server
from tests.servers.redis_fixtures import redis_binary, redis_server

__all__ = [
    "dockerd",
    "own_dockerd",
    "own_postgres",
    "postgres_bindir",
    "postgres_server",
    "redis_binary",
    "redis_server",
]
