"""The line of figures `status` shows of a source."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from console.history import History
from console.metrics import Sample
from console.summary import summary


def shown(kind: str, values: Mapping[str, float]) -> str:
    """The figures of a kind after one poll with these samples."""
    history = History()
    history.add(1.0, [Sample(name, value) for name, value in values.items()])
    return summary(kind, history)


def test_sessions_are_counted_as_the_console_counts_them() -> None:
    values = {
        "opsconsole_pg_connections": 1,
        "opsconsole_pg_connections_allowed": 97,
        "pg_settings_max_connections": 100,
        "opsconsole_pg_tps": 3,
    }
    assert shown("postgres", values) == "1 of 97 sessions · 3 tx/s"
    del values["opsconsole_pg_tps"]
    assert shown("postgres", values) == "1 of 97 sessions", "two polls of one look are too near for a rate"


def test_redis_has_its_rates_after_two_polls() -> None:
    """After one there are none: it is not said to be idle."""
    names = ("keyspace_hits", "keyspace_misses", "commands_processed")
    history = History()
    for moment, values in ((1.0, (10, 10, 100)), (2.0, (13, 11, 107))):
        history.add(moment, [Sample("redis_memory_used_bytes", 1024.0)])
        history.add(
            moment, [Sample(f"redis_{n}_total", float(v)) for n, v in zip(names, values, strict=True)]
        )
        if moment == 1.0:
            assert summary("redis", history) == "memory 1.0K"
    assert summary("redis", history) == "hit 75% · memory 1.0K · 7 ops/s"


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        (0, "no errors seen"),
        (1, "at least 1 error in the last minute"),
        (12, "at least 12 errors in the last minute"),
    ],
)
def test_logs_tell_their_speed_and_errors(errors: int, told: str) -> None:
    values = {"opsconsole_log_errors_last_minute": errors}
    assert shown("logs", values) == told, "one poll has no speed"
    assert shown("logs", {**values, "opsconsole_log_lines_per_second": 2.52}) == f"2.5 lines/s · {told}"


def test_a_kind_of_somebody_else_s_has_none() -> None:
    assert shown("cache", {"hits": 1}) == ""
