"""Pages: what is well, what is not, and what a hostile server can do."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_settings import HttpSettings
from console.sources.health.exchange import HEAD_LIMIT
from console.sources.health.http import HttpProbe
from console.sources.health.probe import Outcome
from tests.console.sources.health.asking import ask, figures, told
from tests.console.sources.health.pki import Issuer
from tests.console.sources.health.servers import Answer, listening, page, raw, tls_context, web

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL
EASY = (50.0, 90.0)
"""Limits that a busy machine does not cross."""


def probe(port: int, path: str = "/", env: dict[str, str] | None = None, **settings: Any) -> HttpProbe:
    """A probe of a server of this host."""
    usual: dict[str, Any] = {"latency": EASY, "timeout": 20.0, "url": f"http://127.0.0.1:{port}{path}"}
    return HttpProbe(HttpSettings(**(usual | settings)), env or {})


async def seen(answer: Answer, **settings: Any) -> Outcome:
    """What one page comes to."""
    async with web(answer) as port:
        return await ask(probe(port, **settings))


async def test_a_page_that_is_well() -> None:
    outcome = await seen(page(Server="demo/1", Set_Cookie="session=topsecret"))
    assert outcome.severity is OK
    assert outcome.text.startswith("200 in ")
    numbers = figures(outcome)
    assert numbers["probe_http_status_code"] == 200
    assert numbers["probe_http_version"] == 1.1
    assert numbers["probe_http_ssl"] == 0
    assert numbers["probe_http_uncompressed_body_length"] == 2
    assert numbers["probe_ip_protocol"] == 4
    assert "probe_ssl_earliest_cert_expiry" not in numbers
    phases = {
        dict(one.labels)["phase"] for one in outcome.samples if one.name == "probe_http_duration_seconds"
    }
    assert phases == {"resolve", "connect", "processing", "transfer"}
    details = told(outcome)
    assert details["header server"] == "demo/1"
    assert "topsecret" not in str(outcome)
    own = {label for sample in outcome.samples for label in sample.labels if label[0] == "job"}
    assert len(own) == 1


@pytest.mark.parametrize(
    ("status", "wanted", "severity"),
    [(200, ("2xx",), OK), (204, ("200",), CRITICAL), (500, ("2xx",), CRITICAL), (404, ("200", "4xx"), OK)],
)
async def test_the_status_is_judged(status: int, wanted: tuple[str, ...], severity: Severity) -> None:
    outcome = await seen(page(status, b"" if status == 204 else b"x"), status=wanted)
    assert outcome.severity is severity
    if severity:
        assert outcome.text.startswith(f"{status} in ")
        assert outcome.text.endswith(f", wanted {' or '.join(wanted)}")


async def test_the_body_is_judged() -> None:
    assert (await seen(page(body=b"status: green"), body="status: (green|blue)")).severity is OK
    outcome = await seen(page(body=b"password=hunter2 \x1b[2J is red"), body="green")
    assert outcome.severity is CRITICAL
    assert outcome.text == "200, but not /green/: password=*** ␛[2J is red"
    assert figures(outcome)["probe_failed_due_to_regex"] == 1


async def test_json_is_judged_by_path() -> None:
    document = json.dumps({"status": "ok", "checks": [{"db.main": True, "lag": 1.5}], "gone": None}).encode()
    well = {"status": "ok", 'checks[0]["db.main"]': "true", "checks[0].lag": "1.5", "gone": "null"}
    assert (await seen(page(body=document), json=well)).severity is OK
    outcome = await seen(page(body=document), json={"status": "fine"})
    assert (outcome.severity, outcome.text) == (CRITICAL, "status is ok, wanted fine")
    outcome = await seen(page(body=document), json={"checks[1].lag": "0"})
    assert outcome.text == "checks[1].lag is not there, wanted 0"
    outcome = await seen(page(body=b"<html>"), json=well)
    assert outcome.text == "200, but no JSON: <html>"
    outcome = await seen(page(body=b"[" * 500_000), json=well)
    assert outcome.severity is CRITICAL


async def test_latency_is_judged_by_its_limits() -> None:
    async def late(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await page()(head, writer)

    outcome = await seen(late, latency=(0.2, 90.0))
    assert outcome.severity is WARNING
    assert outcome.text.endswith(", wanted below 200ms")
    outcome = await seen(late, latency=(0.1, 0.25))
    assert outcome.severity is CRITICAL
    assert figures(outcome, phase="processing")["probe_http_duration_seconds"] >= 0.29


async def test_redirects_are_followed_and_told() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(head)
        there = head.startswith(b"GET /there ")
        await (page() if there else page(302, Location="/there"))(head, writer)

    asked: list[bytes] = []
    async with web(answer) as port:
        outcome = await ask(probe(port))
        assert outcome.severity is OK
        assert told(outcome)["redirect"] == f"http://127.0.0.1:{port}/there"
        assert figures(outcome)["probe_http_redirects"] == 1
        outcome = await ask(probe(port, redirects=False))
    assert outcome.severity is CRITICAL
    assert outcome.text.endswith("wanted 2xx; it leads to /there")


async def test_a_circle_of_redirects_ends() -> None:
    outcome = await seen(page(301, Location="/again"))
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("more than 5 redirects, the last to http://127.0.0.1:")


@pytest.mark.parametrize(
    "where", ["file:///etc/passwd", "http://[", "gopher://x", "http://h:99999/", "//:80"]
)
async def test_a_redirect_leads_to_pages_only(where: str) -> None:
    outcome = await seen(page(302, Location=where))
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("a redirect to ")


async def test_secrets_go_to_the_first_server_only_and_are_never_shown() -> None:
    heads: list[bytes] = []

    async def other(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await page(500, b"you sent s3cr3t-value")(head, writer)

    async with web(other) as second:

        async def first(head: bytes, writer: asyncio.StreamWriter) -> None:
            heads.append(head)
            await page(307, Location=f"http://127.0.0.1:{second}/")(head, writer)

        async with web(first) as port:
            settings: dict[str, Any] = {
                "headers": {"X-Api": "${TOKEN}", "Authorization": "Bearer ${password}"}
            }
            command = "printf s3cr3t-value"
            asked = probe(port, env={"TOKEN": "t0k3n"}, body="x", password_command=command, **settings)
            outcome = await ask(asked)
    assert b"X-Api: t0k3n" in heads[0]
    assert b"Authorization: Bearer s3cr3t-value" in heads[0]
    assert b"t0k3n" not in heads[1]
    assert b"s3cr3t" not in heads[1]
    assert outcome.severity is CRITICAL
    assert "s3cr3t" not in str(outcome)
    assert "s3cr3t" not in str(outcome.text)


async def test_a_password_of_the_address_is_sent_and_not_shown() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await page()(head, writer)

    async with web(answer) as port:
        asked = probe(port, url=f"http://me:hunter2@127.0.0.1:{port}/a b?q=ü#part")
        outcome = await ask(asked)
    assert b"Authorization: Basic bWU6aHVudGVyMg==" in heads[0]
    assert heads[0].startswith(b"GET /a%20b?q=%C3%BC HTTP/1.1\r\n")
    assert outcome.severity is OK
    assert "hunter2" not in f"{asked.target} {asked.name} {asked.labels} {outcome}"


async def test_what_a_server_sends_back_of_a_secret_is_hidden_everywhere() -> None:
    async def echo(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 t0k3n-value\r\nX-Echo: t0k3n-value\r\nContent-Length: 0\r\n\r\n")

    async with web(echo) as port:
        outcome = await ask(probe(port, env={"TOKEN": "t0k3n-value"}, headers={"X-Api": "${TOKEN}"}))
        moved = page(302, Location="/t0k3n-value?x=t0k3n-value")
    assert outcome.severity is CRITICAL
    assert "t0k3n" not in str(outcome)
    assert told(outcome)["header x-echo"] == "***"
    outcome = await seen(moved, redirects=False, env={"TOKEN": "t0k3n-value"}, headers={"X-Api": "${TOKEN}"})
    assert "t0k3n" not in str(outcome)


async def test_a_post_is_sent_whole() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        got.append(await reader.readexactly(5))
        await page(201)(b"", writer)
        await reader.read()

    async with listening(serve) as port:
        outcome = await ask(probe(port, method="POST", send="hello"))
    assert outcome.severity is OK
    assert got[1] == b"hello"


def test_what_cannot_be_used_is_said_at_once() -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"url": ""}, "url is missing"),
        ({"url": "http://[::1"}, "url is no address: Invalid IPv6 URL"),
        ({"url": "http://host:99999/"}, "url is no address: Port out of range"),
        ({"body": "("}, "body is no regular expression"),
        ({"json": {"a..b": "1"}}, "a..b is no path into JSON"),
        ({"headers": {"A B": "x"}}, "A B is no header"),
        ({"headers": {"A": "x\ny"}}, "A is no header"),
        ({"headers": {"A": "${NOWHERE}"}}, "there is no variable NOWHERE"),
        ({"headers": {"A": "${password}"}}, "no password_command"),
    )
    for settings, said in cases:
        with pytest.raises(UsageError, match=said.replace("$", r"\$").replace("{", r"\{")):
            probe(1, **settings)


# -- hostile servers


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "no HTTP answer: "),
        (raw(b"\x16\x03\x01\x02" * 40), "no HTTP answer: "),
        (raw(b""), "the connection was closed without an answer"),
        (raw(HEAD + b"X-Long: ", endless=b"a" * 4096), f"more than {HEAD_LIMIT >> 10} KB of headers"),
        (raw(HEAD, endless=b"X-A: b\r\n" * 500), f"more than {HEAD_LIMIT >> 10} KB of headers"),
        (raw(endless=b"HTTP/1.1 103 Early\r\n\r\n"), "103 again and again"),
        (raw(HEAD + b"Content-Length: 100\r\n\r\nshort"), "200, and the body broke off: "),
        (raw(HEAD + b"Content-Length: -1\r\n\r\n"), "no HTTP answer: "),
        (raw(HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"), "no HTTP answer: "),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "200, and the body broke off: "),
        (raw(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"), "the body is no gzip"),
        (raw(HEAD + b"Bad Header\x00: x\r\n\r\n"), "no HTTP answer: "),
    ],
)
async def test_what_is_no_http_is_told_as_that(answer: Answer, said: str) -> None:
    outcome = await seen(answer)
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith(said)
    assert outcome.text.isprintable()


async def test_an_endless_body_is_cut() -> None:
    outcome = await seen(raw(HEAD + b"\r\n", endless=b"x" * 65536), body="x")
    assert outcome.severity is OK
    assert figures(outcome)["probe_http_uncompressed_body_length"] == 1 << 20
    assert told(outcome)["body"] == "1.0M and more, cut"


async def test_a_gzip_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(b"\0" * (400 << 20), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = await seen(page(body=bomb, Content_Encoding="gzip"))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outcome.severity is OK
    assert told(outcome)["body"].endswith("cut")
    assert grown < 100 << 10, "kilobytes"


async def test_a_packed_body_that_is_not_whole_is_no_body() -> None:
    packed = gzip.compress(b"all is well " * 1000)
    assert (await seen(page(body=packed, Content_Encoding="gzip"), body="well")).severity is OK
    outcome = await seen(page(body=packed[:-10], Content_Encoding="gzip"), body="well")
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("the body broke off: ")
    assert (await seen(page(body=b"", Content_Encoding="gzip"))).severity is OK


async def test_a_slow_drip_ends_with_the_timeout_and_says_what_was_missing() -> None:
    outcome = await seen(raw(HEAD + b"\r\n", endless=b"x", pause=0.01), timeout=0.5)
    assert (outcome.severity, outcome.text) == (CRITICAL, "no end of the body within 0.5 s")
    outcome = await seen(raw(b"HTTP/1.1 2", endless=b"", pause=0.01), timeout=0.5)
    assert outcome.severity is CRITICAL

    async def silent(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    outcome = await seen(silent, timeout=0.5)
    assert outcome.text == "no answer within 0.5 s"


async def test_nobody_there(unused_port: int) -> None:
    outcome = await ask(probe(unused_port))
    assert outcome.text == f"connection refused by 127.0.0.1:{unused_port}"
    assert figures(outcome)["probe_http_status_code"] == 0
    outcome = await ask(probe(1, url="http://no-such-host.invalid/"))
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("no-such-host.invalid: ")


async def test_the_second_address_answers_where_the_first_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    async with web(page()) as port:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.77", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        outcome = await ask(probe(port, url=f"http://two.example:{port}/"))
    assert outcome.severity is OK
    assert told(outcome)["address"] == "127.0.0.1"


# -- TLS


async def secure(path: Path, name: str = "localhost", **settings: Any) -> Outcome:
    """A page behind a certificate of a root of its own."""
    root = Issuer("Test Root")
    days = settings.pop("days", 90)
    between = Issuer("Test Between", by=root)
    files = between.issue(path, name, days=days, chain=settings.pop("chain", True))
    settings = {"ca_file": root.save(path)} | settings
    async with web(page(), tls_context(*files)) as port:
        return await ask(probe(port, url=f"https://localhost:{port}/", **settings))


async def test_a_trusted_page(tmp_path: Path) -> None:
    outcome = await secure(tmp_path)
    assert outcome.severity is OK
    numbers = figures(outcome)
    assert numbers["probe_http_ssl"] == 1
    assert numbers["probe_ssl_earliest_cert_expiry"] > 0
    assert "tls" in {dict(one.labels).get("phase") for one in outcome.samples}
    details = told(outcome)
    assert details["certificate"] == "localhost"
    assert details["issuer 1"] == "Test Between"
    assert details["TLS"].startswith("TLSv1.3")


@pytest.mark.parametrize(
    ("settings", "severity", "said"),
    [
        ({"days": 6}, CRITICAL, "certificate: 6 days left, wanted above 7"),
        ({"days": 15}, WARNING, "certificate: 15 days left, wanted above 21"),
        ({"days": -1}, CRITICAL, "certificate ended on "),
        ({"name": "other.example"}, CRITICAL, "certificate is not for localhost but other.example"),
        ({"chain": False}, CRITICAL, "issuer Test Between is unknown: the chain is incomplete"),
        ({"ca_file": ""}, CRITICAL, "issuer Test Root is unknown"),
        ({"ca_file": "/nowhere.pem"}, CRITICAL, "ca_file /nowhere.pem: No such file"),
        ({"days": -1, "verify": False}, OK, "200 in "),
    ],
)
async def test_a_certificate_is_judged(
    tmp_path: Path, settings: dict[str, Any], severity: Severity, said: str
) -> None:
    outcome = await secure(tmp_path, **settings)
    assert (outcome.severity, outcome.text[: len(said)]) == (severity, said)
    if "ca_file" not in settings:
        assert told(outcome)["certificate"] == settings.get("name", "localhost")


async def test_a_plain_server_where_tls_is_wanted() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with listening(plain) as port:
        outcome = await ask(probe(port, url=f"https://127.0.0.1:{port}/"))
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("no TLS: wrong version number")
