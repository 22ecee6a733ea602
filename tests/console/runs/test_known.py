"""Which secrets are known before anything runs."""

from __future__ import annotations

from console.config import Config, PostgresTarget, RedisTarget
from console.masks import Masks
from console.runs.known import known_secrets, secret_names


def test_what_a_run_has_to_hide() -> None:
    config = Config(
        postgres=(
            PostgresTarget(url="postgresql://me:p%40ss-word@h/db"),
            PostgresTarget(url="password='it''s' host=h"),
        ),
        redis=(RedisTarget(url="redis://:redis-pass@h"), RedisTarget(url="redis://cache:cache@h")),
    )
    env = {
        "GITHUB_TOKEN": "from-the-environment", "DATABASE_URL": "mysql://u:my-sql-pass@h/d",
        "PWD": "/srv/app", "TOKEN_FILE": "/run/secrets/token", "USE_TOKEN": "true",
        "TOKEN_TTL": "3600", "HOME": "/home/me",
        "SSL_PRIVATE_KEY": "/etc/passwd", "EDITOR": "vim",
    }  # fmt: skip
    masks = Masks(known_secrets(config, env))
    for hidden in (
        "p%40ss-word",
        "p@ss-word",
        "redis-pass",
        "from-the-environment",
        "my-sql-pass",
    ):
        assert masks.mask(f"a {hidden} b") == "a *** b"
    for shown in (
        "/srv/app",
        "/run/secrets/token",
        "true",
        "3600",
        "/home/me",
        "/etc/passwd",
        "vim",
        "cache",
    ):
        assert masks.mask(f"a {shown} b") == f"a {shown} b"
    assert secret_names(env) == {"GITHUB_TOKEN", "DATABASE_URL"}
