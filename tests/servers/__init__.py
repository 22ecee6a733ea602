"""Real servers for the tests: each started privately, ended by its process id, nothing left behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.building import Building


def required() -> bool:
    """Whether a missing server is a failure: on the gate it is."""
    return os.environ.get("CI") == "true" or os.environ.get("OPSCONSOLE_REQUIRE_SERVERS") == "1"


def absent(message: str) -> NoReturn:
    """Something a test needs is not here: a failure on the gate, and elsewhere a skip that says why."""
    if required():
        pytest.fail(message)
    pytest.skip(message)


def find(program: str) -> str | None:
    """The path of a program: of a name on PATH or where servers are, or of an absolute path."""
    found = program if program.startswith("/") and Path(program).exists() else shutil.which(program)
    return found or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


def require(program: str, package: str) -> str:
    """The program's path; without it the test fails on the gate and is skipped, saying why, elsewhere.

    `program` is a name on PATH or an absolute path; `package` is Debian's package that brings it.
    """
    found = find(program)
    if found is not None:
        return found
    absent(f"{program} is not on this machine: apt-get install {package}")


def is_built(building: Building) -> bool:
    """Whether a server built from source is there; waits while it is being built."""
    if not building.built:
        with building.alone():
            pass  # whoever is building has done so now
    return building.built


def built(building: Building, program: str) -> str:
    """The path of a program of a server built from source; waits while it is being built."""
    if not is_built(building):
        absent(f"{building.name} is not built: make {building.name} (it needs Go)")
    return str(building.path(program))
