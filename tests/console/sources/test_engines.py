"""Which engine is asked, by configuration, environment, contexts and sockets."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from console.errors import NotFound, Unreachable
from console.sources.docker.engine_watch import EngineWatch
from console.sources.docker.engines import USUAL, Endpoint, existing, find_endpoints


def write_context(home: Path, name: str, host: str, *, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoint}))
    if tls:
        where = home / ".docker" / "contexts" / "tls" / digest / "docker"
        where.mkdir(parents=True)
        for part in ("ca.pem", "cert.pem", "key.pem"):
            (where / part).write_text("x")


def hosts(env: dict[str, str], host: str = "", context: str = "") -> list[str]:
    return [endpoint.host for endpoint in find_endpoints(host, context, env)]


def test_what_is_configured_comes_first_then_host_then_context(tmp_path: Path) -> None:
    write_context(tmp_path, "prod", "tcp://prod:2375")
    write_context(tmp_path, "stage", "ssh://ops@stage")
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "stage"}')
    env = {"HOME": str(tmp_path)}
    assert hosts(env) == ["ssh://ops@stage"]
    env["DOCKER_CONTEXT"] = "prod"
    assert hosts(env) == ["tcp://prod:2375"]
    env["DOCKER_HOST"] = "unix:///run/mine.sock"
    assert hosts(env) == ["unix:///run/mine.sock"]
    assert hosts(env, context="prod") == ["tcp://prod:2375"]
    assert hosts(env, host="/run/plain.sock") == ["unix:///run/plain.sock"]


def test_without_a_word_the_usual_sockets_are_tried(tmp_path: Path) -> None:
    found = hosts({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/7"})
    assert found == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


@pytest.mark.parametrize(
    "content", ["", "[]", "{broken", '{"currentContext": 3}', '{"currentContext": "default"}']
)
def test_a_docker_configuration_without_a_context_is_no_obstacle(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert hosts({"DOCKER_CONFIG": str(tmp_path)})[0] == "unix:///var/run/docker.sock"


def test_the_certificates_of_a_context_are_found(tmp_path: Path) -> None:
    write_context(tmp_path, "prod", "tcp://prod:2376", tls=True)
    (endpoint,) = find_endpoints("", "prod", {"HOME": str(tmp_path)})
    assert endpoint.tls
    assert endpoint.verify
    assert Path(endpoint.key).name == "key.pem"


def test_certificates_come_with_the_environment(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": "tcp://x:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    (endpoint,) = find_endpoints("", "", env)
    assert endpoint.ca == str(tmp_path / "ca.pem")
    assert endpoint.verify


@pytest.mark.parametrize("content", [None, "{}", "[1]", '{"Endpoints": {"docker": {"Host": 3}}}'])
def test_a_context_that_is_not_there_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        write_context(tmp_path, "lost", "x")
        digest = hashlib.sha256(b"lost").hexdigest()
        (tmp_path / ".docker" / "contexts" / "meta" / digest / "meta.json").write_text(content)
    with pytest.raises(NotFound, match="lost"):
        find_endpoints("", "lost", {"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("stated", "endpoint", "address"),
    [
        (("unix:///a", ""), Endpoint("unix:///a", "configuration"), ("unix:///a", "")),
        (("", "prod"), Endpoint("tcp://p", "context prod"), ("", "prod")),
        (("", ""), Endpoint("tcp://p", "context prod"), ("", "prod")),
        (("", ""), Endpoint("unix:///run/podman/podman.sock", USUAL), ("unix:///run/podman/podman.sock", "")),
        (("", ""), Endpoint("tcp://env", "DOCKER_HOST"), ("", "")),
        (("", ""), None, ("", "")),
    ],
)
def test_the_engine_that_answered_is_found_again(
    stated: tuple[str, str], endpoint: Endpoint | None, address: tuple[str, str]
) -> None:
    """Whatever has become the current context, or the first socket, meanwhile."""
    watch = EngineWatch(*stated, {})
    watch.endpoint = endpoint
    assert watch.address == address


def test_no_socket_at_all_says_how_to_configure_one(tmp_path: Path) -> None:
    nowhere = [Endpoint(f"unix://{tmp_path}/{name}", "usual socket") for name in ("a", "b")]
    with pytest.raises(NotFound) as told:
        existing(nowhere)
    assert "[[docker]]" in told.value.fix
    assert str(tmp_path / "a") in told.value.reason


def test_a_stated_socket_that_is_missing_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="DOCKER_HOST"):
        existing([Endpoint(f"unix://{tmp_path}/a", "DOCKER_HOST")])


def test_only_sockets_that_are_there_are_tried(tmp_path: Path) -> None:
    path = tmp_path / "b"
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(path))
        here = Endpoint(f"unix://{path}", "usual socket")
        assert existing([Endpoint(f"unix://{tmp_path}/a", "usual socket"), here]) == [here]


def test_a_password_in_a_host_is_not_shown() -> None:
    assert "secret" not in Endpoint("tcp://ops:secret@host:2375").shown
