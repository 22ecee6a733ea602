"""What guides name is offered as probes, once, and asked by nobody."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from console.cli import main
from console.config import Config
from console.guides.reading import read_guide
from console.offering import tables
from console.probe_settings import Probes, ScrapeSettings

GUIDE = """# Shop

Health: <http://localhost:8000/health>

## Runbooks

### Nightly backup

`0 2 * * *`

1. Dump: `pg_dump shop | gzip > /backups/shop-$(date +%F).sql.gz`
2. Look: `curl -s http://localhost:8000/health`
"""


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "OPERATIONS.md"
    path.write_text(GUIDE)
    return path


def test_what_is_scraped_is_watched_already(guide: Path) -> None:
    scraped = ScrapeSettings(url="http://localhost:8000/health")
    config = Config(probes=Probes(scrape=(scraped,)))
    assert "[[probes.http]]" in tables([read_guide(guide)], Config())
    assert "[[probes.http]]" not in tables([read_guide(guide)], config)


def test_endpoints_and_backups_are_offered_as_tables_that_can_be_used(
    guide: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["guide", "probes", str(guide)]) == 0
    made = tomllib.loads(capsys.readouterr().out)
    config = msgspec.convert(made, Config, strict=False)
    assert [one.url for one in config.probes.http] == ["http://localhost:8000/health"]
    assert [one.path for one in config.probes.backup] == ["/backups/shop-*.sql.gz"]
    assert tables([read_guide(guide)], config) == ""


def test_without_a_guide_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["guide", "probes"]) == 2
    assert "there is no guide here" in capsys.readouterr().err


def test_nothing_to_watch_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.md").write_text("# Nothing\n")
    assert main(["guide", "probes", str(tmp_path / "x.md")]) == 0
    assert "nothing that a probe could watch" in capsys.readouterr().err
