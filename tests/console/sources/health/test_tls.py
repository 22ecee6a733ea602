"""Certificates: of endpoints, trusted or not, with STARTTLS, and in files."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_settings import TlsSettings
from console.sources.health.probe import Outcome
from console.sources.health.tls import TlsProbe
from tests.console.sources.health.asking import ask, figures, today, told
from tests.console.sources.health.pki import Issuer
from tests.console.sources.health.servers import listening, tls_context

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


@pytest.fixture(scope="module")
def root() -> Issuer:
    """A root of our own."""
    return Issuer("Test Root")


@pytest.fixture(scope="module")
def between(root: Issuer) -> Issuer:
    """Who issues in its name."""
    return Issuer("Test Between", by=root)


async def still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says nothing after the handshake."""
    await reader.read()


async def seen(files: tuple[Path, Path], **settings: Any) -> Outcome:
    """What an endpoint with this certificate comes to."""
    async with listening(still, tls_context(*files)) as port:
        usual: dict[str, Any] = {"address": f"localhost:{port}", "timeout": 20.0}
        return await ask(TlsProbe(TlsSettings(**(usual | settings)), {}))


async def test_a_trusted_certificate(tmp_path: Path, root: Issuer, between: Issuer) -> None:
    outcome = await seen(between.issue(tmp_path, "localhost", "127.0.0.1"), ca_file=root.save(tmp_path))
    assert (outcome.severity, outcome.text) == (OK, "trusted, 90 days left")
    numbers = figures(outcome)
    ends = (today() + timedelta(days=90)).timestamp()
    assert abs(numbers["probe_ssl_earliest_cert_expiry"] - ends) < 100
    assert figures(outcome, cn="Test Between")["ssl_cert_not_after"] > ends
    details = told(outcome)
    assert details["names"] == "localhost, 127.0.0.1"
    assert details["key"] == "EC secp256r1, signed with sha256"
    assert details["issuer 1"] == "Test Between"
    assert details["issued by"] == "Test Root"
    assert len(details["SHA-256"]) == 64


@pytest.mark.parametrize(
    ("days", "severity", "said"),
    [
        (6, CRITICAL, "certificate: 6 days left, wanted above 7"),
        (20, WARNING, "certificate: 20 days left, wanted above 21"),
        (1, CRITICAL, "certificate: 24 hours left, wanted above 7"),
        (-3, CRITICAL, "certificate ended on "),
    ],
)
async def test_its_end_is_judged(
    tmp_path: Path, root: Issuer, between: Issuer, days: int, severity: Severity, said: str
) -> None:
    outcome = await seen(between.issue(tmp_path, "localhost", days=days), ca_file=root.save(tmp_path))
    assert (outcome.severity, outcome.text[: len(said)]) == (severity, said)
    assert "probe_ssl_earliest_cert_expiry" in figures(outcome), "read though it is not trusted"
    assert told(outcome)["certificate"] == "localhost"


async def test_its_end_is_judged_alone_where_trust_does_not_matter(tmp_path: Path, between: Issuer) -> None:
    outcome = await seen(between.issue(tmp_path, "x.example", days=60), verify=False)
    assert (outcome.severity, outcome.text) == (OK, "60 days left")
    outcome = await seen(between.issue(tmp_path, "x.example", days=-2), verify=False)
    assert (outcome.severity, outcome.text) == (CRITICAL, "certificate ended 2 days ago")
    outcome = await seen(between.issue(tmp_path, "x.example", days=60), verify=False, days=(90.0, 30.0))
    assert outcome.severity is WARNING


async def test_an_issuer_that_ends_first_is_told(tmp_path: Path, root: Issuer) -> None:
    ending = Issuer("Ending Issuer", by=root, days=5)
    outcome = await seen(ending.issue(tmp_path, "localhost"), ca_file=root.save(tmp_path))
    assert (outcome.severity, outcome.text) == (CRITICAL, "issuer Ending Issuer: 5 days left, wanted above 7")


async def test_why_it_is_not_trusted(tmp_path: Path, root: Issuer, between: Issuer) -> None:
    ca_file = root.save(tmp_path)
    outcome = await seen(root.issue(tmp_path, "localhost", self_signed=True), ca_file=ca_file)
    assert (outcome.severity, outcome.text) == (CRITICAL, "certificate is self-signed")
    assert told(outcome)["issued by"] == "itself"
    outcome = await seen(between.issue(tmp_path, "localhost", chain=False), ca_file=ca_file)
    assert outcome.text.startswith("issuer Test Between is unknown: the chain is incomplete")
    outcome = await seen(between.issue(tmp_path, "other.example"), ca_file=ca_file)
    assert outcome.text == "certificate is not for localhost but other.example"
    outcome = await seen(
        between.issue(tmp_path, "other.example"), ca_file=ca_file, server_name="other.example"
    )
    assert outcome.severity is OK
    outcome = await seen(between.issue(tmp_path, "localhost", days=3), ca_file="")
    assert outcome.text.startswith("issuer Test Root is unknown")
    assert told(outcome)["also"] == "certificate: 3 days left, wanted above 7"


async def test_starttls_of_smtp(tmp_path: Path, root: Issuer, between: Issuer) -> None:
    context = tls_context(*between.issue(tmp_path, "localhost"))

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-mail.example\r\n220 ready\r\n")
        assert (await reader.readline()).startswith(b"EHLO ")
        writer.write(b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
        assert await reader.readline() == b"STARTTLS\r\n"
        writer.write(b"220 go ahead\r\n" if offered else b"454 TLS not available\r\n")
        await writer.drain()
        if offered:
            await writer.start_tls(context)
        await reader.read()

    offered = True
    async with listening(smtp) as port:
        settings = TlsSettings(
            address=f"localhost:{port}", starttls="smtp", ca_file=root.save(tmp_path), timeout=20
        )
        outcome = await ask(TlsProbe(settings, {}))
        assert (outcome.severity, outcome.text) == (OK, "trusted, 90 days left")
        offered = False
        outcome = await ask(TlsProbe(settings, {}))
    assert (outcome.severity, outcome.text) == (CRITICAL, "no STARTTLS: 454 TLS not available")


async def test_starttls_of_postgres(tmp_path: Path, root: Issuer, between: Issuer) -> None:
    context = tls_context(*between.issue(tmp_path, "localhost"))

    async def postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
        writer.write(answer)
        await writer.drain()
        if answer == b"S":
            await writer.start_tls(context)
        await reader.read()

    answer = b"S"
    async with listening(postgres) as port:
        ca_file = root.save(tmp_path)
        settings = TlsSettings(address=f"localhost:{port}", starttls="postgres", ca_file=ca_file, timeout=20)
        assert (await ask(TlsProbe(settings, {}))).text == "trusted, 90 days left"
        answer = b"N"
        assert (await ask(TlsProbe(settings, {}))).text == "it does not offer TLS (ssl = off)"


async def test_what_is_no_tls(tmp_path: Path) -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n" * 1000)
        await reader.read()

    async with listening(chatter) as port:
        outcome = await ask(TlsProbe(TlsSettings(address=f"127.0.0.1:{port}", timeout=20), {}))
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("no TLS: ")
    async with listening(still) as port:
        outcome = await ask(TlsProbe(TlsSettings(address=f"127.0.0.1:{port}", timeout=0.5), {}))
    assert outcome.text == "no TLS handshake within 0.5 s"


async def test_old_versions_are_still_read(tmp_path: Path, between: Issuer) -> None:
    context = tls_context(*between.issue(tmp_path, "localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with listening(still, context) as port:
        settings = TlsSettings(address=f"localhost:{port}", verify=False, timeout=20)
        outcome = await ask(TlsProbe(settings, {}))
    assert told(outcome)["TLS"].startswith("TLSv1.2 ")


async def test_certificates_in_files(tmp_path: Path, root: Issuer, between: Issuer) -> None:
    between.issue(tmp_path, "a.example", days=90)
    between.issue(tmp_path, "b.example", days=10)
    one = await ask(TlsProbe(TlsSettings(files=(str(tmp_path / "a.*.pem"),)), {}))
    assert (one.severity, one.text) == (OK, "90 days left")
    assert told(one)["file"].endswith("a.example.pem")
    both = await ask(TlsProbe(TlsSettings(files=(str(tmp_path / "*.pem"),)), {}))
    assert (both.severity, both.text) == (
        WARNING,
        "b.example.pem: certificate: 10 days left, wanted above 21",
    )
    ends = [one.value for one in both.samples if one.name == "ssl_file_cert_not_after"]
    assert len(ends) == 4
    assert figures(both)["probe_ssl_earliest_cert_expiry"] == min(ends)


async def test_files_that_hold_none(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name, said in (
        ("empty.pem", "empty.pem holds no certificate in PEM form"),
        ("broken.pem", "broken.pem holds no certificate in PEM form"),
        ("none*.pem", "no file "),
    ):
        outcome = await ask(TlsProbe(TlsSettings(files=(str(tmp_path / name),)), {}))
        assert outcome.severity is CRITICAL
        assert said in outcome.text


def test_one_of_address_and_files_is_wanted() -> None:
    for settings in (TlsSettings(), TlsSettings(address="a:1", files=("b",))):
        with pytest.raises(UsageError, match="one of address and files"):
            TlsProbe(settings, {})
