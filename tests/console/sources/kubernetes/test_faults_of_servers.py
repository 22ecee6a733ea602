"""What can happen to an API server and to the network before it: told, and over by itself."""

from __future__ import annotations

import math

from tests.faults.kubernetes import harm
from tests.faults.servers import MAY_PASS
from tests.servers.kubernetes import Cluster


async def test_whatever_befalls_the_server_is_told_and_heals(own_kubernetes: Cluster) -> None:
    async for outcome in harm(own_kubernetes, frozen=3.0, killed=3.0):
        assert math.isfinite(outcome.told) or outcome.fault in MAY_PASS, outcome
        assert math.isfinite(outcome.back), outcome
