"""Label selectors: what they mean, beside the API server's own opinion, and what is wrong in one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from console.errors import UsageError
from console.sources.kubernetes.selectors import near, parse, read
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import CallError
from tests.servers.kubernetes.objects import namespace, pod

PODS: Mapping[str, Mapping[str, str]] = {
    "web": {"app": "web", "tier": "front", "in": "a"},
    "web-canary": {"app": "web", "tier": "front", "canary": ""},
    "db": {"app": "db", "tier": "back"},
    "named": {"app.kubernetes.io/name": "web", "tier": "1.0_a-B"},
    "bare": {},
}
TAKEN = [
    "app=web", "app==web", "app = web", "app!=web", "app=web,tier!=db", "app=web, canary", "app", "!app",
    "! canary , app", "app in (web,db)", "app in(web)", "app  in ( web , db )", "app notin (web)",
    "app notin (web,db),tier", "canary=", "canary!=", "canary in ()", "canary in (,a)", "canary=,app=web",
    "app.kubernetes.io/name=web", "tier=1.0_a-B", "in=a", "in", "in in (a)", "app=in",
]  # fmt: skip
REFUSED = [
    "", "app=web,", ",app", "=web", "app=web=db", "app in web", "app in (web", "app notin", "app=-web",
    "-app", "a/b/c=d", "app=we*", "!app=web", "app!web", "app web", "(app)", "!", "app in (a b)",
    "app=" + "a" * 64, "A_/x=y", "app=wéb",
]  # fmt: skip


@pytest.fixture(scope="module")
def labelled(real_kubernetes: Cluster) -> Cluster:
    """A cluster with pods of many labels."""
    real_kubernetes.calls.create(namespace("labels"))
    real_kubernetes.calls.create(*(pod(name, "labels", labels=labels) for name, labels in PODS.items()))
    return real_kubernetes


def test_what_the_server_selects_is_selected(labelled: Cluster) -> None:
    for text in TAKEN:
        listed = labelled.calls.get(f"/api/v1/namespaces/labels/pods?labelSelector={quote(text)}")
        meant = {one["metadata"]["name"] for one in listed["items"]}
        selector = parse(text)
        assert {name for name, labels in PODS.items() if selector.matches(labels)} == meant, text
        assert parse(str(selector)) == selector, "it reads what it writes"


def test_what_the_server_refuses_is_refused(labelled: Cluster) -> None:
    for text in REFUSED[1:]:  # an empty one selects all, and here asks for nothing
        with pytest.raises(CallError):
            labelled.calls.get(f"/api/v1/namespaces/labels/pods?labelSelector={quote(text)}")
    for text in REFUSED:
        with pytest.raises(UsageError):
            parse(text)


def test_what_is_wrong_is_said() -> None:
    for text, said in (
        ("", "a label is missing"),
        ("app=web,", "a label is missing"),
        ("app>1", "'>' after app is in no selector"),
        ("app=we*", "'we*' is no label's value"),
        ("a/b/c=d", "'a/b/c' is no label's name"),
        ("app in web", "the values of app in stand in brackets: write app in (a,b)"),
        ("app in (web", "the bracket of app in is not closed"),
        ("app=web shop", "'shop' is too much"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            parse(text)


def test_it_ends_where_its_words_end() -> None:
    for text, rest in (
        ("app=web shop @eu-1", "shop @eu-1"),
        ("app in (web, db) shop", "shop"),
        ("!canary @eu-1", "@eu-1"),
        ("app=web , tier", ""),
    ):
        assert read(text)[1] == rest


def test_the_label_that_was_meant() -> None:
    known = list(PODS.values())
    assert near(parse("app=wbe"), known) == "app=web"
    assert near(parse("apps=web"), known) == "app=web"
    assert near(parse("tier=front,cannary"), known) == "canary"
    assert near(parse("tier=front,app=db"), known) == "", "each is there, no pod has both"
