"""Credential plugins: what they give, and what is said of those that give nothing."""

from __future__ import annotations

import json
import resource
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from console.errors import Refused
from console.sources.kubernetes import credentials
from console.sources.kubernetes.credentials import Plugin
from tests.patience import PATIENCE

VERSION = "client.authentication.k8s.io/v1"


def plugin(*command: str, **said: Any) -> Plugin:
    """One that runs this."""
    return Plugin({"apiVersion": VERSION, "command": command[0], "args": list(command[1:]), **said}, {})


def printed(**status: str) -> str:
    """What one prints."""
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


def test_a_token_and_when_it_ends() -> None:
    found = plugin("echo", printed(token="t", expirationTimestamp="2030-01-02T03:04:05Z")).run()
    assert found.token == "t"
    assert found.expiration_timestamp is not None
    assert found.expiration_timestamp.year == 2030


def test_it_has_no_terminal_and_is_told_so() -> None:
    script = """
        [ -t 0 ] && exit 3
        read line && exit 4
        case $KUBERNETES_EXEC_INFO in *'"interactive": false'*'"server": "https://it"'*) ;; *) exit 5 ;; esac
        echo "$ANSWER"
    """
    said = {
        "apiVersion": VERSION,
        "command": "sh",
        "args": ["-c", script],
        "env": [{"name": "ANSWER", "value": printed(token="t")}],
        "provideClusterInfo": True,
    }
    assert Plugin(said, {"server": "https://it"}).run().token == "t"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("false",), "credential plugin false ended with status 1"),
        (
            ("sh", "-c", "echo first >&2; echo 'log in: \x1b[31mplease' >&2; exit 7"),
            "ended with status 7: log in: ␛",
        ),
        (("/nowhere/login",), "credential plugin login: No such file or directory"),
        (("echo", "hunter22"), "credential plugin echo printed no ExecCredential"),
        (("echo", '{"apiVersion": "v2"}'), f"credential plugin echo speaks v2, not {VERSION}"),
        (("echo", printed()), "credential plugin echo gave no credential"),
    ],
)
def test_what_gives_nothing_is_said_and_its_output_is_not(command: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refused) as caught:
        plugin(*command).run()
    assert said in caught.value.reason
    assert caught.value.fix
    assert "hunter22" not in str(caught.value)


def test_one_that_wants_a_terminal_is_not_run() -> None:
    with pytest.raises(Refused, match="wants a terminal"):
        plugin("echo", printed(token="t"), interactiveMode="Always").run()


def test_one_that_never_ends_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(credentials, "PLUGIN_LIMIT", 2.0)
    mark = tmp_path / "pid"
    with pytest.raises(Refused, match="took more than 2 s"):
        plugin("sh", "-c", f"sleep 60 & echo $! > {mark}; wait").run()
    child = Path(f"/proc/{mark.read_text().strip()}/stat")
    end = time.monotonic() + PATIENCE
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("where", ["", " >&2"])
def test_one_that_prints_without_end_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(credentials, "PLUGIN_LIMIT", 3.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused) as caught:
        plugin("sh", "-c", f"yes hunter22{where}").run()
    assert ("took more than 3 s" if where else "printed more than 1 MB") in caught.value.reason
    assert "hunter22" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


@pytest.mark.parametrize("said", [{"args": 7}, {"env": 5}, {"env": ["A=b"]}])
def test_what_is_no_list_is_said(said: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="credential plugin true cannot be started as exec says"):
        plugin("true", **said).run()


def test_stop_ends_one_that_runs(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    running = plugin("sh", "-c", f"touch {begun}; sleep 60")

    def stop() -> None:
        while not begun.exists():
            time.sleep(0.01)
        running.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Refused, match="ended with status -9"):
        running.run()
    thread.join()
