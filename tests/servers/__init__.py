"""Real servers for the tests: each started privately, ended by its process id, nothing left behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def required() -> bool:
    """Whether a missing server is a failure: on the gate it is."""
    return os.environ.get("CI") == "true" or os.environ.get("OPSCONSOLE_REQUIRE_SERVERS") == "1"


def require(program: str, package: str) -> str:
    """The program's path; without it the test fails on the gate and is skipped, saying why, elsewhere.

    `program` is a name on PATH or an absolute path; `package` is Debian's package that brings it.
    """
    found = program if program.startswith("/") and Path(program).exists() else shutil.which(program)
    if found is None:
        found = shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is not None:
        return found
    message = f"{program} is not on this machine: apt-get install {package}"
    if required():
        pytest.fail(message)
    pytest.skip(message)
