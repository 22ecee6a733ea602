"""Fixtures any test may ask for by name."""

from tests.servers.dockerd import dockerd, own_dockerd

__all__ = ["dockerd", "own_dockerd"]
