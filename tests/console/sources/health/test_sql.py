"""Statements against real servers, and what a probe must never do to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.config import Config, PostgresTarget
from console.errors import UsageError
from console.findings import Severity
from console.probe_local import SqlSettings
from console.probe_settings import Probes
from console.sources.health.kinds import configured_probes
from console.sources.health.placing import placed
from console.sources.health.probe import Outcome
from console.sources.health.sql import SqlProbe
from tests.patience import until
from tests.servers.postgres import PostgresServer

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def probe(server: PostgresServer, query: str, **settings: Any) -> SqlProbe:
    """A probe of this server."""
    return SqlProbe(SqlSettings(database=server.url(), query=query, **settings), {})


async def ask(server: PostgresServer, query: str, **settings: Any) -> Outcome:
    """What asking once shows."""
    return await probe(server, query, **settings).ask(NOW)


@pytest.mark.parametrize(
    ("query", "settings", "severity", "text"),
    [
        ("SELECT 42", {}, "OK", "42"),
        ("SELECT 1.5::numeric", {"unit": "s", "limits": (1.0, 2.0)}, "WARNING", "1.5s (limit 1.0s)"),
        (
            "SELECT interval '2 hours'",
            {"unit": "s", "limits": (60.0, 600.0)},
            "CRITICAL",
            "2h00m (limit 10m00s)",
        ),
        ("SELECT 3", {"limits": (10.0, 5.0)}, "CRITICAL", "3 (limit 5)"),
        ("SELECT true;", {}, "OK", "1"),
        ("SELECT NULL::int", {}, "CRITICAL", "the statement gave nothing (NULL)"),
        ("SELECT 'x'", {}, "CRITICAL", "the statement gave no number but str"),
        ("SELECT 'NaN'::float", {}, "CRITICAL", "the statement gave no number but float"),
        (
            "SELECT generate_series(1, 100000000)",
            {},
            "CRITICAL",
            "the statement gave more than one row, and one number is wanted",
        ),
        (
            "SELECT 1 WHERE false",
            {},
            "CRITICAL",
            "the statement gave no row, and one number is wanted",
        ),
    ],
)
async def test_the_number_against_its_limits(
    postgres_server: PostgresServer, query: str, settings: dict[str, Any], severity: str, text: str
) -> None:
    found = await ask(postgres_server, query, **settings)

    assert (found.severity, found.text) == (Severity[severity], text)


async def test_its_sample_has_the_name_asked_for(postgres_server: PostgresServer) -> None:
    found = await ask(postgres_server, "SELECT 7", metric="jobs_waiting", name="jobs")

    (sample,) = found.samples
    assert (sample.name, sample.value) == ("jobs_waiting", 7)
    assert dict(sample.labels)["job"] == "jobs"


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE written (a int)",
        "SELECT setval('numbers', 5)",
        "COMMIT; DROP TABLE kept",
        "SELECT 1; CREATE TABLE written (a int)",
        "SELECT set_config('transaction_read_only', 'off', true)",
    ],
)
async def test_it_changes_nothing(postgres_server: PostgresServer, query: str) -> None:
    server = postgres_server
    server.psql("CREATE SEQUENCE numbers; CREATE TABLE kept (a int)")
    try:
        found = await ask(server, query)
        assert found.severity is Severity.CRITICAL
        assert server.psql("SELECT to_regclass('written') IS NULL, to_regclass('kept') IS NOT NULL") == "t|t"
        assert server.psql("SELECT last_value FROM numbers") == "1"
    finally:
        server.psql("DROP SEQUENCE numbers; DROP TABLE kept")


async def test_a_slow_statement_is_ended_by_the_server(postgres_server: PostgresServer) -> None:
    found = await ask(postgres_server, "SELECT pg_sleep(60)::text", timeout=4.0)

    assert found.text == "the statement took more than 3.2s, and the server ended it"
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    )
    await until(lambda: postgres_server.psql(running) == "0")


async def test_no_connection_stays(postgres_server: PostgresServer) -> None:
    asked = probe(
        postgres_server, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'opsconsole probe'"
    )
    for _ in range(3):
        assert (await asked.ask(NOW)).text == "1"

    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'opsconsole probe'"
    await until(lambda: postgres_server.psql(count) == "0")


async def test_the_change_within_a_time(postgres_server: PostgresServer) -> None:
    server = postgres_server
    server.psql("CREATE TABLE rows_of (a int)")
    try:
        asked = probe(server, "SELECT count(*) FROM rows_of", change="10m", limits=(10.0, 100.0))
        first = await asked.ask(NOW)
        server.psql("INSERT INTO rows_of SELECT generate_series(1, 50)")
        second = await asked.ask(NOW)
    finally:
        server.psql("DROP TABLE rows_of")

    assert (first.severity, first.text) == (Severity.OK, "0, its change is not known yet")
    assert second.severity is Severity.WARNING
    assert second.text.startswith("+50 in ")
    assert second.text.endswith(" (limit 10), now 50")


async def test_what_a_server_refuses(postgres_server: PostgresServer) -> None:
    server = postgres_server
    wrong = await ask(server, "SELECT nothing_such FROM pg_class")
    assert 'column "nothing_such" does not exist' in wrong.text
    gone = await SqlProbe(SqlSettings(database="postgresql://x@127.0.0.1:1/x", query="SELECT 1"), {}).ask(NOW)
    assert (gone.severity, gone.text) == (Severity.CRITICAL, "127.0.0.1:1 refuses the connection")


async def test_a_frozen_server_is_told_in_time(own_postgres: PostgresServer) -> None:
    asked = probe(own_postgres, "SELECT 1", timeout=0.5)
    own_postgres.freeze()
    try:
        found = await asked.ask(NOW)
    finally:
        own_postgres.thaw()

    assert "no answer within 500ms" in found.text


def test_a_configured_server_is_named(postgres_server: PostgresServer) -> None:
    targets = (
        PostgresTarget(name="first", url="postgresql://a@h1/x"),
        PostgresTarget(name="second", url="postgresql://b@h2/y", password_command="pass y"),
    )
    probes = Probes(
        sql=(
            SqlSettings(query="q"),
            SqlSettings(query="q", database="second"),
            SqlSettings(query="q", database="postgresql://c@h3/z"),
        )
    )

    found = [(one.database, one.password_command) for one in placed(probes, targets).sql]
    made = configured_probes(Config(probes=probes, postgres=targets), {})

    assert [probe.target for probe in made] == ["h1:5432/x", "h2:5432/y", "h3:5432/z"]
    assert found == [
        ("postgresql://a@h1/x", ""),
        ("postgresql://b@h2/y", "pass y"),
        ("postgresql://c@h3/z", ""),
    ]


def test_a_password_is_never_shown() -> None:
    made = SqlProbe(SqlSettings(database="postgresql://u:geheim@h/d", query="SELECT 1"), {})

    assert "geheim" not in f"{made.name} {made.target} {made.labels}"
    with pytest.raises(UsageError, match="query is missing") as raised:
        SqlProbe(SqlSettings(database="postgresql://u:geheim@h/d"), {})
    assert "geheim" not in str(raised.value)
