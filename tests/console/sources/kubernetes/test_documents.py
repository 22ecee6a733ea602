"""Objects as YAML: as the API has them, but for their secrets."""

from __future__ import annotations

import json

import pytest

from console.errors import Refused
from console.sources.kubernetes.documents import path_of, resource_of, yaml_of
from console.sources.kubernetes.model import Key
from tests.console.sources.kubernetes.test_pod_logs import cluster_source
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import pod

SECRETS = ("hunter2", "c2VjcmV0", "tok-1")


def test_where_objects_are() -> None:
    assert path_of(Key("c", "Pod", "shop", "api-1")) == "/api/v1/namespaces/shop/pods/api-1"
    assert path_of(Key("c", "Ingress", "shop", "web")) == (
        "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web"
    )
    assert path_of(Key("c", "Node", "", "n/1")) == "/api/v1/nodes/n%2F1"
    assert path_of(Key("c", "HorizontalPodAutoscaler", "s", "h")).startswith("/apis/autoscaling/v2/")
    assert resource_of(Key("c", "CronJob", "s", "j")) == "cronjobs"
    with pytest.raises(Refused, match="Widget"):
        path_of(Key("c", "Widget", "s", "w"))


def test_what_is_secret_is_masked() -> None:
    env = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"},
           {"name": "DSN", "value": "postgres://shop:hunter2@db/shop"},
           {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]  # fmt: skip
    one = {
        "kind": "Pod",
        "metadata": {
            "managedFields": [{"manager": "kubectl"}],
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"x": "hunter2"}),
                "note": "plain \x1b[31mred",
            },
        },
        "spec": {"containers": [{"args": ["serve", "--password", "hunter2"], "env": env}],
                 "volumes": [{"secret": {"secretName": "db-credentials"}}]},
    }  # fmt: skip
    text = "\n".join(yaml_of(json.dumps(one).encode()))
    assert not any(secret in text for secret in SECRETS)
    assert "managedFields" not in text
    assert "\x1b" not in text
    for kept in ("value: fast", "secretName: db-credentials", "name: DB_PASSWORD", "key: password"):
        assert kept in text


LEAKS = [
    {"name": "Authorization", "value": "Basic aHVudGVyMg=="},
    {"name": "Cookie", "value": "session=aHVudGVyMg=="},
    {"name": "AUTH", "value": "Bearer aHVudGVyMg=="},
    {"name": "PGPASS", "value": "aHVudGVyMg=="},
    {"name": "CERT_KEY", "value": "aHVudGVyMg=="},
    {"name": "DSN", "value": "aHVudGVyMg=="},
    {"name": "X", "value": "shop:aHVudGVyMg==@tcp(db:3306)/shop"},
    {"name": "X", "value": "https://hooks.slack.com/services/T0/B0/aHVudGVyMg"},
    {"name": "X", "value": f"https://{b'aHVudGVyMg'.hex():0<32}@errors.example.com/1"},
    {"args": ["--password=aHVudGVyMg==", "--port=80"]},
    {"args": ["sh", "-c", "curl -u admin:aHVudGVyMg== http://x | mysql -paHVudGVyMg== -h db"]},
    {"note": json.dumps({"env": [{"name": "DB_PASSWORD", "value": "aHVudGVyMg=="}]})},
    {"note": json.dumps([{"kind": "Secret", "data": {"user": "aHVudGVyMg=="}}])},
]


@pytest.mark.parametrize("one", LEAKS)
def test_secrets_in_other_clothes_are_masked(one: dict[str, object]) -> None:
    text = "\n".join(yaml_of(json.dumps(one).encode()))
    assert "aHVudGVyMg" not in text
    assert b"aHVudGVyMg".hex() not in text
    assert "***" in text


def test_what_only_looks_secret_stays() -> None:
    env = {"TOKEN_TTL": "3600", "KEYCLOAK_URL": "http://k", "AUTHOR": "ada", "KAFKA_KEY_FORMAT": "avro"}
    one = {
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "secretProviderClass": "vault",
        "args": ["serve", "--port=80", "--password=x1y2"],
        "url": "shop:x1y2@tcp(db:3306)/shop",
        "note": '{"replicas": 3}',
    }
    lines = [line.strip() for line in yaml_of(json.dumps(one).encode())]
    for value in env.values():
        assert any(line in (f"value: {value}", f"value: '{value}'") for line in lines), value
    assert "secretProviderClass: vault" in lines
    assert lines[lines.index("args:") + 1 :][:3] == ["- serve", "- --port=80", "- --password=***"]
    assert "url: shop:***@tcp(db:3306)/shop" in lines
    assert any('"replicas":3' in line for line in lines)


def test_the_data_of_a_secret_are_masked() -> None:
    one = {"kind": "Secret", "data": {"user": "c2VjcmV0"}, "stringData": {"token": "tok-1"}}
    text = "\n".join(yaml_of(json.dumps(one).encode()))
    assert not any(secret in text for secret in SECRETS)
    assert "user: '***'" in text


@pytest.mark.parametrize("data", [b"", b"[]", b"nonsense", b"\xff", b'{"a":' * 20_000])
def test_what_is_no_object_is_told(data: bytes) -> None:
    with pytest.raises(Refused):
        yaml_of(data)


async def test_a_real_pod_as_yaml(kubernetes: Cluster) -> None:
    kubernetes.calls.create(pod("web", labels={"app": "web"}))
    async with cluster_source(kubernetes.kubeconfig()) as source:
        lines = await source.document(Key("test", "Pod", "default", "web"))
        assert "  name: web" in lines
        assert "    app: web" in lines
        assert lines[0] == "kind: Pod" or lines[0] == "apiVersion: v1"
        with pytest.raises(Exception, match="is gone"):
            await source.document(Key("test", "Pod", "default", "nobody"))


async def test_a_pod_that_may_be_listed_and_not_read(kubernetes: Cluster) -> None:
    kubernetes.calls.create(pod("hidden"))
    path = kubernetes.allow(kubernetes.limited, verbs="list,watch", resources="pods")
    try:
        async with cluster_source(kubernetes.kubeconfig(kubernetes.limited)) as source:
            with pytest.raises(Refused, match="may not get pods in namespace default"):
                await source.document(Key("test", "Pod", "default", "hidden"))
    finally:
        kubernetes.calls.delete(path)
