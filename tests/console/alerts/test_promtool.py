"""What the real promtool says of every file: the folder each lies in is its verdict."""

from __future__ import annotations

import subprocess

import pytest

from tests.console.alerts.files import VERDICTS, files
from tests.servers.prometheus import program


@pytest.mark.parametrize("folder", VERDICTS)
def test_promtool_gives_the_verdict_of_the_folder(folder: str) -> None:
    task, code = VERDICTS[folder]
    paths = files(folder)
    done = subprocess.run(
        [program("promtool"), task, "rules", *map(str, paths)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stdout.split("\n") if line.startswith(("  SUCCESS", "  FAILED:"))]
    verdicts = {path.name: int("FAILED" in line) for path, line in zip(paths, said, strict=True)}
    lint = {"duplicates.yml"}  # told, and no error unless --lint-fatal
    assert verdicts == {path.name: 1 if path.name in lint else code for path in paths}
    assert done.returncode == code
