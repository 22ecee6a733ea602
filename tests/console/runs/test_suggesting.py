"""What variables are offered: values of real sources, and those given the last time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.collector import Collector, Feed
from console.config import Limits
from console.guides.model import Variable
from console.journal.entries import JSON, Entry, Kind
from console.journal.store import Journal
from console.runs.suggesting import MOST, remembered, suggestions
from console.sources.base import Source
from console.sources.docker.source import DockerSource
from console.sources.postgres.source import PostgresSource
from console.sources.system.source import SystemSource
from tests.console.runs.kit import guide, running, step
from tests.servers.dockerd import Dockerd, dockerd
from tests.servers.postgres import PostgresServer

__all__ = ["dockerd"]


def offered(feeds: list[Feed], name: str, **more: str) -> list[str]:
    return suggestions(
        Variable(name, f"<{name}>", default=more.get("default", "")), feeds, more.get("before", "")
    )


async def test_values_of_the_live_panes(postgres_server: PostgresServer, dockerd: Dockerd) -> None:
    sources: list[Source[Any]] = [SystemSource(Limits()), DockerSource({}, host=dockerd.host)]
    sources.append(PostgresSource(postgres_server.url(), name="orders"))
    collector = Collector(sources)
    label = ("--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=api")
    dockerd.run("shop-api-1", "sleep", "600", options=label)
    dockerd.run("lonely", "sleep", "600")
    postgres_server.psql('DROP DATABASE IF EXISTS "it\'s"')
    postgres_server.psql('CREATE DATABASE "it\'s"')
    try:
        await collector.once()
        feeds = list(collector.feeds.values())
        assert {"shop-api-1", "lonely"} <= set(offered(feeds, "container"))
        assert {"shop-api-1", "lonely"} <= set(offered(feeds, "container_name"))
        services = offered(feeds, "service")
        assert services[0] == "api"
        assert "shop-api-1" in services
        assert offered(feeds, "service-name") == services
        assert {"postgres", "it's"} <= set(offered(feeds, "database"))
        assert offered(feeds, "db_name") == offered(feeds, "DATABASE") == offered(feeds, "db")
        assert all(pid.isdigit() for pid in offered(feeds, "pid"))
        assert offered(feeds, "mount_point")
        assert offered(feeds, "interface")
        # a word within another is no match, and nobody knows values for these
        for name in ("rapid", "microservicesque", "dbx", "backup_file", "reason"):
            assert offered(feeds, name) == []
    finally:
        postgres_server.psql('DROP DATABASE "it\'s"')
        dockerd.discard("shop-api-1", "lonely")
        await collector.stop()


async def test_what_was_given_before_stands_first_and_once() -> None:
    collector = Collector([SystemSource(Limits())])
    await collector.once()
    feeds = list(collector.feeds.values())
    mounts = offered(feeds, "mount")
    assert offered(feeds, "mount", before="/srv", default=mounts[0])[:2] == ["/srv", mounts[0]]
    assert len(set(offered(feeds, "mount", before=mounts[0], default=mounts[0]))) == len(mounts)
    assert len(offered(feeds * 60, "mount", before="x")) <= MOST
    secret = Variable("mount", "<mount>", default="x", secret=True)
    assert suggestions(secret, feeds, "y") == []
    await collector.stop()


def test_a_source_that_never_answered_offers_nothing() -> None:
    feeds = list(Collector([SystemSource(Limits())]).feeds.values())
    assert offered(feeds, "mount", default="/srv") == ["/srv"]


async def test_values_of_the_last_time_come_from_the_journal(tmp_path: Path) -> None:
    password = Variable("password", "<password>", secret=True)
    variables = [Variable("name", "<name>"), password]
    shop = guide(step("true <name> <password>", variables=variables))
    async with running(tmp_path) as runner:
        for name in ("api", "web"):
            await runner.start(shop, shop.procedures[0], {"name": name, "password": "s3cret-value"})
    journal = Journal.open(tmp_path / "journal.db", actor="x", host="x")
    entries = journal.entries(kinds=[Kind.OPENED], newest=True)
    journal.close()
    assert remembered(shop.procedures[0], "shop", entries) == {"name": "web"}
    assert remembered(shop.procedures[0], "shop", entries[::-1]) == {"name": "web"}
    assert remembered(shop.procedures[0], "another", entries) == {}


def opened(seq: int, procedure: str, **values: str) -> Entry:
    name = procedure.partition("/")[0]
    body: dict[str, JSON] = {"guide": {"name": name}, "procedure": procedure, "values": values}
    return Entry(seq=seq, time=datetime(2026, 1, 1, tzinfo=UTC), kind=Kind.OPENED, actor="a", host="h",
                 run=f"r{seq}", step="", body=body, previous="", hash="")  # fmt: skip


def test_this_procedure_s_values_before_those_of_others_of_its_guide() -> None:
    procedure = guide(step("true")).procedures[0]
    entries = [
        opened(1, "shop/p", service="own", region="eu"),
        opened(2, "shop/other", service="others", database="orders"),
        opened(3, "bakery/p", service="foreign", oven="1"),
        opened(4, "shop/p", service="newest", region=""),
    ]
    assert remembered(procedure, "shop", entries) == {
        "service": "newest", "region": "eu", "database": "orders",
    }  # fmt: skip
    strange = Entry(
        **{**{f: getattr(entries[0], f) for f in Entry.__dataclass_fields__}, "body": {"guide": 7}}
    )
    assert remembered(procedure, "shop", [strange]) == {}
