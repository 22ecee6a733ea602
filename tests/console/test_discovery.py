"""Discovery: kinds come through one door, a broken one stops nobody, names are made unique."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from console import compose
from console.config import Config, DockerTarget, PostgresTarget, RedisTarget
from console.discovery import ORDER, discover, load_kinds
from console.section import Section
from tests.servers.redis import RedisServer

Package = Callable[..., None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Installs a third party's package: its module's code, and the kinds it registers."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(module: str, code: str, **kinds: str) -> None:
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{module}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
        points = "\n".join(f"{kind} = {module}:{name}" for kind, name in kinds.items())
        (info / "entry_points.txt").write_text(f"[opsconsole.sources]\n{points}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


QUEUE = """
    class Queue:
        kind = "queue"
        target = "nowhere"
        deadline = 1.0
        cadence = {}

        def __init__(self, name="queue"):
            self.name = name

        @classmethod
        def discover(cls, config, env):
            return [cls() for _ in range(int(env.get("QUEUES", "1")))]
"""


FIXED = """
    class Queue:
        name = property(lambda self: "q")

        @classmethod
        def discover(cls, config, env):
            return [cls(), cls()]
"""


def test_the_built_in_kinds_come_in_the_order_of_the_overview() -> None:
    kinds, notes = load_kinds()
    assert tuple(kinds)[: len(ORDER)] == ORDER
    assert not notes
    assert all(kind.kind == name for name, kind in kinds.items())


def test_the_built_in_kinds_find_something_to_ask_without_any_configuration() -> None:
    """Whether anybody answers is found out by polling."""
    found = discover(Config(), {})
    assert {source.kind for source in found.sources} >= {"system", "docker", "postgres", "redis"}
    assert not found.notes


def test_a_third_party_comes_through_the_same_door(package: Package) -> None:
    package("acme_queue", QUEUE, queue="Queue")
    found = discover(Config(sources=("queue", "system")), {})
    assert [source.kind for source in found.sources] == ["queue", "system"]
    assert tuple(load_kinds()[0]) == (*ORDER, "queue")


def test_names_are_made_unique(package: Package) -> None:
    package("acme_queue", QUEUE, queue="Queue")
    found = discover(Config(sources=("queue",)), {"QUEUES": "3"})
    assert [source.name for source in found.sources] == ["queue", "queue 2", "queue 3"]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("docker", DockerTarget(name="a")),
        ("postgres", PostgresTarget(name="a", url="postgresql://db/x")),
        ("redis", RedisTarget(name="a", url="redis://cache")),
    ],
)
def test_two_servers_of_one_name_are_told_apart(kind: str, target: Section) -> None:
    config = msgspec.structs.replace(Config(sources=(kind,)), **{kind: (target, target)})
    assert [source.name for source in discover(config, {}).sources] == ["a", "a 2"]


def test_a_source_that_cannot_be_renamed_is_left_out_and_told(package: Package) -> None:
    package("acme_queue", FIXED, queue="Queue")
    found = discover(Config(sources=("queue",)), {})
    assert len(found.sources) == 1
    assert found.notes == ("q: a second source of that name is left out",)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("raise RuntimeError('boom\\x1b[31m')", "RuntimeError: boom␛[31m"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("class Other: pass", "has no attribute 'Queue'"),
        ("class Queue:\n  discover = classmethod(lambda *_: 1 / 0)", "its search failed: ZeroDivisionError"),
        ("class Queue: pass", "its search failed: AttributeError"),
    ],
)
def test_a_broken_third_party_is_told_and_stops_nobody(package: Package, code: str, told: str) -> None:
    package("acme_queue", code, queue="Queue")
    found = discover(Config(sources=("queue", "system")), {})
    assert [source.kind for source in found.sources] == ["system"]
    (note,) = found.notes
    assert note.startswith("queue: ")
    assert told in note


def test_a_third_party_cannot_take_a_built_in_name(package: Package) -> None:
    package("acme_queue", QUEUE, system="Queue")
    kinds, notes = load_kinds(["system"])
    assert kinds["system"].__module__ == "console.sources.system.source"
    assert notes == [
        "system: acme_queue:Queue is ignored, console.sources.system.source:SystemSource has that name"
    ]


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    kinds, notes = load_kinds(["sytem", "system", "system"])
    assert tuple(kinds) == ("system",)
    assert notes[0].startswith('sources: there is no kind "sytem" (did you mean system?)')


def test_only_the_kinds_selected_are_imported() -> None:
    code = (
        "import sys; from console.config import Config; from console.discovery import discover;"
        "discover(Config(sources=('system',)), {});"
        "print(*{'docker', 'asyncpg', 'redis', 'textual'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


async def test_a_server_told_by_the_environment_is_found_and_answers(redis_server: RedisServer) -> None:
    from console.look import look

    found = discover(Config(sources=("redis",)), {"REDIS_URL": redis_server.tcp_url})
    (seen,) = await look(found.sources, gap=0.0)
    assert seen.feed.reading is not None
    assert seen.feed.reading.error is None


# -- the compose project of a directory


@pytest.mark.parametrize(
    ("file", "env", "name"),
    [
        ("services: {}\n", {}, "my_app-1"),
        ("name: shop\nservices: {}\n", {}, "shop"),
        ("services:\n  a:\n    name: inner\n", {}, "my_app-1"),
        ("# name: no\nname: 'My Shop!'  # said\n", {}, "myshop"),
        ('name: "${PROJECT:-fallback}-eu"\n', {}, "fallback-eu"),
        ('name: "${PROJECT:-fallback}-eu"\n', {"PROJECT": "p"}, "p-eu"),
        ("name: shop\n", {"COMPOSE_PROJECT_NAME": "other"}, "other"),
    ],
)
def test_the_compose_project_is_named_as_compose_does(
    tmp_path: Path, file: str, env: dict[str, str], name: str
) -> None:
    directory = tmp_path / "-My_App-1"
    (directory / "deep" / "er").mkdir(parents=True)
    (directory / "docker-compose.yml").write_text(file)
    assert compose.project(directory, env) == name
    assert compose.project(directory / "deep" / "er", env) == name


def test_a_dot_env_file_names_the_project(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("name: shop\n")
    (tmp_path / ".env").write_text("# COMPOSE_PROJECT_NAME=no\nCOMPOSE_PROJECT_NAME='fromenv'\n")
    assert compose.project(tmp_path, {}) == "fromenv"


def test_without_a_compose_file_there_is_no_project(tmp_path: Path) -> None:
    assert compose.project(tmp_path, {}) == ""
    (tmp_path / "compose.yaml").mkdir()
    assert compose.project(tmp_path, {}) == ""
    assert compose.project(tmp_path, {"COMPOSE_FILE": "other.yaml"}) == ""
    (tmp_path / "other.yaml").write_text("name: chosen\n")
    assert compose.project(tmp_path, {"COMPOSE_FILE": "other.yaml:more.yaml"}) == "chosen"


def test_a_hostile_compose_file_names_nothing_that_misleads(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(b'name: "a\x1b[31m\xff\xe2\x80\xaeb"\n')
    assert compose.project(tmp_path, {}) == "a31mb"
