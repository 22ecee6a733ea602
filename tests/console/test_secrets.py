"""Secrets leave no trace in what is shown, and come only from the program that was named."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import secrets
from console.errors import Refused
from console.secrets import (
    PasswordCommand,
    holds_secret,
    password_from,
    redact,
    redact_arguments,
    redact_command,
    redact_url,
)
from tests.patience import PATIENCE

# digits and a slash after host and colon are a port and a path, as every URL in a log has them
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20).filter(
    lambda password: not re.match(r"\d{1,5}[/?#]|\*+@|<[^<>]*>@|password@", password, re.IGNORECASE)
)
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
        ("host=h password='a b\\'c' user=me", "host=h password='***' user=me"),
        ("postgresql://me:p@ss/w:rd@h/db", "postgresql://me:***@h/db"),
    ],
)
def test_urls(url: str, told: str) -> None:
    assert redact_url(url) == told
    assert holds_secret(url) is (told != url)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ROLE console LOGIN PASSWORD 'S3cr'",
        "alter role mon password 'S3cr",  # the server cut it short
        r"ALTER ROLE m PASSWORD E'x\'S3cr x'",
        "ALTER ROLE m PASSWORD 'it''S3cr'",
        "alter role m password $$ S3cr x$$",
        "ALTER USER x IDENTIFIED BY 'S3cr'",
        'user x identified with mysql_native_password by "S3cr"',
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=S3cr user=u'",
        "update users set password = crypt('S3cr', gen_salt('bf'))",
        "select 1 from sessions where token = 'S3cr'",
        "login password=S3cr ok",
        "password: S3cr",
        "Password : S3cr user: bob",
        '{"password":"S3cr x","user":"bob"}',
        "{'passwd': 'S3cr x'}",
        r'{"m":"{\"secret\":\"S3cr\"}"}',
        'password => "S3cr"',
        "GET /x?token=S3cr&y=1 200",
        "X-Api-Key: S3cr",
        "apikey=S3cr",
        "AWS_SECRET_ACCESS_KEY = S3cr/x+y",
        "Authorization: Bearer S3cr",
        "authorization: Basic S3cr==",
        '"Authorization":"Bearer S3cr"',
        "curl -H 'Authorization: token S3cr'",
        "sent bearer S3cr-abcdefgh1",
        "connecting to redis://u:S3cr@h/0",
        "mysqldump --password S3cr db",
        "psql --password=S3cr",
        "PGPASSWORD=S3cr psql",
        "DB_PASS=S3cr",
        "pwd=S3cr",
        "key AKIAS3CRABCDEFGHIJKL",
        "ghp_S3crabcdefghijklmnop0123",
        "github_pat_S3crabcdefghijklmnop_x",
        "xoxb-S3cr-123456-abc",
        "sk-proj-S3crabcdefghij-klmnop",
        "jwt eyJS3crabc.eyJS3crabc.S3cr-x_y done",
        r"-----BEGIN RSA PRIVATE KEY-----\nS3cr\n-----END RSA PRIVATE KEY----- x",
    ],
)
def test_what_is_secret_is_masked(text: str) -> None:
    told = redact(text)
    assert "s3cr" not in told.lower()
    assert "***" in told
    assert redact(told) == told


@pytest.mark.parametrize(
    "text",
    [
        'password authentication failed for user "x"',
        "token expired",
        "cat: /etc/passwd: Permission denied",
        "/run/secrets/token: No such file or directory",
        "invalid token: unexpected end of input",
        "Unexpected token: }",
        "GET /reset-password?x=1",
        "secret santa",
        'secret "db-creds" not found',
        'column "password" of relation "users" does not exist',
        'REDIS_URL="redis://[user]:PASSWORD@host:port", or password_command under [[redis]]',
        "redis://:PASSWORD@host",
        "write redis://user:password@host:6379 or unix:///path",
        "WHERE password = $1 AND x = 2",
        "SELECT token::uuid FROM t JOIN s ON s.token = t.token",
        "sudo: ops : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls",
        "max_tokens=4096 token_type=bearer tokens: 15",
        "password_file=/run/secrets/db ssl_key_file=/etc/x.pem",
        "http://host:8080/x?mail=a@b.example",
        "GET https://registry:443/@types/node",
        "password=<yours> password=${DB_PASSWORD} password=''",
        '{"password":null}',
        "authorization: denied",
        "bearer authentication failed",
        "use --password to give one",
        "task-force-with-a-long-name-12 compass=5 monkey: 3",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert redact(text) == text


WORDS = (
    "password token secret api_key Authorization Bearer PASSWORD IDENTIFIED BY -- -----BEGIN PRIVATE KEY-----"
    " :// @ = : ' \" \\ $$ , ; & ( ) } < > *** a b1 eyJaaaaa.bbbbb. sk- AKIA0123456789ABCDEF pwd /"
)
PIECES = st.sampled_from([*WORDS.split(), " ", "''", '\\"', "\n"])


@given(st.lists(PIECES, max_size=20).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    told = redact(text)
    assert redact(told) == told
    assert len(told) <= 3 * len(text) + 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["/usr/bin/redis-cli", "-a", "S3cr", "ping"], "/usr/bin/redis-cli -a *** ping"),
        (["mysql", "-pS3cr", "-uroot", "db"], "mysql -p*** -uroot db"),
        (["x", "--password", "S3cr with blanks", "y"], "x --password *** y"),
        (["x", "--api-key=S3cr with blanks", "y"], "x --api-key=*** y"),
        (["env", "PGPASSWORD=S3cr a", "psql"], "env PGPASSWORD=*** psql"),
        (["sh", "-c", "psql 'password=S3cr user=x'"], "sh -c psql 'password=*** user=x'"),
        (["x", "--token-file", "/run/t", "--password"], "x --token-file /run/t --password"),
        ([], ""),
    ],
)
def test_arguments_are_masked_whole(words: list[str], told: str) -> None:
    assert redact_arguments(words) == told


def test_errors_never_repeat_a_password() -> None:
    error = Refused("postgresql://me:S3cr@h/db: no", "write redis://[user]:PASSWORD@host")
    assert str(error) == "postgresql://me:***@h/db: no: write redis://[user]:PASSWORD@host"


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


def test_a_command_that_prints_without_end_is_ended_and_fills_no_memory() -> None:
    with pytest.raises(Refused, match="password_command yes printed more than 1 MB"):
        password_from("yes")


def test_a_command_that_is_given_up_leaves_nothing_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(secrets, "COMMAND_LIMIT", 0.5)
    with pytest.raises(Refused, match="took more than"):
        password_from(f"sh -c 'sleep 300 & echo $! > {tmp_path}/pid; wait'")
    wait_gone(int((tmp_path / "pid").read_text()))


async def test_stopping_ends_a_command_that_runs(tmp_path: Path) -> None:
    command = PasswordCommand(
        f"sh -c 'sleep 300 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; wait'"
    )
    asking = asyncio.create_task(command.get())
    async with asyncio.timeout(PATIENCE):
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110 the state is another process's
            await asyncio.sleep(0.01)
    command.stop()
    wait_gone(int((tmp_path / "pid").read_text()))
    with pytest.raises(Refused):
        await asking


def wait_gone(pid: int) -> None:
    """Wait until a process is gone, or dead and waiting for its parent."""
    until = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_command_has_no_terminal_and_no_input() -> None:
    assert password_from("sh -c 'read x; echo \"got:$x\"; cat /dev/tty || true'") == "got:"
