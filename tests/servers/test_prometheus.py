"""The private Prometheus keeps what it is given, to the millisecond and to the bit."""

from __future__ import annotations

import math
import socket

import pytest

from tests.servers.prometheus import Prometheus, QueryError

BEGIN = 1_700_000_000_123


def test_what_is_written_comes_back() -> None:
    values = [0.1, math.nan, -math.inf, 5e-324, None, 1e308]
    samples = [(BEGIN + 1001 * place, value) for place, value in enumerate(values)]
    labels = (("a", "é"),)
    with Prometheus() as server:
        server.write([("x", labels, samples)])
        (series,) = server.query("x[1m]", BEGIN / 1000 + 10)["result"]
        assert series["metric"] == {"__name__": "x", "a": "é"}
        assert [(round(at * 1000), value) for at, value in series["values"]] == [
            (BEGIN, "0.1"),
            (BEGIN + 1001, "NaN"),
            (BEGIN + 2002, "-Inf"),
            (BEGIN + 3003, "5e-324"),
            (BEGIN + 5005, "1e+308"),
        ]
        assert server.query("x", BEGIN / 1000 + 4.5)["result"] == []  # stale
        with pytest.raises(QueryError, match="parse error"):
            server.query("x{", 0)
        port, directory = server.port, server.directory
    assert not directory.exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)
