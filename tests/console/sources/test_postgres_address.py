"""Where a server may be, by libpq's rules: URL over service over PG* over defaults."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from console.errors import Refused
from console.sources.postgres.address import Address, another_database, is_postgres, parse


def places(address: Address) -> list[tuple[str, int, str, str, str | None]]:
    """The attempts as plain values."""
    return [(p.host, p.port, p.user, p.database, p.password) for p in address.places()]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:p%40ss@db-eu-1:6432/orders", ("db-eu-1", 6432, "me", "orders", "p@ss")),
        ("postgres://me@db/orders", ("db", 5432, "me", "orders", None)),
        ("postgresql+psycopg://me:a@b@db/orders", ("db", 5432, "me", "orders", "a@b")),
        ("postgresql://me@[::1]:5433/x", ("::1", 5433, "me", "x", None)),
        ("postgresql://me@%2Ftmp%2Fpg:5433/x", ("/tmp/pg", 5433, "me", "x", None)),
        ("postgresql:///x?host=/tmp/pg&user=me&port=7", ("/tmp/pg", 7, "me", "x", None)),
        ("postgresql://me@db", ("db", 5432, "me", "me", None)),
        ("host=db user=me password='a b' dbname=x", ("db", 5432, "me", "x", "a b")),
    ],
)
def test_urls(url: str, expected: tuple[str, int, str, str, str | None]) -> None:
    assert places(parse(url, {"HOME": "/nonexistent"})) == [expected]


def test_several_hosts_are_tried_in_turn() -> None:
    address = parse("postgresql://me@a:1,b:2,c/x", {"HOME": "/nonexistent"})
    assert [(p.host, p.port) for p in address.places()] == [("a", 1), ("b", 2), ("c", 5432)]
    assert address.where == "a:1,b:2,c:5432"


def test_variables_fill_what_the_url_leaves_open() -> None:
    env = {
        "PGHOST": "db",
        "PGPORT": "6000",
        "PGUSER": "u",
        "PGPASSWORD": "p",
        "PGDATABASE": "d",
        "HOME": "/x",
    }
    assert places(parse("", env)) == [("db", 6000, "u", "d", "p")]
    assert places(parse("postgresql://me@other/x", env)) == [("other", 6000, "me", "x", "p")]
    assert parse("", {**env, "PGSSLMODE": "verify-full"}).tls == {"sslmode": "verify-full"}


def test_service_files(tmp_path: Path) -> None:
    (tmp_path / ".pg_service.conf").write_text("[eu]\nhost=db-eu\ndbname=orders\nuser=me\n%odd=1\n")
    env = {"HOME": str(tmp_path), "PGDATABASE": "other", "PGPORT": "6000"}
    assert places(parse("service=eu", env)) == [("db-eu", 6000, "me", "orders", None)]
    assert places(parse("postgresql://you@/?service=eu", env)) == [("db-eu", 6000, "you", "orders", None)]
    with pytest.raises(Refused, match="no service 'us'"):
        parse("service=us", env)


def test_password_files(tmp_path: Path) -> None:
    file = tmp_path / ".pgpass"
    file.write_text("db:5432:x:me:one\n\n#\nlocalhost:*:*:me:t\\:w\\\\o\n*:*:*:you:three\nbroken\n")
    file.chmod(0o600)
    env = {"HOME": str(tmp_path)}
    assert [place[4] for place in places(parse("postgresql://me@db/x", env))] == ["one"]
    assert [place[4] for place in places(parse("postgresql://me@db/y", env))] == [None]
    assert [place[4] for place in places(parse("postgresql://me@%2Frun/y", env))] == ["t:w\\o"]
    assert [place[4] for place in places(parse("postgresql://you@h/y", env))] == ["three"]
    assert [place[4] for place in places(parse("postgresql://you:own@h/y", env))] == ["own"]
    file.chmod(0o640)
    address = parse("postgresql://me@db/x", env)
    assert [place[4] for place in places(address)] == [None]
    assert address.passfile_ignored == str(file)


def test_without_a_word_the_local_sockets_then_localhost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sources.postgres.address.SOCKET_DIRS", (str(tmp_path),))
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    for port in (5433, 5432):
        (tmp_path / f".s.PGSQL.{port}").touch()
    (tmp_path / ".s.PGSQL.5432.lock").touch()
    address = parse("", {"HOME": "/nonexistent"})
    here = str(tmp_path)
    assert [(p.host, p.port, p.user) for p in address.places()] == [
        (here, 5432, "root"),
        (here, 5432, "postgres"),  # as root
        (here, 5433, "root"),
        (here, 5433, "postgres"),
        ("localhost", 5432, "root"),
        ("localhost", 5432, "postgres"),
    ]
    assert not address.explicit
    named = parse("", {"HOME": "/nonexistent", "PGPORT": "5433", "PGUSER": "me"})
    assert [(p.host, p.port, p.user) for p in named.places()] == [
        (here, 5433, "me"),
        ("localhost", 5433, "me"),
    ]


def test_no_secret_is_shown() -> None:
    address = parse("postgresql://me:hunter2@db/x?sslpassword=hunter3", {"PGPASSWORD": "hunter4"})
    assert "hunter" not in repr(address) + repr(list(address.places())) + address.where


def test_which_urls_are_ours() -> None:
    assert is_postgres("postgres://x")
    assert is_postgres("postgresql+asyncpg://x")
    assert not is_postgres("mysql://x")
    assert not is_postgres("postgresqlx://")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql+asyncpg://me@db/orders", "db"),
        (" postgres://me@db/orders\n", "db"),
        ("host=db user=me", "db"),
    ],
)
def test_the_database_url_is_understood(url: str, host: str) -> None:
    address = parse(None, {"DATABASE_URL": url, "PGUSER": "me"})
    assert [(place.host, place.user) for place in address.places()] == [(host, "me")]
    assert not another_database(address.env)


@pytest.mark.parametrize(
    "url", ["garbage", "me:hunter2@db/x", "postgresqlx://me:hunter2@db", "Server=db;Password=hunter2"]
)
def test_a_database_url_that_is_no_address_is_said(url: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(None, {"DATABASE_URL": url})
    assert str(caught.value) == ("DATABASE_URL is no address: write postgresql://user@host:5432/database")


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("mysql+pymysql://me:hunter2@db/x", "mysql+pymysql"), ("sqlite:///x.db", "sqlite"), ("", "")],
)
def test_another_database_is_left_alone(url: str, scheme: str) -> None:
    env = {"DATABASE_URL": url, "HOME": "/nonexistent"}
    assert another_database(env) == scheme
    assert not parse(None, env).explicit
    assert parse(None, {**env, "PGHOST": "db"}).where == "db:5432"
