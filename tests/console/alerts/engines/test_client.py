"""Every way in which an engine's address leads elsewhere, in one sentence with the fix; and signing in."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.alerts.engines import client as client_module
from console.errors import Refused, SourceError, TimedOut, Unreachable
from tests.console.alerts.engines.kit import alertmanager_source, poll, prometheus_source
from tests.console.sources.health.pki import PEM, Issuer
from tests.console.sources.health.servers import page, raw, tls_context, web
from tests.servers.alertmanager import Alertmanager
from tests.servers.ports import free_port
from tests.servers.prometheus import Prometheus

HASH = "$2b$04$abcdefghijklmnopqrstuunBMgByaIAZYuFgMUjBx8aaeU/9We5xa"
"""Of hunter22, by bcrypt."""


@pytest.fixture(scope="module")
def locked() -> Iterator[Alertmanager]:
    """An Alertmanager that wants ana's password."""
    with Alertmanager(web=f"basic_auth_users: {{ana: '{HASH}'}}\n") as running:
        yield running


async def failure(url: str, **settings: Any) -> SourceError:
    """Why a Prometheus at this address gives nothing."""
    with pytest.raises(SourceError) as caught:
        await poll(prometheus_source(url, **settings))
    return caught.value


async def test_nobody_there() -> None:
    """By its address."""
    error = await failure(f"http://127.0.0.1:{free_port()}")
    assert isinstance(error, Unreachable)
    assert "connection refused by 127.0.0.1" in error.reason
    assert isinstance(await failure("http://nowhere.invalid:9090"), Unreachable | TimedOut)


@pytest.mark.parametrize(
    ("answer", "reason", "fix"),
    [
        (page(404, b"404 page not found"), "there is no prometheus under / (404)", "--web.route-prefix"),
        (page(200, b"<!DOCTYPE html><title>Sign in</title>"), "a page for browsers", "a login or another"),
        (page(200, b"+PONG"), "it is no prometheus: the answer is no JSON", "correct PROMETHEUS_URL"),
        (page(200, b'{"status": "ok"}'), "something answers, and it is no Prometheus", "correct PROMETHEUS"),
        (page(200, b""), "something answers, and it is no Prometheus", "correct PROMETHEUS_URL"),
        (page(200, b"[" * 100_000), "the answer is no JSON", "correct PROMETHEUS_URL"),
        (page(403, b"no"), "it refuses this user (403)", "put user and password into PROMETHEUS_URL"),
        (page(503, b"later"), "503, it cannot answer now", "see its log"),
        (page(302, b"", Location="/login"), "more than 5 redirects", "round in a circle"),
        (page(400, b'{"status":"error","error":"bad\\u001b[2J thing"}'), "bad", ""),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "no HTTP answer", "is it http or https?"),
    ],
)  # fmt: skip
async def test_what_is_there_is_something_else(answer: Any, reason: str, fix: str) -> None:
    """Each is told by what it looks like."""
    async with web(answer) as port:
        error = await failure(f"http://127.0.0.1:{port}")
    assert isinstance(error, Refused)
    assert reason in error.reason
    assert fix in error.fix
    assert "\x1b" not in str(error)


async def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing grows past its limit."""
    monkeypatch.setattr(client_module, "BODY_LIMIT", 1 << 16)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with web(raw(head, endless=b" " * 8192)) as port:
        assert "an answer of more than 64.0K" in (await failure(f"http://127.0.0.1:{port}")).reason


async def test_silence_is_an_outage_in_time() -> None:
    """Before the collector loses patience."""
    async with web(raw()) as port:
        error = await failure(f"http://127.0.0.1:{port}")
    assert isinstance(error, TimedOut | Unreachable)


async def test_one_engine_is_not_the_other(locked: Alertmanager) -> None:
    """Which is said of real ones."""
    with Prometheus() as prometheus, Alertmanager() as alertmanager:
        error = await failure(alertmanager.url)
        assert "there is no prometheus under / (404)" in error.reason
        with pytest.raises(Refused, match=r"there is no alertmanager under / \(404\)"):
            await poll(alertmanager_source(prometheus.url))
        error = await failure(f"{prometheus.url}/prom")
        assert "there is no prometheus under /prom (404)" in error.reason


async def test_a_password_of_the_address(locked: Alertmanager) -> None:
    """The right one; a wrong one, and none, are told without it."""
    host = locked.url.removeprefix("http://")
    assert (await poll(alertmanager_source(f"http://ana:hunter22@{host}"))).rules == ()
    for user in ("ana:wrong-one@", ""):
        with pytest.raises(Refused, match="it wants a password") as caught:
            await poll(alertmanager_source(f"http://{user}{host}"))
        assert "wrong-one" not in str(caught.value)
        assert "alertmanager_password_command" in caught.value.fix


async def test_a_command_prints_the_password(locked: Alertmanager, tmp_path: Path) -> None:
    """Asked anew once it was refused."""
    secret = tmp_path / "secret"
    secret.write_text("old\n")
    host = locked.url.removeprefix("http://")
    command = f"cat {shlex.quote(str(secret))}"
    source = alertmanager_source(f"http://ana@{host}", alertmanager_password_command=command)
    with pytest.raises(Refused, match="it wants a password"):
        await poll(source)
    secret.write_text("hunter22\n")
    assert (await poll(source)).rules == ()


async def test_a_token_is_sent_as_such_and_never_comes_back() -> None:
    """Without a user the command prints a bearer token; an answer that repeats it is masked."""
    heads: list[bytes] = []

    async def echo(head: bytes, writer: Any) -> None:
        heads.append(head)
        body = b'{"status":"error","error":"bad token s3cr3t-t0ken"}'
        writer.write(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with web(echo) as port:
        command = shlex.join([sys.executable, "-c", "print('s3cr3t-t0ken')"])
        error = await failure(f"http://127.0.0.1:{port}", prometheus_password_command=command)
    assert b"authorization: bearer s3cr3t-t0ken" in heads[0].lower()
    assert "s3cr3t" not in str(error)
    assert "***" in str(error)


async def test_certificates_are_judged(tmp_path: Path) -> None:
    """Unless told otherwise; `ca_file` names whom to trust."""
    root = Issuer("Our root")
    certificate, key = root.issue(tmp_path, "localhost")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(root.certificate.public_bytes(PEM))
    async with web(page(200, b"+PONG"), tls_context(certificate, key), "localhost") as port:
        assert "no JSON" not in (await failure(f"https://localhost:{port}")).reason
        assert "no JSON" in (await failure(f"https://localhost:{port}", verify=False)).reason
        assert "no JSON" in (await failure(f"https://localhost:{port}", ca_file=str(ca))).reason
