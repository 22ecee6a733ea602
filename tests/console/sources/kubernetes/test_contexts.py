"""Kubeconfig files: merged as kubectl merges them, and what is said of those that cannot be used."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.config import KubernetesTarget
from console.errors import NotFound, Refused, SourceError, UsageError
from console.sources.base import Focus
from console.sources.kubernetes import connection, contexts
from console.sources.kubernetes.contexts import Files, Kubeconfig
from console.sources.kubernetes.likely import usual_files
from console.sources.kubernetes.source import KubernetesSource
from tests.console.sources.kubernetes.watching import until, watching


def kubeconfig(path: Path, *contexts: str, current: str = "", **user: Any) -> Path:
    """A file with these contexts, each with a cluster and a user of its own."""
    said = {
        "clusters": [
            {"name": f"{one}-cluster", "cluster": {"server": f"https://{one}:6443"}} for one in contexts
        ],
        "users": [{"name": f"{one}-user", "user": user} for one in contexts],
        "contexts": [
            {
                "name": one,
                "context": {"cluster": f"{one}-cluster", "user": f"{one}-user", "namespace": "shop"},
            }
            for one in contexts
        ],
    }
    if current:
        said["current-context"] = current  # type: ignore[assignment]  # the only text among lists
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(said))
    return path


def read(*paths: Path) -> Kubeconfig:
    """These files together."""
    return Files(paths, {}).read()


def test_kubectl_is_told_of_a_file_it_would_not_find_by_itself(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "my clusters", "eu")
    usual, named = read(file), Files((file,), {}, named=True).read()
    assert usual.contexts["eu"].context.options == ("--context", "eu")
    assert named.contexts["eu"].context.options == ("--kubeconfig", str(file), "--context", "eu")


def test_in_a_pod_kubectl_has_no_contexts() -> None:
    """What it has there is the pod's own service account, which it finds by itself."""
    own = contexts._own({"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert own.get("").context.options == ()


def test_of_two_files_the_first_word_stands(tmp_path: Path) -> None:
    one = kubeconfig(tmp_path / "one", "eu", token="first")
    two = kubeconfig(tmp_path / "two", "us", "eu", current="us", token="second")
    found = read(one, tmp_path / "absent", two)
    assert list(found.contexts) == ["eu", "us"]
    assert found.contexts["eu"].user["token"] == "first"
    assert found.current == "us"
    assert found.contexts["us"].context.current
    context = found.contexts["eu"].context
    assert (context.cluster, context.user, context.namespace) == ("eu-cluster", "eu-user", "shop")
    three = kubeconfig(tmp_path / "three", "ap", current="ap")
    assert read(three, two).current == "ap"


def test_files_are_named_relative_to_the_kubeconfig_they_stand_in(tmp_path: Path) -> None:
    plugin = {"command": "./bin/login", "apiVersion": "v1"}
    file = kubeconfig(tmp_path / "deep" / "one", "eu", tokenFile="../token", exec=plugin)
    user = read(file).contexts["eu"].user
    assert user["tokenFile"] == str(tmp_path / "token")
    assert Path(user["exec"]["command"]).resolve() == tmp_path / "deep" / "bin" / "login"


def test_what_kubectl_would_use(tmp_path: Path) -> None:
    assert usual_files({"KUBECONFIG": "/a::/b", "HOME": "/them"}) == (Path("/a"), Path("/b"))
    assert usual_files({"HOME": "/them"}) == (Path("/them/.kube/config"),)
    assert usual_files({}) == ()


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    found = read(kubeconfig(tmp_path / "one", "eu-1", "us-1"))
    with pytest.raises(UsageError, match=r"there is no context eu-2 \(did you mean eu-1\?\)"):
        found.get("eu-2")
    with pytest.raises(NotFound, match="no current-context in") as caught:
        found.get("")
    assert "kubectl config use-context eu-1" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users: [{name: x, user: {token: hunter22}", " is no YAML"),
        ("- a list", "is no kubeconfig"),
        ("clusters: {a: b}", "is no kubeconfig: Expected `array | null`, got `object` - at `$.clusters`"),
        ("users:\n- name: x\n  user: hunter22\n", "is no kubeconfig"),
        ("a: \x00", "is no YAML"),
    ],
)
def test_a_file_that_is_none_is_named_and_not_quoted(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(Refused) as caught:
        read(file)
    assert said in caught.value.reason
    assert str(file) in caught.value.reason
    assert "hunter22" not in str(caught.value)


def test_an_empty_file_names_no_cluster(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.touch()
    assert read(file).contexts == {}
    with pytest.raises(NotFound, match=r"there is no context in .*: set KUBECONFIG, or write"):
        read(file).get("")


def test_what_comes_out_of_a_pipe_is_read_once(tmp_path: Path) -> None:
    data = kubeconfig(tmp_path / "one", "eu", current="eu").read_bytes()
    ours, theirs = os.pipe()
    os.write(theirs, data)
    os.close(theirs)
    files = Files((Path(f"/dev/fd/{ours}"),), {})
    assert files.read().current == "eu"
    os.close(ours)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    files = Files((kubeconfig(tmp_path / "one", "eu"),), {})
    assert files.changed()
    assert list(files.read().contexts) == ["eu"]
    assert not files.changed()
    kubeconfig(tmp_path / "one", "eu", "us-east")
    assert files.changed()
    assert list(files.read().contexts) == ["eu", "us-east"]


async def test_a_configured_context_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "one", "eu-1")
    source = KubernetesSource([KubernetesTarget(context="eu", kubeconfig=str(file))], {})
    with pytest.raises(NotFound, match=r"no context eu \(did you mean eu-1\?\)"):
        await source.poll(Focus.GLANCE)
    await source.close()


def test_what_names_no_file_and_what_is_none(tmp_path: Path) -> None:
    env = {"KUBECONFIG": ":"}
    assert str(Files(usual_files(env), env).absent()).startswith("KUBECONFIG names no file: ")
    with pytest.raises(Refused, match=r"Is a directory: name a kubeconfig"):
        read(tmp_path)


async def test_a_home_of_nobody_is_a_path_that_is_not_there() -> None:
    source = KubernetesSource([KubernetesTarget(kubeconfig="~nobody-of-this-name/config")], {})
    with pytest.raises(NotFound, match="is not there: correct the path"):
        await source.poll(Focus.GLANCE)
    await source.close()


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ((("shop", "shop"),), ("shop",)),
        ((("shop",), ("shop", "pay")), ("shop", "pay")),
        ((("", "shop"),), ()),
        ((("shop",), ()), ()),
    ],
)
async def test_no_namespace_is_asked_twice(
    tmp_path: Path, listed: tuple[tuple[str, ...], ...], asked: tuple[str, ...]
) -> None:
    # the file of its token is not there: no server is asked
    file = kubeconfig(tmp_path / "one", "eu", current="eu", tokenFile="/nowhere/token")
    async with watching(file, targets=[KubernetesTarget(namespaces=one) for one in listed]) as source:
        with pytest.raises(SourceError):
            await source.poll(Focus.GLANCE)
        assert [watch.namespaces for watch in source._watches.values()] == [asked]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"tokenFile": "/nowhere/token"}, "context eu: /nowhere/token: No such file or directory"),
        ({"tokenFile": "/"}, "context eu: /: Is a directory"),
        ({"as": "somebody", "as-groups": 5}, "context eu cannot be used: TypeError"),
        ({"exec": {"command": "true", "args": 7}}, "credential plugin true cannot be started as exec says"),
    ],
)
async def test_what_identifies_nobody_is_said(tmp_path: Path, user: dict[str, Any], said: str) -> None:
    file = kubeconfig(tmp_path / "one", "eu", current="eu", **user)
    async with watching(file) as source:
        seen = await until(source, lambda seen: isinstance(seen, Refused))
        assert said in str(seen)


async def test_a_defect_in_asking_is_said_and_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(connection, "_load", broken)
    async with watching(kubeconfig(tmp_path / "one", "eu", current="eu")) as source:
        seen = await until(source, lambda seen: isinstance(seen, Refused))
        assert "https://eu:6443 cannot be asked: RecursionError" in str(seen)
        assert {task.get_name() for task in asyncio.all_tasks()} >= {"kubernetes eu"}


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (
            {},
            "no cluster: no KUBECONFIG, no ~/.kube/config, not in a pod: set KUBECONFIG, or write",
        ),
        ({"KUBECONFIG": "/nowhere/config"}, "/nowhere/config (KUBECONFIG) is not there: correct the path"),
    ],
)
def test_without_a_cluster_the_client_is_not_imported(tmp_path: Path, env: dict[str, str], said: str) -> None:
    code = (
        "import sys; from console.cli import main\n"
        "try: main(['status', '--only', 'kubernetes'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'aiohttp', 'kubernetes', 'multidict', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **env},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said in done.stdout, done
    assert done.stdout.endswith("[]\n")
