"""Secrets leave no trace in what is shown, and come only from the program that was named."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import secrets
from console.errors import Refused
from console.secrets import holds_secret, password_from, redact, redact_command, redact_url

PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20)
WRAPPINGS = ("{}", "cannot connect to {}", "({}) refused", "first {} and more", "x={}")


@given(PASSWORDS, st.sampled_from(["postgresql", "redis", "rediss", "http"]), st.sampled_from(WRAPPINGS))
def test_no_password_of_a_url_survives_escaped_or_not(password: str, scheme: str, wrapping: str) -> None:
    for written in (quote(password, safe=""), password):
        told = redact(wrapping.format(f"{scheme}://me:{written}@host:1/db"))
        assert f":{written}@" not in told
        assert "***@host" in told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:pw@h:5432/db", "postgresql://me:***@h:5432/db"),
        ("redis://:pw@h", "redis://:***@h"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("postgresql://me@h/db", "postgresql://me@h/db"),
        ("unix:///run/r.sock?password=pw", "unix:///run/r.sock?password=***"),
        ("me:pw@h/db", "me:***@h/db"),
        ("service=orders", "service=orders"),
        ("host=h password='a b\\'c' user=me", "host=h password=*** user=me"),
        ("postgresql://me:p@ss/w:rd@h/db", "postgresql://me:***@h/db"),
    ],
)
def test_urls(url: str, told: str) -> None:
    assert redact_url(url) == told
    assert holds_secret(url) is (told != url)


def test_a_command_is_shown_without_its_arguments() -> None:
    assert redact_command("pass show db/prod") == "pass …"
    assert redact_command("get-it") == "get-it"


def test_the_first_line_of_the_output_is_the_password() -> None:
    assert password_from("printf 's3 cret\\r\\nsecond\\n'") == "s3 cret"


def test_nothing_in_the_command_is_for_a_shell() -> None:
    assert password_from("echo $HOME;id") == "$HOME;id"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/no/such/program x", "No such file"),
        ("sh -c 'echo s3cret; echo s3cret >&2; exit 3'", "ended with status 3"),
        ("", "is empty"),
        ("echo 'open", "No closing quotation"),
        ("/etc/passwd", "Permission denied"),
    ],
)
def test_a_command_that_fails_is_told_without_its_output(command: str, told: str) -> None:
    with pytest.raises(Refused) as caught:
        password_from(command)
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_LIMIT", 0.2)
    with pytest.raises(Refused, match=r"took more than 0\.2 s"):
        password_from("sleep 30")


def test_a_command_has_no_terminal_and_no_input() -> None:
    assert password_from("sh -c 'read x; echo \"got:$x\"; cat /dev/tty || true'") == "got:"
