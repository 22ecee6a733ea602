"""What stands before the first paint, and what is loaded only once it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NOT_BEFORE = (
    "apsw",
    "console.alerts.evaluating",
    "console.alerts.model",
    "console.alerts.promql",
    "console.alerts.rules",
    "console.guides.library",
    "console.journal.entries",
    "console.journal.store",
    "console.runs",
    "console.sources.health.http",
    "console.sources.kubernetes.source",
    "cryptography",
    "dns",
    "docker",
    "h11",
    "markdown_it",
    "paho",
    "promql_parser",
    "re2",
    "redis",
    "yaml",
)


def loaded(code: str, directory: Path) -> set[str]:
    """The modules of `NOT_BEFORE` that are there after this code, in a directory without guides."""
    code += f"\nimport sys; print(*set({NOT_BEFORE!r}) & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=directory, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_without_rules_probes_and_clusters_nothing_of_theirs_is_loaded(tmp_path: Path) -> None:
    """Neither for the first paint, nor when the sources are found."""
    code = (
        "import screens.app; from console.config import Config; from console.discovery import discover;"
        "kinds = {source.kind for source in discover(Config(), {}).sources};"
        "assert 'system' in kinds and not {'alerts', 'health', 'kubernetes'} & kinds, kinds"
    )
    assert loaded(code, tmp_path) == set()


def test_a_probe_loads_what_it_is_asked_with(tmp_path: Path) -> None:
    """So that the names above are those of what would be loaded."""
    code = (
        "from console.config import Config; from console.probe_settings import HttpSettings, Probes;"
        "from console.sources.health.source import HealthSource;"
        "HealthSource.discover(Config(probes=Probes(http=(HttpSettings(url='http://a/'),))), {})"
    )
    assert "console.sources.health.http" in loaded(code, tmp_path)
