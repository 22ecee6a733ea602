"""Builds real servers that the tests measure against from their Go modules: `make servers`.

    python3 tests/servers/building.py prometheus ferretdb

The version is the one go.mod names in the server's directory. Programs are kept in the user's cache,
outside of the checkout, so that they are built once; whoever comes while another builds waits for it.
Needs Go and nothing of ours.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLAGS = (
    "-trimpath",
    "-gcflags=all=-N -l -dwarf=false",  # unoptimised: built sooner, and fast enough for tests
    "-ldflags=-s -w",
    "-buildvcs=false",
)


@dataclass(frozen=True)
class Building:
    """One server built from a module: its package, and the commands of it that are its programs."""

    name: str
    package: str
    programs: tuple[str, ...]
    tags: tuple[str, ...] = ()
    stamp: str = ""
    """A file of its source that must hold its version; it is built within a copy of its source then."""

    @property
    def module(self) -> Path:
        """Where its go.mod is."""
        return Path(__file__).parent / self.name

    @property
    def version(self) -> str:
        """The version that go.mod pins."""
        pinned = (self.module / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.package)} v(\S+)", pinned, re.M)
        assert found is not None, "go.mod names no version"
        return found[1]

    @property
    def directory(self) -> Path:
        """Where the programs of that version are kept."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(cache) / "opsconsole" / f"{self.name}-{self.version}"

    @property
    def built(self) -> bool:
        """Whether they are there."""
        return all((self.directory / program).exists() for program in self.programs)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else builds it meanwhile; waits for whoever does."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with self.directory.with_name(f"{self.directory.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def build(self) -> None:
        """Build it, alone; CalledProcessError where Go fails."""
        target = self.directory
        packages = [f"{self.package}/cmd/{program}" for program in self.programs]
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=target.name) as work:
            subprocess.run(
                ["go", "build", *FLAGS, f"-tags={','.join(self.tags)}", "-o", f"{work}/", *packages],
                cwd=self._stamped(Path(work)) if self.stamp else self.module,
                env={**os.environ, "CGO_ENABLED": "0"},
                check=True,
            )
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            for program in self.programs:
                os.replace(f"{work}/{program}", target / program)

    def _stamped(self, work: Path) -> Path:
        """A copy of its source, as the checksum beside go.mod has it, with the version written down in it."""
        answer = subprocess.run(
            ["go", "mod", "download", "-json", self.package],
            cwd=self.module,
            stdout=subprocess.PIPE,
            check=True,
        )
        source = work / "source"
        # the module cache is read-only, and neither modes nor times matter here
        shutil.copytree(json.loads(answer.stdout)["Dir"], source, copy_function=shutil.copyfile)
        for directory, _, _ in os.walk(source):
            os.chmod(directory, 0o755)
        (source / self.stamp).write_text(f"v{self.version}\n")
        return source


PROMETHEUS = Building(
    "prometheus",
    "github.com/prometheus/prometheus",
    ("prometheus", "promtool"),
    ("remove_all_sd",),  # without service discoveries: a third of the packages
)
FERRETDB = Building(
    "ferretdb",
    "github.com/FerretDB/FerretDB",
    ("ferretdb",),
    ("ferretdb_no_postgresql",),  # SQLite is its store here
    "build/version/version.txt",
)


def main(names: list[str]) -> int:
    """Build these, one after the other; the exit code."""
    wanted = [one for one in (PROMETHEUS, FERRETDB) if one.name in names]
    locks = {one.name: contextlib.ExitStack() for one in wanted}
    with contextlib.ExitStack() as all_of_them:
        for one in wanted:  # from the start: whoever needs a later one waits for it
            all_of_them.enter_context(locks[one.name])
            locks[one.name].enter_context(one.alone())
        status = 0
        for one in wanted:
            with locks[one.name]:
                status |= _make(one)
    return status


def _make(one: Building) -> int:
    if one.built:
        print(f"{one.name} {one.version} is in {one.directory}")
        return 0
    if shutil.which("go") is None:
        print(f"no Go on this machine: {one.name} is not built, and what is measured against it is skipped")
        return 1
    begun = time.monotonic()
    try:
        one.build()
    except subprocess.CalledProcessError as error:
        print(f"{one.name} could not be built: go ended with {error.returncode}")
        return 1
    print(f"{one.name} {one.version} built in {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
