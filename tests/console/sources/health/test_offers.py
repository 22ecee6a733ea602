"""What is offered for what a guide names is a configuration that loads, and gives no secret away."""

from __future__ import annotations

import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import Config
from console.sources.health.kinds import configured_probes
from console.sources.health.offers import backup, endpoint, glob_of, is_backup, longest_pause, offers


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://shop.example.com/health", '[[probes.http]]\nurl = "https://shop.example.com/health"\n'),
        ("db.example.com:5432", '[[probes.tcp]]\naddress = "db.example.com:5432"\n'),
        ("smtp://mail.example.com", '[[probes.tcp]]\naddress = "mail.example.com:25"\n'),
        ("mqtts://[::1]", '[[probes.mqtt]]\naddress = "[::1]:8883"\ntls = true\n'),
        ("mongodb://db/orders?w=1", '[[probes.mongo]]\nurl = "mongodb://db:27017"\n'),
        ("mongodb://db:1/?ssl=true", '[[probes.mongo]]\nurl = "mongodb://db:1/?tls=true"\n'),
        ("mongodb://u:p@db/", ""),
        ("https://<host>/x", ""),
        ("https://${HOST}/x", ""),
        ("https://u:p@h/x", ""),
        ("https://h/?token=abcdef123456", ""),
        ("file:///etc/passwd", ""),
        ("h:99999", ""),
        ("localhost", ""),
        ("https://[x/", ""),
    ],
)
def test_endpoints(address: str, said: str) -> None:
    assert endpoint(address) == said


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/backups/orders-$(date +%F).sql.gz", "/backups/orders-*.sql.gz"),
        ("/backups/orders-20261127.sql.gz", "/backups/orders-*.sql.gz"),
        ("/backups/orders-2026-11-27_03-00.dump", "/backups/orders-*.dump"),
        ("/var/backups/${DB}/<date>.tar", "/var/backups/*/*.tar"),
        ("/backups/orders.dump", "/backups/orders.dump"),
        ("$BACKUP_DIR/x.gz", ""),
        ("/$X/y.gz", ""),
        ("backups/x.gz", ""),
    ],
)
def test_a_path_becomes_a_glob(path: str, pattern: str) -> None:
    assert glob_of(path) == pattern


def test_the_age_allowed_comes_from_the_schedule() -> None:
    assert backup("/b/x-%F.gz", "orders", "0 3 * * *") == (
        '[[probes.backup]]\nname = "orders"\npath = "/b/x-*.gz"\nmax_age = ["26h", "52h"]\n'
    )
    assert 'max_age = ["79h", "158h"]' in backup("/b/x.gz", "", "0 3 * * 1-5")  # over the weekend
    assert "max_age" not in backup("/b/x.gz")
    assert longest_pause("*/5 * * * *") == 300
    assert longest_pause("nonsense") is None


def test_all_of_a_guide_is_a_configuration_that_loads() -> None:
    text = offers(
        [("https://shop.example.com/", "shop"), ("https://shop.example.com/", "shop"), ("nothing", "")],
        [("/b/x-%F.gz", 'the "daily"', "0 3 * * *")],
    )

    config = msgspec.convert(tomllib.loads(text), Config)

    assert [probe.name for probe in configured_probes(config, {})] == [
        "shop",
        'the "daily"',
    ]
    assert text.count("[[") == 2


def test_what_looks_like_a_backup() -> None:
    assert is_backup("/b/x.sql.gz")
    assert is_backup("/b/x-$(date).dump.zst")
    assert not is_backup("/etc/nginx/nginx.conf")


@given(st.text(), st.text())
def test_whatever_it_is_given_the_text_is_toml(address: str, name: str) -> None:
    tomllib.loads(
        endpoint(address, name) + backup(f"/b/{address}", name) + endpoint(f"https://h/{address}", name)
    )
